"""A reader of the ZPL that we write, after Zebra's guides: draws a format, and keeps what it says."""

from __future__ import annotations

import re
from typing import NamedTuple

import qrcode
from PIL import Image, ImageChops

_CORRECTION = {"L": 1, "M": 0, "Q": 3, "H": 2}
_COMMAND = re.compile(r"\^(FD|[A-Z][A-Z0-9])([^^~]*)")


class Format(NamedTuple):
    """One label as a printer understands it."""

    image: Image.Image
    commands: list[tuple[str, str]]
    #: Field data, escapes undone, by the command that it belongs to.
    fields: list[tuple[str, str]]

    def parameters(self, command: str) -> list[str]:
        """Parameters of all commands of a name."""
        return [parameters for name, parameters in self.commands if name == command]


def read_zpl(zpl: str) -> Format:
    """Carry out the commands of one format; AssertionError for what no printer would understand."""
    assert re.fullmatch(r"\^XA[\x20-\x7e]*\^XZ\n", zpl), zpl[:80]
    body = zpl[3:-4]
    commands = _COMMAND.findall(body)
    assert "".join(f"^{name}{parameters}" for name, parameters in commands) == body
    size = {name: int(parameters) for name, parameters in commands if name in {"PW", "LL"}}
    image = Image.new("L", (size["PW"], size["LL"]), 255)
    fields: list[tuple[str, str]] = []
    origin, symbol, escape, drop = (0, 0), "", "", 10
    for name, parameters in commands:
        if name == "FO":
            origin = tuple(map(int, parameters.split(",")))  # type: ignore[assignment]  # two numbers
        elif name == "BY":
            drop = int(parameters.split(",")[2])
        elif name in {"BQ", "RF"}:
            symbol = name + parameters
        elif name == "FH":
            escape = parameters or "_"
        elif name == "FD":
            data = _unescaped(parameters, escape)
            fields.append((symbol, data))
            if symbol.startswith("BQ"):
                _ink(image, _qr(symbol[2:], data), (origin[0], origin[1] + drop))
        elif name == "GB":
            width, height, line = map(int, parameters.split(","))
            assert line == min(width, height)
            _ink(image, Image.new("L", (width, height), 0), origin)
        elif name == "GF":
            _ink(image, _graphic(parameters), origin)
        elif name == "FS":
            symbol = escape = ""
    return Format(image, commands, fields)


def _unescaped(data: str, escape: str) -> str:
    if not escape:
        return data
    octets = re.sub(re.escape(escape) + "([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), data).encode(
        "latin-1"
    )
    return octets.decode()


def _ink(image: Image.Image, ink: Image.Image, origin: tuple[int, int]) -> None:
    box = (*origin, origin[0] + ink.width, origin[1] + ink.height)
    assert box[2] <= image.width, "clipped at the right"
    assert box[3] <= image.height, "clipped below"
    image.paste(ImageChops.darker(image.crop(box), ink), box)


def _qr(parameters: str, data: str) -> Image.Image:
    """^BQ: orientation, model, magnification, level; data begins with level and input mode."""
    orientation, model, magnification, level = parameters.split(",")
    assert (orientation, model) == ("N", "2")
    assert 1 <= int(magnification) <= 10
    assert data[:3] == f"{level}A,"
    symbol = qrcode.QRCode(None, _CORRECTION[level], int(magnification), 0)
    symbol.add_data(data[3:])
    symbol.make()
    made: Image.Image = symbol.make_image().get_image().convert("L")
    return made


def _graphic(parameters: str) -> Image.Image:
    """^GFA: octets twice, octets a row, compressed hexadecimal digits."""
    form, total, same, across, data = parameters.split(",", 4)
    assert form == "A"
    assert total == same
    digits, row = 2 * int(across), ""
    rows: list[str] = []
    for count, mark in re.findall(r"([G-Yg-z]*)([0-9A-F,!:])", data):
        times = sum(ord(c) - 70 if c.isupper() else (ord(c) - 102) * 20 for c in count) or 1
        if mark == ":":
            rows.append(rows[-1])
        elif mark in ",!":
            rows.append(row.ljust(digits, "0" if mark == "," else "F"))
            row = ""
        else:
            row += mark * times
        if len(row) == digits:
            rows.append(row)
            row = ""
        assert len(row) < digits
    assert not row
    assert len(rows) * int(across) == int(total)
    bits = Image.frombytes("1", (int(across) * 8, len(rows)), bytes.fromhex("".join(rows)))
    ink = ImageChops.invert(bits.convert("L"))
    return ink.crop((0, 0, *_used(ink)))


def _used(ink: Image.Image) -> tuple[int, int]:
    """Width and height without the padding behind the last dot."""
    box = ImageChops.invert(ink).getbbox()
    assert box is not None
    return box[2], ink.height
