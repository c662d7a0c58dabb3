"""Delivery: every event reaches the server or the dead, whatever the server does, over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from suyuan.base.errors import InvalidSetting
from suyuan.readers.delivery import CONTEXT, Delivery, DeliverySettings, document
from suyuan.readers.outbox import Outbox, Recording

if TYPE_CHECKING:
    from tests.readers.conftest import CaptureEndpoint, Fault

KEY = "a-device-key"
keys = itertools.count()


def put(outbox: Outbox, numbers: range) -> None:
    events = tuple(json.dumps({"type": "ObjectEvent", "n": n}).encode() for n in numbers)
    outbox.put([Recording("gate", str(next(keys)), events, {})])


def stored(endpoint: CaptureEndpoint) -> list[int]:
    return sorted(event["n"] for event in endpoint.stored.values())


def answers(status: int, text: str = "{}", **headers: str) -> Fault:
    async def fault(_events: list[dict[str, Any]]) -> web.Response:
        return web.Response(status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return fault


def poisoned(status: int, *bad: int) -> Fault:
    async def fault(events: list[dict[str, Any]]) -> web.Response | None:
        return web.Response(status=status, text="poison") if any(e["n"] in bad for e in events) else None

    return fault


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[Outbox]:
    box = Outbox(tmp_path / "outbox.db")
    yield box
    box.close()


@contextlib.asynccontextmanager
async def delivering(
    outbox: Outbox, url: str, key: Callable[[], str] = lambda: KEY, **changes: Any
) -> AsyncIterator[Delivery]:
    options = {"timeout": 5.0, "first_wait": 0.01, "longest_wait": 0.05, "hold_wait": 0.05, **changes}
    delivery = Delivery(outbox, DeliverySettings(url=url, **options), key)
    task = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        delivery.stop()
        await asyncio.wait_for(task, 5)


async def emptied(outbox: Outbox) -> None:
    async with asyncio.timeout(10):
        while len(outbox):  # noqa: ASYNC110 - the outbox is a file, it has no event to wait for
            await asyncio.sleep(0.005)


async def test_events_go_in_batches_and_are_forgotten_when_the_job_succeeded(
    outbox: Outbox, endpoint: CaptureEndpoint
) -> None:
    put(outbox, range(25))
    async with delivering(outbox, endpoint.url + "/", max_events=10) as delivery:
        await emptied(outbox)
        assert endpoint.requests == [10, 10, 5]
        put(outbox, range(25, 27))
        delivery.wake()
        await emptied(outbox)
        assert delivery.delivered == 27
    assert stored(endpoint) == list(range(27))


async def test_stopping_delivers_what_waits(outbox: Outbox, endpoint: CaptureEndpoint) -> None:
    async with delivering(outbox, endpoint.url):
        put(outbox, range(5))
    assert stored(endpoint) == list(range(5))


FAULTS = {
    "server error": [answers(500)] * 3,
    "gateway": [answers(502), answers(503, Retry_After="0"), answers(504), answers(429, Retry_After="soon")],
    "key unknown": [answers(401), answers(403)],
    "wrong address": [answers(404), answers(302, Location="http://elsewhere.example/")],
    "no job in the answer": [answers(202, "no JSON"), answers(202, "")],
    "job elsewhere": [answers(202, "{}", Location="http://elsewhere.example/epcis/capture/1")],
    "unending rubbish": [answers(503, "x" * 3_000_000)],
}


@pytest.mark.parametrize("name", FAULTS)
async def test_no_event_is_lost_or_given_up_when(name: str, outbox: Outbox, endpoint: CaptureEndpoint) -> None:
    endpoint.faults = list(FAULTS[name])
    put(outbox, range(5))
    async with delivering(outbox, endpoint.url):
        await emptied(outbox)
    assert stored(endpoint) == list(range(5))
    assert outbox.dead_count() == 0
    assert not endpoint.faults


@pytest.mark.parametrize("status", [400, 409, 422])
async def test_bad_events_are_found_and_kept_and_the_others_go_on(
    status: int, outbox: Outbox, endpoint: CaptureEndpoint
) -> None:
    endpoint.poison = poisoned(status, 3, 17)
    put(outbox, range(20))
    async with delivering(outbox, endpoint.url):
        await emptied(outbox)
    assert stored(endpoint) == [n for n in range(20) if n not in (3, 17)]
    assert endpoint.duplicates == 0
    assert [json.loads(dead.body)["n"] for dead in outbox.dead()] == [3, 17]
    assert {dead.problem for dead in outbox.dead()} == {f"{status}: poison"}


async def test_a_job_that_failed_is_a_refusal(outbox: Outbox, endpoint: CaptureEndpoint) -> None:
    put(outbox, range(1))
    endpoint.faults = [answers(202, '{"running": false, "success": false, "errors": [{"title": "no such step"}]}')]
    async with delivering(outbox, endpoint.url):
        await emptied(outbox)
    (dead,) = outbox.dead()
    assert "no such step" in dead.problem


async def test_a_running_job_is_waited_for(outbox: Outbox, endpoint: CaptureEndpoint) -> None:
    running, location = '{"running": true, "success": true}', "/epcis/capture/7"
    endpoint.faults = [answers(202, running, Location=location)] * 2
    endpoint.jobs = [
        web.Response(text=running),
        web.Response(status=503),  # asked again from the start: the server is idempotent
        web.Response(text=running),
        web.Response(text='{"running": false, "success": true}'),
    ]
    put(outbox, range(5))
    async with delivering(outbox, endpoint.url):
        await emptied(outbox)
    assert endpoint.requests == [5, 5]
    assert outbox.dead_count() == 0


async def test_a_job_that_never_ends_is_sent_again(
    outbox: Outbox, endpoint: CaptureEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suyuan.readers.delivery._JOB_ATTEMPTS", 1)
    running = '{"running": true, "success": true}'
    endpoint.faults = [answers(202, running, Location="/epcis/capture/7")]
    endpoint.jobs = [web.Response(text=running)]
    put(outbox, range(5))
    async with delivering(outbox, endpoint.url):
        await emptied(outbox)
    assert stored(endpoint) == list(range(5))


async def test_requests_shrink_to_what_the_server_takes(outbox: Outbox, endpoint: CaptureEndpoint) -> None:
    endpoint.largest_body = 40_000
    padding = "x" * 5000
    events = tuple(json.dumps({"n": n, "padding": padding}).encode() for n in range(40))
    giant = json.dumps({"n": 40, "padding": padding * 10}).encode()
    outbox.put([Recording("gate", "large", (*events, giant), {})])
    async with delivering(outbox, endpoint.url):
        await emptied(outbox)
    assert stored(endpoint) == list(range(40))
    (dead,) = outbox.dead()
    assert dead.body == giant


async def test_an_event_that_trips_the_server_waits_and_the_others_go_on(
    outbox: Outbox, endpoint: CaptureEndpoint
) -> None:
    endpoint.poison = poisoned(500, 3)
    put(outbox, range(20))
    async with delivering(outbox, endpoint.url):
        await endpoint.until(lambda: len(endpoint.stored) == 19)
        assert outbox.dead_count() == 0
        endpoint.poison = None
        await emptied(outbox)
    assert stored(endpoint) == list(range(20))


async def test_a_server_that_never_answers_is_asked_again(outbox: Outbox, endpoint: CaptureEndpoint) -> None:
    async def sleep(_events: list[dict[str, Any]]) -> None:
        await asyncio.sleep(1)

    endpoint.faults = [sleep]
    put(outbox, range(5))
    async with delivering(outbox, endpoint.url, timeout=0.1):
        await emptied(outbox)
    assert stored(endpoint) == list(range(5))


async def test_an_answer_that_was_lost_makes_no_second_event(outbox: Outbox, endpoint: CaptureEndpoint) -> None:
    async def store_and_hang(events: list[dict[str, Any]]) -> None:
        endpoint.store(events)
        await asyncio.sleep(1)

    endpoint.faults = [store_and_hang]
    put(outbox, range(5))
    async with delivering(outbox, endpoint.url, timeout=0.1):
        await emptied(outbox)
    assert (stored(endpoint), endpoint.duplicates) == (list(range(5)), 5)


async def test_a_server_that_is_away_is_waited_for(outbox: Outbox) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        put(outbox, range(5))
        with capture_logs() as logs:
            async with delivering(outbox, f"http://127.0.0.1:{nobody.getsockname()[1]}"):
                await asyncio.sleep(0.1)
    assert len(outbox) == 5
    assert {entry["event"] for entry in logs} == {"delivery failed for now"}


async def test_the_key_is_asked_for_again_and_never_logged(outbox: Outbox, endpoint: CaptureEndpoint) -> None:
    secrets = iter(["an-old-secret", "no-file", KEY])

    def key() -> str:
        secret = next(secrets, KEY)
        if secret == "no-file":
            raise InvalidSetting("the key file is empty")
        return secret

    put(outbox, range(5))
    with capture_logs() as logs:
        async with delivering(outbox, endpoint.url, key):
            await emptied(outbox)
    assert [entry["event"] for entry in logs] == ["delivery held", "delivery works again"]
    assert "secret" not in str(logs)
    assert KEY not in str(logs)


async def test_a_disk_that_fails_is_waited_for(outbox: Outbox, endpoint: CaptureEndpoint) -> None:
    put(outbox, range(5))
    outbox._connection.execute("PRAGMA query_only = ON")
    async with delivering(outbox, endpoint.url):
        await endpoint.until(lambda: len(endpoint.requests) >= 2)
        outbox._connection.execute("PRAGMA query_only = OFF")
        await emptied(outbox)
    assert stored(endpoint) == list(range(5))


def test_a_document_holds_the_exact_bytes_of_its_events() -> None:
    text = document([b'{"n": 1}', b'{"n":  2}'], 1_795_219_486_453_737)
    assert b'"eventList":[{"n": 1},{"n":  2}]' in text
    assert json.loads(text) == {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-21T00:04:46.453Z",
        "epcisBody": {"eventList": [{"n": 1}, {"n": 2}]},
    }
