"""Where tag-write jobs are opened, run, watched and stopped: one task of the server for each job that runs."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

import structlog
from fastapi.concurrency import run_in_threadpool

from suyuan.base.clock import now
from suyuan.base.errors import Conflict, InvalidInput, NotFound, SuyuanError
from suyuan.base.identity import Actor
from suyuan.labels import service
from suyuan.labels.allocation import plan_of
from suyuan.labels.selection import parse_numbers, size
from suyuan.labels.tag_job_operations import JobMoved, JobOpened
from suyuan.labels.tag_job_run import Patience, Run, Tickets
from suyuan.labels.tag_jobs import (
    LARGEST_JOB,
    MOST_ATTEMPTS,
    JobState,
    JobStatus,
    TagJob,
    TagJobOrder,
    job_of,
    jobs_of,
    state_of,
    status_of,
    work_of,
)
from suyuan.labels.tag_writing import TagWriter
from suyuan.labels.usual_design import check_design
from suyuan.trace.ledger import Ledger
from suyuan.trace.view import View

#: Seconds that a run gets to finish the tag at hand when it is asked to stop.
_GRACE: Final = 30.0
#: Seconds after which a watcher hears of a job again in which nothing has changed.
_HEARTBEAT: Final = 5.0


class Station(NamedTuple):
    """A device that writes tags. ``party`` is the firm whose it is, empty where all firms of the server use it."""

    name: str
    kind: str  #: "reader" or "printer"
    connect: Callable[[], TagWriter]
    locks: bool = False
    party: str = ""
    patience: Patience = Patience()


class TagJobs:
    """All jobs of a server, and the stations they use. ``tickets`` says what goes on each tag."""

    def __init__(self, ledger: Ledger, stations: Mapping[str, Station], tickets: Tickets) -> None:
        self._ledger = ledger
        self._stations = stations
        self._tickets = tickets
        self._since = now()
        self._runs: dict[str, tuple[Run, asyncio.Task[None]]] = {}

    def stations(self, actor: Actor) -> list[Station]:
        """What a firm may write tags with."""
        return [station for station in self._stations.values() if station.party in {"", actor.party}]

    async def open(self, actor: Actor, order: TagJobOrder) -> JobStatus:
        """Open a job and let it run. The same request again is the same job, as it stands."""
        opened = await run_in_threadpool(self._checked, actor, order)
        name = await self._ledger.writer.call("tag-job-opened", opened, str)
        return await (self.resume if name == opened.id else self.status)(actor, name)

    def _checked(self, actor: Actor, order: TagJobOrder) -> JobOpened:
        station = self._station(actor, order.writer)
        ranges, request = parse_numbers(order.numbers), f"{actor.key_id}/{service.new_request(order.request)}"
        check_design(order.design)
        if size(ranges) > LARGEST_JOB:
            raise InvalidInput(
                f"{size(ranges)} labels are over the {LARGEST_JOB:,} of one job", place="/numbers",
                remedy="open several jobs, one after the other",
            )  # fmt: skip
        if not 1 <= order.attempts <= MOST_ATTEMPTS:
            raise InvalidInput(f"{order.attempts} attempts are outside 1 to {MOST_ATTEMPTS}", place="/attempts")
        if order.lock and not station.locks:
            raise InvalidInput(
                f"writer {station.name} has no password to lock tags with", place="/lock",
                remedy="give it one in the file of tag writers",
            )  # fmt: skip
        with self._ledger.view() as view:
            plan_of(service.batch_of(view, actor, order.batch).batch, order.level)
            _refuse_missing(view, actor, order, ranges)
        return JobOpened(
            actor=actor.key_id, party=actor.party, id=f"T{secrets.token_hex(6)}", request=request,
            batch=order.batch, level=order.level, ranges=ranges, writer=station.name, design=order.design,
            lock=order.lock, rewrite=order.rewrite, attempts=order.attempts, since=self._since,
        )  # fmt: skip

    def _station(self, actor: Actor, name: str) -> Station:
        stations = {station.name: station for station in self.stations(actor)}
        if name not in stations:
            known = ", ".join(sorted(stations)) or "none"
            raise NotFound(f"there is no tag writer {name[:60]!a}", place="/writer", remedy=f"known: {known}")
        return stations[name]

    async def status(self, actor: Actor, job_id: str) -> JobStatus:
        """How far a job of the firm has come; of a running one without asking the ledger for its labels."""
        running = self._runs.get(job_id)
        job, state, reason = await run_in_threadpool(self._job, actor, job_id)
        if running is not None and running[0].work:
            return status_of(job, JobState.RUNNING, running[0].reason, running[0].work, live=True)
        return await run_in_threadpool(self._stored, job, state, reason)

    def _job(self, actor: Actor, job_id: str) -> tuple[TagJob, JobState, str]:
        with self._ledger.view() as view:
            job = job_of(view, actor, job_id)
            return job, *state_of(view, job)

    def _stored(self, job: TagJob, state: JobState, reason: str) -> JobStatus:
        with self._ledger.view() as view:
            return status_of(job, state, reason, work_of(view, job), live=job.id in self._runs)

    async def jobs(self, actor: Actor, limit: int = 100, before: int | None = None) -> list[JobStatus]:
        """The firm's jobs, the latest first."""
        return await run_in_threadpool(self._list, actor, limit, before)

    def _list(self, actor: Actor, limit: int, before: int | None) -> list[JobStatus]:
        with self._ledger.view() as view:
            return [
                status_of(job, *state_of(view, job), work_of(view, job), live=job.id in self._runs)
                for job in jobs_of(view, actor, limit, before)
            ]

    async def resume(self, actor: Actor, job_id: str) -> JobStatus:
        """Run a job that is paused or was interrupted. `Conflict` when it is over, or its writer is taken."""
        job, _, _ = await run_in_threadpool(self._job, actor, job_id)
        if job_id in self._runs:
            return await self.status(actor, job_id)
        station = self._station(actor, job.writer)
        await self._move(actor, job, JobState.RUNNING, "")
        if job_id not in self._runs:  # another request may have begun it meanwhile
            run = Run(self._ledger, actor, job, station.connect(), self._tickets, station.patience)
            task = asyncio.get_running_loop().create_task(self._run(actor, run))
            self._runs[job_id] = run, task
        return await self.status(actor, job_id)

    async def pause(self, actor: Actor, job_id: str) -> JobStatus:
        """Stop a job between two tags; it can be resumed."""
        return await self._halt(actor, job_id, JobState.PAUSED, f"by key {actor.key_id}")

    async def cancel(self, actor: Actor, job_id: str) -> JobStatus:
        """Stop a job for good. Labels that it hasn't written stay allocated."""
        return await self._halt(actor, job_id, JobState.CANCELLED, f"by key {actor.key_id}")

    async def _halt(self, actor: Actor, job_id: str, state: JobState, reason: str) -> JobStatus:
        job, _, _ = await run_in_threadpool(self._job, actor, job_id)
        running = self._runs.get(job_id)
        if running is not None:
            running[0].stop(state, reason)
            await asyncio.wait({running[1]}, timeout=_GRACE)
        else:
            await self._move(actor, job, state, reason)
        return await self.status(actor, job_id)

    async def watch(self, actor: Actor, job_id: str) -> AsyncIterator[JobStatus]:
        """The job's status now and at each change, until it no longer runs. `NotFound` comes before the first."""
        seen = -1
        while (running := self._runs.get(job_id)) is not None:
            run = running[0]
            with suppress(TimeoutError):
                async with asyncio.timeout(_HEARTBEAT), run.changed:
                    await run.changed.wait_for(lambda: run.steps != seen or job_id not in self._runs)  # noqa: B023
            seen = run.steps
            yield await self.status(actor, job_id)
        yield await self.status(actor, job_id)

    async def stop(self) -> None:
        """The server ends: every run finishes the tag at hand and pauses."""
        runs = list(self._runs.values())
        for run, _ in runs:
            run.stop(JobState.PAUSED, "the server was stopped")
        if runs:
            _, late = await asyncio.wait([task for _, task in runs], timeout=_GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, actor: Actor, run: Run) -> None:
        log = structlog.get_logger(__name__).bind(job=run.job.id, writer=run.job.writer)
        log.info("tags.job_runs")
        try:
            state, reason = await run.run()
            await self._move(actor, run.job, state, reason)
            log.info("tags.job_ends", state=state.value, reason=reason)
        except SuyuanError as error:  # the ledger is away: the job counts as interrupted and can be resumed
            log.warning("tags.job_interrupted", error=str(error))
        except Exception:
            log.exception("tags.bug")
            with suppress(SuyuanError):
                await self._move(actor, run.job, JobState.PAUSED, "the server failed on this job: a bug")
        finally:
            del self._runs[run.job.id]
            async with run.changed:
                run.changed.notify_all()

    async def _move(self, actor: Actor, job: TagJob, state: JobState, reason: str) -> None:
        moved = JobMoved(
            actor=actor.key_id, party=actor.party, job=job.id, state=state, reason=reason, since=self._since
        )
        await self._ledger.writer.call("tag-job-moved", moved, bool)


def _refuse_missing(view: View, actor: Actor, order: TagJobOrder, ranges: list[tuple[int, int]]) -> None:
    """Every label of the order has to be there."""
    last = ranges[-1][1]
    if not service.labels_of(view, actor, order.batch, order.level, after=last - 1, limit=1):
        raise Conflict(
            f"batch {order.batch} has no {order.level.value} label {last}", place="/numbers",
            remedy="allocate labels first; they are numbered from 1",
        )  # fmt: skip
