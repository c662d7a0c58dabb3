"""Tag-write jobs as a batch's page shows them: in words, with what can be done about each."""

from __future__ import annotations

import msgspec
from fastapi.concurrency import run_in_threadpool

from suyuan.app.staff.refusals import JOBS
from suyuan.base.errors import Conflict
from suyuan.base.identity import Actor
from suyuan.consumer_api.words import N_
from suyuan.labels.batches import Level
from suyuan.labels.tag_job_desk import TagJobs
from suyuan.labels.tag_jobs import JobState, JobStatus, jobs_of
from suyuan.trace.ledger import Ledger

#: Jobs that a page shows: this morning's.
_MOST = 3

#: Message ids of a state; of a running job that nobody runs.
_WORDS = {
    JobState.RUNNING: N_("At work"),
    JobState.PAUSED: N_("Paused"),
    JobState.CANCELLED: N_("Cancelled"),
    JobState.DONE: N_("Done"),
}
_INTERRUPTED = N_("Interrupted: go on when the device is ready")
_PAUSE, _RESUME, _CANCEL = ("pause", N_("Pause")), ("resume", N_("Go on")), ("cancel", N_("Cancel the rest"))
#: Message ids by kind of device; the name of the device follows.
_DEVICES = {"printer": N_("Print and write tags:"), "reader": N_("Write tags:")}


class Device(msgspec.Struct, frozen=True):
    """Something that a range of labels can be sent to."""

    name: str
    words: str  #: message id


class ShownJob(msgspec.Struct, frozen=True):
    """A job on a page."""

    id: str
    writer: str
    total: int
    done: int
    failed: int  #: given up, or spent on a tag that nobody knows
    words: str  #: message id of its state
    reason: str  #: why it waits, in the service's words
    failures: list[str]  #: in the service's words
    actions: list[tuple[str, str]]  #: what can be done, with message ids
    running: bool
    open: bool  #: running, or it may go on: its labels are spoken for


def devices(jobs: TagJobs, actor: Actor) -> list[Device]:
    """What the firm may write tags with, by name."""
    stations = sorted(jobs.stations(actor), key=lambda station: station.name)
    return [Device(station.name, _DEVICES[station.kind]) for station in stations]


async def latest_jobs(ledger: Ledger, jobs: TagJobs, actor: Actor, batch_id: str, level: Level) -> list[ShownJob]:
    """The latest jobs of one level of a batch, the latest first."""

    def read() -> list[str]:
        with ledger.view() as view:
            return [job.id for job in jobs_of(view, actor) if (job.batch, job.level) == (batch_id, level)][:_MOST]

    return [_shown(await jobs.status(actor, job)) for job in await run_in_threadpool(read)]


def refuse_open(jobs: list[ShownJob]) -> None:
    """`Conflict` while a device is at work: a label that it prints later must not be printed here as well."""
    if any(job.open for job in jobs):
        raise Conflict(
            "a printer or a tag reader is at work on these labels",
            place=JOBS, remedy="let it finish, or cancel the rest of its job, before others are printed",
        )  # fmt: skip


def _shown(status: JobStatus) -> ShownJob:
    running = status.state is JobState.RUNNING and not status.interrupted
    actions: list[tuple[str, str]] = []
    if running:
        actions = [_PAUSE, _CANCEL]
    elif status.state in {JobState.RUNNING, JobState.PAUSED}:
        actions = [_RESUME, _CANCEL]
    failures = [f"{failure.number}: {failure.reason}" for failure in status.failures]
    return ShownJob(
        status.job.id, status.job.writer, status.total, status.written, status.failed + status.voided,
        _INTERRUPTED if status.interrupted else _WORDS[status.state], status.reason, failures, actions,
        running, bool(actions),
    )  # fmt: skip
