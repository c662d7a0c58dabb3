"""The "+" and "++" tag encodings both ways."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import example, given, reject
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import associations
from suyuan.gs1.check_digit import digit_for
from suyuan.gs1.epc_uri import Elements
from suyuan.gs1.plus_encoding import PLUS_HEADERS, PLUS_NAMES, SCHEMES, PlusTag, decode, encode
from suyuan.gs1.plus_values import FIELDS

AI82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
#: Sets of characters that the methods of TDS 14.5.6 divide the world into.
SETS = (
    "0123456789",
    "0123456789ABCDEF",
    "0123456789abcdef",
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:",
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_",
    AI82,
)


def texts(longest: int, shortest: int = 1) -> st.SearchStrategy[str]:
    return st.one_of(*(st.text(chars, min_size=shortest, max_size=longest) for chars in SETS))


def keyed(count: int, front: str = "") -> st.SearchStrategy[str]:
    """Rows of so many digits, the last one their check digit."""
    body = count - 1 - len(front)
    return st.text("0123456789", min_size=body, max_size=body).map(lambda row: front + row + digit_for(front + row))


def joined(first: st.SearchStrategy[str], second: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(first, second).map("".join)


KEYS: dict[str, tuple[st.SearchStrategy[str], ...]] = {
    "sgtin": (keyed(14), texts(20)),
    "dsgtin": (keyed(14), texts(20)),
    "sscc": (keyed(18),),
    "sgln": (keyed(13), texts(20)),
    "grai": (joined(keyed(14, "0"), texts(16)),),
    "giai": (joined(st.text("0123456789", min_size=4, max_size=10), texts(20, 0)),),
    "gsrn": (keyed(18),),
    "gsrnp": (keyed(18),),
    "gdti": (joined(keyed(13), texts(17)),),
    "cpi": (
        joined(
            st.text("0123456789", min_size=4, max_size=10),
            st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ#-/", min_size=1, max_size=20),
        ),
        st.integers(0, 10**12 - 1).map(str),
    ),
    "sgcn": (joined(keyed(13), st.text("0123456789", min_size=1, max_size=12)),),
    "itip": (joined(keyed(14), st.sampled_from(("0101", "0102", "0220", "9999"))), texts(20)),
}
HOSTNAMES = st.one_of(
    st.sampled_from(
        ("id.example.com", "qr.谷物.cn".encode("idna").decode(), "WWW.FARM-7.CN", "a", "acid.com", "10.0.0.1:8080")
    ),
    st.from_regex(r"([a-z0-9-]{1,9}\.){1,3}(com|com\.cn|cn|org\.cn|tech|eco|co\.uk|int|example)", fullmatch=True),
)
#: Values for the AI data behind the EPC: every method of table F that is not an EPC's own.
MORE: dict[str, st.SearchStrategy[str]] = {
    "10": texts(20),
    "17": st.sampled_from(("261130", "000229", "991200")),
    "3103": st.text("0123456789", min_size=6, max_size=6),
    "30": st.text("0123456789", min_size=1, max_size=8),
    "3922": st.text("0123456789", min_size=1, max_size=15),
    "3932": st.text("0123456789", min_size=1, max_size=15).map(lambda price: "978" + price),
    "422": st.sampled_from(("156", "250", "004")),
    "423": st.sampled_from(("156", "156250", "156250004528826")),
    "4307": st.sampled_from(("CN", "FR", "ZA")),
    "4321": st.sampled_from("01"),
    "4330": st.sampled_from(("000400", "001800-")),
    "7003": st.sampled_from(("2611302359", "2611300000")),
    "7007": st.sampled_from(("261101", "261101261130")),
    "8008": st.sampled_from(("26113009", "2611300905", "261130090507")),
    "7258": st.sampled_from(("1/3", "3/3")),
    "710": texts(20),
    "8003": st.one_of(keyed(14, "0"), joined(keyed(14, "0"), texts(16))),
    "7023": joined(st.text("0123456789", min_size=4, max_size=9), texts(20, 0)),
}
DATES = {
    "11": "261100",
    "13": "261130",
    "15": "000229",
    "16": "990101",
    "17": "261130",
    "7006": "261130",
    "7007": "261130",
}


@st.composite
def tags(draw: st.DrawFn) -> PlusTag:
    scheme = draw(st.sampled_from(sorted(SCHEMES)))
    plain = scheme.rstrip("+")
    values = [draw(strategy) for strategy in KEYS[plain]]
    elements = tuple(zip(SCHEMES[scheme].ais, values, strict=True))
    date = (draw(st.sampled_from(sorted(DATES.items()))),) if plain == "dsgtin" else ()
    aidc: Elements = ()
    for ai in draw(st.lists(st.sampled_from(sorted(MORE)), unique=True, max_size=3)):
        more = (*aidc, (ai, draw(MORE[ai])))
        if ai not in dict(elements + date) and go_together(elements + date + more):
            aidc = more
    hostname = draw(HOSTNAMES) if scheme.endswith("++") else None
    return PlusTag(scheme, draw(st.integers(0, 7)), elements, date, hostname, aidc)


def go_together(data: Elements) -> bool:
    with suppress(InvalidIdentifier):
        associations.check(data)
        return True
    return False


def write(tag: PlusTag) -> str:
    return encode(tag.encoding, tag.elements, tag.attributes, tag.filter, tag.hostname, tag.aidc)


def write_if_it_fits(tag: PlusTag) -> str:
    """The EPC; a tag that is longer than any EPC bank is no example."""
    try:
        return write(tag)
    except InvalidIdentifier as refused:
        if "expected at most 496" in refused.detail:
            reject()
        raise


@given(tags())
def test_every_scheme_method_length_filter_and_host_name_goes_both_ways(tag: PlusTag) -> None:
    epc = write_if_it_fits(tag)
    assert decode(epc) == decode(epc.lower()) == tag
    padded = epc + "0" * (-len(epc) % 4)
    assert decode(padded) == tag
    if len(padded) < 124:
        with pytest.raises(InvalidIdentifier):
            decode(padded + "0000")


@given(tags(), st.integers(0, 495))
def test_a_tag_with_a_wrong_bit_is_a_tag_or_an_invalid_identifier(tag: PlusTag, bit: int) -> None:
    epc = write_if_it_fits(tag)
    with suppress(InvalidIdentifier):
        found = decode(f"{int(epc, 16) ^ 1 << bit % (4 * len(epc)):0{len(epc)}X}")
        # It may even be the same: a value may be written by another method than the shortest.
        assert decode(write(found)) == found


@given(st.one_of(st.text(max_size=20), st.binary(max_size=40).map(bytes.hex), st.binary(min_size=5, max_size=62)))
@example("F73795211411234538566CB0AFC4")
def test_any_text_is_a_tag_or_an_invalid_identifier(text: str | bytes) -> None:
    if isinstance(text, bytes):
        text = sorted(PLUS_HEADERS)[text[0] % len(PLUS_HEADERS)] + text[1:].hex()
    try:
        tag = decode(text)
    except InvalidIdentifier:
        return
    with suppress(InvalidIdentifier):  # AI data that do not go together are read, not written
        assert decode(write(tag)) == tag


def parts(link: str) -> tuple[Elements, Elements]:
    """Path and query of a Digital Link, without the standard's rules: the vectors are valid."""
    path, _, query = link.removeprefix("https://id.gs1.org").partition("?")
    segments = [unquote(segment) for segment in path.split("/")[1:]]
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    elements = tuple(zip(segments[::2], segments[1::2], strict=True))
    return elements, tuple((ai, unquote(value)) for ai, _, value in pairs)


def test_the_vectors_of_gs1s_own_translator_are_met_both_ways(shared: Path) -> None:
    vectors = json.loads((shared / "gs1/tdt22-oracle/plus_vectors.json").read_text())
    for row in vectors["rows"]:
        name = row["scheme"].lower()
        elements, attributes = parts(row["dl"])
        assert decode(row["hex"]) == (name, row["filter"], elements, attributes, None, ())
        assert encode(name, elements, attributes, row["filter"]) == row["hex"]


def test_the_examples_of_the_standard_are_met_both_ways(shared: Path) -> None:
    vectors = json.loads((shared / "gs1/tds23-annex-e3/e3_hex_vectors.json").read_text())
    rows = [row for row in vectors["vectors"] if row["scheme"].lower() in PLUS_NAMES]
    assert len(rows) >= 10
    for row in rows:
        elements, attributes = parts(row["dl"])
        tag = decode(row["hex"])
        assert (tag.encoding, tag.elements, tag.attributes) == (row["scheme"].lower(), elements, attributes)
        assert (tag.hostname, tag.aidc) == (row.get("hostname"), ())
        assert encode(tag.encoding, elements, attributes, tag.filter, row.get("hostname")) == row["hex"]


def test_table_f_has_the_ais_and_widths_of_the_published_table(shared: Path) -> None:
    rows = {row["a"]: row for row in json.loads((shared / "gs1/TDT/JSON/TDT_TableF.json").read_text())["rows"]}
    assert rows.keys() == FIELDS.keys()
    for ai, row in rows.items():
        if "e" in row and "i" not in row and row["b"].startswith("Fixed"):
            assert FIELDS[ai].write("0" * int(row["d"]))[1] == int(row["e"]), ai
        if "h" in row:
            with pytest.raises(InvalidIdentifier):
                FIELDS[ai].write("1" * (int(row["h"]) + 1))
            assert FIELDS[ai].write("1" * int(row["h"]))[1] > 0, ai


def test_names_and_headers_are_those_of_the_standard() -> None:
    assert len(PLUS_NAMES) == len(PLUS_HEADERS) == 24
    assert {name: scheme.header for name, scheme in SCHEMES.items() if name in {"gsrnp++", "itip++", "sscc++"}} == {
        "gsrnp++": 0xE8,
        "itip++": 0xED,
        "sscc++": 0xEF,
    }


SGTIN: Elements = (("01", "79521141123453"), ("21", "32a/b"))


def test_lots_and_dates_ride_behind_the_epc_and_come_back_to_their_places_in_a_link() -> None:
    epc = encode("sgtin+", (SGTIN[0], ("10", "L7"), SGTIN[1]), (("17", "261130"),), 1, aidc=(("3103", "001250"),))
    tag = decode(epc)
    assert tag.elements == SGTIN
    assert tag.aidc == (("10", "L7"), ("17", "261130"), ("3103", "001250"))
    assert tag.link_elements == (SGTIN[0], ("10", "L7"), SGTIN[1])
    assert tag.link_attributes == (("17", "261130"), ("3103", "001250"))


def test_a_dsgtin_takes_the_first_date_that_may_stand_there() -> None:
    attributes = (("3103", "001250"), ("7007", "261101261130"), ("7007", "261101"), ("15", "261130"))
    with pytest.raises(InvalidIdentifier, match="AI 7007 is on the tag twice"):
        encode("dsgtin+", SGTIN, attributes)
    tag = decode(encode("dsgtin+", SGTIN, (attributes[0], *attributes[2:])))
    assert (tag.attributes, tag.aidc) == ((("7007", "261101"),), (("3103", "001250"), ("15", "261130")))
    assert tag.link_attributes == (("7007", "261101"), ("3103", "001250"), ("15", "261130"))


def test_a_gln_without_extension_has_extension_zero_on_the_tag() -> None:
    epc = encode("sgln+", (("414", "9521141123454"),))
    assert decode(epc).elements == (("414", "9521141123454"), ("254", "0"))


def test_a_whole_sscc_of_zeros_behind_the_epc_is_one_and_fewer_zeros_are_padding() -> None:
    tag = decode(encode("gsrn+", (("8018", "952114112345678906"),), aidc=(("00", "0" * 18),)))
    assert tag.aidc == (("00", "0" * 18),)
    with pytest.raises(InvalidIdentifier, match="zero bits after the AI data"):
        decode("F4B952114112345678906" + "10" + "010" + "0" * 12)


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("", "not hexadecimal"),
        ("F737 9521", "not hexadecimal"),
        ("F", "EPC header F"),
        ("3066C4409047E140075BCD15", "EPC header 30"),
        ("F7" + "0" * 123, "expected at most 496"),
        ("F737952114112345", "(01): the tag ends 4 bits too early"),
        ("F73795211411234A38566CB0AFC4", "(01): found 795211411234A3 on the tag"),
        ("F73795211411234638566CB0AFC4", "(01)"),
        ("F737952114112345385", "(21): the tag ends"),
        ("F7379521141123453C5", "(21): encoding indicator 6"),
        ("F73795211411234531F", "(21): found a length of 31"),
        ("F7379521141123453012A", "behind the EPC"),
        ("F7379521141123453" + "00", "(21)"),
        ("F7379521141123453" + "01F", "(21): found the number 15"),
        ("F7379521141123453" + "A1FFFF", "(21): found 65535 for three characters"),
        ("F7379521141123453" + "A10000", "(21): found 0 for three characters"),
        ("F7379521141123453" + "A30641", "(21): found padding inside"),
        ("F7379521141123453" + "815", "(21)"),
        ("F7B79521141123453" + "010", "promises AI data"),
        ("F7B7952114112345301" + "0" + "AA", "found AA"),
        ("FB372CDE795211411234538566CB0AFC4", "date type indicator is 7"),
        ("FB34FCDE795211411234538566CB0AFC4", "found year 126"),
        ("FB34001E795211411234538566CB0AFC4", "found month 0"),
        ("FA3952114132A", "(8004): found A among digits"),
        ("FA3952114132E00", "(8004): found nothing after the delimiter"),
        ("FA3" + "1" * 31, "(8004): found a length of 31"),
        ("FA3" + "1" * 30 + "E05F", "(8004): the tag ends"),
        ("FA3" + "1" * 30 + "E0120", "(8004): found a length of 31"),
        ("F1309521141123454" + "00", "ends before the serial number"),
        ("E7395211411234567890692832F8C3B786CCB6C1", "behind the EPC"),
    ],
)
def test_what_is_no_tag_is_refused_with_its_place(tag: str, words: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        decode(tag)
    assert words in str(refused.value)


@pytest.mark.parametrize("key", ["A0", "24A", "18", "7099"])
def test_ai_data_under_a_key_that_no_ai_has_are_refused(key: str) -> None:
    with pytest.raises(InvalidIdentifier, match=key):
        decode("F98095201234567891235" + key + "1111")


def test_ai_data_that_say_what_the_epc_says_are_refused() -> None:
    with pytest.raises(InvalidIdentifier, match="AI 21 is on the tag twice"):
        encode("sgtin+", SGTIN, aidc=(("21", "1"),))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sgtin", SGTIN), "encoding 'sgtin'"),
        (("sgtin+", SGTIN, (), 8), "filter value 8"),
        (("sgtin+", SGTIN, (), -1), "filter value -1"),
        (("sgtin+", SGTIN[:1]), "AI 21 is missing"),
        (("sgtin+", (*SGTIN, ("17", "261130"))), "AI 17 is no qualifier of 01"),
        (("sgtin+", (*SGTIN, SGTIN[1])), "given twice"),
        (("sgtin+", (*SGTIN, ("10", "A"), ("10", "A"))), "given twice"),
        (("sgtin+", SGTIN, (), 0, "id.example.com"), "expected none in sgtin+"),
        (("sgtin++", SGTIN), "host name is 'None', expected one"),
        (("sgtin++", SGTIN, (), 0, "evil.com/@good"), "host name is"),
        (("sgtin++", SGTIN, (), 0, ""), "host name is"),
        (("sgtin++", SGTIN, (), 0, "a_b.example"), "host name is"),
        (("sgtin++", SGTIN, (), 0, "a" * 64), "host name is"),
        (("dsgtin+", SGTIN), "expected one date"),
        (("dsgtin+", SGTIN, (("17", "261301"),)), "(17)"),
        (("sgtin+", (("01", "79521141123450"), ("21", "1"))), "(01)"),
        (("sgtin+", (("01", "79521141123453"), ("21", "1" * 21))), "(21)"),
        (("sgtin+", (("01", "79521141123453"), ("21", "٣"))), "(21)"),
        (("grai+", (("8003", "09521141123454"),)), "ends before the serial number"),
        (("gdti+", (("253", "9521141123454"),)), "ends before the serial number"),
        (("sgtin+", SGTIN, (), 0, None, (("91", "x" * 90),)), "expected at most 496"),
        (("sgtin+", SGTIN, (), 0, None, (("8014", "1987654Ad4X4bL5ttr2310c2K"),)), "AI 8014 has no form"),
        (("sscc+", (("00", "095201234567891235"),), (("3103", "001250"),)), "AI 3103"),
    ],
)
def test_what_no_tag_can_hold_is_refused_with_a_reason(arguments: tuple[object, ...], words: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        encode(*arguments)  # type: ignore[arg-type]
    assert words in str(refused.value)
