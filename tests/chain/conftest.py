"""A small real log: keys, forty captured events, their tree and its signed checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from suyuan.chain.bundle import Bundle, make_bundle
from suyuan.chain.checkpoint import SignedNote, sign_checkpoint
from suyuan.chain.leaf import commit_event, encode_event, hash_event_id
from suyuan.chain.merkle import Head, inclusion_proof, root_at
from suyuan.chain.note import Kind, SignerKey
from suyuan.chain.policy import Policy
from suyuan.chain.proof import LogProof
from suyuan.chain.tiles import MemoryTiles

RECORD_TIME = 1_795_000_000_000_000


def captured(number: int) -> Bundle:
    """An event as it was captured; its proof is still empty."""
    salt, cbv_hash = sha256(b"salt %d" % number).digest(), sha256(b"cbv %d" % number).digest()
    event, context = b'{"type":"ObjectEvent","n":%d}' % number, b'["https://ref.gs1.org/standards/epcis/context"]'
    event_id = f"ni:///sha-256;{cbv_hash.hex()}?ver=CBV2.0"
    commitment = commit_event(salt, cbv_hash, event, sha256(context).digest())
    leaf = encode_event("edge-7", RECORD_TIME + number, hash_event_id(salt, event_id), commitment)
    return Bundle(event, context, event_id, cbv_hash, salt, leaf, LogProof(0, (), b""))


@dataclass(frozen=True)
class SampleLog:
    """Forty events, one log key, two witnesses of which one is needed."""

    key: SignerKey
    witnesses: tuple[SignerKey, ...]
    events: tuple[Bundle, ...]
    tiles: MemoryTiles

    @property
    def policy(self) -> Policy:
        return Policy(logs=(self.key.verifier,))

    @property
    def witnessed_policy(self) -> Policy:
        first, second = (witness.verifier for witness in self.witnesses)
        return Policy(logs=(self.key.verifier,), witnesses={b"first": first, b"second": second}, quorum=b"first")

    def head(self, size: int = 40) -> Head:
        return Head(size, root_at(self.tiles, size))

    def note(self, size: int = 40, *signers: SignerKey) -> SignedNote:
        return sign_checkpoint(self.head(size), self.key, *signers)

    def bundle(self, index: int, size: int = 40, policy: Policy | None = None, *signers: SignerKey) -> bytes:
        event = self.events[index]
        proof = LogProof(index, tuple(inclusion_proof(self.tiles, index, size)), self.note(size, *signers))
        whole = Bundle(event.event, event.context, event.event_id, event.cbv_hash, event.salt, event.leaf, proof)
        return make_bundle(whole, (policy or self.policy).keys)


@pytest.fixture(scope="session")
def log() -> SampleLog:
    events = tuple(captured(number) for number in range(40))
    witnesses = tuple(SignerKey(f"witness.example/{n}", bytes([n]) * 32, Kind.COSIGNATURE) for n in (1, 2))
    key = SignerKey("log.example/harbour", b"\x07" * 32)
    return SampleLog(key, witnesses, events, MemoryTiles(event.leaf for event in events))


@pytest.fixture(scope="session")
def merkle_vectors(shared: Path) -> Path:
    return shared / "merkle"
