"""Opening a batch: what is wrong is named with its field, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.labels.desk import (
    CASE,
    FAR,
    FIRM,
    ITEM,
    LOOSE,
    OTHER,
    PACKED,
    PRODUCER,
    RIVAL,
    SITE,
    THEIRS,
    Desk,
    desk_in,
    order,
    product,
)

from suyuan.base.errors import Conflict, Forbidden, InvalidIdentifier, InvalidInput, SuyuanError
from suyuan.base.identity import Actor, Role
from suyuan.labels import service
from suyuan.labels.batches import CaseOrder, Level, LevelPlan, PalletOrder, SerialStyle
from suyuan.trace.acts import MasterDataChanged
from suyuan.trace.master_data import MasterData


def test_a_batch_says_what_was_ordered(desk: Desk) -> None:
    batch = desk.open(**PACKED, quantity=25, serials=SerialStyle.ALPHANUMERIC, design="item-wet")
    assert (batch.party, batch.gtin, batch.lot, batch.site) == (FIRM, ITEM, "L1", SITE)
    assert (batch.production_date, batch.expiration_date, batch.best_before_date) == ("2026-11-21", "2026-11-28", "")
    assert batch.levels == [
        LevelPlan(Level.ITEM, ITEM, 25),
        LevelPlan(Level.CASE, CASE, 3, 12),
        LevelPlan(Level.PALLET, "", 2, 2, "9506000"),
    ]
    assert (batch.serials, batch.design, batch.opened_by) == (SerialStyle.ALPHANUMERIC, "item-wet", "k-producer")
    with desk.ledger.view() as view:
        (status,) = service.batches_of(view, PRODUCER)
        assert status == service.batch_of(view, PRODUCER, batch.id)
    assert status.batch == batch
    assert [counts.planned for counts in status.counts] == [25, 3, 2]


def test_a_pallet_holds_items_where_there_are_no_cases(desk: Desk) -> None:
    batch = desk.open(pallet=PalletOrder("9506000", 10, 3, 77))
    assert batch.levels[1] == LevelPlan(Level.PALLET, "", 3, 10, "9506000", 3, 77)


WRONG: list[tuple[dict[str, Any], type[SuyuanError], str, str]] = [
    ({"gtin": "9506000134352"}, InvalidIdentifier, "/gtin", "enter 09506000134352"),
    ({"gtin": "614141123452"}, InvalidIdentifier, "/gtin", "enter 00614141123452"),
    ({"gtin": "96385074"}, InvalidIdentifier, "/gtin", "enter 00000096385074"),
    ({"gtin": "09506000134351"}, InvalidIdentifier, "/gtin", "is 1, expected 2"),
    ({"gtin": "9506000134351"}, InvalidIdentifier, "/gtin", "14 digits"),
    ({"gtin": "٠٩٥٠٦٠٠٠١٣٤٣٥٢"}, InvalidIdentifier, "/gtin", "14 digits"),
    ({"gtin": ""}, InvalidIdentifier, "/gtin", "14 digits"),
    ({"gtin": "04012345678901"}, InvalidInput, "/gtin", "PUT /api/v1/masterdata"),
    ({"gtin": THEIRS}, InvalidInput, "/gtin", "not of this firm"),
    ({"lot": "Lot 1"}, InvalidIdentifier, "/lot", "letters A-Z a-z"),
    ({"lot": "A|B"}, InvalidIdentifier, "/lot", "'|' is no character of a lot number"),
    ({"lot": "批次"}, InvalidIdentifier, "/lot", "letters A-Z a-z"),
    ({"lot": ""}, InvalidIdentifier, "/lot", "1 to 20"),
    ({"lot": "L" * 21}, InvalidIdentifier, "/lot", "21 characters"),
    ({"quantity": 0}, InvalidInput, "/quantity", "1 to 1,000,000"),
    ({"quantity": 0}, InvalidInput, "/quantity", "at least 1"),
    ({"quantity": 10**9}, InvalidInput, "/quantity", "several lots"),
    ({"production_date": "21.11.2026"}, InvalidInput, "/production_date", "2026-11-21"),
    ({"production_date": "2026-02-30"}, InvalidInput, "/production_date", "2026-11-21"),
    ({"production_date": "1969-01-01"}, InvalidInput, "/production_date", "1970 to 2199"),
    ({"production_date": ""}, InvalidInput, "/production_date", "2026-11-21"),
    ({"expiration_date": "2026-11-20"}, InvalidInput, "/expiration_date", "before the production date"),
    ({"best_before_date": "2026-11-20"}, InvalidInput, "/best_before_date", "before the production date"),
    ({"best_before_date": "soon"}, InvalidInput, "/best_before_date", "2026-11-21"),
    ({"design": "../../etc"}, InvalidInput, "/design", "there is no design"),
    ({"site": "9506000000016"}, InvalidIdentifier, "/site", "check digit"),
    ({"site": FAR}, InvalidInput, "/site", "no site of this firm"),
    ({"site": FIRM}, InvalidInput, "/site", "no site of this firm"),
    ({"case": CaseOrder("9506000134352", 12)}, InvalidIdentifier, "/case/gtin", "enter 09506000134352"),
    ({"case": CaseOrder(ITEM, 12)}, InvalidInput, "/case/gtin", "a case has its own"),
    ({"case": CaseOrder(THEIRS, 12)}, InvalidInput, "/case/gtin", "not of this firm"),
    ({"case": CaseOrder(CASE, 0)}, InvalidInput, "/case/holds", "1 to 10,000"),
    ({"pallet": PalletOrder("9506000", 0)}, InvalidInput, "/pallet/holds", "1 to 10,000"),
    ({"pallet": PalletOrder("12345", 1)}, InvalidInput, "/pallet/company_prefix", "6 to 12 digits"),
    ({"pallet": PalletOrder("4012345", 1)}, InvalidInput, "/pallet/company_prefix", "begins with"),
    ({"pallet": PalletOrder("9506000", 1, 10)}, InvalidInput, "/pallet/extension", "0 to 9"),
    ({"pallet": PalletOrder("9506000", 1, 0, 10**9)}, InvalidInput, "/pallet/first_reference", "999,999,999"),
    ({"pallet": PalletOrder("9506000", 1, 0, -1)}, InvalidInput, "/pallet/first_reference", "0 to"),
    ({"request": "x" * 101}, InvalidInput, "/request", "100 printable"),
    ({"request": "a\nb"}, InvalidInput, "/request", "100 printable"),
]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, empty_ledger: bytes) -> Iterator[Desk]:
    """One desk for all orders that are refused: they leave nothing behind."""
    folder = tmp_path_factory.mktemp("quiet")
    (folder / "suyuan.db").write_bytes(empty_ledger)
    with desk_in(folder) as found:
        yield found


@pytest.mark.parametrize(("fields", "kind", "place", "words"), WRONG, ids=lambda value: str(value)[:50])
def test_a_wrong_field_is_named_with_its_remedy(
    quiet: Desk, fields: dict[str, Any], kind: type[SuyuanError], place: str, words: str
) -> None:
    with pytest.raises(kind) as refusal:
        quiet.open(**fields)
    assert refusal.value.place == place
    assert words in str(refusal.value)
    assert quiet.scribe.rows("SELECT COUNT(*) FROM label_batch") == [(0,)]


def test_a_site_is_named_in_any_form_and_may_be_a_room_of_it(desk: Desk) -> None:
    for number, form in enumerate(["9506000000015", SITE, "(414)9506000000015", "urn:epc:id:sgln:9506000.00001.0"]):
        assert desk.open(site=form, lot=f"S{number}").site == SITE
    assert desk.open(site=f"{SITE}/254/7", lot="S9").site == f"{SITE}/254/7"


def test_a_key_without_a_firm_opens_nothing(desk: Desk) -> None:
    with pytest.raises(Forbidden, match="no firm"):
        desk.open(Actor(Role.PRODUCER, "k"))


def test_a_firm_without_a_site_must_enter_one(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match=r"runs 0 sites.*the administrator adds it"):
        desk.run(_open_without_site(desk))


async def _open_without_site(desk: Desk) -> None:
    nobody = "https://id.gs1.org/417/4012345000009"
    data = MasterData(products=[product(LOOSE, nobody)])
    desk.scribe.call("master-data-changed", MasterDataChanged("setup", data))
    await service.open_batch(desk.ledger, Actor(Role.PRODUCER, "k", nobody), order(gtin=LOOSE))


def test_a_lot_of_a_product_is_opened_once(desk: Desk) -> None:
    batch = desk.open()
    with pytest.raises(Conflict, match=f"allocate more labels in batch {batch.id}"):
        desk.open()
    desk.open(lot="L2")
    desk.open(gtin=LOOSE)


def test_another_firms_lot_is_refused_without_its_batch(desk: Desk) -> None:
    batch = desk.open()
    desk.scribe.call("master-data-changed", MasterDataChanged("setup", MasterData(products=[product(ITEM, OTHER)])))
    with pytest.raises(Conflict, match="another firm") as refusal:
        desk.open(RIVAL)
    assert batch.id not in str(refusal.value)


def test_the_same_request_is_the_same_batch(desk: Desk) -> None:
    batch = desk.open(request="r1")
    assert desk.open(request="r1") == batch
    with pytest.raises(Conflict, match="other content"):
        desk.open(request="r1", quantity=25)
    assert desk.scribe.rows("SELECT COUNT(*) FROM act WHERE name = 'label-batch-opened'") == [(1,)]
