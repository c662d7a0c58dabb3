"""Labels as PDF: vector symbols, text in an embedded subset of the label font; one label a page, or sheets."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from suyuan.base.errors import InvalidInput, TooLarge
from suyuan.labels.content import LabelContent
from suyuan.labels.design import Design
from suyuan.labels.layout import Layout, Marks, SymbolMark, Vector
from suyuan.labels.symbols import rectangles
from suyuan.labels.typeface import FILE

#: Most labels of one file: the table of contents of a PDF comes last, so that all of it stays in memory until then.
MOST_LABELS = 10_000
_FONT = "SuyuanLabel"
#: Points in a millimetre.
_MM = 72 / 25.4


def pdf(design: Design, contents: Iterable[LabelContent], skip: int = 0) -> bytes:
    """All labels as one PDF. *skip* places of the first sheet stay empty.

    Raises InvalidInput for what does not fit, for a skip that is not on the sheet and for no label at all; TooLarge
    for more than `MOST_LABELS`.
    """
    places = design.sheet.places if design.sheet else 1
    if not 0 <= skip < places:
        raise InvalidInput(f"{skip} is not between 0 and {places - 1}", place="skip")
    file = io.BytesIO()
    size = (design.sheet.width, design.sheet.height) if design.sheet else (design.width, design.height)
    pdfmetrics.registerFont(_font())
    page = (size[0] * _MM, size[1] * _MM)
    canvas = Canvas(file, pagesize=page, pageCompression=1, invariant=1, initialFontName=_FONT)
    canvas.setTitle(design.title)
    canvas.setCreator("Suyuan")
    layout, count = Layout(design, Vector()), 0
    for count, content in enumerate(contents, 1):
        if count > MOST_LABELS:
            raise TooLarge(f"a PDF holds at most {MOST_LABELS} labels", remedy="print the batch in parts")
        place = (skip + count - 1) % places
        if place == 0 and count > 1:
            canvas.showPage()
        left, top = design.sheet.place(place) if design.sheet else (0.0, 0.0)
        _draw(canvas, layout.marks(content), left, size[1] - top)
    if count == 0:
        raise InvalidInput("there is no label to print")
    canvas.save()
    return file.getvalue()


@cache
def _font() -> TTFont:
    return TTFont(_FONT, str(FILE))


def _draw(canvas: Canvas, marks: Marks, left: float, top: float) -> None:
    """One label, whose upper left corner is *left* from the left edge and *top* above the lower edge of the page."""
    if marks.rules:
        path = canvas.beginPath()
        for x, y, width, height in marks.rules:
            path.rect((left + x) * _MM, (top - y - height) * _MM, width * _MM, height * _MM)
        canvas.drawPath(path, stroke=0, fill=1)
    for text in marks.texts:
        canvas.setFont(_FONT, text.size * _MM)
        canvas.drawString((left + text.x) * _MM, (top - text.baseline) * _MM, text.text)
    for symbol in marks.symbols:
        _draw_symbol(canvas, symbol, left + symbol.x, top - symbol.y)


def _draw_symbol(canvas: Canvas, mark: SymbolMark, left: float, top: float) -> None:
    """All dark modules as one path, filled at once: no seams between them, however it is drawn."""
    canvas.saveState()
    canvas.transform(mark.module * _MM, 0, 0, -mark.row * _MM, left * _MM, top * _MM)
    # As PDF operators: rectangles of whole numbers need none of the work that a canvas does for each.
    canvas.addLiteral(" ".join([f"{x} {y} {width} {height} re" for x, y, width, height in rectangles(mark.modules)]))
    canvas.addLiteral("f")
    canvas.restoreState()
