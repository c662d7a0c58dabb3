"""API keys: made, stored hashed, checked."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import Unauthenticated
from suyuan.base.identity import ORGANISATIONS, PUBLIC, Actor, ApiKey, Role, authenticate, key_id_of, new_key


def test_a_key_opens_what_it_was_made_for() -> None:
    text, stored = new_key("gate", Role.DEVICE, "https://id.gs1.org/417/1", 1_000)
    assert key_id_of(text) == stored.id
    assert authenticate(text, stored, 2_000) == Actor(Role.DEVICE, stored.id, "https://id.gs1.org/417/1")


def test_only_the_hash_is_stored() -> None:
    text, stored = new_key("gate", Role.DEVICE, "", 1_000)
    assert stored.digest == hashlib.sha256(text.encode()).digest()
    assert text.split("_", 2)[2].encode() not in msgspec.msgpack.encode(stored)


def test_no_two_keys_are_alike() -> None:
    made = [new_key("gate", Role.DEVICE, "", 1) for _ in range(200)]
    assert len({text for text, _ in made}) == len({key.id for _, key in made}) == 200


def changed(key: ApiKey, **values: object) -> ApiKey:
    return msgspec.structs.replace(key, **values)


def test_unknown_wrong_revoked_and_expired_keys_open_nothing() -> None:
    text, stored = new_key("gate", Role.DEVICE, "", 1_000, expires=5_000)
    other, _ = new_key("gate", Role.DEVICE, "", 1_000)
    assert authenticate(text, stored, 4_999).role is Role.DEVICE
    for given_text, key, at, why in (
        (text, None, 2_000, "unknown"), (other, stored, 2_000, "unknown"), (text, stored, 5_000, "expired"),
        (text, changed(stored, revoked=1), 2_000, "revoked"), (text, changed(stored, digest=b""), 2_000, "unknown"),
    ):  # fmt: skip
        with pytest.raises(Unauthenticated, match=why) as refusal:
            authenticate(given_text, key, at)
        assert text not in str(refusal.value)


@given(st.text())
def test_any_text_is_a_key_or_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        key_id_of(text)


@pytest.mark.parametrize("text", ["sy_x_y", "sy_0123456789ab_" + "A" * 42, "sy_0123456789AB_" + "A" * 43,
                                  "sy_0123456789ab_" + "A" * 43 + "\n", " sy_0123456789ab_" + "A" * 43])  # fmt: skip
def test_near_misses_are_no_keys(text: str) -> None:
    with pytest.raises(Unauthenticated):
        key_id_of(text)


def test_the_public_is_nobody() -> None:
    assert Actor(Role.PUBLIC, "", "") == PUBLIC
    assert {Role.PRODUCER, Role.LOGISTICS, Role.RETAILER} == ORGANISATIONS
