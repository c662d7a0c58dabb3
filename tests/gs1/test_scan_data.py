"""What scanners send."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import scan_data
from suyuan.gs1.scan_data import Scan, read, write

GTIN = "09506000134352"
#: The engine's names of symbologies.
NAMES = {
    "QR": "qr", "DM": "datamatrix", "DotCode": "dotcode", "DataBarExpanded": "databar-expanded", "EAN13": "ean-13",
    "GS1_128_CCA": "gs1-128", "GS1_128_CCC": "gs1-128", "EAN8": "ean-8", "UPCA": "upc-a", "UPCE": "upc-e",
    "DataBarOmni": "databar-omni", "DataBarTruncated": "databar-truncated", "DataBarStacked": "databar-stacked",
    "DataBarStackedOmni": "databar-stacked-omni", "DataBarLimited": "databar-limited", "NONE": "none",
}  # fmt: skip


def test_rows_of_the_gs1_syntax_engine_are_read_alike(shared: Path) -> None:
    rows = json.loads((shared / "gs1/gs1-syntax-engine/unit_test_vectors.json").read_text("utf-8"))["vectors"]
    assert len(rows["test_testProcessScanData"]) > 30
    for row in rows["test_testProcessScanData"]:
        accepted, text, symbology, message = row["args"]
        if accepted:
            assert read(text)[:2] == (NAMES[symbology], message)
        else:
            with pytest.raises(InvalidIdentifier):
                read(text)


def test_rows_of_the_gs1_syntax_engine_are_written_alike(shared: Path) -> None:
    rows = json.loads((shared / "gs1/gs1-syntax-engine/unit_test_vectors.json").read_text("utf-8"))["vectors"]
    assert len(rows["test_testGenerateScanData"]) > 20
    for row in rows["test_testGenerateScanData"]:
        symbology, message, expected = row["args"]
        if symbology == "EAN13" and len(message) == 12 and expected:  # with the option to add the check digit
            continue
        if expected is not None:
            assert write(NAMES[symbology], message) == expected
        else:
            with pytest.raises(InvalidIdentifier):
                write(NAMES[symbology], message)


@pytest.mark.parametrize("identifier", ["]C1", "]d2", "]Q3", "]e0", "]J1"])
def test_gs1_symbols_hold_ais(identifier: str) -> None:
    scan = read(f"{identifier}01{GTIN}10LOT\x1d17271231")
    assert scan.elements == (("01", GTIN), ("10", "LOT"), ("17", "271231"))
    assert write(scan.symbology, scan.message) == f"{identifier}01{GTIN}10LOT\x1d17271231"
    assert scan.link is None


@pytest.mark.parametrize("identifier", ["]d1", "]Q1", "]J0"])
def test_plain_symbols_hold_a_digital_link_or_a_text(identifier: str) -> None:
    scan = read(f"{identifier}https://example.com/01/{GTIN}?17=271231")
    assert scan.link is not None
    assert scan.elements == (("01", GTIN), ("17", "271231"))
    assert write(scan.symbology, scan.message) == f"{identifier}https://example.com/01/{GTIN}?17=271231"
    assert read(f"{identifier}hello") == Scan(scan.symbology, "hello", ())


@pytest.mark.parametrize(
    ("text", "gtin"),
    [("]E09506000134352", GTIN), ("]E496385074", "00000096385074"), ("]I119506000134359", "19506000134359")],
)
def test_retail_symbols_hold_a_gtin(text: str, gtin: str) -> None:
    scan = read(text)
    assert scan.elements == (("01", gtin),)
    assert write(scan.symbology, scan.message) == text
    assert write(scan.symbology, f"^01{gtin}") == text


def test_a_composite_component_completes_its_symbol() -> None:
    scan = read("]E09506000134352|]e010LOT\x1d21S")
    assert scan.elements == (("01", GTIN), ("10", "LOT"), ("21", "S"))
    assert write("ean-13", scan.message) == "]E09506000134352|]e010LOT\x1d21S"
    assert write("gs1-128", f"^01{GTIN}|^10LOT") == f"]e001{GTIN}10LOT"
    assert write("gs1-128", f"^01{GTIN}10LOT^|^21S") == f"]e001{GTIN}10LOT\x1d21S"
    assert write("databar-omni", f"{GTIN}|^10LOT^21S") == f"]e001{GTIN}10LOT\x1d21S"
    assert write("databar-limited", f"^01{GTIN}") == f"]e001{GTIN}"
    assert write("upc-a", "012345678905|^10LOT") == "]E00012345678905|]e010LOT"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no symbology identifier"),
        ("]C", "no symbology identifier"),
        ("]C0PLAIN", "no symbology identifier of ]C1"),
        ("]C1" + "0" * 2000, "longer than 2000"),
        (f"]C101{GTIN}^10LOT", "no scanner sends for FNC1"),
        ("]C110LOT", "needs AI 01"),
        ("]E09506000134351", "is 1, expected 2"),
        ("]E0950600013435", "not a GTIN of 13 digits"),
        ("]E0950600013435\N{SUPERSCRIPT TWO}", "not a GTIN of 13 digits"),
        ("]E09506000134352|]e0", "empty"),
        ("]E09506000134352|]e0254A", "needs AI 414"),
        ("]I109506000134352|]e010A", "not a GTIN of 14"),
        ("]Q1https://example.com/about", "no GS1 key"),
    ],
)
def test_bad_scan_data_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        read(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("symbology", "message", "says"),
    [
        ("none", "x", "not a symbology, expected one of qr"),
        ("qr", "x" * 2001, "longer than 2000"),
        ("qr", "^10LOT", "needs AI 01"),
        ("gs1-128", "PLAIN", "is not GS1 data"),
        ("gs1-128", "^10LOT", "needs AI 01"),
        ("gs1-128", f"^01{GTIN}|10LOT", "is not GS1 data"),
        ("databar-limited", "29506000134356", "more than this symbol holds"),
        ("ean-13", "^0119506000134359", "not a GTIN of 13"),
    ],
)
def test_a_message_that_a_symbol_cannot_hold_is_refused(symbology: str, message: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        write(symbology, message)
    assert says in str(caught.value)


_HEADS = st.sampled_from(["", "]C1", "]E0", "]E4", "]I1", "]e0", "]d1", "]d2", "]Q1", "]Q3", "]J0", "]J1", "]X9"])


@given(_HEADS, st.text(max_size=40) | st.text("0123456789^\x1d|]e\\LOT", max_size=40))
def test_any_scan_data_is_read_or_refused_and_comes_back(head: str, data: str) -> None:
    try:
        scan = read(head + data)
    except InvalidIdentifier:
        return
    again = write(scan.symbology, scan.message)
    assert read(again) == scan


@given(st.sampled_from(sorted(scan_data._WRITERS)), st.text(max_size=30) | st.text("0123456789^|\\", max_size=30))
def test_whatever_is_written_can_be_read(symbology: str, message: str) -> None:
    try:
        text = write(symbology, message)
    except InvalidIdentifier:
        return
    read(text)
