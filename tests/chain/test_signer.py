"""The signer: one root for each size, on disk before it is shown, and nothing at all over a changed database."""

from __future__ import annotations

from pathlib import Path

import pytest

from suyuan.base.errors import IntegrityBroken
from suyuan.chain import durable
from suyuan.chain.checkpoint import open_checkpoint, sign_checkpoint
from suyuan.chain.merkle import Head, consistency_proof
from suyuan.chain.note import SignerKey
from suyuan.chain.policy import Policy
from suyuan.chain.signer import NOTE_FILE, Signer
from suyuan.chain.tiles import MemoryTiles

KEY = SignerKey("log.example/a", b"\x01" * 32)
POLICY = Policy(logs=(KEY.verifier,))


def leaves(count: int) -> list[bytes]:
    return [b"leaf %d" % number for number in range(count)]


def opened(folder: Path, log: MemoryTiles) -> Signer:
    return Signer.open(KEY, folder / NOTE_FILE, log, log.head.size)


def test_a_signed_head_is_on_disk_when_it_is_returned(tmp_path: Path) -> None:
    log = MemoryTiles(leaves(300))
    signer = opened(tmp_path, log)
    assert signer.last is None
    note = signer.sign(*log.head)
    assert (tmp_path / NOTE_FILE).read_bytes() == note == signer.note
    assert open_checkpoint(note, POLICY).checkpoint.head == log.head


def test_the_same_head_gives_the_same_note(tmp_path: Path) -> None:
    log = MemoryTiles(leaves(3))
    signer = opened(tmp_path, log)
    assert signer.sign(*log.head) == signer.sign(*log.head) == opened(tmp_path, log).sign(*log.head)


def test_an_empty_log_is_signed_and_grows(tmp_path: Path) -> None:
    log = MemoryTiles()
    signer = opened(tmp_path, log)
    signer.sign(*log.head)
    log.extend(leaves(5))
    assert signer.sign(*log.head, proof=[])
    assert opened(tmp_path, log).last == signer.last


def test_two_roots_for_one_size_are_never_signed(tmp_path: Path) -> None:
    """Attack: a fork, one head for each of two clients."""
    log = MemoryTiles(leaves(5))
    signer = opened(tmp_path, log)
    note = signer.sign(*log.head)
    for again in (signer, opened(tmp_path, log)):
        with pytest.raises(IntegrityBroken, match="contradict"):
            again.sign(5, b"\x00" * 32)
        with pytest.raises(IntegrityBroken, match="contradict"):
            again.sign(4, MemoryTiles(leaves(4)).head.root)
    assert (tmp_path / NOTE_FILE).read_bytes() == note


def test_a_head_that_does_not_continue_the_last_is_not_signed(tmp_path: Path) -> None:
    log = MemoryTiles(leaves(5))
    signer = opened(tmp_path, log)
    signer.sign(*log.head)
    forged = MemoryTiles([b"other", *leaves(9)])
    with pytest.raises(IntegrityBroken, match="does not continue"):
        signer.sign(*forged.head, proof=consistency_proof(forged, 5, 10))
    log.extend([b"more"])
    assert signer.sign(*log.head, proof=consistency_proof(log, 5, 6))


def test_a_database_restored_from_an_old_backup_is_not_signed_for(tmp_path: Path) -> None:
    log = MemoryTiles(leaves(300))
    opened(tmp_path, log).sign(*log.head)
    with pytest.raises(IntegrityBroken, match="has lost entries"):
        opened(tmp_path, MemoryTiles(leaves(299)))


def test_a_backup_that_was_appended_to_since_is_not_signed_for_either(tmp_path: Path) -> None:
    log = MemoryTiles(leaves(300))
    opened(tmp_path, log).sign(*log.head)
    with pytest.raises(IntegrityBroken, match="not those that were signed"):
        opened(tmp_path, MemoryTiles([*leaves(299), *[b"new"] * 50]))


def test_entries_committed_after_the_last_note_are_signed_for_at_the_next_start(tmp_path: Path) -> None:
    """A crash between commit and signature loses nothing."""
    log = MemoryTiles(leaves(300))
    opened(tmp_path, log).sign(*log.head)
    log.extend(leaves(7))
    assert opened(tmp_path, log).sign(*log.head)


def test_a_second_signer_is_noticed(tmp_path: Path) -> None:
    log = MemoryTiles(leaves(3))
    first, second = opened(tmp_path, log), opened(tmp_path, log)
    first.sign(*log.head)
    log.extend([b"more"])
    with pytest.raises(IntegrityBroken, match="another signer"):
        second.sign(*log.head)


def test_a_note_that_was_removed_or_is_foreign_stops_the_signer(tmp_path: Path) -> None:
    log = MemoryTiles(leaves(3))
    signer = opened(tmp_path, log)
    signer.sign(*log.head)
    (tmp_path / NOTE_FILE).unlink()
    log.extend([b"more"])
    with pytest.raises(IntegrityBroken, match="another signer"):
        signer.sign(*log.head)
    foreign = SignerKey("log.example/a", b"\x02" * 32)
    for data in (sign_checkpoint(Head(1, b"\x00" * 32), foreign), b"", b"no note"):
        durable.replace(tmp_path / NOTE_FILE, data)
        with pytest.raises(IntegrityBroken, match="not a checkpoint of log"):
            opened(tmp_path, log)
