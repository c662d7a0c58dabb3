"""The fields of the classic EPC binary encodings (TDS 2.3, 14.3 and 14.4): one coding method, one class.

Each field reads its text from the bits of a tag and writes its bits from the text of a URI. Both refuse what would not
come back as it was: TDS allows no leading zero where a number stands, and no bit behind the end of a string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.characters import AI82, OTHER_ESCAPE_39, urn_escape, urn_unescape

_DIGITS = re.compile("[0-9]*", re.ASCII)
_CAGE = re.compile("[0-9A-HJ-NP-Z]{5,6}", re.ASCII)
_AI82 = re.compile(f"[{AI82}]*", re.ASCII)
#: What a 7-bit code stands for in a URI; empty where it stands for nothing (TDS annex A).
_URI_FORMS = tuple(urn_escape(chr(code)) if code and _AI82.fullmatch(chr(code)) else "" for code in range(128))
#: The 6-bit characters, by their codes: the lowest six bits of ASCII (TDS annex G). Code 0 ends a string.
_SIX_BITS = {ord(character) & 63: character for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/# "}


class Reader:
    """The bits of a tag, most significant first."""

    __slots__ = ("_value", "left")

    def __init__(self, value: int, width: int) -> None:
        self._value = value
        #: How many bits have not been read.
        self.left = width

    def take(self, count: int) -> int:
        """The next bits as a number. Raises InvalidIdentifier when there are fewer."""
        if count > self.left:
            raise InvalidIdentifier(f"the tag ends inside a field: {self.left} bits are left, expected {count}")
        self.left -= count
        return self._value >> self.left & (1 << count) - 1


class Field(Protocol):
    """A field between dots of a tag URI and its bits."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def read(self, bits: Reader) -> str:
        """Its text as in a URI. Raises InvalidIdentifier."""

    def write(self, text: str) -> tuple[int, int]:
        """Its bits, as a number and how many. Raises InvalidIdentifier when the text does not fit."""


def _check_digits(name: str, text: str) -> None:
    if not _DIGITS.fullmatch(text):
        raise InvalidIdentifier(f"{name} {text[:60]!a} does not fit the tag: expected digits only")


@dataclass(frozen=True, slots=True)
class Integer:
    """A number without leading zeros (TDS 14.3.1; the reference of 14.3.4)."""

    name: str
    bits: int
    #: The smallest number that is too large.
    limit: int

    def read(self, bits: Reader) -> str:
        """The number."""
        number = bits.take(self.bits)
        if number >= self.limit:
            raise InvalidIdentifier(f"{self.name} {number} on the tag is too large: expected below {self.limit}")
        return str(number)

    def write(self, text: str) -> tuple[int, int]:
        """Its bits."""
        _check_digits(self.name, text)
        if not text or (text[0] == "0" and text != "0"):
            raise InvalidIdentifier(
                f"{self.name} {text[:60]!a} does not fit the tag: expected a number without leading zeros"
            )
        # The length comes first: int() of a long text takes time in its square.
        if len(text) > len(str(self.limit)) or int(text) >= self.limit:
            raise InvalidIdentifier(
                f"{self.name} {text[:60]!a} is too large for the tag size: expected below {self.limit}"
            )
        return int(text), self.bits


@dataclass(frozen=True, slots=True)
class Padded:
    """A number with all its leading zeros (TDS 14.3.3, 14.3.10); without any digit it is empty, and its bits zero."""

    name: str
    bits: int
    digits: int

    def read(self, bits: Reader) -> str:
        """All digits."""
        number = bits.take(self.bits)
        if number >= 10**self.digits:
            raise InvalidIdentifier(
                f"{self.name} {number} on the tag is too large: expected at most {self.digits} digits"
            )
        return f"{number:0{self.digits}d}" if self.digits else ""

    def write(self, text: str) -> tuple[int, int]:
        """Its bits."""
        _check_digits(self.name, text)
        if len(text) != self.digits:
            raise InvalidIdentifier(f"{self.name} {text[:60]!a} has {len(text)} digits, expected {self.digits}")
        return int(text or "0"), self.bits


@dataclass(frozen=True, slots=True)
class NumericString:
    """Digits whose leading zeros count: they are kept by a 1 in front (TDS 14.3.6)."""

    name: str
    bits: int
    longest: int

    def read(self, bits: Reader) -> str:
        """The digits behind the 1."""
        digits = str(bits.take(self.bits))
        if digits[0] != "1" or not 1 < len(digits) <= self.longest + 1:
            raise InvalidIdentifier(
                f"{self.name} {digits} on the tag must be a 1 and 1 to {self.longest} digits behind it"
            )
        return digits[1:]

    def write(self, text: str) -> tuple[int, int]:
        """Its bits."""
        _check_digits(self.name, text)
        if not 0 < len(text) <= self.longest:
            raise InvalidIdentifier(f"{self.name} {text[:60]!a} has {len(text)} digits, expected 1 to {self.longest}")
        return int("1" + text), self.bits


@dataclass(frozen=True, slots=True)
class String7:
    """1 to ``longest`` characters of the AI 82 set in 7 bits each, zeros behind them (TDS 14.3.2, 14.3.5)."""

    name: str
    bits: int
    longest: int

    def read(self, bits: Reader) -> str:
        """The characters as in a URI."""
        value, shift, text = bits.take(self.bits), self.bits, []
        while shift >= 7:
            shift -= 7
            code = value >> shift & 127
            if not code:
                break
            text.append(_URI_FORMS[code])
        if value & (1 << shift) - 1:
            raise InvalidIdentifier(f"{self.name} on the tag has bits behind its end, expected zeros")
        if not 0 < len(text) <= self.longest:
            raise InvalidIdentifier(f"{self.name} on the tag has {len(text)} characters, expected 1 to {self.longest}")
        if "" in text:
            raise InvalidIdentifier(f"{self.name} on the tag has a code that is no character of the AI 82 set")
        return "".join(text)

    def write(self, text: str) -> tuple[int, int]:
        """Its bits."""
        # An escape is three characters: a longer text cannot fit, and is not looked into.
        value = urn_unescape(text) if len(text) <= 3 * self.longest else ""
        if not _AI82.fullmatch(value):
            raise InvalidIdentifier(f"{self.name} {value[:60]!a} has a character outside the AI 82 set")
        if not 0 < len(value) <= self.longest:
            raise InvalidIdentifier(
                f"{self.name} {text[:60]!a} does not fit the tag: expected 1 to {self.longest} characters"
            )
        number = 0
        for code in value.encode():
            number = number << 7 | code
        return number << self.bits - 7 * len(value), self.bits


@dataclass(frozen=True, slots=True)
class String6:
    """Characters in 6 bits each, ended by six zero bits (TDS 14.3.8, 14.3.9)."""

    name: str
    #: What the text must match once it is unescaped.
    form: re.Pattern[str]
    longest: int

    def read(self, bits: Reader) -> str:
        """The characters as in a URI."""
        text = []
        while code := bits.take(6):
            text.append(_SIX_BITS.get(code, "?"))  # no form allows a question mark
        return urn_escape(self._checked("".join(text)))

    def write(self, text: str) -> tuple[int, int]:
        """Its bits."""
        plain = len(text) > 3 * self.longest or OTHER_ESCAPE_39.search(text) is not None
        value = self._checked(text if plain else urn_unescape(text))
        number = 0
        for code in value.encode():
            number = number << 6 | code & 63
        return number << 6, 6 * len(value) + 6

    def _checked(self, value: str) -> str:
        if len(value) > self.longest or not self.form.fullmatch(value):
            raise InvalidIdentifier(
                f"{self.name} {value[:60]!a} does not fit the tag: expected {self.form.pattern},"
                f" at most {self.longest} characters"
            )
        return value


@dataclass(frozen=True, slots=True)
class Cage:
    """A CAGE code of 5 characters behind a space or a DoDAAC of 6, in 6 bits (TDS 14.3.7) or 8 bits each."""

    name: str
    character_bits: int

    def read(self, bits: Reader) -> str:
        """The code."""
        codes = [bits.take(self.character_bits) for _ in range(6)]
        text = "".join(_SIX_BITS.get(code, "?") if self.character_bits == 6 else chr(code) for code in codes)
        return self._checked(text[1:] if text[0] == " " else text)

    def write(self, text: str) -> tuple[int, int]:
        """Its bits."""
        number = 0
        for code in self._checked(text).rjust(6).encode():
            number = number << self.character_bits | code & (1 << self.character_bits) - 1
        return number, 6 * self.character_bits

    def _checked(self, text: str) -> str:
        if not _CAGE.fullmatch(text):
            raise InvalidIdentifier(
                f"{self.name} {text[:60]!a} must be 5 or 6 digits and capital letters other than I and O"
            )
        return text
