"""Event hashes of files: JSON or XML, plain or gzip, of any size. Found out by looking at the bytes, not at names."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from suyuan.base.errors import InvalidDocument, SuyuanError
from suyuan.epcis import document_stream
from suyuan.epcis.event_id import event_hash
from suyuan.epcis.json_codec import Document, read_document, read_source
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import LITERAL

#: Files up to this size, in bytes, are read whole, which is quicker.
WHOLE = 16 * 1024 * 1024
#: A file of one's own may hold more events than a server takes at once.
LIMITS = Limits(body=WHOLE, events=1_000_000_000)
_GZIP = b"\x1f\x8b"
_BLANK = b" \t\r\n\xef\xbb\xbf"


def file_hashes(name: str) -> Iterator[str]:
    """The event hash of each event of a file (``-`` is stdin), in the document's order.

    Raises `SuyuanError` for the first event that cannot be read, with the file's name before its place; those before
    it have been given by then, unless the file is small.
    """
    try:
        with _opened(name) as file:
            yield from _hashes(file)
    except SuyuanError as error:
        error.place = f"{name}, {error.place}" if error.place else name
        raise


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """The file's bytes as one that can be read twice; what is no such file, or compressed, is copied to one."""
    with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
        raw = cast("BinaryIO", file)
        start = raw.read(2)
        if name != "-" and start != _GZIP:
            raw.seek(0)
            yield raw
            return
        with tempfile.TemporaryFile() as copy:
            copy.write(start)
            shutil.copyfileobj(raw, copy)
            copy.seek(0)
            if start != _GZIP:
                yield copy
                return
            with tempfile.TemporaryFile() as plain:
                _expand(copy, plain)
                yield plain


def _expand(packed: BinaryIO, plain: BinaryIO) -> None:
    try:
        with gzip.open(packed) as stream:
            shutil.copyfileobj(stream, plain)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidDocument(f"not gzip to its end: {error}"[:200]) from None
    plain.seek(0)


def _hashes(file: BinaryIO) -> Iterator[str]:
    size = file.seek(0, 2)
    file.seek(0)
    is_xml = _first(file) == b"<"
    file.seek(0)
    if size <= WHOLE:
        yield from _of_document(_read_whole(file.read(), is_xml))
    elif is_xml:
        yield from _of_xml(file)
    else:
        yield from _of_json(file)


def _first(file: BinaryIO) -> bytes:
    """The first byte that is not blank; a UTF-16 file begins with one that is none of ours, and then looks like XML."""
    start = file.read(4096)
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return b"<"
    return start.lstrip(_BLANK)[:1]


def _read_whole(body: bytes, is_xml: bool) -> Document:
    if not is_xml:
        return read_document(body, LIMITS, LITERAL)
    from suyuan.epcis.xml_reader import read_xml_document

    return read_xml_document(body, LIMITS, LITERAL)


def _of_document(document: Document) -> Iterator[str]:
    for source in document.sources:
        yield event_hash(source.event, document.context, document.ignored)


def _of_json(file: BinaryIO) -> Iterator[str]:
    """Two readings: what stands around the events, and the events."""
    frame = document_stream.read_frame(file, LIMITS)
    file.seek(0)
    for number, raw in enumerate(document_stream.iter_events(file, LIMITS)):
        source = read_source(raw, f"{frame.place}/{number}", frame.head.prefixes, LIMITS, LITERAL)
        yield event_hash(source.event, frame.head.context, frame.head.ignored)


def _of_xml(file: BinaryIO) -> Iterator[str]:
    from suyuan.epcis.xml_reader import iter_xml_events, read_xml_frame

    frame = read_xml_frame(file, LIMITS)
    file.seek(0)
    for number, raw in enumerate(iter_xml_events(file, LIMITS, LITERAL)):
        if isinstance(raw, InvalidDocument):
            raise raw
        source = read_source(raw, f"{frame.place}/{number}", frame.head.prefixes, LIMITS, LITERAL)
        yield event_hash(source.event, frame.head.context, frame.head.ignored)
