"""The tag that an identifier is written on, and what a tag names."""

from __future__ import annotations

import pytest

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import names, plus_encoding, tag_encoding
from suyuan.gs1.epc_uri import Elements
from suyuan.gs1.tag_forms import Named, epc_of_tag, filter_of_tag, of_default, of_encoding

SGTIN: Elements = (("01", "09506000134352"), ("21", "7"))
URI = "urn:epc:id:sgtin:9506000.013435.7"
NAMED = Named(SGTIN, (), URI, None)


@pytest.mark.parametrize(
    ("digits", "epc"),
    [
        (tag_encoding.encode_as("sgtin-96", URI, 3), URI),
        (tag_encoding.encode_as("sgtin-198", URI, 3), URI),
        (plus_encoding.encode("sgtin+", SGTIN, (("17", "270131"),), 3), "https://id.gs1.org/01/09506000134352/21/7"),
        (
            plus_encoding.encode("sgtin++", SGTIN, (), 3, "example.com").lower(),
            "https://id.gs1.org/01/09506000134352/21/7",
        ),
        (plus_encoding.encode("sgln+", (("414", "9506000134352"),), (), 3), "https://id.gs1.org/414/9506000134352"),
    ],
)
def test_a_tag_names_its_epc_whatever_its_encoding(digits: str, epc: str) -> None:
    assert epc_of_tag(digits) == epc
    assert filter_of_tag(digits) == 3
    assert names.name_of(epc)[:2] == names.name_of(names.canonical(names.name_of(epc)))[:2]


def test_filter_values_have_as_many_bits_as_their_encoding() -> None:
    assert filter_of_tag("350000001000002000000003") is None
    assert filter_of_tag("2F320434147455900000162E") == 3
    assert filter_of_tag("3B0E0CF5E76C9047759AD00373DC7602E7200") == 3


def test_what_is_no_epc_names_nothing() -> None:
    for digits in ("E28011606000020012345678", "F7", "", "zz"):
        with pytest.raises(InvalidIdentifier):
            epc_of_tag(digits)


def test_epc_schemes_of_uris() -> None:
    assert names.epc_scheme("urn:epc:id:sscc:0614141.1234567890") == "sscc"
    assert names.epc_scheme("https://example.org/00/095201234567891235") == "sscc"
    assert names.epc_scheme("https://id.gs1.org/01/09506000134352/22/V") == ""
    assert names.epc_scheme("urn:x") == ""


def test_the_shortest_encoding_is_the_default() -> None:
    found = of_default("sgtin", URI, 3, strict=True)
    assert found is not None
    assert (found.encoding, found.filter, found.epc_uri) == ("sgtin-96", 3, URI)
    assert of_default("sgtin", URI + "A", 3, strict=False) is None
    with pytest.raises(InvalidIdentifier, match="serial '7A'"):
        of_default("sgtin", URI + "A", 3, strict=True)


def test_a_filter_value_is_dropped_where_there_is_none_unless_it_matters() -> None:
    found = of_default("gid", "urn:epc:id:gid:1.2.3", 3, strict=False)
    assert found is not None
    assert found.filter is None
    with pytest.raises(InvalidIdentifier, match="has none"):
        of_default("gid", "urn:epc:id:gid:1.2.3", 3, strict=True)
    with pytest.raises(InvalidIdentifier, match="0 to 7"):
        of_default("sgtin", URI, 8, strict=False)


@pytest.mark.parametrize(
    ("name", "named", "says"),
    [
        ("sgtin-97", NAMED, "not a tag encoding"),
        ("sgtin++", NAMED, "needs a host name"),
        ("sgtin-198", NAMED._replace(epc_uri=None), "no EPC URI"),
        ("sscc-96", NAMED, "sscc"),
        ("sscc+", NAMED, "00"),
        ("gdti+", Named((), (), "urn:epc:id:gid:1.2.3", None), "GS1 keys only"),
        ("dsgtin+", NAMED, "date"),
    ],
)
def test_what_does_not_fit_an_encoding_is_refused(name: str, named: Named, says: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        of_encoding(name, named, 0)
    assert says in str(caught.value)
