"""Trace forward: everything that an affected thing became, by rules F1 to F4 (DESIGN section 5).

The closure goes in hops over sets: each hop asks the timeline once for all things of the frontier. A thing reached
again with an earlier *since* re-enters the frontier, because more of its past is then affected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from suyuan.gs1.names import kind_of
from suyuan.trace.containment import Containment, Stay
from suyuan.trace.geography import Geography
from suyuan.trace.label_only import label_state, tells_of_label, without_labels
from suyuan.trace.lot_flow import EVERYWHERE, Flow, Reached, Where
from suyuan.trace.scope import Affected, Rule, Scope
from suyuan.trace.sightings import (
    Sighting,
    joined_transformations,
    partners_of,
    rows_of_events,
    sightings_of,
)
from suyuan.trace.tables import Action, Role
from suyuan.trace.view import View

#: Since the beginning of the ledger.
ALWAYS = 0


def trace_forward(view: View, seeds: Iterable[int], since: int | None = None) -> Scope:
    """The scope of these seeds. ``since`` narrows it; otherwise a seed holds from its commissioning."""
    closure = _Forward(view)
    for seed in seeds:
        closure.seed(seed, ALWAYS if since is None else since)
    closure.run()
    closure.date_seeds()
    return Scope(view.size, closure.affected, closure.reached, carriers_of(view, closure))


class _Forward:
    """The state of one closure."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.affected: dict[int, Affected] = {}
        self.reached: dict[int, dict[Where, Reached]] = {}
        self._entries: dict[int, dict[Where, int]] = {}
        self._instances: set[int] = set()
        self._lots: set[int] = set()
        self._containers: set[int] = set()
        self._geography = Geography(view)

    def seed(self, thing: int, since: int) -> None:
        """A seed is affected everywhere since ``since``; a seed that is a container takes its contents along (F2)."""
        rows = sightings_of(self._view, [thing]).get(thing, [])
        self._add(Affected(thing, since, Rule.SEED, None, None, 0), EVERYWHERE)
        if any(row.role == Role.PARENT for row in rows):
            self._containers.add(thing)

    def date_seeds(self) -> None:
        """For the answer: a seed that holds from its commissioning has the time at which it was first seen."""
        undated = [thing for thing, item in self.affected.items() if item.since == ALWAYS]
        rows = sightings_of(self._view, undated)
        for thing in undated:
            if rows.get(thing):
                self.affected[thing] = self.affected[thing]._replace(since=rows[thing][0].time)

    def run(self) -> None:
        """Hop until nothing new is reached."""
        while self._instances or self._lots or self._containers:
            instances, lots, containers = self._instances, self._lots, self._containers
            self._instances, self._lots, self._containers = set(), set(), set()
            self._contents(containers)
            used = [*self._used_instances(instances), *self._used_lots(lots)]
            self._outputs(used)

    def _used_instances(self, things: set[int]) -> list[tuple[Sighting, int]]:
        """Rows that use up an affected instance, each with the thing."""
        rows = sightings_of(self._view, things)
        return [
            (row, row.thing)
            for thing in sorted(things)
            for row in rows.get(thing, [])
            if row.role == Role.INPUT and row.time >= self.affected[thing].since
        ]

    def _used_lots(self, lots: set[int]) -> list[tuple[Sighting, int]]:
        """Follow each lot (F4), take its instances (F3), and give the rows that use the affected part up."""
        rows = sightings_of(self._view, lots)
        tracks = self._tracks(rows)
        used: list[tuple[Sighting, int]] = []
        flows: dict[int, Flow] = {}
        for lot in sorted(lots):
            flow = flows[lot] = Flow(without_labels(self._view, rows.get(lot, [])), tracks, self._geography)
            self.reached[lot] = dict(flow.spread(self._entries[lot].items()))
            used += [(row, lot) for row, _ in flow.affected_rows() if row.role == Role.INPUT]
        self._members(flows)
        return used

    def _tracks(self, rows: dict[int, list[Sighting]]) -> dict[int, list[Sighting]]:
        return tracks_of(self._view, rows)

    def _members(self, flows: dict[int, Flow]) -> None:
        """F3: instances of the lot that were where it is affected."""
        members = self._food([row for row in partners_of(self._view, flows) if row.role in {Role.EPC, Role.OUTPUT}])
        late: dict[int, list[tuple[Sighting, int]]] = {}
        for row in members:
            since = flows[row.partner].covers(row.place, row.time) if row.partner is not None else None
            if since is None:
                continue
            if since > row.time:
                late.setdefault(row.thing, []).append((row, since))
            else:
                self._add(Affected(row.thing, since, Rule.F3, row.event, row.partner, self._depth(row.partner)))
        self._still_there(late)

    def _food(self, members: Sequence[Sighting]) -> Sequence[Sighting]:
        """Those rows whose things are more than labels: one row that tells of food is enough."""
        view = self._view
        doubtful = {row.thing for row in members if tells_of_label(view, row)}
        doubtful -= {row.thing for row in members if row.thing in doubtful and not tells_of_label(view, row)}
        rows = sightings_of(view, doubtful)
        labels = {thing for thing in doubtful if label_state(view, rows[thing])}
        return [row for row in members if row.thing not in labels]

    def _still_there(self, late: dict[int, list[tuple[Sighting, int]]]) -> None:
        """The lot became affected after these instances were made: only those that had not left are."""
        rows = sightings_of(self._view, late)
        for thing, candidates in late.items():
            for made, since in candidates:
                site = self._geography.site(made.place)
                before = [row for row in rows.get(thing, []) if made.time <= row.time < since]
                if all(self._geography.site(row.place) == site and not self._geography.leaves(row) for row in before):
                    self._add(Affected(thing, since, Rule.F3, made.event, made.partner, self._depth(made.partner)))

    def _outputs(self, used: Sequence[tuple[Sighting, int]]) -> None:
        """F1: every output of a transformation that used something affected, each from its own output time."""
        joined = joined_transformations(self._view, [row for row, _ in used])
        made: dict[int, list[Sighting]] = {}
        for row in rows_of_events(self._view, set().union(*joined.values()) if joined else (), Role.OUTPUT):
            made.setdefault(row.event, []).append(row)
        for row, origin in used:
            for event in sorted(joined[row.event]):
                for output in made.get(event, ()):
                    where = Where(site=self._geography.site(output.place))
                    found = Affected(output.thing, output.time, Rule.F1, event, origin, self._depth(origin))
                    self._add(found, where if where.site else EVERYWHERE)

    def _contents(self, containers: set[int]) -> None:
        """F2: what is inside a seed container, and what is put in later."""
        children = [row for row in partners_of(self._view, containers) if row.role == Role.CHILD]
        inside = Containment(self._view, {row.thing for row in children})
        for row in children:
            if row.partner is None:
                continue
            since = self.affected[row.partner].since
            leaves = self._left(inside.stays.get(row.thing, []), row) if row.quantity is None else None
            if row.action in {Action.ADD, Action.OBSERVE} and (leaves is None or leaves >= since):
                found = Affected(
                    row.thing, max(since, row.time), Rule.F2, row.event, row.partner, self._depth(row.partner)
                )
                news = self._add(found, Where(container=row.partner))
                if news and any(own.role == Role.PARENT for own in inside.rows.get(row.thing, ())):
                    self._containers.add(row.thing)

    def _left(self, history: Sequence[Stay], entry: Sighting) -> int | None:
        return next((stay.until[0] for stay in history if stay.since == entry.order and stay.until), None)

    def _add(self, found: Affected, where: Where = EVERYWHERE) -> bool:
        """Put a thing on the list, or move its *since* back; whether that told anything new about the thing."""
        thing = found.thing
        known = self.affected.get(thing)
        earlier = known is None or found.since < known.since
        if earlier:
            self.affected[thing] = found
        if kind_of(*self._view.name(thing)[:2]) in {"lot", "class"}:
            entries = self._entries.setdefault(thing, {})
            if where not in entries or found.since < entries[where]:
                entries[where] = found.since
                self._lots.add(thing)
        elif earlier:
            self._instances.add(thing)
        return earlier

    def _depth(self, origin: int | None) -> int:
        known = self.affected.get(origin) if origin is not None else None
        return known.depth + 1 if known else 0


def tracks_of(view: View, rows: Mapping[int, Sequence[Sighting]]) -> dict[int, list[Sighting]]:
    """What was seen of every container that these lots were ever in, and of what it was in meanwhile, at any depth."""
    inside = {row.partner for found in rows.values() for row in found if row.role == Role.CHILD and row.partner}
    containment = Containment(view, inside)
    return {
        container: sorted([*containment.rows.get(container, []), *containment.carried(container)], key=_order)
        for container in inside
    }


def _order(row: Sighting) -> tuple[int, int, int]:
    return row.time, row.event, row.role


def flow_on(view: View, entries: Mapping[int, Mapping[Where, int]]) -> dict[int, dict[Where, Reached]]:
    """Where affected parts of lots are by now, from where they were when a scope was frozen."""
    rows = sightings_of(view, entries)
    tracks, geography = tracks_of(view, rows), Geography(view)
    return {
        lot: Flow(without_labels(view, rows.get(lot, [])), tracks, geography).spread(start.items())
        for lot, start in entries.items()
    }


def carriers_of(view: View, closure: _Forward) -> dict[int, list[int]]:
    """Every container that an affected thing is in now, at any depth; affected ones are on the list already."""
    containment = Containment(view, closure.affected)
    carriers: dict[int, list[int]] = {}
    for thing in closure.affected:
        for container in _present_containers(containment, closure, thing):
            carriers.setdefault(container, []).append(thing)
    return {container: held for container, held in carriers.items() if container not in closure.affected}


def _present_containers(containment: Containment, closure: _Forward, thing: int) -> list[int]:
    lot = closure.reached.get(thing)
    if lot is None:
        return [stay.container for stay in containment.above(thing)]
    found: list[int] = []
    for container in containment.holding_lot(thing):
        if EVERYWHERE in lot or Where(container=container) in lot:
            found += [container, *(stay.container for stay in containment.above(container))]
    return list(dict.fromkeys(found))
