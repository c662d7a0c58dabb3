"""Verifying what a ledger claims: one bundle, or every entry of a log, from a folder or over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from suyuan.app.client import Api
from suyuan.app.folder import open_folder
from suyuan.base.clock import format_time
from suyuan.base.errors import InvalidInput, InvalidProof, NotFound, SuyuanError
from suyuan.chain.checkpoint import open_checkpoint
from suyuan.chain.leaf import ActLeaf, EventLeaf, commit_act, commit_event, hash_event_id, parse_leaf
from suyuan.chain.merkle import TILE_WIDTH
from suyuan.chain.policy import Policy, parse_policy
from suyuan.chain.store import LogReader
from suyuan.chain.tiles import ENTRIES, TileName, decode_entries
from suyuan.chain.verify import Audit, audit, verify_bundle
from suyuan.epcis.event_id import content_digest, hash_uri
from suyuan.labels.evidence import differing_labels
from suyuan.trace.derivation import Recorded, differing, differing_beyond, differing_void, read_stored
from suyuan.trace.ledger import Ledger
from suyuan.trace.view import View
from suyuan.trace.vocabulary_evidence import differing_vocabulary

#: Bytes of a checkpoint file that is read.
_NOTE_BYTES = 100_000


def verify_bundle_file(path: Path, policy: bytes) -> Iterator[str]:
    """Verify a bundle; the lines to show. Raises `InvalidProof`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read it: {error.strerror}", place=str(path)) from None
    verdict = verify_bundle(data, parse_policy(policy))
    _check_hash(verdict.event, verdict.context, verdict.cbv_hash)
    yield f"verified: event {verdict.event_id}"
    yield f"  is entry {verdict.index} of {verdict.size} in the log {verdict.origin}"
    yield f"  recorded {format_time(verdict.record_time)} by source {verdict.source}"
    yield f"  root {verdict.root.hex()}"
    if not verdict.cosigned:
        yield "  no witness has cosigned: this rests on the log operator's signature alone"


def _check_hash(event: bytes, context: bytes, cbv_hash: bytes) -> None:
    """The CBV hash in the bundle is that of the event's bytes: the verifier recomputes it."""
    if content_digest(read_stored(event, context), context) != cbv_hash:
        raise InvalidProof("the CBV hash is not that of the event")


def verify_log(place: str, policy: bytes, earlier: Sequence[Path]) -> Iterator[str]:
    """Verify a whole log; the lines to show. ``place`` is a server's address, a data folder or a tile folder."""
    trust = parse_policy(policy)
    notes = [_read_note(path) for path in earlier]
    if place.startswith(("http://", "https://")):
        yield from _lines(_audit_tiles(_HttpFiles(place), trust, notes))
    elif (Path(place) / "suyuan.db").is_file():
        with open_folder(Path(place)) as ledger, _strange_values():
            yield from _lines(_audit_ledger(ledger, trust, notes))
            count = _check_payloads(ledger)
            yield f"  {count} events and acts, and the rows beside them, match what their leaves commit to"
    elif (Path(place) / "checkpoint").is_file():
        yield from _lines(_audit_tiles(_FolderFiles(Path(place)), trust, notes))
    else:
        raise NotFound("there is no log here", place=place, remedy="name a server, a data folder or a tile folder")


@contextmanager
def _strange_values() -> Iterator[None]:
    """Whoever owns a database file can put anything into any column: no kind of value may stop the verifier."""
    try:
        yield
    except (TypeError, ValueError, AttributeError, MemoryError) as error:
        raise InvalidProof(f"the database holds a value that nobody here has written: {error}") from None


def _lines(result: Audit) -> Iterator[str]:
    yield f"verified: log {result.origin}, {result.size} entries"
    yield f"  root {result.root.hex()}"
    if result.earlier:
        yield f"  contains the earlier checkpoints of sizes {', '.join(map(str, result.earlier))}"
    if not result.cosigned:
        yield "  no witness has cosigned: this rests on the log operator's signature alone"


def _read_note(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_NOTE_BYTES)
    except OSError as error:
        raise InvalidInput(f"cannot read it: {error.strerror}", place=str(path)) from None


def _audit_ledger(ledger: Ledger, policy: Policy, earlier: Sequence[bytes]) -> Audit:
    with ledger.log() as log:
        latest = log.latest_checkpoint()
        if latest is None:
            raise NotFound("the log is empty: nothing was signed yet")
        return audit(log.scan(), latest.note.encode(), policy, earlier, log)


class _HttpFiles:
    """Files of a log behind a server."""

    def __init__(self, address: str) -> None:
        base = address.rstrip("/").removesuffix("/checkpoint").removesuffix("/log")
        self._api = Api(base)

    def read(self, path: str) -> bytes:
        """One file of the log."""
        return self._api.request("GET", f"/log/{path}").body


class _FolderFiles:
    """Files of a log in a folder, laid out as c2sp.org/tlog-tiles says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str) -> bytes:
        """One file of the log."""
        try:
            return (self._folder / path).read_bytes()
        except OSError as error:
            raise NotFound(f"cannot read it: {error.strerror}", place=path) from None


def _audit_tiles(files: _HttpFiles | _FolderFiles, policy: Policy, earlier: Sequence[bytes]) -> Audit:
    note = files.read("checkpoint")
    size = open_checkpoint(note, policy).checkpoint.size
    return audit(_entries(files, size), note, policy, earlier)


def _entries(files: _HttpFiles | _FolderFiles, size: int) -> Iterator[bytes]:
    for index in range(-(-size // TILE_WIDTH)):
        width = min(TILE_WIDTH, size - index * TILE_WIDTH)
        yield from decode_entries(files.read(TileName(ENTRIES, index, width).path()), width)


#: Entries that are checked at a time: the memory that a verification needs does not grow with the log.
_STEP = 1_000


def _check_payloads(ledger: Ledger) -> int:
    """Every stored event and act against the commitment in its leaf, and the rows beside it; how many there are."""
    with ledger.view() as view:
        log = LogReader(view.connection)
        size = log.size()
        for first in range(0, size, _STEP):
            _check_part(view, first, log.entries(first, _STEP))
        for wrong in (differing_beyond(view, size), differing_void(view)):
            if wrong is not None:
                raise _broken(wrong, "its rows are not those of the event that was logged")
        label = differing_labels(view)
        if label is not None:
            raise _broken(label, "the labels are not those of the act that was logged")
        element = differing_vocabulary(view)
        if element is not None:
            raise _broken(element, "the master data are not those of the act that was logged")
    return size


def _check_part(view: View, first: int, entries: Sequence[bytes]) -> None:
    last = first + len(entries)
    events, acts = _rows(view, _EVENTS, first, last), _rows(view, _ACTS, first, last)
    recorded: dict[int, Recorded] = {}
    for index, entry in enumerate(entries, first):
        leaf = parse_leaf(entry)
        if isinstance(leaf, EventLeaf):
            recorded[index] = _check_event(index, leaf, events.get(index))
        else:
            _check_act(index, leaf, acts.get(index))
    wrong = differing(view, first, last, recorded)
    if wrong is not None:
        raise _broken(wrong, "its rows are not those of the event that was logged")


_EVENTS = (
    "SELECT p.idx, p.salt, p.body, c.body, i.content, i.name FROM payload p JOIN context c ON c.digest = p.context"
    " JOIN event_id i ON i.event = p.idx WHERE p.idx >= :first AND p.idx < :last"
)
_ACTS = "SELECT idx, salt, body, name FROM act WHERE idx >= :first AND idx < :last"


def _rows(view: View, sql: str, first: int, last: int) -> dict[int, tuple[Any, ...]]:
    found = view.connection.execute(text(sql), {"first": first, "last": last})
    return {row[0]: tuple(row) for row in found}


def _check_event(index: int, leaf: EventLeaf, row: tuple[Any, ...] | None) -> Recorded:
    if row is None or row[1] is None or row[2] is None:
        raise _broken(index, "its event is missing")
    _, salt, body, context, content, name = row
    digest = hashlib.sha256(bytes(context)).digest()
    event_id = str(name) if name else hash_uri(bytes(content))
    commitment = commit_event(bytes(salt), bytes(content), bytes(body), digest)
    if commitment != leaf.commitment or hash_event_id(bytes(salt), event_id) != leaf.event_id:
        raise _broken(index, "its event is not the one that was logged")
    return Recorded(read_stored(bytes(body), bytes(context)), leaf.time)


def _check_act(index: int, leaf: ActLeaf, row: tuple[Any, ...] | None) -> None:
    if row is None:
        raise _broken(index, "its act is missing")
    _, salt, body, name = row
    if commit_act(bytes(salt), bytes(body)) != leaf.commitment or name != leaf.act:
        raise _broken(index, "its act is not the one that was logged")


def _broken(index: int, what: str) -> SuyuanError:
    return InvalidProof(f"entry {index}: {what}", place="ledger")
