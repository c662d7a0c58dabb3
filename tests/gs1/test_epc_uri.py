"""EPC URNs of the schemes with a GS1 key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import digital_link, epc_uri
from suyuan.gs1.epc_uri import PATTERNS, SCHEMES

PAIRS = [
    ("urn:epc:id:sgtin:0614141.812345.6789", "/01/80614141123458/21/6789"),
    ("urn:epc:id:sgtin:0614141.812345.6789%2F%26%25%22!%3F()", "/01/80614141123458/21/6789%2F%26%25%22%21%3F%28%29"),
    ("urn:epc:id:sgtin:0614141.812345.%2Fo+q", "/01/80614141123458/21/%2Fo%2Bq"),
    ("urn:epc:id:sgtin:0614141.812345.0123", "/01/80614141123458/21/0123"),
    ("urn:epc:id:sgtin:0614141.812345.a.b.c", "/01/80614141123458/21/a.b.c"),
    ("urn:epc:class:lgtin:4012345.012345.998877", "/01/04012345123456/10/998877"),
    ("urn:epc:id:sscc:0614141.1234567890", "/00/106141412345678908"),
    ("urn:epc:id:sgln:0614141.12345.400", "/414/0614141123452/254/400"),
    ("urn:epc:id:sgln:0614141.12345.0", "/414/0614141123452"),
    ("urn:epc:id:sgln:437473647364..0", "/414/4374736473640"),
    ("urn:epc:id:pgln:859839494502.", "/417/8598394945028"),
    ("urn:epc:id:grai:0614141.12345.400", "/8003/00614141123452400"),
    ("urn:epc:id:grai:999999999999..0", "/8003/099999999999940"),
    ("urn:epc:id:giai:0614141.12345400", "/8004/061414112345400"),
    ("urn:epc:id:gsrn:0614141.1234567890", "/8018/061414112345678902"),
    ("urn:epc:id:gsrnp:0614141.1234567890", "/8017/061414112345678902"),
    ("urn:epc:id:gdti:0614141.12345.400", "/253/0614141123452400"),
    ("urn:epc:id:sgcn:4012345.67890.04711", "/255/401234567890104711"),
    ("urn:epc:id:cpi:0614141.11111111111111-A%23%2F.1234", "/8010/061414111111111111111-A%23%2F/8011/1234"),
    ("urn:epc:id:ginc:0614141.xyz3311cba", "/401/0614141xyz3311cba"),
    ("urn:epc:id:gsin:0614141.123456789", "/402/06141411234567890"),
    ("urn:epc:id:itip:4012345.012345.01.02.987", "/8006/040123451234560102/21/987"),
    ("urn:epc:id:upui:1234567.089456.51qIgY)%3C%26Jp3*j7'SDB", "/01/01234567894560/235/51qIgY%29%3C%26Jp3%2Aj7%27SDB"),
    ("urn:epc:idpat:sgtin:4012345.098765.*", "/01/04012345987652"),
    ("urn:epc:idpat:grai:4012345.55555.*", "/8003/04012345555554"),
    ("urn:epc:idpat:gdti:4012345.55555.*", "/253/4012345555554"),
    ("urn:epc:idpat:sgcn:4012345.67890.*", "/255/4012345678901"),
    ("urn:epc:idpat:cpi:4012345.ABC.*", "/8010/4012345ABC"),
    ("urn:epc:idpat:itip:4012345.012345.01.02.*", "/8006/040123451234560102"),
    ("urn:epc:idpat:upui:4012345.012345.*", "/01/04012345123456"),
]


@pytest.mark.parametrize(("uri", "path"), PAIRS)
def test_a_urn_says_the_same_as_its_digital_link(uri: str, path: str) -> None:
    found = epc_uri.parse(uri)
    assert digital_link.build(found.elements, stem="") == path
    assert digital_link.parse("https://example.com" + path).elements == found.elements


@pytest.mark.parametrize(
    "uri",
    [
        "urn:epc:id:sgtin:0614141.812345",
        "urn:epc:id:sgtin:0614141.812345.",
        "urn:epc:id:sgtin:0614141.812345.a/b",
        'urn:epc:id:sgtin:0614141.812345.a"b',
        "urn:epc:id:sgtin:0614141.812345.a%2",
        "urn:epc:id:sgtin:0614141.812345.a%20b",
        "urn:epc:id:sgtin:0614141.812345." + "9" * 21,
        "urn:epc:id:sgtin:06141.41812345.1",
        "urn:epc:id:sgtin:0614141000000..1",
        "urn:epc:id:sgtin:061414A.812345.1",
        "urn:epc:id:sgtin:061414١.812345.1",
        "urn:epc:id:sgtin:0614141.81234.1",
        "urn:epc:id:sgtin:0614141.8123456.1",
        "urn:epc:id:sscc:0614141.123456789",
        "urn:epc:id:sscc:0614141.1234567890.1",
        "urn:epc:id:sgln:0614141.12345",
        "urn:epc:id:giai:0614141.",
        "urn:epc:id:giai:0614141." + "1" * 24,
        "urn:epc:id:cpi:0614141.abc.1",
        "urn:epc:id:cpi:0614141.ABC.01",
        "urn:epc:id:cpi:0614141..1",
        "urn:epc:id:cpi:0614141.%41.1",
        "urn:epc:id:cpi:0614141.A%2.1",
        "urn:epc:id:sgtin:0614141.812345.a%24",
        "urn:epc:id:sgtin:0614141.812345.a%C3%A9",
        "urn:epc:id:sgcn:4012345.67890.12A",
        "urn:epc:id:grai:0614141.12345.",
        "urn:epc:id:itip:4012345.012345.03.02.987",
        "urn:epc:id:itip:4012345.012345.1.02.987",
        "urn:epc:id:itip:4012345.012345.0A.02.987",
        "urn:epc:id:lgtin:4012345.012345.998877",
        "urn:epc:class:sgtin:4012345.012345.998877",
        "urn:epc:idpat:sgtin:4012345.098765.1",
        "urn:epc:idpat:sgtin:4012345.*.*",
        "urn:epc:idpat:sscc:4012345.*",
        "urn:epc:idpat:sgln:4012345.12345.*",
        "urn:epc:id:nothing:1.2.3",
        "urn:epc:id:sgtin",
        "urn:isbn:123",
        "",
    ],
)
def test_a_malformed_urn_is_refused(uri: str) -> None:
    with pytest.raises(InvalidIdentifier):
        epc_uri.parse(uri)


def characters(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True)


#: Serials by AI, escaped as in a URN.
SERIALS = {
    "21": characters(r"(?:[!'()*+,\-.:;=_0-9A-Za-z]|%22|%25|%26|%2F|%3C|%3E|%3F){1,20}"),
    "8011": characters(r"0|[1-9][0-9]{0,11}"),
    "255": characters(r"[0-9]{1,12}"),
    "8003": characters(r"(?:[!'()*+,\-.:;=_0-9A-Za-z]|%22|%25|%26|%2F|%3C|%3E|%3F){1,16}"),
}


@st.composite
def uris(draw: st.DrawFn, name: str) -> str:
    scheme = SCHEMES[name]
    length = draw(st.integers(6, 12))
    company = draw(characters(f"[0-9]{{{length}}}"))
    if scheme.digits:
        fields = [company, draw(characters(f"[0-9]{{{scheme.digits - length}}}"))]
    else:
        fields = [company, draw(characters(f"(?:[0-9A-Z-]|%2F){{1,{30 - length}}}"))]
    if scheme.pairs:
        total = draw(st.integers(1, 99))
        fields += [f"{draw(st.integers(1, total)):02d}", f"{total:02d}"]
    if scheme.serial is not None:
        fields.append(draw(SERIALS.get(scheme.serial or scheme.ai, SERIALS["21" if scheme.serial else "8003"])))
    return scheme.head + ".".join(fields)


@pytest.mark.parametrize("name", SCHEMES)
@given(st.data())
def test_every_scheme_comes_back_with_every_prefix_length(name: str, data: st.DataObject) -> None:
    uri = data.draw(uris(name))
    found = epc_uri.parse(uri)
    link = digital_link.parse(digital_link.build(found.elements))
    assert link.elements == found.elements
    scheme, (key, *rest) = found.scheme, [value for _, value in found.elements]
    serial = rest[0] if rest else None
    if scheme.serial == "":
        key, serial = key[: 13 + len(scheme.front)], key[13 + len(scheme.front) :]
    assert epc_uri.build(scheme, key, serial, found.company_prefix_length) == uri


@pytest.mark.parametrize("name", PATTERNS)
@given(st.data())
def test_every_class_pattern_comes_back(name: str, data: st.DataObject) -> None:
    uri = data.draw(uris(f"id:{name}"))
    scheme = SCHEMES[f"id:{name}"]
    fields = uri.removeprefix(scheme.head).split(".", scheme.fields - 1)[:-1]
    pattern = f"urn:epc:idpat:{name}:" + ".".join([*fields, "*"])
    found = epc_uri.parse(pattern)
    assert found.pattern
    assert epc_uri.build(scheme, found.elements[0][1], None, found.company_prefix_length) == pattern


@given(st.text(max_size=60) | st.from_regex(r"urn:epc:(id|class|idpat):[a-z]{3,5}:[0-9.%A-F*]{0,40}", fullmatch=True))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = epc_uri.parse(text)
    except InvalidIdentifier:
        return
    assert found.elements


@pytest.mark.parametrize("length", [-1, 0, 5, 13, 100])
def test_a_company_prefix_length_outside_6_to_12_is_refused(length: int) -> None:
    with pytest.raises(InvalidIdentifier, match="6 to 12"):
        epc_uri.build(SCHEMES["id:sgtin"], "80614141123458", "1", length)


def test_an_asset_shorter_than_the_company_prefix_is_refused() -> None:
    with pytest.raises(InvalidIdentifier, match="no reference"):
        epc_uri.build(SCHEMES["id:giai"], "0614141", None, 7)
    with pytest.raises(InvalidIdentifier, match="no reference"):
        epc_uri.build(SCHEMES["id:giai"], "0614141ABCDE", None, 12)


def test_a_gln_without_extension_is_extension_0_in_a_urn() -> None:
    assert epc_uri.build(SCHEMES["id:sgln"], "0614141123452", None, 7) == "urn:epc:id:sgln:0614141.12345.0"


#: Rows whose URN or link is against the standard: unescaped characters, wrong check digits, a company prefix that is
#: none, a piece beyond the total.
AGAINST_THE_STANDARD = ("URN component", "check digit", "must be 6 to 12 digits", "1 to the total")


def test_translations_of_another_implementation(shared: Path) -> None:
    path = shared / "gs1/openepcis-epc-digitallink-translator/converter_vectors.json"
    rows = json.loads(path.read_text("utf-8"))["valid"]
    agreed, refused = 0, []
    for row in rows:
        urn, link = sorted((row["input"], row["expected"]), key=lambda text: not text.startswith("urn:"))
        try:
            found = epc_uri.parse(urn)
            other = digital_link.parse(link)
        except InvalidIdentifier as error:
            refused.append(str(error))
            continue
        assert other.elements == found.elements
        agreed += 1
    assert all(any(reason in text for reason in AGAINST_THE_STANDARD) for text in refused)
    assert agreed >= 60


def test_what_another_implementation_refuses_is_refused(shared: Path) -> None:
    path = shared / "gs1/openepcis-epc-digitallink-translator/converter_vectors.json"
    urns = [row["input"] for row in json.loads(path.read_text("utf-8"))["invalid"] if row["input"].startswith("urn:")]
    assert len(urns) > 50
    for urn in urns:
        with pytest.raises(InvalidIdentifier):
            epc_uri.parse(urn)


@pytest.mark.parametrize(
    ("uri", "serial"),
    [
        ("urn:epc:id:sgtin:0614141.812345.%2Fa", "/a"),
        ("urn:epc:id:sgtin:0614141.812345.%3Ca", "<a"),
        ("urn:epc:class:lgtin:0614141.812345.%3Fo", "?o"),
        ("urn:epc:id:sgln:0614141.12345.%3E1", ">1"),
        ("urn:epc:id:sgtin:0614141.812345.a%2fb%41", "a/bA"),
        ("urn:epc:id:upui:0614141.812345.%25%22%26", '%"&'),
    ],
)
def test_a_serial_may_begin_with_an_escape_and_escapes_are_read_in_either_case(uri: str, serial: str) -> None:
    assert epc_uri.parse(uri).elements[-1][1] == serial
