"""The writer's connection to PostgreSQL, where writers of several processes and machines take turns.

Who writes holds the lock on the one row of ``log_head`` until its commit. The row counts turns, so that a writer which
finds another count than it left knows that others have written meanwhile. A connection that is lost is opened again at
the next turn; what was not committed then is gone, and whether a commit that was cut off has happened is seen from the
count like anyone else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from typing import Any, Final, cast

import psycopg
import structlog
from sqlalchemy import BigInteger, Boolean, Connection, Double, Integer, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.types import TypeEngine

from suyuan.base.database import open_owner
from suyuan.base.errors import Unavailable
from suyuan.chain.store import LogReader
from suyuan.trace.partitions import ADD
from suyuan.trace.write_database import KEYS, Kind, Rows, column_names, key_names

log = structlog.get_logger(__name__)

#: What each session is told. A writer that hangs in its turn loses it, and one that waits in vain says so; a commit
#: that was answered is on disk, whatever the server's default is.
_SETUP: Final = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    "SET lock_timeout = '20s'",
    "SET idle_in_transaction_session_timeout = '30s'",
    "SET application_name = 'suyuan writer'",
)
_TURN: Final = "SELECT turn FROM log_head WHERE id = 1 FOR UPDATE"
#: Number of the advisory lock of the one who signs: any that nobody else takes, "signer" in ASCII.
_SIGNER: Final = int.from_bytes(b"signer")
#: So many rows are inserted, more are copied: COPY needs round trips of its own, arrays are slow to write.
_FEW = 8
#: Leaves between two looks whether partitions must be made.
_LOOK_EVERY = 100_000
#: The driver's names of column types for COPY in binary; BigInteger before Integer, its base.
_COPIED: Final[dict[type[TypeEngine[Any]], str]] = {
    BigInteger: "int8", SmallInteger: "int2", Integer: "int4", Text: "text", LargeBinary: "bytea", Boolean: "bool",
    Double: "float8",
}  # fmt: skip


_Driver = psycopg.Connection[tuple[Any, ...]]


class PostgresDatabase:
    """A `WriteDatabase` over one connection to PostgreSQL, which is opened when it is first needed."""

    shared = True
    refusals = (psycopg.DataError,)
    failures = (
        psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError,
        psycopg.errors.IdleInTransactionSessionTimeout, psycopg.errors.ReadOnlySqlTransaction,
    )  # fmt: skip

    def __init__(self, url: str) -> None:
        self._engine = open_owner(url)
        self._connection: Connection | None = None
        self._raw: _Driver | None = None
        #: A transaction is open: a connection that is lost now must not be replaced before the rollback.
        self._within = False
        self._turn = -1
        self._look_at = 0
        #: Inserts of a few rows that nothing has asked for yet.
        self._waiting: list[tuple[bytes, list[Any] | None]] = []

    def _driver(self) -> _Driver:
        """The driver's connection; between transactions a lost one is replaced."""
        if self._raw is None or (self._raw.closed and not self._within):
            self._drop()
            self._raw = self._connect()
        return self._raw

    def _connect(self) -> _Driver:
        self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        raw: Any = self._connection.connection.driver_connection
        for statement in _SETUP:
            raw.execute(statement)
        self._turn = -1
        return cast("_Driver", raw)

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(DBAPIError, psycopg.Error):
                self._connection.invalidate()
                self._connection.close()
        self._connection = self._raw = None

    def _send(self) -> None:
        """Carry out the inserts that wait, before anything that may read or follow them."""
        if self._waiting:
            driver = self._driver()
            with driver.pipeline():
                for statement, columns in self._waiting:
                    driver.execute(statement, columns)
            self._waiting.clear()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Rows:
        self._send()
        return self._driver().execute(_translated(sql), parameters)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._send()
        with self._driver().cursor() as cursor:
            cursor.executemany(_translated(sql), rows)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """COPY, in binary: a quarter of the time that INSERT takes. A few rows wait, and go with others in one trip."""
        if not rows:
            return
        if len(rows) <= _FEW:
            self._waiting.append((_insert(table), _arrays(table, rows)))
            return
        statement, types = _copy(table)
        self._send()
        with self._driver().cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            write = copy.write_row
            for row in rows:
                write(row)

    def by_keys(self, sql: str, kinds: Sequence[Kind], keys: Sequence[Sequence[Any]], *more: Any) -> Rows:
        """Arrays: a set of rows that the planner takes for small, so that it looks each up by index."""
        arrays = ", ".join(f"CAST(? AS {kind}[])" for kind in kinds)
        source = f"unnest({arrays}) AS f({', '.join(key_names(kinds))}) JOIN"
        columns = [[key[place] for key in keys] for place in range(len(kinds))]
        return self.execute(sql.replace(KEYS, source), (*columns, *more))

    def _open(self, first: str, parameters: Sequence[Any] = ()) -> Rows:
        """Begin a transaction with its first statement, and give what that gives."""
        driver = self._driver()
        driver.execute("BEGIN")
        self._within = True
        return driver.execute(first.encode(), parameters)

    def begin(self) -> bool:
        row = self._open(_TURN).fetchone()
        if row is None:
            raise Unavailable("the log has no head", remedy="run: suyuan migrate --database URL")
        moved = bool(row[0] != self._turn)
        self._turn = row[0]
        return moved

    def commit(self) -> None:
        """The turn counts up with the commit; after one that fails it is unknown, as after others' turns."""
        turn, self._turn = self._turn + 1, -1
        self._waiting.append((b"UPDATE log_head SET turn = %s WHERE id = 1", [turn]))
        self._waiting.append((b"COMMIT", None))  # not carried out where something before it failed
        self._send()
        self._turn, self._within = turn, False

    def rollback(self) -> None:
        self._turn, self._within = -1, False
        self._waiting.clear()
        try:
            if self._raw is not None:
                self._raw.execute("ROLLBACK")
        except psycopg.Error:
            self._drop()

    @contextmanager
    def log(self) -> Iterator[LogReader]:
        self._send()
        self._driver()
        if self._connection is None:
            raise Unavailable
        yield LogReader(self._connection)

    @contextmanager
    def signing(self) -> Iterator[None]:
        """A transaction that holds an advisory lock, which the server gives back when the signer dies."""
        try:
            self._open("SELECT pg_advisory_xact_lock(%s)", (_SIGNER,))
            yield
            self.execute("COMMIT")
            self._within = False
        except BaseException:
            self.rollback()
            raise

    def maintain(self, size: int) -> None:
        """Make partitions ahead, now and then. What is not to be had now is tried again later."""
        if size < self._look_at:
            return
        try:
            self._open("SET LOCAL lock_timeout = '1s'")
            self._driver().execute(ADD)
            self._driver().execute("COMMIT")
            self._within, self._look_at = False, size + _LOOK_EVERY
        except psycopg.Error as error:
            log.warning("writer.partitions", error=str(error))
            self.rollback()

    def close(self) -> None:
        self._drop()
        self._engine.dispose()


@lru_cache(maxsize=1_000)
def _translated(sql: str) -> bytes:
    """``?`` outside quotes becomes the driver's ``%s``."""
    parts = sql.replace("%", "%%").split("'")
    return "'".join(part if place % 2 else part.replace("?", "%s") for place, part in enumerate(parts)).encode()


@cache
def _copy(table: Table) -> tuple[bytes, list[str]]:
    types = [next(name for kind, name in _COPIED.items() if isinstance(column.type, kind)) for column in table.columns]
    return f"COPY {table.name} ({column_names(table)}) FROM STDIN (FORMAT BINARY)".encode(), types


@cache
def _insert(table: Table) -> bytes:
    """One statement for any number of rows, so that it is prepared once."""
    arrays = ", ".join(f"%s::{kind}[]" for kind in _copy(table)[1])
    names = column_names(table)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})".encode()  # noqa: S608 - our own names


def _arrays(table: Table, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """The rows column by column. An array has one type: whole numbers among others become like them."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    for place, kind in enumerate(_copy(table)[1]):
        if kind == "float8":
            columns[place] = [None if value is None else float(value) for value in columns[place]]
    return columns
