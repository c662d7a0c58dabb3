"""Where a thing is, in what, who has it and whose it is."""

from __future__ import annotations

from typing import Any

TRAY = 3


def now(story: Any, uri: str) -> Any:
    """The present facts of a thing."""
    return story.scope(uri)[0][story.link(uri)]


def test_the_latest_sighting_is_the_place_and_its_operator_has_it(story: Any) -> None:
    story.site(1, runner=11)
    story.site(2, runner=12)
    story.make(story.item(TRAY, 1), where=1)
    story.see(story.item(TRAY, 1), where=2)
    facts = now(story, story.item(TRAY, 1))
    assert (facts.state, facts.place) == ("in place", story.link(story.place(2)))
    assert facts.possessor == facts.owner == story.link(story.party(12))


def test_a_part_of_a_site_is_at_the_site(story: Any) -> None:
    story.site(1, runner=11)
    story.event(
        "ObjectEvent", action="OBSERVE", bizStep="storing", epcList=[story.item(TRAY, 1)],
        readPoint={"id": story.place(1, "dock7")},
    )  # fmt: skip
    facts = now(story, story.item(TRAY, 1))
    assert (facts.site, facts.possessor) == (story.link(story.place(1)), story.link(story.party(11)))
    assert facts.place == story.link(story.place(1, "dock7"))


def test_a_late_record_does_not_move_a_thing_back(story: Any) -> None:
    story.see(story.item(TRAY, 1), where=2, at=20)
    story.see(story.item(TRAY, 1), where=1, at=10)
    assert now(story, story.item(TRAY, 1)).place == story.link(story.place(2))


def test_what_is_in_a_container_is_where_the_container_is_seen(story: Any) -> None:
    story.pack(story.crate(1), story.item(TRAY, 1), where=1)
    story.pack(story.pallet(1), story.crate(1), where=1)
    story.see(story.pallet(1), where=5)
    facts = now(story, story.item(TRAY, 1))
    assert (facts.place, facts.container) == (story.link(story.place(5)), story.link(story.crate(1)))


def test_what_was_taken_out_stays_when_the_container_leaves(story: Any) -> None:
    story.pack(story.crate(1), story.item(TRAY, 1), story.item(TRAY, 2), where=1)
    story.see(story.crate(1), where=5)
    story.unpack(story.crate(1), story.item(TRAY, 1), where=5)
    story.see(story.crate(1), where=9)
    taken, left = now(story, story.item(TRAY, 1)), now(story, story.item(TRAY, 2))
    assert (taken.place, taken.container) == (story.link(story.place(5)), None)
    assert (left.place, left.container) == (story.link(story.place(9)), story.link(story.crate(1)))


def test_emptying_a_container_is_a_sighting_of_everything_in_it(story: Any) -> None:
    story.pack(story.crate(1), story.item(TRAY, 1), where=1)
    story.unpack(story.crate(1), where=7)
    facts = now(story, story.item(TRAY, 1))
    assert (facts.place, facts.container) == (story.link(story.place(7)), None)


def test_seen_inside_where_no_packing_was_recorded_is_evidence_enough(story: Any) -> None:
    story.pack(story.crate(1), story.item(TRAY, 1), where=1, action="OBSERVE")
    assert now(story, story.item(TRAY, 1)).container == story.link(story.crate(1))


def test_only_aggregation_puts_things_into_things(story: Any) -> None:
    story.event(
        "TransactionEvent", action="ADD", parentID=story.crate(1), epcList=[story.item(TRAY, 1)],
        bizTransactionList=[{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:6901234000016:1"}],
    )  # fmt: skip
    story.event("AssociationEvent", action="ADD", parentID=story.crate(2), childEPCs=[story.item(TRAY, 1)])
    assert now(story, story.item(TRAY, 1)).container is None


def test_between_shipping_and_receiving_sender_and_receiver_both_have_it(story: Any) -> None:
    story.site(1, runner=11)
    story.site(2, runner=12)
    tray = story.item(TRAY, 1)
    story.make(tray, where=1)
    story.ship(tray, where=1, to=2)
    facts = now(story, tray)
    assert (facts.state, facts.place, facts.destination) == ("in transit", None, story.link(story.place(2)))
    assert facts.possessors == [story.link(story.party(11)), story.link(story.party(12))]
    story.see(tray, where=2)
    facts = now(story, tray)
    assert (facts.state, facts.possessors) == ("in place", [story.link(story.party(12))])


def test_a_named_possessor_and_owner_win_over_who_runs_the_place(story: Any) -> None:
    story.site(2, runner=12)
    tray = story.item(TRAY, 1)
    ends = [
        {"type": "possessing_party", "destination": story.party(13)},
        {"type": "owning_party", "destination": story.party(14)},
    ]
    story.see(tray, where=2, destinationList=ends)
    facts = now(story, tray)
    assert (facts.possessor, facts.owner) == (story.link(story.party(13)), story.link(story.party(14)))


def test_a_sold_item_is_with_the_consumer_and_a_used_one_is_used_up(story: Any) -> None:
    story.see(story.item(TRAY, 1), where=2, step="retail_selling", disposition="retail_sold")
    story.transform([story.item(TRAY, 2)], [story.item(4, 1)], where=2)
    story.event(
        "ObjectEvent",
        action="DELETE",
        bizStep="destroying",
        epcList=[story.item(TRAY, 3)],
        readPoint={"id": story.place(1)},
    )
    assert now(story, story.item(TRAY, 1)).state == "with the consumer"
    assert now(story, story.item(TRAY, 2)).state == "used up"
    assert now(story, story.item(TRAY, 3)).state == "destroyed"


def test_a_place_without_master_data_is_named_itself(story: Any) -> None:
    story.see(story.item(TRAY, 1), where=2)
    assert now(story, story.item(TRAY, 1)).possessor == story.link(story.place(2))


def test_a_lot_is_where_its_amounts_are(story: Any) -> None:
    lot = story.lot(TRAY, "L1")
    story.make(where=1, amount=(lot, 100.0))
    story.ship(where=1, to=2, amount=(lot, 30.0))
    story.see(where=2, amount=(lot, 30.0))
    story.transform([], [story.item(4, 1)], where=2, used=[(lot, 10.0)])
    held = {holding.place: holding.quantity.value for holding in now(story, lot).holdings}
    assert held == {story.link(story.place(1)): 70.0, story.link(story.place(2)): 20.0}
