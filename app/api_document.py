"""The OpenAPI document as the service really answers: what FastAPI assumes of every route is put right in one place."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from suyuan.base.api_schema import answers
from suyuan.trace.epcis_gate import below

_METHODS = ("get", "put", "post", "delete")
#: What every route with parameters, and every one that asks for a key, may refuse with.
_BAD_PARAMETER = {400: "A parameter that cannot be read"}
_KEYS = {401: "No valid key", 403: "A key of a role that may not do this"}
_LONG = {414: "A URL that is too long"}
_FORMS = {406: "A form, or a version, that is not written here"}
_PROBLEM = "application/problem+json"
#: FastAPI's own descriptions of bad parameters: `suyuan.app.problems` answers them as problems, with 400.
_UNUSED = ("HTTPValidationError", "ValidationError")


def install(app: FastAPI) -> None:
    """Have the application give the completed document."""
    assumed = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = completed(assumed())
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the refusals that all routes share, and without what no route answers."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                _complete(item[method])
                if below(path):
                    _complete_epcis(item[method])
    for name in _UNUSED:
        document.get("components", {}).get("schemas", {}).pop(name, None)
    return document


def _complete_epcis(operation: dict[str, Any]) -> None:
    """What `suyuan.trace.epcis_gate` and `suyuan.trace.epcis_headers` refuse, and that problems come as XML, too."""
    responses = operation["responses"]
    shared = dict(_LONG)
    if any(parameter["in"] == "header" for parameter in operation.get("parameters", [])):
        shared |= _FORMS
    for status, response in answers({}, shared).items():
        responses.setdefault(str(status), response)
    for response in responses.values():
        content = response.get("content", {})
        if _PROBLEM in content:
            content.setdefault("application/problem+xml", {"schema": {"type": "string"}})
    operation["responses"] = dict(sorted(responses.items()))


def _complete(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    shared = dict(_BAD_PARAMETER) if responses.pop("422", None) else {}
    if operation.get("security"):
        shared |= _KEYS
    for status, response in answers({}, shared).items():
        responses.setdefault(str(status), response)
    for status, response in responses.items():
        if status[0] in "45" and "content" not in response:
            response.update(answers({}, {int(status): response["description"]})[int(status)])
        content = response.get("content", {})
        if content.get("application/json") == {"schema": {}}:
            del content["application/json"]
        if not content:
            response.pop("content", None)
    operation["responses"] = dict(sorted(responses.items()))
