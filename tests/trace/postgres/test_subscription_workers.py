"""Several server processes over one ledger: one of them delivers, and when it is killed another goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time

import httpx
import pytest
from tests.serving import Service
from tests.trace.postgres.test_workers import service, workers
from tests.trace.receiver import PATIENCE, receiving
from tests.trace.scribe import document, object_event

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

__all__ = ["service"]

QUERY = "/epcis/queries/SimpleEventQuery/subscriptions"


def capture(service: Service, number: int) -> str:
    """One event, sent until it is answered: the worker that had the request may be the one that was killed."""
    deadline = time.monotonic() + PATIENCE
    name = f"urn:x:{number}"
    while True:
        with contextlib.suppress(httpx.TransportError):
            answer = service.capture(document(object_event(number, eventID=name)))
            if answer.status_code == 202:
                return name
        assert time.monotonic() < deadline
        time.sleep(0.1)


async def test_when_a_worker_is_killed_another_delivers_what_it_has_not(service: Service) -> None:
    async with receiving() as receiver:
        order = {"dest": receiver.url, "stream": True}
        made = await asyncio.to_thread(service.call, "POST", QUERY, "producer", json=order)
        assert made.status_code == 201, made.text
        captured = []
        for number, worker in enumerate(workers(service)):
            captured.append(await asyncio.to_thread(capture, service, 2 * number))
            await receiver.until(lambda: receiver.events[-1:] == captured[-1:])
            os.kill(worker, signal.SIGKILL)
            captured.append(await asyncio.to_thread(capture, service, 2 * number + 1))
        await receiver.until(lambda: receiver.events[-1:] == captured[-1:])
    contents = {report.sequence: report.body for report in receiver.reports}
    assert all(contents[report.sequence] == report.body for report in receiver.reports)
    assert [report.sequence for report in receiver.reports] == sorted(report.sequence for report in receiver.reports)
    assert list(dict.fromkeys(receiver.events)) == captured
