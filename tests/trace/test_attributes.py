"""What is kept of an event beside its columns: no more than queries ask for, and the same when it is made anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from tests.trace.scribe import CONTEXT, Scribe, document, object_event
from tests.trace.test_query_parameters import EX, story

from suyuan.base.database import open_owner, sqlite_url
from suyuan.trace.append_only import unprotect
from suyuan.trace.attribute_rebuild import rebuild_attributes
from suyuan.trace.attributes import comparable

_ROWS = (
    "SELECT a.event, a.ordinal, t.value, a.value, a.number FROM attr a JOIN term t ON t.id = a.field ORDER BY 1, 2, 3"
)


def test_a_plain_event_leaves_no_rows(scribe: Scribe) -> None:
    scribe.capture(object_event(1, disposition="in_transit", bizLocation={"id": "urn:epc:id:sgln:0614141.00001.0"}))
    assert scribe.rows("SELECT COUNT(*) FROM attr") == [(0,)]


def test_a_value_that_stands_twice_is_kept_once(scribe: Scribe) -> None:
    scribe.capture(
        document(object_event(1, **{"x:a": ["b", "b", "c"]}), context=[CONTEXT, {"x": "https://x.example/"}])
    )
    assert [row[3] for row in scribe.rows(_ROWS)] == ["b", "c"]


def test_text_beside_attributes_is_the_value_and_they_are_inside(scribe: Scribe) -> None:
    member = {"x:a": {"@value": "21", "@type": "x:t", "x:unit": "CEL"}}
    scribe.capture(document(object_event(1, **member), context=[CONTEXT, {"x": "https://x.example/"}]))
    found = {row[2:] for row in scribe.rows(_ROWS)}
    assert found == {
        ("extension:https://x.example#a", "21", 21.0), ("extension*:https://x.example#unit", "CEL", None),
    }  # fmt: skip


def test_made_anew_the_rows_are_the_same(scribe: Scribe, folder: Path) -> None:
    scribe.capture(document(*story(), context=[CONTEXT, {"ex": EX}]))
    scribe.capture(object_event(1))
    before = scribe.rows(_ROWS)
    assert len(before) > 100
    owner = open_owner(sqlite_url(folder))
    try:
        with owner.begin() as connection:
            unprotect(connection)
            connection.execute(text("DELETE FROM attr WHERE event < 2"))
            connection.execute(text("UPDATE attr SET value = 'of another version'"))
            connection.execute(text("DELETE FROM term WHERE value LIKE 'value:%'"))
            assert rebuild_attributes(connection) == 8
    finally:
        owner.dispose()
    assert scribe.rows(_ROWS) == before


@pytest.mark.parametrize("length", [399, 400, 401, 465, 5_000])
def test_long_texts_are_equal_to_themselves_only(length: int) -> None:
    one, other = "x" * length, "x" * (length - 1) + "y"
    assert comparable(one) == comparable(one) != comparable(other)
    assert len(comparable(one)) <= 465


@given(one=st.text(max_size=600), other=st.text(max_size=600))
def test_texts_are_kept_equal_exactly_where_they_are(one: str, other: str) -> None:
    assert (comparable(one) == comparable(other)) == (one == other)
    assert "\0" not in comparable(one)
