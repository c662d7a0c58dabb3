"""What became of labels: printed, applied, voided, each with its events in the same transaction.

A crash leaves either the marks with their events or neither. A request that is made again finds the labels where it
wanted them, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from suyuan.base.errors import Conflict, NotFound, SuyuanError
from suyuan.epcis.json_text import Limits
from suyuan.gs1.names import canonical, name_of
from suyuan.labels import label_events, tables
from suyuan.labels.batches import LEVEL_CODES, STATE_CODES, STATES, Batch, LabelState, Level, Marked
from suyuan.labels.digests import tags_digest
from suyuan.labels.label_events import Cut, Moment
from suyuan.labels.operation import LabelOperation, Order, find_batch
from suyuan.labels.selection import joined, written
from suyuan.trace.capture import Capture, CaptureRequest
from suyuan.trace.writer import Transaction

#: From each state (by target) what happens: a change, or nothing because it is there or past it. Others are refused.
_CHANGES: Final = {
    LabelState.PRINTED: {LabelState.ALLOCATED},
    LabelState.APPLIED: {LabelState.PRINTED},
    LabelState.VOIDED: {LabelState.ALLOCATED, LabelState.PRINTED},
}
_THERE: Final = {
    LabelState.PRINTED: {LabelState.PRINTED, LabelState.APPLIED},
    LabelState.APPLIED: {LabelState.APPLIED},
    LabelState.VOIDED: {LabelState.VOIDED},
}
_WHY: Final = {
    LabelState.ALLOCATED: ("has not been printed", "mark it as printed first"),
    LabelState.APPLIED: ("is on food", "capture a decommissioning event for the food instead"),
    LabelState.VOIDED: ("was voided", "allocate a new one: its serial number is never used again"),
}
#: Hexadecimal digits of a TID that says the chip's maker and model only (Gen2 section 6.3.2.1.3).
_MODEL_DIGITS: Final = 8
_ROWS: Final = (
    "SELECT l.number, l.class_key, l.serial, COALESCE((SELECT MAX(m.state) FROM label_mark m WHERE m.batch = l.batch"
    " AND m.level = l.level AND m.number = l.number), 0), w.kilograms, w.parent, t.tid FROM {keys} label l"
    " ON l.batch = ? AND l.level = ? AND l.number BETWEEN f.a AND f.b"
    " LEFT JOIN label_weight w ON w.batch = l.batch AND w.level = l.level AND w.number = l.number"
    " LEFT JOIN label_tag t ON t.batch = l.batch AND t.level = l.level AND t.number = l.number ORDER BY l.number"
)


class Tag(msgspec.Struct, frozen=True, array_like=True):
    """The chip that one label was written to."""

    number: int
    tid: str
    locked: bool


class LabelsMarked(Order, frozen=True, kw_only=True):
    """Parameters of `MarkLabels`: one state for labels of one level. Ranges have both ends in; they do not overlap."""

    batch: str
    level: Level
    state: LabelState
    ranges: list[tuple[int, int]]
    zone: int
    time: int | None = None  #: microseconds UTC; None is the writer's present
    reason: str = ""
    tags: list[Tag] = msgspec.field(default_factory=list)
    contents_level: Level | None = None
    contents: list[tuple[int, int]] = msgspec.field(default_factory=list)


class _Row(NamedTuple):
    number: int
    class_key: str
    serial: str
    state: LabelState
    kilograms: str | None
    parent: str | None
    tid: str | None

    @property
    def epc(self) -> str:
        return canonical((self.class_key, self.serial))


class MarkLabels(LabelOperation[LabelsMarked]):
    """Move labels to a state, and capture what that means."""

    name = "labels-marked"
    parameters = LabelsMarked

    def carry_out(self, transaction: Transaction, order: LabelsMarked) -> Marked:
        """What changed; a label that may not go there refuses the whole request."""
        batch = find_batch(transaction, order, order.batch)
        rows = _load(transaction, batch, order.level, order.ranges)
        tags = _new_tags(rows, order.tags)
        _refuse_taken(transaction, batch, order.level, tags)
        changed = [row for row in rows if _changes(row, order.state)]
        contents = _new_contents(transaction, batch, order, rows)
        told = {row.number for row in changed} | {tag.number for tag in tags}
        if order.state is LabelState.APPLIED:
            _refuse_held(transaction, changed)
        if not told and not contents:
            return Marked(0, len(rows))
        events = self._capture(transaction, batch, order, [row for row in rows if row.number in told], contents)
        self._record(transaction, batch, order, changed, tags)
        return Marked(len(told), len(rows) - len(told), events)

    def _capture(
        self, transaction: Transaction, batch: Batch, order: LabelsMarked, told: Sequence[_Row], contents: Sequence[str]
    ) -> list[int]:
        moment = Moment(transaction.now if order.time is None else order.time, order.zone)
        events = _events(batch, order, told, moment)
        if contents:
            parent = _load(transaction, batch, order.level, order.ranges)[0]
            events += label_events.packed(batch, parent.epc, contents, moment)
        if not events:
            return []
        capture = Capture(Limits(), self.random)
        body = label_events.document(events, moment)
        request = CaptureRequest(self.random(16).hex(), order.actor, order.party, "application/ld+json", body)
        (job,) = capture.apply(transaction, [capture.prepare(msgspec.msgpack.encode(request))])
        if isinstance(job, SuyuanError):
            raise job
        return [event.index for event in job.events]

    def _record(
        self,
        transaction: Transaction,
        batch: Batch,
        order: LabelsMarked,
        changed: Sequence[_Row],
        tags: Sequence[Tag],
    ) -> None:
        """The act, the marks, their tally, the chips."""
        body = {
            "batch": batch.id, "level": order.level.value,
            "numbers": written(joined((row.number, row.number) for row in changed)), "reason": order.reason,
            "state": order.state.value, "tags": tags_digest((tag.number, tag.tid, tag.locked) for tag in tags),
        }  # fmt: skip
        index = self.log(transaction, order, body).index
        level, state = LEVEL_CODES[order.level], STATE_CODES[order.state]
        transaction.db.insert(
            tables.label_mark,
            [(batch.index, level, row.number, state, index, order.reason) for row in changed],
        )
        for before in sorted({STATE_CODES[row.state] for row in changed}):
            amount = sum(STATE_CODES[row.state] == before for row in changed)
            transaction.db.execute(
                "INSERT INTO label_tally (idx, before, batch, level, state, amount) VALUES (?,?,?,?,?,?)",
                (index, before, batch.index, level, state, amount),
            )
        transaction.db.insert(
            tables.label_tag,
            [(batch.index, level, tag.number, tag.tid, tag.locked, index) for tag in tags],
        )


def _events(batch: Batch, order: LabelsMarked, told: Sequence[_Row], moment: Moment) -> list[dict[str, Any]]:
    epcs = [row.epc for row in told]
    match order.state:
        case LabelState.PRINTED:
            return list(label_events.encoded(batch, epcs, moment))
        case LabelState.VOIDED:
            printed = [row.epc for row in told if row.state is LabelState.PRINTED]
            return list(label_events.decommissioned(batch, printed, moment))
        case _:
            plain = [row.epc for row in told if row.parent is None]
            cuts = [Cut(row.epc, row.kilograms, row.parent) for row in told if row.parent and row.kilograms]
            made = label_events.commissioned(batch, order.level, plain, moment)
            return [*made, *label_events.transformed(batch, cuts, moment)]


def _load(transaction: Transaction, batch: Batch, level: Level, ranges: Sequence[tuple[int, int]]) -> list[_Row]:
    found = transaction.db.by_keys(_ROWS, ["bigint", "bigint"], ranges, batch.index, LEVEL_CODES[level])
    rows = [_Row(row[0], row[1], row[2], STATES[row[3]], *row[4:]) for row in found]
    if len(rows) != sum(last - first + 1 for first, last in ranges):
        raise _missing(batch, level, rows, ranges)
    return rows


def _missing(batch: Batch, level: Level, rows: Sequence[_Row], ranges: Sequence[tuple[int, int]]) -> NotFound:
    known = {row.number for row in rows}
    number = next(number for first, last in ranges for number in range(first, last + 1) if number not in known)
    return NotFound(
        f"batch {batch.id} has no {level.value} label {number}", place="/numbers",
        remedy="allocate it first; labels are numbered from 1",
    )  # fmt: skip


def _changes(row: _Row, state: LabelState) -> bool:
    if row.state in _CHANGES[state]:
        return True
    if row.state in _THERE[state]:
        return False
    what, remedy = _WHY[row.state]
    raise Conflict(f"label {row.number} ({row.epc}) {what}", place="/numbers", remedy=remedy)


def _new_tags(rows: Sequence[_Row], tags: Sequence[Tag]) -> list[Tag]:
    """Chips that are not known yet; one EPC on two chips is refused."""
    known = {row.number: row for row in rows}
    for tag in tags:
        row = known[tag.number]
        if row.tid not in {None, tag.tid}:
            raise Conflict(
                f"label {row.number} ({row.epc}) is on the tag with TID {row.tid}, not on {tag.tid[:60]!a}",
                place="/written", remedy="take this tag out, and allocate a label of its own for it",
            )  # fmt: skip
    return [tag for tag in tags if known[tag.number].tid is None]


def _refuse_taken(transaction: Transaction, batch: Batch, level: Level, tags: Sequence[Tag]) -> None:
    """A chip with a number of its own holds one EPC: that of no other label, unless the other one was voided."""
    numbers: dict[str, int] = {}
    for tag in tags:
        other = None
        if len(tag.tid) > _MODEL_DIGITS and (other := numbers.setdefault(tag.tid, tag.number)) == tag.number:
            other = _carried(transaction, batch, level, tag)
        if other is not None:
            raise Conflict(
                f"the tag with TID {tag.tid} of label {tag.number} is that of label {other}", place="/written",
                remedy="read both tags again; void the other label where its tag was written anew",
            )  # fmt: skip


def _carried(transaction: Transaction, batch: Batch, level: Level, tag: Tag) -> int | None:
    """Number of another label that is on this chip and not voided."""
    row = transaction.db.execute(
        "SELECT t.number FROM label_tag t WHERE t.tid = ? AND (t.batch, t.level, t.number) <> (?, ?, ?)"
        " AND NOT EXISTS (SELECT 1 FROM label_mark m WHERE m.batch = t.batch AND m.level = t.level"
        " AND m.number = t.number AND m.state = ?) LIMIT 1",
        (tag.tid, batch.index, LEVEL_CODES[level], tag.number, STATE_CODES[LabelState.VOIDED]),
    ).fetchone()
    return int(row[0]) if row else None


def _new_contents(transaction: Transaction, batch: Batch, order: LabelsMarked, rows: Sequence[_Row]) -> list[str]:
    """EPCs that go into the one label selected, without those that the ledger has put in before."""
    if order.contents_level is None:
        return []
    children = _load(transaction, batch, order.contents_level, order.contents)
    for row in children:
        if row.state is not LabelState.APPLIED:
            raise Conflict(
                f"{order.contents_level.value} label {row.number} is {row.state.value}, only applied ones are packed",
                place="/contents", remedy="apply it first",
            )  # fmt: skip
    packed = _packed(transaction, rows[0], children)
    return [row.epc for row in children if row.epc not in packed]


def _packed(transaction: Transaction, parent: _Row, children: Sequence[_Row]) -> set[str]:
    """Those children that an event has put into the parent."""
    rows = transaction.db.by_keys(
        "SELECT c.key, t.serial FROM {keys} thing_class c ON c.key = f.a CROSS JOIN thing t CROSS JOIN timeline l"
        " WHERE t.class_id = c.id AND t.serial = f.b AND l.thing = t.id"
        " AND l.partner = (SELECT p.id FROM thing p JOIN thing_class pc ON pc.id = p.class_id"
        " WHERE pc.key = ? AND p.serial = ?)",
        ["text", "text"],
        [(row.class_key, row.serial) for row in children],
        parent.class_key,
        parent.serial,
    )
    return {canonical((row[0], row[1])) for row in rows}


def _refuse_held(transaction: Transaction, changed: Sequence[_Row]) -> None:
    """What was cut from something that a recall has stopped meanwhile does not become food."""
    for parent in {row.parent for row in changed if row.parent}:
        name = name_of(parent)
        row = transaction.db.execute(
            "SELECT h.recall FROM thing_class c JOIN thing t ON t.class_id = c.id JOIN hold h ON h.thing = t.id"
            " WHERE c.key = ? AND t.serial = ?",
            (name.class_key, name.serial),
        ).fetchone()
        if row:
            raise Conflict(f"{parent} is held by recall {row[0]}", place="/parent", remedy="keep it apart")
