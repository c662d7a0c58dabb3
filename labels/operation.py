"""What all writer operations of labels share: an open key, a batch of the firm, an act in the log."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from suyuan.base.errors import NotFound, SuyuanError
from suyuan.labels.batches import Batch
from suyuan.trace.acts import Recorded, log_act
from suyuan.trace.capture import closed_keys
from suyuan.trace.writer import Transaction


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a key and the firm behind it."""

    actor: str
    party: str


P = TypeVar("P", bound=Order)


class LabelOperation(ABC, Generic[P]):
    """One kind of writer operation. Each request is carried out whole, or refused before anything is written."""

    name: ClassVar[str]
    parameters: ClassVar[type]

    def __init__(self, random: Callable[[int], bytes] = os.urandom) -> None:
        self.random = random

    def prepare(self, body: bytes) -> P:
        """Decode the parameters."""
        decoded: P = msgspec.msgpack.decode(body, type=self.parameters)
        return decoded

    def apply(self, transaction: Transaction, prepared: Sequence[P]) -> Sequence[Any]:
        """Carry out each request in order."""
        return [self._one(transaction, order) for order in prepared]

    def _one(self, transaction: Transaction, order: P) -> Any:
        closed = closed_keys(transaction, {order.actor})
        if closed:
            return closed[order.actor]
        try:
            return self.carry_out(transaction, order)
        except SuyuanError as error:
            return error

    @abstractmethod
    def carry_out(self, transaction: Transaction, order: P) -> Any:
        """Do it. A `SuyuanError` may be raised only while nothing is written."""

    def log(self, transaction: Transaction, order: P, body: dict[str, Any]) -> Recorded:
        """The act's leaf. ``body`` must hold no serial number."""
        return log_act(transaction, self.name, order.actor, msgspec.json.encode(body, order="sorted"), self.random)


def find_batch(transaction: Transaction, order: Order, batch_id: str) -> Batch:
    """A batch of the firm that asks; `NotFound` for any other."""
    row = transaction.db.execute(
        "SELECT body FROM label_batch WHERE id = ? AND party = ?", (batch_id, order.party)
    ).fetchone()
    if row is None:
        raise no_batch(batch_id)
    return msgspec.json.decode(row[0], type=Batch)


def no_batch(batch_id: str) -> NotFound:
    """The refusal of a batch that is not there, or another firm's: the two look the same."""
    return NotFound(f"there is no batch {batch_id[:60]!a}", remedy="GET /api/v1/labels/batches lists yours")
