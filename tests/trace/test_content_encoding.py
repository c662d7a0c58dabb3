"""Compressed bodies: unpacked whatever the pieces; what is damaged, cut off or a bomb is refused before it fills."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidInput, TooLarge, UnsupportedMedia
from suyuan.trace.content_encoding import Unpacking


def _bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def _zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


#: By encoding, how others pack.
PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("Deflate", _bare),
    ("zstd", _zstd), ("identity", bytes), ("", bytes),
]  # fmt: skip
PACKED = [pair for pair in PACKERS if pair[0] not in ("identity", "")]


def unpack(encoding: str, body: bytes, size: int = 1_000) -> bytes:
    """The whole body, fed in pieces."""
    unpacking = Unpacking(encoding)
    found = [piece for at in range(0, len(body), size) for piece in unpacking.feed(body[at : at + size])]
    unpacking.close()
    return b"".join(found)


@pytest.mark.parametrize(("encoding", "pack"), PACKERS)
@given(data=st.binary(min_size=1, max_size=3_000), size=st.integers(1, 200))
def test_gives_back_what_was_packed(encoding: str, pack: Callable[[bytes], bytes], data: bytes, size: int) -> None:
    assert unpack(encoding, pack(data), size) == data


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", _zstd)])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_several_frames_are_one_body(encoding: str, pack: Callable[[bytes], bytes], size: int) -> None:
    assert unpack(encoding, pack(b"one, ") + pack(b"two"), size) == b"one, two"


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
def test_a_body_that_is_cut_off_is_refused(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    body = pack(os.urandom(5_000))
    for length in (0, 1, len(body) // 2, len(body) - 1):
        with pytest.raises(InvalidInput):
            unpack(encoding, body[:length])


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
def test_other_bytes_behind_the_end_are_refused(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(InvalidInput, match="compressed body"):
        unpack(encoding, pack(b"events") + b"!")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_what_is_not_packed_at_all_is_refused(encoding: str) -> None:
    with pytest.raises(InvalidInput, match="compressed body"):
        unpack(encoding, b'{"type": "EPCISDocument"}' * 20)


@pytest.mark.parametrize(("encoding", "pack"), PACKED)
def test_a_bomb_is_refused_while_little_of_it_is_unpacked(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    body, unpacking = pack(bytes(100_000_000)), Unpacking(encoding)
    given: list[int] = []
    with pytest.raises(TooLarge, match="times its size"):
        given.extend(len(piece) for at in range(0, len(body), 1_000) for piece in unpacking.feed(body[at : at + 1_000]))
    assert sum(given) < 20_000_000


@pytest.mark.parametrize("encoding", ["br", "compress", "gzip, zstd", "gzip;q=1", "\u00e9"])
def test_an_encoding_that_is_not_read_is_refused_with_those_that_are(encoding: str) -> None:
    with pytest.raises(UnsupportedMedia) as refusal:
        Unpacking(encoding)
    assert "zstd, gzip, deflate" in str(refusal.value)


@pytest.mark.parametrize("more", range(1, 12))
def test_the_last_bytes_of_a_long_run_come_out_though_no_input_is_left_for_them(more: int) -> None:
    """Deflate without a header has no checksum behind its data that would push them out of a full piece."""
    run = bytes(1024 * 1024 + more)
    assert unpack("deflate", _bare(run), len(run)) == run
