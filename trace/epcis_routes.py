"""The EPCIS 2.0 REST interface: capture and query (EPCIS 2.0 section 8.2, 12)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import text

from suyuan.base.api_schema import answer, answers, body_of
from suyuan.base.clock import format_time, now, parse_time
from suyuan.base.errors import InvalidInput, NotFound, UnsupportedMedia
from suyuan.base.identity import ORGANISATIONS, Actor
from suyuan.base.permissions import Permission
from suyuan.epcis.json_codec import write_query_document
from suyuan.trace.access import ledger_of, require
from suyuan.trace.bodies import json_response, read_body
from suyuan.trace.capture_job import CapturedEvent, CaptureJob
from suyuan.trace.event_query import (
    DEFAULT_PAGE,
    LARGEST_PAGE,
    EventQuery,
    captured_by,
    find_event,
    load_events,
    run_query,
)
from suyuan.trace.ledger import Ledger
from suyuan.trace.things import event_ids

_JSON_TYPES = ("application/ld+json", "application/json")
_HEADERS = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0", "GS1-EPCIS-Capture-Error-Behaviour": "rollback"}

_EVENT_EXAMPLE = {
    "type": "ObjectEvent",
    "eventTime": "2026-10-12T08:30:00.000+08:00",
    "eventTimeZoneOffset": "+08:00",
    "epcList": ["https://id.gs1.org/01/09506000134352/21/1001"],
    "action": "OBSERVE",
    "bizStep": "shipping",
    "disposition": "in_transit",
    "readPoint": {"id": "https://id.gs1.org/414/9506000134352/254/gate1"},
}
_DOCUMENT_EXAMPLE = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-10-12T00:31:00Z",
    "epcisBody": {"eventList": [_EVENT_EXAMPLE]},
}
_ANSWER_EXAMPLE = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "EPCISQueryDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-10-12T00:31:00Z",
    "epcisBody": {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": [_EVENT_EXAMPLE]}}},
}
_JOB_EXAMPLE = {
    "captureID": "8f14e45fceea167a5a36dedd4bea2543",
    "createdAt": "2026-10-12T00:31:00.120Z",
    "finishedAt": "2026-10-12T00:31:00.120Z",
    "success": True,
    "running": False,
    "captureErrorBehaviour": "rollback",
    "errors": [],
    "events": [{"eventID": "ni:///sha-256;5f7c...?ver=CBV2.0", "index": 4711, "duplicate": False}],
}

#: Link relation from an event to what declares it erroneous.
_DECLARED = "https://ns.suyuan.example/voc/errorDeclaration"

router = APIRouter(prefix="/epcis", tags=["EPCIS 2.0"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]


@router.post(
    "/capture",
    status_code=202,
    summary="Capture events",
    responses=answers(
        {202: answer(CaptureJob, "Stored: the answer comes after the commit", _JOB_EXAMPLE)},
        {
            400: "Not a valid document",
            401: "No key",
            403: "A key of a role that may not capture",
            409: "An event ID that is taken by other content",
            413: "Over the limit",
            415: "Not JSON",
            503: "Busy: send it again",
        },
    ),
    openapi_extra=body_of(None, "An EPCIS document, a query document or a bare event", _DOCUMENT_EXAMPLE, _JSON_TYPES),
)
async def capture(
    request: Request, ledger: LedgerIs, actor: Annotated[Actor, Depends(require(Permission.CAPTURE))]
) -> Response:
    """Stores a document whole or not at all. The same document again is answered with the places it already has."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _JSON_TYPES:
        raise UnsupportedMedia(
            f"content type {media_type[:60]!r} is not read here", remedy=f"send one of: {', '.join(_JSON_TYPES)}"
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("the body is compressed", remedy="send it with Content-Encoding: identity")
    body = await read_body(request, request.app.state.settings.max_body_bytes)
    job = await ledger.capture(body, media_type, actor)
    headers = {**_HEADERS, "Location": f"/epcis/capture/{job.capture_id}"}
    return json_response(job, 202, headers) if job.success else _refused(job, headers)


def _refused(job: CaptureJob, headers: dict[str, str]) -> Response:
    """A conflict: the document is kept as a failed job; the problem names its first event."""
    first = job.errors[0]
    problem = {
        "type": f"https://suyuan.example/problems/{first.type}",
        "title": first.title,
        "status": first.status,
        "detail": first.detail,
        "instance": f"/epcis/capture/{job.capture_id}",
        "place": first.instance,
        "errors": job.errors,
    }
    return Response(msgspec.json.encode(problem), first.status, headers, media_type="application/problem+json")


@router.get(
    "/capture/{capture_id}",
    summary="One capture job",
    responses=answers({200: answer(CaptureJob, "The job", _JOB_EXAMPLE)}, {404: "No such job, or not yours"}),
)
def capture_job(
    capture_id: str, ledger: LedgerIs, actor: Annotated[Actor, Depends(require(Permission.CAPTURE))]
) -> Response:
    """What a captured document came to, for the key that sent it and other keys of the same firm."""
    with ledger.view() as view:
        row = view.connection.execute(
            text("SELECT * FROM capture WHERE name = :name"), {"name": capture_id[:64]}
        ).first()
        ours = row is not None and (row.key_id == actor.key_id or (row.party and row.party == actor.party))
        if row is None or not ours:
            raise NotFound(f"there is no capture job {capture_id[:64]} of yours")
        places = view.connection.execute(
            text("SELECT event, duplicate FROM capture_event WHERE capture = :id ORDER BY ordinal"), {"id": row.id}
        ).all()
        ids = event_ids(view, [place.event for place in places])
    events = [CapturedEvent(ids[place.event], place.event, bool(place.duplicate)) for place in places]
    time = format_time(row.received)
    errors = [{"type": "conflict", "title": "Refused", "detail": row.problem, "status": 409}] if row.problem else []
    job = msgspec.to_builtins(CaptureJob(row.name, time, time, bool(row.success), events=events)) | {"errors": errors}
    return json_response(job, headers=_HEADERS)


def _time(value: str | None, name: str) -> int | None:
    """A time parameter. A plus sign that a client forgot to encode arrives as a space."""
    if value is None:
        return None
    try:
        return parse_time(value.replace(" ", "+"))[0]
    except InvalidInput as error:
        raise InvalidInput(error.detail, place=name, remedy=error.remedy) from None


def _words(values: list[str] | None) -> list[str]:
    """List parameters come repeated, or as one value with commas or bars between."""
    return [word for value in values or [] for word in value.replace("|", ",").split(",") if word]


@router.get(
    "/events",
    summary="Query events",
    responses=answers(
        {
            200: answer(
                dict[str, Any], "Events in log order; Link holds the next page", _ANSWER_EXAMPLE, "application/ld+json"
            )
        },
        {400: "A parameter that cannot be read", 401: "No key", 403: "A role that may not read events"},
    ),
)
def events(
    request: Request,
    ledger: LedgerIs,
    actor: Annotated[Actor, Depends(require(Permission.READ_EVENTS))],
    event_type: Annotated[list[str] | None, Query(alias="eventType", examples=["ObjectEvent"])] = None,
    ge_event_time: Annotated[str | None, Query(alias="GE_eventTime", examples=["2026-10-12T00:00:00Z"])] = None,
    lt_event_time: Annotated[str | None, Query(alias="LT_eventTime")] = None,
    ge_record_time: Annotated[str | None, Query(alias="GE_recordTime")] = None,
    lt_record_time: Annotated[str | None, Query(alias="LT_recordTime")] = None,
    biz_step: Annotated[list[str] | None, Query(alias="EQ_bizStep", examples=["shipping"])] = None,
    biz_step_alias: Annotated[list[str] | None, Query(alias="bizStep", include_in_schema=False)] = None,
    match_epc: Annotated[list[str] | None, Query(alias="MATCH_epc")] = None,
    match_any_epc: Annotated[list[str] | None, Query(alias="MATCH_anyEPC")] = None,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=LARGEST_PAGE)] = DEFAULT_PAGE,
    next_page_token: Annotated[str | None, Query(alias="nextPageToken")] = None,
) -> Response:
    """Events that meet every parameter. A firm sees the events of its own keys; a regulator all."""
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise InvalidInput(
            "there is no such query parameter", place=unknown[0][:80], remedy=f"known: {', '.join(sorted(known))}"
        )
    query = EventQuery(
        event_type=_words(event_type),
        ge_event_time=_time(ge_event_time, "GE_eventTime"),
        lt_event_time=_time(lt_event_time, "LT_eventTime"),
        ge_record_time=_time(ge_record_time, "GE_recordTime"),
        lt_record_time=_time(lt_record_time, "LT_recordTime"),
        biz_step=_words([*(biz_step or []), *(biz_step_alias or [])]),
        match_epc=[value for value in match_epc or [] if value],
        match_any_epc=[value for value in match_any_epc or [] if value],
        party=_own(actor),
    )
    with ledger.view() as view:
        page = run_query(view, query, per_page, next_page_token)
    body = write_query_document([event.body for event in page.events], creation_date=now())
    headers = dict(_HEADERS)
    if page.next_token:
        following = request.url.include_query_params(nextPageToken=page.next_token)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
        headers["GS1-Next-Page-Token"] = page.next_token
    return Response(body, headers=headers, media_type="application/ld+json")


def _own(actor: Actor) -> str:
    """The party whose events an actor sees: its own for a firm, everybody's for a regulator."""
    if actor.role in ORGANISATIONS:
        return actor.party or f"key:{actor.key_id}"
    return ""


@router.get(
    "/events/{event_id:path}",
    summary="One event and its error declarations",
    responses=answers(
        {200: answer(dict[str, Any], "An EPCISQueryDocument", _DOCUMENT_EXAMPLE, "application/ld+json")},
        {404: "No such event"},
    ),
)
def event(
    event_id: str,
    request: Request,
    ledger: LedgerIs,
    actor: Annotated[Actor, Depends(require(Permission.READ_EVENTS))],
) -> Response:
    """The event with this ID first, then whatever declares it erroneous, as the standard's own interface has it."""
    wanted = _with_version(event_id, request)
    party = _own(actor)
    with ledger.view() as view:
        indexes = find_event(view, wanted)
        found = sorted(load_events(view, indexes), key=lambda event: indexes.index(event.index))
        shown = [event for event in found if not party or captured_by(view, event.index, party)]
    if not shown:
        raise NotFound(f"there is no event {wanted[:200]}")
    body = write_query_document([event.body for event in shown], creation_date=now())
    return Response(body, headers=_HEADERS, media_type="application/ld+json")


def _with_version(event_id: str, request: Request) -> str:
    """A hash ID ends in ``?ver=CBV2.0``; a client that does not encode the ``?`` sends that as a query."""
    version = request.query_params.get("ver")
    if event_id.startswith("ni:") and version and "?ver=" not in event_id:
        return f"{event_id}?ver={version}"
    return event_id
