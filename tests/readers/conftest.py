"""A capture endpoint on a real port that can be told to misbehave."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

KEY = "a-device-key"

#: Given the events of a request, an answer instead of the usual one; None for the usual one.
Fault = Callable[[list[dict[str, Any]]], Awaitable[web.Response | None]]


class CaptureEndpoint:
    """Stores events by a hash of their content, as the server does, and answers capture jobs."""

    def __init__(self) -> None:
        self.url = ""
        self.key = KEY
        self.stored: dict[str, dict[str, Any]] = {}
        self.duplicates = 0
        self.requests: list[int] = []
        self.largest_body = 10_000_000
        self.faults: list[Fault] = []
        self.poison: Fault | None = None
        self.jobs: list[web.Response] = []
        self.changed = asyncio.Condition()

    async def capture(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["GS1-EPCIS-Version"] == "2.0.0"
        assert request.content_type == "application/ld+json"
        body = await request.read()
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.json_response({"title": "no such key"}, status=401)
        document = json.loads(body)
        assert document["type"] == "EPCISDocument"
        events = document["epcisBody"]["eventList"]
        self.requests.append(len(events))
        answer = await self.misbehave(events)
        if answer is None and len(body) > self.largest_body:
            answer = web.json_response({"title": "too large"}, status=413)
        if answer is None and self.poison is not None:
            answer = await self.poison(events)
        async with self.changed:
            self.changed.notify_all()
            return answer if answer is not None else self.store(events)

    async def job(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == f"Bearer {self.key}"
        return self.jobs.pop(0)

    async def misbehave(self, events: list[dict[str, Any]]) -> web.Response | None:
        return await self.faults.pop(0)(events) if self.faults else None

    def store(self, events: list[dict[str, Any]]) -> web.Response:
        answers = []
        for index, event in enumerate(events):
            number = hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()
            duplicate = number in self.stored
            self.duplicates += duplicate
            self.stored[number] = event
            answers.append({"eventID": f"ni:///sha-256;{number}", "index": index, "duplicate": duplicate})
        job = {"captureID": "1", "running": False, "success": True, "errors": [], "events": answers}
        return web.json_response(job, status=202)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a request has made this true."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(condition)


@pytest.fixture
async def endpoint() -> AsyncIterator[CaptureEndpoint]:
    """A fresh capture endpoint."""
    endpoint = CaptureEndpoint()
    application = web.Application(client_max_size=1 << 30)
    application.router.add_post("/epcis/capture", endpoint.capture)
    application.router.add_get("/epcis/capture/{job}", endpoint.job)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield endpoint
    await runner.cleanup()
