"""Opening a batch in the ledger: a lot of a product is opened once."""

from __future__ import annotations

from typing import Any

import msgspec

from suyuan.base.clock import format_time
from suyuan.base.errors import Conflict
from suyuan.labels.batches import Batch
from suyuan.labels.digests import batch_digest
from suyuan.labels.operation import LabelOperation, Order
from suyuan.trace.writer import Transaction


class BatchOpened(Order, frozen=True, kw_only=True):
    """Parameters of `OpenBatch`: the batch as it was checked, without its place and time."""

    request: str
    batch: Batch


class OpenBatch(LabelOperation[BatchOpened]):
    """Store a batch. The same request again gives the batch that it opened."""

    name = "label-batch-opened"
    parameters = BatchOpened

    def carry_out(self, transaction: Transaction, order: BatchOpened) -> Batch:
        """The batch with its place in the log."""
        known = self._known(transaction, order)
        if known is not None:
            return known
        self._refuse_second(transaction, order)
        wanted = order.batch
        recorded = self.log(transaction, order, _body(wanted))
        batch = msgspec.structs.replace(wanted, index=recorded.index, opened=format_time(recorded.time))
        transaction.db.execute(
            "INSERT INTO label_batch (idx, id, request, party, gtin, lot, body, opened, key_id)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            (batch.index, batch.id, order.request, batch.party, batch.gtin, batch.lot,
             msgspec.json.encode(batch).decode(), recorded.time, order.actor),
        )  # fmt: skip
        return batch

    def _known(self, transaction: Transaction, order: BatchOpened) -> Batch | None:
        row = transaction.db.execute(
            "SELECT body FROM label_batch WHERE party = ? AND request = ?", (order.party, order.request)
        ).fetchone()
        if row is None:
            return None
        found = msgspec.json.decode(row[0], type=Batch)
        if _content(found) != _content(order.batch):
            raise Conflict(
                f"request {order.request[:60]!a} has opened batch {found.id} with other content",
                place="/request", remedy="choose a request id of its own for each batch",
            )  # fmt: skip
        return found

    def _refuse_second(self, transaction: Transaction, order: BatchOpened) -> None:
        wanted = order.batch
        row = transaction.db.execute(
            "SELECT id, party FROM label_batch WHERE gtin = ? AND lot = ?", (wanted.gtin, wanted.lot)
        ).fetchone()
        if row is None:
            return
        if row[1] != order.party:
            raise Conflict(f"lot {wanted.lot!a} of {wanted.gtin} was opened by another firm", place="/lot")
        raise Conflict(
            f"lot {wanted.lot!a} of {wanted.gtin} is open as batch {row[0]}", place="/lot",
            remedy=f"allocate more labels in batch {row[0]}, or give the new run a lot number of its own",
        )  # fmt: skip


def _content(batch: Batch) -> Batch:
    """What the firm asked for, without what the system gave it."""
    return msgspec.structs.replace(batch, id="", index=0, opened="", opened_by="")


def _body(batch: Batch) -> dict[str, Any]:
    return {
        "batch": batch.id, "gtin": batch.gtin, "levels": {plan.level.value: plan.planned for plan in batch.levels},
        "lot": batch.lot, "order": batch_digest(batch), "party": batch.party,
        "production_date": batch.production_date, "site": batch.site,
    }  # fmt: skip
