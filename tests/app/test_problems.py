"""Problem documents for every kind of failure, and no traceback for anyone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Query
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.requests import ClientDisconnect
from tests.serving import Service

from suyuan.app import problems
from suyuan.base.errors import SuyuanError


def kinds(kind: type[SuyuanError] = SuyuanError) -> Iterator[type[SuyuanError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from kinds(child)


async def answer_to(error: Exception) -> httpx.Response:
    app = FastAPI()
    problems.install(app)

    @app.get("/fails")
    async def fails(number: int = Query(1, ge=1)) -> None:
        raise error

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        return await client.get("/fails")


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=str))
async def test_every_error_of_ours_is_a_problem_with_its_parts(kind: type[SuyuanError]) -> None:
    answer = await answer_to(kind("why <script>", place="/here", remedy="do that"))
    assert answer.status_code == kind.status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body == {
        "type": f"https://suyuan.example/problems/{kind.slug}",
        "title": (kind.__doc__ or "").splitlines()[0],
        "status": kind.status,
        "detail": "why <script>",
        "instance": "/fails",
        "place": "/here",
        "remedy": "do that",
    }
    assert ("retry-after" in answer.headers) == (kind.status == 503)
    assert ("www-authenticate" in answer.headers) == (kind.status == 401)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ZeroDivisionError("secret detail"), 500), (RecursionError(), 500), (MemoryError(), 500),
        (OperationalError("SELECT secret", {}, Exception("secret detail")), 503),
        (NoConnection("secret pool"), 503),
        (DataError("SELECT secret", {}, Exception("secret detail")), 400), (ClientDisconnect(), 400),
    ],
)  # fmt: skip
async def test_failures_tell_nothing_of_the_inside(error: Exception, status: int) -> None:
    answer = await answer_to(error)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nowhere", 404, "not-found"), ("GET", "/api/v1/nothing", 404, "not-found"),
        ("DELETE", "/epcis/events", 405, "method-not-allowed"), ("PATCH", "/healthz", 405, "method-not-allowed"),
        ("GET", "/epcis/capture", 405, "method-not-allowed"), ("GET", "/api/v1/trace", 400, "invalid-input"),
        ("GET", "/api/v1/trace?id=x&direction=up", 400, "invalid-input"),
        ("GET", "/api/v1/trace?id=urn:x:y&offset=-1", 400, "invalid-input"),
        ("GET", "/api/v1/trace?id=urn:x:y&limit=99999", 400, "invalid-input"),
    ],
)  # fmt: skip
def test_routing_and_parameters_over_tcp(service: Service, method: str, path: str, status: int, slug: str) -> None:
    answer: Any = service.call(method, path, "regulator")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith(f"/{slug}")
    if status == 405:
        assert answer.headers["allow"]
