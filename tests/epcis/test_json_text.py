from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidDocument, SuyuanError, TooLarge
from suyuan.epcis.json_text import Limits, first_repeated, quotes_agree, read_json

LIMITS = Limits(depth=8, string=50)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text("abc\"\\é", max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(VALUES)
def test_what_json_writes_is_read_back(value: Any) -> None:
    assert read_json(json.dumps(value).encode(), Limits()) == value


@given(st.binary(max_size=60) | st.text('{}[]",:0123456789.eE+-\\u truefalsn\0\x01', max_size=60).map(str.encode))
def test_any_bytes_are_a_value_or_one_of_our_errors(text: bytes) -> None:
    try:
        read_json(text, LIMITS)
    except SuyuanError:
        return


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"\\u0062":1}}',
        b"NaN",
        b"[-Infinity]",
        b"1e999",
        b"1" * 400,
        b"0." + b"0" * 400 + b"1",
        b'"\xff"',
        b'"\\ud800"',
        b'{"\\udfff":1}',
        b'"a\\u0000"',
        b'"a\nb"',
        b"{",
        b"{\0",
        b"",
        b"[1]]",
    ],
)
def test_ambiguous_or_broken_text_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidDocument):
        read_json(text, Limits())


@pytest.mark.parametrize("text", [b"[" * 9 + b"]" * 9, b"[" * 5000 + b"]" * 5000, b'"' + b"x" * 51 + b'"'])
def test_what_passes_a_limit_is_too_large(text: bytes) -> None:
    with pytest.raises(TooLarge):
        read_json(text, LIMITS)


def test_a_name_of_a_thousand_and_one_characters_is_too_large() -> None:
    with pytest.raises(TooLarge):
        read_json(json.dumps({"x" * 1001: 1}).encode(), Limits())


def test_the_place_is_a_json_pointer() -> None:
    with pytest.raises(InvalidDocument) as refusal:
        read_json(b'{"a/b":["x","\\u0000"]}', Limits(), "/epcisBody")
    assert refusal.value.place == "/epcisBody/a~1b/1"


def test_a_superseded_hash_is_no_second_event_id() -> None:
    assert read_json(b'{"eventID":"ni:///sha-256;00?ver=CBV2.0","eventID":"urn:x:1"}', Limits()) == {
        "eventID": "urn:x:1"
    }
    with pytest.raises(InvalidDocument):
        read_json(b'{"eventID":"urn:x:1","eventID":"urn:x:1"}', Limits())


def test_a_dropped_name_changes_the_count_of_quotes() -> None:
    assert quotes_agree(b'{"a":"1","b":2}', {"a": "1", "b": 2})
    assert not quotes_agree(b'{"a":"1","a":"2"}', msgspec.json.decode(b'{"a":"1","a":"2"}'))
    assert not quotes_agree(b'{"a\\u0062":1}', {"ab": 1})


def test_the_first_repeated_value_is_found() -> None:
    assert first_repeated(["a", "b", "a", "b"]) == "a"
    assert first_repeated(["a", "b"]) is None
