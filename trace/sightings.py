"""What the timeline says of things, with the columns of the event that a lifecycle needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from suyuan.trace.view import View


class Sighting(NamedTuple):
    """One timeline row and its event. Times in microseconds UTC; things, places, parties and words as ids."""

    thing: int
    time: int
    event: int
    role: int
    ordinal: int
    action: int
    partner: int | None
    quantity: float | None
    uom: int | None
    place: int | None
    biz_step: int | None
    disposition: int | None
    read_point: int | None
    biz_location: int | None
    transformation: int | None
    source_possessor: int | None
    destination_possessor: int | None
    source_owner: int | None
    destination_owner: int | None
    source_location: int | None
    destination_location: int | None

    @property
    def order(self) -> tuple[int, int]:
        """Events are ordered by time, then by log index."""
        return self.time, self.event


_COLUMNS = (
    "SELECT t.thing, t.time, t.event, t.role, t.ordinal, t.action, t.partner, t.quantity, t.uom, t.place,"
    " e.biz_step, e.disposition, e.read_point, e.biz_location, e.transformation, e.source_possessor,"
    " e.destination_possessor, e.source_owner, e.destination_owner, e.source_location, e.destination_location"
)


def sightings_of(view: View, things: Iterable[int]) -> dict[int, list[Sighting]]:
    """All rows of each thing, in order."""
    rows = view.by_ids(
        things,
        _COLUMNS + " FROM {ids} timeline t ON t.thing = f.id JOIN event e ON e.idx = t.event"
        " WHERE {valid} ORDER BY t.thing, t.time, t.event, t.role, t.ordinal",
    )
    found: dict[int, list[Sighting]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Sighting(*row))
    return found


def partners_of(view: View, partners: Iterable[int]) -> list[Sighting]:
    """Rows whose partner is one of these: children of a container, instances of a lot."""
    rows = view.by_ids(
        partners,
        _COLUMNS + " FROM {ids} timeline t ON t.partner = f.id JOIN event e ON e.idx = t.event"
        " WHERE {valid} ORDER BY t.time, t.event, t.role, t.ordinal",
    )
    return [Sighting(*row) for row in rows]


def rows_of_events(view: View, events: Iterable[int], role: int) -> list[Sighting]:
    """Rows of events in one role: the outputs of transformations, the inputs, the children."""
    rows = view.by_ids(
        events,
        _COLUMNS + " FROM {ids} timeline t ON t.event = f.id JOIN event e ON e.idx = t.event"
        " WHERE t.role = :role AND {valid} ORDER BY t.time, t.event, t.ordinal",
        role=role,
    )
    return [Sighting(*row) for row in rows]


def joined_transformations(view: View, rows: Iterable[Sighting]) -> dict[int, set[int]]:
    """For each transformation event its own index and those of all events that share its transformationID."""
    rows = list(rows)
    shared = view.by_ids(
        {row.transformation for row in rows if row.transformation is not None},
        "SELECT f.id, t.idx FROM {ids} event t ON t.transformation = f.id WHERE t.idx < :size",
    )
    members: dict[int, set[int]] = {}
    for transformation, index in shared:
        members.setdefault(transformation, set()).add(index)
    return {row.event: {row.event} | members.get(row.transformation or -1, set()) for row in rows}
