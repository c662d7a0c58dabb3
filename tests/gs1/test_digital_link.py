"""GS1 Digital Links."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import digital_link

ITEM = (("01", "09506000134352"), ("10", "LOT"), ("21", "32a/b"))
PATH = "/01/09506000134352/10/LOT/21/32a%2Fb"


@pytest.mark.parametrize(
    "stem",
    [
        "https://id.gs1.org", "http://id.gs1.org", "HTTPS://Example.COM", "https://a:65535", "https://[2001:db8::1]",
        "https://example.com/some/stem", "https://example.com/00/faux", "https://example.com/01",
        "https://user@example.com/~x", "https://example.com/%7Ex",
    ],
)  # fmt: skip
@pytest.mark.parametrize("tail", ["", "/", "?17=271231", "#part", "/?x=1&17=271231#part"])
def test_any_host_and_stem_and_query_name_the_same_thing(stem: str, tail: str) -> None:
    assert digital_link.parse(stem + PATH + tail).elements == ITEM
    assert digital_link.build(ITEM) == "https://id.gs1.org" + PATH


def test_the_stem_is_kept_without_a_slash() -> None:
    assert digital_link.parse("https://example.com/a/b/01/09506000134352").stem == "https://example.com/a/b"
    assert digital_link.parse("https://example.com/01/09506000134352").stem == "https://example.com"


def test_escaped_digits_of_an_ai_are_digits() -> None:
    assert digital_link.parse("https://example.com/%30%31/09506000134352/2%31/%32").elements == (
        ("01", "09506000134352"),
        ("21", "2"),
    )


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("https://id.gs1.org/01/09506000134351", "expected 2"),
        ("https://id.gs1.org/01/9506000134352", "pad a shorter GTIN"),
        ("https://shop.example/item/01/9506000134352", "pad a shorter GTIN"),
        ("https://id.gs1.org/01/readme", "14 digits"),
        ("https://id.gs1.org/01", "no value"),
        ("https://id.gs1.org/01/09506000134352/21", "no value"),
        ("https://id.gs1.org/01/09506000134352/21/", "no value"),
        ("https://id.gs1.org/01/09506000134352//21/a", "no value"),
        ("https://id.gs1.org/01/09506000134352/21/a/10/b", "in this order: 22 10 21 or 235"),
        ("https://id.gs1.org/01/09506000134352/21/a/235/b", "in this order"),
        ("https://id.gs1.org/01/09506000134352/21/a/21/b", "in this order"),
        ("https://id.gs1.org/01/09506000134352/17/271231", "'17' is not a qualifier"),
        ("https://id.gs1.org/01/09506000134352/254/1", "in this order"),
        ("https://id.gs1.org/00/095201234567891235/21/1", "in this order: none"),
        ("https://id.gs1.org/01/09506000134352/21/" + "a" * 21, "21 characters"),
        ("https://id.gs1.org/01/09506000134352/21/a%20b", "1 to 20 characters"),
        ("https://id.gs1.org/01/09506000134352/21/a\"b", "as %XX"),
        ("https://id.gs1.org/01/09506000134352/21/a%2", "as %XX"),
        ("https://id.gs1.org/01/09506000134352/21/%C3%A9", "as %XX"),
        ("https://example.com/gtin/09506000134352/ser/1", "the AI's number"),
        ("https://id.gs1.org/gtin/1", "no GS1 key"),
        ("https://id.gs1.org/ARFKk4XBoCCHV4QgowOQ", "expand a compressed link"),
        ("https://example.com/ 01/09506000134352", "not a web address"),
        ("https:///01/09506000134352", "not a web address"),
        ("https://", "not a web address"),
        ("https://[fe80::1%25lo]/01/09506000134352", "not a web address"),
        ("https://example.com/01/09506000134352?" + "x" * 2000, "2038 characters"),
        ("https://example.com/products/42", "no GS1 key"),
        ("ftp://example.com/01/09506000134352", "not a GS1 Digital Link"),
        ("", "not a GS1 Digital Link"),
    ],
)  # fmt: skip
def test_a_bad_link_is_refused_with_the_reason(uri: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        digital_link.parse(uri)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com", "https://example.com/", "https://example.com/products/42", "mailto:a@example.com",
        "https://example.com/blog/2024/01/first-post", "https://example.com/docs/01/readme",
        "https://example.com/orders/401/late", "http://www.w3.org/2000/01/rdf-schema#", "urn:isbn:1",
    ],
)  # fmt: skip
def test_an_ordinary_address_is_no_digital_link(uri: str) -> None:
    assert digital_link.find(uri) is None


@pytest.mark.parametrize("serial", ["00", "01", "8004", "414", "21"])
def test_a_serial_that_looks_like_an_ai_is_a_serial(serial: str) -> None:
    uri = f"https://example.com/01/09506000134352/10/{serial}/21/{serial}"
    assert digital_link.parse(uri).elements[1:] == (("10", serial), ("21", serial))


def test_extension_0_is_a_gln_without_extension() -> None:
    assert digital_link.parse("https://example.com/414/9521141123454/254/0").elements == (("414", "9521141123454"),)


def test_attributes_are_read_from_the_query_and_written_back() -> None:
    link = digital_link.parse("https://a.example/01/09506000134352/21/1?99=x%2By&utm=z&17=271231&single&&=")
    attributes = digital_link.attributes(link)
    assert attributes == (("17", "271231"), ("99", "x+y"))
    assert digital_link.build(link.elements, attributes).endswith("/21/1?17=271231&99=x%2By")


@pytest.mark.parametrize("query", ["999=x", "17=271331", "10=a&10=b", "01=09506000134352", "99=a+b", "99=a%00", "99="])
def test_a_bad_attribute_is_refused(query: str) -> None:
    link = digital_link.parse("https://example.com/01/09506000134352?" + query)
    with pytest.raises(InvalidIdentifier):
        digital_link.attributes(link)


@given(st.text("!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz", min_size=1, max_size=20))
def test_every_serial_comes_back(serial: str) -> None:
    elements = (("01", "09506000134352"), ("21", serial))
    link = digital_link.build(elements)
    assert link.isascii()
    assert digital_link.parse(link).elements == elements


@given(
    st.text(max_size=80).map("https://example.com/".__add__)
    | st.lists(st.sampled_from(["01", "00", "09506000134352", "21", "10", "", "%30", "414", "a", "8004", "gtin", "?"]))
    .map("/".join).map("https://example.com/".__add__)
    | st.text(max_size=40)
)  # fmt: skip
def test_any_text_is_a_link_or_not_one_or_refused(text: str) -> None:
    try:
        link = digital_link.find(text)
    except InvalidIdentifier:
        return
    if link is not None:
        assert digital_link.parse(digital_link.build(link.elements)).elements == link.elements


def test_rows_of_the_gs1_syntax_engine(shared: Path) -> None:
    """Two rows differ on purpose: a scheme in mixed case is the same scheme, one slash at the end is tolerated."""
    path = shared / "gs1/gs1-syntax-engine/unit_test_vectors.json"
    compared = 0
    for row in json.loads(path.read_text("utf-8"))["vectors"]["test_parseDLuri"]:
        accepted, uri, _ = row["args"]
        if row["state_dependent"] or uri.startswith("HtTp") or uri.endswith("/006141411234567890/"):
            continue
        try:
            digital_link.attributes(digital_link.parse(uri))
        except InvalidIdentifier:
            assert not accepted, uri
        else:
            assert accepted, uri
        compared += 1
    assert compared >= 40
