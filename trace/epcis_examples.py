"""What the API documentation of the EPCIS interfaces says in several places: examples, media types, refusals."""

from __future__ import annotations

from typing import Any

from suyuan.base.api_schema import answer, answers
from suyuan.base.clock import parse_time
from suyuan.epcis import xml_writer

#: One event.
EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-10-12T08:30:00.000+08:00",
    "eventTimeZoneOffset": "+08:00",
    "epcList": ["https://id.gs1.org/01/09506000134352/21/1001"],
    "action": "OBSERVE",
    "bizStep": "shipping",
    "disposition": "in_transit",
    "readPoint": {"id": "https://id.gs1.org/414/9506000134352/254/gate1"},
}
#: A document to capture.
DOCUMENT: dict[str, Any] = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-10-12T00:31:00Z",
    "epcisBody": {"eventList": [EVENT]},
}
#: What a query answers.
ANSWER: dict[str, Any] = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "EPCISQueryDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-10-12T00:31:00Z",
    "epcisBody": {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": [EVENT]}}},
}
#: A capture job that is done.
JOB: dict[str, Any] = {
    "captureID": "8f14e45fceea167a5a36dedd4bea2543",
    "createdAt": "2026-10-12T00:31:00.120Z",
    "finishedAt": "2026-10-12T00:31:00.120Z",
    "success": True,
    "running": False,
    "captureErrorBehaviour": "rollback",
    "errors": [],
    "events": [{"eventID": "ni:///sha-256;5f7c...?ver=CBV2.0", "index": 4711, "duplicate": False}],
}

#: Media types that every resource is answered in.
FORMS = ("application/json", "application/ld+json", "application/xml", "text/xml")
#: What any question may be refused for.
REFUSALS = {
    400: "A parameter that cannot be read",
    401: "No key",
    403: "A role that may not read events",
    406: "A form, or a version, that is not written here",
    413: "A question that takes too long, or an answer over maxEventCount",
    414: "A URL that is too long",
}


def in_all_forms(described: dict[str, Any], xml: bytes) -> dict[str, Any]:
    """A response that comes in every media type, with an example in XML."""
    (content,) = described["content"].values()
    text = {"schema": {"type": "string"}, "example": xml.decode()}
    return {**described, "content": {form: text if "xml" in form else content for form in FORMS}}


_DOCUMENT = answer(dict[str, Any], "An EPCISQueryDocument; Link leads to the next page", ANSWER)
_IN_XML = xml_writer.write_query_document([EVENT], creation_date=parse_time(ANSWER["creationDate"])[0])
#: ``responses`` of a route that answers events.
EVENTS_ANSWERED = answers({200: in_all_forms(_DOCUMENT, _IN_XML)}, REFUSALS)
