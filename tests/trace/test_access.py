"""Keys and roles over TCP: no key, no write; a wrong role is told why; revoked and expired keys open nothing."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.serving import Service
from tests.trace.scribe import document, object_event

from suyuan.base.clock import format_time, now
from suyuan.base.identity import Role
from suyuan.base.permissions import GRANTS, Permission

#: One request for each permission that has routes.
REQUESTS: dict[Permission, list[tuple[str, str]]] = {
    Permission.CAPTURE: [("POST", "/epcis/capture"), ("GET", "/epcis/capture/x")],
    Permission.READ_EVENTS: [("GET", "/epcis/events"), ("GET", "/epcis/events/urn:x:none")],
    Permission.TRACE: [("GET", "/api/v1/trace?id=urn:x:none"), ("GET", "/api/v1/things/urn:x:none")],
    Permission.RECALL: [
        ("GET", "/api/v1/recalls"), ("POST", "/api/v1/recalls"), ("GET", "/api/v1/recalls/R0"),
        ("GET", "/api/v1/recalls/R0/consignees.csv"),
    ],
    Permission.MANAGE_KEYS: [("GET", "/api/v1/keys"), ("POST", "/api/v1/keys"), ("DELETE", "/api/v1/keys/none")],
    Permission.EDIT_MASTER_DATA: [("PUT", "/api/v1/masterdata")],
}  # fmt: skip
PUBLIC = [
    "/healthz", "/readyz", "/metrics", "/log/checkpoint", "/log/policy", "/log/tile/0/000.p/1", "/api/v1/figures",
    "/api/v1/masterdata", "/openapi.json", "/docs",
]  # fmt: skip


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
@pytest.mark.parametrize("permission", sorted(REQUESTS))
def test_every_role_may_do_what_the_table_says_and_no_more(
    service: Service, permission: Permission, role: Role
) -> None:
    for method, path in REQUESTS[permission]:
        answer = service.call(method, path, role.value)
        if permission in GRANTS[role]:
            assert answer.status_code not in {401, 403}, (path, answer.text)
        else:
            assert answer.status_code == 403, (path, answer.text)
            body = answer.json()
            assert role.value in body["detail"]
            assert permission.value in body["detail"]
            assert body["remedy"].startswith("use a key of: ")


@pytest.mark.parametrize("permission", sorted(REQUESTS))
def test_without_a_key_nothing_opens(service: Service, permission: Permission) -> None:
    for method, path in REQUESTS[permission]:
        answer = service.call(method, path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["type"].endswith(("/unauthenticated", "epcisException:SecurityException"))


@pytest.mark.parametrize("path", PUBLIC)
def test_what_is_public_needs_no_key(service: Service, path: str) -> None:
    service.capture(document(object_event(77)))
    service.call("POST", "/epcis/capture", "producer")
    deadline = time.monotonic() + 5
    while service.get(path, None).status_code == 404 and time.monotonic() < deadline:
        time.sleep(0.1)  # the first checkpoint follows the first commit
    assert service.get(path, None).status_code == 200


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer  .", "Basic dXNlcjpwYXNz", "Bearer sy_x", "Bearer sy_000000000000_" + "A" * 43, "bearer x y z",
     "sy_000000000000_" + "A" * 43, "Bearer " + "A" * 7000, "Bearer \xff"],
)  # fmt: skip
def test_what_is_no_key_of_ours_opens_nothing_also_where_none_is_needed(service: Service, header: str) -> None:
    for path in ("/epcis/events", "/api/v1/figures"):
        answer = service.call("GET", path, headers={"Authorization": header.encode("latin-1")})
        assert answer.status_code == 401, answer.text


def test_a_key_with_one_character_changed_is_unknown(service: Service) -> None:
    key = service.keys["regulator"]
    for at in (3, len(key) - 1):
        changed = key[:at] + ("a" if key[at] != "a" else "b") + key[at + 1 :]
        assert service.get("/epcis/events", changed).status_code == 401


def test_a_revoked_key_opens_nothing_from_that_moment(service: Service) -> None:
    made = service.new_key("regulator")
    assert service.get("/epcis/events", made["key"]).status_code == 200
    assert service.call("DELETE", f"/api/v1/keys/{made['id']}", "administrator").status_code == 204
    answer = service.get("/epcis/events", made["key"])
    assert (answer.status_code, "revoked" in answer.text) == (401, True)
    assert service.call("DELETE", f"/api/v1/keys/{made['id']}", "administrator").status_code == 409


def test_an_expired_key_opens_nothing(service: Service) -> None:
    made = service.new_key("regulator", expires=format_time(now() + 3_000_000))
    assert service.get("/epcis/events", made["key"]).status_code == 200
    deadline = time.monotonic() + 20
    while (answer := service.get("/epcis/events", made["key"])).status_code == 200:
        assert time.monotonic() < deadline, "an expired key still opens"
        time.sleep(0.1)
    assert (answer.status_code, "expired" in answer.text) == (401, True)


class TestKeys:
    """/api/v1/keys"""

    def test_the_secret_is_shown_once_and_stored_nowhere(self, service: Service) -> None:
        made = service.new_key("device", name="gate")
        secret = made["key"].split("_", 2)[2]
        listed = service.get("/api/v1/keys", "administrator")
        assert made["id"] in listed.text
        assert secret not in listed.text
        for file in service.data.rglob("*"):
            if file.is_file():
                assert secret.encode() not in file.read_bytes(), file

    @pytest.mark.parametrize(
        ("order", "place"),
        [
            ({"role": "king"}, "role"), ({"role": "public"}, "role"), ({"role": ""}, "role"),
            ({"name": ""}, "name"), ({"name": " \t "}, "name"), ({"name": "x" * 201}, "name"),
            ({"name": "a\0b"}, "name"), ({"name": "a\x1b[31mb"}, "name"),
            ({"party": "nobody"}, None), ({"party": "https://id.gs1.org/417/0614141000013"}, None),
            ({"expires": "tomorrow"}, None), ({"expires": "2001-01-01T00:00:00Z"}, "expires"),
            ({"role": 5}, None), ({"secret": "x"}, None), ({"lenient": ["time"]}, "lenient"),
        ],
    )  # fmt: skip
    def test_a_wrong_order_is_refused(self, service: Service, order: dict[str, Any], place: str | None) -> None:
        answer = service.call("POST", "/api/v1/keys", "administrator", json={"role": "device", "name": "n"} | order)
        assert answer.status_code == 400
        assert answer.json().get("place") == place or place is None

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"role":"device"}', b"[" * 9000, b"x" * 20_000])
    def test_what_is_no_order_is_refused(self, service: Service, body: bytes) -> None:
        answer = service.call("POST", "/api/v1/keys", "administrator", content=body)
        assert answer.status_code in {400, 413}

    def test_a_party_is_kept_under_its_canonical_name(self, service: Service) -> None:
        made = service.new_key("producer", "urn:epc:id:pgln:0614141.00001")
        assert made["party"] == "https://id.gs1.org/417/0614141000012"

    def test_a_key_that_is_not_there_cannot_be_revoked(self, service: Service) -> None:
        for name in ("none", "x" * 3000, "%00", "a%2Fb"):
            assert service.call("DELETE", f"/api/v1/keys/{name}", "administrator").status_code == 404


class TestMasterData:
    """PUT and GET /api/v1/masterdata"""

    def test_records_are_named_canonically_whatever_form_they_came_in(self, service: Service) -> None:
        data = {
            "parties": [{"id": "urn:epc:id:pgln:0614141.00444", "name": {"zh": "农场", "en": "farm"}}],
            "sites": [{"id": "(414)0614141004447", "name": {"en": "yard"}, "party": "(417)0614141004447"}],
            "products": [{"id": "https://example.com/01/00614141004447", "name": {"en": "pork"}}],
        }
        assert service.call("PUT", "/api/v1/masterdata", "administrator", json=data).status_code == 200
        known = service.get("/api/v1/masterdata", None).json()
        for kind, name in (
            ("parties", "417/0614141004447"),
            ("sites", "414/0614141004447"),
            ("products", "01/00614141004447"),
        ):
            assert f"https://id.gs1.org/{name}" in [record["id"] for record in known[kind]]

    @pytest.mark.parametrize(
        "data",
        [
            {"parties": [{"id": "x", "name": {}}]}, {"parties": [{"name": {}}]}, {"firms": []}, [], 1, None,
            {"sites": [{"id": "urn:epc:id:sgln:0614141.00001.0", "name": {}, "party": "x"}]},
            {"parties": [{"id": "urn:x:a", "name": {}}, {"id": "urn:x:a", "name": {}}]},
            {"sites": [{"id": "urn:x:a", "name": {}, "latitude": 91}]},
            {"sites": [{"id": "urn:x:a", "name": {}, "longitude": -181}]},
        ],
    )  # fmt: skip
    def test_wrong_records_are_refused(self, service: Service, data: Any) -> None:
        assert service.call("PUT", "/api/v1/masterdata", "administrator", json=data).status_code == 400

    def test_a_lenient_key_lists_the_rules_that_its_events_may_break(self, service: Service) -> None:
        made = service.new_key("producer", lenient=["unit", "vocabulary", "unit"])
        assert made["lenient"] == ["unit", "vocabulary"]
        assert "field" in service.new_key("producer", lenient=["all"])["lenient"]
        listed = {key["id"]: key.get("lenient", []) for key in service.get("/api/v1/keys", "administrator").json()}
        assert listed[made["id"]] == ["unit", "vocabulary"]
