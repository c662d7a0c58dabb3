"""Characters in a packed object: the alphanumeric subsection of its data (TDS 2.3, annexes I.8.2, K and M.2).

Digits and other characters are two numbers, one in base 10, one in a base that the subsection's first bits choose; a
map of one bit a value says how they take turns. Runs at the front and at the end say so in fewer bits. They may also
mix both kinds in an extended base: that is read, and not written.
"""

from __future__ import annotations

from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier


class BitReader:
    """Bits from left to right, up to an end. Raises InvalidIdentifier behind it."""

    def __init__(self, bits: int, total: int) -> None:
        self._bits = bits
        self.left = total

    def take(self, width: int) -> int:
        """The next so many bits as a number."""
        self.left -= width
        if self.left < 0:
            raise InvalidIdentifier(f"packed object ends {-self.left} bits too early")
        return self._bits >> self.left & (1 << width) - 1

    def vector(self, block: int) -> int:
        """An extensible bit vector: blocks of so many bits, of which the first says whether another follows (D)."""
        number, more = 0, 1
        while more:
            more = self.take(1)
            number = number << block - 1 | self.take(block - 1)
        return number


def write_vector(number: int, block: int) -> str:
    """An extensible bit vector as 0s and 1s (annex D)."""
    text = f"{number & (1 << block - 1) - 1:0{block}b}"
    while number := number >> block - 1:
        text = f"1{number & (1 << block - 1) - 1:0{block - 1}b}" + text
    return text


class _Base(NamedTuple):
    """A number system for characters."""

    #: Characters by value; a value without a character of its own has a NUL here.
    characters: str
    #: Values that become one number together; a longer row becomes several numbers (figure K-1).
    group: int
    #: Characters by the value behind one of these values, which say nothing themselves.
    shifts: dict[int, str] = {}  # noqa: RUF012 - a NamedTuple's default, never written to

    def width(self, count: int) -> int:
        """Bits of so many values."""
        groups, rest = divmod(count, self.group)
        return groups * self._bits(self.group) + self._bits(rest)

    def _bits(self, count: int) -> int:
        largest: int = len(self.characters) ** count - 1
        return largest.bit_length()

    def write(self, values: list[int]) -> str:
        """The bits of a row of values."""
        text = ""
        for start in range(0, len(values), self.group):
            part = values[start : start + self.group]
            number = 0
            for value in part:
                number = number * len(self.characters) + value
            text += f"{number:0{self._bits(len(part))}b}"
        return text

    def read(self, reader: BitReader, count: int) -> list[int]:
        """A row of so many values."""
        radix = len(self.characters)
        values: list[int] = []
        for start in range(0, count, self.group):
            size = min(self.group, count - start)
            number = reader.take(self._bits(size))
            if number >= radix**size:
                raise InvalidIdentifier(f"packed object holds {number} for {size} values of base {radix}")
            values += [number // radix**place % radix for place in range(size - 1, -1, -1)]
        return values


_DIGITS = "0123456789"
#: Base 30 (table K-1): value 0 is the hyphen; 27 and 28 choose a row for the value behind them; 29 does so at first,
#: and from then on stands for the character that it chose.
_LETTERS = "-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHIFT2, _PROGRAMMED = 28, 29
_SHIFTED2 = " !\"#$%&'()*+,-./:;<=>?@\\^_`|~"
_SHIFTS = {
    27: "".join(map(chr, range(17))) + "\x17\x1b\x1c\x1d\x1e\x1f" + "\0\0\0" + "[]{}",
    _SHIFT2: _SHIFTED2,
    _PROGRAMMED: _SHIFTED2,
}
_BASE10 = _Base(_DIGITS, 48)
#: Table K-2.
_BASE13 = _Base(_DIGITS + "\0\0\0", 43, {10: "ABCDEFGHIJKLM", 11: "NOPQRSTUVWXYZ", 12: " $%&*+,-./?_\x1d"})
_BASE30 = _Base(_LETTERS + "\0\0\0", 32, _SHIFTS)
_BASE40 = _Base(_LETTERS + "\0\0\0" + _DIGITS, 30, _SHIFTS)
#: Table K-4.
_BASE74 = _Base("\x1d!\"%&'()*+,-./:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz ", 25)
_BASE84 = _Base(_BASE74.characters + _DIGITS, 25)
_BASE256 = _Base("".join(map(chr, range(256))), 20)
#: The bases of characters that are no digits, by the bits that choose them, and what extends each by digits.
_CHOICES = {"0": (_BASE30, _BASE40), "10": (_BASE74, _BASE84), "11": (_BASE256, _BASE40)}


#: Kinds of values, as the basis bits of a run have them: digit, base 13, the chosen base, its extension.
_DIGIT, _MIXED, _OTHER, _EXTENDED = range(4)
#: Numbers of values in a run: even, at most 20; one of 6 takes as many bits as the map.
_SHORTEST_RUN, _LONGEST_RUN = 8, 20


def write_text(text: str) -> str:
    """The subsection for characters of up to 8 bits, as 0s and 1s; nothing for no characters.

    It takes the base that needs the fewest bits, the earlier one in the standard's order where two need the same.
    """
    if not text:
        return ""
    digits = [int(character) for character in text if character in _DIGITS]
    found = []
    for choice, (base, _) in _CHOICES.items():
        rows = _values(base, text)
        if rows is not None:
            others = [value for character in text for value in rows.get(character, ())]
            turns = _write_turns([len(rows.get(character, "")) for character in text])
            found.append(choice + turns + _BASE10.write(digits) + base.write(others))
    if not found:
        raise InvalidIdentifier(f"{text[:60]!a} holds a character of more than 8 bits")
    return min(found, key=len)


def _write_turns(widths: list[int]) -> str:
    """Runs and map for characters of so many values that are no digits; 0 is a digit, which has one value too."""
    prefix, widths = _cut_runs(widths)
    suffix, rest = _cut_runs(widths[::-1])
    turns = "".join("1" * width or "0" for width in rest[::-1])
    return _write_runs(prefix) + _write_runs(suffix[::-1]) + turns


def _cut_runs(widths: list[int]) -> tuple[list[tuple[int, int]], list[int]]:
    """Runs at the front, as kind and number of values, where they take fewer bits than the map; and what is left."""
    runs: list[tuple[int, int]] = []
    while True:
        size = best = cut = 0
        for place, width in enumerate(widths):
            size += width or 1
            if bool(width) != bool(widths[0]) or size > _LONGEST_RUN:
                break
            if size >= _SHORTEST_RUN and size % 2 == 0:
                best, cut = size, place + 1
        if not best:
            return runs, widths
        runs.append((_OTHER if widths[0] else _DIGIT, best))
        widths = widths[cut:]


def _write_runs(runs: list[tuple[int, int]]) -> str:
    if not runs:
        return "0"
    bits = [f"{kind:02b}{(size - 6) // 2:03b}" for kind, size in runs]
    return "1" + "".join("0" + run for run in bits[:-1]) + "1" + bits[-1]


def _values(base: _Base, text: str) -> dict[str, list[int]] | None:
    """The values of each character that is no digit; None when the base lacks one."""
    rows: dict[str, list[int]] = {}
    for character in set(text) - set(_DIGITS):
        if character in base.characters:
            rows[character] = [base.characters.index(character)]
        elif base is _BASE30 and character in _SHIFTED2:
            rows[character] = [_SHIFT2, _SHIFTED2.index(character)]
        else:
            return None
    return rows


def write_digits(digits: str) -> str:
    """Digits of a known number, as 0s and 1s (the known-length numerics of I.8.1)."""
    return _BASE10.write([int(digit) for digit in digits])


def read_digits(reader: BitReader, count: int) -> str:
    """So many digits. Raises InvalidIdentifier."""
    return "".join(map(str, _BASE10.read(reader, count)))


def read_text(reader: BitReader) -> str:
    """The characters of the subsection, which ends where the bits end. Raises InvalidIdentifier."""
    if not reader.left:
        return ""
    choice = "0" if not reader.take(1) else "11" if reader.take(1) else "10"
    base, extension = _CHOICES[choice]
    prefix = _read_runs(reader)
    suffix = _read_runs(reader)
    fixed = prefix + suffix
    counts = [fixed.count(kind) for kind in range(4)]
    left = reader.left - _BASE13.width(counts[_MIXED]) - extension.width(counts[_EXTENDED])
    turns: list[int] = []
    while (needed := _BASE10.width(counts[_DIGIT]) + base.width(counts[_OTHER])) < left:
        left -= 1
        turns.append(_OTHER if reader.take(1) else _DIGIT)
        counts[turns[-1]] += 1
    if needed != left:
        raise InvalidIdentifier(f"packed object has {left} bits for characters, expected {needed}")
    kinds = ((_MIXED, _BASE13), (_EXTENDED, extension), (_DIGIT, _BASE10), (_OTHER, base))
    rows = {kind: (of, of.read(reader, counts[kind])) for kind, of in kinds}
    return _interleave(prefix + turns + suffix, rows)


def _read_runs(reader: BitReader) -> list[int]:
    """The kinds of values in the runs at the front or at the end."""
    kinds: list[int] = []
    more = reader.take(1)
    while more:
        more = not reader.take(1)
        kind = reader.take(2)
        kinds += [kind] * (6 + 2 * reader.take(3))
    return kinds


def _interleave(kinds: list[int], rows: dict[int, tuple[_Base, list[int]]]) -> str:
    """Take the values of the four number systems in their turns; a shift counts for the next value of its own kind."""
    values = {kind: iter(row) for kind, (_, row) in rows.items()}
    shifted: dict[int, int] = {}
    programmed = text = ""
    for kind in kinds:
        base, value = rows[kind][0], next(values[kind])
        if kind in shifted:
            shift = shifted.pop(kind)
            character = base.shifts[shift][value : value + 1] or "\0"
            programmed = programmed or (character if shift == _PROGRAMMED else "")
        elif value == _PROGRAMMED and programmed and value in base.shifts:
            character = programmed
        elif value in base.shifts:
            shifted[kind] = value
            continue
        else:
            character = base.characters[value]
        if character == "\0":
            raise InvalidIdentifier(f"packed object holds the value {value} of no character")
        text += character
    if shifted:
        raise InvalidIdentifier("packed object ends behind a shift, expected a character")
    return text
