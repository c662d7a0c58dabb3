"""A small application around the public routes, and a client that speaks ASGI to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from tests.consumer_api.journeys import RECALLED, SAFE, WARM, Shelf, changed

from suyuan.base.errors import SuyuanError
from suyuan.consumer_api.routes import create_router

PUBLIC_URL = "https://trace.example"


@pytest.fixture
def shelf() -> Shelf:
    """A recalled and cloned tray, a warm one, a safe lot."""
    return Shelf(RECALLED, WARM, changed(SAFE, id=SAFE.lot, kind="lot", lot=None))


@pytest.fixture
def app(shelf: Shelf) -> FastAPI:
    """The application; errors are answered as the composition root does, in short."""
    application = FastAPI()
    application.include_router(create_router(shelf, PUBLIC_URL))

    async def problem(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, SuyuanError)
        return JSONResponse(
            {"type": error.slug, "detail": error.detail, "remedy": error.remedy}, status_code=error.status
        )

    application.add_exception_handler(SuyuanError, problem)
    return application


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client for the application; redirects aren't followed."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=PUBLIC_URL) as found:
        yield found
