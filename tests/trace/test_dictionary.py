"""Ids of words, classes and things: dense, in order of first appearance, whatever the caches forget."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from suyuan.gs1.names import Name
from suyuan.trace import dictionary
from suyuan.trace.dictionary import Dictionary
from suyuan.trace.sqlite_database import SqliteDatabase


@pytest.fixture
def db(folder: Path) -> Iterator[SqliteDatabase]:
    with closing(SqliteDatabase(folder / "suyuan.db")) as opened:
        yield opened


def name(product: int, serial: int, length: int | None = None) -> Name:
    return Name(f"01/{product:014d}/21", str(serial), length)


def ids(db: SqliteDatabase, table: str) -> list[int]:
    return [row[0] for row in db.execute(f"SELECT id FROM {table} ORDER BY id")]


@pytest.mark.parametrize("entries", [3, 400_000])
def test_ids_are_dense_and_in_order_of_first_appearance(
    db: SqliteDatabase, entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dictionary, "_CACHE_ENTRIES", entries)
    chance, words, met = random.Random(3), Dictionary(db), dict[tuple[str, str], int]()
    spoken: dict[str, int] = {}
    for _ in range(60):
        names = [name(chance.randint(1, 9), chance.randint(1, 20)) for _ in range(chance.randint(1, 8))]
        found = words.things(names)
        for one in names:
            key = one[:2]
            assert found[one] == met.setdefault(key, len(met) + 1)
        word = f"word {chance.randint(1, 12)}"
        assert words.term(word) == spoken.setdefault(word, len(spoken) + 1)
    for table, count in (("thing", len(met)), ("term", len(spoken)), ("thing_class", 9)):
        assert ids(db, table) == list(range(1, count + 1))


def test_a_rollback_takes_the_ids_back(db: SqliteDatabase) -> None:
    words = Dictionary(db)
    words.things([name(1, 1)])
    db.execute("BEGIN")
    assert words.things([name(2, 2)])[name(2, 2)] == 2
    assert words.term("x") == 1
    db.execute("ROLLBACK")
    words.forget()
    assert words.things([name(3, 3)])[name(3, 3)] == 2
    assert words.term("y") == 1
    assert ids(db, "thing") == [1, 2]


def test_one_thing_under_two_writings_is_one_thing_and_the_length_of_the_prefix_is_learned(
    db: SqliteDatabase,
) -> None:
    words = Dictionary(db)
    first = words.things([name(1, 1)])[name(1, 1)]
    assert db.execute("SELECT company_prefix_length FROM thing_class").fetchall() == [(None,)]
    assert words.things([name(1, 1, 7)])[name(1, 1, 7)] == first
    assert db.execute("SELECT company_prefix_length FROM thing_class").fetchall() == [(7,)]
    words.things([name(1, 1, 8)])
    assert db.execute("SELECT company_prefix_length FROM thing_class").fetchall() == [(7,)]


def test_no_word_is_none(db: SqliteDatabase) -> None:
    assert Dictionary(db).term(None) is None
    assert ids(db, "term") == []


@pytest.mark.parametrize("serial", ["'", '"', "\\", "%00", "é", "\U0001f437", "]", "1e5", "null", " "])
def test_serials_are_taken_as_they_are(db: SqliteDatabase, serial: str) -> None:
    one = Name("uri", serial, None)
    assert Dictionary(db).things([one])[one] == 1
    assert Dictionary(db).things([one])[one] == 1, "found again without a cache"
    assert db.execute("SELECT serial FROM thing").fetchall() == [(serial,)]
