"""Times, temperatures and texts as a page shows them: with zone, with unit, in the page's language."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

import msgspec
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from suyuan.base import clock
from suyuan.trace.master_data import Text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Day before month, as most readers of English outside America write it: 12 October 2026.
_DATES = {"en": "en_GB"}


class Phrase(msgspec.Struct, frozen=True):
    """A text of the data, and the language it is in where that is not the page's."""

    text: str
    language: str | None = None


class Moment(msgspec.Struct, frozen=True):
    """A point in time as a page shows it."""

    iso: str  #: for ``<time datetime>``
    day: str
    hour: str
    zone: str  #: ``UTC+08:00``


class Point(msgspec.Struct, frozen=True):
    """An end of a span of time."""

    iso: str  #: for ``<time datetime>``
    text: str


class Span(msgspec.Struct, frozen=True):
    """A span of time as a page shows it: ``12 Oct 07:32 – 13 Oct 06:15 UTC+08:00``."""

    first: Point
    last: Point | None  #: None where it is the same minute
    same_day: bool
    zone: str


def phrase(text: Text, language: str) -> Phrase | None:
    """The text in *language*, else in the other one (marked as such); None where there is no text."""
    if text.get(language):
        return Phrase(text[language])
    return next((Phrase(value, key) for key, value in text.items() if value), None)


def moment(micros: int, zone: int, language: str) -> Moment:
    """A time (microseconds UTC) in its own zone (minutes east of UTC)."""
    local = _local(micros, zone)
    return Moment(clock.format_time(micros, zone), _day(local.date(), language), _hour(local), zone_name(zone))


def span(start: int, end: int, zone: int, language: str, year: int) -> tuple[Span, int]:
    """From *start* to *end* (microseconds UTC) in one zone, and the year that it ends in.

    A year is told where it isn't *year*, the one that the reader knows already; a day where it is another one.
    """
    first, last = _local(start, zone), _local(end, zone)
    told = Point(clock.format_time(start, zone), f"{_short_day(first.date(), year, language)} {_hour(first)}")
    if (first.date(), _hour(first)) == (last.date(), _hour(last)):
        return Span(told, None, False, zone_name(zone)), first.year
    same = first.date() == last.date()
    hour = _hour(last) if same else f"{_short_day(last.date(), first.year, language)} {_hour(last)}"
    return Span(told, Point(clock.format_time(end, zone), hour), same, zone_name(zone)), last.year


def stamp(micros: int, zone: int, language: str) -> str:
    """Day, time and zone in one text."""
    told = moment(micros, zone, language)
    return f"{told.day} {told.hour} {told.zone}"


def zone_name(zone: int) -> str:
    """``UTC+08:00`` for 480 minutes east."""
    sign = "-" if zone < 0 else "+"
    return f"UTC{sign}{abs(zone) // 60:02d}:{abs(zone) % 60:02d}"


def celsius(value: float, unit: str) -> float | None:
    """A temperature in degrees Celsius from its UN/CEFACT unit (CEL, FAH, KEL); None for another unit."""
    match unit:
        case "CEL":
            return value
        case "FAH":
            return (value - 32) * 5 / 9
        case "KEL":
            return value - 273.15
    return None


@lru_cache(maxsize=4096)
def degrees(value: float, language: str) -> str:
    """``-2.5 °C`` with the language's own digits, a true minus sign, and a space that no line breaks at."""
    return f"{format_decimal(round(value, 1) + 0.0, '#,##0.#', locale=language)}\u00a0°C".replace("-", "−")


@lru_cache(maxsize=4096)
def _day(day: date, language: str) -> str:
    """A journey has many times on few days, and Babel takes 50 microseconds for one."""
    return str(format_date(day, "long", locale=_DATES.get(language, language)))


@lru_cache(maxsize=4096)
def _short_day(day: date, year: int, language: str) -> str:
    skeleton = "MMMd" if day.year == year else "yMMMd"
    return str(format_skeleton(skeleton, day, locale=_DATES.get(language, language)))


def _hour(local: datetime) -> str:
    return f"{local.hour:02d}:{local.minute:02d}"


def _local(micros: int, zone: int) -> datetime:
    return (_EPOCH + timedelta(microseconds=micros)).astimezone(timezone(timedelta(minutes=zone)))
