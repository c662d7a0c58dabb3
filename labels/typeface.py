"""The typeface of labels: Chinese and Latin in one font, so that both stand on one line and any label can be drawn.

It is read from ``fonts/``; PDF embeds a subset of it, SVG its outlines, pictures and ZPL its pixels.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Lock

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

from suyuan.base.errors import InvalidInput

FILE = Path(__file__).parent / "fonts" / "wqy-microhei-subset.ttf"
#: From the top of a line to its baseline, from there to the bottom, and from line to line; in ems. Every Chinese
#: character and every Latin one without an accent on a capital letter is within.
ABOVE, BELOW, PITCH = 0.88, 0.24, 1.16


class Typeface:
    """Widths and outlines of the font's characters, in ems."""

    def __init__(self, file: Path) -> None:
        self._font = TTFont(file, lazy=True)
        self._units = float(self._font["head"].unitsPerEm)
        self._names: dict[int, str] = self._font.getBestCmap()
        self._metrics = self._font["hmtx"].metrics
        self._advances: dict[str, float] = {}
        self._reading = Lock()

    def width(self, text: str) -> float:
        """Width of a text whose characters the font has, in ems."""
        known = self._advances
        try:
            return sum([known[character] for character in text])
        except KeyError:
            for character in set(text) - set(known):
                known[character] = self._metrics[self._names[ord(character)]][0] / self._units
            return self.width(text)

    def missing(self, text: str) -> Iterator[str]:
        """Characters that the font cannot draw, or that draw nothing and turn others around."""
        return (c for c in text if ord(c) not in self._names or unicodedata.category(c) in {"Cc", "Cf"})

    def outlines(self, text: str) -> str:
        """SVG path data of a text from its baseline's left end, y upwards, `units` to the em."""
        with self._reading:  # outlines come from the file at their first use
            glyphs = self._font.getGlyphSet()
            pen, x = SVGPathPen(glyphs), 0
            for character in text:
                name = self._names[ord(character)]
                glyphs[name].draw(TransformPen(pen, (1, 0, 0, 1, x, 0)))
                x += self._metrics[name][0]
            return str(pen.getCommands())

    @property
    def units(self) -> float:
        """Units of `outlines` to the em."""
        return self._units


@cache
def typeface() -> Typeface:
    """The one typeface, read at its first use (0.2 s)."""
    return Typeface(FILE)


def drawable(text: str, place: str) -> str:
    """A text as it is drawn: composed (NFC). Raises InvalidInput naming a character that would leave a gap."""
    composed = unicodedata.normalize("NFC", text)
    for character in typeface().missing(composed):
        raise InvalidInput(
            f"{composed[:60]!a} has U+{ord(character):04X}, which the label font cannot draw",
            place=place,
            remedy="write it with another character",
        )
    return composed
