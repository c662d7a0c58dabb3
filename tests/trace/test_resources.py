"""The collections of what events hold: paged by first appearance, in every writing, cut to what the asker may see."""

from __future__ import annotations

import pytest
from tests.trace.scribe import Scribe, document, epc, object_event

from suyuan.base.errors import InvalidIdentifier
from suyuan.base.identity import Actor, Role
from suyuan.epcis.vocabulary import BIZ_STEP, DISPOSITION
from suyuan.gs1.names import canonical
from suyuan.trace import resources
from suyuan.trace.event_scope import EventScope, scope_of
from suyuan.trace.resources import (
    BIZ_LOCATIONS,
    BIZ_STEPS,
    DISPOSITIONS,
    EPCS,
    EVENT_TYPES,
    READ_POINTS,
    Cursor,
    Resource,
    has_value,
    list_values,
)

REGULATOR = Actor(Role.REGULATOR, "r")
FARM, SHOP = Actor(Role.PRODUCER, "k1", "urn:firm:farm"), Actor(Role.RETAILER, "k2", "urn:firm:shop")
STEP, STATE = "https://farm.example/steps/weighing", "https://farm.example/states/weighed"
GATE, SHELF = "urn:epc:id:sgln:0614141.00777.0", "urn:epc:id:sgln:0614141.00888.1"


@pytest.fixture
def ledger(scribe: Scribe) -> Scribe:
    """Six events of a farm, one of a shop."""
    for serial in range(6):
        event = object_event(serial, bizStep=STEP, disposition=STATE, readPoint={"id": GATE})
        scribe.capture(
            event | {"quantityList": [{"epcClass": "urn:epc:class:lgtin:0614141.000007.L"}]}, "k1", FARM.party
        )
    scribe.capture(
        object_event(7, bizStep="shipping", readPoint={"id": SHELF}, bizLocation={"id": SHELF}), "k2", SHOP.party
    )
    return scribe


def listed(scribe: Scribe, resource: Resource, actor: Actor = REGULATOR, per_page: int = 2) -> list[str]:
    """All values, over all pages."""
    found: list[str] = []
    cursor: Cursor | None = Cursor()
    while cursor is not None:
        with scribe.view() as view:
            page = list_values(view, resource, scope_of(view, actor), cursor, per_page)
        assert len(page.values) <= per_page
        found += [each if isinstance(each, str) else canonical(each) for each in page.values]
        cursor = page.following
    return found


def has(scribe: Scribe, resource: Resource, value: str, actor: Actor = REGULATOR) -> bool:
    with scribe.view() as view:
        return has_value(view, resource, scope_of(view, actor), value)


def link(serial: int) -> str:
    return f"https://id.gs1.org/01/00614141000074/21/{serial}"


def own(values: list[str], words: frozenset[str]) -> list[str]:
    return [value for value in values if value not in words]


@pytest.mark.parametrize("per_page", [1, 2, 3, 50])
def test_words_of_the_standard_come_first_and_each_once(ledger: Scribe, per_page: int) -> None:
    steps = listed(ledger, BIZ_STEPS, per_page=per_page)
    assert steps == [*sorted(BIZ_STEP.words), STEP]
    assert listed(ledger, DISPOSITIONS, per_page=per_page) == [*sorted(DISPOSITION.words), STATE]


@pytest.mark.parametrize("per_page", [1, 2, 3, 50])
def test_things_come_by_first_appearance(ledger: Scribe, per_page: int) -> None:
    assert listed(ledger, EPCS, per_page=per_page) == [link(serial) for serial in (0, 1, 2, 3, 4, 5, 7)]
    gate, shelf = "https://id.gs1.org/414/0614141007776", "https://id.gs1.org/414/0614141008889/254/1"
    assert listed(ledger, READ_POINTS, per_page=per_page) == [gate, shelf]
    assert listed(ledger, BIZ_LOCATIONS, per_page=per_page) == [shelf]


@pytest.mark.parametrize("few", [0, 5_000])
def test_a_firm_is_shown_what_its_events_have(ledger: Scribe, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.trace.event_scope.FEW", few)
    assert listed(ledger, EPCS, FARM) == [link(serial) for serial in range(6)]
    assert listed(ledger, EPCS, SHOP) == [link(7)]
    assert own(listed(ledger, BIZ_STEPS, FARM), BIZ_STEP.words) == [STEP]
    assert own(listed(ledger, BIZ_STEPS, SHOP), BIZ_STEP.words) == []
    assert listed(ledger, READ_POINTS, SHOP) == ["https://id.gs1.org/414/0614141008889/254/1"]
    assert listed(ledger, BIZ_LOCATIONS, FARM) == []
    assert listed(ledger, EPCS, Actor(Role.LOGISTICS, "nobody")) == []


@pytest.mark.parametrize("few", [0, 5_000])
def test_one_value_is_there_for_who_may_see_it(ledger: Scribe, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.trace.event_scope.FEW", few)
    for written in (epc(1), link(1)):
        assert has(ledger, EPCS, written)
        assert has(ledger, EPCS, written, FARM)
        assert not has(ledger, EPCS, written, SHOP)
    assert not has(ledger, EPCS, epc(99))
    assert has(ledger, BIZ_STEPS, STEP, FARM)
    assert not has(ledger, BIZ_STEPS, STEP, SHOP)
    for written in ("shipping", "urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping"):
        assert has(ledger, BIZ_STEPS, written, FARM)
    for nothing in ("cooking", "urn:epcglobal:cbv:bizstep:cooking", "https://farm.example/steps/none"):
        assert not has(ledger, BIZ_STEPS, nothing)
    assert has(ledger, READ_POINTS, SHELF, SHOP)
    assert not has(ledger, BIZ_LOCATIONS, GATE, FARM)
    assert has(ledger, EVENT_TYPES, "ObjectEvent")
    assert not has(ledger, EVENT_TYPES, "QuantityEvent")
    with pytest.raises(InvalidIdentifier):
        has(ledger, EPCS, "not a name")


def test_a_list_stays_right_while_others_capture(ledger: Scribe) -> None:
    found: list[str] = []
    cursor: Cursor | None = Cursor()
    serial = 100
    while cursor is not None and serial < 120:
        with ledger.view() as view:
            page = list_values(view, EPCS, None, cursor, 3)
        found += [canonical(each) for each in page.values if not isinstance(each, str)]
        cursor = page.following
        ledger.capture(document(object_event(serial), object_event(3, bizStep=None)))
        serial += 1
    assert found[:7] == [link(each) for each in (0, 1, 2, 3, 4, 5, 7)]
    assert len(set(found)) == len(found)


def test_a_page_that_takes_too_long_is_short_and_goes_on(ledger: Scribe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_WINDOW", 2)
    monkeypatch.setattr(EventScope, "few", lambda *_: False)
    monkeypatch.setattr(resources, "_BUDGET", -1.0)
    assert listed(ledger, EPCS, SHOP) == [link(7)]
