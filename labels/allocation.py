"""Allocating labels: their serial numbers are taken for ever, in the writer, in one transaction.

What was answered survives any crash; what was not answered may be asked for again under the same request id, and is
the same labels. One writer takes serial numbers one request after the other, and the table refuses a second one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from suyuan.base.errors import Conflict, InvalidInput
from suyuan.labels import tables
from suyuan.labels.batches import LEVEL_CODES, Allocation, Batch, Level, LevelPlan
from suyuan.labels.digests import serials_digest, weights_digest
from suyuan.labels.operation import LabelOperation, Order, find_batch
from suyuan.labels.serials import Random, random_serials, reference_count, sscc
from suyuan.trace.writer import Transaction

#: Most labels of one level of a batch.
MOST_LABELS = 1_000_000


class LabelsAllocated(Order, frozen=True, kw_only=True):
    """Parameters of `AllocateLabels`. ``kilograms`` and ``parent`` only for labels of a scale, one weight a label.

    ``later`` are the labels that further parts of the same request will ask for: it is refused whole, or not at all.
    """

    batch: str
    level: Level
    count: int
    request: str
    later: int = 0
    kilograms: list[str] = msgspec.field(default_factory=list)
    parent: str = ""


class Taken(NamedTuple):
    """Names by class key and serial; of SSCCs the counter that they come from and its next reference."""

    names: list[tuple[str, str]]
    counter: str | None = None
    next_reference: int | None = None


class AllocateLabels(LabelOperation[LabelsAllocated]):
    """Take serial numbers for labels of one level."""

    name = "labels-allocated"
    parameters = LabelsAllocated

    def carry_out(self, transaction: Transaction, order: LabelsAllocated) -> Allocation:
        """Numbers of the new labels; of the old ones when the request was carried out before."""
        batch = find_batch(transaction, order, order.batch)
        plan = plan_of(batch, order.level)
        known = _known(transaction, batch, order)
        if known is not None:
            return known
        first = _next_number(transaction, batch, order.level)
        if first - 1 + order.count + order.later > MOST_LABELS:
            raise InvalidInput(
                f"{order.count + order.later:,} labels more than the {first - 1:,} there are would be over"
                f" {MOST_LABELS:,}",
                place="/count", remedy="open another batch under a lot number of its own",
            )  # fmt: skip
        taken = _take(transaction, batch, plan, order.count, self.random)
        digest = serials_digest(taken.names)
        body = {
            "batch": batch.id, "count": order.count, "first": first, "gtin": plan.gtin, "level": order.level.value,
            "lot": batch.lot, "serials": digest.hex(),
            "weights": weights_digest((kilograms, order.parent) for kilograms in order.kilograms),
        }  # fmt: skip
        recorded = self.log(transaction, order, body)
        transaction.db.execute(
            "INSERT INTO label_allocation (idx, batch, level, first, amount, digest, request, key_id, time, counter,"
            " next_reference) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (recorded.index, batch.index, LEVEL_CODES[order.level], first, order.count, digest, order.request,
             order.actor, recorded.time, taken.counter, taken.next_reference),
        )  # fmt: skip
        _insert(transaction, batch, order, first, taken.names)
        return _allocation(batch, order, first)


def plan_of(batch: Batch, level: Level) -> LevelPlan:
    """The plan of a level; `InvalidInput` where the batch has none."""
    plan = batch.plan(level)
    if plan is None:
        levels = ", ".join(plan.level.value for plan in batch.levels)
        raise InvalidInput(f"batch {batch.id} has no level {level.value}, it has: {levels}", place="/level")
    return plan


def _known(transaction: Transaction, batch: Batch, order: LabelsAllocated) -> Allocation | None:
    row = transaction.db.execute(
        "SELECT level, first, amount FROM label_allocation WHERE batch = ? AND request = ?",
        (batch.index, order.request),
    ).fetchone()
    if row is None:
        return None
    level, first, amount = row
    cut = transaction.db.execute(
        "SELECT kilograms, parent FROM label_weight WHERE batch = ? AND level = ? AND number >= ? AND number < ?"
        " ORDER BY number",
        (batch.index, level, first, first + amount),
    ).fetchall()
    wanted = [(kilograms, order.parent) for kilograms in order.kilograms]
    if (level, amount) != (LEVEL_CODES[order.level], order.count) or cut != wanted:
        raise Conflict(
            f"request {order.request[:60]!a} has allocated {amount} other labels of this batch",
            place="/request", remedy="choose a request id of its own for each allocation",
        )  # fmt: skip
    return _allocation(batch, order, first)


def _allocation(batch: Batch, order: LabelsAllocated, first: int) -> Allocation:
    last = first + order.count - 1
    return Allocation(batch.id, order.level, first, order.count, f"{first}-{last}" if last > first else f"{first}")


def _next_number(transaction: Transaction, batch: Batch, level: Level) -> int:
    row = transaction.db.execute(
        "SELECT COALESCE(SUM(amount), 0) + 1 FROM label_allocation WHERE batch = ? AND level = ?",
        (batch.index, LEVEL_CODES[level]),
    ).fetchone()
    return int(row[0])


def _insert(
    transaction: Transaction, batch: Batch, order: LabelsAllocated, first: int, names: Sequence[tuple[str, str]]
) -> None:
    level = LEVEL_CODES[order.level]
    transaction.db.insert(
        tables.label, [(batch.index, level, first + place, *name) for place, name in enumerate(names)]
    )
    transaction.db.insert(
        tables.label_weight,
        [
            (batch.index, level, first + place, kilograms, order.parent)
            for place, kilograms in enumerate(order.kilograms)
        ],
    )


def _take(transaction: Transaction, batch: Batch, plan: LevelPlan, count: int, random: Random) -> Taken:
    if plan.level is Level.PALLET:
        return _take_ssccs(transaction, plan, count)
    class_key = f"01/{plan.gtin}/21"
    names: dict[tuple[str, str], None] = {}
    while len(names) < count:
        drawn = [(class_key, serial) for serial in random_serials(batch.serials, count - len(names), random)]
        used = _used(transaction, drawn)
        names |= dict.fromkeys(name for name in drawn if name not in used)
    return Taken(list(names))


def _take_ssccs(transaction: Transaction, plan: LevelPlan, count: int) -> Taken:
    """The next references of the counter; those that the ledger has seen elsewhere are left out."""
    counter = f"{plan.extension}/{plan.company_prefix}"
    row = transaction.db.execute(
        "SELECT COALESCE(MAX(next_reference), 0) FROM label_allocation WHERE counter = ?", (counter,)
    ).fetchone()
    reference, end = max(int(row[0]), plan.first_reference), reference_count(plan.company_prefix)
    names: list[tuple[str, str]] = []
    while len(names) < count:
        missing = count - len(names)
        if reference + missing > end:
            raise Conflict(
                f"SSCCs of company prefix {plan.company_prefix} with extension digit {plan.extension} are used up:"
                f" {end - reference} are left, {missing} are wanted",
                place="/pallet", remedy="open the batch with another extension digit, 0 to 9",
            )  # fmt: skip
        found = range(reference, reference + missing)
        drawn = [(f"00/{sscc(plan.extension, plan.company_prefix, number)}", "") for number in found]
        used = _used(transaction, drawn)
        names += [name for name in drawn if name not in used]
        reference += missing
    return Taken(names, counter, reference)


def _used(transaction: Transaction, names: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those names that a label has, or that an event has ever named."""
    found: set[tuple[str, str]] = set()
    for sql in (_LABELS, _THINGS):
        found |= {(row[0], row[1]) for row in transaction.db.by_keys(sql, ["text", "text"], names)}
    return found


_LABELS = "SELECT l.class_key, l.serial FROM {keys} label l ON l.class_key = f.a AND l.serial = f.b"
#: CROSS JOIN pins SQLite's join order: the planner cannot start from the large table.
_THINGS = (
    "SELECT c.key, t.serial FROM {keys} thing_class c ON c.key = f.a CROSS JOIN thing t"
    " WHERE t.class_id = c.id AND t.serial = f.b"
)
