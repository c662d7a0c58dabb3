"""Documents larger than one transaction: two passes in slices, all or nothing unless bad events may be left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.trace.scribe import CONTEXT, Scribe, declared, document, epc, object_event

from suyuan.base.errors import IntegrityBroken, Unavailable
from suyuan.base.identity import ApiKey, Role
from suyuan.epcis.json_text import Limits
from suyuan.trace import document_parts
from suyuan.trace.acts import KeyAdded, KeyRevoked
from suyuan.trace.capture_job import State
from suyuan.trace.document_parts import Assignment, DocumentReader
from suyuan.trace.large_capture import DocumentLost, LargeDocument, Progress

#: Tables that say what the ledger holds; `capture` and its faults tell of the document instead.
LEDGER = ("event", "payload", "timeline", "attr", "event_id", "leaf", "thing", "capture_event", "capture_reservation")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three events a part, so that short documents have many."""
    monkeypatch.setattr(document_parts, "PART_EVENTS", 3)


class Background:
    """A document on disk, and each step of what the server does with it."""

    def __init__(self, scribe: Scribe, body: bytes, proceed: bool = False, media: str = "application/json") -> None:
        self.scribe, self.proceed, self.media = scribe, proceed, media
        self.path = scribe.folder / f"{hashlib.sha256(body).hexdigest()}.doc"
        self.path.write_bytes(body)
        self.name = self.path.stem[:20]
        order = LargeDocument(self.name, "tester", "", media, b"\0" * 32, proceed)
        self.progress: Progress = scribe.call("document-opened", order, Progress)

    def parts(self, start: int | None = None) -> Iterator[Any]:
        """What the reading process gives for the pass that is on."""
        storing = self.progress.state is State.STORING
        begin = (self.progress.stored if storing else self.progress.checked) if start is None else start
        return DocumentReader(
            Assignment(str(self.path), self.media, self.progress.capture, self.proceed, storing, begin, Limits())
        ).parts()

    def send(self, part: Any) -> Progress:
        """Hand one part to the writer."""
        operation = "events-stored" if self.progress.state is State.STORING else "events-checked"
        self.progress = self.scribe.call(operation, part, Progress)
        return self.progress

    def check(self) -> State:
        """The first pass."""
        for part in self.parts():
            self.send(part)
        return self.progress.state

    def finish(self) -> State:
        """All that is left to do."""
        while self.progress.state is not State.DONE:
            if self.progress.state is State.UNDOING:
                self.progress = self.scribe.call("document-undone", self.progress.capture, Progress)
            else:
                for part in self.parts():
                    self.send(part)
        return self.progress.state

    def faults(self) -> list[dict[str, Any]]:
        """What the job tells."""
        rows = self.scribe.rows(
            "SELECT body FROM capture_fault WHERE capture = :one ORDER BY number", one=self.progress.capture
        )
        return [json.loads(body) for (body,) in rows]


def events(count: int, first: int = 1) -> list[dict[str, Any]]:
    """Events that differ."""
    return [object_event(serial) for serial in range(first, first + count)]


def rows(scribe: Scribe) -> dict[str, int]:
    """How many rows each table of the ledger has."""
    return {table: scribe.rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in LEDGER}


class TestStoring:
    """What is accepted is stored, as a small document would be."""

    def test_every_event_is_stored_once_in_the_documents_order(self, scribe: Scribe) -> None:
        whole = events(10)
        job = Background(scribe, document(*whole))
        assert job.finish() is State.DONE
        assert [event.body["epcList"] for event in scribe.events()] == [event["epcList"] for event in whole]
        assert scribe.rows("SELECT ordinal, event FROM capture_event ORDER BY ordinal") == [(n, n) for n in range(10)]
        assert rows(scribe)["capture_reservation"] == 0

    def test_rows_are_those_of_a_document_that_is_captured_at_once(self, scribe: Scribe, tmp_path: Path) -> None:
        event = object_event(1, **{"ex:note": "x"}, eventID="urn:uuid:a")
        body = document(event, declared(event), *events(5, 7), context=[CONTEXT, {"ex": "https://ex.example/"}])
        Background(scribe, body).finish()
        job = scribe.capture(body)
        assert [place.duplicate for place in job.events] == [True] * 7
        assert [place.index for place in job.events] == list(range(7))
        assert scribe.rows('SELECT event, "by" FROM voided') == [(0, 1), (1, 1)]

    def test_a_document_without_events_is_done(self, scribe: Scribe) -> None:
        assert Background(scribe, document()).finish() is State.DONE

    def test_events_that_are_known_are_duplicates(self, scribe: Scribe) -> None:
        scribe.capture(document(*events(4)))
        Background(scribe, document(*events(6))).finish()
        assert scribe.rows("SELECT COUNT(*) FROM event") == [(6,)]
        assert scribe.rows("SELECT COUNT(*) FROM capture_event WHERE capture = 2 AND duplicate") == [(4,)]

    def test_the_same_event_twice_in_one_document_is_stored_once(self, scribe: Scribe) -> None:
        Background(scribe, document(*events(4), *events(4))).finish()
        assert scribe.rows("SELECT COUNT(*) FROM event") == [(4,)]


class TestResuming:
    """After a crash each pass goes on where the last transaction ended, and what was sent twice is done once."""

    def test_parts_that_are_sent_again_change_nothing(self, scribe: Scribe) -> None:
        job = Background(scribe, document(*events(8)))
        while job.progress.state is not State.DONE:
            for part in list(job.parts()):
                first = job.send(part)
                operation = "events-stored" if type(part).__name__ == "StoredPart" else "events-checked"
                assert scribe.call(operation, part, Progress) == first
        assert scribe.rows("SELECT COUNT(*) FROM event") == [(8,)]

    def test_each_pass_goes_on_from_what_is_in_the_database(self, scribe: Scribe) -> None:
        job = Background(scribe, document(*events(10)))
        for state in (State.CHECKING, State.STORING):
            for _ in range(4):
                assert job.progress.state is state
                job.send(next(job.parts()))
        assert job.progress == Progress(1, State.DONE, False, 10, 10, 0)
        assert scribe.rows("SELECT COUNT(*) FROM event") == [(10,)]

    def test_a_document_is_opened_once(self, scribe: Scribe) -> None:
        first, second = Background(scribe, document(*events(2))), Background(scribe, document(*events(2)))
        assert first.progress == second.progress

    def test_a_spool_that_was_changed_after_the_first_pass_is_not_stored(self, scribe: Scribe) -> None:
        job = Background(scribe, document(*events(5)))
        job.check()
        job.path.write_bytes(document(*events(3), *events(2, 50)))
        job.send(next(job.parts()))
        with pytest.raises(IntegrityBroken, match="event 3"):
            job.send(next(job.parts()))
        job.progress = scribe.call("document-lost", DocumentLost(job.progress.capture, "it was changed"), Progress)
        assert job.finish() is State.DONE
        assert "3 of its events are stored" in job.faults()[0]["detail"]


class TestRollback:
    """One bad event, and nothing of the document is there."""

    @pytest.mark.parametrize("bad", [{"type": "ObjectEvent"}, {"a": {}}, object_event(1, action="SEEN")])
    @pytest.mark.parametrize("place", [0, 4, 9])
    def test_nothing_of_a_document_with_a_bad_event_is_left(
        self, scribe: Scribe, bad: dict[str, Any], place: int
    ) -> None:
        scribe.capture(object_event(1000))
        before, whole = rows(scribe), events(9)
        whole.insert(place, bad)
        job = Background(scribe, document(*whole))
        assert job.check() is State.UNDOING
        assert rows(scribe) | {"capture_reservation": 0} == before
        job.finish()
        assert rows(scribe) == before
        (fault,) = job.faults()
        assert (fault["event"], fault["type"]) == (place, "epcisException:ValidationException")
        assert fault["instance"].startswith(f"/epcisBody/eventList/{place}")

    def test_every_bad_event_is_told(self, scribe: Scribe) -> None:
        job = Background(scribe, document(*events(3), {"a": 1}, *events(3, 20), {"b": 1}))
        job.finish()
        assert [fault["event"] for fault in job.faults()] == [3, 7]

    def test_an_id_that_is_taken_by_other_content_refuses_the_document_and_both_are_kept(self, scribe: Scribe) -> None:
        scribe.capture(object_event(1, eventID="urn:uuid:a"))
        job = Background(scribe, document(*events(4, 5), object_event(2, eventID="urn:uuid:a")))
        job.finish()
        assert [fault["status"] for fault in job.faults()] == [409]
        assert scribe.rows("SELECT ordinal, event_id FROM refused_event") == [(4, "urn:uuid:a")]
        assert scribe.rows("SELECT COUNT(*) FROM event") == [(1,)]

    def test_one_id_with_two_contents_in_one_document_is_a_conflict(self, scribe: Scribe) -> None:
        pair = [object_event(serial, eventID="urn:uuid:a") for serial in (1, 2)]
        job = Background(scribe, document(pair[0], *events(5, 5), pair[1]))
        job.finish()
        assert [fault["event"] for fault in job.faults()] == [6]

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", document()[:-2], document() + b"x"])
    @pytest.mark.parametrize("proceed", [False, True])
    def test_what_is_no_document_is_refused_whatever_may_be_left_out(
        self, scribe: Scribe, body: bytes, proceed: bool
    ) -> None:
        job = Background(scribe, body, proceed)
        assert job.check() is State.UNDOING
        job.finish()
        assert scribe.rows("SELECT COUNT(*) FROM event") == [(0,)]
        assert "not JSON" in job.faults()[0]["detail"]

    def test_a_key_that_is_revoked_in_the_first_pass_stores_nothing(self, scribe: Scribe) -> None:
        scribe.call("key-added", KeyAdded("setup", ApiKey("tester", "n", Role.DEVICE, "", b"\1" * 32, 1, None, None)))
        job = Background(scribe, document(*events(7)))
        job.send(next(job.parts()))
        scribe.call("key-revoked", KeyRevoked("setup", "tester"))
        job.finish()
        assert [fault["status"] for fault in job.faults()] == [401]
        assert scribe.rows("SELECT COUNT(*) FROM event") == [(0,)]


class TestProceeding:
    """Bad events are left out and told; the good ones are stored."""

    def test_good_events_are_stored_and_bad_ones_told(self, scribe: Scribe) -> None:
        scribe.capture(object_event(1, eventID="urn:uuid:a"))
        taken = object_event(2, eventID="urn:uuid:a")
        job = Background(scribe, document(*events(4, 10), {"a": 1}, taken, *events(4, 20)), proceed=True)
        job.finish()
        assert [(fault["event"], fault["status"]) for fault in job.faults()] == [(4, 400), (5, 409)]
        assert [epcs for event in scribe.events()[1:] for epcs in event.body["epcList"]] == [
            epc(serial) for serial in (10, 11, 12, 13, 20, 21, 22, 23)
        ]
        assert scribe.rows("SELECT ordinal FROM capture_event WHERE capture = 2 ORDER BY ordinal") == [
            (number,) for number in (0, 1, 2, 3, 6, 7, 8, 9)
        ]

    def test_faults_beyond_a_thousand_are_counted(self, scribe: Scribe, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(document_parts, "PART_EVENTS", 300)
        job = Background(scribe, document(*[{"a": 1}] * 1_100, object_event(1)), proceed=True)
        job.finish()
        assert job.progress.faults == 1_100
        assert len(job.faults()) == 1_000
        assert scribe.rows("SELECT COUNT(*) FROM event") == [(1,)]


class TestPromises:
    """Between the passes nobody else can take an ID for other content."""

    def test_other_content_under_a_promised_id_must_wait(self, scribe: Scribe) -> None:
        job = Background(scribe, document(object_event(1, eventID="urn:uuid:a")))
        job.check()
        with pytest.raises(Unavailable, match="urn:uuid:a"):
            scribe.capture(object_event(2, eventID="urn:uuid:a"))
        job.finish()
        assert not scribe.capture(object_event(2, eventID="urn:uuid:a")).success

    def test_the_same_content_under_a_promised_id_is_stored_and_the_document_finds_it(self, scribe: Scribe) -> None:
        event = object_event(1, eventID="urn:uuid:a")
        job = Background(scribe, document(event))
        job.check()
        assert scribe.capture(event).success
        assert job.finish() is State.DONE
        assert scribe.rows("SELECT COUNT(*) FROM event") == [(1,)]

    def test_of_two_documents_in_the_background_the_first_has_the_id(self, scribe: Scribe) -> None:
        jobs = [Background(scribe, document(object_event(serial, eventID="urn:uuid:a"))) for serial in (1, 2)]
        assert [job.check() for job in jobs] == [State.STORING, State.UNDOING]
        assert [job.finish() for job in jobs] == [State.DONE, State.DONE]

    def test_promises_of_a_refused_document_are_taken_back_in_parts(
        self, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("suyuan.trace.large_capture._UNDONE_AT_ONCE", 4)
        job = Background(scribe, document(*events(9), {"a": 1}))
        job.check()
        left = []
        while job.progress.state is State.UNDOING:
            left.append(rows(scribe)["capture_reservation"])
            job.progress = scribe.call("document-undone", job.progress.capture, Progress)
        assert left == [9, 5, 1, 0]


def in_xml(*steps: str) -> bytes:
    """A document in XML with an event for each business step."""
    return b"""<?xml version="1.0"?>
    <epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0"
      creationDate="2026-10-12T06:30:00Z">
      <EPCISBody><EventList>%s</EventList></EPCISBody></epcis:EPCISDocument>""" % b"".join(
        b"<ObjectEvent><eventTime>2026-10-12T06:00:00Z</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
        b"<epcList><epc>%s</epc></epcList><action>OBSERVE</action><bizStep>urn:epcglobal:cbv:bizstep:%s</bizStep>"
        b"<readPoint><id>urn:epc:id:sgln:0614141.00777.0</id></readPoint></ObjectEvent>"
        % (epc(serial).encode(), step.encode())
        for serial, step in enumerate(steps, 1)
    )


class TestXml:
    """XML is stored as the JSON that says the same; its faults are told with its own paths."""

    def test_is_captured_as_json_is(self, scribe: Scribe) -> None:
        job = Background(scribe, in_xml(*["shipping"] * 7), media="application/xml")
        assert job.finish() is State.DONE
        assert job.faults() == []
        again = scribe.capture(document(*events(7)))
        assert [place.duplicate for place in again.events] == [True] * 7

    @pytest.mark.parametrize("proceed", [False, True])
    def test_a_bad_event_is_told_with_its_path(self, scribe: Scribe, proceed: bool) -> None:
        body = in_xml("shipping", "receiving", "cooking", "storing")
        job = Background(scribe, body, proceed, media="text/xml")
        job.finish()
        (fault,) = job.faults()
        assert (fault["event"], fault["instance"]) == (2, "/EPCISDocument/EPCISBody/EventList/*[3]/bizStep")
        assert scribe.rows("SELECT COUNT(*) FROM event") == [(3 if proceed else 0,)]


def test_a_part_survives_the_pipe(scribe: Scribe) -> None:
    job = Background(scribe, document(*events(2), {"a": 1}))
    part = next(job.parts())
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(part), type=type(part)) == part
