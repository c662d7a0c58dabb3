"""The values that events have been captured with, as the collections of the REST binding (EPCIS 2.0, 12.6).

A collection is read by the id of its values, which are given by first appearance: a page begins behind the last id of
the page before, so no value is shown twice or left out while others capture. Distinct values come from an index, one
look-up each, however many events there are; who may not see every event of a value is shown it if it may see one.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import text

from suyuan.base.errors import InvalidDocument
from suyuan.epcis.vocabulary import BIZ_STEP, DISPOSITION, Vocabulary
from suyuan.gs1.names import Name, kind_of, name_of
from suyuan.trace.event_scope import EventScope
from suyuan.trace.view import View

#: Values on a page: the default and the most that a client may ask for.
DEFAULT_PAGE, LARGEST_PAGE = 30, 1_000
#: Ids that are looked at in one statement where some may be none of the asker's business, or no EPCs.
_WINDOW = 200
#: Seconds after which a page is answered as it is, with a token behind it: a firm may see few of very many values.
_BUDGET = 1.0


class Resource(NamedTuple):
    """One collection: its path, the query parameter that its values are, and where they stand."""

    path: str
    parameter: str
    #: Column of `event`; empty for EPCs, which stand in the timeline.
    column: str
    #: Words of the standard, which every repository supports.
    vocabulary: Vocabulary | None = None


EVENT_TYPES = Resource("eventTypes", "eventType", "type")
EPCS = Resource("epcs", "MATCH_anyEPC", "")
BIZ_STEPS = Resource("bizSteps", "EQ_bizStep", "biz_step", BIZ_STEP)
DISPOSITIONS = Resource("dispositions", "EQ_disposition", "disposition", DISPOSITION)
READ_POINTS = Resource("readPoints", "EQ_readPoint", "read_point")
BIZ_LOCATIONS = Resource("bizLocations", "EQ_bizLocation", "biz_location")
RESOURCES = (EVENT_TYPES, EPCS, BIZ_STEPS, BIZ_LOCATIONS, READ_POINTS, DISPOSITIONS)

#: The five types that may be captured: a QuantityEvent of EPCIS 1.0 is answered as an ObjectEvent.
TYPES = ("AggregationEvent", "AssociationEvent", "ObjectEvent", "TransactionEvent", "TransformationEvent")


class Cursor(NamedTuple):
    """How much of a collection has been shown: words of the standard, and ids up to this one."""

    words: int = 0
    after: int = 0


class ValuePage(NamedTuple):
    """Some values as bare words, URIs or names of things, and where the next page begins (None: this was the last)."""

    values: list[str | Name]
    following: Cursor | None


def list_values(view: View, resource: Resource, scope: EventScope | None, cursor: Cursor, per_page: int) -> ValuePage:
    """One page: the standard's words in alphabetical order, then what events have had, by first appearance.

    It may be shorter than ``per_page``, or empty, with more to come: then ``following`` says so.
    """
    words = sorted(resource.vocabulary.words) if resource.vocabulary else []
    values: list[str | Name] = list(words[cursor.words : cursor.words + per_page])
    shown = cursor.words + len(values)
    search = _Search(view, resource, scope)
    after, until, ended = cursor.after, time.monotonic() + _BUDGET, False
    while not ended and len(values) < per_page:
        ids, after, ended = search.behind(after, per_page - len(values))
        values += search.written(ids, words)
        if time.monotonic() > until:
            break
    return ValuePage(values, None if ended else Cursor(shown, after))


def has_value(view: View, resource: Resource, scope: EventScope | None, value: str) -> bool:
    """Whether a collection has a value, in any of its writings. `InvalidIdentifier` for what names no thing."""
    if resource is EVENT_TYPES:
        return value in TYPES
    if resource.vocabulary is None:
        found = view.find(name_of(value))
    else:
        try:
            word = resource.vocabulary.short(value)
        except InvalidDocument:
            return False
        if word in resource.vocabulary.words:
            return True
        found = view.term_id(word)
    return found is not None and bool(_Search(view, resource, scope).visible([found]))


class _Search:
    """Values of one collection by their ids. What a firm may see of few events is gathered, else looked for."""

    def __init__(self, view: View, resource: Resource, scope: EventScope | None) -> None:
        self._view, self._column = view, resource.column
        few = scope is not None and scope.few(view)
        self._gathered = scope if few else None
        self._scope = None if few else scope

    def behind(self, after: int, wanted: int) -> tuple[list[int], int, bool]:
        """At most ``wanted`` ids of values behind an id; the id that this went up to; whether there are no more."""
        checked = self._gathered is not None or (self._scope is None and bool(self._column))
        window = wanted if checked and self._column else max(wanted, _WINDOW)
        candidates = self._candidates(after, window)
        seen = candidates if checked else sorted(self.visible(candidates))
        if not self._column:
            seen = self._instances(seen)
        if len(seen) > wanted:
            return seen[:wanted], seen[wanted - 1], False
        return seen, candidates[-1] if candidates else after, len(candidates) < window

    def visible(self, ids: Collection[int]) -> set[int]:
        """Those of these ids that some event has which the asker may see."""
        scope = self._scope or self._gathered
        condition, bound = scope.condition() if scope else ("1 = 1", {})
        if self._column:
            events = f"SELECT 1 FROM event e WHERE e.{self._column} = f.id AND e.idx < :size AND {condition}"  # noqa: S608 - our words
        else:
            events = (
                "SELECT 1 FROM timeline vt CROSS JOIN event e WHERE vt.thing = f.id AND e.idx = vt.event"  # noqa: S608 - our words
                f" AND e.idx < :size AND {condition}"
            )
        table = "term" if self._column in _WORDS else "thing"
        statement = f"SELECT f.id FROM {{ids}} {table} x ON x.id = f.id WHERE EXISTS ({events})"  # noqa: S608 - our words
        return {row[0] for row in self._view.by_ids(ids, statement, **bound)}

    def written(self, ids: Sequence[int], words: Collection[str]) -> list[str | Name]:
        """The values of these ids, but those that are among ``words``."""
        if self._column in _WORDS:
            terms = self._view.terms(ids)
            return [terms[each] for each in ids if terms[each] not in words]
        names = self._view.names(ids)
        return [names[each] for each in ids]

    def _instances(self, things: Sequence[int]) -> list[int]:
        """Those that are EPCs: lots and products are classes of things."""
        names = self._view.names(things)
        return [thing for thing in things if kind_of(*names[thing][:2]) not in {"lot", "class"}]

    def _candidates(self, after: int, limit: int) -> list[int]:
        """The next ids: of whatever the index holds, or of what the gathered events have."""
        bound: dict[str, object] = {"after": after, "limit": limit}
        if self._gathered is not None:
            events, more = self._gathered.events()
            column = f"e.{self._column}" if self._column else "gt.thing"
            table = "event e" if self._column else "timeline gt"
            which = f"{'e.idx' if self._column else 'gt.event'} IN ({events})"
            sql = f"SELECT DISTINCT {column} FROM {table} WHERE {which} AND {column} > :after ORDER BY 1 LIMIT :limit"  # noqa: S608 - our words
            return [row[0] for row in self._view.connection.execute(text(sql), bound | more)]
        sql = _DISTINCT.replace("{column}", self._column) if self._column else _THINGS
        return [row[0] for row in self._view.connection.execute(text(sql), bound)]


#: Columns whose ids are those of words; the others are those of things.
_WORDS = {"biz_step", "disposition"}
_THINGS = "SELECT id FROM thing WHERE id > :after ORDER BY id LIMIT :limit"
#: One look-up in an index for each distinct value, instead of a walk over all events.
_DISTINCT = """
WITH RECURSIVE v (id) AS (
    SELECT MIN({column}) FROM event WHERE {column} > :after
    UNION ALL
    SELECT (SELECT MIN(e.{column}) FROM event e WHERE e.{column} > v.id) FROM v WHERE v.id IS NOT NULL
)
SELECT id FROM v WHERE id IS NOT NULL LIMIT :limit
"""
