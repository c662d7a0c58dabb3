"""Examples in the API documentation of the EPCIS interfaces."""

from __future__ import annotations

from typing import Any

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
