"""A server that dies between any two steps of a tag-write job, with tags and devices that fail as they like."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.labels.desk import PRODUCER, Desk, desk_in
from tests.labels.tag_benches import Fault, a_bench
from tests.labels.test_tag_jobs import check_invariant, jobs_on, order

from suyuan.labels.tag_job_desk import TagJobs
from suyuan.labels.tag_job_run import Patience
from suyuan.labels.tag_jobs import JobState, JobStatus
from suyuan.trace.ledger import Ledger, WritePort

T = TypeVar("T")

FAULTS: list[Fault] = ["good", "good", "bad", "cut_before", "cut"]
#: Labels of each job.
LABELS = 4
#: A tag that never comes is waited for this long.
PATIENCE = Patience(0.001, 0.05)
_lots = itertools.count(1)


class Mortal:
    """A way to the writer on which the server dies at a chosen call, before it was heard or afterwards."""

    def __init__(self, port: WritePort, deadline: int, *, heard: bool) -> None:
        self._port = port
        self._left = deadline
        self._heard = heard

    async def call(self, operation: str, parameters: Any, result: type[T]) -> T:
        """Carry it out, unless this is the end."""
        self._left -= 1
        if self._left < 0 or (self._left == 0 and not self._heard):
            raise asyncio.CancelledError
        found = await self._port.call(operation, parameters, result)
        if self._left == 0:
            raise asyncio.CancelledError
        return found


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One ledger for all examples: each has a batch and tags of its own."""
    with desk_in(tmp_path_factory.mktemp("kills")) as desk:
        yield desk


async def died(jobs: TagJobs, job: str) -> None:
    """Wait until nothing runs any more."""
    async with asyncio.timeout(60):
        if job in jobs._runs:
            await asyncio.wait({jobs._runs[job][1]})


async def to_its_end(jobs: TagJobs, job: str) -> JobStatus:
    """Resume until the job is done; an operator gives up after some tries."""
    for _ in range(12):
        await died(jobs, job)
        status = await jobs.status(PRODUCER, job)
        if status.state is JobState.DONE:
            return status
        await jobs.resume(PRODUCER, job)
    raise AssertionError(status)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["reader", "printer"]),
    faults=st.lists(st.sampled_from(FAULTS), max_size=8),
    kills=st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=4),
)
def test_no_epc_is_ever_on_two_tags_and_no_label_is_lost(
    kind: str, faults: list[Fault], kills: list[tuple[int, bool]], shared_desk: Desk, tmp_path: Path
) -> None:
    desk, number = shared_desk, next(_lots)
    name = f"kills{number}"
    batch = desk.open(lot=f"K{number}")
    desk.allocate(batch, LABELS)

    async def work() -> None:
        tags: list[Fault] = [*faults, *["good"] * 24]  # type: ignore[list-item]
        async with a_bench(kind, tmp_path, tags, first=number * 4096) as bench:
            job = ""
            for deadline, heard in kills:
                mortal = Ledger(desk.ledger.engine, Mortal(desk.ledger.writer, deadline, heard=heard), tmp_path)
                jobs = jobs_on(desk, bench, PATIENCE, mortal, name)
                try:
                    if job and (await jobs.status(PRODUCER, job)).state is JobState.DONE:
                        break
                    if job:
                        await jobs.resume(PRODUCER, job)
                    else:
                        job = (await jobs.open(PRODUCER, order(batch, f"1-{LABELS}", request=name, writer=name))).job.id
                except asyncio.CancelledError:
                    continue
                await died(jobs, job)
                held = bench.epcs()
                assert len(held) == len({epc for _, epc in held})
            jobs = jobs_on(desk, bench, PATIENCE, None, name)
            job = (await jobs.open(PRODUCER, order(batch, f"1-{LABELS}", request=name, writer=name))).job.id
            status = await to_its_end(jobs, job)
            labels = desk.labels(batch)
            check_invariant(desk, bench, labels)
            assert status.written == sum(label.tid is not None for label in labels)
            assert status.written + status.failed == LABELS
            assert status.voided == status.total - LABELS

    asyncio.run(work())
