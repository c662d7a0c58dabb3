"""ZPL as a printer reads it: the picture that the preview showed, symbols that scan, tags written and read back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops
from tests.labels.samples import EPC, PUBLIC_URL, TEXTS, expected, item, plain, read, sample
from tests.labels.zpl_reader import read_zpl

from suyuan.base.errors import InvalidIdentifier, InvalidInput
from suyuan.labels.content import LabelContent, content
from suyuan.labels.design import builtin, builtin_names
from suyuan.labels.raster import RESOLUTIONS, picture
from suyuan.labels.zpl import Lock, Rfid, ZplLabels, escaped

SIZES = [(name, dpi) for name in builtin_names() for dpi in RESOLUTIONS if (name, dpi) != ("sheet-65", 203)]


@pytest.mark.parametrize(("name", "dpi"), SIZES)
def test_a_printer_draws_what_the_preview_showed(name: str, dpi: int) -> None:
    design, said = builtin(name), sample(name)
    drawn = read_zpl(ZplLabels(design, dpi).label(said)).image
    shown = picture(design, said, dpi).convert("L")
    assert drawn.size == shown.size
    assert {(symbol.identifier, symbol.text) for symbol in read(drawn)} == expected(
        [symbol.kind.value for symbol in design.symbol], said
    )
    for symbol in design.symbol:  # the printer chooses its own mask for QR, so the rest is compared
        box = [round(edge / 25.4 * dpi) for edge in (symbol.box.x, symbol.box.y, symbol.width, symbol.height)]
        white = Image.new("L", (box[2], box[3]), 255)
        for image in (drawn, shown):
            image.paste(white, (box[0], box[1]))
    assert ImageChops.difference(drawn, shown).getbbox() is None


def test_a_module_is_never_larger_than_printers_magnify() -> None:
    zpl = ZplLabels(builtin("item"), 600).label(item())
    assert read_zpl(zpl).parameters("BQ") == ["N,2,10,M"]
    assert read_zpl(ZplLabels(builtin("logistic"), 600).label(sample("logistic"))).parameters("BQ") == []
    assert read_zpl(ZplLabels(builtin("logistic"), 300).label(sample("logistic"))).parameters("BQ") == ["N,2,9,Q"]


def test_the_tag_is_written_checked_and_read_back() -> None:
    found = read_zpl(ZplLabels(builtin("item"), 203, Rfid()).label(item()))
    assert found.parameters("RS") == ["8,,,1,N"]
    assert found.parameters("RR") == ["3"]
    assert ("RFW,H", EPC) in found.fields
    assert found.parameters("RF") == ["W,H", "R,H,2,12,1", "R,H,0,12,2"]
    assert found.parameters("HV") == ["1,24,EPC[,]_0D_0A,L", "2,24,TID[,]_0D_0A,L"]
    assert not found.parameters("RZ")


def test_without_rfid_nothing_is_written() -> None:
    found = read_zpl(ZplLabels(builtin("item"), 203).label(item()))
    assert not any(found.parameters(name) for name in ("RS", "RF", "RR", "RZ", "HV"))


@pytest.mark.parametrize(("digits", "command"), [(24, "W,H"), (32, "W,H,,16,A"), (52, "W,H,,26,A"), (16, "W,H,,8,A")])
def test_an_epc_of_another_length_adjusts_the_pc_word(digits: int, command: str) -> None:
    said = LabelContent(item().link, item().element_string, "AB12" * (digits // 4), item().fields)
    found = read_zpl(ZplLabels(builtin("item"), 203, Rfid(read_back=False)).label(said))
    assert found.parameters("RF") == [command]


@pytest.mark.parametrize(("lock", "style"), [(Lock.LOCKED, "L"), (Lock.PERMANENT, "P")])
def test_a_tag_is_locked_with_a_password(lock: Lock, style: str) -> None:
    found = read_zpl(ZplLabels(builtin("item"), 203, Rfid(lock=lock, password="12AB34CD")).label(item()))
    assert found.parameters("RZ") == [f"12AB34CD,E,{style}"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels_to_try": 0}, {"labels_to_try": 11}, {"retries": -1}, {"retries": 11}, {"password": "12"},
        {"password": "1234567^"}, {"lock": Lock.LOCKED}, {"lock": Lock.LOCKED, "password": "00000000"},
    ],
)  # fmt: skip
def test_settings_that_a_printer_does_not_know_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        ZplLabels(builtin("item"), 203, Rfid(**wrong))  # type: ignore[arg-type]  # wrong values on purpose


@pytest.mark.parametrize("epc", [None, "", "3034", "303", "30 4", "3034257bf7194e4000001a85", "^XZ^XA^JUF", "A" * 128])
def test_a_tag_needs_an_epc_of_whole_words(epc: str | None) -> None:
    said = LabelContent(item().link, item().element_string, epc, item().fields)
    labels = ZplLabels(builtin("item"), 203, Rfid())
    if epc == "3034":
        assert "^FD3034^FS" in labels.label(said)
        return
    with pytest.raises(InvalidInput, match="no EPC of whole 16-bit words"):
        labels.label(said)


def test_a_resolution_that_no_printer_has_is_refused() -> None:
    with pytest.raises(InvalidInput, match="72 dots an inch is none of 203, 300, 600"):
        ZplLabels(builtin("item"), 72)


HOSTILE = st.text(st.sampled_from("^~_\\,;:XZAFDS0123 \"'<>&%JUS"), max_size=12)


@settings(max_examples=30)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_breaks_out_of_its_field(product: str, lot: str, weight: str) -> None:
    harmless = read_zpl(ZplLabels(builtin("sheet-24"), 203).label(sample("sheet-24")))
    fields = TEXTS | {"product_en": product, "lot": lot, "net_weight": weight, "serial": "1"}
    link = f"{PUBLIC_URL}/{lot}"
    said = LabelContent(link, item().element_string, EPC, fields)
    found = read_zpl(ZplLabels(builtin("sheet-24"), 203).label(said))
    drawing = {"FO", "GF", "FS"}
    assert [name for name, _ in found.commands if name not in drawing] == [
        name for name, _ in harmless.commands if name not in drawing
    ]
    assert found.fields == [(found.fields[0][0], f"MA,{link}")]


@given(st.text())
def test_escaped_text_is_printable_ascii_and_comes_back(text: str) -> None:
    safe = escaped(text)
    assert re.fullmatch(r"[ -\]`-}_]*", safe)
    assert "^" not in safe
    assert "~" not in safe
    octets = re.sub("_([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), safe).encode("latin-1")
    assert octets.decode(errors="surrogatepass") == text


def test_every_character_of_a_serial_prints_and_scans() -> None:
    for serial in ("!\"%&'()*+,-./", "0123456789:;<=>?", "AZ_az^"[:5]):
        said = content(f"(01)09506000134352(21){serial.replace('(', chr(92) + '(')}", PUBLIC_URL, TEXTS)
        for name in ("item", "item-matrix"):
            image = read_zpl(ZplLabels(builtin(name), 300).label(said)).image
            (symbol,) = read(image)
            assert symbol.text == (said.link if name == "item" else f"010950600013435221{serial}")


def test_an_element_string_that_breaks_a_rule_is_never_drawn() -> None:
    wrong = LabelContent(item().link, "(01)09506000134351(21)1", EPC, TEXTS)
    with pytest.raises(InvalidIdentifier):
        ZplLabels(builtin("item-matrix"), 203).label(wrong)
    assert plain(item()).startswith("01")
