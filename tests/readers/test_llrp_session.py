"""The client's state machine against hand-made frames, without a socket."""

from __future__ import annotations

import pytest

from suyuan.base.errors import InvalidFrame, Unavailable
from suyuan.readers.llrp_session import Inventory, Session
from suyuan.readers.llrp_wire import Frames, Message, Parameter, decode, encode, message, parameter
from suyuan.readers.reads import Moment, Record, TagRead

NOW = 5_000_000
OK = parameter("LLRPStatus")
HOLDING = parameter("LLRPCapabilities", SupportsEventAndReportHolding=1)


def a_session(clock: str = "reader", **inventory: object) -> Session:
    return Session("gate", Inventory(**inventory), lambda: NOW, clock)  # type: ignore[arg-type]


def sent(session: Session) -> list[Message]:
    return [decode(frame) for frame in Frames().feed(session.to_send())]


def notice(*items: Parameter, utc: int | None = 1_000_000, uptime: int | None = None) -> bytes:
    times = [] if utc is None else [parameter("UTCTimestamp", Microseconds=utc)]
    times += [] if uptime is None else [parameter("Uptime", Microseconds=uptime)]
    return encode(message("READER_EVENT_NOTIFICATION", parameter("ReaderEventNotificationData", *times, *items)))


def greeting(status: int = 0, utc: int | None = 1_000_000, uptime: int | None = None) -> bytes:
    return notice(parameter("ConnectionAttemptEvent", Status=status), utc=utc, uptime=uptime)


def answers(session: Session, *extra: Parameter) -> list[str]:
    """Answer every request with success until reports flow; the requests' names."""
    names = []
    while requests := sent(session):
        for request in requests:
            names.append(request.name)
            if request.name != "ENABLE_EVENTS_AND_REPORTS":
                session.receive(encode(message(f"{request.name}_RESPONSE", OK, *extra, id=request.id)))
    return names


def a_ready_session(clock: str = "reader", utc: int | None = 1_000_000, uptime: int | None = None) -> Session:
    session = a_session(clock)
    session.receive(greeting(utc=utc, uptime=uptime))
    answers(session)
    assert session.ready
    return session


def a_report(*, epc: bytes = b"\x30" * 12, at: int = 2_000_000) -> bytes:
    stamps = [parameter(name, Microseconds=at) for name in ("FirstSeenTimestampUTC", "LastSeenTimestampUTC")]
    return encode(message("RO_ACCESS_REPORT", parameter("TagReportData", parameter("EPC_96", EPC=epc), *stamps)))


def test_the_handshake_configures_the_reader_before_reports_flow() -> None:
    session = a_session()
    assert sent(session) == []
    assert session.receive(greeting()) == (Moment("gate", 1_000_000, "connected"),)
    assert answers(session) == [
        "GET_READER_CAPABILITIES",
        "SET_READER_CONFIG",
        "DELETE_ROSPEC",
        "ADD_ROSPEC",
        "ENABLE_ROSPEC",
        "ENABLE_EVENTS_AND_REPORTS",
    ]
    assert session.ready


def test_a_null_start_trigger_needs_start_rospec() -> None:
    session = a_session(start="null")
    session.receive(greeting())
    assert answers(session)[-2:] == ["START_ROSPEC", "ENABLE_EVENTS_AND_REPORTS"]


def test_the_rospec_says_what_the_inventory_asks_for() -> None:
    session = a_session(antennas=(1, 3), duration_ms=700, report_every=20, rospec_id=9)
    session.receive(greeting())
    found = []
    while requests := sent(session):
        found += requests
        for request in requests[: 0 if session.ready else None]:
            session.receive(encode(message(f"{request.name}_RESPONSE", OK, id=request.id)))
    (rospec,) = (one.parameters[0] for one in found if one.name == "ADD_ROSPEC")
    boundary, antennas, report = rospec.parameters
    stop = boundary.find("ROSpecStopTrigger")
    assert rospec.number("ROSpecID") == 9
    assert stop is not None
    assert (stop.number("ROSpecStopTriggerType"), stop.number("DurationTriggerValue")) == (1, 700)
    assert antennas["AntennaIDs"] == (1, 3)
    assert report.number("N") == 20


@pytest.mark.parametrize("holds", [True, False])
def test_reports_are_held_only_by_readers_that_can(holds: bool) -> None:
    session = a_session()
    session.receive(greeting())
    (capabilities,) = sent(session)
    extra = (HOLDING,) if holds else ()
    session.receive(encode(message("GET_READER_CAPABILITIES_RESPONSE", OK, *extra, id=capabilities.id)))
    (configuration,) = sent(session)
    assert (configuration.find("EventsAndReports") is not None) == holds


def test_reads_and_moments_come_in_the_readers_order() -> None:
    session = a_ready_session()
    start, end = (
        notice(parameter("ROSpecEvent", EventType=kind, ROSpecID=1), utc=utc) for kind, utc in ((0, 10), (1, 3_000_000))
    )
    records = session.receive(start + a_report() + end + encode(message("KEEPALIVE", id=5)))
    assert records == (
        Moment("gate", 1_000_000, "rospec_start"),
        TagRead("gate", 0, "30" * 12, 2_000_000, 2_000_000, None, 1),
        Moment("gate", 3_000_000, "rospec_end"),
        Moment("gate", 3_000_000, "keepalive"),
    )


def test_a_keepalive_is_acknowledged_only_on_request() -> None:
    session = a_ready_session()
    session.receive(encode(message("KEEPALIVE", id=5)) + encode(message("KEEPALIVE", id=6)))
    assert session.keepalives == 2
    assert sent(session) == []
    session.acknowledge(1)
    assert sent(session) == [message("KEEPALIVE_ACK", id=5)]
    assert session.keepalives == 1


def test_the_host_clock_corrects_the_readers() -> None:
    session = a_ready_session("host")
    records: tuple[Record, ...] = session.receive(a_report(at=1_000_000))
    assert isinstance(records[0], TagRead)
    assert records[0].first_us == NOW
    assert session.receive(encode(message("KEEPALIVE"))) == (Moment("gate", NOW, "keepalive"),)


def test_a_reader_without_utc_clock_is_timed_from_its_uptime() -> None:
    session = a_ready_session(utc=None, uptime=1000)
    stamped = parameter("TagReportData", parameter("EPC_96"), parameter("FirstSeenTimestampUptime", Microseconds=3000))
    (read,) = session.receive(encode(message("RO_ACCESS_REPORT", stamped)))
    assert isinstance(read, TagRead)
    assert read.first_us == NOW + 2000
    (moment,) = session.receive(notice(parameter("ROSpecEvent"), utc=None, uptime=9000))
    assert moment == Moment("gate", NOW + 8000, "rospec_start")


def test_events_without_any_time_keep_the_time_known() -> None:
    session = a_ready_session(utc=None)
    assert session.receive(notice(parameter("ROSpecEvent"), utc=None)) == (Moment("gate", 0, "rospec_start"),)


@pytest.mark.parametrize("status", [1, 2, 3, 9])
def test_a_refused_connection_breaks_the_session(status: int) -> None:
    session = a_session()
    session.receive(greeting(status))
    assert isinstance(session.broken, Unavailable)
    assert session.receive(greeting()) == ()


def test_another_clients_attempt_is_only_a_warning() -> None:
    session = a_ready_session()
    assert session.receive(greeting(4)) == ()
    assert session.receive(greeting(0)) == ()
    assert session.warnings == ["another client tried to connect"]
    assert session.broken is None


def test_a_refused_request_breaks_the_session_with_the_readers_words() -> None:
    session = a_session()
    session.receive(greeting())
    (request,) = sent(session)
    no = parameter("LLRPStatus", StatusCode=401, ErrorDescription="radio \x1b on fire")
    session.receive(encode(message("ERROR_MESSAGE", no, id=request.id)))
    assert "401" in str(session.broken)
    assert "radio \\x1b on fire" in str(session.broken)


def test_an_answer_without_status_is_not_a_success() -> None:
    session = a_session()
    session.receive(greeting())
    sent(session)
    session.receive(encode(message("GET_READER_CAPABILITIES_RESPONSE")))
    assert isinstance(session.broken, Unavailable)


def test_reads_before_a_malformed_frame_are_not_lost() -> None:
    session = a_ready_session()
    assert len(session.receive(a_report() + b"\xff" * 20)) == 1
    assert isinstance(session.broken, InvalidFrame)


def test_a_notification_without_data_is_malformed() -> None:
    session = a_ready_session()
    session.receive(encode(message("READER_EVENT_NOTIFICATION")))
    assert isinstance(session.broken, InvalidFrame)


def test_what_nobody_asked_for_goes_to_the_log() -> None:
    session = a_ready_session()
    session.receive(encode(message("GET_ROSPECS_RESPONSE", OK)) + notice(parameter("AntennaEvent", AntennaID=2)))
    assert session.warnings == ["unexpected GET_ROSPECS_RESPONSE", "reader event AntennaEvent 0 2"]


def test_closing_is_asked_for_and_confirmed() -> None:
    session = a_ready_session()
    session.close()
    (request,) = sent(session)
    assert request.name == "CLOSE_CONNECTION"
    session.receive(encode(message("CLOSE_CONNECTION_RESPONSE", OK, id=request.id)))
    assert session.closed
    other = a_ready_session()
    other.receive(notice(parameter("ConnectionCloseEvent")))
    assert other.closed
