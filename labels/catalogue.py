"""Reading batches and labels, cut to one firm. Statements run on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import text

from suyuan.base.errors import NotFound
from suyuan.base.identity import Actor
from suyuan.labels.batches import (
    LEVEL_CODES,
    LEVELS,
    STATE_CODES,
    STATES,
    Batch,
    BatchStatus,
    Label,
    LabelState,
    Level,
    LevelCounts,
)
from suyuan.labels.operation import no_batch
from suyuan.trace.lookup import read_name
from suyuan.trace.view import View

_LABELS: Final = (
    "SELECT b.id, l.level, l.number, l.class_key, l.serial, COALESCE(m.state, 0) AS state,"
    " COALESCE(m.reason, '') AS reason, t.tid, w.kilograms, w.parent FROM label l"
    " JOIN label_batch b ON b.idx = l.batch"
    " LEFT JOIN label_mark m ON m.batch = l.batch AND m.level = l.level AND m.number = l.number AND NOT EXISTS ("
    "SELECT 1 FROM label_mark n WHERE n.batch = m.batch AND n.level = m.level AND n.number = m.number"
    " AND n.state > m.state)"
    " LEFT JOIN label_tag t ON t.batch = l.batch AND t.level = l.level AND t.number = l.number"
    " LEFT JOIN label_weight w ON w.batch = l.batch AND w.level = l.level AND w.number = l.number WHERE "
)


def batch_of(view: View, actor: Actor, batch_id: str) -> BatchStatus:
    """A batch of the firm; `NotFound` for any other."""
    row = view.connection.execute(
        text("SELECT body FROM label_batch WHERE id = :id AND party = :party AND idx < :size"),
        {"id": batch_id[:64], "party": actor.party, "size": view.size},
    ).first()
    if row is None:
        raise no_batch(batch_id)
    return _with_counts(view, [row[0]])[0]


def batches_of(view: View, actor: Actor, limit: int = 100, before: int | None = None) -> list[BatchStatus]:
    """The firm's batches, the latest first; ``before`` is the ``index`` of the last one of the page before."""
    rows = view.connection.execute(
        text("SELECT body FROM label_batch WHERE party = :party AND idx < :before ORDER BY idx DESC LIMIT :limit"),
        {"party": actor.party, "before": view.size if before is None else min(before, view.size), "limit": limit},
    ).all()
    return _with_counts(view, [row[0] for row in rows])


def labels_of(
    view: View,
    actor: Actor,
    batch_id: str,
    level: Level,
    state: LabelState | None = None,
    after: int = 0,
    limit: int = 1_000,
) -> list[Label]:
    """Labels of a level by number, those behind number ``after``."""
    batch = batch_of(view, actor, batch_id).batch
    where = "l.batch = :batch AND l.level = :level AND l.number > :after"
    bound: dict[str, Any] = {"batch": batch.index, "level": LEVEL_CODES[level], "after": after, "limit": limit}
    if state is not None:
        where += " AND COALESCE(m.state, 0) = :state"
        bound["state"] = STATE_CODES[state]
    rows = view.connection.execute(text(f"{_LABELS}{where} ORDER BY l.number LIMIT :limit"), bound)
    return [_label(row) for row in rows]


def label_of(view: View, actor: Actor, epc: str) -> Label:
    """One label by its EPC in any form; `NotFound` where the firm has none of it."""
    name = read_name(epc)
    row = view.connection.execute(
        text(f"{_LABELS}l.class_key = :key AND l.serial = :serial AND b.party = :party"),
        {"key": name.class_key, "serial": name.serial, "party": actor.party},
    ).first()
    if row is None:
        raise NotFound(f"there is no label {epc[:80]!a}", remedy="check the code; a firm finds its own labels only")
    return _label(row)


def numbers_of(view: View, batch: Batch, level: Level, epcs: Iterable[str]) -> list[int]:
    """Numbers of labels by their EPCs in any form; `NotFound` for one that isn't of this level of this batch."""
    found = []
    for epc in epcs:
        name = read_name(epc)
        number = view.connection.scalar(
            text(
                "SELECT number FROM label WHERE class_key = :key AND serial = :serial"
                " AND batch = :batch AND level = :level"
            ),
            {"key": name.class_key, "serial": name.serial, "batch": batch.index, "level": LEVEL_CODES[level]},
        )
        if number is None:
            raise NotFound(f"{epc[:80]!a} is no {level.value} label of batch {batch.id}", place="/epcs")
        found.append(int(number))
    return found


def parents_of(view: View, batch: Batch, level: Level, ranges: Iterable[tuple[int, int]]) -> dict[str, list[str]]:
    """Weights of those labels in these ranges that are not applied yet, by what they were cut from."""
    found: dict[str, list[str]] = {}
    for first, last in ranges:
        rows = view.connection.execute(
            text(
                "SELECT w.parent, w.kilograms FROM label_weight w WHERE w.batch = :batch AND w.level = :level"
                " AND w.number BETWEEN :first AND :last AND NOT EXISTS (SELECT 1 FROM label_mark m"
                " WHERE m.batch = w.batch AND m.level = w.level AND m.number = w.number AND m.state >= :applied)"
                " ORDER BY w.number"
            ),
            {"batch": batch.index, "level": LEVEL_CODES[level], "first": first, "last": last,
             "applied": STATE_CODES[LabelState.APPLIED]},
        )  # fmt: skip
        for parent, kilograms in rows:
            found.setdefault(parent, []).append(kilograms)
    return found


def was_allocated(view: View, batch: Batch, request: str) -> bool:
    """Whether an allocation was carried out under this request id."""
    return bool(
        view.connection.scalar(
            text("SELECT 1 FROM label_allocation WHERE batch = :batch AND request = :request"),
            {"batch": batch.index, "request": request},
        )
    )


def _label(row: Any) -> Label:
    return Label(
        batch=row[0], level=LEVELS[row[1]], number=row[2], class_key=row[3], serial=row[4], state=STATES[row[5]],
        reason=row[6], tid=row[7], kilograms=row[8], parent=row[9],
    )  # fmt: skip


def _with_counts(view: View, bodies: Sequence[str]) -> list[BatchStatus]:
    batches = [msgspec.json.decode(body, type=Batch) for body in bodies]
    indexes = [batch.index for batch in batches]
    totals = _sums(
        view, indexes,
        "SELECT t.batch, t.level, SUM(t.amount) FROM {ids} label_allocation t ON t.batch = f.id WHERE t.idx < :size"
        " GROUP BY t.batch, t.level",
    )  # fmt: skip
    moves = _sums(
        view, indexes,
        "SELECT t.batch, t.level, t.before, t.state, SUM(t.amount) FROM {ids} label_tally t ON t.batch = f.id"
        " WHERE t.idx < :size GROUP BY t.batch, t.level, t.before, t.state",
    )  # fmt: skip
    return [
        BatchStatus(batch, [_counts(batch, plan.level, totals, moves) for plan in batch.levels]) for batch in batches
    ]


def _sums(view: View, indexes: Sequence[int], sql: str) -> dict[tuple[int, ...], int]:
    return {tuple(row[:-1]): int(row[-1]) for row in view.by_ids(indexes, sql)}


def _counts(
    batch: Batch, level: Level, totals: dict[tuple[int, ...], int], moves: dict[tuple[int, ...], int]
) -> LevelCounts:
    code = LEVEL_CODES[level]
    held = dict.fromkeys(STATES, 0)
    held[STATE_CODES[LabelState.ALLOCATED]] = totals.get((batch.index, code), 0)
    for (index, of, before, state), amount in moves.items():
        if (index, of) == (batch.index, code):
            held[before] -= amount
            held[state] += amount
    plan = batch.plan(level)
    return LevelCounts(level, plan.planned if plan else 0, *(held[state] for state in sorted(held)))
