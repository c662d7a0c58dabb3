"""The EPCIS 2.0 capture interface over HTTP: documents and the jobs that they come to (EPCIS 2.0, 8.2.6 and 12.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from suyuan.base.api_schema import answer, answers, body_of
from suyuan.base.errors import InvalidInput, TooLarge
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.base.settings import Settings
from suyuan.epcis.resource_xml import write_resource
from suyuan.trace.access import ledger_of, require
from suyuan.trace.bodies import json_response
from suyuan.trace.capture_job import PROCEED, ROLLBACK, CaptureJob
from suyuan.trace.capture_jobs import NEWEST, find_job, list_jobs
from suyuan.trace.content_encoding import ACCEPTED
from suyuan.trace.document_intake import receive
from suyuan.trace.epcis_examples import DOCUMENT, EVENT, JOB
from suyuan.trace.epcis_headers import Wishes, answer_list, answer_resource, read_wishes, wishes_of
from suyuan.trace.event_answers import answer_events, in_form
from suyuan.trace.event_query import load_events
from suyuan.trace.ledger import Ledger
from suyuan.trace.page_tokens import next_page, page_after, read_cursor, write_cursor
from suyuan.trace.submitted_document import MEDIA_TYPES, check_media_type

#: Jobs on one page: the default, and at most.
_PAGE, _LARGEST_PAGE = 30, 1_000
_BEHAVIOUR = "GS1-Capture-Error-Behaviour"

router = APIRouter(prefix="/epcis", tags=["EPCIS 2.0"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]
CapturerIs = Annotated[Actor, Depends(require(Permission.CAPTURE))]
WishesAre = Annotated[Wishes, Depends(wishes_of)]


def capture_limits(settings: Settings) -> dict[str, dict[str, str]]:
    """Headers of every answer of the capture interface, by path: events and bytes of a document (EPCIS 2.0, 12.6.1)."""
    return {
        "/epcis/capture": {
            "GS1-EPCIS-Capture-Limit": str(settings.max_document_events),
            "GS1-EPCIS-Capture-File-Size-Limit": str(settings.max_document_bytes),
        }
    }


def capture_abilities(settings: Settings) -> dict[str, dict[str, str]]:
    """What OPTIONS tells of the capture interface beside its limits, by path.

    ``all`` is the standard's word for a server that has both behaviours; no request may say it.
    """
    return {"/epcis/capture": {_BEHAVIOUR: "all", "Accept-Encoding": ACCEPTED}}


def _proceeds(request: Request) -> bool:
    """Whether bad events are to be left out; `InvalidInput` for a behaviour that the standard does not have.

    Read here, not by a dependency: what FastAPI does for one header takes as long as looking up the key.
    """
    value = request.headers.get(_BEHAVIOUR, ROLLBACK).strip().lower()
    if value not in (ROLLBACK, PROCEED):
        raise InvalidInput(f"{value[:40]!r} is no behaviour", place=_BEHAVIOUR, remedy=f"send {ROLLBACK} or {PROCEED}")
    return value == PROCEED


#: The header as the API documentation shows it.
_BEHAVIOUR_PARAMETER = {
    "name": _BEHAVIOUR,
    "in": "header",
    "description": "rollback: all events or none; proceed: bad events are left out and told",
    "schema": {"type": "string", "enum": [ROLLBACK, PROCEED], "default": ROLLBACK},
}


@router.post(
    "/capture",
    status_code=202,
    summary="Capture events",
    responses=answers(
        {202: answer(CaptureJob, "Stored after the commit; a large document: taken, and running", JOB)},
        {
            400: "Not a valid document",
            401: "No key",
            403: "A key of a role that may not capture",
            406: "No such form",
            408: "The body came too slowly",
            409: "An event ID that is taken by other content",
            413: "Over the limit",
            415: "A media type or encoding that is not read",
            503: "Busy: send it again",
        },
    ),
    openapi_extra=body_of(None, "An EPCIS document, a query document or a bare event", DOCUMENT, MEDIA_TYPES)
    | {"parameters": [_BEHAVIOUR_PARAMETER]},
)
async def capture(request: Request, ledger: LedgerIs, actor: CapturerIs) -> Response:
    """Stores a document. The same document again is answered with the places it already has.

    A small document is stored when the answer comes, and its faults are the answer. A large one (over
    `large_document_bytes` or `max_events`) is on disk when the answer comes, and is captured in the background: its
    job tells when it is done, and its faults.
    """
    media_type, proceed = check_media_type(request.headers.get("content-type", "")), _proceeds(request)
    wishes, state = read_wishes(request), request.app.state
    received = await receive(request, state.intake_limits, state.capture_desk.spool)
    if isinstance(received, bytes):
        job = await ledger.capture(received, media_type, actor, proceed)
        headers = _headers(job.capture_id, job.error_behaviour)
        return _taken(job, headers, wishes) if job.success or proceed else _refused(job, headers, wishes)
    job_id = received.name
    await state.capture_desk.open(received, media_type, actor, proceed)
    with ledger.view() as view:
        job = find_job(view, job_id, actor)
    return _taken(job, _headers(job_id, job.error_behaviour), wishes)


def _headers(name: str, behaviour: str) -> dict[str, str]:
    return {"Location": f"/epcis/capture/{name}", _BEHAVIOUR: behaviour}


def _taken(job: CaptureJob, headers: dict[str, str], wishes: Wishes) -> Response:
    if not wishes.xml:
        return json_response(job, 202, headers)
    response = answer_resource(wishes, "EPCISCaptureJob", _members(job), headers)
    response.status_code = 202
    return response


def _refused(job: CaptureJob, headers: Mapping[str, str], wishes: Wishes) -> Response:
    """A conflict: the document is kept as a failed job; the problem names its first event."""
    first = job.errors[0]
    problem = {
        "type": first.type,
        "title": first.title,
        "status": first.status,
        "detail": first.detail,
        "instance": f"/epcis/capture/{job.capture_id}",
        "place": first.instance,
        "errors": job.errors,
    }
    if wishes.xml:
        body = write_resource("EPCISException", msgspec.to_builtins(problem))
        return Response(body, first.status, headers, media_type="application/problem+xml")
    return Response(msgspec.json.encode(problem), first.status, headers, media_type="application/problem+json")


@router.get(
    "/capture",
    summary="All capture jobs",
    responses=answers(
        {200: answer(list[CaptureJob], "The latest first, without their events; Link holds the next page", [JOB])},
        {401: "No key", 403: "A key of a role that may not capture", 406: "No such form"},
    ),
)
def capture_jobs(
    request: Request,
    ledger: LedgerIs,
    actor: CapturerIs,
    wishes: WishesAre,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=_LARGEST_PAGE)] = _PAGE,
    next_page_token: Annotated[str | None, Query(alias="nextPageToken")] = None,
) -> Response:
    """The jobs of the key and of other keys of its firm."""
    with ledger.view() as view:
        before = read_cursor(page_after(view, next_page_token), int, NEWEST)
        jobs, following = list_jobs(view, actor, per_page, before)
    found = [_members(job) for job in jobs]
    for job in found:
        del job["events"]
    pages = next_page(request, None if following is None else write_cursor(following))
    return answer_list(wishes, "EPCISCaptureJobList", "EPCISCaptureJob", found, pages)


@router.get(
    "/capture/{capture_id}",
    summary="One capture job",
    responses=answers({200: answer(CaptureJob, "The job", JOB)}, {404: "No such job, or not yours"}),
)
def capture_job(capture_id: str, ledger: LedgerIs, actor: CapturerIs, wishes: WishesAre) -> Response:
    """What a captured document came to, for the key that sent it and other keys of the same firm."""
    with ledger.view() as view:
        job = find_job(view, capture_id, actor)
    return answer_resource(wishes, "EPCISCaptureJob", _members(job))


def _members(job: CaptureJob) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(job)
    return found


@router.post(
    "/events",
    status_code=201,
    summary="Capture one event",
    responses=answers(
        {201: answer(dict[str, Any], "Stored: the event, and in Location its address", EVENT)},
        {
            400: "Not a valid event",
            401: "No key",
            403: "A key of a role that may not capture",
            406: "No such form",
            409: "An event ID that is taken by other content",
            413: "Over the limit",
            415: "A media type or encoding that is not read",
            503: "Busy: send it again",
        },
    ),
    openapi_extra=body_of(None, "One event, with its own @context", EVENT, MEDIA_TYPES),
)
async def capture_event(request: Request, ledger: LedgerIs, actor: CapturerIs) -> Response:
    """Stores one bare event. The same event again is the same success. In XML it is answered within a document."""
    media_type = check_media_type(request.headers.get("content-type", ""))
    wishes, state = read_wishes(request), request.app.state
    received = await receive(request, state.intake_limits, state.capture_desk.spool)
    if not isinstance(received, bytes):
        received.remove()
        raise TooLarge("the body is larger than any event", remedy="send documents to /epcis/capture")
    job = await ledger.capture(received, media_type, actor, bare=True)
    headers = _headers(job.capture_id, job.error_behaviour)
    if not job.success:
        return _refused(job, headers, wishes)
    (captured,) = job.events
    headers["Location"] = f"/epcis/events/{quote(captured.event_id, safe=':;')}"
    with ledger.view() as view:
        found = load_events(view, [captured.index])
        if wishes.xml:
            response = answer_events(view, wishes, found, headers)
        else:
            response = json_response(next(iter(in_form(view, wishes, found))), 201, wishes.headers | headers)
    response.status_code = 201
    return response
