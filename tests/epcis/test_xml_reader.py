from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidDocument, TooLarge
from suyuan.epcis.context import EPCIS_CONTEXT
from suyuan.epcis.event_id import event_hash, prehash
from suyuan.epcis.events import ObjectEvent
from suyuan.epcis.json_codec import Document, read_document
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import Leniency, Rule
from suyuan.epcis.quantity_event import DEPRECATED_TYPE, is_quantity_event
from suyuan.epcis.xml_reader import iter_xml_events, read_xml_document, read_xml_frame

ANY_ORDER = Leniency(frozenset({Rule.ORDER}))
WHEN = "<eventTime>2026-11-21T08:30:00Z</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
EPC = "urn:epc:id:sgtin:0614141.107346.2017"
EPCS = f"<epcList><epc>{EPC}</epc></epcList><action>OBSERVE</action>"
OBJECT = f"<ObjectEvent>{WHEN}{EPCS}</ObjectEvent>"
AMOUNT = (
    "<quantityList><quantityElement><epcClass>urn:epc:class:lgtin:4012345.012345.L7</epcClass>"
    "<quantity>1.5</quantity><uom>KGM</uom></quantityElement></quantityList>"
)


def document(events: str, *, head: str = "", declared: str = "", version: str = "2.0") -> bytes:
    return (
        f'<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:{version[0]}" schemaVersion="{version}"'
        f' creationDate="2026-11-21T08:30:00Z"{declared}>{head}<EPCISBody><EventList>{events}</EventList></EPCISBody>'
        "</epcis:EPCISDocument>"
    ).encode()


def read(events: str, leniency: Leniency | None = None, **parts: str) -> Document:
    return read_xml_document(document(events, **parts), Limits(), leniency or Leniency())


def members(inner: str, declared: str = "") -> dict[str, Any]:
    """The JSON of an ObjectEvent with these elements behind its action."""
    found: dict[str, Any] = json.loads(
        read(f"<ObjectEvent>{WHEN}{EPCS}{inner}</ObjectEvent>", declared=declared).sources[0].raw
    )
    return found


def with_list(name: str, items: str) -> str:
    return f"<ObjectEvent>{WHEN}{EPCS}<{name}>{items}</{name}></ObjectEvent>"


def place_of_fault(body: bytes) -> str | None:
    with pytest.raises(InvalidDocument) as refusal:
        read_xml_document(body, Limits())
    return refusal.value.place


def test_an_event_is_the_json_that_says_the_same() -> None:
    found = read(OBJECT)
    assert json.loads(found.sources[0].raw) == {
        "type": "ObjectEvent",
        "eventTime": "2026-11-21T08:30:00Z",
        "eventTimeZoneOffset": "+08:00",
        "epcList": [EPC],
        "action": "OBSERVE",
    }
    assert found.sources[0].event == ObjectEvent(
        event_time=1795249800000000, offset=480, action="OBSERVE", epc_list=(EPC,)
    )
    assert (found.type, json.loads(found.context)) == ("EPCISDocument", [EPCIS_CONTEXT])
    assert found.creation_date == 1795249800000000


def test_what_epcis_1_wraps_is_unwrapped() -> None:
    event = (
        f"<ObjectEvent>{WHEN}<baseExtension><eventID>urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8</eventID>"
        f"</baseExtension>{EPCS}<extension>{AMOUNT}<extension><sensorElementList><sensorElement>"
        '<sensorReport type="gs1:Temperature" value="4.5" uom="CEL"/></sensorElement></sensorElementList></extension>'
        "</extension></ObjectEvent>"
    )
    found = json.loads(read(event, version="1.2").sources[0].raw)
    assert found["eventID"].startswith("urn:uuid:")
    assert found["quantityList"] == [
        {"epcClass": "urn:epc:class:lgtin:4012345.012345.L7", "quantity": 1.5, "uom": "KGM"}
    ]
    assert found["sensorElementList"] == [{"sensorReport": [{"type": "gs1:Temperature", "value": 4.5, "uom": "CEL"}]}]


def test_a_quantity_event_is_an_object_event_that_remembers() -> None:
    event = (
        f"<QuantityEvent>{WHEN}<epcClass>urn:epc:idpat:sgtin:4012345.012345.*</epcClass><quantity>200</quantity>"
        "</QuantityEvent>"
    )
    found = read(event, version="1.0").sources[0]
    assert is_quantity_event(found.event)
    said = json.loads(found.raw)
    assert (said["type"], said["action"], said[DEPRECATED_TYPE]) == ("ObjectEvent", "OBSERVE", "QuantityEvent")
    assert said["quantityList"] == [{"epcClass": "urn:epc:idpat:sgtin:4012345.012345.*", "quantity": 200}]


def test_extensions_are_members_under_the_prefix_that_the_document_declares() -> None:
    inner = (
        "<ex:note>words</ex:note><ex:many>1</ex:many><ex:many>2</ex:many>"
        '<ex:box ex:size="3" unit="m">text<ex:in>x</ex:in><local>y</local></ex:box>'
        '<ex:n xsi:type="xsd:integer">10</ex:n><ex:d xsi:type="xsd:double">2.5</ex:d>'
        '<ex:b xsi:type="xsd:boolean">true</ex:b><ex:t xsi:type="xsd:string">7</ex:t><ex:nil xsi:nil="true"/><ex:e/>'
        '<ex:l xml:lang="zh">\u724c</ex:l>'
    )
    declared = ' xmlns:ex="https://ex.example/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    found = members(inner, declared=declared)
    assert {name: value for name, value in found.items() if name.startswith("ex:")} == {
        "ex:note": "words",
        "ex:many": ["1", "2"],
        "ex:box": {"ex:size": "3", "unit": "m", "ex:in": "x", "local": "y", "@value": "text"},
        "ex:n": 10,
        "ex:d": 2.5,
        "ex:b": True,
        "ex:t": "7",
        "ex:nil": None,
        "ex:e": "",
        "ex:l": {"@language": "zh", "@value": "\u724c"},
    }
    assert json.loads(read(OBJECT, declared=declared).context) == [EPCIS_CONTEXT, {"ex": "https://ex.example/"}]


def test_namespaces_that_an_event_declares_itself_are_in_its_own_context() -> None:
    found = members('<ex:a xmlns:ex="https://a.example/"/><b xmlns="https://b.example/"/>')
    assert found["@context"] == {"ex": "https://a.example/", "ns1": "https://b.example/"}
    assert {"ex:a", "ns1:b"} < set(found)


def test_one_prefix_may_mean_two_namespaces() -> None:
    found = members(
        '<ex:a xmlns:ex="https://a.example/"/><ex:a xmlns:ex="https://b.example/"/>',
        declared=' xmlns:ex="https://c.example/"',
    )
    assert found["@context"] == {"ns1": "https://a.example/", "ns2": "https://b.example/"}
    assert {"ns1:a", "ns2:a"} < set(found)


def test_a_prefix_of_the_standard_keeps_its_meaning() -> None:
    found = read(OBJECT, declared=' xmlns:gs1="https://other.example/"')
    assert json.loads(found.context)[1] == {"ns1": "https://other.example/"}


def test_a_value_that_begins_like_a_prefix_is_a_uri_as_it_stands() -> None:
    inner = "<bizStep>ex:step</bizStep><ex:a>b</ex:a>"
    found = read(f"<ObjectEvent>{WHEN}{EPCS}{inner}</ObjectEvent>", declared=' xmlns:ex="https://ex.example/"')
    event = found.sources[0].event
    assert event.biz_step == "ex:step"
    text = prehash(event, found.context)
    assert "bizStep=ex:step" in text
    assert "{https://ex.example/}a=b" in text


def test_a_prefix_that_is_made_up_is_none_that_a_value_begins_with() -> None:
    found = members(
        '<bizStep>ex:step</bizStep><ex:a xmlns:ex="https://ex.example/">ns1:b</ex:a>',
        declared=' xmlns:ex="https://outer.example/"',
    )
    assert (found["@context"], found["ns2:a"]) == ({"ex": None, "ns2": "https://ex.example/"}, "ns1:b")


def test_master_data_of_the_header_and_of_its_own_document_have_the_form_of_json() -> None:
    listed = (
        '<VocabularyList><Vocabulary type="urn:epcglobal:epcis:vtype:Location"><VocabularyElementList>'
        '<VocabularyElement id="urn:epc:id:sgln:0037000.00729.0"><attribute id="urn:x:name">Farm</attribute>'
        '<attribute id="urn:x:where"><ex:lat xmlns:ex="urn:ex">1</ex:lat></attribute>'
        "<children><id>urn:epc:id:sgln:0037000.00729.8202</id></children></VocabularyElement></VocabularyElementList>"
        "</Vocabulary></VocabularyList>"
    )
    expected = {
        "vocabularyList": [
            {
                "type": "urn:epcglobal:epcis:vtype:Location",
                "vocabularyElementList": [
                    {
                        "id": "urn:epc:id:sgln:0037000.00729.0",
                        "attributes": [
                            {"id": "urn:x:name", "attribute": "Farm"},
                            {"id": "urn:x:where", "attribute": {"@context": {"ex": "urn:ex"}, "ex:lat": "1"}},
                        ],
                        "children": ["urn:epc:id:sgln:0037000.00729.8202"],
                    }
                ],
            }
        ]
    }
    header = f"<EPCISHeader><extension><EPCISMasterData>{listed}</EPCISMasterData></extension></EPCISHeader>"
    assert json.loads(read(OBJECT, head=header).master_data or b"") == expected
    alone = (
        '<md:EPCISMasterDataDocument xmlns:md="urn:epcglobal:epcis-masterdata:xsd:1" schemaVersion="1.0"'
        f' creationDate="2026-11-21T08:30:00"><EPCISBody>{listed}</EPCISBody></md:EPCISMasterDataDocument>'
    )
    found = read_xml_document(alone.encode(), Limits())
    assert (found.type, found.sources) == ("EPCISMasterDataDocument", ())
    assert json.loads(found.master_data or b"") == expected


def test_a_header_of_business_documents_is_passed_over() -> None:
    header = (
        '<EPCISHeader xmlns:s="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">'
        "<s:StandardBusinessDocumentHeader><s:Sender>x</s:Sender></s:StandardBusinessDocumentHeader></EPCISHeader>"
    )
    assert len(read(OBJECT, head=header).sources) == 1


def test_a_bare_event_may_carry_what_its_document_would() -> None:
    bare = OBJECT.replace("<ObjectEvent>", '<ObjectEvent schemaVersion="2.0" creationDate="2026-11-21T08:30:00Z">')
    found = read_xml_document(bare.encode(), Limits())
    assert (found.type, found.sources[0].event) == ("ObjectEvent", read(OBJECT).sources[0].event)


@pytest.mark.parametrize(
    ("event", "place"),
    [
        (OBJECT.replace(EPC, "urn:epc:id:sgtin:1"), "EventList/*[2]/epcList/epc[1]"),
        (f"<ObjectEvent>{WHEN}{EPCS}<made>x</made></ObjectEvent>", "EventList/*[2]/made"),
        (f"<ObjectEvent>{WHEN}{EPCS}<action>ADD</action></ObjectEvent>", "EventList/*[2]/action"),
        (f"<ObjectEvent>{WHEN}{EPCS}<type>ADD</type></ObjectEvent>", "EventList/*[2]/type"),
        (f"<ObjectEvent>{EPCS}{WHEN}</ObjectEvent>", "EventList/*[2]/eventTime"),
        (f"<ObjectEvent>{WHEN}{EPCS}words</ObjectEvent>", "EventList/*[2]"),
        (
            f"<ObjectEvent>{WHEN}<epcList><id>x</id></epcList><action>ADD</action></ObjectEvent>",
            "EventList/*[2]/epcList",
        ),
        (f"<ObjectEvent>{WHEN}{EPCS}<bizStep a='1'>x</bizStep></ObjectEvent>", "EventList/*[2]/bizStep"),
        (
            with_list("bizTransactionList", "<bizTransaction type='po'>no uri</bizTransaction>"),
            "EventList/*[2]/bizTransactionList/bizTransaction[1]",
        ),
        (
            with_list("sensorElementList", "<sensorElement><sensorReport type='gs1:Mass' value='x'/></sensorElement>"),
            "EventList/*[2]/sensorElementList/sensorElement[1]/sensorReport[1]/@value",
        ),
        (f"<ObjectEvent>{WHEN}<epcList>{EPC}</epcList><action>ADD</action></ObjectEvent>", "EventList/*[2]/epcList"),
        (f"<ObjectEvent>{WHEN}<epcList n='1'/><action>ADD</action></ObjectEvent>", "EventList/*[2]/epcList"),
        (with_list("sourceList", "urn:x:y"), "EventList/*[2]/sourceList"),
        (with_list("destinationList", ""), "EventList/*[2]/destinationList"),
        (
            with_list(
                "quantityList", "<quantityElement><quantity>1</quantity><epcClass>urn:x:y</epcClass></quantityElement>"
            ),
            "EventList/*[2]/quantityList/quantityElement/epcClass",
        ),
        (
            with_list("persistentDisposition", "<set>urn:x:y</set><unset>urn:x:z</unset>"),
            "EventList/*[2]/persistentDisposition/unset",
        ),
        ("<Event/>", "EventList/Event"),
        (
            f"<ObjectEvent>{WHEN}<ex:note xmlns:ex='urn:x'/>{EPCS}</ObjectEvent>",
            "EventList/*[2]/epcList",
        ),
        (f"<ex:ObjectEvent xmlns:ex='urn:x'>{WHEN}{EPCS}</ex:ObjectEvent>", "EventList/{urn:x}ObjectEvent"),
    ],
)
def test_a_fault_is_told_with_the_number_of_its_event_and_its_path(event: str, place: str) -> None:
    assert place_of_fault(document(OBJECT + event)) == f"/EPCISDocument/EPCISBody/{place}"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (('schemaVersion="2.0"', 'schemaVersion="3.0"'), "/EPCISDocument/@schemaVersion"),
        ((' creationDate="2026-11-21T08:30:00Z"', ""), "/EPCISDocument/@creationDate"),
        (("2026-11-21T08:30:00Z", "yesterday"), "/EPCISDocument/@creationDate"),
        (("EPCISBody>", "Body>"), "/EPCISDocument/Body"),
        ((f"<EPCISBody><EventList>{OBJECT}</EventList></EPCISBody>", ""), "/EPCISDocument"),
        (("<EventList>", "<EventList/><EventList>"), "/EPCISDocument/EPCISBody/EventList"),
        (("<EPCISBody>", "<EPCISBody/><EPCISBody>"), "/EPCISDocument/EPCISBody"),
    ],
)
def test_a_document_that_is_none_is_refused(change: tuple[str, str], place: str) -> None:
    assert place_of_fault(document(OBJECT).replace(change[0].encode(), change[1].encode())) == place


def test_a_lenient_source_may_have_its_own_order_and_that_is_told() -> None:
    source = read(f"<ObjectEvent>{EPCS}{WHEN}</ObjectEvent>", ANY_ORDER).sources[0]
    assert {(one.rule, one.place.rpartition("/")[2]) for one in source.forgiven} == {
        ("order", "eventTime"),
        ("order", "eventTimeZoneOffset"),
    }
    assert source.event == read(OBJECT).sources[0].event


def test_too_many_events_are_refused() -> None:
    with pytest.raises(TooLarge):
        read_xml_document(document(OBJECT * 3), Limits(events=2))
    with pytest.raises(TooLarge):
        read_xml_document(document(OBJECT), Limits(body=100))


def test_a_file_is_read_twice_and_gives_what_a_body_gives() -> None:
    body = document(OBJECT * 3 + OBJECT.replace(f"<epc>{EPC}", "<epc><x/>") + OBJECT)
    frame = read_xml_frame(io.BytesIO(body), Limits())
    assert (frame.head.type, frame.place, frame.events) == ("EPCISDocument", "/epcisBody/eventList", 5)
    events = list(iter_xml_events(io.BytesIO(body), Limits()))
    assert [isinstance(event, bytes) for event in events] == [True, True, True, False, True]
    assert events[0] == read(OBJECT).sources[0].raw


TOKENS = re.findall(
    rb"<[^>]*>|[^<]+", document(with_list("bizTransactionList", "<bizTransaction>urn:x:1</bizTransaction>"))
)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(TOKENS) - 1), st.sampled_from([*TOKENS, b"", b"<type>", b"&"])), max_size=3)
)
def test_nothing_but_a_refusal_comes_of_changes(changes: list[tuple[int, bytes]]) -> None:
    tokens = list(TOKENS)
    for place, token in changes:
        tokens[place] = token
    with contextlib.suppress(InvalidDocument):
        read_xml_document(b"".join(tokens), Limits())


# --- known answers


def hashes(path: Path) -> list[str]:
    found = read_xml_document(path.read_bytes(), Limits(), ANY_ORDER)
    return [event_hash(source.event, found.context, found.ignored) for source in found.sources]


def test_the_published_hashes_of_xml_documents_match(shared: Path) -> None:
    folder = shared / "epcis" / "RalphTro__epcis-event-hash-generator" / "tests" / "examples"
    expected = {path: path.with_suffix(".hashes").read_text().split() for path in sorted(folder.glob("*.xml"))}
    assert sum(map(len, expected.values())) >= 40
    assert {path.name: hashes(path) for path in expected} == {path.name: given for path, given in expected.items()}


def test_different_writings_of_one_event_have_one_hash(shared: Path) -> None:
    folder = shared / "epcis" / "RalphTro__epcis-event-hash-generator" / "tests" / "expected_equal"
    paths = sorted(folder.glob("*.xml"))
    assert len(paths) >= 5
    assert {path.name: len(set(hashes(path))) for path in paths} == {path.name: 1 for path in paths}


def test_gs1s_own_examples_are_read(shared: Path) -> None:
    paths = sorted((shared / "epcis" / "gs1__EPCIS" / "XML").rglob("*.xml"))
    read_here = [path for path in paths if path.parent.name != "CaptureJob"]
    assert len(read_here) >= 20
    for path in read_here:
        found = read_xml_document(path.read_bytes(), Limits())
        assert found.sources or found.master_data, path


def test_xml_and_json_of_one_example_have_one_hash(shared: Path) -> None:
    folder = shared / "epcis" / "RalphTro__epcis-event-hash-generator" / "tests" / "examples"
    pairs = [
        (path, path.with_suffix(".jsonld")) for path in folder.glob("*.xml") if path.with_suffix(".jsonld").exists()
    ]
    assert len(pairs) >= 8
    for xml, jsonld in pairs:
        of_json = read_document(jsonld.read_bytes(), Limits())
        assert hashes(xml) == [event_hash(one.event, of_json.context, of_json.ignored) for one in of_json.sources]


def test_invalid_documents_are_refused(shared: Path) -> None:
    folder = shared / "epcis" / "openepcis__openepcis-test-resources" / "core" / "src" / "main" / "resources"
    paths = sorted(path for path in folder.rglob("*.xml") if path.parent.name == "Invalid")
    assert len(paths) >= 7
    for path in paths:
        with pytest.raises(InvalidDocument):
            read_xml_document(path.read_bytes(), Limits())


def test_the_events_of_the_interoperability_suite_are_read(shared: Path) -> None:
    folder = shared / "epcis" / "Fosstrak__fosstrak-epcis" / "epcis-interop-test" / "src/test/resources/events"
    events = [
        source.event
        for path in folder.glob("*.xml")
        for source in read_xml_document(path.read_bytes(), Limits()).sources
    ]
    assert len(events) == 155
    assert sum(map(is_quantity_event, events)) == 10
