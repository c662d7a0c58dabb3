"""Migrations: whole or not at all, once however many start them, and back again."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, inspect

from suyuan.app import migrate as migrate_module
from suyuan.app.migrate import latest_revision, migrate, require_schema
from suyuan.base.database import open_owner, open_reader, sqlite_url
from suyuan.base.errors import Unavailable

PROGRAM = """
import os, sys
from sqlalchemy import event
from suyuan.app import migrate
made = []
def killed_later(engine):
    @event.listens_for(engine, "before_cursor_execute")
    def count(connection, cursor, statement, *_):
        made.append(statement)
        if len(made) == int(sys.argv[2]):
            os.kill(os.getpid(), 9)
    return engine
opened = migrate.open_owner
migrate.open_owner = lambda url: killed_later(opened(url))
migrate.migrate(sys.argv[1])
"""


def tables(folder: Path) -> list[str]:
    """Names of all tables."""
    engine = open_reader(sqlite_url(folder))
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


@pytest.mark.parametrize("statement", [5, 12, 30])
def test_a_migration_that_was_killed_in_the_middle_is_done_again(tmp_path: Path, statement: int) -> None:
    command = [sys.executable, "-P", "-c", PROGRAM, sqlite_url(tmp_path), str(statement)]
    assert subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == -9
    assert tables(tmp_path) == []
    assert migrate(sqlite_url(tmp_path)) == latest_revision()
    assert {"event", "timeline", "act", "recall"} <= set(tables(tmp_path))


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(url: str) -> object:
        engine = open_owner(url)

        @event.listens_for(engine, "before_cursor_execute")
        def fail(connection: object, cursor: object, statement: str, *_: object) -> None:
            if "CREATE TABLE recall" in statement:
                raise OSError("the disk is full")

        return engine

    with monkeypatch.context() as patch:
        patch.setattr(migrate_module, "open_owner", failing)
        with pytest.raises(OSError, match="disk is full"):
            migrate(sqlite_url(tmp_path))
    assert tables(tmp_path) == []


def test_of_several_that_start_at_once_one_migrates(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:  # more would wait longer for the lock than SQLite is patient
        found = list(pool.map(migrate, [sqlite_url(tmp_path)] * 2))
    assert set(found) == {latest_revision()}


def test_nothing_is_locked_where_nothing_is_to_be_done(tmp_path: Path) -> None:
    migrate(sqlite_url(tmp_path))
    owner = open_owner(sqlite_url(tmp_path))
    with owner.begin():
        assert migrate(sqlite_url(tmp_path)) == latest_revision()
    owner.dispose()


def test_down_takes_everything_away_and_an_old_schema_is_said(tmp_path: Path) -> None:
    migrate(sqlite_url(tmp_path))
    for _ in range(2):
        assert migrate(sqlite_url(tmp_path), "base") == "base"
    assert set(tables(tmp_path)) <= {"alembic_version"}
    engine = open_reader(sqlite_url(tmp_path))
    with pytest.raises(Unavailable, match="the database is at schema none"):
        require_schema(engine)
    engine.dispose()
