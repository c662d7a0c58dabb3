"""The whole ledger: the head that several writers take turns at, and what EPCIS capture and query keep beside events.

Each part has a function that makes its tables and one that takes them away again.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from suyuan.trace.append_only import protect

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """New tables, then the triggers of all."""
    _create_head()
    protect(op.get_bind())


def downgrade() -> None:
    """Takes the new tables away; events, payloads and the log stay."""
    op.drop_table("log_head")


def _create_head() -> None:
    """One row, locked by the writer whose turn it is (PostgreSQL)."""
    op.create_table(
        "log_head",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("turn", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_head")),
    )
    op.execute("INSERT INTO log_head (id, turn) VALUES (1, 0)")
