"""What routes, pages, jobs and commands ask of batches: every call is cut to the firm that asks.

Reads take a `View` (`labels.catalogue`); what writes goes through the writer, in parts of at most `LARGEST_PART`
labels, each of them one transaction with its events. A call that was cut off may be made again: it goes on where it
stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from fastapi.concurrency import run_in_threadpool

from suyuan.base.clock import parse_time
from suyuan.base.errors import Conflict, InvalidInput
from suyuan.base.identity import Actor
from suyuan.labels.allocation import MOST_LABELS, LabelsAllocated, plan_of
from suyuan.labels.batches import (
    Allocation,
    Batch,
    BatchOrder,
    Label,
    LabelState,
    Level,
    Marked,
    Selection,
    Written,
)
from suyuan.labels.catalogue import batch_of, batches_of, label_of, labels_of, numbers_of, parents_of, was_allocated
from suyuan.labels.marking import LabelsMarked, Tag
from suyuan.labels.opening import BatchOpened
from suyuan.labels.orders import checked_batch, new_request
from suyuan.labels.packing import Packing, refuse_packing
from suyuan.labels.parents import find_parent, refuse_unusable
from suyuan.labels.selection import Range, joined, parse_numbers, parts, size, written
from suyuan.labels.weights import net_weight
from suyuan.trace.ledger import Ledger
from suyuan.trace.view import View

__all__ = [
    "allocate", "apply", "batch_of", "batches_of", "label_of", "labels_of", "mark_printed", "new_request", "open_batch",
    "record_encoded", "relabel", "void",
]  # fmt: skip

#: Labels that one transaction allocates or marks: less than a second of the writer's time.
LARGEST_PART: Final = 10_000
#: Most pieces that one call of a scale weighs.
MOST_WEIGHED: Final = 1_000
#: Most EPCs that one selection names one by one.
MOST_NAMED: Final = 10_000
#: Longest reason in characters.
LONGEST_REASON: Final = 500
#: Characters of a tag identifier in hex: up to 512 bits (Gen2 section 6.3.2.1.3).
_LONGEST_TID: Final = 128
#: Told after each part: labels done, labels in all.
Progress = Callable[[int, int], None]


class _Chosen(NamedTuple):
    """A selection by numbers, of a batch of the firm."""

    batch: Batch
    level: Level
    ranges: list[Range]


class _When(NamedTuple):
    """When something happened: microseconds UTC, None for now; minutes east of UTC."""

    time: int | None
    zone: int


async def open_batch(ledger: Ledger, actor: Actor, order: BatchOrder) -> Batch:
    """Open a batch. `InvalidInput` names the field; `Conflict` when product and lot are open already."""
    request = _own(actor, order.request)
    batch = await run_in_threadpool(_checked, ledger, actor, order)
    opened = BatchOpened(actor=actor.key_id, party=actor.party, request=request, batch=batch)
    return await ledger.writer.call("label-batch-opened", opened, Batch)


def _checked(ledger: Ledger, actor: Actor, order: BatchOrder) -> Batch:
    with ledger.view() as view:
        return checked_batch(view, actor, order)


async def allocate(
    ledger: Ledger,
    actor: Actor,
    batch_id: str,
    level: Level,
    count: int,
    request: str = "",
    progress: Progress | None = None,
) -> Allocation:
    """Take ``count`` serial numbers for ever. The same ``request`` again gives the same ones."""
    if not 1 <= count <= MOST_LABELS:
        remedy = "ask for fewer labels" if count > 0 else "enter how many, at least 1"
        raise InvalidInput(f"{count} is outside 1 to {MOST_LABELS:,}", place="/count", remedy=remedy)
    request = _own(actor, request)
    taken: list[Range] = []
    done = 0
    while done < count:
        part = min(count - done, LARGEST_PART)
        order = LabelsAllocated(
            actor=actor.key_id, party=actor.party, batch=batch_id, level=level, count=part,
            request=f"{request}#{done}", later=count - done - part,
        )  # fmt: skip
        made = await ledger.writer.call("labels-allocated", order, Allocation)
        taken += parse_numbers(made.numbers)
        done += part
        if progress:
            progress(done, count)
    return Allocation(batch_id, level, taken[0][0], count, written(joined(taken)))


async def mark_printed(
    ledger: Ledger,
    actor: Actor,
    batch_id: str,
    selection: Selection,
    time: str | None = None,
    progress: Progress | None = None,
) -> Marked:
    """They came out of the printer: events of business step encoding. ``time`` is ISO 8601 with a zone."""
    chosen, when = await run_in_threadpool(_chosen, ledger, actor, batch_id, selection), _when(time)
    return await _mark(ledger, [_order(actor, chosen, LabelState.PRINTED, when)], progress)


async def record_encoded(
    ledger: Ledger, actor: Actor, batch_id: str, written: Sequence[Written], time: str | None = None
) -> Marked:
    """They were written to tags and read back: TIDs beside EPCs, states printed, events of step encoding.

    `Conflict` for an EPC that another tag has, or that was voided; then nothing of the call is recorded.
    """
    if not 1 <= len(written) <= LARGEST_PART:
        raise InvalidInput(f"{len(written)} tags are outside 1 to {LARGEST_PART}", place="/written")
    chosen = await run_in_threadpool(_written_labels, ledger, actor, batch_id, written)
    orders = [
        LabelsMarked(
            actor=actor.key_id, party=actor.party, batch=batch_id, level=level, state=LabelState.PRINTED,
            ranges=joined((tag.number, tag.number) for tag in tags), zone=_when(time).zone, time=_when(time).time,
            tags=tags,
        )
        for level, tags in chosen.items()
    ]  # fmt: skip
    return await _mark(ledger, orders, None)


async def void(
    ledger: Ledger,
    actor: Actor,
    batch_id: str,
    selection: Selection,
    reason: str,
    progress: Progress | None = None,
    time: str | None = None,
) -> Marked:
    """Spoiled before they were applied. `Conflict` for one that is on food already."""
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise InvalidInput(
            f"a reason of 1 to {LONGEST_REASON} printable characters is needed", place="/reason",
            remedy="say what happened: printer jam, smeared, wrong date",
        )  # fmt: skip
    chosen, when = await run_in_threadpool(_chosen, ledger, actor, batch_id, selection), _when(time)
    return await _mark(ledger, [_order(actor, chosen, LabelState.VOIDED, when, reason.strip())], progress)


async def apply(
    ledger: Ledger,
    actor: Actor,
    batch_id: str,
    selection: Selection,
    contents: Selection | None = None,
    time: str | None = None,
    progress: Progress | None = None,
) -> Marked:
    """They are on the food now: commissioning with lot and dates; of what a scale weighed, the transformation.

    ``contents`` are applied labels of a lower level that are packed into the one label selected.
    """
    chosen = await run_in_threadpool(_to_apply, ledger, actor, batch_id, selection)
    order = _order(actor, chosen, LabelState.APPLIED, _when(time))
    if contents is not None:
        inside = await run_in_threadpool(_to_pack, ledger, actor, chosen, contents)
        order = msgspec.structs.replace(order, contents_level=inside.level, contents=inside.ranges)
    return await _mark(ledger, [order], progress)


async def relabel(
    ledger: Ledger, actor: Actor, batch_id: str, parent: str, kilograms: Sequence[str], request: str = ""
) -> list[Label]:
    """One new item label for each net weight cut from a parent (an item or a lot).

    Applying it is what transforms the parent. `Conflict` when the parent is held, used up, or not enough of it is left.
    """
    if not 1 <= len(kilograms) <= MOST_WEIGHED:
        raise InvalidInput(f"{len(kilograms)} weights are outside 1 to {MOST_WEIGHED}", place="/kilograms")
    for weight in kilograms:
        net_weight(weight)
    request = _own(actor, request)
    known = await run_in_threadpool(_find_cut, ledger, actor, batch_id, parent, kilograms, request)
    order = LabelsAllocated(
        actor=actor.key_id, party=actor.party, batch=batch_id, level=Level.ITEM, count=len(kilograms),
        request=f"{request}#0", kilograms=list(kilograms), parent=known,
    )  # fmt: skip
    made = await ledger.writer.call("labels-allocated", order, Allocation)
    return await run_in_threadpool(_read_labels, ledger, actor, made)


def _own(actor: Actor, request: str) -> str:
    """A request id within its key: two operators who choose the same one by chance do not get the same labels."""
    return f"{actor.key_id}/{new_request(request)}"


def _find_cut(ledger: Ledger, actor: Actor, batch_id: str, parent: str, kilograms: Sequence[str], request: str) -> str:
    """Canonical name of the parent, which may be cut; a request that was carried out before isn't asked again."""
    with ledger.view() as view:
        batch = batch_of(view, actor, batch_id).batch
        found = find_parent(view, actor, parent)
        if not was_allocated(view, batch, f"{request}#0"):
            refuse_unusable(view, batch.id, found, kilograms, waiting=True)
        return found.name


def _read_labels(ledger: Ledger, actor: Actor, made: Allocation) -> list[Label]:
    with ledger.view() as view:
        return labels_of(view, actor, made.batch, made.level, after=made.first - 1, limit=made.count)


def _chosen(ledger: Ledger, actor: Actor, batch_id: str, selection: Selection) -> _Chosen:
    with ledger.view() as view:
        return _numbers(view, actor, batch_id, selection)


def _numbers(view: View, actor: Actor, batch_id: str, selection: Selection) -> _Chosen:
    batch = batch_of(view, actor, batch_id).batch
    plan_of(batch, selection.level)
    if bool(selection.numbers.strip()) == bool(selection.epcs):
        raise InvalidInput("say which labels, either by numbers or by epcs", place="/numbers", remedy="write 1-500,502")
    if len(selection.epcs) > MOST_NAMED:
        raise InvalidInput(f"{len(selection.epcs)} EPCs are over {MOST_NAMED}", place="/epcs", remedy="use numbers")
    if selection.epcs:
        numbers = numbers_of(view, batch, selection.level, selection.epcs)
        return _Chosen(batch, selection.level, joined((number, number) for number in numbers))
    return _Chosen(batch, selection.level, parse_numbers(selection.numbers))


def _to_apply(ledger: Ledger, actor: Actor, batch_id: str, selection: Selection) -> _Chosen:
    """The selection, whose parents (of labels of a scale) may still be cut."""
    with ledger.view() as view:
        chosen = _numbers(view, actor, batch_id, selection)
        for parent, weights in parents_of(view, chosen.batch, chosen.level, chosen.ranges).items():
            refuse_unusable(view, chosen.batch.id, find_parent(view, actor, parent), weights, waiting=False)
        return chosen


def _to_pack(ledger: Ledger, actor: Actor, chosen: _Chosen, contents: Selection) -> _Chosen:
    """The contents, which may go into the one label chosen."""
    with ledger.view() as view:
        inside = _numbers(view, actor, chosen.batch.id, contents)
        refuse_packing(view, Packing(chosen.batch, chosen.level, chosen.ranges, inside.level, inside.ranges))
        return inside


def _written_labels(ledger: Ledger, actor: Actor, batch_id: str, written: Sequence[Written]) -> dict[Level, list[Tag]]:
    found: dict[Level, dict[int, Tag]] = {}
    with ledger.view() as view:
        batch_of(view, actor, batch_id)
        for entry in written:
            label = label_of(view, actor, entry.epc)
            if label.batch != batch_id:
                raise Conflict(f"{entry.epc[:80]!a} is of batch {label.batch}, not of {batch_id}", place="/written")
            tag = Tag(label.number, _tid(entry.tid), entry.locked)
            if found.setdefault(label.level, {}).setdefault(label.number, tag) != tag:
                raise Conflict(f"{entry.epc[:80]!a} stands twice with different tags", place="/written")
    return {level: list(tags.values()) for level, tags in found.items()}


def _tid(text: str) -> str:
    """A tag identifier as upper-case hex without spaces."""
    found = text.replace(" ", "").upper()
    if not 1 <= len(found) <= _LONGEST_TID or set(found) - set("0123456789ABCDEF"):
        raise InvalidInput(f"TID {text[:60]!a} is not hex", place="/written", remedy="send what the reader read")
    return found


def _when(time: str | None) -> _When:
    if time is None:
        offset = datetime.now().astimezone().utcoffset()
        return _When(None, int(offset.total_seconds()) // 60 if offset else 0)
    return _When(*parse_time(time))


def _order(actor: Actor, chosen: _Chosen, state: LabelState, when: _When, reason: str = "") -> LabelsMarked:
    return LabelsMarked(
        actor=actor.key_id, party=actor.party, batch=chosen.batch.id, level=chosen.level, state=state,
        ranges=chosen.ranges, zone=when.zone, time=when.time, reason=reason,
    )  # fmt: skip


async def _mark(ledger: Ledger, orders: Iterable[LabelsMarked], progress: Progress | None) -> Marked:
    """Carry out orders in parts. What was done before one is refused stays done."""
    whole = [
        msgspec.structs.replace(order, ranges=ranges)
        for order in orders
        for ranges in parts(order.ranges, LARGEST_PART)
    ]
    total, changed, already, events = sum(size(order.ranges) for order in whole), 0, 0, list[int]()
    for order in whole:
        marked = await ledger.writer.call("labels-marked", order, Marked)
        changed, already = changed + marked.changed, already + marked.already
        events += marked.events
        if progress:
            progress(changed + already, total)
    return Marked(changed, already, events)
