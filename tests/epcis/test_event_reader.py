from __future__ import annotations

from typing import Any

import pytest

from suyuan.base.errors import InvalidDocument
from suyuan.epcis.context import STANDARD_PREFIXES
from suyuan.epcis.event_reader import read_event
from suyuan.epcis.events import (
    EVENT_TYPES,
    AggregationEvent,
    BizTransaction,
    ErrorDeclaration,
    Event,
    Location,
    ObjectEvent,
    PersistentDisposition,
    QuantityElement,
    SensorElement,
    SensorMetadata,
    SensorReport,
    SourceDest,
    TransformationEvent,
)
from suyuan.epcis.leniency import Rule

EPC = "urn:epc:id:sgtin:0614141.107346.2017"
SSCC = "urn:epc:id:sscc:0614141.1234567890"
LOT = "urn:epc:class:lgtin:4012345.012345.L7"
SITE = "urn:epc:id:sgln:0614141.07346.0"
PREFIXES = {**STANDARD_PREFIXES, "ex": "https://ex.example/"}
WHEN = {"eventTime": "2026-11-21T08:30:00.5+08:00", "eventTimeZoneOffset": "+08:00"}
OBJECT = {"type": "ObjectEvent", **WHEN, "action": "OBSERVE", "epcList": [EPC]}
PACK = {"type": "AggregationEvent", **WHEN, "action": "ADD", "parentID": SSCC, "childEPCs": [EPC]}
FIX = {**PACK, "type": "AssociationEvent"}
ORDER = {
    "type": "TransactionEvent",
    **WHEN,
    "action": "ADD",
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:ex:po:1"}],
    "epcList": [EPC],
}
MAKE = {"type": "TransformationEvent", **WHEN, "inputEPCList": [EPC], "outputQuantityList": [{"epcClass": LOT}]}
SENSOR = [{"sensorReport": [{"type": "Temperature", "value": 3.5, "uom": "CEL"}]}]


def read(value: Any) -> Event:
    return read_event(value, "", PREFIXES)


def refused(value: Any) -> InvalidDocument:
    with pytest.raises(InvalidDocument) as refusal:
        read(value)
    return refusal.value


def test_the_five_types_are_read() -> None:
    assert {read(event).type for event in (OBJECT, PACK, FIX, ORDER, MAKE)} == set(EVENT_TYPES)


def test_times_become_microseconds_and_words_bare() -> None:
    event = read({**OBJECT, "bizStep": "urn:epcglobal:cbv:bizstep:shipping", "disposition": "cbv:Disp-in_transit"})
    assert event == ObjectEvent(
        event_time=1795221000500000,
        offset=480,
        action="OBSERVE",
        epc_list=(EPC,),
        biz_step="shipping",
        disposition="in_transit",
    )


def test_every_field_of_an_event_is_kept() -> None:
    event = read(
        {
            **MAKE,
            "@context": [{"own": "https://own.example/"}],
            "eventID": "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
            "recordTime": "1970-01-01T00:00:00.000001Z",
            "certificationInfo": "https://cert.example/1",
            "errorDeclaration": {
                "declarationTime": "1970-01-01T00:00:01Z",
                "reason": "incorrect_data",
                "correctiveEventIDs": ["urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8"],
                "ex:by": "me",
            },
            "bizStep": "ex:blending",
            "persistentDisposition": {"set": ["damaged"], "unset": ["recalled"]},
            "readPoint": {"id": SITE, "ex:door": 3},
            "bizLocation": {"id": SITE},
            "bizTransactionList": [{"bizTransaction": "urn:ex:po:1"}],
            "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00000"}],
            "destinationList": [{"type": "location", "destination": SITE}],
            "sensorElementList": [
                {
                    "sensorMetadata": {"time": "1970-01-01T00:00:02Z", "deviceID": "urn:epc:id:giai:4000001.111"},
                    "sensorReport": [
                        {"type": "gs1:Temperature", "value": 2, "percRank": 50, "percValue": 3, "booleanValue": False}
                    ],
                    "ex:seal": [1, {"own:a": None}],
                }
            ],
            "ilmd": {"cbvmda:lotNumber": "L7"},
            "inputQuantityList": [{"epcClass": LOT, "quantity": 1.5, "uom": "KGM"}],
            "transformationID": "urn:epc:id:gdti:4012345.00009.PO-4711",
            "own:note": {"ex:deep": ["溯源"]},
        }
    )
    assert event == TransformationEvent(
        event_time=1795221000500000,
        offset=480,
        event_id="urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
        record_time=1,
        certification_info=("https://cert.example/1",),
        error_declaration=ErrorDeclaration(
            1_000_000, "incorrect_data", ("urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8",), {"ex:by": "me"}
        ),
        biz_step="https://ex.example/blending",
        persistent_disposition=PersistentDisposition(("damaged",), ("recalled",)),
        read_point=Location(SITE, {"ex:door": 3}),
        biz_location=Location(SITE),
        biz_transaction_list=(BizTransaction("urn:ex:po:1"),),
        source_list=(SourceDest("owning_party", "urn:epc:id:pgln:4012345.00000"),),
        destination_list=(SourceDest("location", SITE),),
        sensor_element_list=(
            SensorElement(
                (SensorReport(type="Temperature", value=2, perc_rank=50, perc_value=3, boolean_value=False),),
                SensorMetadata(time=2_000_000, device_id="urn:epc:id:giai:4000001.111"),
                {"ex:seal": [1, {"own:a": None}]},
            ),
        ),
        ilmd={"cbvmda:lotNumber": "L7"},
        input_epc_list=(EPC,),
        input_quantity_list=(QuantityElement(LOT, 1.5, "KGM"),),
        output_quantity_list=(QuantityElement(LOT),),
        transformation_id="urn:epc:id:gdti:4012345.00009.PO-4711",
        extensions={"own:note": {"ex:deep": ["溯源"]}},
        context=[{"own": "https://own.example/"}],
    )


WRONG: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (OBJECT, {"type": "ObjectEventInvalid"}, "/type"),
    (OBJECT, {"type": ["ObjectEvent"]}, "/type"),
    (OBJECT, {"eventTime": "2026-11-21T08:30:00"}, "/eventTime"),
    (OBJECT, {"eventTime": "0001-01-01T00:00:00Z"}, "/eventTime"),
    (OBJECT, {"eventTime": 3}, "/eventTime"),
    (OBJECT, {"eventTimeZoneOffset": "Z"}, "/eventTimeZoneOffset"),
    (OBJECT, {"eventTimeZoneOffset": "+14:30"}, "/eventTimeZoneOffset"),
    (OBJECT, {"action": "CREATE"}, "/action"),
    (OBJECT, {"action": []}, "/action"),
    (OBJECT, {"bizStep": "transforming"}, "/bizStep"),
    (OBJECT, {"bizStep": None}, "/bizStep"),
    (OBJECT, {"bizStep": "https://a b"}, "/bizStep"),
    (OBJECT, {"epcList": EPC}, "/epcList"),
    (OBJECT, {"epcList": [EPC, EPC]}, "/epcList"),
    (OBJECT, {"epcList": [3]}, "/epcList/0"),
    (OBJECT, {"epcList": ["not a URI"]}, "/epcList/0"),
    (OBJECT, {"epcList": ["https://id.gs1.org/01/09521141012346"]}, "/epcList/0"),
    (OBJECT, {"epcList": ["urn:epc:id:sgtin:0614141.10734.1"]}, "/epcList/0"),
    (OBJECT, {"quantityList": [{"epcClass": LOT, "quantity": "20"}]}, "/quantityList/0/quantity"),
    (OBJECT, {"quantityList": [{"epcClass": LOT, "quantity": True}]}, "/quantityList/0/quantity"),
    (OBJECT, {"quantityList": [{"epcClass": LOT, "weight": 5}]}, "/quantityList/0/weight"),
    (OBJECT, {"quantityList": [{"epcClass": LOT, "ex:weight": 5}]}, "/quantityList/0/ex:weight"),
    (OBJECT, {"quantityList": [{"epcClass": LOT, "uom": "kg"}]}, "/quantityList/0/uom"),
    (OBJECT, {"quantityList": [{"quantity": 1}]}, "/quantityList/0"),
    (OBJECT, {"quantityList": [EPC]}, "/quantityList/0"),
    (OBJECT, {"parentID": SSCC}, "/parentID"),
    (OBJECT, {"foo:bar": 1}, "/foo:bar"),
    (OBJECT, {"ex:a": [[{"foo:bar": 1}]]}, "/ex:a"),
    (OBJECT, {"https://a.example/x": {"foo:bar": 1}}, "/https:~1~1a.example~1x"),
    (OBJECT, {"@context": 3}, "/@context"),
    (OBJECT, {"ilmd": {"ex:a": 1}}, "/ilmd"),
    (OBJECT, {"action": "ADD", "ilmd": {"materialType": "soil"}}, "/ilmd/materialType"),
    (OBJECT, {"readPoint": SITE}, "/readPoint"),
    (OBJECT, {"readPoint": {"ex:a": 1}}, "/readPoint"),
    (OBJECT, {"certificationInfo": [{"gs1:x": 1}]}, "/certificationInfo/0"),
    (OBJECT, {"persistentDisposition": {}}, "/persistentDisposition"),
    (OBJECT, {"persistentDisposition": {"set": []}}, "/persistentDisposition/set"),
    (OBJECT, {"persistentDisposition": {"set": ["damaged", "cbv:Disp-damaged"]}}, "/persistentDisposition/set"),
    (OBJECT, {"sourceList": [{"type": "place", "source": SITE}]}, "/sourceList/0/type"),
    (OBJECT, {"sourceList": [{"type": "location", "destination": SITE}]}, "/sourceList/0/destination"),
    (OBJECT, {"bizTransactionList": [{"type": "po"}]}, "/bizTransactionList/0"),
    (OBJECT, {"errorDeclaration": {"reason": "incorrect_data"}}, "/errorDeclaration"),
    (OBJECT, {"sensorElementList": [{}]}, "/sensorElementList/0"),
    (OBJECT, {"sensorElementList": [{"sensorReport": []}]}, "/sensorElementList/0/sensorReport"),
    (OBJECT, {"sensorElementList": [{"sensorReport": [{"value": 1}]}]}, "/sensorElementList/0/sensorReport/0"),
]


@pytest.mark.parametrize(("base", "change", "place"), WRONG, ids=[place + str(index) for index, (_, _, place) in enumerate(WRONG)])  # fmt: skip  # noqa: E501
def test_a_fault_is_told_with_its_place(base: dict[str, Any], change: dict[str, Any], place: str) -> None:
    assert refused({**base, **change}).place == place


@pytest.mark.parametrize(
    ("report", "field"),
    [
        ({"type": "Temperature", "percRank": 101, "percValue": 4}, "percRank"),
        ({"type": "Temperature", "uom": ""}, "uom"),
        ({"type": "Temperature", "booleanValue": 1}, "booleanValue"),
        ({"type": "Temperature", "hexBinaryValue": "xyz"}, "hexBinaryValue"),
        ({"type": "Temperature", "hexBinaryValue": "abc"}, "hexBinaryValue"),
        ({"type": "cbv:Comp-x"}, "type"),
        ({"exception": "gs1:ALARM"}, "exception"),
        ({"type": "Temperature", "stringValue": 1}, "stringValue"),
        ({"type": "Temperatur"}, "type"),
        ({"type": 1}, "type"),
        ({"type": "Temperature", "component": "w"}, "component"),
    ],
)
def test_a_fault_in_a_sensor_report_is_told(report: dict[str, Any], field: str) -> None:
    event = {**OBJECT, "sensorElementList": [{"sensorReport": [report]}]}
    assert refused(event).place == f"/sensorElementList/0/sensorReport/0/{field}"


@pytest.mark.parametrize(
    "word",
    [
        "urn:epcglobal:cbv:bizstep:shipping",
        "https://ref.gs1.org/cbv/BizStep-shipping",
        "http://ref.gs1.org/cbv/BizStep-shipping",
        "cbv:BizStep-shipping",
        "https://ns.gs1.org/cbv/anything",
        "urn:epcglobal:cbv:disp:shipping",
    ],
)
def test_a_word_of_one_vocabulary_is_none_of_another(word: str) -> None:
    error = refused({**OBJECT, "disposition": word})
    assert (error.rule, error.place) == (Rule.VOCABULARY, "/disposition")


def test_an_alarm_needs_no_type() -> None:
    read({**OBJECT, "sensorElementList": [{"sensorReport": [{"exception": "ALARM_CONDITION"}]}]})


@pytest.mark.parametrize("event", [None, 3, [], "ObjectEvent", {}, {"type": None}])
def test_what_is_no_event_is_refused(event: Any) -> None:
    refused(event)


@pytest.mark.parametrize("field", ["eventTime", "eventTimeZoneOffset", "action", "epcList"])
def test_a_missing_field_is_told(field: str) -> None:
    error = refused({name: value for name, value in OBJECT.items() if name != field})
    assert error.place == "/"


def without(event: dict[str, Any], *fields: str, **change: Any) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in fields} | change


@pytest.mark.parametrize(
    "event",
    [
        without(OBJECT, epcList=[]),
        without(OBJECT, "epcList", quantityList=[{"epcClass": LOT}]),
        without(OBJECT, "epcList", sensorElementList=SENSOR, readPoint={"id": SITE}),
        without(OBJECT, action="ADD", ilmd={}),
        without(PACK, "parentID", action="OBSERVE"),
        without(PACK, "childEPCs", action="DELETE"),
        without(PACK, "childEPCs", childQuantityList=[{"epcClass": LOT}]),
        without(FIX, "childEPCs", action="DELETE"),
        without(ORDER, "epcList", action="DELETE"),
        without(ORDER, epcList=[]),
        without(MAKE, "inputEPCList", transformationID="urn:ex:t"),
        without(MAKE, "outputQuantityList", transformationID="urn:ex:t"),
    ],
)
def test_the_standards_exceptions_are_accepted(event: dict[str, Any]) -> None:
    read(event)


@pytest.mark.parametrize(
    "event",
    [
        without(OBJECT, "epcList"),
        without(OBJECT, "epcList", sensorElementList=SENSOR),
        without(PACK, "parentID"),
        without(PACK, "parentID", action="DELETE"),
        without(PACK, "childEPCs"),
        without(PACK, "childEPCs", action="OBSERVE"),
        without(FIX, "parentID", action="OBSERVE"),
        without(FIX, "childEPCs"),
        without(ORDER, "bizTransactionList"),
        without(ORDER, bizTransactionList=[]),
        without(ORDER, "epcList"),
        without(MAKE, "inputEPCList"),
        without(MAKE, "outputQuantityList"),
        without(MAKE, "inputEPCList", "outputQuantityList", transformationID="urn:ex:t"),
    ],
)
def test_events_that_break_a_rule_of_their_type_are_refused(event: dict[str, Any]) -> None:
    refused(event)


def test_a_parent_may_be_seen_without_a_name() -> None:
    event = read(without(PACK, "parentID", action="OBSERVE"))
    assert isinstance(event, AggregationEvent)
    assert event.parent_id is None
