"""The API documentation is complete: every route says what it does, gives, takes and refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.serving import Service

METHODS = ("get", "put", "post", "delete", "patch")
#: Routes that the issue names.
PROMISED = {
    ("post", "/epcis/capture"), ("get", "/epcis/capture/{capture_id}"), ("get", "/epcis/events"),
    ("get", "/epcis/events/{event_id}"), ("get", "/api/v1/trace"), ("get", "/api/v1/things/{identifier}"),
    ("post", "/api/v1/recalls"), ("get", "/api/v1/recalls/{recall_id}"), ("get", "/log/checkpoint"),
    ("get", "/api/v1/proof/{event_id}"), ("get", "/healthz"), ("get", "/readyz"), ("get", "/metrics"),
}  # fmt: skip

#: Routes of the ledger and of recalls, whose answers must come with an example.
OURS = {
    "/epcis/capture", "/epcis/capture/{capture_id}", "/epcis/events", "/epcis/events/{event_id}", "/api/v1/trace",
    "/api/v1/things/{identifier}", "/api/v1/figures", "/api/v1/alerts/clones", "/api/v1/masterdata", "/api/v1/keys",
    "/api/v1/recalls", "/api/v1/recalls/{recall_id}", "/api/v1/recalls/{recall_id}/consignees.csv", "/log/checkpoint",
    "/log/policy", "/log/tile/{path}",
}  # fmt: skip


#: Below a guarded path, but open: what the interface looks like is no secret.
OPEN = {("get", "/epcis/query"), ("get", "/epcis/soap")}


@pytest.fixture(scope="module")
def openapi(service: Service) -> dict[str, Any]:
    """The document as the server gives it."""
    found: dict[str, Any] = service.get("/openapi.json", None).json()
    return found


def operations(openapi: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in openapi["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def test_the_document_has_the_shape_of_openapi_3_1(openapi: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.[0-9]+", openapi["openapi"])
    assert openapi["info"]["title"]
    assert openapi["info"]["version"]
    for _, path, operation in operations(openapi):
        assert path.startswith("/")
        declared = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"}
        assert declared == {name.partition(":")[0] for name in re.findall(r"{([^}]+)}", path)}, path
        for parameter in operation.get("parameters", []):
            assert parameter["in"] in {"query", "path", "header", "cookie"}
            jsonschema.Draft202012Validator.check_schema(parameter["schema"])
        assert operation["responses"], path
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5](?:[0-9]{2}|XX)|default", status), (path, status)
            assert response["description"], (path, status)
            for media in response.get("content", {}).values():
                jsonschema.Draft202012Validator.check_schema(media.get("schema", {}))


def test_references_inside_the_document_lead_somewhere(openapi: dict[str, Any]) -> None:
    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from walk(value)
        elif isinstance(node, list):
            for item in node:
                yield from walk(item)

    for reference in walk(openapi):
        target: Any = openapi
        assert reference.startswith("#/")
        for word in reference[2:].split("/"):
            target = target[word.replace("~1", "/").replace("~0", "~")]


def test_every_promised_route_is_there(openapi: dict[str, Any]) -> None:
    there = {(method, re.sub(r":path}", "}", path)) for method, path, _ in operations(openapi)}
    assert there >= PROMISED


def test_every_route_says_what_it_does_in_words(openapi: dict[str, Any]) -> None:
    for method, path, operation in operations(openapi):
        assert operation.get("summary"), (method, path)
        assert operation.get("description") or path not in OURS, (method, path)
        assert operation.get("tags"), (method, path)
        assert operation.get("operationId"), (method, path)
    ids = [operation["operationId"] for _, _, operation in operations(openapi)]
    assert len(set(ids)) == len(ids)


def test_every_success_and_refusal_is_described(openapi: dict[str, Any]) -> None:
    for method, path, operation in operations(openapi):
        statuses = set(operation["responses"])
        assert any(status.startswith("2") for status in statuses), (method, path)
        assert "422" not in statuses, f"{method} {path}: bad parameters are answered with 400 here"
        for status, response in operation["responses"].items():
            if status.startswith("4") and path.startswith(("/api", "/epcis", "/log")):
                assert "application/problem+json" in response["content"], (method, path, status)


def test_every_route_that_asks_for_a_key_says_so(openapi: dict[str, Any]) -> None:
    (scheme,) = openapi["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    secured = {(method, path) for method, path, operation in operations(openapi) if operation.get("security")}
    for method, path, operation in operations(openapi):
        guarded = ("/epcis", "/api/v1/recalls", "/api/v1/keys", "/api/v1/trace", "/api/v1/things")
        if path.startswith(guarded) and (method, path) not in OPEN:
            assert (method, path) in secured
            assert {"401", "403"} <= set(operation["responses"]), (method, path)


def test_every_body_has_an_example_and_json_answers_have_one(openapi: dict[str, Any]) -> None:
    for method, path, operation in operations(openapi):
        if "requestBody" in operation:
            for media in operation["requestBody"]["content"].values():
                assert media.get("example") or media.get("examples"), (method, path)
                jsonschema.validate(media["example"], media["schema"])
        missing = [
            (method, path, media)
            for status, response in operation["responses"].items()
            for media, content in response.get("content", {}).items()
            if status.startswith("2")
            and path in OURS
            and media != "application/octet-stream"
            and "example" not in content
        ]
        assert missing == []


def test_the_example_of_capture_can_be_captured(openapi: dict[str, Any], service: Service) -> None:
    operation = openapi["paths"]["/epcis/capture"]["post"]
    example = operation["requestBody"]["content"]["application/ld+json"]["example"]
    answer = service.call("POST", "/epcis/capture", "producer", json=example)
    assert answer.status_code == 202, answer.text
    jsonschema.validate(answer.json(), operation["responses"]["202"]["content"]["application/json"]["schema"])


def test_the_documentation_page_asks_no_other_server(service: Service) -> None:
    for path in ("/docs", "/redoc"):
        page = service.get(path, None)
        if page.status_code == 200:
            assert not re.findall(r"(?:src|href)=[\"']https?://", page.text), path
