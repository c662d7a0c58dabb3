"""The RFC 6962 SHA-256 Merkle tree: hashes, frontier, appending, proofs and their verification. Pure.

Tiles are those of c2sp.org/tlog-tiles: tile (L, N) holds the 256 node hashes ``N*256 .. N*256+255`` of tree level
``8*L``, so that a proof reads at most one or two tiles for each eight levels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from suyuan.base.errors import IntegrityBroken, InvalidInput, InvalidProof

#: Bytes of a SHA-256 hash.
HASH_BYTES: Final = 32
#: Tree levels of one tile, and hashes of a full one (tlog-tiles, "Merkle Tree").
TILE_LEVELS: Final = 8
TILE_WIDTH: Final = 1 << TILE_LEVELS
#: The tree head of no entries at all (RFC 6962 section 2.1).
EMPTY_ROOT: Final = sha256(b"").digest()
#: Sizes are 63-bit: what checkpoints, databases and other people's verifiers can hold.
MAX_SIZE: Final = (1 << 63) - 1
#: Longest possible proof: a path down 63 levels, and one hash more for consistency.
MAX_PROOF: Final = 64


class TileSource(Protocol):
    """Where proofs get their tiles from: a database, a folder, an HTTP log."""

    def hashes(self, level: int, index: int, width: int) -> bytes:
        """The first ``width`` hashes (1 to 256) of tile (``level``, ``index``): ``32 * width`` bytes.

        Asked only for hashes that exist in the tree; a source that lacks them raises a `SuyuanError`.
        """
        ...


class Head(NamedTuple):
    """A tree head: how many entries, and their root hash."""

    size: int
    root: bytes


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one entry. The prefixes 0x00 and 0x01 keep an entry from passing as an inner node (RFC 6962 2.1)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node over its two children."""
    return sha256(b"\x01" + left + right).digest()


def _perfect(hashes: bytes) -> bytes:
    """Root over 2^k concatenated sibling hashes."""
    while len(hashes) > HASH_BYTES:
        # Two neighbours are one slice; not calling node_hash for each pair halves the time of a proof.
        pairs = range(0, len(hashes), 2 * HASH_BYTES)
        hashes = b"".join([sha256(b"\x01" + hashes[at : at + 2 * HASH_BYTES]).digest() for at in pairs])
    return hashes


def _fold(hashes: Sequence[bytes]) -> bytes:
    """Root over perfect subtrees, largest first: each joins what is to its right."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


# --- frontier -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree cut down to the roots of its perfect subtrees (a "compact range"), largest and leftmost first.

    Enough to append and to know the root; the entries themselves are gone. One hash for each bit set in ``size``.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise InvalidProof(f"tree size {self.size} is not in 0..2^63-1")
        if len(self.hashes) != self.size.bit_count() or any(len(node) != HASH_BYTES for node in self.hashes):
            raise InvalidProof(
                f"a frontier of size {self.size} has {self.size.bit_count()} hashes of 32 bytes, not {len(self.hashes)}"
            )

    def root(self) -> bytes:
        """The RFC 6962 tree head at this size."""
        return _fold(self.hashes)

    def append(self, leaf_hashes: Iterable[bytes]) -> Frontier:
        """The frontier after these leaf hashes."""
        stack, size = list(self.hashes), self.size
        for node in leaf_hashes:
            place, top = size, node
            while place & 1:
                top = node_hash(stack.pop(), top)
                place >>= 1
            stack.append(top)
            size += 1
        return Frontier(size, tuple(stack))

    def to_bytes(self) -> bytes:
        """Eight bytes of size, big-endian, then the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Reads `to_bytes`; raises `InvalidProof` for anything else."""
        body = data[8:]
        if len(data) < 8 or len(body) % HASH_BYTES:
            raise InvalidProof(f"{len(data)} bytes are no frontier: 8 bytes of size and hashes of 32 are")
        hashes = tuple(body[at : at + HASH_BYTES] for at in range(0, len(body), HASH_BYTES))
        return cls(int.from_bytes(data[:8], "big"), hashes)


# --- appending ------------------------------------------------------------------------------------------------------


class TileRow(NamedTuple):
    """A tile that has just become full: 256 hashes, and ``root``, the node above them (hash N of tile level L+1)."""

    level: int
    idx: int
    root: bytes
    hashes: bytes


class Appended(NamedTuple):
    """What one batch adds: rows to insert, the head they lead to, and the appender for the next batch."""

    leaves: list[tuple[int, bytes]]
    tiles: list[TileRow]
    head: Head
    after: Appender


@dataclass(frozen=True, slots=True)
class Appender:
    """The growing edge of the tree: its frontier, and for each tile level the hashes of the tile not yet full.

    Frozen: `append` returns the next appender, and a writer whose transaction failed goes on with the one it had.
    """

    frontier: Frontier = Frontier()
    partial: tuple[bytes, ...] = (b"",)

    @property
    def head(self) -> Head:
        """Size and root of the tree as it is."""
        return Head(self.frontier.size, self.frontier.root())

    @classmethod
    def resume(cls, source: TileSource, size: int) -> Appender:
        """The appender of an existing tree of ``size`` entries, read from its tiles."""
        partial = tuple(_tails(source, size))
        return cls(Frontier(size, tuple(_subtrees(partial))), partial)

    def append(self, leaves: Iterable[bytes]) -> Appended:
        """Hashes the entries in, in order. Leaf rows are (index, entry).

        Costs one leaf hash and on average one node hash an entry. A tile closes in the very step in which the node
        above it is made, so tile roots cost nothing.
        """
        stack, size = list(self.frontier.hashes), self.frontier.size
        partial = [bytearray(tail) for tail in self.partial]
        rows, tiles = [], []
        for leaf in leaves:
            rows.append((size, leaf))
            node = sha256(b"\x00" + leaf).digest()
            partial[0] += node
            place, level = size, 0
            while place & 1:
                node = sha256(b"\x01" + stack.pop() + node).digest()
                place >>= 1
                level += 1
                if not level % TILE_LEVELS:
                    tiles.append(_close(partial, level // TILE_LEVELS, place, node))
            stack.append(node)
            size += 1
        after = Appender(Frontier(size, tuple(stack)), tuple(bytes(tail) for tail in partial))
        return Appended(rows, tiles, after.head, after)


def _close(partial: list[bytearray], above: int, index: int, root: bytes) -> TileRow:
    """The full tile below tile level ``above``, whose root becomes the next hash of the level above."""
    tile = TileRow(above - 1, index, root, bytes(partial[above - 1]))
    partial[above - 1].clear()
    if above == len(partial):
        partial.append(bytearray())
    partial[above] += root
    return tile


def _tails(source: TileSource, size: int) -> Iterable[bytes]:
    """For each tile level of a tree of ``size`` entries the hashes of its last, not full tile, lowest level first."""
    level = 0
    while size or not level:
        size, width = divmod(size, TILE_WIDTH)
        yield _read(source, level, size, width) if width else b""
        level += 1


def _subtrees(partial: Sequence[bytes]) -> Iterable[bytes]:
    """The roots of perfect subtrees behind partial tiles: the binary digits of each width, highest level first."""
    for tail in reversed(partial):
        width, at = len(tail) // HASH_BYTES, 0
        for bit in reversed(range(TILE_LEVELS)):
            if width >> bit & 1:
                end = at + (HASH_BYTES << bit)
                yield _perfect(tail[at:end])
                at = end


def _read(source: TileSource, level: int, index: int, width: int) -> bytes:
    hashes = source.hashes(level, index, width)
    if len(hashes) != width * HASH_BYTES:
        raise IntegrityBroken(f"tile {level}/{index} gave {len(hashes)} bytes where {width} hashes were asked for")
    return hashes


# --- building proofs ------------------------------------------------------------------------------------------------


class _Nodes:
    """Nodes of the tree of ``size`` entries, from tiles; each tile is read once a proof."""

    def __init__(self, source: TileSource, size: int) -> None:
        self._source = source
        self._size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def root(self, first: int, end: int) -> bytes:
        """Root over the entries ``first`` to ``end - 1``, where ``first`` is a multiple of the range's power of two."""
        hashes = []
        while first < end:
            bit = (end - first).bit_length() - 1
            hashes.append(self._node(bit, first >> bit))
            first += 1 << bit
        return _fold(hashes)

    def _node(self, level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_LEVELS)
        first = index << height
        tile = self._tile(tile_level, first // TILE_WIDTH)
        at = first % TILE_WIDTH * HASH_BYTES
        return _perfect(tile[at : at + (HASH_BYTES << height)])

    def _tile(self, level: int, index: int) -> bytes:
        tile = self._tiles.get((level, index))
        if tile is None:
            width = min(TILE_WIDTH, (self._size >> level * TILE_LEVELS) - index * TILE_WIDTH)
            tile = self._tiles[level, index] = _read(self._source, level, index, width)
        return tile


def _split(first: int, end: int) -> int:
    """Where RFC 6962 parts a range of two or more entries: after the largest power of two below its length."""
    return first + (1 << (end - first - 1).bit_length() - 1)


def root_at(source: TileSource, size: int) -> bytes:
    """The root of the tree of the first ``size`` entries."""
    return _Nodes(source, size).root(0, size)


def inclusion_proof(source: TileSource, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 section 2.1.1, from the leaf's sibling up to the root's child."""
    if not 0 <= index < size <= MAX_SIZE:
        raise InvalidInput(f"there is no entry {index} in a log of {size} entries")
    nodes, path = _Nodes(source, size), []
    first, end = 0, size
    while end - first > 1:
        middle = _split(first, end)
        if index < middle:
            path.append(nodes.root(middle, end))
            end = middle
        else:
            path.append(nodes.root(first, middle))
            first = middle
    return path[::-1]


def consistency_proof(source: TileSource, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 6962 section 2.1.2; empty for equal sizes and for ``old`` = 0."""
    if not 0 <= old <= new <= MAX_SIZE:
        raise InvalidInput(f"a log of {new} entries cannot continue one of {old}")
    if not old:
        return []
    nodes, proof = _Nodes(source, new), []
    first, end = 0, new
    while end != old:
        middle = _split(first, end)
        if old <= middle:
            proof.append(nodes.root(middle, end))
            end = middle
        else:
            proof.append(nodes.root(first, middle))
            first = middle
    if first:
        proof.append(nodes.root(first, end))
    return proof[::-1]


# --- verifying proofs -----------------------------------------------------------------------------------------------


def _require_hashes(**hashes: bytes) -> None:
    for name, value in hashes.items():
        if len(value) != HASH_BYTES:
            raise InvalidProof(f"{name} has {len(value)} bytes, a SHA-256 hash has {HASH_BYTES}")


def _require_path(proof: Sequence[bytes]) -> None:
    if len(proof) > MAX_PROOF:
        raise InvalidProof(f"a proof of {len(proof)} hashes is longer than any tree is high")
    for at, value in enumerate(proof):
        _require_hashes(**{f"proof hash {at}": value})


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that ``proof`` leads to from the leaf hash ``leaf``: RFC 9162 section 2.1.3.2.

    The number of hashes must be exactly what ``index`` and ``size`` ask for; else `InvalidProof`.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise InvalidProof(f"there is no entry {index} in a log of {size} entries")
    _require_hashes(leaf=leaf)
    _require_path(proof)
    node, last, root = index, size - 1, leaf
    for sibling in proof:
        if not last:
            raise InvalidProof(f"inclusion proof has {len(proof)} hashes, more than entry {index} of {size} needs")
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise InvalidProof(f"inclusion proof has {len(proof)} hashes, fewer than entry {index} of {size} needs")
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises `InvalidProof` unless the leaf hash ``leaf`` is entry ``index`` of the tree (``size``, ``root``)."""
    _require_hashes(root=root)
    found = root_from_inclusion(leaf, index, size, proof)
    if found != root:
        raise InvalidProof(f"entry {index} leads to root {found.hex()}, the tree of {size} has {root.hex()}")


def verify_consistency(old: Head, new: Head, proof: Sequence[bytes]) -> None:
    """Raises `InvalidProof` unless ``new`` is ``old`` with entries appended: RFC 9162 section 2.1.4.2.

    A proof from size 0 would say nothing and is refused; equal sizes need equal roots and no hashes.
    """
    if not 0 < old.size <= new.size <= MAX_SIZE:
        raise InvalidProof(f"there is no consistency proof from size {old.size} to {new.size}")
    _require_hashes(old_root=old.root, new_root=new.root)
    _require_path(proof)
    if old.size == new.size:
        if proof or old.root != new.root:
            raise InvalidProof(f"two heads of size {old.size} are consistent only when equal, with an empty proof")
        return
    old_root, new_root = _roots_from_consistency(old, new.size, proof)
    if old_root != old.root:
        raise InvalidProof(f"consistency proof leads to old root {old_root.hex()}, not {old.root.hex()}")
    if new_root != new.root:
        raise InvalidProof(f"consistency proof leads to new root {new_root.hex()}, not {new.root.hex()}")


def _roots_from_consistency(old: Head, new_size: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Both roots as the proof rebuilds them; RFC 9162 calls the two positions fn and sn."""
    node, last = old.size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    # An old tree that is one perfect subtree is itself the first node; otherwise the proof brings that node.
    path = list(proof) if node else [old.root, *proof]
    if not path:
        raise InvalidProof("consistency proof is empty though the sizes differ")
    old_root = new_root = path[0]
    for sibling in path[1:]:
        if not last:
            raise InvalidProof(f"consistency proof has {len(proof)} hashes, too many for {old.size} to {new_size}")
        if node & 1 or node == last:
            old_root, new_root = node_hash(sibling, old_root), node_hash(sibling, new_root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new_root = node_hash(new_root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise InvalidProof(f"consistency proof has {len(proof)} hashes, too few for {old.size} to {new_size}")
    return old_root, new_root
