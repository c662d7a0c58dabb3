"""The rules of tag-write jobs in the writer's transaction, and a run whose ledger or device goes away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from tests.labels.desk import PRODUCER, RIVAL, THEIRS, Desk
from tests.labels.tag_benches import PrinterBench, a_bench
from tests.labels.test_tag_jobs import QUICK, ended, jobs_on, order

from suyuan.base.clock import now
from suyuan.base.errors import Conflict, NotFound, Unavailable
from suyuan.labels.batches import Batch, Level
from suyuan.labels.selection import Range
from suyuan.labels.tag_job_desk import Station, TagJobs
from suyuan.labels.tag_job_operations import JobMoved, JobOpened, TagIntended, TagSettled
from suyuan.labels.tag_job_run import Patience, Ticket
from suyuan.labels.tag_jobs import JobState, job_of, refuse_tagged, state_of
from suyuan.labels.tag_writing import Fate, Readiness, TagOrder, TagResult
from suyuan.trace.ledger import Ledger, WritePort

T = TypeVar("T")
WHO: Any = {"actor": PRODUCER.key_id, "party": PRODUCER.party}
CHIP, OTHER = "E28011700000020A00000001", "E28011700000020A00000002"


@pytest.fixture
def batch(desk: Desk) -> Batch:
    """A batch with a running job over its three labels."""
    batch = desk.open()
    desk.allocate(batch, 3)
    opened = JobOpened(
        **WHO, id="T1", request="r", batch=batch.id, level=Level.ITEM, ranges=[(1, 3)], writer="table", design="",
        lock=False, rewrite=False, attempts=3,
    )  # fmt: skip
    desk.scribe.call("tag-job-opened", opened, str)
    return batch


def intend(desk: Desk, number: int, tid: str = CHIP) -> int:
    attempt: int = desk.scribe.call("tag-intended", TagIntended(**WHO, job="T1", number=number, tid=tid), int)
    return attempt


def settle(desk: Desk, number: int, attempt: int, fate: Fate, tid: str = CHIP) -> Fate:
    order = TagSettled(
        **WHO, job="T1", number=number, attempt=attempt, fate=fate, tid=tid, locked=False, reason="because"
    )
    found: Fate = desk.scribe.call("tag-settled", order, Fate)
    return found


def test_an_epc_that_may_be_on_a_chip_goes_on_that_chip_again_or_on_none(desk: Desk, batch: Batch) -> None:
    assert intend(desk, 1) == 1
    assert intend(desk, 1) == 2
    with pytest.raises(Conflict, match=f"label 1 may be on another tag \\({CHIP}\\)"):
        intend(desk, 1, OTHER)
    with pytest.raises(Conflict, match="may be on another tag"):
        intend(desk, 1, "")
    settle(desk, 1, 1, Fate.ABSENT)
    with pytest.raises(Conflict, match="may be on another tag"):
        intend(desk, 1, OTHER)
    settle(desk, 1, 2, Fate.ABSENT)
    assert intend(desk, 1, OTHER) == 3
    settle(desk, 1, 3, Fate.UNKNOWN, OTHER)
    with pytest.raises(Conflict, match="may be on another tag"):
        intend(desk, 1)


def test_a_label_that_a_job_has_begun_is_not_printed_with_a_tag(desk: Desk, batch: Batch) -> None:
    def refuse(*ranges: Range) -> None:
        with desk.ledger.view() as view:
            refuse_tagged(view, PRODUCER, batch.id, Level.ITEM, list(ranges) or None)

    refuse()
    attempt = intend(desk, 2)
    with pytest.raises(Conflict, match="label 2 is on a tag, or a tag job has begun it"):
        refuse((1, 3))
    with pytest.raises(Conflict, match="label 2"):
        refuse()
    settle(desk, 2, attempt, Fate.ABSENT)
    refuse()
    settle(desk, 3, intend(desk, 3), Fate.UNKNOWN)
    desk.voided(batch, "3")
    refuse()


def test_an_epc_on_a_tag_that_nobody_could_name_goes_on_no_other(desk: Desk, batch: Batch) -> None:
    assert intend(desk, 1, "") == 1
    with pytest.raises(Conflict, match="nobody knows which"):
        intend(desk, 1, "")


def test_an_outcome_is_written_once(desk: Desk, batch: Batch) -> None:
    attempt = intend(desk, 1)
    settle(desk, 1, attempt, Fate.ABSENT)
    settle(desk, 1, attempt, Fate.WRITTEN)
    assert desk.scribe.rows("SELECT fate FROM tag_outcome") == [(2,)]
    with pytest.raises(NotFound, match="has no attempt 7 at label 1"):
        settle(desk, 1, 7, Fate.ABSENT)


def test_a_chip_that_turns_out_to_carry_a_label_spoils_the_second(desk: Desk, batch: Batch) -> None:
    """A printer tells the chip only afterwards."""
    assert settle(desk, 1, intend(desk, 1, ""), Fate.WRITTEN) is Fate.WRITTEN
    assert settle(desk, 2, intend(desk, 2, ""), Fate.WRITTEN) is Fate.UNKNOWN
    assert settle(desk, 3, intend(desk, 3, ""), Fate.WRITTEN, OTHER) is Fate.WRITTEN


def test_labels_that_are_spoken_for_are_refused(desk: Desk, batch: Batch) -> None:
    desk.voided(batch, "1")
    with pytest.raises(Conflict, match="label 1 is voided"):
        intend(desk, 1)
    settle(desk, 2, intend(desk, 2), Fate.WRITTEN)
    with pytest.raises(Conflict) as raised:
        intend(desk, 3)
    assert raised.value.place == "/writer"


def test_only_a_running_job_of_the_firm_writes(desk: Desk, batch: Batch) -> None:
    with pytest.raises(NotFound, match="there is no tag job 'T2'"):
        desk.scribe.call("tag-intended", TagIntended(**WHO, job="T2", number=1, tid=CHIP), int)
    stranger = TagIntended(actor="k", party="urn:x:y", job="T1", number=1, tid=CHIP)
    with pytest.raises(NotFound, match="there is no tag job 'T1'"):
        desk.scribe.call("tag-intended", stranger, int)
    desk.scribe.call("tag-job-moved", JobMoved(**WHO, job="T1", state=JobState.PAUSED, reason=""), bool)
    with pytest.raises(Conflict, match="tag job T1 does not run"):
        intend(desk, 1)


def test_a_writer_is_taken_by_one_job_and_other_firms_learn_nothing_of_it(desk: Desk, batch: Batch) -> None:
    """A job that was cut off with its server makes room for any other, and can be resumed after that."""
    own = JobOpened(
        **WHO, id="T2", request="r2", batch=batch.id, level=Level.ITEM, ranges=[(1, 3)], writer="table", design="",
        lock=False, rewrite=False, attempts=3,
    )  # fmt: skip
    with pytest.raises(Conflict, match="is taken by tag job T1"):
        desk.scribe.call("tag-job-opened", own, str)
    their_batch = desk.open(RIVAL, gtin=THEIRS)
    theirs = msgspec.structs.replace(
        own, actor=RIVAL.key_id, party=RIVAL.party, id="T3", request="r3", batch=their_batch.id
    )
    with pytest.raises(Conflict, match=r"is taken by another firm \(wait"):
        desk.scribe.call("tag-job-opened", theirs, str)
    desk.scribe.call("tag-job-opened", msgspec.structs.replace(theirs, since=now() + 1), str)
    with desk.ledger.view() as view:
        state, reason = state_of(view, job_of(view, PRODUCER, "T1"))
    assert (state, reason) == (JobState.PAUSED, "the server was cut off, and another job took the writer")
    with pytest.raises(Conflict, match="is taken by another firm"):
        desk.scribe.call("tag-job-moved", JobMoved(**WHO, job="T1", state=JobState.RUNNING, reason=""), bool)


class Broken:
    """A way to the writer that fails on one operation."""

    def __init__(self, port: WritePort, operation: str) -> None:
        self._port = port
        self.operation = operation

    async def call(self, operation: str, parameters: Any, result: type[T]) -> T:
        """Carry it out, or fail."""
        if operation == self.operation:
            raise Unavailable("the disk is full")
        return await self._port.call(operation, parameters, result)


def test_tags_that_could_not_be_recorded_are_recorded_by_the_next_run(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 2)

    async def work() -> None:
        async with a_bench("printer", tmp_path, []) as bench:
            port = Broken(desk.ledger.writer, "labels-marked")
            jobs = jobs_on(desk, bench, ledger=Ledger(desk.ledger.engine, port, tmp_path))
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1-2")))
            assert (status.state, status.written) == (JobState.PAUSED, 2)
            assert status.reason == "written, but not recorded: the disk is full"
            assert {label.tid for label in desk.labels(batch)} == {None}
            port.operation = ""
            status = await ended(jobs, await jobs.resume(PRODUCER, status.job.id))
            assert status.state is JobState.DONE
            assert {label.tid for label in desk.labels(batch)} == {tid for tid, _ in bench.epcs()}

    asyncio.run(work())


def test_a_run_whose_ledger_goes_away_is_interrupted(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 1)

    async def work() -> None:
        async with a_bench("printer", tmp_path, []) as bench:
            assert isinstance(bench, PrinterBench)
            bench.printer.paused = True
            port = Broken(desk.ledger.writer, "")
            jobs = jobs_on(desk, bench, ledger=Ledger(desk.ledger.engine, port, tmp_path))
            status = await jobs.open(PRODUCER, order(batch, "1"))
            port.operation = "tag-job-moved"
            status = await ended(jobs, status)
            assert (status.state, status.interrupted) == (JobState.RUNNING, True)
            port.operation = ""
            assert (await jobs.cancel(PRODUCER, status.job.id)).state is JobState.CANCELLED

    asyncio.run(work())


def test_a_bug_pauses_the_job_and_is_said(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 1)

    def broken(*_: object) -> Ticket:
        raise ZeroDivisionError

    async def work() -> None:
        async with a_bench("printer", tmp_path, []) as bench:
            jobs = TagJobs(desk.ledger, {"table": Station("table", "printer", bench.connect)}, broken)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1")))
            assert status.reason == "the server failed on this job: a bug"

    asyncio.run(work())


def test_a_server_that_ends_pauses_its_jobs(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 1)

    async def work() -> None:
        async with a_bench("reader", tmp_path, []) as bench:
            jobs = jobs_on(desk, bench, Patience(0.01, 60))
            await jobs.stop()
            status = await jobs.open(PRODUCER, order(batch, "1"))
            await jobs.stop()
            status = await jobs.status(PRODUCER, status.job.id)
            assert (status.state, status.reason) == (JobState.PAUSED, "the server was stopped")

    asyncio.run(work())


class Forgetful:
    """A device that never knows what it did, and is away when it is asked."""

    prints = False

    def __init__(self, away: int) -> None:
        self.away = away

    async def ready(self) -> Readiness:
        """Always."""
        return Readiness(True, CHIP)

    async def write(self, order: TagOrder) -> TagResult:
        """Nobody knows."""
        return TagResult(Fate.UNKNOWN, order.tid, reason="the cable came off")

    async def check(self, epc: str, tid: str) -> TagResult:
        """It is on the tag after all."""
        if self.away:
            self.away -= 1
            raise Unavailable("no answer")
        return TagResult(Fate.WRITTEN, tid, epc)

    async def close(self) -> None:
        """Nothing to close."""


def test_a_question_stays_open_until_the_device_answers(desk: Desk) -> None:
    batch = desk.open()
    desk.allocate(batch, 1)

    def ticket(*_: object) -> Ticket:
        return Ticket("30" * 12)

    async def work(away: int, patience: Patience, request: str) -> Any:
        station = Station("table", "reader", lambda: Forgetful(away), patience=patience)
        jobs = TagJobs(desk.ledger, {"table": station}, ticket)
        return await ended(jobs, await jobs.open(PRODUCER, order(batch, "1", request=request)))

    paused = asyncio.run(work(10_000, QUICK, "a"))
    assert (paused.state, paused.left, paused.reason) == (JobState.PAUSED, 1, "waited 0.1 s: no answer")
    assert desk.labels(batch)[0].tid is None

    async def again() -> Any:
        station = Station("table", "reader", lambda: Forgetful(3), patience=Patience(0.001, 60))
        jobs = TagJobs(desk.ledger, {"table": station}, ticket)
        return await ended(jobs, await jobs.resume(PRODUCER, paused.job.id))

    done = asyncio.run(again())
    assert (done.state, done.written) == (JobState.DONE, 1)
    assert desk.labels(batch)[0].tid == CHIP


def test_an_operator_who_pauses_while_the_device_is_away_is_heard(desk: Desk) -> None:
    batch = desk.open()
    desk.allocate(batch, 1)

    async def work() -> None:
        station = Station("table", "reader", lambda: Forgetful(10_000), patience=Patience(0.001, 60))
        jobs = TagJobs(desk.ledger, {"table": station}, lambda *_: Ticket("30" * 12))
        status = await jobs.open(PRODUCER, order(batch, "1"))
        async for status in jobs.watch(PRODUCER, status.job.id):  # noqa: B020
            if status.reason == "no answer":
                break
        status = await jobs.pause(PRODUCER, status.job.id)
        assert (status.state, status.left) == (JobState.PAUSED, 1)

    asyncio.run(work())


class Late(Forgetful):
    """A device that has no tag until it is told so."""

    def __init__(self) -> None:
        super().__init__(0)
        self.tag = False

    async def ready(self) -> Readiness:
        """When it is told."""
        return Readiness(self.tag, CHIP, reason="no tag")


def test_a_job_without_a_running_state_does_not_go_round_for_ever(desk: Desk) -> None:
    """Somebody else paused it in the ledger while this run went on."""
    batch = desk.open()
    desk.allocate(batch, 1)

    async def work() -> None:
        device = Late()
        station = Station("table", "reader", lambda: device, patience=Patience(0.001, 60))
        jobs = TagJobs(desk.ledger, {"table": station}, lambda *_: Ticket("30" * 12))
        opened = await jobs.open(PRODUCER, order(batch, "1"))
        moved = JobMoved(**WHO, job=opened.job.id, state=JobState.PAUSED, reason="elsewhere")
        await desk.ledger.writer.call("tag-job-moved", moved, bool)
        device.tag = True
        status = await ended(jobs, opened)
        assert (status.state, status.written) == (JobState.PAUSED, 0)

    asyncio.run(work())
