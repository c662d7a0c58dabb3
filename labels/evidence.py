"""Whether the rows of batches and labels are those that the log's acts say: what a printed label rests on.

The acts themselves are held to their leaves by `suyuan verify`; here everything beside them is derived again. What was
written to which chip, and weights, are held by their digests in the act.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec
from sqlalchemy import text

from suyuan.labels.batches import LEVEL_CODES, STATE_CODES, Batch, LabelState, Level
from suyuan.labels.digests import batch_digest, serials_digest, tags_digest, weights_digest
from suyuan.labels.selection import joined, parse_numbers, size, written
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
    checks = {"label-batch-opened": _opened, "labels-allocated": _allocated, "labels-marked": _Marks(view).hold}
    for index, name, body in view.connection.execute(text(_ACTS), {"size": view.size}):
        if not checks[name](view, index, msgspec.json.decode(bytes(body))):
            wrong.append(index)
            break
    return min([*wrong, *_outside(view)], default=None)


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


class _Marks:
    """What each act has marked, from one pass over each table: they have no index by act, which nothing else needs."""

    def __init__(self, view: View) -> None:
        batches = {row[0]: row[1] for row in view.connection.execute(text("SELECT idx, id FROM label_batch"))}
        self._marks = {
            index: _summary(rows, batches)
            for index, rows in _by_act(view, "SELECT idx, batch, level, state, number, reason FROM label_mark")
        }
        self._tallies = {
            index: ({_place(row, batches) for row in rows}, sum(row[4] for row in rows))
            for index, rows in _by_act(view, "SELECT idx, batch, level, state, amount FROM label_tally")
        }
        self._tags = {
            index: (
                {(batches.get(row[1]), row[2]) for row in rows},
                tags_digest((row[3], row[4], bool(row[5])) for row in rows),
            )
            for index, rows in _by_act(view, "SELECT idx, batch, level, number, tid, locked FROM label_tag")
        }

    def hold(self, view: View, index: int, act: dict[str, Any]) -> bool:
        """Whether marks, tally and chips of an act are those that it says."""
        unit = (act["batch"], LEVEL_CODES[Level(act["level"])])
        place = (*unit, STATE_CODES[LabelState(act["state"])])
        amount = size(parse_numbers(act["numbers"])) if act["numbers"] else 0
        marks = ({place}, {act["reason"]}, act["numbers"]) if amount else None
        tags = None if act["tags"] == tags_digest(()) else ({unit}, act["tags"])
        return (
            self._marks.get(index) == marks
            and self._tallies.get(index) == (({place}, amount) if amount else None)
            and self._tags.get(index) == tags
        )


#: A batch's id, a level and a state by number.
_Place = tuple[str | None, int, int]


def _place(row: Sequence[Any], batches: Mapping[int, str]) -> _Place:
    return batches.get(row[1]), row[2], row[3]


def _summary(rows: Sequence[Sequence[Any]], batches: Mapping[int, str]) -> tuple[set[_Place], set[str], str]:
    """Where the marks are, why, and their numbers as an act tells them."""
    numbers = written(joined((row[4], row[4]) for row in rows))
    return {_place(row, batches) for row in rows}, {row[5] for row in rows}, numbers


def _by_act(view: View, sql: str) -> Iterator[tuple[int, list[Sequence[Any]]]]:
    rows = view.connection.execute(text(f"{sql} ORDER BY idx"))
    for index, group in groupby(rows, key=lambda row: int(row[0])):
        yield index, list(group)
