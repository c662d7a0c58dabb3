"""Tables of named queries: that one was stored and that it was deleted never changes; and page tokens given back."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from suyuan.base.database import BigInt, metadata

#: One named query. ``idx`` is the log index of its act; ``owner`` the firm, or ``key:<id>`` of a key without one;
#: ``body`` is `suyuan.trace.named_queries.Definition` as JSON.
named_query = Table(
    "named_query", metadata,
    Column("idx", BigInt, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created", BigInt, nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip
Index("ix_named_query_owner_name", named_query.c.owner, named_query.c.name)

#: The query of this log index was deleted with the act ``idx``.
named_query_deleted = Table(
    "named_query_deleted", metadata,
    Column("query", BigInt, primary_key=True, autoincrement=False),
    Column("idx", BigInt, nullable=False),
)  # fmt: skip

#: SHA-256 of page tokens that were given back before they expired, until they would have.
ended_page_token = Table(
    "ended_page_token", metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("expires", BigInt, nullable=False),
)  # fmt: skip
