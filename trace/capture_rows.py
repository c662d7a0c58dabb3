"""Rows of captured events: what is known under their IDs, and new ones with their places in the log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from suyuan.chain.leaf import commit_event, encode_event, hash_event_id
from suyuan.epcis.event_id import content_digest, declaration_digest, hash_uri
from suyuan.epcis.events import Event
from suyuan.epcis.json_codec import Source
from suyuan.epcis.leniency import Forgiven
from suyuan.gs1.names import Name
from suyuan.trace import tables
from suyuan.trace.attributes import Attribute, attributes
from suyuan.trace.participants import Participant, named, participants, type_and_action
from suyuan.trace.write_database import WriteDatabase
from suyuan.trace.writer import Transaction

#: Most values in one SQL ``IN`` list: far below SQLite's limit on parameters.
_IN = 500


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
    forgiven: tuple[Forgiven, ...]


def prepare_event(source: Source, context: bytes) -> PreparedEvent:
    """What the ledger needs of an event beside its place; nothing of the database is touched."""
    event = source.event
    content = content_digest(event, context)
    event_id = event.event_id or hash_uri(content)
    return PreparedEvent(
        source.raw, event, event_id, event.event_id is not None, hashlib.sha256(event_id.encode()).digest(),
        content, declaration_digest(event, context), participants(event), attributes(event, context),
        source.forgiven,
    )  # fmt: skip


class KnownIds:
    """What stands under event IDs by now, with any declaration, and what is promised to documents in the background."""

    def __init__(self, db: WriteDatabase, keys: Iterable[bytes]) -> None:
        #: Log index by `event_id`'s key and declaration.
        self.places: dict[tuple[bytes, bytes], int] = {}
        #: The content under each event ID: an error declaration has that of the event which it repeats.
        self.contents: dict[bytes, bytes] = {}
        #: The content that a document in the background has been promised under an event ID.
        self.promised: dict[bytes, bytes] = {}
        wanted = list(set(keys))
        for key, declaration, event, content in _under(
            db, "SELECT key, declaration, event, content FROM event_id", wanted
        ):
            self.places[bytes(key), bytes(declaration)] = event
            self.contents[bytes(key)] = bytes(content)
        if db.execute("SELECT 1 FROM capture_reservation LIMIT 1").fetchone():
            for key, content in _under(db, "SELECT key, content FROM capture_reservation", wanted):
                self.promised[bytes(key)] = bytes(content)


def _under(db: WriteDatabase, select: str, keys: Sequence[bytes]) -> Iterator[Any]:
    for start in range(0, len(keys), _IN):
        part = keys[start : start + _IN]
        yield from db.execute(f"{select} WHERE key IN ({','.join('?' * len(part))})", part)


class NewEvents:
    """Events that get a place in one transaction, in the order in which they are added."""

    def __init__(self, transaction: Transaction, random: Callable[[int], bytes]) -> None:
        self._tx = transaction
        self._random = random
        self._new: list[tuple[PreparedEvent, bytes, int, str]] = []
        self._contexts: dict[bytes, bytes] = {}
        self._forgiven: list[tuple[int, int, int, str, str, str]] = []

    @property
    def next_index(self) -> int:
        """The log index of the next event that is added."""
        return self._tx.size + len(self._new)

    def add(self, event: PreparedEvent, context: bytes, capture: int, ordinal: int, key_id: str) -> None:
        """One more; ``context`` is its document's, ``capture`` and ``ordinal`` say where it came."""
        self._new.append((event, context, capture, key_id))
        self._forgiven += [
            (capture, ordinal, number, fault.place, fault.rule, fault.detail)
            for number, fault in enumerate(event.forgiven)
        ]

    def insert(self) -> None:
        """Write them. Ids of things and words are given here, in log order."""
        db, first = self._tx.db, self._tx.size
        things = self._tx.dictionary.things(self._names())
        salts = self._random(32 * len(self._new))
        rows = _Rows()
        for place, (event, context, capture, key_id) in enumerate(self._new):
            salt = salts[32 * place : 32 * place + 32]
            digest = self._context(context)
            self._event_rows(rows, first + place, event, capture, things)
            rows.payloads.append((first + place, salt, event.raw, digest))
            eid = hash_event_id(salt, event.event_id)
            commitment = commit_event(salt, event.content, event.raw, digest)
            rows.leaves.append(encode_event(key_id, self._tx.now, eid, commitment))
        db.executemany(
            "INSERT INTO context (digest, body) VALUES (?, ?) ON CONFLICT DO NOTHING", list(self._contexts.items())
        )
        rows.insert(db)
        db.insert(tables.forgiven_fault, self._forgiven)
        self._tx.append(rows.leaves)

    def _names(self) -> Iterable[Name]:
        for event, _, _, _ in self._new:
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
        kind, action = type_and_action(event)
        rows.events.append(
            (index, kind.value, action.value, event.event_time, event.offset, self._tx.now,
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
