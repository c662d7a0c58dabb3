"""Tables of tag-write jobs. Rows never change: an intent is written before a tag is, its outcome afterwards."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, SmallInteger, Table, Text, UniqueConstraint

from suyuan.base.database import BigInt, metadata

#: One job. ``idx`` is the log index of the act that opened it; ``ranges`` are label numbers as JSON.
tag_job = Table(
    "tag_job", metadata,
    Column("idx", BigInt, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("batch", BigInt, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("ranges", Text, nullable=False),
    Column("writer", Text, nullable=False),
    Column("design", Text, nullable=False),
    Column("lock", Boolean, nullable=False),
    Column("rewrite", Boolean, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("opened", BigInt, nullable=False),
    Column("key_id", Text, nullable=False),
    UniqueConstraint("id"),
    UniqueConstraint("party", "request"),
)  # fmt: skip
Index("ix_tag_job_writer", tag_job.c.writer)

#: What state a job went to, why, and by whose key; the highest ordinal counts.
tag_job_state = Table(
    "tag_job_state", metadata,
    Column("job", BigInt, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("state", SmallInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("time", BigInt, nullable=False),
    Column("key_id", Text, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip

#: From now on the label's EPC may be on a tag: the one with this TID, where the device could tell (else it is empty).
tag_intent = Table(
    "tag_intent", metadata,
    Column("batch", BigInt, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("attempt", SmallInteger, primary_key=True, autoincrement=False),
    Column("job", BigInt, nullable=False),
    Column("tid", Text, nullable=False),
    Column("time", BigInt, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
Index("ix_tag_intent_job", tag_intent.c.job)

#: What became of an intent: `tag_jobs.FATE_CODES`, and what was read back. Without a row nobody knows.
tag_outcome = Table(
    "tag_outcome", metadata,
    Column("batch", BigInt, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("attempt", SmallInteger, primary_key=True, autoincrement=False),
    Column("fate", SmallInteger, nullable=False),
    Column("tid", Text, nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("time", BigInt, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
Index("ix_tag_outcome_tid", tag_outcome.c.tid)
