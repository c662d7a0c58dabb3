"""Leaf v1: one encoding, the same as RFC 8785 gives, and nothing else is read."""

from __future__ import annotations

import contextlib
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidInput, InvalidProof, SuyuanError, TooLarge
from suyuan.chain.leaf import (
    MAX_TIME,
    ActLeaf,
    EventLeaf,
    Leaf,
    commit_act,
    commit_event,
    encode_leaf,
    hash_event_id,
    parse_leaf,
)

hashes = st.binary(min_size=32, max_size=32)
sources = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", fullmatch=True)
times = st.integers(0, MAX_TIME)
events = st.builds(EventLeaf, sources, times, hashes, hashes, st.none() | hashes)
acts = st.builds(
    ActLeaf, sources, times, st.sampled_from(["key-added", "erase", "policy-2"]), hashes, st.none() | hashes
)

SALT = b"s" * 32
EXAMPLE = EventLeaf("edge-7", 1_795_000_000_000_000, b"\x01" * 32, b"\x02" * 32, b"\x03" * 32)


@given(events | acts)
def test_a_leaf_is_encoded_as_rfc_8785_says_and_read_back(leaf: Leaf) -> None:
    data = encode_leaf(leaf)
    assert data == rfc8785.dumps(json.loads(data))
    assert parse_leaf(data) == leaf


def test_the_members_of_an_event_leaf_are_these() -> None:
    assert json.loads(encode_leaf(EXAMPLE)) == {
        "v": 1,
        "kind": "event",
        "source": "edge-7",
        "envelope": "03" * 32,
        "time": 1_795_000_000_000_000,
        "event_id": "01" * 32,
        "commitment": "02" * 32,
    }


def test_the_members_of_an_act_leaf_are_these() -> None:
    assert json.loads(encode_leaf(ActLeaf("admin", 5, "key-added", b"\x02" * 32))) == {
        "v": 1,
        "kind": "act",
        "source": "admin",
        "envelope": None,
        "time": 5,
        "act": "key-added",
        "commitment": "02" * 32,
    }


def test_the_printed_formats_never_change() -> None:
    """Leaves with these bytes are signed for: whatever changes them breaks every proof."""
    assert sha256(encode_leaf(EXAMPLE)).hexdigest() == (
        "98491e8a754186192c541bf6874da7e9d64d2aaa4ab5a070316128ab60d5192a"
    )
    assert hash_event_id(SALT, "urn:uuid:1").hex() == sha256(b"\x11" + SALT + b"urn:uuid:1").hexdigest()
    parts = SALT + b"c" * 32 + sha256(b"event").digest() + sha256(b"").digest()
    assert commit_event(SALT, b"c" * 32, b"event", sha256(b"").digest()) == sha256(b"\x10" + parts).digest()
    assert commit_act(SALT, b"body") == sha256(b"\x12" + SALT + sha256(b"body").digest()).digest()


def test_the_reference_shows_real_leaves_and_names_every_member() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/reference/leaf.md").read_text()
    blocks = re.findall(r"```json\n(.*)\n```", text)
    event, act = (parse_leaf(block.encode()) for block in blocks)
    salt, context = bytes(range(32)), b'"https://ref.gs1.org/standards/epcis/epcis-context.jsonld"'
    cbv_hash, contexts = sha256(b"a pre-hash string").digest(), sha256(context).digest()
    assert salt.hex() in text
    assert event == EventLeaf(
        "edge-7",
        1_795_000_000_000_000,
        hash_event_id(salt, "urn:uuid:5b1c2a1e-0000-4000-8000-000000000001"),
        commit_event(salt, cbv_hash, b'{"type":"ObjectEvent"}', contexts),
    )
    assert act.commitment == commit_act(salt, b'{"role":"device"}')
    for member in {name for block in blocks for name in json.loads(block)}:
        assert f"| `{member}` |" in text


@given(st.integers(0, len(encode_leaf(EXAMPLE)) - 1), st.integers(1, 255))
def test_no_byte_of_a_leaf_changes_without_being_refused_or_read_as_another_leaf(at: int, change: int) -> None:
    data = bytearray(encode_leaf(EXAMPLE))
    data[at] ^= change
    try:
        leaf = parse_leaf(bytes(data))
    except InvalidProof:
        return
    assert leaf != EXAMPLE
    assert encode_leaf(leaf) == bytes(data)


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_leaf_or_are_refused(data: bytes) -> None:
    with contextlib.suppress(SuyuanError):
        assert encode_leaf(parse_leaf(data)) == data


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"kind": "policy"},
        {"time": -1},
        {"time": 1.5},
        {"time": MAX_TIME + 1},
        {"source": "王"},
        {"source": ""},
        {"event_id": "0F" * 32},
        {"extra": 1},
        {"envelope": ""},
    ],
)
def test_another_value_than_leaf_v1_allows_is_refused(change: dict[str, Any]) -> None:
    members = json.loads(encode_leaf(EXAMPLE)) | change
    with pytest.raises(InvalidProof):
        parse_leaf(json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def test_another_json_writing_of_the_same_leaf_is_refused() -> None:
    data = encode_leaf(EXAMPLE)
    for other in (data + b"\n", b" " + data, data.replace(b":1}", b":1.0}"), json.dumps(json.loads(data)).encode()):
        with pytest.raises(InvalidProof):
            parse_leaf(other)


def test_an_act_whose_name_is_not_of_the_form_is_refused_both_ways() -> None:
    act = ActLeaf("admin", 5, "key-added", SALT)
    with pytest.raises(InvalidProof):
        parse_leaf(encode_leaf(act).replace(b"key-added", b"key--added"))
    with pytest.raises(InvalidInput):
        encode_leaf(ActLeaf("admin", 5, "Key added", SALT))


@pytest.mark.parametrize(
    "leaf",
    [
        EventLeaf("two words", 1, SALT, SALT),
        EventLeaf("edge", -1, SALT, SALT),
        EventLeaf("edge", MAX_TIME + 1, SALT, SALT),
        EventLeaf("edge", 1, b"short", SALT),
        EventLeaf("edge", 1, SALT, b""),
        EventLeaf("edge", 1, SALT, SALT, b"x"),
    ],
)
def test_a_value_that_leaf_v1_cannot_hold_is_not_encoded(leaf: EventLeaf) -> None:
    with pytest.raises(InvalidInput):
        encode_leaf(leaf)


def test_an_entry_over_65535_bytes_is_refused() -> None:
    with pytest.raises(TooLarge):
        parse_leaf(b"{" * 65_536)


def test_an_event_id_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(InvalidInput):
        hash_event_id(SALT, "\ud800")


@given(st.binary(max_size=64))
def test_without_its_salt_a_commitment_cannot_be_tried_out(event: bytes) -> None:
    context = sha256(b"").digest()
    assert commit_event(b"a" * 32, SALT, event, context) != commit_event(b"b" * 32, SALT, event, context)
