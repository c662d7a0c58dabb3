"""What must be stopped: written by recalls, read by gates, tills and pages (DESIGN section 1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from suyuan.trace import tables
from suyuan.trace.view import View
from suyuan.trace.writer import Transaction


class Hold(NamedTuple):
    """One thing that a recall holds; a carrier is not affected itself. ``since`` in microseconds UTC."""

    thing: int
    carrier: bool
    since: int


class HoldOrder(NamedTuple):
    """The recall behind holds: its reason, when it was launched (microseconds UTC), its place in the log."""

    recall: str
    reason: str
    launched: int
    place: int


def put_on_hold(transaction: Transaction, order: HoldOrder, holds: Iterable[Hold]) -> None:
    """Hold things, in the writer's transaction."""
    transaction.db.execute("INSERT INTO hold_order (recall, reason, launched, idx) VALUES (?, ?, ?, ?)", order)
    transaction.db.insert(
        tables.hold,
        [(hold.thing, order.recall, hold.carrier, hold.since, order.place) for hold in holds],
    )


def holds_on(view: View, things: Iterable[int]) -> dict[int, list[tuple[Hold, HoldOrder]]]:
    """The holds on each of these things, the oldest first."""
    rows: Sequence[tuple[int, bool, int, str, str, int, int]] = view.by_ids(
        things,
        "SELECT h.thing, h.carrier, h.since, o.recall, o.reason, o.launched, o.idx FROM {ids} hold h ON h.thing = f.id"
        " JOIN hold_order o ON o.recall = h.recall WHERE h.idx < :size ORDER BY o.idx",
    )
    found: dict[int, list[tuple[Hold, HoldOrder]]] = {}
    for thing, carrier, since, recall, reason, launched, index in rows:
        entry = (Hold(thing, bool(carrier), since), HoldOrder(recall, reason, launched, index))
        found.setdefault(thing, []).append(entry)
    return found
