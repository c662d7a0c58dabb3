"""The ledger's tables (DESIGN section 4).

Everything derived from a log entry hangs on ``idx``, its place in the log. Things, classes and words are dense
integers by first appearance in log order, so that a replay of the log rebuilds the same ids; no API shows them.
Bulk inserts by the writer use the driver directly, in the column order given here.
"""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import Boolean, Column, Double, Index, Integer, LargeBinary, SmallInteger, Table, Text, UniqueConstraint

from suyuan.base.database import BigInt, metadata


class Role(IntEnum):
    """How a thing takes part in an event. Only AGGREGATION roles put things into things."""

    EPC = 1  #: ObjectEvent epcList or quantityList
    PARENT = 2  #: AggregationEvent parentID
    CHILD = 3  #: AggregationEvent childEPCs or childQuantityList
    INPUT = 4  #: TransformationEvent input
    OUTPUT = 5  #: TransformationEvent output
    TRANSACTION_PARENT = 6
    TRANSACTION_EPC = 7
    ASSOCIATION_PARENT = 8
    ASSOCIATION_CHILD = 9


class Action(IntEnum):
    """EPCIS action; EMPTY is a DELETE of a parent that names no children: it takes out everything."""

    NONE = 0
    ADD = 1
    OBSERVE = 2
    DELETE = 3
    EMPTY = 4


class EventType(IntEnum):
    """The five event types of EPCIS 2.0; QuantityEvent is of 1.x, captured as an ObjectEvent and asked for by name."""

    ObjectEvent = 1
    AggregationEvent = 2
    TransactionEvent = 3
    TransformationEvent = 4
    AssociationEvent = 5
    QuantityEvent = 6


#: Words that many events share: business steps, units, transformation IDs, attribute names.
term = Table(
    "term", metadata,
    Column("id", BigInt, primary_key=True, autoincrement=False),
    Column("value", Text, nullable=False),
    UniqueConstraint("value"),
)  # fmt: skip

#: What a thing is a case of, `suyuan.gs1.names.Name.class_key`; the prefix length is what an EPC URN needs.
thing_class = Table(
    "thing_class", metadata,
    Column("id", BigInt, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("company_prefix_length", SmallInteger),
    UniqueConstraint("key"),
)  # fmt: skip

thing = Table(
    "thing", metadata,
    Column("id", BigInt, primary_key=True, autoincrement=False),
    Column("class_id", BigInt, nullable=False),
    Column("serial", Text, nullable=False),
    UniqueConstraint("class_id", "serial"),
)  # fmt: skip

#: One row for each submitted document, also of a duplicate or a refused one.
capture = Table(
    "capture", metadata,
    Column("id", BigInt, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("received", BigInt, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("body_digest", LargeBinary, nullable=False),
    Column("success", Boolean, nullable=False),
    Column("problem", Text),
    UniqueConstraint("name"),
)  # fmt: skip

Index("ix_capture_party", capture.c.party, capture.c.id)

#: The place in the log of each event of a capture; ``duplicate`` when it stood there before.
capture_event = Table(
    "capture_event", metadata,
    Column("capture", BigInt, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("event", BigInt, nullable=False),
    Column("duplicate", Boolean, nullable=False),
)  # fmt: skip

Index("ix_capture_event_event", capture_event.c.event)

#: What came under an event ID that was taken by other content: refused, and kept for audit.
refused_event = Table(
    "refused_event", metadata,
    Column("capture", BigInt, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("context", LargeBinary, nullable=False),
)  # fmt: skip

event = Table(
    "event", metadata,
    Column("idx", BigInt, primary_key=True, autoincrement=False),
    Column("type", SmallInteger, nullable=False),
    Column("action", SmallInteger, nullable=False),
    Column("time", BigInt, nullable=False),
    Column("zone", SmallInteger, nullable=False),
    Column("record_time", BigInt, nullable=False),
    Column("capture", BigInt, nullable=False),
    Column("declaration", Boolean, nullable=False),
    Column("biz_step", BigInt),
    Column("disposition", BigInt),
    Column("read_point", BigInt),
    Column("biz_location", BigInt),
    Column("transformation", BigInt),
    Column("source_possessor", BigInt),
    Column("destination_possessor", BigInt),
    Column("source_owner", BigInt),
    Column("destination_owner", BigInt),
    Column("source_location", BigInt),
    Column("destination_location", BigInt),
    postgresql_partition_by="RANGE (idx)",
)  # fmt: skip
Index("ix_event_time", event.c.time)
Index("ix_event_record_time", event.c.record_time)
Index("ix_event_biz_step_time", event.c.biz_step, event.c.time)
Index("ix_event_transformation", event.c.transformation, sqlite_where=event.c.transformation.is_not(None),
      postgresql_where=event.c.transformation.is_not(None))  # fmt: skip

for _column in (event.c.disposition, event.c.read_point, event.c.biz_location, event.c.destination_possessor):
    # What an event does not have takes no place in these: that is most of them, of handings over nearly all.
    Index(f"ix_event_{_column.name}_time", _column, event.c.time, sqlite_where=_column.is_not(None),
          postgresql_where=_column.is_not(None))  # fmt: skip

#: The exact bytes of each event. Nothing erases them yet: one that is gone was taken away behind the ledger's back.
payload = Table(
    "payload", metadata,
    Column("idx", BigInt, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary),
    Column("body", LargeBinary),
    Column("context", LargeBinary, nullable=False),
    postgresql_partition_by="RANGE (idx)",
)  # fmt: skip

#: Each @context once, by its SHA-256.
context = Table(
    "context", metadata,
    Column("digest", LargeBinary, primary_key=True), Column("body", LargeBinary, nullable=False),
)  # fmt: skip

#: The trace index: every question about lifecycles is answered from these rows.
#: ``partner`` is the parent of a child and the lot of an instance; ``place`` is the business location, else the read
#: point.
timeline = Table(
    "timeline", metadata,
    Column("thing", BigInt, primary_key=True, autoincrement=False),
    Column("time", BigInt, primary_key=True, autoincrement=False),
    Column("event", BigInt, primary_key=True, autoincrement=False),
    Column("role", SmallInteger, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("action", SmallInteger, nullable=False),
    Column("partner", BigInt),
    Column("quantity", Double),
    Column("uom", BigInt),
    Column("place", BigInt),
    Column("holder", BigInt),
    sqlite_with_rowid=False,
    postgresql_partition_by="HASH (thing)",
)  # fmt: skip
Index("ix_timeline_event_role", timeline.c.event, timeline.c.role)
Index("ix_timeline_partner_time", timeline.c.partner, timeline.c.time, sqlite_where=timeline.c.partner.is_not(None),
      postgresql_where=timeline.c.partner.is_not(None))  # fmt: skip

#: Values of lists, quantities, ILMD, extensions and sensor reports, for queries: `suyuan.trace.attributes`.
attr = Table(
    "attr", metadata,
    Column("event", BigInt, primary_key=True, autoincrement=False),
    Column("field", BigInt, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("value", Text),
    Column("number", Double),
    sqlite_with_rowid=False,
)  # fmt: skip
Index("ix_attr_field_value", attr.c.field, attr.c.value)
Index("ix_attr_field_number", attr.c.field, attr.c.number, sqlite_where=attr.c.number.is_not(None),
      postgresql_where=attr.c.number.is_not(None))  # fmt: skip

#: One row per event ID and error declaration. ``key`` is SHA-256 of the ID, ``content`` of the CBV pre-hash;
#: ``name`` is the ID itself where the source gave one, else it is the CBV hash in ``content``.
event_id = Table(
    "event_id", metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("declaration", LargeBinary, primary_key=True),
    Column("event", BigInt, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("name", Text),
    UniqueConstraint("event"),
    sqlite_with_rowid=False,
)  # fmt: skip

#: ``event`` was declared erroneous by the event ``by`` of a same submitter (`suyuan.trace.voiding`); a declaration
#: voids itself, so lifecycles leave both out.
voided = Table(
    "voided", metadata,
    Column("event", BigInt, primary_key=True, autoincrement=False),
    Column("by", BigInt, primary_key=True, autoincrement=False),
)  # fmt: skip

#: Administrative acts, each one a leaf of the log: keys, master data, recalls.
act = Table(
    "act", metadata,
    Column("idx", BigInt, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("time", BigInt, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)  # fmt: skip

#: Versions of master data: ``kind`` is party, site or product, ``key`` a canonical name, ``body`` JSON.
master_data = Table(
    "master_data", metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("idx", BigInt, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)  # fmt: skip

#: API keys, hashed. Not part of the log's content: the acts that add and revoke them are.
api_key = Table(
    "api_key", metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("created", BigInt, nullable=False),
    Column("expires", BigInt),
    Column("revoked", BigInt),
)  # fmt: skip

#: Rules that events of a key may break (`suyuan.epcis.leniency`); keys without a row are strict.
lenient_key = Table(
    "lenient_key", metadata,
    Column("id", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
)  # fmt: skip

#: What a captured event was forgiven: ``ordinal`` in its document, ``number`` among its faults, JSON pointer, rule.
forgiven_fault = Table(
    "forgiven_fault", metadata,
    Column("capture", BigInt, primary_key=True, autoincrement=False),
    Column("ordinal", BigInt, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("place", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("detail", Text, nullable=False),
)  # fmt: skip

#: What must be stopped: written by recalls, read by gates, tills and pages. ``carrier``: not affected itself.
hold = Table(
    "hold", metadata,
    Column("thing", BigInt, primary_key=True, autoincrement=False),
    Column("recall", Text, primary_key=True),
    Column("carrier", Boolean, nullable=False),
    Column("since", BigInt, nullable=False),
    Column("idx", BigInt, nullable=False),
)  # fmt: skip

#: Why something is held, once for each recall, in the regulator's words.
hold_order = Table(
    "hold_order",
    metadata,
    Column("recall", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("launched", BigInt, nullable=False),
    Column("idx", BigInt, nullable=False),
)

#: One row: whose turn it is to write. On PostgreSQL a writer locks it for each group and counts it up, so that one who
#: finds a higher count than it left knows that others have written. SQLite has one writer and leaves it alone.
log_head = Table(
    "log_head", metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("turn", BigInt, nullable=False),
)  # fmt: skip
