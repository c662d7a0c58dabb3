"""The offline proof bundle of one event: everything that a verifier needs but the policy, which it must bring.

One canonical JSON (RFC 8785) writing and no other, so that no byte can be changed unseen. See docs/reference/leaf.md.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Final

import msgspec

from suyuan.base.errors import InvalidInput, InvalidProof, TooLarge
from suyuan.chain.leaf import SALT_BYTES, EventLeaf, commit_event, hash_event_id, parse_leaf
from suyuan.chain.note import VerifierKey, canonical_note, decode_base64, encode_base64
from suyuan.chain.proof import LogProof, format_proof, parse_proof

#: What the member ``format`` says; another layout will have another version.
FORMAT: Final = "suyuan-bundle@v1"
#: Longest bundle in bytes: an event of some megabytes, in base64, is already beyond any honest one.
MAX_BUNDLE_BYTES: Final = 16_777_216

_HEX = re.compile(r"[0-9a-f]{64}")


class Bundle(msgspec.Struct, frozen=True):
    """An event, what its commitment hides, its leaf, and the proof that the leaf is in a log.

    ``context`` are the exact bytes of the event's @context, empty where it has none; ``cbv_hash`` and ``salt`` have
    32 bytes; ``leaf`` are the exact bytes of the entry.
    """

    event: bytes
    context: bytes
    event_id: str
    cbv_hash: bytes
    salt: bytes
    leaf: bytes
    proof: LogProof


class _Wire(msgspec.Struct, forbid_unknown_fields=True):
    """The members, in the order of RFC 8785."""

    cbv_hash: str
    context: str
    event: str
    event_id: str
    format: str
    leaf: str
    proof: str
    salt: str


def encode_bundle(bundle: Bundle) -> bytes:
    """The bundle's only encoding."""
    members = {
        "cbv_hash": bundle.cbv_hash.hex(),
        "context": encode_base64(bundle.context),
        "event": encode_base64(bundle.event),
        "event_id": bundle.event_id,
        "format": FORMAT,
        "leaf": encode_base64(bundle.leaf),
        "proof": format_proof(bundle.proof).decode(),
        "salt": bundle.salt.hex(),
    }
    # Strings under ASCII keys in sorted order: here the standard library writes exactly RFC 8785.
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()


def make_bundle(bundle: Bundle, keys: tuple[VerifierKey, ...]) -> bytes:
    """Encodes a bundle with just those signatures on its checkpoint that hold under ``keys`` (the policy's).

    Raises `InvalidInput` where the parts do not belong together: such a bundle could never be verified.
    """
    note = canonical_note(bundle.proof.checkpoint, keys)
    bundle = msgspec.structs.replace(bundle, proof=msgspec.structs.replace(bundle.proof, checkpoint=note, extra=None))
    try:
        check_contents(bundle)
    except InvalidProof as error:
        raise InvalidInput(f"no bundle can be made: {error.detail}") from None
    data = encode_bundle(bundle)
    if len(data) > MAX_BUNDLE_BYTES:
        raise TooLarge(f"bundle would have {len(data)} bytes, at most {MAX_BUNDLE_BYTES} are read")
    return data


def read_bundle(data: bytes) -> Bundle:
    """Reads `encode_bundle`; `InvalidProof` for any other bytes, `TooLarge` over 16 MiB. Nothing is verified yet."""
    if len(data) > MAX_BUNDLE_BYTES:
        raise TooLarge(f"bundle has {len(data)} bytes, at most {MAX_BUNDLE_BYTES} are read")
    try:
        wire = msgspec.json.decode(data, type=_Wire)
        proof = wire.proof.encode()
        wire.event_id.encode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidProof(f"this is not a bundle: {str(error)[:200]}") from None
    if wire.format != FORMAT:
        raise InvalidProof(f"format is {wire.format[:60]!r}, {FORMAT!r} is expected")
    bundle = Bundle(
        event=decode_base64(wire.event),
        context=decode_base64(wire.context),
        event_id=wire.event_id,
        cbv_hash=_unhex(wire.cbv_hash, "cbv_hash"),
        salt=_unhex(wire.salt, "salt"),
        leaf=decode_base64(wire.leaf),
        proof=parse_proof(proof),
    )
    if bundle.proof.extra is not None:
        raise InvalidProof("a bundle's proof has no extra data: nothing authenticates it")
    if encode_bundle(bundle) != data:
        raise InvalidProof("bundle is not in its canonical encoding")
    return bundle


def check_contents(bundle: Bundle) -> EventLeaf:
    """The bundle's leaf, once event, context, CBV hash, event ID and salt are exactly those it commits to."""
    leaf = parse_leaf(bundle.leaf)
    if not isinstance(leaf, EventLeaf):
        raise InvalidProof("the bundle's leaf is of an act, not of an event")
    if hash_event_id(bundle.salt, bundle.event_id) != leaf.event_id:
        raise InvalidProof("event ID or salt is not the one that the leaf commits to")
    context = sha256(bundle.context).digest()
    if commit_event(bundle.salt, bundle.cbv_hash, bundle.event, context) != leaf.commitment:
        raise InvalidProof("event, context, CBV hash or salt is not the one that the leaf commits to")
    return leaf


def _unhex(digits: str, name: str) -> bytes:
    if not _HEX.fullmatch(digits):
        raise InvalidProof(f"{name} is not {SALT_BYTES} bytes in lower-case hexadecimal digits", place=f"/{name}")
    return bytes.fromhex(digits)
