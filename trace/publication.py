"""Signing after the commit: the head becomes a checkpoint that anyone may have.

The signed note is on disk outside the database before the database has it (`suyuan.chain.signer`); a crash between
the two is mended at the next start, because the same head gives the same note.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from suyuan.base.clock import Clock, now
from suyuan.base.errors import IntegrityBroken
from suyuan.chain.durable import replace
from suyuan.chain.keys import load_or_create_key
from suyuan.chain.merkle import Head, TileSource
from suyuan.chain.policy import log_policy
from suyuan.chain.signer import NOTE_FILE, Signer
from suyuan.chain.store import checkpoint_row

#: Files of the data folder.
KEY_FILE, POLICY_FILE = "log.key", "log.policy"


class Publication:
    """Signs heads of the log in one data folder and stores the notes."""

    def __init__(self, signer: Signer, clock: Clock = now) -> None:
        self._signer = signer
        self._clock = clock

    @classmethod
    def open(cls, folder: Path, origin: str, tiles: TileSource, size: int) -> Publication:
        """The publication of the log ``origin``; makes its key and its verifiers' policy on first use.

        Raises `IntegrityBroken` when the database has lost or changed what was signed: nothing is signed then.
        """
        key = load_or_create_key(folder / KEY_FILE, origin)
        policy = folder / POLICY_FILE
        if not policy.exists():
            replace(policy, log_policy(key.verifier).encode())
        return cls(Signer.open(key, folder / NOTE_FILE, tiles, size))

    def __call__(self, db: sqlite3.Connection, head: Head) -> None:
        """Sign a committed head and store its note."""
        row = checkpoint_row(self._signer.sign(head.size, head.root), self._clock())
        stored = db.execute("SELECT note FROM checkpoint WHERE size = ?", (row.size,)).fetchone()
        if stored is None:
            db.execute("INSERT INTO checkpoint (size, root, note, signed_at) VALUES (?, ?, ?, ?)", row)
        elif stored[0] != row.note:
            raise IntegrityBroken(f"another checkpoint is stored for size {row.size}")
