"""The capture interface over TCP: large documents in the background, error behaviours, encodings, jobs, one event."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import os
import signal
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest
import zstandard
from tests.serving import Service
from tests.trace.scribe import CONTEXT, document, object_event

from suyuan.epcis.xml_writer import write_document

#: Documents over this many bytes are large here.
LARGE = 30_000
PATIENCE = 60.0
FIRM = "https://id.gs1.org/417/0614141000012"
_serials = itertools.count(7_000_000)


def fresh(count: int) -> list[dict[str, Any]]:
    """Events that no other test has captured."""
    return [object_event(next(_serials)) for _ in range(count)]


def settings(**more: str) -> dict[str, str]:
    """A server for which little is large."""
    return {"SUYUAN_LARGE_DOCUMENT_BYTES": str(LARGE), "SUYUAN_MAX_DOCUMENT_BYTES": "5000000"} | more


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One that has little room and little patience."""
    more = {"SUYUAN_SPOOL_BYTES": "300000", "SUYUAN_BODY_SECONDS": "3", "SUYUAN_MAX_EVENTS": "20"}
    running = Service(tmp_path_factory.mktemp("tight") / "data", **settings(**more))
    running.start()
    running.make_keys()
    yield running
    assert running.stop() in {0, 130}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One server for this module."""
    running = Service(tmp_path_factory.mktemp("desk") / "data", **settings())
    running.start()
    running.make_keys()
    yield running
    assert running.stop() in {0, 130}
    assert "Traceback" not in running.log.read_text(), running.log.read_text()


def post(service: Service, body: bytes, role: str = "producer", **headers: str) -> httpx.Response:
    """POST a document with further headers; an underscore in a name is a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.call(
        "POST", "/epcis/capture", role, content=body, headers={"Content-Type": "application/ld+json"} | named
    )


def until_done(service: Service, place: str, role: str = "producer") -> dict[str, Any]:
    """The job when it runs no more."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        job: dict[str, Any] = service.get(place, role).json()
        if not job["running"]:
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def await_empty_spool(service: Service) -> None:
    """Nothing of what was sent lies around: a file goes a moment after its job, or its connection."""
    deadline = time.monotonic() + PATIENCE
    while left := list((service.data / "spool").iterdir()):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def count_events(service: Service, event: dict[str, Any]) -> int:
    """How often an event is in the ledger."""
    answer = service.get("/epcis/events", params={"MATCH_anyEPC": event["epcList"][0]})
    return len(answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"])


class TestLargeDocuments:
    """Over a limit the answer comes when the document is on disk, and the job tells the rest."""

    def test_are_taken_at_once_and_stored_soon(self, desk: Service) -> None:
        whole = fresh(120)
        answer = post(desk, document(*whole))
        assert answer.status_code == 202
        job = answer.json()
        assert answer.headers["location"] == f"/epcis/capture/{job['captureID']}"
        assert (job["success"], job["errors"]) == (True, [])
        done = until_done(desk, answer.headers["location"])
        assert (done["success"], done["errors"], len(done["events"])) == (True, [], 120)
        assert done["createdAt"] <= done["finishedAt"]
        indexes = [event["index"] for event in done["events"]]
        assert indexes == list(range(indexes[0], indexes[0] + 120))
        assert [count_events(desk, event) for event in (whole[0], whole[-1])] == [1, 1]
        await_empty_spool(desk)

    def test_again_are_the_same_places(self, desk: Service) -> None:
        body = document(*fresh(120))
        jobs = [until_done(desk, post(desk, body).headers["location"]) for _ in range(2)]
        places = [[event["index"] for event in job["events"]] for job in jobs]
        assert places[0] == places[1]

    def test_with_a_bad_event_store_nothing_and_tell_which(self, desk: Service) -> None:
        whole = fresh(120)
        done = until_done(desk, post(desk, document(*whole, {"type": "ObjectEvent"})).headers["location"])
        assert (done["success"], done["events"], done["captureErrorBehaviour"]) == (False, [], "rollback")
        (error,) = done["errors"]
        assert (error["event"], error["status"]) == (120, 400)
        assert error["instance"].startswith("/epcisBody/eventList/120")
        assert error["rule"]
        assert count_events(desk, whole[0]) == 0

    def test_may_leave_bad_events_out(self, desk: Service) -> None:
        whole = fresh(120)
        whole[60:60] = [{"type": "ObjectEvent"}]
        answer = post(desk, document(*whole), GS1_Capture_Error_Behaviour="proceed")
        assert answer.headers["gs1-capture-error-behaviour"] == "proceed"
        done = until_done(desk, answer.headers["location"])
        assert (done["success"], len(done["events"]), done["captureErrorBehaviour"]) == (False, 120, "proceed")
        assert [error["event"] for error in done["errors"]] == [60]

    def test_that_are_no_documents_are_a_failed_job(self, desk: Service) -> None:
        done = until_done(desk, post(desk, document(*fresh(120))[:-1]).headers["location"])
        assert (done["success"], done["events"]) == (False, [])
        assert "ends early" in done["errors"][0]["detail"]

    def test_many_small_events_are_large_too(self, tight: Service) -> None:
        body = document(*fresh(30))
        assert len(body) < LARGE
        assert len(until_done(tight, post(tight, body).headers["location"])["events"]) == 30

    @pytest.mark.parametrize(
        "pack", [gzip.compress, zlib.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "deflate", "zstd"]
    )
    def test_small_ones_may_be_compressed(
        self, desk: Service, pack: Callable[[bytes], bytes], request: pytest.FixtureRequest
    ) -> None:
        answer = post(desk, pack(document(*fresh(2))), Content_Encoding=request.node.callspec.id)
        assert len(answer.json()["events"]) == 2

    def test_may_be_compressed_too(self, desk: Service) -> None:
        answer = post(desk, gzip.compress(document(*fresh(120))), Content_Encoding="gzip")
        assert len(until_done(desk, answer.headers["location"])["events"]) == 120


class TestLimits:
    """Size before count, before a look at what is in it."""

    def test_a_bomb_is_refused(self, desk: Service) -> None:
        answer = post(desk, gzip.compress(bytes(60_000_000)), Content_Encoding="gzip")
        assert (answer.status_code, answer.json()["type"]) == (413, "epcisException:CaptureLimitExceededException")
        await_empty_spool(desk)

    def test_a_damaged_body_leaves_nothing(self, desk: Service) -> None:
        packed = gzip.compress(document(*fresh(120)))
        for body in (packed[:-1], packed[:-9] + b"123456789", packed + b"x"):
            assert post(desk, body, Content_Encoding="gzip").status_code == 400
        await_empty_spool(desk)

    def test_an_unknown_encoding_is_told_what_is_known(self, desk: Service) -> None:
        answer = post(desk, b"x", Content_Encoding="gzip, br")
        assert answer.status_code == 415
        assert answer.headers["accept-encoding"] == "zstd, gzip, deflate, identity"

    def test_a_spool_without_room_is_busy(self, tight: Service) -> None:
        folder = tight.data / "spool"
        folder.mkdir(exist_ok=True)
        (folder / "other").write_bytes(bytes(400_000))
        answer = post(tight, document(*fresh(120)))
        (folder / "other").unlink()
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)

    def test_a_body_that_does_not_come_in_is_given_up(self, tight: Service) -> None:
        parts = urlsplit(tight.url)
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as stream:
            head = (
                "POST /epcis/capture HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"Authorization: Bearer {tight.keys['producer']}\r\nContent-Length: 100000\r\n\r\n"
            )
            stream.sendall(head.encode() + b" " * (LARGE + 1))
            stream.settimeout(PATIENCE)
            assert stream.recv(100).startswith(b"HTTP/1.1 408 ")
        await_empty_spool(tight)

    def test_a_client_that_hangs_up_in_a_large_document_leaves_nothing(self, desk: Service) -> None:
        parts = urlsplit(desk.url)
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as stream:
            head = (
                "POST /epcis/capture HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"Authorization: Bearer {desk.keys['producer']}\r\nContent-Length: 4000000\r\n\r\n"
            )
            stream.sendall(head.encode() + b" " * 2_000_000)
        await_empty_spool(desk)

    def test_every_answer_tells_the_limits(self, desk: Service) -> None:
        answers = [post(desk, document(*fresh(1))), post(desk, b"{}"), post(desk, b"{}", "regulator")]
        assert [answer.status_code for answer in answers] == [202, 400, 403]
        for answer in answers:
            assert answer.headers["gs1-epcis-capture-limit"] == "5000000"
            assert answer.headers["gs1-epcis-capture-file-size-limit"] == "5000000"

    def test_options_tell_the_limits(self, desk: Service) -> None:
        headers = desk.call("OPTIONS", "/epcis/capture", "producer").headers
        assert headers["gs1-epcis-capture-limit"] == "5000000"
        assert headers["gs1-epcis-capture-file-size-limit"] == "5000000"
        assert headers["gs1-capture-error-behaviour"] == "all"


class TestErrorBehaviour:
    """GS1-Capture-Error-Behaviour for documents that are captured at once."""

    def test_proceeding_stores_the_good_events_and_tells_the_bad_ones(self, desk: Service) -> None:
        whole = [*fresh(1), {"type": "ObjectEvent"}, *fresh(1), object_event(1, action="SEEN")]
        answer = post(desk, document(*whole), GS1_Capture_Error_Behaviour="Proceed")
        assert answer.status_code == 202
        job = answer.json()
        assert (job["success"], job["running"], len(job["events"])) == (False, False, 2)
        assert [error["event"] for error in job["errors"]] == [1, 3]
        assert desk.get(answer.headers["location"], "producer").json() == job

    def test_proceeding_leaves_out_what_conflicts(self, desk: Service) -> None:
        name = f"urn:uuid:{next(_serials)}"
        post(desk, document(object_event(next(_serials), eventID=name)))
        both = [*fresh(1), object_event(next(_serials), eventID=name)]
        job = post(desk, document(*both), GS1_Capture_Error_Behaviour="proceed").json()
        assert [(error["event"], error["status"]) for error in job["errors"]] == [(1, 409)]
        assert len(job["events"]) == 1

    def test_what_is_no_document_is_refused_all_the_same(self, desk: Service) -> None:
        for body in (b"", b"{}", b"[]", document(*fresh(1))[:-1], b"<x/>", b'{"type": "ObjectEvent"}'):
            answer = post(desk, body, GS1_Capture_Error_Behaviour="proceed")
            assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:ValidationException")

    def test_another_behaviour_is_refused(self, desk: Service) -> None:
        answer = post(desk, document(*fresh(1)), GS1_Capture_Error_Behaviour="shrug")
        assert (answer.status_code, answer.json()["place"]) == (400, "GS1-Capture-Error-Behaviour")


class TestList:
    """GET /epcis/capture"""

    def test_the_latest_come_first_in_pages_that_stay_right(self, desk: Service) -> None:
        key = desk.new_key("producer", "https://id.gs1.org/417/0614141009992")["key"]
        names = [post(desk, document(*fresh(1)), key).json()["captureID"] for _ in range(5)]
        names.append(post(desk, document(*fresh(120)), key).json()["captureID"])
        seen, path = [], "/epcis/capture?perPage=2"
        while path:
            answer = desk.get(path, key)
            seen += [job["captureID"] for job in answer.json()]
            post(desk, document(*fresh(1)), key)
            path = answer.headers.get("link", "").partition("<")[2].partition(">")[0]
        assert seen == names[::-1]

    def test_others_do_not_see_them_and_the_firm_does(self, desk: Service) -> None:
        first = desk.new_key("producer", "https://id.gs1.org/417/0614141009985")["key"]
        second = desk.new_key("device", "https://id.gs1.org/417/0614141009985")["key"]
        name = post(desk, document(*fresh(1)), first).json()["captureID"]
        assert [job["captureID"] for job in desk.get("/epcis/capture", second).json()] == [name]
        assert name not in desk.get("/epcis/capture?perPage=1000", "retailer").text

    def test_jobs_can_be_had_as_xml(self, desk: Service) -> None:
        place = post(desk, document(*fresh(1))).headers["location"]
        for path in (place, "/epcis/capture?perPage=3"):
            answer = desk.get(path, "producer", headers={"Accept": "application/xml"})
            assert answer.headers["content-type"].startswith("application/xml")
            assert "EPCISCaptureJob" in answer.text


class TestAnswersInXml:
    """Accept counts for what is captured as for what is asked."""

    WISH: ClassVar[dict[str, str]] = {"Accept": "application/xml"}

    def test_a_job_is_told_in_xml(self, desk: Service) -> None:
        small, large = (post(desk, document(*fresh(count)), **self.WISH) for count in (1, 120))
        for answer in (small, large):
            assert answer.status_code == 202
            root = ET.fromstring(answer.content)
            assert root.tag == "{urn:epcglobal:epcis:xsd:2}EPCISCaptureJob"
            assert answer.headers["location"] == f"/epcis/capture/{root.findtext('captureID')}"
        until_done(desk, large.headers["location"])

    def test_a_conflict_is_told_in_xml(self, desk: Service) -> None:
        events = [event | {"eventID": f"urn:uuid:{next(_serials)}"} for event in fresh(1)] * 2
        events[1] = events[1] | {"bizStep": "packing"}
        answer = post(desk, document(*events), **self.WISH)
        assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+xml")
        assert ET.fromstring(answer.content).findtext("status") == "409"

    def test_an_event_is_answered_in_a_document(self, desk: Service) -> None:
        event = json.dumps({"@context": CONTEXT, **fresh(1)[0]}).encode()
        headers = {"Content-Type": "application/json", **self.WISH}
        answer = desk.call("POST", "/epcis/events", "producer", content=event, headers=headers)
        assert answer.status_code == 201
        assert ET.fromstring(answer.content).tag == "{urn:epcglobal:epcis-query:xsd:2}EPCISQueryDocument"

    def test_a_form_that_nobody_writes_is_refused_before_anything_is_stored(self, desk: Service) -> None:
        event = fresh(1)[0]
        assert post(desk, document(event), Accept="image/png").status_code == 406
        assert count_events(desk, event) == 0


class TestOneEvent:
    """POST /epcis/events"""

    def send(self, desk: Service, body: Any) -> httpx.Response:
        """POST a value as JSON."""
        headers = {"Content-Type": "application/json"}
        return desk.call("POST", "/epcis/events", "producer", content=json.dumps(body).encode(), headers=headers)

    def test_is_created_and_can_be_had_at_its_address(self, desk: Service) -> None:
        event = {"@context": CONTEXT, **fresh(1)[0]}
        first, second = self.send(desk, event), self.send(desk, event)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json() == second.json()
        (found,) = desk.get(first.headers["location"]).json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert found == first.json()

    def test_other_content_under_its_id_is_a_conflict(self, desk: Service) -> None:
        name = f"urn:uuid:{next(_serials)}"
        answers = [self.send(desk, fresh(1)[0] | {"eventID": name, "@context": CONTEXT}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 409]

    def test_a_document_is_refused(self, desk: Service) -> None:
        assert self.send(desk, json.loads(document(*fresh(1)))).status_code == 400
        assert self.send(desk, {"x": "y" * LARGE}).status_code == 413


@pytest.mark.slow
class TestCrashes:
    """kill -9: a document that was answered for is captured, wholly or not at all."""

    @pytest.fixture
    def service(self, tmp_path: Path) -> Iterator[Service]:
        """A server of its own."""
        running = Service(tmp_path / "data", **settings())
        running.start()
        running.make_keys()
        yield running
        running.stop()

    def test_of_the_server_after_its_answer(self, service: Service) -> None:
        bodies = [document(*fresh(3_000)), document(*fresh(3_000), {"type": "ObjectEvent"})]
        places = [post(service, body).headers["location"] for body in bodies]
        service.kill()
        (service.data / "spool" / "stray").write_bytes(b"never answered for")
        service.start()
        good, bad = (until_done(service, place) for place in places)
        assert (good["success"], len(good["events"])) == (True, 3_000)
        assert (bad["success"], bad["events"]) == (False, [])
        await_empty_spool(service)
        assert service.get("/api/v1/figures", None).json()["events"] == 3_000

    def test_that_takes_the_spool_along_ends_the_job(self, service: Service) -> None:
        place = post(service, document(*fresh(3_000))).headers["location"]
        service.kill()
        for file in (service.data / "spool").iterdir():
            file.unlink()
        service.start()
        done = until_done(service, place)
        assert not done["success"]
        assert "its file in the spool is gone" in done["errors"][0]["detail"]

    def test_of_the_writer_and_the_reader_again_and_again(self, service: Service) -> None:
        place = post(service, document(*fresh(4_000))).headers["location"]
        for _ in range(4):
            for program in (b"document_main", b"writer_main"):
                for child in children(service.pid, program):
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.3)
        done = until_done(service, place)
        assert (done["success"], len(done["events"])) == (True, 4_000)
        assert service.get("/api/v1/figures", None).json()["events"] == 4_000


@pytest.mark.slow
@pytest.mark.parametrize("form", ["application/json", "application/xml"])
def test_memory_does_not_grow_with_the_document(tmp_path: Path, form: str) -> None:
    """Thirty megabytes here; half a gigabyte was measured to need no more (docs/reference/capture.md)."""
    service = Service(tmp_path / "data")
    service.start()
    service.make_keys()
    body = b"".join(long_document(form, 30_000_000))
    answer = service.call("POST", "/epcis/capture", "producer", content=body, headers={"Content-Type": form})
    assert answer.status_code == 202, answer.text
    peaks: dict[int, int] = {}
    deadline = time.monotonic() + 10 * PATIENCE
    while service.get(answer.headers["location"], "producer").json()["running"]:
        assert time.monotonic() < deadline
        for process in (service.pid, *children(service.pid, b"suyuan")):
            with contextlib.suppress(OSError, IndexError):
                status = Path(f"/proc/{process}/status").read_text()
                peaks[process] = int(status.partition("VmHWM:")[2].split()[0])
        time.sleep(0.2)
    job = service.get(answer.headers["location"], "producer").json()
    assert (job["success"], job["errors"]) == (True, [])
    assert len(peaks) >= 3
    assert max(peaks.values()) < 300_000, peaks
    assert service.stop() in {0, 130}


def long_document(form: str, size: int) -> Iterator[bytes]:
    """A document of at least so many bytes whose events all differ."""
    whole = document(object_event(*range(1, 11), eventTime="@"))
    if form == "application/xml":
        whole = write_document([object_event(*range(1, 11), eventTime="2026-10-12T06:00:00Z")], creation_date=0)
        whole = whole.replace(b"2026-10-12T06:00:00Z", b"@")
        first, last = whole.index(b"<ObjectEvent"), whole.index(b"</EventList>")
        comma = b""
    else:
        first, last, comma = whole.index(b'{"type": "ObjectEvent"'), whole.index(b"]}}"), b","
    yield whole[:first]
    given, event = 0, whole[first:last]
    for number in itertools.count():
        minutes, millis = divmod(number, 60_000)
        time_of = f"2026-{10 + minutes // 1_440 // 28:02}-{1 + minutes // 1_440 % 28:02}T{minutes // 60 % 24:02}"
        moment = f"{time_of}:{minutes % 60:02}:{millis // 1_000:02}.{millis % 1_000:03}Z"
        piece = event.replace(b"@", moment.encode())
        yield piece
        given += len(piece) + len(comma)
        if given >= size:
            break
        yield comma
    yield whole[last:]


def children(parent: int, program: bytes) -> list[int]:
    """Child processes that run a program."""
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(child) for child in found if program in Path(f"/proc/{child}/cmdline").read_bytes()]


class TestFaults:
    """A small document is refused with everything that is wrong with it."""

    @pytest.mark.parametrize("form", ["application/json", "application/xml"])
    def test_every_bad_event_is_told_with_number_place_rule_and_remedy(self, desk: Service, form: str) -> None:
        whole = [
            *fresh(1),
            fresh(1)[0] | {"disposition": "lost", "bizStep": "cooking"},
            *fresh(1),
            {"type": "ObjectEvent"},
        ]
        answer = post(desk, document(*whole), Accept=form)
        assert answer.status_code == 400
        if form == "application/xml":
            assert "/epcisBody/eventList/3" in answer.text
            return
        problem = answer.json()
        assert (problem["event"], problem["rule"]) == (1, "vocabulary")
        places = [error["instance"] for error in problem["errors"]]
        assert {"/epcisBody/eventList/1/disposition", "/epcisBody/eventList/1/bizStep"} <= set(places)
        assert len(set(places)) == len(places)
        assert {error["event"] for error in problem["errors"]} == {1, 3}
        assert all(error["rule"] for error in problem["errors"])


def test_a_declaration_of_an_unknown_event_is_stored_and_flagged_until_that_is_known(desk: Service) -> None:
    (event,) = fresh(1)
    error = {"errorDeclaration": {"declarationTime": "2026-10-13T06:00:00Z", "reason": "did_not_occur"}}
    answer = post(desk, document(event | error))
    assert answer.json()["events"][0]["declaresUnknownEvent"] is True
    assert desk.get(answer.headers["location"], "producer").json() == answer.json()
    known = post(desk, document(event, event | error)).json()["events"]
    assert ["declaresUnknownEvent" in place for place in known] == [False, False]
    assert "declaresUnknownEvent" not in desk.get(answer.headers["location"], "producer").json()["events"][0]
