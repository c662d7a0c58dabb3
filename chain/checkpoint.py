"""Checkpoints: signed tree heads as notes (c2sp.org/tlog-checkpoint), and the policy that makes one trusted."""

from __future__ import annotations

import re
from typing import Final, NewType

import msgspec

from suyuan.base.errors import InvalidInput, InvalidProof
from suyuan.chain.merkle import EMPTY_ROOT, HASH_BYTES, MAX_SIZE, Head
from suyuan.chain.note import (
    Kind,
    OpenedNote,
    SignerKey,
    VerifierKey,
    decode_base64,
    encode_base64,
    open_note,
    sign_note,
)
from suyuan.chain.policy import Policy

#: Longest origin line in characters.
MAX_ORIGIN: Final = 255

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(msgspec.Struct, frozen=True):
    """Origin, size and root of a log; ``extensions`` are other logs' own lines, ours writes none."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def head(self) -> Head:
        """Size and root."""
        return Head(self.size, self.root)

    def body(self) -> str:
        """The note text."""
        return "\n".join((self.origin, str(self.size), encode_base64(self.root), *self.extensions, ""))


class Cosigned(msgspec.Struct, frozen=True):
    """A witness's statement: at ``time`` (Unix seconds) this was the largest consistent tree it had seen."""

    witness: str
    time: int


class TrustedCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint that a policy accepts. Only `open_checkpoint` makes one."""

    checkpoint: Checkpoint
    log: VerifierKey
    cosigned: tuple[Cosigned, ...] = ()
    #: How many signature lines no key of the policy explains.
    unknown: int = 0


#: A signed note that a log has published: UTF-8 text.
SignedNote = NewType("SignedNote", bytes)


def parse_checkpoint(text: str) -> Checkpoint:
    """Reads a note text; `InvalidProof` unless the root has 32 bytes and the size no leading zero, sign or space."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise InvalidProof("a checkpoint has three or more lines, none of them empty: origin, size, root")
    origin, size, root, *extensions = lines
    if len(origin) > MAX_ORIGIN:
        raise InvalidProof(f"origin has {len(origin)} characters, at most {MAX_ORIGIN} are read")
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise InvalidProof(
            f"size {size[:40]!r} is not a decimal number below 2^63 without leading zeroes", place="line 2"
        )
    checkpoint = Checkpoint(origin, int(size), decode_base64(root), tuple(extensions))
    if len(checkpoint.root) != HASH_BYTES:
        raise InvalidProof(f"root has {len(checkpoint.root)} bytes, a SHA-256 hash has {HASH_BYTES}", place="line 3")
    if not checkpoint.size and checkpoint.root != EMPTY_ROOT:
        raise InvalidProof("the root of an empty log is the hash of nothing", place="line 3")
    return checkpoint


def sign_checkpoint(head: Head, *signers: SignerKey) -> SignedNote:
    """The signed note of a head; its origin is the name of the first signer's key (tlog-checkpoint, "Signatures")."""
    checkpoint = Checkpoint(signers[0].name, head.size, head.root)
    try:
        parse_checkpoint(checkpoint.body())
    except InvalidProof as error:
        raise InvalidInput(f"this head cannot be signed: {error.detail}") from None
    return SignedNote(sign_note(checkpoint.body(), signers))


def open_checkpoint(note: bytes, policy: Policy) -> TrustedCheckpoint:
    """The checkpoint in a note that ``policy`` trusts: signed by the log its origin names, cosigned by a quorum."""
    opened = open_note(note, policy.keys)
    checkpoint = parse_checkpoint(opened.text)
    logs = [entry.key for entry in opened.verified if entry.key in policy.logs and entry.key.name == checkpoint.origin]
    if not logs:
        raise InvalidProof(f"checkpoint of {checkpoint.origin!r} is not signed by a log of that name in the policy")
    cosigners = [entry.key for entry in opened.verified if entry.key.kind is Kind.COSIGNATURE]
    if not policy.is_satisfied(cosigners):
        names = ", ".join(sorted(key.name for key in cosigners)) or "nobody"
        raise InvalidProof(f"checkpoint lacks the quorum of witnesses that the policy asks for: cosigned by {names}")
    return TrustedCheckpoint(checkpoint, logs[0], _cosigned(opened), len(opened.unknown))


def _cosigned(opened: OpenedNote) -> tuple[Cosigned, ...]:
    return tuple(Cosigned(entry.key.name, entry.time) for entry in opened.verified if entry.time is not None)
