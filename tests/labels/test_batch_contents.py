"""What the labels of a batch say, from the batch and master data to the tag."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.labels.desk import CASE, FIRM, ITEM, PACKED, PRODUCER, RIVAL, Desk, desk_in

from suyuan.base.errors import Conflict, NotFound
from suyuan.gs1 import company_prefix, forms, plus_encoding, tag_encoding
from suyuan.labels.batch_contents import BatchContents, contents_in_parts, contents_of
from suyuan.labels.batches import Batch, Label, LabelState, Level, SerialStyle
from suyuan.labels.catalogue import batch_of
from suyuan.labels.content import LabelContent
from suyuan.labels.selection import Range
from suyuan.trace.acts import MasterDataChanged
from suyuan.trace.master_data import MasterData, Product

PUBLIC_URL = "https://trace.example"
KNOWN = company_prefix.of(["9506000"])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_in(Path(tmp_path_factory.mktemp("desk"))) as made:
        yield made


def said(
    desk: Desk,
    batch: Batch,
    level: Level = Level.ITEM,
    ranges: list[Range] | None = None,
    prefixes: company_prefix.CompanyPrefixes = company_prefix.NONE,
) -> list[LabelContent]:
    """Contents of the labels."""
    with desk.ledger.view() as view:
        return list(contents_of(view, PRODUCER, batch.id, level, PUBLIC_URL, ranges, prefixes))


def test_an_item_says_product_lot_dates_and_serial(desk: Desk) -> None:
    batch = desk.open(lot="ITEMS")
    label = desk.allocate(batch, 3)[1]
    second = said(desk, batch)[1]
    assert second.link == f"{PUBLIC_URL}/01/{ITEM}/10/ITEMS/21/{label.serial}"
    assert second.element_string == f"(01){ITEM}(10)ITEMS(21){label.serial}(17)261128"
    assert second.fields == {
        "product_zh": "五花肉", "product_en": "Pork belly", "producer_en": "Farm", "gtin": ITEM, "lot": "ITEMS",
        "production_date": "2026-11-21", "expiry": "2026-11-28", "serial": label.serial, "number": "2", "count": "3",
        "quantity": "", "identity": f"(01){ITEM}(10)ITEMS(21){label.serial}",
    }  # fmt: skip


def test_best_before_is_ai_15(desk: Desk) -> None:
    batch = desk.open(lot="BEST", expiration_date="", best_before_date="2027-01-31")
    desk.allocate(batch, 1)
    (only,) = said(desk, batch)
    assert only.element_string.endswith("(15)270131")
    assert only.text("expiry") == "2027-01-31"


def test_without_the_length_of_the_company_prefix_the_tag_is_sgtin_plus_in_whole_words(desk: Desk) -> None:
    batch = desk.open(lot="PLUS")
    label = desk.allocate(batch, 1)[0]
    (only,) = said(desk, batch)
    assert only.epc_hex is not None
    assert len(only.epc_hex) % 4 == 0
    assert plus_encoding.decode(only.epc_hex).link_elements == (("01", ITEM), ("21", label.serial))


def test_with_it_the_tag_has_96_bits_and_the_filter_of_its_level(desk: Desk) -> None:
    batch = desk.open(lot="TAGS", **PACKED)
    items, cases, pallets = (desk.allocate(batch, 1, level)[0] for level in Level)
    for level, label, filter_value in ((Level.ITEM, items, 1), (Level.CASE, cases, 2), (Level.PALLET, pallets, 6)):
        (only,) = said(desk, batch, level, prefixes=KNOWN)
        assert only.epc_hex is not None
        assert len(only.epc_hex) == 24
        tag = tag_encoding.decode(only.epc_hex)
        assert tag.filter == filter_value
        assert forms.parse(tag.uri).digital_link == label.epc
    assert said(desk, batch, Level.CASE)[0].text("gtin") == CASE
    assert said(desk, batch, Level.CASE)[0].text("quantity") == "12"
    pallet = said(desk, batch, Level.PALLET)[0]
    assert (pallet.text("gtin"), pallet.text("quantity")) == (CASE, "2")
    assert pallet.element_string == f"(00){pallet.text('sscc')}"
    assert pallet.link == f"{PUBLIC_URL}/00/{pallet.text('sscc')}"


def test_letters_in_a_serial_take_sgtin_198(desk: Desk) -> None:
    batch = desk.open(lot="LETTERS", serials=SerialStyle.ALPHANUMERIC)
    desk.allocate(batch, 1)
    (only,) = said(desk, batch, prefixes=KNOWN)
    assert only.epc_hex is not None
    assert tag_encoding.decode(only.epc_hex).encoding == "sgtin-198"


def test_what_a_scale_weighed_says_weight_and_parent(desk: Desk) -> None:
    batch = desk.open(lot="WHOLE")
    desk.allocate(batch, 1)
    desk.printed(batch, "1")
    desk.applied(batch, "1")
    whole = desk.labels(batch)[0]
    pieces = desk.open(gtin="09506000134369", lot="PIECES", quantity=2)
    from suyuan.labels import service

    desk.run(service.relabel(desk.ledger, PRODUCER, pieces.id, whole.epc, ["0.356", "1.25"]))
    first, second = said(desk, pieces)
    assert first.element_string.endswith("(3103)000356(17)261128")
    assert second.element_string.endswith("(3102)000125(17)261128")
    assert (first.text("net_weight"), second.text("net_weight")) == ("0.356 kg", "1.25 kg")
    assert first.text("parent") == f"(01){ITEM}(21){whole.serial}"


def test_labels_are_chosen_by_number_or_by_not_being_printed_yet(desk: Desk) -> None:
    batch = desk.open(lot="CHOICE")
    desk.allocate(batch, 5)
    desk.printed(batch, "1-2")
    desk.voided(batch, "4")
    assert [content.text("number") for content in said(desk, batch)] == ["3", "5"]
    assert [content.text("number") for content in said(desk, batch, ranges=[(1, 3), (5, 5)])] == ["1", "2", "3", "5"]
    with pytest.raises(Conflict, match="label 4 was voided: smeared"):
        said(desk, batch, ranges=[(3, 5)])
    with pytest.raises(NotFound, match="no item label 6"):
        said(desk, batch, ranges=[(5, 7)])


def test_a_batch_of_another_firm_and_a_level_that_is_not_there_are_not_found(desk: Desk) -> None:
    batch = desk.open(lot="OURS")
    with pytest.raises(NotFound, match="no level case"):
        said(desk, batch, Level.CASE)
    case = Label(batch=batch.id, level=Level.CASE, number=1, class_key="", serial="", state=LabelState.ALLOCATED)
    with desk.ledger.view() as view, pytest.raises(NotFound, match="no level case"):
        BatchContents(view, batch_of(view, PRODUCER, batch.id), PUBLIC_URL).of(case)
    with desk.ledger.view() as view, pytest.raises(NotFound):
        list(contents_of(view, RIVAL, batch.id, Level.ITEM, PUBLIC_URL))


@pytest.mark.parametrize(
    ("least", "most", "expected"),
    [
        (0.0, 4.0, ("0～4℃ 保存", "Keep at 0 to 4 °C")),
        (None, -18.0, ("-18℃ 以下保存", "Keep at -18 °C or below")),
        (0.0, None, ("0℃ 以上保存", "Keep at 0 °C or above")),
        (None, None, ("", "")),
    ],
)
def test_storage_is_told_from_master_data(
    desk: Desk, least: float | None, most: float | None, expected: tuple[str, str]
) -> None:
    known = Product(f"https://id.gs1.org/01/{ITEM}", {}, FIRM, storage_min_celsius=least, storage_max_celsius=most)
    desk.scribe.call("master-data-changed", MasterDataChanged("setup", MasterData(products=[known])))
    batch = desk.open(lot=f"COLD{least}{most}".replace("None", "x"))
    desk.allocate(batch, 1)
    (only,) = said(desk, batch)
    assert (only.text("storage_zh"), only.text("storage_en")) == expected


def test_a_long_file_reads_the_ledger_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.labels.batch_contents._PART", 2)
    batch = desk.open(lot="PARTS")
    desk.allocate(batch, 5)
    desk.printed(batch, "2")
    made = contents_in_parts(desk.ledger, PRODUCER, batch.id, Level.ITEM, PUBLIC_URL)
    assert [content.text("number") for content in made] == ["1", "3", "4", "5"]
    chosen = contents_in_parts(desk.ledger, PRODUCER, batch.id, Level.ITEM, PUBLIC_URL, [(1, 5)])
    assert [content.text("number") for content in chosen] == ["1", "2", "3", "4", "5"]
