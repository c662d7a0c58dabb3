"""Where a thing is, in what, who has it and whose it is (DESIGN section 5).

Place is the latest of a thing's own sightings and those of its containers while it was inside. Who has it is named
by the latest source or destination, else by who runs the place, whichever is later; between shipping and receiving
sender and destination both count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from suyuan.trace.containment import Containment
from suyuan.trace.geography import Geography
from suyuan.trace.label_only import label_state
from suyuan.trace.sightings import Sighting
from suyuan.trace.tables import Role
from suyuan.trace.view import View


class Whereabouts(NamedTuple):
    """The present facts of one thing. Ids; ``site`` is a canonical name, ``time`` microseconds UTC."""

    state: str  #: ``in place``, ``in transit``, ``with the consumer``, ``used up``, ``destroyed``, ``unknown``, of a
    #: thing that is only a label ``encoded`` or ``voided``
    place: int | None = None
    site: str | None = None
    container: int | None = None
    possessors: tuple[str, ...] = ()  #: canonical names; several while in transit, sender first
    owner: str | None = None
    destination: str | None = None  #: canonical name of where it is going, while in transit
    time: int | None = None
    event: int | None = None


class Locator:
    """Finds the whereabouts of many things at once over one view."""

    def __init__(self, view: View, things: Iterable[int]) -> None:
        self._view = view
        self.geography = Geography(view)
        self.containment = Containment(view, things)
        places: set[int | None] = set()
        for rows in self.containment.rows.values():
            for row in rows:
                places |= {row.place, row.source_possessor, row.destination_possessor, row.source_owner,
                           row.destination_owner, row.destination_location, row.read_point}  # fmt: skip
        view.names(places)

    def find(self, thing: int) -> Whereabouts:
        """The present facts of one of the things."""
        own = self.containment.rows.get(thing, [])
        if not own:
            return Whereabouts("unknown")
        label = label_state(self._view, own)
        if label:
            return Whereabouts(label, time=own[-1].time, event=own[-1].event)  # nobody has it: it is no goods
        above = self.containment.above(thing)
        rows = sorted([*own, *self.containment.carried(thing)], key=_key)
        return self._facts(rows, above[0].container if above else None, self._ended(own))

    def facts(self, rows: Sequence[Sighting]) -> Whereabouts:
        """The facts that these sightings alone tell, for a part of a lot that is in no container."""
        return self._facts(rows, None, None)

    def _ended(self, own: Sequence[Sighting]) -> str | None:
        """The state of a thing whose way has ended; something later than the end re-opens it."""
        last = next((row for row in reversed(own) if row.role != Role.PARENT), None)
        return None if last is None else self.geography.end(last)

    def _facts(self, rows: Sequence[Sighting], container: int | None, ended: str | None) -> Whereabouts:
        """The latest row that tells a place or sends the thing off; who sends may stand in an earlier one."""
        seen = [row for row in rows if row.place is not None]
        telling = [row for row in rows if row.place is not None or self.geography.leaves(row)]
        last = telling[-1] if telling else rows[-1]
        here = seen[-1].place if seen else None
        moving = ended is None and self.geography.leaves(last)
        state = ended or ("in transit" if moving else "in place" if last.place is not None else "unknown")
        possessors = self._possessors(last, here, moving) if ended is None else ()
        return Whereabouts(
            state, None if moving else last.place, None if moving else self.geography.site(last.place),
            None if ended else container, possessors, None if ended else self._owner(rows, here),
            self._destination(last) if moving else None, last.time, last.event,
        )  # fmt: skip

    def _destination(self, row: Sighting) -> str | None:
        if row.destination_location is not None:
            return self.geography.site(row.destination_location)
        return self.geography.party(row.destination_possessor)

    def _possessors(self, last: Sighting, here: int | None, moving: bool) -> tuple[str, ...]:
        named = self.geography.party(last.destination_possessor)
        if not moving:
            return tuple(filter(None, [named or self.geography.operator(here)]))
        sender = self.geography.party(last.source_possessor) or self.geography.operator(here)
        receiver = named or self.geography.operator(last.destination_location)
        return tuple(dict.fromkeys(filter(None, [sender, receiver])))

    def _owner(self, rows: Sequence[Sighting], here: int | None) -> str | None:
        named = next((row for row in reversed(rows) if row.destination_owner is not None), None)
        if named is not None:
            return self.geography.party(named.destination_owner)
        first = next((row for row in rows if row.source_owner is not None), None)
        return self.geography.party(first.source_owner) if first else self.geography.operator(here)


def _key(row: Sighting) -> tuple[int, int, int, int]:
    return row.time, row.event, row.role, row.ordinal
