"""What is in what (DESIGN section 5): only AggregationEvents put things into things.

The container of an instance is the parent of the latest ADD that no DELETE has undone; an OBSERVE of a parent with
children is evidence where no ADD was seen; a DELETE that names no children empties the parent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from suyuan.trace.geography import Geography
from suyuan.trace.sightings import Sighting, sightings_of
from suyuan.trace.tables import Action, Role
from suyuan.trace.view import View

#: Less than this of a lot (in its unit) left in a container is rounding, not goods.
_RESIDUE = 1e-9
#: Nesting beyond this is a contradiction in the data (an item in itself), not a pallet.
MAX_DEPTH = 16


_BEGINNING, _NEVER = (0, 0), (2**63, 0)


class Stay(NamedTuple):
    """A thing inside a container from one moment until another (None: still inside)."""

    container: int
    since: tuple[int, int]
    until: tuple[int, int] | None


def stays(
    rows: Sequence[Sighting],
    emptied: Mapping[int, Sequence[tuple[int, int]]],
    ends: Callable[[Sighting], bool] = lambda row: False,
) -> list[Stay]:
    """The stays of one instance, from its rows in order and the moments at which containers were emptied.

    What is sold, used up or destroyed (``ends``) is in nothing any more, whether or not anybody recorded the unpacking.
    """
    found: list[Stay] = []
    inside: tuple[int, tuple[int, int]] | None = None
    for row in rows:
        if inside and row.role != Role.CHILD and ends(row):
            found.append(Stay(*inside, row.order))
            inside = None
        if row.role != Role.CHILD:
            continue
        if inside and (end := _emptied_before(emptied.get(inside[0], ()), inside[1], row.order)):
            found.append(Stay(*inside, end))
            inside = None
        inside = _step(row, inside, found)
    if inside:
        found.append(Stay(*inside, _emptied_before(emptied.get(inside[0], ()), inside[1], None)))
    return found


def _step(
    row: Sighting, inside: tuple[int, tuple[int, int]] | None, found: list[Stay]
) -> tuple[int, tuple[int, int]] | None:
    enters = row.action == Action.ADD or (row.action == Action.OBSERVE and inside is None)
    if enters and row.partner is not None:
        if inside and inside[0] == row.partner:
            return inside
        if inside:
            found.append(Stay(*inside, row.order))
        return row.partner, row.order
    if row.action == Action.DELETE and inside and row.partner in {inside[0], None}:
        found.append(Stay(*inside, row.order))
        return None
    return inside


def _emptied_before(
    moments: Sequence[tuple[int, int]], after: tuple[int, int], before: tuple[int, int] | None
) -> tuple[int, int] | None:
    return next((moment for moment in moments if moment >= after and (before is None or moment < before)), None)


def emptyings(rows: Mapping[int, Sequence[Sighting]]) -> dict[int, list[tuple[int, int]]]:
    """For each container the moments at which a DELETE without children emptied it."""
    return {
        thing: [row.order for row in sightings if row.role == Role.PARENT and row.action == Action.EMPTY]
        for thing, sightings in rows.items()
    }


class Containment:
    """Rows and stays of a set of things and of everything above them, read level by level."""

    def __init__(self, view: View, things: Iterable[int]) -> None:
        self.rows: dict[int, list[Sighting]] = {}
        self.stays: dict[int, list[Stay]] = {}
        wanted = set(things)
        for _ in range(MAX_DEPTH):
            wanted -= self.rows.keys()
            if not wanted:
                break
            found = sightings_of(view, wanted)
            self.rows |= {thing: found.get(thing, []) for thing in wanted}
            wanted = {row.partner for rows in found.values() for row in rows if row.role == Role.CHILD and row.partner}
        geography = Geography(view)
        view.terms(term for rows in self.rows.values() for row in rows for term in (row.biz_step, row.disposition))
        emptied = emptyings(self.rows)
        self.stays = {
            thing: stays(rows, emptied, lambda row: geography.end(row) is not None) for thing, rows in self.rows.items()
        }

    def container(self, thing: int) -> Stay | None:
        """The stay that still lasts, if any."""
        history = self.stays.get(thing, [])
        return history[-1] if history and history[-1].until is None else None

    def above(self, thing: int) -> list[Stay]:
        """The containers that a thing is in now, the nearest first; each must hold the one before."""
        chain: list[Stay] = []
        seen = {thing}
        stay = self.container(thing)
        while stay and stay.container not in seen and len(chain) < MAX_DEPTH:
            chain.append(stay)
            seen.add(stay.container)
            stay = self.container(stay.container)
        return chain

    def carried(self, thing: int, until: tuple[int, int] | None = None) -> list[Sighting]:
        """What happened to the containers of a thing, at any depth, while it was inside; putting in and taking out too.

        ``until`` looks no further. In order; each row once.
        """
        found: dict[tuple[int, int, int, int], Sighting] = {}
        spans = [(thing, _BEGINNING, until or _NEVER, 0)]
        while spans:
            inner, entered, left, depth = spans.pop()
            for stay in self.stays.get(inner, []):
                start, end = max(stay.since, entered), min(stay.until or _NEVER, left)
                if start > end or depth >= MAX_DEPTH:
                    continue
                for row in self.rows.get(stay.container, []):
                    if start <= row.order <= end:
                        found[row.time, row.event, row.thing, row.ordinal] = row
                spans.append((stay.container, start, end, depth + 1))
        return [found[key] for key in sorted(found)]

    def holding_lot(self, lot: int) -> list[int]:
        """The containers that hold some of a lot now: put in, and neither taken out by as much nor emptied."""
        held: dict[int, list[Sighting]] = {}
        for row in self.rows.get(lot, []):
            if row.role == Role.CHILD and row.partner is not None:
                held.setdefault(row.partner, []).append(row)
        return [container for container, rows in held.items() if self._holds(container, rows)]

    def _holds(self, container: int, rows: Sequence[Sighting]) -> bool:
        """Puts the lot's rows and the container's emptyings in order and counts."""
        emptied = emptyings({container: self.rows.get(container, [])})[container]
        steps: list[tuple[tuple[int, int], Sighting | None]] = [(row.order, row) for row in rows]
        steps += [(moment, None) for moment in emptied]
        amount: float | None = 0.0
        present = False
        for _, row in sorted(steps, key=lambda step: step[0]):
            amount, present = (0.0, False) if row is None else _changed(amount, present, row)
        return present


def _changed(amount: float | None, present: bool, row: Sighting) -> tuple[float | None, bool]:
    """A DELETE without a quantity takes all; one with a quantity takes that much; an unknown amount stays unknown."""
    if row.action == Action.DELETE:
        if row.quantity is None or amount is None:
            return 0.0, row.quantity is not None and amount is None
        return amount - row.quantity, amount - row.quantity > _RESIDUE
    if row.action == Action.OBSERVE and present:
        return amount, True
    return (None if row.quantity is None or amount is None else amount + row.quantity), True
