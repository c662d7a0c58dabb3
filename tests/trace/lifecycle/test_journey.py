"""A journey as a shopper reads it, and copies of a code."""

from __future__ import annotations

from typing import Any

import pytest

from suyuan.gs1.names import name_of
from suyuan.trace.clones import clones_among, suspects
from suyuan.trace.evidence import check_events
from suyuan.trace.journey import journey

PIG, TRAY = 1, 3


def read(story: Any, uri: str, lot: str | None = None) -> Any:
    story.sign()
    with story.view() as view:
        return journey(view, name_of(uri), story.policy, name_of(lot) if lot else None)


def test_the_journey_goes_from_the_source_through_containers_to_here(story: Any) -> None:
    story.site(1, runner=11)
    story.site(5, runner=12)
    story.make(story.item(PIG, 1), where=1)
    story.transform([story.item(PIG, 1)], [story.item(TRAY, 1)], where=2)
    story.pack(story.pallet(1), story.item(TRAY, 1), where=2)
    story.see(story.pallet(1), where=3, step="receiving")
    story.unpack(story.pallet(1), story.item(TRAY, 1), where=3)
    story.see(story.pallet(1), where=9)
    story.see(story.item(TRAY, 1), where=5, step="storing")
    told = read(story, story.item(TRAY, 1))
    assert [(stop.relation, stop.step) for stop in told.stops] == [
        ("ancestor", "commissioning"), ("self", "commissioning"), ("self", "packing"), ("container", "receiving"),
        ("self", "unpacking"), ("self", "storing"),
    ]  # fmt: skip
    assert told.known
    assert (told.state, told.here.id) == ("in place", story.link(story.place(5)))
    assert told.stops[3].subject == story.link(story.pallet(1))


def test_temperatures_come_with_their_unit_and_time(story: Any) -> None:
    reports = [{"type": "Temperature", "value": 3.5, "uom": "CEL"}]
    sensors = [{"sensorMetadata": {"time": "2026-10-12T06:03:00+08:00"}, "sensorReport": reports}]
    story.see(story.item(TRAY, 1), where=3, step="storing", sensorElementList=sensors)
    (stop,) = read(story, story.item(TRAY, 1)).stops
    (measured,) = stop.measurements
    assert (measured.kind, measured.value, measured.unit) == ("Temperature", 3.5, "CEL")


def test_an_unknown_thing_says_so(story: Any) -> None:
    story.make(story.item(TRAY, 1), where=1)
    told = read(story, story.item(TRAY, 99))
    assert (told.known, told.stops, told.state) == (False, [], "unknown")


def test_an_item_faster_than_any_lorry_is_a_copy(story: Any) -> None:
    story.site(1, runner=11, latitude=36.07, longitude=120.38)
    story.site(2, runner=12, latitude=30.66, longitude=104.07)
    bottle = story.item(7, 1)
    story.see(bottle, where=1, at=0)
    story.see(bottle, where=2, at=30)
    with story.view() as view:
        (alert,) = clones_among(view, suspects(view))
        assert (alert.kind, view.canonical(alert.thing)) == ("impossible speed", story.link(bottle))
        assert alert.distance_km is not None
        assert 1400 < alert.distance_km < 1800
    (warning,) = read(story, bottle).warnings
    assert (warning.kind, warning.places) == ("clone", [story.link(story.place(1)), story.link(story.place(2))])


def test_an_item_seen_elsewhere_after_its_sale_is_a_copy(story: Any) -> None:
    bottle = story.item(7, 1)
    story.see(bottle, where=1, step="retail_selling", disposition="retail_sold", at=0)
    story.see(bottle, where=2, at=3000)
    with story.view() as view:
        (alert,) = clones_among(view, suspects(view))
    assert alert.kind == "seen after sale"


def test_a_lorry_journey_and_a_return_to_the_shop_are_no_copies(story: Any) -> None:
    story.site(1, runner=11, latitude=36.07, longitude=120.38)
    story.site(2, runner=12, latitude=36.30, longitude=120.40)
    bottle = story.item(7, 1)
    story.see(bottle, where=1, at=0)
    story.see(bottle, where=2, at=45)
    story.see(bottle, where=2, step="retail_selling", at=100)
    story.see(bottle, where=2, step="accepting", at=200)
    with story.view() as view:
        assert clones_among(view, suspects(view)) == []


def test_records_are_checked_against_the_signed_log(story: Any) -> None:
    story.make(story.item(TRAY, 1), where=1)
    story.see(story.item(TRAY, 1), where=2)
    told = read(story, story.item(TRAY, 1))
    assert (told.as_of, told.broken) == (2, [])
    story.see(story.item(TRAY, 1), where=3)
    with story.view() as view:
        later = journey(view, name_of(story.item(TRAY, 1)), story.policy)
    assert (later.as_of, [stop.index for stop in later.stops]) == (2, [0, 1, 2])


@pytest.mark.parametrize("change", ["body = CAST('{}' AS BLOB)", "salt = zeroblob(32)"])
def test_a_record_changed_in_the_file_is_named(story: Any, change: str) -> None:
    story.make(story.item(TRAY, 1), where=1)
    story.see(story.item(TRAY, 1), where=2)
    story.sign()
    body = story.tamper("payload", f"UPDATE payload SET {change} WHERE idx = 1")
    assert body
    with story.view() as view:
        assert check_events(view, [0, 1], story.policy).broken == (1,)


def test_a_leaf_changed_in_the_file_is_named(story: Any) -> None:
    story.make(story.item(TRAY, 1), where=1)
    story.see(story.item(TRAY, 1), where=2)
    story.sign()
    story.tamper("leaf", "UPDATE leaf SET body = (SELECT body FROM leaf WHERE idx = 0) WHERE idx = 1")
    with story.view() as view:
        assert check_events(view, [0, 1], story.policy).broken == (0, 1)
