"""Pictures and files of a batch's labels, for its pages."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import msgspec

from suyuan.base.errors import TooLarge
from suyuan.base.identity import Actor
from suyuan.gs1.company_prefix import NONE, CompanyPrefixes
from suyuan.labels.batch_contents import BatchContents, contents_in_parts
from suyuan.labels.batches import BatchOrder, BatchStatus, Label, LabelState, Level, LevelCounts
from suyuan.labels.design import builtin, builtin_names
from suyuan.labels.orders import checked_batch
from suyuan.labels.raster import png
from suyuan.labels.rendering import Options, Output, render
from suyuan.labels.selection import joined
from suyuan.labels.usual_design import USUAL, named_design
from suyuan.trace.ledger import Ledger

#: Dots an inch of a picture on a page, and pixels an inch that browsers count.
_DPI, _CSS_DPI = 300, 96
_INCH = 25.4
#: What label printers have.
RESOLUTIONS = (203, 300, 600)
#: Most labels in a PDF: ten seconds of work for the server.
_MOST_PDF = 2_000
#: Stands where the serial number will; as long as ours are.
_SAMPLE_SERIAL = "100000000000"


class Sample(msgspec.Struct, frozen=True):
    """What a label of an order would look like."""

    picture: str  #: PNG as a data URL
    says: str  #: what is on it, for who can't see it
    size: str  #: ``50 × 30 mm``
    width: int  #: CSS pixels
    height: int


class Drawing:
    """Draws with the designs that the server has."""

    def __init__(self, public_url: str, prefixes: CompanyPrefixes = NONE) -> None:
        """*public_url* is what the links on labels begin with, *prefixes* tell how the tags are written."""
        self._public_url = public_url
        self._prefixes = prefixes

    def titles(self, language: str) -> dict[str, str]:
        """What the designs are called, by name."""
        designs = [builtin(name) for name in builtin_names()]
        return {design.name: (language == "zh" and design.title_zh) or design.title for design in designs}

    def usual(self, level: Level) -> str:
        """The design that a level begins with."""
        return USUAL[level]

    def picture(self, ledger: Ledger, actor: Actor, batch_id: str, level: Level, number: int, design: str) -> bytes:
        """One label as PNG. `NotFound` for a number or a level that isn't there."""
        return self.file(ledger, actor, batch_id, level, [number], design, Output.PNG, _DPI)

    def file(
        self,
        ledger: Ledger,
        actor: Actor,
        batch_id: str,
        level: Level,
        numbers: Sequence[int],
        design: str,
        output: Output,
        dpi: int,
    ) -> bytes:
        """These labels as a file, whole: half a sheet would be printed before anybody saw why it is half."""
        drawn = named_design(design, level)
        if output is Output.PDF and len(numbers) > _MOST_PDF:
            raise TooLarge(f"{len(numbers)} labels are over the {_MOST_PDF} of one PDF", remedy="print them in parts")
        ranges = joined((number, number) for number in numbers)
        contents = contents_in_parts(ledger, actor, batch_id, level, self._public_url, ranges, self._prefixes)
        return b"".join(render(drawn, contents, output, Options(dpi=dpi)))

    def sample(self, ledger: Ledger, actor: Actor, order: BatchOrder) -> Sample:
        """A label as it would be; refused as the order itself would be."""
        drawn = named_design(order.design, Level.ITEM)
        with ledger.view() as view:
            batch = checked_batch(view, actor, order)
            status = BatchStatus(batch, [LevelCounts(plan.level, plan.planned) for plan in batch.levels])
            label = Label(
                batch=batch.id, level=Level.ITEM, number=1, class_key=f"01/{batch.gtin}/21", serial=_SAMPLE_SERIAL,
                state=LabelState.ALLOCATED,
            )  # fmt: skip
            content = BatchContents(view, status, self._public_url, self._prefixes).of(label)
        picture = base64.b64encode(png(drawn, content, _DPI)).decode()
        says = " ".join(text for text in content.fields.values() if text)
        size = f"{drawn.width:g} × {drawn.height:g} mm"
        return Sample(f"data:image/png;base64,{picture}", says, size, _pixels(drawn.width), _pixels(drawn.height))


def _pixels(millimetres: float) -> int:
    return round(millimetres / _INCH * _CSS_DPI)
