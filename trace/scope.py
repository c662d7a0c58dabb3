"""What a closure answers: affected things, each with its reason, and the containers that carry them."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from suyuan.trace.lot_flow import Reached, Where


class Rule(IntEnum):
    """Why a thing is on the list (DESIGN section 5)."""

    SEED = 0
    F1 = 1  #: made from something affected
    F2 = 2  #: inside a container that is the seed
    F3 = 3  #: an instance of an affected lot, where the lot is affected
    F4 = 4  #: the same lot, moved on
    B1 = 11  #: backward: an input of what was asked for
    B2 = 12  #: backward: its lot
    B3 = 13  #: backward: what it was in, while it was inside


class Affected(NamedTuple):
    """One thing on the list. ``via`` is the event and ``origin`` the thing that explain it (None for the seed)."""

    thing: int
    since: int
    rule: Rule
    via: int | None
    origin: int | None
    depth: int


class Scope(NamedTuple):
    """A closure: things in the order in which they were found, and for lots where the affected part is."""

    size: int  #: of the log that it was computed at
    affected: dict[int, Affected]
    lots: dict[int, dict[Where, Reached]]
    carriers: dict[int, list[int]]  #: container -> affected things inside it now
