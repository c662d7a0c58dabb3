"""The writer's connection to the embedded database. Whoever opens it holds the folder's lock: there is no other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Table

from suyuan.base.database import open_reader
from suyuan.chain.store import LogReader
from suyuan.trace.write_database import KEYS, Kind, Rows, column_names, key_names

_SETUP = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA recursive_triggers=ON",
    "PRAGMA cache_size=-65536",  # KiB; more gains nothing: what falls out is in the operating system's cache
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA temp_store=MEMORY",
)


class SqliteDatabase:
    """A `WriteDatabase` over one SQLite file."""

    shared = False
    refusals = (OverflowError,)
    failures = (sqlite3.OperationalError,)

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = sqlite3.connect(path, isolation_level=None, timeout=5.0)
        for pragma in _SETUP:
            self._db.execute(pragma)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Rows:
        return self._db.execute(sql, parameters)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._db.executemany(sql, rows)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            self._db.executemany(_insert(table), rows)

    def by_keys(self, sql: str, kinds: Sequence[Kind], keys: Sequence[Sequence[Any]], *more: Any) -> Rows:
        """CROSS JOIN pins the join order: the planner cannot start from the large table."""
        columns = ", ".join(
            f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(key_names(kinds))
        )
        source = f"(SELECT {columns} FROM json_each(?)) f CROSS JOIN"  # noqa: S608 - our own names
        return self._db.execute(sql.replace(KEYS, source), (msgspec.json.encode(keys).decode(), *more))

    def begin(self) -> bool:
        self._db.execute("BEGIN IMMEDIATE")
        return False

    def commit(self) -> None:
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    @contextmanager
    def log(self) -> Iterator[LogReader]:
        engine = open_reader(f"sqlite:///{self._path}")
        try:
            with engine.connect() as connection:
                yield LogReader(connection)
        finally:
            engine.dispose()

    @contextmanager
    def signing(self) -> Iterator[None]:
        """The folder's lock, which is held already, is the fence."""
        yield

    def maintain(self, size: int) -> None:
        """Nothing: there are no partitions."""

    def close(self) -> None:
        self._db.close()


@cache
def _insert(table: Table) -> str:
    marks = ",".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({column_names(table)}) VALUES ({marks})"  # noqa: S608 - our own names
