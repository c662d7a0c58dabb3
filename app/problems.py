"""The exception tree as RFC 9457 problem details; nobody ever sees a traceback.

Below /epcis a problem's type is the standard's exception, and it is XML for who would rather have XML.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from suyuan.base import errors
from suyuan.base.accept import acceptable_media
from suyuan.base.errors import InvalidInput, SuyuanError, Unauthenticated, Unavailable
from suyuan.epcis.exceptions import PROBLEM_PREFIX, exception_of
from suyuan.epcis.resource_xml import write_resource
from suyuan.trace.capture_job import problem_of
from suyuan.trace.content_encoding import ACCEPTED
from suyuan.trace.epcis_gate import below

log = structlog.get_logger(__name__)

#: Where the problem types are described.
TYPES = "https://suyuan.example/problems/"
#: Seconds after which a client may try again when the server was busy.
RETRY_AFTER = "2"


#: What a client may ask for and get a problem in, the default first.
_JSON = ("application/problem+json", "application/json", "application/ld+json")
_XML = ("application/problem+xml", "application/xml", "text/xml")


def problem(
    request: Request,
    kind: type[SuyuanError],
    title: str,
    detail: str,
    headers: dict[str, str] | None = None,
    *,
    status: int | None = None,
    slug: str | None = None,
    **members: Any,
) -> Response:
    """One problem document. ``kind`` gives what the caller does not: type and status."""
    path, epcis = request.url.path, below(request.url.path)
    capturing = request.scope.get("method") in {"POST", "PUT"} and not path.startswith("/epcis/queries")
    name = PROBLEM_PREFIX + exception_of(kind, capturing) if epcis else TYPES + (slug or kind.slug)
    answered = status or kind.status
    instance = _absolute(request) if epcis else path
    body: dict[str, Any] = {"type": name, "title": title, "status": answered, "detail": detail, "instance": instance}
    body |= {name: value for name, value in members.items() if value is not None}
    if epcis and acceptable_media(request.headers.get("accept"), (*_JSON, *_XML)) in _XML:
        return Response(write_resource("EPCISException", body), answered, headers, _XML[0])
    return Response(msgspec.json.encode(body), answered, headers, media_type=_JSON[0])


def _absolute(request: Request) -> str:
    """The address that was asked for, without its parameters: the REST binding wants a whole URI."""
    return f"{request.url.scheme}://{quote(request.url.netloc, safe=':[]')}{quote(request.url.path)}"


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


def refusal(request: Request, error: Exception) -> Response:
    """The answer to one of our errors."""
    assert isinstance(error, SuyuanError)  # noqa: S101 - registered for this class only
    headers: dict[str, str] = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = RETRY_AFTER
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="suyuan"'
    if isinstance(error, errors.UnsupportedMedia):
        headers["Accept-Encoding"] = ACCEPTED
    if error.status >= 500:
        log.error("request.failed", path=request.url.path, problem=error.slug, detail=error.detail)
    title = (type(error).__doc__ or "").splitlines()[0]
    members: dict[str, Any] = {"place": error.place, "remedy": error.remedy}
    if isinstance(error, errors.InvalidDocument):
        members |= _faults(error)
    return problem(request, type(error), title, error.detail, headers, **members)


def _faults(error: errors.InvalidDocument) -> dict[str, Any]:
    """The rule that a document breaks; where it breaks several, all of them as a capture job has them."""
    found = msgspec.to_builtins([problem_of(fault) for fault in (error, *error.others)])
    return {"rule": error.rule, "event": found[0].get("event")} | ({"errors": found} if error.others else {})


async def _ours(request: Request, error: Exception) -> Response:
    return refusal(request, error)


async def _parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    return problem(request, InvalidInput, "A parameter cannot be read", str(first["msg"]), place=place)


#: What the router refuses by itself.
_ROUTING = {404: (errors.NotFound, "not-found"), 405: (errors.Refused, "method-not-allowed")}


async def _routing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    kind, slug = _ROUTING.get(error.status_code, (errors.Refused, "refused"))
    headers, status = dict(error.headers or {}), error.status_code
    detail = "see /docs for what there is"
    return problem(request, kind, str(error.detail), detail, headers, status=status, slug=slug)


async def _unstorable(request: Request, error: Exception) -> Response:
    """A value that the database cannot even be asked for, such as U+0000 on PostgreSQL."""
    return await _ours(request, InvalidInput("a value holds a character that nothing here can hold"))


async def _database_away(request: Request, error: Exception) -> Response:
    log.error("request.database", path=request.url.path, error=str(error)[:300])
    return await _ours(request, Unavailable("the database does not answer", remedy="try again in a few seconds"))


async def _gone(request: Request, error: Exception) -> Response:
    """The client closed the connection while it sent its body: nobody reads this answer."""
    return problem(request, InvalidInput, "The body ended early", "the connection was closed")


async def _bug(request: Request, error: Exception) -> Response:
    log.error("request.bug", path=request.url.path, error=repr(error), exc_info=error)
    return problem(request, SuyuanError, "Something went wrong here", "the failure was logged")
