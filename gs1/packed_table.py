"""What the ID values of packed objects stand for: the table of data format 9, the GS1 AIs (TDS 2.3, annexes F and J).

One ID value is one AI, a choice between AIs, or a row of AIs; the secondary ID bits say what was chosen. In the table,
``(02)(37)`` is both, ``(414)[254]`` the second perhaps, ``420/421`` one of them, ``330%0-6`` with one more digit 0
to 6, ``S00`` one of a table of its own. Formats: ``14n`` digits, ``1*20an`` characters; a fixed part may be in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple


class Part(NamedTuple):
    """A stretch of a value."""

    numeric: bool
    least: int
    #: None where there is no limit.
    most: int | None


class Identifier(NamedTuple):
    """An AI, or several that differ in the last digit."""

    name: str
    #: The last digits that it may have, in the order of their bits; empty where the name is the whole AI.
    digits: str
    parts: tuple[Part, ...]

    @property
    def digit_bits(self) -> int:
        """Secondary ID bits that choose the last digit."""
        return max(len(self.digits) - 1, 0).bit_length()

    @property
    def names(self) -> list[str]:
        """The AIs, by the value of those bits."""
        return [self.name + digit for digit in self.digits] or [self.name]


class Component(NamedTuple):
    """One AI of an ID value, out of some."""

    #: By the value of the secondary ID bits that choose; None where that is reserved.
    alternatives: tuple[Identifier | None, ...]
    #: Where each AI is: number of the alternative, and of the last digit in it.
    places: dict[str, tuple[int, int]]
    #: A secondary ID bit says whether it is there at all.
    optional: bool = False

    @property
    def choice_bits(self) -> int:
        """Secondary ID bits that choose the alternative."""
        return (len(self.alternatives) - 1).bit_length()


#: What one ID value stands for.
Entry = tuple[Component, ...]


class IdTable(NamedTuple):
    """The ID values of a data format."""

    #: Number of values that there may be; it is the base of a pair of values (table I.5.3-1).
    size: int
    entries: dict[int, Entry]
    #: The ID values that an AI occurs in.
    values: dict[str, list[int]]
    #: Bits that say so in an object which names its table (same table).
    size_pattern: str


_PART = re.compile(r"(\d+)(\*?)(\d*)(an|n)")
_PIECE = re.compile(r"([(\[]?)([^()\[\]]+)[)\]]?")


def read_table(size: int, size_pattern: str, rows: str, chosen: dict[str, Component] | None = None) -> IdTable:
    """A table from its rows: ID value, AIs, format; ``55-64 7030-7039`` are ten rows of one format.

    ``chosen`` has the tables that stand for a choice, by name.
    """
    entries: dict[int, Entry] = {}
    for value, ais, form in _lines(rows):
        entries[value] = (chosen[ais],) if chosen and ais in chosen else _entry(ais, form)
    values: dict[str, list[int]] = {}
    for value, entry in entries.items():
        for ai in chain.from_iterable(component.places for component in entry):
            values.setdefault(ai, []).append(value)
    return IdTable(size, entries, values, size_pattern)


def _lines(rows: str) -> Iterator[tuple[int, str, str]]:
    for line in rows.strip().splitlines():
        span, ais, form = (*line.split(maxsplit=2), "")[:3]
        first, _, last = span.partition("-")
        start = ais.partition("-")[0]
        for step in range(int(last or first) - int(first) + 1):
            yield int(first) + step, str(int(start) + step) if last else ais, form


def _entry(ais: str, form: str) -> Entry:
    pieces = zip(_PIECE.findall(ais), _PIECE.findall(form), strict=True)
    return tuple(
        _component(list(map(_identifier, names.split("/"), forms.split("/"))), optional=bracket == "[")
        for (bracket, names), (_, forms) in pieces
    )


def _component(alternatives: Sequence[Identifier | None], *, optional: bool = False) -> Component:
    places = {
        name: (number, digit)
        for number, identifier in enumerate(alternatives)
        if identifier is not None
        for digit, name in enumerate(identifier.names)
    }
    return Component(tuple(alternatives), places, optional)


def _identifier(ai: str, form: str) -> Identifier:
    name, _, span = ai.partition("%")
    digits = "0123456789"[int(span[0]) : int(span[-1]) + 1] if span else ""
    return Identifier(name, digits, tuple(_part(*part) for part in _PART.findall(form)))


def _part(least: str, star: str, most: str, kind: str) -> Part:
    return Part(kind == "n", int(least), int(most) if most else None if star else int(least))


def choice(size: int, rows: str) -> Component:
    """A table of alternatives: value of the secondary ID bits, AI, format. ``size`` is a power of two."""
    by_value = {value: _identifier(name, form) for value, name, form in _lines(rows)}
    return _component([by_value.get(value) for value in range(size)])


def _measures(size: int, prefixes: str) -> Component:
    """AIs of six digits whose last one counts the decimals, 0 to 5."""
    return choice(size, "\n".join(f"{value} {prefix}%0-5 6n" for value, prefix in enumerate(prefixes.split())))


#: Where the registered table is no table: 7258 has a format that annex J does not know, 8111 the value 22 of 8. 8100 to
#: 8102 are no AIs any more.
_CHOSEN = {
    "S00": _measures(4, "310 320 356"),
    "S01": _measures(4, "311 321 322 323"),
    "S02": _measures(4, "312 324 325 326"),
    "S03": _measures(4, "313 327 328 329"),
    "S04": _measures(4, "314 350 351 352"),
    "S05": _measures(8, "315 316 357 360 361 364 365 366"),
    "S06": _measures(8, "335 336 362 363 367 368 369"),
    "S07": _measures(4, "334 353 354 355"),
    "S08": choice(8, "3 8110 1*70an"),
    "S09": _measures(4, "331 341 342 343"),
    "S10": _measures(4, "332 344 345 346"),
    "S11": _measures(4, "333 347 348 349"),
    "S12": choice(
        128,
        """
        0 243 1*20an
        1 255 13n 0*12n
        2 427 1*3an
        3-6 710-713 3n 1*27an
        7 8010 1*30an
        8 8011 1*12n
        9 8017 18n
        10 8019 1*10n
        11 8200 1*70an
        12 16 6n
        13 394%0-9 4n
        14 7005 1*12an
        15 7006 6n
        16 7007 6*12an
        17 7008 1*3an
        18 7009 1*10an
        19 7010 1*2an
        20 8012 1*20an
        21 416 13n
        22-24 7020-7022 1*20an
        25 7023 1*30an
        26 235 1*28n
        27 417 13n
        28 714 1*20an
        29 7040 1n 1*3an
        30 8013 1*30an
        31 8026 18n
        32 8112 1*70an
        33 7240 1*20an
        34 395%0-5 6n
        35-36 4300-4301 1*35an
        37-41 4302-4306 1*70an
        42 4307 2an
        43 4308 1*30an
        44 4309 20n
        45-46 4310-4311 1*35an
        47-51 4312-4316 1*70an
        52 4317 2an
        53 4318 1*20an
        54 4319 1*30an
        55 4320 1*35an
        56-58 4321-4323 1n
        59-60 4324-4325 10n
        61 4326 6n
        62 715 1*20an
        63-72 7230-7239 2an 1*28an
        73 7241 2an
        74 7242 1*25an
        75 8030 1*90an
        76 7011 6n 0*4n
        77-80 4330-4333 6n 0*1an
        81 7002 1*30an
        82 7041 1*4an
        83 716 1*20an
        84 7250 8n
        85 7251 12n
        86 7252 1n
        87-88 7253-7254 1*40an
        89 7255 1*10an
        90 7256 1*90an
        91 7257 1*70an
        93 7259 1*40an
        """,
    ),
}

#: Data format 9 (F9B0).
FORMAT_9 = read_table(
    90,
    "101",
    """
    1 00 18n
    2 01 14n
    3 (02)(37) (14n)(1*8n)
    4 10 1*20an
    5-7 11-13 6n
    8 15 6n
    9 17 6n
    10 20 2n
    11 21 1*20an
    12 22 1*20an
    13 240 1*30an
    14 241 1*30an
    15 242 1*6n
    16 250 1*30an
    17 251 1*30an
    18 253 13n 0*17an
    19 30 1*8n
    20 S00
    21 S01
    22 S02
    23 S03
    24 S04
    25 S05
    26 330%0-6/340%0-6 6n/6n
    27 S09
    28 S10
    29 S11
    30 S07
    31 S06
    32 337%0-6 6n
    33 390%0-9/391%0-9 1*15n/4*18n
    34 392%0-9/393%0-9 1*15n/4*18n
    35 400 1*30an
    36 401 1*30an
    37 402 17n
    38 403 1*30an
    39-42 410-413 13n
    43 (414)[254] (13n)[1*20an]
    44 (415)(8020) (13n)(1*25an)
    45 420/421 1*20an/3n 1*9an
    46 422 3n
    47 423 3*15n
    48 424 3n
    49 425 3n
    50 426 3n
    51 7001 13n
    52 7002 1*30an
    53 7003 10n
    54 7004 1*4n
    55-64 7030-7039 3n 1*27an
    65 8001 14n
    66 8002 1*20an
    67 8003 14n 0*16an
    68 8004 1*30an
    69 8005 6n
    70 8006 18n
    71 8007 1*30an
    72 8008 8*12n
    73 8018 18n
    74 S08
    75 90 1*30an
    76-84 91-99 1*an
    85 S12
    """,
    _CHOSEN,
)
