"""Bundles: one encoding, and the verifier refuses every other byte string."""

from __future__ import annotations

import contextlib
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidInput, InvalidProof, SuyuanError, TooLarge
from suyuan.chain.bundle import MAX_BUNDLE_BYTES, encode_bundle, make_bundle, read_bundle
from suyuan.chain.leaf import ActLeaf, commit_event, encode_event, encode_leaf, hash_event_id
from suyuan.chain.note import sign_note
from suyuan.chain.policy import Policy
from suyuan.chain.verify import verify_bundle

if TYPE_CHECKING:
    from tests.chain.conftest import SampleLog


def refused(data: bytes, policy: Policy) -> bool:
    try:
        verify_bundle(data, policy)
    except (InvalidProof, TooLarge):
        return True
    return False


def test_a_bundle_verifies_and_says_what_it_proves(log: SampleLog) -> None:
    verdict = verify_bundle(log.bundle(17), log.policy)
    assert (verdict.origin, verdict.index, verdict.size) == ("log.example/harbour", 17, 40)
    assert verdict.event == log.events[17].event
    assert verdict.event_id == log.events[17].event_id
    assert (verdict.source, verdict.record_time) == ("edge-7", 1_795_000_000_000_017)


def test_a_bundle_is_written_as_rfc_8785_says(log: SampleLog) -> None:
    data = log.bundle(3)
    assert data == rfc8785.dumps(json.loads(data))
    assert encode_bundle(read_bundle(data)) == data


def test_a_bundle_is_refused_after_any_one_byte_of_it_is_changed(log: SampleLog) -> None:
    """Over every byte, each changed to several others; with a witness, so that all kinds of lines are there."""
    first = log.witnesses[0]
    data, policy = log.bundle(17, 40, log.witnessed_policy, first), log.witnessed_policy
    assert not refused(data, policy)
    for at, old in enumerate(data):
        for new in {old ^ 0x01, old ^ 0x20, old ^ 0x80, (old + 1) % 256, 0x00, 0x20, 0x30, 0x5C} - {old}:
            assert refused(data[:at] + bytes([new]) + data[at + 1 :], policy), (at, new)


def test_a_bundle_is_refused_with_a_byte_missing_or_added_anywhere(log: SampleLog) -> None:
    data = log.bundle(39)
    for at in range(len(data)):
        assert refused(data[:at], log.policy)
        assert refused(data[:at] + data[at + 1 :], log.policy)
        for byte in (b" ", b"A", b"=", b"\n"):
            assert refused(data[:at] + byte + data[at:], log.policy)
    for tail in (b"\n", b" ", b"\x00", b"{}"):
        assert refused(data + tail, log.policy)


def test_a_bundle_stands_on_the_verifiers_policy_not_on_its_own(log: SampleLog) -> None:
    data = log.bundle(1)
    with_policy = json.loads(data) | {"policy": "quorum none"}
    assert refused(rfc8785.dumps(with_policy), log.policy)
    assert refused(data, Policy(logs=()))
    assert refused(data, log.witnessed_policy)


def test_signatures_that_the_policy_does_not_explain_are_left_out_or_refused(log: SampleLog) -> None:
    first, second = log.witnesses
    assert b"witness" not in log.bundle(5, 40, log.policy, first, second)
    witnessed = log.bundle(5, 40, log.witnessed_policy, first, second)
    assert witnessed.count(b"witness.example") == 2
    with pytest.raises(InvalidProof, match="does not explain"):
        verify_bundle(witnessed, log.policy)


def test_signatures_in_another_order_are_refused(log: SampleLog) -> None:
    bundle = read_bundle(log.bundle(5, 40, log.witnessed_policy, log.witnesses[0]))
    text = bundle.proof.checkpoint.decode().partition("\n\n")[0] + "\n"
    swapped = sign_note(text, [log.witnesses[0], log.key])
    proof = msgspec.structs.replace(bundle.proof, checkpoint=swapped)
    assert refused(encode_bundle(msgspec.structs.replace(bundle, proof=proof)), log.witnessed_policy)


def with_member(log: SampleLog, **changes: Any) -> bytes:
    return rfc8785.dumps(json.loads(log.bundle(2)) | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "suyuan-bundle@v2"},
        {"salt": "AB" * 32},
        {"salt": "ab" * 31},
        {"cbv_hash": "\u0660" * 64},
        {"event": "QQ"},
        {"event": "QR=="},
        {"event": ["QQ=="]},
        {"event_id": None},
        {"extra": "1"},
        {"proof": "c2sp.org/tlog-proof@v1\n"},
    ],
)
def test_a_member_of_another_form_is_refused(log: SampleLog, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidProof):
        read_bundle(with_member(log, **changes))


def test_extra_data_which_nothing_authenticates_is_refused(log: SampleLog) -> None:
    proof = json.loads(log.bundle(2))["proof"].replace("index", "extra QQ==\nindex", 1)
    with pytest.raises(InvalidProof, match="extra"):
        read_bundle(with_member(log, proof=proof))


def test_the_parts_of_two_bundles_do_not_mix(log: SampleLog) -> None:
    """Attacks: another event, context, salt, ID, hash, leaf or path under a leaf that is truly in the log."""
    own, other = json.loads(log.bundle(4)), json.loads(log.bundle(5))
    for member in ("event", "event_id", "salt", "cbv_hash", "leaf", "proof"):
        assert refused(rfc8785.dumps(own | {member: other[member]}), log.policy), member
    assert refused(rfc8785.dumps(own | {"context": ""}), log.policy)


def test_a_bundle_against_a_fork_of_the_log_is_refused(log: SampleLog) -> None:
    proof = json.loads(log.bundle(4, 39))["proof"]
    assert refused(with_member(log, proof=proof), log.policy)


def test_a_bundle_that_could_never_verify_is_not_made(log: SampleLog) -> None:
    good = read_bundle(log.bundle(2))
    act = encode_leaf(ActLeaf("admin", 1, "key-added", b"\x00" * 32))
    for change in ({"event": b"{}"}, {"event_id": "x"}, {"leaf": act}, {"leaf": b"{}"}):
        with pytest.raises(InvalidInput):
            make_bundle(msgspec.structs.replace(good, **change), log.policy.keys)


def test_bundles_over_the_limit_are_neither_made_nor_read(log: SampleLog) -> None:
    with pytest.raises(TooLarge):
        read_bundle(b"x" * (MAX_BUNDLE_BYTES + 1))
    good, event = read_bundle(log.bundle(2)), b"x" * (MAX_BUNDLE_BYTES * 3 // 4)
    commitment = commit_event(good.salt, good.cbv_hash, event, sha256(good.context).digest())
    leaf = encode_event("edge-7", 1, hash_event_id(good.salt, good.event_id), commitment)
    with pytest.raises(TooLarge):
        make_bundle(msgspec.structs.replace(good, event=event, leaf=leaf), log.policy.keys)


@given(st.binary(max_size=100) | st.recursive(st.text(), st.lists, max_leaves=5).map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_refused_as_a_bundle(data: bytes) -> None:
    with pytest.raises(SuyuanError):
        read_bundle(data)


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 100_000, b'{"event":"\\ud800"}', b'{"event":"\xff"}'])
def test_hostile_json_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidProof):
        read_bundle(data)


@given(
    st.dictionaries(st.sampled_from(["cbv_hash", "context", "event", "event_id", "leaf", "proof", "salt"]), st.text())
)
def test_any_members_are_a_bundle_or_are_refused(changes: dict[str, str]) -> None:
    members = dict.fromkeys(("cbv_hash", "context", "event", "event_id", "leaf", "proof", "salt"), "")
    with contextlib.suppress(SuyuanError):
        read_bundle(json.dumps(members | {"format": "suyuan-bundle@v1"} | changes).encode())
