"""Symbols are read back by zxing-cpp: writer and reader are independent programs."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from suyuan.base.errors import InvalidIdentifier, InvalidInput, TooLarge
from suyuan.labels.qr import QUIET_ZONE, Level, link_of, qr_matrix, qr_png, qr_svg, write_qr

PUBLIC_URL = "https://trace.example"
TRAY = f"{PUBLIC_URL}/01/09506000134352/21/1001"


def read(image: Image.Image) -> str:
    """The text of the one symbol in an image."""
    (symbol,) = zxingcpp.read_barcodes(image.convert("L"))
    assert symbol.format == zxingcpp.BarcodeFormat.QRCode
    return str(symbol.text)


def rasterise(svg: bytes, scale: int = 4) -> Image.Image:
    """Draw the runs of our own SVG: nothing else is in it."""
    side = int(re.search(rb'viewBox="0 0 (\d+) \d+"', svg)[1])  # type: ignore[index]  # the test fails without it
    image = Image.new("L", (side * scale, side * scale), 255)
    for x, y, width in re.findall(rb"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        left, top = int(x) * scale, int(y) * scale
        image.paste(0, (left, top, left + int(width) * scale, top + scale))
    return image


@pytest.mark.parametrize("level", list(Level))
def test_both_formats_read_back_as_what_was_written(level: Level) -> None:
    assert read(Image.open(io.BytesIO(qr_png(TRAY, level)))) == TRAY
    assert read(rasterise(qr_svg(TRAY, level))) == TRAY


@settings(max_examples=10, deadline=None)
@given(st.text(st.sampled_from("!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz"), min_size=1, max_size=20))
def test_every_serial_number_survives_printing_and_reading(serial: str) -> None:
    text = link_of(f"(01)09506000134352(21){serial.replace('(', '_')}", PUBLIC_URL)
    assert read(Image.open(io.BytesIO(qr_png(text, module_pixels=3)))) == text


@pytest.mark.parametrize(
    ("identifier", "path"),
    [
        ("urn:epc:id:sgtin:9506000.013435.1001", "/01/09506000134352/21/1001"),
        ("(01)09506000134352(10)L1(21)1001", "/01/09506000134352/10/L1/21/1001"),
        ("https://id.gs1.org/01/09506000134352/21/1001?17=271231", "/01/09506000134352/21/1001"),
        ("urn:epc:id:sgtin:9506000.013435.a%2Fb", "/01/09506000134352/21/a%2Fb"),
        (" (00)095060001343529997 ", "/00/095060001343529997"),
    ],
)
def test_a_label_leads_to_this_servers_page_of_the_thing(identifier: str, path: str) -> None:
    assert link_of(identifier, PUBLIC_URL) == PUBLIC_URL + path
    assert link_of(identifier, PUBLIC_URL + "/") == PUBLIC_URL + path


def test_what_has_no_digital_link_gets_no_label() -> None:
    with pytest.raises(InvalidIdentifier, match="no Digital Link"):
        link_of("urn:epc:id:gid:95100000.12345.400", PUBLIC_URL)


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_is_an_identifier_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidIdentifier):
        assert link_of(text, PUBLIC_URL).startswith(PUBLIC_URL)


def test_the_quiet_zone_is_white_on_every_side() -> None:
    matrix = qr_matrix(TRAY)
    edge = range(QUIET_ZONE)
    side = len(matrix)
    assert not any(matrix[i][j] or matrix[j][i] for i in [*edge, *(side - 1 - k for k in edge)] for j in range(side))
    assert any(matrix[QUIET_ZONE])


def test_a_higher_level_reads_through_more_damage() -> None:
    symbol = Image.open(io.BytesIO(qr_png(TRAY, Level.H))).convert("L")
    middle, half = symbol.width // 2, symbol.width // 7
    symbol.paste(255, (middle - half, middle - half, middle + half, middle + half))
    assert read(symbol) == TRAY


def test_what_no_symbol_holds_is_too_large() -> None:
    with pytest.raises(TooLarge, match="level H"):
        qr_matrix("x" * 2000, Level.H)


@pytest.mark.parametrize("pixels", [0, -1, 41])
def test_a_module_has_a_sensible_size(pixels: int) -> None:
    with pytest.raises(InvalidInput, match="outside 1 to 40"):
        qr_png(TRAY, module_pixels=pixels)


@pytest.mark.parametrize("name", ["label.png", "label.SVG"])
def test_the_suffix_chooses_the_format_of_a_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert write_qr("(01)09506000134352(21)1001", path, PUBLIC_URL, Level.Q) == TRAY
    body = path.read_bytes()
    assert read(rasterise(body) if body.startswith(b"<svg") else Image.open(path)) == TRAY


@pytest.mark.parametrize("name", ["label.pdf", "label", "missing/label.png"])
def test_another_suffix_or_a_missing_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        write_qr("(01)09506000134352(21)1001", tmp_path / name, PUBLIC_URL)
    assert refused.value.place == str(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_the_title_of_an_svg_tells_its_text_escaped() -> None:
    assert b"<title>https://trace.example/01/1?a=1&amp;b=2</title>" in qr_svg("https://trace.example/01/1?a=1&b=2")
