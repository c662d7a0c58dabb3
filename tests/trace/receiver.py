"""A subscriber's end: a real HTTP server in the test's event loop, that does with reports what it is told."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiohttp import web

#: Seconds that anything expected may take on a loaded machine.
PATIENCE = 30.0


class Report(NamedTuple):
    """One request to the receiver. ``status``: what it was answered with, 0 for no answer."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def sequence(self) -> int:
        """The report's number; 0 when it has none."""
        return int(self.headers.get("Suyuan-Sequence", "0"))

    @property
    def document(self) -> dict[str, Any]:
        """The body as JSON."""
        read: dict[str, Any] = json.loads(self.body)
        return read

    @property
    def events(self) -> list[str]:
        """IDs of its events."""
        return [event["eventID"] for event in self.document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]]


class Receiver:
    """``answers`` holds statuses for the next requests, then 204. 0 drops the connection, -1 never answers."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.answers: deque[int] = deque()
        self.headers: dict[str, str] = {}
        self.url = ""
        #: Called when a report has come, before it is answered.
        self.on_report: Callable[[], object] = lambda: None
        self._more = asyncio.Condition()
        self._hanging = asyncio.Event()

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One report."""
        body = await request.read()
        status = self.answers.popleft() if self.answers else 204
        async with self._more:
            self.reports.append(Report(request.path, dict(request.headers), body, max(status, 0)))
            self._more.notify_all()
        self.on_report()
        if status == -1:
            await self._hanging.wait()
        if status <= 0:
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=max(status, 200), headers=self.headers)

    @property
    def acknowledged(self) -> list[Report]:
        """Reports that were answered with success."""
        return [report for report in self.reports if 200 <= report.status < 300]

    @property
    def events(self) -> list[str]:
        """IDs of all events whose reports were acknowledged."""
        return [name for report in self.acknowledged if report.sequence for name in report.events]

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait until this holds; it is asked after each report."""
        async with asyncio.timeout(PATIENCE), self._more:
            await self._more.wait_for(wanted)

    def let_go(self) -> None:
        """Close the connections of those that never got an answer."""
        self._hanging.set()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()
    app = web.Application(client_max_size=16 << 20)
    app.router.add_post("/{any:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        receiver.let_go()
        await runner.cleanup()


def numbers(reports: list[Report]) -> Iterator[int]:
    """The reports' numbers."""
    return (report.sequence for report in reports)
