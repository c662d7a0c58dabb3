"""How much of a lot is where: amounts moved by its events, added up (DESIGN section 5, facts).

40 kg in crate A and 60 kg in crate B are both true. What goes into a container leaves the place; what is shipped is
on its way, each shipment for itself, until somebody receives it; what is used, sold to consumers or destroyed is gone.
An amount that is made together with items of the lot says how much these items are: they are followed one by one, and
it is not counted twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from suyuan.trace.label_only import ENCODING, without_labels
from suyuan.trace.lot_flow import Where
from suyuan.trace.sightings import Sighting
from suyuan.trace.tables import Action, Role
from suyuan.trace.view import View
from suyuan.trace.whereabouts import Locator, Whereabouts

#: Less than this (in the lot's unit) is rounding, not goods.
_RESIDUE = 1e-6


class Holding(NamedTuple):
    """Some of a lot at one place, in one container or on its way; ``amount`` None where some event had no quantity.

    ``at`` is where it is, or where it was sent from.
    """

    where: Whereabouts
    at: Where
    amount: float | None
    uom: int | None


class _Spot(NamedTuple):
    """A heap of the lot: at a site, in a container, or on its way since one departure (a log index)."""

    at: Where
    departure: int | None = None


class _Account:
    """Amounts by spot. An amount becomes unknown for good when an event does not say how much."""

    def __init__(self) -> None:
        self.amounts: dict[_Spot, float | None] = {}
        self.last: dict[_Spot, Sighting] = {}

    def put(self, spot: _Spot, row: Sighting) -> None:
        """Goods arrive."""
        before = self.amounts.get(spot, 0.0)
        self.amounts[spot] = None if row.quantity is None or before is None else before + row.quantity
        self.last[spot] = row

    def take(self, spot: _Spot, row: Sighting) -> float | None:
        """Goods leave; without a quantity all of them. How much was there to leave (None: unknown)."""
        before = self.amounts.get(spot, 0.0)
        if row.quantity is None:
            self.amounts[spot] = 0.0
            taken = before
        else:
            taken = row.quantity if before is None else min(row.quantity, before)
            self.amounts[spot] = None if before is None else max(before - row.quantity, 0.0)
        self.last.setdefault(spot, row)
        return taken

    def on_the_way(self) -> list[_Spot]:
        """Shipments that nobody has received yet, the oldest first."""
        return sorted(
            (spot for spot, amount in self.amounts.items() if spot.departure is not None and _is_there(amount)),
            key=lambda spot: spot.departure or 0,
        )


#: How many items of a lot each event has made, by the event's log index.
Items = Mapping[int, int]


def items_of(view: View, lots: Iterable[int]) -> dict[int, Items]:
    """For each lot that has items, what made them. Making labels makes no items."""
    rows = view.by_ids(
        lots,
        "SELECT f.id, t.event, COUNT(*) FROM {ids} timeline t ON t.partner = f.id"
        " WHERE t.role IN (:seen, :made) AND {valid} AND (t.action <> :observed OR NOT EXISTS ("
        "SELECT 1 FROM event e WHERE e.idx = t.event AND e.biz_step = :encoding)) GROUP BY f.id, t.event",
        seen=int(Role.EPC),
        made=int(Role.OUTPUT),
        observed=int(Action.OBSERVE),
        encoding=view.term_id(ENCODING),
    )
    found: dict[int, dict[int, int]] = {}
    for lot, event, count in rows:
        found.setdefault(lot, {})[event] = count
    return dict(found)


def holdings_of(view: View, locator: Locator, lot: int, items: Items = MappingProxyType({})) -> list[Holding]:
    """Where a lot is now, apart from its items. The locator must have been made with the lot among its things."""
    containment = locator.containment
    rows: list[Sighting] = without_labels(view, containment.rows.get(lot, []))
    containers = {row.partner for row in rows if row.role == Role.CHILD and row.partner is not None}
    for container in containers:
        rows += [
            row for row in containment.rows.get(container, []) if row.role == Role.PARENT and row.action == Action.EMPTY
        ]
    books = _Books(locator, lot)
    for row in sorted(rows, key=lambda row: (row.time, row.event, row.role)):
        books.book(_without_items(row, items))
    return books.holdings()


def _without_items(row: Sighting, items: Items) -> Sighting:
    """An amount without the items beside it: pieces are counted, any other unit measures just these items."""
    count = items.get(row.event, 0)
    if not count or row.quantity is None or row.role == Role.INPUT:
        return row
    return row._replace(quantity=max(row.quantity - count, 0.0) if row.uom is None else 0.0)


def _is_there(amount: float | None) -> bool:
    return amount is None or amount > _RESIDUE


class _Books:
    """Books the rows of one lot in order."""

    def __init__(self, locator: Locator, lot: int) -> None:
        self._locator = locator
        self._geography = locator.geography
        self._lot = lot
        self._account = _Account()

    def book(self, row: Sighting) -> None:
        """One row of the lot, or the emptying of a container it was in."""
        account = self._account
        site = _Spot(Where(site=self._geography.site(row.place)))
        if row.thing != self._lot:
            emptied = account.take(_Spot(Where(container=row.thing)), row._replace(quantity=None))
            account.put(site, row._replace(quantity=emptied))
        elif row.role == Role.CHILD and row.partner is not None:
            self._book_child(row, site)
        elif row.role == Role.OUTPUT or (row.role == Role.EPC and row.action == Action.ADD):
            account.put(site, row)
        elif self._geography.end(row) is not None:
            account.take(site, row)
        elif row.role == Role.EPC:
            self._book_movement(row, site)

    def holdings(self) -> list[Holding]:
        """What is left where."""
        found = []
        for spot, amount in self._account.amounts.items():
            if not _is_there(amount):
                continue
            row, container = self._account.last[spot], spot.at.container
            where = self._locator.facts([row]) if container is None else self._locator.find(container)
            found.append(Holding(where, spot.at, amount, row.uom))
        return found

    def _book_child(self, row: Sighting, site: _Spot) -> None:
        container = _Spot(Where(container=row.partner))
        if row.action == Action.ADD:
            self._account.take(site, row)
            self._account.put(container, row)
        elif row.action == Action.DELETE:
            taken = self._account.take(container, row)
            self._account.put(site, row if row.quantity is not None else row._replace(quantity=taken))
        elif container not in self._account.amounts:
            self._account.put(container, row)  # seen inside where no packing was recorded: evidence enough

    def _book_movement(self, row: Sighting, site: _Spot) -> None:
        """Shipping takes the lot away; where it was sent it is when it is seen there. A count at home moves nothing."""
        account = self._account
        if self._geography.leaves(row):
            taken = account.take(site, row)
            account.put(_Spot(site.at, row.event), row if row.quantity is not None else row._replace(quantity=taken))
            return
        wanted = row.quantity
        for shipment in self._meant_for(row, site):
            if wanted is not None and wanted <= _RESIDUE:
                break
            taken = account.take(shipment, row._replace(quantity=wanted))
            account.put(site, row._replace(quantity=taken))
            wanted = None if wanted is None or taken is None else wanted - taken
        if site not in account.amounts:
            account.put(site, row)

    def _meant_for(self, row: Sighting, site: _Spot) -> list[_Spot]:
        """Shipments that this sighting may receive: those sent here, else, where goods come in, any from elsewhere."""
        foreign = [spot for spot in self._account.on_the_way() if spot.at != site.at]
        here = {site.at.site, self._geography.operator(row.place), self._geography.party(row.destination_possessor)} - {
            None
        }
        named = {spot: self._named(self._account.last[spot]) for spot in foreign}
        meant = [spot for spot in foreign if named[spot] & here]
        return meant or [spot for spot in foreign if not named[spot] or self._geography.arrives(row)]

    def _named(self, departure: Sighting) -> set[str | None]:
        location = self._geography.site(departure.destination_location)
        return {location, self._geography.party(departure.destination_possessor)} - {None}
