"""Lifecycle routes over TCP: keys, scopes, any form of a name, and wrong input. What they compute has its own tests."""

from __future__ import annotations

import http.client
import itertools
import json
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from tests.serving import Service
from tests.trace.scribe import document, epc, object_event

from suyuan.gs1.link_compression import compress

_serials = itertools.count(3_000_000)


@pytest.fixture(scope="module")
def item(service: Service) -> int:
    """Serial of an item that the producer has captured."""
    serial = next(_serials)
    made = object_event(serial, action="ADD", bizStep="commissioning")
    assert service.capture(document(made)).status_code == 202
    return serial


def forms(serial: int) -> list[str]:
    return [
        epc(serial), f"https://id.gs1.org/01/00614141000074/21/{serial}", f"https://shop.example/01/00614141000074/21/{serial}",
        compress(f"https://shop.example/01/00614141000074/21/{serial}"),
        f"(01)00614141000074(21){serial}", f"urn:epc:tag:sgtin-96:3.0614141.000007.{serial}",
    ]  # fmt: skip


def test_a_thing_is_found_by_any_form_of_its_name(service: Service, item: int) -> None:
    for form in forms(item):
        found = service.get(f"/api/v1/things/{quote(form, safe='')}").json()
        assert found["id"] == f"https://id.gs1.org/01/00614141000074/21/{item}", form
        assert found["epc"] == epc(item)
        assert [event["role"] for event in found["events"]] == ["epc"]
        for direction in ("back", "forward"):
            answer = service.get("/api/v1/trace", params={"id": form, "direction": direction}).json()
            assert (answer["direction"], answer["of"], answer["hidden"]) == (direction, 1, 0)


def test_slashes_in_a_path_may_be_left_or_lost(service: Service, item: int) -> None:
    host, port = urlsplit(service.url).hostname, urlsplit(service.url).port
    assert host
    for path in (f"https://id.gs1.org/01/00614141000074/21/{item}", f"https:/id.gs1.org/01/00614141000074/21/{item}"):
        connection = http.client.HTTPConnection(host, port)
        headers = {"Authorization": f"Bearer {service.keys['regulator']}"}
        connection.request("GET", f"/api/v1/things/{path}", headers=headers)
        assert json.loads(connection.getresponse().read())["epc"] == epc(item)
        connection.close()


def test_a_firm_that_had_nothing_to_do_with_a_thing_learns_only_that_something_is_hidden(
    service: Service, item: int
) -> None:
    answer = service.get("/api/v1/trace", "retailer", params={"id": epc(item)}).json()
    assert (answer["of"], answer["hidden"], answer["things"], answer["carriers"]) == (1, 1, [], [])
    assert service.get(f"/api/v1/things/{epc(item)}", "retailer").status_code == 404
    assert service.get(f"/api/v1/things/{epc(item)}", "producer").status_code == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("urn:epc:id:sgtin:0614141.000007.999999999", 404), ("https://nobody.example/x", 404), ("nonsense", 400),
        ("(01)00614141000075(21)1", 400), ("https://id.gs1.org/01/00614141000075/21/1", 400), ("3" * 9, 400),
        ("urn:epc:id:sgtin:0614141", 400), ("%00", 400), ("\U0001f437", 400), ("x" * 2001, 400), ("", 400),
        ("(01", 400), ("]Q3", 400), ("urn:epc:id:sgtin:0614141.000007.%FF", 400),
    ],
)  # fmt: skip
def test_what_is_unknown_or_no_name_is_said(service: Service, name: str, status: int) -> None:
    answer: Any = service.get("/api/v1/trace", params={"id": name})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if name:
        answer = service.get(f"/api/v1/things/{quote(name, safe='')}")
        assert answer.status_code in {status, 404}
        assert answer.headers["content-type"] == "application/problem+json"


def test_pages_of_a_closure(service: Service) -> None:
    serials = [next(_serials) for _ in range(6)]
    service.capture(
        document(
            {
                "type": "TransformationEvent", "eventTime": "2026-10-12T06:00:00Z", "eventTimeZoneOffset": "+08:00",
                "inputEPCList": [epc(serials[0])], "outputEPCList": [epc(serial) for serial in serials[1:]],
            }
        )
    )  # fmt: skip
    query = {"id": epc(serials[0]), "direction": "forward"}
    whole = service.get("/api/v1/trace", params=query).json()
    parts = [service.get("/api/v1/trace", params=query | {"offset": at, "limit": 2}).json() for at in range(0, 8, 2)]
    assert [thing["id"] for part in parts for thing in part["things"]] == [thing["id"] for thing in whole["things"]]
    assert {part["of"] for part in parts} == {6}
    huge = service.get("/api/v1/trace", params=query | {"offset": "9" * 30})
    assert huge.status_code in {200, 400}


def test_figures_are_counted(service: Service) -> None:
    before = service.get("/api/v1/figures", None).json()
    service.capture(document(object_event(next(_serials)), object_event(next(_serials))))
    after = service.get("/api/v1/figures", None).json()
    assert {name: after[name] - before[name] for name in after} == {"events": 2, "things": 2, "log_size": 2}


def test_clone_alerts_are_for_regulators(service: Service) -> None:
    assert isinstance(service.get("/api/v1/alerts/clones").json(), list)
    assert service.get("/api/v1/alerts/clones", "producer").status_code == 403
    assert service.get("/api/v1/alerts/clones?since=-1").status_code == 400


@pytest.mark.parametrize("number", [str(2**62), str(2**63), str(2**64), "9" * 40, "9" * 5000, "1e3", "-1", "", "0x1"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/alerts/clones?since=", f"/api/v1/trace?id={epc(1)}&offset=", f"/api/v1/trace?id={epc(1)}&limit=",
        "/api/v1/recalls/R0?offset=", "/api/v1/recalls/R0?limit=", "/epcis/events?perPage=",
    ],
)  # fmt: skip
def test_a_number_that_no_ledger_reaches_is_a_wrong_parameter(service: Service, path: str, number: str) -> None:
    assert service.get(path + number).status_code == 400
