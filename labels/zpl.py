"""Labels as ZPL II, for printers that may also write the tag in the label (Zebra's ZPL and RFID programming guides).

The printer draws QR symbols (^BQ), which keeps a label near 3 kB. Texts and the other symbols are sent as pictures
(^GF) of our own font and encoder: a label looks as its preview did whatever fonts and firmware the printer has, and
no text of anybody can be taken for a command.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

import msgspec
from PIL import Image, ImageChops

from suyuan.base.errors import InvalidInput
from suyuan.labels.content import LabelContent
from suyuan.labels.design import Design
from suyuan.labels.layout import Layout, SymbolMark, TextMark
from suyuan.labels.raster import Dots, line_dots, rule_dots, symbol_dots, text_corner
from suyuan.labels.symbols import Kind

_EPC = re.compile("(?:[0-9A-F]{4}){1,31}", re.ASCII)
_PASSWORD = re.compile("[0-9A-Fa-f]{8}", re.ASCII)
#: Largest magnification of ^BQ, in dots a module.
_GREATEST_MODULE = 10
#: From so many dots on a symbol is sent as a picture; up to it, at 600 dots an inch, it is drawn a little smaller.
_DRAWN_MODULE = 12
#: Octets of a TID that are read back: 96 bits, with the serial number of the chip.
_TID_OCTETS = 12
#: What may not stand in field data as it is: the two prefixes, the escape itself, and what is not printable ASCII.
_UNSAFE = re.compile(r"[^ -\]`-}]")
_RUN = re.compile(r"(.)\1{2,}")
#: Repeat counts of compressed graphics: G to Y are 1 to 19, g to z are 20 to 400.
_UNITS, _TWENTIES = "GHIJKLMNOPQRSTUVWXY", "ghijklmnopqrstuvwxyz"


class Lock(StrEnum):
    """What a printer does with the EPC bank after writing it."""

    NONE = "none"
    LOCKED = "locked"  #: it can be written again with the access password
    PERMANENT = "permanent"  #: never again


class Rfid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a printer writes the tag in a label (ZPL ^RS, ^RR, ^RF, ^HV)."""

    #: Labels that are tried with one EPC before the printer gives up (^RS n, 1 to 10). One by default: a tag that
    #: failed may hold the EPC all the same, and no EPC may be on two tags.
    labels_to_try: int = 1
    #: Write attempts for one label (^RR, 0 to 10).
    retries: int = 3
    lock: Lock = Lock.NONE
    #: Sends EPC and TID back to the host after writing (^HV).
    read_back: bool = True
    #: Access password of 8 hexadecimal digits; needed to lock.
    password: str | None = None


class ZplLabels:
    """Writes the labels of one batch: what they share is worked out once."""

    def __init__(self, design: Design, dpi: int, rfid: Rfid | None = None) -> None:
        self.design = design
        self.rfid = rfid
        self._dots = Dots(dpi)
        self._layout = Layout(design, self._dots)
        size = self._dots.dots(design.width), self._dots.dots(design.height)
        # ^LH, ^LS and ^LT undo what an earlier format may have left in the printer.
        self._head = f"^XA^PW{size[0]}^LL{size[1]}^LH0,0^LS0^LT0^PON"
        if rfid is not None:
            _check(rfid)

    def label(self, content: LabelContent) -> str:
        """One label, from ^XA to ^XZ, ASCII only.

        Raises InvalidInput where the content does not fit the design, or a tag is to be written and there is no EPC.
        """
        dots = self._dots
        marks = self._layout.marks(content)
        parts = [self._head]
        if self.rfid is not None:
            parts.append(_write_tag(content, self.rfid))
        for rule in marks.rules:
            left, top, right, bottom = rule_dots(rule, dots)
            width, height = right - left, bottom - top
            parts.append(f"^FO{left},{top}^GB{width},{height},{min(width, height)}^FS")
        parts += [_text(mark, dots.dpi) for mark in marks.texts]
        parts += [_symbol(mark, dots) for mark in marks.symbols]
        parts.append("^PQ1,0,1,N^XZ\n")
        return "".join(parts)


def escaped(text: str) -> str:
    """Field data behind ^FH: carets, tildes and underscores, and all that is not printable ASCII, as hexadecimal."""
    return _UNSAFE.sub(lambda match: "".join([f"_{octet:02X}" for octet in match[0].encode()]), text)


def _symbol(mark: SymbolMark, dots: Dots) -> str:
    left, top, module = dots.dots(mark.x), dots.dots(mark.y), dots.dots(mark.module)
    if mark.kind is not Kind.QR:
        return _graphic(symbol_dots(mark, dots), left, top)
    if module > _GREATEST_MODULE:
        if module > _DRAWN_MODULE:
            return _graphic(symbol_dots(mark, dots), left, top)
        spare = (module - _GREATEST_MODULE) * mark.columns // 2
        left, top, module = left + spare, top + spare, _GREATEST_MODULE
    # The firmware moves a ^BQ down by the bar height that the last ^BY left behind: 1 here, so that it is known.
    return (
        f"^BY1,2,1^FO{left},{max(0, top - 1)}^BQN,2,{module},{mark.level}"
        f"^FH_^FD{mark.level}A,{escaped(mark.text)}^FS"
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _text(mark: TextMark, dpi: int) -> str:
    """A line of text as a picture, without the white around it."""
    dots = Dots(dpi)
    left, top = text_corner(mark, dots)
    line = line_dots(mark.text, dots.dots(mark.size))
    mask = (1 << line.stride) - 1
    rows = [line.bits >> line.stride * row & mask for row in reversed(range(line.rows))]
    while rows and not rows[-1]:
        rows.pop()
    above = next((number for number, row in enumerate(rows) if row), 0)
    columns = 0
    for row in rows:
        columns |= row
    before = line.stride - columns.bit_length()
    octets = (columns.bit_length() - (columns & -columns).bit_length()) // 8 + 1
    shift = line.stride - 8 * octets
    body = _gf([row << before >> shift & mask for row in rows[above:]], octets)
    return f"^FO{max(0, left + before)},{max(0, top + above)}{body}^FS"


def _graphic(picture: Image.Image, left: int, top: int) -> str:
    """A picture with black ink."""
    octets = (picture.width + 7) // 8
    data = ImageChops.invert(picture).tobytes()
    rows = [int.from_bytes(data[start : start + octets], "big") for start in range(0, len(data), octets)]
    return f"^FO{left},{top}{_gf(rows, octets)}^FS"


def _gf(rows: list[int], octets: int) -> str:
    """Rows of so many octets, ink 1, as ^GF with hexadecimal digits, compressed."""
    parts, previous = [], -1
    for row in rows:
        parts.append(":" if row == previous else _compressed(f"{row:0{2 * octets}X}"))
        previous = row
    total = octets * len(rows)
    return f"^GFA,{total},{total},{octets},{''.join(parts)}"


def _compressed(row: str) -> str:
    """A row with counts for repeated digits; a comma ends it with zeros."""
    kept = row.rstrip("0")
    end = "," if len(kept) < len(row) - 1 else row[len(kept) :]
    return _RUN.sub(lambda match: _count(len(match[0])) + match[1], kept) + end


def _count(number: int) -> str:
    twenties, units = divmod(min(number, 419), 20)
    more = _count(number - 419) if number > 419 else ""
    return more + (_TWENTIES[twenties - 1] if twenties else "") + (_UNITS[units - 1] if units else "")


def _check(rfid: Rfid) -> None:
    if not 1 <= rfid.labels_to_try <= 10:
        raise InvalidInput(f"{rfid.labels_to_try} is not between 1 and 10", place="labels_to_try")
    if not 0 <= rfid.retries <= 10:
        raise InvalidInput(f"{rfid.retries} is not between 0 and 10", place="retries")
    if rfid.password is not None and not _PASSWORD.fullmatch(rfid.password):
        raise InvalidInput("an access password has 8 hexadecimal digits", place="password")
    if rfid.lock is not Lock.NONE and rfid.password in {None, "00000000"}:
        raise InvalidInput(
            "to lock a tag an access password is needed", place="lock",
            remedy="give one that is not all zeros; without it anybody may unlock the tag",
        )  # fmt: skip


def _write_tag(content: LabelContent, rfid: Rfid) -> str:
    """Write, lock, read back. A label whose tag fails is printed VOID, and the next one is taken (error handling N)."""
    epc = content.epc_hex
    if epc is None or not _EPC.fullmatch(epc):
        raise InvalidInput(
            f"{content.element_string[:60]} has no EPC of whole 16-bit words, but {(epc or 'none')[:60]!a}",
            place="epc_hex",
            remedy="allocate serials that fit the tag, or print without writing tags",
        )
    octets = len(epc) // 2
    # 96 bits are what ^RF writes unless told otherwise; for others bank A adjusts the length in the PC word.
    bank = "" if octets == 12 else f",,{octets},A"
    parts = [f"^RS8,,,{rfid.labels_to_try},N^RR{rfid.retries}^RFW,H{bank}^FD{epc}^FS"]
    if rfid.lock is not Lock.NONE:
        parts.append(f"^RZ{rfid.password},E,{'P' if rfid.lock is Lock.PERMANENT else 'L'}^FS")
    if rfid.read_back:
        # From block 2 of bank 1, behind CRC and PC word, with the length: a printer left to itself reads 96 bits.
        parts.append(f"^FN1^RFR,H,2,{octets},1^FS^FH_^HV1,{2 * octets},EPC[,]_0D_0A,L^FS")
        parts.append(f"^FN2^RFR,H,0,{_TID_OCTETS},2^FS^FH_^HV2,{2 * _TID_OCTETS},TID[,]_0D_0A,L^FS")
    return "".join(parts)
