"""Problem documents for every kind of failure, and no traceback for anyone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from fastapi import FastAPI, Query
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.requests import ClientDisconnect
from tests.serving import Service

from suyuan.app import problems
from suyuan.base.errors import InvalidDocument, SuyuanError


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
    } | ({"rule": "form"} if issubclass(kind, InvalidDocument) else {})
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
        ("DELETE", "/api/v1/trace", 405, "method-not-allowed"), ("PATCH", "/healthz", 405, "method-not-allowed"),
        ("GET", "/api/v1/trace", 400, "invalid-input"),
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


@pytest.mark.parametrize(
    ("method", "path", "role", "status", "name"),
    [
        ("DELETE", "/epcis/events", "regulator", 405, "ValidationException"),
        ("GET", "/epcis/nothing", "regulator", 404, "NoSuchNameException"),
        ("GET", "/epcis/events?EQ_bizStp=x", "regulator", 400, "QueryParameterException"),
        ("GET", "/epcis/events", None, 401, "SecurityException"),
        ("GET", "/epcis/events", "device", 403, "SecurityException"),
        ("GET", "/epcis/events?x=" + 17_000 * "y", "regulator", 414, "URITooLongException"),
        ("POST", "/epcis/capture", "producer", 415, "UnsupportedMediaTypeException"),
    ],
)
def test_below_epcis_the_type_is_the_exception_of_the_standard(
    service: Service, method: str, path: str, role: str | None, status: int, name: str
) -> None:
    answer = service.call(method, path, role)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["type"] == f"epcisException:{name}"
    assert answer.headers["gs1-epcis-version"] == "2.0.0"
    told = service.call(method, path, role, headers={"Accept": "application/xml"})
    assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+xml")
    root = ET.fromstring(told.content)
    assert root.tag == "{urn:epcglobal:epcis:xsd:2}EPCISException"
    assert (root.findtext("type"), root.findtext("status")) == (f"epcisException:{name}", str(status))
