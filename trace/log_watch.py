"""Waiting for the log to grow: one look at its size, a few times a second, for however many wait.

Looking, not being told, because what grows the log may be another process, or on PostgreSQL another machine.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError

from suyuan.trace.ledger import Ledger

#: Seconds between two looks while somebody waits.
_BEAT: Final = 0.1
#: Seconds between two looks while the database is away.
_AWAY: Final = 2.0

log = structlog.get_logger(__name__)


class LogWatch:
    """Wakes those that wait for a larger log. Looks only while somebody waits; `stop` before the engine goes."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._size = 0
        self._grown = asyncio.Condition()
        self._waiting = 0
        self._task: asyncio.Task[None] | None = None

    async def beyond(self, size: int) -> int:
        """The log's size, as soon as it is larger than this one."""
        self._waiting += 1
        try:
            if self._task is None or self._task.done():
                self._task = asyncio.get_running_loop().create_task(self._look())
            async with self._grown:
                await self._grown.wait_for(lambda: self._size > size)
            return self._size
        finally:
            self._waiting -= 1

    async def size(self) -> int:
        """The log's size now."""
        ledger = self._ledger
        size = ledger.size() if ledger.embedded else await run_in_threadpool(ledger.size)
        self._size = max(self._size, size)
        return size

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        while self._waiting:
            before, pause = self._size, _BEAT
            try:
                await self.size()
            except SQLAlchemyError as error:
                log.warning("log_watch.database", error=str(error)[:200])
                pause = _AWAY
            except Exception:  # whoever waits must not wait for ever
                log.exception("log_watch.bug")
                pause = _AWAY
            if self._size > before:
                async with self._grown:
                    self._grown.notify_all()
            await asyncio.sleep(pause)
