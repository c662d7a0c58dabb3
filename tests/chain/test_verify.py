"""The auditor: what an operator may try on stored rows and signed heads, and how it is noticed."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from suyuan.base.errors import InvalidProof
from suyuan.chain.checkpoint import sign_checkpoint
from suyuan.chain.merkle import Head, consistency_proof
from suyuan.chain.note import SignerKey
from suyuan.chain.policy import Policy
from suyuan.chain.tiles import MemoryTiles
from suyuan.chain.verify import audit, verify_growth

if TYPE_CHECKING:
    from tests.chain.conftest import SampleLog

KEY = SignerKey("log.example/long", b"\x08" * 32)
POLICY = Policy(logs=(KEY.verifier,))
LEAVES = [b"entry %d" % number for number in range(1300)]


def published(leaves: list[bytes], size: int | None = None) -> bytes:
    return sign_checkpoint(MemoryTiles(leaves[:size]).head, KEY)


NOTE, EARLIER = published(LEAVES), [published(LEAVES, size) for size in (1, 700, 1024)]


def test_an_honest_log_passes_with_all_its_earlier_checkpoints() -> None:
    found = audit(iter(LEAVES), NOTE, POLICY, EARLIER, MemoryTiles(LEAVES))
    assert (found.size, found.root, found.earlier, found.unsigned) == (
        1300,
        MemoryTiles(LEAVES).head.root,
        (1, 700, 1024),
        0,
    )


def test_entries_after_the_checkpoint_are_counted_as_not_yet_signed() -> None:
    assert audit([*LEAVES, b"new"], NOTE, POLICY).unsigned == 1
    assert audit([], published([]), POLICY).size == 0


@pytest.mark.parametrize("index", [0, 255, 256, 777, 1023])
def test_a_changed_entry_is_named(index: int) -> None:
    changed = [*LEAVES[:index], b"forged", *LEAVES[index + 1 :]]
    with pytest.raises(InvalidProof, match=rf"^entry {index} "):
        audit(changed, NOTE, POLICY, tiles=MemoryTiles(LEAVES))
    with pytest.raises(InvalidProof, match="signed was"):
        audit(changed, NOTE, POLICY)


def test_a_changed_entry_that_no_full_tile_covers_is_still_noticed() -> None:
    with pytest.raises(InvalidProof, match="signed was"):
        audit([*LEAVES[:-1], b"forged"], NOTE, POLICY, tiles=MemoryTiles(LEAVES))


def test_a_changed_tile_is_noticed_also_when_the_entries_are_right() -> None:
    leaves = [b"%d" % number for number in range(65_536)]
    note = published(leaves)
    with pytest.raises(InvalidProof, match="tile 1/0 differs from what its entries give, at hash 0"):
        audit(leaves, note, POLICY, tiles=ForgedTiles(leaves, 1, b"\x00" * 8192))
    with pytest.raises(InvalidProof, match="has 3 bytes"):
        audit(LEAVES, NOTE, POLICY, tiles=ForgedTiles(LEAVES, 0, b"abc"))


class ForgedTiles:
    """A store in which the tiles of one level were changed."""

    def __init__(self, leaves: list[bytes], level: int, forged: bytes) -> None:
        self._tiles, self._level, self._forged = MemoryTiles(leaves), level, forged

    def hashes(self, level: int, index: int, width: int) -> bytes:
        return self._forged if level == self._level else self._tiles.hashes(level, index, width)


def test_a_tile_that_cannot_be_read_is_named() -> None:
    with pytest.raises(InvalidProof, match="tile 0/0 cannot be read"):
        audit(LEAVES, NOTE, POLICY, tiles=MemoryTiles())


def test_a_deleted_entry_is_noticed() -> None:
    for index in (0, 600, 1299):
        with pytest.raises(InvalidProof, match="signed"):
            audit(LEAVES[:index] + LEAVES[index + 1 :], NOTE, POLICY)


def test_deleting_renumbering_rebuilding_and_signing_anew_fails_against_any_earlier_checkpoint() -> None:
    forged = LEAVES[:600] + LEAVES[601:]
    with pytest.raises(InvalidProof, match="first 700 entries"):
        audit(forged, published(forged), POLICY, EARLIER)
    proof = consistency_proof(MemoryTiles(forged), 700, 1299)
    with pytest.raises(InvalidProof, match="consistency proof"):
        verify_growth(EARLIER[1], published(forged), POLICY, proof)


def test_two_swapped_entries_are_noticed() -> None:
    swapped = [*LEAVES[:5], LEAVES[6], LEAVES[5], *LEAVES[7:]]
    with pytest.raises(InvalidProof, match=r"^entry 5 "):
        audit(swapped, NOTE, POLICY, tiles=MemoryTiles(LEAVES))


def test_an_entry_put_in_at_an_old_index_is_noticed() -> None:
    inserted = [*LEAVES[:500], b"backdated", *LEAVES[500:]]
    with pytest.raises(InvalidProof, match="first 700 entries"):
        audit(inserted, published(inserted), POLICY, EARLIER)


def test_a_tail_cut_off_after_publication_is_noticed() -> None:
    with pytest.raises(InvalidProof, match="only 1299 entries, 1300 were signed"):
        audit(LEAVES[:1299], NOTE, POLICY)
    with pytest.raises(InvalidProof, match="has shrunk"):
        audit(LEAVES[:900], published(LEAVES, 900), POLICY, [NOTE])


def test_a_log_restored_from_a_backup_and_continued_is_a_fork() -> None:
    forged = [*LEAVES[:1200], *[b"other"] * 100]
    with pytest.raises(InvalidProof, match="fork"):
        verify_growth(NOTE, published(forged), POLICY, [])
    with pytest.raises(InvalidProof):
        audit(forged, published(forged), POLICY, [NOTE])


def test_an_honest_log_grows() -> None:
    proof = consistency_proof(MemoryTiles(LEAVES), 700, 1300)
    old, new = verify_growth(EARLIER[1], NOTE, POLICY, proof)
    assert (old.size, new.size) == (700, 1300)
    verify_growth(NOTE, NOTE, POLICY, [])


def test_checkpoints_of_two_logs_are_not_compared(log: SampleLog) -> None:
    both = Policy(logs=(KEY.verifier, log.key.verifier))
    with pytest.raises(InvalidProof, match="two logs"):
        audit(LEAVES, NOTE, both, [log.note()])
    with pytest.raises(InvalidProof, match="two logs"):
        verify_growth(log.note(), NOTE, both, [])


def test_an_entry_over_65535_bytes_is_refused() -> None:
    with pytest.raises(InvalidProof, match="entry 0 has 65536 bytes"):
        audit([b"x" * 65_536], sign_checkpoint(Head(1, b"\x00" * 32), KEY), POLICY)


def test_random_tampering_never_passes() -> None:
    chance = random.Random(7)
    for turn in range(30):
        leaves, at = list(LEAVES[:300]), chance.randrange(300)
        if turn % 3 == 0:
            del leaves[at]
        elif turn % 3 == 1:
            leaves.insert(at, b"x")
        else:
            leaves[at] += b"x"
        with pytest.raises(InvalidProof):
            audit(leaves, published(leaves), POLICY, [published(LEAVES, 300)])


def test_the_verifier_loads_neither_a_database_nor_a_web_framework() -> None:
    code = (
        "import sys, suyuan.chain.verify; "
        "sys.exit(any(name.split('.')[0] in ('sqlalchemy', 'fastapi') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
