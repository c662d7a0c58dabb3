"""Whether stored events are those that were logged and signed: what a page may call verified.

Checked here and now for each event, against the checkpoint's signature, with the same functions as the offline
verifier. A record that fails was changed in the database behind the ledger's back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from suyuan.base.errors import InvalidProof
from suyuan.chain.checkpoint import Checkpoint, open_checkpoint
from suyuan.chain.leaf import EventLeaf, commit_event, hash_event_id, parse_leaf
from suyuan.chain.merkle import TileSource, inclusion_proof, leaf_hash, verify_inclusion
from suyuan.chain.policy import Policy
from suyuan.chain.store import LogReader
from suyuan.epcis.event_id import hash_uri
from suyuan.trace.view import View


class Evidence(NamedTuple):
    """What was found: the size that the latest checkpoint covers, and the log indexes of records that fail."""

    size: int
    broken: tuple[int, ...]


class _Remembered:
    """A tile source that asks for each tile once: the records of one page share most of their path."""

    def __init__(self, source: TileSource) -> None:
        self._source = source
        self._tiles: dict[tuple[int, int, int], bytes] = {}

    def hashes(self, level: int, index: int, width: int) -> bytes:
        """See `TileSource`."""
        key = (level, index, width)
        if key not in self._tiles:
            self._tiles[key] = self._source.hashes(level, index, width)
        return self._tiles[key]


def check_events(view: View, indexes: Iterable[int], policy: Policy) -> Evidence:
    """Check the stored events at these log indexes. Those beyond the latest checkpoint are neither sound nor broken.

    Raises `InvalidProof` when the checkpoint itself is not signed by the policy's log.
    """
    log = LogReader(view.connection)
    latest = log.latest_checkpoint()
    if latest is None:
        return Evidence(0, ())
    head = open_checkpoint(latest.note.encode(), policy).checkpoint
    tiles = _Remembered(log)
    rows = {row.idx: row for row in _rows(view, [index for index in indexes if index < head.size])}
    broken = [index for index, row in sorted(rows.items()) if not _holds(row, head, tiles)]
    missing = [index for index in indexes if index < head.size and index not in rows]
    return Evidence(head.size, tuple(sorted(broken + missing)))


def _rows(view: View, indexes: list[int]) -> Iterable[Any]:
    return view.by_ids(
        indexes,
        "SELECT p.idx, p.salt, p.body, p.context, i.content, i.name, l.body AS leaf"
        " FROM {ids} payload p ON p.idx = f.id JOIN leaf l ON l.idx = p.idx JOIN event_id i ON i.event = p.idx",
    )


def _holds(row: Any, head: Checkpoint, tiles: TileSource) -> bool:
    """Whether one record is what its leaf commits to, and its leaf is in the signed tree."""
    try:
        leaf = parse_leaf(bytes(row.leaf))
        verify_inclusion(
            leaf_hash(bytes(row.leaf)), row.idx, head.size, inclusion_proof(tiles, row.idx, head.size), head.root
        )
    except InvalidProof:
        return False
    if not isinstance(leaf, EventLeaf) or row.body is None or row.salt is None:
        return False
    salt, content = bytes(row.salt), bytes(row.content)
    commitment = commit_event(salt, content, bytes(row.body), bytes(row.context))
    return commitment == leaf.commitment and hash_event_id(salt, row.name or hash_uri(content)) == leaf.event_id
