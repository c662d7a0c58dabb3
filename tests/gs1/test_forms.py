"""All writings of one identifier."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.forms import Forms, forms_of, parse
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


def again(text: str, **settings: int) -> Forms:
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
        ("hello", "application identifier"),
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


def test_identifiers_that_another_implementation_refuses_are_refused(shared: Path) -> None:
    path = shared / "gs1/openepcis-epc-digitallink-translator/converter_vectors.json"
    rows = json.loads(path.read_text("utf-8"))["invalid"]
    assert rows
    for row in rows:
        with pytest.raises(InvalidIdentifier):
            parse(row["input"], company_prefix_length=row["gcpLength"])
