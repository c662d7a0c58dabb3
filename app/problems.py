"""The exception tree as RFC 9457 problem details; nobody ever sees a traceback."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from suyuan.base.errors import InvalidInput, SuyuanError, Unauthenticated, Unavailable

log = structlog.get_logger(__name__)

#: Where the problem types are described.
TYPES = "https://suyuan.example/problems/"
#: Seconds after which a client may try again when the server was busy.
RETRY_AFTER = "2"


def problem(
    status: int,
    slug: str,
    title: str,
    detail: str,
    instance: str,
    headers: dict[str, str] | None = None,
    **members: Any,
) -> Response:
    """One problem document."""
    body = {"type": TYPES + slug, "title": title, "status": status, "detail": detail, "instance": instance}
    body |= {name: value for name, value in members.items() if value is not None}
    return Response(msgspec.json.encode(body), status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Answer every refusal and every failure with a problem document."""
    app.add_exception_handler(SuyuanError, _ours)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_exception_handler(HTTPException, _routing)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(OperationalError, _database_away)
    app.add_exception_handler(NoConnection, _database_away)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _bug)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, SuyuanError)  # noqa: S101 - registered for this class only
    headers: dict[str, str] = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = RETRY_AFTER
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="suyuan"'
    if error.status >= 500:
        log.error("request.failed", path=request.url.path, problem=error.slug, detail=error.detail)
    title = (type(error).__doc__ or "").splitlines()[0]
    return problem(
        error.status, error.slug, title, error.detail, request.url.path, headers, place=error.place, remedy=error.remedy
    )


async def _parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    return problem(400, "invalid-input", "A parameter cannot be read", str(first["msg"]), request.url.path, place=place)


async def _routing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    slug = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "refused")
    headers = dict(error.headers or {})
    return problem(error.status_code, slug, str(error.detail), "see /docs for what there is", request.url.path, headers)


async def _unstorable(request: Request, error: Exception) -> Response:
    """A value that the database cannot even be asked for, such as U+0000 on PostgreSQL."""
    return await _ours(request, InvalidInput("a value holds a character that nothing here can hold"))


async def _database_away(request: Request, error: Exception) -> Response:
    log.error("request.database", path=request.url.path, error=str(error)[:300])
    return await _ours(request, Unavailable("the database does not answer", remedy="try again in a few seconds"))


async def _gone(request: Request, error: Exception) -> Response:
    """The client closed the connection while it sent its body: nobody reads this answer."""
    return problem(400, "invalid-input", "The body ended early", "the connection was closed", request.url.path)


async def _bug(request: Request, error: Exception) -> Response:
    log.error("request.bug", path=request.url.path, error=repr(error), exc_info=error)
    return problem(500, "error", "Something went wrong here", "the failure was logged", request.url.path)
