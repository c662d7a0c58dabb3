"""EPCIS event queries: which events meet a `Query`, page by page (EPCIS 2.0 section 8.2.7).

A page begins behind the last event of the one before it, in an order that ends in the log index, under a bound of log
indexes that the first page fixed: what is captured later is on no page of it, so no event is shown twice or skipped,
whatever is captured in between and however often the server is started again. The token holds these numbers and the
query's digest, nothing secret.

How it is searched: conditions on things, IDs and values beside the columns are asked for their events first, and those
of the first short list are looked at one by one; where all of them are long, or there are none, events are read along
an index in the order of the answer until the page is full. docs/reference/query-plans.md shows what the databases do.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import text

from suyuan.base.errors import InvalidInput, QueryTooLarge
from suyuan.epcis.event_id import hash_uri
from suyuan.epcis.json_codec import event_object
from suyuan.epcis.query_fields import moment
from suyuan.epcis.query_parameters import Query
from suyuan.trace.attributes import comparable
from suyuan.trace.event_scope import EventScope
from suyuan.trace.query_conditions import Clause, Compiler
from suyuan.trace.query_deadline import deadline
from suyuan.trace.view import View

#: Events on a page: the default and the most that a client may ask for.
DEFAULT_PAGE, LARGEST_PAGE = 30, 1_000
#: Events that an order by an extension's field may have to sort.
MOST_SORTED = 100_000
#: Events of a condition that are looked at one by one.
_FEW = 2_000
#: Values of a column whose events are read side by side along its index.
_SIDE_BY_SIDE = 8
#: Log indexes that `matching` looks at in one statement.
_AT_ONCE = 50_000
#: Columns with an index by event time behind them, the most telling first.
_INDEXED = {
    "e.biz_location": "ix_event_biz_location_time",
    "e.read_point": "ix_event_read_point_time",
    "e.biz_step": "ix_event_biz_step_time",
}
_BY_TIME, _BY_RECORD_TIME = "ix_event_time", "ix_event_record_time"


class FoundEvent(msgspec.Struct, frozen=True):
    """One event of an answer."""

    index: int
    event_id: str
    body: dict[str, Any]
    #: Whether the ID is its source's own; else it is the hash, which the ledger has added.
    given: bool = True


class Page(msgspec.Struct, frozen=True):
    """A page of events and the token of the next one (None: this was the last)."""

    events: list[FoundEvent]
    next_token: str | None


class _Cursor(msgspec.Struct, frozen=True):
    """Where a page begins: behind the event ``after`` with its time ``at``, ``seen`` events into the answer."""

    after: int
    at: int
    seen: int
    size: int
    digest: str


class _Order(NamedTuple):
    """An order of events by one of their times, then by log index."""

    column: str
    along: str
    descending: bool

    @property
    def sql(self) -> str:
        """For ORDER BY, over rows ``(idx, at)``."""
        return "at DESC, idx DESC" if self.descending else "at, idx"

    def behind(self, cursor: _Cursor) -> str:
        """The condition that an event comes behind the cursor."""
        if cursor.after < 0:
            return "1 = 1"
        sign = "<" if self.descending else ">"
        return (
            f"e.{self.column} {sign}= {cursor.at:d}"
            f" AND (e.{self.column} {sign} {cursor.at:d} OR e.idx {sign} {cursor.after:d})"
        )


def run_query(view: View, query: Query, scope: EventScope | None, per_page: int, token: str | None) -> Page:
    """One page of the events that meet the query and lie in the scope (None: all do).

    In the query's order; without one, by event time, then by place in the log. Raises `QueryTooLarge` for more events
    than ``max_event_count``, `QueryTooComplex` where the search takes too long, `InvalidInput` for a wrong token.
    """
    digest = _digest(query, scope)
    cursor = _read_token(token, digest) if token else _Cursor(-1, 0, 0, view.size, digest)
    if cursor.size > view.size:
        raise InvalidInput("the page token is of another ledger", place="nextPageToken")
    with deadline(view):
        search = _Search(view, query, scope, cursor.size)
        if token is None and query.max_event_count is not None:
            search.check_count(query.max_event_count)
        left = per_page if query.event_count_limit is None else min(per_page, query.event_count_limit - cursor.seen)
        if left < 1:  # a database takes a limit below nought for none, or for a bug
            raise InvalidInput("the answer ends before this page", place="nextPageToken", remedy="ask from the start")
        found = search.page(cursor, left + 1)
    shown = found[:left]
    events = {event.index: event for event in load_events(view, [index for index, _ in shown])}
    last = shown[-1] if shown else None
    seen = cursor.seen + len(shown)
    ended = last is None or len(found) <= left or seen == query.event_count_limit
    following = None if ended or last is None else _write_token(_Cursor(*last, seen, cursor.size, digest))
    return Page([events[index] for index, _ in shown], following)


def matching(view: View, query: Query, scope: EventScope | None, first: int, last: int) -> list[int]:
    """Log indexes from ``first`` to ``last`` (exclusive) of the events that meet the query, in log order.

    Order and limits of the query say nothing here.
    """
    search = _Search(view, query, scope, view.size)
    found: list[int] = []
    for start in range(first, min(last, view.size), _AT_ONCE):
        found += search.between(start, min(start + _AT_ONCE, last, view.size))
    return found


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
        shown = event_object(raw, bytes(context), record_time, event_id)
        found.append(FoundEvent(index, event_id, shown, name is not None))
    return found


def find_event(view: View, event_id: str) -> list[int]:
    """Log indexes under an event ID: the event first, then its error declarations."""
    key = hashlib.sha256(event_id.encode()).digest()
    rows = view.connection.execute(
        text("SELECT event FROM event_id WHERE key = :key AND event < :size ORDER BY LENGTH(declaration), event"),
        {"key": key, "size": view.size},
    )
    return [row[0] for row in rows]


class _Search:
    """The search for the events of one query, below one log size."""

    def __init__(self, view: View, query: Query, scope: EventScope | None, size: int) -> None:
        self._view = view
        self._query = query
        self._size = size
        self._compiler = Compiler(view, size, scope)
        self._clauses = self._compiler.clauses(query)
        self._sqlite = view.connection.dialect.name == "sqlite"
        if scope is not None and self._clauses is not None:
            bounded = msgspec.structs.replace(scope, size=size)
            (condition, values), (events, gathered) = bounded.condition(), bounded.events()
            self._clauses.append(Clause(condition, {**values, **gathered}, events))
        self._order = _order(query)

    def page(self, cursor: _Cursor, limit: int) -> list[tuple[int, int]]:
        """Log index and time of events behind the cursor, in the order of the answer."""
        if self._clauses is None:
            return []
        if self._order is None:
            indexes = self._sorted()
            start = _behind(indexes, cursor)
            return [(index, 0) for index in indexes[start : start + limit]]
        behind = self._order.behind(cursor)
        few = self._few()
        if few is None:
            statement = text(self._along_index([*self._base(), behind], limit))
            return [(row[0], row[1]) for row in self._view.connection.execute(statement, self._bound())]
        rows = self._of(few, behind, f"ORDER BY {self._order.sql} LIMIT {limit:d}")
        return [(row[0], row[1]) for row in rows]

    def check_count(self, most: int) -> None:
        """Raise `QueryTooLarge` where more than ``most`` events meet the query."""
        if self._clauses is None:
            return
        few = self._few()
        if few is None:
            where = " AND ".join(self._base())
            statement = f"SELECT COUNT(*) FROM (SELECT 1 FROM event e WHERE {where} LIMIT {most + 1:d}) found"  # noqa: S608
            count = self._view.connection.execute(text(statement), self._bound()).scalar_one()
        else:
            count = len(self._of(few, "1 = 1", f"LIMIT {most + 1:d}"))
        if count > most:
            raise QueryTooLarge(f"more than {most} events meet the query", place="maxEventCount")

    def between(self, first: int, last: int) -> list[int]:
        """Log indexes in a range, in log order."""
        if self._clauses is None:
            return []
        where = " AND ".join(["e.idx >= :first", "e.idx < :last", *(f"({clause.sql})" for clause in self._clauses)])
        statement = text(f"SELECT e.idx FROM event e{self._by('')} WHERE {where} ORDER BY e.idx")  # noqa: S608
        return [row[0] for row in self._view.connection.execute(statement, self._bound(first=first, last=last))]

    def _base(self, met: Clause | None = None) -> list[str]:
        """The conditions, but for one that is known to be met."""
        pin = "+" if self._sqlite else ""
        return [f"{pin}e.idx < :size", *(f"({clause.sql})" for clause in self._clauses or () if clause is not met)]

    def _bound(self, **more: Any) -> dict[str, Any]:
        bound: dict[str, Any] = {"size": self._size, **more}
        for clause in self._clauses or ():
            bound |= clause.bound
        return bound

    def _few(self) -> tuple[Clause, list[int]] | None:
        """A condition that few events meet, and these; None where there is none such."""
        for clause in self._clauses or ():
            if clause.events:
                statement = text(f"SELECT event FROM ({clause.events}) found LIMIT {_FEW + 1}")  # noqa: S608 - our words
                rows = self._view.connection.execute(statement, dict(clause.bound)).all()
                if len(rows) <= _FEW:
                    return clause, sorted({row[0] for row in rows})
        return None

    def _of(self, few: tuple[Clause, list[int]], also: str, tail: str) -> Sequence[Any]:
        """Those of a few events that meet the other conditions, and one more."""
        column, (met, events) = self._order.column if self._order else "time", few
        return self._view.by_ids(
            events,
            f"SELECT e.idx, e.{column} AS at FROM {{ids}} event e ON e.idx = f.id"  # noqa: S608 - our words
            f" WHERE {' AND '.join([*self._base(met), also])} {tail}",
            **{**self._bound(), "size": self._size},
        )

    def _along_index(self, conditions: Sequence[str], limit: int) -> str:
        """A statement that reads events along an index in the order of the answer."""
        order = self._order or _Order("time", _BY_TIME, descending=False)
        side = self._side_by_side() if order.column == "time" else None
        if side is None:
            parts = [self._part(order, order.along, conditions, limit)]
        else:
            parts = [
                self._part(order, _INDEXED[side.column], [f"{side.column} = {value:d}", *conditions], limit)
                for value in side.values
            ]
        if len(parts) == 1:
            return parts[0]
        several = " UNION ALL ".join(f"SELECT * FROM ({part}) p{number}" for number, part in enumerate(parts))  # noqa: S608
        return f"SELECT idx, at FROM ({several}) found ORDER BY {order.sql} LIMIT {limit:d}"  # noqa: S608 - our words

    def _part(self, order: _Order, index: str, conditions: Sequence[str], limit: int) -> str:
        where = " AND ".join(conditions)
        return (
            f"SELECT e.idx AS idx, e.{order.column} AS at FROM event e{self._by(index)}"  # noqa: S608 - our words
            f" WHERE {where} ORDER BY {order.sql} LIMIT {limit:d}"
        )

    def _by(self, index: str) -> str:
        """What tells SQLite which index to take; none is the log index itself."""
        if not self._sqlite:
            return ""
        return f" INDEXED BY {index}" if index else " NOT INDEXED"

    def _side_by_side(self) -> Clause | None:
        columns = {clause.column: clause for clause in self._clauses or () if len(clause.values) <= _SIDE_BY_SIDE}
        return next((columns[column] for column in _INDEXED if column in columns), None)

    def _sorted(self) -> list[int]:
        """Log indexes in the order of an extension's field; what lacks it comes last."""
        fields = self._compiler.fields(self._query.order_by, self._query.order_unresolved, "orderBy")
        few = self._few()
        tail = f"LIMIT {MOST_SORTED + 1:d}"
        if few is None:
            statement = f"SELECT e.idx FROM event e WHERE {' AND '.join(self._base())} {tail}"  # noqa: S608 - our words
            rows: Sequence[Any] = self._view.connection.execute(text(statement), self._bound()).all()
        else:
            rows = self._of(few, "1 = 1", tail)
        if len(rows) > MOST_SORTED:
            raise QueryTooLarge(f"more than {MOST_SORTED} events would have to be sorted", place="orderBy")
        return _by_field(self._view, [row[0] for row in rows], fields, self._query.descending)


def _order(query: Query) -> _Order | None:
    """The order by a time of the event; None for one by another field."""
    if query.order_by == "recordTime":
        return _Order("record_time", _BY_RECORD_TIME, query.descending)
    return _Order("time", _BY_TIME, query.descending) if query.order_by in {"", "eventTime"} else None


def _behind(indexes: Sequence[int], cursor: _Cursor) -> int:
    """Where the page begins. The event that it comes behind may be hidden from the asker by now."""
    if cursor.after < 0:
        return 0
    try:
        return indexes.index(cursor.after) + 1
    except ValueError:
        raise InvalidInput(
            "the last event of the page before is in this answer no longer", place="nextPageToken",
            remedy="ask from the start",
        ) from None  # fmt: skip


def _by_field(view: View, indexes: Sequence[int], fields: Sequence[str], descending: bool) -> list[int]:
    """Sort events by a field: times, numbers, or texts by their code points; the first value of several counts."""
    terms = {comparable(name) for field in fields for name in (field, moment(field))}
    ids = [found for name in sorted(terms) for found in [view.term_id(name)] if found is not None]
    listed = ",".join(f"{each:d}" for each in ids) or "-1"
    rows = view.by_ids(
        indexes,
        "SELECT a.event, a.value, a.number FROM {ids} attr a ON a.event = f.id"  # noqa: S608 - numbers of ours
        f" WHERE a.field IN ({listed}) ORDER BY a.event, a.ordinal DESC",
    )
    texts: dict[int, str] = {}
    numbers: dict[int, float] = {}
    for event, value, number in rows:
        if value is not None:
            texts[event] = value
        if number is not None:
            numbers[event] = number
    # A field is text as soon as one event has a text in it that is neither number nor time.
    as_text = any(event not in numbers for event in texts)
    keys: Mapping[int, Any] = texts if as_text else numbers
    known = sorted((index for index in indexes if index in keys), key=lambda index: (keys[index], index))
    return [*(reversed(known) if descending else known), *sorted(index for index in indexes if index not in keys)]


def _digest(query: Query, scope: EventScope | None) -> str:
    """A token goes with its query and its asker."""
    asker = scope.submitter if scope is not None else None
    return hashlib.sha256(msgspec.json.encode((query, asker))).hexdigest()[:16]


def _write_token(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _read_token(token: str, digest: str) -> _Cursor:
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(token[:400] + "=" * (-len(token) % 4)), type=_Cursor)
    except (ValueError, msgspec.MsgspecError):
        raise InvalidInput("this is not a page token of ours", place="nextPageToken") from None
    sound = 0 <= cursor.after < cursor.size and abs(cursor.at) < 2**63 and cursor.seen >= 0
    if cursor.digest != digest or not sound:
        raise InvalidInput(
            "the page token belongs to another query", place="nextPageToken", remedy="ask from the start"
        )
    return cursor
