"""96-bit tags both ways."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import tag_encoding
from suyuan.gs1.tag_encoding import ENCODINGS, Encoding, decode, encode, from_tag_uri, tag_to_uri, tag_uri, uri_to_tag

#: (company bits, reference bits) by partition, as the tables of TDS 14.6 print them.
PARTITIONS = {
    "sgtin-96": [(40, 4), (37, 7), (34, 10), (30, 14), (27, 17), (24, 20), (20, 24)],
    "sscc-96": [(40, 18), (37, 21), (34, 24), (30, 28), (27, 31), (24, 34), (20, 38)],
    "sgln-96": [(40, 1), (37, 4), (34, 7), (30, 11), (27, 14), (24, 17), (20, 21)],
    "grai-96": [(40, 4), (37, 7), (34, 10), (30, 14), (27, 17), (24, 20), (20, 24)],
}


def digits(draw: st.DrawFn, count: int) -> str:
    return draw(st.text("0123456789", min_size=count, max_size=count))


@st.composite
def uris(draw: st.DrawFn) -> tuple[Encoding, str]:
    encoding = draw(st.sampled_from(ENCODINGS))
    length = draw(st.integers(6, 12))
    uri = f"urn:epc:id:{encoding.scheme}:{digits(draw, length)}.{digits(draw, encoding.digits - length)}"
    if encoding.serial_bits:
        uri += f".{draw(st.integers(0, 2**encoding.serial_bits - 1))}"
    return encoding, uri


def bit_by_bit(encoding: Encoding, uri: str, filter_value: int) -> str:
    """The same encoding by the words of the standard: fields as bit strings in a row."""
    company, reference, *serial = uri.rpartition(":")[2].split(".")
    partition = 12 - len(company)
    company_bits, reference_bits = PARTITIONS[encoding.name][partition]
    bits = f"{encoding.header:08b}{filter_value:03b}{partition:03b}{int(company):0{company_bits}b}"
    bits += f"{int(reference or '0'):0{reference_bits}b}"
    bits += f"{int(serial[0]):0{96 - len(bits)}b}" if serial else "0" * (96 - len(bits))
    assert len(bits) == 96
    return f"{int(bits, 2):024X}"


@given(uris(), st.integers(0, 7))
def test_every_partition_goes_both_ways(case: tuple[Encoding, str], filter_value: int) -> None:
    encoding, uri = case
    tag = uri_to_tag(uri, filter_value)
    assert tag == bit_by_bit(encoding, uri, filter_value)
    assert tag_to_uri(tag) == tag_to_uri(tag.lower()) == uri
    found = decode(tag)
    assert found == (encoding.name, filter_value, uri)
    assert from_tag_uri(tag_uri(found)) == found


@given(st.binary(min_size=12, max_size=12), st.sampled_from([None, *ENCODINGS]))
def test_any_96_bits_are_an_epc_that_comes_back_or_are_refused(raw: bytes, encoding: Encoding | None) -> None:
    tag = (bytes([encoding.header]) + raw[1:] if encoding else raw).hex().upper()
    try:
        found = decode(tag)
    except InvalidIdentifier:
        return
    assert uri_to_tag(found.uri, found.filter) == tag


@given(st.text(max_size=30) | st.text("0123456789abcdefABCDEF _+x", min_size=22, max_size=26))
def test_any_text_is_a_tag_or_refused(text: str) -> None:
    for read in (tag_to_uri, decode, from_tag_uri, uri_to_tag):
        try:
            read(text)
        except InvalidIdentifier:
            continue
        assert len(text) == 24


@pytest.mark.parametrize(
    ("tag", "says"),
    [
        ("30740242201D8840001C8F5A00", "26 hexadecimal digits, expected 24"),
        ("30740242201D8840001C8F", "22 hexadecimal digits, expected 24"),
        ("301C0242201D8840001C8F5A", "partition 7"),
        ("E28011606000020012345678", "header E2"),
        ("30", "2 hexadecimal digits"),
        ("3", "header 3"),
        ("", "not hexadecimal"),
        ("30740242201D8840001C8F5G", "not hexadecimal"),
        ("30 74 0242201D8840001C8F", "not hexadecimal"),
        ("30 74 02 42 20 1D 88 40 00 1C 8F 5A", "not hexadecimal"),
        (f"{0x31 << 88 | 5 << 82 | 1:024X}", "reserved"),
        (f"{0x30 << 88 | 10**12 << 42:024X}", "expected below 1000000000000 and 10"),
        (f"{0x30 << 88 | 15 << 38:024X}", "reference 15"),
        (f"{0x32 << 88 | 1 << 41:024X}", "reference 1"),
    ],
)
def test_a_bad_tag_is_refused_with_the_reason(tag: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier, match=says):
        tag_to_uri(tag)


@pytest.mark.parametrize(
    "uri",
    [
        "urn:epc:id:sgtin:0614141.812345.0123",
        "urn:epc:id:sgtin:0614141.812345.274877906944",
        "urn:epc:id:sgtin:0614141.812345.AB",
        "urn:epc:id:sgtin:0614141.812345.",
        "urn:epc:id:sgtin:0614141.812345.٣",
        "urn:epc:id:sgtin:0614141.812345.1.2",
        "urn:epc:id:sgtin:0614141.812345." + "9" * 100_000,
        "urn:epc:id:sgtin:٠614141.812345.1",
        "urn:epc:id:sgtin:061414A.812345.1",
        "urn:epc:id:sgtin:0614141.81234.1",
        "urn:epc:id:sgtin:0614141.81234A.1",
        "urn:epc:id:sgtin:0614141..1",
        "urn:epc:id:sgtinX0614141.812345.1",
        "urn:epc:id:sgln:0614141.12345.2199023255552",
        "urn:epc:id:grai:0614141.12345",
        "urn:epc:id:sscc:0614141.1234567890.1",
        "urn:epc:id:sscc:0614141.123456789A",
        "urn:epc:id:sscc:06141.123456789012",
        "urn:epc:class:lgtin:0614141.812345.1",
        "urn:epc:idpat:sgtin:0614141.812345.*",
        "urn:epc:id:giai:0614141.1",
        "",
    ],
)
def test_what_does_not_fit_a_tag_is_refused_and_never_bent(uri: str) -> None:
    assert encode(uri) is None
    with pytest.raises(InvalidIdentifier, match="96-bit"):
        uri_to_tag(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "urn:epc:tag:sgtin-96:9.0614141.812345.1",
        "urn:epc:tag:sgtin-96:3.0614141.812345.01",
        "urn:epc:tag:sgtin-96:3.0614141.812345.AB",
        "urn:epc:tag:sgtin-198:3.0614141.812345.AB",
        "urn:epc:tag:sgtin-96:0614141.812345.1",
        "urn:epc:id:sgtin:0614141.812345.1",
    ],
)
def test_a_bad_tag_uri_is_refused(uri: str) -> None:
    with pytest.raises(InvalidIdentifier):
        from_tag_uri(uri)


@pytest.mark.parametrize("value", [-1, 8])
def test_a_filter_outside_three_bits_is_refused(value: int) -> None:
    with pytest.raises(InvalidIdentifier, match="filter"):
        encode("urn:epc:id:sgtin:0614141.812345.1", value)


def test_a_twelve_digit_prefix_leaves_an_empty_reference() -> None:
    uri = "urn:epc:id:grai:999999999999..0"
    assert uri_to_tag(uri, 5) == "33A3A352943FFC0000000000"
    assert tag_to_uri("33A3A352943FFC0000000000") == uri


def test_partition_tables_agree_with_the_published_definitions(shared: Path) -> None:
    for encoding in ENCODINGS:
        name = encoding.name.upper()
        text = (shared / f"gs1/TDT/JSON/{name}.json").read_text("utf-8")
        levels = json.loads(text)["tdt:epcTagDataTranslation"]["scheme"]["level"]
        binary = next(level for level in levels if level["type"] == "BINARY")
        assert int(binary["prefixMatch"], 2) == encoding.header
        for option in binary["option"]:
            company, reference = (int(field["bitLength"]) for field in option["field"][1:3])
            partition = 12 - int(option["optionKey"])
            assert PARTITIONS[encoding.name][partition] == (company, reference)
            assert company + reference == encoding.bits


def test_worked_examples_of_the_tag_data_standard(shared: Path) -> None:
    from suyuan.gs1.forms import forms_of, parse  # the standard's examples are Digital Links

    vectors = json.loads((shared / "gs1/tds23-annex-e3/e3_hex_vectors.json").read_text("utf-8"))["vectors"]
    mine = [row for row in vectors if row["scheme"].lower() in tag_encoding.NAMES]
    assert mine
    for row in mine:
        forms = forms_of(row["hex"])
        assert forms.digital_link == "https://id.gs1.org" + row["dl"]
        length = parse(row["hex"]).company_prefix_length
        again = forms_of(f"https://example.com{row['dl']}", company_prefix_length=length, filter=forms.filter or 0)
        assert again.hex == row["hex"]
