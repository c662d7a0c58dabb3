"""The whole ledger: the head that several writers take turns at, and what EPCIS capture and query keep beside events.

Each part has a function that makes its tables and one that takes them away again.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from suyuan.trace.append_only import protect, unprotect
from suyuan.trace.attribute_rebuild import rebuild_attributes
from suyuan.trace.partitions import create_function, drop_function

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """New tables, then the triggers of all."""
    _create_head()
    if op.get_bind().dialect.name == "postgresql":
        create_function(op.get_bind())
    _create_vocabularies()
    _create_subscriptions()
    _create_named_queries()
    _create_event_indexes()
    _create_capture_jobs()
    unprotect(op.get_bind())
    _change_queries()
    _create_leniency()
    protect(op.get_bind())


def downgrade() -> None:
    """Takes the new tables away; events, payloads and the log stay."""
    for table in ("vocabulary_child", "vocabulary_attribute", "vocabulary_element"):
        op.drop_table(table)
    op.drop_index("ix_capture_party", "capture")
    for column in _FOUND_BY:
        op.drop_index(f"ix_event_{column}_time", "event")
    for table in ("ended_page_token", "named_query_deleted", "named_query"):
        op.drop_table(table)
    for table in ("subscription_state", "subscription_ended", "subscription"):
        op.drop_table(table)
    for index, table in _QUERY_INDEXES:
        op.drop_index(index, table)
    for table in ("forgiven_fault", "lenient_key"):
        op.drop_table(table)
    op.drop_index("ix_capture_key", "capture")
    for table in ("capture_reservation", "capture_fault", "capture_job"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        drop_function(op.get_bind())
    op.drop_table("log_head")


_QUERY_INDEXES = (("ix_event_record_time", "event"), ("ix_attr_field_number", "attr"))


def _change_queries() -> None:
    """Indexes that queries read along, and what is compared beside the events' columns, anew from their bytes."""
    op.create_index("ix_event_record_time", "event", ["record_time"])
    counted = sa.column("number").is_not(None)
    op.create_index("ix_attr_field_number", "attr", ["field", "number"], sqlite_where=counted, postgresql_where=counted)
    rebuild_attributes(op.get_bind())


def _create_head() -> None:
    """One row, locked by the writer whose turn it is (PostgreSQL)."""
    op.create_table(
        "log_head",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("turn", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_head")),
    )
    op.execute("INSERT INTO log_head (id, turn) VALUES (1, 0)")


def _create_vocabularies() -> None:
    """Master data: elements of EPCIS vocabularies, their attributes and children."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "vocabulary_element",
        sa.Column("id", number, autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("class_key", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("idx", number, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vocabulary_element")),
        sa.UniqueConstraint(
            "class_key",
            "serial",
            "type",
            "owner",
            "idx",
            name=op.f("uq_vocabulary_element_class_key_serial_type_owner_idx"),
        ),
    )
    op.create_index("ix_vocabulary_element_type_idx", "vocabulary_element", ["type", "idx"], unique=False)
    op.create_table(
        "vocabulary_attribute",
        sa.Column("element", number, autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("element", "ordinal", name=op.f("pk_vocabulary_attribute")),
    )
    op.create_index(
        "ix_vocabulary_attribute_attribute_value", "vocabulary_attribute", ["attribute", "value"], unique=False
    )
    op.create_table(
        "vocabulary_child",
        sa.Column("element", number, autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("class_key", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("element", "ordinal", name=op.f("pk_vocabulary_child")),
    )


def _create_subscriptions() -> None:
    """Subscriptions to standing queries, and how far each has come."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "subscription",
        sa.Column("idx", number, autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("query_name", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("created", number, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_subscription")),
    )
    op.create_index("ix_subscription_owner_id", "subscription", ["owner", "id"], unique=False)
    op.create_table(
        "subscription_ended",
        sa.Column("subscription", number, autoincrement=False, nullable=False),
        sa.Column("idx", number, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subscription", name=op.f("pk_subscription_ended")),
    )
    op.create_table(
        "subscription_state",
        sa.Column("subscription", number, autoincrement=False, nullable=False),
        sa.Column("position", number, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subscription", name=op.f("pk_subscription_state")),
    )


def _create_named_queries() -> None:
    """Named queries, and page tokens that were given back."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "named_query",
        sa.Column("idx", number, autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", number, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_named_query")),
    )
    op.create_index("ix_named_query_owner_name", "named_query", ["owner", "name"], unique=False)
    op.create_table(
        "named_query_deleted",
        sa.Column("query", number, autoincrement=False, nullable=False),
        sa.Column("idx", number, nullable=False),
        sa.PrimaryKeyConstraint("query", name=op.f("pk_named_query_deleted")),
    )
    op.create_table(
        "ended_page_token",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires", number, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_ended_page_token")),
    )


#: Columns of events that queries and collections begin at.
_FOUND_BY = ("disposition", "read_point", "biz_location", "destination_possessor")


def _create_event_indexes() -> None:
    """Where queries, collections and what a firm may see begin."""
    op.create_index("ix_capture_party", "capture", ["party", "id"], unique=False)
    for column in _FOUND_BY:
        present = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_event_{column}_time",
            "event",
            [column, "time"],
            unique=False,
            sqlite_where=present,
            postgresql_where=present,
        )


def _create_capture_jobs() -> None:
    """Documents that are captured in the background, faults of documents, promised event IDs."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "capture_job",
        sa.Column("capture", number, autoincrement=False, nullable=False),
        sa.Column("proceed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("checked", number, nullable=False),
        sa.Column("stored", number, nullable=False),
        sa.Column("faults", number, nullable=False),
        sa.Column("finished", number, nullable=True),
        sa.PrimaryKeyConstraint("capture", name=op.f("pk_capture_job")),
    )
    op.create_index("ix_capture_job_state", "capture_job", ["state"], unique=False)
    op.create_table(
        "capture_fault",
        sa.Column("capture", number, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("capture", "number", name=op.f("pk_capture_fault")),
    )
    op.create_table(
        "capture_reservation",
        sa.Column("capture", number, autoincrement=False, nullable=False),
        sa.Column("ordinal", number, autoincrement=False, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("declaration", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("capture", "ordinal", name=op.f("pk_capture_reservation")),
    )
    op.create_index("ix_capture_reservation_key", "capture_reservation", ["key"], unique=False)
    op.create_index("ix_capture_key", "capture", ["key_id", "id"], unique=False)


def _create_leniency() -> None:
    """Which rules a source may break, and what it was forgiven."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "lenient_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "rule", name=op.f("pk_lenient_key")),
    )
    op.create_table(
        "forgiven_fault",
        sa.Column("capture", number, autoincrement=False, nullable=False),
        sa.Column("ordinal", number, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("capture", "ordinal", "number", name=op.f("pk_forgiven_fault")),
    )
