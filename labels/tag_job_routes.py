"""Tag-write jobs over HTTP, for firms: open, watch, pause, resume, cancel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from suyuan.base.api_schema import LARGEST_NUMBER, answer, answers, body_of, text_answer
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.labels.progress import LINES
from suyuan.labels.tag_job_desk import TagJobs
from suyuan.labels.tag_jobs import JobState, JobStatus, TagJobOrder
from suyuan.trace.access import require
from suyuan.trace.bodies import json_response, read_value

router = APIRouter(prefix="/api/v1/labels", tags=["labels"])
Printer = Annotated[Actor, Depends(require(Permission.PRINT_LABELS))]

#: Bytes of an order: ten thousand single numbers.
_ORDER_BYTES = 256 * 1024
_MOST_JOBS = 100


async def tag_jobs_of(request: Request) -> TagJobs:
    """The application's desk of tag-write jobs."""
    jobs: TagJobs = request.app.state.tag_jobs
    return jobs


JobsAre = Annotated[TagJobs, Depends(tag_jobs_of)]


class WriterAnswer(msgspec.Struct, frozen=True):
    """A device that writes tags: ``kind`` is reader or printer; ``locks`` whether it has a password to lock them."""

    name: str
    kind: str
    locks: bool


_JOB = {
    "id": "T0a1b2c3d4e5f",
    "index": 4712,
    "batch": "B0a1b2c3d4e5f",
    "level": "item",
    "ranges": [[1, 480]],
    "writer": "packing-table",
    "design": "",
    "lock": False,
    "rewrite": False,
    "attempts": 3,
    "opened": "2026-11-21T06:00:00.000Z",
    "opened_by": "0a1b2c3d4e5f",
}
_STATUS: dict[str, Any] = {
    "job": _JOB,
    "state": "running",
    "reason": "no tag in the field",
    "interrupted": False,
    "total": 481,
    "written": 17,
    "failed": 0,
    "voided": 1,
    "left": 463,
    "failures": [{"number": 9, "reason": "the tag has left the field", "instead": 481}],
}
_ORDER = {
    "batch": "B0a1b2c3d4e5f",
    "level": "item",
    "numbers": "1-480",
    "writer": "packing-table",
    "request": "monday-1",
}
_LINE = '{"state":"running","written":17,"left":463}\n'
_REFUSALS = {
    400: "A field is wrong: its name is the place",
    401: "No key",
    403: "Not a firm",
    404: "The firm has no such job, batch or writer",
    409: "The job is over, or its writer is taken by another",
    503: "Busy: send it again",
}
_ANSWER = answers({200: answer(JobStatus, "The job as it is now", _STATUS)}, _REFUSALS)


@router.get(
    "/tag-writers",
    summary="What the firm may write tags with",
    responses=answers(
        {200: answer(list[WriterAnswer], "By name", [{"name": "packing-table", "kind": "reader", "locks": True}])},
        {status: _REFUSALS[status] for status in (401, 403)},
    ),
)
async def writers(jobs: JobsAre, actor: Printer) -> Response:
    """Readers and printers of the server's file of tag writers."""
    stations = sorted(jobs.stations(actor), key=lambda station: station.name)
    return json_response([WriterAnswer(station.name, station.kind, station.locks) for station in stations])


@router.post(
    "/tag-jobs",
    status_code=201,
    summary="Write labels to tags",
    responses=answers({201: answer(JobStatus, "The job, which runs", _STATUS)}, _REFUSALS),
    openapi_extra=body_of(TagJobOrder, "Which labels, and by which writer", _ORDER, ("application/json",)),
)
async def open_job(request: Request, jobs: JobsAre, actor: Printer) -> Response:
    """One tag after the other, each read back. The same ``request`` again is the same job."""
    status = await jobs.open(actor, await read_value(request, TagJobOrder, _ORDER_BYTES))
    return json_response(status, 201, {"Location": f"/api/v1/labels/tag-jobs/{status.job.id}"})


@router.get(
    "/tag-jobs",
    summary="The firm's tag-write jobs",
    responses=answers({200: answer(list[JobStatus], "The latest first", [_STATUS])}, _REFUSALS),
)
async def index(
    jobs: JobsAre,
    actor: Printer,
    limit: Annotated[int, Query(ge=1, le=_MOST_JOBS)] = 20,
    before: Annotated[int | None, Query(ge=0, le=LARGEST_NUMBER, description="index of the last one known")] = None,
) -> Response:
    """A job whose server ended while it ran is ``interrupted``: resume or cancel it."""
    return json_response(await jobs.jobs(actor, limit, before))


@router.get("/tag-jobs/{job_id}", summary="One tag-write job", responses=_ANSWER)
async def job(job_id: str, jobs: JobsAre, actor: Printer) -> Response:
    """How far it has come, what it waits for, which labels failed and what took their place."""
    return json_response(await jobs.status(actor, job_id))


@router.post("/tag-jobs/{job_id}/resume", summary="Resume a tag-write job", responses=_ANSWER)
async def resume(job_id: str, jobs: JobsAre, actor: Printer) -> Response:
    """It looks for what was being written when it stopped before it goes on."""
    return json_response(await jobs.resume(actor, job_id))


@router.post("/tag-jobs/{job_id}/pause", summary="Pause a tag-write job", responses=_ANSWER)
async def pause(job_id: str, jobs: JobsAre, actor: Printer) -> Response:
    """Between two tags; the one at hand is finished."""
    return json_response(await jobs.pause(actor, job_id))


@router.post("/tag-jobs/{job_id}/cancel", summary="Cancel a tag-write job", responses=_ANSWER)
async def cancel(job_id: str, jobs: JobsAre, actor: Printer) -> Response:
    """For good. Labels that were not written stay allocated."""
    return json_response(await jobs.cancel(actor, job_id))


@router.get(
    "/tag-jobs/{job_id}/progress",
    summary="Watch a tag-write job",
    responses=answers({200: text_answer("A status a line, until the job stops", LINES, _LINE)}, _REFUSALS),
)
async def progress(job_id: str, jobs: JobsAre, actor: Printer) -> Response:
    """A line at each step and every few seconds; only the last one lists the failures."""
    await jobs.status(actor, job_id)
    return StreamingResponse(_lines(jobs, actor, job_id), media_type=LINES)


async def _lines(jobs: TagJobs, actor: Actor, job_id: str) -> AsyncIterator[bytes]:
    async for status in jobs.watch(actor, job_id):
        last = status.state is not JobState.RUNNING or status.interrupted
        shown = status if last else msgspec.structs.replace(status, failures=[])
        yield msgspec.json.encode(shown) + b"\n"
