"""Batches over a real server: who may, what is answered, two operators at once, and a writer that is killed."""

from __future__ import annotations

import itertools
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import msgspec
import pytest
from tests.serving import Service

from suyuan.gs1.keys import GLN, GTIN

PATH = "/api/v1/labels/batches"
PARTY = "https://id.gs1.org/417/0614141000012"  # the producer's key of `tests.serving`
SITE = GLN.from_body("061414190001").digital_link
LOTS = (f"R{number}" for number in itertools.count())
GTIN_OF_ITEM = GTIN.from_body("0061414155501").value
NDJSON = {"Accept": "application/x-ndjson"}


def enter_master_data(service: Service) -> None:
    """The producer's site and product."""
    data = {
        "sites": [{"id": SITE, "name": {"en": "Label plant"}, "party": PARTY}],
        "products": [{"id": f"(01){GTIN_OF_ITEM}", "name": {"en": "Label pork"}, "party": PARTY}],
    }
    assert service.call("PUT", "/api/v1/masterdata", "administrator", json=data).status_code == 200


@pytest.fixture(scope="module")
def plant(service: Service) -> Service:
    """The server with a producer who may print."""
    enter_master_data(service)
    return service


def order(**fields: Any) -> dict[str, Any]:
    return {
        "gtin": GTIN_OF_ITEM, "lot": next(LOTS), "quantity": 12, "production_date": "2026-11-21", "site": SITE,
        **fields,
    }  # fmt: skip


def send(service: Service, path: str, body: Any, role: str = "producer", **more: Any) -> httpx.Response:
    return service.call("POST", f"{PATH}{path}", role, json=body, **more)


@pytest.fixture
def batch(plant: Service) -> str:
    """A batch's id."""
    answer = send(plant, "", order())
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{PATH}/{answer.json()['batch']['id']}"
    return str(answer.json()["batch"]["id"])


def test_a_batch_goes_from_the_order_to_food(plant: Service, batch: str) -> None:
    made = send(plant, f"/{batch}/labels", {"level": "item", "count": 5})
    assert (made.status_code, made.json()["first"], made.json()["count"]) == (201, 1, 5)
    chosen = {"level": "item", "numbers": "1-4"}
    assert send(plant, f"/{batch}/printed", {"labels": chosen}).json()["changed"] == 4
    spoiled = {"labels": {"level": "item", "numbers": "4"}, "reason": "smeared"}
    assert send(plant, f"/{batch}/void", spoiled).json()["changed"] == 1
    applied = send(plant, f"/{batch}/apply", {"labels": {"level": "item", "numbers": "1-3"}})
    assert applied.json()["changed"] == 3
    status = plant.get(f"{PATH}/{batch}", "producer").json()
    assert status["counts"] == [
        {"level": "item", "planned": 12, "allocated": 1, "printed": 0, "applied": 3, "voided": 1}
    ]
    assert status in plant.get(PATH, "producer").json()
    page = plant.get(f"{PATH}/{batch}/labels", "producer", params={"limit": 3}).json()
    assert (len(page["labels"]), page["next"]) == (3, 3)
    rest = plant.get(f"{PATH}/{batch}/labels", "producer", params={"after": page["next"]}).json()
    assert ([label["state"] for label in rest["labels"]], rest["next"]) == (["voided", "allocated"], None)
    found = plant.get("/api/v1/trace", "producer", params={"id": page["labels"][0]["epc"], "direction": "back"}).json()
    assert found["things"][0]["state"] == "in place"


def test_tags_and_pieces_come_in_over_http(plant: Service, batch: str) -> None:
    send(plant, f"/{batch}/labels", {"level": "item", "count": 2})
    (first, _) = plant.get(f"{PATH}/{batch}/labels", "producer").json()["labels"]
    written = {"written": [{"epc": first["epc"], "tid": "E2801190"}]}
    assert send(plant, f"/{batch}/encoded", written).json()["changed"] == 1
    send(plant, f"/{batch}/apply", {"labels": {"level": "item", "numbers": "1"}})
    other = send(plant, "", order()).json()["batch"]["id"]
    made = send(plant, f"/{other}/relabel", {"parent": first["epc"], "kilograms": ["0.356"]})
    assert (made.status_code, made.json()[0]["kilograms"], made.json()[0]["parent"]) == (201, "0.356", first["epc"])


def test_a_long_job_tells_its_progress_line_by_line(plant: Service, batch: str) -> None:
    answer = send(plant, f"/{batch}/labels", {"level": "item", "count": 20_500}, headers=NDJSON)
    lines = [msgspec.json.decode(line) for line in answer.content.splitlines()]
    assert lines[:-1] == [{"done": done, "of": 20_500} for done in (10_000, 20_000, 20_500)]
    assert lines[-1]["result"]["count"] == 20_500


def test_a_refusal_of_a_long_job_is_its_last_line(plant: Service, batch: str) -> None:
    answer = send(plant, f"/{batch}/printed", {"labels": {"level": "item", "numbers": "1"}}, headers=NDJSON)
    (line,) = [msgspec.json.decode(line) for line in answer.content.splitlines()]
    assert (line["error"]["type"], line["error"]["status"], line["error"]["place"]) == ("not-found", 404, "/numbers")
    assert "remedy" in line["error"]


@pytest.mark.parametrize(
    ("body", "place", "words"),
    [
        ({"quantity": "many"}, "/quantity", "Expected `int`"),
        ({"quantity": 0}, "/quantity", "1 to 1,000,000"),
        ({"case": {"gtin": GTIN_OF_ITEM}}, "/case", "holds"),
        ({"colour": "red"}, None, "colour"),
        ({"lot": "中"}, "/lot", "BATCH/LOT"),
    ],
)
def test_a_wrong_field_is_named(plant: Service, body: dict[str, Any], place: str | None, words: str) -> None:
    answer = send(plant, "", order(**body))
    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert problem.get("place") == place
    assert words in problem["detail"] + problem.get("remedy", "")


def test_any_bytes_are_refused_and_never_fail(plant: Service, batch: str) -> None:
    parts = ("", f"/{batch}/labels", f"/{batch}/printed", f"/{batch}/void", f"/{batch}/apply", f"/{batch}/relabel")
    for body in (b"", b"{", b"[]", b'{"gtin": 1}', b"\xff", b"[" * 5_000):
        for part in parts:
            assert plant.call("POST", f"{PATH}{part}", "producer", content=body).status_code == 400, (part, body)


def test_only_firms_get_in_and_each_sees_its_own(plant: Service, batch: str) -> None:
    for role, status in {"administrator": 403, "regulator": 403, "device": 403, "laboratory": 403}.items():
        assert plant.get(PATH, role).status_code == status, role
        assert send(plant, "", order(), role).status_code == status
    assert plant.get(PATH, None).status_code == 401
    assert plant.get(PATH, "retailer").json() == []
    for path in (f"/{batch}", f"/{batch}/labels"):
        assert plant.get(PATH + path, "retailer").status_code == 404
    taken = send(plant, f"/{batch}/labels", {"level": "item", "count": 1}, "retailer")
    assert taken.status_code == 404
    assert send(plant, "", order(), "logistics").status_code == 403  # a key of no firm


def insist(service: Service, batch: str, operator: str, number: int) -> None:
    """Allocate under one request id until it is answered: a connection may be cut, a writer may be away."""
    while True:
        body = {"level": "item", "count": 100, "request": f"{operator}-{number}"}
        if send(service, f"/{batch}/labels", body).status_code == 201:
            return


def test_two_operators_and_a_writer_that_is_killed_lose_no_serial_and_take_none_twice(frail: Service) -> None:
    enter_master_data(frail)
    batch = str(send(frail, "", order()).json()["batch"]["id"])

    def operate(operator: str) -> None:
        for number in range(4):
            insist(frail, batch, operator, number)
            if operator == "anna" and number == 1:
                os.kill(frail.writer_pid(), signal.SIGKILL)

    with ThreadPoolExecutor(2) as operators:
        list(operators.map(operate, ("anna", "bo")))
    labels = frail.get(f"{PATH}/{batch}/labels", "producer", params={"limit": 10_000}).json()["labels"]
    assert [label["number"] for label in labels] == list(range(1, 801))
    assert len({label["epc"] for label in labels}) == 800
    assert {label["state"] for label in labels} == {"allocated"}
    frail.kill()
    frail.start()
    counts = frail.get(f"{PATH}/{batch}", "producer").json()["counts"]
    assert counts == [{"level": "item", "planned": 12, "allocated": 800, "printed": 0, "applied": 0, "voided": 0}]
    insist(frail, batch, "anna", 3)
    assert frail.get(f"{PATH}/{batch}", "producer").json()["counts"] == counts
