"""The methods by which "+" and "++" tags write digits, characters, dates and flags in bits (TDS 2.3, 14.5).

A value is a number of bits in a row: `write` gives them as an int with their count, `read` takes them from a tag's
bits, of which the lowest ``left`` are still unread. The number of bits that a length or a row of digits takes follows
from its largest value.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier

#: Bits and their count.
Bits = tuple[int, int]


class Field(NamedTuple):
    """One way to write a value, or a part of it."""

    #: The bits of a text. Raises InvalidIdentifier for a text that the method does not hold.
    write: Callable[[str], Bits]
    #: The text at the front of the lowest ``left`` bits, and the number of bits left after it. Raises InvalidIdentifier
    #: when there are too few bits or they say nothing that this method could have written.
    read: Callable[[int, int], tuple[str, int]]


#: Bits that so many digits take as one number (TDS 15.3, table B); 90 characters are the longest value.
NUMBER_BITS = tuple((10**digits - 1).bit_length() for digits in range(91))

#: Characters of a URN Code 40 by value; 0 pads the last triple (TDS 14.5.6.5).
_CODE40 = "\0ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"
_CODE40_VALUES = {character: value for value, character in enumerate(_CODE40)}

_is_upper_hex = re.compile("[0-9A-F]+").fullmatch
_is_lower_hex = re.compile("[0-9a-f]+").fullmatch
_is_base64 = re.compile("[0-9A-Za-z_-]+").fullmatch
is_code40 = re.compile("[0-9A-Z.:-]+").fullmatch
_LEADING_DIGITS = re.compile("[0-9]*")


def take(bits: int, left: int, width: int) -> tuple[int, int]:
    """The first ``width`` of the lowest ``left`` bits as a number, and the bits left. Raises InvalidIdentifier."""
    left -= width
    if left < 0:
        raise InvalidIdentifier(f"the tag ends {-left} bits too early")
    return bits >> left & (1 << width) - 1, left


def _is_digits(text: str) -> bool:
    return text.isdigit() and text.isascii()


def _digits(count: int) -> Field:
    """So many digits, 4 bits each (14.5.4, "Fixed-length numeric")."""
    width, mask, form = 4 * count, (1 << 4 * count) - 1, f"%0{count}x"

    def write(text: str) -> Bits:
        if len(text) != count or not _is_digits(text):
            raise InvalidIdentifier(f"found {text[:60]!a}, expected {count} digits")
        return int(text, 16), width

    def read(bits: int, left: int) -> tuple[str, int]:
        left -= width
        if left < 0:
            raise InvalidIdentifier(f"the tag ends {-left} bits too early")
        text = form % (bits >> left & mask)
        if not text.isdigit():
            raise InvalidIdentifier(f"found {text.upper()} on the tag, expected {count} digits")
        return text, left

    return Field(write, read)


def _number(count: int) -> Field:
    """So many digits as one number (14.5.2, "Fixed-bit-length numeric string")."""

    def write(text: str) -> Bits:
        if len(text) != count or not _is_digits(text):
            raise InvalidIdentifier(f"found {text[:60]!a}, expected {count} digits")
        return int(text), NUMBER_BITS[count]

    def read(bits: int, left: int) -> tuple[str, int]:
        return _read_number(bits, left, count)

    return Field(write, read)


def _read_number(bits: int, left: int, count: int) -> tuple[str, int]:
    number, left = take(bits, left, NUMBER_BITS[count])
    if not count:
        return "", left
    text = str(number).zfill(count)
    if len(text) > count:
        raise InvalidIdentifier(f"found the number {text} on the tag, expected at most {count} digits")
    return text, left


def _numeric(longest: int) -> Field:
    """A length and as many digits as one number (14.5.13, without encoding indicator)."""
    length_bits = longest.bit_length()

    def write(text: str) -> Bits:
        count = len(text)
        if count > longest or (text and not _is_digits(text)):
            raise InvalidIdentifier(f"found {text[:60]!a}, expected at most {longest} digits")
        return count << NUMBER_BITS[count] | int(text or "0"), length_bits + NUMBER_BITS[count]

    def read(bits: int, left: int) -> tuple[str, int]:
        count, left = take(bits, left, length_bits)
        _check_length(count, longest)
        return _read_number(bits, left, count)

    return Field(write, read)


def _check_length(count: int, longest: int) -> None:
    if count > longest:
        raise InvalidIdentifier(f"found a length of {count} on the tag, expected at most {longest}")


def _alphanumeric(longest: int) -> Field:
    """A method, a length, and the characters by that method (14.5.6), whichever method takes the fewest bits."""
    length_bits = longest.bit_length()

    def write(text: str) -> Bits:
        count = len(text)
        if count > longest or not text.isascii():
            raise InvalidIdentifier(f"found {text[:60]!a}, expected at most {longest} ASCII characters")
        method = _shortest(text)
        payload, width = METHODS[method].write(text)
        return (method << length_bits | count) << width | payload, 3 + length_bits + width

    def read(bits: int, left: int) -> tuple[str, int]:
        head, left = take(bits, left, 3 + length_bits)
        method, count = head >> length_bits, head & (1 << length_bits) - 1
        if method >= len(METHODS):
            raise InvalidIdentifier(f"encoding indicator {method} on the tag is reserved, expected 0 to 5")
        _check_length(count, longest)
        return METHODS[method].read(bits, left, count)

    return Field(write, read)


def _shortest(text: str) -> int:
    """The encoding indicator of the method with the fewest bits; the lower one where two need the same."""
    if text.isdigit() or not text:
        return 0
    if _is_upper_hex(text):
        return 1
    if _is_lower_hex(text):
        return 2
    count = len(text)
    method, width = (3, 6 * count) if _is_base64(text) else (4, 7 * count)
    if is_code40(text) and 16 * -(-count // 3) < width:
        return 5
    return method


class _Method(NamedTuple):
    """One of the methods that an encoding indicator chooses; the length is written before, and known."""

    write: Callable[[str], Bits]
    #: Of bits, bits left, number of characters.
    read: Callable[[int, int, int], tuple[str, int]]


def _write_number(text: str) -> Bits:
    return int(text or "0"), NUMBER_BITS[len(text)]


def _write_hex(text: str) -> Bits:
    return int(text, 16), 4 * len(text)


def _read_upper_hex(bits: int, left: int, count: int) -> tuple[str, int]:
    number, left = take(bits, left, 4 * count)
    return (f"{number:0{count}X}" if count else ""), left


def _read_lower_hex(bits: int, left: int, count: int) -> tuple[str, int]:
    number, left = take(bits, left, 4 * count)
    return (f"{number:0{count}x}" if count else ""), left


def _write_base64(text: str) -> Bits:
    padding = -len(text) % 4
    return int.from_bytes(urlsafe_b64decode(text + "A" * padding), "big") >> 6 * padding, 6 * len(text)


def _read_base64(bits: int, left: int, count: int) -> tuple[str, int]:
    number, left = take(bits, left, 6 * count)
    padding = -count % 4
    octets = (number << 6 * padding).to_bytes(6 * (count + padding) // 8, "big")
    return urlsafe_b64encode(octets).decode()[:count], left


def _write_ascii(text: str) -> Bits:
    bits = 0
    for octet in text.encode():
        bits = bits << 7 | octet
    return bits, 7 * len(text)


def _read_ascii(bits: int, left: int, count: int) -> tuple[str, int]:
    number, left = take(bits, left, 7 * count)
    return bytes([number >> shift & 127 for shift in range(7 * count - 7, -1, -7)]).decode(), left


def write_code40(text: str) -> Bits:
    """The bits of a text of the 39 characters of URN Code 40: 16 bits for three of them (14.5.6.5)."""
    values = [_CODE40_VALUES[character] for character in text] + [0] * (-len(text) % 3)
    bits = 0
    for index in range(0, len(values), 3):
        bits = bits << 16 | 1600 * values[index] + 40 * values[index + 1] + values[index + 2] + 1
    return bits, 16 * len(values) // 3


def read_code40(bits: int, left: int, count: int) -> tuple[str, int]:
    """So many characters of URN Code 40, and the bits left. Raises InvalidIdentifier."""
    text = ""
    for _ in range(-(-count // 3)):
        triple, left = take(bits, left, 16)
        if not 0 < triple <= 64000:
            raise InvalidIdentifier(f"found {triple} for three characters of URN Code 40, expected 1 to 64000")
        text += _CODE40[(triple - 1) // 1600] + _CODE40[(triple - 1) // 40 % 40] + _CODE40[(triple - 1) % 40]
    if text.rstrip("\0") != text[:count] or "\0" in text[:count]:
        raise InvalidIdentifier(f"found padding inside {text!a} of URN Code 40, expected {count} characters")
    return text[:count], left


#: By encoding indicator (TDS 14.5.6, table E).
METHODS = (
    _Method(_write_number, _read_number),
    _Method(_write_hex, _read_upper_hex),
    _Method(_write_hex, _read_lower_hex),
    _Method(_write_base64, _read_base64),
    _Method(_write_ascii, _read_ascii),
    _Method(write_code40, read_code40),
)

#: Ends digits that nothing follows; ends digits that an alphanumeric rest follows (14.5.5).
_TERMINATOR, _DELIMITER = 15, 14


def _delimited(longest: int) -> Field:
    """Digits of 4 bits up to the first character that is none, then the rest as `_alphanumeric` (14.5.5)."""
    rest = _alphanumeric(longest)

    def write(text: str) -> Bits:
        digits = _LEADING_DIGITS.match(text)[0]  # type: ignore[index]  # matches the empty text at least
        if len(text) > longest:
            raise InvalidIdentifier(f"found {text[:60]!a}, expected at most {longest} characters")
        bits, width = int(digits or "0", 16), 4 * len(digits) + 4
        if digits == text:
            return bits << 4 | _TERMINATOR, width
        payload, payload_width = rest.write(text[len(digits) :])
        return (bits << 4 | _DELIMITER) << payload_width | payload, width + payload_width

    def read(bits: int, left: int) -> tuple[str, int]:
        digits = ""
        while True:
            nibble, left = take(bits, left, 4)
            if nibble > 9:
                break
            digits += str(nibble)
            _check_length(len(digits), longest)
        if nibble == _TERMINATOR:
            return digits, left
        if nibble != _DELIMITER:
            raise InvalidIdentifier(f"found {nibble:X} among digits on the tag, expected 0 to 9, E or F")
        text, left = rest.read(bits, left)
        if not text:
            raise InvalidIdentifier("found nothing after the delimiter E on the tag, expected a character")
        _check_length(len(digits + text), longest)
        return digits + text, left

    return Field(write, read)


class _Clock(NamedTuple):
    """Two digits of a date or time."""

    name: str
    width: int
    lowest: int
    highest: int


#: Year to second, in the order in which they are written (14.5.8 to 14.5.11). Day 00 is the AI's affair.
_CLOCK = (
    _Clock("year", 7, 0, 99),
    _Clock("month", 4, 1, 12),
    _Clock("day", 5, 0, 31),
    _Clock("hour", 5, 0, 24),
    _Clock("minute", 6, 0, 59),
    _Clock("second", 6, 0, 59),
)


def _write_clock(text: str) -> Bits:
    if not _is_digits(text):
        raise InvalidIdentifier(f"found {text[:60]!a}, expected digits YYMMDD and perhaps hhmmss")
    bits = width = 0
    for index, part in enumerate(_CLOCK[: len(text) // 2]):
        number = int(text[2 * index : 2 * index + 2])
        _check_clock(part, number)
        bits, width = bits << part.width | number, width + part.width
    return bits, width


def _check_clock(part: _Clock, number: int) -> None:
    if not part.lowest <= number <= part.highest:
        raise InvalidIdentifier(f"found {part.name} {number:02d}, expected {part.lowest:02d} to {part.highest}")


def _read_clock(bits: int, left: int, parts: int) -> tuple[str, int]:
    text = ""
    for part in _CLOCK[:parts]:
        number, left = take(bits, left, part.width)
        _check_clock(part, number)
        text += f"{number:02d}"
    return text, left


def _clock(parts: int) -> Field:
    """YYMMDD (14.5.8) or YYMMDDhhmm (14.5.9)."""

    def write(text: str) -> Bits:
        if len(text) != 2 * parts:
            raise InvalidIdentifier(f"found {text[:60]!a}, expected {2 * parts} digits")
        return _write_clock(text)

    def read(bits: int, left: int) -> tuple[str, int]:
        return _read_clock(bits, left, parts)

    return Field(write, read)


def _write_range(text: str) -> Bits:
    """One date after a 0, or first and last date after a 1 (14.5.10)."""
    first, width = _write_clock(text[:6])
    if len(text) == 6:
        return first, width + 1
    if len(text) != 12:
        raise InvalidIdentifier(f"found {text[:60]!a}, expected 6 or 12 digits")
    last, _ = _write_clock(text[6:])
    return (1 << width | first) << width | last, 2 * width + 1


def _read_range(bits: int, left: int) -> tuple[str, int]:
    two, left = take(bits, left, 1)
    first, left = _read_clock(bits, left, 3)
    if not two:
        return first, left
    last, left = _read_clock(bits, left, 3)
    return first + last, left


#: Number of clock parts by the format indicator of 14.5.11.
_PRECISIONS = (4, 5, 6, 3)


def _write_precise(text: str) -> Bits:
    """A date, or a date with hours, minutes, seconds, after two bits that say which (14.5.11)."""
    if len(text) % 2 or len(text) // 2 not in _PRECISIONS:
        raise InvalidIdentifier(f"found {text[:60]!a}, expected 6, 8, 10 or 12 digits")
    bits, width = _write_clock(text)
    return _PRECISIONS.index(len(text) // 2) << width | bits, width + 2


def _read_precise(bits: int, left: int) -> tuple[str, int]:
    precision, left = take(bits, left, 2)
    return _read_clock(bits, left, _PRECISIONS[precision])


def _write_country(text: str) -> Bits:
    """Two letters of 6 bits (14.5.12)."""
    if not re.fullmatch("[A-Z]{2}", text):
        raise InvalidIdentifier(f"found {text[:60]!a}, expected two capital letters")
    return _write_base64(text)


def _read_country(bits: int, left: int) -> tuple[str, int]:
    return _read_base64(bits, left, 2)


def _write_bit(text: str) -> Bits:
    """0 or 1 (14.5.7)."""
    if text not in {"0", "1"}:
        raise InvalidIdentifier(f"found {text[:60]!a}, expected 0 or 1")
    return int(text), 1


def _read_bit(bits: int, left: int) -> tuple[str, int]:
    bit, left = take(bits, left, 1)
    return str(bit), left


def _write_minus(text: str) -> Bits:
    """A minus sign or none (14.5.14)."""
    if text not in {"", "-"}:
        raise InvalidIdentifier(f"found {text[:60]!a}, expected - or nothing")
    return len(text), 1


def _read_minus(bits: int, left: int) -> tuple[str, int]:
    bit, left = take(bits, left, 1)
    return "-" * bit, left


def _write_sequence(text: str) -> Bits:
    """Two digits with a slash between them, which is not written (14.5.15)."""
    if not re.fullmatch("[1-9]/[1-9]", text):
        raise InvalidIdentifier(f"found {text[:60]!a}, expected n/m with digits 1 to 9")
    return int(text[0] + text[2], 16), 8


def _read_sequence(bits: int, left: int) -> tuple[str, int]:
    octet, left = take(bits, left, 8)
    if not (0 < octet >> 4 < 10 and 0 < octet & 15 < 10):
        raise InvalidIdentifier(f"found {octet:02X} on the tag, expected two digits 1 to 9")
    return f"{octet >> 4}/{octet & 15}", left


def two_parts(first: Field, fixed: int, second: Field) -> Field:
    """A part of so many characters with another one behind it."""

    def write(text: str) -> Bits:
        bits, width = first.write(text[:fixed])
        more, more_width = second.write(text[fixed:])
        return bits << more_width | more, width + more_width

    def read(bits: int, left: int) -> tuple[str, int]:
        text, left = first.read(bits, left)
        more, left = second.read(bits, left)
        return text + more, left

    return Field(write, read)


#: Methods that need a number of digits or characters, by letters for tables.
SIZED = {"d": _digits, "n": _number, "v": _numeric, "a": _alphanumeric, "t": _delimited}
#: Methods that need none, by name.
PLAIN = {
    "date": _clock(3),
    "minute": _clock(5),
    "range": Field(_write_range, _read_range),
    "precise": Field(_write_precise, _read_precise),
    "country": Field(_write_country, _read_country),
    "bit": Field(_write_bit, _read_bit),
    "minus": Field(_write_minus, _read_minus),
    "sequence": Field(_write_sequence, _read_sequence),
}
