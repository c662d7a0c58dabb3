"""Capture, in process: what goes in comes out, once, whole or not at all, and in the same places when replayed."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.trace.conftest import Opener
from tests.trace.scribe import (
    CONTEXT,
    Scribe,
    assert_returned,
    declared,
    document,
    epc,
    job_of,
    object_event,
    submitted,
)

from suyuan.base.errors import InvalidDocument, SuyuanError
from suyuan.epcis.event_id import content_digest, hash_uri
from suyuan.epcis.json_codec import read_document
from suyuan.epcis.json_text import Limits
from suyuan.trace.capture_job import CaptureJob

EXAMPLES = 47


def standard_documents(shared: Path) -> list[Path]:
    """The example documents of the standard."""
    files = sorted((shared / "epcis/gs1__EPCIS/JSON").rglob("*.jsonld"))
    assert len(files) == EXAMPLES
    return files


class TestStandardDocuments:
    """All JSON examples of EPCIS 2.0."""

    def test_each_is_captured_and_every_event_comes_back_equal(self, shared: Path, fresh: Opener) -> None:
        scribe, conflicts, events = fresh(), 0, 0
        for file in standard_documents(shared):
            body = file.read_bytes()
            job = scribe.capture(body)
            if not job.success:  # three examples give other content to an ID that another one has taken
                conflicts += 1
                assert {error.type for error in job.errors} == {"epcisException:ResourceAlreadyExistsException"}
                scribe = fresh()
                job = scribe.capture(body)
            events += self.check(scribe, body, job)
        assert conflicts <= 3
        assert events >= EXAMPLES

    def check(self, scribe: Scribe, body: bytes, job: CaptureJob) -> int:
        assert job.success, job.errors
        expected = submitted(body)
        assert len(job.events) == len(expected)
        for captured, (event, context) in zip(job.events, expected, strict=True):
            answers = [found for found in scribe.find(captured.event_id) if found.index == captured.index]
            assert_returned(answers[0].body, event, context)
        return len(expected)

    def test_a_second_capture_adds_nothing_and_names_the_same_places(self, shared: Path, scribe: Scribe) -> None:
        for file in standard_documents(shared):
            first = scribe.capture(file.read_bytes())
            before = scribe.writer.size
            second = scribe.capture(file.read_bytes())
            assert scribe.writer.size == before
            assert [(event.event_id, event.index) for event in second.events] == [
                (event.event_id, event.index) for event in first.events
            ]
            assert all(event.duplicate for event in second.events)

    def test_a_replay_of_the_log_gives_things_classes_and_words_the_same_ids(
        self, shared: Path, scribe: Scribe, fresh: Opener
    ) -> None:
        for file in standard_documents(shared):
            scribe.capture(file.read_bytes())
        copy = fresh()
        for body, context in scribe.rows(
            "SELECT p.body, c.body FROM payload p JOIN context c ON c.digest = p.context ORDER BY p.idx"
        ):
            copy.capture(replayed(bytes(body), bytes(context)))
        for table in ("term", "thing_class", "thing"):
            rows = scribe.rows(f"SELECT * FROM {table} ORDER BY id")
            assert [row[0] for row in rows] == list(range(1, len(rows) + 1)), "ids are dense"
            assert copy.rows(f"SELECT * FROM {table} ORDER BY id") == rows
        for table, columns in (
            ("timeline", "*"), ("attr", "*"), ("voided", "*"), ("event_id", "*"),
            ("event", "idx, type, action, time, zone, biz_step, disposition, read_point, biz_location, transformation"),
        ):  # fmt: skip
            assert sorted(map(repr, copy.rows(f"SELECT {columns} FROM {table}"))) == sorted(
                map(repr, scribe.rows(f"SELECT {columns} FROM {table}"))
            )


def replayed(body: bytes, context: bytes) -> bytes:
    """A logged event as a document of its own."""
    if context == b"null":
        return body
    head = b'{"@context":' + context + b',"type":"EPCISDocument","schemaVersion":"2.0",'
    return head + b'"creationDate":"2026-01-01T00:00:00Z","epcisBody":{"eventList":[' + body + b"]}}"


class TestAnswers:
    """What the job says."""

    def test_names_each_event_and_its_place_in_order(self, scribe: Scribe) -> None:
        job = scribe.capture(document(object_event(1, eventID="urn:uuid:a"), object_event(2), object_event(3)))
        assert [event.index for event in job.events] == [0, 1, 2]
        assert job.events[0].event_id == "urn:uuid:a"
        assert not any(event.duplicate for event in job.events)
        assert (job.success, job.running, job.error_behaviour) == (True, False, "rollback")

    def test_an_event_without_an_id_gets_the_hash_of_the_standard(self, scribe: Scribe) -> None:
        body = document(object_event(1))
        (source,) = read_document(body, Limits()).sources
        (captured,) = scribe.capture(body).events
        assert captured.event_id == hash_uri(content_digest(source.event, json.dumps(CONTEXT).encode()))
        assert scribe.find(captured.event_id)[0].body["eventID"] == captured.event_id

    def test_a_document_without_events_is_a_success(self, scribe: Scribe) -> None:
        job = scribe.capture(document())
        assert (job.success, job.events, scribe.writer.size) == (True, [], 0)

    def test_a_bare_event_is_captured(self, scribe: Scribe) -> None:
        event = {"@context": [CONTEXT, {"x": "https://x.example/"}], **object_event(1), "x:note": "1"}
        (captured,) = scribe.capture(json.dumps(event).encode()).events
        assert_returned(scribe.find(captured.event_id)[0].body, event, [{"x": "https://x.example/"}])

    def test_numbers_come_back_as_they_were_written(self, scribe: Scribe) -> None:
        event = object_event(1, quantityList=[{"epcClass": "urn:epc:class:lgtin:0614141.000007.L", "quantity": 10**21}])
        event["x:n"] = [1.0, -0.0, 0.1, 12345678901234567890123, 1e300, True, None]
        body = document(event, context=[CONTEXT, {"x": "https://x.example/"}])
        (captured,) = scribe.capture(body).events
        answer = json.dumps(scribe.find(captured.event_id)[0].body["x:n"])
        assert answer == json.dumps(event["x:n"])
        assert scribe.rows("SELECT quantity FROM timeline WHERE quantity IS NOT NULL") == [(1e21,)]


class TestDuplicates:
    """The same content under the same ID is stored once."""

    def test_twice_in_one_document_is_one_event(self, scribe: Scribe) -> None:
        job = scribe.capture(document(object_event(1), object_event(1)))
        assert [(event.index, event.duplicate) for event in job.events] == [(0, False), (0, True)]
        assert scribe.writer.size == 1

    def test_another_writing_of_the_same_event_is_a_duplicate(self, scribe: Scribe) -> None:
        scribe.capture(object_event(1, 2))
        again = object_event(
            2, 1, eventTime="2026-10-12T14:00:00+08:00", bizStep="https://ref.gs1.org/cbv/BizStep-shipping"
        )
        (event,) = scribe.capture(again).events
        assert (event.index, event.duplicate) == (0, True)

    def test_every_submission_leaves_a_row_with_who_sent_it(self, scribe: Scribe) -> None:
        scribe.capture(object_event(1), key="one", party="https://id.gs1.org/417/9521321000010")
        scribe.capture(object_event(1), key="two")
        assert scribe.rows("SELECT id, key_id, party, success FROM capture ORDER BY id") == [
            (1, "one", "https://id.gs1.org/417/9521321000010", 1), (2, "two", "", 1),
        ]  # fmt: skip
        assert scribe.rows("SELECT capture, event, duplicate FROM capture_event ORDER BY capture") == [
            (1, 0, 0), (2, 0, 1),
        ]  # fmt: skip

    def test_in_one_group_the_first_document_wins(self, scribe: Scribe) -> None:
        body = document(object_event(1, eventID="urn:uuid:a"))
        other = document(object_event(2, eventID="urn:uuid:a"))
        first, second, third = map(job_of, scribe.execute(body, body, other))
        assert (first.events[0].duplicate, second.events[0].duplicate, third.success) == (False, True, False)
        assert scribe.writer.size == 1


class TestConflicts:
    """The same ID with other content."""

    def test_the_document_is_refused_whole_and_kept_for_audit(self, scribe: Scribe) -> None:
        scribe.capture(object_event(1, eventID="urn:uuid:a"))
        other = object_event(2, eventID="urn:uuid:a")
        job = scribe.capture(document(object_event(9), other))
        assert (job.success, job.events, scribe.writer.size) == (False, [], 1)
        assert (job.errors[0].status, job.errors[0].instance) == (409, "/epcisBody/eventList/1")
        ((ordinal, event_id, body, context),) = scribe.rows(
            "SELECT ordinal, event_id, body, context FROM refused_event"
        )
        assert (ordinal, event_id, json.loads(body), json.loads(context)) == (1, "urn:uuid:a", other, CONTEXT)
        assert [row[0] for row in scribe.rows("SELECT success FROM capture ORDER BY id")] == [1, 0]

    def test_two_contents_under_one_id_in_a_document_contradict_each_other(self, scribe: Scribe) -> None:
        job = scribe.capture(document(object_event(1, eventID="urn:uuid:a"), object_event(2, eventID="urn:uuid:a")))
        assert (job.success, scribe.writer.size) == (False, 0)

    def test_what_a_refused_document_named_leaves_no_gap_in_the_ids(self, scribe: Scribe) -> None:
        scribe.capture(object_event(1, eventID="urn:uuid:a"))
        scribe.capture(document(object_event(50), object_event(2, eventID="urn:uuid:a")))
        scribe.capture(object_event(3))
        ids = [row[0] for row in scribe.rows("SELECT id FROM thing ORDER BY id")]
        assert ids == list(range(1, len(ids) + 1))
        assert scribe.rows("SELECT 1 FROM thing WHERE serial = '50'") == []

    def test_a_document_with_one_invalid_event_leaves_nothing_behind(self, scribe: Scribe) -> None:
        with pytest.raises(InvalidDocument) as refusal:
            scribe.capture(document(object_event(1), object_event(2, eventTime="2026-10-12T06:00:00")))
        assert refusal.value.place == "/epcisBody/eventList/1/eventTime"
        for table in ("event", "thing", "term", "capture", "leaf"):
            assert scribe.rows(f"SELECT COUNT(*) FROM {table}") == [(0,)]


class TestErrorDeclarations:
    """An error declaration repeats the event and is one of its own; both are void in lifecycles."""

    def test_both_are_returned_and_both_are_void(self, scribe: Scribe) -> None:
        event = object_event(1, eventID="urn:uuid:a")
        scribe.capture(event)
        (captured,) = scribe.capture(declared(event)).events
        assert (captured.index, captured.duplicate) == (1, False)
        assert [found.body.get("errorDeclaration") is not None for found in scribe.find("urn:uuid:a")] == [False, True]
        assert len(scribe.events(MATCH_anyEPC=[epc(1)])) == 2
        assert scribe.rows('SELECT event, "by" FROM voided ORDER BY event') == [(0, 1), (1, 1)]

    def test_a_declaration_that_comes_first_is_kept_and_voids_what_comes_later(self, scribe: Scribe) -> None:
        event = object_event(1, eventID="urn:uuid:a")
        scribe.capture(declared(event))
        assert scribe.rows('SELECT event, "by" FROM voided') == [(0, 0)]
        (late,) = scribe.capture(event).events
        assert (late.index, late.duplicate) == (1, False)
        assert scribe.rows('SELECT event, "by" FROM voided ORDER BY event') == [(0, 0), (1, 0)]

    def test_an_event_without_an_id_is_declared_by_repeating_it(self, scribe: Scribe) -> None:
        (original,) = scribe.capture(object_event(1)).events
        (declaration,) = scribe.capture(declared(object_event(1))).events
        assert declaration.event_id == original.event_id
        assert sorted(scribe.rows('SELECT event, "by" FROM voided')) == [(0, 1), (1, 1)]

    def test_in_one_document_and_again_it_is_stored_once(self, scribe: Scribe) -> None:
        event = object_event(1, eventID="urn:uuid:a")
        body = document(declared(event), event)
        scribe.capture(body)
        assert all(captured.duplicate for captured in scribe.capture(body).events)
        assert sorted(scribe.rows('SELECT event, "by" FROM voided')) == [(0, 0), (1, 0)]

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_strangers_declaration_is_kept_and_voids_nothing_but_itself(self, scribe: Scribe, order: int) -> None:
        event = object_event(1, eventID="urn:x:e")
        sent = [(event, "ours", "urn:x:us"), (declared(event), "stranger", "")][::order]
        places = {key: scribe.capture(body, key, party).events[0].index for body, key, party in sent}
        assert scribe.rows('SELECT event, "by" FROM voided') == [(places["stranger"], places["stranger"])]
        assert len(scribe.find("urn:x:e")) == 2

    @pytest.mark.parametrize("order", [1, -1])
    def test_another_key_of_the_same_firm_may_declare(self, scribe: Scribe, order: int) -> None:
        event = object_event(1)
        for body, key in [(event, "gate"), (declared(event), "office")][::order]:
            scribe.capture(body, key, "urn:x:us")
        assert len(scribe.rows("SELECT * FROM voided")) == 2

    def test_two_keys_without_a_firm_are_two_submitters(self, scribe: Scribe) -> None:
        scribe.capture(object_event(1), "one", "")
        scribe.capture(declared(object_event(1)), "two", "")
        assert scribe.rows('SELECT event, "by" FROM voided') == [(1, 1)]

    def test_who_sends_a_duplicate_is_a_submitter_too(self, scribe: Scribe) -> None:
        event = object_event(1)
        scribe.capture(event, "ours")
        scribe.capture(declared(event), "stranger")
        assert scribe.rows('SELECT event, "by" FROM voided') == [(1, 1)]
        scribe.capture(declared(event), "ours")
        assert scribe.rows('SELECT event, "by" FROM voided ORDER BY event') == [(0, 1), (1, 1)]

    def test_in_one_group_too(self, scribe: Scribe) -> None:
        event = object_event(1)
        bodies = ((event, "ours"), (declared(event, "incorrect_data"), "stranger"), (declared(event), "ours"))
        scribe.writer.execute([scribe.request(document(body), key) for body, key in bodies])
        assert sorted(scribe.rows('SELECT event, "by" FROM voided')) == [(0, 2), (1, 1), (2, 2)]

    def test_two_different_declarations_are_two_events(self, scribe: Scribe) -> None:
        event = object_event(1, eventID="urn:uuid:a")
        for one in (event, declared(event), declared(event, "incorrect_data")):
            assert scribe.capture(one).success
        assert len(scribe.find("urn:uuid:a")) == 3
        assert sorted(scribe.rows('SELECT event, "by" FROM voided')) == [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)]

    def test_a_declaration_with_other_content_than_its_event_is_refused_in_either_order(self, scribe: Scribe) -> None:
        for order in (1, -1):
            name = f"urn:uuid:{order}"
            first, second = [object_event(1, eventID=name), declared(object_event(2, eventID=name))][::order]
            assert scribe.capture(first).success
            assert not scribe.capture(second).success
        assert scribe.rows('SELECT event, "by" FROM voided') == [(1, 1)]


def test_every_table_is_as_before_after_a_refusal_of_any_kind(scribe: Scribe) -> None:
    scribe.capture(document(object_event(1), object_event(2)))

    def dump() -> list[str]:
        with sqlite3.connect(scribe.folder / "suyuan.db") as db:
            lines = list(db.iterdump())
        db.close()
        return lines

    before = dump()
    for body in (b"", b"{", b"[]", b"null", b"\xff", document(object_event(1, action="SEEN")), b"x" * (9 << 20)):
        with pytest.raises(SuyuanError):
            scribe.capture(body)
    assert dump() == before


def bodies(found: list[Any]) -> list[Any]:
    """Only the events."""
    return [event.body for event in found]


def test_a_lost_payload_leaves_record_time_and_id(scribe: Scribe) -> None:
    (captured,) = scribe.capture(object_event(1)).events
    with sqlite3.connect(scribe.folder / "suyuan.db") as db:
        db.execute("DROP TRIGGER payload_no_update")
        db.execute("UPDATE payload SET salt = NULL, body = NULL WHERE idx = 0")
    db.close()
    (answer,) = bodies(scribe.find(captured.event_id))
    assert set(answer) == {"recordTime", "eventID"}
