"""Schedules of standing queries, against a search that tries every second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.clock import format_time, parse_time
from suyuan.base.errors import InvalidSubscription
from suyuan.epcis.schedule import FIELDS, read_schedule


def after(fields: dict[str, str], time: str) -> str | None:
    found = read_schedule(fields).after(parse_time(time)[0])
    return None if found is None else format_time(found)


@pytest.mark.parametrize(
    ("fields", "time", "expected"),
    [
        ({"second": "0", "minute": "0"}, "2026-11-21T08:30:00Z", "2026-11-21T09:00:00.000Z"),
        ({"second": "0", "minute": "30", "hour": "2"}, "2026-11-21T08:30:00Z", "2026-11-22T02:30:00.000Z"),
        ({"second": "0", "minute": "0", "dayOfWeek": "[1-5]"}, "2026-11-20T23:59:59Z", "2026-11-23T00:00:00.000Z"),
        ({"hour": "2"}, "2026-11-21T02:00:00Z", "2026-11-21T02:00:01.000Z"),
        ({"second": "0/30"}, "2026-11-21T02:00:00.500Z", "2026-11-21T02:00:30.000Z"),
        ({"minute": "0,[10-12]", "second": "5"}, "2026-11-21T02:12:05Z", "2026-11-21T03:00:05.000Z"),
        ({"dayOfMonth": "31", "hour": "0", "minute": "0"}, "2026-11-01T00:00:00Z", "2026-12-31T00:00:00.000Z"),
        ({"dayOfMonth": "29", "month": "2", "minute": "0"}, "2026-11-01T00:00:00Z", "2028-02-29T00:00:00.000Z"),
        ({"month": "12", "dayOfMonth": "31", "minute": "59"}, "2199-12-31T23:59:30Z", None),
    ],
)
def test_the_examples_of_the_standard_run_when_it_says(fields: dict[str, str], time: str, expected: str | None) -> None:
    assert after(fields, time) == expected


def test_with_a_minute_and_no_second_a_query_runs_once_in_the_minute() -> None:
    first = after({"hour": "1", "minute": "5"}, "2026-11-21T00:00:00Z")
    assert first == "2026-11-21T01:05:00.000Z"
    assert after({"hour": "1", "minute": "5"}, first) == "2026-11-22T01:05:00.000Z"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({}, "schedule"),
        ({"minutes": "1"}, "schedule"),
        ({"second": "60"}, "schedule/second"),
        ({"hour": "[9-8]"}, "schedule/hour"),
        ({"hour": "9-10"}, "schedule/hour"),
        ({"hour": ""}, "schedule/hour"),
        ({"hour": "1,,2"}, "schedule/hour"),
        ({"hour": "*"}, "schedule/hour"),
        ({"hour": "-1"}, "schedule/hour"),
        ({"minute": "0/0"}, "schedule/minute"),
        ({"dayOfWeek": "0"}, "schedule/dayOfWeek"),
        ({"month": "13"}, "schedule/month"),
        ({"hour": True}, "schedule/hour"),
        ({"hour": "1," * 500 + "1"}, "schedule/hour"),
        ({"dayOfMonth": "31", "month": "2,4"}, "schedule/dayOfMonth"),
        ({"dayOfMonth": "30", "month": "2"}, "schedule/dayOfMonth"),
    ],
)
def test_what_the_standard_does_not_allow_is_refused_with_its_place(fields: dict[str, str], place: str) -> None:
    with pytest.raises(InvalidSubscription) as refused:
        read_schedule(fields)
    assert refused.value.place == place


@st.composite
def fields_of_schedules(draw: st.DrawFn) -> dict[str, str]:
    fields = {}
    for name, (low, high) in FIELDS.items():
        if not draw(st.booleans()):
            continue
        elements = []
        for _ in range(draw(st.integers(1, 3))):
            first = draw(st.integers(low, high))
            last = draw(st.integers(first, high))
            elements.append(draw(st.sampled_from([str(first), f"[{first}-{last}]"])))
        fields[name] = ",".join(elements)
    return fields or {"second": "0"}


def matches(fields: dict[str, str], moment: datetime) -> bool:
    """The standard's rule, word by word."""
    parts = {
        "second": moment.second, "minute": moment.minute, "hour": moment.hour, "dayOfMonth": moment.day,
        "month": moment.month, "dayOfWeek": moment.isoweekday(),
    }  # fmt: skip
    wanted = fields if "second" in fields or "minute" not in fields else fields | {"second": "0"}
    for name, field in wanted.items():
        values: set[int] = set()
        for element in field.split(","):
            low, _, high = element.strip("[]").partition("-")
            values.update(range(int(low), int(high or low) + 1))
        if parts[name] not in values:
            return False
    return True


@settings(max_examples=60, deadline=None)
@given(fields=fields_of_schedules(), start=st.datetimes(datetime(2024, 2, 27), datetime(2028, 3, 2)))  # noqa: DTZ001
def test_the_next_time_is_the_first_second_that_matches(fields: dict[str, str], start: datetime) -> None:
    try:
        schedule = read_schedule(fields)
    except InvalidSubscription:  # 31 February
        return
    begun = start.replace(tzinfo=UTC)
    found = schedule.after(int(begun.timestamp()) * 1_000_000 + begun.microsecond)
    second = begun.replace(microsecond=0)
    for _ in range(7_200):
        second += timedelta(seconds=1)
        if matches(fields, second):
            assert found == int(second.timestamp()) * 1_000_000
            return
    assert found is None or found > int(second.timestamp()) * 1_000_000
    if found is not None:
        assert matches(fields, datetime.fromtimestamp(found // 1_000_000, UTC))
