"""The ledger's events for other systems: each with the values of its columns, its things, its exact text.

What leaves the ledger carries names instead of ids, so that it means the same anywhere. The log itself (leaves, acts,
checkpoints) doesn't leave this way: its copy is the backup, its public form are the tiles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import text

from suyuan.epcis.event_id import hash_uri
from suyuan.epcis.vocabulary import BIZ_STEP, DISPOSITION
from suyuan.trace.tables import Action, EventType, Role
from suyuan.trace.view import View

#: Log indexes that are read at a time: memory does not grow with the ledger, and not far with its largest events.
STEP = 100


class ExportedThing(msgspec.Struct, frozen=True):
    """A thing in an event: its canonical name, role (``EPC``, ``PARENT``, ``INPUT`` ...), amount and UN/ECE unit."""

    id: str
    role: str
    quantity: float | None
    uom: str | None


class ExportedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event. Times in microseconds UTC, the offset in minutes; places and things by canonical names."""

    index: int
    event_id: str
    type: str
    action: str | None
    time: int
    offset: int
    record_time: int
    biz_step: str | None
    disposition: str | None
    read_point: str | None
    biz_location: str | None
    declaration: bool
    source_key: str
    source_party: str
    things: list[ExportedThing]
    body: bytes
    context: bytes


def exported(view: View, first: int, last: int) -> Iterator[ExportedEvent]:
    """The events with ``first <= index < last``, in log order; one whose payload is gone is left out."""
    for start in range(first, last, STEP):
        yield from _slice(view, start, min(start + STEP, last))


_EVENTS = text(
    "SELECT e.idx, e.type, e.action, e.time, e.zone, e.record_time, e.biz_step, e.disposition, e.read_point,"
    " e.biz_location, e.declaration, i.name, i.content, p.body, c.body AS context, s.key_id, s.party"
    " FROM event e JOIN event_id i ON i.event = e.idx JOIN payload p ON p.idx = e.idx"
    " JOIN context c ON c.digest = p.context JOIN capture s ON s.id = e.capture"
    " WHERE e.idx >= :first AND e.idx < :last AND p.body IS NOT NULL ORDER BY e.idx"
)
_THINGS = (
    "SELECT t.event, t.thing, t.role, t.quantity, t.uom FROM {ids} timeline t ON t.event = f.id"
    " ORDER BY t.event, t.role, t.ordinal"
)


def _slice(view: View, first: int, last: int) -> Iterator[ExportedEvent]:
    rows = view.connection.execute(_EVENTS, {"first": first, "last": last}).all()
    things = _things(view, [row.idx for row in rows])
    view.names({place for row in rows for place in (row.read_point, row.biz_location)})
    for row in rows:
        yield ExportedEvent(
            index=row.idx, event_id=row.name or hash_uri(bytes(row.content)), type=EventType(row.type).name,
            action=None if row.action == Action.NONE else _action(row.action), time=row.time, offset=row.zone,
            record_time=row.record_time, biz_step=_full(BIZ_STEP.full, view.term(row.biz_step)),
            disposition=_full(DISPOSITION.full, view.term(row.disposition)), read_point=view.canonical(row.read_point),
            biz_location=view.canonical(row.biz_location), declaration=bool(row.declaration), source_key=row.key_id,
            source_party=row.party, things=things.get(row.idx, []), body=bytes(row.body), context=bytes(row.context),
        )  # fmt: skip


def _things(view: View, events: Sequence[int]) -> Mapping[int, list[ExportedThing]]:
    found: dict[int, list[ExportedThing]] = {}
    rows = view.by_ids(events, _THINGS)
    view.names({row[1] for row in rows})
    for event, thing, role, quantity, uom in rows:
        name = view.canonical(thing) or ""
        found.setdefault(event, []).append(ExportedThing(name, Role(role).name, quantity, view.term(uom)))
    return found


def _action(action: int) -> str:
    """EMPTY is our mark of a DELETE that names no children."""
    return "DELETE" if action == Action.EMPTY else Action(action).name


def _full(full: Any, word: str | None) -> str | None:
    return None if word is None else str(full(word))
