"""The classic EPC binary encodings both ways."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import tag_encoding
from suyuan.gs1.tag_encoding import (
    HEADERS,
    Tag,
    decode,
    encode,
    encode_as,
    from_tag_uri,
    tag_to_uri,
    tag_uri,
    uri_to_tag,
)
from suyuan.gs1.tag_layouts import BY_NAME, DEFAULTS, ENCODINGS, Encoding

#: (company bits, reference bits) by partition, as the tables of TDS 14.6 print them.
GTIN = [(40, 4), (37, 7), (34, 10), (30, 14), (27, 17), (24, 20), (20, 24)]
SSCC = [(40, 18), (37, 21), (34, 24), (30, 28), (27, 31), (24, 34), (20, 38)]
GLN = [(40, 1), (37, 4), (34, 7), (30, 11), (27, 14), (24, 17), (20, 21)]
#: Digits of company prefix and reference together, partition table, bits of the serial.
PADDED = {
    "sgtin-96": (13, GTIN, 38),
    "sscc-96": (17, SSCC, 0),
    "sgln-96": (12, GLN, 41),
    "grai-96": (12, GTIN, 38),
    "gdti-96": (12, GLN, 41),
    "gsrn-96": (17, SSCC, 0),
    "gsrnp-96": (17, SSCC, 0),
}
#: What may stand in a string of the AI 82 set, as in a URN.
SERIAL = r"(?:[!'()*+,\-.:;=_0-9A-Za-z]|%22|%25|%26|%2F|%3C|%3E|%3F)"
PART = "(?:[0-9A-Z-]|%2F|%23)"
ADI = "(?:[0-9A-Z-]|%2F)"
CAGE = "[0-9A-HJ-NP-Z]{5,6}"
PIECES = r"[0-9]{2}\.[0-9]{2}"


def numbers(bits: int) -> st.SearchStrategy[str]:
    return st.integers(0, 2**bits - 1).map(str)


def text(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)


@st.composite
def bodies(draw: st.DrawFn, name: str) -> str:
    """What stands behind the scheme in a URI that fits this encoding, any partition and length."""
    length = draw(st.integers(6, 12))
    partition = 12 - length
    company = draw(text(f"[0-9]{{{length}}}"))
    if name in PADDED:
        digits, _, serial_bits = PADDED[name]
        rest = draw(text(f"[0-9]{{{digits - length}}}"))
        return f"{company}.{rest}.{draw(numbers(serial_bits))}" if serial_bits else f"{company}.{rest}"
    gtin, gln = (draw(text(f"[0-9]{{{digits - length}}}")) for digits in (13, 12))
    match name:
        case "sgtin-198":
            return f"{company}.{gtin}.{draw(text(SERIAL + '{1,20}'))}"
        case "itip-110":
            return f"{company}.{gtin}.{draw(text(PIECES))}.{draw(numbers(38))}"
        case "itip-212":
            return f"{company}.{gtin}.{draw(text(PIECES))}.{draw(text(SERIAL + '{1,20}'))}"
        case "sgln-195":
            return f"{company}.{gln}.{draw(text(SERIAL + '{1,20}'))}"
        case "grai-170":
            return f"{company}.{gln}.{draw(text(SERIAL + '{1,16}'))}"
        case "gdti-113":
            return f"{company}.{gln}.{draw(text('[0-9]{1,17}'))}"
        case "gdti-174":
            return f"{company}.{gln}.{draw(text(SERIAL + '{1,17}'))}"
        case "sgcn-96":
            return f"{company}.{gln}.{draw(text('[0-9]{1,12}'))}"
        case "giai-96":
            return f"{company}.{draw(numbers((42, 45, 48, 52, 55, 58, 62)[partition]))}"
        case "giai-202":
            return f"{company}.{draw(text(SERIAL + f'{{1,{30 - length}}}'))}"
        case "cpi-96":
            return f"{company}.{draw(st.integers(0, 10 ** (15 - length) - 1))}.{draw(numbers(31))}"
        case "cpi-var":
            return f"{company}.{draw(text(PART + f'{{1,{30 - length}}}'))}.{draw(st.integers(0, 10**12 - 1))}"
        case "gid-96":
            return f"{draw(numbers(28))}.{draw(numbers(24))}.{draw(numbers(36))}"
        case "usdod-96":
            return f"{draw(text(CAGE))}.{draw(numbers(36))}"
        case _:
            serial = draw(text(ADI + "{1,30}") | text("%23" + ADI + "{1,29}"))
            return f"{draw(text(CAGE))}.{draw(text(ADI + '{0,32}'))}.{serial}"


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: encoding.name)
@settings(max_examples=40)
@given(st.data())
def test_every_encoding_goes_both_ways(encoding: Encoding, data: st.DataObject) -> None:
    uri = f"urn:epc:id:{encoding.scheme}:{data.draw(bodies(encoding.name))}"
    filter_value = data.draw(st.integers(0, encoding.largest_filter))
    tag = encode_as(encoding.name, uri, filter_value)
    found = decode(tag)
    assert found == (encoding.name, filter_value if encoding.filter_bits else None, uri)
    assert tag_to_uri(tag) == tag_to_uri(tag.lower()) == uri
    assert from_tag_uri(tag_uri(found)) == found
    assert 4 * len(tag) % encoding.unit == 0
    assert encoding.bits is None or len(tag) == -(-encoding.bits // 16) * 4
    if DEFAULTS[encoding.scheme] is encoding:
        assert encode(uri, filter_value) == uri_to_tag(uri, filter_value) == tag


def bit_by_bit(name: str, uri: str, filter_value: int) -> str:
    """The encoding of padded numbers by the words of the standard: fields as bit strings in a row."""
    company, reference, *serial = uri.rpartition(":")[2].split(".")
    partition = 12 - len(company)
    company_bits, reference_bits = PADDED[name][1][partition]
    bits = f"{BY_NAME[name].header:08b}{filter_value:03b}{partition:03b}{int(company):0{company_bits}b}"
    bits += f"{int(reference or '0'):0{reference_bits}b}"
    bits += f"{int(serial[0]):0{96 - len(bits)}b}" if serial else "0" * (96 - len(bits))
    assert len(bits) == 96
    return f"{int(bits, 2):024X}"


@pytest.mark.parametrize("name", PADDED)
@given(st.data(), st.integers(0, 7))
def test_padded_numbers_stand_in_their_bits(name: str, data: st.DataObject, filter_value: int) -> None:
    uri = f"urn:epc:id:{BY_NAME[name].scheme}:{data.draw(bodies(name))}"
    assert uri_to_tag(uri, filter_value) == bit_by_bit(name, uri, filter_value)


@given(st.binary(min_size=1, max_size=32), st.sampled_from([None, *ENCODINGS]), st.booleans())
def test_any_bits_are_an_epc_that_comes_back_or_are_refused(raw: bytes, encoding: Encoding | None, fit: bool) -> None:
    if encoding:
        raw = bytes([encoding.header]) + raw[1:]
        if fit and encoding.bits:
            raw = raw.ljust(-(-encoding.bits // 16) * 2, b"\0")[: -(-encoding.bits // 16) * 2]
            spare = len(raw) * 8 - encoding.bits
            raw = (int.from_bytes(raw, "big") >> spare << spare).to_bytes(len(raw), "big")
    tag = raw.hex().upper()
    try:
        found = decode(tag)
    except InvalidIdentifier:
        with pytest.raises(InvalidIdentifier):
            tag_to_uri(tag)
        return
    assert tag_to_uri(tag) == found.uri
    assert encode_as(found.encoding, found.uri, found.filter or 0).ljust(len(tag), "0") == tag.ljust(len(tag), "0")


@given(
    st.text(max_size=30)
    | st.text("0123456789abcdefABCDEF _+x٣", min_size=22, max_size=26)
    | st.from_regex(
        r"urn:epc:(id|tag):(sgtin|adi|cpi|giai|gid|usdod|itip)(-96|-198|-var)?:[0-9.%A-F*\[\]x=-]{0,40}", fullmatch=True
    )
)
def test_any_text_is_a_tag_or_refused(found: str) -> None:
    for read in (tag_to_uri, decode, from_tag_uri, uri_to_tag, encode):
        with suppress(InvalidIdentifier):
            read(found)
    for name in BY_NAME:
        with suppress(InvalidIdentifier):
            encode_as(name, found)


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
        ("30_740242201D8840001C8F5", "not hexadecimal"),
        ("0x740242201D8840001C8F5A", "not hexadecimal"),
        ("3074024220١D8840001C8F5A", "not hexadecimal"),
        ("3" * 125, "expected at most 124"),
        (f"{0x31 << 88 | 5 << 82 | 1:024X}", "reserved"),
        (f"{0x2D << 88 | 5 << 82 | 1:024X}", "last 24 bits are reserved"),
        (f"{0x30 << 88 | 10**12 << 42:024X}", "company prefix 1000000000000 on the tag is too large"),
        (f"{0x30 << 88 | 15 << 38:024X}", "item reference 15"),
        (f"{0x32 << 88 | 1 << 41:024X}", "location reference 1 on the tag is too large: expected at most 0 digits"),
        (f"{0x3C << 88 | 1000 << 31:024X}", "component/part reference 1000"),
        (f"{0x3F << 88 | 2 * 10**12:024X}", "serial 2000000000000 on the tag must be a 1"),
        (f"{0x3F << 88 | 1:024X}", "serial 1 on the tag must be a 1 and 1 to 12 digits"),
        ("3666C4409047E159B2C2BF100000000000000000000000000001", "behind the end"),
        ("3666C4409047E159B2C2BF10000000000000000000000000000000", "54 hexadecimal digits, expected 50 to 52"),
        ("3666C4409047E159B2C2BF1000000000000000000000000000", None),
        ("3666C4409047E159B2C2BF10000000000000000000000000" + "1000", "bits behind its end"),
        ("3666C4409047E10000000000000000000000000000000000000", "0 characters"),
        ("3666C4409047E102B2C2BF100000000000000000000000000000", "no character of the AI 82 set"),
        ("3D76451FD75411DEF6B4CC00000003039000", None),
        ("3D76451FD75411DEF6B4CC00000003039", None),
        ("3D76451FD75411DEF6B4CC000000030390000", "37 hexadecimal digits, expected 33 to 36"),
        ("3D76451FD75411DEF6B4CC0000000303", "ends inside a field"),
        ("3D76451FD75411DEF6B4CC00000003039001", "behind the end"),
        (f"{0x3D << 88 | 63 << 36:024X}", "component/part reference"),
        ("3B0E0CF5E76C9047759AD00373DC7602E7200000", None),
        ("3B0E0CF5E76C9047759AD00373DC7602E72", "ends inside a field"),
        ("2F3" + "43414745494F" + "00000162E", "CAGE"),
    ],
)
def test_a_bad_tag_is_refused_with_the_reason(tag: str, says: str | None) -> None:
    if says is None:
        assert tag_to_uri(tag) == tag_to_uri(tag.ljust(len(tag) + 3, "0")[: -(-len(tag) // 4) * 4])
        return
    with pytest.raises(InvalidIdentifier, match=says):
        tag_to_uri(tag)


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        (
            "urn:epc:id:sgtin:0614141.812345.0123",
            "serial '0123' does not fit the tag: expected a number without leading",
        ),
        ("urn:epc:id:sgtin:0614141.812345.274877906944", "serial '274877906944' is too large for the tag size"),
        ("urn:epc:id:sgtin:0614141.812345.AB", "serial 'AB' does not fit the tag: expected digits only"),
        ("urn:epc:id:sgtin:0614141.812345.", "serial ''"),
        ("urn:epc:id:sgtin:0614141.812345.٣", "digits only"),
        ("urn:epc:id:sgtin:0614141.812345.1.2", "serial '1.2'"),
        ("urn:epc:id:sgtin:0614141.812345." + "9" * 100_000, "serial '9999"),
        ("urn:epc:id:sgtin:٠614141.812345.1", "company prefix"),
        ("urn:epc:id:sgtin:061414A.812345.1", "company prefix"),
        ("urn:epc:id:sgtin:0614141.81234.1", "item reference '81234' has 5 digits, expected 6"),
        ("urn:epc:id:sgtin:0614141.81234A.1", "item reference"),
        ("urn:epc:id:sgtin:0614141..1", "item reference"),
        ("urn:epc:id:sgtinX0614141.812345.1", "fits no tag"),
        ("urn:epc:id:sgln:0614141.12345.0123", "extension '0123'"),
        ("urn:epc:id:sgln:0614141.12345.2199023255552", "extension"),
        ("urn:epc:id:grai:0614141.12345", "2 fields, expected 3"),
        ("urn:epc:id:sscc:0614141.1234567890.1", "serial reference"),
        ("urn:epc:id:sscc:0614141.123456789A", "serial reference"),
        ("urn:epc:id:sscc:06141.123456789012", "company prefix '06141' has 5 digits, expected 6 to 12"),
        ("urn:epc:id:giai:0614141.0123", "individual asset reference '0123'"),
        ("urn:epc:id:cpi:0614141.123456789.1", "component/part reference"),
        ("urn:epc:id:cpi:0614141.12.2147483648", "serial '2147483648' is too large"),
        ("urn:epc:id:sgcn:0614141.12345.1234567890123", "has 13 digits, expected 1 to 12"),
        ("urn:epc:id:itip:0614141.812345.1.02.3", "piece '1' has 1 digits, expected 2"),
        ("urn:epc:id:gid:268435456.1.1", "manager number"),
        ("urn:epc:id:adi:35962.pq.1", "part number"),
        ("urn:epc:id:adi:35962.%41.1", "part number"),
        ("urn:epc:id:adi:35962..1#2", "broken escape"),
        ("urn:epc:id:adi:35962..1%232", "serial"),
        ("urn:epc:id:adi:35O62..1", "CAGE"),
        ("urn:epc:class:lgtin:0614141.812345.1", "fits no tag"),
        ("urn:epc:idpat:sgtin:0614141.812345.*", "fits no tag"),
        ("sgtin:0614141.812345.1", "fits no tag"),
        ("", "fits no tag"),
    ],
)
def test_what_does_not_fit_a_tag_is_refused_and_never_bent(uri: str, says: str) -> None:
    assert encode(uri) is None
    with pytest.raises(InvalidIdentifier, match=re.escape(says)):
        uri_to_tag(uri)


@pytest.mark.parametrize(
    ("name", "uri", "says"),
    [
        ("sgtin-97", "urn:epc:id:sgtin:0614141.812345.1", "is no encoding"),
        ("sgtin-198", "urn:epc:id:sgln:0614141.12345.1", "expected urn:epc:id:sgtin:"),
        ("sgtin-198", "urn:epc:id:sgtin:0614141.812345." + "a" * 21, "expected 1 to 20 characters"),
        ("sgtin-198", "urn:epc:id:sgtin:0614141.812345." + "%2F" * 21, "expected 1 to 20 characters"),
        ("sgtin-198", "urn:epc:id:sgtin:0614141.812345.", "expected 1 to 20 characters"),
        ("sgtin-198", "urn:epc:id:sgtin:0614141.812345.a%20b", "outside the AI 82 set"),
        ("sgtin-198", "urn:epc:id:sgtin:0614141.812345.a%23b", "outside the AI 82 set"),
        ("sgtin-198", "urn:epc:id:sgtin:0614141.812345.a/b", "broken escape"),
        ("sgtin-198", "urn:epc:id:sgtin:0614141.812345.é", "URN"),
        ("giai-202", "urn:epc:id:giai:061414100000." + "1" * 19, "expected 1 to 18 characters"),
        ("cpi-var", "urn:epc:id:cpi:0614141.12.1000000000000", "serial"),
        ("cpi-var", "urn:epc:id:cpi:0614141.012.01", "without leading zeros"),
        ("cpi-var", "urn:epc:id:cpi:0614141.12a.1", "component/part reference"),
        ("cpi-var", "urn:epc:id:cpi:0614141." + "A" * 100 + ".1", "at most 23 characters"),
        ("gdti-113", "urn:epc:id:gdti:0614141.12345." + "1" * 18, "expected 1 to 17"),
    ],
)
def test_a_field_that_does_not_fit_the_encoding_asked_for_is_named(name: str, uri: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier, match=re.escape(says)):
        encode_as(name, uri)


@pytest.mark.parametrize(
    ("uri", "canonical"),
    [
        ("urn:epc:id:sgtin:0614141.812345.%2Fo+q", None),
        ("urn:epc:id:sgtin:0614141.812345.%2Fa", None),
        ("urn:epc:id:sgtin:0614141.812345.0123", None),
        ("urn:epc:id:sgtin:0614141.812345.274877906944", None),
        ("urn:epc:id:sgtin:0614141.812345.a.b%2e", "urn:epc:id:sgtin:0614141.812345.a.b."),
        ("urn:epc:id:sgtin:0614141.812345.%3c%41", "urn:epc:id:sgtin:0614141.812345.%3CA"),
        ("urn:epc:id:sgtin:0614141.812345.!'()*+,-.:;=_", None),
    ],
)
def test_every_serial_fits_198_bits_and_is_escaped_in_one_way(uri: str, canonical: str | None) -> None:
    assert tag_to_uri(encode_as("sgtin-198", uri)) == (canonical or uri)


@pytest.mark.parametrize(
    ("uri", "tag"),
    [
        ("urn:epc:tag:sgtin-198:3.0614141.812345.a%2Fb", Tag("sgtin-198", 3, "urn:epc:id:sgtin:0614141.812345.a%2Fb")),
        ("urn:epc:tag:gid-96:1.2.3", Tag("gid-96", None, "urn:epc:id:gid:1.2.3")),
        ("urn:epc:tag:adi-var:63.35962..%23A", Tag("adi-var", 63, "urn:epc:id:adi:35962..%23A")),
        ("urn:epc:tag:usdod-96:15.CAGEY.5678", Tag("usdod-96", 15, "urn:epc:id:usdod:CAGEY.5678")),
        ("urn:epc:tag:[att=x01][xpc=x0004]:sscc-96:0.0614141.1234567890",
         Tag("sscc-96", 0, "urn:epc:id:sscc:0614141.1234567890")),
    ],
)  # fmt: skip
def test_a_tag_uri_says_encoding_filter_and_identity(uri: str, tag: Tag) -> None:
    assert from_tag_uri(uri) == tag
    assert tag_uri(tag) == re.sub(r"\[.*\]:", "", uri)


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("urn:epc:tag:sgtin-96:9.0614141.812345.1", "filter value 9 of sgtin-96 is not 0 to 7"),
        ("urn:epc:tag:sgtin-96:03.0614141.812345.1", "has no filter value"),
        ("urn:epc:tag:sgtin-96:3.0614141.812345.01", "leading zeros"),
        ("urn:epc:tag:sgtin-96:3.0614141.812345.AB", "digits only"),
        ("urn:epc:tag:sgtin-64:3.0614141.812345.1", "not a tag URI"),
        ("urn:epc:tag:sgtin-96:0614141.812345.1", "has no filter value"),
        ("urn:epc:tag:gid-96:3.1.2.3", "serial '2.3'"),
        ("urn:epc:tag:[xpc=x0004][att=x01]:sgtin-96:3.0614141.812345.1", "control fields"),
        ("urn:epc:id:sgtin:0614141.812345.1", "not a tag URI"),
    ],
)
def test_a_bad_tag_uri_is_refused(uri: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier, match=says):
        from_tag_uri(uri)


@pytest.mark.parametrize(
    ("uri", "value", "says"),
    [
        ("urn:epc:id:sgtin:0614141.812345.1", -1, "0 to 7"),
        ("urn:epc:id:sgtin:0614141.812345.1", 8, "0 to 7"),
        ("urn:epc:id:usdod:CAGEY.1", 16, "0 to 15"),
        ("urn:epc:id:adi:35962..1", 64, "0 to 63"),
        ("urn:epc:id:gid:1.2.3", 1, "has none"),
    ],
)
def test_a_filter_that_the_encoding_cannot_hold_is_refused(uri: str, value: int, says: str) -> None:
    for write in (encode, uri_to_tag):
        with pytest.raises(InvalidIdentifier, match=says):
            write(uri, value)


def test_a_twelve_digit_prefix_leaves_an_empty_reference() -> None:
    uri = "urn:epc:id:grai:999999999999..0"
    assert uri_to_tag(uri, 5) == "33A3A352943FFC0000000000"
    assert tag_to_uri("33A3A352943FFC0000000000") == uri


def test_every_encoding_has_its_header_and_fits_the_published_definition(shared: Path) -> None:
    """The definitions say more than the table where they are wrong: GDTI-113 keeps leading zeros (TDS 14.3.6)."""
    assert len(HEADERS) == len(ENCODINGS) == len(tag_encoding.NAMES)
    for encoding in ENCODINGS:
        name = encoding.name.upper().replace("VAR", "var")
        levels = json.loads((shared / f"gs1/TDT/JSON/{name}.json").read_text("utf-8"))["tdt:epcTagDataTranslation"]
        binary = next(level for level in levels["scheme"]["level"] if level["type"] == "BINARY")
        assert int(binary["prefixMatch"], 2) == encoding.header
        assert levels["scheme"].get("tagLength") == (encoding.bits and str(encoding.bits)) or encoding.bits
        if not encoding.partitioned:
            continue
        assert len(binary["option"]) == len(encoding.rows)
        for option in binary["option"]:
            row = encoding.rows[12 - int(option["optionKey"])]
            fields = [field for field in option["field"] if field["name"] != "filter"]
            assert len(row) == len(fields)
            for mine, theirs in zip(row, fields, strict=True):
                assert getattr(mine, "bits", None) == theirs.get("bitLength") or mine.name.startswith("individual")


def test_worked_examples_of_the_tag_data_standard(shared: Path) -> None:
    from suyuan.gs1 import digital_link, epc_uri  # the standard's examples are Digital Links

    vectors = json.loads((shared / "gs1/tds23-annex-e3/e3_hex_vectors.json").read_text("utf-8"))["vectors"]
    mine = [row for row in vectors if row["scheme"].lower() in tag_encoding.NAMES]
    assert mine
    for row in mine:
        found = decode(row["hex"])
        assert found.encoding == row["scheme"].lower()
        assert encode_as(found.encoding, found.uri, found.filter or 0) == row["hex"]
        if row["dl"]:
            assert digital_link.build(epc_uri.parse(found.uri).elements, stem="") == row["dl"]
