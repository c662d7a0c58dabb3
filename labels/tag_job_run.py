"""One run of a tag-write job: label after label, tag after tag, until it is done or somebody or something stops it.

For each label: wait for one tag, make the intent durable, write, read back, make the outcome durable. A kill between
any two of these steps leaves a question that the next run asks before anything else.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn

import structlog
from fastapi.concurrency import run_in_threadpool

from suyuan.base.errors import Conflict, SuyuanError, Unavailable
from suyuan.base.identity import Actor
from suyuan.labels import service
from suyuan.labels.allocation import LabelsAllocated
from suyuan.labels.batches import Allocation, Label, LabelState, Selection, Written
from suyuan.labels.tag_job_operations import TagIntended, TagSettled
from suyuan.labels.tag_jobs import Carried, JobState, TagJob, Work, carried_by, replacement_request, work_of
from suyuan.labels.tag_writing import Fate, TagOrder, TagResult, TagWriter
from suyuan.trace.ledger import Ledger

#: Written tags whose encoding event is captured together; a job that stops captures what is left.
RECORD_EVERY: Final = 20
#: Failed writes after which a tag is set aside: the next one may be better.
_TRIES_PER_TAG: Final = 2


class Ticket(NamedTuple):
    """What goes on the tag (hex of whole words) and, for a printer, on the label around it."""

    epc: str
    zpl: str = ""


#: Makes the ticket of a label. Raises `SuyuanError` for one that fits no tag.
Tickets = Callable[[Actor, TagJob, Label], Ticket]


class Patience(NamedTuple):
    """Seconds between two looks for a tag, and until a job that finds none pauses."""

    poll: float = 0.2
    wait: float = 60.0


class _Stopped(Exception):
    """The run ends here, with this state of the job."""

    def __init__(self, state: JobState, reason: str) -> None:
        self.state = state
        self.reason = reason
        super().__init__(reason)


class Run:
    """Made anew for each run. ``reason`` is what it waits for now; ``changed`` is notified at each of its ``steps``."""

    def __init__(
        self, ledger: Ledger, actor: Actor, job: TagJob, writer: TagWriter, tickets: Tickets, patience: Patience
    ) -> None:
        self.job = job
        self.reason = ""
        self.steps = 0
        self.work: list[Work] = []
        self.changed = asyncio.Condition()
        self._ledger = ledger
        self._actor = actor
        self._writer = writer
        self._tickets = tickets
        self._patience = patience
        self._stop = asyncio.Event()
        self._stopped = _Stopped(JobState.PAUSED, "")
        self._tries: Counter[str] = Counter()
        self._failures_in_row = 0
        self._at = 0
        self._since_record = 0

    def stop(self, state: JobState, reason: str) -> None:
        """End the run between two tags."""
        self._stopped = _Stopped(state, reason)
        self._stop.set()

    async def run(self) -> tuple[JobState, str]:
        """Do all that can be done; the state that the job goes to, and why. Raises nothing of ours."""
        try:
            await self._labels()
            state, reason = JobState.DONE, ""
        except _Stopped as stopped:
            state, reason = stopped.state, stopped.reason
        except SuyuanError as error:
            state, reason = JobState.PAUSED, str(error)
        finally:
            await self._writer.close()
        try:
            await self._record()
        except SuyuanError as error:
            return JobState.PAUSED, f"{reason}{'; ' if reason else ''}written, but not recorded: {error}"
        return state, reason

    async def _labels(self) -> None:
        await self._reload()
        for item in [item for item in self.work if item.asked]:
            await self._answer(item)
        for item in [item for item in self.work if self._lost(item)]:
            await self._replace(item)
        while (label := self._next()) is not None:
            await self._one(label)
            await self._tell("")
            self._since_record += label.written
            if self._since_record >= RECORD_EVERY:
                await self._record()

    def _next(self) -> Work | None:
        """The first label that is still to be written. What is behind it stays behind: no label is looked at twice."""
        while self._at < len(self.work) and not self.work[self._at].pending(self.job.attempts):
            self._at += 1
        return self.work[self._at] if self._at < len(self.work) else None

    async def _reload(self) -> None:
        """Read again how things stand."""
        self.work, self._at = await run_in_threadpool(self._read), 0
        await self._tell("")

    def _read(self) -> list[Work]:
        with self._ledger.view() as view:
            return work_of(view, self.job)

    async def _tell(self, reason: str) -> None:
        self.reason = reason
        self.steps += 1
        async with self.changed:
            self.changed.notify_all()

    async def _one(self, item: Work) -> None:
        """Write one label to the next tag."""
        ticket = await self._ticket(item)
        try:
            tid = await self._begin(item)
        except Conflict as error:  # voided, applied or begun by another job meanwhile
            await self._reload()
            if any(again.number == item.number and again.pending(self.job.attempts) for again in self.work):
                raise _Stopped(JobState.PAUSED, error.detail) from None
            return
        try:
            result = await self._writer.write(TagOrder(ticket.epc, tid, self.job.lock, ticket.zpl))
        except Unavailable as error:
            result = TagResult(Fate.ABSENT, tid, reason=error.detail)
        if result.fate is Fate.UNKNOWN:
            result = await self._look(ticket, result)
        await self._settle(item, result)

    async def _begin(self, item: Work) -> str:
        """Wait for one good tag and make it durable that this label goes on it; its TID, where it can be known."""
        since = time.monotonic()
        while True:
            if self._stop.is_set():
                raise self._stopped
            ready = await self._writer.ready()
            why = ready.reason
            if ready.ready:
                why = await self._refused(item, ready.tid)
                if not why:
                    return ready.tid
            if why != self.reason:
                await self._tell(why)
            if time.monotonic() - since >= self._patience.wait:
                raise _Stopped(JobState.PAUSED, f"waited {self._patience.wait:g} s: {why}")
            await self._sleep()

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(self._patience.poll):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _refused(self, item: Work, tid: str) -> str:
        """Why this tag can't take the label; empty when the intent is durable."""
        if tid and self._tries[tid] >= _TRIES_PER_TAG:
            return f"the tag with TID {tid} cannot be written: take another"
        intent = TagIntended(
            actor=self._actor.key_id, party=self._actor.party, job=self.job.id, number=item.number, tid=tid
        )
        try:
            if self.job.rewrite and tid:
                await self._free(tid, item)
            item.attempts = await self._ledger.writer.call("tag-intended", intent, int)
        except Conflict as error:
            if error.place != "/writer":
                raise
            return error.detail
        item.fate, item.tid, item.mine, item.tries = None, tid, True, item.tries + 1
        return ""

    async def _free(self, tid: str, item: Work) -> None:
        """Void the labels that a tag carries which is to be written anew. `Conflict` for one that is on food."""
        await self._record()
        for label in await run_in_threadpool(self._carried, tid):
            if (label.batch, label.level, label.number) == (self.job.batch, self.job.level, item.number):
                continue
            selection = Selection(label.level, str(label.number))
            try:
                await service.void(self._ledger, self._actor, label.batch, selection, "its tag is written anew")
            except Conflict as error:
                raise Conflict(error.detail, place="/writer", remedy="take another tag") from None
            for known in self.work:
                if label.batch == self.job.batch and known.number == label.number:
                    known.state = LabelState.VOIDED

    def _carried(self, tid: str) -> list[Carried]:
        with self._ledger.view() as view:
            return carried_by(view, self._actor, tid)

    async def _answer(self, item: Work) -> None:
        """A question that an earlier run left: is the EPC on a tag in the field?"""
        ticket = await self._ticket(item)
        await self._tell(f"looking for label {item.number}, whose writing was cut off")
        result = TagResult(Fate.UNKNOWN, item.tid, reason=item.reason or "the writing was cut off")
        if item.fate is None:
            result = await self._look(ticket, result)
        await self._settle(item, result)

    async def _look(self, ticket: Ticket, result: TagResult) -> TagResult:
        """Ask the device where the EPC is. While it doesn't answer the question stays open, and the job pauses."""
        since = time.monotonic()
        while True:
            try:
                found = await self._writer.check(ticket.epc, result.tid)
            except Unavailable as error:
                if self._stop.is_set() or time.monotonic() - since >= self._patience.wait:
                    self._pause(error)
                await self._tell(error.detail)
                await self._sleep()
                continue
            if found.fate is Fate.UNKNOWN:
                return TagResult(Fate.UNKNOWN, result.tid, result.epc, reason=result.reason or found.reason)
            return TagResult(found.fate, found.tid, found.epc, reason=result.reason)

    def _pause(self, error: SuyuanError) -> NoReturn:
        if self._stop.is_set():
            raise self._stopped
        raise _Stopped(JobState.PAUSED, f"waited {self._patience.wait:g} s: {error.detail}")

    async def _settle(self, item: Work, result: TagResult) -> None:
        """Make the outcome durable; a label whose EPC may be anywhere is voided, and another takes its place."""
        order = TagSettled(
            actor=self._actor.key_id, party=self._actor.party, job=self.job.id, number=item.number,
            attempt=item.attempts, fate=result.fate, tid=result.tid, locked=result.locked, reason=result.reason,
        )  # fmt: skip
        item.fate = await self._ledger.writer.call("tag-settled", order, Fate)
        # The ledger, which knows every tag, may have found that this one carries another label.
        why = result.reason if item.fate is result.fate else f"the tag with TID {result.tid} was written before"
        item.tid, item.locked, item.reason = result.tid, result.locked, why
        if item.fate is Fate.WRITTEN:
            self._failures_in_row = 0
            return
        self._tries[item.tid] += 1
        if item.fate is Fate.UNKNOWN:
            await self._void(item)
        self._failures_in_row += 1
        if self._failures_in_row >= self.job.attempts:
            raise _Stopped(JobState.PAUSED, f"{self._failures_in_row} failures in a row, the last: {why}")

    async def _void(self, item: Work) -> None:
        reason = f"tag writing: {item.reason or 'nobody knows whether it is on a tag'}"[: service.LONGEST_REASON]
        selection = Selection(self.job.level, str(item.number))
        await service.void(self._ledger, self._actor, self.job.batch, selection, reason)
        item.state = LabelState.VOIDED
        await self._replace(item)

    async def _replace(self, item: Work) -> None:
        """Allocate the label that takes the place of a voided one, once: its request id is derived from it."""
        label = await run_in_threadpool(self._label, item)
        order = LabelsAllocated(
            actor=self._actor.key_id, party=self._actor.party, batch=self.job.batch, level=self.job.level, count=1,
            request=replacement_request(self.job, item.number),
            kilograms=[label.kilograms] if label.kilograms else [], parent=label.parent or "",
        )  # fmt: skip
        await self._ledger.writer.call("labels-allocated", order, Allocation)
        await self._reload()

    def _lost(self, item: Work) -> bool:
        """Whether it was voided by this job and nothing took its place: the run before ended just there."""
        replaced = {known.instead_of for known in self.work}
        return item.fate is Fate.UNKNOWN and item.state is LabelState.VOIDED and item.number not in replaced

    async def _ticket(self, item: Work) -> Ticket:
        return await run_in_threadpool(lambda: self._tickets(self._actor, self.job, self._label(item)))

    def _label(self, item: Work) -> Label:
        with self._ledger.view() as view:
            after = item.number - 1
            return service.labels_of(view, self._actor, self.job.batch, self.job.level, after=after, limit=1)[0]

    async def _record(self) -> None:
        """Capture the encoding of what was written: TIDs beside EPCs. A call that is made again changes nothing."""
        due, self._since_record = [item for item in self.work if _unrecorded(item)], 0
        if not due:
            return
        written = [Written(item.epc, item.tid, item.locked) for item in due]
        marked = await service.record_encoded(self._ledger, self._actor, self.job.batch, written)
        for item in due:
            item.recorded = True
            item.state = LabelState.PRINTED if item.state is LabelState.ALLOCATED else item.state
        structlog.get_logger(__name__).info("tags.recorded", job=self.job.id, tags=marked.changed)


def _unrecorded(item: Work) -> bool:
    return item.written and not item.recorded and item.state is not LabelState.VOIDED
