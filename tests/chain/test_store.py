"""The log in SQLite: the same answers as the naive tree, and what is noticed when rows are changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, update

from suyuan.base.database import metadata, open_owner
from suyuan.base.errors import IntegrityBroken, InvalidInput, InvalidProof, NotFound
from suyuan.chain import tables
from suyuan.chain.checkpoint import sign_checkpoint
from suyuan.chain.merkle import Head, leaf_hash, verify_consistency, verify_inclusion
from suyuan.chain.note import SignerKey
from suyuan.chain.policy import Policy
from suyuan.chain.signer import NOTE_FILE, Signer
from suyuan.chain.store import LogReader, checkpoint_row, insert_appended, insert_checkpoint
from suyuan.chain.tiles import MemoryTiles
from suyuan.chain.verify import audit

SIZE = 1100
LEAVES = [b"leaf %d" % number for number in range(SIZE)]
TREE = MemoryTiles(LEAVES)
KEY = SignerKey("log.example/a", b"\x01" * 32)
POLICY = Policy(logs=(KEY.verifier,))
NOTE = sign_checkpoint(TREE.head, KEY)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = open_owner(f"sqlite:///{tmp_path / 'log.db'}")
    metadata.create_all(engine, tables=[tables.leaf, tables.tile, tables.checkpoint])
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def log(connection: Connection) -> LogReader:
    appender, at = LogReader(connection).appender(), 0
    for count in (1, 255, 3, 600, SIZE):
        batch = appender.append(LEAVES[at : at + count])
        insert_appended(connection, batch)
        appender, at = batch.after, batch.head.size
    return LogReader(connection)


def test_an_empty_log_has_no_entries_tiles_or_checkpoint(connection: Connection) -> None:
    log = LogReader(connection)
    assert (log.size(), log.entries(0, 5), log.latest_checkpoint()) == (0, [], None)
    assert log.appender().head == Head(0, log.root(0))
    insert_appended(connection, log.appender().append([]))


def test_the_stored_log_is_the_tree(log: LogReader) -> None:
    assert log.size() == SIZE
    assert list(log.scan()) == LEAVES
    assert log.root(SIZE) == TREE.head.root
    assert log.appender().head == TREE.head
    assert log.frontier(SIZE) == TREE.appender.frontier


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 1024, SIZE])
def test_proofs_verify_at_any_size_and_old_partial_tiles_are_still_answered(log: LogReader, size: int) -> None:
    head = Head(size, MemoryTiles(LEAVES[:size]).head.root)
    for index in {0, size // 2, size - 1}:
        proof = log.inclusion_proof(index, size)
        verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, head.root)
    verify_consistency(head, TREE.head, log.consistency_proof(size, SIZE))


def test_an_inclusion_proof_reads_a_tile_or_two_a_level_however_long_the_log(
    log: LogReader, connection: Connection
) -> None:
    statements: list[str] = []
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.set_trace_callback(statements.append)
    for index in range(0, SIZE, 10):
        statements.clear()
        log.inclusion_proof(index, SIZE)
        assert len(statements) <= 8, statements


def test_sizes_and_entries_that_the_log_does_not_have_are_refused(log: LogReader) -> None:
    for size in (-1, SIZE + 1):
        with pytest.raises(InvalidInput):
            log.root(size)
        with pytest.raises(InvalidInput):
            log.appender(size)
    for first, count in ((-1, 1), (0, -1), (0, 1_000_000), (1 << 70, 1)):
        with pytest.raises(InvalidInput):
            log.entries(first, count)
    with pytest.raises(NotFound):
        log.entry(SIZE)
    assert log.entry(SIZE - 1) == LEAVES[-1]
    assert log.entries(SIZE - 2, 10) == LEAVES[-2:]


def test_checkpoints_are_found_by_what_they_cover(connection: Connection, log: LogReader) -> None:
    for size in (300, 700, SIZE):
        note = sign_checkpoint(Head(size, log.root(size)), KEY)
        insert_checkpoint(connection, checkpoint_row(note, size))
    latest, first = log.latest_checkpoint(), log.first_checkpoint_after(300)
    assert latest is not None
    assert first is not None
    assert (latest.size, first.size, log.first_checkpoint_after(SIZE)) == (SIZE, 700, None)
    assert latest.note.encode() == NOTE


def test_publishing_the_last_note_again_after_a_crash_changes_nothing(connection: Connection, log: LogReader) -> None:
    row = checkpoint_row(NOTE, 1)
    insert_checkpoint(connection, row)
    insert_checkpoint(connection, row)
    with pytest.raises(IntegrityBroken):
        insert_checkpoint(connection, row._replace(note="another"))


def audited(log: LogReader) -> None:
    audit(log.scan(), NOTE, POLICY, tiles=log)


def test_an_honest_database_passes_the_audit(log: LogReader) -> None:
    audited(log)


def test_an_updated_entry_is_named_by_the_audit(connection: Connection, log: LogReader) -> None:
    connection.execute(update(tables.leaf).where(tables.leaf.c.idx == 300).values(body=b"forged"))
    with pytest.raises(InvalidProof, match=r"^entry 300 "):
        audited(log)


def test_an_updated_tile_is_named_by_the_audit(connection: Connection, log: LogReader) -> None:
    connection.execute(update(tables.tile).where(tables.tile.c.idx == 1).values(hashes=b"\x00" * 8192))
    with pytest.raises(InvalidProof, match="entry 256 "):
        audited(log)


def test_a_deleted_entry_is_a_gap(connection: Connection, log: LogReader) -> None:
    connection.execute(delete(tables.leaf).where(tables.leaf.c.idx == 300))
    with pytest.raises(IntegrityBroken, match="entry 300 is missing"):
        audited(log)
    with pytest.raises(IntegrityBroken, match="entry 300 is missing"):
        log.entry(300)


def test_two_swapped_rows_are_noticed(connection: Connection, log: LogReader) -> None:
    for index, body in ((10, LEAVES[11]), (11, LEAVES[10])):
        connection.execute(update(tables.leaf).where(tables.leaf.c.idx == index).values(body=body))
    with pytest.raises(InvalidProof, match=r"^entry 10 "):
        audited(log)


def test_a_deleted_tile_is_noticed_when_it_is_needed_and_cannot_be_computed(
    connection: Connection, log: LogReader
) -> None:
    connection.execute(delete(tables.tile).where(tables.tile.c.idx == 2))
    assert log.hashes(0, 2, 256) == TREE.hashes(0, 2, 256)
    with pytest.raises(IntegrityBroken, match=r"tile 1/0 has 3 of the 4 hashes"):
        log.root(SIZE)


def test_the_signer_refuses_a_truncated_and_a_rewritten_database(
    connection: Connection, log: LogReader, tmp_path: Path
) -> None:
    Signer.open(KEY, tmp_path / NOTE_FILE, log, log.size()).sign(*TREE.head)
    connection.execute(update(tables.leaf).where(tables.leaf.c.idx == SIZE - 1).values(body=b"forged"))
    with pytest.raises(IntegrityBroken, match="not those that were signed"):
        Signer.open(KEY, tmp_path / NOTE_FILE, log, log.size())
    connection.execute(delete(tables.leaf).where(tables.leaf.c.idx == SIZE - 1))
    with pytest.raises(IntegrityBroken, match="has lost entries"):
        Signer.open(KEY, tmp_path / NOTE_FILE, log, log.size())
