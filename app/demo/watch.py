"""Watching the plant until it has done its work, or until nothing has moved for too long."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final

from suyuan.app.demo.filing import Filing
from suyuan.app.demo.plant import Plant
from suyuan.app.demo.processes import Processes
from suyuan.app.demo.progress import Step
from suyuan.base.clock import now
from suyuan.base.errors import Unavailable
from suyuan.readers.edge_status import EdgeState
from suyuan.readers.emulator_state import EmulatorState

#: Seconds between two looks, and how long nothing at all may move.
_LOOK: Final = 0.2
STALL: Final = 60.0


class Watch:
    """Looks at what emulator and edges write about themselves."""

    def __init__(self, plant: Plant, processes: Processes, stall: float = STALL) -> None:
        self._plant = plant
        self._processes = processes
        self._stall = stall
        self._moved = time.monotonic()
        self._seen: object = None

    async def edges_run(self, step: Step, since_us: int) -> None:
        """Until every edge has said something since ``since_us``."""
        while len(running := self._plant.edges(since_us)) < len(self._plant.sites):
            step.count(len(running), len(self._plant.sites))
            silent = [site for site in self._plant.sites if site not in running]
            await self._look(len(running), f"edges {', '.join(silent)} say nothing")
        step.note = f"{len(running)} edges"

    async def delivered(self, step: Step, filing: Filing, work: asyncio.Task[None]) -> Counter[str]:
        """Until all is filed, all passages are recorded, and every outbox is empty; the sum of the edges' counters.

        A reader records a passage when its edge has the events on disk, so what an edge says of its outbox counts
        from the moment when the emulator was complete.
        """
        complete_us: int | None = None
        while True:
            emulator, edges = self._plant.emulator(), self._plant.edges(complete_us or 0)
            if complete_us is None and emulator is not None and emulator.complete:
                complete_us = now()
                continue
            if work.done():
                work.result()
            stuck = _stuck(self._plant, emulator, edges, filing)
            if not stuck:
                return sum((Counter(state.counters) for state in edges.values()), Counter())
            done, of = _passages(emulator)
            step.count(filing.filed + done, filing.documents + of)
            await self._look((done, filing.filed, [state.outbox for state in edges.values()]), "; ".join(stuck))

    async def _look(self, seen: object, stuck: str) -> None:
        """A pause until the next look; `Unavailable`, saying what is stuck, when nothing has moved for too long."""
        self._processes.check()
        if seen != self._seen:
            self._seen, self._moved = seen, time.monotonic()
        elif time.monotonic() - self._moved > self._stall:
            raise Unavailable(f"nothing has moved for {self._stall:.0f} s: {stuck}")
        await asyncio.sleep(_LOOK)


def _passages(emulator: EmulatorState | None) -> tuple[int, int]:
    readers = emulator.readers.values() if emulator else ()
    return sum(reader.recorded for reader in readers), sum(reader.passages for reader in readers)


def _stuck(plant: Plant, emulator: EmulatorState | None, edges: Mapping[str, EdgeState], filing: Filing) -> list[str]:
    """What is not done yet, in words. Raises `Unavailable` for an event that the server has refused for good."""
    dead = [f"{site} ({state.dead})" for site, state in edges.items() if state.dead]
    if dead:
        raise Unavailable(f"the server has refused events of the edges {', '.join(dead)}", remedy="see their outbox.db")
    done, of = _passages(emulator)
    waiting = [f"{site} ({state.outbox})" for site, state in edges.items() if state.outbox]
    silent = [site for site in plant.sites if site not in edges]
    found = {
        f"{filing.filed} of {filing.documents} documents are filed": filing.filed < filing.documents,
        f"{done} of {of} passages are recorded": emulator is None or not emulator.complete,
        f"edges with events in their outbox: {', '.join(waiting)}": bool(waiting),
        f"edges that say nothing: {', '.join(silent)}": bool(silent),
    }
    return [words for words, is_so in found.items() if is_so]
