"""A label that is on no food is no food: not in a recall, not in a lot, not an amount, nobody's goods."""

from __future__ import annotations

from typing import Any

import pytest

from suyuan.gs1.names import name_of
from suyuan.regulators.recall_operation import RecallOpened, ScopeItem
from suyuan.trace.journey import Journey, journey
from suyuan.trace.thing_state import ThingState, state_of

LOT = "L1"
#: A lot of 100 kg, and the links of its items, which name the lot beside the serial number.
GTIN = "https://id.gs1.org/01/09506000134352"
WHOLE, ITEM = f"{GTIN}/10/{LOT}", f"{GTIN}/10/{LOT}/21/"


def name(serial: str) -> str:
    """Canonical name of an item."""
    return f"{GTIN}/21/{serial}"


def state(story: Any, epc: str) -> ThingState:
    """One thing's present."""
    with story.view() as view:
        found = name_of(epc)
        thing = view.find(found)
        assert thing is not None
        return state_of(view, found, thing)


def page(story: Any, epc: str, of: str | None = None) -> Journey:
    """What a shopper's page rests on."""
    story.sign()
    with story.view() as view:
        return journey(view, name_of(epc), story.policy, name_of(of) if of else None)


def encode(story: Any, *epcs: str, **more: object) -> None:
    """Labels come out of the printer."""
    story.see(*epcs, where=1, step="encoding", disposition="encoded", **more)


def throw_away(story: Any, *epcs: str) -> None:
    """Labels are taken out of use."""
    story.event("ObjectEvent", action="DELETE", bizStep="decommissioning", disposition="inactive", epcList=list(epcs))


def recall(story: Any, seed: str) -> None:
    """Hold one thing."""
    with story.view() as view:
        held = ScopeItem(view.find(name_of(seed)), False, 0, 0, None, None)
    opened = RecallOpened("k", "R1", seed, None, "Salmonella", 1, "note", [held], [], "00")
    story._call("recall-opened", opened, Any)


@pytest.fixture
def farm(story: Any) -> Any:
    """100 kg of a lot at site 1, one item of it, one label that says the lot, and a voided one."""
    story.site(1, 1)
    encode(story, ITEM + "1", ITEM + "2", ITEM + "3")
    story.make(ITEM + "1", where=1, number=LOT, amount=(WHOLE, 100.0))
    throw_away(story, ITEM + "3")
    return story


def test_a_recall_of_the_lot_takes_the_item_and_leaves_its_labels(farm: Any) -> None:
    assert farm.affected(WHOLE) == {WHOLE, name("1")}


def test_a_label_is_food_as_soon_as_anything_else_is_known_of_it(farm: Any) -> None:
    farm.ship(name("2"), where=1)
    assert name("2") in farm.affected(WHOLE)


def test_a_thrown_away_label_that_turns_up_on_food_is_food(farm: Any) -> None:
    farm.see(name("3"), where=1)
    assert name("3") in farm.affected(WHOLE)


def test_food_that_was_destroyed_is_no_label(farm: Any) -> None:
    throw_away(farm, ITEM + "9")
    assert name("9") in farm.affected(WHOLE)


def test_encoding_that_commissions_makes_food(farm: Any) -> None:
    farm.event("ObjectEvent", action="ADD", bizStep="encoding", epcList=[ITEM + "8"], ilmd={"cbvmda:lotNumber": LOT})
    assert name("8") in farm.affected(WHOLE)


def test_labels_of_a_lot_are_no_amount_of_it(story: Any) -> None:
    story.site(1, 1)
    story.site(2, 2)
    story.make(where=1, amount=(WHOLE, 100.0))
    story.see(where=2, step="encoding", amount=(WHOLE, 500.0))
    found = state(story, WHOLE)
    assert [(held.site, held.quantity.value) for held in found.holdings if held.quantity] == [(found.site, 100.0)]
    answers, _ = story.scope(WHOLE)
    assert [held.site for held in answers[WHOLE].holdings] == [found.site]


def test_a_lot_of_which_only_labels_were_made_is_not_all_in_items(story: Any) -> None:
    story.make(where=1, amount=(WHOLE, 5.0))
    encode(story, ITEM + "2")
    story.transform([], [story.item(3, 7)], where=1, used=[(WHOLE, 5.0)])
    assert state(story, WHOLE).state == "used up"


def test_a_labels_present_says_what_it_is_and_that_nobody_has_it(farm: Any) -> None:
    printed, voided = state(farm, ITEM + "2"), state(farm, ITEM + "3")
    assert (printed.state, printed.possessors, printed.site) == ("encoded", [], None)
    assert (voided.state, voided.possessors, voided.site) == ("voided", [], None)
    assert [mark.biz_step for mark in voided.events] == ["encoding", "decommissioning"]


def test_a_label_does_not_come_from_its_lot(farm: Any) -> None:
    assert set(farm.sources(ITEM + "2")) == {name("2")}
    assert WHOLE in farm.sources(ITEM + "1")


def test_the_page_of_a_label_names_no_maker_and_tells_no_stop_of_the_food(farm: Any) -> None:
    found = page(farm, ITEM + "2")
    assert (found.state, found.producer, found.here) == ("encoded", None, None)
    assert [stop.step for stop in found.stops] == ["encoding"]
    food = page(farm, ITEM + "1")
    assert food.producer is not None
    assert food.state == "in place"


def test_the_page_of_a_label_still_warns_of_a_recall_of_its_lot(farm: Any) -> None:
    recall(farm, WHOLE)
    for serial in "23":
        warnings = page(farm, ITEM + serial, WHOLE).warnings
        assert [warning.kind for warning in warnings] == ["recalled"], serial
