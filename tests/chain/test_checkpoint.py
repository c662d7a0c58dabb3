"""Checkpoints: the strict body, and which of them a policy trusts."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidInput, InvalidProof, SuyuanError
from suyuan.chain.checkpoint import Checkpoint, Cosigned, open_checkpoint, parse_checkpoint, sign_checkpoint
from suyuan.chain.merkle import EMPTY_ROOT, MAX_SIZE, Head
from suyuan.chain.note import SignerKey, encode_base64, sign_note
from suyuan.chain.policy import Policy

if TYPE_CHECKING:
    from tests.chain.conftest import SampleLog

ROOT = b"\x05" * 32
ROOT64 = encode_base64(ROOT)


def test_a_head_is_signed_and_opened(log: SampleLog) -> None:
    trusted = open_checkpoint(log.note(), log.policy)
    assert trusted.checkpoint == Checkpoint("log.example/harbour", 40, log.head().root)
    assert trusted.log == log.key.verifier
    assert trusted.unknown == 0


def test_the_head_of_an_empty_log_can_be_signed(log: SampleLog) -> None:
    note = sign_checkpoint(Head(0, EMPTY_ROOT), log.key)
    assert open_checkpoint(note, log.policy).checkpoint.head == Head(0, EMPTY_ROOT)


@pytest.mark.parametrize("head", [Head(-1, ROOT), Head(1, b""), Head(0, ROOT), Head(MAX_SIZE + 1, ROOT)])
def test_a_head_that_cannot_be_is_not_signed(log: SampleLog, head: Head) -> None:
    with pytest.raises(InvalidInput):
        sign_checkpoint(head, log.key)


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40), st.integers(1, MAX_SIZE))
def test_a_body_is_read_back(origin: str, size: int) -> None:
    checkpoint = Checkpoint(origin, size, ROOT, ("an extension",))
    assert parse_checkpoint(checkpoint.body()) == checkpoint


@pytest.mark.parametrize(
    "body",
    [
        f"o\n007\n{ROOT64}\n",
        f"o\n+7\n{ROOT64}\n",
        f"o\n-7\n{ROOT64}\n",
        f"o\n 7\n{ROOT64}\n",
        f"o\n\u0667\n{ROOT64}\n",
        f"o\n{MAX_SIZE + 1}\n{ROOT64}\n",
        f"\n7\n{ROOT64}\n",
        f"o\n7\n{ROOT64}",
        f"o\r\n7\r\n{ROOT64}\r\n",
        f"o\n7\n{ROOT64}\n\n",
        f"o\n7\n{ROOT64[:-4]}\n",
        f"o\n7\n{ROOT64[:-1]}\n",
        f"o\n7\n{ROOT64[:-2]}V=\n",
        f"o\n0\n{ROOT64}\n",
        "o\n7\n",
        "o" * 256 + f"\n7\n{ROOT64}\n",
        "",
    ],
)
def test_a_body_that_deviates_is_refused(body: str) -> None:
    with pytest.raises(InvalidProof):
        parse_checkpoint(body)


@given(st.text(max_size=100))
def test_any_text_is_a_checkpoint_or_is_refused(text: str) -> None:
    with contextlib.suppress(SuyuanError):
        assert parse_checkpoint(text).body() == text


@given(st.binary(max_size=100))
@settings(deadline=None)
def test_any_bytes_are_an_untrusted_checkpoint(data: bytes) -> None:
    with pytest.raises(SuyuanError):
        open_checkpoint(data, Policy(logs=(SignerKey("a", b"\x01" * 32).verifier,)))


def test_bodies_of_transparency_dev_are_refused_without_a_root_of_32_bytes(merkle_vectors: Path) -> None:
    vectors = json.loads((merkle_vectors / "transparency-dev_formats/checkpoint_body_vectors.json").read_text())
    for case in vectors["vectors"]:
        with pytest.raises(InvalidProof):
            parse_checkpoint(case["body"])


def test_another_logs_signature_does_not_count_although_its_key_is_trusted(log: SampleLog) -> None:
    other = SignerKey("log.example/other", b"\x09" * 32)
    policy = Policy(logs=(log.key.verifier, other.verifier))
    forged = sign_note(Checkpoint(log.key.name, 40, ROOT).body(), [other])
    with pytest.raises(InvalidProof, match="not signed by a log of that name"):
        open_checkpoint(forged, policy)


def test_a_key_of_the_right_name_that_is_not_in_the_policy_does_not_count(log: SampleLog) -> None:
    stranger = SignerKey(log.key.name, b"\x66" * 32)
    with pytest.raises(InvalidProof, match="no trusted key"):
        open_checkpoint(sign_checkpoint(Head(40, ROOT), stranger), log.policy)


def test_a_colliding_key_id_gains_nothing(log: SampleLog) -> None:
    stranger = SignerKey(log.key.name, b"\x66" * 32)
    note = sign_checkpoint(Head(40, ROOT), stranger)
    forged = note.replace(stranger_line(stranger, note), stranger_line(stranger, note, log.key.verifier.key_id))
    with pytest.raises(InvalidProof, match="does not fit"):
        open_checkpoint(forged, log.policy)


def stranger_line(stranger: SignerKey, note: bytes, key_id: bytes | None = None) -> bytes:
    signature = stranger.sign(note.decode().rpartition("\n\n")[0] + "\n")
    return encode_base64((key_id or signature.key_id) + signature.payload).encode()


def test_a_quorum_of_witnesses_is_demanded_and_their_times_are_told(log: SampleLog) -> None:
    first, second = log.witnesses
    body = Checkpoint(log.key.name, *log.head()).body()
    trusted = open_checkpoint(sign_note(body, [log.key, first], 1_790_000_000), log.witnessed_policy)
    assert trusted.cosigned == (Cosigned(first.name, 1_790_000_000),)
    for signers in ([log.key], [log.key, second]):
        with pytest.raises(InvalidProof, match="quorum"):
            open_checkpoint(sign_note(body, signers, 1), log.witnessed_policy)
    with pytest.raises(InvalidProof, match="not signed by a log"):
        open_checkpoint(sign_note(body, [first, second], 1), log.witnessed_policy)
