"""Tag-write jobs as values, and what the ledger knows of them: which labels, and what became of each.

**Never the same EPC on two tags**: an intent is durable before a tag is written. As long as its outcome isn't known to
be `Fate.ABSENT`, the EPC may go on the same chip again but on no other; when it can't be found, its label is voided
and a fresh one takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import text

from suyuan.base.clock import format_time
from suyuan.base.errors import Conflict, NotFound
from suyuan.base.identity import Actor
from suyuan.gs1.names import canonical
from suyuan.labels.allocation import MOST_LABELS
from suyuan.labels.batches import LEVEL_CODES, LEVELS, STATES, LabelState, Level
from suyuan.labels.catalogue import batch_of
from suyuan.labels.selection import Range
from suyuan.labels.tag_writing import Fate
from suyuan.trace.view import View

FATE_CODES: Final = {Fate.WRITTEN: 1, Fate.ABSENT: 2, Fate.UNKNOWN: 3}
FATES: Final = {code: fate for fate, code in FATE_CODES.items()}
#: Most labels of one job: a job's state is held in memory while it runs.
LARGEST_JOB: Final = 10_000
#: Attempts at one label, at most, on whatever tags.
MOST_ATTEMPTS: Final = 10


class JobState(StrEnum):
    """Where a job is. A running job that nobody runs was interrupted, and can be resumed."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


JOB_STATE_CODES: Final = {JobState.RUNNING: 1, JobState.PAUSED: 2, JobState.CANCELLED: 3, JobState.DONE: 4}
JOB_STATES: Final = {code: state for state, code in JOB_STATE_CODES.items()}


class TagJobOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an operator asks for. ``request`` is chosen by the client: the same one again is the same job.

    ``numbers`` are label numbers, ``1-500,502``; ``writer`` a name of the server's tag writers. ``rewrite`` allows tags
    that carry an EPC of ours already: their labels are voided. ``design`` is what a printer prints around the tag.
    """

    batch: str
    level: Level
    numbers: str
    writer: str
    lock: bool = False
    rewrite: bool = False
    attempts: int = 3
    design: str = ""
    request: str = ""


class TagJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it was opened. ``opened`` is a time in UTC, ``index`` the log index of the act."""

    id: str
    index: int
    batch: str
    level: Level
    ranges: list[Range]
    writer: str
    design: str
    lock: bool
    rewrite: bool
    attempts: int
    opened: str
    opened_by: str


class Failure(msgspec.Struct, frozen=True):
    """A label that the job could not write. ``instead`` is the label that took its place, 0 where none did."""

    number: int
    reason: str
    instead: int = 0


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A job and how far it has come.

    ``written + failed + voided + left`` is ``total``, which grows with the labels that take the place of others.
    """

    job: TagJob
    state: JobState
    reason: str = ""  #: why it paused, or what it waits for now
    interrupted: bool = False
    total: int = 0
    written: int = 0
    failed: int = 0  #: certainly on no tag, and given up
    voided: int = 0  #: perhaps on a tag nobody knows: its serial number is spent
    left: int = 0
    failures: list[Failure] = []


#: Fates of an attempt after which the EPC may be on a tag.
_OPEN: Final = {None, Fate.UNKNOWN}


class Work(msgspec.Struct):
    """One label of a job and what has been tried with it."""

    number: int
    class_key: str
    serial: str
    state: LabelState
    recorded: bool  #: the TID stands beside the label, and the encoding event is captured
    attempts: int = 0  #: of all jobs
    tries: int = 0  #: of this job
    mine: bool = True  #: the latest attempt was this job's, or there was none
    fate: Fate | None = None  #: of the latest attempt; None where nobody knows, or nothing was tried
    tid: str = ""
    locked: bool = False
    reason: str = ""
    instead_of: int = 0

    @property
    def epc(self) -> str:
        """The canonical name."""
        return canonical((self.class_key, self.serial))

    @property
    def asked(self) -> bool:
        """Whether an attempt was begun and nobody knows whether the EPC is on a tag."""
        return self.tries > 0 and self.mine and self.fate in _OPEN and self.state is not LabelState.VOIDED

    @property
    def written(self) -> bool:
        """Whether this job has put it on a tag."""
        return self.mine and self.fate is Fate.WRITTEN

    @property
    def left_out(self) -> str:
        """Why it is not for this job to write."""
        if self.state is LabelState.VOIDED or self.mine:
            return self.reason or f"label is {self.state.value}"
        if self.fate in _OPEN:
            return "another job has begun it, and nobody knows yet whether it is on a tag"
        return "label is on a tag already"

    def pending(self, most: int) -> bool:
        """Whether it still has to be written."""
        usable = self.state in {LabelState.ALLOCATED, LabelState.PRINTED} and not self.recorded
        return usable and (not self.attempts or (self.fate is Fate.ABSENT and self.tries < most))


_JOBS: Final = (
    "SELECT j.id, j.idx, b.id, j.level, j.ranges, j.writer, j.design, j.lock, j.rewrite, j.attempts, j.opened, j.key_id"
    " FROM tag_job j JOIN label_batch b ON b.idx = j.batch WHERE "
)


def job_of(view: View, actor: Actor, job_id: str) -> TagJob:
    """A job of the firm; `NotFound` for any other."""
    found = _jobs(view, "j.party = :party AND j.id = :id", {"party": actor.party, "id": job_id[:64]})
    if not found:
        raise NotFound(f"there is no tag job {job_id[:60]!a}", remedy="GET /api/v1/labels/tag-jobs lists yours")
    return found[0]


def jobs_of(view: View, actor: Actor, limit: int = 100, before: int | None = None) -> list[TagJob]:
    """The firm's jobs, the latest first; ``before`` is the ``index`` of the last one of the page before."""
    edge = view.size if before is None else min(before, view.size)
    where = "j.party = :party AND j.idx < :before ORDER BY j.idx DESC LIMIT :limit"
    return _jobs(view, where, {"party": actor.party, "before": edge, "limit": limit})


def _jobs(view: View, where: str, bound: dict[str, Any]) -> list[TagJob]:
    rows = view.connection.execute(text(f"{_JOBS}{where}"), bound)
    return [
        TagJob(
            id=row[0], index=row[1], batch=row[2], level=LEVELS[row[3]],
            ranges=msgspec.json.decode(row[4], type=list[Range]), writer=row[5], design=row[6], lock=bool(row[7]),
            rewrite=bool(row[8]), attempts=row[9], opened=format_time(row[10]), opened_by=row[11],
        )
        for row in rows
    ]  # fmt: skip


def state_of(view: View, job: TagJob) -> tuple[JobState, str]:
    """The state it went to last, and why."""
    row = view.connection.execute(
        text("SELECT state, reason FROM tag_job_state WHERE job = :job ORDER BY ordinal DESC LIMIT 1"),
        {"job": job.index},
    ).one()
    return JOB_STATES[row[0]], row[1]


def replacement_request(job: TagJob, number: int) -> str:
    """The request id under which the label that takes the place of another is allocated, whoever resumes the job.

    No client's is like it: those begin with a key.
    """
    return f"tag-job/{job.id}/{number}"


def work_of(view: View, job: TagJob) -> list[Work]:
    """The job's labels by number, those that took the place of others included."""
    batch = view.connection.scalar(text("SELECT idx FROM label_batch WHERE id = :id"), {"id": job.batch})
    bound = {"batch": batch, "level": LEVEL_CODES[job.level], "job": job.index}
    instead = _replacements(view, job, bound)
    ranges = [*job.ranges, *((number, number) for number in instead)]
    found: list[Work] = []
    for first, last in ranges:
        rows = view.connection.execute(text(_WORK), {**bound, "first": first, "last": last})
        found += [_work(row, job.index, instead.get(row[0], 0)) for row in rows]
    return sorted(found, key=lambda item: item.number)


_WORK: Final = (
    "SELECT l.number, l.class_key, l.serial, COALESCE((SELECT MAX(m.state) FROM label_mark m WHERE m.batch = l.batch"
    " AND m.level = l.level AND m.number = l.number), 0), t.tid, i.attempt, o.fate, COALESCE(NULLIF(o.tid, ''), i.tid),"
    " o.locked, o.reason, i.job, (SELECT COUNT(*) FROM tag_intent k WHERE k.batch = l.batch AND k.level = l.level"
    " AND k.number = l.number AND k.job = :job) FROM label l"
    " LEFT JOIN label_tag t ON t.batch = l.batch AND t.level = l.level AND t.number = l.number"
    " LEFT JOIN tag_intent i ON i.batch = l.batch AND i.level = l.level AND i.number = l.number AND NOT EXISTS ("
    "SELECT 1 FROM tag_intent n WHERE n.batch = i.batch AND n.level = i.level AND n.number = i.number"
    " AND n.attempt > i.attempt)"
    " LEFT JOIN tag_outcome o ON o.batch = i.batch AND o.level = i.level AND o.number = i.number"
    " AND o.attempt = i.attempt"
    " WHERE l.batch = :batch AND l.level = :level AND l.number BETWEEN :first AND :last ORDER BY l.number"
)


def _work(row: Any, job: int, instead_of: int) -> Work:
    return Work(
        number=row[0], class_key=row[1], serial=row[2], state=STATES[row[3]], recorded=row[4] is not None,
        attempts=row[5] or 0, fate=FATES[row[6]] if row[6] is not None else None, tid=row[7] or "",
        locked=bool(row[8]), reason=row[9] or "", mine=row[10] in {None, job}, tries=row[11], instead_of=instead_of,
    )  # fmt: skip


def _replacements(view: View, job: TagJob, bound: dict[str, Any]) -> dict[int, int]:
    """Number of each label that took another's place, with the other's number."""
    prefix = replacement_request(job, 0)[:-1]
    rows = view.connection.execute(
        text(
            "SELECT first, request FROM label_allocation WHERE batch = :batch AND level = :level"
            " AND request LIKE :begin"
        ),
        {"batch": bound["batch"], "level": bound["level"], "begin": f"{prefix}%"},
    )
    return {first: int(request[len(prefix) :]) for first, request in rows}


def status_of(job: TagJob, state: JobState, reason: str, work: Sequence[Work], *, live: bool) -> JobStatus:
    """How far a job has come, by its labels; ``live`` where this server runs it now."""
    instead = {item.instead_of: item.number for item in work if item.instead_of}
    written = sum(item.written for item in work)
    left = sum(item.pending(job.attempts) or item.asked for item in work)
    lost = [item for item in work if not item.written and not item.pending(job.attempts) and not item.asked]
    voided = sum(item.state is LabelState.VOIDED for item in lost)
    return JobStatus(
        job=job, state=state, reason=reason, interrupted=state is JobState.RUNNING and not live, total=len(work),
        written=written, failed=len(lost) - voided, voided=voided, left=left,
        failures=[
            Failure(item.number, item.left_out, instead.get(item.number, 0)) for item in lost
        ],
    )  # fmt: skip


class Carried(msgspec.Struct, frozen=True):
    """The label whose EPC a chip carries."""

    batch: str
    level: Level
    number: int
    state: LabelState


def carried_by(view: View, actor: Actor, tid: str) -> list[Carried]:
    """The firm's labels that were written to a chip and are not voided."""
    rows = view.connection.execute(
        text(_CARRIED), {"tid": tid, "party": actor.party, "written": FATE_CODES[Fate.WRITTEN]}
    )
    found = [Carried(row[0], LEVELS[row[1]], row[2], STATES[row[3]]) for row in rows]
    return [label for label in found if label.state is not LabelState.VOIDED]


_CARRIED: Final = (
    "SELECT DISTINCT b.id, w.level, w.number, COALESCE((SELECT MAX(m.state) FROM label_mark m WHERE m.batch = w.batch"
    " AND m.level = w.level AND m.number = w.number), 0) FROM (SELECT batch, level, number FROM tag_outcome"
    " WHERE tid = :tid AND fate = :written UNION ALL SELECT batch, level, number FROM label_tag WHERE tid = :tid) w"
    " JOIN label_batch b ON b.idx = w.batch WHERE b.party = :party"
)


def refuse_tagged(view: View, actor: Actor, batch_id: str, level: Level, ranges: Sequence[Range] | None) -> None:
    """`Conflict` for a label that is on a tag, or may be; ``ranges`` None are all labels that nobody has marked yet."""
    batch = batch_of(view, actor, batch_id).batch
    unmarked = "" if ranges else _UNMARKED
    for first, last in ranges or [(1, MOST_LABELS)]:
        bound = {"batch": batch.index, "level": LEVEL_CODES[level], "first": first, "last": last}
        number = view.connection.scalar(text(_TAGGED + unmarked), {**bound, "absent": FATE_CODES[Fate.ABSENT]})
        if number is not None:
            raise Conflict(
                f"label {number} is on a tag, or a tag job has begun it", place="/numbers",
                remedy="print it without a tag, or void it and allocate another",
            )  # fmt: skip


_TAGGED: Final = (
    "SELECT MIN(l.number) FROM label l WHERE l.batch = :batch AND l.level = :level"
    " AND l.number BETWEEN :first AND :last AND (EXISTS (SELECT 1 FROM label_tag t WHERE t.batch = l.batch"
    " AND t.level = l.level AND t.number = l.number)"
    " OR EXISTS (SELECT 1 FROM tag_intent i LEFT JOIN tag_outcome o ON o.batch = i.batch AND o.level = i.level"
    " AND o.number = i.number AND o.attempt = i.attempt WHERE i.batch = l.batch AND i.level = l.level"
    " AND i.number = l.number AND COALESCE(o.fate, 0) <> :absent))"
)
_UNMARKED: Final = (
    " AND NOT EXISTS (SELECT 1 FROM label_mark m WHERE m.batch = l.batch AND m.level = l.level AND m.number = l.number)"
)
