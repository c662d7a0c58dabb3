"""Whether the rows of batches and labels are those that the log's acts say: what a printed label rests on.

The acts themselves are held to their leaves by `suyuan verify`; here everything beside them is derived again. What was
written to which chip, and weights, are held by their digests in the act.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import text

from suyuan.labels.batches import LEVEL_CODES, STATE_CODES, Batch, LabelState, Level
from suyuan.labels.digests import batch_digest, serials_digest, tags_digest, weights_digest
from suyuan.labels.selection import joined, written
from suyuan.trace.view import View

_ACTS: Final = (
    "SELECT idx, name, body FROM act WHERE name IN ('label-batch-opened', 'labels-allocated', 'labels-marked')"
    " AND idx < :size ORDER BY idx"
)
#: Rows that no act has put there, by table: the lowest index of one.
_STRAY: Final = {
    "label_batch": "label-batch-opened", "label_allocation": "labels-allocated", "label_mark": "labels-marked",
    "label_tally": "labels-marked", "label_tag": "labels-marked",
}  # fmt: skip


def differing_labels(view: View) -> int | None:
    """The lowest log index of an act whose rows are not those that it says, or of rows without an act."""
    wrong = [index for index in (_stray(view, table, name) for table, name in _STRAY.items()) if index is not None]
    for index, name, body in view.connection.execute(text(_ACTS), {"size": view.size}):
        if not _CHECKS[name](view, index, msgspec.json.decode(bytes(body))):
            wrong.append(index)
            break
    outside = _outside(view)
    return min([*wrong, *outside], default=None)


def _stray(view: View, table: str, name: str) -> int | None:
    sql = f"SELECT MIN(t.idx) FROM {table} t LEFT JOIN act a ON a.idx = t.idx AND a.name = :name WHERE a.idx IS NULL"  # noqa: S608
    found = view.connection.scalar(text(sql), {"name": name})
    return None if found is None else int(found)


def _outside(view: View) -> Iterator[int]:
    """The batches of labels that stand in no allocation."""
    found = view.connection.scalar(
        text(
            "SELECT MIN(l.batch) FROM label l WHERE NOT EXISTS (SELECT 1 FROM label_allocation a"
            " WHERE a.batch = l.batch AND a.level = l.level AND l.number >= a.first AND l.number < a.first + a.amount)"
        )
    )
    if found is not None:
        yield int(found)


def _opened(view: View, index: int, act: dict[str, Any]) -> bool:
    row = view.connection.execute(
        text("SELECT id, gtin, lot, party, body FROM label_batch WHERE idx = :index"), {"index": index}
    ).first()
    if row is None:
        return False
    batch = msgspec.json.decode(row[4], type=Batch)
    told = {"batch": batch.id, "gtin": batch.gtin, "lot": batch.lot, "party": batch.party}
    columns = dict(zip(told, (row[0], row[1], row[2], row[3]), strict=True))
    return columns == told == {name: act[name] for name in told} and batch_digest(batch) == act["order"]


def _allocated(view: View, index: int, act: dict[str, Any]) -> bool:
    row = view.connection.execute(
        text(
            "SELECT a.batch, a.level, a.first, a.amount, a.digest, b.id FROM label_allocation a"
            " JOIN label_batch b ON b.idx = a.batch WHERE a.idx = :index"
        ),
        {"index": index},
    ).first()
    if row is None:
        return False
    bound = {"batch": row[0], "level": row[1], "first": row[2], "end": row[2] + row[3]}
    numbered = "WHERE batch = :batch AND level = :level AND number >= :first AND number < :end ORDER BY number"
    names = view.connection.execute(text(f"SELECT class_key, serial FROM label {numbered}"), bound).all()  # noqa: S608
    weights = view.connection.execute(text(f"SELECT kilograms, parent FROM label_weight {numbered}"), bound).all()  # noqa: S608
    digest = serials_digest((name[0], name[1]) for name in names).hex()
    said = (act["batch"], LEVEL_CODES[Level(act["level"])], act["first"], act["count"], act["serials"], act["weights"])
    found = (row[5], row[1], row[2], row[3], digest, weights_digest((weight[0], weight[1]) for weight in weights))
    return said == found and bytes(row[4]).hex() == digest


def _marked(view: View, index: int, act: dict[str, Any]) -> bool:
    """The marks of an act by their numbers, its chips by their digest, its tally by its sum."""
    bound = {
        "id": act["batch"], "level": LEVEL_CODES[Level(act["level"])], "state": STATE_CODES[LabelState(act["state"])],
        "index": index,
    }  # fmt: skip
    of_batch = "WHERE batch = (SELECT idx FROM label_batch WHERE id = :id) AND level = :level AND idx = :index"
    marks = view.connection.execute(
        text(f"SELECT number, reason FROM label_mark {of_batch} AND state = :state"),  # noqa: S608
        bound,
    ).all()
    tags = view.connection.execute(text(f"SELECT number, tid, locked FROM label_tag {of_batch}"), bound).all()  # noqa: S608
    tally = view.connection.scalar(
        text(f"SELECT COALESCE(SUM(amount), 0) FROM label_tally {of_batch} AND state = :state"),  # noqa: S608
        bound,
    )
    numbers = joined((mark[0], mark[0]) for mark in marks)
    return (
        written(numbers) == act["numbers"]
        and {mark[1] for mark in marks} <= {act["reason"]}
        and tags_digest((tag[0], tag[1], bool(tag[2])) for tag in tags) == act["tags"]
        and int(tally or 0) == len(marks)
    )


_CHECKS = {"label-batch-opened": _opened, "labels-allocated": _allocated, "labels-marked": _marked}
