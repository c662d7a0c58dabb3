"""Whether the service lives, whether it can do its work, and its figures for Prometheus."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suyuan.base.errors import Unavailable
from suyuan.trace.access import ledger_of
from suyuan.trace.ledger import Ledger

router = APIRouter(tags=["operation"])

#: Upper bounds of the latency buckets in seconds: a till needs 5 ms, a page 20 ms, a recall 1 s.
_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


#: Methods that may be a label: a client can make up others.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The figures of one application; each has a registry of its own, so that two in a process don't meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "suyuan_http_requests",
            "Requests by route and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.latency = Histogram(
            "suyuan_http_seconds", "Seconds to answer", ["route"], buckets=_BUCKETS, registry=self.registry
        )
        self.reports = Counter(
            "suyuan_subscription_reports",
            "Reports to subscribers, by what became of them",
            ["outcome"],
            registry=self.registry,
        )
        self.log_size = Gauge("suyuan_log_size", "Leaves in the log", registry=self.registry)

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request by its route's pattern, never by its path, so that labels stay few."""
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.requests.labels(method, route, str(status)).inc()
        self.latency.labels(route).observe(seconds)


class Measured:
    """ASGI middleware that counts every request, also one that fails or whose client has gone."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._metrics.count(scope, status, time.perf_counter() - started)


@router.get("/healthz", summary="Alive", responses={200: {"description": "The process answers"}})
def healthz() -> dict[str, str]:
    """Says only that the process answers."""
    return {"status": "alive"}


@router.get("/readyz", summary="Ready", responses={503: {"description": "The writer or the database is away"}})
def readyz(request: Request, ledger: Annotated[Ledger, Depends(ledger_of)]) -> dict[str, str | int]:
    """Says that the database answers and the writer runs."""
    if not request.app.state.writer_ready():
        raise Unavailable("the writer process is not running")
    with ledger.log() as log:
        return {"status": "ready", "log_size": log.size()}


@router.get("/metrics", summary="Figures for Prometheus", responses={200: {"description": "Text exposition format"}})
def metrics(request: Request, ledger: Annotated[Ledger, Depends(ledger_of)]) -> Response:
    """No labels with goods or firms in them."""
    figures: Metrics = request.app.state.metrics
    with ledger.log() as log:
        figures.log_size.set(log.size())
    return Response(generate_latest(figures.registry), media_type=CONTENT_TYPE_LATEST)
