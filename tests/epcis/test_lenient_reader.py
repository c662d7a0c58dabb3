from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidDocument, TooLarge
from suyuan.epcis.context import STANDARD_PREFIXES
from suyuan.epcis.document_faults import event_faults
from suyuan.epcis.event_id import event_hash
from suyuan.epcis.event_reader import read_event
from suyuan.epcis.events import Event
from suyuan.epcis.identifiers import identify
from suyuan.epcis.json_codec import read_document
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import FORGIVABLE, LENIENT, MOST_FORGIVEN, Forgiven, Leniency, Rule
from suyuan.epcis.lenient_reader import faults, read_leniently, unchecked

PREFIXES = {**STANDARD_PREFIXES, "ex": "https://ex.example/"}
EPC = "urn:epc:id:sgtin:0614141.107346.2017"
WRONG_LINK = "https://id.gs1.org/01/09521141012346/21/7"
LOT = "urn:epc:class:lgtin:4012345.012345.L7"
OBJECT = {
    "type": "ObjectEvent",
    "eventTime": "2026-11-21T08:30:00.5+08:00",
    "eventTimeZoneOffset": "+08:00",
    "action": "OBSERVE",
    "epcList": [EPC],
}


def read(**change: Any) -> tuple[Event, tuple[Forgiven, ...]]:
    return read_leniently(deepcopy({**OBJECT, **change}), "/epcisBody/eventList/3", PREFIXES, LENIENT)


def sensor(**report: Any) -> dict[str, Any]:
    return {"sensorElementList": [{"sensorReport": [report]}]}


@pytest.mark.parametrize(
    ("change", "rule", "place"),
    [
        ({"epcList": [EPC, WRONG_LINK]}, Rule.IDENTIFIER, "/epcList/1"),
        ({"epcList": ["urn:epc:id:sgtin:0614141.10734.1"]}, Rule.IDENTIFIER, "/epcList/0"),
        ({"readPoint": {"id": "urn:epc:id:sgln:0614141.0734.0"}}, Rule.IDENTIFIER, "/readPoint/id"),
        ({"certificationInfo": WRONG_LINK}, Rule.IDENTIFIER, "/certificationInfo"),
        ({"bizStep": "transforming"}, Rule.VOCABULARY, "/bizStep"),
        ({"disposition": "urn:epcglobal:cbv:disp:in_transport"}, Rule.VOCABULARY, "/disposition"),
        ({"persistentDisposition": {"set": ["shiny"]}}, Rule.VOCABULARY, "/persistentDisposition/set/0"),
        (sensor(type="Molar_concentration"), Rule.VOCABULARY, "/sensorElementList/0/sensorReport/0/type"),
        ({"attachments": ["a"]}, Rule.FIELD, "/attachments"),
        ({"a/b": 1}, Rule.FIELD, "/a~1b"),
        ({"action": "ADD", "ilmd": {"colour": "red"}}, Rule.FIELD, "/ilmd/colour"),
        ({"eventTimeZoneOffset": "Z"}, Rule.OFFSET, "/eventTimeZoneOffset"),
        ({"epcList": [EPC, LOT]}, Rule.LEVEL, "/epcList/1"),
        ({"epcList": ["urn:epc:idpat:sgtin:0614141.107346.*"]}, Rule.LEVEL, "/epcList/0"),
        ({"epcList": ["https://id.gs1.org/01/09521321123458"]}, Rule.LEVEL, "/epcList/0"),
        ({"epcList": ["https://id.gs1.org/01/09521321123458/10/L7"]}, Rule.LEVEL, "/epcList/0"),
        ({"quantityList": [{"epcClass": EPC, "quantity": 1}]}, Rule.LEVEL, "/quantityList/0/epcClass"),
        ({"quantityList": [{"epcClass": "https://id.gs1.org/01/09521321123458/21/1"}]}, Rule.LEVEL, "/quantityList/0/epcClass"),  # noqa: E501
        ({"quantityList": [{"epcClass": LOT, "quantity": 0}]}, Rule.QUANTITY, "/quantityList/0/quantity"),
        ({"quantityList": [{"epcClass": LOT, "quantity": 1.5}]}, Rule.QUANTITY, "/quantityList/0/quantity"),
        ({"quantityList": [{"epcClass": LOT, "uom": "KGM"}]}, Rule.QUANTITY, "/quantityList/0/uom"),
        ({"quantityList": [{"epcClass": LOT, "quantity": 1, "uom": "kg"}]}, Rule.UNIT, "/quantityList/0/uom"),
        (sensor(type="Temperature", value=4, uom="KGM"), Rule.UNIT, "/sensorElementList/0/sensorReport/0/uom"),
        (sensor(type="Temperature", value=4, uom="Cel"), Rule.UNIT, "/sensorElementList/0/sensorReport/0/uom"),
        (sensor(type="Temperature", percRank=50), Rule.STATISTICS, "/sensorElementList/0/sensorReport/0/percRank"),
        (sensor(type="Temperature", percValue=5), Rule.STATISTICS, "/sensorElementList/0/sensorReport/0/percValue"),
        (sensor(type="Temperature", minValue=5, maxValue=4), Rule.STATISTICS, "/sensorElementList/0/sensorReport/0/minValue"),  # noqa: E501
        (sensor(type="Temperature", sDev=-1), Rule.STATISTICS, "/sensorElementList/0/sensorReport/0/sDev"),
    ],
)  # fmt: skip
def test_a_fault_is_refused_to_the_strict_and_forgiven_to_the_lenient(
    change: dict[str, Any], rule: Rule, place: str
) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        read_event({**OBJECT, **change}, "/epcisBody/eventList/3", PREFIXES)
    assert (refusal.value.rule, refusal.value.place) == (rule, f"/epcisBody/eventList/3{place}")
    event, forgiven = read(**change)
    assert [(one.rule, one.place) for one in forgiven] == [(rule, f"/epcisBody/eventList/3{place}")]
    assert event_hash(event).startswith("ni:///sha-256;")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"eventTime": "2026-11-21T08:30:00"}, Rule.TIME),
        ({"eventTime": "2026-11-21T08:30:00", "eventTimeZoneOffset": None}, Rule.TIME),
        ({"action": "CREATE"}, Rule.FORM),
        ({"foo:bar": 1}, Rule.PREFIX),
        ({"epcList": [EPC, EPC]}, Rule.REPETITION),
        ({"epcList": ["7"]}, Rule.IDENTIFIER),
        ({"epcList": []} | {"type": "AggregationEvent"}, Rule.FIELD),
        ({"ilmd": {"ex:a": 1}}, Rule.EVENT),
        ({"eventID": f"ni:///sha-256;{'0' * 64}?ver=CBV9.0"}, Rule.EVENT_ID),
        ({"eventID": "ni:///sha-256;00?ver=CBV2.0"}, Rule.EVENT_ID),
        ({"eventID": f"ni:///sha-256;{'0' * 64}"}, Rule.EVENT_ID),
        ({"@context": "https://attacker.example/context.jsonld"}, Rule.PREFIX),
        ({"quantityList": [{"epcClass": LOT, "weight": 5}]}, Rule.FORM),
        (sensor(value=4), Rule.REQUIRED),
    ],
)
def test_what_leaves_doubt_is_forgiven_nobody(change: dict[str, Any], rule: Rule) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        read(**change)
    assert refusal.value.rule == rule or rule == Rule.FIELD


def test_the_wrong_is_never_taken_for_the_right() -> None:
    event, _ = read(epcList=[WRONG_LINK], bizStep="transforming")
    assert event.biz_step == unchecked("transforming") == "https://ns.suyuan.example/voc/unchecked/transforming"
    assert identify(getattr(event, "epc_list")[0]).name.class_key == "uri"  # noqa: B009


def test_a_missing_zone_offset_is_that_of_the_time() -> None:
    for zone, minutes in (("+08:00", 480), ("-03:30", -210), ("Z", 0)):
        value = {name: member for name, member in OBJECT.items() if name != "eventTimeZoneOffset"}
        value["eventTime"] = f"2026-11-21T08:30:00{zone}"
        event, forgiven = read_leniently(value, "", PREFIXES, LENIENT)
        assert event.offset == minutes
        assert [one.rule for one in forgiven] == ["zone-offset"]


def test_one_event_may_be_forgiven_much_but_not_everything() -> None:
    links = [f"{WRONG_LINK}{number}" for number in range(MOST_FORGIVEN)]
    assert len(read(epcList=links)[1]) == MOST_FORGIVEN
    with pytest.raises(InvalidDocument):
        read(epcList=[*links, WRONG_LINK])


def test_only_the_rules_of_the_source_are_forgiven() -> None:
    some = Leniency(frozenset({Rule.VOCABULARY, Rule.TIME}))
    value = {**OBJECT, "bizStep": "transforming"}
    assert read_leniently(deepcopy(value), "", PREFIXES, some)[1][0].rule == "vocabulary"
    for change in ({"epcList": [WRONG_LINK]}, {"eventTime": "2026-11-21"}):
        with pytest.raises(InvalidDocument):
            read_leniently({**deepcopy(value), **change}, "", PREFIXES, some)
    assert Rule.TIME not in FORGIVABLE


def test_an_event_that_is_right_is_read_as_by_the_strict() -> None:
    assert read() == (read_event(OBJECT, "", PREFIXES), ())


def test_a_documents_source_tells_what_it_was_forgiven() -> None:
    body = json.dumps({**OBJECT, "bizStep": "transforming"}).encode()
    (source,) = read_document(body, Limits(), LENIENT).sources
    assert source.raw == body
    assert [(one.place, one.rule) for one in source.forgiven] == [("/bizStep", "vocabulary")]
    assert read_document(json.dumps(OBJECT).encode(), Limits(), LENIENT).sources[0].forgiven == ()


def test_all_faults_of_an_event_are_told_up_to_the_first_that_leaves_doubt() -> None:
    value = {
        **OBJECT,
        "bizStep": "x",
        "disposition": "y",
        "quantityList": [{"epcClass": LOT, "quantity": 0, "uom": "l"}],
    }
    assert [fault.rule for fault in faults(deepcopy(value), "", PREFIXES)] == [
        "vocabulary", "vocabulary", "quantity", "unit",
    ]  # fmt: skip
    some = Leniency(frozenset({Rule.VOCABULARY}))
    assert [fault.rule for fault in faults(deepcopy(value), "", PREFIXES, some)] == ["quantity", "unit"]
    assert [fault.rule for fault in faults({**deepcopy(value), "action": "X"}, "", PREFIXES)][-1] == "form"
    assert faults(deepcopy(OBJECT), "", PREFIXES) == []


def test_all_faults_of_an_events_bytes_are_told() -> None:
    bad = json.dumps({**OBJECT, "bizStep": "x", "disposition": "y"}).encode()
    found = event_faults(bad, "/epcisBody/eventList/1", PREFIXES, Limits())
    assert [error.place for error in found] == ["/epcisBody/eventList/1/bizStep", "/epcisBody/eventList/1/disposition"]
    assert event_faults(bad, "", PREFIXES, Limits(), LENIENT) == []
    for broken in (b'{"type":"ObjectEvent","type":"ObjectEvent"}', b"[", b"3", b"\xff"):
        assert len(event_faults(broken, "/epcisBody/eventList/2", PREFIXES, Limits())) == 1
    assert [type(error) for error in event_faults(bad, "", PREFIXES, Limits(event=9))] == [TooLarge]


def test_an_event_of_megabytes_is_not_read_a_hundred_times() -> None:
    links = [f"{WRONG_LINK}{number}" for number in range(MOST_FORGIVEN)]
    body = json.dumps(
        {**OBJECT, "epcList": links, "ex:note": ["x" * 90_000] * 43, "@context": {"ex": "https://x.example/"}}
    )
    assert len(event_faults(body.encode(), "", PREFIXES, Limits())) < 10
    with pytest.raises(InvalidDocument):
        read_document(body.encode(), Limits(), LENIENT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([EPC, WRONG_LINK, "shipping"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "ex:a", "b"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*OBJECT, "bizStep", "readPoint", "quantityList", "b", "ilmd"]), JSON))
def test_any_json_is_read_or_refused(change: dict[str, Any]) -> None:
    value = {**deepcopy(OBJECT), **change}
    told = faults(deepcopy(value), "", PREFIXES)
    try:
        _, forgiven = read_leniently(value, "", PREFIXES, LENIENT)
    except InvalidDocument:
        assert told
    else:
        assert bool(told) == bool(forgiven)
