"""An LLRP reader as a state machine, sans I/O: what it answers, and what it reports while its ROSpec runs.

Configuration and ROSpecs stay when a client goes, as a real reader keeps them; what belongs to one connection is begun
anew by `connect`. Clause numbers are those of LLRP 1.0.1.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from suyuan.base.errors import InvalidFrame
from suyuan.readers.emulated_access import FIELD_ERROR, PARAMETER_ERROR, UNSUPPORTED_MESSAGE, WritingStation, status
from suyuan.readers.emulated_capabilities import ANTENNAS, ROSPEC_LIMIT, capabilities
from suyuan.readers.emulated_reports import ReportFormat, event
from suyuan.readers.llrp_wire import UNKNOWN, Frame, Frames, Message, Parameter, decode, encode, message, parameter
from suyuan.readers.reads import TagRead
from suyuan.readers.script import ReaderScript, passage_reads, scenario_time

#: ROSpec.CurrentState.
DISABLED, INACTIVE, ACTIVE = 0, 1, 2
#: ConnectionAttemptEvent.Status.
CONNECTED, CLIENT_EXISTS, ANOTHER_ATTEMPT = 0, 2, 4
ROSPEC_EVENTS = 2
_EVERYTHING = parameter(
    "ROReportSpec",
    parameter(
        "TagReportContentSelector",
        EnableROSpecID=1,
        EnableAntennaID=1,
        EnableChannelIndex=1,
        EnablePeakRSSI=1,
        EnableFirstSeenTimestamp=1,
        EnableLastSeenTimestamp=1,
        EnableTagSeenCount=1,
    ),
    ROReportTrigger=2,
)


class EmulatedReader:
    """One reader. ``recorded`` passages are over: acknowledged, never sent again."""

    def __init__(self, script: ReaderScript, recorded: int = 0) -> None:
        self.script = script
        self.recorded = recorded
        self.closing = False
        self.released = True
        self.acknowledged = 0
        self.keepalives = 0
        self.station = WritingStation(script.presented)
        self._rospecs: dict[int, Parameter] = {}
        self._frames = Frames()
        self._last_id = 0
        self._handlers: dict[str, Callable[[Message], Message]] = {
            "GET_READER_CAPABILITIES": self._capabilities,
            "GET_READER_CONFIG": self._configuration,
            "SET_READER_CONFIG": self._configure,
            "CLOSE_CONNECTION": self._close,
            "ADD_ROSPEC": self._add_rospec,
            "DELETE_ROSPEC": self._delete_rospec,
            "START_ROSPEC": self._start_rospec,
            "STOP_ROSPEC": self._stop_rospec,
            "ENABLE_ROSPEC": self._enable_rospec,
            "DISABLE_ROSPEC": self._disable_rospec,
            "GET_ROSPECS": self._get_rospecs,
            **self.station.handlers,
        }
        self._factory_defaults()

    def _factory_defaults(self) -> None:
        self.keepalive_ms = 0
        self._holds = False
        self._rospec_events = False
        self._report_spec = _EVERYTHING

    @property
    def active(self) -> Parameter | None:
        """The ROSpec that runs now and may report, if any."""
        running = (rospec for rospec in self._rospecs.values() if rospec.number("CurrentState") == ACTIVE)
        return next(running, None) if self.released else None

    @property
    def complete(self) -> bool:
        """Whether every passage has been recorded."""
        return self.recorded >= len(self.script.passages)

    def connect(self) -> bytes:
        """A client has connected: the greeting. Reports are held if the client before asked for that (12.2.6.4)."""
        self._frames = Frames()
        self.closing = False
        self.released = not self._holds
        self.acknowledged = self.keepalives = 0
        return self.greeting(CONNECTED)

    def greeting(self, status: int) -> bytes:
        """The notification of a connection attempt (13.2.6.11)."""
        attempt = parameter("ConnectionAttemptEvent", Status=status)
        return event(scenario_time(self.script, self.recorded), attempt, self._next_id())

    def keepalive(self) -> bytes:
        """A KEEPALIVE; `keepalives` counts them, `acknowledged` the answers."""
        self.keepalives += 1
        return encode(message("KEEPALIVE", id=self._next_id()))

    def receive(self, data: bytes) -> bytes:
        """Answers to what came from the client. Raises `InvalidFrame` when the stream is lost."""
        return b"".join(map(self._answer, self._frames.feed(data)))

    def passage(self, number: int) -> tuple[list[bytes], int]:
        """The frames of a passage without its keepalive, and how many tag reads are in them."""
        rospec = self.active or parameter("ROSpec")
        script, reads = self.script, passage_reads(self.script, number)
        identity = rospec.number("ROSpecID")
        form = ReportFormat(rospec.find("ROReportSpec") or self._report_spec, identity)
        reports = form.frames(reads, self._last_id + 2)
        begin, end = script.passages[number].at_us, script.passages[number].at_us + script.passages[number].duration_us
        start = self._rospec_event(0, begin, identity)
        self._last_id += len(reports)
        return [*start, *reports, *self._rospec_event(1, end, identity)], len(reads)

    def inventory(self) -> list[bytes]:
        """Carry out the running ROSpec on the tags that lie before the antennas: its start, its report, its end.

        Raises `ConnectionAbortedError` where a tag's fault says so: no report of what was done comes then.
        """
        rospec = self.active
        if rospec is None:
            return []
        identity, now = rospec.number("ROSpecID"), scenario_time(self.script, self.recorded)
        self._set_state(identity, INACTIVE)
        start = self._rospec_event(0, now, identity)
        report = encode(message("RO_ACCESS_REPORT", *self.station.reports(rospec), id=self._next_id()))
        return [*start, report, *self._rospec_event(1, now, identity)]

    def broken_report(self) -> bytes:
        """A well-framed report with a parameter that ends too early."""
        body = ReportFormat(_EVERYTHING, 1).record(TagRead(self.script.name, 1, "30" * 12, 0, 0))[:-1]
        return encode(Message(UNKNOWN, self._next_id(), (61, body)))

    def _rospec_event(self, kind: int, time_us: int, rospec_id: int) -> list[bytes]:
        number = self._next_id()
        if not self._rospec_events:
            return []
        return [event(time_us, parameter("ROSpecEvent", EventType=kind, ROSpecID=rospec_id), number)]

    def _next_id(self) -> int:
        self._last_id = (self._last_id + 1) & 0xFFFFFFFF
        return self._last_id

    def _answer(self, frame: Frame) -> bytes:
        try:
            request = decode(frame)
        except InvalidFrame as error:
            return _error(frame.id, PARAMETER_ERROR, str(error))
        if request.name == "KEEPALIVE_ACK":
            self.acknowledged += 1
            return b""
        if request.name == "ENABLE_EVENTS_AND_REPORTS":
            self.released = True
            return b""
        if request.name == "GET_REPORT":
            return encode(message("RO_ACCESS_REPORT", id=request.id))
        handler = self._handlers.get(request.name)
        if handler is None:
            return _error(request.id, UNSUPPORTED_MESSAGE, f"message type {frame.number} is not supported")
        return encode(msgspec.structs.replace(handler(request), id=request.id))

    def _capabilities(self, request: Message) -> Message:
        wanted = request.number("RequestedData")
        parts = [
            part for number, part in enumerate(capabilities(writes=self.station.writes), 1) if wanted in {0, number}
        ]
        return message("GET_READER_CAPABILITIES_RESPONSE", status(), *parts)

    def _configuration(self, request: Message) -> Message:
        wanted = request.number("RequestedData")
        antennas = [
            parameter("AntennaProperties", AntennaConnected=1, AntennaID=number + 1) for number in range(ANTENNAS)
        ]
        known = [(1, parameter("Identification", ReaderID=bytes.fromhex("0200") + _eui(self.script.name)))]
        known += [(2, antenna) for antenna in antennas]
        known.append((4, self._report_spec))
        periodic = int(self.keepalive_ms > 0)
        known.append(
            (8, parameter("KeepaliveSpec", KeepaliveTriggerType=periodic, PeriodicTriggerValue=self.keepalive_ms))
        )
        known.append((11, parameter("EventsAndReports", HoldEventsAndReportsUponReconnect=int(self._holds))))
        parts = [part for number, part in known if wanted in {0, number}]
        return message("GET_READER_CONFIG_RESPONSE", status(), *parts)

    def _configure(self, request: Message) -> Message:
        """SET_READER_CONFIG (12.1.3): takes what the emulator knows, passes over antenna and vendors' settings."""
        if request.number("ResetToFactoryDefault"):
            self._factory_defaults()
            self._rospecs.clear()
            self.station.clear()
        keepalive, hold = request.find("KeepaliveSpec"), request.find("EventsAndReports")
        if keepalive:
            periodic = keepalive.number("KeepaliveTriggerType") == 1
            self.keepalive_ms = keepalive.number("PeriodicTriggerValue") if periodic else 0
        if hold:
            self._holds = bool(hold.number("HoldEventsAndReportsUponReconnect"))
        self._report_spec = request.find("ROReportSpec") or self._report_spec
        for item in (request.find("ReaderEventNotificationSpec") or parameter("LLRPStatus")).parameters:
            if item.name == "EventNotificationState" and item.number("EventType") == ROSPEC_EVENTS:
                self._rospec_events = bool(item.number("NotificationState"))
        return message("SET_READER_CONFIG_RESPONSE", status())

    def _close(self, _: Message) -> Message:
        self.closing = True
        return message("CLOSE_CONNECTION_RESPONSE", status())

    def _add_rospec(self, request: Message) -> Message:
        rospec = request.find("ROSpec")
        answer = "ADD_ROSPEC_RESPONSE"
        if rospec is None or rospec.find("ROBoundarySpec") is None or not rospec.number("ROSpecID"):
            return message(answer, status(PARAMETER_ERROR, "no ROSpec with a ROBoundarySpec and an ID of 1 or more"))
        number = rospec.number("ROSpecID")
        if number in self._rospecs or rospec.number("CurrentState") != DISABLED or len(self._rospecs) >= ROSPEC_LIMIT:
            return message(answer, status(FIELD_ERROR, f"ROSpec {number} exists, is not disabled, or is one too many"))
        self._rospecs[number] = rospec
        return message(answer, status())

    def _delete_rospec(self, request: Message) -> Message:
        chosen = self._chosen(request)
        for number in chosen:
            del self._rospecs[number]
        return self._done(request, chosen)

    def _enable_rospec(self, request: Message) -> Message:
        chosen = self._chosen(request)
        for number in chosen:
            trigger = self._rospecs[number].parameters[0].find("ROSpecStartTrigger")
            null = trigger is not None and trigger.number("ROSpecStartTriggerType") == 0
            self._set_state(number, INACTIVE if null else ACTIVE)
        return self._done(request, chosen)

    def _disable_rospec(self, request: Message) -> Message:
        chosen = self._chosen(request)
        for number in chosen:
            self._set_state(number, DISABLED)
        return self._done(request, chosen)

    def _start_rospec(self, request: Message) -> Message:
        return self._move(request, INACTIVE, ACTIVE)

    def _stop_rospec(self, request: Message) -> Message:
        return self._move(request, ACTIVE, INACTIVE)

    def _move(self, request: Message, before: int, after: int) -> Message:
        """From one state to the next; a ROSpec that is there already stays, a disabled one is an error (10.1.3)."""
        chosen = [one for one in self._chosen(request) if self._rospecs[one].number("CurrentState") in {before, after}]
        for number in chosen:
            self._set_state(number, after)
        return self._done(request, chosen)

    def _get_rospecs(self, _: Message) -> Message:
        return message("GET_ROSPECS_RESPONSE", status(), *self._rospecs.values())

    def _chosen(self, request: Message) -> list[int]:
        """The ROSpecs a request names; 0 is all of them."""
        number = request.number("ROSpecID")
        return [known for known in self._rospecs if number in {0, known}]

    def _done(self, request: Message, chosen: list[int]) -> Message:
        number = request.number("ROSpecID")
        good = bool(chosen) or number == 0
        said = status() if good else status(FIELD_ERROR, f"no ROSpec {number} in a state for this")
        return message(f"{request.name}_RESPONSE", said)

    def _set_state(self, number: int, state: int) -> None:
        rospec = self._rospecs[number]
        values = (*rospec.values[:2], state)
        self._rospecs[number] = msgspec.structs.replace(rospec, values=values)


def _error(number: int, code: int, text: str) -> bytes:
    return encode(message("ERROR_MESSAGE", status(code, text), id=number))


def _eui(name: str) -> bytes:
    """Six bytes that stay the same for a name."""
    return sum(byte << 8 * (at % 6) for at, byte in enumerate(name.encode())).to_bytes(16)[-6:]
