"""The log in the database: reading it for proofs, and inserting where speed does not matter.

The capture path inserts the rows of `merkle.Appended` with the raw driver, as (idx, body) and (level, idx, root,
hashes); everything else is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select

from suyuan.base.errors import IntegrityBroken, InvalidInput, NotFound
from suyuan.chain.checkpoint import SignedNote, parse_checkpoint
from suyuan.chain.merkle import (
    HASH_BYTES,
    MAX_SIZE,
    TILE_LEVELS,
    TILE_WIDTH,
    Appended,
    Appender,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
)
from suyuan.chain.note import parse_note
from suyuan.chain.tables import checkpoint, leaf, tile

#: Most entries that one call of `LogReader.entries` gives.
MAX_ENTRIES: Final = 65_536
#: Entries that `LogReader.scan` reads at once.
_PAGE: Final = 4_096

# Written once: building a statement anew costs as much as running it.
_LAST = select(func.max(leaf.c.idx))
_SPAN = leaf.c.idx.between(bindparam("first"), bindparam("last"))
_ENTRIES = select(leaf.c.body).where(_SPAN).order_by(leaf.c.idx)
_PLACES = select(leaf.c.idx).where(_SPAN).order_by(leaf.c.idx)
_TILE = select(tile.c.hashes).where(tile.c.level == bindparam("level"), tile.c.idx == bindparam("idx"))
_ROOTS = (
    select(tile.c.root)
    .where(tile.c.level == bindparam("level"), tile.c.idx.between(bindparam("first"), bindparam("last")))
    .order_by(tile.c.idx)
)


class CheckpointRow(NamedTuple):
    """A row of the table ``checkpoint``; ``signed_at`` in microseconds since 1970 UTC."""

    size: int
    root: bytes
    note: str
    signed_at: int


def checkpoint_row(note: SignedNote, signed_at: int) -> CheckpointRow:
    """The row for a note that the signer has just made."""
    body = parse_checkpoint(parse_note(note).text)
    return CheckpointRow(body.size, body.root, note.decode(), signed_at)


def insert_appended(connection: Connection, batch: Appended) -> None:
    """Inserts a batch's rows; the caller owns the transaction and holds the head lock."""
    if batch.leaves:
        connection.execute(insert(leaf), [{"idx": index, "body": body} for index, body in batch.leaves])
    if batch.tiles:
        connection.execute(insert(tile), [row._asdict() for row in batch.tiles])


def insert_checkpoint(connection: Connection, row: CheckpointRow) -> None:
    """Inserts a signed checkpoint; the same one again is left alone, as after a crash before this commit."""
    stored = connection.scalar(select(checkpoint.c.note).where(checkpoint.c.size == row.size))
    if stored is None:
        connection.execute(insert(checkpoint), [row._asdict()])
    elif stored != row.note:
        raise IntegrityBroken(f"another checkpoint is stored for size {row.size}")


class LogReader:
    """Reads the log over one connection. It is a `TileSource`: proofs are built from its tiles.

    All answers are of one moment only if the connection is in a transaction that keeps one (SQLite in WAL mode does
    from its first read on; on PostgreSQL, REPEATABLE READ); entries and tiles never change, so only `size` can.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known = 0

    def size(self) -> int:
        """Number of entries."""
        last = self._connection.scalar(_LAST)
        self._known = 0 if last is None else last + 1
        return self._known

    def entries(self, first: int, count: int) -> list[bytes]:
        """Entries ``first`` to ``first + count - 1``, fewer at the end of the log; `IntegrityBroken` for a gap."""
        if not (0 <= first <= MAX_SIZE and 0 <= count <= MAX_ENTRIES):
            raise InvalidInput(f"entries {first} and {count} more: at most {MAX_ENTRIES} from 0 on can be asked for")
        span = {"first": first, "last": min(first + count, MAX_SIZE) - 1}
        bodies = list(self._connection.scalars(_ENTRIES, span))
        # idx is unique: as many rows as the span has places means that none is missing.
        if len(bodies) < count and first + len(bodies) < self.size():
            self._find_gap(span)
        return bodies

    def _find_gap(self, span: dict[str, int]) -> None:
        index = span["first"]
        for found in self._connection.scalars(_PLACES, span):
            if found != index:
                break
            index += 1
        raise IntegrityBroken(f"entry {index} is missing from the database, which has later ones")

    def scan(self) -> Iterator[bytes]:
        """All entries in order, for an audit, without holding them all."""
        for first in range(0, self.size(), _PAGE):
            yield from self.entries(first, _PAGE)

    def entry(self, index: int) -> bytes:
        """One entry; `NotFound` behind the end of the log."""
        found = self.entries(index, 1)
        if not found:
            raise NotFound(f"there is no entry {index}")
        return found[0]

    def hashes(self, level: int, index: int, width: int) -> bytes:
        """See `TileSource`. A full tile is stored, and an older partial one is its beginning.

        What is not full yet is computed: level 0 from the entries, and above it each hash is the root of a full tile.
        """
        at = {"level": level, "idx": index}
        stored = width == TILE_WIDTH or self._may_be_full(level, index)
        full = self._connection.scalar(_TILE, at) if stored else None
        if full is not None:
            return bytes(full[: width * HASH_BYTES])
        first = index * TILE_WIDTH
        nodes = (
            [leaf_hash(body) for body in self.entries(first, width)] if not level else self._roots(level, first, width)
        )
        if len(nodes) != width:
            raise IntegrityBroken(f"tile {level}/{index} has {len(nodes)} of the {width} hashes it should have")
        return b"".join(nodes)

    def _may_be_full(self, level: int, index: int) -> bool:
        """Whether the log was long enough for that when its size was last read; saves a query for each edge tile."""
        return self._known >> (level + 1) * TILE_LEVELS > index

    def _roots(self, level: int, first: int, count: int) -> list[bytes]:
        """Roots of full tiles; ``idx`` is unique, so the right number of them means that none is missing."""
        at = {"level": level - 1, "first": first, "last": first + count - 1}
        return [bytes(root) for root in self._connection.scalars(_ROOTS, at)]

    def root(self, size: int) -> bytes:
        """Root of the first ``size`` entries, from tiles."""
        return root_at(self, self._within(size))

    def appender(self, size: int | None = None) -> Appender:
        """Where the writer goes on, by default at the present end of the log."""
        return Appender.resume(self, self.size() if size is None else self._within(size))

    def frontier(self, size: int) -> Frontier:
        """The compact range of the first ``size`` entries."""
        return self.appender(size).frontier

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Proof that entry ``index`` is in the tree of ``size`` entries."""
        return inclusion_proof(self, index, self._within(size))

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """Proof that the tree of ``new`` entries continues that of ``old``."""
        return consistency_proof(self, old, self._within(new))

    def latest_checkpoint(self) -> CheckpointRow | None:
        """The newest signed checkpoint; None before the first."""
        return self._checkpoint(checkpoint.c.size.desc(), -1)

    def first_checkpoint_after(self, index: int) -> CheckpointRow | None:
        """The oldest checkpoint that covers entry ``index``; None while it is not yet signed for."""
        return self._checkpoint(checkpoint.c.size.asc(), index)

    def _checkpoint(self, order: ColumnElement[int], above: int) -> CheckpointRow | None:
        query = select(checkpoint).where(checkpoint.c.size > above).order_by(order).limit(1)
        row = self._connection.execute(query).first()
        return None if row is None else CheckpointRow(row.size, bytes(row.root), row.note, row.signed_at)

    def _within(self, size: int) -> int:
        """Refuses sizes the log does not have: their tiles would look as if entries were lost."""
        if not 0 <= size <= self.size():
            raise InvalidInput(f"the log has {self._known} entries, there is no tree of {size}")
        return size
