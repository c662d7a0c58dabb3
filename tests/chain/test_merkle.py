"""The tree against a naive RFC 6962, and proofs against other people's vectors."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import IntegrityBroken, InvalidInput, InvalidProof, SuyuanError
from suyuan.chain.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Appender,
    Frontier,
    Head,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)
from suyuan.chain.tiles import MemoryTiles

LEAVES = [b"leaf %d" % number for number in range(1100)]
TILES = MemoryTiles(LEAVES)


@cache
def naive(first: int, end: int) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if first == end:
        return sha256(b"").digest()
    if end - first == 1:
        return sha256(b"\x00" + LEAVES[first]).digest()
    k = 1
    while k * 2 < end - first:
        k *= 2
    return sha256(b"\x01" + naive(first, first + k) + naive(first + k, end)).digest()


def naive_path(index: int, first: int, end: int) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1."""
    if end - first == 1:
        return []
    k = 1
    while k * 2 < end - first:
        k *= 2
    if index < k:
        return [*naive_path(index, first, first + k), naive(first + k, end)]
    return [*naive_path(index - k, first + k, end), naive(first, first + k)]


def naive_subproof(m: int, first: int, end: int, known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    n = end - first
    if m == n:
        return [] if known else [naive(first, end)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*naive_subproof(m, first, first + k, known), naive(first + k, end)]
    return [*naive_subproof(m - k, first + k, end, False), naive(first, first + k)]


sizes = st.integers(1, len(LEAVES))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 1023, 1024, 1100])
def test_the_root_at_any_size_is_that_of_the_standard(size: int) -> None:
    assert root_at(TILES, size) == naive(0, size)
    assert Frontier().append(map(leaf_hash, LEAVES[:size])).root() == naive(0, size)


@given(sizes, st.data())
@settings(max_examples=60, deadline=None)
def test_an_inclusion_proof_is_that_of_the_standard_and_verifies(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(TILES, index, size)
    assert proof == naive_path(index, 0, size)
    verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, naive(0, size))


@given(sizes, st.data())
@settings(max_examples=60, deadline=None)
def test_a_consistency_proof_is_that_of_the_standard_and_verifies(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(TILES, old, new)
    assert proof == naive_subproof(old, 0, new, True)
    verify_consistency(Head(old, naive(0, old)), Head(new, naive(0, new)), proof)


@given(st.integers(1, 40), st.data())
@settings(max_examples=80, deadline=None)
def test_no_inclusion_proof_verifies_after_any_change(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(TILES, index, size)
    leaf, root = leaf_hash(LEAVES[index]), naive(0, size)
    other_index = data.draw(st.integers(-1, size + 1).filter(lambda other: other != index))
    with pytest.raises(InvalidProof):
        verify_inclusion(leaf, other_index, size, proof, root)
    for changed in changed_proofs(proof, root):
        with pytest.raises(InvalidProof):
            verify_inclusion(leaf, index, size, changed, root)


@given(st.integers(2, 40), st.data())
@settings(max_examples=80, deadline=None)
def test_no_consistency_proof_verifies_after_any_change(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    first, second = Head(old, naive(0, old)), Head(new, naive(0, new))
    proof = consistency_proof(TILES, old, new)
    for changed in changed_proofs(proof, second.root):
        with pytest.raises(InvalidProof):
            verify_consistency(first, second, changed)
    with pytest.raises(InvalidProof):
        verify_consistency(second, first, proof)
    with pytest.raises(InvalidProof):
        verify_consistency(Head(old, second.root), second, proof)
    with pytest.raises(InvalidProof):
        verify_consistency(first, Head(new, first.root), proof)


def changed_proofs(proof: Sequence[bytes], stray: bytes) -> Iterator[list[bytes]]:
    yield [*proof, stray]
    yield [stray, *proof]
    yield [*proof, b""]
    yield [*proof] + [stray] * 70
    for at, node in enumerate(proof):
        yield [*proof[:at], *proof[at + 1 :]]
        yield [*proof[:at], bytes([node[0] ^ 1]) + node[1:], *proof[at + 1 :]]
        yield [*proof[:at], node[:31], *proof[at + 1 :]]
        if at:
            yield [*proof[: at - 1], node, proof[at - 1], *proof[at + 1 :]]


def test_an_entry_made_of_two_hashes_does_not_pass_as_their_parent() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
    with pytest.raises(InvalidProof):
        verify_inclusion(leaf_hash(left + right), 0, 1, [], node_hash(left, right))


def test_a_consistency_proof_from_an_empty_log_is_refused_even_to_an_empty_log() -> None:
    for new in (Head(0, EMPTY_ROOT), Head(3, naive(0, 3))):
        with pytest.raises(InvalidProof):
            verify_consistency(Head(0, EMPTY_ROOT), new, [])
    assert consistency_proof(TILES, 0, 5) == []


@pytest.mark.parametrize(("index", "size"), [(5, 5), (-1, 5), (0, 0), (0, MAX_SIZE + 1)])
def test_there_is_no_proof_for_an_entry_outside_the_log(index: int, size: int) -> None:
    with pytest.raises(InvalidInput):
        inclusion_proof(TILES, index, size)
    with pytest.raises(InvalidProof):
        root_from_inclusion(leaf_hash(b""), index, size, [])


def test_there_is_no_consistency_proof_backwards() -> None:
    with pytest.raises(InvalidInput):
        consistency_proof(TILES, 6, 5)


def test_a_source_that_gives_half_a_tile_is_noticed() -> None:
    class Short:
        def hashes(self, level: int, index: int, width: int) -> bytes:
            return b"\x00" * 31

    with pytest.raises(IntegrityBroken):
        inclusion_proof(Short(), 0, 2)


# --- frontier and appender ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 300), max_size=6))
@settings(max_examples=40, deadline=None)
def test_an_appender_gives_the_same_rows_and_heads_however_entries_are_batched(batches: list[int]) -> None:
    appender, rows, tiles = Appender(), [], {}
    for count in batches:
        first = appender.head.size
        appended = appender.append(LEAVES[first : first + count])
        rows += appended.leaves
        tiles.update({(row.level, row.idx): (row.root, row.hashes) for row in appended.tiles})
        appender = appended.after
        assert appended.head == Head(len(rows), naive(0, len(rows)))
    assert rows == list(enumerate(LEAVES[: len(rows)]))
    assert appender == Appender.resume(TILES, len(rows))
    for (level, index), (root, hashes) in tiles.items():
        width = 256 << 8 * level
        assert root == naive(index * width, (index + 1) * width)
        assert hashes == TILES.hashes(level, index, 256)


def test_a_failed_batch_leaves_the_appender_as_it_was() -> None:
    appender = Appender().append(LEAVES[:300]).after
    appender.append(LEAVES[300:900])
    assert appender.append(LEAVES[300:301]).head == Head(301, naive(0, 301))


@pytest.mark.slow
def test_a_tree_of_three_tile_levels_is_resumed_exactly() -> None:
    size = 65_536 + 513
    tiles = MemoryTiles(b"%d" % number for number in range(size))
    assert root_at(tiles, size) == tiles.head.root
    assert Appender.resume(tiles, size).head == tiles.head
    for index in (0, 255, 256, 65_535, 65_536, size - 1):
        proof = inclusion_proof(tiles, index, size)
        verify_inclusion(leaf_hash(b"%d" % index), index, size, proof, tiles.head.root)


@given(st.integers(0, 600))
@settings(max_examples=30, deadline=None)
def test_a_frontier_survives_being_stored(size: int) -> None:
    frontier = Frontier().append(map(leaf_hash, LEAVES[:size]))
    assert Frontier.from_bytes(frontier.to_bytes()) == frontier


@given(st.binary(max_size=120))
def test_any_bytes_are_a_frontier_or_are_refused(data: bytes) -> None:
    with contextlib.suppress(SuyuanError):
        assert Frontier.from_bytes(data).to_bytes() == data


def test_a_frontier_with_the_wrong_hashes_is_refused() -> None:
    for size, hashes in ((1, ()), (1, (b"short",)), (-1, ()), (1 << 63, (EMPTY_ROOT,))):
        with pytest.raises(InvalidProof):
            Frontier(size, hashes)


# --- other people's vectors -----------------------------------------------------------------------------------------


def decoded(value: str | None) -> bytes:
    return base64.b64decode(value or "")


def proofs(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    found = [(str(path), json.loads(path.read_text())) for path in sorted(folder.rglob("*.json"))]
    assert found
    return found


def test_inclusion_vectors_of_transparency_dev(merkle_vectors: Path) -> None:
    for name, case in proofs(merkle_vectors / "transparency-dev_merkle/testdata/inclusion"):
        proof = [decoded(node) for node in case["proof"] or []]
        try:
            verify_inclusion(decoded(case["leafHash"]), case["leafIdx"], case["treeSize"], proof, decoded(case["root"]))
            refused = False
        except InvalidProof:
            refused = True
        assert refused == case["wantErr"], name


def test_consistency_vectors_of_transparency_dev(merkle_vectors: Path) -> None:
    for name, case in proofs(merkle_vectors / "transparency-dev_merkle/testdata/consistency"):
        old, new = Head(case["size1"], decoded(case["root1"])), Head(case["size2"], decoded(case["root2"]))
        # Roots of 12 bytes stand in one positive vector; a SHA-256 root has 32, so a strict verifier refuses it.
        expected = case["wantErr"] or len(old.root) != 32
        try:
            verify_consistency(old, new, [decoded(node) for node in case["proof"] or []])
            refused = False
        except InvalidProof:
            refused = True
        assert refused == expected, name


def test_the_reference_tree_of_transparency_dev(merkle_vectors: Path) -> None:
    tree = json.loads((merkle_vectors / "transparency-dev_merkle/reference_tree.json").read_text())
    tiles = MemoryTiles(bytes.fromhex(leaf) for leaf in tree["leaf_inputs_hex"])
    assert [root_at(tiles, size).hex() for size in range(9)] == tree["root_hashes_by_size_hex"]


def test_proofs_from_a_log_of_a_thousand_million_entries(merkle_vectors: Path) -> None:
    folder = merkle_vectors / "golang_mod/argon2020"
    head, entries, inclusion, consistency = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("sth", "entries", "proof", "consistency")
    )
    new = Head(head["tree_size"], decoded(head["sha256_root_hash"]))
    leaf = leaf_hash(decoded(entries["entries"][0]["leaf_input"]))
    path = [decoded(node) for node in inclusion["audit_path"]]
    verify_inclusion(leaf, inclusion["leaf_index"], new.size, path, new.root)
    old = Head(consistency["first"], decoded(consistency["first_root"]))
    verify_consistency(old, new, [decoded(node) for node in consistency["consistency"]])
