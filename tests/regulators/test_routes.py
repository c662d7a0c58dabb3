"""Recalls over TCP: who may, what is wrong input, and what an order answers with. Scopes have their own tests."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from tests.serving import Service
from tests.trace.scribe import document, epc, object_event

from suyuan.app.main import create_app
from suyuan.base.identity import Actor, Role, new_key
from suyuan.base.settings import Settings
from suyuan.trace.acts import KeyAdded, Recorded
from suyuan.trace.ledger import Ledger

_serials = itertools.count(4_000_000)


@pytest.fixture
def seed(service: Service) -> str:
    """An item that the ledger knows."""
    serial = next(_serials)
    assert service.capture(document(object_event(serial))).status_code == 202
    return epc(serial)


def launch(service: Service, role: str | None = "regulator", **order: Any) -> Any:
    return service.call("POST", "/api/v1/recalls", role, json=order)


def test_an_order_is_answered_with_its_scope_and_its_address(service: Service, seed: str) -> None:
    answer = launch(service, seed=seed, reason="Salmonella 沙门氏菌")
    assert answer.status_code == 201
    recall = answer.json()
    assert answer.headers["location"] == f"/api/v1/recalls/{recall['id']}"
    assert set(recall) >= {"id", "seed", "checkpoint", "counts", "affected", "carriers", "consignees"}
    assert recall["counts"]["affected"] == len(recall["affected"]) == 1
    assert service.get(f"/api/v1/recalls/{recall['id']}").json() == recall
    assert recall["id"] in [entry["id"] for entry in service.get("/api/v1/recalls").json()]
    assert service.get(f"/api/v1/recalls/{recall['id']}/consignees.csv").text.startswith("\ufeffparty,")
    assert recall["checkpoint"].startswith("suyuan.example/log\n")


@pytest.mark.parametrize(
    "role", ["producer", "logistics", "retailer", "device", "laboratory", "witness", "administrator"]
)
def test_only_a_regulator_may(service: Service, seed: str, role: str) -> None:
    answer = launch(service, role, seed=seed, reason="x")
    assert answer.status_code == 403
    assert f"role {role} may not" in answer.json()["detail"]
    assert launch(service, None, seed=seed, reason="x").status_code == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"reason": ""}, 400), ({"reason": " \n"}, 400), ({"reason": "x" * 2001}, 400), ({"reason": None}, 400),
        ({"reason": "a\0b"}, 400), ({"since": "yesterday"}, 400), ({"since": "2026-10-12T06:00:00"}, 400),
        ({"since": 5}, 400), ({"seed": "nobody"}, 400), ({"seed": ""}, 400), ({"seed": 5}, 400), ({"extra": 1}, 400),
        ({"seed": "urn:epc:id:sgtin:0614141.000007.88888888"}, 404),
        ({"seed": "https://id.gs1.org/01/00614141000074"}, 404),
        ({"seed": "urn:epc:id:sgln:0614141.00777.0"}, 400), ({"seed": "x" * 3000}, 400),
    ],
)  # fmt: skip
def test_a_wrong_order_launches_nothing(service: Service, seed: str, change: dict[str, Any], status: int) -> None:
    before = service.get("/api/v1/recalls").json()
    answer = launch(service, **({"seed": seed, "reason": "x"} | change))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert service.get("/api/v1/recalls").json() == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 20_000, b'{"seed":"x"', b" " * 70_000])
def test_what_is_no_order_is_refused(service: Service, body: bytes) -> None:
    answer = service.call("POST", "/api/v1/recalls", "regulator", content=body)
    assert answer.status_code in {400, 413}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["R0", "%00", "x" * 3000, "'; DROP TABLE recall; --"])
def test_a_recall_that_is_not_there(service: Service, name: str) -> None:
    for path in (f"/api/v1/recalls/{name}", f"/api/v1/recalls/{name}/consignees.csv"):
        assert service.get(path).status_code == 404


@pytest.mark.parametrize("query", ["offset=-1", "limit=0", "limit=100000", "limit=x", "offset=" + "9" * 5000])
def test_pages_have_bounds(service: Service, seed: str, query: str) -> None:
    recall = launch(service, seed=seed, reason="x").json()
    assert service.get(f"/api/v1/recalls/{recall['id']}?{query}").status_code == 400


def test_a_page_behind_the_end_is_empty(service: Service, seed: str) -> None:
    recall = launch(service, seed=seed, reason="x").json()
    page = service.get(f"/api/v1/recalls/{recall['id']}?offset=5").json()
    assert (page["affected"], page["counts"]["affected"]) == ([], 1)


def test_names_in_the_list_of_consignees_are_no_formulas(service: Service, seed: str) -> None:
    name = "https://id.gs1.org/417/0614141000012"
    data = {
        "parties": [{"id": name, "name": {"zh": "=1+1", "en": "@SUM(A1)"}}],
        "sites": [{"id": "urn:epc:id:sgln:0614141.00777.0", "name": {"en": "yard"}, "party": name}],
    }
    assert service.call("PUT", "/api/v1/masterdata", "administrator", json=data).status_code == 200
    recall = launch(service, seed=seed, reason="x").json()
    listed = service.get(f"/api/v1/recalls/{recall['id']}/consignees.csv").text
    assert "'=1+1" in listed or recall["consignees"] == []
    assert ",=1+1" not in listed


async def test_while_a_recall_is_computed_the_server_does_other_things(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path))
    threads: set[int] = set()
    quick = {"SELECT COALESCE(MAX(idx), -1) + 1 FROM leaf"}  # subscriptions ask how far the log is

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement not in quick:  # a look-up by key is quicker than a thread
            threads.add(threading.get_ident())

    async with app.router.lifespan_context(app):
        ledger: Ledger = app.state.ledger
        await ledger.capture(document(object_event(1)), "application/json", Actor(Role.PRODUCER, "k"))
        text, key = new_key("authority", Role.REGULATOR, "", 1)
        await ledger.writer.call("key-added", KeyAdded("setup", key), Recorded)
        event.listen(ledger.engine, "before_cursor_execute", note)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            answer = await client.post(
                "/api/v1/recalls", json={"seed": epc(1), "reason": "x"}, headers={"Authorization": f"Bearer {text}"}
            )
    assert answer.status_code == 201
    assert threads
    assert threading.get_ident() not in threads
