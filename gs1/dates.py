"""Dates and times inside element strings: six digits that mean a day, and what day they mean.

GS1 General Specifications 3.4 (dates), 7.12 (the century). A date of six digits is YYMMDD. Day 00, where an AI allows
it, leaves the day open; who needs a day takes the last one of the month.
"""

from __future__ import annotations

import re
from datetime import date, time
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier

_DIGITS = re.compile("[0-9]*", re.ASCII)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Moment(NamedTuple):
    """A day and, where the element string tells it, a time of day. In local time: GS1 dates carry no zone."""

    day: date
    clock: time | None


def days_in(year: int, month: int) -> int:
    """Days of a month, 1 to 12, in the Gregorian calendar; any year from 0 on."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _DAYS[month - 1]


def day_problem(text: str, *, form: str = "YYMMDD", open_day: bool = False) -> str | None:
    """What is wrong with a date of the form ``YYMMDD`` or ``YYYYMMDD``; None when it exists.

    With ``open_day`` the day may be 00. In two digits the century does not matter for what exists: 00 is 2000, a leap
    year like every other YY divisible by four.
    """
    if len(text) != len(form) or not _DIGITS.fullmatch(text):
        return f"{text[:20]!a} is not a date, expected digits {form}"
    year, month, day = int(text[:-4]), int(text[-4:-2]), int(text[-2:])
    if not 1 <= month <= 12:
        return f"date {text} does not exist, month {month:02d} is not 01 to 12"
    last = days_in(year, month)
    if day > last or (day == 0 and not open_day):
        return f"date {text} does not exist, day {day:02d} is not {'00' if open_day else '01'} to {last}"
    return None


def clock_problem(text: str, form: str) -> str | None:
    """What is wrong with a time of day of the form ``HH``, ``HHMM``, ``MM`` or ``SS``; None when it exists."""
    if len(text) != len(form) or not _DIGITS.fullmatch(text):
        return f"{text[:20]!a} is not a time, expected digits {form}"
    hours = int(text[:2]) if form.startswith("HH") else 0
    rest = int(text[-2:]) if form != "HH" else 0
    if hours > 23 or rest > 59:
        return f"time {text} does not exist, expected {form} from {'0' * len(form)}"
    return None


def year_of(two_digits: int, today: date) -> int:
    """The year that YY means on a day: at most 49 years back, at most 50 ahead (General Specifications 7.12)."""
    gap = two_digits - today.year % 100
    century = today.year - today.year % 100
    if gap >= 51:
        return century - 100 + two_digits
    return century + 100 + two_digits if gap <= -50 else century + two_digits


def date_of(value: str, today: date) -> date:
    """The day that YYMMDD or YYYYMMDD means, read on ``today``; day 00 is the last of its month.

    Raises InvalidIdentifier for what is not a date.
    """
    problem = day_problem(value, form="YYYYMMDD" if len(value) == 8 else "YYMMDD", open_day=True)
    if problem is not None:
        raise InvalidIdentifier(problem)
    year, month = int(value[:-4]), int(value[-4:-2])
    if len(value) == 6:
        year = year_of(year, today)
    if not 1 <= year <= 9999:
        raise InvalidIdentifier(f"date {value} lies outside the years 0001 to 9999")
    return date(year, month, int(value[-2:]) or days_in(year, month))


def period_of(value: str, today: date) -> tuple[date, date]:
    """First and last day of a harvest date (AI 7007): one day, or two of which the first is not the later one.

    Raises InvalidIdentifier for what is neither.
    """
    first = date_of(value[:6], today)
    last = date_of(value[6:], today) if len(value) > 6 else first
    if last < first:
        raise InvalidIdentifier(f"harvest date {value} ends before it begins")
    return first, last


def moment_of(value: str, today: date) -> Moment:
    """Day and time of a value that begins with YYMMDD and goes on with HH, HHMM or HHMMSS, or ends there.

    AIs 7003, 7011, 8008, 4324, 4325 and the plain dates. Raises InvalidIdentifier for anything else.
    """
    day, clock = date_of(value[:6], today), value[6:]
    if not clock:
        return Moment(day, None)
    parts = [clock[place : place + 2] for place in range(0, len(clock), 2)]
    forms = ("HH", "MM", "SS")
    if len(parts) > len(forms):
        raise InvalidIdentifier(f"time {clock[:20]!a} is longer than HHMMSS")
    for part, form in zip(parts, forms, strict=False):
        problem = clock_problem(part, form)
        if problem is not None:
            raise InvalidIdentifier(problem)
    hours, minutes, seconds = (*map(int, parts), 0, 0)[:3]
    return Moment(day, time(hours, minutes, seconds))
