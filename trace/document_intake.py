"""Documents as they come in: unpacked, held to their limits, small ones in memory and large ones in the spool."""

from __future__ import annotations

import asyncio
import secrets
from typing import NamedTuple

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from suyuan.base.errors import TooLarge, TooSlow
from suyuan.base.settings import Settings
from suyuan.trace.content_encoding import Unpacking
from suyuan.trace.spool import Spool, SpooledDocument

#: Bytes that are written to the spool at once.
_WRITTEN = 1024 * 1024
#: No event is shorter than this; a body with room for no more of them than allowed is not searched.
_SHORTEST_EVENT = 60


class IntakeLimits(NamedTuple):
    """What one document may be, and up to where it is small. Bytes are unpacked ones."""

    small_bytes: int
    small_events: int
    bytes: int
    seconds: float


def intake_limits(settings: Settings) -> IntakeLimits:
    """Those of a server. No body is small that the writer would refuse as too large."""
    small = min(settings.large_document_bytes, settings.max_body_bytes, settings.max_document_bytes)
    return IntakeLimits(small, settings.max_events, settings.max_document_bytes, settings.body_seconds)


async def receive(request: Request, limits: IntakeLimits, spool: Spool) -> bytes | SpooledDocument:
    """The request's body: small ones as they are, large ones in the spool, where they are not durable yet.

    Raises `TooLarge` as soon as it is over the limit, `TooSlow` when the time is up, `UnsupportedMedia` for an encoding
    that nobody reads, `InvalidInput` for one that is damaged, `Unavailable` where the spool has no room.
    """
    intake = _Intake(request, limits, spool)
    try:
        async with asyncio.timeout(limits.seconds):
            return await intake.receive()
    except TimeoutError:
        intake.drop()
        raise TooSlow(
            f"the body took longer than {limits.seconds} seconds", remedy="send it in parts, or compressed"
        ) from None
    except BaseException:
        intake.drop()
        raise


class _Intake:
    """One body on its way in."""

    def __init__(self, request: Request, limits: IntakeLimits, spool: Spool) -> None:
        self._request, self._limits, self._spool = request, limits, spool
        self._pieces: list[bytes] = []
        self._held = self._size = 0
        self._file: SpooledDocument | None = None

    async def receive(self) -> bytes | SpooledDocument:
        """Take all of it."""
        announced = self._request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self._limits.bytes:
            raise self._too_large()
        unpacking = Unpacking(self._request.headers.get("content-encoding", ""))
        async for chunk in self._request.stream():
            for piece in unpacking.feed(chunk):
                await self._take(piece)
        unpacking.close()
        return await self._finish()

    async def _take(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limits.bytes:
            raise self._too_large()
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > (_WRITTEN if self._file else self._limits.small_bytes):
            await self._write()

    async def _write(self) -> None:
        if self._file is None:
            self._file = await run_in_threadpool(self._spool.create, secrets.token_hex(16))
        data, self._pieces, self._held = b"".join(self._pieces), [], 0
        await run_in_threadpool(self._file.write, data)

    async def _finish(self) -> bytes | SpooledDocument:
        if self._file is None:
            body = b"".join(self._pieces)
            if not self._many_events(body):
                return body
            self._pieces = [body]
        if self._pieces:
            await self._write()
        assert self._file is not None  # noqa: S101 - it was written to
        return self._file

    def _many_events(self, body: bytes) -> bool:
        """Whether there may be more events than the writer takes at once; an event has one ``eventTime``."""
        most = self._limits.small_events
        return len(body) > most * _SHORTEST_EVENT and max(body.count(b'"eventTime"'), body.count(b"<eventTime")) > most

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"the document has more than {self._limits.bytes} bytes",
            remedy="send it in parts, or raise SUYUAN_MAX_DOCUMENT_BYTES",
        )

    def drop(self) -> None:
        """Nothing comes of it."""
        if self._file is not None:
            self._file.remove()
