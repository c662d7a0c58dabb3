"""The first schema: the ledger, the log and recalls.

Revision: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from suyuan.trace.append_only import protect, unprotect

revision = "0001"
down_revision = None

#: Number of hash partitions of the timeline on PostgreSQL, by thing.
TIMELINE_PARTITIONS = 16
#: Log indexes in one range partition of events and payloads on PostgreSQL.
RANGE = 10_000_000
#: How many of them are made ahead; what lies beyond goes to the default partition.
RANGES_AHEAD = 4


def upgrade() -> None:
    """Tables, partitions, triggers."""
    op.create_table(
        "act",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_act")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expires", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("revoked", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_table(
        "attr",
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("field", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("number", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("event", "field", "ordinal", name=op.f("pk_attr")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attr_field_value", "attr", ["field", "value"], unique=False)
    op.create_table(
        "capture",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("received", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture")),
        sa.UniqueConstraint("name", name=op.f("uq_capture_name")),
    )
    op.create_table(
        "capture_event",
        sa.Column("capture", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("duplicate", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("capture", "ordinal", name=op.f("pk_capture_event")),
    )
    op.create_index("ix_capture_event_event", "capture_event", ["event"], unique=False)
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "context",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_context")),
    )
    op.create_table(
        "event",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("action", sa.SmallInteger(), nullable=False),
        sa.Column("time", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("zone", sa.SmallInteger(), nullable=False),
        sa.Column("record_time", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("capture", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("declaration", sa.Boolean(), nullable=False),
        sa.Column("biz_step", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("disposition", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("read_point", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("biz_location", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("transformation", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source_possessor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("destination_possessor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source_owner", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("destination_owner", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source_location", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("destination_location", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_event")),
        postgresql_partition_by="RANGE (idx)",
    )
    op.create_index("ix_event_biz_step_time", "event", ["biz_step", "time"], unique=False)
    op.create_index("ix_event_time", "event", ["time"], unique=False)
    op.create_index(
        "ix_event_transformation",
        "event",
        ["transformation"],
        unique=False,
        sqlite_where=sa.text("transformation IS NOT NULL"),
        postgresql_where=sa.text("transformation IS NOT NULL"),
    )
    op.create_table(
        "event_id",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("declaration", sa.LargeBinary(), nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", "declaration", name=op.f("pk_event_id")),
        sa.UniqueConstraint("event", name=op.f("uq_event_id_event")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hold",
        sa.Column("thing", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("recall", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("thing", "recall", name=op.f("pk_hold")),
    )
    op.create_table(
        "hold_order",
        sa.Column("recall", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("launched", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("recall", name=op.f("pk_hold_order")),
    )
    op.create_table(
        "label",
        sa.Column("batch", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("class_key", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch", "level", "number", name=op.f("pk_label")),
        sa.UniqueConstraint("class_key", "serial", name=op.f("uq_label_class_key_serial")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "label_allocation",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("time", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("counter", sa.Text(), nullable=True),
        sa.Column("next_reference", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_label_allocation")),
        sa.UniqueConstraint("batch", "level", "first", name=op.f("uq_label_allocation_batch_level_first")),
        sa.UniqueConstraint("batch", "request", name=op.f("uq_label_allocation_batch_request")),
    )
    op.create_index("ix_label_allocation_counter", "label_allocation", ["counter", "next_reference"], unique=False)
    op.create_table(
        "label_batch",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("gtin", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("opened", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_label_batch")),
        sa.UniqueConstraint("gtin", "lot", name=op.f("uq_label_batch_gtin_lot")),
        sa.UniqueConstraint("id", name=op.f("uq_label_batch_id")),
        sa.UniqueConstraint("party", "request", name=op.f("uq_label_batch_party_request")),
    )
    op.create_table(
        "label_mark",
        sa.Column("batch", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch", "level", "number", "state", name=op.f("pk_label_mark")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "label_tag",
        sa.Column("batch", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tid", sa.Text(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("batch", "level", "number", name=op.f("pk_label_tag")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_label_tag_tid", "label_tag", ["tid"], unique=False)
    op.create_table(
        "label_tally",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("before", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("idx", "before", name=op.f("pk_label_tally")),
    )
    op.create_index("ix_label_tally_batch", "label_tally", ["batch"], unique=False)
    op.create_table(
        "label_weight",
        sa.Column("batch", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kilograms", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch", "level", "number", name=op.f("pk_label_weight")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_label_weight_parent", "label_weight", ["parent"], unique=False)
    op.create_table(
        "leaf",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_leaf")),
    )
    op.create_table(
        "master_data",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", "idx", name=op.f("pk_master_data")),
    )
    op.create_table(
        "payload",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("context", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_payload")),
        postgresql_partition_by="RANGE (idx)",
    )
    op.create_table(
        "recall",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("launched", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
    )
    op.create_table(
        "recall_item",
        sa.Column("recall", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("thing", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("carrier", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("via", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("origin", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("recall", "ordinal", name=op.f("pk_recall_item")),
    )
    op.create_table(
        "recall_lot",
        sa.Column("recall", sa.Text(), nullable=False),
        sa.Column("thing", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("container", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("since", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("recall", "thing", "ordinal", name=op.f("pk_recall_lot")),
    )
    op.create_table(
        "refused_event",
        sa.Column("capture", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("context", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("capture", "ordinal", name=op.f("pk_refused_event")),
    )
    _create_tag_jobs()
    op.create_table(
        "term",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term")),
        sa.UniqueConstraint("value", name=op.f("uq_term_value")),
    )
    op.create_table(
        "thing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("class_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thing")),
        sa.UniqueConstraint("class_id", "serial", name=op.f("uq_thing_class_id_serial")),
    )
    op.create_table(
        "thing_class",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("company_prefix_length", sa.SmallInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thing_class")),
        sa.UniqueConstraint("key", name=op.f("uq_thing_class_key")),
    )
    op.create_table(
        "tile",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "idx", name=op.f("pk_tile")),
    )
    op.create_table(
        "timeline",
        sa.Column("thing", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("role", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.SmallInteger(), nullable=False),
        sa.Column("partner", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("quantity", sa.Double(), nullable=True),
        sa.Column("uom", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("holder", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("thing", "time", "event", "role", "ordinal", name=op.f("pk_timeline")),
        postgresql_partition_by="HASH (thing)",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_timeline_event_role", "timeline", ["event", "role"], unique=False)
    op.create_index(
        "ix_timeline_partner_time",
        "timeline",
        ["partner", "time"],
        unique=False,
        sqlite_where=sa.text("partner IS NOT NULL"),
        postgresql_where=sa.text("partner IS NOT NULL"),
    )
    op.create_table(
        "voided",
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("event", "by", name=op.f("pk_voided")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _partition()
    protect(op.get_bind())


def _partition() -> None:
    for number in range(TIMELINE_PARTITIONS):
        op.execute(
            f"CREATE TABLE timeline_{number} PARTITION OF timeline"
            f" FOR VALUES WITH (MODULUS {TIMELINE_PARTITIONS}, REMAINDER {number})"
        )
    for table in ("event", "payload"):
        for number in range(RANGES_AHEAD):
            op.execute(
                f"CREATE TABLE {table}_{number} PARTITION OF {table}"
                f" FOR VALUES FROM ({number * RANGE}) TO ({(number + 1) * RANGE})"
            )
        op.execute(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT")


def _create_tag_jobs() -> None:
    op.create_table(
        "tag_intent",
        sa.Column("batch", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("job", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tid", sa.Text(), nullable=False),
        sa.Column("time", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("batch", "level", "number", "attempt", name=op.f("pk_tag_intent")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tag_intent_job", "tag_intent", ["job"], unique=False)
    op.create_table(
        "tag_job",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("batch", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("ranges", sa.Text(), nullable=False),
        sa.Column("writer", sa.Text(), nullable=False),
        sa.Column("design", sa.Text(), nullable=False),
        sa.Column("lock", sa.Boolean(), nullable=False),
        sa.Column("rewrite", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_tag_job")),
        sa.UniqueConstraint("id", name=op.f("uq_tag_job_id")),
        sa.UniqueConstraint("party", "request", name=op.f("uq_tag_job_party_request")),
    )
    op.create_index("ix_tag_job_writer", "tag_job", ["writer"], unique=False)
    op.create_table(
        "tag_job_state",
        sa.Column("job", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job", "ordinal", name=op.f("pk_tag_job_state")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tag_outcome",
        sa.Column("batch", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("fate", sa.SmallInteger(), nullable=False),
        sa.Column("tid", sa.Text(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("batch", "level", "number", "attempt", name=op.f("pk_tag_outcome")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tag_outcome_tid", "tag_outcome", ["tid"], unique=False)


def downgrade() -> None:
    """Takes everything away: the export of the ledger is the way back."""
    unprotect(op.get_bind())
    op.drop_table("voided")
    op.drop_table("timeline")
    op.drop_table("tile")
    op.drop_table("thing_class")
    op.drop_table("thing")
    op.drop_table("term")
    op.drop_table("tag_outcome")
    op.drop_table("tag_job_state")
    op.drop_table("tag_job")
    op.drop_table("tag_intent")
    op.drop_table("refused_event")
    op.drop_table("recall_lot")
    op.drop_table("recall_item")
    op.drop_table("recall")
    op.drop_table("payload")
    op.drop_table("master_data")
    op.drop_table("leaf")
    op.drop_table("label_weight")
    op.drop_table("label_tally")
    op.drop_table("label_tag")
    op.drop_table("label_mark")
    op.drop_table("label_batch")
    op.drop_table("label_allocation")
    op.drop_table("label")
    op.drop_table("hold_order")
    op.drop_table("hold")
    op.drop_table("event_id")
    op.drop_table("event")
    op.drop_table("context")
    op.drop_table("checkpoint")
    op.drop_table("capture_event")
    op.drop_table("capture")
    op.drop_table("attr")
    op.drop_table("api_key")
    op.drop_table("act")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS suyuan_append_only()")
