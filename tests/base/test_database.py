"""Engines: readers cannot write, and only databases that are supported are opened."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest
from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from suyuan.base.database import check_url, is_sqlite, open_owner, open_reader, sqlite_url
from suyuan.base.errors import InvalidSetting


def test_a_reader_reads_and_the_owner_writes(tmp_path: Path) -> None:
    owner, reader = open_owner(sqlite_url(tmp_path)), open_reader(sqlite_url(tmp_path))
    with owner.begin() as connection:
        connection.execute(text("CREATE TABLE t (a INTEGER)"))
        connection.execute(text("INSERT INTO t VALUES (1)"))
    with reader.connect() as connection:
        assert connection.execute(text("SELECT a FROM t")).scalar_one() == 1
        for attack in ("INSERT INTO t VALUES (2)", "DELETE FROM t", "DROP TABLE t", "CREATE TABLE u (a INTEGER)"):
            with pytest.raises(OperationalError, match="readonly"):
                connection.execute(text(attack))
    assert is_sqlite(reader)
    owner.dispose()
    reader.dispose()


@pytest.mark.parametrize("engine", [open_owner, open_reader])
def test_every_connection_has_its_guards_on(engine: object, tmp_path: Path) -> None:
    opened = open_owner(sqlite_url(tmp_path)) if engine is open_owner else open_reader(sqlite_url(tmp_path))
    with opened.connect() as connection:
        for pragma in ("recursive_triggers", "foreign_keys"):
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar_one() == 1
    opened.dispose()


def test_every_thread_that_carries_out_requests_finds_a_connection(tmp_path: Path) -> None:
    open_owner(sqlite_url(tmp_path)).connect().close()
    reader = open_reader(sqlite_url(tmp_path))
    with ExitStack() as stack:
        threads = int(asyncio.run(_threads()))
        connections = [stack.enter_context(reader.connect()) for _ in range(threads + 1)]
        cached = {-connection.execute(text("PRAGMA cache_size")).scalar_one() for connection in connections}
    assert max(cached) * len(connections) < 1024 * 1024  # KiB
    reader.dispose()


async def _threads() -> float:
    return to_thread.current_default_thread_limiter().total_tokens


def test_postgresql_is_spoken_to_with_the_driver_that_we_ship() -> None:
    for url in ("postgresql://u:p@h/n", "postgresql+psycopg2://u:p@h/n", "postgresql+asyncpg://u:p@h/n"):
        assert check_url(url) == "postgresql+psycopg://u:p@h/n"
    assert check_url("sqlite:///x.db") == "sqlite:///x.db"


@pytest.mark.parametrize(
    "url", ["", "x", "mysql://h/n", "oracle://h", "postgres//h", "sqlite", "http://h", "://", "\0"]
)
def test_another_database_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        check_url(url)
    assert refusal.value.place == "database"
