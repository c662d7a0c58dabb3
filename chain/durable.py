"""Small files that survive a crash: whole and on disk, or not there at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from suyuan.base.errors import Conflict, InvalidSetting

#: Readable and writable by the owner alone.
PRIVATE = 0o600
#: Readable by all: nothing secret.
PUBLIC = 0o644


def create(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Writes a new file; `Conflict` where there is one already. After a crash it is whole or missing."""
    temporary = _write_beside(path, data, mode)
    try:
        # A link, unlike a rename, fails where the name is taken: a key is never overwritten.
        os.link(temporary, path)
    except FileExistsError:
        raise Conflict(f"{path} exists already and is not overwritten") from None
    except OSError as error:
        raise InvalidSetting(f"cannot be written: {error.strerror}", place=str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def replace(path: Path, data: bytes, mode: int = PUBLIC) -> None:
    """Writes a file over the one that may be there. After a crash the old or the new one is whole in place.

    When this returns the new one is on disk: what must not be said before it is safe can be said now.
    """
    temporary = _write_beside(path, data, mode)
    try:
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InvalidSetting(f"cannot be written: {error.strerror}", place=str(path)) from None
    sync_folder(path.parent)


def read(path: Path, limit: int) -> bytes | None:
    """The file's bytes, None where there is none; `InvalidSetting` where it cannot be read or is over ``limit``."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidSetting(f"cannot be read: {error.strerror}", place=str(path)) from None
    if len(data) > limit:
        raise InvalidSetting(f"has more than {limit} bytes", place=str(path))
    return data


def _write_beside(path: Path, data: bytes, mode: int) -> Path:
    """A temporary file in the same folder, hence on the same file system, with its bytes on disk."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise InvalidSetting(f"cannot be written: {error.strerror}", place=str(path)) from None
    return temporary


def sync_folder(folder: Path) -> None:
    """Makes the name itself durable: fsync of a file does not cover the folder that lists it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
