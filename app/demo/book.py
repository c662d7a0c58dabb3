"""What happens along a chain, in the making: documents that people file and passages that readers see."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from msgspec import Struct

from suyuan.app.demo.paperwork import Event, document
from suyuan.base.clock import parse_time

#: When the scenario begins; its clock has nothing to do with ours.
START_US: Final = parse_time("2026-10-12T06:00:00+08:00")[0]
MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US
_START_HOUR: Final = 6

T = TypeVar("T")


class Document(Struct, frozen=True):
    """A document that a firm (its key) files at ``at_us``, after everything that it tells."""

    site: str
    at_us: int
    body: dict[str, Any]


class Crossing(Struct, frozen=True):
    """Things pass a gate: ``epcs`` are all that really pass, whatever its reader then catches of them."""

    gate: str
    at_us: int
    duration_us: int
    epcs: tuple[str, ...]


class RecallPlan(Struct, frozen=True):
    """A recall that the demonstration launches. ``seed`` is an EPC class; ``why`` tells how it came to light."""

    seed: str
    reason: dict[str, str]
    why: str


class Chain(Struct, frozen=True):
    """All that one food contributes. Pages are Digital Links; ``clone`` is the EPC that is read in two places."""

    documents: tuple[Document, ...]
    crossings: tuple[Crossing, ...]
    recalls: tuple[RecallPlan, ...] = ()
    affected: tuple[str, ...] = ()
    safe: tuple[str, ...] = ()
    clone: str | None = None


def at(day: int, hour: float = _START_HOUR) -> int:
    """Microseconds UTC of an hour (local time) of a day; day 0 is the scenario's first."""
    return START_US + day * DAY_US + round((hour - _START_HOUR) * HOUR_US)


def latest(event: Event) -> int:
    """Microseconds UTC of an event's time."""
    return parse_time(event["eventTime"])[0]


class Book:
    """Collects what happens, and hands out serial numbers and small delays, all from one random generator."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.documents: list[Document] = []
        self.crossings: list[Crossing] = []
        self._last_number: dict[str, int] = {}

    def file(self, site: str, *events: Event) -> int:
        """File one document with these events; gives the time of the last."""
        last_us = max(map(latest, events))
        self.documents.append(Document(site, last_us, document(last_us, events)))
        return last_us

    def cross(self, gate: str, start_us: int, loads: Iterable[Sequence[str]], seconds: float = 6.0) -> int:
        """Let loads pass a gate one after the other from ``start_us`` on; gives a time when all are through.

        Each load takes about ``seconds``, with a pause of the same length before the next.
        """
        now_us = start_us
        for load in loads:
            duration_us = round(seconds * self.rng.uniform(0.7, 1.3) * 1000) * 1000
            self.crossings.append(Crossing(gate, now_us, duration_us, tuple(load)))
            now_us += duration_us + round(seconds * self.rng.uniform(0.8, 1.6) * 1000) * 1000
        return now_us

    def after(self, start_us: int, least: float, most: float) -> int:
        """A time between ``least`` and ``most`` minutes later, in whole milliseconds."""
        return start_us + self.rng.randrange(round(least * 60_000), round(most * 60_000)) * 1000

    def number(self, kind: str, digits: int = 10) -> int:
        """The next number of this kind: it begins anywhere and rises by small steps, as a printer's counter does."""
        if kind not in self._last_number:
            self._last_number[kind] = self.rng.randrange(10 ** (digits - 1), 9 * 10 ** (digits - 1))
        self._last_number[kind] += self.rng.randrange(1, 4)
        return self._last_number[kind]

    def numbers(self, kind: str, count: int) -> list[int]:
        """The next ``count`` numbers of this kind."""
        return [self.number(kind) for _ in range(count)]


def portions(things: Sequence[T], size: int) -> list[list[T]]:
    """Things in groups of ``size``, the last one smaller."""
    return [list(things[start : start + size]) for start in range(0, len(things), size)]
