"""Label designs: sizes and places in millimetres, read from TOML; ours are in ``designs/``.

A design is checked when it is read, not when the printer runs: everything is on the label, and nothing is in the
quiet zone of a symbol. Places are those of the upper left corner, from the upper left corner of the label.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from suyuan.base.errors import InvalidSetting, SuyuanError
from suyuan.labels.content import FIELDS
from suyuan.labels.qr import Level
from suyuan.labels.symbols import LIMITS, QUIET, Kind, Use
from suyuan.labels.typeface import ABOVE, BELOW, drawable

#: Millimetres of a typographic point.
POINT = 25.4 / 72
_FOLDER = Path(__file__).parent / "designs"
_GUIDE = "see docs/how-to/label-designs.md"
#: Size of a design file in bytes, of a label and of a sheet in millimetres, elements of a design, size of text.
LONGEST_FILE = 65_536
_LABEL = (10.0, 300.0)
_PAGE = (50.0, 1200.0)
_MOST_ELEMENTS = 100
_TEXT_POINTS = (4.0, 200.0)
_NAME = re.compile("[a-z0-9][a-z0-9-]{0,39}")
#: What a text may show beside the fields of its batch.
OWN_FIELDS = {
    "link": "the Digital Link",
    "element_string": "element string with brackets",
    "epc_hex": "EPC of the tag in hexadecimal digits",
}
FIELD = re.compile(r"\{([a-z_]*)\}")


class Box(NamedTuple):
    """A rectangle in millimetres."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        """Whether they have more than an edge in common."""
        return (
            self.x < other.x + other.width - _HAIR
            and other.x < self.x + self.width - _HAIR
            and self.y < other.y + other.height - _HAIR
            and other.y < self.y + self.height - _HAIR
        )

    def within(self, width: float, height: float) -> bool:
        """Whether it is inside a label of that size."""
        return (
            min(self.x, self.y) >= 0 and self.x + self.width <= width + _HAIR and self.y + self.height <= height + _HAIR
        )


#: Sums of decimal fractions are a little off.
_HAIR = 1e-6


class _Placed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something with a place and a size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def box(self) -> Box:
        """Where it is."""
        return Box(self.x, self.y, self.width, self.height)


class SymbolElement(_Placed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A symbol, in the middle of its box; the box holds the quiet zone too.

    ``module`` is the wanted width of a module; it becomes smaller where the box is too small, never smaller than
    GS1's limit for the use.
    """

    kind: Kind
    use: Use = Use.RETAIL
    level: Level = Level.M
    module: float = 0.5


class TextElement(_Placed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A text with fields in braces, as large as it fits between ``smallest`` and ``size`` points.

    It is left out where all of its fields are empty, and refused where it does not fit.
    """

    text: str
    size: float
    smallest: float = 5.0
    lines: int = 1
    align: Literal["left", "center", "right"] = "left"
    valign: Literal["top", "middle", "bottom"] = "top"


class RuleElement(_Placed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A filled rectangle: a line is a thin one."""


class FrameElement(_Placed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The outline of a rectangle; ``line`` is its width, inwards."""

    line: float = 0.25

    @property
    def sides(self) -> tuple[Box, Box, Box, Box]:
        """Its four lines."""
        x, y, width, height, line = self.x, self.y, self.width, self.height, self.line
        return (
            Box(x, y, width, line),
            Box(x, y + height - line, width, line),
            Box(x, y, line, height),
            Box(x + width - line, y, line, height),
        )


class Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How labels lie on a sheet; pitch is from label to label."""

    width: float
    height: float
    columns: int
    rows: int
    left: float
    top: float
    column_pitch: float
    row_pitch: float

    @property
    def places(self) -> int:
        """Labels on a sheet."""
        return self.columns * self.rows

    def place(self, number: int) -> tuple[float, float]:
        """Upper left corner of a place, row by row from 0."""
        row, column = divmod(number, self.columns)
        return self.left + column * self.column_pitch, self.top + row * self.row_pitch


class Design(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A label's picture with places for its texts and symbols."""

    name: str
    #: One line for people who choose.
    title: str
    title_zh: str = ""
    #: Size of one label, in millimetres.
    width: float
    height: float
    sheet: Sheet | None = None
    symbol: tuple[SymbolElement, ...] = ()
    text: tuple[TextElement, ...] = ()
    rule: tuple[RuleElement, ...] = ()
    frame: tuple[FrameElement, ...] = ()


@cache
def builtin_names() -> list[str]:
    """Names of the designs that Suyuan brings."""
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


@cache
def builtin(name: str) -> Design:
    """A design of ours."""
    file = _FOLDER / f"{name}.toml"
    return read_design(file.read_bytes(), file.name)


def read_design(content: bytes, place: str) -> Design:
    """The design in a TOML file. Raises InvalidSetting naming *place*, the element and what to do."""
    if len(content) > LONGEST_FILE:
        raise InvalidSetting(f"a design has at most {LONGEST_FILE} bytes", place=place, remedy=_GUIDE)
    try:
        design = msgspec.convert(tomllib.loads(content.decode()), Design)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidSetting(f"not a TOML file: {error}", place=place, remedy=_GUIDE) from None
    except msgspec.ValidationError as error:
        detail = f"{error}; sizes and places are numbers of millimetres, text sizes are points"
        raise InvalidSetting(detail, place=place, remedy=_GUIDE) from None
    for where, problem in _problems(design):
        raise InvalidSetting(problem, place=f"{place}: {where}", remedy=_GUIDE)
    return design


def _problems(design: Design) -> Iterator[tuple[str, str]]:
    """Place and text of what is wrong, of which the first is told: what comes after it may rest on it."""
    if not _NAME.fullmatch(design.name):
        yield "name", f"{design.name[:60]!a} is not of small letters, digits and hyphens, 40 at most"
    for name in ("width", "height"):
        value = getattr(design, name)
        if not _LABEL[0] <= value <= _LABEL[1]:
            yield name, f"{value:g} mm is not between {_LABEL[0]:g} and {_LABEL[1]:g} mm"
    if design.sheet is not None:
        yield from _sheet_problems(design.sheet, design)
    elements = list(_elements(design))
    if not 1 <= len(elements) <= _MOST_ELEMENTS:
        yield "elements", f"a design has 1 to {_MOST_ELEMENTS} elements, not {len(elements)}"
    for where, element in elements:
        yield from _box_problems(where, element.box, design)
    for number, symbol in enumerate(design.symbol):
        yield from _symbol_problems(f"symbol[{number}]", symbol)
    for number, text in enumerate(design.text):
        yield from _text_problems(f"text[{number}]", text)
    for number, frame in enumerate(design.frame):
        if not 0 < frame.line <= min(frame.width, frame.height) / 2:
            yield f"frame[{number}].line", f"{frame.line:g} mm is not over 0 and at most half of the frame's size"
    yield from _overlaps(design)


def _elements(design: Design) -> Iterator[tuple[str, _Placed]]:
    for kind in ("symbol", "text", "rule", "frame"):
        for number, element in enumerate(getattr(design, kind)):
            yield f"{kind}[{number}]", element


def _sheet_problems(sheet: Sheet, design: Design) -> Iterator[tuple[str, str]]:
    for name in ("width", "height"):
        value = getattr(sheet, name)
        if not _PAGE[0] <= value <= _PAGE[1]:
            yield f"sheet.{name}", f"{value:g} mm is not between {_PAGE[0]:g} and {_PAGE[1]:g} mm"
    if not (1 <= sheet.columns <= 50 and 1 <= sheet.rows <= 100):
        yield "sheet", f"{sheet.columns} columns and {sheet.rows} rows are not within 1 to 50 and 1 to 100"
    if (sheet.columns > 1 and sheet.column_pitch < design.width - _HAIR) or (
        sheet.rows > 1 and sheet.row_pitch < design.height - _HAIR
    ):
        yield "sheet", "the pitch from label to label is less than the label, so that labels overlap"
    x, y = sheet.place(sheet.places - 1)
    if min(sheet.left, sheet.top) < 0 or not Box(x, y, design.width, design.height).within(sheet.width, sheet.height):
        yield "sheet", f"{sheet.columns} x {sheet.rows} labels do not fit on {sheet.width:g} x {sheet.height:g} mm"


def _box_problems(where: str, box: Box, design: Design) -> Iterator[tuple[str, str]]:
    size = f"{box.width:g} x {box.height:g} mm at ({box.x:g}, {box.y:g})"
    if min(box.width, box.height) <= 0:
        yield where, f"{size} has no size"
    elif not box.within(design.width, design.height):
        yield where, f"{size} is not wholly on the label of {design.width:g} x {design.height:g} mm"


def _symbol_problems(where: str, symbol: SymbolElement) -> Iterator[tuple[str, str]]:
    limits = LIMITS[symbol.kind, symbol.use]
    if not limits.least <= symbol.module <= limits.most:
        allowed = f"{limits.least:g} to {limits.most:g} mm, GS1's limits for {symbol.kind} in use {symbol.use}"
        yield f"{where}.module", f"{symbol.module:g} mm is outside {allowed}"
    if symbol.height < limits.height:
        yield f"{where}.height", f"bars of {symbol.height:g} mm are lower than GS1's {limits.height:g} mm"
    smallest = {Kind.QR: 21, Kind.DATAMATRIX: 10, Kind.GS1_128: 68}[symbol.kind] + 2 * QUIET[symbol.kind]
    if symbol.width < smallest * limits.least - _HAIR:
        yield (
            f"{where}.width",
            f"{symbol.width:g} mm hold no {symbol.kind}: the smallest has {smallest} modules of {limits.least:g} mm",
        )


def _text_problems(where: str, text: TextElement) -> Iterator[tuple[str, str]]:
    for name in ("size", "smallest"):
        value = getattr(text, name)
        if not _TEXT_POINTS[0] <= value <= _TEXT_POINTS[1]:
            yield f"{where}.{name}", f"{value:g} is not between {_TEXT_POINTS[0]:g} and {_TEXT_POINTS[1]:g} points"
    if text.smallest > text.size:
        yield f"{where}.smallest", f"{text.smallest:g} points are more than the size of {text.size:g}"
    if not 1 <= text.lines <= 20:
        yield f"{where}.lines", f"{text.lines} is not between 1 and 20"
    if text.height < (ABOVE + BELOW) * text.smallest * POINT - _HAIR:
        yield f"{where}.height", f"{text.height:g} mm are too low for a line of {text.smallest:g} points"
    names = FIELD.findall(text.text)
    for name in names:
        if name not in FIELDS and name not in OWN_FIELDS:
            known = ", ".join(sorted({*FIELDS, *OWN_FIELDS}))
            yield f"{where}.text", f"there is no field {{{name[:40]}}}; there are {known}"
    rest = FIELD.sub("", text.text)
    if "{" in rest or "}" in rest or not text.text:
        yield f"{where}.text", f"{text.text[:60]!a} is empty, or has a brace that belongs to no field"
    try:
        drawable(rest, where)
    except SuyuanError as error:
        yield f"{where}.text", error.detail


def _overlaps(design: Design) -> Iterator[tuple[str, str]]:
    """Everything that is in the box of a symbol, which is its quiet zone too."""
    inked = [(where, element.box) for where, element in _elements(design) if not isinstance(element, FrameElement)]
    inked += [(f"frame[{number}]", side) for number, frame in enumerate(design.frame) for side in frame.sides]
    for number, symbol in enumerate(design.symbol):
        own = f"symbol[{number}]"
        for where, box in inked:
            if where != own and box.meets(symbol.box):
                yield where, f"reaches into the quiet zone of {own}"
