"""A search that goes on for ever ends, and harms nothing that comes after it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.trace.scribe import Scribe, object_event

from suyuan.base.errors import QueryTooComplex
from suyuan.epcis.query_parameters import Query
from suyuan.trace import query_deadline
from suyuan.trace.event_query import run_query
from suyuan.trace.query_deadline import deadline

FOR_EVER = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT COUNT(*) FROM n")


def test_a_statement_ends_at_its_deadline_and_the_next_view_answers(scribe: Scribe) -> None:
    scribe.capture(object_event(1))
    with (
        scribe.view() as view,
        pytest.raises(QueryTooComplex, match=r"within 0[.]05 seconds") as refusal,
        deadline(view, 0.05),
    ):
        view.connection.execute(FOR_EVER)
    assert refusal.value.remedy
    for _ in range(3):  # the connection that was interrupted is among those that are used again
        with scribe.view() as view:
            assert len(run_query(view, Query(), None, 10, None).events) == 1


def test_what_fails_for_another_reason_is_not_called_slow(scribe: Scribe) -> None:
    with scribe.view() as view, pytest.raises(DBAPIError), deadline(view):
        view.connection.execute(text("SELECT nothing FROM nowhere"))


def test_the_search_for_a_page_has_one(scribe: Scribe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_deadline, "_STEPS", 1)
    monkeypatch.setattr("suyuan.trace.event_query.deadline", lambda view: deadline(view, -1.0))
    scribe.capture(object_event(1))
    with scribe.view() as view, pytest.raises(QueryTooComplex):
        run_query(view, Query(), None, 10, None)
