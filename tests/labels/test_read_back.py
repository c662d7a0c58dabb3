"""Every symbol that is printed is read back by another program, from pictures and pages, blurred and damaged.

QR is written by qrcode and read by zxing-cpp. GS1 DataMatrix and GS1-128 are written by zxing-cpp; their text is
compared with what a scanner must transmit.
"""

from __future__ import annotations

import pytest
import zxingcpp
from PIL import Image
from tests.labels.samples import blurred, expected, item, opened, pages, read, sample

from suyuan.labels.design import Design, builtin, builtin_names
from suyuan.labels.layout import Vector, lay_out
from suyuan.labels.pdf import pdf
from suyuan.labels.qr import Level, qr_modules
from suyuan.labels.raster import RESOLUTIONS, drawn, png
from suyuan.labels.symbols import QUIET, Kind, Modules, extent, modules

#: The smallest labels of the sheet of 65 hold modules of 0.44 mm, which 203 dots an inch cannot draw large enough.
PICTURES = [(name, dpi) for name in builtin_names() for dpi in RESOLUTIONS if (name, dpi) != ("sheet-65", 203)]
#: Square of damage that each level must survive, as a part of the symbol's area.
DAMAGE = {Level.L: 0.02, Level.M: 0.05, Level.Q: 0.12, Level.H: 0.16}


def said(image: Image.Image) -> set[tuple[str, str]]:
    """Symbology identifiers and texts in a picture."""
    return {(symbol.identifier, symbol.text) for symbol in read(image)}


def symbols(design: Design) -> list[str]:
    """Kinds of the design's symbols."""
    return [symbol.kind.value for symbol in design.symbol]


@pytest.mark.parametrize(("name", "dpi"), PICTURES)
def test_pictures_read_back_sharp_and_blurred(name: str, dpi: int) -> None:
    design, content = builtin(name), sample(name)
    image = opened(png(design, content, dpi))
    assert said(image) == expected(symbols(design), content)
    module = min(mark.module for mark in lay_out(design, content, Vector()).symbols) * dpi / 25.4
    assert said(blurred(image, 0.3 * module)) == expected(symbols(design), content)


@pytest.mark.parametrize("name", builtin_names())
def test_pdf_pages_read_back(name: str) -> None:
    design, content = builtin(name), sample(name)
    for dpi in RESOLUTIONS[:2] if design.sheet else RESOLUTIONS:  # a whole page at 600 takes seconds: see below
        (page,) = pages(pdf(design, [content]), dpi)
        assert said(page) == expected(symbols(design), content)


@pytest.mark.parametrize(("name", "dpi"), [("sheet-24", 203), ("sheet-24", 300), ("sheet-65", 300)])
def test_all_labels_of_a_sheet_read_back_each_in_its_place(name: str, dpi: int) -> None:
    design = builtin(name)
    assert design.sheet is not None
    contents = [item(number) for number in range(design.sheet.places)]
    (page,) = pages(pdf(design, contents), dpi)
    found = {symbol.text: symbol.where for symbol in read(page)}
    assert len(found) == len(contents)
    for number, content in enumerate(contents):
        left, top = design.sheet.place(number)
        x, y = (pixels * 25.4 / dpi for pixels in found[content.link])
        assert left < x < left + design.width
        assert top < y < top + design.height


def test_a_second_page_begins_where_the_sheet_is_full_and_used_places_stay_empty() -> None:
    design = builtin("sheet-24")
    first, second = pages(pdf(design, [item(number) for number in range(20)], skip=22), 150)
    assert len(read(first)) == 2
    assert len(read(second)) == 18
    assert all(symbol.where[1] > first.height * 7 / 8 for symbol in read(first))


def picture(rows: Modules, kind: Kind = Kind.QR, scale: int = 6) -> Image.Image:
    """A symbol with its quiet zone."""
    bare = drawn(rows, scale, scale if len(rows) > 1 else 60 * scale)
    margin = QUIET[kind] * scale
    image = Image.new("L", (bare.width + 2 * margin, bare.height + 2 * margin), 255)
    image.paste(bare, (margin, margin))
    return image


def damaged(image: Image.Image, part: float, shade: int, x: float, y: float) -> Image.Image:
    """A square of one shade over a part of the symbol, quiet zone not counted, with its middle at (x, y) of it."""
    margin = QUIET[Kind.QR] * 6
    side = image.width - 2 * margin
    half = round(side * part**0.5 / 2)
    middle = (margin + round(side * x), margin + round(side * y))
    spoiled = image.copy()
    spoiled.paste(shade, (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half))
    return spoiled


@pytest.mark.parametrize("level", list(Level))
def test_qr_survives_the_damage_that_its_level_is_for(level: Level) -> None:
    link = item().link
    image = picture(modules(Kind.QR, link, level))
    for shade in (255, 128):
        for x, y in ((0.5, 0.5), (0.6, 0.45), (0.5, 0.62)):
            assert said(damaged(image, DAMAGE[level], shade, x, y)) == {("]Q1", link)}


def test_datamatrix_survives_a_twentieth_of_damage() -> None:
    content = item()
    image = picture(modules(Kind.DATAMATRIX, content.element_string, Level.M), Kind.DATAMATRIX)
    side = round(image.width * 0.05**0.5)
    corner = round(image.width * 0.45)
    image.paste(128, (corner, corner, corner + side, corner + side))
    assert said(image) == expected(["gs1-datamatrix"], content)


def test_gs1_128_reads_through_a_band_that_lost_its_ink() -> None:
    content = sample("logistic")
    image = picture(modules(Kind.GS1_128, content.element_string, Level.M), Kind.GS1_128, 4)
    image.paste(255, (0, image.height // 2, image.width, image.height // 2 + round(image.height * 0.15)))
    assert said(image) == expected(["gs1-128"], content)


def test_symbols_of_a_batch_share_a_mask_and_all_of_them_read_back() -> None:
    for number in range(60):
        link = item(number).link
        version = (extent(Kind.QR, link, Level.M).width - 17) // 4
        assert said(picture(qr_modules(link, Level.M, version), scale=3)) == {("]Q1", link)}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sheet-24", "sheet-65"])
def test_sheets_read_back_at_600_dots_an_inch(name: str) -> None:
    design = builtin(name)
    assert design.sheet is not None
    contents = [item(number) for number in range(design.sheet.places)]
    (page,) = pages(pdf(design, contents), 600)
    assert {symbol.text for symbol in read(page)} == {content.link for content in contents}


@pytest.mark.slow
@pytest.mark.parametrize("level", list(Level))
def test_hundreds_of_symbols_of_a_batch_read_back_blurred(level: Level) -> None:
    only = zxingcpp.barcode_formats_from_str("QRCode")
    for number in range(300):
        link = item(number).link
        image = picture(modules(Kind.QR, link, level), scale=4)
        # Reading for any symbology, zxing-cpp takes a few modules in about one of a hundred for an ITF of four digits.
        for seen in (image, blurred(image, 1.0)):
            assert [symbol.text for symbol in zxingcpp.read_barcodes(seen, formats=only)] == [link]
