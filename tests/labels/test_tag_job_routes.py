"""Tag-write jobs over HTTP, by a real server that is really killed, on an emulated reader and printer."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.labels.hall import Hall
from tests.serving import Service
from typer.testing import CliRunner

from suyuan.app.cli import app
from suyuan.base.errors import SuyuanError

FIRM = "https://id.gs1.org/417/0614141000012"
SITE = "https://id.gs1.org/414/0614141007776"
GTIN = "10614141123459"
LINES = "application/x-ndjson"


@pytest.fixture(scope="module")
def plant(frail: Service) -> Service:
    """A server with two writers, a firm with a product."""
    _stock(frail)
    return frail


def _stock(running: Service) -> None:
    """Master data of one product."""
    master = {
        "parties": [{"id": FIRM, "name": {"en": "Plant"}}],
        "sites": [{"id": SITE, "name": {"en": "Hall"}, "party": FIRM}],
        "products": [{"id": f"https://id.gs1.org/01/{GTIN}", "name": {"en": "Belly"}, "party": FIRM}],
    }
    answer = running.call("PUT", "/api/v1/masterdata", "administrator", json=master)
    assert answer.status_code < 300, answer.text


def a_batch(plant: Service, lot: str, count: int) -> str:
    order = {"gtin": GTIN, "lot": lot, "quantity": count, "production_date": "2026-11-21", "site": SITE}
    answer = plant.call("POST", "/api/v1/labels/batches", "producer", json=order)
    assert answer.status_code == 201, answer.text
    batch: str = answer.json()["batch"]["id"]
    more = plant.call(
        "POST", f"/api/v1/labels/batches/{batch}/labels", "producer", json={"level": "item", "count": count}
    )
    assert more.status_code == 201, more.text
    return batch


def a_job(plant: Service, batch: str, numbers: str, writer: str, **more: Any) -> dict[str, Any]:
    order = {"batch": batch, "level": "item", "numbers": numbers, "writer": writer, **more}
    answer = plant.call("POST", "/api/v1/labels/tag-jobs", "producer", json=order)
    assert answer.status_code == 201, answer.text
    status: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/v1/labels/tag-jobs/{status['job']['id']}"
    return status


def watched(plant: Service, job: str) -> list[dict[str, Any]]:
    answer = plant.get(f"/api/v1/labels/tag-jobs/{job}/progress", "producer")
    assert answer.headers["content-type"].startswith(LINES)
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_job_runs_to_its_end_while_somebody_watches(plant: Service, hall: Hall) -> None:
    batch = a_batch(plant, "P1", 5)
    status = a_job(plant, batch, "1-5", "zebra", request="p1", lock=True)
    lines = watched(plant, status["job"]["id"])
    assert lines[-1]["state"] == "done"
    assert [line["written"] for line in lines] == sorted(line["written"] for line in lines)
    assert lines[-1]["written"] == 5
    labels = plant.get(f"/api/v1/labels/batches/{batch}/labels", "producer").json()["labels"]
    assert {label["tid"] for label in labels} == {label.tid for label in hall.printer.printer.labels}
    assert {label["state"] for label in labels} == {"printed"}
    again = plant.get(f"/api/v1/labels/tag-jobs/{status['job']['id']}", "producer").json()
    assert again == lines[-1]
    assert again["job"]["id"] in {one["job"]["id"] for one in plant.get("/api/v1/labels/tag-jobs", "producer").json()}


def test_a_firm_is_told_its_writers_and_sees_its_own_jobs(plant: Service) -> None:
    answer = plant.get("/api/v1/labels/tag-writers", "producer").json()
    assert answer == [
        {"name": "table", "kind": "reader", "locks": False},
        {"name": "zebra", "kind": "printer", "locks": True},
    ]
    assert [one["name"] for one in plant.get("/api/v1/labels/tag-writers", "retailer").json()][-1] == "zebra"
    assert plant.get("/api/v1/labels/tag-jobs", "retailer").json() == []
    assert plant.get("/api/v1/labels/tag-jobs", "regulator").status_code == 403
    assert plant.get("/api/v1/labels/tag-jobs", None).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        (b"{", 400, None),
        (b'{"batch": 1}', 400, "/batch"),
        (b'{"batch": "B", "level": "item", "numbers": "1", "writer": "none"}', 404, "/writer"),
        (b'{"batch": "B", "level": "item", "numbers": "x", "writer": "table"}', 400, "/numbers"),
        (b'{"batch": "B", "level": "item", "numbers": "1", "writer": "table", "lock": true}', 400, "/lock"),
    ],
)
def test_a_bad_order_names_its_field(body: bytes, status: int, place: str | None, plant: Service) -> None:
    answer = plant.call("POST", "/api/v1/labels/tag-jobs", "producer", content=body)
    assert (answer.status_code, answer.json().get("place")) == (status, place), answer.text
    assert plant.get("/api/v1/labels/tag-jobs/T1/progress", "producer").status_code == 404


def test_a_job_is_paused_resumed_and_cancelled(plant: Service, hall: Hall) -> None:
    batch = a_batch(plant, "P2", 3)
    hall.printer.printer.paused = True
    job = a_job(plant, batch, "1-3", "zebra")["job"]["id"]
    for act, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        answer = plant.call("POST", f"/api/v1/labels/tag-jobs/{job}/{act}", "producer")
        assert answer.json()["state"] == state, answer.text
    hall.printer.printer.paused = False
    assert plant.call("POST", f"/api/v1/labels/tag-jobs/{job}/resume", "producer").status_code == 409


def written_by(plant: Service, job: str, least: int) -> int:
    """Wait until a job has written so many."""
    with httpx.stream(
        "GET", f"{plant.url}/api/v1/labels/tag-jobs/{job}/progress",
        headers={"Authorization": f"Bearer {plant.keys['producer']}"}, timeout=60,
    ) as answer:  # fmt: skip
        for line in answer.iter_lines():
            written: int = json.loads(line)["written"]
            if written >= least:
                return written
    raise AssertionError("the job ended too early")


@pytest.mark.parametrize("kills", [(6,), pytest.param((4, 12), marks=pytest.mark.slow)])
def test_a_server_that_is_killed_in_mid_job_goes_on_without_a_second_tag(
    kills: tuple[int, ...], plant: Service, hall: Hall
) -> None:
    """SIGKILL wherever it is, then the job is resumed to its end."""
    batch = a_batch(plant, f"P3-{len(kills)}", 20)
    status = a_job(plant, batch, "1-20", "table")
    job = status["job"]["id"]
    for least in kills:
        written_by(plant, job, least)
        plant.kill()
        plant.start()
        status = plant.get(f"/api/v1/labels/tag-jobs/{job}", "producer").json()
        if status["state"] == "done":  # it was quicker than the kill
            break
        assert (status["state"], status["interrupted"]) == ("running", True)
        assert status["written"] >= least
        assert plant.call("POST", f"/api/v1/labels/tag-jobs/{job}/resume", "producer").status_code == 200
    status = watched(plant, job)[-1]
    assert (status["state"], status["left"]) == ("done", 0), status
    assert status["written"] == 20
    labels = plant.get(f"/api/v1/labels/batches/{batch}/labels", "producer").json()["labels"]
    held = hall.reader.epcs()
    assert len({epc for _, epc in held}) == len(held)
    told = {label["tid"]: label for label in labels if label["tid"]}
    assert len(told) == 20
    assert set(told) <= {tid for tid, _ in held}
    assert {label["state"] for label in told.values()} == {"printed"}


def cli(plant: Service, *words: str) -> tuple[int, str]:
    """The command line in this process; exit code and stdout, or the error as one line."""
    variables = {"SUYUAN_SERVER": plant.url, "SUYUAN_KEY": plant.keys["producer"]}
    result = CliRunner(env=variables).invoke(app, ["labels", *words])
    if isinstance(result.exception, SuyuanError):
        return 1, f"{result.stdout}{result.exception}"
    return result.exit_code, result.stdout


def test_tags_are_written_from_the_command_line(plant: Service, hall: Hall) -> None:
    batch = a_batch(plant, "C1", 3)
    assert cli(plant, "tag-writers") == (
        0,
        f"{'table':<24} reader   does not lock\n{'zebra':<24} printer  locks tags\n",
    )
    code, text = cli(plant, "write-tags", batch, "--numbers", "1-2", "--writer", "zebra")
    assert (code, text.partition(" ")[2]) == (0, "done: 2 written, 0 failed, 0 voided, 0 left\n")
    job = text.partition(" ")[0]
    assert cli(plant, "tag-jobs", "show", job) == (0, text)
    code, whole = cli(plant, "tag-jobs", "watch", job, "--json")
    assert (code, json.loads(whole)["written"]) == (0, 2)
    code, listed = cli(plant, "tag-jobs", "list")
    assert text in listed


def test_a_job_that_waits_is_stopped_and_resumed_from_the_command_line(plant: Service, hall: Hall) -> None:
    batch = a_batch(plant, "C2", 2)
    hall.printer.printer.paper_out = True
    code, text = cli(plant, "write-tags", batch, "--numbers", "1-2", "--writer", "zebra", "--detach")
    job = text.partition(" ")[0]
    assert code == 0
    code, text = cli(plant, "tag-jobs", "pause", job)
    assert (code, text.startswith(f"{job} paused: 0 written, 0 failed, 0 voided, 2 left (by key ")) == (0, True)
    code, text = cli(plant, "tag-jobs", "watch", job)
    assert code == 1
    assert text.endswith(f"(suyuan labels tag-jobs resume {job})")
    number = len(hall.printer.printer.labels)
    hall.printer.printer._faults[number] = "void"
    hall.printer.printer.paper_out = False
    code, text = cli(plant, "tag-jobs", "resume", job)
    assert code == 0
    assert text.splitlines() == [
        f"{job} done: 2 written, 0 failed, 1 voided, 0 left",
        "label 1: the printer voided the label; label 3 took its place",
    ]
    code, text = cli(plant, "tag-jobs", "cancel", job)
    assert (code, "is done" in text) == (1, True)
    assert cli(plant, "tag-jobs", "watch", "T1")[0] == 1
