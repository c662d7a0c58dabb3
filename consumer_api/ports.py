"""What the shopper's pages need from the rest of Suyuan; the composition root connects it to the ledger."""

from __future__ import annotations

from typing import Protocol

import msgspec

from suyuan.trace.journey import Journey
from suyuan.trace.master_data import Product


class Notice(msgspec.Struct, frozen=True):
    """A recall as the public may see it: what and why, never who received it."""

    id: str
    reason: str  #: in the regulator's words
    seed: str  #: canonical name of what was recalled
    products: list[Product]
    lots: list[str]  #: canonical names of the affected lots
    launched: int  #: microseconds UTC
    affected: int  #: number of affected things
    state: str  #: ``open`` or ``closed``
    zone: int = 480  #: minutes east of UTC of the authority, in whose zone legal times are told


class Provenance(Protocol):
    """Answers about things, for anyone who asks."""

    def journey(self, identifier: str) -> Journey:
        """The journey of the thing that *identifier*, in any form, names; unknown things have ``known`` false.

        Raises `InvalidIdentifier` when it names nothing.
        """
        ...

    def proof(self, event_id: str) -> bytes:
        """The proof bundle of an event in its canonical encoding.

        Raises `NotFound` for an unknown event and `Unavailable` before the first checkpoint that covers it.
        """
        ...

    def notice(self, recall_id: str) -> Notice:
        """The public notice of a recall; raises `NotFound`."""
        ...
