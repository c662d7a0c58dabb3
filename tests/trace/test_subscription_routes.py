"""Subscribing over HTTP, against a real server that reports to a real receiver."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from tests.serving import PARTIES, Service
from tests.trace.receiver import receiving
from tests.trace.scribe import document, object_event

HOOK = "https://client.invalid/hook"
QUERY = "/epcis/queries/SimpleEventQuery/subscriptions"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running server with a key for each role."""
    service = Service(tmp_path_factory.mktemp("server") / "data")
    service.start()
    service.make_keys()
    yield service
    assert service.stop() in {0, 130}
    assert "Traceback" not in service.log.read_text()


def order(service: Service, role: str = "producer", path: str = QUERY, **members: Any) -> httpx.Response:
    """Subscribe; a stream to an address that nobody has, unless told otherwise."""
    whole = {"dest": HOOK, "stream": True, **members}
    return service.call("POST", path, role, json={name: value for name, value in whole.items() if value is not None})


def test_a_subscription_is_made_shown_listed_and_ended(service: Service) -> None:
    made = order(service, stream=None, schedule={"hour": "1", "minute": 5}, signatureToken="hush", reportIfEmpty=True)
    assert made.status_code == 201, made.text
    told = made.json()
    assert made.headers["Location"] == f"{QUERY}/{told['subscriptionID']}"
    assert told["dest"] == HOOK
    assert told["schedule"] == {"hour": "1", "minute": "5"}
    assert told["reportIfEmpty"] is True
    assert told["suyuan:nextRun"].endswith("T01:05:00.000Z")
    assert "hush" not in made.text
    assert service.get(made.headers["Location"], "producer").json() == told
    listed = service.get(QUERY, "producer").json()
    assert told["subscriptionID"] in [each["subscriptionID"] for each in listed]
    assert service.call("DELETE", made.headers["Location"], "producer").status_code == 204
    for method in ("GET", "DELETE"):
        gone = service.call(method, made.headers["Location"], "producer")
        assert (gone.status_code, gone.json()["type"]) == (404, "epcisException:NoSuchNameException")


def test_the_list_is_paged(service: Service) -> None:
    names = [order(service, "retailer").json()["subscriptionID"] for _ in range(5)]
    found: list[str] = []
    path = f"{QUERY}?perPage=2"
    while path:
        page = service.get(path, "retailer")
        found += [each["subscriptionID"] for each in page.json()]
        path = page.links["next"]["url"] if "next" in page.links else ""
    assert found == names


def test_no_other_firm_sees_or_ends_a_subscription(service: Service) -> None:
    path = order(service).headers["Location"]
    for role in ("retailer", "logistics", "regulator"):
        assert service.get(path, role).status_code == 404
        assert service.call("DELETE", path, role).status_code == 404
    colleague = service.new_key("producer", PARTIES["producer"])["key"]
    assert service.get(path, colleague).status_code == 200


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"stream": None}, "schedule"),
        ({"stream": False}, "schedule"),
        ({"schedule": {"hour": "1"}}, "schedule"),
        ({"stream": None, "schedule": {}}, "schedule"),
        ({"stream": None, "schedule": {"hour": "25"}}, "schedule/hour"),
        ({"stream": None, "schedule": {"dayOfMonth": "31", "month": "2"}}, "schedule/dayOfMonth"),
        ({"dest": None}, "/"),
        ({"dest": "ftp://client.invalid/"}, "dest"),
        ({"dest": "https://user:password@client.invalid/"}, "dest"),
        ({"dest": "https://client.invalid:99999/"}, "dest"),
        ({"dest": "http://[::1/"}, "dest"),
        ({"dest": "http://169.254.169.254/latest/meta-data"}, "dest"),
        ({"dest": "http://10.0.0.1/"}, "dest"),
        ({"dest": "http://[::ffff:10.0.0.1]/"}, "dest"),
        ({"dest": "http://[64:ff9b::a00:1]/"}, "dest"),
        ({"initialRecordTime": "yesterday"}, "initialRecordTime"),
        ({"signatureToken": "x" * 501}, "signatureToken"),
        ({"signatureToken": "x\0"}, "signatureToken"),
        ({"trigger": "urn:x:y"}, None),
    ],
)
def test_controls_that_cannot_be_are_refused_with_their_place(
    service: Service, members: dict[str, Any], place: str | None
) -> None:
    refused = order(service, **members)
    assert refused.status_code == 400, refused.text
    problem = refused.json()
    assert problem["type"] == "epcisException:SubscriptionControlsException"
    assert place is None or problem.get("place", "/") == place


def test_who_may_not_read_events_may_not_subscribe(service: Service) -> None:
    assert service.call("POST", QUERY, None, json={"dest": HOOK, "stream": True}).status_code == 401
    assert order(service, "device").status_code == 403
    assert order(service, path="/epcis/queries/nobodys/subscriptions").status_code == 404
    asked = service.call("POST", QUERY, "producer", content=b"<x/>", headers={"Content-Type": "application/xml"})
    assert asked.status_code == 415


def test_a_firm_has_a_limited_number_of_subscriptions(service: Service) -> None:
    key = service.new_key("logistics", "https://id.gs1.org/417/0614141000036")["key"]
    answers = {order(service, key).status_code for _ in range(100)}
    over = order(service, key)
    assert (answers, over.status_code) == ({201}, 413)


async def test_a_named_query_is_reported_and_deleting_it_ends_its_subscriptions(service: Service) -> None:
    query = {"name": "arrivals", "query": {"EQ_bizStep": ["arriving"], "eventType": ["ObjectEvent"]}}
    made = await asyncio.to_thread(service.call, "POST", "/epcis/queries", "producer", json=query)
    assert made.status_code == 201, made.text
    async with receiving() as receiver:
        path = "/epcis/queries/arrivals/subscriptions"
        subscribed = await asyncio.to_thread(order, service, path=path, dest=receiver.url, signatureToken="hush")
        assert subscribed.status_code == 201, subscribed.text
        for step in ("shipping", "arriving"):
            event = object_event(1, eventID=f"urn:x:{step}", bizStep=step)
            captured = await asyncio.to_thread(service.capture, document(event))
            assert captured.status_code == 202
        await receiver.until(lambda: receiver.events == ["urn:x:arriving"])
        results = receiver.reports[0].document["epcisBody"]["queryResults"]
        assert results["queryName"] == "arrivals"
        assert results["subscriptionID"] == subscribed.json()["subscriptionID"]
        gone = await asyncio.to_thread(service.call, "DELETE", "/epcis/queries/arrivals", "producer")
        assert gone.status_code == 204
        assert (await asyncio.to_thread(service.get, subscribed.headers["Location"], "producer")).status_code == 404
    figures = (await asyncio.to_thread(service.get, "/metrics", None)).text
    assert 'suyuan_subscription_reports_total{outcome="delivered"}' in figures
    assert "hush" not in service.log.read_text()


def test_the_log_knows_neither_the_secret_nor_the_address_and_the_end_forgets_the_secret(service: Service) -> None:
    made = order(service, signatureToken="very secret", dest="https://client.invalid/very/private")
    assert made.status_code == 201
    with closing(sqlite3.connect(f"file:{service.data / 'suyuan.db'}?mode=ro", uri=True)) as db:
        logged = [row[0] for table in ("act", "leaf") for row in db.execute(f"SELECT body FROM {table}")]
        assert any(made.json()["subscriptionID"].encode() in body for body in logged)
        assert not any(b"very" in body for body in logged)
        kept = "SELECT COUNT(*) FROM subscription_state WHERE token = 'very secret'"
        assert db.execute(kept).fetchone() == (1,)
        assert service.call("DELETE", made.headers["Location"], "producer").status_code == 204
        assert db.execute(kept).fetchone() == (0,)
