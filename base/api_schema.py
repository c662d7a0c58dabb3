"""OpenAPI descriptions of msgspec values: one model for the code and for the documentation of its answers."""

from __future__ import annotations

from typing import Any

import msgspec

#: What every refusal looks like (RFC 9457).
PROBLEM_EXAMPLE = {
    "type": "https://suyuan.example/problems/invalid-identifier",
    "title": "This is not a valid GS1 identifier.",
    "status": 400,
    "detail": "GTIN 09506000134351 has check digit 1, expected 2",
    "instance": "/01/09506000134351",
    "remedy": "type the code again",
}

#: The largest whole number that every reader of JSON takes exactly (RFC 8259 section 6): no log is longer.
LARGEST_NUMBER = 2**53 - 1


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON schema of a type with its references written out, as OpenAPI can take it in place."""
    whole = msgspec.json.schema(kind)
    resolved = _resolve(whole, whole.get("$defs", {}))
    return {name: value for name, value in resolved.items() if name != "$defs"}


def _resolve(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolve(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _resolve(definitions[node["$ref"].rpartition("/")[2]], definitions)
    prefix = node.get("prefixItems", [])
    if prefix and node.get("items") is False and all(each == prefix[0] for each in prefix):
        # So many of one kind: said without prefixItems, which not every reader of OpenAPI knows.
        node = {name: value for name, value in node.items() if name != "prefixItems"} | {"items": prefix[0]}
    return {name: _resolve(value, definitions) for name, value in node.items() if name != "$defs"}


def answer(kind: Any, description: str, example: Any = None, media_type: str = "application/json") -> dict[str, Any]:
    """One entry of a route's ``responses``: a value, described by its type and an example."""
    content: dict[str, Any] = {"schema": schema_of(kind)}
    if example is not None:
        content["example"] = example
    return {"description": description, "content": {media_type: content}}


def text_answer(description: str, media_type: str, example: str) -> dict[str, Any]:
    """One entry of ``responses`` for something that is not JSON."""
    return {"description": description, "content": {media_type: {"schema": {"type": "string"}, "example": example}}}


def answers(success: dict[int, dict[str, Any]], refusals: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    """A route's ``responses``: what it gives, and by status why it may refuse."""
    content = {"application/problem+json": {"schema": {"type": "object"}, "example": PROBLEM_EXAMPLE}}
    described: dict[int | str, dict[str, Any]] = dict(success.items())
    for status, text in refusals.items():
        described[status] = {"description": text, "content": content}
    return described


def body_of(kind: Any, description: str, example: Any, media_types: tuple[str, ...]) -> dict[str, Any]:
    """``openapi_extra`` of a route that reads its body itself."""
    schema = schema_of(kind) if kind is not None else {"type": "object"}
    content = {media: {"schema": schema, "example": example} for media in media_types}
    return {"requestBody": {"required": True, "description": description, "content": content}}
