"""Event queries: one class a parameter, against a plain filter; pages that stay right while others capture."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trace.scribe import Scribe, declared, document, epc, object_event, scribe_in

from suyuan.base.clock import parse_time
from suyuan.base.errors import InvalidInput
from suyuan.trace.acts import MasterDataChanged
from suyuan.trace.event_query import LARGEST_PAGE, EventQuery, run_query
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
    return [event.index for event in ledger.events(**parameters)]


def at(hour: float) -> int:
    return parse_time("2026-10-12T00:00:00Z")[0] + int(hour * 3_600_000_000)


class TestEventType:
    """eventType"""

    def test_one_or_several(self, ledger: Scribe) -> None:
        assert places(ledger, event_type=["ObjectEvent"]) == [0, 5, 6]
        assert places(ledger, event_type=["AggregationEvent", "TransformationEvent"]) == [1, 4]

    def test_an_unknown_type_is_refused(self, ledger: Scribe) -> None:
        with pytest.raises(InvalidInput, match="no event type 'QuantityEvent'"):
            places(ledger, event_type=["QuantityEvent"])


class TestEventTime:
    """GE_eventTime, LT_eventTime"""

    @pytest.mark.parametrize("low", [7, 8.5, 12, 13])
    @pytest.mark.parametrize("high", [7, 9, 12, 14])
    def test_includes_the_first_moment_and_excludes_the_last(self, ledger: Scribe, low: float, high: float) -> None:
        times = [parse_time(event["eventTime"])[0] for event in story()]
        expected = [index for index, time in enumerate(times) if at(low) <= time < at(high)]
        assert places(ledger, ge_event_time=at(low), lt_event_time=at(high)) == expected


class TestRecordTime:
    """GE_recordTime, LT_recordTime"""

    def test_splits_the_events_where_it_says(self, ledger: Scribe) -> None:
        times = [row[0] for row in ledger.rows("SELECT record_time FROM event ORDER BY idx")]
        for moment in times:
            later = [index for index, time in enumerate(times) if time >= moment]
            assert places(ledger, ge_record_time=moment) == later
            assert places(ledger, lt_record_time=moment) == [index for index in range(7) if index not in later]


class TestBizStep:
    """EQ_bizStep"""

    @pytest.mark.parametrize(
        "form",
        ["commissioning", "https://ref.gs1.org/cbv/BizStep-commissioning", "urn:epcglobal:cbv:bizstep:commissioning"],
    )
    def test_in_every_form_of_the_word(self, ledger: Scribe, form: str) -> None:
        assert places(ledger, biz_step=[form]) == [0, 4]

    def test_a_step_of_another_vocabulary(self, ledger: Scribe) -> None:
        assert places(ledger, biz_step=["https://shop.example/steps/inspecting"]) == [6]

    def test_alternatives_of_which_one_is_unknown(self, ledger: Scribe) -> None:
        assert places(ledger, biz_step=["packing", "holding"]) == [1]
        assert places(ledger, biz_step=["holding"]) == []


class TestMatchEpc:
    """MATCH_epc: items in epcList and childEPCs, neither parents nor inputs nor outputs"""

    def test_finds_items_but_not_parents(self, ledger: Scribe) -> None:
        assert places(ledger, match_epc=[epc(1)]) == [0, 1, 2]
        assert places(ledger, match_epc=[PALLET]) == []
        assert places(ledger, match_epc=[epc(3)]) == [0]
        assert places(ledger, match_epc=[ASSET]) == [3]

    def test_any_form_of_a_name_and_alternatives(self, ledger: Scribe) -> None:
        assert places(ledger, match_epc=["https://example.com/01/00614141000074/21/1"]) == [0, 1, 2]
        assert places(ledger, match_epc=[epc(3), epc(4), epc(99)]) == [0, 5, 6]

    def test_an_unknown_thing_matches_nothing(self, ledger: Scribe) -> None:
        assert places(ledger, match_epc=[epc(99)]) == []

    @pytest.mark.parametrize("wrong", ["", "no uri", "urn:epc:id:sgtin:0614141.1.1", "https://id.gs1.org/01/1"])
    def test_what_is_no_identifier_is_refused_by_name(self, ledger: Scribe, wrong: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            places(ledger, match_epc=[wrong])
        assert refusal.value.place == "MATCH_epc"

    def test_more_values_than_anyone_needs_are_refused(self, ledger: Scribe) -> None:
        with pytest.raises(InvalidInput, match="at most"):
            places(ledger, match_epc=[epc(number) for number in range(1, 1000)])


class TestMatchAnyEpc:
    """MATCH_anyEPC: parents, inputs and outputs too"""

    def test_finds_a_thing_in_every_role(self, ledger: Scribe) -> None:
        assert places(ledger, match_any_epc=[PALLET]) == [1, 2, 3]
        assert places(ledger, match_any_epc=[epc(3)]) == [0, 4]
        assert places(ledger, match_any_epc=[epc(4)]) == [4, 5, 6]
        assert places(ledger, match_any_epc=[LOT]) == [0]


class TestParty:
    """The asker's scope"""

    def test_a_firm_sees_what_its_keys_captured(self, ledger: Scribe) -> None:
        assert places(ledger, party="urn:firm:a") == [1, 3, 5]
        assert places(ledger, party="key:key0") == [0, 2, 4, 6]
        assert places(ledger, party="urn:firm:b") == []


def test_parameters_are_joined_by_and(ledger: Scribe) -> None:
    assert places(ledger, event_type=["ObjectEvent"], match_any_epc=[epc(4)], lt_event_time=at(12) + 1) == [6]


class TestPages:
    """perPage and nextPageToken"""

    def test_the_last_page_has_no_token(self, ledger: Scribe) -> None:
        with ledger.view() as view:
            for size in range(1, 10):
                token, seen, pages = None, [], 0
                while True:
                    page = run_query(view, EventQuery(), size, token)
                    seen += [event.index for event in page.events]
                    pages += 1
                    token = page.next_token
                    if token is None:
                        break
                assert seen == list(range(7))
                assert pages == -(-7 // size)

    def test_a_token_of_another_query_is_refused(self, ledger: Scribe) -> None:
        with ledger.view() as view:
            token = run_query(view, EventQuery(), 2, None).next_token
            with pytest.raises(InvalidInput, match="another query"):
                run_query(view, EventQuery(biz_step=["shipping"]), 2, token)
            with pytest.raises(InvalidInput, match="another query"):
                run_query(view, EventQuery(party="urn:firm:a"), 2, token)

    def test_a_token_of_a_larger_ledger_is_refused(self, ledger: Scribe, scribe: Scribe) -> None:
        with ledger.view() as view:
            token = run_query(view, EventQuery(), 2, None).next_token
        scribe.capture(object_event(1))
        with scribe.view() as view, pytest.raises(InvalidInput, match="another ledger"):
            run_query(view, EventQuery(), 2, token)

    @given(token=st.one_of(st.text(min_size=1), st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True)))
    def test_any_text_is_a_token_or_refused(self, ledger: Scribe, token: str) -> None:
        with ledger.view() as view, pytest.raises(InvalidInput):
            run_query(view, EventQuery(), 2, token)

    def test_numbers_that_no_database_holds_are_refused(self, ledger: Scribe) -> None:
        with ledger.view() as view:
            token = run_query(view, EventQuery(), 2, None).next_token
            assert token is not None
            inner = json.loads(base64.urlsafe_b64decode(token + "=="))
            for after, size in ((10**30, 10**31), (-1, 7), (-(10**30), 5), (7, 7), (1, 10**30)):
                forged = base64.urlsafe_b64encode(json.dumps(inner | {"after": after, "size": size}).encode()).decode()
                with pytest.raises(InvalidInput):
                    run_query(view, EventQuery(), 2, forged)

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
                page = run_query(view, EventQuery(event_type=["ObjectEvent"]), chance.randint(1, 7), token)
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
            document(object_event(number, **{"x:n": number}), context=["urn:none", {"x": f"https://{number}.example/"}])
        )
    assert [event.body["@context"] for event in scribe.events()] == [
        ["urn:none", {"x": "https://1.example/"}], ["urn:none", {"x": "https://2.example/"}],
    ]  # fmt: skip


def test_a_view_of_an_earlier_size_does_not_know_what_came_later(scribe: Scribe) -> None:
    event = object_event(1, eventID="urn:x:a")
    scribe.capture(event)
    scribe.capture(declared(event))
    with open_view(scribe.engine, 1) as view:
        assert [found.index for found in run_query(view, EventQuery(), LARGEST_PAGE, None).events] == [0]
        assert view.size == 1
    with open_view(scribe.engine, 99) as view:
        assert view.size == 2
