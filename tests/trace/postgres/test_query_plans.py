"""On PostgreSQL every main query has an index to be searched by, in every partition."""

from __future__ import annotations

import pytest
from tests.trace.plans import QUERIES, many, postgres_plan
from tests.trace.scribe import CONTEXT, Scribe, document
from tests.trace.test_query_parameters import EX, story

pytestmark = pytest.mark.postgres

#: Part of the name of an index that serves; which of several PostgreSQL takes, its statistics say.
_INDEXES = {
    "all events": "_time_idx", "one EPC": "_pkey", "one lot": "_pkey", "business step and time": "_biz_step_time_idx",
    "one of two places": "_biz_location_time_idx", "many EPCs of a class": "timeline",
    "a value beside the columns, which few have": "ix_attr_field_value",
    "a number beside the columns, which many have": "attr", "event ID": "pk_event_id",
    "since a record time, in its order": "_record_time_idx", "the few since a record time": "_record_time_idx",
    "error declarations": "attr",
}  # fmt: skip


def test_every_query_has_an_index(scribe: Scribe, monkeypatch: pytest.MonkeyPatch) -> None:
    scribe.capture(document(*story(), context=[CONTEXT, {"ex": EX}]))
    for title, parameters, of_many in QUERIES:
        with scribe.view() as view, many(monkeypatch, of_many):
            lines = postgres_plan(view, parameters)
        assert any("Index" in line and _INDEXES[title] in line for line in lines), (title, lines)
        assert not any("Seq Scan on event" in line or "Seq Scan on timeline" in line for line in lines), (title, lines)
