"""North American coupon data: AI 8110 (coupon code) and AI 8112 (positive offer file code).

A row of digits read from the left: fields of fixed length, and fields whose first digit, the variable length
indicator (VLI), tells how long they are. General Specifications 3.10 names the AIs; the layout is that of the North
American Coupon Application Guideline.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.dates import day_problem

_DIGITS = re.compile("[0-9]+", re.ASCII)
#: The VLI that says: no company prefix here, that of the first purchase counts.
_SAME = "9"


def code_problem(text: str) -> str | None:
    """What is wrong with a coupon code (AI 8110); None when it is well formed."""
    return _problem(text, _read_code)


def offer_problem(text: str) -> str | None:
    """What is wrong with a positive offer file code (AI 8112); None when it is well formed."""
    return _problem(text, _read_offer)


class _Reader:
    """A place in a row of digits. Every method raises InvalidIdentifier when what it wants is not there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def take(self, length: int, what: str) -> str:
        """The next digits."""
        found = self.text[self.place : self.place + length]
        if len(found) < length:
            raise InvalidIdentifier(f"{what} needs {length} digits from {self.place + 1} on, found {len(found)}")
        self.place += length
        return found

    def one_of(self, allowed: str, what: str) -> str:
        """The next digit, one of those allowed."""
        found = self.take(1, what)
        if found not in allowed:
            raise InvalidIdentifier(f"{what} is {found} at {self.place}, expected one of {' '.join(allowed)}")
        return found

    def sized(self, sizes: str, extra: int, what: str) -> str:
        """A field behind its VLI: as many digits as that says, and ``extra`` more."""
        return self.take(int(self.one_of(sizes, f"length of {what}")) + extra, what)

    def day(self, what: str) -> str:
        """A date YYMMDD."""
        found = self.take(6, what)
        problem = day_problem(found)
        if problem is not None:
            raise InvalidIdentifier(f"{what}: {problem}")
        return found

    def purchase(self, what: str) -> None:
        """What has to be bought: an amount, what it counts, and the family of goods."""
        self.sized("12345", 0, f"{what} purchase requirement")
        self.one_of("012349", f"{what} purchase requirement code")
        self.take(3, f"{what} purchase family code")

    def further_purchase(self, what: str) -> None:
        """A purchase of goods whose company prefix may be another one."""
        self.purchase(what)
        name = f"{what} purchase company prefix"
        size = self.one_of("0123456" + _SAME, f"length of {name}")
        if size != _SAME:
            self.take(int(size) + 6, name)


def _problem(text: str, read: Callable[[_Reader], None]) -> str | None:
    if not _DIGITS.fullmatch(text):
        return f"coupon {text[:60]!a} is not a row of digits"
    reader = _Reader(text)
    try:
        read(reader)
    except InvalidIdentifier as refused:
        return f"coupon {text[:60]}: {refused.detail}"
    if reader.place < len(text):
        return f"coupon {text[:60]}: found {text[reader.place]} at {reader.place + 1}, where nothing more fits"
    return None


def _read_code(reader: _Reader) -> None:
    reader.sized("0123456", 6, "company prefix")
    reader.take(6, "offer code")
    reader.sized("12345", 0, "save value")
    reader.purchase("1st")
    days: dict[str, str] = {}
    # Each optional field is there at most once, in the order of its number.
    for number, read in _OPTIONAL.items():
        if reader.text.startswith(number, reader.place):
            reader.place += 1
            read(reader, days)
    if days.get("expiration", "999999") < days.get("start", ""):
        raise InvalidIdentifier(f"expires {days['expiration']} before it starts {days['start']}")


def _read_second(reader: _Reader, _: dict[str, str]) -> None:
    reader.one_of("0123", "additional purchase rules code")
    reader.further_purchase("2nd")


def _read_third(reader: _Reader, _: dict[str, str]) -> None:
    reader.further_purchase("3rd")


def _read_expiration(reader: _Reader, days: dict[str, str]) -> None:
    days["expiration"] = reader.day("expiration date")


def _read_start(reader: _Reader, days: dict[str, str]) -> None:
    days["start"] = reader.day("start date")


def _read_serial(reader: _Reader, _: dict[str, str]) -> None:
    reader.sized("0123456789", 6, "serial number")


def _read_retailer(reader: _Reader, _: dict[str, str]) -> None:
    reader.sized("1234567", 6, "retailer's company prefix or GLN")


def _read_rules(reader: _Reader, _: dict[str, str]) -> None:
    reader.one_of("01256", "save value code")
    reader.one_of("012", "item that the save value applies to")
    reader.take(1, "store coupon flag")
    reader.one_of("01", "don't multiply flag")


#: The optional fields of a coupon code by their number.
_OPTIONAL: dict[str, Callable[[_Reader, dict[str, str]], None]] = {
    "1": _read_second,
    "2": _read_third,
    "3": _read_expiration,
    "4": _read_start,
    "5": _read_serial,
    "6": _read_retailer,
    "9": _read_rules,
}


def _read_offer(reader: _Reader) -> None:
    reader.one_of("01", "coupon format")
    reader.sized("0123456", 6, "coupon funder")
    reader.take(6, "offer code")
    reader.sized("0123456789", 6, "serial number")
