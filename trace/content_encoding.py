"""Compressed bodies (RFC 9110 section 8.4): gzip, deflate and zstd, unpacked as they come in, within limits.

A body that is cut off, damaged or followed by other bytes is `InvalidInput`; one that grows beyond reason is `TooLarge`
before it has filled anything: no step gives more than a few megabytes, and whoever takes them counts.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import zstandard

from suyuan.base.errors import InvalidInput, TooLarge, UnsupportedMedia

#: Most bytes out for each byte in, of bodies past `_HARMLESS`: events in documents reach 60, bombs a thousand.
_RATIO = 500
_HARMLESS = 8 * 1024 * 1024
#: Most bytes that zlib unpacks at once.
_PIECE = 1024 * 1024
#: Bytes that zstd is given at once: it has no limit of its own, and four bytes may be a block of 128 KiB.
_SIP = 128
#: Largest window of zstd, which must be held in memory (RFC 9659).
_WINDOW = 8 * 1024 * 1024


class _Zlib:
    """One gzip member or zlib stream."""

    def __init__(self, window: int) -> None:
        self._frame: Any = zlib.decompressobj(window)

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """What these bytes unpack to, in bounded pieces."""
        while data:
            yield self._frame.decompress(data, _PIECE)
            data = self._frame.unconsumed_tail
        # A full piece may leave output behind that no input is left for: only what follows it would push it out.
        while not self._frame.eof and (piece := self._frame.decompress(b"", _PIECE)):
            yield piece

    @property
    def rest(self) -> bytes | None:
        """The bytes behind its end; None until there."""
        return self._frame.unused_data if self._frame.eof else None


class _Deflate(_Zlib):
    """``deflate`` is a zlib stream; some clients send it without zlib's header."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)
        self._head: bytes | None = b""

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """What these bytes unpack to. The two bytes of a zlib header are a multiple of 31 (RFC 1950)."""
        if self._head is not None:
            self._head += data
            if len(self._head) < 2:
                return
            if self._head[0] & 15 != 8 or int.from_bytes(self._head[:2], "big") % 31:
                self._frame = zlib.decompressobj(-zlib.MAX_WBITS)
            data, self._head = self._head, None
        yield from super().unpack(data)


class _Zstd:
    """One zstd frame."""

    def __init__(self) -> None:
        self._frame: Any = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
        self._behind = b""

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """What these bytes unpack to."""
        for at in range(0, len(data), _SIP):
            yield self._frame.decompress(data[at : at + _SIP])
            if self._frame.eof:
                self._behind = self._frame.unused_data + data[at + _SIP :]
                return

    @property
    def rest(self) -> bytes | None:
        """The bytes behind its end; None until there."""
        return self._behind if self._frame.eof else None


#: What is understood beside ``identity``, in the order in which it is recommended.
ENCODINGS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {"zstd": _Zstd, "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16), "deflate": _Deflate}
)
#: The value of Accept-Encoding in answers.
ACCEPTED = ", ".join((*ENCODINGS, "identity"))
_FAULTS = (zlib.error, zstandard.ZstdError)


class Unpacking:
    """One body: `feed` it as it comes, then `close` it."""

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower().removeprefix("x-") or "identity"
        if name != "identity" and name not in ENCODINGS:
            raise UnsupportedMedia(f"content encoding {encoding[:60]!r} is not read here", remedy=f"send {ACCEPTED}")
        self._open = ENCODINGS.get(name)
        self._frame: Any = None
        self._taken = self._given = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What these bytes unpack to. A gzip or zstd body may be several frames behind each other."""
        if self._open is None:
            yield data
            return
        self._taken += len(data)
        while data:
            if self._frame is None:
                self._frame = self._open()
            yield from self._pieces(self._frame.unpack(data))
            data = self._frame.rest or b""
            if self._frame.rest is not None:
                self._frame = None

    def _pieces(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for piece in pieces:
                self._given += len(piece)
                if self._given > _HARMLESS and self._given > _RATIO * self._taken:
                    raise TooLarge(
                        f"the body unpacks to more than {_RATIO} times its size", remedy="send it without compression"
                    )
                yield piece
        except _FAULTS as error:
            raise InvalidInput(f"the compressed body is damaged: {error}", remedy="send it again") from None

    def close(self) -> None:
        """The end: `InvalidInput` where the last frame is not complete."""
        if self._open is not None and (self._frame is not None or self._taken == 0):
            raise InvalidInput("the compressed body ends early", remedy="send it again")
