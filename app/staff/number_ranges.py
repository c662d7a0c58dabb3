"""Numbers of labels as people type them on a tablet: ``3, 17-20``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from suyuan.base.errors import InvalidInput
from suyuan.labels.selection import joined, parse_numbers, size

#: What Chinese keyboards and people write instead of a comma and a hyphen.
_PLAIN = str.maketrans(dict.fromkeys("，、；;\n", ",") | dict.fromkeys("–—－～~至到", "-"))
_LONGEST_NUMBER = 15
#: Most labels that one form is about: one of the writer's transactions.
MOST = 10_000


def read_numbers(text: str, place: str) -> set[int]:
    """The numbers that a text means; none for an empty text. `InvalidInput` shows the part that isn't one."""
    words = [word for word in text.translate(_PLAIN).split(",") if word.strip()]
    try:
        ranges = parse_numbers(",".join(words)) if words else []
    except InvalidInput as error:
        raise InvalidInput(error.detail, place=place, remedy="write them as 3, 17-20; labels count from 1") from None
    if size(ranges) > MOST:
        raise InvalidInput(f"{size(ranges)} numbers are more than {MOST}", place=place, remedy="do them in parts")
    return {number for first, last in ranges for number in range(first, last + 1)}


def read_number(text: str, place: str) -> int:
    """A whole number in decimal digits; spaces and thousands separators are left out."""
    digits = re.sub(r"[\s,，']", "", text)
    if not digits.isascii() or not digits.isdigit() or len(digits) > _LONGEST_NUMBER:
        raise InvalidInput(f"{text[:40]!a} is not a whole number", place=place, remedy="use the digits 0 to 9")
    return int(digits)


def write_numbers(numbers: Iterable[int]) -> str:
    """Numbers as text: ``3,17-20``."""
    ranges = joined((number, number) for number in numbers)
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
