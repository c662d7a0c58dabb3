"""Attacks on what was written, as the owner of the tables and as the application's own role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql
from tests.trace.postgres.conftest import READER, WRITER, Cluster
from tests.trace.scribe import scribe_in
from tests.trace.test_append_only import fill

from suyuan.app.schema import metadata
from suyuan.trace.append_only import _GUARDED, CHANGING, FROZEN, WORKING

pytestmark = pytest.mark.postgres

TABLES = sorted(set(metadata.tables) - set(WORKING))
Connection = psycopg.Connection[tuple[Any, ...]]


def connected(cluster: Cluster, url: str) -> Iterator[Connection]:
    """A connection whose changes are all taken back."""
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def filled(cluster: Cluster, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger that the application's role has written, with rows in every table."""
    name = cluster.create(migrated)
    with scribe_in(tmp_path_factory.mktemp("filled"), cluster.url(name, WRITER)) as scribe:
        fill(scribe)
    return name


@pytest.fixture
def owner(cluster: Cluster, filled: str) -> Iterator[Connection]:
    """The owner of the tables, no superuser. Each table has a row."""
    yield from connected(cluster, cluster.url(filled))


@pytest.fixture
def writer(cluster: Cluster, filled: str) -> Iterator[Connection]:
    """The application's own role."""
    yield from connected(cluster, cluster.url(filled, WRITER))


def partitions(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table]
    )
    return [row[0] for row in rows]


def rows(connection: Connection, table: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        sql.SQL("SELECT * FROM {} AS t ORDER BY t::text").format(sql.Identifier(table))
    ).fetchall()


def attacks(connection: Connection, table: str, *, parts: bool = True) -> Iterator[str]:
    """Statements that would change or take away what stands in a table, also straight in its partitions."""
    columns = [f'"{column.name}"' for column in metadata.tables[table].columns]
    keys = ", ".join(f'"{column.name}"' for column in metadata.tables[table].primary_key.columns)
    for name in (table, *(partitions(connection, table) if parts else ())):
        yield f"TRUNCATE {name}"
        yield f"TRUNCATE {name} RESTART IDENTITY CASCADE"
        if name != table and not connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone():
            continue
        yield f"DELETE FROM {name}"
        yield f"MERGE INTO {name} AS t USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE"
        for column in columns:
            yield f"UPDATE {name} SET {column} = {column}"
            yield f"UPDATE {name} SET {column} = NULL"
    for column in columns:
        yield (
            f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1"
            f" ON CONFLICT ({keys}) DO UPDATE SET {column} = EXCLUDED.{column}"
        )


def refused(connection: Connection, attack: str) -> str:
    """What the database said to a statement; nothing when it was carried out."""
    try:
        with connection.transaction():
            connection.execute(attack)
    except (errors.RestrictViolation, errors.InsufficientPrivilege) as refusal:
        return str(refusal)
    return ""


@pytest.mark.parametrize("table", FROZEN)
def test_nothing_that_was_written_changes_or_goes(owner: Connection, table: str) -> None:
    before = rows(owner, table)
    assert before
    for attack in attacks(owner, table):
        assert f"{table} is append-only" in refused(owner, attack), attack
    assert rows(owner, table) == before


@pytest.mark.parametrize("table", _GUARDED)
def test_of_the_others_nothing_goes_and_little_changes(owner: Connection, table: str) -> None:
    before = rows(owner, table)
    assert before
    fixed = {"thing_class": (0, 1), "api_key": (0, 1, 2, 3, 4, 5, 6)}[table]
    for attack in attacks(owner, table):
        said = ""
        try:
            said = refused(owner, attack)
        except errors.NotNullViolation:
            continue
        allowed = attack.startswith(("UPDATE", "INSERT"))
        assert f"{table} is append-only" in said if said else allowed, attack
    kept = [tuple(row[place] for place in fixed) for row in rows(owner, table)]
    assert sorted(kept, key=repr) == sorted((tuple(row[place] for place in fixed) for row in before), key=repr)


def test_a_class_learns_the_length_of_its_prefix_once(owner: Connection) -> None:
    owner.execute("INSERT INTO thing_class VALUES (9999, '01/09506000999999/21', NULL)")
    learn = "UPDATE thing_class SET company_prefix_length = {} WHERE id = 9999"
    assert not refused(owner, learn.format(7))
    assert "append-only" in refused(owner, learn.format(8))


def test_a_key_is_revoked_once_and_for_good(owner: Connection) -> None:
    assert not refused(owner, "UPDATE api_key SET revoked = 5 WHERE revoked IS NULL")
    for wrong in ("revoked = NULL", "revoked = 6", "digest = 'x'"):
        assert "append-only" in refused(owner, f"UPDATE api_key SET {wrong}"), wrong


def test_the_application_may_add_and_nothing_else(writer: Connection) -> None:
    writer.execute("INSERT INTO term VALUES (9999, 'a new word')")
    for table in TABLES:
        for attack in attacks(writer, table, parts=False):
            said = refused(writer, attack)
            changing = f'"{CHANGING[table]}"' in attack if table in CHANGING else False
            assert "permission denied" in said or (changing and "append-only" in said), attack


@pytest.mark.parametrize("table", ["event", "payload", "timeline"])
def test_the_application_does_not_even_see_partitions(writer: Connection, table: str) -> None:
    column = metadata.tables[table].columns[0].name
    for partition in partitions(writer, table):
        changes = (f"DELETE FROM {partition}", f"TRUNCATE {partition}", f"UPDATE {partition} SET {column} = {column}")
        for attack in (f"INSERT INTO {partition} SELECT * FROM {table}", f"COPY {partition} FROM STDIN", *changes):
            assert "permission denied" in refused(writer, attack), attack


def test_of_working_tables_only_the_rows_are_the_applications(writer: Connection) -> None:
    for table in WORKING:
        for attack in (f"DROP TABLE {table}", f"TRUNCATE {table}", f"ALTER TABLE {table} ADD COLUMN x text"):
            assert refused(writer, attack), attack


@pytest.mark.parametrize("table", sorted({*FROZEN, *CHANGING}))
def test_a_row_that_comes_again_by_copy_replaces_nothing(writer: Connection, table: str) -> None:
    before = rows(writer, table)
    columns = ", ".join(f'"{column.name}"' for column in metadata.tables[table].columns)
    with writer.cursor() as cursor, cursor.copy(f"COPY (SELECT {columns} FROM {table}) TO STDOUT") as stored:
        data = b"".join(map(bytes, stored))
    with pytest.raises(errors.UniqueViolation):
        copy_in(writer, f"COPY {table} ({columns}) FROM STDIN", data)
    assert rows(writer, table) == before


def copy_in(connection: Connection, statement: str, data: bytes) -> None:
    """Copy rows in, in a savepoint."""
    with connection.transaction(), connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(data)


@pytest.mark.parametrize(
    "trick",
    [
        "ALTER TABLE event DISABLE TRIGGER ALL", "DROP TRIGGER event_no_delete ON event", "DROP TABLE voided",
        "SET session_replication_role = replica", "ALTER TABLE timeline DETACH PARTITION timeline_3",
        "CREATE OR REPLACE FUNCTION suyuan_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "CREATE TABLE own (id bigint)",
        "CREATE RULE forget AS ON DELETE TO voided DO INSTEAD NOTHING",
        "CREATE TRIGGER own BEFORE INSERT ON event EXECUTE FUNCTION suyuan_append_only('event')",
        "CREATE POLICY own ON event USING (true)", "ALTER TABLE payload ALTER COLUMN body DROP NOT NULL",
        "ALTER TABLE event OWNER TO CURRENT_USER", "DROP FUNCTION suyuan_add_partitions()",
        "ALTER FUNCTION suyuan_append_only() RENAME TO gone", "DROP SCHEMA public CASCADE",
        "CREATE OR REPLACE FUNCTION suyuan_add_partitions() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE log_head DISABLE TRIGGER ALL", "LOCK TABLE event IN ACCESS EXCLUSIVE MODE",
        "SET ROLE keeper", "COPY event TO PROGRAM 'cat'",
        "UPDATE pg_trigger SET tgenabled = 'D'", "CREATE EXTENSION dblink",
    ],
)  # fmt: skip
def test_the_application_cannot_take_the_protection_away(writer: Connection, trick: str) -> None:
    assert refused(writer, trick)


def test_not_even_the_owner_turns_the_triggers_off_for_a_session(owner: Connection) -> None:
    assert "permission denied" in refused(owner, "SET session_replication_role = replica")


def test_a_reader_cannot_write_at_all(cluster: Cluster, copied: str) -> None:
    for connection in connected(cluster, cluster.url(copied, READER)):
        for table in TABLES:
            assert "permission denied" in refused(connection, f"INSERT INTO {table} SELECT * FROM {table}")
