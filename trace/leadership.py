"""The lead among all processes that serve one ledger: what only one may do (deliver reports) is done by who has it.

On SQLite it is a file's lock in the data folder, on PostgreSQL an advisory lock of a session, so that machines without
a common disk share it. The kernel, or the database, gives it back when its holder dies, even by SIGKILL.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

import structlog
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from suyuan.base.database import is_sqlite
from suyuan.base.errors import Unavailable
from suyuan.base.folder_lock import hold

log = structlog.get_logger(__name__)

#: Seconds between two tries to take the lead, and between two looks whether it is still ours.
_PAUSE = 2.0


class Leadership:
    """``async with`` waits for the lead; it raises `Unavailable` within when the lead is lost. May be entered again."""

    def __init__(self, engine: Engine, folder: Path, name: str, pause: float = _PAUSE) -> None:
        self._engine, self._folder, self._name, self._pause = engine, folder, name, pause
        self._lock = _FileLead(folder, name) if is_sqlite(engine) else _SessionLead(engine, name)
        self._watcher: asyncio.Task[None] | None = None
        self._lost = False

    async def __aenter__(self) -> None:
        self._lost = False
        while not await run_in_threadpool(self._lock.take):  # noqa: ASYNC110 - it is freed in another process
            await asyncio.sleep(self._pause)
        log.info("lead.taken", name=self._name)
        holder = asyncio.current_task()
        self._watcher = asyncio.get_running_loop().create_task(self._watch(holder))

    async def _watch(self, holder: asyncio.Task[object] | None) -> None:
        while await run_in_threadpool(self._lock.take):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(self._pause)
        log.warning("lead.lost", name=self._name)
        self._lost = True
        if holder is not None:
            holder.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        await run_in_threadpool(self._lock.give_up)
        holder = asyncio.current_task()
        if self._lost and isinstance(error, asyncio.CancelledError) and holder is not None and not holder.uncancel():
            raise Unavailable("another process may have the lead now") from None


class NoLead:
    """For a process that may not write: it never leads."""

    async def __aenter__(self) -> None:
        await asyncio.Event().wait()

    async def __aexit__(self, *_: object) -> None:
        """Nothing was taken."""


class _FileLead:
    """A lock in ``run``, of the data folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._held: ExitStack | None = None

    def take(self) -> bool:
        """Whether the lock is ours, now or already."""
        if self._held is None:
            stack = ExitStack()
            with suppress(Unavailable):
                stack.enter_context(hold(self._folder, f"{self._name}.lock", wait=False))
                self._held = stack
        return self._held is not None

    def give_up(self) -> None:
        """Let it go."""
        if self._held is not None:
            self._held.close()
            self._held = None


class _SessionLead:
    """An advisory lock of one session on PostgreSQL; with the session the lock is gone."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._number = int.from_bytes(hashlib.sha256(f"suyuan {name}".encode()).digest()[:8], signed=True)
        self._session: Connection | None = None

    def take(self) -> bool:
        """Whether the lock is ours: tried for without waiting, and still held where it was."""
        try:
            if self._session is not None:
                self._session.execute(text("SELECT 1"))
                return True
            session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if session.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": self._number}):
                self._session = session
            else:
                session.close()
        except SQLAlchemyError as error:
            log.warning("lead.database", error=str(error)[:200])
            self.give_up()
        return self._session is not None

    def give_up(self) -> None:
        """End the session: a connection that goes back to the pool would keep the lock."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(SQLAlchemyError):
                session.invalidate()
                session.close()
