"""How far the emulated readers have come, and the small file that remembers it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import structlog

from suyuan.readers.script import EmulatorConfig, ReaderScript

#: Seconds between two writes of the state file, at least: each costs an fsync.
SAVE_EVERY = 0.2


class ReaderProgress(msgspec.Struct):
    """How far a reader has come: passages in its script, those recorded, and the tag reads in these."""

    passages: int = 0
    recorded: int = 0
    tag_reads_sent: int = 0


class EmulatorState(msgspec.Struct):
    """The state file."""

    readers: dict[str, ReaderProgress]
    complete: bool = False


class Progress:
    """The state file and its contents."""

    def __init__(self, config: EmulatorConfig) -> None:
        self._path = Path(config.state_file)
        self._changed = asyncio.Event()
        known = _load(self._path)
        self.state = EmulatorState({script.name: _resumed(script, known) for script in config.readers})
        self._settle()

    def record(self, name: str, reads: int) -> None:
        """One more passage of a reader is over; the file follows within `SAVE_EVERY`."""
        progress = self.state.readers[name]
        progress.recorded += 1
        progress.tag_reads_sent += reads
        self._settle()

    def _settle(self) -> None:
        self.state.complete = all(one.recorded >= one.passages for one in self.state.readers.values())
        self._changed.set()

    def save(self) -> None:
        """Replace the file: after a crash it is the old one or the new one, whole."""
        beside = self._path.with_name(f"{self._path.name}.new")
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(self.state))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)

    async def keep(self) -> None:
        """Save whenever something has changed, for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self.save()
            await asyncio.sleep(SAVE_EVERY)


def _load(path: Path) -> dict[str, ReaderProgress]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=EmulatorState).readers
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        structlog.get_logger().warning("state file is lost, everything is replayed", file=str(path), error=str(error))
        return {}


def _resumed(script: ReaderScript, known: Mapping[str, ReaderProgress]) -> ReaderProgress:
    found = known.get(script.name, ReaderProgress())
    passages = len(script.passages)
    return ReaderProgress(passages, min(max(found.recorded, 0), passages), max(found.tag_reads_sent, 0))
