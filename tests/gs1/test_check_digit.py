"""Check digits and check pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.check_digit import check_digit, check_pair, is_valid

DIGITS = st.text("0123456789", min_size=1, max_size=20)


def by_the_book(body: str) -> str:
    """The calculation as the General Specifications tell it, digit by digit from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


@pytest.mark.parametrize(
    ("body", "digit"),
    [("0950600013435", "2"), ("629104150021", "3"), ("09520123456789123", "5"), ("952114112345", "4"), ("0", "0")],
)
def test_known_check_digits(body: str, digit: str) -> None:
    assert check_digit(body) == digit
    assert is_valid(body + digit)


@given(DIGITS)
def test_the_check_digit_is_the_one_of_the_general_specifications(body: str) -> None:
    assert check_digit(body) == by_the_book(body)


@given(DIGITS, st.data())
def test_changing_any_one_digit_is_noticed(body: str, data: st.DataObject) -> None:
    key = body + check_digit(body)
    place = data.draw(st.integers(0, len(key) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != key[place]]))
    assert not is_valid(key[:place] + other + key[place + 1 :])


@pytest.mark.parametrize("body", ["", "12A", "١٢٣", "1 2", "-1", "²"])
def test_only_ascii_digits_have_a_check_digit(body: str) -> None:
    with pytest.raises(InvalidIdentifier):
        check_digit(body)
    assert not is_valid(body + "0" if body != "" else "0")


@pytest.mark.parametrize("body", [" ", "A" * 98, "é"])
def test_a_check_pair_needs_at_most_97_characters_of_the_set(body: str) -> None:
    with pytest.raises(InvalidIdentifier):
        check_pair(body)


def test_check_pairs_agree_with_the_linter_vectors(shared: Path) -> None:
    linters = json.loads((shared / "gs1/gs1-syntax-dictionary/linter_vectors.json").read_text("utf-8"))["linters"]
    checked = 0
    for row in linters["csumalpha"]:
        value = row["value"]
        if 2 <= len(value) <= 99:
            try:
                passes = check_pair(value[:-2]) == value[-2:]
            except InvalidIdentifier:
                passes = False
            assert passes == row["pass"], value
            checked += 1
    assert checked >= 10
