"""The stand-alone verifier: bundles and whole logs against a policy, needing neither database nor server.

Trust comes from the given policy only. Everything here raises `InvalidProof` with the reason, or returns what holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

import msgspec

from suyuan.base.errors import InvalidProof, SuyuanError
from suyuan.chain.bundle import check_contents, read_bundle
from suyuan.chain.checkpoint import Checkpoint, Cosigned, open_checkpoint
from suyuan.chain.leaf import MAX_LEAF_BYTES
from suyuan.chain.merkle import (
    HASH_BYTES,
    TILE_WIDTH,
    Appender,
    TileRow,
    TileSource,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from suyuan.chain.note import canonical_note
from suyuan.chain.policy import Policy

#: Entries hashed between two looks at the stored tiles, and never across an earlier checkpoint.
_BATCH: Final = 1024


class Verdict(msgspec.Struct, frozen=True):
    """What a bundle proves: this event, exactly so, is entry ``index`` of the log ``origin``.

    ``record_time`` is the log's own word, in microseconds since 1970 UTC; ``cosigned`` are the witnesses' times.
    """

    origin: str
    index: int
    size: int
    root: bytes
    event_id: str
    event: bytes
    context: bytes
    cbv_hash: bytes
    source: str
    record_time: int
    envelope: bytes | None = None
    cosigned: tuple[Cosigned, ...] = ()


class Audit(msgspec.Struct, frozen=True):
    """What a full audit has found to hold: the entries give the signed root, and that of each earlier checkpoint."""

    origin: str
    size: int
    root: bytes
    #: Sizes of the earlier checkpoints that were compared.
    earlier: tuple[int, ...] = ()
    #: Entries after the checkpoint, which nobody has signed for yet.
    unsigned: int = 0
    cosigned: tuple[Cosigned, ...] = ()


def verify_bundle(data: bytes, policy: Policy) -> Verdict:
    """Verifies a bundle offline, down to its last byte."""
    bundle = read_bundle(data)
    leaf = check_contents(bundle)
    trusted = open_checkpoint(bundle.proof.checkpoint, policy)
    if canonical_note(bundle.proof.checkpoint, policy.keys) != bundle.proof.checkpoint:
        raise InvalidProof(
            "the checkpoint has signatures that the policy does not explain, or not in their canonical order",
            remedy="ask for a bundle under this policy, or add the missing witness to the policy",
        )
    head, index = trusted.checkpoint.head, bundle.proof.index
    verify_inclusion(leaf_hash(bundle.leaf), index, head.size, bundle.proof.hashes, head.root)
    return Verdict(
        origin=trusted.checkpoint.origin,
        index=index,
        size=head.size,
        root=head.root,
        event_id=bundle.event_id,
        event=bundle.event,
        context=bundle.context,
        cbv_hash=bundle.cbv_hash,
        source=leaf.source,
        record_time=leaf.time,
        envelope=leaf.envelope,
        cosigned=trusted.cosigned,
    )


def verify_growth(old: bytes, new: bytes, policy: Policy, proof: Sequence[bytes]) -> tuple[Checkpoint, Checkpoint]:
    """Verifies that the log of note ``new`` continues that of note ``old``.

    Where it does not, the two notes themselves are the evidence: both are signed, and no honest log signs both.
    """
    first, second = open_checkpoint(old, policy).checkpoint, open_checkpoint(new, policy).checkpoint
    _require_origin(first, second)
    if first.size == second.size and first.root != second.root:
        raise InvalidProof(f"fork: {first.origin!r} has signed two different roots for size {first.size}")
    verify_consistency(first.head, second.head, proof)
    return first, second


def audit(
    entries: Iterable[bytes],
    checkpoint: bytes,
    policy: Policy,
    earlier: Sequence[bytes] = (),
    tiles: TileSource | None = None,
) -> Audit:
    """Recomputes the tree over all entries and compares it with a signed checkpoint and with earlier ones.

    With ``tiles`` each stored full tile is compared as well, and the first entry that differs is named.
    """
    trusted = open_checkpoint(checkpoint, policy)
    last = trusted.checkpoint
    marks = _marks(last, [open_checkpoint(note, policy).checkpoint for note in earlier])
    stream, appender = iter(entries), Appender()
    for mark in marks:
        appender = _grow(appender, stream, mark, tiles)
        _require_root(appender, mark)
    return Audit(
        origin=last.origin,
        size=last.size,
        root=last.root,
        earlier=tuple(mark.size for mark in marks[:-1]),
        unsigned=sum(1 for _ in stream),
        cosigned=trusted.cosigned,
    )


def _marks(last: Checkpoint, earlier: list[Checkpoint]) -> list[Checkpoint]:
    """The checkpoints to compare, by size, the audited one last."""
    for checkpoint in earlier:
        _require_origin(checkpoint, last)
        if checkpoint.size > last.size:
            raise InvalidProof(f"the log has shrunk: {checkpoint.size} entries were signed, now only {last.size}")
    return [*sorted(earlier, key=lambda checkpoint: checkpoint.size), last]


def _grow(appender: Appender, stream: Iterator[bytes], mark: Checkpoint, tiles: TileSource | None) -> Appender:
    """Appends entries up to the size of ``mark``."""
    while missing := mark.size - appender.head.size:
        first = appender.head.size
        batch = list(islice(stream, min(_BATCH, missing)))
        if not batch:
            raise InvalidProof(f"the log has only {first} entries, {mark.size} were signed")
        for index, entry in enumerate(batch, start=first):
            if len(entry) > MAX_LEAF_BYTES:
                raise InvalidProof(f"entry {index} has {len(entry)} bytes, at most {MAX_LEAF_BYTES} are allowed")
        appended = appender.append(batch)
        for row in appended.tiles if tiles else ():
            _compare_tile(row, tiles)
        appender = appended.after
    return appender


def _compare_tile(row: TileRow, tiles: TileSource | None) -> None:
    stored = _stored(row, tiles)
    if stored == row.hashes:
        return
    if len(stored) != len(row.hashes):
        raise InvalidProof(f"tile {row.level}/{row.idx} has {len(stored)} bytes, a full one has {len(row.hashes)}")
    places = range(0, len(stored), HASH_BYTES)
    first = next(at for at in places if stored[at : at + HASH_BYTES] != row.hashes[at : at + HASH_BYTES]) // HASH_BYTES
    if row.level:
        raise InvalidProof(f"tile {row.level}/{row.idx} differs from what its entries give, at hash {first}")
    raise InvalidProof(f"entry {row.idx * TILE_WIDTH + first} is not the one whose hash is in tile 0/{row.idx}")


def _stored(row: TileRow, tiles: TileSource | None) -> bytes:
    try:
        return tiles.hashes(row.level, row.idx, TILE_WIDTH) if tiles else row.hashes
    except SuyuanError as error:
        raise InvalidProof(f"tile {row.level}/{row.idx} cannot be read: {error.detail}") from None


def _require_root(appender: Appender, mark: Checkpoint) -> None:
    root = appender.head.root
    if root != mark.root:
        raise InvalidProof(f"the first {mark.size} entries give root {root.hex()}, signed was {mark.root.hex()}")


def _require_origin(first: Checkpoint, second: Checkpoint) -> None:
    if first.origin != second.origin:
        raise InvalidProof(f"{first.origin!r} and {second.origin!r} are two logs")
