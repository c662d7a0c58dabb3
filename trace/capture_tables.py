"""What large documents and documents with faults have beside their row of `capture` (DESIGN section 4)."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text

from suyuan.base.database import BigInt, metadata
from suyuan.trace.tables import capture

#: One row for each document that is captured in the background, and for each that lets bad events be left out. The
#: counters say where a job goes on after a crash; once ``finished`` is there nothing changes any more.
capture_job = Table(
    "capture_job", metadata,
    Column("capture", BigInt, primary_key=True, autoincrement=False),
    Column("proceed", Boolean, nullable=False),
    #: `suyuan.trace.capture_job.State`.
    Column("state", SmallInteger, nullable=False),
    #: Events looked at by the first pass, events passed by the second, faults found.
    Column("checked", BigInt, nullable=False),
    Column("stored", BigInt, nullable=False),
    Column("faults", BigInt, nullable=False),
    #: Microseconds UTC.
    Column("finished", BigInt),
)  # fmt: skip
Index("ix_capture_job_state", capture_job.c.state)

#: What was wrong with a document or with events of it; ``body`` is a problem (RFC 9457) as JSON.
capture_fault = Table(
    "capture_fault", metadata,
    Column("capture", BigInt, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)  # fmt: skip

#: Event IDs that a large document has been promised between its first pass and the storing of the event.
capture_reservation = Table(
    "capture_reservation", metadata,
    Column("capture", BigInt, primary_key=True, autoincrement=False),
    Column("ordinal", BigInt, primary_key=True, autoincrement=False),
    #: As in `event_id`.
    Column("key", LargeBinary, nullable=False),
    Column("declaration", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
)  # fmt: skip
Index("ix_capture_reservation_key", capture_reservation.c.key)

#: The jobs of one key, the latest first.
Index("ix_capture_key", capture.c.key_id, capture.c.id)
