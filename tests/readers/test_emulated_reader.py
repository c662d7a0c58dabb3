"""What an emulated reader answers, message by message, without a socket."""

from __future__ import annotations

import pytest

from suyuan.base.errors import InvalidFrame
from suyuan.readers.emulated_reader import EmulatedReader
from suyuan.readers.emulated_reports import ReportFormat, tag_crc
from suyuan.readers.llrp_access import protocol_control
from suyuan.readers.llrp_fields import Value
from suyuan.readers.llrp_messages import MESSAGES
from suyuan.readers.llrp_reports import Reports, Shift
from suyuan.readers.llrp_session import Inventory, Session
from suyuan.readers.llrp_wire import (
    HEADER,
    Frames,
    Message,
    Parameter,
    decode,
    encode,
    message,
    parameter,
)
from suyuan.readers.reads import Moment, TagRead
from suyuan.readers.script import Passage, ReaderScript, passage_reads

TAGS = tuple(f"3034257BF4000000000000{number:02X}" for number in range(20))
SCRIPT = ReaderScript("gate", 0, seed=3, passages=(Passage(1_000_000, 500_000, TAGS, (1, 2)),))


def a_rospec(number: int = 1, start: int = 1, *more: Parameter, state: int = 0) -> Parameter:
    trigger = parameter("ROSpecStartTrigger", ROSpecStartTriggerType=start)
    boundary = parameter("ROBoundarySpec", trigger, parameter("ROSpecStopTrigger"))
    return parameter("ROSpec", boundary, *more, ROSpecID=number, CurrentState=state)


def ask(reader: EmulatedReader, name: str, *items: Parameter, **fields: Value) -> Message:
    """Send one request and take its one answer, which has the request's ID."""
    (frame,) = Frames().feed(reader.receive(encode(message(name, *items, id=77, **fields))))
    answer = decode(frame)
    assert answer.id == 77
    return answer


def status(answer: Message) -> int:
    found = answer.find("LLRPStatus")
    assert found is not None
    return found.number("StatusCode")


def a_reader(script: ReaderScript = SCRIPT) -> EmulatedReader:
    reader = EmulatedReader(script)
    reader.connect()
    return reader


def test_the_greeting_says_success_in_scenario_time() -> None:
    (frame,) = Frames().feed(EmulatedReader(SCRIPT).connect())
    data = decode(frame).find("ReaderEventNotificationData")
    assert data is not None
    assert data.parameters == (
        parameter("UTCTimestamp", Microseconds=1_000_000),
        parameter("ConnectionAttemptEvent", Status=0),
    )


def test_capabilities_have_what_other_clients_look_for() -> None:
    answer = ask(a_reader(), "GET_READER_CAPABILITIES")
    band = answer.find("RegulatoryCapabilities", "UHFBandCapabilities")
    assert band is not None
    assert {item.name for item in band.parameters} == {
        "TransmitPowerLevelTableEntry",
        "FrequencyInformation",
        "C1G2UHFRFModeTable",
    }
    only = ask(a_reader(), "GET_READER_CAPABILITIES", RequestedData=2)
    assert [item.name for item in only.parameters] == ["LLRPStatus", "LLRPCapabilities"]


def test_configuration_is_given_back_as_it_was_set() -> None:
    reader = a_reader()
    keepalive = parameter("KeepaliveSpec", KeepaliveTriggerType=1, PeriodicTriggerValue=700)
    hold = parameter("EventsAndReports", HoldEventsAndReportsUponReconnect=1)
    assert status(ask(reader, "SET_READER_CONFIG", keepalive, hold)) == 0
    assert keepalive in ask(reader, "GET_READER_CONFIG", RequestedData=8).parameters
    everything = ask(reader, "GET_READER_CONFIG")
    assert {keepalive, hold} <= set(everything.parameters)
    assert everything.find("Identification") is not None
    ask(reader, "SET_READER_CONFIG", ResetToFactoryDefault=1)
    assert reader.keepalive_ms == 0


def test_a_rospec_lives_through_its_states() -> None:
    reader = a_reader()
    assert status(ask(reader, "START_ROSPEC", ROSpecID=1)) == 101
    assert status(ask(reader, "ADD_ROSPEC", a_rospec(start=0))) == 0
    assert status(ask(reader, "START_ROSPEC", ROSpecID=1)) == 101
    assert status(ask(reader, "ENABLE_ROSPEC", ROSpecID=1)) == 0
    assert reader.active is None
    assert status(ask(reader, "START_ROSPEC", ROSpecID=1)) == 0
    assert reader.active is not None
    (_, rospec) = ask(reader, "GET_ROSPECS").parameters
    assert rospec.number("CurrentState") == 2
    assert status(ask(reader, "STOP_ROSPEC", ROSpecID=1)) == 0
    assert reader.active is None
    assert status(ask(reader, "DISABLE_ROSPEC", ROSpecID=0)) == 0
    assert status(ask(reader, "STOP_ROSPEC", ROSpecID=1)) == 101
    assert status(ask(reader, "DELETE_ROSPEC", ROSpecID=1)) == 0
    assert status(ask(reader, "DELETE_ROSPEC", ROSpecID=1)) == 101
    assert status(ask(reader, "DELETE_ROSPEC", ROSpecID=0)) == 0


def test_an_immediate_rospec_runs_when_it_is_enabled() -> None:
    reader = a_reader()
    ask(reader, "ADD_ROSPEC", a_rospec())
    ask(reader, "ENABLE_ROSPEC", ROSpecID=1)
    assert reader.active is not None


@pytest.mark.parametrize(
    "items", [(), (parameter("ROSpec", ROSpecID=1),), (a_rospec(0),), (a_rospec(1, state=2),), (a_rospec(5),)]
)
def test_rospecs_that_cannot_be_are_refused(items: tuple[Parameter, ...]) -> None:
    reader = a_reader()
    ask(reader, "ADD_ROSPEC", a_rospec(5))
    assert status(ask(reader, "ADD_ROSPEC", *items)) in {100, 101}


def test_more_rospecs_than_it_says_are_refused() -> None:
    reader = a_reader()
    assert [status(ask(reader, "ADD_ROSPEC", a_rospec(number))) for number in range(1, 18)] == [0] * 16 + [101]


def test_there_are_no_access_specs() -> None:
    reader = a_reader()
    assert status(ask(reader, "DELETE_ACCESSSPEC")) == 0
    assert status(ask(reader, "ENABLE_ACCESSSPEC", AccessSpecID=4)) == 101
    assert status(ask(reader, "ADD_ACCESSSPEC")) == 111
    assert ask(reader, "GET_ACCESSSPECS").parameters == (parameter("LLRPStatus"),)


def test_every_other_message_is_answered_with_an_error_message() -> None:
    answered = {
        layout.name.removesuffix("_RESPONSE") for layout in MESSAGES.values() if layout.name.endswith("_RESPONSE")
    }
    silent = {"KEEPALIVE_ACK", "ENABLE_EVENTS_AND_REPORTS", "GET_REPORT"}
    for name in MESSAGES.keys() - answered - silent:
        assert status(ask(a_reader(), name)) == 109
    assert ask(a_reader(), "GET_REPORT").name == "RO_ACCESS_REPORT"
    assert a_reader().receive(encode(message("KEEPALIVE_ACK"))) == b""


def test_a_malformed_request_is_told_and_the_next_one_answered() -> None:
    reader = a_reader()
    bad = HEADER.pack(1 << 10 | 21, 12, 5) + b"\0\0"
    first, second = Frames().feed(reader.receive(bad + encode(message("GET_ROSPECS", id=6))))
    assert status(decode(first)) == 100
    assert (decode(first).id, decode(second).id) == (5, 6)
    with pytest.raises(InvalidFrame):
        reader.receive(b"\xff" * 10)


def test_reports_are_held_for_the_next_client_that_asked_for_it() -> None:
    reader = a_reader()
    ask(reader, "SET_READER_CONFIG", parameter("EventsAndReports", HoldEventsAndReportsUponReconnect=1))
    ask(reader, "ADD_ROSPEC", a_rospec())
    ask(reader, "ENABLE_ROSPEC", ROSpecID=1)
    assert reader.active is not None
    reader.connect()
    assert reader.active is None
    reader.receive(encode(message("ENABLE_EVENTS_AND_REPORTS")))
    assert reader.active is not None


def talk(reader: EmulatedReader, session: Session) -> None:
    """Let our own client and the emulated reader finish their handshake."""
    session.receive(reader.connect())
    while data := session.to_send():
        session.receive(reader.receive(data))
    assert session.ready


def test_our_client_reads_from_a_passage_exactly_the_scripts_reads() -> None:
    reader, session = a_reader(), Session("gate", Inventory(report_every=7), lambda: 0)
    talk(reader, session)
    frames, count = reader.passage(0)
    records = session.receive(b"".join(frames))
    assert records[0] == Moment("gate", 1_000_000, "rospec_start")
    assert records[-1] == Moment("gate", 1_500_000, "rospec_end")
    assert list(records[1:-1]) == passage_reads(SCRIPT, 0)
    assert count == len(records) - 2
    assert len(frames) == 2 + -(-count // 7)


def test_a_replayed_passage_is_the_same_apart_from_message_ids() -> None:
    reader, session = a_reader(), Session("gate", Inventory(), lambda: 0)
    talk(reader, session)
    first, second = reader.passage(0)[0], reader.passage(0)[0]
    assert [frame[10:] for frame in first] == [frame[10:] for frame in second]


def test_a_client_that_wants_no_events_gets_reports_only() -> None:
    frames, _ = a_reader().passage(0)
    assert {decode(frame).name for chunk in frames for frame in Frames().feed(chunk)} == {"RO_ACCESS_REPORT"}


def test_reports_contain_what_the_selector_asks_for_and_no_more() -> None:
    memory = parameter("C1G2EPCMemorySelector", EnableCRC=1, EnablePCBits=1)
    names = ("EnableROSpecID", "EnableSpecIndex", "EnableInventoryParameterSpecID", "EnableAccessSpecID")
    selector = parameter("TagReportContentSelector", memory, **dict.fromkeys(names, 1))
    form = ReportFormat(parameter("ROReportSpec", selector, N=1), 9)
    (chunk,) = form.frames([TagRead("gate", 1, "AB" * 16, 5, 5, -50.0)], 1)
    (frame,) = Frames().feed(chunk)
    (tag,) = decode(frame).parameters
    assert [item.name for item in tag.parameters] == [
        "EPCData",
        "ROSpecID",
        "SpecIndex",
        "InventoryParameterSpecID",
        "C1G2_PC",
        "C1G2_CRC",
        "AccessSpecID",
    ]
    assert tag.parameters[1] == parameter("ROSpecID", ROSpecID=9)
    assert Reports("gate").read(frame, Shift())[0].epc == "AB" * 16


def test_the_pc_word_counts_words_and_the_crc_leaves_the_gen2_residue() -> None:
    epc = "3034257BF400000000000001"
    assert protocol_control(epc) == 0x3000
    whole = protocol_control(epc).to_bytes(2) + bytes.fromhex(epc) + tag_crc(epc).to_bytes(2)
    residue = 0xFFFF
    for byte in whole:
        residue ^= byte << 8
        for _ in range(8):
            residue = residue << 1 & 0xFFFF ^ (0x1021 if residue & 0x8000 else 0)
    assert residue == 0x1D0F


def test_a_broken_report_is_well_framed_but_malformed() -> None:
    (frame,) = Frames().feed(a_reader().broken_report())
    with pytest.raises(InvalidFrame):
        decode(frame)
