"""A lot whose amount is stated beside its items: it says how many they are and is not a second heap of goods."""

from __future__ import annotations

from typing import Any

TRAY = 3


def now(story: Any, uri: str) -> Any:
    """The present facts of a thing."""
    return story.scope(uri)[0][story.link(uri)]


def made(story: Any, amount: float, uom: str | None = None) -> str:
    """Two trays of a new lot and so much of the lot beside them, at site 1."""
    lot: str = story.lot(TRAY, "L1")
    unit = {"uom": uom} if uom else {}
    story.event(
        "ObjectEvent", action="ADD", bizStep="commissioning", epcList=[story.item(TRAY, 1), story.item(TRAY, 2)],
        quantityList=[{"epcClass": lot, "quantity": amount, **unit}], bizLocation={"id": story.place(1)},
        readPoint={"id": story.place(1)},
    )  # fmt: skip
    return lot


def test_a_lot_of_nothing_but_items_is_where_these_are(story: Any) -> None:
    facts = now(story, made(story, 2))
    assert (facts.state, facts.holdings, facts.quantity, facts.possessors) == ("in items", [], None, [])


def test_pieces_without_a_serial_number_are_what_is_left_beside_the_items(story: Any) -> None:
    facts = now(story, made(story, 5))
    assert [(held.place, held.quantity.value) for held in facts.holdings] == [(story.link(story.place(1)), 3.0)]
    assert facts.state == "in place"


def test_a_weight_beside_items_is_their_weight(story: Any) -> None:
    assert now(story, made(story, 12.5, "KGM")).holdings == []


def test_items_that_another_event_made_take_nothing_away(story: Any) -> None:
    lot = made(story, 2)
    story.make(where=2, amount=(lot, 40.0))
    assert [(held.place, held.quantity.value) for held in now(story, lot).holdings] == [
        (story.link(story.place(2)), 40.0)
    ]


def test_pieces_that_were_sent_on_by_amount_are_where_they_arrived(story: Any) -> None:
    lot = made(story, 5)
    story.event(
        "ObjectEvent", action="OBSERVE", bizStep="shipping", quantityList=[{"epcClass": lot, "quantity": 3}],
        readPoint={"id": story.place(1)},
    )  # fmt: skip
    story.event(
        "ObjectEvent", action="OBSERVE", bizStep="receiving", quantityList=[{"epcClass": lot, "quantity": 3}],
        bizLocation={"id": story.place(2)}, readPoint={"id": story.place(2)},
    )  # fmt: skip
    assert [(held.place, held.quantity.value) for held in now(story, lot).holdings] == [
        (story.link(story.place(2)), 3.0)
    ]
