"""EPCIS event queries: parameters to SQL, pages that stay right under inserts (EPCIS 2.0 section 8.2.7).

Pages go by log index under a bound that the first page fixed: what is captured later has a larger index, so no event
is shown twice or skipped. The page token holds both numbers and the query's digest, nothing secret.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import text

from suyuan.base.errors import InvalidIdentifier, InvalidInput
from suyuan.epcis.event_id import hash_uri
from suyuan.epcis.json_codec import event_object
from suyuan.epcis.vocabulary import short_step
from suyuan.gs1.names import name_of
from suyuan.trace.tables import EventType, Role
from suyuan.trace.view import View

#: Events on a page: the default and the most that a client may ask for.
DEFAULT_PAGE, LARGEST_PAGE = 30, 1_000
#: Values in one list parameter.
_MOST_VALUES = 500

#: Events that a party (or ``key:<id>``) has captured, a duplicate's sender too.
_BY_PARTY = (
    "(SELECT ce.event FROM capture_event ce JOIN capture c ON c.id = ce.capture"
    " WHERE c.party = :party OR 'key:' || c.key_id = :party)"
)
#: Roles that MATCH_epc looks at (EPCIS 2.0 table of SimpleEventQuery): the lists of things that are not parents.
_EPC_ROLES = (Role.EPC, Role.CHILD, Role.TRANSACTION_EPC, Role.ASSOCIATION_CHILD)


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The supported parameters, as they stand in the URL. Times in microseconds UTC; lists are alternatives."""

    event_type: list[str] = []
    ge_event_time: int | None = None
    lt_event_time: int | None = None
    ge_record_time: int | None = None
    lt_record_time: int | None = None
    biz_step: list[str] = []
    match_epc: list[str] = []
    match_any_epc: list[str] = []
    #: Only events captured by keys of this party (or by ``key:<id>``); empty for all: the asker's scope, no parameter.
    party: str = ""


class FoundEvent(msgspec.Struct, frozen=True):
    """One event of an answer."""

    index: int
    event_id: str
    body: dict[str, Any]


class Page(msgspec.Struct, frozen=True):
    """A page of events and the token of the next one (None: this was the last)."""

    events: list[FoundEvent]
    next_token: str | None


class _Cursor(msgspec.Struct, frozen=True):
    after: int
    size: int
    digest: str


def run_query(view: View, query: EventQuery, per_page: int, token: str | None) -> Page:
    """One page of the events that match, in log order."""
    digest = hashlib.sha256(msgspec.json.encode(query)).hexdigest()[:16]
    cursor = _read_token(token, digest) if token else _Cursor(-1, view.size, digest)
    if cursor.size > view.size:
        raise InvalidInput("the page token is of another ledger", place="nextPageToken")
    indexes = _select(view, query, cursor, per_page + 1)
    more = len(indexes) > per_page
    events = load_events(view, indexes[:per_page])
    following = _write_token(_Cursor(indexes[per_page - 1], cursor.size, digest)) if more else None
    return Page(events, following)


def load_events(view: View, indexes: Sequence[int]) -> list[FoundEvent]:
    """Events as they were submitted, with record time and ID, in log order. A lost payload gives only those."""
    rows = view.by_ids(
        indexes,
        "SELECT p.idx, p.body, c.body, e.record_time, i.name, i.content FROM {ids} payload p ON p.idx = f.id"
        " JOIN event e ON e.idx = p.idx JOIN event_id i ON i.event = p.idx JOIN context c ON c.digest = p.context"
        " ORDER BY p.idx",
    )
    found = []
    for index, body, context, record_time, name, content in rows:
        event_id = name or hash_uri(bytes(content))
        raw = bytes(body) if body is not None else b"{}"
        found.append(FoundEvent(index, event_id, event_object(raw, bytes(context), record_time, event_id)))
    return found


def find_event(view: View, event_id: str) -> list[int]:
    """Log indexes under an event ID: the event first, then its error declarations."""
    key = hashlib.sha256(event_id.encode()).digest()
    rows = view.connection.execute(
        text("SELECT event FROM event_id WHERE key = :key AND event < :size ORDER BY LENGTH(declaration), event"),
        {"key": key, "size": view.size},
    )
    return [row[0] for row in rows]


def captured_by(view: View, index: int, party: str) -> bool:
    """Whether a party (or ``key:<id>``) is among those that captured an event."""
    statement = text(f"SELECT 1 FROM event e WHERE e.idx = :event AND e.idx IN {_BY_PARTY}")  # noqa: S608 - our words
    return view.connection.execute(statement, {"event": index, "party": party}).first() is not None


def _select(view: View, query: EventQuery, cursor: _Cursor, limit: int) -> list[int]:
    conditions, bound = _conditions(view, query)
    if conditions is None:
        return []
    where = " AND ".join(["e.idx > :after", "e.idx < :size", *conditions])
    statement = text(f"SELECT e.idx FROM event e WHERE {where} ORDER BY e.idx LIMIT :limit")  # noqa: S608 - our words
    return [
        row[0]
        for row in view.connection.execute(
            statement, {**bound, "after": cursor.after, "size": cursor.size, "limit": limit}
        )
    ]


def _conditions(view: View, query: EventQuery) -> tuple[list[str] | None, dict[str, Any]]:
    """SQL conditions with their values; None when nothing can match because a name is unknown to the ledger."""
    conditions: list[str] = []
    bound: dict[str, Any] = {}
    if query.event_type:
        conditions.append(_any_of("e.type", [_event_type(word) for word in query.event_type]))
    for column, sign, value in (
        ("time", ">=", query.ge_event_time), ("time", "<", query.lt_event_time),
        ("record_time", ">=", query.ge_record_time), ("record_time", "<", query.lt_record_time),
    ):  # fmt: skip
        if value is not None:
            conditions.append(f"e.{column} {sign} {value:d}")
    if query.biz_step:
        steps = [view.term_id(short_step(step)) for step in _limited(query.biz_step, "EQ_bizStep")]
        if not any(steps):
            return None, bound
        conditions.append(_any_of("e.biz_step", [step for step in steps if step]))
    for values, roles, place in (
        (query.match_epc, _EPC_ROLES, "MATCH_epc"), (query.match_any_epc, tuple(Role), "MATCH_anyEPC"),
    ):  # fmt: skip
        if values:
            things = [view.find(name_of(value)) for value in _checked(values, place)]
            if not any(things):
                return None, bound
            which = f"{_any_of('t.thing', [thing for thing in things if thing])} AND {_any_of('t.role', roles)}"
            conditions.append(f"e.idx IN (SELECT t.event FROM timeline t WHERE {which})")  # noqa: S608 - numbers only
    if query.party:
        conditions.append("e.idx IN " + _BY_PARTY)
        bound["party"] = query.party
    return conditions, bound


def _any_of(column: str, numbers: Sequence[int]) -> str:
    """``column IN (1,2,3)``: numbers of ours only, so they may stand in the text."""
    return f"{column} IN ({','.join(f'{int(number):d}' for number in numbers)})"


def _event_type(word: str) -> int:
    try:
        return EventType[word].value
    except KeyError:
        known = ", ".join(kind.name for kind in EventType)
        raise InvalidInput(
            f"there is no event type {word[:40]!r}", place="eventType", remedy=f"one of {known}"
        ) from None


def _limited(values: list[str], place: str) -> list[str]:
    if len(values) > _MOST_VALUES:
        raise InvalidInput(f"{len(values)} values, at most {_MOST_VALUES} are taken", place=place)
    return values


def _checked(values: list[str], place: str) -> list[str]:
    for value in _limited(values, place):
        try:
            name_of(value)
        except InvalidIdentifier as error:
            raise InvalidInput(error.detail, place=place, remedy=error.remedy) from None
    return values


def _write_token(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _read_token(token: str, digest: str) -> _Cursor:
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(token[:400] + "=" * (-len(token) % 4)), type=_Cursor)
    except (ValueError, msgspec.MsgspecError):
        raise InvalidInput("this is not a page token of ours", place="nextPageToken") from None
    if cursor.digest != digest or not 0 <= cursor.after < cursor.size:
        raise InvalidInput(
            "the page token belongs to another query", place="nextPageToken", remedy="ask from the start"
        )
    return cursor
