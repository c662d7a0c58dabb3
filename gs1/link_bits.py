"""AI values as rows of bits, as compressed Digital Links hold them (GS1 Digital Link: Compression).

A value is a row of components. Digits of a known number are one binary number; digits of a varying number have their
count in front; text has an indicator of its encoding and, where it varies, its length in front. Digits come back with
their leading zeros, because their number is always known.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.application_identifiers import AI_LENGTH, IDENTIFIERS, ApplicationIdentifier

#: The alphabet of base64 that is safe in URIs (RFC 4648 section 5): its characters stand for 6 bits each.
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SIX_BITS = {character: index for index, character in enumerate(ALPHABET)}

#: AIs whose form has grown since the compressed form was laid down: the number of characters that it counts with.
_COUNTED_WITH = {"8007": 24}

#: Most characters of a key or value that is nobody's AI: their number has 7 bits.
LONGEST_TEXT = 127
_TEXT_LENGTH_BITS = 7
_ASCII = re.compile(r"[\x20-\x7e]*")
_SAFE = re.compile("[A-Za-z0-9_-]+")
#: Encoding indicator, bits a character and form of the texts that it can hold: the first that fits is taken.
_ENCODINGS = (
    (0b000, 0, re.compile("[0-9]+")),
    (0b010, 4, re.compile("[0-9A-F]+")),
    (0b001, 4, re.compile("[0-9a-f]+")),
    (0b011, 6, _SAFE),
    (0b100, 7, _ASCII),
)


class _Component(NamedTuple):
    """One part of a value."""

    numeric: bool
    #: Bits of the count in front; 0 where the number of characters is fixed.
    length_bits: int
    #: The fixed number of characters; unused where it varies.
    characters: int


def _components(identifier: ApplicationIdentifier) -> tuple[_Component, ...]:
    """Leading digits of a fixed number are one component, whatever they mean; what follows them is another."""
    parts = list(identifier.components)
    digits = 0
    while parts and parts[0].characters == "N" and parts[0].least == parts[0].most and not parts[0].optional:
        digits += parts.pop(0).most
    found = [_Component(True, 0, digits)] if digits else []
    if parts:
        most = _COUNTED_WITH.get(identifier.ai, sum(part.most for part in parts))
        varies = any(part.optional or part.least < part.most for part in parts)
        found.append(_Component(parts[0].characters == "N", most.bit_length() if varies else 0, most))
    return tuple(found)


_COMPONENTS = {ai: _components(identifier) for ai, identifier in IDENTIFIERS.items()}


def _digit_bits(digits: int) -> int:
    """Bits of a number of so many digits, by the formula of the standard: for no digit at all it gives one bit."""
    return math.ceil(digits * math.log2(10) + 0.01)


_DIGIT_BITS = [_digit_bits(digits) for digits in range(LONGEST_TEXT + 1)]


class BitWriter:
    """Values one after another, and at last the characters of base64 that hold them."""

    def __init__(self) -> None:
        self._value = 0
        self._bits = 0

    def put(self, value: int, width: int) -> None:
        """Append a number of so many bits."""
        self._value = self._value << width | value
        self._bits += width

    def put_ai(self, ai: str) -> None:
        """Append the digits of an AI, or of the code of a sequence, 4 bits each."""
        self.put(int(ai, 16), 4 * len(ai))

    def put_value(self, ai: str, value: str) -> None:
        """Append the value of an AI, which `fits`."""
        place = 0
        for component in _COMPONENTS[ai]:
            end = len(value) if component.length_bits else place + component.characters
            part, place = value[place:end], end
            if component.numeric:
                self._put_length(part, component.length_bits)
                self.put(int(part or "0"), _DIGIT_BITS[len(part)])
            else:
                self._put_text(part, component.length_bits)

    def put_pair(self, key: str, value: str) -> None:
        """Append a key of somebody else's and its value, which `is_pair` allows."""
        self.put(0b1111, 4)
        self.put(len(key), _TEXT_LENGTH_BITS)
        for character in key:
            self.put(_SIX_BITS[character], 6)
        self._put_text(value, _TEXT_LENGTH_BITS)

    def _put_length(self, text: str, length_bits: int) -> None:
        if length_bits:
            self.put(len(text), length_bits)

    def _put_text(self, text: str, length_bits: int) -> None:
        indicator, width, _ = next(row for row in _ENCODINGS if row[2].fullmatch(text))
        self.put(indicator, 3)
        self._put_length(text, length_bits)
        if width == 0:
            self.put(int(text), _DIGIT_BITS[len(text)])
        elif width == 4:
            self.put(int(text, 16), 4 * len(text))
        else:
            for character in text:
                self.put(_SIX_BITS[character] if width == 6 else ord(character), width)

    def text(self) -> str:
        """Everything in base64; the last character is filled up with zero bits."""
        count = -(-self._bits // 6)
        value = self._value << 6 * count - self._bits
        return "".join([ALPHABET[value >> 6 * index & 63] for index in range(count - 1, -1, -1)])


class BitReader:
    """What `BitWriter` wrote, in the same order. Raises InvalidIdentifier where the bits end too early."""

    def __init__(self, text: str) -> None:
        if not is_text(text):
            raise InvalidIdentifier(f"{text[:60]!a} is not in the characters of a compressed link (A-Z a-z 0-9 - _)")
        self._value = 0
        for character in text:
            self._value = self._value << 6 | _SIX_BITS[character]
        #: Bits that have not been read yet.
        self.left = 6 * len(text)

    def take(self, width: int) -> int:
        """The next so many bits as a number."""
        if width > self.left:
            raise InvalidIdentifier("compressed link ends within a value")
        self.left -= width
        return self._value >> self.left & (1 << width) - 1

    def take_ai(self, first: int) -> str:
        """The AI whose first two digits were read as the byte ``first``."""
        ai = f"{first:02X}"
        ai += "".join([f"{self.take(4):X}" for _ in range(AI_LENGTH.get(ai, 2) - 2)])
        if ai not in _COMPONENTS:
            raise InvalidIdentifier(f"compressed link holds {ai}, which is neither an AI nor a sequence of AIs")
        return ai

    def take_value(self, ai: str) -> str:
        """The value of an AI. It has the AI's form, but whether the AI may hold it is not looked at."""
        parts = []
        for component in _COMPONENTS[ai]:
            if component.numeric:
                count = self.take(component.length_bits) if component.length_bits else component.characters
                parts.append(self._digits(count))
            else:
                parts.append(self._text(component.length_bits, component.characters))
        return "".join(parts)

    def take_pair(self, first: int) -> tuple[str, str]:
        """A key of somebody else's and its value, when the byte in front has been read."""
        count = (first & 0b1111) << 3 | self.take(3)
        key = "".join([ALPHABET[self.take(6)] for _ in range(count)])
        return key, self._text(_TEXT_LENGTH_BITS, 0)

    def _text(self, length_bits: int, fixed: int) -> str:
        indicator = self.take(3)
        count = self.take(length_bits) if length_bits else fixed
        if indicator == 0:
            return self._digits(count)
        if indicator <= 2:
            text = f"{self.take(4 * count):0{count}x}" if count else ""
            return text if indicator == 1 else text.upper()
        if indicator == 3:
            return "".join([ALPHABET[self.take(6)] for _ in range(count)])
        if indicator == 4:
            return "".join([chr(self.take(7)) for _ in range(count)])
        raise InvalidIdentifier(f"compressed link holds a text in encoding {indicator}, expected 0 to 4")

    def _digits(self, count: int) -> str:
        text = f"{self.take(_DIGIT_BITS[count]):0{count}d}" if count else ""
        if not count and self.take(_DIGIT_BITS[0]):
            raise InvalidIdentifier("compressed link holds a number of no digits that is not 0")
        if len(text) > count:
            raise InvalidIdentifier(f"compressed link holds {text[:60]}, expected a number of {count} digits")
        return text

    def end(self) -> None:
        """Refuse what is left, unless it is the zero bits that fill up the last character."""
        if self.left > 5 or self.take(self.left):
            raise InvalidIdentifier("compressed link has bits behind its last value")


def is_text(text: str) -> bool:
    """Whether a text is of base64 characters only, and not empty."""
    return text.isascii() and _SAFE.fullmatch(text) is not None


def fits(ai: str, value: str) -> bool:
    """Whether the checked value of an AI can be compressed: its AI is in the table, its length can be counted."""
    components = _COMPONENTS.get(ai)
    if components is None:
        return False
    fixed = sum(component.characters for component in components if not component.length_bits)
    length_bits = components[-1].length_bits
    return fixed <= len(value) < fixed + (1 << length_bits) if length_bits else len(value) == fixed


def is_pair(key: str, value: str) -> bool:
    """Whether a key that is no AI and its value can be compressed."""
    return (
        is_text(key) and not key.isdigit() and len(key) <= LONGEST_TEXT
        and len(value) <= LONGEST_TEXT and _ASCII.fullmatch(value) is not None
    )  # fmt: skip
