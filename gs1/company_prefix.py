"""How long the GS1 Company Prefix is: what EPC URNs and most tags say and AI values do not (TDS 2.3, 7.3).

GS1 publishes the lengths as a list of prefixes, in JSON and XML; it may not be passed on, so none comes with Suyuan. An
installation names its own file: GS1's list, or its own company prefixes, one a line. Nothing is ever guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from suyuan.base.errors import InvalidInput
from suyuan.gs1.epc_uri import LONGEST_PREFIX, SHORTEST_PREFIX

#: Longest list that is read, in characters: GS1's has about 4 million.
LONGEST = 64_000_000
#: Where the company prefix begins in a key's value: behind an indicator, an extension digit, or the 0 of a GRAI.
_STARTS = {"00": 1, "01": 1, "02": 1, "03": 1, "8003": 1, "8006": 1} | dict.fromkeys(
    ("253", "255", "401", "402", "410", "411", "412", "413", "414", "415", "416", "417", "8004", "8010", "8013", "8017",
     "8018"), 0,
)  # fmt: skip
#: Keys that begin with a GTIN: what begins with five zeros behind the indicator is a GTIN-8, which has no such prefix.
_GTINS = frozenset({"01", "02", "03", "8006"})
_GTIN_8 = "00000"

_DIGITS = re.compile("[0-9]+", re.ASCII)
_LENGTH = re.compile("[0-9]{1,2}", re.ASCII)
_ENTRY = re.compile(r"<entry\b([^<>]*)>")
_ATTRIBUTE = re.compile(r"""\b(prefix|gcpLength)\s*=\s*["']([^"'<>]*)["']""")


class CompanyPrefixes(msgspec.Struct, frozen=True):
    """Lengths of company prefixes by the digits that they begin with; 0 where nobody has such a prefix."""

    lengths: dict[str, int] = {}

    def length_of(self, ai: str, key: str) -> int | None:
        """Digits of the company prefix in the value of a key's AI, 6 to 12; None where the list does not tell.

        The longest entry that the digits begin with decides. The value must be one that the AI may hold.
        """
        start = _STARTS.get(ai)
        if start is None:
            return None
        digits = key[start : start + LONGEST_PREFIX]
        if ai in _GTINS and digits.startswith(_GTIN_8):
            return None
        for end in range(len(digits), 0, -1):
            length = self.lengths.get(digits[:end])
            if length is not None:
                return length if length and _DIGITS.fullmatch(digits[:length]) and len(digits) >= length else None
        return None


#: What is known without a file.
NONE = CompanyPrefixes()


def parse(text: str) -> CompanyPrefixes:
    """A list of company prefixes: GS1's in JSON or XML, or lines of a prefix and the length of what begins with it.

    A line with one number is a company prefix of that length; what follows ``#`` is a comment.
    Raises InvalidInput, naming the line or entry.
    """
    if len(text) > LONGEST:
        raise InvalidInput(f"list of company prefixes has {len(text)} characters, expected at most {LONGEST}")
    start = text.lstrip("\ufeff \t\r\n")[:1]
    rows = _json(text) if start == "{" else _xml(text) if start == "<" else _lines(text)
    lengths: dict[str, int] = {}
    for place, prefix, length in rows:
        found = _checked(place, prefix, length)
        if lengths.setdefault(prefix, found) != found:
            raise InvalidInput(f"prefix {prefix} has length {lengths[prefix]} above, and {found} here", place=place)
    if not lengths:
        raise InvalidInput("list of company prefixes is empty")
    return CompanyPrefixes(lengths)


def of(prefixes: Iterable[str]) -> CompanyPrefixes:
    """The list of these company prefixes. Raises InvalidInput for one that is not 6 to 12 digits."""
    return CompanyPrefixes({prefix: _checked("company prefix", prefix, str(len(prefix))) for prefix in prefixes})


def _checked(place: str, prefix: object, length: object) -> int:
    if not isinstance(prefix, str) or not _DIGITS.fullmatch(prefix) or len(prefix) > LONGEST_PREFIX:
        raise InvalidInput(f"prefix {str(prefix)[:40]!a} is not 1 to {LONGEST_PREFIX} digits", place=place)
    number = int(str(length)) if _LENGTH.fullmatch(str(length)) else -1
    if number and not SHORTEST_PREFIX <= number <= LONGEST_PREFIX:
        raise InvalidInput(
            f"length {str(length)[:40]!a} of {prefix} is neither 0 nor {SHORTEST_PREFIX} to {LONGEST_PREFIX}",
            place=place,
        )
    if 0 < number < len(prefix):
        raise InvalidInput(f"prefix {prefix} has {len(prefix)} digits, more than its length {number}", place=place)
    return number


_Row = tuple[str, Any, Any]


def _json(text: str) -> Iterator[_Row]:
    try:
        entries = msgspec.json.decode(text.lstrip("\ufeff"))["GCPPrefixFormatList"]["entry"]
        rows = [(entry["prefix"], entry["gcpLength"]) for entry in entries]
    except (msgspec.DecodeError, KeyError, TypeError, UnicodeEncodeError, RecursionError) as error:
        raise InvalidInput(
            f"list of company prefixes is no JSON of that form: {str(error)[:80]}",
            remedy='expected {"GCPPrefixFormatList": {"entry": [{"prefix": "952", "gcpLength": 7}, ...]}}',
        ) from None
    for number, (prefix, length) in enumerate(rows, 1):
        yield f"entry {number}", prefix, length


def _xml(text: str) -> Iterator[_Row]:
    line, place = 1, 0
    for match in _ENTRY.finditer(text):
        line += text.count("\n", place, match.start())
        place = match.start()
        found = dict(_ATTRIBUTE.findall(match[1]))
        yield f"line {line}", found.get("prefix"), found.get("gcpLength")


def _lines(text: str) -> Iterator[_Row]:
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        words = line.partition("#")[0].split()
        if len(words) > 2:
            raise InvalidInput(f"{line[:60]!a} is not a prefix and a length", place=f"line {number}")
        if words:
            yield f"line {number}", words[0], words[1] if len(words) == 2 else str(len(words[0]))
