"""Canonical names: one thing, one name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import names
from suyuan.gs1.names import Name, canonical, epc_urn, kind_of, lot_of, name_of, site_of

#: URN, Digital Link, class key, serial, kind.
SAME = [
    ("urn:epc:id:sgtin:0614141.107346.2018", "/01/10614141073464/21/2018", "01/10614141073464/21", "2018", "instance"),
    ("urn:epc:id:sgtin:0614141.107346.a%2Fb.c", "/01/10614141073464/21/a%2Fb.c", "01/10614141073464/21", "a/b.c",
     "instance"),
    ("urn:epc:class:lgtin:4012345.012345.L-1", "/01/04012345123456/10/L-1", "01/04012345123456/10", "L-1", "lot"),
    ("urn:epc:idpat:sgtin:4012345.098765.*", "/01/04012345987652", "01/04012345987652", "", "class"),
    ("urn:epc:id:upui:4012345.012345.T%26", "/01/04012345123456/235/T%26", "01/04012345123456/235", "T&", "instance"),
    ("urn:epc:id:sscc:0614141.1234567890", "/00/106141412345678908", "00/106141412345678908", "", "instance"),
    ("urn:epc:id:sgln:0614141.12345.0", "/414/0614141123452", "414/0614141123452", "", "location"),
    ("urn:epc:id:sgln:0614141.12345.a%2Fb", "/414/0614141123452/254/a%2Fb", "414/0614141123452/254", "a/b",
     "location"),
    ("urn:epc:id:pgln:0614141.00777", "/417/0614141007776", "417/0614141007776", "", "party"),
    ("urn:epc:id:grai:0614141.12345.4%2F0", "/8003/006141411234524%2F0", "8003/00614141123452", "4/0", "instance"),
    ("urn:epc:idpat:grai:0614141.12345.*", "/8003/00614141123452", "8003/00614141123452", "", "class"),
    ("urn:epc:id:giai:0614141.a%2Fb", "/8004/0614141a%2Fb", "8004/0614141a%2Fb", "", "instance"),
    ("urn:epc:id:gsrn:0614141.1234567890", "/8018/061414112345678902", "8018/061414112345678902", "", "party"),
    ("urn:epc:id:gsrnp:0614141.1234567890", "/8017/061414112345678902", "8017/061414112345678902", "", "party"),
    ("urn:epc:id:gdti:0614141.12345.X1", "/253/0614141123452X1", "253/0614141123452", "X1", "document"),
    ("urn:epc:idpat:gdti:0614141.12345.*", "/253/0614141123452", "253/0614141123452", "", "class"),
    ("urn:epc:id:sgcn:4012345.67890.04711", "/255/401234567890104711", "255/4012345678901", "04711", "document"),
    ("urn:epc:id:cpi:0614141.A%23%2F.12", "/8010/0614141A%23%2F/8011/12", "8010/0614141A%23%2F/8011", "12",
     "instance"),
    ("urn:epc:idpat:cpi:0614141.A%23.*", "/8010/0614141A%23", "8010/0614141A%23", "", "class"),
    ("urn:epc:id:ginc:0614141.xyz", "/401/0614141xyz", "401/0614141xyz", "", "document"),
    ("urn:epc:id:gsin:0614141.123456789", "/402/06141411234567890", "402/06141411234567890", "", "document"),
    ("urn:epc:id:itip:4012345.012345.01.02.9", "/8006/040123451234560102/21/9", "8006/040123451234560102/21", "9",
     "instance"),
    ("urn:epc:idpat:itip:4012345.012345.01.02.*", "/8006/040123451234560102", "8006/040123451234560102", "", "class"),
]  # fmt: skip


@pytest.mark.parametrize(("urn", "path", "class_key", "serial", "kind"), SAME)
def test_urn_and_any_link_of_one_thing_get_one_name(
    urn: str, path: str, class_key: str, serial: str, kind: str
) -> None:
    name = name_of(urn)
    assert name[:2] == (class_key, serial)
    assert name.company_prefix_length == 7
    for stem in ("https://id.gs1.org", "http://shop.example/a/b"):
        assert name_of(stem + path) == Name(class_key, serial, None)
    assert canonical(name) == canonical((class_key, serial)) == "https://id.gs1.org" + path
    assert epc_urn(*name) == urn
    assert epc_urn(class_key, serial, None) is None
    assert kind_of(class_key, serial) == kind


@pytest.mark.parametrize(
    ("path", "class_key", "serial", "kind"),
    [
        ("/01/04012345123456/10/L/21/S", "01/04012345123456/21", "S", "instance"),
        ("/01/04012345123456/22/V", "01/04012345123456/22", "V", "class"),
        ("/01/04012345123456/22/V/10/L", "01/04012345123456/10", "L", "lot"),
        ("/8006/040123451234560102/10/L", "8006/040123451234560102/10", "L", "lot"),
        ("/8013/1987654Ad4X4bL5ttr2310c2K", "8013/1987654Ad4X4bL5ttr2310c2K", "", "class"),
        ("/8018/061414112345678902/8019/7", "8018/061414112345678902/8019", "7", "document"),
        ("/417/0614141007776/7040/1ABC", "417/0614141007776/7040", "1ABC", "party"),
        ("/414/0614141123452/254/0", "414/0614141123452", "", "location"),
        ("/414/0614141123452/254/%30", "414/0614141123452", "", "location"),
        ("/01/04012345123456/21/a+b", "01/04012345123456/21", "a+b", "instance"),
        ("/01/04012345123456/21/a%2bb", "01/04012345123456/21", "a+b", "instance"),
        ("/01/04012345123456/21/%41", "01/04012345123456/21", "A", "instance"),
        ("/01/04012345123456/21/A?17=271231&10=L", "01/04012345123456/21", "A", "instance"),
        ("/01/04012345123456/21/A/", "01/04012345123456/21", "A", "instance"),
        ("/01/04012345123456/21/A#x", "01/04012345123456/21", "A", "instance"),
    ],
)
def test_links_without_a_urn_of_their_own(path: str, class_key: str, serial: str, kind: str) -> None:
    name = name_of("https://example.com" + path)
    assert name == Name(class_key, serial, None)
    assert name_of(canonical(name)) == name
    assert kind_of(class_key, serial) == kind


def test_names_that_epc_cannot_write_have_no_urn() -> None:
    assert epc_urn("01/04012345123456/22", "V", 7) is None
    assert epc_urn("8013/1987654Ad4X4bL5ttr2310c2K", "", 7) is None
    assert epc_urn("uri", "https://example.com/x", None) is None


def test_a_company_prefix_length_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidIdentifier):
        epc_urn("01/04012345123456/21", "V", 13)


def test_the_case_of_urn_epc_says_nothing() -> None:
    assert name_of("URN:EPC:id:sgtin:0614141.107346.2018") == name_of("urn:epc:id:sgtin:0614141.107346.2018")


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/orders/17", "https://example.com/blog/21/x",
        "urn:uuid:01dcbe04-d5e5-4b43-8a5b-2e4b4dd0a9d4", "mailto:a@example.com",
        "urn:epc:id:gid:1.2.3", "urn:epc:id:bic:CSQU3054383", "urn:epcglobal:cbv:bt:0614141073467:1152",
        "geo:41.1,121.2", "https://www.example.com/?q=%E6%BA%AF", "ni:///sha-256;abc?ver=CBV2.0",
    ],
)  # fmt: skip
def test_any_other_absolute_uri_is_its_own_name(uri: str) -> None:
    name = name_of(uri)
    assert name == Name("uri", uri, None)
    assert canonical(name) == uri
    assert kind_of(*name[:2]) == "other"
    assert site_of(name.class_key) is None
    assert epc_urn(*name) == (uri if uri.startswith("urn:epc:") else None)


@pytest.mark.parametrize(
    "uri",
    [
        "", "abc", "/01/09506000134352", "//example.com/x", "http://example.com/a b", "http://example.com/é",
        "http://example.com/<x>", "urn:epc:id:sgtin:0614141.107346", "urn:epc:id:sgtin:0614141.107346.",
        "urn:epc:id:sgtin:0614141.107346.a/b", "urn:epc:id:sgtin:0614141.10734.1", "urn:epc:id:nothing:1",
        "urn:epc:pat:sgtin-96:3.0614141.107346.*", "urn:epc:idpat:sgtin:0614141.*.*",
        "urn:epc:tag:sgtin-96:3.0614141.107346.1", "urn:epc:id:bic:CSQU3054384",
        "https://example.com/01/09506000134351", "https://example.com/01/09506000134352/21/" + "a" * 21,
        "https://example.com/01/09506000134352/21/a%ZZ", "https://example.com/" + "x" * 2000, "x:" + "y" * 2000,
        "urn:epc:id:sscc:0614141.12345678901", "urn:epc:id:sscc:06141.1234567890", "urn:epc:id:sscc:0614141.123456789A",
        "https://example.com/01/09506000134352/21/é", "\ud800",
    ],
)  # fmt: skip
def test_what_names_nothing_is_refused(uri: str) -> None:
    with pytest.raises(InvalidIdentifier):
        name_of(uri)


def test_an_item_tells_its_lot() -> None:
    assert lot_of("https://a.example/01/04012345123456/10/L%2F1/21/S") == Name("01/04012345123456/10", "L/1", None)
    for uri in (
        "https://a.example/01/04012345123456/21/S", "https://a.example/01/04012345123456/10/L", "https://a.example/10/21/x",
        "https://a.example/01/04012345123456/22/V/21/S", "urn:epc:id:sgtin:0614141.107346.2018", "",
        "https://a.example/10/21/01/04012345123456/10/L",
    ):  # fmt: skip
        assert lot_of(uri) is None


def test_a_lot_called_21_is_not_taken_for_a_serial() -> None:
    assert lot_of("https://a.example/01/04012345123456/22/10/21/S") is None
    with pytest.raises(InvalidIdentifier):
        lot_of("https://a.example/01/04012345123457/10/L/21/S")


def test_a_sub_location_has_a_site() -> None:
    assert site_of("414/0614141123452/254") == "414/0614141123452"
    assert site_of("414/0614141123452") == "414/0614141123452"
    assert site_of("417/0614141123452") is None


SERIALS = st.text("!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz", min_size=1, max_size=20)


@given(SERIALS, st.sampled_from(["21", "10", "235"]), st.integers(6, 12))
def test_every_serial_comes_back_from_urn_and_link(serial: str, qualifier: str, length: int) -> None:
    class_key = f"01/04012345123456/{qualifier}"
    urn = epc_urn(class_key, serial, length)
    assert urn is not None
    assert name_of(urn) == (class_key, serial, length)
    assert name_of(canonical((class_key, serial))) == (class_key, serial, None)


TEXTS = st.one_of(
    st.text(max_size=60),
    st.from_regex(
        r"urn:epc:id:(sgtin|sgln|grai|sscc|cpi|gdti|sgcn):[0-9]{5,13}\.[0-9]{4,7}\.[0-9A-Fa-f%.*]{0,21}", fullmatch=True
    ),
    st.from_regex(
        r"urn:epc:(id:(sgtin:0614141\.107346|sgln:0614141\.12345|grai:0614141\.12345|gdti:0614141\.12345|sscc:0614141"
        r"|cpi:0614141\.A)|idpat:sgtin:0614141\.107346)\.[!-~]{0,21}", fullmatch=True
    ),
    st.from_regex(
        r"https://[a-z]{1,3}/(01/04012345123456|414/0614141123452|8010/0614141A)/(21|10|254|235|22|8011)/[ -~]{0,21}",
        fullmatch=True,
    ),
)  # fmt: skip


@given(TEXTS)
def test_the_quick_way_agrees_with_the_full_way_and_nothing_else_is_raised(uri: str) -> None:
    try:
        expected: Name | None = names._name_in_full(uri)
    except InvalidIdentifier:
        expected = None
    try:
        found: Name | None = name_of(uri)
    except InvalidIdentifier:
        found = None
    assert found == expected
    if found is not None:
        assert name_of(canonical(found))[:2] == found[:2]


def test_the_memory_of_prefixes_is_bounded() -> None:
    for number in range(100):
        name_of(f"https://example.com/{number}/01/04012345123456/21/1")
    for info in (names._namer.cache_info(), names._name_in_full.cache_info()):
        assert info.maxsize is not None
        assert info.currsize <= info.maxsize


def identifiers(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from identifiers(inner, inner_key)
    elif isinstance(value, list):
        for inner in value:
            yield from identifiers(inner, key)
    elif isinstance(value, str) and key in {
        "epcList", "childEPCs", "inputEPCList", "outputEPCList", "parentID", "epcClass", "source", "destination",
        "bizTransaction", "eventID",
    }:  # fmt: skip
        yield value


def test_all_identifiers_of_the_published_epcis_examples_have_names(shared: Path) -> None:
    found = 0
    for file in sorted((shared / "epcis/gs1__EPCIS/JSON").rglob("*.json*")):
        for uri in identifiers(json.loads(file.read_text("utf-8"))):
            assert name_of(canonical(name_of(uri)))[:2] == name_of(uri)[:2]
            found += 1
    assert found > 200
