"""The EPCIS interface over TCP: capture and its limits, queries, single events."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from tests.serving import Service
from tests.trace.scribe import CONTEXT, assert_returned, declared, document, object_event, submitted

#: Asks for EPCs in the form in which they were captured: without it they are Digital Links.
AS_CAPTURED = {"GS1-EPC-Format": "Never_Translates"}
_serials = itertools.count(1_000_000)


def fresh_event(**members: Any) -> dict[str, Any]:
    """An event that no other test has captured."""
    return object_event(next(_serials), **members)


def problem(answer: httpx.Response, status: int, exception: str) -> dict[str, Any]:
    """The problem document of an answer, checked against RFC 9457 and our own rules."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"epcisException:{exception}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert "Traceback" not in answer.text
    return body


class TestCapture:
    """POST /epcis/capture"""

    def test_answers_202_after_the_commit_with_the_job_and_its_address(self, service: Service) -> None:
        event = fresh_event()
        answer = service.capture(document(event))
        assert answer.status_code == 202
        job = answer.json()
        assert answer.headers["location"] == f"/epcis/capture/{job['captureID']}"
        assert answer.headers["gs1-epcis-version"].startswith("2.")
        assert (job["success"], job["running"], job["errors"]) == (True, False, [])
        assert service.get(answer.headers["location"], "producer").json() == job
        (captured,) = job["events"]
        (found,) = events_of(service.get(f"/epcis/events/{quote(captured['eventID'], safe='')}", headers=AS_CAPTURED))
        assert_returned(found, event, [])

    @pytest.mark.parametrize("media", ["application/ld+json", "application/json", "Application/JSON; charset=utf-8"])
    def test_takes_json_under_its_names(self, service: Service, media: str) -> None:
        assert service.capture(document(fresh_event()), media=media).status_code == 202

    def test_takes_query_documents_and_bare_events(self, service: Service) -> None:
        event = {"@context": CONTEXT, **fresh_event()}
        assert service.capture(json.dumps(event).encode()).status_code == 202
        whole = json.loads(document()) | {
            "type": "EPCISQueryDocument",
            "epcisBody": {
                "queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": [fresh_event()]}}
            },
        }
        assert service.capture(json.dumps(whole).encode()).status_code == 202

    def test_the_same_document_again_is_a_success_that_names_the_same_places(self, service: Service) -> None:
        body = document(fresh_event(), fresh_event())
        first, second = service.capture(body).json(), service.capture(body).json()
        assert first["captureID"] != second["captureID"]
        assert [event["index"] for event in first["events"]] == [event["index"] for event in second["events"]]
        assert [event["duplicate"] for event in second["events"]] == [True, True]

    def test_the_same_id_with_other_content_is_refused_and_kept_as_a_failed_job(self, service: Service) -> None:
        name = f"urn:uuid:conflict{next(_serials)}"
        assert service.capture(document(fresh_event(eventID=name))).status_code == 202
        answer = service.capture(document(fresh_event(), fresh_event(eventID=name)))
        body = problem(answer, 409, "ResourceAlreadyExistsException")
        assert body["place"] == "/epcisBody/eventList/1"
        job = service.get(answer.headers["location"], "producer").json()
        assert (job["success"], job["events"], job["errors"][0]["status"]) == (False, [], 409)

    def test_all_documents_of_the_standard_come_back_equal(
        self, shared: Path, service: Service, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        waiting = sorted((shared / "epcis/gs1__EPCIS/JSON").rglob("*.jsonld"))
        assert len(waiting) == 47
        ledger, later = service, waiting
        while later:
            waiting, later = later, []
            for file in waiting:
                body = file.read_bytes()
                answer = ledger.capture(body)
                if answer.status_code == 409:
                    later.append(file)
                    continue
                for captured, (event, context) in zip(answer.json()["events"], submitted(body), strict=True):
                    self.check(ledger, captured, event, context)
            assert len(later) < len(waiting)
            if later:
                ledger = Service(tmp_path_factory.mktemp("further") / "data")
                ledger.start()
                ledger.make_keys()
        if ledger is not service:
            ledger.stop()

    def check(self, ledger: Service, captured: dict[str, Any], event: dict[str, Any], context: list[Any]) -> None:
        path = f"/epcis/events/{quote(captured['eventID'], safe='')}"
        found = events_of(ledger.get(path, headers=AS_CAPTURED))
        declared = "errorDeclaration" in event
        assert_returned(next(one for one in found if ("errorDeclaration" in one) is declared), event, context)


class TestRefusals:
    """Each with a clear answer; and the service goes on."""

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"type": "BirthdayEvent"}, "type"),
            ({"eventTime": "2026-10-12T06:00:00"}, "eventTime"),
            ({"eventTime": "12.10.2026"}, "eventTime"),
            ({"eventTimeZoneOffset": None}, ""),
            ({"action": "SEEN"}, "action"),
            ({"epcList": ["https://id.gs1.org/01/09506000134351/21/1"]}, "epcList/0"),
            ({"epcList": ["urn:epc:id:sgtin:0614141.107346"]}, "epcList/0"),
            ({"epcList": ["urn:epc:id:sscc:0614141.12345"]}, "epcList/0"),
            ({"readPoint": {"id": "https://id.gs1.org/414/9521321000011"}}, "readPoint/id"),
            ({"unknownField": 1}, "unknownField"),
            ({"bizStep": "cooking"}, "bizStep"),
        ],
    )
    def test_a_wrong_event_is_named_with_its_place(self, service: Service, change: dict[str, Any], place: str) -> None:
        body = problem(service.capture(document(fresh_event(), fresh_event(**change))), 400, "ValidationException")
        assert body["place"].rstrip("/").startswith("/epcisBody/eventList/1")
        assert body["place"].endswith(place)

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"\x00", b"{}", b"<xml/>", b'{"type":"EPCISDocument"}',
         b'{"type":"EPCISDocument","type":"EPCISDocument"}', b"[" * 100_000, b'{"a":' * 50_000, document()[:-3],
         document(object_event(1))[:200], b'{"type": 1e999}'],
    )  # fmt: skip
    def test_what_is_no_document_is_a_problem_and_never_a_crash(self, service: Service, body: bytes) -> None:
        answer = service.capture(body)
        assert answer.status_code in {400, 413}
        problem(answer, answer.status_code, answer.json()["type"].partition(":")[2])

    def test_an_announced_body_over_the_limit_is_refused_before_it_is_sent(self, service: Service) -> None:
        with socket.create_connection(_address(service)) as stream:
            head = (
                "POST /epcis/capture HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"Authorization: Bearer {service.keys['producer']}\r\nContent-Length: 3000001\r\n\r\n"
            )
            stream.sendall(head.encode())
            assert stream.recv(100).startswith(b"HTTP/1.1 413 ")

    def test_a_streamed_body_over_the_limit_is_refused_when_it_gets_there(self, service: Service) -> None:
        answer = service.call(
            "POST", "/epcis/capture", "producer", content=(b" " * 100_000 for _ in range(40)),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        problem(answer, 413, "CaptureLimitExceededException")

    def test_a_streamed_body_under_the_limit_is_taken(self, service: Service) -> None:
        body = document(fresh_event())
        answer = service.call(
            "POST", "/epcis/capture", "producer", content=(body[at : at + 99] for at in range(0, len(body), 99)),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        assert answer.status_code == 202

    def test_more_events_than_allowed_are_refused(self, service: Service) -> None:
        body = document(*[{"a": 1}] * 10_001)
        problem(service.capture(body), 413, "CaptureLimitExceededException")

    @pytest.mark.parametrize("media", ["text/plain", "image/svg+xml", "text/json", "", "multipart/form-data"])
    def test_another_media_type_is_not_read(self, service: Service, media: str) -> None:
        problem(service.capture(document(fresh_event()), media=media), 415, "UnsupportedMediaTypeException")

    def test_an_encoding_that_nobody_knows_is_not_read(self, service: Service) -> None:
        headers = {"Content-Type": "application/json", "Content-Encoding": "br"}
        answer = service.call("POST", "/epcis/capture", "producer", content=b"x", headers=headers)
        problem(answer, 415, "UnsupportedMediaTypeException")

    def test_a_client_that_hangs_up_in_the_middle_stores_nothing(self, service: Service) -> None:
        before = service.get("/api/v1/figures", None).json()
        body = document(fresh_event())
        for cut in (0, 1, len(body) // 2, len(body) - 1):
            with socket.create_connection(_address(service)) as stream:
                head = (
                    "POST /epcis/capture HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    f"Authorization: Bearer {service.keys['producer']}\r\nContent-Length: {len(body)}\r\n\r\n"
                )
                stream.sendall(head.encode() + body[:cut])
        assert service.get("/api/v1/figures", None).json() == before

    def test_a_request_that_is_not_http_is_closed_and_the_next_is_answered(self, service: Service) -> None:
        for junk in (b"\x16\x03\x01\x00\xa5\x01\x00", b"GET\r\n\r\n", b"\x00" * 100, b"POST / HTTP/9.9\r\n\r\n"):
            with socket.create_connection(_address(service)) as stream:
                stream.sendall(junk)
                stream.settimeout(2)
                stream.shutdown(socket.SHUT_WR)
                stream.recv(1000)
        assert service.get("/healthz", None).status_code == 200


def _address(service: Service) -> tuple[str, int]:
    parts = urlsplit(service.url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


class TestJobs:
    """GET /epcis/capture/{id}"""

    def test_another_firm_does_not_see_it(self, service: Service) -> None:
        place = service.capture(document(fresh_event())).headers["location"]
        problem(service.get(place, "retailer"), 404, "NoSuchNameException")
        problem(service.get(place, "regulator"), 403, "SecurityException")

    def test_another_key_of_the_firm_sees_it(self, service: Service) -> None:
        place = service.capture(document(fresh_event())).headers["location"]
        other = service.new_key("device", "https://id.gs1.org/417/0614141000012")["key"]
        assert service.get(place, other).status_code == 200

    @pytest.mark.parametrize("name", ["nothing", "0" * 5000, "%00", "a%2Fb", "'; DROP TABLE capture;--"])
    def test_one_that_does_not_exist(self, service: Service, name: str) -> None:
        problem(service.get(f"/epcis/capture/{name}", "producer"), 404, "NoSuchNameException")


class TestEvents:
    """GET /epcis/events"""

    def test_every_parameter_reaches_the_query(self, service: Service) -> None:
        event = fresh_event(bizStep="inspecting", eventTime="2031-01-01T00:00:00Z")
        (captured,) = service.capture(document(event)).json()["events"]
        (found,) = events_of(service.get(f"/epcis/events/{quote(captured['eventID'], safe='')}"))
        yes = {
            "eventType": "ObjectEvent", "GE_eventTime": "2031-01-01T00:00:00Z", "LT_eventTime": "2031-01-01T00:00:01Z",
            "GE_recordTime": found["recordTime"], "LT_recordTime": "2199-01-01T00:00:00+08:00",
            "EQ_bizStep": "inspecting", "bizStep": "inspecting", "MATCH_epc": event["epcList"][0],
            "MATCH_anyEPC": event["epcList"][0],
        }  # fmt: skip
        no = {
            "eventType": "AggregationEvent", "GE_eventTime": "2031-01-01T00:00:01Z",
            "LT_eventTime": "2031-01-01T00:00:00Z", "GE_recordTime": "2199-01-01T00:00:00Z",
            "LT_recordTime": found["recordTime"], "EQ_bizStep": "shipping", "bizStep": "shipping",
            "MATCH_epc": "urn:epc:id:sgtin:0614141.000009.9", "MATCH_anyEPC": "urn:epc:id:sgtin:0614141.000009.9",
        }  # fmt: skip
        anchor = {"MATCH_anyEPC": event["epcList"][0]}
        for name, value in yes.items():
            assert events_of(service.get("/epcis/events", params=anchor | {name: value})) == [found], name
            assert events_of(service.get("/epcis/events", params=anchor | {name: no[name]})) == [], name
        assert events_of(service.get("/epcis/events", params=yes)) == [found]

    def test_lists_may_be_repeated_or_joined(self, service: Service) -> None:
        first, second = fresh_event(bizStep="packing"), fresh_event(bizStep="loading")
        service.capture(document(first, second))
        names = [first["epcList"][0], second["epcList"][0]]
        for query in (
            {"MATCH_anyEPC": names}, {"MATCH_anyEPC": names, "bizStep": "packing|loading"},
            {"MATCH_anyEPC": names, "EQ_bizStep": ["packing", "loading"]},
            {"MATCH_anyEPC": names, "eventType": "ObjectEvent,AggregationEvent"},
        ):  # fmt: skip
            assert len(events_of(service.get("/epcis/events", params=query))) == 2

    @pytest.mark.parametrize(
        ("query", "place"),
        [
            ("perPage=0", "perPage"), ("perPage=1001", "perPage"), ("perPage=x", "perPage"), ("perPage=", "perPage"),
            ("perPage=" + "9" * 5000, "perPage"), ("GE_eventTime=2026-10-12", "GE_eventTime"),
            ("GE_eventTime=2026-10-12T00:00:00", "GE_eventTime"), ("LT_recordTime=x", "LT_recordTime"),
            ("eventType=Event", "eventType"), ("MATCH_epc=x", "MATCH_epc"), ("nextPageToken=x", "nextPageToken"),
            ("nextPageToken=%00%ff", "nextPageToken"), ("EQ_bizstep=shipping", "EQ_bizstep"), ("%00=1", "\0"),
        ],
    )  # fmt: skip
    def test_a_parameter_that_cannot_be_read_is_named(self, service: Service, query: str, place: str) -> None:
        body = problem(service.get(f"/epcis/events?{query}"), 400, "QueryParameterException")
        assert body["place"] == place

    @pytest.mark.parametrize("query", ["EQ_bizStep=%00", "EQ_bizStep=" + "x" * 3000, "EQ_bizStep=cooking%20well"])
    def test_a_step_that_nobody_uses_finds_nothing_or_is_refused(self, service: Service, query: str) -> None:
        assert service.get(f"/epcis/events?{query}").status_code in {200, 400}

    def test_a_plus_in_a_time_survives_a_client_that_does_not_encode_it(self, service: Service) -> None:
        assert service.get("/epcis/events?GE_eventTime=2199-01-01T00:00:00+08:00").status_code == 200

    def test_pages_are_linked_and_bounded(self, service: Service) -> None:
        serial = next(_serials)
        for minute in range(7):
            service.capture(document(object_event(serial, eventTime=f"2026-10-12T06:{minute:02d}:00Z")))
        path: str | None = f"/epcis/events?MATCH_anyEPC={quote(object_event(serial)['epcList'][0], safe='')}&perPage=3"
        sizes, times = [], []
        while path:
            answer = service.get(path)
            found = events_of(answer)
            sizes.append(len(found))
            times += [event["eventTime"] for event in found]
            link = answer.headers.get("link")
            path = link.partition("<")[2].partition(">")[0] if link else None
        assert sizes == [3, 3, 1]
        assert times == [f"2026-10-12T06:{minute:02d}:00Z" for minute in range(7)]

    def test_pages_stay_right_while_others_capture(self, service: Service) -> None:
        chance, product = random.Random(5), next(_serials) % 999_999
        step = f"https://shop.example/step/{product}"

        def capture() -> None:
            answer = service.capture(document(*[fresh_event(bizStep=step) for _ in range(chance.randint(1, 5))]))
            assert answer.status_code == 202

        for _ in range(5):
            capture()
        expected = [event["eventID"] for event in events_of(service.get("/epcis/events", params={"EQ_bizStep": step}))]
        seen: list[str] = []
        token: str | None = None
        with ThreadPoolExecutor(2) as pool:
            while True:
                more = {"nextPageToken": token} if token else {}
                jobs = [pool.submit(capture) for _ in range(chance.randint(0, 2))]
                size = chance.randint(1, 4)
                answer = service.get("/epcis/events", params={"EQ_bizStep": step, "perPage": size, **more})
                seen += [event["eventID"] for event in events_of(answer)]
                for job in jobs:
                    job.result()
                token = answer.headers.get("gs1-next-page-token")
                if token is None:
                    break
        assert seen[: len(expected)] == expected
        assert len(set(seen)) == len(seen)

    def test_a_token_of_another_query_is_refused(self, service: Service) -> None:
        service.capture(document(fresh_event(), fresh_event()))
        token = service.get("/epcis/events?perPage=1").headers["gs1-next-page-token"]
        answer = service.get("/epcis/events", params={"nextPageToken": token, "eventType": "ObjectEvent"})
        problem(answer, 400, "QueryParameterException")
        answer = service.get("/epcis/events", "producer", params={"nextPageToken": token})
        problem(answer, 400, "QueryParameterException")

    def test_a_firm_sees_its_own_events_only(self, service: Service) -> None:
        event = fresh_event(readPoint={"id": "urn:epc:id:sgln:0614141.00778.0"})  # a place that no firm of ours runs
        (captured,) = service.capture(document(event), "retailer").json()["events"]
        query = {"MATCH_anyEPC": event["epcList"][0]}
        path = f"/epcis/events/{quote(captured['eventID'], safe='')}"
        for role, sees in (("retailer", True), ("regulator", True), ("producer", False), ("logistics", False)):
            assert bool(events_of(service.get("/epcis/events", role, params=query))) is sees
            assert service.get(path, role).status_code == (200 if sees else 404)
        service.capture(document(event), "logistics")
        assert service.get(path, "logistics").status_code == 200, "who has captured the same event knows it"


def events_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of a query document."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["type"] == "EPCISQueryDocument"
    listed: list[dict[str, Any]] = body["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return listed


class TestEvent:
    """GET /epcis/events/{id}"""

    def test_ids_are_found_encoded_or_not(self, service: Service) -> None:
        (captured,) = service.capture(document(fresh_event())).json()["events"]
        name = captured["eventID"]
        assert name.startswith("ni:///sha-256;")
        host, port = _address(service)
        for path in (
            quote(name, safe=""),
            quote(name, safe=":/;?="),
            name,
            quote(name.partition("?")[0]) + "?ver=CBV2.0",
        ):
            connection = http.client.HTTPConnection(host, port)
            connection.request(
                "GET", f"/epcis/events/{path}", headers={"Authorization": f"Bearer {service.keys['regulator']}"}
            )
            answer = connection.getresponse()
            assert (answer.status, name.encode() in answer.read()) == (200, True), path
            connection.close()

    def test_ids_with_awkward_characters(self, service: Service) -> None:
        for name in ("urn:x:a%2Fb", "https://shop.example/events/1?a=b&c=d", "urn:x:100%25", "urn:x:plus+plus"):
            event = fresh_event(eventID=f"{name}:{next(_serials)}" if "?" not in name else f"{name}{next(_serials)}")
            assert service.capture(document(event)).status_code == 202
            (found,) = events_of(service.get(f"/epcis/events/{quote(event['eventID'], safe='')}"))
            assert found["eventID"] == event["eventID"]

    @pytest.mark.parametrize("first", ["event", "declaration"])
    def test_the_event_comes_first_and_its_declarations_after_it(self, service: Service, first: str) -> None:
        event = fresh_event(eventID=f"urn:x:declared:{next(_serials)}")
        both = [event, declared(event)]
        for one in both if first == "event" else reversed(both):
            service.capture(document(one))
        found = events_of(service.get(f"/epcis/events/{quote(event['eventID'], safe='')}"))
        assert ["errorDeclaration" in one for one in found] == [False, True]
        assert len(events_of(service.get("/epcis/events", params={"MATCH_epc": event["epcList"][0]}))) == 2

    @pytest.mark.parametrize("name", ["urn:x:none", "x" * 9000, "%00", "..%2f..%2fetc%2fpasswd", "ni%3A%2F%2F%2F"])
    def test_one_that_does_not_exist(self, service: Service, name: str) -> None:
        problem(service.get(f"/epcis/events/{name}"), 404, "NoSuchNameException")
