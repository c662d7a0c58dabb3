"""Standing queries over a WebSocket, against a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp
import pytest
from tests.serving import PARTIES, Service
from tests.trace.receiver import PATIENCE
from tests.trace.scribe import Scribe, document, object_event
from tests.trace.subscribing import Subscriber

from suyuan.trace import event_stream
from suyuan.trace.subscriptions import Terms

PATH = "/epcis/queries/SimpleEventQuery/events"
CURSOR, SEQUENCE = "https://ns.suyuan.example/voc/cursor", "https://ns.suyuan.example/voc/sequence"


async def capture(service: Service, *names: str, role: str = "producer", **members: Any) -> None:
    events = [object_event(number, eventID=name, **members) for number, name in enumerate(names)]
    answer = await asyncio.to_thread(service.capture, document(*events), role)
    assert answer.status_code == 202, answer.text


@asynccontextmanager
async def streaming(
    service: Service, question: str = "stream=true", role: str = "regulator", path: str = PATH, **more: Any
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A client of a stream."""
    more.setdefault("headers", {"Authorization": f"Bearer {service.keys.get(role, role)}"})
    url = f"{service.url.replace('http', 'ws', 1)}{path}?{question}"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, **more) as socket:
        yield socket


async def next_results(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The query results of the next message."""
    text = await socket.receive_str(timeout=PATIENCE)
    results: dict[str, Any] = json.loads(text)["epcisBody"]["queryResults"]
    return results


async def events_of(socket: aiohttp.ClientWebSocketResponse, count: int) -> list[str]:
    """IDs of the next events, over as many messages as they come in."""
    found: list[str] = []
    while len(found) < count:
        found += [event["eventID"] for event in (await next_results(socket))["resultsBody"]["eventList"]]
    return found


async def test_what_is_captured_comes_over_the_stream(service: Service) -> None:
    async with streaming(service) as socket:
        await capture(service, "urn:x:stream:1", "urn:x:stream:2")
        assert await events_of(socket, 2) == ["urn:x:stream:1", "urn:x:stream:2"]
        await capture(service, "urn:x:stream:3")
        results = await next_results(socket)
    assert results["queryName"] == "SimpleEventQuery"
    assert results[SEQUENCE] == 2
    assert [event["eventID"] for event in results["resultsBody"]["eventList"]] == ["urn:x:stream:3"]


async def test_a_client_goes_on_where_it_was_cut_off(service: Service) -> None:
    async with streaming(service) as socket:
        await capture(service, "urn:x:stream:10")
        cursor = (await next_results(socket))[CURSOR]
    await capture(service, "urn:x:stream:11")
    await capture(service, "urn:x:stream:12")
    async with streaming(service, f"stream=true&after={cursor}") as socket:
        assert await events_of(socket, 2) == ["urn:x:stream:11", "urn:x:stream:12"]


async def test_further_parameters_narrow_the_query_that_everybody_has(service: Service) -> None:
    async with streaming(service, "stream=true&EQ_bizStep=departing") as socket:
        await capture(service, "urn:x:stream:20")
        await capture(service, "urn:x:stream:21", bizStep="departing")
        assert await events_of(socket, 1) == ["urn:x:stream:21"]


async def test_a_stream_may_begin_in_the_past(service: Service) -> None:
    await capture(service, "urn:x:stream:30")
    async with streaming(service, "stream=true&initialRecordTime=2020-01-01T00:00:00%2B08:00") as socket:
        while "urn:x:stream:30" not in await events_of(socket, 1):
            pass


async def test_a_schedule_reports_at_its_times_also_that_there_is_nothing(service: Service) -> None:
    async with streaming(service, "second=[0-59]&reportIfEmpty=true") as socket:
        first = await next_results(socket)
        assert first["resultsBody"]["eventList"] == []
        await capture(service, "urn:x:stream:40")
        assert await events_of(socket, 1) == ["urn:x:stream:40"]


async def test_a_firm_gets_only_what_it_may_see(service: Service) -> None:
    async with streaming(service, role="retailer") as socket:
        await capture(service, "urn:x:stream:50")
        await capture(service, "urn:x:stream:51", role="retailer")
        assert await events_of(socket, 1) == ["urn:x:stream:51"]


async def test_a_browser_brings_its_key_as_a_subprotocol_that_is_not_echoed(service: Service) -> None:
    protocols = ("epcis", service.keys["regulator"])
    async with streaming(service, headers={}, protocols=protocols) as socket:
        assert socket.protocol == "epcis"
        await capture(service, "urn:x:stream:60")
        assert await events_of(socket, 1) == ["urn:x:stream:60"]


async def test_when_the_key_is_revoked_the_stream_ends(service: Service) -> None:
    made = await asyncio.to_thread(service.new_key, "regulator")
    async with streaming(service, role=made["key"]) as socket:
        path = f"/api/v1/keys/{made['id']}"
        assert (await asyncio.to_thread(service.call, "DELETE", path, "administrator")).status_code < 300
        message = await socket.receive(timeout=PATIENCE)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)


@pytest.mark.parametrize(
    ("question", "role", "path", "status"),
    [
        ("stream=true", None, PATH, 401),
        ("stream=true", "sy_none", PATH, 401),
        ("stream=true", "device", PATH, 403),
        ("stream=true", "regulator", PATH.replace("SimpleEventQuery", "none"), 404),
        ("", "regulator", PATH, 400),
        ("stream=false", "regulator", PATH, 400),
        ("stream=true&second=1", "regulator", PATH, 400),
        ("second=61", "regulator", PATH, 400),
        ("stream=true&after=x", "regulator", PATH, 400),
        ("stream=true&after=99999999", "regulator", PATH, 400),
        ("stream=true&EQ_nothing=1", "regulator", PATH, 400),
    ],
)
async def test_what_is_refused_is_refused_before_the_upgrade(
    service: Service, question: str, role: str | None, path: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {service.keys.get(role, role)}"} if role else {}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with streaming(service, question, path=path, headers=headers):
            pass
    assert refused.value.status == status


async def test_a_firm_has_a_limited_number_of_streams(service: Service) -> None:
    made = await asyncio.to_thread(service.new_key, "producer", PARTIES["producer"])
    headers = {"Authorization": f"Bearer {made['key']}"}
    url = f"{service.url.replace('http', 'ws', 1)}{PATH}?stream=true"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        sockets = [await session.ws_connect(url, headers=headers) for _ in range(50)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url, headers=headers)
        assert refused.value.status == 503
        for socket in sockets:
            await socket.close()


class Stuck:
    """A connection whose client takes nothing."""

    def __init__(self) -> None:
        self.closed: tuple[int, str] | None = None

    async def send_text(self, text: str) -> None:
        """Never."""
        await asyncio.Event().wait()

    async def close(self, code: int, reason: str) -> None:
        """Noted."""
        self.closed = code, reason


class Full:
    """A stream with one message, behind which a client goes on at 17."""

    sent = 17

    async def messages(self) -> AsyncIterator[bytes]:
        """One."""
        yield b"{}"


async def test_a_client_that_takes_nothing_is_told_where_to_go_on() -> None:
    stuck = Stuck()
    await event_stream._send(cast("Any", stuck), cast("Any", Full()), 0.01)
    assert stuck.closed == (1013, "too slow: go on with after=17")


async def test_a_stream_that_has_sent_nothing_yet_goes_on_where_it_began(scribe: Scribe) -> None:
    scribe.capture(document(object_event(1)))
    subscriber = Subscriber(scribe)
    terms = Terms(query_name="SimpleEventQuery", parameters={}, dest="", stream=True)
    stream = event_stream._Stream(
        subscriber.ledger, subscriber.watch, subscriber.actor, event_stream._Order(terms, None)
    )
    first = asyncio.ensure_future(anext(stream.messages()))
    await subscriber.eventually(lambda: stream.sent == scribe.writer.size)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await subscriber.watch.stop()
