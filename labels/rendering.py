"""Contents and a design become a file: PDF, PNG, SVG, ZPL or CSV. One entry for command line, API and pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice

import msgspec

from suyuan.base.errors import InvalidInput
from suyuan.labels.content import LabelContent
from suyuan.labels.design import Design
from suyuan.labels.epc_list import epc_csv
from suyuan.labels.raster import png
from suyuan.labels.svg import svg
from suyuan.labels.zpl import Rfid, ZplLabels


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

    Raises InvalidInput for what does not fit the design; for PDF, PNG and SVG before the first part, for ZPL and CSV
    at the label that does not.
    """
    match output:
        case Output.PDF:
            from suyuan.labels.pdf import pdf  # reportlab, for PDF only

            yield pdf(design, contents, options.skip)
        case Output.PNG:
            yield png(design, _only(contents), options.dpi)
        case Output.SVG:
            yield svg(design, _only(contents))
        case Output.ZPL:
            labels = ZplLabels(design, options.dpi, options.rfid)
            for content in contents:
                yield labels.label(content).encode("ascii")
        case _:
            for line in epc_csv(contents):
                yield line.encode("ascii")


def _only(contents: Iterable[LabelContent]) -> LabelContent:
    """The one label of a picture."""
    first = list(islice(contents, 2))
    if len(first) != 1:
        found = "none" if not first else "several"
        raise InvalidInput(f"a picture holds one label, and there are {found}", remedy="choose one number, or PDF")
    return first[0]
