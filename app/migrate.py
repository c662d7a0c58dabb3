"""Bring a database to the present schema, or say that it isn't there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

from suyuan.base.database import check_url, open_owner, open_reader
from suyuan.base.errors import InvalidInput, Unavailable
from suyuan.trace.database_role import grant

_FOLDER = Path(__file__).resolve().parent / "migrations"
#: Number of PostgreSQL's advisory lock for migrations: any that nobody else takes, "suyuan" in ASCII.
_LOCK = int.from_bytes(b"suyuan")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def migrate(url: str, revision: str = "head") -> str:
    """Upgrade (or downgrade to ``revision``); the revision that the database is at afterwards.

    All of it is one transaction: after a crash the database is as it was, and of two that start at the same time the
    second finds nothing left to do. Where nothing is to be done, nothing is locked.
    """
    target = latest_revision() if revision == "head" else _known(revision)
    engine = open_owner(url)
    try:
        if _revision_of(url) != target:
            with engine.begin() as connection:
                _take_turn(connection)
                before = present_revision(connection) or "base"
                if before != target:
                    change = command.downgrade if _is_older(target, before) else command.upgrade
                    change(_config(connection), target)
        return target
    finally:
        engine.dispose()


def grant_to(url: str, role: str) -> None:
    """Let a PostgreSQL role do what the service needs; ``url`` is the owner's."""
    if not check_url(url).startswith("postgresql"):
        raise InvalidInput("only PostgreSQL has roles", place="--app-role")
    engine = open_owner(url)
    try:
        with engine.begin() as connection:
            grant(connection, role)
    finally:
        engine.dispose()


def _take_turn(connection: Connection) -> None:
    """Wait for another migration to end. On SQLite the transaction has waited already; the lock ends with it."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _revision_of(url: str) -> str:
    engine = open_reader(url)
    try:
        with engine.connect() as connection:
            return present_revision(connection) or "base"
    finally:
        engine.dispose()


def _known(revision: str) -> str:
    script = ScriptDirectory.from_config(_config())
    names = [step.revision for step in script.walk_revisions()] + ["base"]
    if revision not in names:
        raise InvalidInput(
            f"there is no revision {revision[:40]!r}", place="--revision", remedy=f"one of {', '.join(names)}, or head"
        )
    return revision


def latest_revision() -> str:
    """The revision that this version of Suyuan works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or "base"


def present_revision(connection: Connection) -> str | None:
    """The revision of a database, None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def require_schema(engine: Engine) -> None:
    """Raise `Unavailable` unless the database is at the latest revision."""
    with engine.connect() as connection:
        present = present_revision(connection)
    if present != latest_revision():
        raise Unavailable(
            f"the database is at schema {present or 'none'}, this version needs {latest_revision()}",
            remedy="run: suyuan migrate --database URL",
        )


def _is_older(target: str, present: str) -> bool:
    if target == "base" or present == "base":
        return target == "base"
    script = ScriptDirectory.from_config(_config())
    return any(step.revision == target for step in script.iterate_revisions(present, "base"))
