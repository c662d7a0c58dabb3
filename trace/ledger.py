"""The ledger as the service uses it: one engine to read, one writer to write."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, select, text

from suyuan.base.database import is_sqlite
from suyuan.base.errors import Unavailable
from suyuan.base.identity import Actor, ApiKey, Role
from suyuan.chain.policy import Policy, parse_policy
from suyuan.chain.store import LogReader
from suyuan.trace.capture import CaptureRequest
from suyuan.trace.capture_job import CaptureJob
from suyuan.trace.publication import POLICY_FILE
from suyuan.trace.tables import api_key, lenient_key
from suyuan.trace.view import View, open_view
from suyuan.trace.writer import SIGN

T = TypeVar("T")


#: Every request asks it: by the driver itself, because SQLAlchemy takes ten times as long as the look-up.
_KEY = (
    "SELECT k.id, k.name, k.role, k.party, k.digest, k.created, k.expires, k.revoked, l.rule"
    " FROM api_key k LEFT JOIN lenient_key l ON l.id = k.id WHERE k.id = {} ORDER BY l.rule"
)


class WritePort(Protocol):
    """Carries out an operation in the writer and waits for its commit."""

    async def call(self, operation: str, parameters: Any, result: type[T]) -> T:
        """The operation's result, or the `SuyuanError` it refused with."""


class Ledger:
    """What the routes hold. Reading opens a fresh snapshot each time; writing goes through the writer."""

    def __init__(self, engine: Engine, writer: WritePort, policy_file: Path) -> None:
        self.engine = engine
        #: Whether reading needs no other machine: a look-up is quicker than a thread.
        self.embedded = is_sqlite(engine)
        self.writer = writer
        self._policy_file = policy_file

    def policy_text(self) -> str:
        """The C2SP policy that names the log's key; `Unavailable` until the writer has made it."""
        try:
            return self._policy_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise Unavailable(
                "the log's policy is not here yet",
                remedy=f"ask again when the server is ready; one over PostgreSQL needs the writer's {POLICY_FILE}",
            ) from None

    @property
    def policy(self) -> Policy:
        """The policy as a value."""
        return parse_policy(self.policy_text().encode())

    @contextmanager
    def view(self, as_of: int | None = None) -> Iterator[View]:
        """A snapshot of the ledger; see `open_view`."""
        with open_view(self.engine, as_of) as view:
            yield view

    @contextmanager
    def log(self) -> Iterator[LogReader]:
        """The log in a snapshot of its own."""
        with open_view(self.engine) as view:
            yield LogReader(view.connection)

    def size(self) -> int:
        """Number of leaves: whatever an answer rests on, an event or a recall, changes it."""
        with self.engine.connect() as connection:
            return int(connection.execute(text("SELECT COALESCE(MAX(idx), -1) + 1 FROM leaf")).scalar_one())

    async def capture(
        self, body: bytes, media_type: str, actor: Actor, proceed: bool = False, bare: bool = False
    ) -> CaptureJob:
        """Capture a document. Returns after the commit, also when the document was refused for a conflict.

        ``proceed``: bad events are left out. ``bare``: it must be one event without a document.
        """
        request = CaptureRequest(
            secrets.token_hex(16), actor.key_id, actor.party, media_type, body, proceed, bare, actor.lenient
        )
        return await self.writer.call("capture", request, CaptureJob)

    async def sign(self) -> int:
        """Have everything that is committed covered by a checkpoint; the size that it covers."""
        return await self.writer.call(SIGN, None, int)

    def find_key(self, key_id: str) -> ApiKey | None:
        """A stored API key, revoked ones included."""
        rows = self._key_rows(key_id)
        return _key(rows[0], [row[8] for row in rows if row[8] is not None]) if rows else None

    def _key_rows(self, key_id: str) -> Sequence[Any]:
        """On SQLite past SQLAlchemy, which costs more than the statement; elsewhere it says when a database is away."""
        if not self.embedded:
            with self.engine.connect() as served:
                return served.exec_driver_sql(_KEY.format("%s"), (key_id,)).all()
        with closing(self.engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(_KEY.format("?"), (key_id,))
            return cursor.fetchall()

    def all_keys(self) -> list[ApiKey]:
        """All API keys, oldest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(api_key).order_by(api_key.c.created, api_key.c.id)).all()
            lenient: dict[str, list[str]] = {}
            for key_id, rule in connection.execute(select(lenient_key).order_by(lenient_key.c.rule)):
                lenient.setdefault(key_id, []).append(rule)
        return [_key(row, lenient.get(row.id, ())) for row in rows]


def count_rows(connection: Connection, table: str) -> int:
    """Number of rows of one of our tables."""
    return int(connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one())  # noqa: S608 - a constant


def _key(row: Sequence[Any], lenient: Sequence[str]) -> ApiKey:
    """A key of its columns, in their order."""
    key_id, name, role, party, digest, created, expires, revoked = row[:8]
    return ApiKey(key_id, name, Role(role), party, bytes(digest), created, expires, revoked, tuple(lenient))


def count_keys(connection: Connection) -> int:
    """Number of API keys, revoked ones included."""
    return count_rows(connection, "api_key")
