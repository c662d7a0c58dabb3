"""What lifecycles must know about places, steps and firms, in one place: sites, who runs them, what ends a way."""

from __future__ import annotations

from suyuan.trace.sightings import Sighting
from suyuan.trace.tables import Action, Role
from suyuan.trace.view import View

#: Business steps with which goods leave; without a business location they are on their way.
_LEAVING = frozenset({"shipping", "departing", "loading", "staging_outbound", "transporting"})
#: Business steps with which goods come in.
_ARRIVING = frozenset({"receiving", "arriving", "accepting", "unloading"})
#: Business steps and dispositions that end a thing's way.
_SOLD_STEPS, _SOLD = frozenset({"retail_selling", "dispensing"}), frozenset({"retail_sold", "dispensed"})
_GONE_STEPS, _GONE = frozenset({"destroying", "consuming"}), frozenset({"destroyed", "disposed"})


class Geography:
    """Answers about rows of the timeline over one view."""

    def __init__(self, view: View) -> None:
        self._view = view

    def site(self, place: int | None) -> str | None:
        """Canonical name of the site that a place belongs to."""
        return self._view.site_key(place)

    def party(self, thing: int | None) -> str | None:
        """Canonical name of a firm that an event names."""
        return self._view.canonical(thing)

    def operator(self, place: int | None) -> str | None:
        """Canonical name of who runs a place; of the place itself where no master data says."""
        key = self.site(place)
        if key is None:
            return None
        site = self._view.sites.get(key)
        return site.party if site and site.party else key

    def sends(self, row: Sighting) -> bool:
        """Whether goods are sent off, wherever the event says they are meanwhile."""
        return self._view.term(row.biz_step) in _LEAVING

    def leaves(self, row: Sighting) -> bool:
        """Whether this sighting puts a thing on its way: it is sent off and no business location says where it is."""
        return row.biz_location is None and self.sends(row)

    def arrives(self, row: Sighting) -> bool:
        """Whether goods come in from outside, in so many words."""
        return self._view.term(row.biz_step) in _ARRIVING

    def end(self, row: Sighting) -> str | None:
        """The state in which this row leaves a thing, if it ends its way: sold, used up or destroyed."""
        if row.role == Role.INPUT:
            return "used up"
        if row.role not in {Role.EPC, Role.TRANSACTION_EPC}:
            return None
        step, disposition = self._view.term(row.biz_step), self._view.term(row.disposition)
        if step in _GONE_STEPS or disposition in _GONE:
            return "destroyed"
        if step in _SOLD_STEPS or disposition in _SOLD:
            return "with the consumer"
        return "destroyed" if row.action == Action.DELETE else None
