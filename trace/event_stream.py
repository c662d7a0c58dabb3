"""Standing queries over a WebSocket (EPCIS 2.0 section 12: GET /queries/{queryName}/events with an upgrade).

Nothing is kept for a client that has gone: each message names, as ``cursor``, where it may go on with ``after``. A
message counts as delivered when it was sent; the next one is begun when the connection has taken it, so what waits here
is one message and what the transport holds, however slow the client is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool

from suyuan.base.clock import format_time, now, parse_time
from suyuan.base.errors import InvalidInput, InvalidSubscription, NotAcceptable, Refused, Unauthenticated, Unavailable
from suyuan.base.identity import PUBLIC, Actor, closed_key
from suyuan.base.permissions import Permission, decide
from suyuan.epcis.query_parameters import read_query
from suyuan.epcis.query_values import from_url
from suyuan.epcis.schedule import FIELDS, read_schedule
from suyuan.trace.access import owner_of_key
from suyuan.trace.epcis_headers import Wishes, wishes_of
from suyuan.trace.ledger import Ledger
from suyuan.trace.log_watch import LogWatch
from suyuan.trace.named_queries import EVENT_QUERY, find_query
from suyuan.trace.subscription_desk import Subscriptions
from suyuan.trace.subscription_reports import check_size, find_initial, next_portion, problem_of, write_report
from suyuan.trace.subscription_routes import form_of
from suyuan.trace.subscriptions import Batch, Terms, owner_of

#: Subprotocol by which a browser, which can set no header, brings its key as a second one. It is not echoed.
PROTOCOL: Final = "epcis"
#: Streams of a server, and of one firm.
MOST, MOST_OF_AN_OWNER = 500, 50
#: Seconds that a client may take to take a message off the connection.
_PATIENCE: Final = 30.0
#: Seconds after which an idle stream looks whether its key is still open.
_LOOK: Final = 30.0
#: Close codes (RFC 6455, 7.4.1): policy, a bug, try again later.
_CLOSED_KEY, _FAILED, _LATER = 1008, 1011, 1013
_CONTROLS = ("stream", "reportIfEmpty", "initialRecordTime", "after", *FIELDS)

router = APIRouter()
log = structlog.get_logger(__name__)


class _Order(msgspec.Struct, frozen=True):
    """What a client asks for. ``after``: log index to begin at; None is now, or the initial record time."""

    terms: Terms
    after: int | None


@router.websocket("/epcis/queries/{query_name}/events")
async def stream(websocket: WebSocket, query_name: str) -> None:
    """Messages are EPCISQueryDocuments. What is refused is refused before the upgrade, as an ordinary answer."""
    ledger: Ledger = websocket.app.state.ledger
    protocols = [word.strip() for word in websocket.headers.get("sec-websocket-protocol", "").split(",")]
    actor = await _authenticated(ledger, websocket, protocols)
    order = await run_in_threadpool(_read, ledger, actor, query_name, websocket)
    owner, desk = owner_of(actor), _desk_of(websocket)
    if desk.streams.total() >= MOST or desk.streams[owner] >= MOST_OF_AN_OWNER:
        raise Unavailable("too many streams are open", remedy="close one, or subscribe with a webhook")
    desk.streams[owner] += 1
    try:
        stream = _Stream(ledger, desk.watch, actor, order)
        await _serve(websocket, stream, PROTOCOL if PROTOCOL in protocols else None)
    finally:
        desk.streams[owner] -= 1


def _desk_of(websocket: WebSocket) -> Subscriptions:
    desk: Subscriptions = websocket.app.state.subscriptions
    return desk


async def _authenticated(ledger: Ledger, websocket: WebSocket, protocols: list[str]) -> Actor:
    scheme, _, key = websocket.headers.get("authorization", "").partition(" ")
    if scheme and scheme.lower() != "bearer":
        raise Unauthenticated("the Authorization header holds no bearer key", remedy="send Authorization: Bearer KEY")
    if not key and PROTOCOL in protocols:
        key = next((word for word in protocols if word.startswith("sy_")), "")
    actor = await owner_of_key(ledger, key.strip()) if key else PUBLIC
    decide(actor, Permission.READ_EVENTS)
    return actor


def _read(ledger: Ledger, actor: Actor, query_name: str, websocket: WebSocket) -> _Order:
    """The query and its controls, from the URL or from headers such as GS1-Query-Stream."""
    headers = websocket.headers
    wishes = wishes_of(
        websocket, headers.get("gs1-epcis-min"), headers.get("gs1-epcis-max"), headers.get("gs1-cbv-min"),
        headers.get("gs1-cbv-max"), headers.get("gs1-epc-format"), headers.get("gs1-cbv-xml-format"),
        headers.get("gs1-extensions"),
    )  # fmt: skip
    if wishes.xml:
        raise NotAcceptable("a stream is JSON", remedy="subscribe with a webhook for XML")
    pairs = [(name, value) for name, value in websocket.query_params.multi_items() if name not in _CONTROLS]
    controls = {name: value for name in _CONTROLS if (value := _control(websocket, name)) is not None}
    with ledger.view() as view:
        query = find_query(view, actor, query_name).definition
        size = view.size
    parameters, namespaces = query.parameters, wishes.extensions | query.namespaces
    if pairs and query_name != EVENT_QUERY:
        raise InvalidInput("a named query takes no further parameter here", place=pairs[0][0][:80])
    if pairs:
        parameters = from_url(pairs)
        read_query(parameters, namespaces)
    terms = _terms(query_name, parameters, namespaces, controls, wishes)
    return _Order(terms, _after(controls, size))


def _control(websocket: WebSocket, name: str) -> str | None:
    header = f"gs1-query-{name}".lower() if name != "initialRecordTime" else "gs1-query-initialrecordtime"
    return websocket.query_params.get(name, websocket.headers.get(header))


def _terms(
    query_name: str, parameters: dict[str, Any], namespaces: dict[str, str], controls: Mapping[str, str], wishes: Wishes
) -> Terms:
    schedule = {name: controls[name] for name in FIELDS if name in controls}
    streaming = _truth(controls, "stream")
    if streaming == bool(schedule):
        raise InvalidSubscription(
            "exactly one of a schedule and stream=true is needed", place="stream",
            remedy="ask for ?stream=true, or for a schedule such as ?hour=1&minute=5",
        )  # fmt: skip
    if schedule:
        read_schedule(schedule)
    initial = controls.get("initialRecordTime")
    return Terms(
        query_name=query_name, parameters=parameters, namespaces=namespaces, dest="", stream=streaming,
        schedule=schedule, report_if_empty=_truth(controls, "reportIfEmpty"),
        initial_record_time=None if initial is None else parse_time(initial.replace(" ", "+"))[0],
        form=form_of(wishes),
    )  # fmt: skip


def _truth(controls: Mapping[str, str], name: str) -> bool:
    value = controls.get(name, "false")
    if value not in {"true", "false"}:
        raise InvalidSubscription(f"{name} is {value[:40]!a}, expected true or false", place=name)
    return value == "true"


def _after(controls: Mapping[str, str], size: int) -> int | None:
    text = controls.get("after")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 17 and int(text) <= size):
        raise InvalidSubscription("this is no cursor of this ledger", place="after")
    return int(text)


async def _serve(websocket: WebSocket, stream: _Stream, protocol: str | None) -> None:
    """Send until the client goes, or its key does. The uvicorn server sends pings and ends who answers none."""
    least = format_time(stream.terms.initial_record_time or now())
    await websocket.accept(protocol, [(b"gs1-query-min-record-time", least.encode())])
    listening = asyncio.create_task(_listen(websocket))
    sending = asyncio.create_task(_send(websocket, stream))
    try:
        await asyncio.wait({listening, sending}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (listening, sending):
            task.cancel()
        await asyncio.gather(listening, sending, return_exceptions=True)


async def _listen(websocket: WebSocket) -> None:
    """What a client says means nothing; that it goes does."""
    with suppress(WebSocketDisconnect, RuntimeError):
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass


async def _send(websocket: WebSocket, stream: _Stream, patience: float = _PATIENCE) -> None:
    code, reason = _CLOSED_KEY, "the key is closed"
    try:
        async for message in stream.messages():
            async with asyncio.timeout(patience):
                await websocket.send_text(message.decode())
    except TimeoutError:
        code, reason = _LATER, f"too slow: go on with after={stream.sent}"
    except Refused as refusal:
        await websocket.send_text(problem_of(refusal, stream.terms)[1].decode())
        code, reason = _FAILED, "the query cannot be carried out"
    except WebSocketDisconnect:
        return
    except Exception:
        log.exception("stream.bug")
        code, reason = _FAILED, f"go on with after={stream.sent}"
    with suppress(RuntimeError, TimeoutError, WebSocketDisconnect):
        async with asyncio.timeout(1):
            await websocket.close(code, reason)


class _Stream:
    """The messages for one client, made one by one."""

    def __init__(self, ledger: Ledger, watch: LogWatch, actor: Actor, order: _Order) -> None:
        self._ledger, self._watch, self._actor, self._order = ledger, watch, actor, order
        self.terms = order.terms
        self._sequence = 0
        #: Where a client goes on: the cursor of the last message that was made.
        self.sent = order.after or 0

    async def messages(self) -> AsyncIterator[bytes]:
        """Documents, until the key is closed."""
        terms = self.terms
        cursor = self.sent = await self._first()
        times, run = terms.times, now()
        while await self._open():
            if times is None:
                goal = await self._growth(cursor)
            else:
                due = times.after(run)
                if due is None or not await self._due(due):
                    return
                goal, run = await self._watch.size(), now()
                await run_in_threadpool(check_size, self._ledger, terms, self._actor, cursor, goal)
            sequence = self._sequence
            while cursor < goal:
                portion = await run_in_threadpool(next_portion, self._ledger, terms, self._actor, cursor, goal)
                cursor = portion.upto
                if portion.events:
                    yield await self._message(cursor, portion.events)
            if times is not None and terms.report_if_empty and self._sequence == sequence:
                yield await self._message(cursor, [])

    async def _first(self) -> int:
        """Where to begin."""
        initial = self._order.terms.initial_record_time
        if self._order.after is not None:
            return self._order.after
        if initial is None:
            return await self._watch.size()
        await self._due(initial)
        return await run_in_threadpool(find_initial, self._ledger, initial)

    async def _growth(self, cursor: int) -> int:
        """The log's size when it has grown, or after a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK):
                return await self._watch.beyond(cursor)
        return cursor

    async def _due(self, time: int) -> bool:
        """Wait for a time; whether the key is still open then."""
        while (left := (time - now()) / 1e6) > 0:
            await asyncio.sleep(min(left, _LOOK))
            if not await self._open():
                return False
        return True

    async def _open(self) -> bool:
        key = await run_in_threadpool(self._ledger.find_key, self._actor.key_id)
        return key is not None and closed_key(key.revoked, key.expires, now()) is None

    async def _message(self, cursor: int, events: list[int]) -> bytes:
        self._sequence += 1
        batch = Batch(self._sequence, cursor, events, now())
        message = await run_in_threadpool(write_report, self._ledger, None, self._order.terms, batch)
        self.sent = cursor
        return message
