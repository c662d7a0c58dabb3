"""What a tag-write job needs of a device: the port that RFID printers and, wired by the root, LLRP readers fill in."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec


class Fate(StrEnum):
    """Where an EPC is after a write was tried."""

    WRITTEN = "written"  #: on the tag: it was read back
    ABSENT = "absent"  #: certainly not on the tag, which was read back; the EPC may go on another one
    UNKNOWN = "unknown"  #: perhaps on a tag: it may never go on another one


class Readiness(msgspec.Struct, frozen=True):
    """Whether the next tag can be written. ``tid`` is empty where the device can't tell before it writes."""

    ready: bool
    tid: str = ""
    reason: str = ""  #: why not, in words for the operator


class TagOrder(msgspec.Struct, frozen=True):
    """One tag to write: an EPC as hex of whole words.

    ``tid`` is the chip it is meant for, where the device can tell; ``zpl`` the label around it, where it prints.
    """

    epc: str
    tid: str = ""
    lock: bool = False
    zpl: str = ""


class TagResult(msgspec.Struct, frozen=True):
    """What became of an order. ``epc`` is what was read back; ``reason`` what went wrong, also beside a success."""

    fate: Fate
    tid: str = ""
    epc: str = ""
    locked: bool = False
    reason: str = ""


class TagWriter(Protocol):
    """A device that writes tags, one at a time. It connects by itself, and again after a failure."""

    @property
    def prints(self) -> bool:
        """Whether orders need their label as ZPL."""

    async def ready(self) -> Readiness:
        """Whether there is exactly one tag to write. A device that doesn't answer is not ready: nothing is raised."""

    async def write(self, order: TagOrder) -> TagResult:
        """Write, read back, compare.

        Raises `Unavailable` only where certainly nothing was sent to a tag.
        """

    async def check(self, epc: str, tid: str) -> TagResult:
        """Where an EPC is whose writing (to that chip, where it is known) was cut off.

        `Fate.WRITTEN`: a tag in the field holds it. `Fate.ABSENT`: the chip is in the field and holds something else.
        `Fate.UNKNOWN` where neither is to be seen, or the device can't look. Raises `Unavailable`.
        """

    async def close(self) -> None:
        """Drop the connection."""
