"""Trace back: inputs, lots, and what a thing was in while it was inside."""

from __future__ import annotations

from typing import Any

PIG, SIDE, TRAY = 1, 2, 3


def test_a_tray_leads_to_the_pigs_it_was_made_from_and_not_to_others(story: Any) -> None:
    story.transform([story.item(PIG, 1)], [story.item(SIDE, 1), story.item(SIDE, 2)], where=1)
    story.transform([story.item(PIG, 2)], [story.item(SIDE, 3)], where=1)
    event = story.transform([story.item(SIDE, 1)], [story.item(TRAY, 1)], where=2)
    found = story.sources(story.item(TRAY, 1))
    assert set(found) == {story.link(uri) for uri in (story.item(TRAY, 1), story.item(SIDE, 1), story.item(PIG, 1))}
    assert found[story.link(story.item(SIDE, 1))].via == event
    assert found[story.link(story.item(PIG, 1))].depth == 2


def test_the_lot_of_an_item_leads_to_what_the_lot_was_made_from(story: Any) -> None:
    lot = story.lot(TRAY, "L1")
    story.transform([], [], where=1, used=[(story.lot(PIG, "P"), 5.0)], made=[(lot, 4.0)])
    story.make(story.item(TRAY, 1), where=1, number="L1")
    found = story.sources(story.item(TRAY, 1))
    assert found[story.link(lot)].rule == "B2"
    assert found[story.link(story.lot(PIG, "P"))].rule == "B1"


def test_the_container_is_named_and_its_own_past_is_not(story: Any) -> None:
    story.pack(story.crate(1), story.item(TRAY, 9), where=1)
    story.unpack(story.crate(1), where=1)
    story.pack(story.crate(1), story.item(TRAY, 1), where=1)
    found = story.sources(story.item(TRAY, 1))
    assert found[story.link(story.crate(1))].rule == "B3"
    assert story.link(story.item(TRAY, 9)) not in found


def test_all_inputs_of_a_shared_transformation_id_are_sources(story: Any) -> None:
    tank = "https://example.com/tank/7"
    story.transform([story.item(PIG, 1)], [], where=1, transformationID=tank)
    story.transform([story.item(PIG, 2)], [], where=1, transformationID=tank)
    story.transform([], [story.item(TRAY, 1)], where=1, transformationID=tank)
    assert {story.link(story.item(PIG, n)) for n in (1, 2)} <= set(story.sources(story.item(TRAY, 1)))
