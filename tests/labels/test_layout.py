"""Where texts and symbols go: nothing is clipped, nothing is left out silently."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.labels.samples import ITEM, PUBLIC_URL, SSCC, TEXTS, item, pallet, sample

from suyuan.base.errors import InvalidInput, TooLarge
from suyuan.labels.content import LabelContent, content
from suyuan.labels.design import POINT, Design, SymbolElement, TextElement, builtin, builtin_names
from suyuan.labels.layout import Layout, Vector, lay_out
from suyuan.labels.qr import Level
from suyuan.labels.raster import Dots
from suyuan.labels.symbols import LIMITS, QUIET, Kind, Use, extent, modules, rectangles
from suyuan.labels.typeface import ABOVE, BELOW

RULERS = [Vector(), Dots(203), Dots(300), Dots(600)]
#: As long as lots, serials and most names get.
LONG = TEXTS | {
    "product_zh": "内蒙古锡林郭勒盟草原散养黑头羊冷鲜带骨羊排",
    "product_en": "Inner Mongolia Lamb Ribs, chilled, bone-in",
    "lot": "AB-20261121/XY-00017", "serial": "Zq83kLm09xWvB7aa", "parent": f"(01){ITEM}(21)Zq83kLm09xWvB7aa",
}  # fmt: skip


def text_design(text: str, width: float = 20, height: float = 10, lines: int = 3, **more: object) -> Design:
    """A design of one text."""
    element = TextElement(
        text=text, x=1, y=1, width=width, height=height, size=10, lines=lines, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return Design(name="x", title="x", width=width + 2, height=height + 2, text=(element,))


def lines_of(text: str, **more: object) -> list[str]:
    """The lines of a text."""
    return [mark.text for mark in lay_out(text_design(text, **more), item(), Vector()).texts]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "ruler"),
    # 203 dots an inch cannot draw the modules of the smallest label: see test_read_back
    [(name, ruler) for name in builtin_names() for ruler in RULERS if (name, ruler) != ("sheet-65", RULERS[1])],
)
def test_long_texts_fit_on_our_designs_and_nothing_is_off_its_place(name: str, ruler: Vector | Dots) -> None:
    design = builtin(name)
    address = "https://traceability.example.com.cn"
    said = content(f"(01){ITEM}(10){LONG['lot']}(21){LONG['serial']}(3103)001250(17)261128", address, LONG)
    if name == "logistic":
        said = content(f"(00){SSCC}", address, LONG)
    marks = lay_out(design, said, ruler)
    for text in marks.texts:
        assert text.x >= -0.2
        assert text.x + text.width <= design.width
        assert text.baseline - ABOVE * text.size >= -0.2
        assert text.baseline + BELOW * text.size <= design.height + 0.2
    for symbol, element in zip(marks.symbols, design.symbol, strict=True):
        quiet = QUIET[symbol.kind] * symbol.module
        assert symbol.x - quiet >= element.x - (ruler.dot or 1e-6)
        assert symbol.x + symbol.columns * symbol.module + quiet <= element.x + element.width + (ruler.dot or 1e-6)
        assert symbol.module >= LIMITS[symbol.kind, element.use].least - 1e-9


def test_a_link_that_is_too_long_leaves_out_its_lot() -> None:
    said = content(f"(01){ITEM}(10)AB/20261121/XY/00017(21)Zq83kLm09xWvB7aa", f"{PUBLIC_URL}/shops/northeast", TEXTS)
    assert said.short_link == f"{PUBLIC_URL}/shops/northeast/01/{ITEM}/21/Zq83kLm09xWvB7aa"
    small, large = (lay_out(builtin(name), said, Vector()).symbols[0].text for name in ("sheet-65", "sheet-24"))
    assert (small, large) == (said.short_link, said.link)
    assert pallet().short_link == ""
    assert content(f"(01){ITEM}(10)L1", PUBLIC_URL).short_link == ""


def test_a_link_that_is_too_long_without_it_is_refused() -> None:
    address = "https://trace.example.com/" + 60 * "x"
    for said in (content(f"(01){ITEM}(10)L1(21)1", address, TEXTS), content(f"(01){ITEM}(21)1", address, TEXTS)):
        with pytest.raises(InvalidInput, match=r"symbol\[0\]: qr of .* does not fit into 20 x 20 mm"):
            lay_out(builtin("sheet-65"), said, Vector())


def test_text_becomes_smaller_then_wraps_then_is_refused() -> None:
    assert lines_of("short") == ["short"]
    assert lines_of("three short words here", lines=1) == ["three short words here"]
    assert lines_of("many words that need three lines of this place") == [
        "many words that",
        "need three lines",
        "of this place",
    ]
    with pytest.raises(InvalidInput, match="does not fit into 20 x 10 mm on 3 lines at 5 points"):
        lines_of("words " * 40)
    with pytest.raises(InvalidInput, match="more than 1000"):
        lines_of("x" * 1001)


def test_numbers_are_broken_only_where_the_smallest_size_asks_for_it() -> None:
    assert lines_of("serial 12345678901234567890") == ["serial", "12345678901234567890"]
    broken = lines_of("1234567890" * 4)
    assert len(broken) > 1
    assert "".join(broken) == "1234567890" * 4
    with pytest.raises(InvalidInput):
        lines_of("WWWWWWWW", width=1.2)


def test_chinese_wraps_between_characters_but_not_before_closing_marks() -> None:
    lines = lines_of("山东寿光绿源蔬菜，合作社新鲜菠菜。", height=10, lines=2)
    assert "".join(lines) == "山东寿光绿源蔬菜，合作社新鲜菠菜。"
    assert not any(line.startswith(("，", "。")) for line in lines)


def test_ais_stay_with_their_values() -> None:
    lines = lines_of("{identity}", lines=4, height=12)
    assert lines[0].startswith("(01)")
    assert all(line.startswith("(") for line in lines)


def test_a_text_whose_fields_are_all_empty_is_left_out() -> None:
    bare = LabelContent(item().link, item().element_string)
    design = text_design("批号 {lot} {expiry}")
    assert lay_out(design, bare, Vector()).texts == []
    assert lay_out(design, LabelContent("", "", None, {"lot": "L1"}), Vector()).texts[0].text == "批号 L1"
    assert [mark.text for mark in lay_out(text_design("fixed"), bare, Vector()).texts] == ["fixed"]
    assert lay_out(text_design("{epc_hex}"), bare, Vector()).texts == []
    assert lay_out(text_design("{link}", 100), item(), Vector()).texts[0].text == item().link


@pytest.mark.parametrize("character", ["\U0001f969", "㙍", "\u202e", "\n", "\x00", "\ue000"])
def test_what_the_font_cannot_draw_is_refused_not_left_white(character: str) -> None:
    with pytest.raises(InvalidInput, match=rf"U\+{ord(character):04X}, which the label font cannot draw"):
        lay_out(text_design("{product_zh}"), item(product_zh=f"菠菜{character}x"), Vector())


def test_letters_with_accents_are_composed() -> None:
    (mark,) = lay_out(text_design("{product_en}"), item(product_en="Cre\u0302pe"), Vector()).texts
    assert mark.text == "Cr\u00eape"


@pytest.mark.parametrize(
    ("align", "valign", "x", "baseline"),
    [("left", "top", 1, 1 + ABOVE * 10 * POINT), ("right", "bottom", 21, 11 - BELOW * 10 * POINT)],
)
def test_texts_are_aligned_in_their_place(align: str, valign: str, x: float, baseline: float) -> None:
    (mark,) = lay_out(text_design("ab", align=align, valign=valign), item(), Vector()).texts
    assert mark.x + (mark.width if align == "right" else 0) == pytest.approx(x)
    assert mark.baseline == pytest.approx(baseline)


def test_chinese_and_latin_stand_on_one_baseline() -> None:
    (mark,) = lay_out(text_design("批号 Lot", 30), item(), Vector()).texts
    assert mark.text == "批号 Lot"


def test_texts_of_a_batch_are_fitted_once_and_forgotten_when_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.labels.layout._MOST_FITTED", 3)
    layout = Layout(text_design("{number}"), Vector())
    assert [layout.marks(item(number)).texts[0].text for number in (1, 2, 1, 3, 4, 1)] == ["1", "2", "1", "3", "4", "1"]


def test_modules_are_whole_dots_and_not_smaller_than_gs1_allows() -> None:
    for dpi, dots in ((203, 4), (300, 6), (600, 12)):
        (mark,) = lay_out(builtin("item"), item(), Dots(dpi)).symbols
        assert mark.module * dpi / 25.4 == pytest.approx(dots)
    with pytest.raises(InvalidInput, match=r"modules of at least 0\.396 mm"):
        lay_out(builtin("sheet-65"), item(), Dots(203))


def test_symbols_are_known_by_size_before_they_are_drawn() -> None:
    for number, level in ((n, level) for n in range(0, 60, 7) for level in Level):
        link = item().link + "x" * number
        rows = modules(Kind.QR, link, level)
        assert extent(Kind.QR, link, level) == (len(rows[0]), len(rows))


def test_what_no_symbol_holds_is_too_large() -> None:
    with pytest.raises(TooLarge, match="no QR symbol of level H holds 3000 characters"):
        extent(Kind.QR, "x" * 3000, Level.H)
    long = f"(01){ITEM}(10)ABCDEFGHIJ1234567890(21)ABCDEFGHIJ1234567890"
    with pytest.raises(TooLarge, match="60 characters, GS1-128 holds 48"):
        extent(Kind.GS1_128, long, Level.M)
    assert extent(Kind.DATAMATRIX, long, Level.M).width > 20
    ais = [*range(91, 100), *range(4302, 4307), *range(4312, 4317), 4310, 4311]
    longest = f"(00){SSCC}" + "".join(
        f"({ai})" + "a:B," * (22 if ai < 100 else 17 if ai < 4310 or ai > 4311 else 8) for ai in ais
    )
    with pytest.raises(TooLarge, match="cannot be drawn as gs1-datamatrix"):
        extent(Kind.DATAMATRIX, longest, Level.M)


def test_rectangles_cover_the_dark_modules_and_no_other() -> None:
    check_cover([[True, True, False], [True, True, False], [False, False, True], [False, True, True]])


@settings(max_examples=60)
@given(st.integers(1, 8).flatmap(lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=8)))  # fmt: skip  # noqa: E501
def test_rectangles_cover_any_modules(rows: list[list[bool]]) -> None:
    check_cover(rows)


def check_cover(rows: list[list[bool]]) -> None:
    """Each dark module is in one rectangle, each light one in none."""
    count = [[0] * len(rows[0]) for _ in rows]
    for x, y, width, height in rectangles(rows):
        for row in range(y, y + height):
            for column in range(x, x + width):
                count[row][column] += 1
    assert count == [[int(dark) for dark in row] for row in rows]


def test_bars_are_as_high_as_their_place() -> None:
    bars = next(mark for mark in lay_out(builtin("logistic"), sample("logistic"), Vector()).symbols if mark.rows == 1)
    assert bars.row == 32
    assert bars.module == 0.495
    element = SymbolElement(kind=Kind.GS1_128, use=Use.LOGISTIC, x=0, y=0, width=60, height=40)
    with pytest.raises(InvalidInput, match="gs1-128 of 176 modules"):
        lay_out(Design(name="x", title="", width=60, height=40, symbol=(element,)), pallet(), Vector())
