"""OpenAPI entries made from msgspec types."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest

from suyuan.base.api_schema import PROBLEM_EXAMPLE, answer, answers, body_of, schema_of, text_answer


class Inner(msgspec.Struct):
    """Something inside."""

    name: str
    more: list[str] = []


class Outer(msgspec.Struct, rename={"two_words": "twoWords"}):
    """Something with something inside."""

    two_words: int
    inner: Inner
    others: dict[str, Inner | None] = {}


def refs(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [node["$ref"]] if "$ref" in node else [ref for value in node.values() for ref in refs(value)]
    return [ref for item in node for ref in refs(item)] if isinstance(node, list) else []


@pytest.mark.parametrize(
    "kind", [Inner, Outer, list[Outer], dict[str, Outer], str, int | None, tuple[int, str], tuple[int, int]]
)
def test_a_schema_stands_alone_and_is_one(kind: Any) -> None:
    schema = schema_of(kind)
    assert refs(schema) == []
    assert "$defs" not in schema
    jsonschema.Draft202012Validator.check_schema(schema)


def test_a_schema_describes_what_is_written() -> None:
    value = msgspec.to_builtins(Outer(1, Inner("a"), {"x": None, "y": Inner("b", ["c"])}))
    jsonschema.validate(value, schema_of(Outer))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"twoWords": "x", "inner": {"name": "a"}}, schema_of(Outer))


def test_a_tuple_of_one_kind_is_a_list_of_so_many() -> None:
    assert schema_of(tuple[int, int]) == {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer"}}


def test_answers_hold_successes_and_why_a_request_may_be_refused() -> None:
    described = answers({200: answer(Outer, "Fine", {"twoWords": 1})}, {404: "Nothing there"})
    assert described[200]["content"]["application/json"]["example"] == {"twoWords": 1}
    assert described[404]["description"] == "Nothing there"
    assert described[404]["content"]["application/problem+json"]["example"] == PROBLEM_EXAMPLE


def test_bodies_and_texts() -> None:
    body = body_of(Inner, "What to send", {"name": "a"}, ("application/json", "text/json"))["requestBody"]
    assert body["required"]
    assert set(body["content"]) == {"application/json", "text/json"}
    assert body_of(None, "Anything", {}, ("a/b",))["requestBody"]["content"]["a/b"]["schema"] == {"type": "object"}
    assert text_answer("A page", "text/csv", "a,b")["content"]["text/csv"]["example"] == "a,b"
    assert "example" not in answer(Inner, "Fine")["content"]["application/json"]
