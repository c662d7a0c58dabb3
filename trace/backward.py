"""Trace back: everything that a thing was made from (DESIGN section 5).

Backward has its own rules: the inputs of the transformation that made it (all that share a transformationID), its
lot, and the containers that it was in while it was inside. A kill step stops nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable

from suyuan.trace.containment import Containment
from suyuan.trace.label_only import label_state
from suyuan.trace.scope import Affected, Rule, Scope
from suyuan.trace.sightings import Sighting, joined_transformations, rows_of_events, sightings_of
from suyuan.trace.tables import Role
from suyuan.trace.view import View


def trace_back(view: View, seeds: Iterable[int]) -> Scope:
    """The scope backward: for each thing ``since`` is when it entered what came of it (microseconds UTC)."""
    closure = _Backward(view)
    closure.run(seeds)
    return Scope(view.size, closure.found, {}, {})


class _Backward:
    """The state of one closure."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.found: dict[int, Affected] = {}

    def run(self, seeds: Iterable[int]) -> None:
        """Hop from things to what they were made from until nothing new is found."""
        frontier = [self._add(Affected(seed, 0, Rule.SEED, None, None, 0)) for seed in seeds]
        hop = {thing for thing in frontier if thing is not None}
        while hop:
            rows = sightings_of(self._view, hop)
            self._containers(hop)
            hop = {*self._lots(rows), *self._inputs(rows)}

    def _lots(self, rows: dict[int, list[Sighting]]) -> set[int]:
        """The lot that an instance was commissioned with, or stands beside in the output of a transformation."""
        found = set()
        for thing, sightings in rows.items():
            for row in () if label_state(self._view, sightings) else sightings:
                if row.role in {Role.EPC, Role.OUTPUT} and row.partner is not None:
                    added = self._add(Affected(row.partner, row.time, Rule.B2, row.event, thing, self._depth(thing)))
                    found |= {added} if added is not None else set()
        return found

    def _inputs(self, rows: dict[int, list[Sighting]]) -> set[int]:
        """Inputs of every transformation that put a thing out."""
        made = [row for sightings in rows.values() for row in sightings if row.role == Role.OUTPUT]
        joined = joined_transformations(self._view, made)
        used: dict[int, list[Sighting]] = {}
        for row in rows_of_events(self._view, set().union(*joined.values()) if joined else (), Role.INPUT):
            used.setdefault(row.event, []).append(row)
        found = set()
        for output in made:
            for event in sorted(joined[output.event]):
                for row in used.get(event, ()):
                    depth = self._depth(output.thing)
                    added = self._add(Affected(row.thing, row.time, Rule.B1, event, output.thing, depth))
                    found |= {added} if added is not None else set()
        return found

    def _containers(self, things: set[int]) -> None:
        """What the things were in; a container's own past is not theirs, so it is listed and not followed."""
        containment = Containment(self._view, things)
        for thing in sorted(things):
            for stay in containment.stays.get(thing, []):
                self._add(Affected(stay.container, stay.since[0], Rule.B3, stay.since[1], thing, self._depth(thing)))

    def _depth(self, origin: int) -> int:
        return self.found[origin].depth + 1

    def _add(self, item: Affected) -> int | None:
        """Keep the first way in which a thing was found; None when it was known."""
        if item.thing in self.found:
            return None
        self.found[item.thing] = item
        return item.thing
