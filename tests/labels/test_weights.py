"""Net weights as AI 310n."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidInput
from suyuan.gs1.application_identifiers import check_value
from suyuan.labels.weights import net_weight


@pytest.mark.parametrize(
    ("kilograms", "element"),
    [
        ("0.356", ("3103", "000356")),
        ("12", ("3100", "000012")),
        ("1.50", ("3102", "000150")),
        ("007", ("3100", "000007")),
        ("9.99999", ("3105", "999999")),
        ("999999", ("3100", "999999")),
    ],
)
def test_the_last_digit_of_the_ai_counts_decimals(kilograms: str, element: tuple[str, str]) -> None:
    assert net_weight(kilograms) == element


@pytest.mark.parametrize(
    "text", ["", "0", "0.000", "-1", "1,5", "1.", ".5", "1e3", "1234.567", "0.123456", "１", "nan", " 1"]
)
def test_what_is_no_weight_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"0\.356"):
        net_weight(text)


@given(grams=st.integers(1, 999_999), decimals=st.integers(0, 5))
def test_the_value_is_the_weight_and_the_standard_allows_it(grams: int, decimals: int) -> None:
    text = f"{Decimal(grams).scaleb(-decimals):f}"
    ai, value = net_weight(text)
    check_value(ai, value)
    assert Decimal(value).scaleb(-int(ai[3])) == Decimal(text)


@given(text=st.text(max_size=12))
def test_any_text_gives_an_element_or_a_refusal(text: str) -> None:
    try:
        ai, value = net_weight(text)
    except InvalidInput:
        return
    check_value(ai, value)
