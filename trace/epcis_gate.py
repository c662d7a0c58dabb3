"""What holds for everything below /epcis: version headers on each answer, HEAD, OPTIONS, and an end to long URLs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suyuan.base.errors import AddressTooLong
from suyuan.trace.epcis_headers import ABILITIES, ALWAYS

#: The path that the interface stands under.
ROOT = "/epcis"
#: Longest path and query together, in bytes. A longer question goes into a named query.
LONGEST = 16_384
#: Turns an error into the answer to a request.
Refuse = Callable[[Request, Exception], Response]


def below(path: str) -> bool:
    """Whether a path is the interface's."""
    return path == ROOT or path.startswith(f"{ROOT}/")


class EpcisGate:
    """ASGI middleware. HEAD is answered as GET is, and the server sends no body.

    ``special``: headers that every answer of a path has beside those of all, refusals too.
    """

    def __init__(self, app: ASGIApp, refuse: Refuse, special: Mapping[str, Mapping[str, str]]) -> None:
        self._app = app
        self._refuse = refuse
        self._headers = {path: ALWAYS | dict(more) for path, more in special.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not below(scope["path"]):
            await self._app(scope, receive, send)
            return

        told = self._headers.get(scope["path"], ALWAYS)

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in told.items():
                    headers.setdefault(name, value)
            await send(message)

        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST:
            remedy = "store the question as a named query: POST /epcis/queries"
            error = AddressTooLong(f"the URL is longer than {LONGEST} bytes", remedy=remedy)
            await self._refuse(Request(scope), error)(scope, receive, marked)
            return
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, marked)


def add_discovery(
    app: FastAPI, routers: Iterable[APIRouter], special: Mapping[str, Mapping[str, str]] | None = None
) -> None:
    """An OPTIONS route for every path of the interface in these routers: its methods, and what all of it can do.

    ``special``: further headers by path.
    """
    methods: dict[str, set[str]] = {}
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, Route | APIRoute) and below(route.path):
            methods.setdefault(route.path, set()).update(route.methods or ())
    for path, found in methods.items():
        allowed = found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())
        headers = ABILITIES | dict((special or {}).get(path, {})) | {"Allow": ", ".join(sorted(allowed))}
        app.add_api_route(
            path,
            _teller(headers),
            methods=["OPTIONS"],
            status_code=204,
            tags=["EPCIS 2.0: discovery"],
            summary="What this resource can do",
            operation_id=f"discover{re.sub('[^a-zA-Z]+', '_', path.removeprefix(ROOT))}",
            responses={204: {"description": "Methods in Allow, abilities in the GS1 headers"}},
        )


def _teller(headers: dict[str, str]) -> Callable[[], Response]:
    def discover() -> Response:
        """Anybody may ask, without a key: it tells nothing of what the ledger holds."""
        return Response(status_code=204, headers=headers)

    return discover
