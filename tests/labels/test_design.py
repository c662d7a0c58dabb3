"""Designs: what is refused when a file is read, and with which words."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidSetting
from suyuan.labels.content import FIELDS
from suyuan.labels.design import OWN_FIELDS, Box, builtin, builtin_names, read_design

GOOD = """\
name = "mine"
title = "My label"
width = 60
height = 40.0

[[symbol]]
kind = "qr"
x = 1
y = 1
width = 30
height = 30

[[text]]
text = "批号 {lot}"
x = 32
y = 2
width = 26
height = 6
size = 9

[[frame]]
x = 0
y = 0
width = 60
height = 40

[[rule]]
x = 32
y = 9
width = 26
height = 0.3
"""
SHEET = """
[sheet]
width = 210
height = 297
columns = 3
rows = 7
left = 10
top = 5
column_pitch = 62
row_pitch = 41
"""


def test_every_design_of_ours_can_be_read_and_has_a_title_in_two_languages() -> None:
    assert {"item", "item-wet", "sheet-24", "sheet-65", "logistic", "scale", "item-matrix"} == set(builtin_names())
    for name in builtin_names():
        design = builtin(name)
        assert design.name == name
        assert design.title
        assert design.title_zh
    sheets = {name: builtin(name).sheet for name in ("sheet-24", "sheet-65")}
    assert {name: sheet.places for name, sheet in sheets.items() if sheet} == {"sheet-24": 24, "sheet-65": 65}
    assert (builtin("item").width, builtin("item").height) == (50, 30)
    assert (builtin("logistic").width, builtin("logistic").height) == (100, 150)


def test_a_design_of_somebody_is_read_from_its_file() -> None:
    design = read_design(GOOD.encode(), "mine.toml")
    assert (design.name, design.width, len(design.text)) == ("mine", 60, 1)
    assert read_design((GOOD + SHEET).encode(), "mine").sheet is not None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "mine"', 'name = "My Label"', "mine: name: 'My Label' is not of small letters"),
        ("width = 60\nheight = 40.0", 'width = "6 cm"\nheight = 40.0', "numbers of millimetres"),
        ("width = 60\nheight = 40.0", "width = 301\nheight = 40", "width: 301 mm is not between 10 and 300 mm"),
        ("width = 60\nheight = 40.0", "width = 60\nheight = nan", "height: nan mm is not between"),
        ("width = 60\nheight = 40.0", "width = 60\nheight = 39", "frame[0]: 60 x 40 mm at (0, 0) is not wholly on"),
        ("width = 30\nheight = 30", "width = 30\nheight = 40", "is not wholly on the label"),
        ("x = 1\ny = 1", "x = -1\ny = 1", "is not wholly on the label"),
        ("x = 1\ny = 1", "x = 0\ny = 1", "frame[0]: reaches into the quiet zone of symbol[0]"),
        ("x = 32\ny = 2", "x = 30.5\ny = 2", "text[0]: reaches into the quiet zone of symbol[0]"),
        ("x = 32\ny = 9", "x = 28\ny = 9", "rule[0]: reaches into the quiet zone of symbol[0]"),
        ("width = 30\nheight = 30", "width = 11\nheight = 30", "11 mm hold no qr"),
        ("width = 30\nheight = 30", "width = 0\nheight = 30", "has no size"),
        ('kind = "qr"', 'kind = "qr"\nmodule = 0.2', "0.2 mm is outside 0.396 to 0.99 mm, GS1's limits for qr"),
        ('kind = "qr"', 'kind = "gs1-128"\nuse = "logistic"', "bars of 30 mm are lower than GS1's 31.75 mm"),
        ('kind = "qr"', 'kind = "aztec"', "Invalid enum value 'aztec'"),
        ('kind = "qr"', 'kind = "qr"\ncolour = "red"', "unknown field `colour`"),
        ("size = 9", "size = 3", "text[0].size: 3 is not between 4 and 200 points"),
        ("size = 9", "size = 9\nsmallest = 10", "smallest: 10 points are more than the size of 9"),
        ("size = 9", "size = 9\nlines = 0", "lines: 0 is not between 1 and 20"),
        ("height = 6\n", "height = 1.5\n", "1.5 mm are too low for a line of 5 points"),
        ("[[frame]]", "[[frame]]\nline = nan", "frame[0].line: nan mm is not over 0"),
        ("[[frame]]", "[[frame]]\nline = 20.5", "frame[0].line: 20.5 mm is not over 0 and at most half"),
        ("{lot}", "{batch}", "there is no field {batch}; there are count, element_string, epc_hex"),
        ("{lot}", "{lot", "is empty, or has a brace that belongs to no field"),
        ("批号 {lot}", "", "is empty"),
        ("批号 {lot}", "\\u202e {lot}", "U+202E, which the label font cannot draw"),
        ("批号 {lot}", "\U0001f969 {lot}", "U+1F969, which the label font cannot draw"),
        ("[[frame]]", "[[frames]]", "unknown field `frames`"),
        ("[[frame]]", "[[frame]", "not a TOML file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(InvalidSetting) as refused:
        read_design(GOOD.replace(old, new, 1).encode(), "mine")
    assert words in str(refused.value)
    assert str(refused.value).startswith("mine")
    assert "docs/how-to/label-designs.md" in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("columns = 3", "columns = 4", "4 x 7 labels do not fit on 210 x 297 mm"),
        ("columns = 3", "columns = 0", "0 columns and 7 rows are not within 1 to 50 and 1 to 100"),
        ("column_pitch = 62", "column_pitch = 59", "labels overlap"),
        ("row_pitch = 41", "row_pitch = 39", "labels overlap"),
        ("left = 10", "left = -1", "do not fit"),
        ("height = 297", "height = 2970", "sheet.height: 2970 mm is not between 50 and 1200 mm"),
    ],
)
def test_a_sheet_must_hold_its_labels(old: str, new: str, words: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        read_design((GOOD + SHEET.replace(old, new)).encode(), "mine")
    assert words in str(refused.value)


def test_a_design_has_some_elements_but_not_too_many() -> None:
    with pytest.raises(InvalidSetting, match="1 to 100 elements, not 0"):
        read_design(b'name = "x"\ntitle = ""\nwidth = 20\nheight = 20\n', "x")
    rule = "[[rule]]\nx = 50\ny = 38\nwidth = 1\nheight = 1\n"
    with pytest.raises(InvalidSetting, match="1 to 100 elements, not 104"):
        read_design((GOOD + 100 * rule).encode(), "x")


def test_files_that_are_too_long_or_not_text_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="at most 65536 bytes"):
        read_design(b"#" * 65_537, "x")
    with pytest.raises(InvalidSetting, match="not a TOML file"):
        read_design(b"\xff", "x")
    with pytest.raises(InvalidSetting):
        read_design(b"name = " + b"[" * 5000, "x")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=100)
def test_any_bytes_are_a_design_or_refused(content: bytes) -> None:
    with contextlib.suppress(InvalidSetting):
        read_design(content, "x")
    with contextlib.suppress(InvalidSetting):
        read_design(GOOD.encode() + content, "x")


def test_boxes_that_share_an_edge_do_not_meet() -> None:
    assert not Box(0, 0, 1.1, 1).meets(Box(1.1, 0, 1, 1))
    assert Box(0, 0, 1.1, 1).meets(Box(1.0, 0.5, 1, 1))
    assert not Box(0, 0, 1, 1).meets(Box(0, 1, 1, 1))


def test_the_design_of_the_manual_can_be_read_and_the_manual_names_every_field() -> None:
    manual = (Path(__file__).parents[2] / "docs/how-to/label-designs.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", manual, re.DOTALL)
    assert read_design(example.encode(), "manual").name == "farm-shop"
    assert all(f"`{name}`" in manual for name in [*FIELDS, *OWN_FIELDS, *builtin_names()])
