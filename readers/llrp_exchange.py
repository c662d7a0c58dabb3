"""One LLRP connection that is used by question and answer: what writing tags needs, unlike reading them for ever.

Nothing is read between two questions, and the reader is asked for no keepalives. Whatever goes wrong is an
`Unavailable`, and the connection is of no use any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Self

import msgspec

from suyuan.base.errors import InvalidFrame, Unavailable
from suyuan.readers.llrp_access import WRITING_ROSPEC, Access, accesses
from suyuan.readers.llrp_wire import Frame, Frames, Message, Parameter, decode, encode, message, parameter

CHUNK = 64 * 1024
#: ROSpecEvent.EventType: the ROSpec has ended, or was preempted.
_ENDED = (1, 2)
#: NotificationEventType: ROSpecs that start and end.
_ROSPEC_EVENTS = 2


class Exchange:
    """Made by `open_exchange`."""

    def __init__(self, name: str, stream: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float) -> None:
        self._name = name
        self._stream = stream
        self._writer = writer
        self._patience = patience
        self._frames = Frames()
        self._waiting: Iterator[Frame] = iter(())
        self._last_id = 0

    async def greet(self) -> Self:
        """Wait for the reader's greeting. Raises `Unavailable` when somebody else is connected to it."""
        async with self._limit("the greeting"):
            received = await self._receive()
        attempt = received.find("ReaderEventNotificationData", "ConnectionAttemptEvent")
        if attempt is None or attempt.number("Status"):
            raise Unavailable(
                f"reader {self._name} refused the connection",
                remedy="another program may be connected to it: stop that",
            )
        return self

    async def ask(self, request: Message) -> list[Access]:
        """Send a request and wait for its answer; the accesses reported meanwhile. Raises `Unavailable`."""
        number = await self._send(request)
        found: list[Access] = []
        async with self._limit(f"the answer to {request.name}"):
            while True:
                received = await self._receive()
                found += self._reported(received)
                if received.id == number and received.name in {f"{request.name}_RESPONSE", "ERROR_MESSAGE"}:
                    self._accept(request.name, received)
                    return found

    async def run(self, duration_ms: int) -> list[Access]:
        """Run the ROSpec once, to its end, and take all its reports. Raises `Unavailable`."""
        found = await self.ask(message("START_ROSPEC", ROSpecID=WRITING_ROSPEC))
        async with self._limit("the end of the inventory", duration_ms / 1000):
            while True:
                received = await self._receive()
                found += self._reported(received)
                event = received.find("ReaderEventNotificationData", "ROSpecEvent")
                if event is not None and event.number("EventType") in _ENDED:
                    break
        await self._send(message("GET_REPORT"))  # what a reader sends only after the end comes before the next answer
        return found + await self.ask(message("DELETE_ACCESSSPEC"))

    async def close(self) -> None:
        """Drop the connection."""
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()

    def _accept(self, name: str, received: Message) -> None:
        status = received.find("LLRPStatus")
        code = status.number("StatusCode") if status else -1
        if code and not name.startswith("DELETE_"):  # deleting what isn't there is an error for some readers
            text = ascii(str(status["ErrorDescription"])[:120])[1:-1] if status else "no LLRPStatus"
            raise Unavailable(f"reader {self._name} refused {name} with status {code}: {text}")

    async def _send(self, request: Message) -> int:
        self._last_id += 1
        try:
            self._writer.write(encode(msgspec.structs.replace(request, id=self._last_id)))
            await self._writer.drain()
        except OSError as error:
            raise self._lost(str(error)) from None
        return self._last_id

    async def _receive(self) -> Message:
        """The next message; keepalives that an earlier client asked for are answered on the way."""
        try:
            while True:
                for frame in self._waiting:
                    received = decode(frame)
                    if received.name != "KEEPALIVE":
                        return received
                    self._writer.write(encode(message("KEEPALIVE_ACK", id=received.id)))
                data = await self._stream.read(CHUNK)
                if not data:
                    raise self._lost("it ended the connection")
                self._waiting = self._frames.feed(data)
        except (OSError, InvalidFrame) as error:
            raise self._lost(str(error)) from None

    def _reported(self, received: Message) -> list[Access]:
        try:
            return accesses(received) if received.name == "RO_ACCESS_REPORT" else []
        except InvalidFrame as error:
            raise self._lost(str(error)) from None

    def _lost(self, why: str) -> Unavailable:
        return Unavailable(f"reader {self._name} is lost: {why}", remedy="see that it is on and connected")

    def _limit(self, what: str, extra: float = 0.0) -> _Limit:
        return _Limit(self._patience + extra, f"reader {self._name} did not send {what}")


class _Limit:
    """A timeout that ends in `Unavailable` with words of what was waited for."""

    def __init__(self, seconds: float, text: str) -> None:
        self._timeout = asyncio.timeout(seconds)
        self._text = f"{text} within {seconds:g} s"

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            await self._timeout.__aexit__(kind, error, None)
        except TimeoutError:
            raise Unavailable(self._text, remedy="see that it is on and connected") from None


async def open_exchange(name: str, host: str, port: int, antenna: int, duration_ms: int, patience: float) -> Exchange:
    """Connect, clear what an earlier client left, and put one ROSpec over one antenna in place.

    ``patience`` in seconds is for each answer. Raises `Unavailable`.
    """
    try:
        async with _Limit(patience, f"reader {name} did not accept a connection"):
            stream, writer = await asyncio.open_connection(host, port, limit=CHUNK)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"reader {name} at {host}:{port} cannot be reached: {error}") from None
    exchange = Exchange(name, stream, writer, patience)
    try:
        await exchange.greet()
        for request in _setup(antenna, duration_ms):
            await exchange.ask(request)
        return exchange
    except BaseException:
        await exchange.close()
        raise


def _setup(antenna: int, duration_ms: int) -> Iterator[Message]:
    """ROSpec events on, keepalives and holding of reports off; then a ROSpec that waits for START_ROSPEC."""
    events = parameter("EventNotificationState", EventType=_ROSPEC_EVENTS, NotificationState=1)
    yield message(
        "SET_READER_CONFIG",
        parameter("ReaderEventNotificationSpec", events),
        parameter("KeepaliveSpec"),
        parameter("EventsAndReports"),
    )
    yield message("DELETE_ACCESSSPEC")
    yield message("DELETE_ROSPEC")
    yield message("ADD_ROSPEC", _rospec(antenna, duration_ms))
    yield message("ENABLE_ROSPEC", ROSpecID=WRITING_ROSPEC)


def _rospec(antenna: int, duration_ms: int) -> Parameter:
    """Runs for so long when it is started; one report at its end."""
    stop = parameter("ROSpecStopTrigger", ROSpecStopTriggerType=1, DurationTriggerValue=duration_ms)
    boundary = parameter("ROBoundarySpec", parameter("ROSpecStartTrigger"), stop)
    inventory = parameter("InventoryParameterSpec", InventoryParameterSpecID=1, ProtocolID=1)
    antennas = parameter("AISpec", parameter("AISpecStopTrigger"), inventory, AntennaIDs=(antenna,))
    content = parameter("TagReportContentSelector", EnableAntennaID=1, EnableAccessSpecID=1)
    report = parameter("ROReportSpec", content, ROReportTrigger=2)
    return parameter("ROSpec", boundary, antennas, report, ROSpecID=WRITING_ROSPEC)
