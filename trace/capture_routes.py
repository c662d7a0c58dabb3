"""The EPCIS 2.0 capture interface over HTTP: documents and the jobs that they come to (EPCIS 2.0, 8.2.6 and 12)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import text

from suyuan.base.api_schema import answer, answers, body_of
from suyuan.base.clock import format_time
from suyuan.base.errors import Conflict, NotFound, UnsupportedMedia
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.epcis.exceptions import PROBLEM_PREFIX, exception_of
from suyuan.trace.access import ledger_of, require
from suyuan.trace.bodies import json_response, read_body
from suyuan.trace.capture_job import CapturedEvent, CaptureJob
from suyuan.trace.epcis_examples import DOCUMENT, JOB
from suyuan.trace.ledger import Ledger
from suyuan.trace.things import event_ids

_JSON_TYPES = ("application/ld+json", "application/json")
_HEADERS = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0", "GS1-EPCIS-Capture-Error-Behaviour": "rollback"}

router = APIRouter(prefix="/epcis", tags=["EPCIS 2.0"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]


@router.post(
    "/capture",
    status_code=202,
    summary="Capture events",
    responses=answers(
        {202: answer(CaptureJob, "Stored: the answer comes after the commit", JOB)},
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
    openapi_extra=body_of(None, "An EPCIS document, a query document or a bare event", DOCUMENT, _JSON_TYPES),
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
        "type": PROBLEM_PREFIX + exception_of(Conflict),
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
    responses=answers({200: answer(CaptureJob, "The job", JOB)}, {404: "No such job, or not yours"}),
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
