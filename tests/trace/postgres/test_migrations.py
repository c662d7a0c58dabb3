"""The one schema on PostgreSQL: up, down, up again, with rows in between; whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, event, inspect, text
from sqlalchemy.exc import DatabaseError
from tests.trace.postgres import questions
from tests.trace.postgres.conftest import Cluster, Engines
from tests.trace.postgres.told import Told

from suyuan.app import migrate as migrate_module
from suyuan.app.migrate import latest_revision, migrate, require_schema
from suyuan.app.schema import metadata
from suyuan.base.database import open_owner, open_reader, sqlite_url
from suyuan.base.errors import Unavailable
from suyuan.base.identity import Role
from suyuan.trace.append_only import WORKING
from suyuan.trace.view import open_view

pytestmark = pytest.mark.postgres

#: Beginnings of questions about tables that the newest step makes.
_NEWEST = ("master data", "vocabularies")
_PARTITIONS = """
SELECT parent.relname, child.relname FROM pg_inherits
JOIN pg_class parent ON parent.oid = inhparent JOIN pg_class child ON child.oid = inhrelid
WHERE parent.relkind = 'p'
"""


def partitions(engine: Engine) -> dict[str, set[str]]:
    """Names of partitions by table."""
    found: dict[str, set[str]] = {}
    with engine.connect() as connection:
        for table, partition in connection.execute(text(_PARTITIONS)):
            found.setdefault(table, set()).add(partition)
    return found


def differences(engine: Engine) -> list[Any]:
    """Between the metadata and what stands in the database, the partitions aside."""
    known = set(metadata.tables)

    def ours(name: str | None, kind: str, parents: Any) -> bool:
        return kind != "table" or name in known

    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_name": ours}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def tables(engine: Engine) -> set[str]:
    """Names of all tables, partitions among them."""
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def counts(engine: Engine) -> dict[str, int]:
    """Rows in each table of the ledger's truth."""
    names = set(metadata.tables) - set(WORKING)
    with engine.connect() as connection:
        return {name: connection.execute(text(f"SELECT COUNT(*) FROM {name}")).scalar_one() for name in names}


def test_the_migrated_schema_is_that_of_the_metadata(cluster: Cluster, database: str, engines: Engines) -> None:
    assert differences(engines(cluster.url(database))) == []


def test_so_it_is_on_sqlite(tmp_path: Path, engines: Engines) -> None:
    migrate(sqlite_url(tmp_path))
    assert differences(engines(sqlite_url(tmp_path))) == []


def test_tables_that_grow_have_partitions(cluster: Cluster, database: str, engines: Engines) -> None:
    found = partitions(engines(cluster.url(database)))
    assert {table: len(parts) for table, parts in found.items()} == {"timeline": 16, "event": 5, "payload": 5}


def test_rows_find_their_partitions(cluster: Cluster, copied: str, engines: Engines) -> None:
    with engines(cluster.url(copied)).connect() as connection:
        spread = connection.execute(text("SELECT COUNT(DISTINCT tableoid) FROM timeline")).scalar_one()
        beyond = connection.execute(text("SELECT COUNT(*) FROM event_rest")).scalar_one()
    assert spread > 8
    assert beyond == 0


def test_down_and_up_again_with_rows(cluster: Cluster, database: str, told: Told, engines: Engines) -> None:
    url = cluster.url(database)
    told.copy_to(url)
    engine = engines(url)
    before = counts(engine)
    assert before["event"] > 80
    assert migrate(url, "base") == "base"
    assert tables(engine) == set()
    with engine.connect() as connection:
        left = "SELECT COUNT(*) FROM pg_proc WHERE proname LIKE 'suyuan%'"
        assert connection.execute(text(left)).scalar_one() == 0
    assert migrate(url) == latest_revision()
    assert set(counts(engine).values()) == {0}
    assert differences(engine) == []
    assert len(partitions(engine)) == 3
    told.copy_to(url)
    assert counts(engine) == before


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_ledger_answers_the_same_after_the_newest_step_was_taken_back_and_done_again(
    kind: str, request: pytest.FixtureRequest, told: Told, tmp_path: Path, engines: Engines
) -> None:
    if kind == "sqlite":
        shutil.copy(told.folder / "suyuan.db", tmp_path)
        url = sqlite_url(tmp_path)
    else:
        url = request.getfixturevalue("cluster").url(request.getfixturevalue("database"))
        told.copy_to(url)
    engine = engines(url)
    before = answers(url, told)
    assert len(before) > 60
    for revision in ("0001", "head", "0001", "head"):
        migrate(url, revision)
    assert answers(url, told) == before
    assert differences(engine) == []
    with engine.connect() as connection, pytest.raises(DatabaseError, match="event is append-only"):
        connection.execute(text("DELETE FROM event"))


@contextmanager
def closing_engine(engine: Engine) -> Iterator[Engine]:
    """Lets its connections go."""
    try:
        yield engine
    finally:
        engine.dispose()


def answers(url: str, told: Told) -> dict[str, bytes]:
    """What a ledger says about recalls, labels, tag jobs, its log and its lifecycles.

    The tables of the newest step go with it: vocabularies are not asked for.
    """
    actors = [told.actor(Role.PRODUCER)]
    with closing_engine(open_reader(url)) as engine, open_view(engine) as view:
        found = dict(questions.recalls(view)) | dict(questions.log(view)) | dict(questions.dictionary(view))
        found |= dict(questions.labels(view, actors)) | dict(questions.tag_jobs(view, actors))
        found |= dict(questions.lifecycles(view, told.policy, actors, 12))
    return {question: answer for question, answer in found.items() if not question.startswith(_NEWEST)}


def test_a_migration_that_fails_leaves_nothing_behind(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, engines: Engines
) -> None:
    def failing(url: str) -> Engine:
        engine = open_owner(url)

        @event.listens_for(engine, "before_cursor_execute")
        def fail(connection: object, cursor: object, statement: str, *_: object) -> None:
            if "CREATE TRIGGER recall_no_delete" in statement:
                raise OSError("the disk is full")

        return engine

    url = cluster.url(cluster.create())
    with monkeypatch.context() as patch:
        patch.setattr(migrate_module, "open_owner", failing)
        with pytest.raises(OSError, match="disk is full"):
            migrate(url)
    assert tables(engines(url)) == set()


def test_of_several_that_start_at_once_one_migrates(cluster: Cluster) -> None:
    url = cluster.url(cluster.create())
    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(migrate, [url] * 3)) == {latest_revision()}


def test_a_database_without_schema_is_said(cluster: Cluster, engines: Engines) -> None:
    with pytest.raises(Unavailable, match="the database is at schema none"):
        require_schema(engines(cluster.url(cluster.create())))
