"""Tables of the log: entries, full tiles, signed checkpoints. All three are append-only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, SmallInteger, Table, Text

from suyuan.base.database import BigInt, metadata

#: Entries in log order, without a gap. Written by the ledger in the transaction of the event itself.
leaf = Table(
    "leaf",
    metadata,
    Column("idx", BigInt, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

#: Full tiles only: what is partial today would have to be overwritten tomorrow, and can be computed (store.LogReader).
#: ``root`` stands before ``hashes`` so that reading the roots of a level does not touch the 8 kB behind them.
tile = Table(
    "tile",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)

#: One signed note for each size that was ever published; ``signed_at`` in microseconds since 1970 UTC.
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", BigInt, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
)
