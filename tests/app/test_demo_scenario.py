"""The scenario's invariants, recomputed by plain walks over its events, for many seeds."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.app.demo.firms import FIRMS
from suyuan.app.demo.goods import BELLY, BOTTLE, CARCASS, GREENS, LOIN, MEAL, PIG
from suyuan.app.demo.scenario import Scenario, build
from suyuan.base.clock import parse_time
from suyuan.epcis.event_id import event_hash
from suyuan.epcis.json_codec import read_document
from suyuan.epcis.json_text import Limits
from suyuan.gs1.names import canonical, name_of
from suyuan.gs1.tag_encoding import tag_to_uri, uri_to_tag
from suyuan.readers.script import EmulatorConfig, load_config

Event = dict[str, Any]
SEEDS = st.integers(0, 10**9)
many_seeds = settings(max_examples=12, deadline=None)


def events_of(scenario: Scenario) -> list[Event]:
    """All events of the documents, by time; stable where times are equal."""
    found = [event for document in scenario.documents for event in document.body["epcisBody"]["eventList"]]
    return sorted(found, key=time_of)


def time_of(event: Event) -> int:
    return parse_time(event["eventTime"])[0]


def classes(event: Event, *lists: str) -> list[str]:
    return [element["epcClass"] for name in lists for element in event.get(name, [])]


def things(event: Event) -> Iterator[str]:
    for name in ("epcList", "childEPCs", "inputEPCList", "outputEPCList"):
        yield from event.get(name, [])
    if "parentID" in event:
        yield event["parentID"]


def affected_by(events: list[Event], seed: str) -> set[str]:
    """Rules F1 and F3 and nothing else: outputs of what takes something affected in, and instances beside their lot.

    Events that share a transformation ID are one, so that its inputs reach the outputs of its other events.
    """
    found, before = {seed}, 0
    merged: dict[str, tuple[set[str], set[str]]] = {}
    for number, event in enumerate(events):
        if event["type"] == "TransformationEvent":
            inputs, outputs = merged.setdefault(event.get("transformationID", str(number)), (set(), set()))
            inputs.update(event.get("inputEPCList", []), classes(event, "inputQuantityList"))
            outputs.update(event.get("outputEPCList", []), classes(event, "outputQuantityList"))
    while len(found) > before:
        before = len(found)
        for inputs, outputs in merged.values():
            if found & (inputs | {lot for lot in outputs if ":class:" in lot}):
                found |= outputs
    return found


def contents(events: list[Event]) -> dict[str, str]:
    """Container of each instance at the end; fails where something is put in twice or taken out of where it isn't."""
    inside: dict[str, str] = {}
    for event in events:
        for child in event.get("childEPCs", []):
            if event["action"] == "ADD":
                assert child not in inside, f"{child} is in {inside[child]} already"
                inside[child] = event["parentID"]
            else:
                assert inside.pop(child) == event["parentID"]
    return inside


def links(epcs: set[str]) -> set[str]:
    return {canonical(name_of(epc)) for epc in epcs}


def only(epcs: set[str], *goods: Any) -> set[str]:
    prefixes = tuple(good.instance(0)[:-1] for good in goods)
    return {epc for epc in epcs if epc.startswith(prefixes)}


def test_the_same_seed_gives_the_same_scenario_and_another_seed_another() -> None:
    assert msgspec.json.encode(build(7)) == msgspec.json.encode(build(7))
    one, other = build(7), build(8)
    assert one.master_data == other.master_data
    assert one.documents != other.documents
    assert one.clone != other.clone
    assert not set(map(str, one.pages.affected[:3])) & set(map(str, other.pages.affected[:3]))


@many_seeds
@given(SEEDS)
def test_it_is_neither_too_small_to_show_anything_nor_too_large_for_a_minute(seed: int) -> None:
    scenario = build(seed)
    passages = [passage for plan in scenario.gates for passage in plan.passages]
    assert 400 <= len(events_of(scenario)) + len(passages) <= 800
    assert 3000 <= sum(len(passage.tags) for passage in passages) <= 6000
    assert 900 <= len({thing for event in events_of(scenario) for thing in things(event)}) <= 1800
    assert len(scenario.sites()) >= 10
    assert len(scenario.gates) >= 12
    assert all(plan.passages for plan in scenario.gates)


@many_seeds
@given(SEEDS)
def test_every_document_is_accepted_by_the_strict_reader_and_every_event_is_another(seed: int) -> None:
    hashes = []
    for document in build(seed).documents:
        read = read_document(msgspec.json.encode(document.body), Limits())
        hashes += [event_hash(source.event, read.context) for source in read.sources]
        assert document.at_us == max(map(time_of, document.body["epcisBody"]["eventList"]))
        assert document.site in FIRMS
    assert len(set(hashes)) == len(hashes)


@many_seeds
@given(SEEDS)
def test_every_instance_fits_a_96_bit_tag_and_comes_back_from_it(seed: int) -> None:
    scenario = build(seed)
    epcs = {thing for event in events_of(scenario) for thing in things(event)}
    places = {place for event in events_of(scenario) for place in place_names(event)}
    for epc in epcs | places:
        assert tag_to_uri(uri_to_tag(epc)) == epc
    passed = {tag_to_uri(tag) for plan in scenario.gates for passage in plan.passages for tag in passage.tags}
    assert passed <= epcs


def place_names(event: Event) -> list[str]:
    return [event[name]["id"] for name in ("readPoint", "bizLocation") if name in event]


@many_seeds
@given(SEEDS)
def test_time_goes_on_for_every_thing_in_documents_and_at_gates(seed: int) -> None:
    scenario = build(seed)
    spans: dict[str, list[tuple[int, int]]] = {}
    for event in events_of(scenario):
        for thing in things(event):
            spans.setdefault(thing, []).append((time_of(event), time_of(event)))
    for plan in scenario.gates:
        for passage in plan.passages:
            for tag in set(passage.tags):
                spans[tag_to_uri(tag)].append((passage.at_us, passage.at_us + passage.duration_us))
    for thing, times in spans.items():
        times.sort()
        for (_, end), (start, _) in itertools.pairwise(times):
            assert end < start, thing


@many_seeds
@given(SEEDS)
def test_goods_exist_before_they_are_used_and_not_after_they_became_something_else(seed: int) -> None:
    made: set[str] = set()
    gone: set[str] = set()
    for event in events_of(build(seed)):
        born = set(event.get("outputEPCList", [])) | set(classes(event, "outputQuantityList"))
        if event["type"] == "ObjectEvent" and event["action"] == "ADD":
            born |= set(event.get("epcList", [])) | set(classes(event, "quantityList"))
        assert not born & made
        made |= born
        used = {thing for thing in things(event) if ":sgtin:" in thing} | set(
            classes(event, "quantityList", "childQuantityList", "inputQuantityList")
        )
        assert used <= made
        assert not used & gone
        gone |= set(event.get("inputEPCList", []))


@many_seeds
@given(SEEDS)
def test_what_is_taken_out_was_put_in_and_leaving_has_no_business_location(seed: int) -> None:
    events = events_of(build(seed))
    contents(events)
    lots: dict[tuple[str, str], float] = {}
    for event in events:
        sign = 1 if event["action" if "action" in event else "type"] == "ADD" else -1
        for element in event.get("childQuantityList", []):
            key = (event["parentID"], element["epcClass"])
            lots[key] = lots.get(key, 0) + sign * element["quantity"]
            assert lots[key] >= 0
        assert event.get("bizStep") != "shipping" or "bizLocation" not in event


@many_seeds
@given(SEEDS)
def test_the_slaughter_lot_reaches_what_was_cut_from_it_and_no_more(seed: int) -> None:
    scenario = build(seed)
    events = events_of(scenario)
    recall = scenario.recalls[0]
    affected = affected_by(events, recall.seed)
    sides, trays = only(affected, CARCASS), only(affected, BELLY, LOIN)
    batches = [set(event["inputEPCList"]) for event in events if only(set(event.get("inputEPCList", [])), CARCASS)]
    assert sorted((bool(batch & sides), bool(batch - sides)) for batch in batches) == [
        (False, True),
        (False, True),
        (False, True),
        (True, False),
        (True, True),
    ]
    assert sides - set().union(*batches), "some stay in the chiller"
    every_tray = only({epc for event in events for epc in event.get("outputEPCList", [])}, BELLY, LOIN)
    assert 0 < len(trays) < len(every_tray)
    assert set(scenario.pages.affected) <= links(affected) | links(affected_by(events, scenario.recalls[1].seed))
    assert not set(scenario.pages.safe) & links(affected | affected_by(events, scenario.recalls[1].seed))
    assert not only(affected, PIG, BOTTLE)


@many_seeds
@given(SEEDS)
def test_recalled_trays_lie_in_several_places_on_carriers_and_with_shoppers(seed: int) -> None:
    scenario = build(seed)
    events = events_of(scenario)
    trays = only(affected_by(events, scenario.recalls[0].seed), BELLY, LOIN)
    inside = contents(events)
    last_site: dict[str, str] = {}
    for event in events:
        for thing in things(event):
            if "bizLocation" in event:
                last_site[thing] = event["bizLocation"]["id"].rsplit(".", 1)[0]
    sold = {epc for event in events if event["bizStep"] == "retail_selling" for epc in event.get("epcList", [])}
    homes: dict[str, set[str]] = {}
    for tray in trays - sold:
        top = tray
        while top in inside:
            top = inside[top]
        homes.setdefault(last_site[top], set()).add(top)
    expected = {FIRMS[key].place().rsplit(".", 1)[0] for key in ("cold-store", "meat-market", "supermarket")}
    assert set(homes) == expected
    assert trays & sold
    at_market = homes[FIRMS["meat-market"].place().rsplit(".", 1)[0]]
    pallets = {parent for parent in inside.values() if ":sscc:6999003" in parent}
    carriers = {inside[inside[tray]] for tray in trays if tray in inside and inside[tray] in inside}
    assert at_market & carriers
    assert {epc for epc in pallets - carriers if last_site[epc] == FIRMS["meat-market"].place().rsplit(".", 1)[0]}
    mixed_pallets = {inside[inside[tray]] for tray in inside if inside[tray] in inside and tray not in trays}
    assert mixed_pallets & carriers, "a carrier holds safe trays too"


@many_seeds
@given(SEEDS)
def test_one_pallet_gets_too_warm_and_it_carries_nothing_that_is_recalled(seed: int) -> None:
    scenario = build(seed)
    events = events_of(scenario)
    trays = only(affected_by(events, scenario.recalls[0].seed), BELLY, LOIN)
    inside = contents(events)
    carriers = {inside[inside[tray]] for tray in trays if tray in inside and inside[tray] in inside}
    warm = []
    for event in events:
        for element in event.get("sensorElementList", []):
            limit = 20.0 if ":sscc:6999008" in event["epcList"][0] else 10.0 if ":grai:6999011" in str(event) else 4.0
            warm += [event["epcList"] for report in element["sensorReport"] if not 0 <= report["value"] <= limit]
    assert len(warm) == 1
    assert not set(warm[0]) & carriers


@many_seeds
@given(SEEDS)
def test_the_vegetable_lot_reaches_the_canteen_and_shares_nothing_with_the_other(seed: int) -> None:
    scenario = build(seed)
    events = events_of(scenario)
    recalled = scenario.recalls[1].seed
    (other,) = {lot for event in events for lot in classes(event, "quantityList") if GREENS.lot("") in lot} - {recalled}
    affected = affected_by(events, recalled)
    assert {epc for epc in affected if epc.startswith(MEAL.lot(""))}
    assert other not in affected
    places: dict[str, set[str]] = {recalled: set(), other: set()}
    crates: dict[str, set[str]] = {recalled: set(), other: set()}
    for event in events:
        for lot in classes(event, "quantityList", "childQuantityList", "inputQuantityList"):
            if lot in places:
                places[lot].add(event.get("bizLocation", {}).get("id", ""))
                crates[lot].add(event.get("parentID", lot))
    assert FIRMS["canteen"].place() in places[recalled]
    assert FIRMS["stall"].place() in places[recalled]
    assert not {FIRMS["canteen"].place(), FIRMS["stall"].place()} & places[other]
    assert not crates[recalled] & crates[other]


@many_seeds
@given(SEEDS)
def test_no_more_of_a_lot_is_used_or_sold_than_there_was(seed: int) -> None:
    balance: dict[str, float] = {}
    for event in events_of(build(seed)):
        made = event.get("outputQuantityList", []) + (event.get("quantityList", []) if event.get("ilmd") else [])
        spent = event.get("inputQuantityList", [])
        if event.get("disposition") in ("retail_sold", "dispensed"):
            spent = spent + event.get("quantityList", [])
        for sign, elements in ((1, made), (-1, spent)):
            for element in elements:
                balance[element["epcClass"]] = balance.get(element["epcClass"], 0) + sign * element["quantity"]
    assert min(balance.values()) >= 0


@many_seeds
@given(SEEDS)
def test_the_copied_bottle_is_read_far_away_within_an_hour_of_its_sale(seed: int) -> None:
    scenario = build(seed)
    (far,) = [plan for plan in scenario.gates if plan.gate.site == "far-shop"]
    (passage,) = far.passages
    assert {tag_to_uri(tag) for tag in passage.tags} == {scenario.clone}
    assert far.gate.miss_rate == 0
    seen = [event for event in events_of(scenario) if scenario.clone in event.get("epcList", [])]
    assert seen[-1]["bizStep"] == "retail_selling"
    assert 0 < passage.at_us - time_of(seen[-1]) < 3600 * 1_000_000
    assert not links({scenario.clone}) & set(scenario.pages.safe)


def test_the_emulator_takes_the_scripts_and_no_readers_clock_runs_backwards(tmp_path: Path) -> None:
    scenario = build(3)
    scripts = tuple(plan.script(0, scenario.seed, pace=0.01) for plan in scenario.gates)
    path = tmp_path / "emulator.json"
    path.write_bytes(msgspec.json.encode(EmulatorConfig(readers=scripts, state_file="state.json")))
    assert load_config(path).readers == scripts


@pytest.mark.parametrize("seed", [0, -1, 2**70])
def test_any_whole_number_is_a_seed(seed: int) -> None:
    scenario = build(seed)
    assert json.loads(msgspec.json.encode(scenario))["seed"] == seed
