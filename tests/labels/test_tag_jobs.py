"""Tag-write jobs against emulated devices and a real ledger: nothing lost, nothing on two tags."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.labels.desk import LOOSE, PRODUCER, RIVAL, Desk
from tests.labels.tag_benches import Fault, PrinterBench, ReaderBench, TagBench, a_bench

from suyuan.base.errors import Conflict, InvalidInput, NotFound, SuyuanError
from suyuan.labels import service
from suyuan.labels.batches import Batch, Label, LabelState, Level, Selection
from suyuan.labels.tag_job_desk import Station, TagJobs
from suyuan.labels.tag_job_run import RECORD_EVERY, Patience, Ticket
from suyuan.labels.tag_jobs import Failure, JobState, JobStatus, TagJobOrder
from suyuan.labels.tag_tickets import Printing, TicketOffice
from suyuan.readers.emulated_tags import EmulatedTag
from suyuan.readers.script import FieldTag
from suyuan.trace.ledger import Ledger

URL = "https://trace.example"
KINDS = ("reader", "printer")
QUICK = Patience(poll=0.01, wait=0.1)


def jobs_on(
    desk: Desk,
    bench: TagBench,
    patience: Patience = QUICK,
    ledger: Ledger | None = None,
    name: str = "table",
    **more: Any,
) -> TagJobs:
    """A server's desk of jobs with one device."""
    ledger = ledger or desk.ledger
    station = Station(name, "x", bench.connect, locks=True, patience=patience, **more)
    printers = {name: Printing(203, "AB12CD34")} if isinstance(bench, PrinterBench) else {}
    return TagJobs(ledger, {name: station}, TicketOffice(ledger, URL, printers).ticket)


def order(batch: Batch, numbers: str, **more: Any) -> TagJobOrder:
    return TagJobOrder(**{"batch": batch.id, "level": Level.ITEM, "numbers": numbers, "writer": "table"} | more)


async def ended(jobs: TagJobs, status: JobStatus) -> JobStatus:
    """The status when the job no longer runs."""
    async with asyncio.timeout(60):
        return [seen async for seen in jobs.watch(PRODUCER, status.job.id)][-1]


def check_invariant(desk: Desk, bench: TagBench, labels: Sequence[Label]) -> None:
    """No EPC on two tags; a label with a TID is on just that tag; what a tag has without saying so is void."""
    held = bench.epcs()
    assert len({epc for _, epc in held}) == len(held)
    office = TicketOffice(desk.ledger, URL, {})
    on = {epc: tid for tid, epc in held}
    for label in labels:
        job: Any = type("Any", (), {"batch": label.batch, "writer": "none", "level": label.level})
        epc = office.ticket(PRODUCER, job, label).epc
        if label.tid is not None:
            assert on.get(epc) == label.tid
            assert label.state is LabelState.PRINTED
        elif epc in on:
            assert label.state is LabelState.VOIDED, label


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_writes_every_label_to_a_tag_of_its_own(kind: str, desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 5)

    async def work() -> None:
        async with a_bench(kind, tmp_path, ["good"] * 5) as bench:
            jobs = jobs_on(desk, bench)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1-5")))
            assert (status.state, status.written, status.left, status.failures) == (JobState.DONE, 5, 0, [])
            labels = desk.labels(batch)
            assert {label.state for label in labels} == {LabelState.PRINTED}
            assert sorted((label.tid or "") for label in labels) == sorted(tid for tid, _ in bench.epcs())
            check_invariant(desk, bench, labels)

    asyncio.run(work())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["bad", "silent", "cut_before", "cut"])
def test_a_fault_costs_a_serial_number_at_most(kind: str, fault: Fault, desk: Desk, tmp_path: Path) -> None:
    """Every label that was asked for ends on a tag, itself or by the one that took its place."""
    batch = desk.open()
    desk.allocate(batch, 4)

    async def work() -> None:
        async with a_bench(kind, tmp_path, ["good", fault, "good", "good", "good"]) as bench:
            jobs = jobs_on(desk, bench)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1-4")))
            assert (status.state, status.written, status.left) == (JobState.DONE, 4, 0), status
            labels = desk.labels(batch)
            check_invariant(desk, bench, labels)
            if kind == "printer":
                assert status.voided == 1
                assert status.failures[0] == Failure(2, status.failures[0].reason, 5)
                assert labels[1].state is LabelState.VOIDED
                assert labels[1].reason.startswith("tag writing: ")
            else:
                assert (status.voided, status.total) == (0, 4)

    asyncio.run(work())


def test_a_tag_that_is_carried_off_after_its_write_spends_the_serial_number(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 2)

    async def work() -> None:
        async with a_bench("reader", tmp_path, ["leaves", "good", "good"]) as bench:  # type: ignore[list-item]
            jobs = jobs_on(desk, bench)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1-2")))
            assert (status.state, status.written, status.voided, status.total) == (JobState.DONE, 2, 1, 3)
            assert status.failures == [Failure(1, "the tag has left the field", 3)]
            check_invariant(desk, bench, desk.labels(batch))

    asyncio.run(work())


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_that_goes_off_pauses_the_job_which_resumes_where_it_stopped(
    kind: str, desk: Desk, tmp_path: Path
) -> None:
    batch = desk.open()
    desk.allocate(batch, 6)

    async def work() -> None:
        async with a_bench(kind, tmp_path, ["good"] * 6) as bench:
            jobs = jobs_on(desk, bench)
            status = await jobs.open(PRODUCER, order(batch, "1-6"))
            async for seen in jobs.watch(PRODUCER, status.job.id):
                if seen.written >= 2:
                    break
            await bench.off()
            status = await ended(jobs, status)
            assert status.state is JobState.PAUSED
            assert status.reason.startswith("waited 0.1 s: ")
            written = status.written
            assert 2 <= written < 6
            assert sum(label.tid is not None for label in desk.labels(batch)) == written
            await bench.on()
            status = await ended(jobs, await jobs.resume(PRODUCER, status.job.id))
            assert (status.state, status.written, status.left) == (JobState.DONE, 6, 0)
            check_invariant(desk, bench, desk.labels(batch))

    asyncio.run(work())


@pytest.mark.parametrize(("switch", "reason"), [("paper_out", "paper is out"), ("paused", "the printer is paused")])
def test_a_printer_that_waits_for_its_operator_says_so(switch: str, reason: str, desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 2)

    async def work() -> None:
        async with a_bench("printer", tmp_path, []) as bench:
            assert isinstance(bench, PrinterBench)
            setattr(bench.printer, switch, True)
            jobs = jobs_on(desk, bench)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1-2")))
            assert (status.state, status.reason) == (JobState.PAUSED, f"waited 0.1 s: {reason}")
            setattr(bench.printer, switch, False)
            status = await ended(jobs, await jobs.resume(PRODUCER, status.job.id))
            assert (status.state, status.written) == (JobState.DONE, 2)

    asyncio.run(work())


def test_several_tags_and_no_tag_are_told_apart_and_nothing_is_written(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 1)

    async def work() -> None:
        async with a_bench("reader", tmp_path, []) as bench:
            assert isinstance(bench, ReaderBench)
            jobs = jobs_on(desk, bench)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1")))
            assert status.reason == "waited 0.1 s: no tag in the field"
            field = bench.server.field
            field.tags += [EmulatedTag(FieldTag(f"E28011700000020A0000000{at}", f"{at}" * 24)) for at in range(5)]
            status = await ended(jobs, await jobs.resume(PRODUCER, status.job.id))
            assert status.reason == (
                f"waited 0.1 s: 5 tags in the field, one is needed: {'0' * 24}, {'1' * 24}, {'2' * 24} and 2 more"
            )
            field.tags[:] = [EmulatedTag(FieldTag("E2801170", "1111"))]
            status = await ended(jobs, await jobs.resume(PRODUCER, status.job.id))
            assert status.reason == "waited 0.1 s: the tag with EPC 1111 has no serial number of its own (TID)"
            assert not any(tag.tried for tag in bench.tags)

    asyncio.run(work())


def test_a_tag_that_carries_a_label_takes_no_other_unless_it_is_asked_for(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 3)

    async def work() -> None:
        async with a_bench("reader", tmp_path, []) as bench:
            assert isinstance(bench, ReaderBench)
            tag = EmulatedTag(FieldTag("E28011700000020A00000001"))
            bench.server.field.tags.append(tag)
            jobs = jobs_on(desk, bench)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1")))
            assert status.state is JobState.DONE
            tag.tried = False  # it is put back on the table
            bench.server.field.tags[:] = [tag]
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "2")))
            assert status.reason == f"waited 0.1 s: the tag with TID {tag.tid} carries label 1 already"
            await jobs.cancel(PRODUCER, status.job.id)
            bench.server.field.tags[:] = [tag]
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "2", rewrite=True)))
            assert (status.state, status.written) == (JobState.DONE, 1)
            labels = desk.labels(batch)
            assert [label.state for label in labels[:2]] == [LabelState.VOIDED, LabelState.PRINTED]
            assert labels[0].reason == "its tag is written anew"
            assert labels[1].tid == tag.tid
            tag.tried = False
            bench.server.field.tags[:] = [tag]
            await service.apply(desk.ledger, PRODUCER, batch.id, Selection(Level.ITEM, "2"))
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "3", rewrite=True)))
            assert "is on food" in status.reason

    asyncio.run(work())


def test_a_tag_that_cannot_be_written_is_set_aside_and_the_label_goes_on_the_next(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 1)

    async def work() -> None:
        async with a_bench("reader", tmp_path, []) as bench:
            assert isinstance(bench, ReaderBench)
            bad = EmulatedTag(FieldTag("E28011700000020A00000001", locked=True, password="12345678"))
            field = bench.server.field

            async def put_back() -> None:
                while True:
                    if bad not in field.tags and not bad.gone:
                        bad.tried = False
                        field.tags[:] = [bad]
                    await asyncio.sleep(0.005)

            field.tags.append(bad)
            task = asyncio.create_task(put_back())
            jobs = jobs_on(desk, bench)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1", attempts=5)))
            assert status.reason == f"waited 0.1 s: the tag with TID {bad.tid} cannot be written: take another"
            task.cancel()
            field.tags[:] = [EmulatedTag(FieldTag("E28011700000020A00000002"))]
            status = await ended(jobs, await jobs.resume(PRODUCER, status.job.id))
            assert (status.state, status.written, status.failures) == (JobState.DONE, 1, [])

    asyncio.run(work())


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_that_fails_again_and_again_pauses_the_job(kind: str, desk: Desk, tmp_path: Path) -> None:
    """A roll of bad tags must not eat every serial number."""
    batch = desk.open()
    desk.allocate(batch, 4)

    async def work() -> None:
        async with a_bench(kind, tmp_path, ["bad", "bad", "bad", "good", "good", "good", "good", "good"]) as bench:
            jobs = jobs_on(desk, bench)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1-4")))
            assert status.state is JobState.PAUSED
            assert status.reason.startswith("3 failures in a row, the last: ")
            status = await ended(jobs, await jobs.resume(PRODUCER, status.job.id))
            assert status.state is JobState.DONE
            # a reader's label that no tag took is given up, and stays allocated
            assert (status.written, status.failed) == ((3, 1) if kind == "reader" else (4, 0))
            check_invariant(desk, bench, desk.labels(batch))

    asyncio.run(work())


def test_a_printer_with_tags_that_were_written_before_pauses_the_job_and_says_so(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 6)

    async def work() -> None:
        for numbers in ("1-3", "4-6"):
            async with a_bench("printer", tmp_path, []) as bench:  # each counts its tags from the same TID
                jobs = jobs_on(desk, bench)
                status = await ended(jobs, await jobs.open(PRODUCER, order(batch, numbers)))
        third = desk.labels(batch)[2].tid
        assert status.reason == f"3 failures in a row, the last: the tag with TID {third} was written before"
        assert desk.labels(batch)[5].reason == f"tag writing: the tag with TID {third} was written before"

    asyncio.run(work())


def test_tags_are_locked_when_the_order_says_so(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 2)

    async def work() -> None:
        async with a_bench("reader", tmp_path, ["good", "good"]) as bench:
            assert isinstance(bench, ReaderBench)
            jobs = jobs_on(desk, bench)
            await ended(jobs, await jobs.open(PRODUCER, order(batch, "1-2", lock=True)))
            assert [tag.locked for tag in bench.tags] == [True, True]
        async with a_bench("printer", tmp_path, []) as bench:
            assert isinstance(bench, PrinterBench)
            await service.allocate(desk.ledger, PRODUCER, batch.id, Level.ITEM, 1)
            jobs = jobs_on(desk, bench)
            await ended(jobs, await jobs.open(PRODUCER, order(batch, "3", lock=True)))
            assert b"^RZAB12CD34,E,L" in bench.printer.labels[0].zpl

    asyncio.run(work())


def test_pieces_of_a_scale_are_replaced_by_pieces_of_the_same_weight(desk: Desk, tmp_path: Path) -> None:
    whole = desk.open(lot="WHOLE")
    (parent,) = desk.allocate(whole, 1)
    desk.printed(whole, "1")
    desk.applied(whole, "1")
    batch = desk.open(gtin=LOOSE)
    desk.run(service.relabel(desk.ledger, PRODUCER, batch.id, parent.epc, ["0.512"], "cut"))

    async def work() -> None:
        async with a_bench("printer", tmp_path, ["bad"]) as bench:
            jobs = jobs_on(desk, bench)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1")))
            assert (status.state, status.written, status.voided) == (JobState.DONE, 1, 1)
            first, second = desk.labels(batch)
            assert (second.kilograms, second.parent) == (first.kilograms, first.parent) == ("0.512", parent.epc)

    asyncio.run(work())


def test_cancelling_ends_a_job_for_good_and_pausing_does_not(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 2)

    async def work() -> None:
        async with a_bench("reader", tmp_path, []) as bench:
            jobs = jobs_on(desk, bench, Patience(0.01, 60))
            status = await jobs.open(PRODUCER, order(batch, "1-2", request="mine"))
            again = await jobs.open(PRODUCER, order(batch, "1-2", request="mine"))
            assert (again.job.id, again.state) == (status.job.id, JobState.RUNNING)
            with pytest.raises(Conflict, match="has opened another job"):
                await jobs.open(PRODUCER, order(batch, "1", request="mine"))
            with pytest.raises(Conflict, match="is taken by tag job"):
                await jobs.open(PRODUCER, order(batch, "1"))
            assert (await jobs.resume(PRODUCER, status.job.id)).state is JobState.RUNNING
            status = await jobs.pause(PRODUCER, status.job.id)
            assert (status.state, status.reason) == (JobState.PAUSED, f"by key {PRODUCER.key_id}")
            assert (await jobs.pause(PRODUCER, status.job.id)).state is JobState.PAUSED
            assert (await jobs.resume(PRODUCER, status.job.id)).state is JobState.RUNNING
            status = await jobs.cancel(PRODUCER, status.job.id)
            assert (status.state, status.left) == (JobState.CANCELLED, 2)
            with pytest.raises(Conflict, match="is cancelled"):
                await jobs.resume(PRODUCER, status.job.id)
            assert await jobs.jobs(PRODUCER) == [status]
            assert await jobs.jobs(PRODUCER, before=status.job.index) == []

    asyncio.run(work())


def test_a_firm_sees_its_own_jobs_and_writers_only(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 1)

    async def work() -> None:
        async with a_bench("reader", tmp_path, ["good"]) as bench:
            jobs = jobs_on(desk, bench, party=PRODUCER.party)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1")))
            assert await jobs.jobs(RIVAL) == []
            assert jobs.stations(RIVAL) == []
            for act in (jobs.status, jobs.pause, jobs.resume, jobs.cancel):
                with pytest.raises(NotFound, match="there is no tag job"):
                    await act(RIVAL, status.job.id)
            with pytest.raises(NotFound, match="there is no tag writer 'table'"):
                await jobs.open(RIVAL, order(batch, "1"))

    asyncio.run(work())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"numbers": "1-20000"}, "20000 labels are over the 10,000 of one job"),
        ({"numbers": "0"}, "no range of label numbers"),
        ({"numbers": "1-25"}, "has no item label 25"),
        ({"attempts": 0}, "0 attempts are outside 1 to 10"),
        ({"design": "../../etc/passwd"}, "there is no design"),
        ({"batch": "B1"}, "there is no batch 'B1'"),
        ({"level": Level.PALLET}, "has no level pallet"),
        ({"writer": "none"}, "there is no tag writer 'none'"),
        ({"request": "\n"}, "request id"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_refused(
    change: dict[str, Any], message: str, desk: Desk, tmp_path: Path
) -> None:
    batch = desk.open()
    desk.allocate(batch, 2)

    async def work() -> None:
        async with a_bench("reader", tmp_path, []) as bench:
            jobs = jobs_on(desk, bench)
            with pytest.raises(SuyuanError, match=message):
                await jobs.open(PRODUCER, msgspec.structs.replace(order(batch, "1"), **change))
            unlocked = TagJobs(desk.ledger, {"table": Station("table", "reader", bench.connect)}, no_ticket)
            with pytest.raises(InvalidInput, match="no password to lock tags with"):
                await unlocked.open(PRODUCER, order(batch, "1", lock=True))
            status = await ended(unlocked, await unlocked.open(PRODUCER, order(batch, "1")))
            assert (status.state, status.reason) == (JobState.PAUSED, "no ticket today")

    asyncio.run(work())


def no_ticket(*_: object) -> Ticket:
    raise InvalidInput("no ticket today")


def test_a_label_that_is_voided_or_applied_meanwhile_is_left_out(desk: Desk, tmp_path: Path) -> None:
    batch = desk.open()
    desk.allocate(batch, 4)
    desk.voided(batch, "1")
    desk.printed(batch, "2-3")
    desk.applied(batch, "2")

    async def work() -> None:
        async with a_bench("reader", tmp_path, ["good"] * 2) as bench:
            jobs = jobs_on(desk, bench)
            status = await ended(jobs, await jobs.open(PRODUCER, order(batch, "1-4")))
            assert (status.state, status.written, status.voided, status.failed) == (JobState.DONE, 2, 1, 1)
            assert status.failures == [Failure(1, "label is voided"), Failure(2, "label is applied")]

    asyncio.run(work())


def test_two_jobs_on_two_devices_never_share_a_label(desk: Desk, tmp_path: Path) -> None:
    """The second one finds each label that the first has begun taken, and leaves it out."""
    batch = desk.open()
    desk.allocate(batch, 12)

    async def work() -> None:
        async with a_bench("printer", tmp_path, []) as one, a_bench("printer", tmp_path, [], first=4096) as two:
            stations = {
                name: Station(name, "printer", bench.connect, patience=QUICK)
                for name, bench in (("table", one), ("other", two))
            }
            office = TicketOffice(desk.ledger, URL, {"table": Printing(), "other": Printing()})
            jobs = TagJobs(desk.ledger, stations, office.ticket)
            first = await jobs.open(PRODUCER, order(batch, "1-12"))
            second = await jobs.open(PRODUCER, msgspec.structs.replace(order(batch, "1-12"), writer="other"))
            ends = [await ended(jobs, first), await ended(jobs, second)]
            assert {end.state for end in ends} == {JobState.DONE}
            held = one.epcs() + two.epcs()
            assert len(held) == len({epc for _, epc in held}) == 12

    asyncio.run(work())


def test_a_long_job_records_its_tags_on_the_way(desk: Desk, tmp_path: Path) -> None:
    """Whoever looks at the batch meanwhile sees how far it is; a kill leaves little to record."""
    batch = desk.open()
    desk.allocate(batch, RECORD_EVERY + 3)

    async def work() -> None:
        async with a_bench("printer", tmp_path, []) as bench:
            jobs = jobs_on(desk, bench)
            opened = await jobs.open(PRODUCER, order(batch, f"1-{RECORD_EVERY + 3}"))
            async for status in jobs.watch(PRODUCER, opened.job.id):
                if status.written > RECORD_EVERY:
                    break
            assert sum(label.tid is not None for label in desk.labels(batch)) >= RECORD_EVERY
            status = await ended(jobs, opened)
            assert (status.state, status.written) == (JobState.DONE, RECORD_EVERY + 3)
            assert desk.counts(batch) == (0, RECORD_EVERY + 3, 0, 0)

    asyncio.run(work())
