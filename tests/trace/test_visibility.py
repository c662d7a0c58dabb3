"""What a firm sees: its own events and, upstream, those of goods it has held; present facts that rest on these."""

from __future__ import annotations

from typing import Any

import pytest
from tests.trace.scribe import Scribe, epc, object_event

from suyuan.base.identity import Actor, Role
from suyuan.trace.acts import MasterDataChanged
from suyuan.trace.closures import Direction, TraceAnswer, trace_answer
from suyuan.trace.lookup import find_thing
from suyuan.trace.master_data import MasterData, Site
from suyuan.trace.thing_state import ThingState, cut_state, state_of
from suyuan.trace.visibility import sight_of

FARM, SHOP, SPY = ("https://id.gs1.org/417/0614141000012", "https://id.gs1.org/417/0614141000029",
                   "https://id.gs1.org/417/0614141000036")  # fmt: skip
YARDS = {FARM: "urn:epc:id:sgln:0614141.00101.0", SHOP: "urn:epc:id:sgln:0614141.00102.0"}
SITES = {FARM: "https://id.gs1.org/414/0614141001019", SHOP: "https://id.gs1.org/414/0614141001026"}
ACTORS = {party: Actor(Role.PRODUCER, f"key-{party[-4:]}", party) for party in (FARM, SHOP, SPY)}
PALLET = "urn:epc:id:sscc:0614141.0000000007"


def step(scribe: Scribe, party: str, minute: int, **members: Any) -> None:
    """One event captured by a firm, at its yard unless told otherwise."""
    place = {"readPoint": {"id": YARDS[party]}} if party in YARDS else {"readPoint": None}
    event = object_event(1, **({"eventTime": f"2026-10-12T06:{minute:02d}:00Z"} | place | members))
    assert scribe.capture(event, ACTORS[party].key_id, party).success


@pytest.fixture
def told(scribe: Scribe) -> Scribe:
    """An item made by a farm and shipped to a shop, which has put it in a shelf."""
    sites = [Site(SITES[party], {"en": "yard"}, party=party) for party in (FARM, SHOP)]
    scribe.call("master-data-changed", MasterDataChanged("a", MasterData(sites=sites)))
    step(scribe, FARM, 1, action="ADD", bizStep="commissioning")
    step(scribe, FARM, 2)
    return scribe


def seen(scribe: Scribe, party: str) -> ThingState | None:
    with scribe.view() as view:
        name, thing = find_thing(view, epc(1))
        sight = sight_of(view, ACTORS[party], [thing])
        assert sight is not None
        return cut_state(view, state_of(view, name, thing), thing, sight) if sight.sees(thing) else None


def traced(scribe: Scribe, party: str) -> TraceAnswer:
    with scribe.view() as view:
        return trace_answer(view, epc(1), Direction.FORWARD, ACTORS[party])


def facts(state: Any) -> tuple[Any, ...]:
    return state.place, state.container, state.possessor, state.possessors, state.owner, state.destination


HIDDEN: tuple[Any, ...] = (None, None, None, [], None, None)


def test_the_maker_loses_sight_of_where_its_goods_went(told: Scribe) -> None:
    state = seen(told, FARM)
    assert state is not None
    assert (state.state, state.hidden, len(state.events)) == ("in transit", 0, 2)
    step(told, SHOP, 3, bizStep="receiving")
    state = seen(told, FARM)
    assert state is not None
    assert (state.state, state.hidden, len(state.events)) == ("not shown", 1, 2)
    assert facts(state) == HIDDEN
    (thing,) = traced(told, FARM).things
    assert (thing.state, facts(thing), thing.holdings, thing.quantity) == ("not shown", HIDDEN, [], None)


def test_the_receiver_sees_what_happened_before(told: Scribe) -> None:
    step(told, SHOP, 3, bizStep="receiving")
    state = seen(told, SHOP)
    assert state is not None
    assert (state.state, state.place, state.hidden, len(state.events)) == ("in place", SITES[SHOP], 0, 3)
    (thing,) = traced(told, SHOP).things
    assert (thing.state, thing.place) == ("in place", SITES[SHOP])


def test_goods_that_somebody_hands_over_are_the_receivers_to_see(told: Scribe) -> None:
    step(told, FARM, 3, destinationList=[{"type": "possessing_party", "destination": "urn:epc:id:pgln:0614141.00002"}])
    state = seen(told, SHOP)
    assert state is not None
    assert (state.state, state.hidden) == ("in transit", 0)


@pytest.mark.parametrize(
    "mention", [{}, {"readPoint": {"id": YARDS[SHOP]}}, {"readPoint": {"id": "urn:x:my:shed"}}, {"action": "DELETE"}]
)
def test_a_mention_opens_nothing(told: Scribe, mention: dict[str, Any]) -> None:
    step(told, SPY, 9, **mention)
    assert seen(told, SPY) is None
    answer = traced(told, SPY)
    assert (answer.of, answer.hidden, answer.things, answer.carriers) == (1, 1, [], [])


def test_what_a_container_does_later_is_not_shown_to_who_packed_it(told: Scribe) -> None:
    packing = {"type": "AggregationEvent", "epcList": None, "parentID": PALLET, "childEPCs": [epc(1)], "action": "ADD"}
    step(told, FARM, 3, bizStep="packing", **packing)
    state = seen(told, FARM)
    assert state is not None
    assert (state.state, state.containers) == ("in place", ["https://id.gs1.org/00/006141410000000074"])
    step(told, SHOP, 4, epcList=[PALLET], bizStep="receiving")
    state = seen(told, FARM)
    assert state is not None
    assert (state.state, state.containers, facts(state)) == ("not shown", [], HIDDEN)


def test_an_authority_sees_everything(told: Scribe) -> None:
    with told.view() as view:
        assert sight_of(view, Actor(Role.REGULATOR, "r"), [1]) is None
        assert sight_of(view, None, [1]) is None
