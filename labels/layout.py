"""Where everything on a label goes, for whatever draws it: a design and a content become marks in millimetres."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from suyuan.base.errors import InvalidInput, Refused
from suyuan.labels.content import LabelContent
from suyuan.labels.design import FIELD, POINT, Box, Design, SymbolElement, TextElement
from suyuan.labels.qr import Level
from suyuan.labels.symbols import LIMITS, QUIET, Kind, Modules, extent, modules
from suyuan.labels.typeface import ABOVE, BELOW, PITCH, drawable, typeface

#: Points by which a text becomes smaller until it fits.
_STEP = 0.25
#: Longest text that is fitted, in characters.
_LONGEST = 1000
#: Fitted texts that are kept.
_MOST_FITTED = 2000
#: What stays together on a line: an AI with its value, a Latin word, a Chinese character with the marks behind it.
_HAN = "\u2e80-\u2fff\u3003-\u3007\u3021-\u9fff\uff10-\uff5a"
_CLOSING = "\u3001\u3002\u300b\u300d\u300f\u3011\u3015\u201d\u2019\uff01\uff09\uff0c\uff0e\uff1a\uff1b\uff1f%\u2103"
_PIECE = re.compile(rf"\s+|\([0-9]{{2,4}}\)[^\s(]*|[{_HAN}][{_CLOSING}]*|[^\s({_HAN}]+|\(")


class Ruler(Protocol):
    """How the medium measures."""

    @property
    def dot(self) -> float | None:
        """Millimetres of a dot, where the medium has dots: modules are then whole dots."""

    def sizes(self, greatest: float, least: float) -> Iterator[float]:
        """Sizes of text that the medium can draw, in millimetres, greatest first."""

    def width(self, text: str, size: float) -> float:
        """Width of a text of this size, in millimetres."""


class Vector:
    """A medium without dots."""

    dot = None

    def sizes(self, greatest: float, least: float) -> Iterator[float]:
        """Quarter points."""
        for steps in range(int((greatest - least) / (_STEP * POINT) + 1e-6) + 1):
            yield greatest - steps * _STEP * POINT

    def width(self, text: str, size: float) -> float:
        """As the font says."""
        return typeface().width(text) * size


class SymbolMark(NamedTuple):
    """A symbol: the upper left corner of its dark modules, the width of a module, the height of a row of modules."""

    kind: Kind
    text: str
    level: Level
    x: float
    y: float
    columns: int
    rows: int
    module: float
    row: float

    @property
    def modules(self) -> Modules:
        """What is dark."""
        return modules(self.kind, self.text, self.level)


class TextMark(NamedTuple):
    """A line of text: the left end of its baseline, its size (the em) and width."""

    text: str
    x: float
    baseline: float
    size: float
    width: float


class Marks(NamedTuple):
    """All that is drawn, in millimetres from the upper left corner of the label, y downwards."""

    symbols: list[SymbolMark]
    texts: list[TextMark]
    rules: list[Box]


class Layout:
    """Lays out the labels of one batch: texts that they share are fitted once."""

    def __init__(self, design: Design, ruler: Ruler) -> None:
        self.design = design
        self._ruler = ruler
        self._templates = [FIELD.split(element.text) for element in design.text]
        self._rules = [rule.box for rule in design.rule] + [side for frame in design.frame for side in frame.sides]
        self._fitted: dict[tuple[int, str], list[TextMark]] = {}

    def marks(self, content: LabelContent) -> Marks:
        """The marks of one label.

        Raises InvalidInput where a text or symbol does not fit into its place, and InvalidIdentifier where the content
        has an element string that no symbol may carry.
        """
        symbols = [_symbol(element, content, self._ruler, number) for number, element in enumerate(self.design.symbol)]
        texts = [mark for number in range(len(self._templates)) for mark in self._text(number, content)]
        return Marks(symbols, texts, self._rules)

    def _text(self, number: int, content: LabelContent) -> list[TextMark]:
        text = _filled(self._templates[number], content)
        known = self._fitted.get((number, text))
        if known is None:
            if len(self._fitted) >= _MOST_FITTED:
                self._fitted.clear()
            known = _fitted(self.design.text[number], text, self._ruler, f"text[{number}]") if text else []
            self._fitted[number, text] = known
        return known


def lay_out(design: Design, content: LabelContent, ruler: Ruler) -> Marks:
    """The marks of a single label; errors as `Layout.marks`."""
    return Layout(design, ruler).marks(content)


def _symbol(element: SymbolElement, content: LabelContent, ruler: Ruler, number: int) -> SymbolMark:
    """The symbol with all that it may carry; a link without the lot where that is too much for its place."""
    if element.kind is not Kind.QR:
        return _placed_symbol(element, content.element_string, ruler, number)
    try:
        return _placed_symbol(element, content.link, ruler, number)
    except Refused:
        if not content.short_link:
            raise
        return _placed_symbol(element, content.short_link, ruler, number)


def _placed_symbol(element: SymbolElement, text: str, ruler: Ruler, number: int) -> SymbolMark:
    kind, level = element.kind, element.level
    columns, rows = extent(kind, text, level)
    quiet = QUIET[kind]
    bars = kind is Kind.GS1_128
    room = element.width if bars else min(element.width, element.height * (columns + 2 * quiet) / (rows + 2 * quiet))
    widest = room / (columns + 2 * quiet)
    module = min(element.module, widest) if ruler.dot is None else _whole_dots(element.module, widest, ruler.dot)
    limits = LIMITS[kind, element.use]
    if module < limits.least - 1e-6:
        raise InvalidInput(
            f"{kind} of {columns + 2 * quiet} modules, quiet zone included, does not fit into {element.width:g} x "
            f"{element.height:g} mm with modules of at least {limits.least:g} mm",
            place=f"symbol[{number}]",
            remedy="use a shorter link, a lower level, a larger label or more dots an inch",
        )
    row = element.height if bars else module
    x = element.x + (element.width - columns * module) / 2
    y = element.y + (element.height - rows * row) / 2
    if ruler.dot is not None:
        x, y = (round(place / ruler.dot) * ruler.dot for place in (x, y))
    return SymbolMark(kind, text, level, x, y, columns, rows, module, row)


def _whole_dots(wanted: float, widest: float, dot: float) -> float:
    """The nearest width of whole dots that is not wider than the widest."""
    return min(round(wanted / dot), int(widest / dot + 1e-6)) * dot


def _fitted(element: TextElement, text: str, ruler: Ruler, place: str) -> list[TextMark]:
    """The lines of a text in the largest size in which they fit."""
    if len(text) > _LONGEST:
        raise InvalidInput(f"{text[:60]!a} has {len(text)} characters, more than {_LONGEST}", place=place)
    text = drawable(text, place)
    for breaking in (False, True):  # a number in two lines is misread: rather smaller than that
        for size in ruler.sizes(element.size * POINT, element.smallest * POINT):
            lines = _wrapped(text, element.width, size, ruler, element.lines, breaking)
            if lines and (ABOVE + BELOW + PITCH * (len(lines) - 1)) * size <= element.height + 1e-6:
                return list(_placed(element, lines, size, ruler))
    raise InvalidInput(
        f"{text[:60]!a} does not fit into {element.width:g} x {element.height:g} mm on {element.lines} lines at "
        f"{element.smallest:g} points",
        place=place,
        remedy="use a shorter text or a design with more room",
    )


def _filled(template: list[str], content: LabelContent) -> str:
    """Literals and fields in turn, as one text; empty where there are fields and all of them are."""
    if len(template) == 1:
        return template[0]
    values = [_value(name, content) for name in template[1::2]]
    if not any(values):
        return ""
    parts = template.copy()
    parts[1::2] = values
    return "".join(parts).strip()


def _value(name: str, content: LabelContent) -> str:
    if name == "link":
        return content.link
    if name == "element_string":
        return content.element_string
    return (content.epc_hex or "") if name == "epc_hex" else content.text(name)


def _placed(element: TextElement, lines: Sequence[str], size: float, ruler: Ruler) -> Iterator[TextMark]:
    height = (ABOVE + BELOW + PITCH * (len(lines) - 1)) * size
    down = {"top": 0.0, "middle": 0.5, "bottom": 1.0}[element.valign]
    across = {"left": 0.0, "center": 0.5, "right": 1.0}[element.align]
    top = element.y + down * (element.height - height)
    for number, line in enumerate(lines):
        width = ruler.width(line, size)
        x = element.x + across * (element.width - width)
        yield TextMark(line, x, top + (ABOVE + PITCH * number) * size, size, width)


def _wrapped(text: str, width: float, size: float, ruler: Ruler, most: int, breaking: bool) -> list[str]:
    """The lines of a text; none where there would be more than *most*, or a word in two unless *breaking*."""
    if ruler.width(text, size) <= width:
        return [text]
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if ruler.width((line + piece).rstrip(), size) <= width:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = piece.lstrip()
        while ruler.width(line, size) > width:
            fitting = _fitting(line, width, size, ruler)
            if not fitting or not breaking:
                return []
            lines.append(line[:fitting])
            line = line[fitting:]
        if len(lines) >= most:
            return []
    return [*lines, line.rstrip()] if line.strip() else lines


def _fitting(word: str, width: float, size: float, ruler: Ruler) -> int:
    """How many characters of a word fit on a line of its own."""
    count = len(word)
    while count and ruler.width(word[:count], size) > width:
        count -= 1
    return count
