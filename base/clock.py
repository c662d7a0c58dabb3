"""Time: microseconds since 1970 in UTC, and the one place that asks what time it is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from suyuan.base.errors import InvalidInput

#: A clock gives microseconds since 1970-01-01T00:00:00Z. Tests and scenarios pass their own.
Clock = Callable[[], int]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Event times outside these years are refused: earlier than any record, later than any shelf life (DESIGN section 4).
FIRST_YEAR, LAST_YEAR = 1970, 2199

_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]{1,9}))?"
    r"(Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
)
#: ISO 8601 and XML Schema end at 14 hours, the time of the Line Islands.
_OFFSET = re.compile(r"([+-])(?:(0[0-9]|1[0-3]):([0-5][0-9])|14:00)")


def now() -> int:
    """The present, in microseconds since 1970 UTC."""
    return time.time_ns() // 1000


@lru_cache(maxsize=2_048)
def parse_offset(text: str) -> int:
    """Minutes east of UTC of a ``+08:00`` style zone offset; ``Z`` is 0."""
    if text == "Z":
        return 0
    match = _OFFSET.fullmatch(text)
    if not match:
        raise InvalidInput(f"zone offset {text[:16]!r} is not of the form +08:00")
    sign, hours, minutes = match.groups()
    total = int(hours) * 60 + int(minutes) if hours else 14 * 60
    return -total if sign == "-" else total


def parse_time(text: str) -> tuple[int, int]:
    """Microseconds UTC and zone offset in minutes of an ISO 8601 time that names its zone.

    Digits beyond microseconds are cut off. Years 1970 to 2199 only, as they are written.
    """
    match = _ISO.fullmatch(text)
    if not match:
        raise InvalidInput(
            f"time {text[:40]!r} is not ISO 8601 with a zone", remedy="write it as 2026-11-21T08:30:00.000+08:00"
        )
    day, hour, minute, second, fraction, zone = match.groups()
    offset = parse_offset(zone)
    seconds = _midnight(day) + int(hour) * 3600 + (int(minute) - offset) * 60 + int(second)
    return seconds * 1_000_000 + (int(fraction.ljust(6, "0")[:6]) if fraction else 0), offset


@lru_cache(maxsize=4_096)
def _midnight(day: str) -> int:
    """Seconds since 1970 at the beginning of a day in UTC. Events of one document are of few days."""
    try:
        found = date.fromisoformat(day)
    except ValueError as error:
        raise InvalidInput(f"day {day!r} does not exist: {error}") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise InvalidInput(f"year {found.year} is outside {FIRST_YEAR} to {LAST_YEAR}")
    return (found.toordinal() - _EPOCH.toordinal()) * 86_400


def format_time(micros: int, offset_minutes: int = 0) -> str:
    """ISO 8601 with milliseconds (microseconds where there are any) in the given zone, ``Z`` for UTC."""
    zone = timezone(timedelta(minutes=offset_minutes)) if offset_minutes else UTC
    moment = (_EPOCH + timedelta(microseconds=micros)).astimezone(zone)
    text = moment.isoformat(timespec="milliseconds" if micros % 1000 == 0 else "microseconds")
    return text.replace("+00:00", "Z") if not offset_minutes else text
