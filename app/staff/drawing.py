"""Pictures and files of a batch's labels, for its pages."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

import msgspec

from suyuan.base.errors import InvalidInput, NotFound
from suyuan.base.identity import Actor
from suyuan.labels.batches import Batch, BatchOrder, Label, LabelState, Level
from suyuan.labels.content import LabelContent, content
from suyuan.labels.design import Design, builtin_names, design_of
from suyuan.labels.orders import checked_batch
from suyuan.labels.raster import png
from suyuan.labels.rendering import Options, Output, render
from suyuan.labels.service import batch_of, labels_of
from suyuan.trace.ledger import Ledger
from suyuan.trace.view import View

#: Dots an inch of a picture on a page, and pixels an inch that browsers count.
_DPI, _CSS_DPI = 300, 96
_INCH = 25.4
#: Labels read at a time.
_PART = 1_000
#: Designs that each level begins with where its batch names none.
_USUAL = {Level.ITEM: "item", Level.CASE: "item", Level.PALLET: "logistic"}
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

    def __init__(self, public_url: str) -> None:
        """*public_url* is what the links on labels begin with."""
        self._public_url = public_url

    def titles(self, language: str) -> dict[str, str]:
        """What the designs are called, by name."""
        designs = [design_of(name) for name in builtin_names()]
        return {
            design.name: (design.title_zh if language == "zh" else design.title) or design.name for design in designs
        }

    def usual(self, level: Level) -> str:
        """The design that a level begins with."""
        return _USUAL[level]

    def picture(self, ledger: Ledger, actor: Actor, batch_id: str, level: Level, number: int, design: str) -> bytes:
        """One label as PNG. `NotFound` for a number or a design that isn't there."""
        drawn = self._design(design, level)
        with ledger.view() as view:
            found = labels_of(view, actor, batch_id, level, after=number - 1, limit=1)
            if not found or found[0].number != number:
                raise NotFound(f"there is no label {number} on level {level.value}")
            batch = batch_of(view, actor, batch_id).batch
            made = content_of(view, batch, found[0], self._public_url)
        return png(drawn, made, _DPI)

    def file(
        self,
        ledger: Ledger,
        actor: Actor,
        batch_id: str,
        level: Level,
        numbers: Sequence[int],
        design: str,
        output: Output,
    ) -> Iterator[bytes]:
        """These labels as a file, part by part; what can't be drawn is refused before the first part."""
        drawn = self._design(design, level)
        wanted = set(numbers)
        with ledger.view() as view:
            labels = labels_of(
                view, actor, batch_id, level, LabelState.ALLOCATED, numbers[0] - 1, numbers[-1] - numbers[0] + 1
            )
            chosen = [label for label in labels if label.number in wanted]
            batch = batch_of(view, actor, batch_id).batch
            made = [content_of(view, batch, label, self._public_url) for label in chosen]
        return render(drawn, made, output, Options())

    def sample(self, ledger: Ledger, actor: Actor, order: BatchOrder) -> Sample:
        """A label as it would be; refused as the order itself would be."""
        drawn = self._design(order.design, Level.ITEM)
        with ledger.view() as view:
            batch = checked_batch(view, actor, order)
            label = Label(
                batch=batch.id, level=Level.ITEM, number=1, class_key=f"01/{batch.gtin}/21", serial=_SAMPLE_SERIAL,
                state=LabelState.ALLOCATED,
            )  # fmt: skip
            made = content_of(view, batch, label, self._public_url)
        return _shown(drawn, made)

    def _design(self, name: str, level: Level) -> Design:
        if name and name not in builtin_names():  # a name from a form must never be read as a file's
            raise InvalidInput(f"there is no design {name[:60]!a}", place="design", remedy="choose one from the list")
        return design_of(name or self.usual(level))


def content_of(view: View, batch: Batch, label: Label, public_url: str) -> LabelContent:
    product = view.products.get(f"https://id.gs1.org/01/{batch.gtin}")
    party = view.parties.get(batch.party)
    fields = {
        "lot": batch.lot,
        "production_date": batch.production_date,
        "expiry": batch.expiration_date or batch.best_before_date,
        "serial": label.serial,
        "gtin": batch.gtin,
    }
    for name, texts in (("product", product.name if product else {}), ("producer", party.name if party else {})):
        fields |= {f"{name}_{language}": text for language, text in texts.items()}
    return content(label.epc, public_url, fields)


def _shown(design: Design, made: LabelContent) -> Sample:
    picture = base64.b64encode(png(design, made, _DPI)).decode()
    says = " ".join(text for text in made.fields.values() if text)
    size = f"{design.width:g} × {design.height:g} mm"
    return Sample(
        f"data:image/png;base64,{picture}",
        says,
        size,
        round(design.width / _INCH * _CSS_DPI),
        round(design.height / _INCH * _CSS_DPI),
    )
