"""What a page tells about a journey, in one language: warnings, visits and the evidence, without any markup.

A page shows a bounded number of each, so that its weight doesn't grow with the length of the chain. The JSON has
every stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from suyuan.consumer_api.links import Link, lot_code, path_of, primary_key, proof_path, recall_path, short
from suyuan.consumer_api.moments import Phrase, phrase, stamp
from suyuan.consumer_api.temperatures import Temperatures, temperatures_of
from suyuan.consumer_api.visits import Place, Visit, place_of, visits_of
from suyuan.consumer_api.words import step_of
from suyuan.trace.journey import Journey, Stop
from suyuan.trace.journey import Warning as Caution
from suyuan.trace.master_data import Party, Product

#: Most visits and proofs on one page: with them the heaviest page stays under the 60 kB of DESIGN section 12.
MOST_VISITS = 16
MOST_PROOFS = 40
#: Most causes and places in one alarm.
MOST_CAUSES = 5
MOST_PLACES = 4
#: China's zone, in which legal times are told where no stop has one; minutes east of UTC.
LEGAL_ZONE = 480
_WARNING_ORDER = {"recalled": 0, "carrier": 1, "clone": 2}


class Proof(msgspec.Struct, frozen=True):
    """One record and where its proof is."""

    step: str  #: message id
    when: str
    index: int
    path: str


class Evidence(msgspec.Struct, frozen=True):
    """What is verified about the records of a journey."""

    records: int
    broken: int  #: records that are not what was logged: someone changed them in the database
    changed: list[int]  #: log indexes of the first of them
    pending: int  #: records that the log's present checkpoint doesn't cover yet
    first: int  #: lowest place in the log
    last: int
    size: int
    proofs: list[Proof]


class Cause(msgspec.Struct, frozen=True):
    """One of the reasons of an alarm."""

    reason: str
    since: str
    path: str | None  #: of the recall's public notice


class Alarm(msgspec.Struct, frozen=True):
    """All warnings of one kind, as the page shows them."""

    kind: str
    causes: list[Cause]
    more_causes: int
    places: list[str]


class Story(msgspec.Struct, frozen=True):
    """Everything that the template shows."""

    id: str
    path: str
    label: str
    kind: str
    key: str  #: the primary key's application identifier, ``01`` of a product, or empty
    known: bool
    title: Phrase | None
    brand: Phrase | None
    producer: Phrase | None
    producer_address: Phrase | None
    origin: Place | None
    here: Place | None
    state: str
    alarms: list[Alarm]
    visits: list[Visit]
    omitted: int
    temperatures: Temperatures | None
    lot: Link | None
    evidence: Evidence | None


def tell(journey: Journey, language: str) -> Story:
    """The story of a journey in *language*."""
    stops = sorted(journey.stops, key=lambda stop: (stop.time, stop.index))
    product, producer = journey.product, journey.producer
    visits = visits_of(stops, product, set(journey.broken), language, scattered=journey.kind in {"lot", "class"})
    return Story(
        id=journey.id,
        path=path_of(journey.id),
        label=short(journey.id),
        kind=journey.kind,
        key=primary_key(journey.id),
        known=journey.known,
        title=phrase(product.name, language) if product else None,
        brand=_brand(product, producer, language),
        producer=_name(producer, language),
        producer_address=phrase(producer.address, language) if producer else None,
        origin=_origin(stops, language),
        here=place_of(journey.here, language),
        state=journey.state,
        alarms=alarms(journey.warnings, stops, language),
        visits=_shown(visits),
        omitted=max(0, len(visits) - MOST_VISITS),
        temperatures=temperatures_of(stops, product, language),
        lot=Link(lot_code(journey.lot), path_of(journey.lot)) if journey.lot else None,
        evidence=_evidence(stops, journey, language),
    )


def alarms(warnings: Iterable[Caution], stops: Sequence[Stop], language: str) -> list[Alarm]:
    """One alarm for each kind of warning, the gravest first, told in the zone of the last stop."""
    zone = stops[-1].zone if stops else LEGAL_ZONE
    names = {stop.site.id: place.name.text for stop in stops if stop.site and (place := place_of(stop.site, language))}
    ordered = sorted(warnings, key=lambda warning: (_WARNING_ORDER.get(warning.kind, 9), warning.kind, warning.since))
    return [
        _alarm(kind, list(same), zone, names, language)
        for kind, same in groupby(ordered, key=lambda warning: warning.kind)
    ]


def _alarm(kind: str, warnings: list[Caution], zone: int, names: dict[str, str], language: str) -> Alarm:
    """Warnings of one kind as one; a reason that is given twice is told with its earlier time."""
    causes: dict[tuple[str, str | None], Cause] = {}
    for warning in warnings:
        path = recall_path(warning.recall) if warning.recall else None
        since = stamp(warning.since, zone, language)
        causes.setdefault((warning.reason, path), Cause(warning.reason, since, path))
    places = dict.fromkeys(names.get(place, short(place)) for warning in warnings for place in warning.places)
    return Alarm(
        kind=kind,
        causes=list(causes.values())[:MOST_CAUSES],
        more_causes=max(0, len(causes) - MOST_CAUSES),
        places=list(places)[:MOST_PLACES],
    )


def _shown(visits: list[Visit]) -> list[Visit]:
    """The first and the last visits where there are too many: the source and the present matter most."""
    if len(visits) <= MOST_VISITS:
        return visits
    return visits[: MOST_VISITS // 2] + visits[-MOST_VISITS // 2 :]


def _origin(stops: Iterable[Stop], language: str) -> Place | None:
    """The place of the first stop that has one."""
    first = next((stop for stop in stops if stop.site or stop.place), None)
    if first is None:
        return None
    return place_of(first.site, language) or Place(Phrase(short(first.place or "")))


def _name(party: Party | None, language: str) -> Phrase | None:
    return phrase(party.name, language) if party else None


def _brand(product: Product | None, producer: Party | None, language: str) -> Phrase | None:
    """The brand, unless it is the maker's name, which the page tells anyway."""
    brand = phrase(product.brand, language) if product else None
    return None if brand == _name(producer, language) else brand


def _evidence(stops: Sequence[Stop], journey: Journey, language: str) -> Evidence | None:
    """One proof for each record, in log order; records beyond the checkpoint wait for the next one."""
    size, broken = journey.as_of, set(journey.broken)
    records = {stop.event_id: stop for stop in sorted(stops, key=lambda stop: stop.index)}
    sound = [stop for stop in records.values() if stop.index not in broken]
    changed = [stop.index for stop in records.values() if stop.index in broken]
    covered = [stop for stop in sound if stop.index < size]
    if not records:
        return None
    return Evidence(
        records=len(covered),
        broken=len(changed),
        changed=changed[:MOST_PROOFS],
        pending=len(sound) - len(covered),
        first=covered[0].index if covered else 0,
        last=covered[-1].index if covered else 0,
        size=size,
        proofs=[_proof(stop, language) for stop in covered[:MOST_PROOFS]],
    )


def _proof(stop: Stop, language: str) -> Proof:
    when = stamp(stop.time, stop.zone, language)
    return Proof(step_of(stop.step, stop.disposition), when, stop.index, proof_path(stop.event_id))
