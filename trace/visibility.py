"""What a firm may see (DESIGN section 4): its own events and, upstream, those of goods that it has held.

Closures run unfiltered; only what is shown is cut, and what is hidden is counted. A firm sees a thing that was at one
of its sites, was handed to it, or that it brought in itself (an ADD, an input or output of a transformation); that it
once mentioned the thing in an observation of no place of its own opens nothing. Of a thing's present it sees what
rests on events that it may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from suyuan.base.identity import ORGANISATIONS, Actor
from suyuan.trace.scope import Affected
from suyuan.trace.sightings import Sighting, sightings_of
from suyuan.trace.submitters import OURS, submitter
from suyuan.trace.tables import Action, Role
from suyuan.trace.things import Present
from suyuan.trace.view import View

#: Roles in which a firm brings a thing in, whatever the place.
_MAKING = frozenset({Role.INPUT, Role.OUTPUT})

_CAPTURED = (
    "SELECT DISTINCT ce.event FROM {ids} capture_event ce ON ce.event = f.id JOIN capture c ON c.id = ce.capture WHERE "
)
#: What a thing's present facts are replaced by where the firm may not see what they rest on.
_NOT_SHOWN: dict[str, Any] = {
    "state": "not shown", "place": None, "site": None, "container": None, "containers": [], "possessor": None,
    "possessors": [], "owner": None, "destination": None, "quantity": None, "holdings": [],
}  # fmt: skip
S = TypeVar("S", bound=msgspec.Struct)


def without_present(answer: S) -> S:
    """An answer about a thing without whatever it tells of the thing's present."""
    told = {name: value for name, value in _NOT_SHOWN.items() if name in answer.__struct_fields__}
    return msgspec.structs.replace(answer, **told)


class Sight:
    """What one firm may see of some things, over one view."""

    def __init__(self, view: View, actor: Actor, things: Iterable[int]) -> None:
        self._view = view
        self._actor = actor
        self._rows = sightings_of(view, things)
        events = {row.event for rows in self._rows.values() for row in rows}
        self._captured, self._held = self._captured_of(events), self._held_of(events)

    def sees(self, thing: int) -> bool:
        """Whether the firm may know of the thing at all."""
        return any(
            row.event in self._held or (row.event in self._captured and _brings_in(row))
            for row in self._rows.get(thing, ())
        )

    def events(self, thing: int) -> set[int]:
        """Log indexes of the thing's events that it may see: its own, and all until it last had the thing."""
        rows = self._rows.get(thing, [])
        last = max((place for place, row in enumerate(rows) if row.event in self._held), default=-1)
        return {row.event for place, row in enumerate(rows) if place <= last or row.event in self._captured}

    def sees_present(self, present: Present, thing: int) -> bool:
        """Whether the thing's present rests on nothing but events that the firm may see."""
        own = [row.event for row in self._rows.get(thing, [])[-1:]]
        holdings = present.holdings(thing) if thing in present.lots else ()
        where = [holding.where for holding in holdings] or [present.state(thing)]
        telling = {*own, *(fact.event for fact in where if fact.event is not None)} - self.events(thing)
        return not telling - self._captured_of(telling) - self._held_of(telling)

    @cached_property
    def _ours(self) -> frozenset[str]:
        """Canonical names of the firm and of the sites that it runs."""
        party = self._actor.party
        sites = self._view.sites.items() if party else ()
        return frozenset({key for key, site in sites if site.party == party} | {party} - {""})

    def _captured_of(self, events: Iterable[int]) -> set[int]:
        """Those events that the firm's keys have submitted."""
        rows = self._view.by_ids(events, _CAPTURED + OURS, **submitter(self._actor))
        return {row[0] for row in rows}

    def _held_of(self, events: Iterable[int]) -> set[int]:
        """Those events that happened at the firm's sites, or handed the goods to it."""
        rows = self._view.by_ids(
            events if self._ours else (),
            "SELECT e.idx, COALESCE(e.biz_location, e.read_point), e.destination_possessor"
            " FROM {ids} event e ON e.idx = f.id",
        )
        self._view.names({place for row in rows for place in row[1:]})
        canonical, site = self._view.canonical, self._view.site_key
        return {event for event, place, holder in rows if site(place) in self._ours or canonical(holder) in self._ours}


def _brings_in(row: Sighting) -> bool:
    return row.action == Action.ADD or row.role in _MAKING


def sight_of(view: View, actor: Actor | None, things: Iterable[int]) -> Sight | None:
    """The sight of a firm; None where nothing is cut: for authorities, and for the program itself."""
    return Sight(view, actor, things) if actor is not None and actor.role in ORGANISATIONS else None


def cut_to_scope(sight: Sight | None, items: Sequence[Affected]) -> list[Affected]:
    """The items that the asker may see, in their order."""
    return [item for item in items if sight is None or sight.sees(item.thing)]
