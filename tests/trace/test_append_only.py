"""Attacks on what was written, as the application's own database user (SQLite; PostgreSQL is in test_postgres)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.labels.rows import print_some
from tests.trace.scribe import Scribe, declared, object_event, scribe_in

from suyuan.app.migrate import migrate
from suyuan.app.schema import metadata
from suyuan.base.database import sqlite_url
from suyuan.base.identity import ApiKey, Role
from suyuan.epcis.vocabulary_elements import Element
from suyuan.regulators.recall_operation import RecallOpened, ScopeItem, ScopePart
from suyuan.trace.acts import KeyAdded, MasterDataChanged
from suyuan.trace.append_only import _GUARDED, FROZEN, WORKING
from suyuan.trace.master_data import MasterData, Party
from suyuan.trace.named_queries import Definition, QueryDeleted, QueryStored
from suyuan.trace.subscriptions import Subscribed, Terms, Unsubscribed
from suyuan.trace.vocabularies import VocabularyChanged

TABLES = sorted(set(metadata.tables) - set(WORKING))


def fill(scribe: Scribe) -> None:
    """At least one row in every table."""
    event = object_event(1, eventID="urn:uuid:a", **{"x:n": 1}, **{"@context": {"x": "https://x.example/"}})
    scribe.capture(event)
    scribe.capture(declared(event))
    scribe.capture(object_event(2, eventID="urn:uuid:a"))
    scribe.capture(object_event(*range(100)))
    for serial in range(300):
        scribe.capture(object_event(serial, eventID=f"urn:x:{serial}"))
    scribe.call(
        "key-added", KeyAdded("setup", ApiKey("k1", "n", Role.DEVICE, "", b"\1" * 32, 1, None, None, ("unit",)))
    )
    scribe.capture(object_event(1, bizStep="transforming"), lenient=("vocabulary",))
    party = Party("https://id.gs1.org/417/9521321000010", {"en": "one"})
    scribe.call("master-data-changed", MasterDataChanged("k1", MasterData([party])))
    element = Element("urn:x:type", "urn:x:a", (("urn:x:b", "c"),), ("urn:x:d",))
    scribe.call("vocabulary-changed", VocabularyChanged("k1", "", [element]))
    scribe.call("sign", None)
    item = ScopeItem(1, False, 0, 5, 0, None)
    part = ScopePart(1, "https://id.gs1.org/414/9521321000010", None, 5)
    scribe.call("recall-opened", RecallOpened("k1", "R1", "urn:x:y", None, "why", 1, "note", [item], [part], "00"))
    print_some(scribe, "k1", "p")
    terms = Terms(query_name="q", parameters={}, dest="https://firm.example/hook", stream=True)
    scribe.call("subscribed", Subscribed(actor="k1", owner="key:k1", id="s", terms=terms, token="t"))
    ((subscription,),) = scribe.rows("SELECT idx FROM subscription")
    scribe.call("unsubscribed", Unsubscribed(actor="k1", idx=subscription, reason="over"))
    scribe.call("query-stored", QueryStored("k1", "key:k1", "q", Definition({"EQ_bizStep": ["shipping"]})))
    ((query,),) = scribe.rows("SELECT idx FROM named_query")
    scribe.call("query-deleted", QueryDeleted("k1", "key:k1", "q", query))
    for table in TABLES:
        assert scribe.rows(f"SELECT COUNT(*) FROM {table}") > [(0,)], table


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with rows in every table."""
    folder = tmp_path_factory.mktemp("filled")
    migrate(sqlite_url(folder))
    with scribe_in(folder) as scribe:
        fill(scribe)
    return (folder / "suyuan.db").read_bytes()


@pytest.fixture
def db(tmp_path: Path, filled: bytes) -> Iterator[sqlite3.Connection]:
    """A connection that may write, set up as the writer's."""
    (tmp_path / "suyuan.db").write_bytes(filled)
    connection = sqlite3.connect(tmp_path / "suyuan.db", isolation_level=None)
    connection.execute("PRAGMA recursive_triggers=ON")
    yield connection
    connection.close()


def dump(db: sqlite3.Connection, table: str) -> list[Any]:
    return db.execute(f"SELECT * FROM {table}").fetchall()


def columns(table: str) -> list[str]:
    return [f'"{column.name}"' for column in metadata.tables[table].columns]


def attacks(db: sqlite3.Connection, table: str) -> Iterator[str]:
    """Statements that would change or take away what stands in a table."""
    yield f"DELETE FROM {table}"
    for column in columns(table):
        yield f"UPDATE {table} SET {column} = CASE typeof({column}) WHEN 'text' THEN {column} || 'x' ELSE 77 END"
        yield f"UPDATE OR REPLACE {table} SET {column} = 77"
        yield f"UPDATE OR IGNORE {table} SET {column} = {column}"
    yield f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
    yield f"REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"
    keys = [f'"{column.name}"' for column in metadata.tables[table].primary_key.columns]
    first = columns(table)[-1]
    yield (
        f"INSERT INTO {table} SELECT * FROM {table} WHERE true"
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {first} = {first}"
    )


def refused(db: sqlite3.Connection, attack: str) -> str:
    """What the database said to a statement; nothing when it was carried out."""
    try:
        db.execute(attack)
    except sqlite3.IntegrityError as refusal:
        return str(refusal)
    return ""


def test_every_table_is_guarded_or_said_to_be_a_working_table() -> None:
    assert sorted((*FROZEN, *_GUARDED, *WORKING)) == sorted(metadata.tables)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_that_was_written_changes_or_goes(db: sqlite3.Connection, table: str) -> None:
    before = dump(db, table)
    for attack in attacks(db, table):
        refusal = refused(db, attack)
        assert f"{table} is append-only" in refusal if refusal else table in _GUARDED, attack
        allowed = {"thing_class": 2, "api_key": 7}.get(table)
        after = dump(db, table)
        assert len(after) == len(before), attack
        if allowed is None:
            assert after == before, attack
        else:
            assert [row[:allowed] for row in after] == [row[:allowed] for row in before], attack


def test_a_class_learns_the_length_of_its_prefix_once(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO thing_class VALUES (9999, '01/09506000134369/21', NULL)")
    db.execute("UPDATE thing_class SET company_prefix_length = 7 WHERE id = 9999")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute("UPDATE thing_class SET company_prefix_length = 8 WHERE id = 9999")


def test_a_key_is_revoked_once_and_for_good(db: sqlite3.Connection) -> None:
    db.execute("UPDATE api_key SET revoked = 5")
    for wrong in ("revoked = NULL", "revoked = 6", "digest = x'00'"):
        with pytest.raises(sqlite3.IntegrityError, match="api_key is append-only"):
            db.execute(f"UPDATE api_key SET {wrong}")


def test_triggers_are_back_after_a_migration_down_and_up(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    for revision in ("head", "base", "head"):
        migrate(url, revision)
    with scribe_in(tmp_path) as scribe:
        fill(scribe)
    db = sqlite3.connect(tmp_path / "suyuan.db")
    for table in TABLES:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(f"DELETE FROM {table}")
    db.close()


def test_a_reader_cannot_write_at_all(scribe: Scribe) -> None:
    with scribe.engine.connect() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("INSERT INTO term VALUES (1, 'x')")


def test_the_writers_own_connection_fires_triggers_on_replace(scribe: Scribe) -> None:
    assert scribe.writer._db.execute("PRAGMA recursive_triggers").fetchone() == (1,)
    scribe.capture(object_event(1))
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        scribe.writer._db.execute("INSERT OR REPLACE INTO term SELECT * FROM term")
    assert msgspec.json.encode(scribe.events()[0].body)
