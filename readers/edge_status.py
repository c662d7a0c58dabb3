"""The status file of an edge: one small JSON object, replaced every second, for supervisors and screens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec
import structlog

from suyuan.base.clock import format_time, now
from suyuan.base.errors import Unavailable
from suyuan.readers.delivery import Delivery
from suyuan.readers.llrp_client import Client
from suyuan.readers.outbox import Outbox

_EVERY_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class Line(Protocol):
    """What the status tells of a reader."""

    name: str
    client: Client
    unbound_reads: int


class ReaderState(msgspec.Struct, frozen=True):
    """One reader: its connection now, and counts since this process began."""

    connected: bool
    last_seen: str | None
    tag_reads: int
    unbound_reads: int
    connections: int
    failures: int
    malformed: int
    silences: int
    last_error: str | None


class EdgeState(msgspec.Struct, frozen=True):
    """The whole status: ``outbox`` events wait, ``dead`` were refused for good, ``delivered`` went since the start."""

    time: str
    readers: dict[str, ReaderState]
    outbox: int
    dead: int
    delivered: int
    counters: dict[str, int]


class StatusFile:
    """Writes the status of an edge into a file, whole or not at all."""

    def __init__(self, path: Path, outbox: Outbox, lines: Sequence[Line], delivery: Delivery) -> None:
        self._path = path
        self._outbox = outbox
        self._lines = lines
        self._delivery = delivery
        self._complained = False

    async def run(self) -> None:
        """Write every second, until cancelled."""
        while True:
            await asyncio.to_thread(self.write)
            await asyncio.sleep(_EVERY_SECONDS)

    def write(self) -> None:
        """Write now. A file that can't be written is logged once: the gate goes on without it."""
        beside = self._path.with_name(self._path.name + ".new")
        try:
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(self.state()), indent=1) + b"\n")
            beside.replace(self._path)
        except (OSError, Unavailable) as error:
            if not self._complained:
                log.warning("status file can't be written", file=str(self._path), problem=str(error))
            self._complained = True
        else:
            self._complained = False

    def state(self) -> EdgeState:
        """The status now. Raises Unavailable when the outbox can't be read."""
        return EdgeState(
            time=format_time(now()),
            readers={line.name: _reader_state(line) for line in self._lines},
            outbox=len(self._outbox),
            dead=self._outbox.dead_count(),
            delivered=self._delivery.delivered,
            counters=self._outbox.counters(),
        )


def _reader_state(line: Line) -> ReaderState:
    status = line.client.status
    return ReaderState(
        connected=status.connected,
        last_seen=format_time(status.last_seen_us) if status.last_seen_us else None,
        tag_reads=status.tag_reads,
        unbound_reads=line.unbound_reads,
        connections=status.connections,
        failures=status.failures,
        malformed=status.malformed,
        silences=status.silences,
        last_error=status.last_error or None,
    )
