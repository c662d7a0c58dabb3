"""What a reader says, whatever its protocol: tag reads, moments of its clock, and batches of both in wire order.

Drivers make these, cleaning takes them; nothing else passes between the two.
"""

from __future__ import annotations

from typing import Literal

import msgspec

MomentKind = Literal["connected", "rospec_start", "rospec_end", "keepalive", "disconnected"]


class TagRead(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One reader report of one tag.

    ``epc`` is the EPC memory bank's content as upper-case hex, whole bytes, as the tag sent it (an EPC whose bit
    length is no multiple of eight is filled up with zero bits). ``first_us`` and ``last_us`` are microseconds since
    1970 UTC of the reader's clock (or of ours, when the driver is told to correct it). ``rssi`` is the peak in dBm,
    ``None`` where the reader doesn't say; ``count`` is how often the tag was seen in this report.
    """

    reader: str
    antenna: int
    epc: str
    first_us: int
    last_us: int
    rssi: float | None = None
    count: int = 1


class Moment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The reader says that its time has come this far: what it read before has been reported before.

    ``rospec_start`` and ``rospec_end`` bracket one run of the inventory (a passage through a gate). ``connected`` and
    ``disconnected`` bracket a connection: what was begun and not ended before ``disconnected`` may be sent again from
    its start, with a new ``rospec_start``. Time is in microseconds since 1970 UTC, on the same clock as the reads; for
    ``keepalive`` and ``disconnected``, which carry no time of their own, it is the latest known.
    """

    reader: str
    time_us: int
    kind: MomentKind


#: Reads and moments are told apart by their type; their order is the reader's.
Record = TagRead | Moment


class Batch(msgspec.Struct, frozen=True):
    """Records of one reader in the order in which it sent them.

    Once everything in it is durable, the consumer gives the batch back to its client (``await client.done(batch)``),
    which then acknowledges the keepalives that came with it. ``number`` counts from 1 over the client's life.
    """

    reader: str
    number: int
    records: tuple[Record, ...]
