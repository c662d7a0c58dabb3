"""What goes into a case or onto a pallet: labels of a lower level that are in nothing else, no more than it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from sqlalchemy import text

from suyuan.base.errors import Conflict, InvalidInput
from suyuan.labels.allocation import plan_of
from suyuan.labels.batches import LEVEL_CODES, Batch, Level
from suyuan.labels.selection import Range, size
from suyuan.trace.containment import Containment
from suyuan.trace.tables import Role
from suyuan.trace.view import View

#: Most labels that are packed at once where the plan does not say how many go in: a pallet of loose items.
MOST_PACKED: Final = 10_000


class Packing(NamedTuple):
    """The one label ``ranges`` of ``level`` takes in the labels ``contents`` of ``inside``."""

    batch: Batch
    level: Level
    ranges: list[Range]
    inside: Level
    contents: list[Range]

    @property
    def holds(self) -> int | None:
        """How many of these go in; None where the plan counts units of another level."""
        place = self.batch.levels.index(plan_of(self.batch, self.level))
        return self.batch.levels[place].holds if self.batch.levels[place - 1].level is self.inside else None


def refuse_packing(view: View, packing: Packing) -> None:
    """`InvalidInput` for what can never go in, `Conflict` for what is elsewhere, or finds no room any more."""
    order = list(Level)
    if order.index(packing.inside) >= order.index(packing.level):
        raise InvalidInput(f"a {packing.inside.value} does not go into a {packing.level.value}", place="/contents")
    if size(packing.ranges) != 1:
        raise InvalidInput(f"contents go into one label, {size(packing.ranges)} are selected", place="/contents")
    _refuse_over(packing, size(packing.contents), packing.holds or MOST_PACKED)
    parent = next((thing for _, thing in _things(view, packing.batch, packing.level, packing.ranges)), None)
    children = dict(_things(view, packing.batch, packing.inside, packing.contents))
    before = set() if parent is None else _ever_in(view, parent)
    containment = Containment(view, {*children.values(), *before})
    for number, thing in children.items():
        stay = containment.container(thing)
        if stay is not None and stay.container != parent:
            raise Conflict(
                f"{packing.inside.value} label {number} is in {view.canonical(stay.container)}", place="/contents",
                remedy="take it out first: capture an AggregationEvent with action DELETE",
            )  # fmt: skip
    if packing.holds:
        stays = {thing: containment.container(thing) for thing in before}
        there = {thing for thing, stay in stays.items() if stay is not None and stay.container == parent}
        _refuse_over(packing, len(there | set(children.values())), packing.holds)


def _refuse_over(packing: Packing, amount: int, most: int) -> None:
    if amount > most:
        raise InvalidInput(
            f"{amount} {packing.inside.value} labels are over the {most} that a {packing.level.value} holds",
            place="/contents", remedy="select what is inside; what was packed before counts too",
        )  # fmt: skip


def _things(view: View, batch: Batch, level: Level, ranges: Iterable[Range]) -> Iterator[tuple[int, int]]:
    """Number and thing of the labels that the ledger has seen."""
    for first, last in ranges:
        rows = view.connection.execute(
            text(
                "SELECT l.number, t.id FROM label l JOIN thing_class c ON c.key = l.class_key"
                " JOIN thing t ON t.class_id = c.id AND t.serial = l.serial"
                " WHERE l.batch = :batch AND l.level = :level AND l.number BETWEEN :first AND :last"
            ),
            {"batch": batch.index, "level": LEVEL_CODES[level], "first": first, "last": last},
        )
        yield from ((row[0], row[1]) for row in rows)


def _ever_in(view: View, parent: int) -> set[int]:
    """The things that an event has put into a container."""
    rows = view.connection.execute(
        text("SELECT DISTINCT thing FROM timeline WHERE partner = :parent AND role = :child"),
        {"parent": parent, "child": Role.CHILD},
    )
    return {row[0] for row in rows}
