from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from tests.epcis.test_event_properties import RICH_EVENTS
from tests.epcis.xml_schemas import schemas_in

from suyuan.base.errors import SuyuanError
from suyuan.epcis.context import STANDARD_PREFIXES
from suyuan.epcis.event_id import prehash
from suyuan.epcis.event_reader import read_event
from suyuan.epcis.event_writer import write_event as as_json
from suyuan.epcis.events import Event
from suyuan.epcis.json_codec import Source, event_object, read_document
from suyuan.epcis.json_text import Limits
from suyuan.epcis.quantity_event import DEPRECATED_TYPE
from suyuan.epcis.xml_events import EVENT_ELEMENTS
from suyuan.epcis.xml_master_data import write_vocabulary_list
from suyuan.epcis.xml_reader import read_xml_document
from suyuan.epcis.xml_writer import (
    VERSIONS,
    iter_document,
    write_document,
    write_event,
    write_event_list,
    write_query_document,
)

EX = {"ex": "https://ex.example/"}
EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-11-21T08:30:00.000Z",
    "eventTimeZoneOffset": "+08:00",
    "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"],
    "action": "OBSERVE",
    "bizStep": "shipping",
}


def written(**members: Any) -> str:
    return write_event({**EVENT, **members})


def read_back(event: dict[str, Any], version: str = "2.0") -> tuple[Source, bytes]:
    found = read_xml_document(write_document([event], creation_date=0, version=version), Limits())
    return found.sources[0], found.context


def test_an_event_stands_in_the_order_of_the_schema() -> None:
    shuffled = dict(sorted(EVENT.items(), reverse=True))
    assert write_event(shuffled) == (
        "<ObjectEvent><eventTime>2026-11-21T08:30:00.000Z</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
        "<epcList><epc>urn:epc:id:sgtin:0614141.107346.2017</epc></epcList><action>OBSERVE</action>"
        "<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep></ObjectEvent>"
    )


@pytest.mark.parametrize(
    ("value", "element"),
    [
        ("a & <b>\r", "<ex:v>a &amp; &lt;b&gt;&#13;</ex:v>"),
        ("\x07 \uffff", "<ex:v>\ufffd \ufffd</ex:v>"),
        (10, '<ex:v xsi:type="xsd:integer">10</ex:v>'),
        (2.5, '<ex:v xsi:type="xsd:double">2.5</ex:v>'),
        (True, '<ex:v xsi:type="xsd:boolean">true</ex:v>'),
        (None, '<ex:v xsi:nil="true"/>'),
        ("", "<ex:v/>"),
        (["a", ["b"]], "<ex:v>a</ex:v><ex:v>b</ex:v>"),
        ({"ex:w": "a", "local": "b", "@value": "c"}, "<ex:v>c<ex:w>a</ex:w><local>b</local></ex:v>"),
        ({"@language": "zh", "@value": "c"}, '<ex:v xml:lang="zh">c</ex:v>'),
        ({"1 a": "x"}, "<ex:v><_x0031__x0020_a>x</_x0031__x0020_a></ex:v>"),
        ("ex:thing", "<ex:v>https://ex.example/thing</ex:v>"),
    ],
)
def test_an_extension_is_written_by_what_it_is(value: Any, element: str) -> None:
    text = written(**{"@context": [EX], "ex:v": value})
    assert text.startswith('<ObjectEvent xmlns:ex="https://ex.example/">')
    assert element in text


def test_a_name_that_is_a_full_uri_is_cut_before_its_last_word() -> None:
    text = written(**{"https://full.example/a/b": "x", "urn:x:y": "z"})
    assert '<ns:b xmlns:ns="https://full.example/a/">' not in text
    assert text.startswith('<ObjectEvent xmlns:ns="https://full.example/a/" xmlns:ns1="urn:x:">')
    assert "<ns:b>x</ns:b><ns1:y>z</ns1:y>" in text


def test_what_a_sensor_says_is_written_as_attributes() -> None:
    report = {
        "type": "Temperature", "value": 4.0, "uom": "CEL", "booleanValue": True, "component": "x",
        "stringValue": 'a "b"\n', "ex:n": 5, "ex:o": {"a": [1]},
    }  # fmt: skip
    text = written(**{"@context": EX, "sensorElementList": [{"sensorReport": [report], "ex:p": "q"}]})
    assert (
        '<sensorReport type="https://gs1.org/voc/Temperature" value="4.0" uom="CEL" booleanValue="true" '
        'component="https://ref.gs1.org/cbv/Comp-x" stringValue="a &quot;b&quot;&#10;" ex:n="5" '
        'ex:o="{&quot;a&quot;:[1]}"/><ex:p>q</ex:p>'
    ) in text


def test_quantities_are_decimals_without_exponent() -> None:
    amount = {"epcClass": "urn:epc:class:lgtin:4012345.012345.L7", "quantity": 1e-7, "uom": "KGM"}
    assert "<quantity>0.0000001</quantity>" in written(quantityList=[amount])


def test_a_second_60_which_xml_schema_has_not_becomes_the_next_minute() -> None:
    assert "<eventTime>2026-11-21T08:31:00.000Z</eventTime>" in written(eventTime="2026-11-21T08:30:60Z")


def test_a_quantity_event_is_one_again_in_epcis_1() -> None:
    amount = {"epcClass": "urn:epc:idpat:sgtin:4012345.012345.*", "quantity": 200}
    event = {name: value for name, value in EVENT.items() if name != "epcList"}
    event |= {"quantityList": [amount], DEPRECATED_TYPE: "QuantityEvent"}
    text = write_event(event, "1.2")
    assert text.startswith("<QuantityEvent>")
    assert "<epcClass>urn:epc:idpat:sgtin:4012345.012345.*</epcClass><quantity>200</quantity><bizStep>" in text
    for version in VERSIONS:
        assert json.loads(read_back(event, version)[0].raw)[DEPRECATED_TYPE] == "QuantityEvent"


def test_what_came_after_epcis_1_stands_in_its_extensions() -> None:
    event = {
        **EVENT, "type": "AssociationEvent", "parentID": "urn:epc:id:grai:4012345.55555.987",
        "childEPCs": EVENT["epcList"], "eventID": "urn:x:1", "certificationInfo": "urn:x:2",
    }  # fmt: skip
    del event["epcList"]
    text = write_event(event, "1.2")
    assert text.startswith("<extension><extension><AssociationEvent>")
    assert (
        "<baseExtension><eventID>urn:x:1</eventID><extension><certificationInfo>urn:x:2</certificationInfo></extension>"
        "</baseExtension>"
    ) in text
    assert "<epcList/><action>" in write_event({**EVENT, "epcList": []}, "1.2")


def test_attributes_of_the_cbv_are_in_their_namespace_of_epcis_1_for_its_clients_only() -> None:
    lot = {**EVENT, "action": "ADD", "ilmd": {"cbvmda:lotNumber": "L7"}}
    assert 'xmlns:cbvmda="urn:epcglobal:cbv:mda"' in write_event(lot, "1.2")
    assert 'xmlns:cbvmda="urn:epcglobal:cbv:mda:"' in write_event(lot)


def test_a_document_comes_in_pieces_of_one_event() -> None:
    pieces = list(iter_document([EVENT] * 3, creation_date=0))
    assert len(pieces) == 5
    assert b"".join(pieces) == write_document([EVENT] * 3, creation_date=0)


def test_an_event_list_stands_in_any_document() -> None:
    text = f"<x:any xmlns:x='urn:x'>{write_event_list([EVENT])}</x:any>"
    assert text.count("<EventList xmlns:xsi=") == 1


def test_the_answer_to_a_query_names_it() -> None:
    body = write_query_document([EVENT], creation_date=0, query_name="mine & yours", subscription_id="s1")
    assert b"<queryName>mine &amp; yours</queryName><subscriptionID>s1</subscriptionID><resultsBody>" in body
    assert read_xml_document(body, Limits()).type == "EPCISQueryDocument"


def test_master_data_is_read_back() -> None:
    elements = [
        {
            "id": "urn:epc:id:sgln:0037000.00729.0",
            "attributes": [
                {"id": "urn:x:name", "attribute": "Farm & Co"},
                {"id": "urn:x:where", "attribute": {"@context": {"ex": "urn:ex"}, "ex:lat": "1"}},
            ],
            "children": ["urn:epc:id:sgln:0037000.00729.8202"],
        }
    ]
    listed = [{"type": "urn:epcglobal:epcis:vtype:Location", "vocabularyElementList": elements}]
    assert write_vocabulary_list([]).endswith("></VocabularyList>")
    body = write_document([EVENT], creation_date=0, master_data=listed)
    assert json.loads(read_xml_document(body, Limits()).master_data or b"") == {"vocabularyList": listed}


# --- properties


def in_json(event: Event) -> dict[str, Any]:
    """The event's JSON. Names that are full URIs get a prefix, since XML has no name without one."""
    text = json.dumps({"@context": [EX], **as_json(event)})
    members: dict[str, Any] = json.loads(text.replace("https://full.example/c", "ex:full"))
    return members


@settings(max_examples=60, deadline=None)
@given(RICH_EVENTS)
def test_an_event_survives_xml_of_both_versions(event: Event) -> None:
    """What counts, the text of the event hash, stays the same; so do the fields that it leaves out."""
    members = in_json(event)
    before = prehash(read_event(members, "", STANDARD_PREFIXES))
    for version in VERSIONS:
        source, context = read_back(members, version)
        assert (source.event.event_id, source.event.record_time) == (event.event_id, event.record_time)
        if not lossy(members):
            after = prehash(source.event, context)
            assert after == before or (version == "1.2" and "cbvmda:" in str(members))


CONTROL = frozenset(map(chr, range(0x20))) | {"\ufffe", "\uffff"}


def lossy(value: Any, inside: bool = False) -> bool:
    """Whether XML has no way to say it: control characters, lists in lists or objects in attributes, full names."""
    if isinstance(value, str):
        return bool(CONTROL & set(value)) or value != value.strip() or ":" in value[:4]
    if isinstance(value, list):
        return any(lossy(one, inside) for one in value)
    if isinstance(value, dict):
        return any(lossy(one) for one in value.values()) or any(
            isinstance(one, dict | list) and ":" in name for name, one in value.items()
        )
    return False


@settings(max_examples=40, deadline=None)
@given(RICH_EVENTS)
def test_what_is_written_is_valid(shared: Path, event: Event) -> None:
    schemas = schemas_in_once(shared)
    members = in_json(event)
    members.pop("certificationInfo", None)  # the schema has room for one only
    for version in VERSIONS:
        assert schemas.fault(write_document([members], creation_date=0, version=version), version) is None
        assert schemas.fault(write_query_document([members], creation_date=0, version=version), version) is None


_SCHEMAS: dict[Path, Any] = {}


def schemas_in_once(shared: Path) -> Any:
    if shared not in _SCHEMAS:
        _SCHEMAS[shared] = schemas_in(shared)
    return _SCHEMAS[shared]


def test_every_example_that_is_read_is_written_valid_and_reads_the_same(shared: Path) -> None:
    schemas = schemas_in_once(shared)
    documents = 0
    for path in sorted([*(shared / "epcis").rglob("*.xml"), *(shared / "epcis").rglob("*.jsonld")]):
        try:
            found = (read_xml_document if path.suffix == ".xml" else read_document)(path.read_bytes(), Limits())
        except SuyuanError:
            continue
        events = [event_object(one.raw, found.context, 0, one.event.event_id) for one in found.sources]
        if not events or any(isinstance(event.get("certificationInfo"), list) for event in events):
            continue
        documents += 1
        for version in VERSIONS:
            body = write_query_document(events, creation_date=0, version=version)
            assert schemas.fault(body, version) is None, path
        again = read_xml_document(write_document(events, creation_date=0), Limits())
        for one, other in zip(found.sources, again.sources, strict=True):
            assert prehash(one.event, found.context) == prehash(other.event, again.context), path
    assert documents >= 100


def test_every_event_element_has_its_order() -> None:
    assert len(EVENT_ELEMENTS) == 6
