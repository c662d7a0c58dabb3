"""Tables of recalls. A recall's scope is frozen: its rows never change (DESIGN section 5)."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, SmallInteger, Table, Text

from suyuan.base.database import BigInt, metadata

recall = Table(
    "recall", metadata,
    Column("id", Text, primary_key=True),
    Column("idx", BigInt, nullable=False),
    Column("seed", Text, nullable=False),
    Column("since", BigInt),
    Column("reason", Text, nullable=False),
    Column("launched", BigInt, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("as_of", BigInt, nullable=False),
    Column("checkpoint", Text, nullable=False),
)  # fmt: skip

#: One row for each affected thing and each carrier of the frozen scope, in the order they were found.
#: ``via`` is the log index of the event that made the thing affected, ``origin`` the affected thing it came from.
recall_item = Table(
    "recall_item", metadata,
    Column("recall", Text, primary_key=True),
    Column("ordinal", BigInt, primary_key=True, autoincrement=False),
    Column("thing", BigInt, nullable=False),
    Column("carrier", Boolean, nullable=False),
    Column("rule", SmallInteger, nullable=False),
    Column("since", BigInt, nullable=False),
    Column("via", BigInt),
    Column("origin", BigInt),
)  # fmt: skip

#: Where the affected part of a lot was when the scope was frozen: a site's canonical name, a container, or neither for
#: the whole lot. Where it has gone since is followed from here.
recall_lot = Table(
    "recall_lot", metadata,
    Column("recall", Text, primary_key=True),
    Column("thing", BigInt, primary_key=True, autoincrement=False),
    Column("ordinal", BigInt, primary_key=True, autoincrement=False),
    Column("site", Text),
    Column("container", BigInt),
    Column("since", BigInt, nullable=False),
)  # fmt: skip
