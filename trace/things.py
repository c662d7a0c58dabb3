"""Answers about things as the API gives them: names instead of ids, times as text, facts of the present."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from suyuan.base.clock import format_time
from suyuan.epcis.event_id import hash_uri
from suyuan.gs1.names import canonical, epc_urn, kind_of
from suyuan.trace.lot_flow import EVERYWHERE, Where
from suyuan.trace.lot_holdings import Holding, holdings_of, items_of
from suyuan.trace.master_data import Text
from suyuan.trace.scope import Affected, Rule
from suyuan.trace.view import View
from suyuan.trace.whereabouts import Locator, Whereabouts


class Quantity(msgspec.Struct, frozen=True):
    """An amount in a UN/CEFACT unit; no unit means pieces."""

    value: float
    uom: str | None = None


class HoldingAnswer(msgspec.Struct, frozen=True):
    """Some of a lot: where or in what, who has it, how much (null: the data does not say)."""

    place: str | None
    site: str | None
    container: str | None
    possessor: str | None
    possessors: list[str]  #: several while in transit, the sender first
    owner: str | None
    quantity: Quantity | None


class ThingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of a closure, with why it is there and its present facts."""

    id: str
    epc: str | None
    kind: str
    rule: str
    since: str | None
    via: str | None  #: event ID that explains it
    origin: str | None  #: the thing that it came from
    depth: int
    state: str
    place: str | None  #: as it was recorded, a room or a shelf of the site
    site: str | None
    container: str | None
    possessor: str | None
    possessors: list[str]
    owner: str | None
    destination: str | None
    quantity: Quantity | None
    holdings: list[HoldingAnswer] = []


#: For lots, where the meant part of them is.
Parts = Mapping[int, Collection[Where]]


class Present:
    """The present facts of a set of things: whereabouts of instances, holdings of lots."""

    def __init__(self, view: View, things: Sequence[int]) -> None:
        self._view = view
        names = view.names(things)
        self.kinds = {thing: kind_of(*names[thing][:2]) for thing in things}
        self.lots = {thing for thing, kind in self.kinds.items() if kind in {"lot", "class"}}
        self.locator = Locator(view, things)
        self._items = items_of(view, self.lots)

    def holdings(self, lot: int) -> list[Holding]:
        """Where the lot is now, by amounts; its items, if it has any, are things of their own."""
        return holdings_of(self._view, self.locator, lot, self._items.get(lot, {}))

    def state(self, thing: int) -> Whereabouts:
        """Where a thing is now; a lot in several places has no one place, one that is all items is where these are."""
        return self.lot_state(thing, self.holdings(thing)) if thing in self.lots else self.locator.find(thing)

    def lot_state(self, lot: int, holdings: Sequence[Holding]) -> Whereabouts:
        """The same of a lot whose holdings are known."""
        return Whereabouts("in items") if not holdings and lot in self._items else _lot_whereabouts(holdings)


def event_ids(view: View, indexes: Iterable[int | None]) -> dict[int, str]:
    """Event IDs by log index."""
    rows = view.by_ids(
        {index for index in indexes if index is not None},
        "SELECT i.event, i.name, i.content FROM {ids} event_id i ON i.event = f.id",
    )
    return {row[0]: row[1] or hash_uri(bytes(row[2])) for row in rows}


def describe(view: View, items: Sequence[Affected], parts: Parts = MappingProxyType({})) -> list[ThingAnswer]:
    """Things of a closure as the API shows them; of a lot in ``parts`` only what is at those places is meant."""
    present = Present(view, [item.thing for item in items])
    view.names([item.origin for item in items])
    ids = event_ids(view, [item.via for item in items])
    return [_answer(view, present, item, ids, parts.get(item.thing)) for item in items]


def _answer(
    view: View, present: Present, item: Affected, ids: dict[int, str], part: Collection[Where] | None
) -> ThingAnswer:
    name = view.name(item.thing)
    holdings = present.holdings(item.thing) if item.thing in present.lots else []
    if part is not None and EVERYWHERE not in part:
        holdings = [holding for holding in holdings if holding.at in part]
    lot = item.thing in present.lots
    where = present.lot_state(item.thing, holdings) if lot else present.locator.find(item.thing)
    return ThingAnswer(
        id=canonical(name),
        epc=epc_urn(*name),
        kind=present.kinds[item.thing],
        rule="seed" if item.rule is Rule.SEED else item.rule.name,
        since=format_time(item.since) if item.since else None,
        via=ids.get(item.via) if item.via is not None else None,
        origin=view.canonical(item.origin),
        depth=item.depth,
        state=where.state,
        place=view.canonical(where.place),
        site=where.site,
        container=view.canonical(where.container),
        possessor=where.possessors[0] if where.possessors else None,
        possessors=list(where.possessors),
        owner=where.owner,
        destination=where.destination,
        quantity=_total(view, holdings),
        holdings=[show_holding(view, holding) for holding in holdings],
    )


def _lot_whereabouts(holdings: Sequence[Holding]) -> Whereabouts:
    """A lot in one place has that place; one in several has none, and its holdings say where."""
    if not holdings:
        return Whereabouts("used up")
    parties = tuple(dict.fromkeys(party for holding in holdings for party in holding.where.possessors))
    first = holdings[0]
    if len(holdings) == 1:
        return first.where._replace(container=first.at.container)
    sites, places = ({getattr(holding.where, name) for holding in holdings} for name in ("site", "place"))
    states = {holding.where.state for holding in holdings}
    owners = {holding.where.owner for holding in holdings}
    return Whereabouts(
        states.pop() if len(states) == 1 else "in several places",
        place=places.pop() if len(places) == 1 else None,
        site=sites.pop() if len(sites) == 1 else None,
        possessors=parties,
        owner=owners.pop() if len(owners) == 1 else None,
    )


def _total(view: View, holdings: Sequence[Holding]) -> Quantity | None:
    amounts = [holding for holding in holdings if holding.amount is not None]
    units = {holding.uom for holding in amounts}
    if not amounts or len(amounts) != len(holdings) or len(units) != 1:
        return None
    return Quantity(round(sum(holding.amount or 0.0 for holding in amounts), 6), view.term(units.pop()))


def show_holding(view: View, holding: Holding) -> HoldingAnswer:
    """A holding by names."""
    amount = None if holding.amount is None else Quantity(round(holding.amount, 6), view.term(holding.uom))
    parties = list(holding.where.possessors)
    container = view.canonical(holding.at.container)
    place, site = view.canonical(holding.where.place), holding.where.site
    return HoldingAnswer(place, site, container, parties[0] if parties else None, parties, holding.where.owner, amount)


class PartyThings(msgspec.Struct, frozen=True):
    """A consignee: who has affected goods now, and how many."""

    party: str
    name: Text
    things: int
    quantities: list[Quantity]
    products: list[str]


def consignees(view: View, answers: Sequence[ThingAnswer]) -> list[PartyThings]:
    """Who has affected goods now; in transit both sender and receiver count. The largest first."""
    counts: dict[str, set[str]] = {}
    amounts: dict[str, dict[str | None, float]] = {}
    products: dict[str, set[str]] = {}
    for answer in answers:
        for party, quantity in _shares(answer):
            counts.setdefault(party, set()).add(answer.id)
            products.setdefault(party, set()).add(answer.id.partition("/10/")[0].partition("/21/")[0])
            if quantity is not None:
                by_unit = amounts.setdefault(party, {})
                by_unit[quantity.uom] = by_unit.get(quantity.uom, 0.0) + quantity.value
    found = [
        PartyThings(
            party, _party_name(view, party), len(things),
            [Quantity(round(value, 6), unit) for unit, value in sorted(amounts.get(party, {}).items(), key=str)],
            sorted(products[party]),
        )
        for party, things in counts.items()
    ]  # fmt: skip
    return sorted(found, key=lambda entry: (-entry.things, entry.party))


def _shares(answer: ThingAnswer) -> list[tuple[str, Quantity | None]]:
    if answer.holdings:
        return [(party, held.quantity) for held in answer.holdings for party in held.possessors]
    if answer.state in {"in place", "in transit"}:
        return [(party, Quantity(1.0)) for party in answer.possessors]
    return []


def _party_name(view: View, party: str) -> Text:
    known = view.parties.get(party)
    site = view.sites.get(party)
    return known.name if known else site.name if site else {}


class Carrier(msgspec.Struct, frozen=True):
    """A container that holds affected things now: not affected itself, but to be stopped."""

    id: str
    place: str | None
    site: str | None
    possessor: str | None
    holds: int


def carriers_answer(view: View, carriers: dict[int, list[int]]) -> list[Carrier]:
    """Carriers by name, with how many affected things each holds."""
    present = Present(view, list(carriers))
    view.names(carriers)
    found = []
    for carrier, held in carriers.items():
        where = present.state(carrier)
        possessor = where.possessors[0] if where.possessors else None
        place = view.canonical(where.place)
        found.append(Carrier(view.canonical(carrier) or "", place, where.site, possessor, len(set(held))))
    return found
