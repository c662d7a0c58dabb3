"""The journey of one thing as a person reads it: stops in time order, from the source to here."""

from __future__ import annotations

import msgspec

from suyuan.base.clock import parse_offset, parse_time
from suyuan.chain.policy import Policy
from suyuan.gs1.names import Name, canonical, kind_of
from suyuan.trace.backward import trace_back
from suyuan.trace.clones import clones_among
from suyuan.trace.containment import Containment
from suyuan.trace.event_query import FoundEvent, load_events
from suyuan.trace.evidence import check_events
from suyuan.trace.holds import holds_on
from suyuan.trace.label_only import label_state
from suyuan.trace.master_data import Party, Product, Site
from suyuan.trace.scope import Rule
from suyuan.trace.sightings import Sighting, sightings_of
from suyuan.trace.tables import Role
from suyuan.trace.things import Present
from suyuan.trace.view import View


class Measurement(msgspec.Struct, frozen=True):
    """One sensor value of an event."""

    kind: str  #: ``Temperature`` and so on, the CBV measurement type as a bare word
    value: float
    unit: str  #: UN/CEFACT code, ``CEL``
    time: int  #: microseconds UTC
    zone: int  #: minutes east of UTC


class Stop(msgspec.Struct, frozen=True):
    """Something that happened to the thing, to what it was in, or to what it was made from."""

    time: int  #: microseconds UTC
    zone: int  #: minutes east of UTC
    step: str | None  #: business step as a bare CBV word
    disposition: str | None
    site: Site | None  #: None where no master data names the place
    place: str | None  #: canonical name of the place, where there is one
    party: Party | None  #: who runs the site
    subject: str  #: canonical name of what was seen: the thing itself, its container, an ancestor
    relation: str  #: ``self``, ``container``, ``lot`` or ``ancestor``
    event_id: str
    index: int  #: place in the log
    measurements: list[Measurement] = []


class Warning(msgspec.Struct, frozen=True):  # noqa: A001 - the word a shopper uses
    """Something a shopper must know before the journey."""

    kind: str  #: ``recalled``, ``carrier`` or ``clone``
    recall: str | None  #: id of the recall
    reason: str  #: in the regulator's words; for a clone the two places
    since: int  #: microseconds UTC
    places: list[str] = []


class Journey(msgspec.Struct, frozen=True):
    """Everything a page about one thing shows."""

    id: str  #: canonical name
    kind: str  #: ``instance``, ``lot``, ``class`` ...
    known: bool  #: whether the ledger has ever seen it
    product: Product | None
    lot: str | None  #: canonical name of its lot
    producer: Party | None
    stops: list[Stop]
    warnings: list[Warning]
    state: str  #: of `whereabouts.Whereabouts`
    here: Site | None
    as_of: int  #: size of the signed checkpoint that the records were checked against
    broken: list[int] = []  #: log indexes of records that are not what was logged


def journey(view: View, name: Name, policy: Policy, lot: Name | None = None) -> Journey:
    """Everything known of a thing, for a page, each record checked against the log that ``policy`` trusts.

    ``lot`` is what its Digital Link says beside the serial number.
    """
    thing = view.find(name)
    own = sightings_of(view, [thing]).get(thing, []) if thing is not None else []
    label = label_state(view, own)
    lot_thing = next((row.partner for row in own if row.role in _MADE and row.partner is not None), None)
    if lot_thing is None and lot is not None:
        lot_thing = view.find(lot)
    kind = kind_of(*name[:2])
    stops = _stops(view, thing) if thing is not None and own else []
    where = Present(view, [thing]).state(thing) if thing is not None and own else None
    evidence = check_events(view, [stop.index for stop in stops], policy)
    return Journey(
        id=canonical(name),
        kind=kind,
        known=bool(own),
        product=_product(view, name),
        lot=view.canonical(lot_thing) or (canonical(lot) if lot else None),
        producer=None if label else _producer(stops),
        stops=stops,
        warnings=_warnings(view, thing, [] if label else own, lot_thing),
        state=where.state if where else "unknown",
        here=view.sites.get(where.site) if where and where.site else None,
        as_of=evidence.size,
        broken=list(evidence.broken),
    )


#: Roles in which a thing is made, and its row names its lot.
_MADE = frozenset({Role.EPC, Role.OUTPUT})


def _product(view: View, name: Name) -> Product | None:
    head, _, rest = name.class_key.partition("/")
    return view.products.get(canonical((f"01/{rest.partition('/')[0]}", ""))) if head == "01" else None


def _producer(stops: list[Stop]) -> Party | None:
    """Who made it: the party at the first stop of the thing itself, else at the first stop of all."""
    own = [stop for stop in stops if stop.relation in {"self", "lot"} and stop.party]
    return next((stop.party for stop in own or stops if stop.party), None)


def _stops(view: View, thing: int) -> list[Stop]:
    """One stop for each event of the thing, of what it was in meanwhile, and of what it was made from."""
    rows: dict[int, tuple[Sighting, str]] = {}
    back = trace_back(view, [thing]).affected
    made = [item for item in back.values() if item.rule in {Rule.B1, Rule.B2}]
    containment = Containment(view, [thing, *(item.thing for item in made)])
    for item in made:
        relation = "lot" if item.rule is Rule.B2 and item.depth == 1 else "ancestor"
        for row in containment.carried(item.thing, until=(item.since, _LAST)):
            rows.setdefault(row.event, (row, relation))
        for row in containment.rows.get(item.thing, []):
            if row.time <= item.since or relation == "lot":
                rows.setdefault(row.event, (row, relation))
    for row in containment.carried(thing):
        rows[row.event] = (row, "container")
    for row in containment.rows.get(thing, []):
        rows[row.event] = (row, "self")
    ordered = sorted(rows.values(), key=lambda found: found[0].order)[-_MOST_STOPS:]
    bodies = {event.index: event for event in load_events(view, [row.event for row, _ in ordered])}
    return [_stop(view, row, relation, bodies[row.event]) for row, relation in ordered]


#: Behind every event of the same time.
_LAST = 2**63
#: A page with more stops than this says nothing to a person; the latest are kept.
_MOST_STOPS = 400


def _stop(view: View, row: Sighting, relation: str, event: FoundEvent) -> Stop:
    key = view.site_key(row.place)
    site = view.sites.get(key) if key else None
    return Stop(
        time=row.time,
        zone=parse_offset(event.body.get("eventTimeZoneOffset", "Z")),
        step=view.term(row.biz_step),
        disposition=view.term(row.disposition),
        site=site,
        place=view.canonical(row.place),
        party=view.parties.get(site.party) if site else None,
        subject=view.canonical(row.thing) or "",
        relation=relation,
        event_id=event.event_id,
        index=event.index,
        measurements=_measurements(row, event),
    )


def _measurements(row: Sighting, event: FoundEvent) -> list[Measurement]:
    """Values of the event's sensor reports that have a kind and a unit."""
    zone = parse_offset(event.body.get("eventTimeZoneOffset", "Z"))
    found = []
    for element in event.body.get("sensorElementList", []):
        common = element.get("sensorMetadata", {}).get("time")
        for report in element.get("sensorReport", []):
            kind, value, unit = report.get("type"), report.get("value"), report.get("uom")
            if isinstance(kind, str) and isinstance(value, int | float) and isinstance(unit, str):
                time = report.get("time") or common
                moment = parse_time(time)[0] if isinstance(time, str) else row.time
                found.append(Measurement(kind.rpartition("-")[2].rpartition(":")[2], float(value), unit, moment, zone))
    return found


def _warnings(view: View, thing: int | None, own: list[Sighting], lot: int | None) -> list[Warning]:
    """Holds on the thing; on its lot too where the ledger has never seen the food itself; and copies of its code."""
    asked = [place for place in (thing, None if own else lot) if place is not None]
    found: list[Warning] = []
    for hold, order in (entry for entries in holds_on(view, asked).values() for entry in entries):
        kind = "carrier" if hold.carrier else "recalled"
        warning = Warning(kind, order.recall, order.reason, order.launched)
        found += [] if warning in found else [warning]
    for alert in clones_among(view, [thing] if thing is not None and own else []):
        places = [view.site_key(row.place) or "" for row in (alert.first, alert.second)]
        found.append(Warning("clone", None, alert.kind, alert.second.time, places))
    return found
