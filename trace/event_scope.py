"""Which events an actor may see, as one SQL condition (DESIGN section 4): the same rule as `suyuan.trace.visibility`.

A firm sees what its keys have submitted, a duplicate's sender too, and, upstream, the events of every thing that it
has held, up to when it last held it. An event is shown whole, with the things in it that the firm never had: what was
hashed and logged is the whole event. Authorities see everything.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import bindparam, text

from suyuan.base.errors import InvalidIdentifier
from suyuan.base.identity import ORGANISATIONS, Actor
from suyuan.gs1.names import name_of
from suyuan.trace.submitters import OURS, submitter
from suyuan.trace.view import View

#: Sites looked up in one statement; databases bound the values of one.
_AT_ONCE = 500

_SUBMITTED = (
    f"EXISTS (SELECT 1 FROM capture_event ce JOIN capture c ON c.id = ce.capture WHERE ce.event = e.idx AND {OURS})"  # noqa: S608 - our words
)
#: ``st``: a thing of the event; ``sh``: a later or the same sighting of it, at a place of the firm or handed to it.
#: CROSS JOIN pins SQLite's join order: from the few things of one event to their few sightings, both by index.
_HELD = (
    "EXISTS (SELECT 1 FROM timeline st CROSS JOIN timeline sh WHERE st.event = e.idx AND sh.thing = st.thing"
    " AND sh.time >= st.time AND (sh.time > st.time OR sh.event >= st.event) AND sh.event < :scope_size"
    " AND (sh.place IN ({ours}) OR sh.holder IN ({ours}))"
    " AND NOT EXISTS (SELECT 1 FROM voided sv WHERE sv.event = sh.event AND sv.by < :scope_size))"
)


#: The same the other way round, for a firm with few events: from its keys and its places to all that it may see.
_EVENTS_SUBMITTED = " UNION ALL ".join(
    f"SELECT ce.event FROM capture c CROSS JOIN capture_event ce WHERE ce.capture = c.id AND {mine}"  # noqa: S608 - our words
    for mine in ("c.key_id = :scope_key", "c.party = :scope_party AND c.party <> ''")
)
_EVENTS_HELD = " UNION ALL ".join(
    "SELECT st.event FROM event h CROSS JOIN timeline sh CROSS JOIN timeline st WHERE sh.event = h.idx"  # noqa: S608 - our words
    f" AND h.idx < :scope_size AND {held} AND NOT EXISTS (SELECT 1 FROM voided sv WHERE sv.event = h.idx"
    " AND sv.by < :scope_size) AND st.thing = sh.thing AND st.time <= sh.time"
    " AND (st.time < sh.time OR st.event <= sh.event)"
    for held in (
        "h.biz_location IN ({ours})",
        "h.read_point IN ({ours}) AND h.biz_location IS NULL",
        "h.destination_possessor IN ({ours})",
    )
)
#: Up to so many events are gathered rather than looked for; counting them costs as much as gathering.
FEW = 5_000


class EventScope(msgspec.Struct, frozen=True):
    """What one firm may see, over one view."""

    #: The values that `suyuan.trace.submitters.OURS` asks for.
    submitter: dict[str, str]
    #: The view's log size: what happened to the goods later opens nothing to it.
    size: int
    #: Ids of the firm, of the sites that it runs, and of the places in them; ours, so they may stand in a statement.
    places: tuple[int, ...]

    def condition(self) -> tuple[str, dict[str, object]]:
        """An SQL condition on ``e``, a row of `event`, and the values that it binds (names begin with ``scope_``)."""
        bound: dict[str, object] = dict(self.submitter)
        if not self.places:
            return _SUBMITTED, bound
        ours = ",".join(f"{place:d}" for place in self.places)
        return f"({_SUBMITTED} OR {_HELD.format(ours=ours)})", bound | {"scope_size": self.size}

    def events(self) -> tuple[str, dict[str, object]]:
        """A SELECT of the log indexes of all that the firm may see, some of them several times, and what it binds."""
        bound: dict[str, object] = dict(self.submitter)
        if not self.places:
            return _EVENTS_SUBMITTED, bound
        ours = ",".join(f"{place:d}" for place in self.places)
        return f"{_EVENTS_SUBMITTED} UNION ALL {_EVENTS_HELD.format(ours=ours)}", bound | {"scope_size": self.size}

    def few(self, view: View) -> bool:
        """Whether it is little enough to be gathered."""
        events, bound = self.events()
        counted = text(f"SELECT COUNT(*) FROM (SELECT event FROM ({events}) AS g LIMIT {FEW + 1}) AS f")  # noqa: S608 - our words
        return int(view.connection.execute(counted, bound).scalar_one()) <= FEW


def scope_of(view: View, actor: Actor) -> EventScope | None:
    """What the actor may see; None where nothing is cut."""
    if actor.role not in ORGANISATIONS:
        return None
    return EventScope(submitter(actor), view.size, tuple(sorted(_places(view, actor.party))))


def visible(view: View, events: Iterable[int], scope: EventScope | None) -> set[int]:
    """Those of these log indexes that lie in the scope."""
    if scope is None:
        return set(events)
    condition, bound = scope.condition()
    rows = view.by_ids(events, f"SELECT e.idx FROM {{ids}} event e ON e.idx = f.id WHERE {condition}", **bound)  # noqa: S608 - our words
    return {row[0] for row in rows}


def _places(view: View, party: str) -> set[int]:
    """Ids of whatever an event may name as the firm's place, or the firm itself."""
    if not party:
        return set()
    keys, found = set[str](), set[int]()
    for canonical_name in (party, *_sites_of(view, party)):
        try:
            name = name_of(canonical_name)
        except InvalidIdentifier:
            continue  # a key may be given to a party that has no name of GS1: then it holds nothing by name
        if name.serial:
            found |= {thing for thing in [view.find(name)] if thing is not None}
        else:
            keys |= {name.class_key, f"{name.class_key}/254"}  # a place inside a site is an extension of its GLN
    statement = text(
        "SELECT t.id FROM thing_class c JOIN thing t ON t.class_id = c.id WHERE c.key IN :keys"
    ).bindparams(bindparam("keys", expanding=True))
    ordered = sorted(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        found |= {row[0] for row in view.connection.execute(statement, {"keys": ordered[start : start + _AT_ONCE]})}
    return found


def _sites_of(view: View, party: str) -> list[str]:
    """Canonical names of the sites that a firm runs, as known at the view's size.

    The text of a record is looked through before it is read: a city has a hundred thousand sites, a firm a few.
    """
    written = msgspec.json.encode(party).decode()
    pattern = "%" + written.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    rows = view.connection.execute(
        text("SELECT DISTINCT key FROM master_data WHERE kind = 'site' AND idx < :size AND body LIKE :what ESCAPE '!'"),
        {"size": view.size, "what": pattern},
    )
    return [row[0] for row in rows if view.sites[row[0]].party == party]
