"""The client's side of one LLRP connection, sans I/O: bytes in; reads, moments and bytes to send out.

From the reader's greeting the session walks through `_steps`: it asks what the reader can do, configures it, puts its
one ROSpec in place and lets reports flow (clause numbers below are those of LLRP 1.0.1). It never answers a keepalive
by itself: `acknowledge` does, when the consumer has made durable what came before. A connection that is lost leaves
nothing half done here: the next one is another `Session`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from suyuan.base.clock import Clock
from suyuan.base.errors import InvalidFrame, SuyuanError, Unavailable
from suyuan.readers.llrp_reports import RO_ACCESS_REPORT, Reports, Shift
from suyuan.readers.llrp_wire import (
    FRAME_LIMIT,
    Frame,
    Frames,
    Message,
    Parameter,
    decode,
    encode,
    message,
    parameter,
)
from suyuan.readers.reads import Moment, MomentKind, Record

KEEPALIVE = 62
#: ConnectionAttemptEvent.Status, LLRP 1.0.1 clause 13.2.6.11.
_ATTEMPTS = {
    1: "the reader has connected to a client by itself",
    2: "another client is connected to the reader",
    3: "the reader does not say why",
    4: "another client tried to connect",
}
#: ROSpecEvent.EventType (13.2.6.4): a preempted ROSpec has ended for us, too.
_ROSPEC_EVENTS: dict[int, MomentKind] = {0: "rospec_start", 1: "rospec_end", 2: "rospec_end"}
#: NotificationEventType (13.2.5.1) of what we want to hear: ROSpecs, buffers filling up, exceptions, antennas.
_EVENTS = (2, 3, 4, 8)

Antenna = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Inventory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the reader shall do. Times in milliseconds; ``duration_ms`` 0 is for ever.

    ``start``: the inventory begins by itself when it is enabled, or by START_ROSPEC. ``report_every``: tags in a
    report, at most; the end of the ROSpec flushes what is left. ``keepalive_ms``: how often the reader shows that it
    is alive.
    """

    antennas: tuple[Antenna, ...] = (1,)
    start: Literal["immediate", "null"] = "immediate"
    duration_ms: Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)] = 0
    report_every: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 100
    keepalive_ms: Annotated[int, msgspec.Meta(ge=100, le=3_600_000)] = 5000
    rospec_id: Annotated[int, msgspec.Meta(ge=1, le=0xFFFFFFFF)] = 1


class Session:
    """One connection to one reader.

    ``clock`` "reader" takes the reader's times as they are; "host" corrects them by the difference between the
    greeting's UTC time and ours, and uses our time for keepalives. Times of a reader without UTC clock are always
    ours. ``broken`` says why the connection must be given up, once it must; ``closed`` that the reader ended it;
    ``ready`` that reports flow; ``warnings`` are for the log, to be taken out by the owner.
    """

    def __init__(
        self,
        reader: str,
        inventory: Inventory,
        now: Clock,
        clock: Literal["reader", "host"] = "reader",
        frame_limit: int = FRAME_LIMIT,
    ) -> None:
        self.reader = reader
        self.inventory = inventory
        self.broken: SuyuanError | None = None
        self.closed = False
        self.ready = False
        self.warnings: list[str] = []
        self.time_us = 0
        self._now = now
        self._clock = clock
        self._frames = Frames(frame_limit)
        self._reports = Reports(reader)
        self._shift = Shift()
        self._steps: Iterator[Message] | None = None
        self._expected = ""
        self._last_id = 0
        self._holds = False
        self._keepalives: list[int] = []
        self._out: list[bytes] = []

    def receive(self, data: bytes) -> tuple[Record, ...]:
        """Take bytes from the reader; the records of all frames that became whole, even of those before a bad one."""
        records: list[Record] = []
        if self.broken:
            return ()
        try:
            for frame in self._frames.feed(data):
                records += self._take(frame)
        except (InvalidFrame, Unavailable) as error:
            self.broken = error
        return tuple(records)

    def to_send(self) -> bytes:
        """Bytes for the reader; what is given out is forgotten here."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    @property
    def keepalives(self) -> int:
        """Number of keepalives that wait for `acknowledge`."""
        return len(self._keepalives)

    def acknowledge(self, count: int) -> None:
        """Everything that came before the oldest ``count`` keepalives is durable: KEEPALIVE_ACK them."""
        for number in self._keepalives[:count]:
            self._out.append(encode(message("KEEPALIVE_ACK", id=number)))
        del self._keepalives[:count]

    def close(self) -> None:
        """Ask the reader to end the connection."""
        self._request(message("CLOSE_CONNECTION"))

    def _take(self, frame: Frame) -> list[Record]:
        if frame.number == RO_ACCESS_REPORT:
            reads = self._reports.read(frame, self._shift._replace(unstamped=self.time_us))
            self._advance(max((read.last_us for read in reads), default=0))
            return [*reads]
        if frame.number == KEEPALIVE:
            self._keepalives.append(frame.id)
            self._advance(self._now() if self._clock == "host" else 0)
            return [self._moment("keepalive")]
        received = decode(frame)
        if received.name == "READER_EVENT_NOTIFICATION":
            return self._notification(received)
        self._answer(received)
        return []

    def _advance(self, time_us: int) -> None:
        self.time_us = max(self.time_us, time_us)

    def _moment(self, kind: MomentKind) -> Moment:
        return Moment(self.reader, self.time_us, kind)

    def _notification(self, received: Message) -> list[Record]:
        """READER_EVENT_NOTIFICATION: the greeting, ROSpecs that start and end, and what the log should know."""
        data = received.find("ReaderEventNotificationData")
        if data is None:
            raise InvalidFrame("READER_EVENT_NOTIFICATION without its data", place="byte 10 of the message")
        attempt = data.find("ConnectionAttemptEvent")
        if attempt is not None:
            return self._greeting(data, attempt.number("Status"))
        self._advance(self._time_of(data))
        rospec = data.find("ROSpecEvent")
        if rospec is not None and rospec.number("EventType") in _ROSPEC_EVENTS:
            return [self._moment(_ROSPEC_EVENTS[rospec.number("EventType")])]
        self.closed = self.closed or data.find("ConnectionCloseEvent") is not None
        self.warnings += [f"reader event {_shown(item)}" for item in data.parameters[1:]]
        return []

    def _greeting(self, data: Parameter, status: int) -> list[Record]:
        """ConnectionAttemptEvent. Only the first one starts the handshake."""
        if status == 4:
            self.warnings.append(_ATTEMPTS[4])
            return []
        if status:
            raise Unavailable(f"reader {self.reader} refused the connection: {_ATTEMPTS.get(status, str(status))}")
        if self._steps is not None:
            return []
        self._shift = self._measured(data)
        self._advance(self._time_of(data))
        self._steps = _steps(self)
        self._next()
        return [self._moment("connected")]

    def _measured(self, data: Parameter) -> Shift:
        utc, uptime = data.find("UTCTimestamp"), data.find("Uptime")
        host = self._now()
        of_utc = host - utc.number("Microseconds") if utc and self._clock == "host" else 0
        return Shift(of_utc, host - uptime.number("Microseconds") if uptime else host)

    def _time_of(self, data: Parameter) -> int:
        utc, uptime = data.find("UTCTimestamp"), data.find("Uptime")
        if utc is not None:
            return utc.number("Microseconds") + self._shift.utc
        return uptime.number("Microseconds") + self._shift.uptime if uptime else 0

    def _answer(self, received: Message) -> None:
        """The response to our latest request, or something nobody asked for."""
        if received.name == "CLOSE_CONNECTION_RESPONSE":
            self.closed = True
        elif received.name == self._expected or (received.name == "ERROR_MESSAGE" and received.id == self._last_id):
            self._accept(received)
        else:
            self.warnings.append(f"unexpected {received.name}")

    def _accept(self, received: Message) -> None:
        status = received.find("LLRPStatus")
        code = status.number("StatusCode") if status else -1
        if code:
            text = _shown(status) if status else "no LLRPStatus"
            raise Unavailable(f"reader {self.reader} answered {received.name} with status {code}: {text}")
        can = received.find("LLRPCapabilities")
        self._holds = self._holds or bool(can and can.number("SupportsEventAndReportHolding"))
        self._next()

    @property
    def holds(self) -> bool:
        """Whether the reader can hold events and reports while nobody listens (known once it told)."""
        return self._holds

    def _next(self) -> None:
        step = next(self._steps, None) if self._steps else None
        if step is None:
            self._expected = ""
            self._request(message("ENABLE_EVENTS_AND_REPORTS"))
            self.ready = True
            return
        self._expected = f"{step.name}_RESPONSE"
        self._request(step)

    def _request(self, request: Message) -> None:
        self._last_id += 1
        self._out.append(encode(msgspec.structs.replace(request, id=self._last_id)))


def _steps(session: Session) -> Iterator[Message]:
    """The requests of the handshake; each waits for the answer to the one before."""
    inventory = session.inventory
    yield message("GET_READER_CAPABILITIES")
    yield _configuration(inventory, holds=session.holds)
    yield message("DELETE_ROSPEC")
    yield message("ADD_ROSPEC", _rospec(inventory))
    yield message("ENABLE_ROSPEC", ROSpecID=inventory.rospec_id)
    if inventory.start == "null":
        yield message("START_ROSPEC", ROSpecID=inventory.rospec_id)


def _configuration(inventory: Inventory, *, holds: bool) -> Message:
    """SET_READER_CONFIG (12.1.3): events, keepalives, holding of reports until ENABLE_EVENTS_AND_REPORTS."""
    events = [parameter("EventNotificationState", EventType=kind, NotificationState=1) for kind in _EVENTS]
    items = [
        parameter("ReaderEventNotificationSpec", *events),
        parameter("KeepaliveSpec", KeepaliveTriggerType=1, PeriodicTriggerValue=inventory.keepalive_ms),
    ]
    if holds:
        items.append(parameter("EventsAndReports", HoldEventsAndReportsUponReconnect=1))
    return message("SET_READER_CONFIG", *items)


def _rospec(inventory: Inventory) -> Parameter:
    """One AISpec over the antennas, EPC Gen2; the trigger types are those of clause 10.2.1.1."""
    content = parameter(
        "TagReportContentSelector",
        EnableAntennaID=1,
        EnablePeakRSSI=1,
        EnableFirstSeenTimestamp=1,
        EnableLastSeenTimestamp=1,
        EnableTagSeenCount=1,
    )
    stop = parameter(
        "ROSpecStopTrigger",
        ROSpecStopTriggerType=int(inventory.duration_ms > 0),
        DurationTriggerValue=inventory.duration_ms,
    )
    start = parameter("ROSpecStartTrigger", ROSpecStartTriggerType=int(inventory.start == "immediate"))
    antennas = parameter(
        "AISpec",
        parameter("AISpecStopTrigger"),
        parameter("InventoryParameterSpec", InventoryParameterSpecID=1, ProtocolID=1),
        AntennaIDs=inventory.antennas,
    )
    report = parameter("ROReportSpec", content, ROReportTrigger=2, N=inventory.report_every)
    boundary = parameter("ROBoundarySpec", start, stop)
    return parameter("ROSpec", boundary, antennas, report, ROSpecID=inventory.rospec_id)


def _shown(item: Parameter) -> str:
    """Name and values for the log; what isn't printable in a reader's text is escaped."""
    return ascii(" ".join([item.name, *map(str, item.values)])[:200])[1:-1]
