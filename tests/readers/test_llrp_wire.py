"""LLRP frames and messages: golden recordings byte for byte, and any bytes at all."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidFrame
from suyuan.readers.llrp_fields import BitString, Layout, Value, read_table
from suyuan.readers.llrp_messages import MESSAGES
from suyuan.readers.llrp_parameters import PARAMETER_NUMBERS, PARAMETERS
from suyuan.readers.llrp_wire import (
    HEADER,
    UNKNOWN,
    Frame,
    Frames,
    Message,
    Parameter,
    decode,
    encode,
    message,
    parameter,
)

TOOLKIT = "llrp/opencps+llrp-toolkit/LTK"
RECORDED = "llrp/edgexfoundry+device-rfid-llrp-go/pkg/llrp/testdata"
BODIES = {
    "GetReaderCapabilitiesResponse": 11,
    "GetReaderConfigResponse": 12,
    "ROAccessReport": 61,
    "ReaderEventNotification": 63,
    "CloseConnectionResponse": 4,
    "GetROSpecsResponse": 36,
    "GetAccessSpecsResponse": 54,
}


def decoded(frame: Frame) -> Message | None:
    """The message, or None where it is refused as it should be; anything else fails the test."""
    try:
        return decode(frame)
    except InvalidFrame as error:
        where = error.place or ""
    assert where.startswith("byte ")
    return None


def framed(body: bytes, number: int = 61, identity: int = 1) -> Frame:
    return Frame(number, identity, HEADER.pack(1 << 10 | number, HEADER.size + len(body), identity) + body)


@pytest.mark.parametrize(
    ("path", "frames"),
    [
        ("Tests/dx101/dx101_a.bin", 934),
        ("Tests/dx101/dx101_c.bin", 11),
        ("Tests/dx101/dx101_e.bin", 750),
        ("Tests/dx101/dx101_f.bin", 934),
    ],
)
def test_golden_sessions_come_back_byte_for_byte(shared: Path, path: str, frames: int) -> None:
    data = (shared / TOOLKIT / path).read_bytes()
    found = list(Frames().feed(data))
    assert len(found) == frames
    for frame in found[: 4 if "dx101_c" in path else None]:
        assert encode(decode(frame)) == frame.data


def test_golden_single_messages_come_back_byte_for_byte(shared: Path) -> None:
    files = sorted((shared / TOOLKIT / "LTKJava/src/test/resources").glob("*.bin"))
    assert len(files) == 13
    for file in files:
        (frame,) = Frames().feed(file.read_bytes())
        found = decode(frame)
        assert encode(found) == frame.data
        assert found.name in file.name.replace("CUSTOM_MESSAGE1", "CUSTOM_MESSAGE")


def test_recorded_bodies_of_a_real_reader_come_back_byte_for_byte(shared: Path) -> None:
    files = sorted((shared / RECORDED).rglob("*.bytes"))
    assert len(files) == 15
    for file in files:
        frame = framed(file.read_bytes(), BODIES[file.name.split("-")[0]])
        assert encode(decode(frame)) == frame.data


def test_recorded_capabilities_say_what_the_recorder_read(shared: Path) -> None:
    file = shared / RECORDED / "GetReaderCapabilitiesResponse-000"
    found = decode(framed(file.with_suffix(".bytes").read_bytes(), 11))
    told = json.loads(file.with_suffix(".json").read_text())
    general, regulatory = found.find("GeneralDeviceCapabilities"), found.find("RegulatoryCapabilities")
    assert general is not None
    assert regulatory is not None
    assert general["ReaderFirmwareVersion"] == told["GeneralDeviceCapabilities"]["FirmwareVersion"]
    assert general.number("ModelName") == told["GeneralDeviceCapabilities"]["Model"]
    assert regulatory.number("CountryCode") == 840
    hops = found.find("RegulatoryCapabilities", "UHFBandCapabilities", "FrequencyInformation", "FrequencyHopTable")
    band = told["RegulatoryCapabilities"]["UHFBandCapabilities"]
    assert hops is not None
    assert list(hops["Frequency"]) == band["FrequencyInformation"]["FrequencyHopTables"][0]["Frequencies"]  # type: ignore[arg-type]


def test_recorded_identification_is_read_as_bytes(shared: Path) -> None:
    file = shared / RECORDED / "GetReaderConfigResponse-000"
    found = decode(framed(file.with_suffix(".bytes").read_bytes(), 12)).find("Identification")
    told = json.loads(file.with_suffix(".json").read_text())
    assert found is not None
    assert found["ReaderID"] == base64.b64decode(told["Identification"]["ReaderID"])


def test_the_tables_say_what_the_machine_readable_standard_says(shared: Path) -> None:
    root = ET.parse(shared / TOOLKIT / "Definitions/Core/llrp-1x0-def.xml").getroot()
    space = root.tag.removesuffix("llrpdef")
    for kind, table in (("messageDefinition", MESSAGES), ("parameterDefinition", PARAMETERS)):
        definitions = root.findall(f"{space}{kind}")
        for definition in definitions:
            layout = table[definition.attrib["name"]]
            assert layout.number == int(definition.attrib["typeNum"])
            assert list(layout.names) == [field.attrib["name"] for field in definition.findall(f"{space}field")]
            inner = definition.findall(f"{space}parameter") + definition.findall(f"{space}choice")
            assert layout.nests == bool(inner)
        ours = {"C1G2_XPCW1", "C1G2_XPCW2"}
        assert table.keys() - ours == {definition.attrib["name"] for definition in definitions}
    assert len(PARAMETER_NUMBERS) == len(PARAMETERS)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_frames_or_an_invalid_frame(data: bytes) -> None:
    with suppress(InvalidFrame):
        for frame in Frames().feed(data):
            decoded(frame)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted({layout.number for layout in MESSAGES.values()} | {999})), st.binary(max_size=200))
def test_any_body_is_a_message_that_encodes_again_or_an_invalid_frame(number: int, body: bytes) -> None:
    found = decoded(framed(body, number))
    if found is not None:
        assert decode(Frame(number, 1, encode(found))) == found


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_golden_messages_with_changed_bytes_never_raise_anything_else(shared: Path, data: st.DataObject) -> None:
    golden = list(Frames().feed((shared / TOOLKIT / "Tests/dx101/dx101_e.bin").read_bytes()))
    frame = data.draw(st.sampled_from(golden[:300]))
    changed = bytearray(frame.data)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    decoded(Frame(frame.number, frame.id, bytes(changed)))


def some_value(kind: Value) -> st.SearchStrategy[Value]:
    if isinstance(kind, int):
        return st.integers(0, 1)
    if isinstance(kind, str):
        return st.text(max_size=8)
    if isinstance(kind, BitString):
        return st.binary(max_size=6).map(lambda raw: BitString(len(raw) * 8, raw))
    if isinstance(kind, tuple):
        return st.lists(st.integers(0, 65535), max_size=4).map(tuple)
    return st.binary(min_size=len(kind), max_size=max(len(kind), 5)).map(lambda raw: raw[: len(kind)] if kind else raw)


def values_of(layout: Layout) -> st.SearchStrategy[tuple[Value, ...]]:
    return st.tuples(*map(some_value, layout.defaults))


def some_parameter(name: str, inner: st.SearchStrategy[Parameter] | None) -> st.SearchStrategy[Parameter]:
    layout = PARAMETERS[name]
    nested = st.lists(inner, max_size=3).map(tuple) if inner is not None and layout.nests else st.just(())
    return st.builds(Parameter, st.just(name), values_of(layout), nested)


leaves = st.sampled_from(sorted(PARAMETERS)).flatmap(lambda name: some_parameter(name, None))
trees = st.recursive(
    leaves,
    lambda inner: st.sampled_from(sorted(PARAMETERS)).flatmap(lambda name: some_parameter(name, inner)),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(MESSAGES)), st.data())
def test_every_message_of_the_tables_survives_the_wire(name: str, data: st.DataObject) -> None:
    layout = MESSAGES[name]
    inner = tuple(data.draw(st.lists(trees, max_size=3))) if layout.nests else ()
    sent = Message(name, data.draw(st.integers(0, 2**32 - 1)), data.draw(values_of(layout)), inner)
    (frame,) = Frames().feed(encode(sent))
    assert decode(frame) == sent


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 40), max_size=30))
def test_frames_are_the_same_however_the_stream_is_cut(cuts: list[int]) -> None:
    messages = [message("KEEPALIVE", id=number) for number in range(5)]
    messages.append(message("ADD_ROSPEC_RESPONSE", parameter("LLRPStatus", ErrorDescription="x" * 50)))
    data, frames, found = b"".join(map(encode, messages)), Frames(), []
    for cut in [*cuts, len(data)]:
        found += list(frames.feed(data[:cut]))
        data = data[cut:]
    assert [decode(frame) for frame in found] == messages


def test_garbage_is_reported_with_its_offset_after_the_frames_before_it() -> None:
    frames = Frames()
    good = encode(message("KEEPALIVE", id=7))
    stream = frames.feed(good + good + b"\xff" * 10)
    assert [next(stream).id, next(stream).id] == [7, 7]
    with pytest.raises(InvalidFrame, match="byte 20 of the stream"):
        next(stream)
    with pytest.raises(InvalidFrame, match="byte 20 of the stream"):
        list(frames.feed(good))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HEADER.pack(3 << 10 | 62, 10, 0), "version 3"),
        (HEADER.pack(1 << 10 | 62, 9, 0), "length 9"),
        (HEADER.pack(1 << 10 | 62, 5000, 0), "length 5000"),
        (HEADER.pack(1 << 13 | 1 << 10 | 62, 10, 0), "three zero bits"),
    ],
)
def test_a_header_that_cannot_be_one_is_refused(header: bytes, words: str) -> None:
    with pytest.raises(InvalidFrame, match=words):
        list(Frames(limit=4096).feed(header))


def test_version_two_is_read_and_kept() -> None:
    (frame,) = Frames().feed(HEADER.pack(2 << 10 | 62, 10, 5))
    assert decode(frame).version == 2
    assert encode(decode(frame)) == frame.data


def test_after_a_message_with_a_malformed_parameter_the_next_one_decodes() -> None:
    bad = framed(b"\x00\xf0\x00\x08\x8d123", 61).data
    first, second = Frames().feed(bad + encode(message("KEEPALIVE", id=2)))
    with pytest.raises(InvalidFrame, match="byte 15 of the message"):
        decode(first)
    assert decode(second) == message("KEEPALIVE", id=2)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\xff", "TV parameter 127 is not known"),
        (b"\x01", "too few"),
        (b"\x00\x0d\x00\x04", "parameter 13 is TV"),
        (b"\x01\x1f\x00\x03", "length 3"),
        (b"\x01\x1f\x00\x09\x00\x00", "length 9"),
        (b"\x01\x1f\x00\x06\x00\x00", "2 bytes of fields expected, 0 left"),
        (b"\x01\x1f\x00\x08\x00\x00\x00\x05", "5 bytes of fields expected, 0 left"),
        (b"\x00\x80\x00\x0d" + bytes(9), "1 bytes too many in UTCTimestamp"),
    ],
)
def test_a_malformed_parameter_is_named(body: bytes, words: str) -> None:
    with pytest.raises(InvalidFrame, match=words):
        decode(framed(body, 30))


def test_parameters_nested_without_end_are_refused() -> None:
    body = b""
    for _ in range(40):
        body = (240).to_bytes(2) + (len(body) + 4).to_bytes(2) + body
    with pytest.raises(InvalidFrame, match="nest deeper"):
        decode(framed(body))


def test_unknown_messages_and_parameters_are_kept_as_bytes() -> None:
    odd = Message(UNKNOWN, 3, (46, b"abc"))
    (frame,) = Frames().feed(encode(odd))
    assert decode(frame) == odd
    later = message("ADD_ROSPEC_RESPONSE", Parameter(UNKNOWN, (900, b"xyz")))
    (frame,) = Frames().feed(encode(later))
    assert decode(frame) == later


def test_text_that_is_not_utf8_keeps_its_bytes() -> None:
    body = b"\x01\x1f\x00\x0a\x00\x64\x00\x02\xb4\xed"
    found = decode(framed(body, 30))
    assert encode(found) == framed(body, 30).data


@pytest.mark.parametrize(
    "wrong",
    [
        Message("NO_SUCH"),
        Message("KEEPALIVE", -1),
        Message("KEEPALIVE", version=7),
        Message("DELETE_ROSPEC"),
        Message("DELETE_ROSPEC", values=(-1,)),
        Message("DELETE_ROSPEC", values=("1",)),
        Message("SET_READER_CONFIG", values=(2,)),
        Message(UNKNOWN, values=(1, 2)),
        message("ADD_ROSPEC", Parameter("NoSuch")),
        message("ADD_ROSPEC", Parameter(UNKNOWN, (5, b""))),
        message("ADD_ROSPEC", Parameter("EPC_96", (b"short",))),
        message("ADD_ROSPEC", Parameter("EPCData", (BitString(9, b"x"),))),
        message("ADD_ROSPEC", Parameter("FixedFrequencyTable", ((-1,),))),
        message("ADD_ROSPEC", Parameter("FixedFrequencyTable", (5,))),
        message("ADD_ROSPEC", Parameter("LLRPStatus", (0, "x" * 65536))),
        message("ADD_ROSPEC", Parameter("LLRPStatus", (0, "\ud800"))),
        message("ADD_ROSPEC", Parameter("Custom", (0, 0, bytes(65535)))),
        message("ADD_ROSPEC", Parameter("Custom", (0, 0, "text"))),
    ],
)
def test_what_does_not_fit_the_wire_is_refused(wrong: Message) -> None:
    with pytest.raises(InvalidFrame):
        encode(wrong)


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidFrame, match="no field Nope"):
        message("KEEPALIVE", Nope=1)
    with pytest.raises(InvalidFrame, match="no field Nope"):
        parameter("ROSpec")["Nope"]
    with pytest.raises(InvalidFrame, match="UNKNOWN has no field"):
        Message(UNKNOWN, values=(1, b"")).number("Nope")
    assert message("DELETE_ROSPEC", ROSpecID=4).number("ROSpecID") == 4
    assert parameter("LLRPStatus").number("ErrorDescription") == 0
    assert message("CUSTOM_MESSAGE").number("Data") == 0


def test_reserved_bits_are_passed_over() -> None:
    (layout,) = read_table("1 Name Flag:u1 -:7 Two:u2 -:6")
    assert layout.read(b"\xff\xff", 0, 2)[0] == (1, 3)
    assert layout.write((1, 3)) == b"\x80\xc0"
