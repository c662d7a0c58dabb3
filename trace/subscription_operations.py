"""What the writer does for subscriptions: making and ending one are acts; its progress is a row that changes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from suyuan.base.errors import Conflict, SuyuanError, TooLarge
from suyuan.trace.acts import ActOperation, Recorded
from suyuan.trace.capture import closed_keys
from suyuan.trace.subscriptions import (
    MOST,
    MOST_OF_AN_OWNER,
    Advanced,
    Progress,
    Subscribed,
    Unsubscribed,
)
from suyuan.trace.writer import Transaction


class Subscribe(ActOperation[Subscribed]):
    """Make a subscription. The leaf commits to its terms by their digest: a callback's address is no one's business."""

    name = "subscribed"
    parameters = Subscribed

    def check(self, transaction: Transaction, parameters: Subscribed) -> None:
        if closed := closed_keys(transaction, {parameters.actor}):
            raise closed[parameters.actor]
        rows = transaction.db.execute(
            "SELECT s.owner, s.id FROM subscription s JOIN subscription_state t ON t.subscription = s.idx"
        ).fetchall()
        if (parameters.owner, parameters.id) in {tuple(row) for row in rows}:
            raise Conflict(
                f"there is a subscription {parameters.id[:60]!a} already", place="subscriptionID",
                remedy="unsubscribe it first, or choose another ID",
            )  # fmt: skip
        if len(rows) >= MOST or sum(row[0] == parameters.owner for row in rows) >= MOST_OF_AN_OWNER:
            raise TooLarge(
                f"at most {MOST_OF_AN_OWNER} subscriptions of one firm, and {MOST} in all, are kept",
                remedy="end one that is no longer needed",
            )

    def describe(self, parameters: Subscribed) -> tuple[str, bytes]:
        terms = hashlib.sha256(msgspec.json.encode(parameters.terms, order="sorted")).hexdigest()
        return parameters.actor, msgspec.json.encode({"subscription": parameters.id, "terms": terms})

    def write(self, transaction: Transaction, parameters: Subscribed, recorded: Recorded) -> None:
        terms = parameters.terms
        transaction.db.execute(
            "INSERT INTO subscription (idx, id, query_name, key_id, owner, created, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (recorded.index, parameters.id, terms.query_name, parameters.actor, parameters.owner, recorded.time,
             msgspec.json.encode(terms).decode()),
        )  # fmt: skip
        # Without an initial record time it begins now: behind the leaf of its own act.
        progress = Progress(
            cursor=recorded.index + 1 if terms.initial_record_time is None else None, history=parameters.history,
            sequence=recorded.time if self._was_there(transaction, parameters) else 0,
        )  # fmt: skip
        transaction.db.execute(
            "INSERT INTO subscription_state (subscription, position, failures, body, token) VALUES (?, ?, 0, ?, ?)",
            (recorded.index, progress.sequence, msgspec.json.encode(progress).decode(), parameters.token),
        )

    def _was_there(self, transaction: Transaction, parameters: Subscribed) -> bool:
        """Whether an earlier subscription had this ID: its receiver may still drop the numbers that it has seen."""
        earlier = transaction.db.execute(
            "SELECT COUNT(*) FROM subscription WHERE owner = ? AND id = ?", (parameters.owner, parameters.id)
        ).fetchone()
        return bool(earlier[0] > 1)

    def _one(self, transaction: Transaction, parameters: Subscribed) -> Any:
        done = super()._one(transaction, parameters)
        return done if isinstance(done, SuyuanError) else parameters.id


class Unsubscribe(ActOperation[Unsubscribed]):
    """End a subscription, and forget its secret. Ending it again does nothing, and says so by False."""

    name = "unsubscribed"
    parameters = Unsubscribed

    def describe(self, parameters: Unsubscribed) -> tuple[str, bytes]:
        return parameters.actor, msgspec.json.encode({"index": parameters.idx, "reason": parameters.reason})

    def write(self, transaction: Transaction, parameters: Unsubscribed, recorded: Recorded) -> None:
        transaction.db.execute(
            "INSERT INTO subscription_ended (subscription, idx, reason) VALUES (?, ?, ?)",
            (parameters.idx, recorded.index, parameters.reason[:500]),
        )
        transaction.db.execute("DELETE FROM subscription_state WHERE subscription = ?", (parameters.idx,))

    def _one(self, transaction: Transaction, parameters: Unsubscribed) -> Any:
        live = transaction.db.execute(
            "SELECT 1 FROM subscription_state WHERE subscription = ?", (parameters.idx,)
        ).fetchone()
        if live is None:
            return False
        done = super()._one(transaction, parameters)
        return done if isinstance(done, SuyuanError) else True


class Advance:
    """Make a subscription's progress durable. No leaf: nothing of the ledger's truth is in it."""

    name = "subscription-advanced"

    def prepare(self, body: bytes) -> Advanced:
        """Decode the parameters."""
        return msgspec.msgpack.decode(body, type=Advanced)

    def apply(self, transaction: Transaction, prepared: Sequence[Advanced]) -> Sequence[bool]:
        """Whether each subscription lives and was not further already: two runners, if ever, cannot lead it back."""
        return [self._one(transaction, order) for order in prepared]

    def _one(self, transaction: Transaction, order: Advanced) -> bool:
        position = order.progress.sequence
        row = transaction.db.execute(
            "SELECT position FROM subscription_state WHERE subscription = ?", (order.idx,)
        ).fetchone()
        if row is None or row[0] > position:
            return False
        transaction.db.execute(
            "UPDATE subscription_state SET position = ?, failures = ?, body = ? WHERE subscription = ?",
            (position, order.progress.failures, msgspec.json.encode(order.progress).decode(), order.idx),
        )
        return True


#: For the root: what the writer of a ledger must know.
OPERATIONS: Final = (Subscribe, Unsubscribe, Advance)
