"""Every route of the service: who may call it, and that nothing of a stranger's comes out of it.

The table is written by hand, from DESIGN sections 9 and 13; a route that is not in it fails the first test.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from starlette.routing import Mount
from tests.serving import PARTIES, Service
from tests.trace.scribe import CONTEXT, document, object_event

from suyuan.app.main import create_app
from suyuan.base.identity import Role
from suyuan.base.permissions import GRANTS, Permission
from suyuan.base.settings import Settings

#: Open to everybody: pages for shoppers, proofs, the log, status, documentation, what an interface can do.
OPEN = (
    r"(GET|HEAD) /", r"(GET|HEAD) /(find|thing|favicon\.ico|static/pages\.css|recalls/{recall_id})",
    r"(GET|HEAD) /[0-9]{2,4}/.*", r"(GET|HEAD) /api/v1/(provenance|proof/{event_id:path})",
    r"GET /api/v1/(figures|masterdata)",
    r"GET /log/(checkpoint|policy|tile/{path:path})", r"GET /(healthz|readyz|metrics)",
    r"GET /(docs|docs/oauth2-redirect|redoc)", r"(GET|HEAD) /openapi\.json", r"OPTIONS /epcis.*", r"GET /epcis/?",
    r"GET /epcis/(query|soap)",
)  # fmt: skip
#: With a key of a role that has the permission.
GUARDED: dict[Permission, tuple[str, ...]] = {
    Permission.CAPTURE: (r"(GET|POST) /epcis/capture", r"GET /epcis/capture/{capture_id}", r"POST /epcis/events"),
    Permission.READ_EVENTS: (
        r"GET /epcis/events(/{event_id:path})?",
        r"GET /epcis/(eventTypes|epcs|bizSteps|bizLocations|readPoints|dispositions)(/{value:path}(/events)?)?",
        r"(GET|POST) /epcis/queries", r"(GET|DELETE) /epcis/queries/{query_name}",
        r"GET /epcis/queries/{query_name}/events",
        r"(GET|POST) /epcis/queries/{query_name}/subscriptions",
        r"(GET|DELETE) /epcis/queries/{query_name}/subscriptions/{subscription_id}",
        r"DELETE /epcis/nextPageToken/{token}",
    ),
    Permission.TRACE: (r"GET /api/v1/trace", r"GET /api/v1/things/{identifier:path}"),
    Permission.RECALL: (
        r"(GET|POST) /api/v1/recalls", r"GET /api/v1/recalls/{recall_id}(/consignees\.csv)?",
        r"GET /api/v1/alerts/clones",
    ),
    Permission.MANAGE_KEYS: (r"(GET|POST) /api/v1/keys", r"DELETE /api/v1/keys/{key_id}"),
    Permission.EDIT_MASTER_DATA: (r"PUT /api/v1/(masterdata|vocabularies)",),
    Permission.PRINT_LABELS: (r"(GET|POST) /api/v1/labels/(batches|tag-jobs|designs|tag-writers|qr).*",),
    Permission.READ_PUBLIC: (r"GET /api/v1/vocabularies(/.*)?",),
}  # fmt: skip
#: In a session that a key of a role that makes labels has opened; without one they lead to the login.
SESSIONS = (r"(GET|POST) /staff(/.*)?",)
#: Refusals are SOAP faults, which HTTP carries as 500 (SOAP 1.1 section 6.2): `test_soap_tells_a_stranger_nothing`.
SOAP = (r"POST /epcis/(query|soap)",)
#: A key decides before the connection is taken.
STREAMS = (r"WEBSOCKET /epcis/queries/{query_name}/events",)


def routes(app: FastAPI) -> Iterator[str]:
    """``METHOD /path`` of every route, also of those that the documentation leaves out."""
    for route in app.routes:
        contexts = getattr(route, "effective_route_contexts", None)
        for each in (contexts() if callable(contexts) else contexts) or [route]:
            inner = getattr(each, "original_route", each)
            path = getattr(each, "path", "") or getattr(inner, "path", "")
            if isinstance(inner, Mount):
                continue  # files of the documentation's own pages
            for method in getattr(each, "methods", None) or {"WEBSOCKET"}:
                yield f"{method} {path}"


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """All routes of an application."""
    return sorted(set(routes(create_app(Settings(data=tmp_path_factory.mktemp("routes"))))))


def permission_of(route: str) -> Permission | str:
    """What the tables say of a route."""
    found: list[Permission | str] = [
        permission for permission, patterns in GUARDED.items() if any(re.fullmatch(each, route) for each in patterns)
    ]
    for word, patterns in (("open", OPEN), ("session", SESSIONS), ("stream", STREAMS), ("soap", SOAP)):
        found += [word] if any(re.fullmatch(each, route) for each in patterns) else []
    assert len(found) == 1, f"{route} must stand in exactly one table, found {found}"
    return found[0]


def filled(path: str) -> str:
    """A path with something in it that is nobody's."""
    return re.sub(r"{[^}]+}", "none", path)


def test_every_route_is_in_the_tables_and_every_line_has_a_route(paths: list[str]) -> None:
    assert len(paths) > 100
    for route in paths:
        permission_of(route)
    patterns = [*OPEN, *itertools.chain(*GUARDED.values()), *SESSIONS, *STREAMS, *SOAP]
    assert [each for each in patterns if not any(re.fullmatch(each, route) for route in paths)] == []


def test_a_guarded_route_lets_in_whom_the_table_lets_in(paths: list[str], service: Service) -> None:
    wrong = []
    for route in paths:
        permission = permission_of(route)
        method, path = route.split(" ", 1)
        for role in Role if isinstance(permission, Permission) else []:
            answer = service.call(method, filled(path), None if role is Role.PUBLIC else role.value)
            refused = answer.status_code in {401, 403}
            if refused is (permission in GRANTS[role]) or answer.status_code >= 500:
                wrong.append((route, role.value, answer.status_code))
            if refused:
                assert answer.status_code == (401 if role is Role.PUBLIC else 403), route
    assert wrong == []


def test_an_open_route_asks_nobody_for_a_key(paths: list[str], service: Service) -> None:
    for route in paths:
        if permission_of(route) == "open":
            method, path = route.split(" ", 1)
            assert service.call(method, filled(path), None).status_code not in {401, 403, 500}, route


def test_a_staff_page_leads_to_the_login(paths: list[str], service: Service) -> None:
    for route in paths:
        method, path = route.split(" ", 1)
        if permission_of(route) == "session" and not re.search("static|login|logout", path):
            answer = service.call(method, filled(path), None, follow_redirects=False)
            assert answer.status_code in {303, 401, 403} or "/staff/login" in answer.text, (route, answer.status_code)


#: What a stranger knows and asks by, and what must not come out.
ASKED, SECRET = "asked4711", "secret0815"
ITEM, GATE = f"urn:epc:id:sgtin:0614141.000007.{ASKED}", f"urn:epc:id:sgln:0614141.00777.{ASKED}"
EVENT = f"urn:x:{ASKED}"
POLL = f"""<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:q="urn:epcglobal:epcis-query:xsd:1"><soapenv:Body><q:Poll><queryName>SimpleEventQuery</queryName><params>
 <param><name>MATCH_anyEPC</name><value><string>{ITEM}</string></value></param></params></q:Poll></soapenv:Body>
</soapenv:Envelope>"""


class Owner:
    """A firm with something of everything that the ledger keeps for firms."""

    def __init__(self, service: Service) -> None:
        self.service = service
        event: dict[str, Any] = object_event(
            1, eventID=EVENT, epcList=[ITEM], action="ADD", readPoint={"id": GATE}, bizLocation={"id": GATE},
            bizStep=f"https://x.example/{SECRET}", disposition=f"https://x.example/{SECRET}",
            bizTransactionList=[{"type": "po", "bizTransaction": f"urn:x:{SECRET}"}],
            **{"@context": {"ex": "https://x.example/"}, "ex:note": SECRET},
        )  # fmt: skip
        job = service.capture(document(event, context=[CONTEXT]))
        assert job.status_code == 202, job.text
        query = {"name": ASKED, "query": {"EQ_eventID": [f"urn:x:{SECRET}"]}}
        assert service.call("POST", "/epcis/queries", "producer", json=query).status_code == 201
        order = {"dest": f"https://{SECRET}.example/", "stream": True}
        made = service.call("POST", f"/epcis/queries/{ASKED}/subscriptions", "producer", json=order)
        assert made.status_code == 201, made.text
        self.values = {
            "capture_id": job.json()["captureID"], "event_id": EVENT, "identifier": ITEM, "query_name": ASKED,
            "subscription_id": made.headers["location"].rpartition("/")[2],
        }  # fmt: skip

    def addresses(self, path: str) -> list[str]:
        """A route's path, asking for what is the owner's in every way that it can be asked for."""
        values = self.values | {"value": {"epcs": ITEM, "eventTypes": "ObjectEvent"}.get(path.split("/")[2:3][0], GATE)}
        if path.startswith(("/epcis/bizSteps", "/epcis/dispositions")):
            values["value"] = f"https://x.example/{SECRET}"
        names = re.findall(r"{([a-z_]+)(?::path)?}", path)
        at = re.sub(r"{([a-z_]+)(?::path)?}", lambda found: quote(values.get(found[1], ASKED), safe=""), path)
        listed = not names or path.endswith("/events")
        parameters = ("perPage=1000", f"MATCH_anyEPC={ITEM}", f"EQ_eventID={EVENT}") if listed else ("",)
        return [f"{at}?{more}" if more else at for more in parameters] + [f"{at}?id={ITEM}"]


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    """On a server of its own, so that lists are short."""
    service = Service(tmp_path_factory.mktemp("owner") / "data")
    service.start()
    service.make_keys()
    yield Owner(service)
    service.stop()


def told(owner: Owner, route: str, role: str) -> bool:
    """Whether a GET of a route tells a role anything of the secret."""
    method, path = route.split(" ", 1)
    assert method == "GET"
    found = False
    for address in owner.addresses(path):
        for media in ("application/json", "application/xml"):
            answer = owner.service.get(address, role, headers={"Accept": media})
            assert answer.status_code < 500, (address, answer.text)
            text = answer.text + str(answer.headers)
            if answer.status_code == 200:
                found |= SECRET in text.replace(quote(f"https://x.example/{SECRET}", safe=""), "")
            else:
                assert f"urn:x:{SECRET}" not in text
    return found


def test_nothing_of_a_firm_is_told_to_a_stranger(paths: list[str], owner: Owner) -> None:
    """The shopper's pages and proofs are open to all; everything behind a key is asked, by a firm and by the owner."""
    guarded = [route for route in paths if route.startswith("GET /") and isinstance(permission_of(route), Permission)]
    assert PARTIES["retailer"] != PARTIES["producer"]
    assert [route for route in guarded if told(owner, route, "retailer")] == []
    shown = {route for route in guarded if told(owner, route, "producer")}
    below = {"/events", "/events/{event_id:path}", "/queries", "/queries/{query_name}", "/bizSteps", "/dispositions"}
    below |= {f"/{name}/{{value:path}}/events" for name in ("eventTypes", "epcs", "readPoints", "bizLocations")}
    assert {f"GET /epcis{path}" for path in below} <= shown, "the same questions show the owner what is its own"
    assert "GET /api/v1/things/{identifier:path}" in shown


def test_soap_tells_a_stranger_nothing_either(owner: Owner) -> None:
    for path in ("/epcis/query", "/epcis/soap"):
        answers = {
            role: owner.service.call("POST", path, role, content=POLL, headers={"Content-Type": "text/xml"})
            for role in ("producer", "retailer")
        }
        assert SECRET in answers["producer"].text
        assert SECRET not in answers["retailer"].text
        assert answers["retailer"].status_code == 200
        for role in set(Role) - {Role(word) for word in ("producer", "logistics", "retailer", "regulator")}:
            key = None if role is Role.PUBLIC else role.value
            refused = owner.service.call("POST", path, key, content=POLL, headers={"Content-Type": "text/xml"})
            assert "SecurityException" in refused.text
            assert SECRET not in refused.text


def test_what_goods_were_handed_over_with_them_opens_their_past(owner: Owner) -> None:
    """The other side: a receiver sees what happened to its goods before, and no more of the sender's."""
    party = "urn:epc:id:pgln:0614141.00002"
    handed = object_event(
        2, epcList=[ITEM], eventTime="2026-11-12T06:00:00Z",
        destinationList=[{"type": "possessing_party", "destination": party}],
    )  # fmt: skip
    other = object_event(3, bizStep=f"https://x.example/{SECRET}/other")
    assert owner.service.capture(document(handed, other)).status_code == 202
    found = owner.service.get("/epcis/events?perPage=1000", "retailer").text
    assert EVENT in found
    assert f"{SECRET}/other" not in found
    assert EVENT not in owner.service.get("/epcis/events?perPage=1000", "logistics").text
