"""Query schedules: when a standing query runs (EPCIS 2.0 and 1.2, section 8.2.5.3).

A time matches when each of its parts matches the field of that name; a field that is left out matches everything. The
service chooses the zone, and this one chose UTC. One departure, which the standard lets a service make: with a minute
given and no second, the query runs once in each matching minute and not sixty times, as the example of the standard's
REST binding has it ("every morning at 1.05am"). That binding also shows ``0/30``, every 30th from 0, which is read.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from suyuan.base.clock import LAST_YEAR
from suyuan.base.errors import InvalidSubscription

#: The fields with their first and last value. Days of the week count from Monday, 1.
FIELDS: Final = {
    "second": (0, 59), "minute": (0, 59), "hour": (0, 23), "dayOfMonth": (1, 31), "month": (1, 12), "dayOfWeek": (1, 7),
}  # fmt: skip
_ELEMENT = re.compile(r"(?P<number>[0-9]{1,4})(?:/(?P<step>[0-9]{1,4}))?|\[(?P<low>[0-9]{1,4})-(?P<high>[0-9]{1,4})\]")
_LONGEST_FIELD = 400
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Schedule(msgspec.Struct, frozen=True):
    """The values that match, ascending, of each field. Made by `read_schedule`."""

    second: tuple[int, ...]
    minute: tuple[int, ...]
    hour: tuple[int, ...]
    day_of_month: tuple[int, ...]
    month: tuple[int, ...]
    day_of_week: tuple[int, ...]

    def after(self, time: int) -> int | None:
        """The first matching time later than ``time``, microseconds UTC; None when there is none before 2200."""
        start = _EPOCH + timedelta(seconds=time // 1_000_000 + 1)
        in_day = self._time_of_day(start.hour, start.minute, start.second)
        if in_day is not None and self._matches(start.date()):
            return _microseconds(start.date(), in_day)
        first = self._time_of_day(0, 0, 0)
        day = next(self._days(start.date() + timedelta(days=1)), None)
        return None if day is None or first is None else _microseconds(day, first)

    def _matches(self, day: date) -> bool:
        return day.month in self.month and day.day in self.day_of_month and day.isoweekday() in self.day_of_week

    def _days(self, start: date) -> Iterator[date]:
        """Matching days from ``start`` on."""
        for year in range(start.year, LAST_YEAR + 1):
            for month in self.month:
                last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
                for number in self.day_of_month:
                    if number <= last and (day := date(year, month, number)) >= start and self._matches(day):
                        yield day

    def _time_of_day(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """The first matching time of a day that is not before this one."""
        if hour in self.hour:
            if minute in self.minute and (found := _not_before(self.second, second)) is not None:
                return hour, minute, found
            if (found := _not_before(self.minute, minute + 1)) is not None:
                return hour, found, self.second[0]
        later = _not_before(self.hour, hour + 1)
        return None if later is None else (later, self.minute[0], self.second[0])


def read_schedule(fields: Mapping[str, Any], place: str = "schedule") -> Schedule:
    """A schedule from the standard's fields. `InvalidSubscription` (SubscriptionControlsException) names a bad one."""
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise InvalidSubscription(
            f"a schedule has no field {unknown[0][:40]!a}", place=place, remedy=f"known: {', '.join(FIELDS)}"
        )
    given = {name: value for name, value in fields.items() if value is not None}
    if not given:
        raise InvalidSubscription("the schedule has no field", place=place, remedy="give at least minute and hour")
    values = {name: _read_field(given[name], name, f"{place}/{name}") for name in given}
    every = {name: tuple(range(low, high + 1)) for name, (low, high) in FIELDS.items()}
    if "minute" in values:
        every["second"] = (0,)
    whole = every | values
    if not any(whole["dayOfMonth"][0] <= _LONGEST_MONTH[month - 1] for month in whole["month"]):
        raise InvalidSubscription(
            "no month of the schedule has such a day", place=f"{place}/dayOfMonth", remedy="it would never run"
        )
    return Schedule(
        whole["second"], whole["minute"], whole["hour"], whole["dayOfMonth"], whole["month"], whole["dayOfWeek"]
    )


def _read_field(value: Any, name: str, place: str) -> tuple[int, ...]:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # the binding says string, its own examples of parameters are numbers
    if not isinstance(value, str) or len(value) > _LONGEST_FIELD:
        raise InvalidSubscription(f"{name} is not a string of at most {_LONGEST_FIELD} characters", place=place)
    found: set[int] = set()
    for element in value.split(","):
        found.update(_read_element(element.strip(), name, place))
    return tuple(sorted(found))


def _read_element(element: str, name: str, place: str) -> range:
    low, high = FIELDS[name]
    match = _ELEMENT.fullmatch(element)
    if match is None:
        raise InvalidSubscription(
            f"{name} has {element[:40]!a}, which is neither a number nor a range", place=place,
            remedy="write 5, [8-17] or a list such as 0,15,[30-40]",
        )  # fmt: skip
    step = 1
    if match["low"] is not None:
        first, last = int(match["low"]), int(match["high"])
    elif match["step"] is not None:
        first, last, step = int(match["number"]), high, int(match["step"])
    else:
        first = last = int(match["number"])
    if not low <= first <= last <= high or step < 1:
        raise InvalidSubscription(
            f"{name} has {element[:40]!a}, outside {low} to {high} or backwards", place=place,
            remedy="the first number of a range is the smaller one",
        )  # fmt: skip
    return range(first, last + 1, step)


def _not_before(values: tuple[int, ...], least: int) -> int | None:
    at = bisect_left(values, least)
    return values[at] if at < len(values) else None


def _microseconds(day: date, time: tuple[int, int, int]) -> int:
    moment = datetime(day.year, day.month, day.day, *time, tzinfo=UTC)
    return int((moment - _EPOCH).total_seconds()) * 1_000_000
