from __future__ import annotations

import json

import pytest
from tests.serving import Service
from tests.trace.scribe import Scribe, object_event

from suyuan.base.errors import InvalidDocument
from suyuan.trace.derivation import read_stored

WRONG = {"bizStep": "transforming", "epcList": ["https://id.gs1.org/01/09521141012346/21/7"]}


def test_what_a_lenient_source_was_forgiven_stands_beside_its_capture(scribe: Scribe) -> None:
    with pytest.raises(InvalidDocument):
        scribe.capture(object_event(1, **WRONG))
    with pytest.raises(InvalidDocument):
        scribe.capture(object_event(1, **WRONG), lenient=("vocabulary",))
    job = scribe.capture(object_event(1, **WRONG), lenient=("identifier", "vocabulary"))
    assert job.success
    rows = scribe.rows("SELECT capture, ordinal, number, place, rule FROM forgiven_fault ORDER BY number")
    assert [row[1:] for row in rows] == [
        (0, 0, "/epcisBody/eventList/0/epcList/0", "identifier"),
        (0, 1, "/epcisBody/eventList/0/bizStep", "vocabulary"),
    ]


def test_an_event_again_is_forgiven_nothing_again(scribe: Scribe) -> None:
    first = scribe.capture(object_event(1, **WRONG), lenient=("identifier", "vocabulary"))
    again = scribe.capture(object_event(1, **WRONG), lenient=("identifier", "vocabulary"))
    assert (first.events[0].index, again.events[0].duplicate) == (again.events[0].index, True)
    assert scribe.rows("SELECT COUNT(*) FROM forgiven_fault") == [(2,)]


def test_a_forgiven_event_is_derived_from_its_bytes_as_it_was_captured(scribe: Scribe) -> None:
    scribe.capture(object_event(1, **WRONG), lenient=("identifier", "vocabulary"))
    ((raw,),) = scribe.rows("SELECT body FROM payload")
    assert read_stored(bytes(raw), b"null").biz_step == "https://ns.suyuan.example/voc/unchecked/transforming"


@pytest.mark.parametrize("media_type", ["application/json", "application/xml"])
def test_a_key_may_be_lenient_over_http(service: Service, media_type: str) -> None:
    lenient = service.new_key("producer", "https://id.gs1.org/417/0614141000012", lenient=["vocabulary"])["key"]
    event = object_event(4711 + len(media_type), bizStep="transforming")
    body = json.dumps(event)
    if media_type == "application/xml":
        body = (
            f"<ObjectEvent><eventTime>{event['eventTime']}</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
            f"<epcList><epc>{event['epcList'][0]}</epc></epcList><action>OBSERVE</action>"
            "<bizStep>transforming</bizStep></ObjectEvent>"
        )
    headers = {"Content-Type": media_type}
    for key, status in (("producer", 400), (lenient, 202)):
        answer = service.call("POST", "/epcis/capture", key, content=body, headers=headers)
        assert answer.status_code == status, answer.text
