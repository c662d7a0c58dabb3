"""Group commit: the passages of many readers go into the outbox with one fsync.

A gate waits for the disk before it lets its reader go on, so sixteen gates that commit one after the other would wait
for sixteen fsyncs. Here whoever comes while one commit is running joins the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from suyuan.base.errors import Unavailable
from suyuan.readers.outbox import Outbox, Recording

#: Seconds between tries while the outbox or the disk is full.
_RETRY_SECONDS: Final = 0.5

log = structlog.get_logger(__name__)


class _Group:
    """What is committed together."""

    def __init__(self) -> None:
        self.recordings: list[Recording] = []
        self.stored = False


class Recorder:
    """Puts passages into an outbox. ``stored`` is called after each commit."""

    def __init__(self, outbox: Outbox, stored: Callable[[], None]) -> None:
        self._outbox = outbox
        self._stored = stored
        self._lock = asyncio.Lock()
        self._next = _Group()
        self._last_call = asyncio.Event()

    async def record(self, recordings: Sequence[Recording]) -> None:
        """Returns when these passages are durable; while the outbox is full, that may take until it isn't.

        Cancelled in between, they may be stored or not. Recording them again is harmless.
        """
        group = self._next
        group.recordings.extend(recordings)
        async with self._lock:
            if group.stored:
                return
            if group is self._next:
                self._next = _Group()
            await self._put(group.recordings)
            group.stored = True
        self._stored()

    def last_call(self) -> None:
        """The edge is about to stop: what comes now is stored even beyond the outbox's limit, or it would be lost."""
        self._last_call.set()

    async def _put(self, recordings: Sequence[Recording]) -> None:
        complained = False
        while True:
            try:
                beyond = self._last_call.is_set()
                await asyncio.to_thread(self._outbox.put, recordings, beyond_limit=beyond)
            except Unavailable as error:
                if not complained:
                    log.error("outbox takes nothing, readers wait", problem=str(error))
                complained = True
                await self._pause()
            else:
                return

    async def _pause(self) -> None:
        already = self._last_call.is_set()
        try:
            async with asyncio.timeout(_RETRY_SECONDS):
                await (asyncio.sleep(_RETRY_SECONDS) if already else self._last_call.wait())
        except TimeoutError:
            return
