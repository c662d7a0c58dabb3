"""The query of a subscription, as it was subscribed to."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import text

from suyuan.base.clock import parse_time
from suyuan.base.errors import NotFound
from suyuan.base.identity import Actor
from suyuan.trace.event_query import EventQuery, _conditions
from suyuan.trace.event_scope import EventScope
from suyuan.trace.subscriptions import Terms
from suyuan.trace.view import View

_TIMES = {"GE_eventTime": "ge_event_time", "LT_eventTime": "lt_event_time", "GE_recordTime": "ge_record_time"}
_LISTS = {
    "eventType": "event_type",
    "EQ_bizStep": "biz_step",
    "MATCH_epc": "match_epc",
    "MATCH_anyEPC": "match_any_epc",
}


def standing_query(terms: Terms) -> EventQuery:
    """The query."""
    values: dict[str, Any] = {}
    for name, value in terms.parameters.items():
        if name in _TIMES:
            values[_TIMES[name]] = parse_time(value)[0]
        else:
            values[_LISTS[name]] = value if isinstance(value, list) else [value]
    return EventQuery(**values)


def matching(view: View, query: EventQuery, scope: EventScope | None, first: int, last: int) -> list[int]:
    conditions, bound = _conditions(view, query)
    if conditions is None:
        return []
    if scope:
        sql, more = scope.condition()
        conditions.append(sql)
        bound |= more
    where = " AND ".join(["e.idx >= :first", "e.idx < :last", *conditions])
    statement = text(f"SELECT e.idx FROM event e WHERE {where} ORDER BY e.idx")
    return [row[0] for row in view.connection.execute(statement, {**bound, "first": first, "last": last})]


class NamedQuery(msgspec.Struct, frozen=True):
    """Parameters of a query and what their prefixes mean."""

    parameters: dict[str, Any]
    namespaces: dict[str, str]


def find_query(view: View, actor: Actor, name: str, namespaces: dict[str, str]) -> NamedQuery:
    """The query."""
    if name != "SimpleEventQuery":
        raise NotFound("no such query")
    return NamedQuery({}, namespaces)
