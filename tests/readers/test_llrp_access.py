"""AccessSpecs against recorded frames and the protocol's own definition, and results of access operations by name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidFrame
from suyuan.readers.llrp_access import (
    RESULT_CODES,
    Access,
    Bank,
    Outcome,
    Result,
    access_spec,
    accesses,
    any_tag,
    lock,
    protocol_control,
    read,
    tag_of,
    to_hex,
    to_words,
    write,
)
from suyuan.readers.llrp_fields import BitString
from suyuan.readers.llrp_wire import HEADER, Frame, Frames, Message, decode, encode, message, parameter

DEFINITION = "llrp/mchesser+llrp-rs/llrp-codegen/llrp-1x1-def.xml"
#: The names of LLRP 1.1 for our outcomes, lower case.
NAMES = {
    "success": Outcome.SUCCESS,
    "tag_memory_overrun_error": Outcome.OVERRUN,
    "tag_memory_locked_error": Outcome.LOCKED,
    "insufficient_power": Outcome.LOW_POWER,
    "incorrect_password_error": Outcome.PASSWORD,
    "nonspecific_tag_error": Outcome.TAG_ERROR,
    "no_response_from_tag": Outcome.NO_RESPONSE,
    "nonspecific_reader_error": Outcome.READER_ERROR,
}


def test_a_recorded_access_spec_has_the_shape_of_ours(shared: Path) -> None:
    """The toolkit's ADD_ACCESSSPEC, whose mask isn't a TID, built from our parts, byte for byte."""
    frame = (shared / "llrp/opencps+llrp-toolkit/LTK/LTKJava/src/test/resources/ADD_ACCESSSPEC.bin").read_bytes()
    (recorded,) = Frames().feed(frame)
    mask, data = BitString(32, b"\xff" * 4), BitString(32, b"\1" * 4)
    target = parameter("C1G2TargetTag", Match=1, TagMask=mask, TagData=data)
    words = (0, *[0xFFFF] * 8)
    spec = access_spec(1, target, [write(1, Bank.RESERVED, 0, words)], antenna=0, times=0)
    found = decode(recorded).find("AccessSpec")
    assert found is not None
    assert (found["AccessSpecID"], found["AntennaID"], found["ProtocolID"], found["CurrentState"]) == (1, 0, 1, 0)
    assert found.find("AccessSpecStopTrigger") == spec.find("AccessSpecStopTrigger")
    assert found.find("AccessCommand") == spec.find("AccessCommand")


@pytest.mark.parametrize("kind", ["Read", "Write", "Lock"])
def test_result_codes_are_those_of_the_definition(shared: Path, kind: str) -> None:
    root = ET.parse(shared / DEFINITION).getroot()
    (enumeration,) = (item for item in root.iter() if item.get("name") == f"C1G2{kind}ResultType")
    entries = {
        entry.get("name", "").lower(): int(entry.get("value", "")) for entry in enumeration if "value" in entry.attrib
    }
    assert {NAMES[name]: code for name, code in entries.items()} == RESULT_CODES[f"C1G2{kind}OpSpecResult"]


def test_recorded_reports_without_access_have_no_results(shared: Path) -> None:
    folder = shared / "llrp/edgexfoundry+device-rfid-llrp-go/pkg/llrp/testdata/roAccessReports"
    for path in sorted(folder.glob("*.bytes")):
        body = path.read_bytes()
        (frame,) = Frames().feed((1 << 10 | 61).to_bytes(2) + (10 + len(body)).to_bytes(4) + bytes(4) + body)
        assert all(len(item.epc) >= 4 for item in accesses(decode(frame)))


def a_report(*parts: object) -> Message:
    return message("RO_ACCESS_REPORT", parameter("TagReportData", *parts))  # type: ignore[arg-type]


def test_results_are_read_in_their_order() -> None:
    report = a_report(
        parameter("EPC_96", EPC=bytes(12)),
        parameter("AccessSpecID", AccessSpecID=4),
        parameter("C1G2ReadOpSpecResult", OpSpecID=1, ReadData=(0xE280, 0x1170)),
        parameter("C1G2WriteOpSpecResult", OpSpecID=2, NumWordsWritten=7),
        parameter("C1G2LockOpSpecResult", OpSpecID=3, Result=1),
    )
    (frame,) = Frames().feed(encode(report))
    (found,) = accesses(decode(frame))
    assert found == Access(
        "0" * 24,
        4,
        (
            Result(1, Outcome.SUCCESS, (0xE280, 0x1170)),
            Result(2, Outcome.SUCCESS, written=7),
            Result(3, Outcome.LOW_POWER),
        ),
    )
    assert found.of(9) is None


def test_a_code_of_a_later_version_is_a_failure() -> None:
    report = a_report(parameter("EPC_96"), parameter("C1G2WriteOpSpecResult", Result=200, OpSpecID=1))
    assert accesses(report)[0].of(1) == Result(1, Outcome.READER_ERROR)


def test_a_report_of_no_tag_is_refused() -> None:
    with pytest.raises(InvalidFrame, match="TagReportData without EPC"):
        accesses(a_report())


@given(st.text("0123456789ABCDEF", min_size=1, max_size=31).map(lambda text: text * 4))
def test_words_and_hex_are_the_same(text: str) -> None:
    assert to_hex(to_words(text)) == text
    assert protocol_control(text) >> 11 == len(to_words(text))


def test_what_is_sent_to_one_chip_names_its_whole_tid() -> None:
    target = tag_of("E28011700000020A1B2C3D4E")
    assert (target["MB"], target["Match"], target["Pointer"]) == (2, 1, 0)
    assert target["TagMask"] == BitString(96, b"\xff" * 12)
    assert any_tag()["TagMask"] == BitString(0, b"")
    assert read(1, Bank.TID, 0, 6)["WordCount"] == 6
    assert [item.values for item in lock(2, 0x1234).parameters] == [(0, 2), (0, 1)]


@given(st.binary(max_size=200))
def test_any_report_gives_accesses_or_our_error(body: bytes) -> None:
    frame = Frame(61, 1, HEADER.pack(1 << 10 | 61, HEADER.size + len(body), 1) + body)
    with suppress(InvalidFrame):
        for item in accesses(decode(frame)):
            assert item.of(1) is None or item.results


_RESULTS = st.sampled_from(["C1G2ReadOpSpecResult", "C1G2WriteOpSpecResult", "C1G2LockOpSpecResult"])


@given(st.lists(st.tuples(_RESULTS, st.integers(0, 255), st.integers(0, 65535)), max_size=6))
def test_whatever_codes_a_reader_sends_there_is_an_outcome_for_each(results: list[tuple[str, int, int]]) -> None:
    report = a_report(parameter("EPC_96"), *(parameter(name, Result=code, OpSpecID=op) for name, code, op in results))
    (found,) = accesses(report)
    assert [result.op for result in found.results] == [op for _, _, op in results]
    for (_, code, _), result in zip(results, found.results, strict=True):
        assert (result.outcome is Outcome.SUCCESS) == (code == 0)
