"""Coupon codes and positive offer files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.gs1.coupons import code_problem, offer_problem

#: Company prefix 012345 of six digits, offer 000001, save value 5 of one digit, one unit to buy of family 000.
PLAIN = "0012345000001151" + "1" + "0" + "000"


def test_a_coupon_with_every_field_is_read() -> None:
    second, third = "10110000" + "9", "2110000" + "0123456"
    days, serial, retailer, rules = "3271231" + "4270101", "50123456", "61" + "1234567", "90000"
    assert code_problem(PLAIN) is None
    assert code_problem(PLAIN + second + third + days + serial + retailer + rules) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a row of digits"),
        ("00123A", "not a row of digits"),
        ("0012", "company prefix needs 6 digits from 2 on, found 3"),
        ("9", "length of company prefix is 9 at 1"),
        (PLAIN + "7", "where nothing more fits"),
        (PLAIN + "50123456" + "3271231", "where nothing more fits"),
        (PLAIN + "3271331", "month 13"),
        (PLAIN + "3270101" + "4271231", "expires 270101 before it starts 271231"),
        (PLAIN + "94", "save value code is 4"),
    ],
)
def test_a_bad_coupon_is_refused_with_the_field(text: str, says: str) -> None:
    assert says in (code_problem(text) or "")


def test_an_offer_is_read() -> None:
    assert offer_problem("0" + "0012345" + "000001" + "0123456") is None
    assert "coupon format is 7" in (offer_problem("7001234500000100123456") or "")
    assert "nothing more fits" in (offer_problem("0" + "0012345" + "000001" + "0123456" + "1") or "")


@given(st.text("0123456789", max_size=70))
def test_any_row_of_digits_is_read_or_refused(text: str) -> None:
    for problem in (code_problem(text), offer_problem(text)):
        assert problem is None or problem.isascii()
