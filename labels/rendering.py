"""Contents and a design become a file: PDF, PNG, SVG, ZPL or CSV. One entry for command line, API and pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from suyuan.labels.content import LabelContent
from suyuan.labels.design import Design


class Output(StrEnum):
    """File formats of labels."""

    PDF = "pdf"
    PNG = "png"
    SVG = "svg"
    ZPL = "zpl"
    CSV = "csv"


MEDIA = {
    Output.PDF: "application/pdf",
    Output.PNG: "image/png",
    Output.SVG: "image/svg+xml",
    Output.ZPL: "application/zpl",
    Output.CSV: "text/csv; charset=utf-8",
}


class Lock(StrEnum):
    """What a printer does with the EPC bank after writing it."""

    NONE = "none"
    LOCKED = "locked"


class Rfid(msgspec.Struct, frozen=True):
    """How a printer writes the tag in a label (ZPL ^RS, ^RR, ^RF, ^HV)."""

    #: Labels that are tried before the printer gives up (^RS n, 1 to 10).
    labels_to_try: int = 3
    #: Write attempts for one label (^RR, 0 to 10).
    retries: int = 3
    lock: Lock = Lock.NONE
    #: Sends EPC and TID back to the host after writing (^HV).
    read_back: bool = True
    #: Access password of 8 hexadecimal digits; needed to lock.
    password: str | None = None


class Options(msgspec.Struct, frozen=True):
    """How it is drawn."""

    #: Dots an inch of printer or picture: 203, 300 or 600.
    dpi: int = 203
    #: Writes `LabelContent.epc_hex` to the tag (ZPL only); None prints only.
    rfid: Rfid | None = None
    #: Places on the first sheet that are left empty, because they have been used (PDF sheets only).
    skip: int = 0


def render(design: Design, contents: Iterable[LabelContent], output: Output, options: Options) -> Iterator[bytes]:
    """The file in parts, in order. PNG and SVG hold one label; ZPL and CSV stream label by label.

    Raises InvalidInput for what does not fit the design, before the first part where that can be known.
    """
    raise NotImplementedError
