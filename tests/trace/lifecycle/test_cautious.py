"""Data as it really comes: places left out, firms nobody registered, shipments not recorded. The list stays complete.

Each story was once answered wrongly by a rule that looked obvious.
"""

from __future__ import annotations

from typing import Any

import pytest

from suyuan.gs1.names import name_of
from suyuan.trace.thing_state import state_of
from suyuan.trace.things import consignees

RAW, MADE, OUT = 1, 2, 3


@pytest.fixture
def raw(story: Any) -> str:
    """A raw lot of which 10 kg of the lot `made` was made at site 1."""
    seed: str = story.lot(RAW, "A")
    story.make(where=1, amount=(seed, 10.0))
    story.transform([], [], 1, used=[(seed, 10.0)], made=[(story.lot(MADE, "B"), 10.0)])
    return seed


def use(story: Any, where: int) -> str:
    """Makes an item of the made lot at a site; its canonical name."""
    story.transform([], [story.item(OUT, 1)], where, used=[(story.lot(MADE, "B"), 10.0)])
    return str(story.link(story.item(OUT, 1)))


def made(story: Any) -> tuple[str, float]:
    return story.lot(MADE, "B"), 10.0


def state(story: Any, uri: str) -> Any:
    with story.view() as view:
        name = name_of(uri)
        return state_of(view, name, view.find(name))


def amount(uri: str) -> list[dict[str, Any]]:
    return [{"epcClass": uri, "quantity": 10, "uom": "KGM"}]


class TestAffected:
    """Nothing that may have touched the seed is missing."""

    def test_used_where_no_place_was_recorded(self, story: Any, raw: str) -> None:
        story.event(
            "TransformationEvent", inputQuantityList=amount(story.lot(MADE, "B")), outputEPCList=[story.item(OUT, 1)],
            bizStep="commissioning",
        )  # fmt: skip
        assert story.link(story.item(OUT, 1)) in story.affected(raw)

    def test_a_lot_whose_own_first_row_came_after_its_items(self, story: Any) -> None:
        lot, item = story.lot(RAW, "A"), story.item(RAW, 1)
        story.make(item, where=1, number="A")
        story.ship(item, where=1, to=2)
        story.see(item, where=2)
        story.see(where=1, step="inspecting", amount=(lot, 5.0))
        answers, _ = story.scope(lot)
        assert story.link(item) in answers
        assert answers[story.link(lot)].since is not None

    def test_a_since_between_two_rows_of_the_lot_holds_from_then_on(self, story: Any) -> None:
        lot, item = story.lot(RAW, "A"), story.item(RAW, 1)
        story.make(where=1, amount=(lot, 100.0), at=0)
        story.make(item, where=1, number="A", at=20)
        story.ship(item, where=1, to=2, at=30)
        story.see(where=1, step="inspecting", amount=(lot, 5.0), at=50)
        assert story.link(item) in story.affected(lot, since=10)

    @pytest.mark.parametrize("named_at_receiving", [False, True])
    def test_shipped_to_a_firm_that_nobody_registered(self, story: Any, raw: str, named_at_receiving: bool) -> None:
        ends = [{"type": "possessing_party", "destination": story.party(22)}]
        story.event(
            "ObjectEvent", action="OBSERVE", bizStep="shipping", quantityList=amount(story.lot(MADE, "B")),
            readPoint={"id": story.place(1)}, destinationList=ends,
        )  # fmt: skip
        story.see(where=2, amount=made(story), destinationList=ends if named_at_receiving else None)
        assert use(story, 2) in story.affected(raw)

    def test_shipping_that_carries_a_business_location(self, story: Any, raw: str) -> None:
        story.event(
            "ObjectEvent", action="OBSERVE", bizStep="shipping", disposition="in_transit",
            quantityList=amount(story.lot(MADE, "B")), readPoint={"id": story.place(1)},
            bizLocation={"id": story.place(1)}, destinationList=[{"type": "location", "destination": story.place(2)}],
        )  # fmt: skip
        story.see(where=2, amount=made(story))
        assert use(story, 2) in story.affected(raw)

    @pytest.mark.parametrize("kind", ["location", "possessing_party"])
    def test_received_from_the_site_though_the_shipment_is_not_recorded(self, story: Any, raw: str, kind: str) -> None:
        story.site(1, runner=11)
        source = story.place(1) if kind == "location" else story.party(11)
        story.see(where=2, amount=made(story), sourceList=[{"type": kind, "source": source}])
        assert use(story, 2) in story.affected(raw)

    def test_used_out_of_a_crate_three_containers_deep(self, story: Any, raw: str) -> None:
        story.pack(story.crate(1), where=1, amount=made(story))
        story.pack(story.pallet(1), story.crate(1), where=1)
        story.pack(story.pallet(2), story.pallet(1), where=1)
        story.ship(story.pallet(2), where=1, to=2)
        story.see(story.pallet(2), where=2)
        assert use(story, 2) in story.affected(raw)

    def test_items_made_of_the_lot_where_its_crate_arrived(self, story: Any, raw: str) -> None:
        story.pack(story.crate(1), where=1, amount=made(story))
        story.ship(story.crate(1), where=1, to=2)
        story.see(story.crate(1), where=2)
        story.make(story.item(MADE, 1), where=2, number="B")
        assert story.link(story.item(MADE, 1)) in story.affected(raw)

    def test_repacked_into_another_crate_without_a_recorded_unpacking(self, story: Any, raw: str) -> None:
        story.pack(story.crate(1), where=1, amount=made(story))
        story.ship(story.crate(1), where=1, to=2)
        story.see(story.crate(1), where=2)
        story.pack(story.crate(2), where=2, amount=made(story))
        story.ship(story.crate(2), where=2, to=3)
        story.see(story.crate(2), where=3)
        story.unpack(story.crate(2), where=3)
        assert use(story, 3) in story.affected(raw)

    def test_taken_out_of_a_crate_at_a_place_that_was_not_recorded(self, story: Any, raw: str) -> None:
        story.pack(story.crate(1), where=1, amount=made(story))
        story.ship(story.crate(1), where=1, to=2)
        story.see(story.crate(1), where=2)
        story.event(
            "AggregationEvent", action="DELETE", parentID=story.crate(1),
            childQuantityList=amount(story.lot(MADE, "B")), bizStep="unpacking",
        )  # fmt: skip
        assert use(story, 2) in story.affected(raw)

    def test_contents_of_crates_on_a_seed_pallet_after_all_was_unpacked(self, story: Any) -> None:
        lot = story.lot(MADE, "B")
        story.make(where=1, amount=(lot, 10.0))
        story.pack(story.crate(1), where=1, amount=(lot, 10.0))
        story.pack(story.pallet(1), story.crate(1), where=1)
        story.ship(story.pallet(1), where=1, to=2)
        story.see(story.pallet(1), where=2)
        story.unpack(story.pallet(1), where=2)
        story.unpack(story.crate(1), where=2)
        assert use(story, 2) in story.affected(story.pallet(1))


class TestPresent:
    """Where it is now, in what, and who has it."""

    def test_emptying_the_outer_container_is_a_sighting_of_what_is_in_the_inner_ones(self, story: Any) -> None:
        item = story.item(RAW, 1)
        story.make(item, where=1)
        story.pack(story.crate(1), item, where=1)
        story.pack(story.pallet(1), story.crate(1), where=1)
        story.ship(story.pallet(1), where=1, to=2)
        story.see(story.pallet(1), where=2)
        story.unpack(story.pallet(1), where=2)
        facts = state(story, item)
        assert (facts.place, facts.state) == (story.link(story.place(2)), "in place")

    def test_taken_out_without_a_place_it_is_where_its_container_was(self, story: Any) -> None:
        item = story.item(RAW, 1)
        story.make(item, where=1)
        story.pack(story.crate(1), item, where=1)
        story.ship(story.crate(1), where=1, to=2)
        story.see(story.crate(1), where=2)
        story.event("AggregationEvent", action="DELETE", parentID=story.crate(1), childEPCs=[item], bizStep="unpacking")
        assert state(story, item).place == story.link(story.place(2))

    @pytest.mark.parametrize("ending", ["sold", "used"])
    def test_what_is_sold_or_used_up_is_in_no_crate_any_more(self, story: Any, ending: str) -> None:
        item = story.item(RAW, 1)
        story.make(item, where=1)
        story.pack(story.crate(1), item, where=1)
        if ending == "sold":
            story.see(item, where=2, step="retail_selling")
        else:
            story.transform([item], [story.item(OUT, 1)], 1)
        story.see(story.crate(1), where=3)
        assert story.scope(item)[1] == {}
        assert state(story, item).container is None

    def test_shipped_without_a_read_point_it_is_in_transit_all_the_same(self, story: Any) -> None:
        item = story.item(RAW, 1)
        story.make(item, where=1)
        story.event(
            "ObjectEvent", action="OBSERVE", bizStep="shipping", disposition="in_transit", epcList=[item],
            destinationList=[{"type": "location", "destination": story.place(2)}],
        )  # fmt: skip
        facts = state(story, item)
        assert (facts.state, facts.destination) == ("in transit", story.link(story.place(2)))
        assert facts.possessors == [story.link(story.place(1)), story.link(story.place(2))]

    def test_both_receivers_of_two_shipments_are_consignees(self, story: Any) -> None:
        for number, firm in ((1, 11), (2, 22), (3, 33)):
            story.site(number, runner=firm)
        lot = story.lot(RAW, "A")
        story.make(where=1, amount=(lot, 100.0))
        story.ship(where=1, to=2, amount=(lot, 40.0))
        story.ship(where=1, to=3, amount=(lot, 60.0))
        answers, _ = story.scope(lot)
        with story.view() as view:
            parties = {entry.party: entry.quantities[0].value for entry in consignees(view, list(answers.values()))}
        assert parties == {
            story.link(story.party(firm)): kilos for firm, kilos in ((11, 100.0), (22, 40.0), (33, 60.0))
        }

    def test_a_count_at_home_receives_nothing_that_is_on_its_way(self, story: Any) -> None:
        lot = story.lot(RAW, "A")
        story.make(where=1, amount=(lot, 100.0))
        story.ship(where=1, to=2, amount=(lot, 40.0))
        story.see(where=1, step="cycle_counting", amount=(lot, 60.0))
        held = {holding.place: holding.quantity.value for holding in state(story, lot).holdings}
        assert held == {story.link(story.place(1)): 60.0, None: 40.0}

    def test_the_same_lot_of_another_plant_is_neither_counted_nor_asked_for(self, story: Any, raw: str) -> None:
        story.make(where=5, amount=(story.lot(MADE, "B"), 500.0))
        answer = story.scope(raw)[0][story.link(story.lot(MADE, "B"))]
        assert answer.quantity.value == 10.0
        assert answer.possessors == [story.link(story.place(1))]
