"""Element strings with and without brackets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import digital_link, element_string

SERIALS = st.text("!\"%&'()*+,-./:;<=>?_0189AZaz", min_size=1, max_size=20)


def test_brackets_and_fnc1_say_the_same() -> None:
    expected = (("01", "09506000134352"), ("10", "LOT"), ("17", "271231"), ("21", "S1"))
    assert element_string.parse("(01)09506000134352(10)LOT(17)271231(21)S1") == expected
    for text in ("010950600013435210LOT\x1d1727123121S1", "]C1010950600013435210LOT^1727123121S1",
                 "^010950600013435210LOT\x1d17271231\x1d21S1\x1d"):  # fmt: skip
        assert element_string.parse(text) == expected


def test_key_and_qualifiers_come_first_and_in_the_order_of_the_standard() -> None:
    found = element_string.parse("(99)x(21)S(17)271231(10)L(01)09506000134352")
    identity, attributes = element_string.identify(found)
    assert identity == (("01", "09506000134352"), ("10", "L"), ("21", "S"))
    assert attributes == (("17", "271231"), ("99", "x"))


def test_qualifiers_of_another_key_are_attributes() -> None:
    found = element_string.parse("(00)095201234567891235(02)09506000134352(37)12(10)L")
    identity, attributes = element_string.identify(found)
    assert identity == (("00", "095201234567891235"),)
    assert [ai for ai, _ in attributes] == ["02", "37", "10"]


@given(SERIALS, SERIALS)
def test_what_is_built_is_read_again(lot: str, serial: str) -> None:
    elements = (("01", "09506000134352"), ("10", lot), ("21", serial))
    text = element_string.build(elements)
    assert element_string.parse(text) == elements
    assert element_string.parse(f"010950600013435210{lot}\x1d21{serial}") == elements


@pytest.mark.parametrize(
    "text",
    [
        "",
        "^",
        "]C1",
        "()",
        "(01)",
        "(01)09506000134351",
        "(01)9506000134352",
        "(01)09506000134352(21)",
        "(01)09506000134352(21)a(b",
        "(01)09506000134352(21)a\\b",
        "(01)09506000134352 (21)a",
        "(1)09506000134352",
        "(01)09506000134352(01)19506000134359",
        "(01)09506000134352(999)x",
        "(٠١)09506000134352",
        "x(01)09506000134352",
        "0109506000134351",
        "01095060001343",
        "8912345",
        "21" + "9" * 21,
        "(10)" + "x" * 3000,
    ],
)
def test_a_bad_element_string_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        element_string.parse(text)


def test_a_repeated_ai_with_the_same_value_is_one() -> None:
    assert element_string.parse("(99)x(99)x") == (("99", "x"),)


@pytest.mark.parametrize("text", ["(10)LOT", "(01)09506000134352(21)a(235)b", "(414)9521141123454(254)a(7040)1ABC"])
def test_what_names_no_single_thing_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        element_string.identify(element_string.parse(text))


@given(st.text(max_size=60) | st.text("()0123456789^\x1d\\]C", max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = element_string.parse(text)
    except InvalidIdentifier:
        return
    assert element_string.parse(element_string.build(found)) == found


def test_rows_of_the_gs1_syntax_engine(shared: Path) -> None:
    vectors = json.loads((shared / "gs1/gs1-syntax-engine/unit_test_vectors.json").read_text("utf-8"))["vectors"]
    rows = [row for name in ("test_parseAIdata", "test_processAIdata") for row in vectors[name]]
    for row in rows:
        accepted, text = row["args"][:2]
        if row["state_dependent"]:
            continue
        try:
            element_string.parse(text)
        except InvalidIdentifier:
            assert not accepted, text
        else:
            assert accepted, text


def test_links_that_the_gs1_syntax_engine_builds(shared: Path) -> None:
    vectors = json.loads((shared / "gs1/gs1-syntax-engine/unit_test_vectors.json").read_text("utf-8"))["vectors"]
    for row in vectors["test_testGenerateDLuri"]:
        accepted, stem, text, expected = row["args"]
        # AI 8200 is a fact like any other for us; the engine keeps it out of links.
        if row["state_dependent"] or "(8200)" in text:
            continue
        try:
            built = digital_link.build(*element_string.identify(element_string.parse(text)), stem=stem)
        except InvalidIdentifier:
            assert not accepted, text
        else:
            assert built == expected
