"""Labels as pictures of whole dots: what a printer of that resolution prints, and the preview before it does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFont

from suyuan.base.errors import InvalidInput
from suyuan.labels.content import LabelContent
from suyuan.labels.design import Box, Design
from suyuan.labels.layout import SymbolMark, TextMark, lay_out
from suyuan.labels.symbols import Modules, rectangles
from suyuan.labels.typeface import ABOVE, BELOW, FILE

#: Resolutions of label printers, in dots an inch.
RESOLUTIONS = (203, 300, 600)
_INCH = 25.4
#: Of a picture of one bit: with 1, Pillow would keep a 1 that is neither black nor white to its operations.
_WHITE = 255
#: Widths of lines are multiples of so many dots, so that characters drawn for one line serve many.
_STRIDE = 64


class Dots:
    """A medium of dots; text comes in whole dots to the em."""

    def __init__(self, dpi: int) -> None:
        if dpi not in RESOLUTIONS:
            raise InvalidInput(f"{dpi} dots an inch is none of {', '.join(map(str, RESOLUTIONS))}", place="dpi")
        self.dpi = dpi
        self.dot = _INCH / dpi

    def sizes(self, greatest: float, least: float) -> Iterator[float]:
        """Whole dots, the nearest to the greatest and to the least included."""
        for dots in range(round(greatest / self.dot), round(least / self.dot) - 1, -1):
            yield dots * self.dot

    def width(self, text: str, size: float) -> float:
        """As it is drawn: small characters are fitted to the dots."""
        dots = self.dots(size)
        return sum([_advance(character, dots) for character in text]) * self.dot

    def dots(self, millimetres: float) -> int:
        """The nearest number of dots."""
        return round(millimetres / self.dot)


@lru_cache(maxsize=16_384)
def _advance(character: str, size: int) -> float:
    """Width of a character in dots; the font has no kerning, so that a text is as wide as its characters."""
    return float(face(size).getlength(character))


@lru_cache(maxsize=128)
def face(size: int) -> ImageFont.FreeTypeFont:
    """The typeface at so many dots to the em."""
    return ImageFont.truetype(str(FILE), size, layout_engine=ImageFont.Layout.BASIC)


def picture(design: Design, content: LabelContent, dpi: int) -> Image.Image:
    """One label in black (0) and white at *dpi*; errors as `lay_out`."""
    dots = Dots(dpi)
    marks = lay_out(design, content, dots)
    image = Image.new("1", (dots.dots(design.width), dots.dots(design.height)), _WHITE)
    for rule in marks.rules:
        image.paste(0, rule_dots(rule, dots))
    for text in marks.texts:
        _print(image, _image(line_dots(text.text, dots.dots(text.size))), *text_corner(text, dots))
    for symbol in marks.symbols:
        _print(image, symbol_dots(symbol, dots), dots.dots(symbol.x), dots.dots(symbol.y))
    return image


def png(design: Design, content: LabelContent, dpi: int) -> bytes:
    """One label as PNG of one bit a dot, which knows its resolution."""
    file = io.BytesIO()
    picture(design, content, dpi).save(file, "PNG", dpi=(dpi, dpi))
    return file.getvalue()


def rule_dots(rule: Box, dots: Dots) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a rule, at least one dot wide."""
    left, top = dots.dots(rule.x), dots.dots(rule.y)
    return left, top, left + max(1, dots.dots(rule.width)), top + max(1, dots.dots(rule.height))


class Line(NamedTuple):
    """The ink of a line of text: rows of *stride* bits as one number, the upper left dot first."""

    bits: int
    stride: int
    rows: int


def text_corner(mark: TextMark, dots: Dots) -> tuple[int, int]:
    """Where the upper left corner of a line's ink goes."""
    size = dots.dots(mark.size)
    return dots.dots(mark.x) - _overhang(size), dots.dots(mark.baseline) - _above(size)


def line_dots(text: str, size: int) -> Line:
    """A line of text at so many dots to the em, set from characters that were drawn before, which is far quicker.

    Left of it is room for what hangs over; the baseline is at the same height for all texts of the size.
    """
    advances = [_advance(character, size) for character in text]
    width = ceil(sum(advances)) + 2 * _overhang(size)
    stride = -(-width // _STRIDE) * _STRIDE
    bits, x = 0, 0.0
    for character, advance in zip(text, advances, strict=True):
        bits |= _character(character, size, stride) >> round(x)
        x += advance
    return Line(bits, stride, _above(size) + round(BELOW * size) + 2)


@lru_cache(maxsize=4096)
def _character(character: str, size: int, stride: int) -> int:
    """A character at the left end of a line, as the bits of `Line`."""
    height = _above(size) + round(BELOW * size) + 2
    image = Image.new("1", (stride, height), 0)
    ImageDraw.Draw(image).text((_overhang(size), _above(size)), character, font=face(size), fill=_WHITE, anchor="ls")
    return int.from_bytes(image.tobytes(), "big")


def _above(size: int) -> int:
    return round(ABOVE * size) + 2


def _overhang(size: int) -> int:
    """Dots on each side of a line into which italic and accented characters may reach."""
    return size // 4 + 1


def _image(line: Line) -> Image.Image:
    """A line with black ink."""
    octets = line.bits.to_bytes(line.stride * line.rows // 8, "big")
    return ImageChops.invert(Image.frombytes("1", (line.stride, line.rows), octets))


def symbol_dots(mark: SymbolMark, dots: Dots) -> Image.Image:
    """A symbol without its quiet zone: modules of whole dots."""
    return drawn(mark.modules, dots.dots(mark.module), dots.dots(mark.row))


def drawn(rows: Modules, width: int, height: int) -> Image.Image:
    """Modules as a picture, each so many dots wide and high."""
    image = Image.new("1", (len(rows[0]) * width, len(rows) * height), _WHITE)
    for x, y, across, down in rectangles(rows):
        image.paste(0, (x * width, y * height, (x + across) * width, (y + down) * height))
    return image


def _print(image: Image.Image, ink: Image.Image, left: int, top: int) -> None:
    """Put ink on the label: black stays black."""
    box = (left, top, left + ink.width, top + ink.height)
    image.paste(ImageChops.logical_and(image.crop(box), ink), box)
