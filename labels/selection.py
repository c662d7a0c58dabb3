"""Which labels somebody means: ``1-500,502`` as ranges in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from suyuan.base.errors import InvalidInput
from suyuan.labels.allocation import MOST_LABELS

#: Both ends in.
Range = tuple[int, int]

_RANGE: Final = re.compile(r"\s*([0-9]{1,7})\s*(?:-\s*([0-9]{1,7})\s*)?", re.ASCII)
#: Longest text of ranges, in characters: some 30,000 single numbers.
_LONGEST: Final = 250_000


def parse_numbers(text: str) -> list[Range]:
    """Ranges in ascending order, joined where they touch or overlap. Raises `InvalidInput`."""
    if len(text) > _LONGEST:
        raise InvalidInput(f"{len(text)} characters are over {_LONGEST}", place="/numbers", remedy="send it in parts")
    return joined(_range(word) for word in text.split(","))


def _range(word: str) -> Range:
    match = _RANGE.fullmatch(word)
    first = int(match[1]) if match else 0
    last = int(match[2] or match[1]) if match else 0
    if not 1 <= first <= last <= MOST_LABELS:
        raise InvalidInput(
            f"{word[:40]!a} is no range of label numbers",
            place="/numbers",
            remedy="write 1-500,502: labels count from 1",
        )
    return first, last


def joined(ranges: Iterable[Range]) -> list[Range]:
    """The same numbers as few ranges in ascending order."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def written(ranges: Iterable[Range]) -> str:
    """Ranges as text: what `parse_numbers` reads."""
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in ranges)


def size(ranges: Sequence[Range]) -> int:
    """How many numbers these ranges have."""
    return sum(last - first + 1 for first, last in ranges)


def parts(ranges: Iterable[Range], most: int) -> Iterator[list[Range]]:
    """Ranges in lists of at most ``most`` numbers each."""
    part: list[Range] = []
    for first, last in ranges:
        start = first
        while start <= last:
            room = most - size(part)
            end = min(last, start + room - 1)
            part.append((start, end))
            start = end + 1
            if size(part) == most:
                yield part
                part = []
    if part:
        yield part
