"""Tiles and entry bundles as files: names and bytes of c2sp.org/tlog-tiles. Pure, and a log held in memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from suyuan.base.errors import InvalidInput, InvalidProof, NotFound, TooLarge
from suyuan.chain.leaf import MAX_LEAF_BYTES
from suyuan.chain.merkle import HASH_BYTES, MAX_SIZE, TILE_LEVELS, TILE_WIDTH, Appender, Head

#: The level that stands for entry bundles in a `TileName`; its tiles hold entries instead of hashes.
ENTRIES: Final = -1
#: Level 63 is the last that the specification names; 2^63 entries end far below it.
MAX_LEVEL: Final = 63

_PATH = re.compile(r"tile/(0|[1-9][0-9]?|entries)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class TileName(NamedTuple):
    """Which tile: level (`ENTRIES` for an entry bundle), index in the level, and width, 256 for a full one."""

    level: int
    idx: int
    width: int = TILE_WIDTH

    def path(self) -> str:
        """Path below the log's prefix, such as ``tile/0/x001/x234/067.p/3``."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{_index_path(self.idx)}" + ("" if self.width == TILE_WIDTH else f".p/{self.width}")


def _index_path(index: int) -> str:
    """Three digits an element, all but the last with an x: a folder never has the name of a file."""
    parts = [f"{index % 1000:03d}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03d}")
    return "/".join(reversed(parts))


def parse_tile_path(path: str) -> TileName:
    """Reads `TileName.path`; `InvalidInput` for anything else, also for leading zeroes and empty tiles."""
    match = _PATH.fullmatch(path)
    if not match:
        raise InvalidInput(f"{path[:80]!r} is not a path such as tile/0/x001/067 or tile/entries/000.p/3")
    level = ENTRIES if match[1] == "entries" else int(match[1])
    name = TileName(level, int(match[2].replace("/x", "").replace("/", "").lstrip("x")), int(match[3] or TILE_WIDTH))
    if level > MAX_LEVEL or name.idx > MAX_SIZE or name.path() != path:
        raise InvalidInput(f"{path[:80]!r} names no tile: level to 63, width to 255, no leading zeroes")
    return name


def tiles_of(size: int) -> Iterator[TileName]:
    """The tiles on the right edge of a tree of ``size`` entries, partial ones only, lowest level first."""
    level = 0
    while size:
        size, width = divmod(size, TILE_WIDTH)
        if width:
            yield TileName(level, size, width)
        level += 1


def filled_tiles(old: int, new: int) -> Iterator[TileName]:
    """The tiles that become full when a tree of ``old`` entries grows to ``new``."""
    level = 0
    while new := new >> TILE_LEVELS:
        old >>= TILE_LEVELS
        yield from (TileName(level, index) for index in range(old, new))
        level += 1


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """An entry bundle: each entry behind its length as big-endian uint16."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_LEAF_BYTES:
            raise TooLarge(f"entry has {len(entry)} bytes, at most {MAX_LEAF_BYTES} fit into an entry bundle")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_entries(data: bytes, width: int = TILE_WIDTH) -> list[bytes]:
    """Reads a bundle of exactly ``width`` entries; `InvalidProof` where it holds more, fewer or half an entry."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or len(entries) == width:
            raise InvalidProof(f"entry bundle does not end after {width} whole entries", place=f"byte {at}")
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) != width:
        raise InvalidProof(f"entry bundle has {len(entries)} entries, {width} are expected")
    return entries


class MemoryTiles:
    """A whole log in memory: a `TileSource` for small logs, for verifying a folder and for trying things out."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.leaves: list[bytes] = []
        self._full: dict[tuple[int, int], bytes] = {}
        self.appender = Appender()
        self.extend(leaves)

    @property
    def head(self) -> Head:
        """Size and root."""
        return self.appender.head

    def extend(self, leaves: Iterable[bytes]) -> Head:
        """Appends entries and returns the new head."""
        batch = self.appender.append(leaves)
        self.leaves += (body for _, body in batch.leaves)
        self._full.update({(row.level, row.idx): row.hashes for row in batch.tiles})
        self.appender = batch.after
        return batch.head

    def hashes(self, level: int, index: int, width: int) -> bytes:
        """See `TileSource`; `NotFound` for hashes that are not in the tree."""
        tile = self._full.get((level, index), b"") or self._tail(level, index)
        if len(tile) < width * HASH_BYTES:
            raise NotFound(f"tile {level}/{index} has {len(tile) // HASH_BYTES} hashes, not {width}")
        return tile[: width * HASH_BYTES]

    def _tail(self, level: int, index: int) -> bytes:
        partial: Sequence[bytes] = self.appender.partial
        last = self.head.size >> (level + 1) * TILE_LEVELS
        return partial[level] if index == last and level < len(partial) else b""
