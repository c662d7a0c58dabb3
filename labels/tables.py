"""Tables of label batches. Rows never change: what became of a label is a mark of its own beside it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text, UniqueConstraint

from suyuan.base.database import BigInt, metadata

#: One production run of one product, under one lot number. ``idx`` is the log index of the act that opened it.
label_batch = Table(
    "label_batch", metadata,
    Column("idx", BigInt, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("gtin", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("opened", BigInt, nullable=False),
    Column("key_id", Text, nullable=False),
    UniqueConstraint("id"),
    UniqueConstraint("gtin", "lot"),
    UniqueConstraint("party", "request"),
)  # fmt: skip

#: One allocation: ``amount`` labels from number ``first`` on. ``digest`` is SHA-256 of their EPCs, one a line.
#: Of SSCCs: the counter of one company prefix and extension digit, and the serial reference that comes next.
label_allocation = Table(
    "label_allocation", metadata,
    Column("idx", BigInt, primary_key=True, autoincrement=False),
    Column("batch", BigInt, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("first", Integer, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("request", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("time", BigInt, nullable=False),
    Column("counter", Text),
    Column("next_reference", BigInt),
    UniqueConstraint("batch", "level", "first"),
    UniqueConstraint("batch", "request"),
)  # fmt: skip
Index("ix_label_allocation_counter", label_allocation.c.counter, label_allocation.c.next_reference)

#: One label, by its place in the batch. No two ever have the same EPC: `gs1.names.Name` of it is unique.
label = Table(
    "label", metadata,
    Column("batch", BigInt, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("class_key", Text, nullable=False),
    Column("serial", Text, nullable=False),
    UniqueConstraint("class_key", "serial"),
    sqlite_with_rowid=False,
)  # fmt: skip

#: What a label made at a scale was cut from, and what it weighs: decimal kilograms, as AI 310x will say it.
label_weight = Table(
    "label_weight", metadata,
    Column("batch", BigInt, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kilograms", Text, nullable=False),
    Column("parent", Text, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip

Index("ix_label_weight_parent", label_weight.c.parent)

#: What became of a label: `batches.LabelState` by number, the highest counts. ``idx`` is the act's log index.
label_mark = Table(
    "label_mark", metadata,
    Column("batch", BigInt, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", SmallInteger, primary_key=True, autoincrement=False),
    Column("idx", BigInt, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip

#: How many labels of a level each act took from state ``before`` to ``state``: what a list of batches adds up.
label_tally = Table(
    "label_tally", metadata,
    Column("idx", BigInt, primary_key=True, autoincrement=False),
    Column("before", SmallInteger, primary_key=True, autoincrement=False),
    Column("batch", BigInt, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("amount", Integer, nullable=False),
)  # fmt: skip
Index("ix_label_tally_batch", label_tally.c.batch)

#: The chip that an EPC was written to, by its tag identifier in hex: at most one for each label.
label_tag = Table(
    "label_tag", metadata,
    Column("batch", BigInt, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("tid", Text, nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("idx", BigInt, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
Index("ix_label_tag_tid", label_tag.c.tid)
