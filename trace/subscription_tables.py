"""Tables of subscriptions: that one was made and that it ended never changes; how far it has come does."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from suyuan.base.database import BigInt, metadata

#: One subscription. ``idx`` is the log index of its act; ``owner`` the firm, or ``key:<id>`` of a key without one;
#: ``body`` is `suyuan.trace.subscriptions.Terms` as JSON, without the secret.
subscription = Table(
    "subscription", metadata,
    Column("idx", BigInt, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("query_name", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created", BigInt, nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip
Index("ix_subscription_owner_id", subscription.c.owner, subscription.c.id)

#: The subscription of this log index ended with the act ``idx``.
subscription_ended = Table(
    "subscription_ended", metadata,
    Column("subscription", BigInt, primary_key=True, autoincrement=False),
    Column("idx", BigInt, nullable=False),
    Column("reason", Text, nullable=False),
)  # fmt: skip

#: How far a live subscription has come: one row each, which goes, with the secret in it, when the subscription ends.
#: ``body`` is `suyuan.trace.subscriptions.Progress` as JSON; ``position`` grows with each change of it.
subscription_state = Table(
    "subscription_state", metadata,
    Column("subscription", BigInt, primary_key=True, autoincrement=False),
    Column("position", BigInt, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("token", Text, nullable=False),
)  # fmt: skip
