"""All writings of one identifier."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import company_prefix, digital_link, plus_encoding, tag_encoding
from suyuan.gs1.forms import Forms, forms_of, parse
from suyuan.gs1.link_compression import compress
from suyuan.gs1.names import name_of

SGTIN = Forms(
    input="30740242201D8840001C8F5A",
    scheme="sgtin-96",
    epc_uri="urn:epc:id:sgtin:0037000.030241.1871706",
    tag_uri="urn:epc:tag:sgtin-96:3.0037000.030241.1871706",
    digital_link="https://id.gs1.org/01/00037000302414/21/1871706",
    element_string="(01)00037000302414(21)1871706",
    hex="30740242201D8840001C8F5A",
    filter=3,
)


def again(text: str, **settings: Any) -> Forms:
    return msgspec.structs.replace(forms_of(text, **settings), input=SGTIN.input)


def test_a_tag_has_every_form_and_every_form_leads_back() -> None:
    assert forms_of(SGTIN.input) == SGTIN
    assert again(SGTIN.input.lower()) == SGTIN
    assert again("urn:epc:tag:sgtin-96:3.0037000.030241.1871706") == SGTIN
    assert again("urn:epc:id:sgtin:0037000.030241.1871706", filter=3) == SGTIN
    assert again("https://shop.example/01/00037000302414/21/1871706", company_prefix_length=7, filter=3) == SGTIN
    assert again("(01)00037000302414(21)1871706", company_prefix_length=7, filter=3) == SGTIN
    assert again("]d20100037000302414211871706", company_prefix_length=7, filter=3) == SGTIN


def test_forms_are_one_json_object() -> None:
    keys = list(json.loads(msgspec.json.encode(SGTIN)))
    assert keys == ["input", "scheme", "epc_uri", "tag_uri", "digital_link", "element_string", "hex", "filter"]


def test_a_link_does_not_tell_the_company_prefix_so_urn_and_tag_are_left_out() -> None:
    found = forms_of("https://shop.example/01/00037000302414/21/1871706")
    assert found == Forms(
        "https://shop.example/01/00037000302414/21/1871706", "sgtin", None, None, SGTIN.digital_link,
        SGTIN.element_string, None, None,
    )  # fmt: skip


def test_a_uri_is_encoded_with_filter_0_unless_told_otherwise() -> None:
    assert forms_of("urn:epc:id:sgtin:0037000.030241.1871706").filter == 0
    assert forms_of("urn:epc:id:sgtin:0037000.030241.1871706", filter=5).hex == "30B40242201D8840001C8F5A"
    with pytest.raises(InvalidIdentifier):
        forms_of("urn:epc:id:sgtin:0037000.030241.1871706", filter=8)


@pytest.mark.parametrize("serial", ["AB", "0123", "274877906944"])
def test_a_serial_that_fits_no_tag_leaves_the_tag_out(serial: str) -> None:
    found = forms_of(f"urn:epc:id:sgtin:0037000.030241.{serial}")
    assert (found.scheme, found.tag_uri, found.hex, found.filter) == ("sgtin", None, None, None)
    assert found.digital_link == f"https://id.gs1.org/01/00037000302414/21/{serial}"


@pytest.mark.parametrize(
    ("text", "scheme", "link", "elements"),
    [
        ("urn:epc:class:lgtin:4012345.012345.a(b", "lgtin", "/01/04012345123456/10/a%28b",
         "(01)04012345123456(10)a\\(b"),
        ("urn:epc:idpat:sgtin:4012345.012345.*", "sgtin", "/01/04012345123456", "(01)04012345123456"),
        ("urn:epc:id:sgln:0614141.12345.0", "sgln-96", "/414/0614141123452", "(414)0614141123452"),
        ("(414)0614141123452(254)0", "sgln", "/414/0614141123452", "(414)0614141123452"),
        ("urn:epc:id:pgln:0614141.00777", "pgln", "/417/0614141007776", "(417)0614141007776"),
        ("urn:epc:id:grai:0614141.12345.400", "grai-96", "/8003/00614141123452400", "(8003)00614141123452400"),
        ("urn:epc:id:sscc:0614141.1234567890", "sscc-96", "/00/106141412345678908", "(00)106141412345678908"),
        ("(01)04012345123456(22)V", "cpv", "/01/04012345123456/22/V", "(01)04012345123456(22)V"),
        ("(8013)1987654Ad4X4bL5ttr2310c2K", "gmn", "/8013/1987654Ad4X4bL5ttr2310c2K",
         "(8013)1987654Ad4X4bL5ttr2310c2K"),
        ("(8006)040123451234560102(10)L", "lot", "/8006/040123451234560102/10/L", "(8006)040123451234560102(10)L"),
        ("https://a.example/8018/061414112345678902/8019/7", "srin", "/8018/061414112345678902/8019/7",
         "(8018)061414112345678902(8019)7"),
        ("https://a.example/415/0614141007776/8020/R", "refno", "/415/0614141007776/8020/R",
         "(415)0614141007776(8020)R"),
    ],
)  # fmt: skip
def test_schemes_and_forms_of_other_keys(text: str, scheme: str, link: str, elements: str) -> None:
    found = forms_of(text)
    assert found.scheme == scheme
    assert found.digital_link == "https://id.gs1.org" + link
    assert found.element_string == elements


def test_lot_and_serial_and_attributes_are_kept_together() -> None:
    found = forms_of("https://a.example/01/04012345123456/10/L/21/7?3103=000195&x=y", company_prefix_length=7)
    assert found.digital_link == "https://id.gs1.org/01/04012345123456/10/L/21/7?3103=000195"
    assert found.element_string == "(01)04012345123456(10)L(21)7(3103)000195"
    assert found.epc_uri == "urn:epc:id:sgtin:4012345.012345.7"


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("urn:epc:id:bic:CSQU3054383", "bic"),
        ("urn:epc:id:imovn:9176187", "imovn"),
        ("urn:epc:raw:96.xE28011606000020012345678", "raw"),
    ],
)
def test_schemes_without_a_key_have_only_their_urn(text: str, scheme: str) -> None:
    assert forms_of(text) == Forms(text, scheme, text, None, None, None, None, None)
    assert parse(text).name == name_of(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("https://example.com/x", "no GS1 key"),
        ("E28011606000020012345678", "header E2"),
        ("30740242201D8840001C8F5A00", "26 hexadecimal digits"),
        ("3074024220", "character"),
        ("301C0242201D8840001C8F5A", "partition 7"),
        ("(01)09506000134351", "expected 2"),
        ("urn:epc:tag:sgtin-198:0.1.2", "2 fields, expected 3"),
        ("x" * 2001, "2001 characters"),
        ("hello", "no identifier (expected a tag"),
        (" 30740242201D8840001C8F5A", "no identifier"),
        ("\N{FULLWIDTH DIGIT THREE}0740242201D8840001C8F5A", "no identifier"),
        ("30740242201D8840001C8F5A\n", "tag 30740242201D8840001C8F5A has '\\n' behind it"),
        ("30740242201D8840001C8F5A\0", "has '\\x00' behind it"),
        ("4109521141123454", "no GS1 key"),
        ("(10)LOT", "AI 10 (BATCH/LOT) needs AI 01"),
    ],
)
def test_what_is_no_identifier_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        forms_of(text)
    if says != "character":
        assert says in str(caught.value)


@pytest.mark.parametrize("length", [0, 5, 13])
def test_a_company_prefix_length_that_cannot_be_is_refused(length: int) -> None:
    with pytest.raises(InvalidIdentifier):
        parse("(01)09506000134352(21)1", company_prefix_length=length)


def test_24_digits_are_an_element_string_when_no_tag_begins_so() -> None:
    assert forms_of("010950600013435221123456").element_string == "(01)09506000134352(21)123456"


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("010950600013435221ABC", "(01)09506000134352(21)ABC"),
        ("010950600013435210abc123", "(01)09506000134352(10)abc123"),
        ("3100000500010950600013435221AB", "(3100)000500(01)09506000134352(21)AB"),
        ("800402950600013", "(8004)02950600013"),
        ("8003095211411234543A", "(8003)095211411234543A"),
    ],
)
def test_an_element_string_of_digits_and_letters_to_f_is_no_tag(text: str, elements: str) -> None:
    found = forms_of(text)
    assert found.element_string is not None
    assert sorted(found.element_string.split("(")) == sorted(elements.split("("))
    assert forms_of(text, writing="element_string").element_string == found.element_string
    with pytest.raises(InvalidIdentifier):
        forms_of(text, writing="hex")


def test_digits_are_what_their_place_says() -> None:
    assert forms_of(SGTIN.input, writing="hex") == SGTIN
    with pytest.raises(InvalidIdentifier, match=r"VAR\. COUNT"):
        forms_of(SGTIN.input, writing="element_string")
    with pytest.raises(InvalidIdentifier, match="header 01 is of no encoding"):
        forms_of("0109506000134352", writing="hex")


def test_the_name_of_an_identifier_is_the_name_of_its_uri() -> None:
    for text in (SGTIN.input, "urn:epc:id:sgln:0614141.12345.7", "urn:epc:id:giai:0614141.a%2Fb"):
        found = parse(text)
        assert found.epc_uri is not None
        assert found.name == name_of(found.epc_uri)


@given(st.text(max_size=60) | st.text("0123456789ABCDEFabcdef()^", max_size=60) | st.binary(max_size=40).map(bytes.hex))
def test_any_text_has_forms_or_is_refused(text: str) -> None:
    try:
        found = forms_of(text)
    except InvalidIdentifier:
        return
    for form in (found.digital_link, found.element_string, found.hex, found.tag_uri, found.epc_uri):
        if form is not None:
            assert parse(form).name[:2] == parse(text).name[:2]


#: Reasons for which we refuse what another implementation tolerates: bare characters, wrong check digits and pieces.
_STRICTER = ("holds a character", "check digit", "at the end of the path", "piece", "no reference after")


def test_identifiers_that_another_implementation_converts(shared: Path) -> None:
    path = shared / "gs1/openepcis-epc-digitallink-translator/converter_vectors.json"
    same = 0
    for row in json.loads(path.read_text("utf-8"))["valid"]:
        urn = next(text for text in (row["expected"], row["input"]) if text.startswith("urn:"))
        prefix = urn.split(":")[4].partition(".")[0]
        prefixes = company_prefix.of([prefix]) if prefix.isdigit() else company_prefix.NONE
        refused = ""
        try:
            found = forms_of(row["input"], company_prefix_length=row.get("gcpLength"), company_prefixes=prefixes)
        except InvalidIdentifier as error:
            refused = str(error)
        if refused:
            assert any(reason in refused for reason in _STRICTER), (row, refused)
            continue
        if row["expected"] == urn:
            assert found.epc_uri == urn, row
        else:
            assert found.digital_link is not None
            assert unquote(found.digital_link) == unquote(row["expected"]), row
        same += 1
    assert same > 50


def test_examples_of_the_standard_come_out_both_ways(shared: Path) -> None:
    rows = json.loads((shared / "gs1/tds23-annex-e3/e3_hex_vectors.json").read_text("utf-8"))["vectors"]
    for row in rows:
        found = forms_of(row["hex"])
        assert (found.scheme, found.hex) == (row["scheme"].lower(), row["hex"])
        link = f"https://{row.get('hostname', 'id.gs1.org')}{row['dl']}" if row["dl"] else None
        assert found.digital_link == link
        prefix = (found.epc_uri or "::::").split(":")[4].partition(".")[0]
        prefixes = company_prefix.of([prefix]) if link and prefix else company_prefix.NONE
        given = link or found.epc_uri or ""
        back = forms_of(given, scheme=row["scheme"], filter=found.filter, company_prefixes=prefixes, strict=True)
        assert msgspec.structs.replace(back, input=row["hex"]) == found


def test_tags_of_another_translator_come_out_both_ways(shared: Path) -> None:
    rows = json.loads((shared / "gs1/tdt22-oracle/plus_vectors.json").read_text("utf-8"))["rows"]
    rows = [row for row in rows if row["roundtrip"]]
    assert rows
    for row in rows:
        found = forms_of(row["hex"])
        assert (found.digital_link, found.filter) == (row["dl"], row["filter"])
        back = forms_of(row["dl"], scheme=row["scheme"], filter=row["filter"], strict=True)
        assert msgspec.structs.replace(back, input=row["hex"]) == found


def test_identifiers_that_another_implementation_refuses_are_refused(shared: Path) -> None:
    path = shared / "gs1/openepcis-epc-digitallink-translator/converter_vectors.json"
    rows = json.loads(path.read_text("utf-8"))["invalid"]
    assert rows
    for row in rows:
        with pytest.raises(InvalidIdentifier):
            parse(row["input"], company_prefix_length=row["gcpLength"])


LINK = "https://id.gs1.org/01/00037000302414/21/1871706"


def test_a_tag_keeps_its_encoding_and_another_can_be_asked_for() -> None:
    long = forms_of("urn:epc:tag:sgtin-198:3.0037000.030241.1871706")
    assert (long.scheme, long.filter, long.epc_uri) == ("sgtin-198", 3, SGTIN.epc_uri)
    assert forms_of(long.hex or "").tag_uri == long.tag_uri
    assert again(long.hex or "", scheme="SGTIN-96") == SGTIN
    assert forms_of(SGTIN.input, scheme="sgtin+").filter == 3
    assert forms_of(SGTIN.input, scheme="sgtin+", filter=1).filter == 1


def test_a_tag_gets_another_filter_value_where_one_is_asked_for() -> None:
    for text in (SGTIN.input, SGTIN.tag_uri or ""):
        assert forms_of(text, filter=5).filter == SGTIN.filter
        found = forms_of(text, filter=5, strict=True)
        assert (found.filter, found.scheme, found.epc_uri) == (5, SGTIN.scheme, SGTIN.epc_uri)
        assert (found.tag_uri or "").startswith("urn:epc:tag:sgtin-96:5.")
        assert tag_encoding.decode(found.hex or "").filter == 5
    gid = forms_of("urn:epc:id:gid:1.2.3").hex or ""
    assert forms_of(gid, filter=5).hex == gid
    with pytest.raises(InvalidIdentifier, match="the encoding has none"):
        forms_of(gid, filter=5, strict=True)


def test_a_host_name_comes_from_the_link_or_is_given() -> None:
    link = "https://shop.example/01/00037000302414/21/7"
    found = forms_of(link, scheme="sgtin++")
    assert found.digital_link == link
    assert forms_of(found.hex or "").digital_link == link
    again_on_a_tag = forms_of(found.hex or "", scheme="sgtin++", filter=3)
    assert (again_on_a_tag.digital_link, again_on_a_tag.filter) == (link, 3)
    assert forms_of("(01)00037000302414(21)7", scheme="sgtin++", hostname="shop.example").hex == found.hex
    for text in ("(01)00037000302414(21)7", "https://shop.example/x/01/00037000302414/21/7", SGTIN.input):
        with pytest.raises(InvalidIdentifier, match="hostname"):
            forms_of(text, scheme="sgtin++")


def test_what_was_read_from_a_tag_tells_its_forms() -> None:
    assert parse(SGTIN.input).tag_uri == SGTIN.tag_uri
    assert parse(SGTIN.input).digital_link == SGTIN.digital_link
    assert parse(SGTIN.digital_link or "").tag_uri is None
    assert parse("urn:epc:id:gid:1.2.3").digital_link is None
    hosted = forms_of(SGTIN.input, scheme="sgtin++", hostname="a.example").hex or ""
    assert parse(hosted).digital_link == "https://a.example/01/00037000302414/21/1871706"


def test_data_on_a_tag_are_attributes() -> None:
    tag = plus_encoding.encode("dsgtin+", (("01", "09506000134352"), ("10", "L"), ("21", "7")), (("17", "270131"),))
    found = forms_of(tag)
    assert found.digital_link == "https://id.gs1.org/01/09506000134352/10/L/21/7?17=270131"
    assert found.element_string == "(01)09506000134352(10)L(21)7(17)270131"
    assert forms_of(found.digital_link, scheme="dsgtin+").hex == tag


@pytest.mark.parametrize("stem", ["https://id.gs1.org", "http://a.example/b/c"])
@pytest.mark.parametrize("keep_key", [True, False])
def test_a_compressed_link_is_a_link(stem: str, keep_key: bool) -> None:
    short = compress(f"{stem}/01/00037000302414/10/L/21/1871706?17=270131&a=b", keep_key=keep_key)
    found = forms_of(short, company_prefix_length=7)
    assert found.digital_link == "https://id.gs1.org/01/00037000302414/10/L/21/1871706?17=270131"
    assert found.epc_uri == SGTIN.epc_uri


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("]E04006381333931", "/01/04006381333931"),
        ("]Q1https://a.example/01/09506000134352/21/7?17=270131", "/01/09506000134352/21/7?17=270131"),
        ("]C10109506000134352217", "/01/09506000134352/21/7"),
    ],
)
def test_what_scanners_send_is_read(text: str, link: str) -> None:
    assert forms_of(text).digital_link == "https://id.gs1.org" + link


def test_a_pattern_of_one_thing_is_refused() -> None:
    for serial in ("6789", "*.*", "a*"):
        with pytest.raises(InvalidIdentifier, match=r"its last field must be \*"):
            forms_of(f"urn:epc:idpat:sgtin:0614141.112345.{serial}")


def test_a_class_of_unique_packs_keeps_its_scheme() -> None:
    found = forms_of("urn:epc:idpat:upui:1234567.098765.*")
    assert (found.scheme, found.epc_uri) == ("upui", found.input)
    assert found.digital_link == "https://id.gs1.org/01/01234567987651"


def test_patterns_have_no_other_form() -> None:
    pattern = "urn:epc:idpat:sgtin:0614141.*.*"
    assert forms_of(pattern) == Forms(pattern, "sgtin", pattern, None, None, None, None, None)
    tags = "urn:epc:pat:sgtin-96:3.0652642.[1024-2047].*"
    assert forms_of(tags) == Forms(tags, "sgtin-96", None, tags, None, None, None, None)


def test_a_list_of_company_prefixes_makes_the_epc_uri() -> None:
    prefixes = company_prefix.of(["0037000", "952114"])
    assert again(LINK, company_prefixes=prefixes, filter=3) == SGTIN
    assert forms_of("(01)09506000134352(21)1", company_prefixes=prefixes).epc_uri is None
    assert forms_of("(8004)952114", company_prefixes=prefixes).epc_uri is None, "an asset without a reference"
    assert forms_of(LINK, company_prefixes=prefixes, company_prefix_length=6).epc_uri != SGTIN.epc_uri


@pytest.mark.parametrize("text", [LINK, "(414)9521141123454", "(414)9521141123454(254)1", "(00)095201234567891235"])
def test_a_missing_company_prefix_is_said_where_a_tag_is_wanted(text: str) -> None:
    assert forms_of(text).hex is None
    assert forms_of(text, scheme="sgtin-96").hex is None
    for scheme in (None, "sgtin-96"):
        with pytest.raises(InvalidIdentifier, match=r"prefix of [0-9]+ is not known"):
            forms_of(text, scheme=scheme, strict=True)


@pytest.mark.parametrize(
    "text",
    [
        "(01)00037000302414", "(01)00037000302414(10)L", "urn:epc:class:lgtin:4012345.012345.a", "(417)9521141123454",
        "urn:epc:idpat:sgtin:4012345.012345.*", "urn:epc:id:pgln:0614141.00777", "urn:epc:raw:96.xE2801160600002001234",
        "(01)00037000302414(22)V", "urn:epc:pat:sgtin-96:3.0652642.[1024-2047].*",
    ],
)  # fmt: skip
def test_what_has_no_tags_has_no_bits(text: str) -> None:
    assert forms_of(text, strict=True).hex is None


def test_a_tag_that_cannot_be_made_is_said_why_where_it_is_wanted() -> None:
    uri = "urn:epc:id:sgtin:0037000.030241.AB"
    assert forms_of(uri).hex is None
    with pytest.raises(InvalidIdentifier, match="serial 'AB'"):
        forms_of(uri, strict=True)
    with pytest.raises(InvalidIdentifier, match="serial 'AB'"):
        forms_of(uri, scheme="sgtin-96")
    with pytest.raises(InvalidIdentifier, match="expected urn:epc:id:sgtin"):
        forms_of("(01)00037000302414(10)L", scheme="sgtin-96", company_prefix_length=7)


def test_digits_are_refused_for_what_they_are_more_likely_meant_as() -> None:
    with pytest.raises(InvalidIdentifier, match="sgtin-96"):
        forms_of("303800002700000000000000")
    for text in ("30123456", "3012345678901"):
        with pytest.raises(InvalidIdentifier, match=r"AI 30|VAR"):
            forms_of(text)


def test_a_plain_symbol_names_nothing() -> None:
    with pytest.raises(InvalidIdentifier, match="names no thing"):
        forms_of("]Q1hello")


_SERIALS = st.text("!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz", min_size=1, max_size=20)


@given(_SERIALS, st.integers(0, 7), st.integers(6, 12), st.sampled_from(["sgtin-198", "sgtin+", "sgtin++"]))
def test_every_form_of_a_tag_leads_back_to_it(serial: str, filter_value: int, length: int, scheme: str) -> None:
    link = digital_link.build((("01", "09506000134352"), ("21", serial)), stem="https://a.example")
    found = forms_of(link, company_prefix_length=length, scheme=scheme, filter=filter_value, strict=True)
    assert found.hex is not None
    for text in (found.hex, found.tag_uri, found.digital_link, found.element_string, found.epc_uri):
        if text is None:
            continue
        back = forms_of(
            text, company_prefix_length=length, scheme=scheme, filter=filter_value, strict=True, hostname="a.example"
        )
        assert (back.hex, back.epc_uri, back.element_string) == (found.hex, found.epc_uri, found.element_string)
    if "+" not in scheme:
        assert tag_encoding.decode(found.hex).uri == found.epc_uri
