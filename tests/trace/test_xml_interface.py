"""Capture in XML and answers in either form, over TCP: what a client of EPCIS 1.x or 2.0 sends comes back to both."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.epcis.xml_schemas import schemas_in
from tests.serving import Service

from suyuan.epcis.json_text import Limits
from suyuan.epcis.quantity_event import DEPRECATED_TYPE
from suyuan.epcis.xml_reader import read_xml_document

_steps = itertools.count()
WHEN = "<eventTime>2026-11-21T08:30:00Z</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
XML = {"Content-Type": "application/xml"}


def step() -> str:
    """A business step of one test's own, by which it finds its events."""
    return f"https://xml.example/steps/{next(_steps)}"


def sensed(own: str) -> str:
    return (
        f"<ObjectEvent>{WHEN}<epcList><epc>urn:epc:id:sgtin:0614141.107346.9{next(_steps):06}</epc></epcList>"
        f"<action>OBSERVE</action><bizStep>{own}</bizStep><disposition>urn:epcglobal:cbv:disp:in_transit</disposition>"
        "<readPoint><id>urn:epc:id:sgln:0614141.07346.12</id></readPoint><sensorElementList><sensorElement>"
        '<sensorReport type="gs1:Temperature" value="4.5" uom="CEL"/></sensorElement></sensorElementList>'
        '<ex:seal xmlns:ex="https://ex.example/">closed</ex:seal></ObjectEvent>'
    )


def counted(own: str) -> str:
    return (
        f"<QuantityEvent>{WHEN}<epcClass>urn:epc:idpat:sgtin:0614141.107346.*</epcClass><quantity>12</quantity>"
        f"<bizStep>{own}</bizStep></QuantityEvent>"
    )


def document(*events: str, version: str = "2.0") -> bytes:
    return (
        f'<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:{version[0]}" schemaVersion="{version}" '
        f'creationDate="2026-11-21T08:30:00Z"><EPCISBody><EventList>{"".join(events)}</EventList></EPCISBody>'
        "</e:EPCISDocument>"
    ).encode()


def send(service: Service, body: bytes, **headers: str) -> httpx.Response:
    return service.call("POST", "/epcis/capture", "producer", content=body, headers=XML | headers)


def ask(service: Service, question: str, **headers: str) -> httpx.Response:
    answer = service.get(f"/epcis/events?{question}", "producer", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return found


@pytest.mark.parametrize("media", ["application/xml", "text/xml; charset=utf-8"])
def test_what_was_captured_in_xml_is_answered_in_json_as_the_standard_has_it(
    service: Service, shared: Path, media: str
) -> None:
    own = step()
    assert send(service, document(sensed(own)), **{"Content-Type": media}).status_code == 202
    answer = ask(service, f"EQ_bizStep={own}")
    (event,) = events(answer)
    assert (event["disposition"], event["sensorElementList"][0]["sensorReport"][0]["type"]) == (
        "in_transit",
        "Temperature",
    )
    assert (event["ex:seal"], event["@context"]) == ("closed", [{"ex": "https://ex.example/"}])
    schema = json.loads((shared / "epcis" / "gs1__EPCIS" / "EPCIS-JSON-Schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(answer.json())


@pytest.mark.parametrize(("wishes", "version"), [({}, "2.0"), ({"GS1-EPCIS-Max": "1.2"}, "1.2")])
def test_an_answer_in_xml_is_valid_in_its_version_and_says_the_same(
    service: Service, shared: Path, wishes: dict[str, str], version: str
) -> None:
    own = step()
    assert send(service, document(sensed(own), counted(own), version="1.2")).status_code == 202
    answer = ask(service, f"EQ_bizStep={own}", Accept="application/xml", **wishes)
    assert schemas_in(shared).fault(answer.content, version) is None
    in_xml = read_xml_document(answer.content, Limits())
    in_json = events(ask(service, f"EQ_bizStep={own}"))
    ours = {"2.0": [event["eventID"] for event in in_json], "1.2": [None, None]}  # 1.2 has none but the source's own
    assert [source.event.event_id for source in in_xml.sources] == ours[version]
    assert (b"<QuantityEvent" in answer.content) is (version == "1.2")


def test_a_quantity_event_is_found_under_its_own_type(service: Service) -> None:
    own = step()
    assert send(service, document(sensed(own), counted(own), version="1.0")).status_code == 202
    found = {
        kind: events(ask(service, f"EQ_bizStep={own}&eventType={kind}")) for kind in ("QuantityEvent", "ObjectEvent")
    }
    assert [len(listed) for listed in found.values()] == [1, 1]
    assert found["QuantityEvent"][0][DEPRECATED_TYPE] == "QuantityEvent"
    assert len(events(ask(service, f"EQ_bizStep={own}&EQ_action=OBSERVE"))) == 1


def test_a_bare_event_is_captured(service: Service) -> None:
    own = step()
    answer = service.call("POST", "/epcis/events", "producer", content=sensed(own).encode(), headers=XML)
    assert answer.status_code == 201, answer.text
    assert len(events(ask(service, f"EQ_bizStep={own}"))) == 1


def test_the_same_event_in_json_is_the_same_event(service: Service) -> None:
    own = step()
    assert send(service, document(sensed(own))).status_code == 202
    (event,) = events(ask(service, f"EQ_bizStep={own}"))
    again = {name: value for name, value in event.items() if name not in {"eventID", "recordTime"}}
    whole = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-21T08:30:00Z",
        "epcisBody": {"eventList": [again]},
    }
    assert service.capture(json.dumps(whole).encode()).status_code == 202
    assert len(events(ask(service, f"EQ_bizStep={own}"))) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'<!DOCTYPE a [<!ENTITY a "ha">]><a>&a;</a>', "declar"),
        (document("<ObjectEvent>" + "<a>" * 10_000), "deeper"),
        (document("<ObjectEvent><action>ADD</action></ObjectEvent>"), "EventList/*[1]"),
        (document("<ObjectEvent>" + WHEN + "<x>\xff</x></ObjectEvent>").replace(b"\xc3\xbf", b"\xff"), "not XML"),
    ],
)
def test_bad_xml_is_refused_with_its_place(service: Service, body: bytes, told: str) -> None:
    answer = send(service, body)
    assert answer.status_code in {400, 413}
    assert told in answer.text


def test_of_a_document_that_may_go_on_the_good_events_are_kept(service: Service) -> None:
    own = step()
    wrong = sensed(own).replace("urn:epc:id:sgtin:0614141.107346", "urn:epc:id:sgtin:06141.107346")
    answer = send(service, document(sensed(own), wrong, sensed(own)), **{"GS1-Capture-Error-Behaviour": "proceed"})
    assert answer.status_code == 202, answer.text
    assert len(events(ask(service, f"EQ_bizStep={own}"))) == 2
    job = service.get(answer.headers["location"], "producer").json()
    (fault,) = job["errors"]
    assert fault["event"] == 1
    assert fault["instance"] == "/EPCISDocument/EPCISBody/EventList/*[2]/epcList/epc[1]"
