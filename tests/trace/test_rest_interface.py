"""The REST binding of EPCIS 2.0 over TCP: resources, forms, versions, pages, named queries."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx
import pytest
from tests.serving import Service
from tests.trace.scribe import document, object_event

_serials = itertools.count(13_000_000)
_names = itertools.count()
#: Collections with the value that the tests' events have.
STEP, STATE = "https://rest.example/steps/weighing", "https://rest.example/states/weighed"
GATE = "urn:epc:id:sgln:0614141.00777.rest"
#: Asks for EPCs in the form in which they were captured: without it they are Digital Links.
AS_CAPTURED = {"GS1-EPC-Format": "Never_Translates"}
COLLECTIONS = {"epcs", "bizSteps", "bizLocations", "readPoints", "dispositions"}


def captured(service: Service, role: str = "producer", **members: Any) -> dict[str, Any]:
    """An event of its own, in the ledger."""
    event = object_event(
        next(_serials),
        **({"bizStep": STEP, "disposition": STATE, "readPoint": {"id": GATE}, "bizLocation": {"id": GATE}} | members),
    )
    assert service.capture(document(event), role).status_code == 202
    return event


def name() -> str:
    return f"query{next(_names)}"


def members(answer: httpx.Response) -> list[str]:
    """The members of a collection."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["type"] == "Collection"
    found: list[str] = body["member"]
    return found


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of a query document."""
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return found


def problem(answer: httpx.Response, status: int, exception: str) -> dict[str, Any]:
    """The problem document of an answer."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"epcisException:{exception}"
    return body


def following(answer: httpx.Response) -> str | None:
    """The address of the next page."""
    link = answer.headers.get("link")
    return link.partition("<")[2].partition(">")[0] if link else None


def all_members(service: Service, path: str, role: str) -> list[str]:
    found: list[str] = []
    at: str | None = path
    while at:
        answer = service.get(at, role)
        found += members(answer)
        at = following(answer)
    return found


class TestResources:
    """Collections, what they hold, and the events behind them."""

    def test_the_root_names_what_there_is(self, service: Service) -> None:
        for path in ("/epcis", "/epcis/"):
            assert {"queries", "capture", "events", "eventTypes", *COLLECTIONS} == set(members(service.get(path)))

    def test_the_types_are_the_five_of_the_standard(self, service: Service) -> None:
        assert len(members(service.get("/epcis/eventTypes"))) == 5
        first = service.get("/epcis/eventTypes?perPage=3")
        path = following(first)
        assert path
        assert members(first) + members(service.get(path)) == members(service.get("/epcis/eventTypes"))

    @pytest.mark.parametrize("collection", sorted(COLLECTIONS))
    def test_a_value_is_listed_and_leads_to_its_events(self, service: Service, collection: str) -> None:
        event = captured(service)
        written = {
            "epcs": event["epcList"][0],
            "bizSteps": STEP,
            "dispositions": STATE,
        }.get(collection, GATE)
        listed = all_members(service, f"/epcis/{collection}?perPage=200", "producer")
        assert len(set(listed)) == len(listed)
        as_link = {"epcs": event["epcList"][0].rpartition(".")[2], "readPoints": "rest", "bizLocations": "rest"}
        assert [value for value in listed if value.endswith(as_link.get(collection, written))]
        path = f"/epcis/{collection}/{quote(written, safe='')}"
        assert members(service.get(path, "producer")) == ["events"]
        asked = {"params": {"MATCH_anyEPC": event["epcList"][0]}, "headers": AS_CAPTURED}
        found = events(service.get(f"{path}/events", "producer", **asked))
        assert [each["epcList"] for each in found] == [event["epcList"]]
        assert events(service.get(f"{path}/events", "producer", params={"EQ_action": "DELETE"})) == []

    @pytest.mark.parametrize("collection", sorted(COLLECTIONS))
    def test_a_stranger_sees_neither_the_value_nor_its_events(self, service: Service, collection: str) -> None:
        step, gate = f"https://rest.example/steps/{next(_serials)}", f"urn:epc:id:sgln:0614141.00777.{next(_serials)}"
        place = {"id": gate}
        event = captured(service, "retailer", bizStep=step, disposition=step, readPoint=place, bizLocation=place)
        written = {"epcs": event["epcList"][0], "bizSteps": step, "dispositions": step}.get(collection, gate)
        path = f"/epcis/{collection}/{quote(written, safe='')}"
        assert members(service.get(path, "retailer")) == ["events"]
        problem(service.get(path, "logistics"), 404, "NoSuchNameException")
        assert events(service.get(f"{path}/events", "logistics")) == []
        assert all_members(service, f"/epcis/{collection}?perPage=1000", "logistics") == [
            word for word in all_members(service, f"/epcis/{collection}?perPage=1000", "logistics") if ":" not in word
        ]

    def test_event_types_lead_to_their_events(self, service: Service) -> None:
        event = captured(service)
        anchor = {"MATCH_anyEPC": event["epcList"][0]}
        assert members(service.get("/epcis/eventTypes/ObjectEvent")) == ["events"]
        for kind, count in (("ObjectEvent", 1), ("AggregationEvent", 0), ("all", 1)):
            assert len(events(service.get(f"/epcis/eventTypes/{kind}/events", params=anchor))) == count
        for path in ("/epcis/eventTypes/Event", "/epcis/eventTypes/Event/events"):
            problem(service.get(path), 404, "NoSuchNameException")

    def test_every_writing_of_a_word_or_a_thing_is_one_value(self, service: Service) -> None:
        event = captured(service, bizStep="loading")
        serial = event["epcList"][0].rpartition(".")[2]
        for path in (
            "bizSteps/loading", "bizSteps/" + quote("https://ref.gs1.org/cbv/BizStep-loading", safe=""),
            "bizSteps/urn:epcglobal:cbv:bizstep:loading", "epcs/" + event["epcList"][0],
            "epcs/" + quote(f"https://id.gs1.org/01/00614141000074/21/{serial}", safe=""),
            f"epcs/https://id.gs1.org/01/00614141000074/21/{serial}",
        ):  # fmt: skip
            found = events(service.get(f"/epcis/{path}/events", params={"MATCH_epc": event["epcList"][0]}))
            assert len(found) == 1, path

    @pytest.mark.parametrize(
        "path", ["bizSteps/cooking", "epcs/urn:epc:id:sgtin:0614141.000007.none", "readPoints/urn:x:y"]
    )
    def test_a_value_that_nothing_has_is_not_there(self, service: Service, path: str) -> None:
        problem(service.get(f"/epcis/{path}"), 404, "NoSuchNameException")

    def test_what_names_no_thing_is_refused(self, service: Service) -> None:
        problem(service.get("/epcis/epcs/nonsense"), 400, "QueryParameterException")
        problem(service.get("/epcis/epcs/nonsense/events"), 400, "QueryParameterException")


class TestForms:
    """Media types, versions, ways to write an EPC."""

    PATHS = ("", "/eventTypes", "/epcs", "/bizSteps", "/queries", "/eventTypes/ObjectEvent", "/events?perPage=1")

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("media", ["application/json", "application/ld+json", "application/xml", "text/xml"])
    def test_every_resource_comes_as_the_client_accepts_it(self, service: Service, path: str, media: str) -> None:
        captured(service)
        answer = service.get(f"/epcis{path}", headers={"Accept": f"image/png, {media};q=0.9, */*;q=0.1"})
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, media)
        assert "Accept" in answer.headers["vary"]
        if media.endswith("xml"):
            assert ET.fromstring(answer.content).tag.startswith("{urn:epcglobal:epcis")
        else:
            answer.json()

    @pytest.mark.parametrize("path", PATHS)
    def test_what_nobody_writes_is_not_acceptable(self, service: Service, path: str) -> None:
        answer = service.get(f"/epcis{path}", headers={"Accept": "text/csv, application/json;q=0"})
        problem(answer, 406, "NotAcceptableException")

    @pytest.mark.parametrize(
        ("wishes", "version"),
        [
            ({}, "2.0.0"), ({"GS1-EPCIS-Min": "1.2"}, "2.0.0"), ({"GS1-EPCIS-Min": "2.0.0"}, "2.0.0"),
            ({"GS1-EPCIS-Max": "1.2"}, "1.2.0"), ({"GS1-EPCIS-Max": "1.2.9"}, "1.2.0"),
            ({"GS1-EPCIS-Max": "9"}, "2.0.0"),
            ({"GS1-CBV-Max": "1.2"}, "1.2.0"), ({"GS1-EPCIS-Min": "1", "GS1-EPCIS-Max": "2"}, "2.0.0"),
        ],
    )  # fmt: skip
    def test_xml_comes_in_the_highest_version_within_the_wishes(
        self, service: Service, wishes: dict[str, str], version: str
    ) -> None:
        captured(service)
        answer = service.get("/epcis/events?perPage=1", headers={"Accept": "application/xml", **wishes})
        assert (answer.status_code, answer.headers["gs1-epcis-version"]) == (200, version)
        root = ET.fromstring(answer.content)
        assert root.get("schemaVersion", "")[:1] == version[:1]
        assert root.tag == f"{{urn:epcglobal:epcis-query:xsd:{version[0]}}}EPCISQueryDocument"

    @pytest.mark.parametrize(
        "wishes",
        [
            {"GS1-EPCIS-Min": "2.1"}, {"GS1-EPCIS-Min": "2.0.1"}, {"GS1-EPCIS-Max": "1.1"}, {"GS1-EPCIS-Max": "1.2"},
            {"GS1-EPCIS-Min": "2.0", "GS1-EPCIS-Max": "1.2"}, {"GS1-EPCIS-Min": "two"}, {"GS1-CBV-Min": "3"},
            {"GS1-EPC-Format": "Sometimes"}, {"GS1-CBV-XML-Format": "always_urn"}, {"GS1-EPCIS-Min": "1" * 5000},
        ],
    )  # fmt: skip
    def test_a_wish_that_cannot_be_met_in_json_is_not_acceptable(
        self, service: Service, wishes: dict[str, str]
    ) -> None:
        problem(
            service.get("/epcis/events", headers={"Accept": "application/json", **wishes}),
            406,
            "NotAcceptableException",
        )

    def test_xml_is_chosen_where_only_it_has_the_version(self, service: Service) -> None:
        accept = "application/json, application/xml;q=0.2"
        answer = service.get("/epcis/events?perPage=1", headers={"Accept": accept, "GS1-EPCIS-Max": "1.2"})
        assert answer.headers["content-type"].partition(";")[0] == "application/xml"

    def test_epcs_are_written_as_asked_and_as_links_where_nobody_asks(self, service: Service) -> None:
        event = captured(service)
        serial = event["epcList"][0].rpartition(".")[2]
        urn, link = event["epcList"][0], f"https://id.gs1.org/01/00614141000074/21/{serial}"
        for wish, written in (
            (None, link), ("No_Preference", urn), ("Never_Translates", urn), ("Always_EPC_URN", urn),
            ("Always_GS1_Digital_Link", link),
        ):  # fmt: skip
            headers = {"GS1-EPC-Format": wish} if wish else {}
            answer = service.get("/epcis/events", params={"MATCH_epc": link}, headers=headers)
            assert events(answer)[0]["epcList"] == [written]
            if wish and wish != "No_Preference":
                assert answer.headers["gs1-epc-format"] == wish
        listed = members(
            service.get("/epcis/epcs?perPage=1000", "producer", headers={"GS1-EPC-Format": "Always_EPC_URN"})
        )
        assert all(value.startswith("urn:") for value in listed if "/01/00614141000074/" in value)

    def test_a_link_is_written_as_a_urn_where_the_ledger_knows_how(self, service: Service) -> None:
        captured(service)  # the URN of this class tells how long the company prefix is
        link = f"https://id.gs1.org/01/00614141000074/21/{next(_serials)}"
        service.capture(document(object_event(1, epcList=[link])))
        answer = service.get("/epcis/events", params={"MATCH_epc": link}, headers={"GS1-EPC-Format": "Always_EPC_URN"})
        assert events(answer)[0]["epcList"] == [f"urn:epc:id:sgtin:0614141.000007.{link.rpartition('/')[2]}"]

    def test_words_in_xml_are_written_as_asked(self, service: Service) -> None:
        event = captured(service, bizStep="shipping")
        for wish, written in (
            ("Always_URN", b"urn:epcglobal:cbv:bizstep:shipping"), ("Always_Web_URI", b"https://ref.gs1.org/cbv/BizStep-shipping"),
        ):  # fmt: skip
            answer = service.get(
                "/epcis/events", params={"MATCH_epc": event["epcList"][0]},
                headers={"Accept": "application/xml", "GS1-CBV-XML-Format": wish},
            )  # fmt: skip
            assert written in answer.content

    def test_prefixes_of_parameters_come_in_a_header(self, service: Service) -> None:
        own: dict[str, Any] = {"@context": {"ex": "https://rest.example/"}, "ex:colour": "red"}
        event = captured(service, **own)
        params = {"MATCH_epc": event["epcList"][0], "EQ_mine:colour": "red"}
        answer = service.get("/epcis/events", params=params, headers={"GS1-Extensions": "mine=https://rest.example/"})
        assert len(events(answer)) == 1
        assert answer.headers["gs1-extensions"] == "mine=https://rest.example/"
        problem(service.get("/epcis/events", headers={"GS1-Extensions": "mine"}), 406, "NotAcceptableException")

    def test_head_is_answered_as_get_without_a_body(self, service: Service) -> None:
        for path in (*self.PATHS, "/nothing"):
            head, got = (service.call(method, f"/epcis{path}", "producer") for method in ("HEAD", "GET"))
            assert head.status_code == got.status_code
            assert head.content == b""
            assert head.headers["content-type"] == got.headers["content-type"]


class TestDiscovery:
    """OPTIONS"""

    def test_every_path_tells_what_it_can_do(self, service: Service, shared: Path) -> None:
        standard = json.loads((shared / "epcis/gs1__EPCIS/REST Bindings/openapi.json").read_bytes())
        values = {"eventType": "ObjectEvent", "queryName": "none", "captureID": "none", "subscriptionID": "none"}
        for path, item in standard["paths"].items():
            at = path.format_map({key: values.get(key, "urn:x:y") for key in _placeholders(path)})
            answer = service.call("OPTIONS", f"/epcis{at}", None)
            if "options" not in item:
                continue
            assert answer.status_code == 204, (path, answer.text)
            assert answer.content == b""
            allowed = {method.strip() for method in answer.headers["allow"].split(",")}
            assert allowed >= {method.upper() for method in item if method != "parameters"}, path
            for header in (
                "GS1-EPCIS-Version",
                "GS1-EPCIS-Min",
                "GS1-EPCIS-Max",
                "GS1-CBV-Version",
                "GS1-Vendor-Version",
            ):
                assert answer.headers[header]

    def test_other_methods_are_refused_with_what_is_allowed(self, service: Service) -> None:
        answer = service.call("PUT", "/epcis/events", "producer")
        assert answer.status_code == 405
        assert answer.headers["allow"]


def _placeholders(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]


class TestPages:
    """nextPageToken"""

    def test_a_token_is_good_on_a_new_start_of_the_server(self, tmp_path: Path) -> None:
        service = Service(tmp_path / "data")
        service.start()
        service.make_keys()
        for _ in range(3):
            captured(service)
        paths = {path: following(service.get(f"/epcis/{path}perPage=2", "producer")) for path in ("events?", "epcs?")}
        service.kill()
        service.start()
        for path, at in paths.items():
            assert at
            answer = service.get(at, "producer")
            found = events(answer) if path == "events?" else members(answer)
            assert len(found) == 1
            assert following(answer) is None
        service.stop()

    def test_a_token_that_was_given_back_is_refused(self, service: Service) -> None:
        captured(service)
        captured(service)
        for path in ("/epcis/events", "/epcis/epcs"):
            answer = service.get(f"{path}?perPage=1", "producer")
            assert answer.headers["gs1-next-page-token-expires"].endswith("Z")
            token, at = answer.headers["gs1-next-page-token"], following(answer)
            assert at
            assert service.get(at, "producer").status_code == 200
            for _ in range(2):
                assert service.call("DELETE", f"/epcis/nextPageToken/{token}", "producer").status_code == 204
            problem(service.get(at, "producer"), 400, "QueryParameterException")

    @pytest.mark.parametrize("token", ["x", "eyJ9", "%00", "W10", "A" * 5000])
    def test_what_is_no_token_is_refused(self, service: Service, token: str) -> None:
        assert service.call("DELETE", f"/epcis/nextPageToken/{token}", "producer").status_code == 204
        problem(service.get(f"/epcis/epcs?nextPageToken={token}", "producer"), 400, "QueryParameterException")
        problem(service.get(f"/epcis/queries?nextPageToken={token}", "producer"), 400, "QueryParameterException")


class TestQueries:
    """/queries"""

    def create(self, service: Service, definition: Any, role: str = "producer", **headers: str) -> httpx.Response:
        return service.call("POST", "/epcis/queries", role, json=definition, headers=headers)

    def test_a_query_is_stored_shown_run_and_deleted(self, service: Service) -> None:
        event, called = captured(service), name()
        asks = {"MATCH_anyEPC": event["epcList"], "eventType": ["ObjectEvent"], "GE_eventTime": "2026-01-01T00:00:00Z"}
        made = self.create(service, {"name": called, "query": asks})
        assert made.status_code == 201, made.text
        path = made.headers["location"]
        assert path == f"/epcis/queries/{called}"
        assert service.get(path, "producer").json() == {"name": called, "query": asks}
        assert called in [each["name"] for each in service.get("/epcis/queries?perPage=1000", "producer").json()]
        answer = service.get(f"{path}/events", "producer", headers=AS_CAPTURED)
        assert [each["epcList"] for each in events(answer)] == [event["epcList"]]
        assert answer.json()["epcisBody"]["queryResults"]["queryName"] == called
        assert service.call("DELETE", path, "producer").status_code == 204
        for gone in (service.get(path, "producer"), service.get(f"{path}/events", "producer")):
            problem(gone, 404, "NoSuchNameException")

    def test_prefixes_are_stored_with_it(self, service: Service) -> None:
        own: dict[str, Any] = {"@context": {"ex": "https://rest.example/"}, "ex:colour": "blue"}
        event = captured(service, **own)
        asks = {"MATCH_epc": event["epcList"], "EQ_my:colour": ["blue"]}
        for query, headers in (
            (asks | {"@context": {"my": "https://rest.example/"}}, {}),
            (asks, {"GS1-Extensions": "my=https://rest.example/"}),
        ):
            called = name()
            assert self.create(service, {"name": called, "query": query}, **headers).status_code == 201
            assert len(events(service.get(f"/epcis/queries/{called}/events", "producer"))) == 1
            shown = service.get(f"/epcis/queries/{called}", "producer").json()
            assert shown["query"]["@context"] == {"my": "https://rest.example/"}

    def test_a_name_that_is_taken_is_refused(self, service: Service) -> None:
        definition = {"name": name(), "query": {}}
        assert self.create(service, definition).status_code == 201
        problem(self.create(service, definition), 409, "ResourceAlreadyExistsException")
        problem(self.create(service, {"name": "SimpleEventQuery", "query": {}}), 409, "ResourceAlreadyExistsException")

    def test_a_query_is_its_firms_alone(self, service: Service) -> None:
        called = name()
        self.create(service, {"name": called, "query": {}})
        for role in ("retailer", "regulator"):
            problem(service.get(f"/epcis/queries/{called}", role), 404, "NoSuchNameException")
            problem(service.get(f"/epcis/queries/{called}/events", role), 404, "NoSuchNameException")
            problem(service.call("DELETE", f"/epcis/queries/{called}", role), 404, "NoSuchNameException")
            assert called not in service.get("/epcis/queries?perPage=1000", role).text
        assert self.create(service, {"name": called, "query": {}}, "retailer").status_code == 201

    def test_the_list_is_paged(self, service: Service) -> None:
        key = service.new_key("producer", "https://id.gs1.org/417/0614141000098")["key"]
        called = [name() for _ in range(5)]
        for each in called:
            self.create(service, {"name": each, "query": {}}, key)
        found, at = [], "/epcis/queries?perPage=2"
        while at:
            answer = service.get(at, key)
            found += [each["name"] for each in answer.json()]
            at = following(answer) or ""
        assert found == called

    @pytest.mark.parametrize(
        ("body", "exception"),
        [
            (b"{", "ValidationException"), (b'{"name":"a","name":"b","query":{}}', "ValidationException"),
            (b"[]", "QueryParameterException"), (b'{"query":{}}', "QueryParameterException"),
            (b'{"name":"a"}', "QueryParameterException"), (b'{"name":"a/b","query":{}}', "QueryParameterException"),
            (b'{"name":"a","query":{"EQ_bizStp":["x"]}}', "QueryParameterException"),
            (b'{"name":"a","query":{"GE_eventTime":"yesterday"}}', "QueryParameterException"),
            (b'{"name":"a","query":{},"more":1}', "QueryParameterException"),
            (b'{"name":"a","query":{"EQ_bizStep":' + b"[" * 500 + b"]" * 500 + b"}}", "CaptureLimitExceededException"),
        ],
    )  # fmt: skip
    def test_what_is_no_query_is_refused(self, service: Service, body: bytes, exception: str) -> None:
        answer = service.call(
            "POST", "/epcis/queries", "producer", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in {400, 413}
        problem(answer, answer.status_code, exception)

    def test_other_media_are_refused(self, service: Service) -> None:
        answer = service.call(
            "POST", "/epcis/queries", "producer", content=b"<a/>", headers={"Content-Type": "text/xml"}
        )
        problem(answer, 415, "UnsupportedMediaTypeException")

    def test_the_standards_query_asks_for_everything_and_stays(self, service: Service) -> None:
        captured(service)
        assert events(service.get("/epcis/queries/SimpleEventQuery/events?perPage=1", "producer"))
        answer = service.call("DELETE", "/epcis/queries/SimpleEventQuery", "producer")
        problem(answer, 404, "NoSuchNameException")

    def test_a_stored_query_takes_no_parameters(self, service: Service) -> None:
        answer = service.get("/epcis/queries/SimpleEventQuery/events?EQ_bizStep=shipping")
        assert problem(answer, 400, "QueryParameterException")["place"] == "EQ_bizStep"


class TestBadQuestions:
    """Refused, or answered, in bounded time."""

    STRINGS = ("' OR 1=1 --", "'; DROP TABLE event; --", "%27%00", "\\", "😀", "a" * 3000, "(a+)+$", "%", "_")

    @pytest.mark.parametrize("text", STRINGS)
    def test_no_string_of_a_client_reaches_a_statement(self, service: Service, text: str) -> None:
        before = len(members(service.get("/epcis/eventTypes")))
        for parameter in ("EQ_bizStep", "EQ_eventID", "MATCH_epc", "EQ_readPoint", "EQ_source_x", "orderBy", text[:50]):
            answer = service.get("/epcis/events", params={parameter: text})
            assert answer.status_code in {200, 400}, answer.text
            assert "sqlite" not in answer.text.lower()
        for path in ("epcs", "bizSteps", "readPoints", "queries", "eventTypes", "dispositions"):
            for below in ("", "/events"):
                answer = service.get(f"/epcis/{path}/{quote(text, safe='')}{below}")
                assert answer.status_code in {200, 400, 404}, answer.text
        assert len(members(service.get("/epcis/eventTypes"))) == before

    def test_ten_thousand_parameters_are_refused(self, service: Service) -> None:
        for query in ("&a=1".join(map(str, range(1_500))), "&EQ_bizStep=x" * 1_200, "|x" * 8_000):
            answer = service.get(f"/epcis/events?EQ_bizStep=x{query}")
            assert answer.status_code in {400, 413}, answer.text
        problem(service.get("/epcis/events?a=1" + "&a=1" * 10_000), 414, "URITooLongException")
        many = {f"EQ_value_{number:X}": 1 for number in range(10_000)}
        answer = service.call("POST", "/epcis/queries", "producer", json={"name": name(), "query": many})
        problem(answer, 413, "QueryTooComplexException")

    def test_huge_headers_are_refused(self, service: Service) -> None:
        extensions = ",".join(f"p{number}=urn:x:{number}" for number in range(3_000))
        answer = service.get("/epcis/events", headers={"GS1-Extensions": extensions})
        assert answer.status_code in {406, 431}
        answer = service.get("/epcis/events", headers={"Accept": ",".join(f"a/b{number}" for number in range(5_000))})
        assert answer.status_code in {400, 406, 431}
