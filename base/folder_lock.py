"""Locks on a data folder: files in ``run`` that the kernel lets go of when their holder dies, even by SIGKILL."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suyuan.base.errors import Unavailable

#: Held by the one who may write, and by the one server of a folder for its whole life.
WRITER, SERVER = "writer.lock", "server.lock"


@contextmanager
def hold(folder: Path, name: str, wait: bool) -> Iterator[None]:
    """Hold the lock ``folder/run/NAME``. Child processes do not inherit it.

    Without ``wait`` a held lock is `Unavailable`: a server is running on this folder.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # it will hold every firm's events and the log's key
    run = folder / "run"
    run.mkdir(exist_ok=True)
    handle = os.open(run / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Unavailable(
                f"a server is running on {folder}", remedy="use --server, or stop the server first"
            ) from None
        yield
    finally:
        os.close(handle)
