"""Each parameter of the SimpleEventQuery by itself: what it finds, and what it doesn't, carelessly read or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.trace.scribe import CONTEXT, Scribe, document, epc, scribe_in

from suyuan.base.errors import InvalidInput
from suyuan.base.identity import Actor, Role
from suyuan.epcis.query_parameters import CONTROLS, FIXED, LONGEST_NAME, MEASURED, Query, read_query
from suyuan.epcis.query_values import Written, from_url
from suyuan.epcis.soap import Message, Wrapping
from suyuan.epcis.vocabulary_elements import TYPE_STEM, Element
from suyuan.trace.event_query import run_query
from suyuan.trace.soap_queries import poll
from suyuan.trace.vocabularies import VocabularyChanged

EX = "https://ex.example/ns/"
PALLET, CRATE, ASSET = (
    "urn:epc:id:sscc:0614141.0000000001",
    "urn:epc:id:grai:0614141.00001.1",
    "urn:epc:id:giai:0614141.5",
)
LOT, OTHER_LOT = "urn:epc:class:lgtin:0614141.000007.L1", "urn:epc:class:lgtin:0614141.000008.L1"
GATE, SHED, FIELD = (f"urn:epc:id:sgln:0614141.0000{number}.0" for number in (1, 2, 3))
PAPER, DEVICE = "urn:epc:id:gdti:0614141.00002.7", "urn:epc:id:giai:0614141.77"
SELLER, BUYER = "urn:epc:id:pgln:0614141.00001", "urn:epc:id:pgln:0614141.00002"
EARLY, NOON, LATE = (f"2026-05-{day}T12:00:00Z" for day in (10, 11, 12))

HEAD = {"eventTimeZoneOffset": "+00:00", "action": "ADD"}
FIELDS = {
    "ex:text": "cold",
    "ex:number": 7,
    "ex:time": NOON,
    "ex:inner": {"ex:deep": {"ex:text": "deep", "ex:number": 3}},
}


def story() -> list[dict[str, Any]]:
    """Events that have everything, and one, the last, that has nothing of it."""
    report = {
        "type": "Temperature", "value": 25, "minValue": 20, "maxValue": 30, "meanValue": 24, "sDev": 0.5, "uom": "CEL",
        "percRank": 95, "percValue": 29, "microorganism": "https://shop.example/mo/1",
        "chemicalSubstance": "https://shop.example/cs/1", **FIELDS,
    }  # fmt: skip
    values = [{"type": "https://shop.example/kind", **value} for value in (
        {"stringValue": "red"}, {"booleanValue": True}, {"hexBinaryValue": "af01"}, {"uriValue": "https://shop.example/u"},
    )]  # fmt: skip
    metadata = {
        "time": NOON, "startTime": NOON, "endTime": "2026-05-11T12:00:01Z", "deviceID": DEVICE, "deviceMetadata": "https://shop.example/m",
        "rawData": "https://shop.example/r", "dataProcessingMethod": "https://shop.example/p",
        "bizRules": "https://shop.example/b", **FIELDS,
    }  # fmt: skip
    return [
        {"type": "ObjectEvent", "eventID": "urn:x:object", "eventTime": NOON, **HEAD, "epcList": [epc(1)], **FIELDS,
         "quantityList": [{"epcClass": LOT, "quantity": 5, "uom": "KGM"}], "ilmd": FIELDS,
         "bizStep": "shipping", "disposition": "in_transit",
         "persistentDisposition": {"set": ["damaged"], "unset": ["recalled"]},
         "readPoint": {"id": GATE, **FIELDS}, "bizLocation": {"id": SHED, **FIELDS},
         "bizTransactionList": [{"type": "po", "bizTransaction": PAPER}, {"type": "inv", "bizTransaction": PALLET}],
         "sourceList": [{"type": "owning_party", "source": SELLER}],
         "destinationList": [{"type": "owning_party", "destination": BUYER}],
         "sensorElementList": [{"sensorMetadata": metadata, "sensorReport": [report, *values], **FIELDS}]},
        {"type": "AggregationEvent", "eventTime": LATE, **HEAD, "parentID": PALLET, "childEPCs": [epc(2)],
         "childQuantityList": [{"epcClass": OTHER_LOT, "quantity": 2000, "uom": "GRM"}]},
        {"type": "TransformationEvent", "eventTime": LATE, "eventTimeZoneOffset": "+00:00", "transformationID": PAPER,
         "inputEPCList": [epc(3)], "outputEPCList": [epc(4)], "inputQuantityList": [{"epcClass": LOT, "quantity": 8}],
         "outputQuantityList": [{"epcClass": OTHER_LOT, "quantity": 9}]},
        {"type": "TransactionEvent", "eventTime": LATE, **HEAD, "action": "OBSERVE", "epcList": [epc(2)],
         "parentID": CRATE, "bizTransactionList": [{"type": "inv", "bizTransaction": PAPER}]},
        {"type": "AssociationEvent", "eventTime": LATE, **HEAD, "action": "DELETE", "parentID": CRATE,
         "childEPCs": [ASSET]},
        {"type": "ObjectEvent", "eventID": "urn:x:wrong", "eventTime": LATE, **HEAD, "epcList": [epc(9)],
         "errorDeclaration": {"declarationTime": NOON, "reason": "incorrect_data",
                              "correctiveEventIDs": ["urn:x:right"], **FIELDS}},
        {"type": "ObjectEvent", "eventID": "urn:x:bare", "eventTime": EARLY, **HEAD, "action": "OBSERVE",
         "epcList": [epc(8)]},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory, empty_database: bytes) -> Iterator[Scribe]:
    """The story, captured, with what master data says of the shed."""
    folder = tmp_path_factory.mktemp("parameters")
    (folder / "suyuan.db").write_bytes(empty_database)
    with scribe_in(folder) as scribe:
        scribe.capture(document(*story(), context=[CONTEXT, {"ex": EX}]))
        kinds = {"ReadPoint": (FIELD, GATE), "BusinessLocation": (FIELD, SHED)}
        elements = [
            element
            for kind, (above, place) in kinds.items()
            for element in (
                Element(TYPE_STEM + kind, place, (("urn:x:kind", "cold"),)),
                Element(TYPE_STEM + kind, above, (("urn:x:kind", "wide"),), (place,)),
            )
        ]
        elements += [
            Element(TYPE_STEM + kind, name, (("urn:x:colour", "red"), ("urn:x:size", 12)))
            for kind, name in (
                ("EPCClass", "https://id.gs1.org/01/00614141000074/10/L1"),
                ("BusinessStep", "shipping"),
                ("BusinessTransaction", "https://id.gs1.org/253/06141410000297"),
                ("Party", SELLER), ("Colours", "cold"),
                ("Colours", PALLET),
            )
        ]  # fmt: skip
        scribe.call("vocabulary-changed", VocabularyChanged("k", "", elements))
        yield scribe


#: Parameter, a value and the events that it finds, and values that find none: plainly, or by a careless reading.
Case = tuple[str, Any, list[int], list[Any]]
PLAIN: list[Case] = [
    ("eventType", ["AggregationEvent", "AssociationEvent"], [1, 4], ["QuantityEvent"]),
    ("GE_eventTime", LATE, [1, 2, 3, 4, 5], ["2026-05-12T12:00:00.000001Z"]),
    ("LT_eventTime", NOON, [6], [EARLY, "2026-05-10T20:00:00+08:00"]),
    ("EQ_action", "DELETE", [4], []),
    ("EQ_bizStep", "https://ref.gs1.org/cbv/BizStep-shipping", [0], ["packing", "urn:x:shipping"]),
    ("EQ_disposition", "urn:epcglobal:cbv:disp:in_transit", [0], ["damaged", "recalled"]),
    ("EQ_persistentDisposition_set", "damaged", [0], ["recalled", "in_transit"]),
    ("EQ_persistentDisposition_unset", ["recalled", "active"], [0], ["damaged"]),
    ("EQ_readPoint", "https://id.gs1.org/414/0614141000012", [0], [SHED, FIELD]),
    ("WD_readPoint", FIELD, [0], [SHED]),
    ("EQ_bizLocation", [SHED, GATE], [0], [GATE, FIELD]),
    ("WD_bizLocation", [FIELD], [0], [GATE]),
    ("EQ_transformationID", "https://id.gs1.org/253/06141410000297", [2], [LOT]),
    ("MATCH_epc", [epc(2)], [1, 3], [PALLET, epc(3), LOT, "urn:epc:idpat:sgtin:0614142.*.*"]),
    ("MATCH_parentID", [CRATE, epc(2)], [3, 4], [epc(2), ASSET]),
    ("MATCH_inputEPC", "https://id.gs1.org/01/00614141000074", [2], [epc(4)]),
    ("MATCH_outputEPC", epc(4), [2], [epc(3)]),
    ("MATCH_anyEPC", "urn:epc:idpat:sgtin:0614141.000007.*", [0, 1, 2, 3, 5, 6], [LOT, epc(7)]),
    ("MATCH_epcClass", [LOT], [0], [epc(1), "urn:epc:idpat:sgtin:0614142.000007.*"]),
    ("MATCH_inputEPCClass", "urn:epc:idpat:sgtin:0614141.000007.*", [2], [OTHER_LOT]),
    ("MATCH_outputEPCClass", "https://id.gs1.org/01/00614141000081", [2], [LOT]),
    ("MATCH_anyEPCClass", OTHER_LOT, [1, 2], [epc(2)]),
    ("EQ_quantity", [5, 8], [0, 2], [2, 3]),
    ("GT_quantity", 8, [1, 2], [2000]),
    ("GE_quantity", 9, [1, 2], [2001]),
    ("LT_quantity", 8, [0], [5]),
    ("LE_quantity", 5, [0], [4.99]),
    ("EQ_eventID", ["urn:x:bare", "urn:x:none"], [6], ["urn:x:right"]),
    ("EXISTS_errorDeclaration", None, [5], []),
    ("GE_errorDeclarationTime", NOON, [5], [LATE]),
    ("LT_errorDeclarationTime", LATE, [5], [NOON]),
    ("GE_errorDeclaration_Time", NOON, [5], [LATE]),
    ("LT_errorDeclaration_Time", LATE, [5], [NOON]),
    ("EQ_errorReason", "urn:epcglobal:cbv:er:incorrect_data", [5], ["did_not_occur"]),
    ("EQ_correctiveEventID", "urn:x:right", [5], ["urn:x:wrong"]),
    ("EXISTS_sensorElementList", None, [0], []),
    ("EXISTS_sensorElement", None, [0], []),
    ("GE_time", NOON, [0], [LATE]),
    ("LT_time", LATE, [0], [NOON]),
    ("EQ_time", [NOON, EARLY], [0], [EARLY]),
    ("GE_startTime", NOON, [0], [LATE]),
    ("LT_startTime", LATE, [0], [NOON]),
    ("GE_endTime", NOON, [0], [LATE]),
    ("LT_endTime", LATE, [0], [NOON]),
    ("EQ_type", ["gs1:Temperature"], [0], ["Mass"]),
    ("EQ_deviceID", "https://id.gs1.org/8004/061414177", [0], [ASSET]),
    ("EQ_deviceMetadata", "https://shop.example/m", [0], ["https://shop.example/r"]),
    ("EQ_rawData", "https://shop.example/r", [0], ["https://shop.example/m"]),
    ("EQ_dataProcessingMethod", "https://shop.example/p", [0], ["https://shop.example/b"]),
    ("EQ_bizRules", "https://shop.example/b", [0], ["https://shop.example/p"]),
    ("EQ_microorganism", "https://shop.example/mo/1", [0], ["https://shop.example/cs/1"]),
    ("EQ_chemicalSubstance", "https://shop.example/cs/1", [0], ["https://shop.example/mo/1"]),
    ("EQ_stringValue", ["blue", "red"], [0], ["RED", "re", "%"]),
    ("EQ_booleanValue", True, [0], [False]),
    ("EQ_hexBinaryValue", "AF01", [0], ["AF"]),
    ("EQ_uriValue", "https://shop.example/u", [0], ["https://shop.example/b"]),
    ("EQ_percRank", [95, 5], [0], [5]),
    ("GT_percRank", 94.5, [0], [95]),
    ("GE_percRank", 95, [0], [96]),
    ("LT_percRank", 96, [0], [95]),
    ("LE_percRank", 95, [0], [94]),
]  # fmt: skip
NAMED: list[Case] = [
    ("EQ_bizTransaction_po", PAPER, [0], [PALLET]),
    ("EQ_bizTransaction_urn:epcglobal:cbv:btt:inv", [PAPER], [3], [LOT]),
    ("EQ_source_owning_party", "https://id.gs1.org/417/0614141000012", [0], [BUYER]),
    ("EQ_source_possessing_party", SELLER, [], [SELLER]),
    ("EQ_destination_https://ref.gs1.org/cbv/SDT-owning_party", BUYER, [0], [SELLER]),
    ("HASATTR_readPoint", ["urn:x:kind"], [0], ["urn:x:colour"]),
    ("HASATTR_bizLocation", ["urn:x:kind"], [0], ["cold"]),
    ("EQATTR_bizLocation_urn:x:kind", ["warm", "cold"], [0], ["wide"]),
    ("EQ_ATTR_readPoint_urn:x:kind", "cold", [0], ["wide"]),
    ("HASATTR_bizStep", "urn:x:colour", [0], ["urn:x:kind"]),
    ("HASATTR_epcClass", "urn:x:colour", [0], ["urn:x:kind"]),
    ("HASATTR_anyEPCClass", "urn:x:colour", [0, 2], ["urn:x:kind"]),
    ("HASATTR_parentID", "urn:x:colour", [1], ["urn:x:kind"]),
    ("HASATTR_source", "urn:x:colour", [0], ["urn:x:kind"]),
    ("HASATTR_destination", "urn:x:colour", [], ["urn:x:colour"]),
    ("HASATTR_ex:text", "urn:x:colour", [0], ["urn:x:kind"]),
    ("EQATTR_bizTransaction_urn:x:colour", "red", [0, 3], ["blue"]),
    ("EQATTR_transformationID_urn:x:size", [12], [2], [13, "red"]),
    ("EQATTR_ex:text_urn:x:colour", ["blue", "red"], [0], ["blue"]),
]
#: 25 degrees Celsius and so on, asked for in kelvin; the event's own unit; a unit of something else finds nothing.
_KELVIN = {
    "value": 298.15,
    "minValue": 293.15,
    "maxValue": 303.15,
    "meanValue": 297.15,
    "sDev": 0.5,
    "percValue": 302.15,
}


def in_kelvin(field: str, held: float) -> list[Case]:
    return [
        (f"GE_{field}_KEL", held, [0], [held + 0.01]),
        (f"GT_{field}_KEL", held - 0.01, [0], [held]),
        (f"LE_{field}_KEL", held, [0], [held - 0.01]),
        (f"LT_{field}_KEL", held + 0.01, [0], [held]),
        (f"GE_{field}_KGM", -1000, [], [-1000]),
    ]


UNITS: list[Case] = [
    *(each for field, held in _KELVIN.items() for each in in_kelvin(field, held)),
    ("EQ_value_KEL", [298.15, 1], [0], [25]),
    ("EQ_value_FAH", 77, [0], [25]),
    # 0.5 and 299.15 kelvin in Rankine and 5 kg in pounds, by a client's own arithmetic: rounding is no difference
    ("EQ_sDev_A48", [0.5 * 1.8000000000000003, 1], [0], [0.9001]),
    ("EQ_value_A48", 298.15 * 9 / 5 * (1 + 2e-16), [0], [536.68]),
    ("GE_value_A48", 298.15 * 9 / 5 * (1 + 3e-16), [0], [536.68]),
    ("LE_value_A48", 298.15 * 9 / 5 * (1 - 3e-16), [0], [536.66]),
    ("EQ_quantity_LBR", 5 / 0.45359237 * (1 + 3e-16), [0], [11.023]),
    ("EQ_quantity_GRM", [5000, 1], [0], [5]),
    ("GE_quantity_KGM", 2, [0, 1], [5.1]),
    ("GT_quantity_KGM", 2, [0], [5]),
    ("LT_quantity_KGM", 5, [1], [2]),
    ("LE_quantity_GRM", 2000, [1], [1999]),
    ("GE_quantity_CEL", 0, [], [0]),
]
_FAMILIES = {
    "": 0, "ILMD_": 0, "ERROR_DECLARATION_": 5, "readPoint_": 0, "bizLocation_": 0, "SENSORELEMENT_": 0,
    "SENSORMETADATA_": 0, "SENSORREPORT_": 0,
}  # fmt: skip


def of_family(family: str, index: int) -> list[Case]:
    return [
        (f"EQ_{family}ex:text", ["warm", "cold"], [index], ["deep", "COLD", "col"]),
        (f"EQ_{family}ex:number", 7, [index], [3, "7"]),
        (f"EQ_{family}ex:time", "2026-05-11T20:00:00+08:00", [index], [LATE]),
        (f"GT_{family}ex:number", 6, [index], [7, EARLY]),
        (f"GE_{family}ex:number", 7, [index], [7.5]),
        (f"LT_{family}ex:number", 7.5, [index], [7, LATE]),
        (f"LE_{family}ex:number", 7, [index], [6.5]),
        (f"GE_{family}ex:time", NOON, [index], [LATE, 5]),
        (f"LT_{family}{EX}#time", LATE, [index], [NOON]),
        (f"EXISTS_{family}ex:inner", None, [index], []),
        (f"EXISTS_{family}ex:deep", None, [], []),
        (f"EQ_INNER_{family}ex:text", "deep", [index], ["cold"]),
        (f"GE_INNER_{family}ex:number", 3, [index], [7]),
        (f"GT_INNER_{family}ex:number", 2, [index], [3]),
        (f"LE_INNER_{family}ex:number", 3, [index], [2]),
        (f"LT_INNER_{family}ex:number", 4, [index], [3]),
        (f"EXISTS_INNER_{family}ex:deep", None, [index], []),
        (f"EXISTS_INNER_{family}ex:inner", None, [], []),
    ]


EXTENSIONS = [each for family, index in _FAMILIES.items() for each in of_family(family, index)]
CASES = [*PLAIN, *NAMED, *UNITS, *EXTENSIONS]


def found(ledger: Scribe, name: str, value: Any) -> list[int]:
    query = read_query({name: value}, {"ex": EX})
    with ledger.view() as view:
        return sorted(event.index for event in run_query(view, query, None, 100, None).events)


def test_every_parameter_has_a_case() -> None:
    tested = {case[0] for case in CASES} | {"GE_recordTime", "LT_recordTime"}
    assert not set(FIXED) - tested
    assert all(any(f"_{field}_" in name for name in tested) for field in MEASURED)
    assert CONTROLS == ("orderBy", "orderDirection", "eventCountLimit", "maxEventCount")  # test_event_query.py


@pytest.mark.parametrize("case", CASES, ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)])
def test_a_parameter_finds_what_it_says_and_nothing_else(ledger: Scribe, case: Case) -> None:
    name, value, hits, misses = case
    assert found(ledger, name, value) == hits
    for miss in misses:
        assert found(ledger, name, miss) == [], miss


@pytest.mark.parametrize("case", [*PLAIN, *NAMED], ids=[case[0] for case in (*PLAIN, *NAMED)])
def test_a_list_is_any_of_its_values_and_an_empty_one_asks_nothing(ledger: Scribe, case: Case) -> None:
    name, value, hits, misses = case
    if name.startswith(("GE_", "GT_", "LE_", "LT_", "EXISTS_")) or name == "EQ_booleanValue":
        return
    values = value if isinstance(value, list) else [value]
    assert found(ledger, name, [*values, *misses[:1]]) == hits
    assert found(ledger, name, []) == list(range(7))


@pytest.mark.parametrize(
    ("name", "value", "hits"),
    [
        ("EQ_ex:number", "7", [0]), ("EQ_ex:text", "warm|cold", [0]), ("EQ_ex:time", "2026-05-11T20:00:00 08:00", [0]),
        ("EXISTS_ex:text", "", [0]), ("EXISTS_errorDeclaration", "true", [5]),
        ("EXISTS_errorDeclaration", "false", list(range(7))), ("EQ_action", "DELETE,OBSERVE", [3, 4, 6]),
    ],
)  # fmt: skip
def test_what_came_in_a_url_is_every_kind_that_it_can_be(
    ledger: Scribe, name: str, value: str, hits: list[int]
) -> None:
    query = read_query(from_url([(name, value)]), {"ex": EX})
    with ledger.view() as view:
        assert sorted(event.index for event in run_query(view, query, None, 100, None).events) == hits


@pytest.mark.parametrize(
    ("name", "value", "hits"),
    [
        ("EQ_ex:number", "7", [0]), ("EQ_ex:number", ["7.0", "x"], [0]), ("EQ_ex:text", ["warm", "cold"], [0]),
        (f"EQ_{EX}#number", ["7"], [0]), ("EQ_INNER_ILMD_ex:number", ["3"], [0]), ("EQ_ex:number", ["seven"], []),
        ("EQ_ex:time", ["2026-05-11T20:00:00+08:00"], [0]), ("EQ_quantity", ["8"], [2]), ("EXISTS_ex:text", None, [0]),
    ],
)  # fmt: skip
def test_what_came_by_soap_is_every_kind_that_it_can_be(
    ledger: Scribe, name: str, value: str | list[str] | None, hits: list[int]
) -> None:
    message = Message(operation="Poll", wrapping=Wrapping.SOAP_12, version="2.0", query_name="SimpleEventQuery",
                      parameters={name: value}, namespaces={"ex": EX})  # fmt: skip
    with ledger.view() as view:
        answer = poll(view, Actor(Role.REGULATOR), message)
        found = [event.event_id for event in run_query(view, Query(), None, 100, None).events if event.index in hits]
    assert answer.count("<eventTime>") == len(hits)
    assert all(each in answer for each in found)


def test_a_prefix_that_nobody_defines_is_that_of_the_captured_documents(ledger: Scribe) -> None:
    with ledger.view() as view:
        page = run_query(view, read_query({"EQ_ex:text": "cold"}, {}), None, 100, None)
        assert [event.index for event in page.events] == [0]
        with pytest.raises(InvalidInput, match="nobody says") as refusal:
            run_query(view, read_query({"EQ_nobody:text": "cold"}, {}), None, 100, None)
        assert refusal.value.place == "EQ_nobody:text"


def test_extensions_of_one_name_in_two_namespaces_are_two(ledger: Scribe) -> None:
    with ledger.view() as view:
        query = read_query({"EQ_ex:text": "cold"}, {"ex": "https://another.example/"})
        assert run_query(view, query, None, 100, None).events == []


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_an_order_by_an_extension_goes_over_its_pages(fresh: Any, direction: str) -> None:
    scribe = fresh()
    values = [3, 1, 2.5, None, 10, 7, 1]
    events = [
        {"type": "ObjectEvent", "eventTime": NOON, **HEAD, "epcList": [epc(number)]}
        | ({} if value is None else {"ex:n": value, "ex:t": f"t{value}"})
        for number, value in enumerate(values, 1)
    ]
    scribe.capture(document(*events, context=[CONTEXT, {"ex": EX}]))
    for field, key in (("n", lambda value: value), ("t", str)):
        order = {"orderBy": f"{EX}#{field}", "orderDirection": direction}
        shown = [event.body.get(f"ex:{field}") for event in scribe.events(**order)]
        known = [value.removeprefix("t") if field == "t" else value for value in shown[:6]]
        expected = sorted((key(value) for value in values if value is not None), reverse=direction == "DESC")
        assert known == expected
        assert shown[6:] == [None]


def test_a_name_longer_than_any_and_values_of_no_kind_are_refused_by_name() -> None:
    for name, value in (("EQ_x:" + "y" * LONGEST_NAME, "1"), ("EQ_quantity", "1" * 400), ("EQ_quantity", float("nan")),
                        ("GE_eventTime", "0001-01-01T00:00:00Z"), ("LT_eventTime", "9999-12-31T00:00:00Z"),
                        ("EQ_bizStep", {"a": 1}), ("MATCH_epc", [[1]]), ("EXISTS_ex:a", "maybe"), ("nonsense", "1"),
                        ("GE_ex:number", "many"), ("EQ_action", "LOOK"), ("EQ_quantity", Written("1_0"))):  # fmt: skip
        with pytest.raises(InvalidInput) as refusal:
            read_query({name: value}, {"ex": EX})
        assert refusal.value.place == name[:200]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_an_order_by_a_list_is_by_its_first_value(fresh: Any, direction: str) -> None:
    scribe = fresh()
    amounts = [(5, 1), (2, 9), (7,), (3, 8, 1)]
    events = [
        {"type": "ObjectEvent", "eventTime": NOON, **HEAD, "ex:n": list(listed),
         "quantityList": [{"epcClass": LOT, "quantity": each} for each in listed]}
        for listed in amounts
    ]  # fmt: skip
    scribe.capture(document(*events, context=[CONTEXT, {"ex": EX}]))
    for field in ("quantity", f"{EX}#n"):
        shown = [event.body["ex:n"][0] for event in scribe.events(orderBy=field, orderDirection=direction)]
        assert shown == sorted((2, 3, 5, 7), reverse=direction == "DESC")
