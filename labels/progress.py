"""A long job's progress as lines of JSON: ``{"done": 10000, "of": 50000}`` ..., then ``{"result": ...}``.

The answer has begun when something is refused, so a refusal is the last line, ``{"error": {...}}``, with the members
of a problem document; what was done before it stays done.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec
import structlog
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from suyuan.base.errors import SuyuanError
from suyuan.labels.service import Progress
from suyuan.trace.bodies import json_response

log = structlog.get_logger(__name__)

#: One JSON value a line.
LINES: Final = "application/x-ndjson"
T = TypeVar("T")


async def answered(request: Request, work: Callable[[Progress | None], Awaitable[T]], status: int = 200) -> Response:
    """The result of *work* as JSON; as lines with its progress where the request accepts them."""
    if LINES not in request.headers.get("accept", ""):
        return json_response(await work(None), status)
    return StreamingResponse(_lines(work), status, media_type=LINES)


async def _lines(work: Callable[[Progress], Awaitable[Any]]) -> AsyncIterator[bytes]:
    """Lines as they come. A client that goes away ends the work between two of its parts."""
    told: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
    task = asyncio.ensure_future(work(lambda done, of: told.put_nowait({"done": done, "of": of})))
    task.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (line := await told.get()) is not None:
            yield _line(line)
        yield _line(_ending(task))
    finally:
        task.cancel()


def _ending(task: asyncio.Future[Any]) -> dict[str, Any]:
    error = task.exception()
    if error is None:
        return {"result": task.result()}
    if not isinstance(error, SuyuanError):
        log.error("labels.bug", error=repr(error), exc_info=error)
        error = SuyuanError("something went wrong here: the failure was logged")
    told = {"type": error.slug, "status": error.status, "detail": error.detail}
    told |= {name: value for name, value in (("place", error.place), ("remedy", error.remedy)) if value is not None}
    return {"error": told}


def _line(value: Any) -> bytes:
    return msgspec.json.encode(value) + b"\n"
