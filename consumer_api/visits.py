"""A journey by place: everything that happened at one site, until the thing went on, is one *visit*.

A tray may come from forty carcasses that each passed the same gates, and a pallet is measured every hour: a shopper
asks where it was, when, and what was done there. The codes that were read there are for those who look for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain, groupby

import msgspec

from suyuan.consumer_api.links import Link, path_of, short
from suyuan.consumer_api.moments import Phrase, Span, phrase, span
from suyuan.consumer_api.temperatures import Range, temperature_range
from suyuan.consumer_api.words import STEPS, Sort, sort_of, step_of
from suyuan.trace.journey import Stop
from suyuan.trace.master_data import Product, Site

#: Most steps and codes told of one visit.
MOST_STEPS = 8
MOST_CODES = 12


class Place(msgspec.Struct, frozen=True):
    """Where something happened."""

    name: Phrase
    address: Phrase | None = None


class Visit(msgspec.Struct, frozen=True):
    """What happened at one place, or on the way between two."""

    place: Place | None
    sort: Sort | None  #: what kind of place it is
    riding: bool  #: between two places, not at one that nobody recorded
    span: Span
    relation: str  #: that of every stop; ``made`` where others became the thing; ``self`` for other mixtures
    steps: list[str]  #: message ids, each once
    more_steps: int
    codes: list[Link]  #: of what was read besides the thing itself
    more_codes: int
    temperature: Range | None
    broken: int  #: records that are not what was logged


def visits_of(
    stops: Iterable[Stop], product: Product | None, broken: Collection[int], language: str, scattered: bool = False
) -> list[Visit]:
    """The visits of a journey, from the source to here.

    *broken* are log indexes of records that were changed; *scattered* is a thing that can be in several places at
    once, a lot.
    """
    visits, year = [], 0
    for group in _grouped(stops, scattered):
        visit, year = _visit(group, product, broken, language, year)
        visits.append(visit)
    # A lorry's gate without a place tells a shopper nothing, unless nothing else is known.
    return [visit for visit in visits if not _silent(visit)] or visits


def place_of(site: Site | None, language: str) -> Place | None:
    """A site by its name, else by its code."""
    if site is None:
        return None
    return Place(phrase(site.name, language) or Phrase(short(site.id)), phrase(site.address, language))


def _order(stop: Stop) -> tuple[int, int]:
    return stop.time, stop.index


def _spot(stop: Stop) -> str | None:
    return stop.site.id if stop.site else stop.place


def _grouped(stops: Iterable[Stop], scattered: bool) -> list[list[Stop]]:
    """The thing itself is in one place at a time, and a second time there is a second visit. What it was made from
    came along several roads at once, and a lot goes along several, so those records are put together by place.

    In order of their last records: whatever left a place is read last where it became the thing.
    """
    ordered = sorted(stops, key=_order)
    own = [stop for stop in ordered if stop.relation != "ancestor"]
    stays = _roads(own) if scattered else [list(run) for _, run in groupby(own, key=_spot)]
    groups = sorted([*stays, *_roads(stop for stop in ordered if stop.relation == "ancestor")], key=_last)
    return [
        sorted(chain.from_iterable(same), key=_order) for _, same in groupby(groups, key=lambda group: _spot(group[0]))
    ]


def _last(group: list[Stop]) -> tuple[int, int]:
    return _order(group[-1])


def _roads(stops: Iterable[Stop]) -> list[list[Stop]]:
    """Stops by place; those without one by stretch, for they have nothing else in common."""
    roads: dict[object, list[Stop]] = {}
    for number, (spot, run) in enumerate(groupby(stops, key=_spot)):
        roads.setdefault(spot or number, []).extend(run)
    return list(roads.values())


def _visit(
    stops: list[Stop], product: Product | None, broken: Collection[int], language: str, year: int
) -> tuple[Visit, int]:
    """A visit and the year that its time ends in; *year* is the one that the reader knows already."""
    first, last = stops[0], stops[-1]
    place = place_of(first.site, language) or (Place(Phrase(short(first.place))) if first.place else None)
    temperature = temperature_range(stops, product, language)
    steps, codes = _steps(stops, temperature is not None), _codes(stops)
    told, year = span(first.time, last.time, first.zone, language, year)
    visit = Visit(
        place=place,
        sort=_sort(first),
        riding=place is None and all(_is_riding(stop) for stop in stops),
        span=told,
        relation=_relation(stops),
        steps=steps[:MOST_STEPS],
        more_steps=max(0, len(steps) - MOST_STEPS),
        codes=codes[:MOST_CODES],
        more_codes=max(0, len(codes) - MOST_CODES),
        temperature=temperature,
        broken=len({stop.index for stop in stops if stop.index in broken}),
    )
    return visit, year


def _sort(stop: Stop) -> Sort | None:
    return sort_of(stop.site.kind if stop.site else "") or sort_of(stop.party.kind if stop.party else "")


def _is_riding(stop: Stop) -> bool:
    return stop.disposition == "in_transit" or stop.step == "transporting"


def _silent(visit: Visit) -> bool:
    return visit.riding and visit.temperature is None and not visit.broken


def _relation(stops: Sequence[Stop]) -> str:
    found = {stop.relation for stop in stops}
    if len(found) == 1:
        return found.pop()
    return "made" if "ancestor" in found and found & {"self", "lot"} else "self"


def _steps(stops: Iterable[Stop], measured: bool) -> list[str]:
    """Each step once, in the order of its first record; measuring is told by the temperature itself."""
    words = dict.fromkeys(step_of(stop.step, stop.disposition) for stop in stops)
    if measured and len(words) > 1:
        words.pop(STEPS["sensor_reporting"], None)
    return list(words)


def _codes(stops: Iterable[Stop]) -> list[Link]:
    names = dict.fromkeys(stop.subject for stop in stops if stop.relation != "self")
    return [Link(short(name), path_of(name)) for name in names]
