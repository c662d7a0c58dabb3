"""Files of labels: PDF, SVG, PNG and CSV, through the one entry that commands and routes use."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from PIL import Image
from tests.labels.samples import EPC, TEXTS, item, opened, pages, sample

from suyuan.base.errors import InvalidIdentifier, InvalidInput, TooLarge
from suyuan.labels.content import LabelContent, content
from suyuan.labels.design import builtin, builtin_names
from suyuan.labels.raster import RESOLUTIONS
from suyuan.labels.rendering import MEDIA, Options, Output, render
from suyuan.labels.zpl import Rfid


def made(design: str, contents: list[LabelContent], output: Output, **options: object) -> bytes:
    """The whole file."""
    return b"".join(render(builtin(design), contents, output, Options(**options)))  # type: ignore[arg-type]


def test_every_output_has_a_media_type_and_comes_out() -> None:
    assert set(MEDIA) == set(Output)
    begins = {
        Output.PDF: b"%PDF",
        Output.PNG: b"\x89PNG",
        Output.SVG: b"<svg ",
        Output.ZPL: b"^XA",
        Output.CSV: b"numb",
    }
    for output, start in begins.items():
        assert made("item", [item()], output).startswith(start)


@pytest.mark.parametrize("output", [Output.PNG, Output.SVG])
def test_a_picture_holds_one_label(output: Output) -> None:
    with pytest.raises(InvalidInput, match="one label, and there are none"):
        made("item", [], output)
    with pytest.raises(InvalidInput, match="one label, and there are several"):
        made("item", [item(1), item(2)], output)


@pytest.mark.parametrize("dpi", RESOLUTIONS)
def test_a_png_knows_its_size_and_has_black_and_white_only(dpi: int) -> None:
    image = Image.open(io.BytesIO(made("item", [item()], Output.PNG, dpi=dpi)))
    assert image.mode == "1"
    assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.02)
    assert image.size == (round(50 / 25.4 * dpi), round(30 / 25.4 * dpi))


def test_a_pdf_embeds_its_font_as_a_subset_and_no_other() -> None:
    body = made("item", [item(number) for number in range(3)], Output.PDF)
    fonts = set(re.findall(rb"/FontName /([A-Za-z+]+)", body))
    assert fonts == {b"AAAAAA+WenQuanYiMicroHei"}
    assert b"Helvetica" not in body
    assert b"/FontFile2" in body
    assert len(body) < 60_000


def test_the_same_labels_give_the_same_pdf() -> None:
    assert made("item", [item()], Output.PDF) == made("item", [item()], Output.PDF)


def test_a_pdf_has_pages_of_the_label_or_of_the_sheet() -> None:
    single = pages(made("item", [item(1), item(2)], Output.PDF), 254)
    assert [page.size for page in single] == [pytest.approx((500, 300), abs=1)] * 2
    (sheet,) = pages(made("sheet-65", [item(1), item(2)], Output.PDF), 254)
    assert sheet.size == pytest.approx((2100, 2970), abs=1)


@pytest.mark.parametrize(("design", "skip"), [("sheet-24", 24), ("sheet-24", -1), ("item", 1)])
def test_only_places_of_the_first_sheet_can_be_skipped(design: str, skip: int) -> None:
    with pytest.raises(InvalidInput, match=f"{skip} is not between 0 and"):
        made(design, [item()], Output.PDF, skip=skip)


def test_a_pdf_has_some_labels_but_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="no label to print"):
        made("item", [], Output.PDF)
    monkeypatch.setattr("suyuan.labels.pdf.MOST_LABELS", 2)
    with pytest.raises(TooLarge, match="at most 2 labels"):
        made("item", [item(1), item(2), item(3)], Output.PDF)


@pytest.mark.parametrize("name", builtin_names())
def test_an_svg_is_xml_in_millimetres_without_text_that_needs_a_font(name: str) -> None:
    design = builtin(name)
    root = ET.fromstring(made(name, [sample(name)], Output.SVG))
    assert root.get("width") == f"{design.width:g}mm"
    assert not root.findall(".//{http://www.w3.org/2000/svg}text")
    assert len(root.findall(".//{http://www.w3.org/2000/svg}path")) > 3


def test_an_svg_escapes_what_it_says() -> None:
    said = item(product_en='<b a="&">')
    titles = ET.fromstring(made("item", [said], Output.SVG)).findall(".//{http://www.w3.org/2000/svg}title")
    assert '<b a="&">' in {title.text for title in titles}


def test_csv_has_a_line_for_each_label_and_reads_back() -> None:
    contents = [item(number) for number in range(1, 4)]
    body = made("item", contents, Output.CSV)
    rows = list(csv.DictReader(io.StringIO(body.decode("ascii"), newline="")))
    assert [row["number"] for row in rows] == ["1", "2", "3"]
    assert {row["epc_hex"] for row in rows} == {EPC}
    assert [row["digital_link"] for row in rows] == [content.link for content in contents]
    assert body.count(b"\r\n") == 4


@pytest.mark.parametrize("lot", ["=1+2", "-2", "+3", 'a"b', "a,b", "a;b", "@x"])
def test_no_cell_is_taken_for_a_formula_and_none_is_changed(lot: str) -> None:
    said = content(f"(01)09506000134352(10){lot}(21)1", "https://t.example", TEXTS, EPC) if lot[0] != "@" else item()
    body = made("item", [said], Output.CSV).decode()
    (row,) = csv.DictReader(io.StringIO(body, newline=""))
    assert row["element_string"] == said.element_string
    for cell in row.values():
        assert cell[0] in "0123456789ABCDEF(h"


@pytest.mark.parametrize("identifier", ["urn:epc:id:gid:95100000.12345.400", "(01)09506000134351", "x"])
def test_what_has_no_digital_link_gets_no_label(identifier: str) -> None:
    with pytest.raises(InvalidIdentifier):
        content(identifier, "https://t.example")


def test_csv_and_rfid_need_epcs() -> None:
    bare = LabelContent(item().link, item().element_string, None, item().fields)
    with pytest.raises(InvalidInput, match="has no EPC for a tag") as refused:
        made("item", [item(), bare], Output.CSV)
    assert refused.value.place == "label 2"
    with pytest.raises(InvalidInput, match="has no EPC of whole"):
        made("item", [bare], Output.ZPL, rfid=Rfid())


def test_chinese_and_latin_share_a_baseline_on_the_picture() -> None:
    both = opened(made("sheet-24", [item(product_zh="王L王", product_en="")], Output.PNG, dpi=600))
    box = [round(millimetres / 25.4 * 600) for millimetres in (31, 2.4, 61, 10)]
    ink = both.crop((box[0], box[1], box[2], box[3])).point(lambda shade: 255 - shade).convert("1")
    left, _, right, bottom = ink.getbbox() or (0, 0, 0, 0)
    third = (right - left) // 3
    han = ink.crop((left, 0, left + third, ink.height)).getbbox()
    latin = ink.crop((left + third + 8, 0, right - third - 8, ink.height)).getbbox()
    assert han is not None
    assert latin is not None
    assert abs(han[3] - latin[3]) <= 0.1 * (bottom - min(han[1], latin[1]))


def test_commands_that_draw_nothing_do_not_load_the_font() -> None:
    code = "import sys, suyuan.app.cli; print([n for n in ('reportlab', 'fontTools', 'zxingcpp') if n in sys.modules])"
    assert subprocess.check_output([sys.executable, "-P", "-c", code], text=True).strip() == "[]"
