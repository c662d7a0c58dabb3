"""Capture: a document's bytes become ledger rows and log leaves in one transaction.

A document is stored whole or not at all, unless its sender lets bad events be left out (``proceed``). An event with a
known ID and the same content is answered with the place it has; with other content it is refused and kept for audit
(DESIGN section 4). After a crash either every row and leaf of a document is there or none is, so sending it again gives
the same answer. Documents too large for one transaction are in `suyuan.trace.large_capture`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from suyuan.base.clock import format_time
from suyuan.base.errors import Conflict, InvalidDocument, Unauthenticated, Unavailable
from suyuan.base.identity import closed_key
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import STRICT, Leniency
from suyuan.epcis.vocabulary_elements import Element, read_elements
from suyuan.trace import tables
from suyuan.trace.capture_job import (
    MOST_FAULTS,
    PROCEED,
    ROLLBACK,
    CapturedEvent,
    CaptureJob,
    CaptureProblem,
    State,
    problem_of,
)
from suyuan.trace.capture_rows import KnownIds, NewEvents, PreparedEvent, prepare_event
from suyuan.trace.capture_tables import capture_fault, capture_job
from suyuan.trace.submitted_document import read_passable, read_whole
from suyuan.trace.vocabularies import owner_of, store_vocabulary
from suyuan.trace.voiding import void
from suyuan.trace.write_database import WriteDatabase
from suyuan.trace.writer import Transaction


class CaptureRequest(msgspec.Struct, frozen=True, array_like=True):
    """A document as it came in, and from whom."""

    name: str  #: the job's name in URLs
    key_id: str
    party: str
    media_type: str
    body: bytes
    proceed: bool = False  #: leave bad events out instead of refusing the document
    bare: bool = False  #: it must be one event without a document
    lenient: tuple[str, ...] = ()  #: rules that its events may break


class PreparedCapture(NamedTuple):
    """A decoded document: good events with their ordinals, and what was wrong with others."""

    request: CaptureRequest
    context: bytes
    events: list[tuple[int, PreparedEvent]]
    faults: list[CaptureProblem]
    master_data: list[Element]


class Capture:
    """The writer's capture operation."""

    name = "capture"

    def __init__(
        self, limits: Limits, random: Callable[[int], bytes] = os.urandom, leniency: Leniency = STRICT
    ) -> None:
        """``leniency`` says what the installation demands; what a source is forgiven, its request."""
        self._limits = limits
        self._random = random
        self._demands = leniency
        self._decoder = msgspec.msgpack.Decoder(CaptureRequest)

    def prepare(self, body: bytes) -> PreparedCapture:
        """Decode and validate; nothing of the database is touched."""
        request = self._decoder.decode(body)
        read = read_passable if request.proceed else read_whole
        found = read(request.body, request.media_type, self._limits, self._leniency(request))
        if request.bare and not found.bare:
            raise InvalidDocument("this is a document", place="/type", remedy="send it to /epcis/capture")
        events = [(ordinal, prepare_event(source, found.context)) for ordinal, source in found.sources]
        elements = read_elements(found.master_data, found.context, self._limits) if found.master_data else []
        return PreparedCapture(
            request, found.context, events, [problem_of(fault, ordinal) for ordinal, fault in found.faults], elements
        )

    def _leniency(self, request: CaptureRequest) -> Leniency:
        return msgspec.structs.replace(self._demands, rules=frozenset(request.lenient), party=request.party)

    def apply(self, transaction: Transaction, prepared: Sequence[PreparedCapture]) -> Sequence[Any]:
        """Give each document's new events their places, and insert them all at once.

        A key that was revoked or expired since its request came in is `Unauthenticated`: behind the leaf that revokes
        it nothing more stands under its name. An event ID that a document in the background has been promised for other
        content is `Unavailable`: whose it is shows when that document is done.
        """
        closed = closed_keys(transaction, {capture.request.key_id for capture in prepared})
        open_ = [capture for capture in prepared if capture.request.key_id not in closed]
        batch = _Batch(transaction, self._random, open_)
        taken = [batch.take(capture) for capture in open_]
        batch.insert()
        for capture, job in zip(open_, taken, strict=True):
            if capture.master_data and isinstance(job, CaptureJob) and (job.success or capture.request.proceed):
                request = capture.request
                owner = owner_of(request.party, request.key_id)
                store_vocabulary(transaction, request.key_id, owner, capture.master_data, self._random)
        jobs = iter(taken)
        return [closed.get(capture.request.key_id) or next(jobs) for capture in prepared]


def closed_keys(transaction: Transaction, keys: set[str]) -> dict[str, Unauthenticated]:
    """Those keys that open nothing any more. Who stands under no key (the program itself) is not looked for."""
    closed: dict[str, Unauthenticated] = {}
    for key in keys:
        row = transaction.db.execute("SELECT revoked, expires FROM api_key WHERE id = ?", (key,)).fetchone()
        refusal = closed_key(row[0], row[1], transaction.now) if row else None
        if refusal:
            closed[key] = refusal
    return closed


def next_capture(db: WriteDatabase) -> int:
    """The number of the next row of `capture`."""
    return int(db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM capture").fetchone()[0])


def conflict(ordinal: int, event_id: str) -> CaptureProblem:
    """The problem of an event whose ID is taken by other content."""
    return problem_of(
        Conflict(
            f"event {event_id} is in the ledger with other content; this one was refused and kept for audit",
            place=f"/epcisBody/eventList/{ordinal}",
            remedy="give it an ID of its own, or leave the ID out",
        )
    )


def fault_rows(capture: int, first: int, faults: Sequence[CaptureProblem]) -> list[tuple[int, int, str]]:
    """Rows of `capture_fault` from number ``first`` on, as far as they are kept."""
    kept = faults[: max(MOST_FAULTS - first, 0)]
    return [(capture, number, msgspec.json.encode(fault).decode()) for number, fault in enumerate(kept, first)]


class _Batch:
    """The documents of one transaction."""

    def __init__(
        self, transaction: Transaction, random: Callable[[int], bytes], captures: Sequence[PreparedCapture]
    ) -> None:
        self._tx = transaction
        self._known = KnownIds(transaction.db, (event.key for capture in captures for _, event in capture.events))
        self._new = NewEvents(transaction, random)
        self._random = random
        self._next_capture = next_capture(transaction.db)
        self._captures: list[tuple[Any, ...]] = []
        self._jobs: list[tuple[Any, ...]] = []
        self._faults: list[tuple[int, int, str]] = []
        self._capture_events: list[tuple[int, int, int, bool]] = []
        self._refused: list[tuple[Any, ...]] = []

    def take(self, capture: PreparedCapture) -> CaptureJob | Unavailable:
        """Accept or refuse one document, knowing those before it in the batch."""
        known = self._known
        places: list[tuple[int, PreparedEvent, CapturedEvent]] = []
        fresh: dict[tuple[bytes, bytes], int] = {}
        contents: dict[bytes, bytes] = {}
        conflicts: list[tuple[int, PreparedEvent]] = []
        for ordinal, event in capture.events:
            if known.promised.get(event.key, event.content) != event.content:
                return _undecided(event)
            content = known.contents.get(event.key) or contents.setdefault(event.key, event.content)
            if content != event.content:
                conflicts.append((ordinal, event))
                continue
            slot = (event.key, event.declaration)
            place = known.places.get(slot, fresh.get(slot))
            if place is None:
                fresh[slot] = self._new.next_index + len(fresh)
            captured = CapturedEvent(event.event_id, fresh[slot] if place is None else place, place is not None)
            places.append((ordinal, event, captured))
        if conflicts and not capture.request.proceed:
            return self._refuse(capture, conflicts)
        known.places |= fresh
        known.contents |= contents
        return self._accept(capture, places, conflicts)

    def _accept(
        self,
        capture: PreparedCapture,
        places: list[tuple[int, PreparedEvent, CapturedEvent]],
        conflicts: list[tuple[int, PreparedEvent]],
    ) -> CaptureJob:
        number = self._record(capture, None)
        originals = self._known.places
        places = [
            (ordinal, event, msgspec.structs.replace(place, declares_unknown=(event.key, b"") not in originals))
            if event.declaration
            else (ordinal, event, place)
            for ordinal, event, place in places
        ]
        for ordinal, event, place in places:
            self._capture_events.append((number, ordinal, place.index, place.duplicate))
            if not place.duplicate:
                self._new.add(event, capture.context, number, ordinal, capture.request.key_id)
        faults = sorted([*capture.faults, *self._keep(number, capture, conflicts)], key=lambda fault: fault.event or 0)
        if capture.request.proceed:
            self._jobs.append((number, True, State.DONE.value, len(capture.events) + len(capture.faults),
                               len(places), len(faults), self._tx.now))  # fmt: skip
        self._faults += fault_rows(number, 0, faults)
        return self._job(capture, faults, [place for _, _, place in places])

    def _refuse(self, capture: PreparedCapture, conflicts: list[tuple[int, PreparedEvent]]) -> CaptureJob:
        """Nothing of the document enters the ledger; what contradicts it is kept where an auditor finds it."""
        problems = [conflict(ordinal, event.event_id) for ordinal, event in conflicts]
        number = self._record(capture, problems[0].detail)
        self._faults += fault_rows(number, 0, self._keep(number, capture, conflicts))
        return self._job(capture, problems, [])

    def _keep(
        self, number: int, capture: PreparedCapture, conflicts: list[tuple[int, PreparedEvent]]
    ) -> list[CaptureProblem]:
        """Keep refused events for audit; their problems."""
        self._refused += [(number, ordinal, event.event_id, event.raw, capture.context) for ordinal, event in conflicts]
        return [conflict(ordinal, event.event_id) for ordinal, event in conflicts]

    def _record(self, capture: PreparedCapture, problem: str | None) -> int:
        request, number = capture.request, self._next_capture
        self._next_capture += 1
        digest = hashlib.sha256(request.body).digest()
        self._captures.append(
            (number, request.name, request.key_id, request.party, self._tx.now, request.media_type, digest,
             problem is None, problem)
        )  # fmt: skip
        return number

    def _job(self, capture: PreparedCapture, errors: list[CaptureProblem], events: list[CapturedEvent]) -> CaptureJob:
        time = format_time(self._tx.now)
        behaviour = PROCEED if capture.request.proceed else ROLLBACK
        return CaptureJob(
            capture.request.name, time, time, not errors, error_behaviour=behaviour, errors=errors, events=events
        )

    def insert(self) -> None:
        """Write the batch."""
        db = self._tx.db
        self._new.insert()
        db.insert(tables.capture, self._captures)
        db.insert(tables.capture_event, self._capture_events)
        db.insert(tables.refused_event, self._refused)
        db.insert(capture_job, self._jobs)
        db.insert(capture_fault, self._faults)
        # who submitted what stands there by now
        void(db, [key for key, declaration in self._known.places if declaration])


def _undecided(event: PreparedEvent) -> Unavailable:
    return Unavailable(
        f"event {event.event_id} stands with other content in a document that is being captured",
        remedy="send it again when that document is done",
    )
