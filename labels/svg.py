"""A label as SVG in millimetres. Text is drawn as outlines, so that it looks the same without the font."""

from __future__ import annotations

from xml.sax.saxutils import escape

from suyuan.labels.content import LabelContent
from suyuan.labels.design import Design
from suyuan.labels.layout import SymbolMark, TextMark, Vector, lay_out
from suyuan.labels.symbols import rectangles
from suyuan.labels.typeface import typeface


def svg(design: Design, content: LabelContent) -> bytes:
    """One label; errors as `lay_out`."""
    marks = lay_out(design, content, Vector())
    size = f'width="{design.width:g}mm" height="{design.height:g}mm" viewBox="0 0 {design.width:g} {design.height:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(content.element_string)}</title>",
        f'<path fill="#fff" d="M0 0h{design.width:g}v{design.height:g}H0z"/>',
    ]
    parts += [f'<path d="M{x:g} {y:g}h{width:g}v{height:g}h{-width:g}z"/>' for x, y, width, height in marks.rules]
    parts += [_text(mark) for mark in marks.texts]
    parts += [_symbol(mark) for mark in marks.symbols]
    return "\n".join([*parts, "</svg>\n"]).encode()


def _text(mark: TextMark) -> str:
    scale = mark.size / typeface().units
    place = f"translate({mark.x:.4f} {mark.baseline:.4f}) scale({scale:.6f} {-scale:.6f})"
    return f'<g transform="{place}"><title>{escape(mark.text)}</title><path d="{typeface().outlines(mark.text)}"/></g>'


def _symbol(mark: SymbolMark) -> str:
    place = f"translate({mark.x:.4f} {mark.y:.4f}) scale({mark.module:.6f} {mark.row:.6f})"
    runs = "".join(f"M{x} {y}h{width}v{height}h-{width}z" for x, y, width, height in rectangles(mark.modules))
    return f'<path transform="{place}" d="{runs}"/>'
