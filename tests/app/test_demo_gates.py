"""The gates together with the real emulation, cleaning and step binding: what the ledger will get from them."""

from __future__ import annotations

import functools

import msgspec

from suyuan.app.demo.gates import GATES
from suyuan.app.demo.scenario import GatePlan, build
from suyuan.epcis.json_codec import read_document
from suyuan.epcis.json_text import Limits
from suyuan.gs1.tag_encoding import decode, tag_to_uri
from suyuan.readers.cleaning import Cleaner, Passage
from suyuan.readers.reads import Moment
from suyuan.readers.script import passage_reads
from suyuan.readers.steps import bind

SEED = 20261012
Seen = list[tuple[GatePlan, int, Passage]]


@functools.cache
def played() -> Seen:
    """Every passage of the scenario, emulated and cleaned."""
    seen: Seen = []
    for plan in build(SEED).gates:
        script = plan.script(0, SEED)
        cleaner = Cleaner(plan.gate.name, plan.gate.read_point, plan.gate.cleaning(), tag_to_uri)
        for number, passage in enumerate(script.passages):
            cleaner.advance(Moment(plan.gate.name, passage.at_us, "rospec_start"))
            for read in passage_reads(script, number):
                cleaner.feed(read)
            end = Moment(plan.gate.name, passage.at_us + passage.duration_us, "rospec_end")
            seen += [(plan, number, cleaned) for cleaned in cleaner.advance(end)]
    return seen


def test_every_passage_gives_an_event_that_the_strict_reader_takes() -> None:
    for plan, _, cleaned in played():
        (event,) = bind(cleaned, plan.gate.step(), 480).events
        (source,) = read_document(event, Limits()).sources
        assert source.event.biz_step == plan.gate.biz_step


def test_some_items_are_missed_but_hardly_a_pallet() -> None:
    passed = {"sgtin": 0, "sscc": 0, "grai": 0}
    missed = dict(passed)
    for plan, number, cleaned in played():
        caught = {seen.epc_hex for seen in cleaned.observations}
        for tag in set(plan.passages[number].tags):
            scheme = tag_to_uri(tag).split(":")[3]
            passed[scheme] += 1
            missed[scheme] += tag not in caught
    assert 0.03 < missed["sgtin"] / passed["sgtin"] < 0.10
    assert missed["sscc"] / passed["sscc"] < 0.02


def test_what_stands_beside_a_gate_is_heard_but_kept_out() -> None:
    strays = sum(cleaned.tally.strays for _, _, cleaned in played())
    observed = sum(cleaned.tally.observations for _, _, cleaned in played())
    leaked = 0
    for plan, number, cleaned in played():
        leaked += len({seen.epc_hex for seen in cleaned.observations} - set(plan.passages[number].tags))
    assert strays > 50
    assert observed > 3000
    assert leaked <= 2


def test_there_are_enough_reads_to_look_like_a_day_and_few_enough_to_play_in_seconds() -> None:
    assert 3000 <= sum(cleaned.tally.tag_reads for _, _, cleaned in played()) <= 10_000


def test_shipping_gates_name_the_one_who_gets_the_goods_and_no_business_location() -> None:
    for gate in GATES.values():
        step = gate.step()
        assert (gate.biz_step == "shipping") == bool(step.destinations)
        assert (step.biz_location is None) == (gate.disposition == "in_transit")
        assert len(step.sources) == len(step.destinations)


def test_tills_find_the_filter_value_of_what_they_scan() -> None:
    filters = {}
    for plan, number, _ in played():
        for tag in plan.passages[number].tags:
            filters[tag_to_uri(tag).rpartition(".")[0].split(":", 3)[3]] = decode(tag).filter
    assert {name for name, value in filters.items() if value == 1} == {
        "sgtin:6999003.000301",
        "sgtin:6999003.000302",
        "sgtin:6999008.000811",
    }


def test_read_points_are_all_different() -> None:
    points = [gate.read_point for gate in GATES.values()]
    assert len(set(points)) == len(points)
    assert msgspec.json.encode([gate.step() for gate in GATES.values()])
