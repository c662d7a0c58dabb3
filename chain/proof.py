"""The offline proof that an entry is in a log, as text: c2sp.org/tlog-proof@v1."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from suyuan.base.errors import InvalidProof, TooLarge
from suyuan.chain.merkle import HASH_BYTES, MAX_PROOF, MAX_SIZE
from suyuan.chain.note import MAX_NOTE_BYTES, decode_base64, encode_base64

#: First line of every proof.
HEADER: Final = "c2sp.org/tlog-proof@v1"
#: Longest proof in bytes: a note, 64 hashes, and room for somebody else's extra line.
MAX_PROOF_BYTES: Final = 2 * MAX_NOTE_BYTES

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_EXTRA = "extra "


class LogProof(msgspec.Struct, frozen=True):
    """Index of an entry, its inclusion hashes from the leaf up, and the verbatim signed checkpoint.

    ``extra`` is somebody's opaque data that nothing authenticates; Suyuan writes none and refuses it in bundles.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format_proof(proof: LogProof) -> bytes:
    """The proof as text."""
    lines = [HEADER]
    if proof.extra is not None:
        lines.append(_EXTRA + encode_base64(proof.extra))
    lines.append(f"index {proof.index}")
    lines += (encode_base64(node) for node in proof.hashes)
    return "\n".join((*lines, "", "")).encode() + proof.checkpoint


def parse_proof(data: bytes) -> LogProof:
    """Reads `format_proof`; `InvalidProof` for anything else. The checkpoint is not looked into."""
    if len(data) > MAX_PROOF_BYTES:
        raise TooLarge(f"proof has {len(data)} bytes, at most {MAX_PROOF_BYTES} are read")
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise InvalidProof("proof is not ASCII before its checkpoint", place=f"byte {error.start}") from None
    if lines.pop(0) != HEADER or not blank:
        raise InvalidProof(f"proof does not begin with {HEADER} and end with a checkpoint behind a blank line")
    extra = decode_base64(lines.pop(0).removeprefix(_EXTRA)) if lines and lines[0].startswith(_EXTRA) else None
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if not index or int(index[1]) > MAX_SIZE:
        raise InvalidProof("proof has no line of the form: index 73894")
    if len(lines) > MAX_PROOF:
        raise InvalidProof(f"proof has {len(lines)} hashes, more than any tree is high")
    return LogProof(int(index[1]), tuple(_parse_hash(line) for line in lines), checkpoint, extra)


def _parse_hash(line: str) -> bytes:
    node = decode_base64(line)
    if len(node) != HASH_BYTES:
        raise InvalidProof(f"proof hash {line[:60]!r} has {len(node)} bytes, a SHA-256 hash has {HASH_BYTES}")
    return node
