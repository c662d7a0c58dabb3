"""Alembic's environment: runs migrations on the connection that `suyuan.app.migrate` hands over."""

from __future__ import annotations

from alembic import context

from suyuan.app.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
