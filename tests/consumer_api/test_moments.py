"""Times carry zones, temperatures units, texts their language."""

from __future__ import annotations

import pytest

from suyuan.base.clock import parse_time
from suyuan.consumer_api.moments import Phrase, Span, celsius, degrees, moment, phrase, span, stamp, zone_name


def test_a_time_is_told_in_its_own_zone() -> None:
    micros, zone = parse_time("2026-10-12T23:05:00+08:00")
    told = moment(micros, zone, "zh")
    assert (told.day, told.hour, told.zone) == ("2026年10月12日", "23:05", "UTC+08:00")
    assert parse_time(told.iso) == (micros, zone)
    assert stamp(micros, zone, "en") == "12 October 2026 23:05 UTC+08:00"


@pytest.mark.parametrize(
    ("minutes", "name"), [(0, "UTC+00:00"), (480, "UTC+08:00"), (-210, "UTC-03:30"), (345, "UTC+05:45")]
)
def test_a_zone_is_named_by_its_offset(minutes: int, name: str) -> None:
    assert zone_name(minutes) == name


def told(start: str, end: str, year: int, language: str = "en") -> tuple[str, int]:
    """A span of time as a reader sees it, and the year it ends in."""
    (first, zone), (last, _) = parse_time(start), parse_time(end)
    found, ends = span(first, last, zone, language, year)
    assert parse_time(found.first.iso) == (first, zone)
    assert found.last is None or parse_time(found.last.iso) == (last, zone)
    return text_of(found), ends


def text_of(found: Span) -> str:
    dash = "-" if found.same_day else " - "
    return f"{found.first.text}{dash + found.last.text if found.last else ''} {found.zone}"


@pytest.mark.parametrize(
    ("start", "end", "year", "shown"),
    [
        ("2026-10-12T07:32:49+08:00", "2026-10-13T06:15:43+08:00", 2026, "12 Oct 07:32 - 13 Oct 06:15 UTC+08:00"),
        ("2026-10-12T07:32:49+08:00", "2026-10-13T06:15:43+08:00", 0, "12 Oct 2026 07:32 - 13 Oct 06:15 UTC+08:00"),
        ("2025-12-31T23:59:00+08:00", "2026-01-01T00:00:00+08:00", 2025, "31 Dec 23:59 - 1 Jan 2026 00:00 UTC+08:00"),
        ("2026-10-12T07:32:00+08:00", "2026-10-12T17:15:00+08:00", 2026, "12 Oct 07:32-17:15 UTC+08:00"),
        ("2026-10-12T07:32:00+08:00", "2026-10-12T07:32:59+08:00", 2026, "12 Oct 07:32 UTC+08:00"),
    ],
)
def test_a_span_tells_its_zone_and_each_day_and_year_once(start: str, end: str, year: int, shown: str) -> None:
    assert told(start, end, year) == (shown, 2026)


def test_a_span_is_told_in_the_words_of_the_language() -> None:
    assert told("2026-10-12T07:32:00+08:00", "2026-10-13T06:15:00+08:00", 0, "zh") == (
        "2026年10月12日 07:32 - 10月13日 06:15 UTC+08:00",
        2026,
    )


def test_temperatures_of_every_unit_are_compared_in_celsius() -> None:
    assert celsius(4, "CEL") == 4
    assert celsius(41, "FAH") == pytest.approx(5)
    assert celsius(273.15, "KEL") == pytest.approx(0)
    assert celsius(50, "P1") is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [(2.5, "2.5\u00a0°C"), (-18.04, "−18\u00a0°C"), (-0.01, "0\u00a0°C"), (1234.5, "1,234.5\u00a0°C")],
)
def test_degrees_have_a_unit_and_a_true_minus(value: float, shown: str) -> None:
    assert degrees(value, "en") == shown


def test_a_text_falls_back_to_the_other_language_and_says_so() -> None:
    both = {"zh": "猪肉", "en": "Pork"}
    assert phrase(both, "en") == Phrase("Pork")
    assert phrase({"zh": "猪肉"}, "en") == Phrase("猪肉", "zh")
    assert phrase({"en": "", "zh": ""}, "en") is None
    assert phrase({}, "zh") is None
