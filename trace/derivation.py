"""Whether the rows beside the events are those that the events' bytes give: what an answer rests on, without a trigger.

A leaf commits to an event's bytes. The rows that lifecycles are answered from (`event`, `timeline`, `voided`) follow
from the bytes, so whoever changes the database can be found by deriving them anew. `attr` rows, which only queries
use, are not looked at; who submitted what (`capture`) follows from no leaf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import text

from suyuan.epcis.events import Event
from suyuan.epcis.json_codec import read_document
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import LENIENT
from suyuan.gs1.names import Name
from suyuan.trace.participants import named, participants, type_and_action
from suyuan.trace.view import View
from suyuan.trace.voiding import VOIDED_BY

#: Columns of `event` that name words, things and places; the rest are numbers.
_WORDS = ("biz_step", "disposition", "transformation")
_THINGS = (
    "read_point", "biz_location", "source_possessor", "destination_possessor", "source_owner", "destination_owner",
    "source_location", "destination_location",
)  # fmt: skip
_ENDS = {"possessor": "possessing_party", "owner": "owning_party", "location": "location"}


class Recorded(NamedTuple):
    """An event as its bytes say it is, and when its leaf says it was recorded (microseconds UTC)."""

    event: Event
    record_time: int


def read_stored(body: bytes, context: bytes) -> Event:
    """An event from its stored bytes and those of its @context. Raises `InvalidDocument`.

    What its source was forgiven is forgiven again: an event without faults reads alike for the strict.
    """
    members = b'{"@context":' + context + b',"type":"EPCISDocument","schemaVersion":"2.0","creationDate":'
    document = members + b'"2000-01-01T00:00:00Z","epcisBody":{"eventList":[' + body + b"]}}"
    return read_document(body if context == b"null" else document, Limits(), LENIENT).sources[0].event


def differing(view: View, first: int, last: int, events: Mapping[int, Recorded]) -> int | None:
    """The first log index from ``first`` to ``last`` (exclusive) whose rows are not those of its event.

    ``events`` has all events there; an index without one must have no rows.
    """
    bound = {"first": first, "last": last}
    heads = {row.idx: row for row in view.connection.execute(text(_EVENTS), bound)}
    lines: dict[int, list[Any]] = {}
    for row in view.connection.execute(text(_TIMELINE), bound):
        lines.setdefault(row.event, []).append(row)
    _learn(view, heads.values(), [row for rows in lines.values() for row in rows])
    indexes: list[int] = sorted({*heads, *lines, *events})
    for index in indexes:
        recorded, head = events.get(index), heads.get(index)
        if recorded is None or head is None or _head(view, head) != _derived_head(recorded):
            return index
        if [_line(view, row) for row in lines.get(index, [])] != list(_derived_lines(recorded.event)):
            return index
    return None


def differing_beyond(view: View, size: int) -> int | None:
    """The first log index behind the end of the log that has rows all the same."""
    sql = (
        "SELECT MIN(place) FROM (SELECT MIN(idx) AS place FROM event WHERE idx < 0 OR idx >= :size"
        " UNION ALL SELECT MIN(event) FROM timeline WHERE event < 0 OR event >= :size) x"
    )
    return _number(view, sql, size=size)


def differing_void(view: View) -> int | None:
    """The first event that is voided without a reason, or is not although there is one."""
    stored = 'SELECT event, "by" FROM voided'
    found = [
        _number(view, f"SELECT MIN(event) FROM ({one} EXCEPT {other}) x")  # noqa: S608 - our own statements
        for one, other in ((stored, VOIDED_BY), (VOIDED_BY, stored))
    ]
    return min((index for index in found if index is not None), default=None)


_EVENTS = "SELECT * FROM event WHERE idx >= :first AND idx < :last"
_TIMELINE = "SELECT * FROM timeline WHERE event >= :first AND event < :last ORDER BY event, ordinal, role"


def _number(view: View, sql: str, **bound: Any) -> int | None:
    found = view.connection.execute(text(sql), bound).scalar_one()
    return None if found is None else int(found)


def _learn(view: View, heads: Any, lines: list[Any]) -> None:
    """Every name and word at once."""
    things = [getattr(head, column) for head in heads for column in _THINGS]
    view.names([*things, *(thing for row in lines for thing in (row.thing, row.partner, row.place, row.holder))])
    words = [getattr(head, column) for head in heads for column in _WORDS]
    view.terms([*words, *(row.uom for row in lines)])


def _key(name: Name | None) -> tuple[str, str] | None:
    """A name without the length of its company prefix, which a thing may learn later."""
    return None if name is None else (name.class_key, name.serial)


def _stored(view: View, thing: int | None) -> tuple[str, str] | None:
    """The same of an id; one that names nothing is nobody's name."""
    return None if thing is None else _key(view.names(()).get(thing, Name("", "", None)))


def _word(view: View, term: int | None) -> str | None:
    return None if term is None else view.terms(()).get(term, "")


def _head(view: View, row: Any) -> tuple[Any, ...]:
    return (
        row.type, row.action, row.time, row.zone, row.record_time, bool(row.declaration),
        *(_word(view, getattr(row, column)) for column in _WORDS),
        *(_stored(view, getattr(row, column)) for column in _THINGS),
    )  # fmt: skip


def _derived_head(recorded: Recorded) -> tuple[Any, ...]:
    event = recorded.event
    ends = _ends(event)
    kind, action = type_and_action(event)
    return (
        kind.value, action.value, event.event_time, event.offset, recorded.record_time,
        event.error_declaration is not None, event.biz_step, event.disposition,
        getattr(event, "transformation_id", None), _place(event.read_point), _place(event.biz_location),
        *(ends.get((side, kind)) for kind in _ENDS.values() for side in ("source", "destination")),
    )  # fmt: skip


def _ends(event: Event) -> dict[tuple[str, str], tuple[str, str] | None]:
    """Who and what is named as source and destination; the last of a type counts."""
    listed = [("source", entry) for entry in event.source_list] + [("destination", e) for e in event.destination_list]
    return {(side, entry.type): _key(named(entry.id)) for side, entry in listed}


def _place(place: Any) -> tuple[str, str] | None:
    return _key(named(place.id)) if place else None


def _line(view: View, row: Any) -> tuple[Any, ...]:
    return (
        row.ordinal, row.role, row.action, row.time, _stored(view, row.thing), _stored(view, row.partner),
        row.quantity, _word(view, row.uom), _stored(view, row.place), _stored(view, row.holder),
    )  # fmt: skip


def _derived_lines(event: Event) -> Iterator[tuple[Any, ...]]:
    place = _place(event.biz_location) or _place(event.read_point)
    holder = _ends(event).get(("destination", "possessing_party"))
    for ordinal, part in enumerate(participants(event)):
        yield (
            ordinal, int(part.role), int(part.action), event.event_time, _key(part.name), _key(part.partner),
            part.quantity, part.uom, place, holder,
        )  # fmt: skip
