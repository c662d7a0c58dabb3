"""Large documents on disk: written while they come in, read by the two passes, gone when they are done.

A file is locked by the process that receives or captures it; the kernel lets go when that process dies. A file without
an unfinished job behind it was never answered for, and goes at the next start.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from suyuan.base.errors import Unavailable

#: Folder in the data folder.
FOLDER: Final = "spool"
#: Bytes that stay free on the disk, for the database.
_RESERVE = 256 * 1024 * 1024
#: Bytes between two looks at how full everything is.
_LOOK = 16 * 1024 * 1024


class Spool:
    """The folder; all its documents together hold at most ``quota`` bytes."""

    def __init__(self, data: Path, quota: int) -> None:
        self.folder = data / FOLDER
        self._quota = quota

    def create(self, name: str) -> SpooledDocument:
        """A new file that is locked; `Unavailable` where there is no room."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.check_room(0)
        try:
            return SpooledDocument(self, self.folder / name, new=True)
        except OSError as error:
            raise Unavailable(f"the document cannot be kept: {error.strerror}", remedy="send it again") from None

    def claim(self, name: str) -> SpooledDocument | None:
        """A file that is there and that no living process has; else None."""
        try:
            return SpooledDocument(self, self.folder / name, new=False)
        except (FileNotFoundError, BlockingIOError):
            return None

    def has(self, name: str) -> bool:
        """Whether the file is there."""
        return (self.folder / name).exists()

    def names(self) -> Iterator[str]:
        """All files."""
        if self.folder.is_dir():
            yield from sorted(entry.name for entry in os.scandir(self.folder) if entry.is_file())

    def check_room(self, more: int) -> None:
        """`Unavailable` where so many bytes more do not fit in the quota or on the disk."""
        used = 0
        for entry in os.scandir(self.folder):
            try:
                used += entry.stat().st_size
            except FileNotFoundError:
                continue  # another document is done
        if used + more > self._quota:
            raise Unavailable(
                f"large documents that wait have {used} bytes; {self._quota} are allowed",
                remedy="send it again when some are done, or raise SUYUAN_SPOOL_BYTES",
            )
        if shutil.disk_usage(self.folder).free < more + _RESERVE:
            raise Unavailable("the disk is almost full", remedy="send it again when there is room")


class SpooledDocument:
    """One file. Every method may block: call them in a thread."""

    def __init__(self, spool: Spool, path: Path, new: bool) -> None:
        self._spool = spool
        self.path = path
        self.size = 0
        self._looked = 0
        self._digest = hashlib.sha256()
        self._handle = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if new else 0), 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not path.exists():  # it was done between the two
                raise FileNotFoundError(path)
        except OSError:
            os.close(self._handle)
            raise

    @property
    def name(self) -> str:
        """Its name: that of its job."""
        return self.path.name

    def write(self, data: bytes) -> None:
        """Add bytes; `Unavailable` where there is no room for them."""
        if self.size + len(data) - self._looked > _LOOK:
            self._spool.check_room(len(data))
            self._looked = self.size
        self._digest.update(data)
        self.size += len(data)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            raise Unavailable(f"the document cannot be kept: {error.strerror}", remedy="free space") from None

    def finish(self) -> bytes:
        """Make it durable; the SHA-256 of its bytes."""
        os.fsync(self._handle)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return self._digest.digest()

    def remove(self) -> None:
        """Take it away."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go of it and leave it where it is."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
