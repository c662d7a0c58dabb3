"""Keys as values."""

from __future__ import annotations

import dataclasses
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.application_identifiers import PRIMARY, check_value
from suyuan.gs1.keys import (
    CPID,
    GCN,
    GDTI,
    GIAI,
    GINC,
    GLN,
    GMN,
    GRAI,
    GSIN,
    GSRN,
    GSRNP,
    GTIN,
    ITIP,
    SSCC,
    TYPES,
    Lot,
    PartyGLN,
    ShipToGLN,
)


def test_keys_of_every_sort_are_made_of_checked_text() -> None:
    assert str(GTIN("09506000134352")) == "09506000134352"
    assert GTIN("09506000134352").check_digit == "2"
    assert GTIN("19506000134359").indicator == "1"
    assert GLN("9521141123454").digital_link == "https://id.gs1.org/414/9521141123454"
    assert GRAI.from_body("0952114112345", "7/a").serial == "7/a"
    assert GDTI("9521141123454").serial == ""
    assert GCN("952114167890904711").serial == "04711"
    assert GIAI("952114132a/b").digital_link == "https://id.gs1.org/8004/952114132a%2Fb"
    for key, value in [
        (SSCC, "095201234567891235"), (PartyGLN, "9521141123454"), (GSRN, "952114112345678906"),
        (GSRNP, "952114112345678906"), (GINC, "9521141X"), (GSIN, "95211411234567892"), (CPID, "95211415PQ7/Z43"),
        (ITIP, "095060001343520102"), (GMN, "1987654Ad4X4bL5ttr2310c2K"),
    ]:  # fmt: skip
        assert key(value).value == value


def test_keys_are_hashable_ordered_and_frozen() -> None:
    first, second = GTIN("09506000134352"), GTIN("19506000134359")
    assert first < second
    assert {first, GTIN("09506000134352")} == {first}
    assert hash(first) == hash(GTIN("09506000134352"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.value = "x"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(first)) == first


def test_keys_of_two_sorts_are_never_equal() -> None:
    keys: set[object] = {GLN("9521141123454"), PartyGLN("9521141123454")}
    assert len(keys) == 2


@pytest.mark.parametrize("digits", ["96385074", "012345678905", "9506000134352", "09506000134352"])
def test_shorter_gtins_are_padded(digits: str) -> None:
    assert GTIN.from_short(digits).value == "0" * (14 - len(digits)) + digits


def test_a_gtin_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidIdentifier, match="8, 12, 13 or 14"):
        GTIN.from_short("123456789")


def test_values_know_their_writings() -> None:
    assert GTIN.parse("(01)09506000134352") == GTIN.parse("9506000134352") == GTIN("09506000134352")
    assert SSCC.parse("095201234567891235").element_string == "(00)095201234567891235"
    assert Lot.parse("(10)a\\(b") == Lot("a(b")
    assert Lot("a(b").element_string == "(10)a\\(b"
    with pytest.raises(InvalidIdentifier, match="holds more than AI 01"):
        GTIN.parse("(01)09506000134352(10)L")
    with pytest.raises(InvalidIdentifier, match=r"AI 410 \(SHIP TO LOC\) is no key"):
        _ = ShipToGLN("9521141123454").digital_link


def test_keys_know_their_parts() -> None:
    assert GTIN("00000096385074").short == "96385074"
    assert GTIN("00012345678905").short == "012345678905"
    assert GTIN("09506000134352").short == "9506000134352"
    assert GTIN("19506000134359").short == "19506000134359"
    assert GTIN("09506000134352").pack("1") == GTIN("19506000134359")
    assert GTIN("09506000134352").body == "0950600013435"
    assert SSCC("095201234567891235").extension == "0"
    assert GRAI.from_body("0952114112345", "7").type == GRAI.from_body("0952114112345")
    pieces = ITIP("095060001343520102")
    assert (pieces.gtin, pieces.piece, pieces.total) == (GTIN("09506000134352"), 1, 2)
    assert ITIP.from_body("0950600013435", "0102") == pieces
    model = GMN("1987654Ad4X4bL5ttr2310c2K")
    assert GMN.from_body(model.body) == model


@pytest.mark.parametrize("indicator", ["0", "", "12", "x", "\N{SUPERSCRIPT TWO}"])
def test_a_pack_has_an_indicator_from_1_to_9(indicator: str) -> None:
    with pytest.raises(InvalidIdentifier, match="expected a digit 1 to 9"):
        GTIN("09506000134352").pack(indicator)


def test_every_primary_key_has_its_type() -> None:
    assert PRIMARY.keys() <= TYPES.keys()
    assert all(kind.ai == ai for ai, kind in TYPES.items())


@given(st.text("0123456789", min_size=13, max_size=13))
def test_a_key_from_its_body_is_valid(body: str) -> None:
    assert GTIN.from_body(body).value[:13] == body
    assert GTIN.parse(GTIN.from_body(body).short).body == body


@given(st.sampled_from(sorted(TYPES)), st.text(max_size=30) | st.text("0123456789()", max_size=30))
def test_wrong_text_never_becomes_a_key(ai: str, text: str) -> None:
    try:
        key = TYPES[ai].parse(text)
    except InvalidIdentifier:
        return
    check_value(ai, key.value)
    assert TYPES[ai].parse(key.element_string) == key
    assert TYPES[ai](str(key)) == key
