"""Which design a label gets: the usual one of its level, or one of ours by a name that came over the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from suyuan.base.errors import InvalidInput
from suyuan.labels.batches import Level
from suyuan.labels.design import Design, builtin, builtin_names

#: Designs with which the levels begin.
USUAL: Final[Mapping[Level, str]] = {Level.ITEM: "item", Level.CASE: "item", Level.PALLET: "logistic"}


def check_design(name: str) -> None:
    """A design of ours, or none. `InvalidInput` for any other: a path on the server is not for clients to name."""
    if name and name not in builtin_names():
        raise InvalidInput(
            f"there is no design {name[:60]!a}", place="/design", remedy=f"one of {', '.join(builtin_names())}"
        )


def named_design(name: str, level: Level) -> Design:
    """The design of ours with this name; the usual one of the level where it is empty."""
    check_design(name)
    return builtin(name or USUAL[level])
