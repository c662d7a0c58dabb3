"""Bodies of requests and answers: read within a limit, written as JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar

import msgspec
from fastapi import Request, Response

from suyuan.base.errors import InvalidInput, TooLarge

T = TypeVar("T")


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body, refused as soon as it is over the limit instead of after it has filled the memory."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    chunks, size = [], 0
    stream: AsyncIterator[bytes] = request.stream()
    async for chunk in stream:
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


async def read_value(request: Request, kind: type[T], limit: int) -> T:
    """The request's JSON body as a value; `InvalidInput` names the member that is wrong."""
    body = await read_body(request, limit)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        detail, _, place = str(error).partition(" - at `$")
        where = "/" + place.rstrip("`").strip(".").replace(".", "/") if place else None
        raise InvalidInput(f"the body cannot be read: {detail}"[:300], place=where, remedy="see /docs") from None


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is over {limit} bytes", remedy="send smaller documents, or raise SUYUAN_MAX_BODY_BYTES")
