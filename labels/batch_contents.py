"""What the labels of a batch say: the batch's dates and lot, names from master data, the EPC for the tag."""

from __future__ import annotations

from collections.abc import Iterator

from suyuan.base.errors import Conflict, NotFound
from suyuan.base.identity import Actor
from suyuan.gs1 import forms, names, plus_encoding, tag_encoding
from suyuan.gs1.company_prefix import NONE, CompanyPrefixes
from suyuan.gs1.epc_uri import Elements
from suyuan.labels.batches import Batch, BatchStatus, Label, LabelState, Level, LevelPlan
from suyuan.labels.catalogue import batch_of, labels_of
from suyuan.labels.content import LabelContent, of_elements
from suyuan.labels.selection import Range, joined, parts
from suyuan.labels.weights import net_weight
from suyuan.trace.ledger import Ledger
from suyuan.trace.master_data import Product
from suyuan.trace.view import View

#: Labels read at a time.
_PART = 1_000
#: Filter values of the tag (TDS 2.3, 10): goods sold at tills, cases, unit loads.
_FILTERS = {Level.ITEM: 1, Level.CASE: 2, Level.PALLET: 6}
#: Hexadecimal digits of a word of tag memory.
_WORD = 4


class BatchContents:
    """Makes the contents of the labels of one batch."""

    def __init__(self, view: View, status: BatchStatus, public_url: str, prefixes: CompanyPrefixes = NONE) -> None:
        """*prefixes* tell how long company prefixes are; tags hold 96 bits only where they do."""
        self._view = view
        self._batch = status.batch
        self._counts = {counts.level: counts.total for counts in status.counts}
        self._public_url = public_url
        self._prefixes = prefixes
        self._texts = {plan.level: self._level_texts(plan) for plan in self._batch.levels}

    def of(self, label: Label) -> LabelContent:
        """What one label says."""
        batch, plan = self._batch, self._batch.plan(label.level)
        if plan is None:
            raise NotFound(f"batch {batch.id} has no level {label.level.value}")
        fields = self._texts[label.level] | {"number": str(label.number)}
        if label.parent is not None:
            fields["parent"] = forms.parse(label.parent).element_string or label.parent
        if label.level is Level.PALLET:
            elements = forms.parse(label.epc).elements
            fields["sscc"] = elements[0][1]
            return of_elements(elements, (), self._public_url, fields, self._sscc_hex(label, plan))
        elements = (("01", plan.gtin), ("10", batch.lot), ("21", label.serial))
        attributes = _dates(batch)
        fields["serial"] = label.serial
        if label.kilograms is not None:
            attributes = (net_weight(label.kilograms), *attributes)
            fields["net_weight"] = f"{label.kilograms} kg"
        return of_elements(elements, attributes, self._public_url, fields, self._sgtin_hex(label, plan.gtin))

    def _level_texts(self, plan: LevelPlan) -> dict[str, str]:
        """What all labels of a level have in common."""
        batch = self._batch
        products = self._view.products
        product = products.get(f"https://id.gs1.org/01/{plan.gtin or batch.gtin}") or products.get(
            f"https://id.gs1.org/01/{batch.gtin}"
        )
        party = self._view.parties.get(batch.party)
        case = batch.plan(Level.CASE)
        fields = {
            # On a pallet, which has no GTIN, that of what is counted there (General Specifications, AIs 02 and 37).
            "gtin": plan.gtin or (case.gtin if case else batch.gtin),
            "lot": batch.lot,
            "production_date": batch.production_date,
            "expiry": batch.expiration_date or batch.best_before_date,
            "count": str(self._counts.get(plan.level, 0) or plan.planned),
            "quantity": str(plan.holds) if plan.holds else "",
        }
        for name, texts in (("product", product.name if product else {}), ("producer", party.name if party else {})):
            fields |= {f"{name}_{language}": texts[language] for language in ("zh", "en") if language in texts}
        return fields | _storage(product)

    def _sscc_hex(self, label: Label, plan: LevelPlan) -> str | None:
        uri = names.epc_urn(label.class_key, label.serial, len(plan.company_prefix))
        return None if uri is None else tag_encoding.encode(uri, _FILTERS[label.level])

    def _sgtin_hex(self, label: Label, gtin: str) -> str:
        """SGTIN-96, or SGTIN-198 for letters, where the company prefix is known; else SGTIN+, which needs none."""
        filter_value = _FILTERS[label.level]
        uri = names.epc_urn(label.class_key, label.serial, self._prefixes.length_of("01", gtin))
        if uri is None:
            found = plus_encoding.encode("sgtin+", (("01", gtin), ("21", label.serial)), filter_value=filter_value)
            return found + "0" * (-len(found) % _WORD)
        return tag_encoding.encode(uri, filter_value) or tag_encoding.encode_as("sgtin-198", uri, filter_value)


def contents_of(
    view: View,
    actor: Actor,
    batch_id: str,
    level: Level,
    public_url: str,
    ranges: list[Range] | None = None,
    prefixes: CompanyPrefixes = NONE,
) -> Iterator[LabelContent]:
    """The labels with these numbers, or all that have not been printed yet; read a thousand at a time.

    Raises `NotFound` for a number that has no label, `Conflict` for one that was voided.
    """
    made = _contents(view, actor, batch_id, level, public_url, prefixes)
    for label in _labels(view, actor, batch_id, level, ranges):
        yield made.of(label)


def _contents(
    view: View, actor: Actor, batch_id: str, level: Level, public_url: str, prefixes: CompanyPrefixes
) -> BatchContents:
    """Of a batch of the firm that has the level."""
    status = batch_of(view, actor, batch_id)
    if status.batch.plan(level) is None:
        raise NotFound(f"batch {batch_id[:64]} has no level {level.value}")
    return BatchContents(view, status, public_url, prefixes)


def _labels(view: View, actor: Actor, batch_id: str, level: Level, ranges: list[Range] | None) -> Iterator[Label]:
    if ranges is None:
        yield from _between(view, actor, batch_id, level, 1, None, LabelState.ALLOCATED)
        return
    for first, last in ranges:
        expected = first
        for label in _between(view, actor, batch_id, level, first, last, None):
            if label.state is LabelState.VOIDED:
                raise Conflict(f"label {label.number} was voided: {label.reason[:60]}", remedy="leave its number out")
            expected = label.number + 1
            yield label
        if expected <= last:
            raise NotFound(f"batch {batch_id[:64]} has no {level.value} label {expected}", place="/numbers")


def _between(
    view: View, actor: Actor, batch_id: str, level: Level, first: int, last: int | None, state: LabelState | None
) -> Iterator[Label]:
    """Labels with numbers from first to last, both in."""
    after = first - 1
    while last is None or after < last:
        limit = _PART if last is None else min(_PART, last - after)
        page = labels_of(view, actor, batch_id, level, state, after, limit)
        if not page:
            return
        yield from page
        after = page[-1].number


def contents_in_parts(
    ledger: Ledger,
    actor: Actor,
    batch_id: str,
    level: Level,
    public_url: str,
    ranges: list[Range] | None = None,
    prefixes: CompanyPrefixes = NONE,
) -> Iterator[LabelContent]:
    """As `contents_of`, for a long file: the ledger is read in parts, and no transaction is open between them."""
    if ranges is None:
        with ledger.view() as view:
            _contents(view, actor, batch_id, level, public_url, prefixes)
            unprinted = _between(view, actor, batch_id, level, 1, None, LabelState.ALLOCATED)
            ranges = joined((label.number, label.number) for label in unprinted)
    for part in parts(ranges, _PART):
        with ledger.view() as view:
            made = list(contents_of(view, actor, batch_id, level, public_url, part, prefixes))
        yield from made


def _storage(product: Product | None) -> dict[str, str]:
    """How to keep it, from the product's temperatures in degrees Celsius."""
    if product is None:
        return {}
    least, most = product.storage_min_celsius, product.storage_max_celsius
    if least is not None and most is not None:
        return {"storage_zh": f"{least:g}～{most:g}℃ 保存", "storage_en": f"Keep at {least:g} to {most:g} °C"}
    if most is not None:
        return {"storage_zh": f"{most:g}℃ 以下保存", "storage_en": f"Keep at {most:g} °C or below"}
    return (
        {"storage_zh": f"{least:g}℃ 以上保存", "storage_en": f"Keep at {least:g} °C or above"}
        if least is not None
        else {}
    )


def _dates(batch: Batch) -> Elements:
    """Use by (AI 17) or best before (AI 15), as the symbol says it."""
    if batch.expiration_date:
        return (("17", _six(batch.expiration_date)),)
    return (("15", _six(batch.best_before_date)),) if batch.best_before_date else ()


def _six(iso: str) -> str:
    return iso[2:4] + iso[5:7] + iso[8:10]
