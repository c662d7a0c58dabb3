"""A whole ledger as files that others can read, and files back into a ledger.

An export is a folder: ``ledger.json`` says what it holds and under which checkpoint, the events lie in numbered files,
EPCIS 2.0 documents (JSON-LD) or Parquet. Import sends them to a server by the capture interface: what is known there
already is answered with its place, so an import that was cut off is simply done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from suyuan.base.clock import now
from suyuan.base.errors import Conflict, InvalidDocument, InvalidSetting, NotFound
from suyuan.chain.durable import create
from suyuan.chain.store import LogReader
from suyuan.epcis.json_codec import event_object, write_document
from suyuan.epcis.vocabulary_elements import Element, vocabulary_list
from suyuan.trace.ledger_export import ExportedEvent, exported
from suyuan.trace.master_data import MasterData
from suyuan.trace.view import View
from suyuan.trace.vocabularies import present_elements

MANIFEST = "ledger.json"
#: Events in one file: as many as a server takes in one document with its default settings.
EVENTS_IN_FILE = 10_000
#: Bytes of their texts; one event alone may be larger. Memory holds a few times as much, and a server's limit is far.
BYTES_IN_FILE = 16 * 1024 * 1024
#: Events of one document that import makes of other files: a good size for the writer.
EVENTS_IN_DOCUMENT = 1_000
#: Longest manifest that is read, in bytes.
_LONGEST = 64 * 1024 * 1024

Told = Callable[[int, int], None]


class FileEntry(msgspec.Struct, frozen=True):
    """One file: its name, its events, their first and last place in the log, its SHA-256 (hexadecimal)."""

    name: str
    events: int
    first: int
    last: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an export holds: events below log size ``size``, and the newest checkpoint that covers some of them."""

    format: str  #: ``epcis`` or ``parquet``
    size: int
    checkpoint: str | None
    master_data: MasterData
    files: list[FileEntry]
    #: Elements of EPCIS vocabularies by whose they are, empty for the administrator.
    vocabularies: dict[str, list[Element]] = {}


class FileFormat(Protocol):
    """How events are put into one file."""

    suffix: str

    def write(self, events: Sequence[ExportedEvent]) -> bytes:
        """The file's bytes."""

    def documents(self, content: bytes) -> Iterator[bytes]:
        """The same events as EPCIS documents."""


class EpcisFiles:
    """EPCIS 2.0 documents; each event has its ID, its record time, and its own context where it needs one."""

    suffix = ".jsonld"

    def write(self, events: Sequence[ExportedEvent]) -> bytes:
        """One document."""
        return write_document((told(event) for event in events), creation_date=now())

    def documents(self, content: bytes) -> Iterator[bytes]:
        """It is one."""
        yield content


def told(event: ExportedEvent) -> dict[str, object]:
    """The event as a JSON object that stands without its document."""
    return event_object(event.body, event.context, event.record_time, event.event_id)


def write_export(view: View, folder: Path, form: FileFormat, name: str, progress: Told) -> Manifest:
    """Everything that ``view`` shows, into a new folder. After a crash it has no manifest: nobody takes it for all."""
    try:
        folder.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        raise Conflict("this folder is there already", place=str(folder), remedy="name one that isn't") from None
    files: list[FileEntry] = []
    for part in in_files(exported(view, 0, view.size)):
        files.append(_write(folder, form, part))
        progress(part[-1].index + 1, view.size)
    latest = LogReader(view.connection).latest_checkpoint()
    records = MasterData(list(view.parties.values()), list(view.sites.values()), list(view.products.values()))
    manifest = Manifest(
        format=name, size=view.size, checkpoint=latest.note if latest else None, master_data=records, files=files,
        vocabularies=present_elements(view),
    )  # fmt: skip
    create(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    return manifest


def in_files(events: Iterable[ExportedEvent]) -> Iterator[list[ExportedEvent]]:
    """The events of each file: as many as a server takes at once."""
    part, size = list[ExportedEvent](), 0
    for event in events:
        length = len(event.body)
        if part and (len(part) == EVENTS_IN_FILE or size + length > BYTES_IN_FILE):
            yield part
            part, size = [], 0
        part.append(event)
        size += length
    if part:
        yield part


def vocabulary_documents(elements: Sequence[Element]) -> Iterator[bytes]:
    """Elements as EPCIS documents without events."""
    for start in range(0, len(elements), EVENTS_IN_DOCUMENT):
        whole = msgspec.json.decode(write_document((), creation_date=now()))
        whole["epcisHeader"] = {"epcisMasterData": vocabulary_list(elements[start : start + EVENTS_IN_DOCUMENT])}
        yield msgspec.json.encode(whole)


def _write(folder: Path, form: FileFormat, part: Sequence[ExportedEvent]) -> FileEntry:
    first, last = part[0].index, part[-1].index
    content, name = form.write(part), f"events-{first:012d}{form.suffix}"
    create(folder / name, content)
    return FileEntry(name, len(part), first, last, hashlib.sha256(content).hexdigest())


def read_manifest(folder: Path) -> Manifest:
    """What an export folder holds; `NotFound` where there is no manifest, as after an export that was cut off."""
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_LONGEST), type=Manifest)
    except OSError:
        raise NotFound(f"there is no {MANIFEST}: not an export, or an unfinished one", place=str(folder)) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidDocument(f"not a manifest of an export: {error}"[:300], place=str(path)) from None


def read_file(folder: Path, entry: FileEntry) -> bytes:
    """One file of an export, whole and unchanged, else `InvalidDocument`."""
    if Path(entry.name).name != entry.name:
        raise InvalidDocument("a file of an export lies in its folder", place=entry.name[:100])
    try:
        content = (folder / entry.name).read_bytes()
    except OSError as error:
        raise InvalidSetting(f"cannot be read: {error.strerror}", place=str(folder / entry.name)) from None
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise InvalidDocument("its bytes are not those that were exported", place=str(folder / entry.name))
    return content
