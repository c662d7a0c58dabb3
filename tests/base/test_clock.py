"""Time: every form the standard allows, and nothing else."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.clock import format_time, now, parse_offset, parse_time
from suyuan.base.errors import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: From 1970 to the end of 2199, a day inside so that no zone crosses the bounds.
moments = st.integers(86_400_000_000, 7_258_032_000_000_000)
offsets = st.integers(-14 * 60, 14 * 60)


def test_now_is_in_microseconds() -> None:
    assert abs(now() - time.time() * 1_000_000) < 5_000_000


@given(moments, offsets)
def test_what_is_written_is_read_back(micros: int, offset: int) -> None:
    assert parse_time(format_time(micros, offset)) == (micros, offset)


@given(moments)
def test_milliseconds_are_written_where_they_say_all(micros: int) -> None:
    text = format_time(micros)
    assert text.endswith("Z")
    assert len(text) == (24 if micros % 1000 == 0 else 27)


@given(moments, offsets)
def test_agrees_with_the_standard_library(micros: int, offset: int) -> None:
    moment = datetime.fromisoformat(format_time(micros, offset))
    assert (moment - _EPOCH) // timedelta(microseconds=1) == micros


@pytest.mark.parametrize(
    ("text", "micros", "offset"),
    [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("1970-01-01T08:00:00+08:00", 0, 480),
        ("1970-01-01T00:00:00.000001-00:30", 1_800_000_001, -30),
        ("2026-10-12T06:00:00.1Z", 1_791_784_800_100_000, 0),
        ("2026-10-12T06:00:00.123456789Z", 1_791_784_800_123_456, 0),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000, 0),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000, 0),
        ("2199-12-31T23:59:59.999999Z", 7_258_118_399_999_999, 0),
    ],
)
def test_forms(text: str, micros: int, offset: int) -> None:
    assert parse_time(text) == (micros, offset)


@pytest.mark.parametrize(
    "text",
    ["", "2026-10-12", "2026-10-12T06:00:00", "2026-10-12 06:00:00Z", "2026-10-12T06:00Z", "2026-10-12T24:00:00Z",
     "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-10-12T06:00:61Z", "2026-10-12T06:60:00Z",
     "2026-10-12T06:00:00z", "2026-10-12T06:00:00+8:00", "2026-10-12T06:00:00+15:00", "2026-10-12T06:00:00+14:01",
     "2026-10-12T06:00:00+0800", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
     "2026-10-12T06:00:00.Z", "２０２６-10-12T06:00:00Z", " 2026-10-12T06:00:00Z", "2026-10-12T06:00:00Z\n",
     "+2026-10-12T06:00:00Z", "x" * 100_000],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_time(text)


@given(st.text())
def test_any_text_is_a_time_or_refused(text: str) -> None:
    for parse in (parse_time, parse_offset):
        with contextlib.suppress(InvalidInput):
            parse(text)


@given(offsets)
def test_offsets(minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    assert parse_offset(f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}") == minutes


def test_z_is_no_offset() -> None:
    assert parse_offset("Z") == 0
