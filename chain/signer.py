"""The one who signs the log's heads, after the commit and never two roots for one size.

The last signed note is kept in a file outside the database and is on disk before anyone sees the signature. So a
database that was restored from an old backup, or rewritten, is noticed at the next start, and nothing is signed.
Whoever runs a signer holds the writer's lock; as a second fence the file must still be the one last written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from suyuan.base.errors import IntegrityBroken, InvalidProof
from suyuan.chain import durable
from suyuan.chain.checkpoint import Checkpoint, SignedNote, open_checkpoint, sign_checkpoint
from suyuan.chain.merkle import Head, TileSource, root_at, verify_consistency
from suyuan.chain.note import MAX_NOTE_BYTES, SignerKey
from suyuan.chain.policy import Policy

#: Name of the file in the data folder.
NOTE_FILE: Final = "log.checkpoint"


class Signer:
    """Signs heads of one log. Not thread-safe: it belongs to the one writer."""

    def __init__(self, key: SignerKey, path: Path, last: SignedNote | None) -> None:
        self._key = key
        self._path = path
        self._note = last
        self._last = _read_own(last, key, path) if last is not None else None

    @classmethod
    def open(cls, key: SignerKey, path: Path, tiles: TileSource, size: int) -> Signer:
        """A signer for the log in ``tiles``, which holds ``size`` entries now; ``path`` is the file of the last note.

        `IntegrityBroken` when the log is smaller than what was last signed, or has another root at that size.
        """
        data = durable.read(path, MAX_NOTE_BYTES)
        signer = cls(key, path, None if data is None else SignedNote(data))
        last = signer.last
        if last and size < last.size:
            raise IntegrityBroken(
                f"the database has {size} entries, but {last.size} were signed: it has lost entries",
                place=str(path),
                remedy="restore the newest database; do not remove this file, others hold the signed checkpoint",
            )
        if last and root_at(tiles, last.size) != last.root:
            raise IntegrityBroken(
                f"the database's first {last.size} entries are not those that were signed", place=str(path)
            )
        return signer

    @property
    def last(self) -> Checkpoint | None:
        """The last signed checkpoint; None for a log that was never signed."""
        return self._last

    @property
    def note(self) -> SignedNote | None:
        """The last signed note. After a crash between `sign` and publishing it is what must be published again."""
        return self._note

    def sign(self, size: int, root: bytes, proof: Sequence[bytes] | None = None) -> SignedNote:
        """The signed note of a head that has been committed. It is on disk when this returns.

        The same head again gives the same note; a smaller one, or another root for the size, is `IntegrityBroken`.
        ``proof`` is the consistency proof from `last`, checked where given. A crash at any point leaves either the
        old note or the new one, and both are of committed heads.
        """
        head, last = Head(size, root), self._last
        if last and self._note is not None:
            if head == last.head:
                return self._note
            _require_growth(last, head, proof)
        if durable.read(self._path, MAX_NOTE_BYTES) != self._note:
            raise IntegrityBroken("another signer has written the last note", place=str(self._path))
        note = sign_checkpoint(head, self._key)
        durable.replace(self._path, note)
        self._note, self._last = note, Checkpoint(self._key.name, size, root)
        return note


def _require_growth(last: Checkpoint, head: Head, proof: Sequence[bytes] | None) -> None:
    if head.size <= last.size:
        raise IntegrityBroken(
            f"size {last.size} was signed with root {last.root.hex()}; "
            f"size {head.size} with root {head.root.hex()} would contradict it"
        )
    if proof is None or not last.size:
        return
    try:
        verify_consistency(last.head, head, proof)
    except InvalidProof as error:
        raise IntegrityBroken(f"the new head does not continue the signed one: {error.detail}") from None


def _read_own(note: SignedNote, key: SignerKey, path: Path) -> Checkpoint:
    """The last note must be our own: a foreign one would say nothing about what this key has signed."""
    try:
        return open_checkpoint(note, Policy(logs=(key.verifier,))).checkpoint
    except InvalidProof as error:
        raise IntegrityBroken(
            f"this is not a checkpoint of log {key.name!r}: {error.detail}", place=str(path)
        ) from None
