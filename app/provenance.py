"""Connects the shopper's pages to the ledger and to recalls: the root's answer to `consumer_api.ports`."""

from __future__ import annotations

from suyuan.consumer_api.ports import Notice
from suyuan.gs1.names import canonical, kind_of, lot_of, name_of
from suyuan.regulators.recalls import affected_count
from suyuan.trace.journey import Journey, journey
from suyuan.trace.ledger import Ledger
from suyuan.trace.lookup import read_name
from suyuan.trace.proofs import bundle_of


class LedgerProvenance:
    """Answers from the ledger for anyone who asks."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def journey(self, identifier: str) -> Journey:
        """The journey of what an identifier names."""
        name = read_name(identifier)
        lot = lot_of(identifier) if "/10/" in identifier and identifier.startswith("http") else None
        with self._ledger.view() as view:
            return journey(view, name, self._ledger.policy, lot if lot != name else None)

    def proof(self, event_id: str) -> bytes:
        """The bundle of an event."""
        with self._ledger.view() as view:
            return bundle_of(view, event_id, self._ledger.policy)

    def notice(self, recall_id: str) -> Notice:
        """What the public may know of a recall."""
        with self._ledger.view() as view:
            row, count, affected = affected_count(view, recall_id)
            names = view.names([item.thing for item in affected])
            things = [names[item.thing] for item in affected]
            lots = sorted(canonical(name) for name in things if kind_of(*name[:2]) == "lot")
            heads = {"/".join(name.class_key.split("/")[:2]) for name in [*things, name_of(row.seed)]}
            products = [view.products.get(canonical((head, ""))) for head in sorted(heads) if head.startswith("01/")]
            known = [product for product in products if product is not None]
            return Notice(row.id, row.reason, row.seed, known, lots, row.launched, count, "open")
