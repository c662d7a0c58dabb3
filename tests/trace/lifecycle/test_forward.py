"""Rules F1 to F4 and carriers, each alone, with the case in which an obvious simpler rule gives a wrong recall."""

from __future__ import annotations

from typing import Any

PIG, SIDE, TRAY, SAUSAGE = 1, 2, 3, 4


def links(story: Any, *uris: str) -> set[str]:
    return {story.link(uri) for uri in uris}


class TestTransformation:
    """F1: every output of a transformation that used something affected."""

    def test_outputs_of_an_affected_input_are_affected_each_with_its_event(self, story: Any) -> None:
        pig, sides = story.item(PIG, 1), [story.item(SIDE, 1), story.item(SIDE, 2)]
        story.make(pig, where=1)
        event = story.transform([pig], sides, where=2)
        answers, _ = story.scope(pig)
        assert set(answers) == links(story, pig, *sides)
        for side in sides:
            answer = answers[story.link(side)]
            assert (answer.rule, answer.via, answer.origin) == ("F1", event, story.link(pig))
        assert answers[story.link(pig)].rule == "seed"

    def test_inputs_that_stand_beside_an_affected_one_are_not_affected(self, story: Any) -> None:
        story.transform([story.item(PIG, 1), story.item(PIG, 2)], [story.item(SIDE, 1)], where=2)
        assert story.affected(story.item(PIG, 1)) == links(story, story.item(PIG, 1), story.item(SIDE, 1))

    def test_events_that_share_a_transformation_id_are_one(self, story: Any) -> None:
        tank = "https://example.com/tank/7"
        story.transform([story.item(PIG, 1)], [], where=2, transformationID=tank)
        story.transform([story.item(PIG, 2)], [], where=2, transformationID=tank)
        story.transform([], [story.item(SIDE, 1)], where=2, transformationID=tank)
        assert story.affected(story.item(PIG, 2)) == links(story, story.item(PIG, 2), story.item(SIDE, 1))

    def test_an_output_before_the_input_counts_because_the_standard_lets_any_input_reach_any_output(
        self, story: Any
    ) -> None:
        tank = "https://example.com/tank/7"
        story.transform([story.item(PIG, 1)], [story.item(SIDE, 1)], where=2, transformationID=tank)
        story.transform([story.item(PIG, 2)], [story.item(SIDE, 2)], where=2, transformationID=tank)
        assert link_set(story, story.item(PIG, 2)) == links(
            story, story.item(PIG, 2), story.item(SIDE, 1), story.item(SIDE, 2)
        )

    def test_the_chain_goes_on_through_several_transformations(self, story: Any) -> None:
        story.transform([story.item(PIG, 1)], [story.item(SIDE, 1)], where=2)
        story.transform([story.item(SIDE, 1), story.item(SIDE, 9)], [story.item(TRAY, n) for n in range(5)], where=3)
        story.transform([story.item(TRAY, 3)], [story.item(SAUSAGE, 1)], where=4)
        answers, _ = story.scope(story.item(PIG, 1))
        assert story.link(story.item(SAUSAGE, 1)) in answers
        assert answers[story.link(story.item(SAUSAGE, 1))].depth == 3
        assert story.link(story.item(SIDE, 9)) not in answers

    def test_a_declared_error_takes_its_outputs_off_the_list(self, story: Any) -> None:
        pig, side = story.item(PIG, 1), story.item(SIDE, 1)
        event = story.transform([pig], [side], where=2, at=5)
        story.transform(
            [pig], [side], where=2, at=5, eventID=event,
            errorDeclaration={"declarationTime": "2026-10-13T00:00:00Z", "reason": "incorrect_data"},
        )  # fmt: skip
        assert story.affected(pig) == links(story, pig)


def link_set(story: Any, *seeds: str) -> set[str]:
    affected: set[str] = story.affected(*seeds)
    return affected


class TestContents:
    """F2: a container that is itself the seed."""

    def test_what_is_inside_a_seed_container_is_affected(self, story: Any) -> None:
        story.pack(story.pallet(1), story.item(TRAY, 1), story.item(TRAY, 2), where=1)
        answers, _ = story.scope(story.pallet(1))
        assert set(answers) == links(story, story.pallet(1), story.item(TRAY, 1), story.item(TRAY, 2))
        assert answers[story.link(story.item(TRAY, 1))].rule == "F2"

    def test_what_left_the_container_before_since_is_not(self, story: Any) -> None:
        story.pack(story.pallet(1), story.item(TRAY, 1), story.item(TRAY, 2), where=1, at=0)
        story.unpack(story.pallet(1), story.item(TRAY, 1), where=1, at=10)
        assert story.affected(story.pallet(1), since=20) == links(story, story.pallet(1), story.item(TRAY, 2))

    def test_a_container_in_the_container_hands_its_contents_on(self, story: Any) -> None:
        story.pack(story.crate(1), story.item(TRAY, 1), where=1)
        story.pack(story.pallet(1), story.crate(1), where=1)
        assert link_set(story, story.pallet(1)) == links(story, story.pallet(1), story.crate(1), story.item(TRAY, 1))

    def test_an_affected_item_does_not_spoil_what_travels_beside_it(self, story: Any) -> None:
        story.pack(story.pallet(1), story.item(TRAY, 1), story.item(TRAY, 2), where=1)
        assert link_set(story, story.item(TRAY, 1)) == links(story, story.item(TRAY, 1))


class TestLotMembers:
    """F3: instances of an affected lot, where the lot is affected."""

    def test_items_commissioned_with_the_lot_number_are_affected(self, story: Any) -> None:
        story.make(story.item(TRAY, 1), story.item(TRAY, 2), where=1, number="L1", amount=(story.lot(TRAY, "L1"), 2.0))
        story.make(story.item(TRAY, 3), where=1, number="L2", amount=(story.lot(TRAY, "L2"), 2.0))
        answers, _ = story.scope(story.lot(TRAY, "L1"))
        assert set(answers) == links(story, story.lot(TRAY, "L1"), story.item(TRAY, 1), story.item(TRAY, 2))
        assert answers[story.link(story.item(TRAY, 1))].rule == "F3"

    def test_an_item_output_beside_its_lot_belongs_to_it(self, story: Any) -> None:
        story.transform(
            [], [story.item(TRAY, 1)], where=1, used=[(story.lot(PIG, "P"), 9.0)], made=[(story.lot(TRAY, "L1"), 1.0)]
        )
        assert story.link(story.item(TRAY, 1)) in story.affected(story.lot(TRAY, "L1"))

    def test_a_lot_that_two_plants_make_is_affected_only_where_the_bad_input_went(self, story: Any) -> None:
        bad, good, made = story.lot(PIG, "bad"), story.lot(PIG, "good"), story.lot(TRAY, "L1")
        story.transform([], [story.item(TRAY, 1)], where=1, used=[(bad, 9.0)], made=[(made, 1.0)])
        story.transform([], [story.item(TRAY, 2)], where=2, used=[(good, 9.0)], made=[(made, 1.0)])
        affected = story.affected(bad)
        assert story.link(story.item(TRAY, 1)) in affected
        assert story.link(story.item(TRAY, 2)) not in affected

    def test_an_item_that_had_left_before_the_lot_became_affected_is_not(self, story: Any) -> None:
        made = story.lot(TRAY, "L1")
        story.make(story.item(TRAY, 1), story.item(TRAY, 2), where=1, number="L1", at=0)
        story.ship(story.item(TRAY, 1), where=1, to=2, at=10)
        story.transform([], [], where=1, used=[(story.lot(PIG, "bad"), 9.0)], made=[(made, 5.0)], at=20)
        affected = story.affected(story.lot(PIG, "bad"))
        assert story.link(story.item(TRAY, 2)) in affected
        assert story.link(story.item(TRAY, 1)) not in affected


class TestLotFlow:
    """F4: where an affected part of a lot goes."""

    def test_a_shipped_part_is_affected_where_it_arrives_and_what_is_made_of_it_there(self, story: Any) -> None:
        bad, lot = story.lot(PIG, "bad"), story.lot(TRAY, "L1")
        story.transform([], [], where=1, used=[(bad, 9.0)], made=[(lot, 100.0)])
        story.ship(where=1, to=2, amount=(lot, 40.0))
        story.see(where=2, amount=(lot, 40.0))
        story.transform([], [story.item(SAUSAGE, 1)], where=2, used=[(lot, 40.0)])
        assert story.link(story.item(SAUSAGE, 1)) in story.affected(bad)

    def test_the_same_lot_of_another_plant_shipped_elsewhere_is_not(self, story: Any) -> None:
        bad, good, lot = story.lot(PIG, "bad"), story.lot(PIG, "good"), story.lot(TRAY, "L1")
        story.transform([], [], where=1, used=[(bad, 9.0)], made=[(lot, 100.0)])
        story.transform([], [], where=5, used=[(good, 9.0)], made=[(lot, 100.0)])
        story.ship(where=1, to=2, amount=(lot, 40.0))
        story.ship(where=5, to=6, amount=(lot, 40.0))
        story.see(where=2, amount=(lot, 40.0))
        story.see(where=6, amount=(lot, 40.0))
        story.transform([], [story.item(SAUSAGE, 1)], where=2, used=[(lot, 40.0)])
        story.transform([], [story.item(SAUSAGE, 2)], where=6, used=[(lot, 40.0)])
        affected = story.affected(bad)
        assert story.link(story.item(SAUSAGE, 1)) in affected
        assert story.link(story.item(SAUSAGE, 2)) not in affected

    def test_a_part_travels_in_a_crate_and_is_used_where_the_crate_is_emptied(self, story: Any) -> None:
        bad, lot = story.lot(PIG, "bad"), story.lot(TRAY, "L1")
        story.transform([], [], where=1, used=[(bad, 9.0)], made=[(lot, 100.0)])
        story.pack(story.crate(1), where=1, amount=(lot, 40.0))
        story.ship(story.crate(1), where=1, to=3)
        story.see(story.crate(1), where=3)
        story.unpack(story.crate(1), where=3)
        story.transform([], [story.item(SAUSAGE, 1)], where=3, used=[(lot, 40.0)])
        answers, carriers = story.scope(bad)
        assert story.link(story.item(SAUSAGE, 1)) in answers
        assert carriers == {}

    def test_a_part_used_out_of_a_crate_that_nobody_recorded_as_unpacked(self, story: Any) -> None:
        bad, lot = story.lot(PIG, "bad"), story.lot(TRAY, "L1")
        story.transform([], [], where=1, used=[(bad, 9.0)], made=[(lot, 100.0)])
        story.pack(story.crate(1), where=1, amount=(lot, 40.0))
        story.see(story.crate(1), where=3)
        story.transform([], [story.item(SAUSAGE, 1)], where=3, used=[(lot, 40.0)])
        assert story.link(story.item(SAUSAGE, 1)) in story.affected(bad)

    def test_a_lot_in_a_crate_on_a_pallet_is_followed_through_both(self, story: Any) -> None:
        bad, lot = story.lot(PIG, "bad"), story.lot(TRAY, "L1")
        story.transform([], [], where=1, used=[(bad, 9.0)], made=[(lot, 100.0)])
        story.pack(story.crate(1), where=1, amount=(lot, 40.0))
        story.pack(story.pallet(1), story.crate(1), where=1)
        story.ship(story.pallet(1), where=1, to=3)
        story.see(story.pallet(1), where=3)
        story.transform([], [story.item(SAUSAGE, 1)], where=3, used=[(lot, 40.0)])
        answers, carriers = story.scope(bad)
        assert story.link(story.item(SAUSAGE, 1)) in answers
        assert set(carriers) == links(story, story.crate(1), story.pallet(1))


class TestCarriers:
    """Containers above an affected thing: stopped, not affected."""

    def test_every_container_above_carries_it_and_its_neighbours_are_not_affected(self, story: Any) -> None:
        trays = [story.item(TRAY, n) for n in range(4)]
        story.make(*trays, where=1)
        story.pack(story.crate(1), trays[0], trays[1], where=1)
        story.pack(story.crate(2), trays[2], where=1)
        story.pack(story.pallet(1), story.crate(1), story.crate(2), where=1)
        answers, carriers = story.scope(trays[0])
        assert set(answers) == links(story, trays[0])
        assert carriers == {
            story.link(story.crate(1)): links(story, trays[0]),
            story.link(story.pallet(1)): links(story, trays[0]),
        }

    def test_a_container_that_gave_it_up_carries_it_no_more(self, story: Any) -> None:
        tray = story.item(TRAY, 1)
        story.pack(story.crate(1), tray, where=1)
        story.pack(story.pallet(1), story.crate(1), where=1)
        story.unpack(story.pallet(1), story.crate(1), where=2)
        assert set(story.scope(tray)[1]) == links(story, story.crate(1))
        story.unpack(story.crate(1), where=2)
        assert story.scope(tray)[1] == {}

    def test_a_late_record_of_an_earlier_packing_counts_at_its_event_time(self, story: Any) -> None:
        tray = story.item(TRAY, 1)
        story.unpack(story.crate(1), tray, where=2, at=30)
        story.pack(story.crate(1), tray, where=1, at=10)
        assert story.scope(tray)[1] == {}

    def test_a_crate_that_held_the_lot_and_was_emptied_carries_nothing(self, story: Any) -> None:
        lot = story.lot(TRAY, "L1")
        story.make(where=1, amount=(lot, 100.0))
        story.pack(story.crate(1), where=1, amount=(lot, 40.0))
        story.pack(story.crate(2), where=1, amount=(lot, 60.0))
        story.unpack(story.crate(1), where=2)
        answers, carriers = story.scope(lot)
        assert set(carriers) == links(story, story.crate(2))
        holdings = {(held.place, held.container): held.quantity.value for held in answers[story.link(lot)].holdings}
        assert holdings == {
            (story.link(story.place(2)), None): 40.0,
            (story.link(story.place(1)), story.link(story.crate(2))): 60.0,
        }

    def test_an_item_in_itself_is_answered_and_does_not_hang(self, story: Any) -> None:
        story.pack(story.crate(1), story.crate(2), where=1)
        story.pack(story.crate(2), story.crate(1), where=1)
        answers, _ = story.scope(story.crate(1))
        assert story.link(story.crate(2)) in answers


class TestSince:
    """A seed holds from its commissioning unless the regulator says otherwise."""

    def test_a_later_since_leaves_earlier_uses_out(self, story: Any) -> None:
        lot = story.lot(PIG, "L")
        story.make(where=1, amount=(lot, 100.0), at=0)
        story.transform([], [story.item(SIDE, 1)], where=1, used=[(lot, 50.0)], at=10)
        story.transform([], [story.item(SIDE, 2)], where=1, used=[(lot, 50.0)], at=20)
        assert story.affected(lot, since=15) == links(story, lot, story.item(SIDE, 2))
        assert story.affected(lot) == links(story, lot, story.item(SIDE, 1), story.item(SIDE, 2))

    def test_a_thing_reached_again_earlier_reenters_the_frontier(self, story: Any) -> None:
        late, early, mixed = story.lot(PIG, "late"), story.lot(PIG, "early"), story.lot(SIDE, "mixed")
        seed = story.lot(5, "feed")
        story.transform([], [], where=1, used=[(seed, 1.0)], made=[(late, 1.0)], at=0)
        story.transform([], [], where=1, used=[(seed, 1.0)], made=[(early, 1.0)], at=0)
        story.transform([], [], where=1, used=[(late, 1.0)], made=[(mixed, 1.0)], at=50)
        step = story.lot(6, "step")
        story.transform([], [], where=1, used=[(early, 1.0)], made=[(step, 1.0)], at=5)
        story.transform([], [], where=1, used=[(step, 1.0)], made=[(mixed, 1.0)], at=10)
        story.transform([], [story.item(TRAY, 1)], where=1, used=[(mixed, 1.0)], at=20)
        assert story.link(story.item(TRAY, 1)) in story.affected(seed)
