"""The label routes: who may print, and what comes out."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import httpx
import pytest
import zxingcpp
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from PIL import Image

from suyuan.base.errors import SuyuanError, Unauthenticated
from suyuan.labels.routes import create_router

PUBLIC_URL = "https://trace.example"
TRAY = "(01)09506000134352(21)1001"


def require_key(request: Request) -> None:
    """Let in whoever brings the key of this test."""
    if request.headers.get("authorization") != "Bearer printer":
        raise Unauthenticated


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client with the key."""
    app = FastAPI()
    app.include_router(create_router(PUBLIC_URL, require_key))

    async def problem(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, SuyuanError)
        return JSONResponse({"type": error.slug}, status_code=error.status)

    app.add_exception_handler(SuyuanError, problem)
    transport, key = httpx.ASGITransport(app=app), {"Authorization": "Bearer printer"}
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=key) as found:
        yield found


async def test_a_png_leads_to_the_page_of_the_thing(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/labels/qr", params={"id": TRAY, "level": "H"})
    assert answer.headers["content-type"] == "image/png"
    (symbol,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.content)).convert("L"))
    assert symbol.text == f"{PUBLIC_URL}/01/09506000134352/21/1001"
    assert answer.headers["link"] == f'<{symbol.text}>; rel="about"'


async def test_an_svg_on_request(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/labels/qr", params={"id": TRAY, "format": "svg"})
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.content.startswith(b"<svg ")


async def test_only_printers_get_in(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/labels/qr", params={"id": TRAY}, headers={"Authorization": ""})
    assert answer.status_code == 401


@pytest.mark.parametrize("wrong", [{"id": "(01)09506000134351"}, {"id": ""}])
async def test_a_wrong_identifier_is_refused(client: httpx.AsyncClient, wrong: dict[str, str]) -> None:
    answer = await client.get("/api/v1/labels/qr", params=wrong)
    assert (answer.status_code, answer.json()["type"]) == (400, "invalid-identifier")
