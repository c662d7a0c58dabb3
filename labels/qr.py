"""QR symbols (ISO/IEC 18004) that carry a GS1 Digital Link, as PNG and SVG.

The quiet zone of four modules is part of the symbol (ISO/IEC 18004 section 6.3.8): a label that trims it isn't read.
"""

from __future__ import annotations

import io
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError

from suyuan.base.errors import InvalidIdentifier, InvalidInput, TooLarge
from suyuan.gs1.forms import Identifier, parse

QUIET_ZONE = 4  #: modules on each side
#: Printed size of a module in SVG, in millimetres: above the 0.396 mm that GS1 asks of symbols read at tills.
MODULE_MILLIMETRES = 0.5
#: Pixels of a module in PNG: at 300 dpi a module is then 0.68 mm.
MODULE_PIXELS = 8
_MOST_PIXELS = 40


class Level(StrEnum):
    """Error correction: how much of a damaged symbol can still be read. M for paper, Q or H for wet and cold goods."""

    L = "L"  #: about 7 %
    M = "M"  #: about 15 %
    Q = "Q"  #: about 25 %
    H = "H"  #: about 30 %


class Format(StrEnum):
    """File formats of a symbol."""

    PNG = "png"
    SVG = "svg"


#: qrcode's numbers of the levels.
CORRECTION = {
    Level.L: ERROR_CORRECT_L,
    Level.M: ERROR_CORRECT_M,
    Level.Q: ERROR_CORRECT_Q,
    Level.H: ERROR_CORRECT_H,
}
#: Rows of modules, true where dark, quiet zone included.
Matrix = list[list[bool]]


def link_of(identifier: str, public_url: str) -> str:
    """The text of a label: the Digital Link of an identifier (in any form) at *public_url*.

    Lot and serial number both stay where the identifier names both; data attributes (dates, weights) do not.
    Raises `InvalidIdentifier`, also for identifiers without a Digital Link.
    """
    found = parse(identifier.strip())
    link = Identifier(found.elements).digital_link
    if link is None:
        raise InvalidIdentifier(
            f"{identifier[:80]} has no Digital Link", remedy="label it with a GTIN, SSCC, GLN or GRAI"
        )
    return public_url.rstrip("/") + "/" + link.split("/", 3)[3]


def qr_matrix(text: str, level: Level = Level.M) -> Matrix:
    """The modules of the smallest symbol for *text*; `TooLarge` where no symbol holds it."""
    symbol = qrcode.QRCode(error_correction=CORRECTION[level], border=QUIET_ZONE)
    try:
        symbol.add_data(text)
        symbol.make(fit=True)
    # qrcode lets ValueError out where its search for a version runs past 40.
    except (DataOverflowError, ValueError):
        raise TooLarge(
            f"no QR symbol of level {level} holds {len(text)} characters",
            remedy="use a lower level or a shorter serial",
        ) from None
    return [[bool(module) for module in row] for row in symbol.get_matrix()]


@lru_cache(maxsize=256)
def _mask(stem: str, length: int, level: Level, version: int) -> int:
    """The mask pattern with the lowest penalty for a text of this length that begins with *stem*."""
    symbol = qrcode.QRCode(version, CORRECTION[level], border=0)
    symbol.add_data(stem.ljust(length, "0"), optimize=0)
    return int(symbol.best_mask_pattern())


def qr_modules(text: str, level: Level, version: int) -> Matrix:
    """The modules of one of many symbols, without quiet zone, in byte mode and of the *version* that holds the text.

    The search for the mask with the lowest penalty takes four fifths of the time of a symbol. Links of one batch
    differ in the serial number only, so that one mask does for all of them: a reader gets along with any.
    """
    mask = _mask(text[: text.rfind("/") + 1], len(text), level, version)
    symbol = qrcode.QRCode(version, CORRECTION[level], border=0, mask_pattern=mask)
    symbol.add_data(text, optimize=0)
    symbol.make(fit=False)
    matrix: Matrix = symbol.modules
    return matrix


def qr_png(text: str, level: Level = Level.M, module_pixels: int = MODULE_PIXELS) -> bytes:
    """A symbol as PNG with one bit a pixel, *module_pixels* (1 to 40) wide a module."""
    if not 1 <= module_pixels <= _MOST_PIXELS:
        raise InvalidInput(f"a module of {module_pixels} pixels is outside 1 to {_MOST_PIXELS}")
    matrix = qr_matrix(text, level)
    side = len(matrix)
    image = Image.new("1", (side, side), 1)
    image.putdata([not module for row in matrix for module in row])
    file = io.BytesIO()
    image.resize((side * module_pixels, side * module_pixels), Image.Resampling.NEAREST).save(
        file, "PNG", optimize=True
    )
    return file.getvalue()


def qr_svg(text: str, level: Level = Level.M, module_millimetres: float = MODULE_MILLIMETRES) -> bytes:
    """A symbol as SVG in millimetres: one path with a rectangle for each run of dark modules."""
    matrix = qr_matrix(text, level)
    side = len(matrix)
    size = f"{side * module_millimetres:g}mm"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges" role="img"><title>{escape(text)}</title>'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{_dark_path(matrix)}"/></svg>\n'
    ).encode()


def write_qr(identifier: str, path: Path, public_url: str, level: Level = Level.M) -> str:
    """Write the symbol of an identifier to a file, PNG or SVG by its suffix, and return the text in it."""
    text = link_of(identifier, public_url)
    body = qr_file(text, _format_of(path), level)
    try:
        path.write_bytes(body)
    except OSError as error:
        raise InvalidInput(f"cannot write it: {error.strerror}", place=str(path)) from None
    return text


def qr_file(text: str, file_format: Format, level: Level = Level.M) -> bytes:
    """A symbol in the format."""
    return qr_png(text, level) if file_format is Format.PNG else qr_svg(text, level)


def _format_of(path: Path) -> Format:
    try:
        return Format(path.suffix.lower().removeprefix("."))
    except ValueError:
        raise InvalidInput(
            f"{path.suffix or 'no suffix'} is neither .png nor .svg",
            place=str(path),
            remedy="name the file x.png or x.svg",
        ) from None


def _dark_path(matrix: Matrix) -> str:
    """Path data with one horizontal run after the other."""
    runs = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                runs.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
            x += 1
    return "".join(runs)
