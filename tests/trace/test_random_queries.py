"""Two years of random events against a filter that knows no SQL: the same events for every query."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from tests.trace import brute_query
from tests.trace.brute_query import Captured, Vocabulary
from tests.trace.random_queries import CONTEXT, NAMESPACE, Chance, event, query
from tests.trace.scribe import Scribe, document

from suyuan.base.clock import format_time
from suyuan.epcis.query_parameters import Query, read_query
from suyuan.epcis.vocabulary_elements import TYPE_STEM, Element
from suyuan.gs1.names import canonical, name_of
from suyuan.trace.event_query import LARGEST_PAGE, matching, run_query
from suyuan.trace.view import View
from suyuan.trace.vocabularies import VocabularyChanged

_YARD, _HALL, _DOOR = (f"https://shop.example/place/{number}" for number in (1, 2, 3))


def fill(scribe: Scribe, seed: int, count: int) -> list[Captured]:
    """Events of a seed in the ledger, as the filter sees them."""
    chance = Chance(seed)
    events = [event(chance, number) for number in range(count)]
    for start in range(0, count, 50):
        job = scribe.capture(document(*events[start : start + 50], context=CONTEXT))
        assert job.success, job.errors
    rows = scribe.rows("SELECT idx, record_time FROM event ORDER BY idx")
    return [
        Captured(index, one, {"ex": NAMESPACE}, datetime.fromisoformat(format_time(time)), str(one["eventID"]))
        for (index, time), one in zip(rows, events, strict=True)
    ]


def describe(scribe: Scribe) -> Vocabulary:
    """Places within places, some of them cold."""
    elements = [
        Element(TYPE_STEM + kind, place, attributes, children)
        for kind in ("BusinessLocation", "ReadPoint")
        for place, attributes, children in (
            (_YARD, (("urn:x:cold", "yes"),), (_HALL,)),
            (_HALL, (("urn:x:cold", "no"), ("urn:x:warm", "yes")), (_DOOR, "urn:epc:id:sgln:0614141.00001.0")),
        )
    ]
    scribe.call("vocabulary-changed", VocabularyChanged("k", "", elements))
    one = {place: canonical(name_of(place)) for place in (_YARD, _HALL, _DOOR, "urn:epc:id:sgln:0614141.00001.0")}
    return Vocabulary(
        {one[_YARD]: (one[_HALL],), one[_HALL]: (one[_DOOR], one["urn:epc:id:sgln:0614141.00001.0"])},
        {one[_YARD]: {"urn:x:cold": "yes"}, one[_HALL]: {"urn:x:cold": "no", "urn:x:warm": "yes"}},
    )


def check(scribe: Scribe, seed: int, count: int, queries: int) -> float:
    """Ask; the part of the queries that found some events but not all."""
    captured, told = fill(scribe, seed, count), describe(scribe)
    chance, telling = Chance(seed + 1), 0
    with scribe.view() as view:
        for number in range(queries):
            parameters = query(chance)
            expected = [each.place for each in captured if brute_query.meets(each, parameters, told)]
            asked = read_query(parameters, {"ex": NAMESPACE})
            found = [each.index for each in run_query(view, asked, None, LARGEST_PAGE, None).events]
            assert sorted(found) == expected, parameters
            assert matching(view, asked, None, 0, view.size) == expected, parameters
            telling += 0 < len(expected) < count
            if number % 10 == 0:
                ordered = sorted(expected, key=lambda index: (captured[index].event["eventTime"], index))
                assert _by_pages(view, asked, chance.one((1, 7, 50))) == ordered, parameters
    return telling / queries


def _by_pages(view: View, asked: Query, size: int) -> list[int]:
    """Log indexes in the order of the answer, over all its pages."""
    found: list[int] = []
    token: str | None = None
    while True:
        page = run_query(view, asked, None, size, token)
        found += [each.index for each in page.events]
        token = page.next_token
        if token is None:
            return found


@pytest.mark.parametrize("seed", range(2))
def test_every_query_finds_what_the_standard_says(fresh: Callable[[], Scribe], seed: int) -> None:
    assert check(fresh(), 10 * seed, 150, 200) > 0.4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_many_more_queries_find_what_the_standard_says(fresh: Callable[[], Scribe], seed: int) -> None:
    assert check(fresh(), 100 + 10 * seed, 400, 1_500) > 0.4
