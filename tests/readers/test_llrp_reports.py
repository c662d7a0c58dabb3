"""Tag reports: the fast path and the loop say the same, and both say what the message holds."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidFrame
from suyuan.readers.llrp_fields import BitString
from suyuan.readers.llrp_reports import Reports, Shift
from suyuan.readers.llrp_wire import HEADER, Frame, Frames, Parameter, decode, encode, message, parameter
from suyuan.readers.reads import TagRead

TOOLKIT = "llrp/opencps+llrp-toolkit/LTK"
RECORDED = "llrp/edgexfoundry+device-rfid-llrp-go/pkg/llrp/testdata/roAccessReports"


def report(*records: Parameter) -> Frame:
    (frame,) = Frames().feed(encode(message("RO_ACCESS_REPORT", *records)))
    return frame


def record(epc: Parameter | None = None, *more: Parameter, **numbers: int) -> Parameter:
    """A TagReportData with the usual fields, each of which can be given another value or left out (None)."""
    usual = {
        "AntennaID": ("AntennaID", 1),
        "PeakRSSI": ("PeakRSSI", -50),
        "FirstSeenTimestampUTC": ("Microseconds", 1000),
        "LastSeenTimestampUTC": ("Microseconds", 2000),
        "TagSeenCount": ("TagCount", 3),
    }
    items = [
        parameter(name, **{field: numbers.get(name, value)})
        for name, (field, value) in usual.items()
        if numbers.get(name) != LEFT_OUT
    ]
    return parameter("TagReportData", epc or parameter("EPC_96", EPC=b"\x30" * 12), *items, *more)


LEFT_OUT = -9999
UTC_NUMBERS = st.integers(0, 2**63)


def test_the_usual_report_is_read_in_full() -> None:
    (read,) = Reports("gate").read(report(record()), Shift())
    assert read == TagRead("gate", 1, "30" * 12, 1000, 2000, -50.0, 3)


def test_epcs_of_any_length_come_as_whole_bytes() -> None:
    long, odd, empty = BitString(128, b"\xab" * 16), BitString(5, b"\xf8"), BitString(0, b"")
    records = [record(parameter("EPCData", EPC=epc)) for epc in (long, long, odd, empty)]
    assert [read.epc for read in Reports("gate").read(report(*records), Shift())] == ["AB" * 16, "AB" * 16, "F8", ""]
    assert [read.epc for read in Reports("gate").read(report(*records[:2]), Shift())] == ["AB" * 16] * 2


def test_what_a_record_leaves_out_is_what_the_one_before_it_said() -> None:
    reports = Reports("gate")
    assert reports.read(report(record(AntennaID=4, TagSeenCount=9)), Shift())[0].antenna == 4
    (read,) = reports.read(report(record(AntennaID=LEFT_OUT, PeakRSSI=LEFT_OUT, TagSeenCount=LEFT_OUT)), Shift())
    assert (read.antenna, read.rssi, read.count) == (4, -50.0, 9)


def test_a_reader_that_says_least_is_read_too() -> None:
    bare = parameter("TagReportData", parameter("EPC_96"))
    (read,) = Reports("gate").read(report(bare), Shift(unstamped=77))
    assert read == TagRead("gate", 0, "00" * 12, 77, 77, None, 1)


def test_times_are_shifted_and_uptime_counts_where_there_is_no_utc() -> None:
    shift = Shift(utc=5, uptime=1_000_000)
    assert Reports("gate").read(report(record()), shift)[0].first_us == 1005
    uptime = parameter("TagReportData", parameter("EPC_96"), parameter("LastSeenTimestampUptime", Microseconds=9))
    (read,) = Reports("gate").read(report(uptime), shift)
    assert (read.first_us, read.last_us) == (1_000_009, 1_000_009)


def test_a_last_time_before_the_first_is_the_first() -> None:
    frame = report(record(FirstSeenTimestampUTC=9000))
    fast, reports = Reports("gate").read(frame, Shift()), Reports("gate")
    assert fast == reports._loop(frame.data, Shift())
    assert fast[0].last_us == 9000


def test_surveys_and_vendor_parameters_are_passed_over() -> None:
    custom = parameter("Custom", VendorIdentifier=25882, ParameterSubtype=56, Data=b"xyz")
    survey = parameter("RFSurveyReportData")
    reads = Reports("gate").read(report(record(None, custom), record(None, custom), survey, custom), Shift())
    assert len(reads) == 2
    assert len(Reports("gate").read(report(record(None, custom), record(None, custom)), Shift())) == 2
    assert Reports("gate").read(report(), Shift()) == []


def test_layouts_may_change_from_message_to_message_and_inside_one() -> None:
    reports = Reports("gate")
    plain, rich = record(), record(None, parameter("C1G2_PC", PC_Bits=0x3000))
    for records in ([plain] * 3, [rich] * 2, [plain, rich, plain], [rich]):
        assert len(reports.read(report(*records), Shift())) == len(records)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_the_fast_path_and_the_loop_read_the_same(data: st.DataObject) -> None:
    names = {
        "ROSpecID": ("ROSpecID", 32),
        "SpecIndex": ("SpecIndex", 16),
        "AntennaID": ("AntennaID", 16),
        "PeakRSSI": ("PeakRSSI", 7),
        "FirstSeenTimestampUTC": ("Microseconds", 60),
        "FirstSeenTimestampUptime": ("Microseconds", 60),
        "LastSeenTimestampUTC": ("Microseconds", 60),
        "TagSeenCount": ("TagCount", 16),
        "C1G2_CRC": ("CRC", 16),
    }
    left_out = data.draw(st.sets(st.sampled_from(sorted(names)), max_size=2))
    epc_size = data.draw(st.integers(0, 20))
    records = []
    for _ in range(data.draw(st.integers(1, 6))):
        raw = data.draw(st.binary(min_size=epc_size, max_size=epc_size))
        epc = parameter("EPC_96", EPC=raw) if epc_size == 12 else parameter("EPCData", EPC=BitString(epc_size * 8, raw))
        items = [
            parameter(name, **{field: data.draw(st.integers(0, 2**bits - 1))})
            for name, (field, bits) in names.items()
            if name not in left_out
        ]
        records.append(parameter("TagReportData", epc, *items))
    frame = report(*records)
    assert Reports("gate").read(frame, Shift(utc=3)) == Reports("gate")._loop(frame.data, Shift(utc=3))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_report_with_changed_bytes_is_read_the_same_way_on_both_paths_or_refused(data: st.DataObject) -> None:
    good = bytearray(report(record(), record(AntennaID=2), record()).data)
    for _ in range(data.draw(st.integers(1, 3))):
        good[data.draw(st.integers(HEADER.size, len(good) - 1))] = data.draw(st.integers(0, 255))
    frame = Frame(61, 0, bytes(good[: data.draw(st.integers(HEADER.size, len(good)))]))
    primed = Reports("gate")
    primed.read(report(record()), Shift())
    try:
        slow = Reports("gate")._loop(frame.data, Shift())
    except InvalidFrame:
        with pytest.raises(InvalidFrame):
            primed.read(frame, Shift())
        return
    assert Reports("gate").read(frame, Shift()) == slow


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\x8d" + bytes(12), "stands directly"),
        (b"\x00\xf0\x00\x05\x8d", "TV parameter 13 of 13 bytes, 1 left"),
        (b"\x00\xf0\x00\x06\xff\xff", "TV parameter 127 is not known"),
        (b"\x00\xf0\x00\x04", "without EPC"),
        (b"\x00\xf0\x00\x0b\x00\xf1\x00\x07\x00\x10\xaa", "EPCData of 16 bits has length 7"),
        (b"\x00\xf0\x00\x08\x00\xf1\x00\x04", "EPCData of"),
    ],
)
def test_a_malformed_report_says_what_and_where(body: bytes, words: str) -> None:
    with pytest.raises(InvalidFrame, match=words) as caught:
        Reports("gate").read(Frame(61, 0, bytes(10) + body), Shift())
    assert (caught.value.place or "").startswith("byte ")


def test_the_golden_reports_agree_with_the_general_decoder(shared: Path) -> None:
    data = (shared / TOOLKIT / "Tests/dx101/dx101_c.bin").read_bytes()
    frames = list(Frames().feed(data))
    reports = Reports("gate")
    total = sum(len(reports.read(frame, Shift())) for frame in frames)
    assert total == 32_705
    smallest = min(frames, key=lambda frame: len(frame.data))
    trees = [item for item in decode(smallest).parameters if item.name == "TagReportData"]
    for read, tree in zip(Reports("gate").read(smallest, Shift()), trees, strict=True):
        epc = tree.parameters[0]["EPC"]
        raw = epc.data if isinstance(epc, BitString) else epc
        assert isinstance(raw, bytes)
        assert read.epc == raw.hex().upper()


def test_the_recorded_reports_say_what_the_recorder_read(shared: Path) -> None:
    files = sorted((shared / RECORDED).glob("*.bytes"))
    assert len(files) == 9
    for file in files:
        body = file.read_bytes()
        reads = Reports("gate").read(Frame(61, 1, HEADER.pack(1 << 10 | 61, 10 + len(body), 1) + body), Shift())
        told = json.loads(file.with_suffix(".json").read_text())["TagReportData"] or []
        assert len(reads) == len(told)
        for read, item in zip(reads, told, strict=True):
            raw = base64.b64decode(item["EPC96"]["EPC"] or item["EPCData"]["EPC"] or "")
            assert read.epc == raw.hex().upper()
            assert (read.antenna, read.rssi) == (item["AntennaID"], item["PeakRSSI"])
            assert read.first_us == item["FirstSeenUTC"]
