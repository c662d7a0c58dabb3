"""Capture: a document's bytes become ledger rows and log leaves in one transaction.

A document is stored whole or not at all. An event with a known ID and the same content is answered with the place it
has; with other content the document is refused and kept for audit (DESIGN section 4). After a crash either every row
and leaf of a document is there or none is, so sending it again gives the same answer.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from suyuan.base.clock import format_time
from suyuan.base.errors import Unauthenticated
from suyuan.base.identity import closed_key
from suyuan.chain.leaf import commit_event, encode_event, hash_event_id
from suyuan.epcis.event_id import content_digest, declaration_digest, hash_uri
from suyuan.epcis.events import Event
from suyuan.epcis.json_codec import Source, read_document
from suyuan.epcis.json_text import Limits
from suyuan.gs1.names import Name
from suyuan.trace import tables
from suyuan.trace.attributes import Attribute, attributes
from suyuan.trace.capture_job import CapturedEvent, CaptureJob, CaptureProblem
from suyuan.trace.participants import Participant, action_of, named, participants
from suyuan.trace.tables import EventType
from suyuan.trace.voiding import void
from suyuan.trace.write_database import WriteDatabase
from suyuan.trace.writer import Transaction

_TYPES = {kind.name: kind.value for kind in EventType}
#: Most values in one SQL ``IN`` list: far below SQLite's limit on parameters.
_IN = 500


class CaptureRequest(msgspec.Struct, frozen=True, array_like=True):
    """A document as it came in, and from whom."""

    name: str  #: the job's name in URLs
    key_id: str
    party: str
    media_type: str
    body: bytes


class PreparedEvent(NamedTuple):
    """An event, decoded and checked, before it has a place."""

    raw: bytes
    event: Event
    event_id: str
    given: bool
    key: bytes
    content: bytes
    declaration: bytes
    participants: list[Participant]
    attributes: list[Attribute]


class PreparedCapture(NamedTuple):
    """A decoded document."""

    request: CaptureRequest
    context: bytes
    events: list[PreparedEvent]


class Capture:
    """The writer's capture operation."""

    name = "capture"

    def __init__(self, limits: Limits, random: Callable[[int], bytes] = os.urandom) -> None:
        self._limits = limits
        self._random = random
        self._decoder = msgspec.msgpack.Decoder(CaptureRequest)

    def prepare(self, body: bytes) -> PreparedCapture:
        """Decode and validate; nothing of the database is touched."""
        request = self._decoder.decode(body)
        document = read_document(request.body, self._limits)
        return PreparedCapture(
            request, document.context, [_prepare(source, document.context) for source in document.sources]
        )

    def apply(
        self, transaction: Transaction, prepared: Sequence[PreparedCapture]
    ) -> Sequence[CaptureJob | Unauthenticated]:
        """Give each document's new events their places, and insert them all at once.

        A key that was revoked or expired since its request came in is `Unauthenticated`: behind the leaf that revokes
        it nothing more stands under its name.
        """
        closed = closed_keys(transaction, {capture.request.key_id for capture in prepared})
        open_ = [capture for capture in prepared if capture.request.key_id not in closed]
        batch = _Batch(transaction, self._random)
        batch.load_known(open_)
        jobs = iter([batch.take(capture) for capture in open_])
        batch.insert()
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


def _prepare(source: Source, context: bytes) -> PreparedEvent:
    event = source.event
    content = content_digest(event, context)
    event_id = event.event_id or hash_uri(content)
    return PreparedEvent(
        source.raw, event, event_id, event.event_id is not None, hashlib.sha256(event_id.encode()).digest(),
        content, declaration_digest(event, context), participants(event), attributes(event),
    )  # fmt: skip


class _Batch:
    """The new rows of one transaction."""

    def __init__(self, transaction: Transaction, random: Callable[[int], bytes]) -> None:
        self._tx = transaction
        self._random = random
        self._known: dict[tuple[bytes, bytes], int] = {}
        #: The content under each event ID: an error declaration has that of the event which it repeats.
        self._contents: dict[bytes, bytes] = {}
        self._new: list[tuple[PreparedEvent, PreparedCapture, int]] = []
        self._next_capture = _scalar(transaction.db, "SELECT COALESCE(MAX(id), 0) + 1 FROM capture")
        self._captures: list[tuple[Any, ...]] = []
        self._capture_events: list[tuple[int, int, int, bool]] = []
        self._refused: list[tuple[Any, ...]] = []
        self._contexts: dict[bytes, bytes] = {}

    def load_known(self, captures: Sequence[PreparedCapture]) -> None:
        """Everything that already stands under an event ID of this batch, with any declaration."""
        keys = list({event.key for capture in captures for event in capture.events})
        for start in range(0, len(keys), _IN):
            part = keys[start : start + _IN]
            rows = self._tx.db.execute(
                f"SELECT key, declaration, event, content FROM event_id WHERE key IN ({','.join('?' * len(part))})",  # noqa: S608
                part,
            )
            for key, declaration, event, content in rows:
                self._known[key, declaration] = event
                self._contents[key] = content

    def take(self, capture: PreparedCapture) -> CaptureJob:
        """Accept or refuse one document, knowing those before it in the batch."""
        places: list[CapturedEvent] = []
        fresh: dict[tuple[bytes, bytes], int] = {}
        contents: dict[bytes, bytes] = {}
        conflicts: list[tuple[int, PreparedEvent]] = []
        for ordinal, event in enumerate(capture.events):
            content = self._contents.get(event.key) or contents.setdefault(event.key, event.content)
            if content != event.content:
                conflicts.append((ordinal, event))
                continue
            slot = (event.key, event.declaration)
            known = self._known.get(slot, fresh.get(slot))
            if known is None:
                fresh[slot] = self._tx.size + len(self._new) + len(fresh)
            places.append(CapturedEvent(event.event_id, fresh[slot] if known is None else known, known is not None))
        if conflicts:
            return self._refuse(capture, conflicts)
        self._known |= fresh
        self._contents |= contents
        return self._accept(capture, places)

    def _accept(self, capture: PreparedCapture, places: list[CapturedEvent]) -> CaptureJob:
        number = self._record(capture, None)
        for ordinal, (event, place) in enumerate(zip(capture.events, places, strict=True)):
            self._capture_events.append((number, ordinal, place.index, place.duplicate))
            if not place.duplicate:
                self._new.append((event, capture, number))
        return self._job(capture, True, [], places)

    def _refuse(self, capture: PreparedCapture, conflicts: list[tuple[int, PreparedEvent]]) -> CaptureJob:
        """Nothing of the document enters the ledger; what contradicts it is kept where an auditor finds it."""
        problems = [_conflict(ordinal, event) for ordinal, event in conflicts]
        number = self._record(capture, problems[0].detail)
        for ordinal, event in conflicts:
            self._refused.append((number, ordinal, event.event_id, event.raw, capture.context))
        return self._job(capture, False, problems, [])

    def _record(self, capture: PreparedCapture, problem: str | None) -> int:
        request, number = capture.request, self._next_capture
        self._next_capture += 1
        digest = hashlib.sha256(request.body).digest()
        self._captures.append(
            (number, request.name, request.key_id, request.party, self._tx.now, request.media_type, digest,
             problem is None, problem)
        )  # fmt: skip
        return number

    def _job(
        self, capture: PreparedCapture, success: bool, errors: list[CaptureProblem], events: list[CapturedEvent]
    ) -> CaptureJob:
        time = format_time(self._tx.now)
        return CaptureJob(capture.request.name, time, time, success, errors=errors, events=events)

    def insert(self) -> None:
        """Write the batch. Ids of things and words are given here, in log order."""
        db, first = self._tx.db, self._tx.size
        things = self._tx.dictionary.things(self._names())
        salts = self._random(32 * len(self._new))
        rows = _Rows()
        for place, (event, capture, number) in enumerate(self._new):
            salt = salts[32 * place : 32 * place + 32]
            digest = self._context(capture.context)
            self._event_rows(rows, first + place, event, number, things)
            rows.payloads.append((first + place, salt, event.raw, digest))
            eid = hash_event_id(salt, event.event_id)
            commitment = commit_event(salt, event.content, event.raw, digest)
            rows.leaves.append(encode_event(capture.request.key_id, self._tx.now, eid, commitment))
        db.executemany(
            "INSERT INTO context (digest, body) VALUES (?, ?) ON CONFLICT DO NOTHING", list(self._contexts.items())
        )
        rows.insert(db)
        self._tx.append(rows.leaves)
        db.insert(tables.capture, self._captures)
        db.insert(tables.capture_event, self._capture_events)
        db.insert(tables.refused_event, self._refused)
        void(db, [key for key, declaration in self._known if declaration])  # who submitted what stands there by now

    def _names(self) -> Iterable[Name]:
        for event, _, _ in self._new:
            for participant in event.participants:
                yield participant.name
                if participant.partner:
                    yield participant.partner
            yield from _places(event.event)

    def _context(self, body: bytes) -> bytes:
        digest = hashlib.sha256(body).digest()
        self._contexts[digest] = body
        return digest

    def _event_rows(
        self, rows: _Rows, index: int, prepared: PreparedEvent, capture: int, things: Mapping[Name, int]
    ) -> None:
        event, term = prepared.event, self._tx.dictionary.term
        read_point = things[named(event.read_point.id)] if event.read_point else None
        location = things[named(event.biz_location.id)] if event.biz_location else None
        ends = _Ends(event, things) if event.source_list or event.destination_list else _NO_ENDS
        rows.events.append(
            (index, _TYPES[event.type], action_of(event).value, event.event_time, event.offset, self._tx.now,
             capture, bool(prepared.declaration), term(event.biz_step), term(event.disposition), read_point, location,
             term(getattr(event, "transformation_id", None)), *ends.columns())
        )  # fmt: skip
        place, holder = location or read_point, ends.destination_possessor
        rows.timeline += [
            (things[name], event.event_time, index, role, ordinal, action,
             things[partner] if partner else None, quantity, term(uom), place, holder)
            for ordinal, (role, action, name, partner, quantity, uom) in enumerate(prepared.participants)
        ]  # fmt: skip
        for ordinal, attribute in enumerate(prepared.attributes):
            rows.attrs.append((index, term(attribute.field), ordinal, attribute.value, attribute.number))
        rows.ids.append(
            (prepared.key, prepared.declaration, index, prepared.content, prepared.event_id if prepared.given else None)
        )


class _Ends:
    """Who and what is named as source and destination; the last of a type counts."""

    def __init__(self, event: Event | None, things: Mapping[Name, int]) -> None:
        ends: dict[tuple[str, str], int] = {}
        for entry in event.source_list if event else ():
            ends["source", entry.type] = things[named(entry.id)]
        for entry in event.destination_list if event else ():
            ends["destination", entry.type] = things[named(entry.id)]
        self._ends = ends

    @property
    def destination_possessor(self) -> int | None:
        """Who has the goods afterwards, where the event says so."""
        return self._ends.get(("destination", "possessing_party"))

    def columns(self) -> list[int | None]:
        """The six columns of `event`, in its order."""
        kinds = ("possessing_party", "owning_party", "location")
        return [self._ends.get((side, kind)) for kind in kinds for side in ("source", "destination")]


#: Of most events.
_NO_ENDS = _Ends(None, {})


def _places(event: Event) -> Iterable[Name]:
    if event.read_point:
        yield named(event.read_point.id)
    if event.biz_location:
        yield named(event.biz_location.id)
    for entry in (*event.source_list, *event.destination_list):
        yield named(entry.id)


class _Rows:
    """Rows by table, each inserted with one call."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.payloads: list[tuple[int, bytes, bytes, bytes]] = []
        self.timeline: list[tuple[Any, ...]] = []
        self.attrs: list[tuple[Any, ...]] = []
        self.ids: list[tuple[bytes, bytes, int, bytes, str | None]] = []
        self.leaves: list[bytes] = []

    def insert(self, db: WriteDatabase) -> None:
        """Columns in the order of `suyuan.trace.tables`."""
        db.insert(tables.event, self.events)
        db.insert(tables.payload, self.payloads)
        db.insert(tables.timeline, self.timeline)
        db.insert(tables.attr, self.attrs)
        db.insert(tables.event_id, self.ids)


def _scalar(db: WriteDatabase, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])


def _conflict(ordinal: int, event: PreparedEvent) -> CaptureProblem:
    return CaptureProblem(
        "conflict", "The same event ID with other content",
        f"event {event.event_id} is in the ledger with other content; this document was refused and kept for audit",
        409, f"/epcisBody/eventList/{ordinal}",
    )  # fmt: skip
