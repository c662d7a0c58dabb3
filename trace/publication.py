"""Signing after the commit: the head becomes a checkpoint that anyone may have.

The signed note is on disk outside the database before the database has it (`suyuan.chain.signer`); a crash between
the two is mended at the next start, because the same head gives the same note. Where several writers share a database
one of them signs at a time (`WriteDatabase.signing`), after it has taken over what the others have signed.
"""

from __future__ import annotations

from pathlib import Path

from suyuan.base.clock import Clock, now
from suyuan.base.errors import IntegrityBroken, InvalidProof
from suyuan.chain.checkpoint import SignedNote, open_checkpoint
from suyuan.chain.durable import read, replace
from suyuan.chain.keys import load_or_create_key
from suyuan.chain.merkle import Head
from suyuan.chain.note import MAX_NOTE_BYTES, SignerKey
from suyuan.chain.policy import MAX_POLICY_BYTES, Policy, log_policy, parse_policy
from suyuan.chain.signer import NOTE_FILE, Signer
from suyuan.chain.store import CheckpointRow, LogReader, checkpoint_row
from suyuan.trace.write_database import WriteDatabase

#: Files of the data folder.
KEY_FILE, POLICY_FILE = "log.key", "log.policy"


class Publication:
    """Signs heads of the log and stores the notes. Key, policy and last note are files of one data folder."""

    def __init__(self, folder: Path, key: SignerKey, signer: Signer, clock: Clock = now) -> None:
        self._key = key
        self._signer = signer
        self._note_file, self._policy_file = folder / NOTE_FILE, folder / POLICY_FILE
        self._clock = clock

    @classmethod
    def open(cls, folder: Path, origin: str, db: WriteDatabase) -> Publication:
        """The publication of the log ``origin``; makes its key and its verifiers' policy on first use.

        Raises `IntegrityBroken` when the database has lost or changed what was signed: nothing is signed then.
        """
        with db.signing(), db.log() as log:
            newest = log.latest_checkpoint()
            if newest is not None and not (folder / KEY_FILE).exists():
                raise IntegrityBroken(
                    "the log was signed with a key that is not here", place=str(folder / KEY_FILE),
                    remedy="copy log.key and log.checkpoint from the data folder that made the log",
                )  # fmt: skip
            key = load_or_create_key(folder / KEY_FILE, origin)
            policy = folder / POLICY_FILE
            if not policy.exists():
                replace(policy, log_policy(key.verifier).encode())
            signer = Signer.open(key, folder / NOTE_FILE, log, log.size())
            publication = cls(folder, key, signer)
            publication._follow(log, newest)
            return publication

    def __call__(self, db: WriteDatabase, head: Head) -> int:
        """Sign a committed head and store its note; on a shared database, what is committed by now. The size signed."""
        with db.signing():
            if db.shared:
                self._catch_up(db)
                head = _present(db, head)
            self._store(db, checkpoint_row(self._signer.sign(head.size, head.root), self._clock()))
        return head.size

    def _store(self, db: WriteDatabase, row: CheckpointRow) -> None:
        stored = db.execute("SELECT note FROM checkpoint WHERE size = ?", (row.size,)).fetchone()
        if stored is None:
            db.execute("INSERT INTO checkpoint (size, root, note, signed_at) VALUES (?, ?, ?, ?)", row)
        elif stored[0] != row.note:
            raise IntegrityBroken(f"another checkpoint is stored for size {row.size}")

    def _catch_up(self, db: WriteDatabase) -> None:
        """Take over what other signers of this folder, or of other machines, have signed since."""
        row = db.execute("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
        here = read(self._note_file, MAX_NOTE_BYTES)
        known = self._signer.last
        if here == self._signer.note and (row is None or (known is not None and row[0] <= known.size)):
            return
        with db.log() as log:
            self._signer = Signer.open(self._key, self._note_file, log, log.size())
            self._follow(log, log.latest_checkpoint())
        last, note = self._signer.last, self._signer.note
        if known is not None and (last is None or last.size < known.size):
            raise IntegrityBroken(
                f"size {known.size} was signed, and is not in the last note", place=str(self._note_file)
            )
        if note is not None:
            self._store(db, checkpoint_row(note, self._clock()))  # of one who died before it was stored

    def _follow(self, log: LogReader, newest: CheckpointRow | None) -> None:
        """Keep the newest note of another machine as the last one; it must be this key's and of this log."""
        last = self._signer.last
        if newest is None or (last is not None and newest.size <= last.size):
            return
        note = SignedNote(newest.note.encode())
        try:
            signed = open_checkpoint(note, Policy(logs=(self._key.verifier,))).checkpoint
        except InvalidProof as error:
            if self._continues(note):
                return
            raise IntegrityBroken(
                f"the database's newest checkpoint is not of this key: {error.detail}", place=str(self._note_file),
                remedy="all data folders of one database need the log.key of the first",
            ) from None  # fmt: skip
        if log.root(signed.size) != signed.root:
            raise IntegrityBroken(f"the database's first {signed.size} entries are not those that were signed")
        replace(self._note_file, note)
        self._signer = Signer.open(self._key, self._note_file, log, log.size())

    def _continues(self, note: SignedNote) -> bool:
        """Whether another log of the policy has signed it: this one goes on, under a new key, from its backup."""
        policy = read(self._policy_file, MAX_POLICY_BYTES)
        try:
            return policy is not None and open_checkpoint(note, parse_policy(policy)) is not None
        except InvalidProof:
            return False


def _present(db: WriteDatabase, head: Head) -> Head:
    """The head as it is, where other writers have gone on from the one that is known."""
    with db.log() as log:
        size = log.size()
        return head if size == head.size else log.appender(size).head
