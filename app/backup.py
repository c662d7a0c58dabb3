"""A data folder's backup while its server runs, and the way back, without a second history of the log.

A backup is a folder: the database as it was at one moment, the log's key and policy. It has no ``log.checkpoint``:
that file is the fence against a second history, and only the newest one is a fence. So whoever restores says which
checkpoint was the last that anybody has seen; a backup that is older than it has lost entries, and goes on as another
log, under a new name and key, after an act that says so.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from suyuan.app.migrate import require_schema
from suyuan.app.writing import WriterSettings, write_once
from suyuan.base.database import open_reader, sqlite_url
from suyuan.base.errors import Conflict, IntegrityBroken, InvalidProof, InvalidSetting, NotFound
from suyuan.chain import durable
from suyuan.chain.checkpoint import Checkpoint, open_checkpoint
from suyuan.chain.keys import create_key, load_key
from suyuan.chain.note import MAX_NOTE_BYTES
from suyuan.chain.policy import MAX_POLICY_BYTES, log_policy, parse_policy
from suyuan.chain.signer import NOTE_FILE
from suyuan.chain.store import LogReader
from suyuan.trace.acts import LogContinued, Recorded
from suyuan.trace.publication import KEY_FILE, POLICY_FILE

DATABASE_FILE = "suyuan.db"
#: Pages of 4 KiB between two reports of progress.
_STEP = 4_096
#: How much is copied, and of how much, in bytes.
Told = Callable[[int, int], None]


class BackedUp(msgspec.Struct, frozen=True):
    """What a backup, or a folder restored from one, holds."""

    origin: str  #: name of its log
    size: int  #: entries of the log
    root: str  #: of that many entries, hexadecimal


def back_up(data: Path, target: Path, told: Told) -> BackedUp:
    """Copy the ledger of ``data`` into a new folder, mode 0700, beside a running server or without one.

    The copy is the database of one moment, however much is captured meanwhile. After a crash ``target`` is not there:
    the copy is made beside it under another name.
    """
    if not (data / DATABASE_FILE).is_file():
        raise InvalidSetting("there is no ledger in this folder", place=str(data), remedy="name it with --data")
    with _folder_that_appears(target) as beside:
        _copy_database(data / DATABASE_FILE, beside / DATABASE_FILE, told)
        for name, mode in ((KEY_FILE, durable.PRIVATE), (POLICY_FILE, durable.PUBLIC)):
            content = durable.read(data / name, MAX_POLICY_BYTES)
            if content is None:
                raise NotFound(f"{name} is missing: the log has not begun", place=str(data))
            durable.create(beside / name, content, mode)
        return _described(beside)


def restore(backup: Path, data: Path, *, checkpoint: Path | None, origin: str | None, told: Told) -> BackedUp:
    """Make the data folder ``data``, which must not be there, from a backup.

    ``checkpoint`` is the last one that the lost folder signed: its ``log.checkpoint``, or the newest that a reader or a
    witness has. Where the backup is behind it (`IntegrityBroken`), or nobody has it, the log goes on under another
    ``origin``, with a new key: two histories of one name would make every proof worthless.
    """
    if (checkpoint is None) == (origin is None):
        raise InvalidSetting(
            "say how the log goes on", place="--checkpoint",
            remedy="name the last checkpoint that was signed with --checkpoint, or a new log with --new-origin",
        )  # fmt: skip
    if not (backup / DATABASE_FILE).is_file():
        raise InvalidSetting("this is no backup: it holds no suyuan.db", place=str(backup))
    with _folder_that_appears(data) as beside:
        _copy_database(backup / DATABASE_FILE, beside / DATABASE_FILE, told)
        _begin_history(beside / DATABASE_FILE)
        before = _described(backup)
        if checkpoint is not None:
            _go_on(backup, beside, _note(checkpoint), before)
        else:
            _begin_anew(backup, beside, str(origin), before)
        return _described(beside)


def _go_on(backup: Path, folder: Path, note: bytes, holds: BackedUp) -> None:
    policy = durable.read(backup / POLICY_FILE, MAX_POLICY_BYTES) or b""
    try:
        last = open_checkpoint(note, parse_policy(policy)).checkpoint
    except InvalidProof as error:
        raise InvalidProof(f"not a checkpoint of this log: {error.detail}", place="--checkpoint") from None
    _require_contained(backup, last, holds)
    durable.create(folder / KEY_FILE, load_key(backup / KEY_FILE).text().encode() + b"\n", durable.PRIVATE)
    durable.create(folder / POLICY_FILE, policy, durable.PUBLIC)
    durable.create(folder / NOTE_FILE, note, durable.PUBLIC)


def _require_contained(backup: Path, last: Checkpoint, holds: BackedUp) -> None:
    if last.size > holds.size:
        raise IntegrityBroken(
            f"the backup has {holds.size} entries, but {last.size} were signed: {last.size - holds.size} are lost",
            place=str(backup),
            remedy="find a newer backup, or go on as another log with --new-origin NAME",
        )
    with _log(backup) as log:
        if last.size and log.root(last.size) != last.root:
            raise IntegrityBroken(f"the backup's first {last.size} entries are not those that were signed")


def _begin_anew(backup: Path, folder: Path, origin: str, holds: BackedUp) -> None:
    """A new key and name; verifiers who get the new policy trust both logs, each for what it has signed."""
    if origin == holds.origin:
        raise InvalidSetting("a new log needs another name than the old one", place="--new-origin")
    key = create_key(folder / KEY_FILE, origin)
    old = (durable.read(backup / POLICY_FILE, MAX_POLICY_BYTES) or b"").decode()
    logs = [line for line in old.splitlines() if line.startswith("log ")]
    rest = [line for line in old.splitlines() if not line.startswith("log ")]
    policy = "\n".join([*logs, log_policy(key.verifier).splitlines()[0], *rest]) + "\n"
    parse_policy(policy.encode())
    durable.create(folder / POLICY_FILE, policy.encode(), durable.PUBLIC)
    settings = WriterSettings(str(folder.resolve()), origin, 1, 1)
    parameters = LogContinued("setup", holds.origin, holds.size, holds.root)
    write_once(settings, "log-continued", parameters, Recorded)


def _note(path: Path) -> bytes:
    note = durable.read(path, MAX_NOTE_BYTES)
    if note is None:
        raise InvalidSetting("there is no such file", place=str(path))
    return note


@contextmanager
def _folder_that_appears(path: Path) -> Iterator[Path]:
    """A folder beside ``path`` that takes its name when everything in it is made; nothing of it stays otherwise."""
    if path.exists():
        raise Conflict("this folder is there already", place=str(path), remedy="name one that isn't")
    beside = path.with_name(f".{path.name}.unfinished")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True, mode=0o700)
        yield beside
        shutil.rmtree(beside / "run", ignore_errors=True)
        beside.rename(path)
        durable.sync_folder(path.parent)
    except OSError as error:
        raise InvalidSetting(f"cannot be written: {error.strerror}", place=str(path)) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _copy_database(source: Path, target: Path, told: Told) -> None:
    """Copy it; `IntegrityBroken` where it is damaged, `InvalidSetting` where there is no room or it cannot be read."""
    try:
        _copy_pages(source, target, told)
    except sqlite3.OperationalError as error:
        raise InvalidSetting(f"cannot be copied: {error}", place=str(source)) from None
    except sqlite3.DatabaseError as error:
        raise IntegrityBroken(f"the database is damaged: {error}", place=str(source)) from None


def _copy_pages(source: Path, target: Path, told: Told) -> None:
    """SQLite's own online backup. The open transaction keeps the moment: later writes don't make it start again."""
    address = f"{source.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, isolation_level=None)) as old,
        closing(sqlite3.connect(target, isolation_level=None)) as new,
    ):
        target.chmod(0o600)
        old.execute("BEGIN")
        old.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        page = int(old.execute("PRAGMA page_size").fetchone()[0])
        old.backup(new, pages=_STEP, progress=lambda _, left, total: told((total - left) * page, total * page))
        old.execute("COMMIT")
        new.execute("PRAGMA journal_mode=WAL")
        fault = new.execute("PRAGMA quick_check").fetchone()[0]
    if fault != "ok":
        raise IntegrityBroken(f"the copied database is damaged: {fault}", place=str(source))


def _begin_history(database: Path) -> None:
    """Mark the copy as another history: what was promised after the backup is not in it (`history_of`)."""
    with closing(sqlite3.connect(database, isolation_level=None)) as restored:
        restored.execute(f"PRAGMA user_version = {secrets.randbelow(2**31 - 1) + 1:d}")


@contextmanager
def _log(folder: Path) -> Iterator[LogReader]:
    engine = open_reader(sqlite_url(folder))
    try:
        require_schema(engine)
        with engine.connect() as connection:
            yield LogReader(connection)
    finally:
        engine.dispose()


def _described(folder: Path) -> BackedUp:
    with _log(folder) as log:
        size = log.size()
        return BackedUp(load_key(folder / KEY_FILE).name, size, log.root(size).hex() if size else "")


def as_lines(what: str, held: BackedUp, place: Path) -> list[str]:
    """What a person is told."""
    return [f"{what} {place}: log {held.origin}, {held.size} entries", f"  root {held.root}"]
