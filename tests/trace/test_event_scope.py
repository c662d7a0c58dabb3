"""Which events a firm may see: its own and those of goods that it has held; the SQL and the plain rule agree."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import text
from tests.trace.scribe import Scribe, epc, object_event

from suyuan.base.identity import Actor, Role
from suyuan.gs1.names import name_of
from suyuan.trace.acts import MasterDataChanged
from suyuan.trace.event_scope import EventScope, scope_of, visible
from suyuan.trace.master_data import MasterData, Site
from suyuan.trace.view import View
from suyuan.trace.visibility import sight_of

FARM, SHOP, SPY = (f"https://id.gs1.org/417/06141410000{last}" for last in ("12", "29", "36"))
SITES = {FARM: "https://id.gs1.org/414/0614141001019", SHOP: "https://id.gs1.org/414/0614141001026"}
YARDS = {FARM: "urn:epc:id:sgln:0614141.00101.0", SHOP: "urn:epc:id:sgln:0614141.00102.7"}
ACTORS = {party: Actor(Role.PRODUCER, f"key-{party[-4:]}", party) for party in (FARM, SHOP, SPY)}


@pytest.fixture
def ledger(scribe: Scribe) -> Scribe:
    """A ledger that knows whose the two yards are."""
    sites = [Site(SITES[party], {"en": "yard"}, party=party) for party in (FARM, SHOP)]
    scribe.call("master-data-changed", MasterDataChanged("a", MasterData(sites=sites)))
    return scribe


def capture(ledger: Scribe, party: str, minute: int, serial: int = 1, **members: Any) -> int:
    """An event that a firm submits; its place in the log."""
    event = object_event(serial, **({"eventTime": f"2026-10-12T06:{minute:02d}:00Z"} | members))
    job = ledger.capture(event, ACTORS[party].key_id, party)
    return job.events[0].index


def seen(ledger: Scribe, actor: Actor) -> set[int]:
    """What the firm may see, found both ways."""
    with ledger.view() as view:
        scope = scope_of(view, actor)
        found = visible(view, range(view.size), scope)
        if scope is not None:
            assert gathered(view, scope) == found
            assert scope.few(view)
        return found


def gathered(view: View, scope: EventScope) -> set[int]:
    events, bound = scope.events()
    return {row[0] for row in view.connection.execute(text(events), bound)}


def test_a_firm_sees_what_any_of_its_keys_has_submitted(ledger: Scribe) -> None:
    mine = capture(ledger, FARM, 1)
    theirs = capture(ledger, SPY, 2, 2)
    assert seen(ledger, ACTORS[FARM]) == {mine}
    assert seen(ledger, Actor(Role.LOGISTICS, "another key", FARM)) == {mine}
    assert seen(ledger, ACTORS[SPY]) == {theirs}


def test_keys_without_a_firm_see_their_own_alone(ledger: Scribe) -> None:
    for key in ("one", "two"):
        ledger.capture(object_event(7, eventTime=f"2026-10-12T0{len(key)}:00:00Z", bizStep=None, action="ADD"), key)
    index = ledger.capture(object_event(8), "two").events[0].index
    assert seen(ledger, Actor(Role.PRODUCER, "two")) == {index, index - 1}


def test_who_submits_an_event_again_sees_it(ledger: Scribe) -> None:
    index = capture(ledger, FARM, 1)
    assert seen(ledger, ACTORS[SPY]) == set()
    assert capture(ledger, SPY, 1) == index
    assert seen(ledger, ACTORS[SPY]) == {index}


def test_a_receiver_sees_what_happened_to_its_goods_before_and_not_after_they_left(ledger: Scribe) -> None:
    made, other = capture(ledger, FARM, 1), capture(ledger, FARM, 1, 2)
    shipped = capture(ledger, FARM, 2)
    received = capture(ledger, SHOP, 3, readPoint={"id": YARDS[SHOP]})
    away = capture(ledger, SPY, 4)
    assert seen(ledger, ACTORS[SHOP]) == {made, shipped, received}
    assert seen(ledger, ACTORS[FARM]) == {made, other, shipped}
    back = capture(ledger, SPY, 5, readPoint={"id": YARDS[SHOP]})
    assert seen(ledger, ACTORS[SHOP]) == {made, shipped, received, away, back}


def test_goods_that_are_handed_over_are_the_receivers_to_see(ledger: Scribe) -> None:
    made = capture(ledger, FARM, 1)
    handed = capture(
        ledger, FARM, 2, destinationList=[{"type": "possessing_party", "destination": "urn:epc:id:pgln:0614141.00002"}]
    )
    assert seen(ledger, ACTORS[SHOP]) == {made, handed}


def test_a_handing_over_that_was_declared_erroneous_opens_nothing(ledger: Scribe) -> None:
    capture(ledger, FARM, 1)
    receipt: dict[str, Any] = {"readPoint": {"id": YARDS[SHOP]}}
    received = capture(ledger, FARM, 2, **receipt)
    assert received in seen(ledger, ACTORS[SHOP])
    declaration = {"declarationTime": "2026-10-13T06:00:00Z", "reason": "did_not_occur"}
    capture(ledger, FARM, 2, **receipt, errorDeclaration=declaration)
    assert seen(ledger, ACTORS[SHOP]) == set()


@pytest.mark.parametrize(
    "mention", [{}, {"readPoint": {"id": YARDS[FARM]}}, {"readPoint": {"id": "urn:x:my:shed"}}, {"action": "DELETE"}]
)
def test_a_mention_opens_nothing_that_others_have_said(ledger: Scribe, mention: dict[str, Any]) -> None:
    capture(ledger, FARM, 1)
    mentioned = capture(ledger, SPY, 9, **mention)
    assert seen(ledger, ACTORS[SPY]) == {mentioned}


def test_authorities_see_everything(ledger: Scribe) -> None:
    index = capture(ledger, FARM, 1)
    with ledger.view() as view:
        assert scope_of(view, Actor(Role.REGULATOR, "r")) is None
        assert visible(view, [index], None) == {index}


def test_the_statement_and_the_rule_for_things_agree_on_random_ledgers(ledger: Scribe) -> None:
    chance = random.Random(4)
    for _ in range(120):
        place = chance.choice([*YARDS.values(), "urn:x:my:shed", None])
        capture(
            ledger, chance.choice([FARM, SHOP, SPY]), chance.randrange(60), chance.randrange(6),
            readPoint={"id": place} if place else None, action=chance.choice(["ADD", "OBSERVE"]),
        )  # fmt: skip
    with ledger.view() as view:
        found = [view.find(name_of(epc(serial))) for serial in range(6)]
        known = [thing for thing in found if thing is not None]
        for actor in ACTORS.values():
            sight = sight_of(view, actor, known)
            assert sight is not None
            by_things = {event for thing in known for event in sight.events(thing)}
            scope = scope_of(view, actor)
            assert scope is not None
            assert visible(view, range(view.size), scope) == by_things == gathered(view, scope)
