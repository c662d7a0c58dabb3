"""The outbox: events on disk, from the moment a passage is over until the server has answered for them.

One SQLite file, WAL, ``synchronous=FULL``: when `Outbox.put` has returned, its events survive ``kill -9`` and a power
cut; before, nothing of it is there. The counters of what was read move in the same transaction, and so does the memory
of which passages were recorded, so that a passage told again after a crash is neither stored nor counted twice.

An event leaves only by `done` (the server has it) or `failed` (the server refused it for good: it is kept in ``dead``
with the server's answer, out of the way of the others).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from suyuan.base.errors import Conflict, InvalidSetting, Unavailable

_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = f"""
CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, tries INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL);
CREATE INDEX event_order ON event (tries, id);
CREATE TABLE dead (id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, problem TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE recorded (id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, key TEXT NOT NULL,
                       UNIQUE (source, key));
CREATE TABLE unfinished (source TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {_SCHEMA_VERSION};
"""
#: A reader replays at most what it sent since its last acknowledged keepalive: the last passages of each source do.
_REMEMBERED_PASSAGES: Final = 256
#: How long a second process waits for the file before it gives up; covers a restart that overlaps the old process.
_LOCK_SECONDS: Final = 5.0
DEFAULT_MAX_BYTES: Final = 1 << 30


class Entry(Struct, frozen=True):
    """An event that waits for delivery: its number in the outbox, and its exact bytes."""

    id: int
    body: bytes


class Dead(Struct, frozen=True):
    """An event that the server refused for good, with its answer and the time (microseconds UTC)."""

    id: int
    at_us: int
    problem: str
    body: bytes


class Recording(Struct, frozen=True):
    """What one passage adds: events and counters. ``source`` and ``key`` name the passage, so that it counts once."""

    source: str
    key: str
    events: tuple[bytes, ...]
    counters: Mapping[str, int]


class Outbox:
    """The events of one edge that no server has taken yet. Safe to call from several threads; one process at a time."""

    def __init__(self, path: Path, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        """Open or create the file (mode 0600).

        ``max_bytes`` limits the event bytes that may wait. Raises Conflict when another process has the file open,
        InvalidSetting when it can't be an outbox.
        """
        self._path = path
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._connection = _open(path)
        self._count = self._bytes = 0
        with self._reading("SELECT count(*), coalesce(sum(length(body)), 0) FROM event") as cursor:
            self._count, self._bytes = cursor.fetchone()

    def put(self, recordings: Sequence[Recording], *, beyond_limit: bool = False) -> int:
        """Record passages in one transaction; durable when this returns. Gives the number of events stored.

        A passage recorded before (a replay) is left out whole. Raises Unavailable, with nothing changed, when the
        outbox or the disk is full; ``beyond_limit`` passes over the outbox's own limit, for a last flush.
        """
        with self._lock:
            with self._transaction() as connection:
                new = [recording for recording in recordings if _remember(connection, recording)]
                bodies = [body for recording in new for body in recording.events]
                size = sum(map(len, bodies))
                # An empty outbox takes anything, or one large passage would wait for ever.
                if self._bytes and self._bytes + size > self._max_bytes and not beyond_limit:
                    raise Unavailable(f"the outbox is full: {self._bytes} bytes wait", place=str(self._path))
                connection.executemany("INSERT INTO event (body) VALUES (?)", ((body,) for body in bodies))
                for recording in new:
                    _count(connection, recording.counters)
            self._count += len(bodies)
            self._bytes += size
        return len(bodies)

    def pending(self, limit: int, max_bytes: int) -> list[Entry]:
        """The next events to deliver, oldest first: at most ``limit`` and ``max_bytes``, but one where there is any."""
        found: list[Entry] = []
        with self._reading("SELECT id, body FROM event ORDER BY tries, id LIMIT ?", limit) as cursor:
            for number, body in cursor:
                max_bytes -= len(body)
                if found and max_bytes < 0:
                    break
                found.append(Entry(number, body))
        return found

    def done(self, entries: Sequence[Entry]) -> None:
        """The server has these: forget them."""
        with self._lock:
            with self._transaction() as connection:
                connection.executemany("DELETE FROM event WHERE id = ?", ((entry.id,) for entry in entries))
            self._left(entries)

    def failed(self, entry: Entry, problem: str, at_us: int) -> None:
        """The server refused this event for good: keep it, with the answer, out of the way of the others."""
        with self._lock:
            with self._transaction() as connection:
                connection.execute("DELETE FROM event WHERE id = ?", (entry.id,))
                connection.execute(
                    "INSERT INTO dead (id, at_us, problem, body) VALUES (?, ?, ?, ?)",
                    (entry.id, at_us, problem, entry.body),
                )
            self._left([entry])

    def later(self, entries: Sequence[Entry]) -> None:
        """The server stumbled over these: let the others go first."""
        with self._lock, self._transaction() as connection:
            connection.executemany("UPDATE event SET tries = tries + 1 WHERE id = ?", ((e.id,) for e in entries))

    def keep_unfinished(self, source: str, state: bytes) -> None:
        """Keep the state of a passage that is not over, for the next process."""
        with self._lock, self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO unfinished (source, state) VALUES (?, ?)", (source, state))

    def take_unfinished(self, source: str) -> bytes | None:
        """The state that an earlier process kept. It is gone then: after a crash it would be stale."""
        with self._lock, self._transaction() as connection:
            row = connection.execute("SELECT state FROM unfinished WHERE source = ?", (source,)).fetchone()
            connection.execute("DELETE FROM unfinished WHERE source = ?", (source,))
        return row[0] if row else None

    def counters(self) -> dict[str, int]:
        """What was counted since the file was made, by name."""
        with self._reading("SELECT name, value FROM counter ORDER BY name") as cursor:
            return dict(cursor.fetchall())

    def dead(self, limit: int = 1000) -> list[Dead]:
        """Events that the server refused for good, oldest first."""
        with self._reading("SELECT id, at_us, problem, body FROM dead ORDER BY id LIMIT ?", limit) as cursor:
            return [Dead(*row) for row in cursor]

    def dead_count(self) -> int:
        """How many events the server refused for good."""
        with self._reading("SELECT count(*) FROM dead") as cursor:
            return int(cursor.fetchone()[0])

    def __len__(self) -> int:
        """How many events wait for delivery."""
        return self._count

    def close(self) -> None:
        """Release the file. Everything put is on disk already."""
        with self._lock:
            self._connection.close()

    def _left(self, entries: Sequence[Entry]) -> None:
        self._count -= len(entries)
        self._bytes -= sum(len(entry.body) for entry in entries)

    @contextlib.contextmanager
    def _reading(self, statement: str, *values: object) -> Iterator[sqlite3.Cursor]:
        with self._lock, self._failing_as_unavailable(), contextlib.closing(self._connection.cursor()) as cursor:
            yield cursor.execute(statement, values)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and durable at the end. The caller holds the lock."""
        with self._failing_as_unavailable():
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._undo()
                raise

    @contextlib.contextmanager
    def _failing_as_unavailable(self) -> Iterator[None]:
        """A full or failing disk is Unavailable: nothing was changed, and the caller may try again."""
        try:
            yield
        except sqlite3.Error as error:
            raise Unavailable(f"the outbox can't be used: {error}", place=str(self._path)) from error

    def _undo(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _remember(connection: sqlite3.Connection, recording: Recording) -> bool:
    """Note the passage as recorded; False when it was already."""
    inserted = connection.execute(
        "INSERT OR IGNORE INTO recorded (source, key) VALUES (?, ?)", (recording.source, recording.key)
    )
    if not inserted.rowcount:
        return False
    connection.execute(
        "DELETE FROM recorded WHERE source = ?1 AND id <= "
        "(SELECT id FROM recorded WHERE source = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        (recording.source, _REMEMBERED_PASSAGES),
    )
    return True


def _count(connection: sqlite3.Connection, counters: Mapping[str, int]) -> None:
    connection.executemany(
        "INSERT INTO counter (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        counters.items(),
    )


def _open(path: Path) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        _prepare(connection, path)
    except (sqlite3.Error, OSError, InvalidSetting) as error:
        if connection is not None:
            connection.close()
        raise _cannot_open(path, error) from error
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    # Exclusive: two edges on one outbox would deliver everything twice and each delete what the other counts.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        for statement in filter(str.strip, _SCHEMA.split(";")):
            connection.execute(statement)
    connection.execute("COMMIT")
    if version not in (0, _SCHEMA_VERSION):
        raise InvalidSetting(
            f"the outbox has schema version {version}, this program reads version {_SCHEMA_VERSION}",
            place=str(path),
            remedy="run the Suyuan that wrote it until it is empty",
        )


def _cannot_open(path: Path, error: Exception) -> Exception:
    if isinstance(error, InvalidSetting):
        return error
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return Conflict("another process has the outbox open", place=str(path), remedy="run one edge for each outbox")
    return InvalidSetting(
        f"the outbox can't be opened: {error}", place=str(path), remedy="name a writable file on a local disk"
    )
