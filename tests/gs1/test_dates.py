"""Dates and times of element strings."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.dates import Moment, clock_problem, date_of, day_problem, days_in, moment_of, period_of, year_of

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("two_digits", "today", "year"),
    [(26, TODAY, 2026), (76, TODAY, 2076), (77, TODAY, 1977), (0, TODAY, 2000), (99, TODAY, 1999),
     (0, date(2051, 1, 1), 2100), (1, date(2051, 1, 1), 2101), (2, date(2051, 1, 1), 2002),
     (51, date(2000, 1, 1), 1951),
     (50, date(2000, 1, 1), 2050), (49, date(1999, 1, 1), 2049), (50, date(1999, 1, 1), 1950)],
)  # fmt: skip
def test_two_digits_mean_the_year_that_is_near(two_digits: int, today: date, year: int) -> None:
    assert year_of(two_digits, today) == year


@given(st.integers(0, 99), st.dates(date(1900, 1, 1), date(2900, 12, 31)))
def test_the_year_is_49_back_to_50_ahead(two_digits: int, today: date) -> None:
    year = year_of(two_digits, today)
    assert year % 100 == two_digits
    assert -49 <= year - today.year <= 50


@given(st.dates(date(1977, 1, 1), date(2076, 12, 31)))
def test_a_day_written_in_six_digits_comes_back(day: date) -> None:
    assert date_of(day.strftime("%y%m%d"), TODAY) == day
    assert date_of(day.strftime("%Y%m%d"), TODAY) == day


@pytest.mark.parametrize(
    ("value", "day"),
    [("270200", date(2027, 2, 28)), ("280200", date(2028, 2, 29)), ("271200", date(2027, 12, 31)),
     ("20000200", date(2000, 2, 29)), ("21000200", date(2100, 2, 28))],
)  # fmt: skip
def test_day_00_is_the_last_of_its_month(value: str, day: date) -> None:
    assert date_of(value, TODAY) == day


@pytest.mark.parametrize("value", ["", "2712", "271331", "270230", "27123\u0661", "00000101", "271231\n"])
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(InvalidIdentifier):
        date_of(value, TODAY)


def test_day_00_is_refused_where_the_day_must_be_told() -> None:
    assert day_problem("270200") == "date 270200 does not exist, day 00 is not 01 to 28"
    assert day_problem("270200", open_day=True) is None


@given(st.integers(1, 9999), st.integers(1, 12))
def test_months_have_the_days_of_the_calendar(year: int, month: int) -> None:
    following = date(year + month // 12, month % 12 + 1, 1) if (year, month) < (9999, 12) else None
    last = days_in(year, month)
    assert following is None or (following - date(year, month, last)).days == 1


@pytest.mark.parametrize(
    ("text", "form"), [("24", "HH"), ("2360", "HHMM"), ("2400", "HHMM"), ("60", "SS"), ("1", "MM")]
)
def test_what_is_no_time_is_refused(text: str, form: str) -> None:
    assert clock_problem(text, form) is not None


def test_a_harvest_takes_a_day_or_several() -> None:
    assert period_of("270101", TODAY) == (date(2027, 1, 1), date(2027, 1, 1))
    assert period_of("261230270102", TODAY) == (date(2026, 12, 30), date(2027, 1, 2))
    with pytest.raises(InvalidIdentifier, match="ends before it begins"):
        period_of("270102261230", TODAY)


@pytest.mark.parametrize(
    ("value", "clock"),
    [("270101", None), ("27010109", time(9)), ("2701010930", time(9, 30)), ("270101093015", time(9, 30, 15))],
)
def test_a_moment_is_a_day_with_or_without_a_time(value: str, clock: time | None) -> None:
    assert moment_of(value, TODAY) == Moment(date(2027, 1, 1), clock)


@pytest.mark.parametrize("value", ["2701012", "27010124", "2701010960", "27010109301500", "270101xx"])
def test_a_bad_time_is_refused(value: str) -> None:
    with pytest.raises(InvalidIdentifier):
        moment_of(value, TODAY)
