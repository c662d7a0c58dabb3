"""A batch as its pages show it: what there is to do next, in days, hours and zones that people read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from babel.dates import format_date

from suyuan.app.staff.catalogue import product_name
from suyuan.base.clock import parse_time
from suyuan.base.identity import Actor
from suyuan.consumer_api.moments import Moment, Phrase, moment
from suyuan.labels.batches import Batch, BatchStatus, LabelState, Level, LevelCounts
from suyuan.labels.service import labels_of
from suyuan.trace.view import View

#: Most labels that one page prints, confirms or applies at a time: what fits a printer's roll.
MOST_AT_ONCE = 1_000
#: Day before month, as most readers of English outside America write it.
_DATES = {"en": "en_GB"}


class Step(msgspec.Struct, frozen=True):
    """What is to be done next."""

    step: str  #: ``print``, ``apply`` or ``numbers``
    level: str
    labels: int


class Card(msgspec.Struct, frozen=True):
    """A batch in the list."""

    batch: Batch
    product: Phrase
    production_day: str
    opened: Moment
    counts: list[LevelCounts]
    next: Step | None


class Span(msgspec.Struct, frozen=True):
    """The labels that a form begins with."""

    first: int
    last: int


def card(view: View, status: BatchStatus, language: str) -> Card:
    """One batch of the list."""
    batch = status.batch
    return Card(
        batch, product_name(view, batch.gtin, language), day(batch.production_date, language),
        opened(batch, language), status.counts, next_step(status.counts),
    )  # fmt: skip


def next_step(counts: Sequence[LevelCounts]) -> Step | None:
    """The first thing that is left to do, packs before pallets; None when all is done."""
    for level in counts:
        if level.allocated:
            return Step("print", level.level, level.allocated)
        if level.printed:
            return Step("apply", level.level, level.printed)
        if level.planned > level.total:
            return Step("numbers", level.level, level.planned - level.total)
    return None


def span(view: View, actor: Actor, batch: Batch, level: Level, state: LabelState) -> Span | None:
    """From the first label in a state, as many as are handled at once; None where there is none."""
    found = labels_of(view, actor, batch.id, level, state, limit=MOST_AT_ONCE)
    return Span(found[0].number, found[-1].number) if found else None


def opened(batch: Batch, language: str) -> Moment:
    """When the batch was opened, in the server's zone."""
    micros = parse_time(batch.opened)[0]
    offset = datetime.fromtimestamp(micros / 1_000_000).astimezone().utcoffset()
    return moment(micros, int(offset.total_seconds()) // 60 if offset else 0, language)


def day(text: str, language: str) -> str:
    """An ISO date in words; empty for none."""
    return str(format_date(date.fromisoformat(text), "medium", _DATES.get(language, language))) if text else ""
