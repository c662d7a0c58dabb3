"""Step binding: what a passage means, as EPCIS events."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import pytest

from suyuan.epcis.json_codec import read_document
from suyuan.epcis.json_text import Limits
from suyuan.gs1 import plus_encoding
from suyuan.gs1.tag_forms import epc_of_tag
from suyuan.readers.cleaning import Observation, Passage, Tally
from suyuan.readers.delivery import document
from suyuan.readers.steps import BizTransaction, Bound, Destination, Source, Step, bind, zone_offset

PALLET = "urn:epc:id:sscc:0614141.1234567890"
#: SSCC+, SGTIN+ with filter 2, and SGTIN+ with filter 1.
PLUS = [
    plus_encoding.encode("sscc+", (("00", "095201234567891235"),)),
    plus_encoding.encode("sgtin+", (("01", "09506000134352"), ("21", "B")), (), 2),
    plus_encoding.encode("sgtin+", (("01", "09506000134352"), ("21", "A")), (), 1),
]
ITEMS = [f"urn:epc:id:sgtin:0614141.107346.{n}" for n in range(5)]
DOOR = "urn:epc:id:sgln:0614141.00777.0"


def seen(uri: str, last_us: int = 1_000_000, epc_hex: str = "3034257BF7194E4000001A85") -> Observation:
    return Observation("gate", "door", epc_hex, uri, 0, last_us, 1, -50.0, (1,))


def passage(*observations: Observation) -> Passage:
    return Passage("gate", 0, 9, observations, Tally())


def events(bound: Bound) -> list[dict[str, Any]]:
    return [msgspec.json.decode(event) for event in bound.events]


def test_a_passage_is_one_object_event_with_its_epcs_in_order() -> None:
    step = Step(read_point=DOOR, biz_step="shipping", disposition="in_transit")
    bound = bind(passage(seen(ITEMS[1], 1_795_219_486_453_000), seen(ITEMS[0]), seen(ITEMS[1])), step, 480)
    assert not bound.unpaired
    assert events(bound) == [
        {
            "type": "ObjectEvent",
            "eventTime": "2026-11-21T08:04:46.453+08:00",
            "eventTimeZoneOffset": "+08:00",
            "epcList": ITEMS[:2],
            "action": "OBSERVE",
            "bizStep": "shipping",
            "disposition": "in_transit",
            "readPoint": {"id": DOOR},
        }
    ]


def test_everything_that_a_step_says_stands_in_the_event() -> None:
    party = "urn:epc:id:pgln:0614141.00000"
    step = Step(
        read_point=DOOR,
        biz_step="receiving",
        biz_location=DOOR,
        action="ADD",
        sources=(Source("owning_party", party),),
        destinations=(Destination("owning_party", party),),
        biz_transactions=(BizTransaction("desadv", "urn:epcglobal:cbv:bt:0614141073467:1152"),),
    )
    (event,) = events(bind(passage(seen(ITEMS[0])), step, 0))
    assert event["eventTime"] == "1970-01-01T00:00:01.000Z"
    assert event["eventTimeZoneOffset"] == "+00:00"
    assert event["action"] == "ADD"
    assert event["bizLocation"] == {"id": DOOR}
    assert event["sourceList"] == [{"type": "owning_party", "source": party}]
    assert event["destinationList"] == [{"type": "owning_party", "destination": party}]
    assert event["bizTransactionList"] == [
        {"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:0614141073467:1152"}
    ]
    assert "disposition" not in event


def test_nothing_observed_is_no_event() -> None:
    assert bind(passage(), Step(read_point=DOOR, biz_step="shipping"), 0) == Bound(())


PACKING = Step(read_point=DOOR, biz_step="packing", action="ADD", kind="aggregation")


def test_the_one_pallet_tag_holds_the_others() -> None:
    (event,) = events(bind(passage(seen(ITEMS[2]), seen(PALLET), seen(ITEMS[0])), PACKING, 480))
    assert event["type"] == "AggregationEvent"
    assert event["parentID"] == PALLET
    assert event["childEPCs"] == [ITEMS[0], ITEMS[2]]
    assert event["action"] == "ADD"


@pytest.mark.parametrize(
    "observations",
    [[seen(ITEMS[0])], [seen(PALLET)], [seen(PALLET), seen(PALLET + "1"), seen(ITEMS[0])]],
    ids=["no parent", "no children", "two parents"],
)
def test_an_aggregation_that_does_not_add_up_is_told_as_what_was_seen(observations: list[Observation]) -> None:
    bound = bind(passage(*observations), PACKING, 480)
    assert bound.unpaired
    (event,) = events(bound)
    assert (event["type"], event["action"]) == ("ObjectEvent", "OBSERVE")
    assert event["epcList"] == sorted(one.epc_uri for one in observations)


def test_tags_that_tell_no_company_prefix_are_packed_as_links() -> None:
    pallet, case, item = (epc_of_tag(tag) for tag in PLUS)
    assert pallet == "https://id.gs1.org/00/095201234567891235"
    assert [item, case] == [f"https://id.gs1.org/01/09506000134352/21/{serial}" for serial in ("A", "B")]
    found = passage(*(seen(epc_of_tag(tag), epc_hex=tag) for tag in PLUS))
    (event,) = events(bind(found, PACKING, 480))
    assert (event["parentID"], event["childEPCs"]) == (pallet, [item, case])
    by_filter = msgspec.structs.replace(PACKING, parent="sgtin", parent_filter=2)
    (event,) = events(bind(passage(*found.observations[1:]), by_filter, 480))
    assert (event["parentID"], event["childEPCs"]) == (case, [item])


def test_a_filter_value_tells_a_case_from_its_items() -> None:
    case = seen(ITEMS[4], epc_hex="3054257BF7194E4000001A85")
    step = msgspec.structs.replace(PACKING, parent="sgtin", parent_filter=2)
    (event,) = events(bind(passage(case, seen(ITEMS[0])), step, 480))
    assert (event["parentID"], event["childEPCs"]) == (ITEMS[4], [ITEMS[0]])


@pytest.mark.parametrize("parent", [[], [seen(PALLET)]], ids=["object", "aggregation"])
def test_a_large_passage_is_cut_into_events_of_bounded_size(parent: list[Observation]) -> None:
    step = msgspec.structs.replace(PACKING, kind="aggregation" if parent else "object", max_epcs=2)
    cut = events(bind(passage(*parent, *map(seen, ITEMS)), step, 480))
    assert [event.get("epcList") or event["childEPCs"] for event in cut] == [ITEMS[:2], ITEMS[2:4], ITEMS[4:]]


def test_equal_passages_give_equal_bytes() -> None:
    one, other = passage(seen(ITEMS[0]), seen(ITEMS[1])), passage(seen(ITEMS[1]), seen(ITEMS[0]))
    step = Step(read_point=DOOR, biz_step="shipping")
    assert bind(one, step, 480) == bind(other, step, 480)


@pytest.mark.parametrize(("minutes", "text"), [(0, "+00:00"), (480, "+08:00"), (-210, "-03:30"), (345, "+05:45")])
def test_a_zone_offset_has_the_form_of_the_standard(minutes: int, text: str) -> None:
    assert zone_offset(minutes) == text


@pytest.mark.parametrize("kind", ["object", "aggregation"])
def test_the_events_are_what_the_codec_of_the_standard_reads(kind: Literal["object", "aggregation"]) -> None:
    step = Step(
        read_point=DOOR,
        biz_step="receiving",
        disposition="in_progress",
        biz_location=DOOR,
        action="ADD",
        kind=kind,
        sources=(Source("owning_party", "urn:epc:id:pgln:0614141.00000"),),
        destinations=(Destination("location", DOOR),),
        biz_transactions=(BizTransaction("desadv", "urn:epcglobal:cbv:bt:0614141073467:1152"),),
    )
    bound = bind(passage(seen(PALLET), *(seen(item, 1_795_219_486_453_737) for item in ITEMS)), step, -210)
    (source,) = read_document(document(bound.events, 0), Limits()).sources
    assert source.raw == bound.events[0]
    assert (source.event.event_time, source.event.offset) == (1_795_219_486_453_737, -210)
