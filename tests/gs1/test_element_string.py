"""Element strings with and without brackets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import digital_link, element_string
from suyuan.gs1.application_identifiers import IDENTIFIERS

SERIALS = st.text("!\"%&'()*+,-./:;<=>?_0189AZaz", min_size=1, max_size=20)


def test_brackets_and_fnc1_say_the_same() -> None:
    expected = (("01", "09506000134352"), ("10", "LOT"), ("17", "271231"), ("21", "S1"))
    assert element_string.parse("(01)09506000134352(10)LOT(17)271231(21)S1") == expected
    for text in ("010950600013435210LOT\x1d1727123121S1", "]C1010950600013435210LOT^1727123121S1",
                 "^010950600013435210LOT\x1d17271231\x1d21S1\x1d"):  # fmt: skip
        assert element_string.parse(text) == expected
    assert element_string.build_unbracketed(expected) == "010950600013435210LOT\x1d1727123121S1"
    assert element_string.build_unbracketed(expected[:1]) == "0109506000134352"


def test_key_and_qualifiers_come_first_and_in_the_order_of_the_standard() -> None:
    found = element_string.parse("(99)x(21)S(17)271231(10)L(01)09506000134352")
    identity, attributes = element_string.identify(found)
    assert identity == (("01", "09506000134352"), ("10", "L"), ("21", "S"))
    assert attributes == (("17", "271231"), ("99", "x"))


def test_a_lot_beside_a_third_partys_serial_describes_the_item() -> None:
    identity, attributes = element_string.identify(element_string.parse("(01)09506000134352(235)T(10)L"))
    assert identity == (("01", "09506000134352"), ("235", "T"))
    assert attributes == (("10", "L"),)
    assert digital_link.read(digital_link.build(identity, attributes)).attributes == attributes


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
        "^^0109506000134352",
        "0109506000134352^^",
        "10LOT^^0109506000134352",
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


def test_ais_that_need_others_may_find_them_in_another_symbol() -> None:
    with pytest.raises(InvalidIdentifier, match=r"AI 37 \(COUNT\) needs AI 00 and 02 or 00 and 8026 beside it, found"):
        element_string.parse("(02)09506000134352(37)12")
    assert element_string.parse("(02)09506000134352(37)12", complete=False) == (("02", "09506000134352"), ("37", "12"))


def test_a_bracket_in_a_value_is_escaped() -> None:
    assert element_string.parse("(99)a\\(11)b") == (("99", "a(11)b"),)


def test_a_repeated_ai_with_the_same_value_is_one() -> None:
    assert element_string.parse("(99)x(99)x") == (("99", "x"),)


@pytest.mark.parametrize("text", ["(99)x", "(01)09506000134352(22)a(235)b", "(414)9521141123454(254)a(7040)1ABC"])
def test_what_names_no_single_thing_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        element_string.identify(element_string.parse(text))


_SIGNS = {"N": "0189", "X": "!\"%&'()*+,-./09:;<=>?AZ_az", "Y": "#-/09AZ", "Z": "AZaz09-_"}
#: AIs whose values any characters of the set make.
_FREE = sorted(ai for ai, row in IDENTIFIERS.items() if not row.tests)


@st.composite
def _free_elements(draw: st.DrawFn) -> tuple[tuple[str, str], ...]:
    ais = draw(st.lists(st.sampled_from(_FREE), min_size=1, max_size=6, unique=True))
    texts = {
        ai: [
            draw(st.text(_SIGNS[part.characters], min_size=part.least, max_size=part.most))
            for part in IDENTIFIERS[ai].components
        ]
        for ai in ais
    }
    return tuple((ai, "".join(parts)) for ai, parts in texts.items())


@given(_free_elements())
def test_all_writings_of_any_ais_come_back(elements: tuple[tuple[str, str], ...]) -> None:
    assert element_string.parse(element_string.build(elements), complete=False) == elements
    for fnc1 in ("^", element_string.GS):
        text = element_string.build_unbracketed(elements, fnc1=fnc1)
        assert element_string.parse(text, complete=False) == elements
        assert element_string.parse(fnc1 + text + fnc1, complete=False) == elements


@given(_free_elements())
def test_a_link_says_what_its_element_string_says(elements: tuple[tuple[str, str], ...]) -> None:
    text = element_string.build((("01", "09506000134352"), *elements))
    try:
        identity, attributes = element_string.identify(element_string.parse(text))
        link = digital_link.read(digital_link.build(identity, attributes))
    except InvalidIdentifier:
        return
    assert link.elements == identity
    assert link.attributes == attributes


@given(st.text(max_size=60) | st.text("()0123456789^\x1d\\]C", max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = element_string.parse(text, complete=False)
    except InvalidIdentifier:
        return
    assert element_string.parse(element_string.build(found), complete=False) == found
    assert element_string.parse(element_string.build_unbracketed(found), complete=False) == found


def test_rows_of_the_gs1_syntax_engine(shared: Path) -> None:
    """Rows that depend on the engine's state are those that hold for one symbol of several, but for plain data."""
    vectors = json.loads((shared / "gs1/gs1-syntax-engine/unit_test_vectors.json").read_text("utf-8"))["vectors"]
    rows = [row for name in ("test_parseAIdata", "test_processAIdata") for row in vectors[name]]
    for row in rows:
        accepted, text, *expected = row["args"]
        if text == "991234":  # without its first FNC1; people type that
            continue
        if not accepted:
            with pytest.raises(InvalidIdentifier):
                element_string.parse(text, complete=False)
            continue
        found = element_string.parse(text, complete=not row["state_dependent"])
        if expected:
            assert "^" + element_string.build_unbracketed(found, fnc1="^") == expected[0]


def test_rows_of_the_gs1_syntax_engine_about_ais_that_go_together(shared: Path) -> None:
    vectors = json.loads((shared / "gs1/gs1-syntax-engine/unit_test_vectors.json").read_text("utf-8"))["vectors"]
    assert len(vectors["test_validateAIs"]) > 30
    for row in vectors["test_validateAIs"]:
        accepted, _, text = row["args"]
        if accepted:
            element_string.parse(text)
        else:
            with pytest.raises(InvalidIdentifier):
                element_string.parse(text)
