"""Event queries: what the usual parameters find, and pages that stay right while others capture.

Every parameter has its test in test_query_parameters.py; test_random_queries.py asks a filter that knows no SQL.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trace.scribe import CONTEXT, Scribe, declared, document, epc, object_event, scribe_in

from suyuan.base.clock import format_time, parse_time
from suyuan.base.errors import InvalidInput, QueryTooComplex, QueryTooLarge
from suyuan.base.identity import Actor, Role
from suyuan.epcis.query_parameters import Query, read_query
from suyuan.trace import query_things
from suyuan.trace.acts import MasterDataChanged
from suyuan.trace.event_query import LARGEST_PAGE, matching, run_query
from suyuan.trace.event_scope import EventScope, scope_of
from suyuan.trace.master_data import MasterData
from suyuan.trace.view import open_view

PALLET, LOT = "urn:epc:id:sscc:0614141.0000000001", "urn:epc:class:lgtin:0614141.000007.L1"
ASSET = "urn:epc:id:giai:0614141.55"


def aggregation(parent: str, *children: str, hour: int) -> dict[str, Any]:
    return {
        "type": "AggregationEvent", "eventTime": f"2026-10-12T{hour:02d}:00:00Z", "eventTimeZoneOffset": "+08:00",
        "action": "ADD", "bizStep": "packing", "parentID": parent, "childEPCs": list(children),
    }  # fmt: skip


def story() -> list[dict[str, Any]]:
    """Events of every type, at seven, eight, ... o'clock."""
    head = {"eventTimeZoneOffset": "+08:00"}
    return [
        object_event(1, 2, 3, eventTime="2026-10-12T07:00:00Z", action="ADD", bizStep="commissioning",
                     quantityList=[{"epcClass": LOT, "quantity": 3}]),
        aggregation(PALLET, epc(1), epc(2), hour=8),
        {"type": "TransactionEvent", "eventTime": "2026-10-12T09:00:00Z", **head, "action": "ADD",
         "parentID": PALLET, "epcList": [epc(1)], "bizStep": "shipping",
         "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epc:id:gdti:0614141.00002.77"}]},
        {"type": "AssociationEvent", "eventTime": "2026-10-12T10:00:00Z", **head, "action": "ADD",
         "parentID": PALLET, "childEPCs": [ASSET], "bizStep": "assembling"},
        {"type": "TransformationEvent", "eventTime": "2026-10-12T11:00:00Z", **head, "bizStep": "commissioning",
         "inputEPCList": [epc(3)], "outputEPCList": [epc(4)]},
        object_event(4, eventTime="2026-10-12T12:00:00.000001Z"),
        object_event(4, eventTime="2026-10-12T12:00:00Z", bizStep="https://shop.example/steps/inspecting"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory, empty_database: bytes) -> Iterator[Scribe]:
    """The story, captured; half of it by another firm."""
    folder = tmp_path_factory.mktemp("story")
    (folder / "suyuan.db").write_bytes(empty_database)
    with scribe_in(folder) as scribe:
        for number, event in enumerate(story()):
            scribe.capture(event, key=f"key{number % 2}", party="urn:firm:a" if number % 2 else "")
        yield scribe


def places(ledger: Scribe, **parameters: Any) -> list[int]:
    return sorted(event.index for event in ledger.events(**parameters))


def ordered(ledger: Scribe, **parameters: Any) -> list[int]:
    return [event.index for event in ledger.events(**parameters)]


def written(hour: float) -> str:
    return format_time(at(hour))


def at(hour: float) -> int:
    return parse_time("2026-10-12T00:00:00Z")[0] + int(hour * 3_600_000_000)


class TestEventType:
    """eventType"""

    def test_one_or_several(self, ledger: Scribe) -> None:
        assert places(ledger, eventType=["ObjectEvent"]) == [0, 5, 6]
        assert places(ledger, eventType=["AggregationEvent", "TransformationEvent"]) == [1, 4]

    def test_an_unknown_type_is_refused(self, ledger: Scribe) -> None:
        with pytest.raises(InvalidInput, match="no event type 'SubjectEvent'"):
            places(ledger, eventType=["SubjectEvent"])
        assert places(ledger, eventType=["QuantityEvent"]) == []


class TestEventTime:
    """GE_eventTime, LT_eventTime"""

    @pytest.mark.parametrize("low", [7, 8.5, 12, 13])
    @pytest.mark.parametrize("high", [7, 9, 12, 14])
    def test_includes_the_first_moment_and_excludes_the_last(self, ledger: Scribe, low: float, high: float) -> None:
        times = [parse_time(event["eventTime"])[0] for event in story()]
        expected = [index for index, time in enumerate(times) if at(low) <= time < at(high)]
        assert places(ledger, GE_eventTime=written(low), LT_eventTime=written(high)) == expected


class TestRecordTime:
    """GE_recordTime, LT_recordTime"""

    def test_splits_the_events_where_it_says(self, ledger: Scribe) -> None:
        times = [row[0] for row in ledger.rows("SELECT record_time FROM event ORDER BY idx")]
        for moment in times:
            later = [index for index, time in enumerate(times) if time >= moment]
            assert places(ledger, GE_recordTime=format_time(moment)) == later
            assert places(ledger, LT_recordTime=format_time(moment)) == [
                index for index in range(7) if index not in later
            ]


class TestBizStep:
    """EQ_bizStep"""

    @pytest.mark.parametrize(
        "form",
        ["commissioning", "https://ref.gs1.org/cbv/BizStep-commissioning", "urn:epcglobal:cbv:bizstep:commissioning"],
    )
    def test_in_every_form_of_the_word(self, ledger: Scribe, form: str) -> None:
        assert places(ledger, EQ_bizStep=[form]) == [0, 4]

    def test_a_step_of_another_vocabulary(self, ledger: Scribe) -> None:
        assert places(ledger, EQ_bizStep=["https://shop.example/steps/inspecting"]) == [6]

    def test_alternatives_of_which_one_is_unknown(self, ledger: Scribe) -> None:
        assert places(ledger, EQ_bizStep=["packing", "holding"]) == [1]
        assert places(ledger, EQ_bizStep=["holding"]) == []


class TestMatchEpc:
    """MATCH_epc: items in epcList and childEPCs, neither parents nor inputs nor outputs"""

    def test_finds_items_but_not_parents(self, ledger: Scribe) -> None:
        assert places(ledger, MATCH_epc=[epc(1)]) == [0, 1, 2]
        assert places(ledger, MATCH_epc=[PALLET]) == []
        assert places(ledger, MATCH_epc=[epc(3)]) == [0]
        assert places(ledger, MATCH_epc=[ASSET]) == [3]

    def test_any_form_of_a_name_and_alternatives(self, ledger: Scribe) -> None:
        assert places(ledger, MATCH_epc=["https://example.com/01/00614141000074/21/1"]) == [0, 1, 2]
        assert places(ledger, MATCH_epc=[epc(3), epc(4), epc(99)]) == [0, 5, 6]

    def test_an_unknown_thing_matches_nothing(self, ledger: Scribe) -> None:
        assert places(ledger, MATCH_epc=[epc(99)]) == []

    @pytest.mark.parametrize(
        "wrong", ["no uri", "urn:epc:id:sgtin:0614141.1.1", "https://id.gs1.org/01/1", "urn:epc:pat:sgtin-96:*.*.*.*"]
    )
    def test_what_is_no_identifier_is_refused_by_name(self, ledger: Scribe, wrong: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            places(ledger, MATCH_epc=[wrong])
        assert refusal.value.place == "MATCH_epc"

    def test_more_values_than_anyone_needs_are_refused(self, ledger: Scribe) -> None:
        with pytest.raises(QueryTooComplex, match="at most"):
            places(ledger, MATCH_epc=[epc(number) for number in range(1, 1000)])


class TestMatchAnyEpc:
    """MATCH_anyEPC: parents, inputs and outputs too"""

    def test_finds_a_thing_in_every_role(self, ledger: Scribe) -> None:
        assert places(ledger, MATCH_anyEPC=[PALLET]) == [1, 2, 3]
        assert places(ledger, MATCH_anyEPC=[epc(3)]) == [0, 4]
        assert places(ledger, MATCH_anyEPC=[epc(4)]) == [4, 5, 6]
        assert places(ledger, MATCH_anyEPC=[LOT]) == []
        assert places(ledger, MATCH_anyEPCClass=[LOT]) == [0]


def scope(ledger: Scribe, key: str, party: str = "") -> EventScope | None:
    with ledger.view() as view:
        return scope_of(view, Actor(Role.PRODUCER, key, party))


class TestScope:
    """The asker's scope"""

    @pytest.mark.parametrize(
        ("key", "party", "sees"),
        [("any", "urn:firm:a", [1, 3, 5]), ("key0", "", [0, 2, 4, 6]), ("any", "urn:firm:b", [])],
    )
    def test_a_firm_sees_what_its_keys_captured(self, ledger: Scribe, key: str, party: str, sees: list[int]) -> None:
        whose = scope(ledger, key, party)
        with ledger.view() as view:
            found = [event.index for event in run_query(view, Query(), whose, LARGEST_PAGE, None).events]
            assert sorted(found) == sees
            assert matching(view, Query(), whose, 0, view.size) == sees

    def test_a_page_token_is_its_asker_s(self, ledger: Scribe) -> None:
        with ledger.view() as view:
            token = run_query(view, Query(), scope(ledger, "key0"), 2, None).next_token
            with pytest.raises(InvalidInput, match="another query"):
                run_query(view, Query(), None, 2, token)


class TestOrder:
    """orderBy, orderDirection, eventCountLimit, maxEventCount"""

    def test_by_event_time_and_then_by_place_in_the_log(self, ledger: Scribe) -> None:
        assert ordered(ledger) == [0, 1, 2, 3, 4, 6, 5]
        assert ordered(ledger, orderBy="eventTime") == [5, 6, 4, 3, 2, 1, 0]
        assert ordered(ledger, orderBy="recordTime", orderDirection="ASC") == list(range(7))
        assert ordered(ledger, orderBy="eventTime", EQ_bizStep=["commissioning", "packing"]) == [4, 1, 0]

    @pytest.mark.parametrize("limit", range(1, 9))
    def test_a_limit_ends_the_answer_over_all_its_pages(self, ledger: Scribe, limit: int) -> None:
        assert ordered(ledger, orderBy="eventTime", eventCountLimit=limit) == [5, 6, 4, 3, 2, 1, 0][:limit]

    def test_an_answer_larger_than_asked_for_is_none(self, ledger: Scribe) -> None:
        assert len(places(ledger, maxEventCount=7)) == 7
        for parameters in ({}, {"MATCH_anyEPC": [epc(1), epc(2), epc(3), epc(4)]}):
            with pytest.raises(QueryTooLarge) as refusal:
                places(ledger, maxEventCount=5, **parameters)
            assert refusal.value.place == "maxEventCount"

    @pytest.mark.parametrize(
        ("parameters", "place"),
        [
            ({"eventCountLimit": 3}, "eventCountLimit"),
            ({"eventCountLimit": 3, "maxEventCount": 3, "orderBy": "eventTime"}, "maxEventCount"),
            ({"eventCountLimit": 0, "orderBy": "eventTime"}, "eventCountLimit"),
            ({"maxEventCount": "many"}, "maxEventCount"),
            ({"orderBy": "bizStep"}, "orderBy"),
            ({"orderBy": "eventTime", "orderDirection": "UP"}, "orderDirection"),
        ],
    )
    def test_what_contradicts_itself_is_refused_by_name(
        self, ledger: Scribe, parameters: dict[str, Any], place: str
    ) -> None:
        with pytest.raises(InvalidInput) as refusal:
            places(ledger, **parameters)
        assert refusal.value.place == place


def test_parameters_are_joined_by_and(ledger: Scribe) -> None:
    assert places(
        ledger, eventType=["ObjectEvent"], MATCH_anyEPC=[epc(4)], LT_eventTime="2026-10-12T12:00:00.000001Z"
    ) == [6]


class TestPages:
    """perPage and nextPageToken"""

    def test_the_last_page_has_no_token(self, ledger: Scribe) -> None:
        with ledger.view() as view:
            for size in range(1, 10):
                token, seen, pages = None, [], 0
                while True:
                    page = run_query(view, Query(), None, size, token)
                    seen += [event.index for event in page.events]
                    pages += 1
                    token = page.next_token
                    if token is None:
                        break
                assert seen == [0, 1, 2, 3, 4, 6, 5]
                assert pages == -(-7 // size)

    def test_a_token_of_another_query_is_refused(self, ledger: Scribe) -> None:
        with ledger.view() as view:
            token = run_query(view, Query(), None, 2, None).next_token
            with pytest.raises(InvalidInput, match="another query"):
                run_query(view, read_query({"EQ_bizStep": ["shipping"]}, {}), None, 2, token)

    def test_a_token_of_a_larger_ledger_is_refused(self, ledger: Scribe, scribe: Scribe) -> None:
        with ledger.view() as view:
            token = run_query(view, Query(), None, 2, None).next_token
        scribe.capture(object_event(1))
        with scribe.view() as view, pytest.raises(InvalidInput, match="another ledger"):
            run_query(view, Query(), None, 2, token)

    @given(token=st.one_of(st.text(min_size=1), st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True)))
    def test_any_text_is_a_token_or_refused(self, ledger: Scribe, token: str) -> None:
        with ledger.view() as view, pytest.raises(InvalidInput):
            run_query(view, Query(), None, 2, token)

    def test_numbers_that_no_database_holds_are_refused(self, ledger: Scribe) -> None:
        with ledger.view() as view:
            token = run_query(view, Query(), None, 2, None).next_token
            assert token is not None
            inner = json.loads(base64.urlsafe_b64decode(token + "=="))
            for after, size in ((10**30, 10**31), (-1, 7), (-(10**30), 5), (7, 7), (1, 10**30)):
                forged = base64.urlsafe_b64encode(json.dumps(inner | {"after": after, "size": size}).encode()).decode()
                with pytest.raises(InvalidInput):
                    run_query(view, Query(), None, 2, forged)

    def test_a_page_behind_an_event_that_is_hidden_by_now_is_refused(self, ledger: Scribe) -> None:
        query = read_query({"orderBy": "quantity", "EQ_action": ["ADD"]}, {})
        with ledger.view() as view:
            token = run_query(view, query, None, 2, None).next_token
            assert token is not None
            inner = json.loads(base64.urlsafe_b64decode(token + "=="))
            gone = base64.urlsafe_b64encode(json.dumps(inner | {"after": 4}).encode()).decode()
            with pytest.raises(InvalidInput, match="no longer"):
                run_query(view, query, None, 2, gone)

    @pytest.mark.parametrize("seen", [3, 4, 10**30])
    def test_a_token_behind_the_end_of_the_answer_is_refused(self, ledger: Scribe, seen: int) -> None:
        query = read_query({"orderBy": "eventTime", "eventCountLimit": 3}, {})
        with ledger.view() as view:
            token = run_query(view, query, None, 1, None).next_token
            assert token is not None
            inner = json.loads(base64.urlsafe_b64decode(token + "=="))
            forged = base64.urlsafe_b64encode(json.dumps(inner | {"seen": seen}).encode()).decode()
            with pytest.raises(InvalidInput, match="nextPageToken"):
                run_query(view, query, None, 1, forged)

    @pytest.mark.parametrize("seed", range(6))
    def test_reading_on_while_others_capture_misses_and_doubles_nothing(
        self, fresh: Callable[[], Scribe], seed: int
    ) -> None:
        chance, scribe = random.Random(seed), fresh()
        serials = iter(range(1, 10_000))

        def capture() -> None:
            scribe.capture(document(*[object_event(next(serials)) for _ in range(chance.randint(1, 9))]))

        for _ in range(4):
            capture()
        known = scribe.writer.size
        seen: list[int] = []
        token: str | None = None
        while True:
            with scribe.view() as view:
                page = run_query(
                    view, read_query({"eventType": ["ObjectEvent"]}, {}), None, chance.randint(1, 7), token
                )
            seen += [event.index for event in page.events]
            token = page.next_token
            if token is None:
                break
            for _ in range(chance.randint(0, 3)):
                capture()
        assert seen == list(range(known))

    def test_acts_between_events_leave_no_holes_in_pages(self, scribe: Scribe) -> None:
        for serial in range(1, 20):
            scribe.capture(object_event(serial))
            scribe.call("master-data-changed", MasterDataChanged("k", MasterData()))
        assert [event.body["epcList"] for event in scribe.events()] == [[epc(serial)] for serial in range(1, 20)]


def test_events_come_with_the_words_of_their_own_document(scribe: Scribe) -> None:
    for number in (1, 2):
        scribe.capture(
            document(object_event(number, **{"x:n": number}), context=[CONTEXT, {"x": f"https://{number}.example/"}])
        )
    assert [event.body["@context"] for event in scribe.events()] == [
        [{"x": "https://1.example/"}], [{"x": "https://2.example/"}],
    ]  # fmt: skip


def test_a_view_of_an_earlier_size_does_not_know_what_came_later(scribe: Scribe) -> None:
    event = object_event(1, eventID="urn:x:a")
    scribe.capture(event)
    scribe.capture(declared(event))
    with open_view(scribe.engine, 1) as view:
        assert [found.index for found in run_query(view, Query(), None, LARGEST_PAGE, None).events] == [0]
        assert view.size == 1
    with open_view(scribe.engine, 99) as view:
        assert view.size == 2


@pytest.mark.parametrize("operator", ["EQ", "GE", "EXISTS", "EQ_INNER_ILMD"])
def test_the_most_parameters_that_are_taken_are_one_statement_all_the_same(ledger: Scribe, operator: str) -> None:
    head = operator if operator.startswith("EQ_") else f"{operator}_"
    names = [f"{head}{'_' if head.endswith('D') else ''}https://x.example/{number}" for number in range(200)]
    value = None if operator == "EXISTS" else 5
    assert places(ledger, **dict.fromkeys(names, value)) == []


def test_the_most_patterns_that_are_taken_are_one_statement_all_the_same(
    ledger: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    patterns = [f"urn:epc:idpat:sgtin:0614{number:03d}.*.*" for number in range(500)]
    everything = places(ledger, MATCH_anyEPC="urn:epc:idpat:sgtin:0614141.*.*")
    assert len(everything) == 6
    assert places(ledger, MATCH_anyEPC=patterns) == everything
    monkeypatch.setattr(query_things, "FEW", -1)
    assert places(ledger, MATCH_anyEPC=patterns) == everything
    assert places(ledger, MATCH_anyEPC=patterns[:100]) == []
