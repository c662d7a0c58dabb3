"""Documents too large for one transaction: opened, checked, stored and undone in slices (DESIGN section 4).

The first pass looks at every event and promises its ID to the document, so that nobody else can take it for other
content; nothing of the document is visible. Where it ends without a fault (or faults may be left out) the document is
accepted, and the second pass stores what was promised, in as many transactions as it takes: it cannot fail any more,
only wait. Each step says where it begins, so one that was sent twice, or is sent again after a crash, is done once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from suyuan.base.errors import IntegrityBroken, NotFound, SuyuanError
from suyuan.epcis.context import prefixes_of
from suyuan.epcis.json_codec import read_source
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import LENIENT
from suyuan.epcis.vocabulary_elements import read_elements
from suyuan.trace import tables
from suyuan.trace.capture import closed_keys, conflict, fault_rows, next_capture
from suyuan.trace.capture_job import CaptureProblem, State, problem_of
from suyuan.trace.capture_rows import KnownIds, NewEvents, PreparedEvent, prepare_event
from suyuan.trace.capture_tables import capture_fault, capture_job, capture_reservation
from suyuan.trace.vocabularies import owner_of, store_vocabulary
from suyuan.trace.voiding import void
from suyuan.trace.writer import Transaction

#: Most promises that one transaction takes back.
_UNDONE_AT_ONCE = 20_000


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """Where a document stands."""

    capture: int
    state: State
    proceed: bool
    checked: int
    stored: int
    faults: int


class LargeDocument(msgspec.Struct, frozen=True, array_like=True):
    """Parameters of `OpenDocument`: what lies in the spool, and from whom."""

    name: str
    key_id: str
    party: str
    media_type: str
    digest: bytes
    proceed: bool


class CheckedEvent(msgspec.Struct, frozen=True, array_like=True):
    """What the first pass found of a good event: as in `event_id`, and the event as JSON should it be refused."""

    ordinal: int
    event_id: str
    key: bytes
    declaration: bytes
    content: bytes
    raw: bytes


class CheckedPart(msgspec.Struct, frozen=True, array_like=True):
    """Parameters of `CheckEvents`: the events ``first`` to ``first + count - 1``, the good ones and the faults."""

    capture: int
    first: int
    count: int
    context: bytes
    events: list[CheckedEvent]
    faults: list[CaptureProblem]
    #: Nothing follows.
    last: bool
    #: The document as a whole is refused, whatever its sender lets be left out.
    refused: bool = False


class StoredPart(msgspec.Struct, frozen=True, array_like=True):
    """Parameters of `StoreEvents`: the events from ``first`` on as JSON; a faulty one is empty."""

    capture: int
    first: int
    context: bytes
    place: str
    events: list[bytes]
    last: bool
    master_data: bytes | None = None


T = TypeVar("T")


class _Step(Generic[T]):
    """An operation of which each request is carried out by itself."""

    parameters: type[T]

    def __init__(self, limits: Limits, random: Callable[[int], bytes] = os.urandom) -> None:
        self.limits, self.random = limits, random

    def prepare(self, body: bytes) -> Any:
        """Decode the parameters."""
        return msgspec.msgpack.decode(body, type=self.parameters)

    def apply(self, transaction: Transaction, prepared: Sequence[Any]) -> Sequence[Progress | SuyuanError]:
        """One after the other."""
        return [self.carry_out(transaction, parameters) for parameters in prepared]

    def carry_out(self, transaction: Transaction, parameters: Any) -> Progress | SuyuanError:
        """What the step does."""
        raise NotImplementedError


class OpenDocument(_Step[LargeDocument]):
    """Write the rows of a document that lies in the spool; from here on it survives a crash."""

    name = "document-opened"
    parameters = LargeDocument

    def carry_out(self, transaction: Transaction, parameters: LargeDocument) -> Progress | SuyuanError:
        db = transaction.db
        known = db.execute("SELECT id FROM capture WHERE name = ?", (parameters.name,)).fetchone()
        if known:
            return _progress(transaction, known[0])
        closed = closed_keys(transaction, {parameters.key_id})
        if closed:
            return closed[parameters.key_id]
        number = next_capture(db)
        db.insert(
            tables.capture,
            [(number, parameters.name, parameters.key_id, parameters.party, transaction.now, parameters.media_type,
              parameters.digest, True, None)],
        )  # fmt: skip
        db.insert(capture_job, [(number, parameters.proceed, State.CHECKING.value, 0, 0, 0, None)])
        return Progress(number, State.CHECKING, parameters.proceed, 0, 0, 0)


class CheckEvents(_Step[CheckedPart]):
    """First pass: promise the IDs of good events, keep the faults of others."""

    name = "events-checked"
    parameters = CheckedPart

    def carry_out(self, transaction: Transaction, parameters: CheckedPart) -> Progress | SuyuanError:
        db, part = transaction.db, parameters
        before = _progress(transaction, part.capture)
        if before.state is not State.CHECKING or before.checked != part.first:
            return before  # it was sent twice
        faults = list(part.faults)
        (key_id,) = db.execute("SELECT key_id FROM capture WHERE id = ?", (part.capture,)).fetchone()
        closed = closed_keys(transaction, {key_id})
        if closed:
            faults = [problem_of(closed[key_id])]
        good, taken = _promised(transaction, part)
        faults += [conflict(event.ordinal, event.event_id) for event in taken]
        db.insert(
            capture_reservation,
            [(part.capture, event.ordinal, event.key, event.declaration, event.content) for event in good],
        )
        db.insert(
            tables.refused_event,
            [(part.capture, event.ordinal, event.event_id, event.raw, part.context) for event in taken],
        )
        faults.sort(key=lambda fault: fault.event or 0)
        db.insert(capture_fault, fault_rows(part.capture, before.faults, faults))
        found = before.faults + len(faults)
        state = State.CHECKING
        if part.refused or closed:
            state = State.UNDOING
        elif part.last:
            state = State.UNDOING if found and not before.proceed else State.STORING
        return _move(
            transaction,
            msgspec.structs.replace(before, state=state, checked=part.first + part.count, faults=found),
        )


def _promised(transaction: Transaction, part: CheckedPart) -> tuple[list[CheckedEvent], list[CheckedEvent]]:
    """The events that get their IDs, and those whose IDs are taken by other content, also of this very document."""
    known = KnownIds(transaction.db, (event.key for event in part.events))
    contents = known.promised | known.contents
    good: list[CheckedEvent] = []
    taken: list[CheckedEvent] = []
    for event in part.events:
        (good if contents.setdefault(event.key, event.content) == event.content else taken).append(event)
    return good, taken


class StoreEvents(_Step[StoredPart]):
    """Second pass: give the events that were promised their IDs places in the log."""

    name = "events-stored"
    parameters = StoredPart

    def prepare(self, body: bytes) -> tuple[StoredPart, list[PreparedEvent | None]]:
        """Decode the events; None for one that is faulty."""
        part: StoredPart = msgspec.msgpack.decode(body, type=StoredPart)
        return part, [self._event(raw, part, ordinal) for ordinal, raw in enumerate(part.events, part.first)]

    def _event(self, raw: bytes, part: StoredPart, ordinal: int) -> PreparedEvent | None:
        try:
            # What the first pass forgave is forgiven again; what it did not, was promised no ID.
            source = read_source(raw, f"{part.place}/{ordinal}", prefixes_of(part.context), self.limits, LENIENT)
        except SuyuanError:
            return None
        return prepare_event(source, part.context)

    def carry_out(
        self, transaction: Transaction, parameters: tuple[StoredPart, list[PreparedEvent | None]]
    ) -> Progress | SuyuanError:
        db, (part, events) = transaction.db, parameters
        before = _progress(transaction, part.capture)
        if before.state is not State.STORING or before.stored != part.first:
            return before  # it was sent twice
        chosen = self._accepted(transaction, part, events)
        if isinstance(chosen, SuyuanError):
            return chosen
        self._store(transaction, part, chosen)
        end = part.first + len(events)
        db.execute("DELETE FROM capture_reservation WHERE capture = ? AND ordinal < ?", (part.capture, end))
        state = State.DONE if part.last else State.STORING
        return _move(transaction, msgspec.structs.replace(before, state=state, stored=end))

    def _accepted(
        self, transaction: Transaction, part: StoredPart, events: list[PreparedEvent | None]
    ) -> list[tuple[int, PreparedEvent]] | IntegrityBroken:
        """The events that the first pass accepted, proved to be those that it saw."""
        rows = transaction.db.execute(
            'SELECT ordinal, "key", declaration, content FROM capture_reservation'
            " WHERE capture = ? AND ordinal >= ? AND ordinal < ? ORDER BY ordinal",
            (part.capture, part.first, part.first + len(events)),
        ).fetchall()
        chosen = []
        for ordinal, *promised in rows:
            event = events[ordinal - part.first]
            if event is None or [event.key, event.declaration, event.content] != [bytes(value) for value in promised]:
                return IntegrityBroken(f"event {ordinal} in the spool is not the one that was accepted")
            chosen.append((ordinal, event))
        return chosen

    def _store(self, transaction: Transaction, part: StoredPart, chosen: list[tuple[int, PreparedEvent]]) -> None:
        db = transaction.db
        known, new = KnownIds(db, (event.key for _, event in chosen)), NewEvents(transaction, self.random)
        key_id, party = db.execute("SELECT key_id, party FROM capture WHERE id = ?", (part.capture,)).fetchone()
        places = []
        for ordinal, event in chosen:
            slot = (event.key, event.declaration)
            duplicate = slot in known.places
            if not duplicate:
                known.places[slot] = new.next_index
                new.add(event, part.context, part.capture, ordinal, key_id)
            places.append((part.capture, ordinal, known.places[slot], duplicate))
        new.insert()
        db.insert(tables.capture_event, places)
        if part.master_data:
            elements = read_elements(part.master_data, part.context, self.limits)
            store_vocabulary(transaction, key_id, owner_of(party, key_id), elements, self.random)
        void(db, [key for key, declaration in known.places if declaration])


class UndoDocument(_Step[int]):
    """Take promises of a refused document back, as many as one transaction should; done when none is left."""

    name = "document-undone"
    parameters = int

    def carry_out(self, transaction: Transaction, parameters: int) -> Progress | SuyuanError:
        before = _progress(transaction, parameters)
        if before.state is not State.UNDOING:
            return before
        db = transaction.db
        (first,) = db.execute(
            "SELECT MIN(ordinal) FROM capture_reservation WHERE capture = ?", (parameters,)
        ).fetchone()
        if first is None:
            return _move(transaction, msgspec.structs.replace(before, state=State.DONE))
        db.execute(
            "DELETE FROM capture_reservation WHERE capture = ? AND ordinal < ?", (parameters, first + _UNDONE_AT_ONCE)
        )
        return before


class DocumentLost(msgspec.Struct, frozen=True, array_like=True):
    """Parameters of `LoseDocument`: what became of the spool."""

    capture: int
    detail: str


class LoseDocument(_Step[DocumentLost]):
    """End a document whose spool is gone or changed, and say how much of it is stored."""

    name = "document-lost"
    parameters = DocumentLost

    def carry_out(self, transaction: Transaction, parameters: DocumentLost) -> Progress | SuyuanError:
        before = _progress(transaction, parameters.capture)
        if before.state not in (State.CHECKING, State.STORING):
            return before
        fault = problem_of(
            IntegrityBroken(
                f"{parameters.detail}; {before.stored} of its events are stored", remedy="send the document again"
            )
        )
        transaction.db.insert(capture_fault, fault_rows(before.capture, before.faults, [fault]))
        return _move(transaction, msgspec.structs.replace(before, state=State.UNDOING, faults=before.faults + 1))


def _progress(transaction: Transaction, capture: int) -> Progress:
    row = transaction.db.execute(
        "SELECT state, proceed, checked, stored, faults FROM capture_job WHERE capture = ?", (capture,)
    ).fetchone()
    if row is None:
        raise NotFound(f"there is no document {capture} in the background")
    return Progress(capture, State(row[0]), bool(row[1]), *row[2:])


def _move(transaction: Transaction, progress: Progress) -> Progress:
    finished = transaction.now if progress.state is State.DONE else None
    transaction.db.execute(
        "UPDATE capture_job SET state = ?, checked = ?, stored = ?, faults = ?, finished = ? WHERE capture = ?",
        (progress.state.value, progress.checked, progress.stored, progress.faults, finished, progress.capture),
    )
    return progress


#: The writer's operations for large documents, each made with the limits of events.
OPERATIONS = (OpenDocument, CheckEvents, StoreEvents, UndoDocument, LoseDocument)
