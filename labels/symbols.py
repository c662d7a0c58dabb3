"""Symbols of labels as dark modules, before anybody knows how large they are drawn.

QR with a GS1 Digital Link by qrcode; GS1 DataMatrix (ISO/IEC 16022) and GS1-128 (ISO/IEC 15417) by zxing-cpp, which
checks lengths only: the element string is parsed here first. Sizes: GS1 General Specifications section 5.12.3.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import zxingcpp
from qrcode.util import BIT_LIMIT_TABLE

from suyuan.base.errors import TooLarge
from suyuan.gs1 import element_string
from suyuan.labels.qr import CORRECTION, Level, qr_modules

#: Rows of modules, true where dark, without the quiet zone.
Modules = list[list[bool]]


class Kind(StrEnum):
    """Symbologies that labels carry."""

    QR = "qr"
    DATAMATRIX = "gs1-datamatrix"
    GS1_128 = "gs1-128"


class Use(StrEnum):
    """Where a symbol is read, which decides how large its modules must be."""

    RETAIL = "retail"  #: at tills and by shoppers' telephones
    LOGISTIC = "logistic"  #: in general distribution, from a distance


class Limits(NamedTuple):
    """Least and greatest width of a module, and the least height of bars, in millimetres."""

    least: float
    most: float
    height: float


#: General Specifications, symbol specification tables 1 (retail), 2 and 5 (general distribution, logistic units). A
#: Digital Link on a logistic unit is for telephones at arm's length, so that the retail row holds for QR.
LIMITS = {
    (Kind.QR, Use.RETAIL): Limits(0.396, 0.990, 0),
    (Kind.QR, Use.LOGISTIC): Limits(0.396, 1.500, 0),
    (Kind.DATAMATRIX, Use.RETAIL): Limits(0.396, 0.990, 0),
    (Kind.DATAMATRIX, Use.LOGISTIC): Limits(0.743, 1.500, 0),
    (Kind.GS1_128, Use.RETAIL): Limits(0.264, 0.660, 12.70),
    (Kind.GS1_128, Use.LOGISTIC): Limits(0.495, 0.940, 31.75),
}
#: Quiet zone on each side, in modules; bars have none above and below.
QUIET = {Kind.QR: 4, Kind.DATAMATRIX: 1, Kind.GS1_128: 10}
#: Longest element string in GS1-128, in characters without brackets (General Specifications 5.4.4.3).
_LONGEST_128 = 48
_FORMATS = {Kind.DATAMATRIX: zxingcpp.DataMatrix, Kind.GS1_128: zxingcpp.Code128}


class Extent(NamedTuple):
    """Width and height in modules, quiet zone not counted; bars have height 1."""

    width: int
    height: int


def extent(kind: Kind, text: str, level: Level) -> Extent:
    """How many modules a symbol has. For QR it is known without drawing it.

    Raises InvalidIdentifier for an element string that breaks a rule of GS1, TooLarge where no symbol holds the text.
    """
    if kind is Kind.QR:
        side = 17 + 4 * _qr_version(len(text.encode()), level)
        return Extent(side, side)
    rows = _drawn(kind, text)
    return Extent(len(rows[0]), len(rows))


def modules(kind: Kind, text: str, level: Level) -> Modules:
    """The modules of a symbol; errors as `extent`."""
    if kind is Kind.QR:
        return qr_modules(text, level, _qr_version(len(text.encode()), level))
    return _drawn(kind, text)


def rectangles(rows: Modules) -> list[tuple[int, int, int, int]]:
    """The dark modules as few rectangles: x, y, width, height. Equal runs of rows below each other are one."""
    open_runs: dict[tuple[int, int], int] = {}
    found = []
    for y, row in enumerate([*rows, [False] * len(rows[0])]):
        here = set(_runs(row))
        for run in [run for run in open_runs if run not in here]:
            top = open_runs.pop(run)
            found.append((run[0], top, run[1], y - top))
        for run in here:
            open_runs.setdefault(run, y)
    return found


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Start and length of each run of dark modules."""
    runs, start = [], None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            runs.append((start, x - start))
            start = None
    return runs


@lru_cache(maxsize=512)
def _qr_version(octets: int, level: Level) -> int:
    """The smallest version that holds so many octets in byte mode (ISO/IEC 18004 section 7.4)."""
    for version in range(1, 41):
        count = 8 if version < 10 else 16
        if 4 + count + 8 * octets <= BIT_LIMIT_TABLE[CORRECTION[level]][version]:
            return version
    raise TooLarge(
        f"no QR symbol of level {level} holds {octets} characters", remedy="use a lower level or a shorter serial"
    )


@lru_cache(maxsize=64)
def _drawn(kind: Kind, text: str) -> Modules:
    elements = element_string.parse(text)
    plain = sum(len(ai) + len(value) for ai, value in elements)
    if kind is Kind.GS1_128 and plain > _LONGEST_128:
        raise TooLarge(
            f"{text[:60]!a} has {plain} characters, GS1-128 holds {_LONGEST_128}", remedy="use GS1 DataMatrix or QR"
        )
    try:
        symbol: Any = zxingcpp.create_barcode(
            element_string.build(elements), _FORMATS[kind], gs1=True, forceSquare=True
        )
    except ValueError as error:
        raise TooLarge(f"{text[:60]!a} cannot be drawn as {kind}: {error}", remedy="use fewer elements") from None
    pixels: Any = memoryview(symbol.to_image(scale=1, add_quiet_zones=False)).tolist()
    rows = [[not light for light in row] for row in pixels]
    return rows[:1] if kind is Kind.GS1_128 else rows
