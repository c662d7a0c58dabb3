"""Names and bytes of tiles, against the examples of the specification and a real Tessera log."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidInput, InvalidProof, NotFound, SuyuanError, TooLarge
from suyuan.chain.checkpoint import open_checkpoint
from suyuan.chain.merkle import Head, root_at
from suyuan.chain.note import VerifierKey
from suyuan.chain.policy import parse_policy
from suyuan.chain.tiles import (
    ENTRIES,
    MemoryTiles,
    TileName,
    decode_entries,
    encode_entries,
    filled_tiles,
    parse_tile_path,
    tiles_of,
)

names = st.builds(TileName, st.integers(ENTRIES, 63), st.integers(0, 1 << 62), st.integers(1, 256))


@given(names)
@example(TileName(0, 1_234_067, 3))
def test_a_tile_path_is_read_back(name: TileName) -> None:
    assert parse_tile_path(name.path()) == name


def test_tile_paths_are_those_of_the_specification() -> None:
    assert TileName(0, 1_234_067, 3).path() == "tile/0/x001/x234/067.p/3"
    assert TileName(ENTRIES, 0).path() == "tile/entries/000"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/67",
        "tile/00/067",
        "tile/64/067",
        "tile/0/x000/067",
        "tile/0/067.p/0",
        "tile/0/067.p/256",
        "tile/0/067.p/03",
        "tile/0/001/067",
        "/tile/0/067",
        "tile/0/067\n",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/../067",
        "tile/0/\u0660\u0660\u0660",
    ],
)
def test_another_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        parse_tile_path(path)


def test_a_log_of_70000_entries_has_the_partial_tiles_of_the_specification() -> None:
    assert list(tiles_of(70_000)) == [TileName(0, 273, 112), TileName(1, 1, 17), TileName(2, 0, 1)]
    assert len(list(filled_tiles(0, 70_000))) == 273 + 1
    assert list(tiles_of(256)) == [TileName(1, 0, 1)]


@given(st.integers(0, 800), st.integers(0, 800))
@settings(max_examples=30, deadline=None)
def test_exactly_the_tiles_that_an_appender_closes_become_full(old: int, more: int) -> None:
    log = MemoryTiles(b"%d" % number for number in range(old))
    closed = log.appender.append([b"x"] * more).tiles
    assert sorted((row.level, row.idx) for row in closed) == [name[:2] for name in filled_tiles(old, old + more)]


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_an_entry_bundle_is_read_back(entries: list[bytes]) -> None:
    assert decode_entries(encode_entries(entries), len(entries)) == entries


@given(st.binary(max_size=200), st.integers(0, 256))
def test_any_bytes_are_an_entry_bundle_or_are_refused(data: bytes, width: int) -> None:
    with contextlib.suppress(SuyuanError):
        assert encode_entries(decode_entries(data, width)) == data


def test_an_entry_bundle_with_half_an_entry_too_few_or_too_many_is_refused() -> None:
    data = encode_entries([b"one", b"two"])
    for wrong, width in ((data[:-1], 2), (data, 1), (data, 3), (data + b"\x00", 2)):
        with pytest.raises(InvalidProof):
            decode_entries(wrong, width)


def test_an_entry_over_65535_bytes_does_not_go_into_a_bundle() -> None:
    with pytest.raises(TooLarge):
        encode_entries([b"x" * 65_536])


def test_hashes_that_are_not_in_the_tree_are_not_found() -> None:
    log = MemoryTiles([b"a", b"b"])
    for level, index, width in ((0, 0, 3), (0, 1, 1), (1, 0, 1), (9, 0, 1)):
        with pytest.raises(NotFound):
            log.hashes(level, index, width)


def test_a_real_tessera_log_is_read_and_recomputed(merkle_vectors: Path) -> None:
    folder = merkle_vectors / "transparency-dev_tessera"
    vectors = json.loads((folder / "vectors.json").read_text())
    policy = parse_policy(f"log {vectors['vkey']}\nquorum none\n".encode())
    assert str(VerifierKey.parse(vectors["vkey"])) == vectors["vkey"]
    log = MemoryTiles(entry.encode() for entry in vectors["entries"])
    for size in range(16):
        note = (folder / f"testdata/log/checkpoint.{size}").read_bytes()
        assert open_checkpoint(note, policy).checkpoint.head == Head(size, root_at(log, size))
    for width in range(1, 16):
        tile = (folder / "testdata/log" / TileName(0, 0, width).path()).read_bytes()
        assert tile == log.hashes(0, 0, width)
        bundle = (folder / "testdata/log" / TileName(ENTRIES, 0, width).path()).read_bytes()
        assert decode_entries(bundle, width) == log.leaves[:width]
        assert encode_entries(log.leaves[:width]) == bundle
