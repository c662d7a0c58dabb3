"""What the writer does for tag-write jobs: opening one is an act; intents and outcomes are rows of their own.

The rule that no EPC gets on two tags is kept here, in the transaction that makes an intent durable.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from suyuan.base.errors import Conflict, NotFound
from suyuan.labels.batches import LEVEL_CODES, STATE_CODES, STATES, LabelState, Level
from suyuan.labels.operation import LabelOperation, Order, find_batch
from suyuan.labels.selection import Range
from suyuan.labels.tag_jobs import FATE_CODES, JOB_STATE_CODES, JOB_STATES, JobState
from suyuan.labels.tag_writing import Fate
from suyuan.trace.writer import Transaction

_FINAL: Final = {JobState.CANCELLED, JobState.DONE}


class JobOpened(Order, frozen=True, kw_only=True):
    """Parameters of `OpenJob`. ``since``: when the server began; a job that ran before runs no more."""

    id: str
    request: str
    batch: str
    level: Level
    ranges: list[Range]
    writer: str
    design: str
    lock: bool
    rewrite: bool
    attempts: int
    since: int = 0


class OpenJob(LabelOperation[JobOpened]):
    """Open a job; the id of the job that the same request opened before, where there is one."""

    name = "tag-job-opened"
    parameters = JobOpened

    def carry_out(self, transaction: Transaction, order: JobOpened) -> str:
        """The job's id. It counts as running from now on: a server that dies before it begins has interrupted it."""
        batch = find_batch(transaction, order, order.batch)
        known = transaction.db.execute(
            "SELECT id, batch, level, ranges, writer FROM tag_job WHERE party = ? AND request = ?",
            (order.party, order.request),
        ).fetchone()
        ranges = msgspec.json.encode(order.ranges).decode()
        wanted = (batch.index, LEVEL_CODES[order.level], ranges, order.writer)
        if known:
            if known[1:] != wanted:
                raise Conflict(f"request {order.request[:60]!a} has opened another job, {known[0]}", place="/request")
            return str(known[0])
        body = {
            "batch": batch.id, "job": order.id, "level": order.level.value, "lock": order.lock, "ranges": order.ranges,
            "rewrite": order.rewrite, "writer": order.writer,
        }  # fmt: skip
        _take_writer(transaction, -1, order.writer, order)
        recorded = self.log(transaction, order, body)
        transaction.db.execute(
            "INSERT INTO tag_job (idx, id, request, party, batch, level, ranges, writer, design, lock, rewrite,"
            " attempts, opened, key_id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (recorded.index, order.id, order.request, order.party, *wanted, order.design, order.lock, order.rewrite,
             order.attempts, recorded.time, order.actor),
        )  # fmt: skip
        _move(transaction, recorded.index, JobState.RUNNING, "", order.actor)
        return order.id


class JobMoved(Order, frozen=True, kw_only=True):
    """Parameters of `MoveJob`. ``since`` as of `JobOpened`."""

    job: str
    state: JobState
    reason: str
    since: int = 0


class MoveJob(LabelOperation[JobMoved]):
    """Run, pause, cancel or end a job. A writer has one running job at most."""

    name = "tag-job-moved"
    parameters = JobMoved

    def carry_out(self, transaction: Transaction, order: JobMoved) -> bool:
        """Whether anything changed."""
        index, writer, _ = _find(transaction, order, order.job)
        now = _state(transaction, index)
        if now is order.state:
            return False
        if now in _FINAL:
            raise Conflict(
                f"tag job {order.job} is {now.value}", remedy="open another job for the labels that are left"
            )
        if order.state is JobState.RUNNING:
            _take_writer(transaction, index, writer, order)
        _move(transaction, index, order.state, order.reason[:500], order.actor)
        return True


def _take_writer(transaction: Transaction, index: int, writer: str, order: JobOpened | JobMoved) -> None:
    """Refused while another job runs; one that a server's death has interrupted pauses, whosever it is.

    The jobs of other firms have no names here.
    """
    rows = transaction.db.execute(
        "SELECT j.idx, j.id, j.party, s.time FROM tag_job j JOIN tag_job_state s ON s.job = j.idx WHERE j.writer = ?"
        " AND j.idx <> ? AND s.state = ? AND NOT EXISTS (SELECT 1 FROM tag_job_state n WHERE n.job = s.job"
        " AND n.ordinal > s.ordinal)",
        (writer, index, JOB_STATE_CODES[JobState.RUNNING]),
    )
    for other, name, party, time in rows.fetchall():
        if time < order.since:
            reason = "the server was cut off, and another job took the writer"
            _move(transaction, other, JobState.PAUSED, reason, order.actor)
            continue
        own = party == order.party
        raise Conflict(
            f"writer {writer[:60]!a} is taken by {f'tag job {name}' if own else 'another firm'}", place="/writer",
            remedy="wait for it, or pause or cancel it" if own else "wait, or take another writer",
        )  # fmt: skip


class TagIntended(Order, frozen=True, kw_only=True):
    """Parameters of `IntendTag`. ``tid`` is empty where the device can't tell which chip comes next."""

    job: str
    number: int
    tid: str


class IntendTag(LabelOperation[TagIntended]):
    """Make it durable that a label's EPC is about to be written to a tag."""

    name = "tag-intended"
    parameters = TagIntended

    def carry_out(self, transaction: Transaction, order: TagIntended) -> int:
        """Number of the attempt, from 1.

        `Conflict` where the EPC could get on a second tag, or (its place is then ``/writer``) the tag a second EPC.
        """
        index, _, (batch, level, rewrite) = _find(transaction, order, order.job)
        if _state(transaction, index) is not JobState.RUNNING:
            raise Conflict(f"tag job {order.job} does not run")
        key = (batch, level, order.number)
        _refuse_used(transaction, key)
        attempt = _refuse_open(transaction, key, order.tid)
        _refuse_taken(transaction, key, order.tid, rewrite=rewrite)
        transaction.db.execute(
            "INSERT INTO tag_intent (batch, level, number, attempt, job, tid, time) VALUES (?,?,?,?,?,?,?)",
            (*key, attempt + 1, index, order.tid, transaction.now),
        )
        return attempt + 1


class TagSettled(Order, frozen=True, kw_only=True):
    """Parameters of `SettleTag`."""

    job: str
    number: int
    attempt: int
    fate: Fate
    tid: str
    locked: bool
    reason: str


class SettleTag(LabelOperation[TagSettled]):
    """Write down what became of an intent, once."""

    name = "tag-settled"
    parameters = TagSettled

    def carry_out(self, transaction: Transaction, order: TagSettled) -> Fate:
        """The fate that counts: a printer may find too late that a chip carries another label already."""
        _, _, (batch, level, rewrite) = _find(transaction, order, order.job)
        key = (batch, level, order.number)
        known = transaction.db.execute(
            "SELECT 1 FROM tag_intent WHERE batch = ? AND level = ? AND number = ? AND attempt = ?",
            (*key, order.attempt),
        ).fetchone()
        if known is None:
            raise NotFound(f"tag job {order.job} has no attempt {order.attempt} at label {order.number}")
        fate, reason = order.fate, order.reason
        if fate is Fate.WRITTEN and not rewrite and _carried(transaction, key, order.tid):
            fate, reason = Fate.UNKNOWN, f"the tag with TID {order.tid} was written before"
        transaction.db.execute(
            "INSERT INTO tag_outcome (batch, level, number, attempt, fate, tid, locked, reason, time)"
            " VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
            (*key, order.attempt, FATE_CODES[fate], order.tid, order.locked, reason[:500], transaction.now),
        )
        return fate


_Key = tuple[int, int, int]


def _find(transaction: Transaction, order: Order, job: str) -> tuple[int, str, tuple[int, int, bool]]:
    """Index and writer of a job of the firm; its batch, level and whether it may write tags anew."""
    row = transaction.db.execute(
        "SELECT idx, writer, batch, level, rewrite FROM tag_job WHERE id = ? AND party = ?", (job, order.party)
    ).fetchone()
    if row is None:
        raise NotFound(f"there is no tag job {job[:60]!a}", remedy="GET /api/v1/labels/tag-jobs lists yours")
    return row[0], row[1], (row[2], row[3], bool(row[4]))


def _state(transaction: Transaction, index: int) -> JobState:
    row = transaction.db.execute(
        "SELECT state FROM tag_job_state WHERE job = ? ORDER BY ordinal DESC LIMIT 1", (index,)
    ).fetchone()
    return JOB_STATES[row[0]]


def _move(transaction: Transaction, index: int, state: JobState, reason: str, actor: str) -> None:
    transaction.db.execute(
        "INSERT INTO tag_job_state (job, ordinal, state, reason, time, key_id) SELECT ?, COUNT(*) + 1, ?, ?, ?, ?"
        " FROM tag_job_state WHERE job = ?",
        (index, JOB_STATE_CODES[state], reason, transaction.now, actor, index),
    )


def _refuse_used(transaction: Transaction, key: _Key) -> None:
    """A label that is on food, voided, or has its tag."""
    row = transaction.db.execute(
        "SELECT COALESCE(MAX(m.state), 0), (SELECT t.tid FROM label_tag t WHERE t.batch = ? AND t.level = ?"
        " AND t.number = ?) FROM label_mark m WHERE m.batch = ? AND m.level = ? AND m.number = ?",
        (*key, *key),
    ).fetchone()
    state = STATES[row[0]]
    if row[1] is not None:
        raise Conflict(f"label {key[2]} is on the tag with TID {row[1]}", place="/numbers")
    if state not in {LabelState.ALLOCATED, LabelState.PRINTED}:
        raise Conflict(f"label {key[2]} is {state.value}", place="/numbers")


def _refuse_open(transaction: Transaction, key: _Key, tid: str) -> int:
    """The attempts so far. An EPC that may be on a tag goes on the same chip again or on none."""
    rows = transaction.db.execute(
        "SELECT i.attempt, i.tid, o.fate FROM tag_intent i LEFT JOIN tag_outcome o ON o.batch = i.batch"
        " AND o.level = i.level AND o.number = i.number AND o.attempt = i.attempt"
        " WHERE i.batch = ? AND i.level = ? AND i.number = ? ORDER BY i.attempt",
        key,
    ).fetchall()
    for _, before, fate in rows:
        if fate != FATE_CODES[Fate.ABSENT] and not (tid and before == tid):
            raise Conflict(
                f"label {key[2]} may be on another tag ({before or 'nobody knows which'})",
                place="/numbers",
                remedy="void it: a fresh label takes its place",
            )
    return len(rows)


def _refuse_taken(transaction: Transaction, key: _Key, tid: str, *, rewrite: bool) -> None:
    """A chip that carries another label's EPC; to write it anew, that label has to be voided first."""
    if tid and (other := _carried(transaction, key, tid, live=rewrite)):
        raise Conflict(
            f"the tag with TID {tid} carries label {other} already",
            place="/writer",
            remedy="take another tag, or void that label and open the job with rewrite"
            if not rewrite
            else "void it first",
        )


def _carried(transaction: Transaction, key: _Key, tid: str, *, live: bool = False) -> int | None:
    """Number of another label that was written to this chip; with ``live`` only one that isn't voided."""
    row: Any = transaction.db.execute(
        "SELECT w.number FROM (SELECT batch, level, number FROM tag_outcome WHERE tid = ? AND fate = ?"
        " UNION ALL SELECT batch, level, number FROM label_tag WHERE tid = ?) w"
        " WHERE (w.batch, w.level, w.number) <> (?, ?, ?) AND NOT (? AND EXISTS (SELECT 1 FROM label_mark m"
        " WHERE m.batch = w.batch AND m.level = w.level AND m.number = w.number AND m.state = ?)) LIMIT 1",
        (tid, FATE_CODES[Fate.WRITTEN], tid, *key, live, STATE_CODES[LabelState.VOIDED]),
    ).fetchone()
    return int(row[0]) if row else None


#: For the root: what the writer of a ledger must know.
OPERATIONS: Final = (OpenJob, MoveJob, IntendTag, SettleTag)
