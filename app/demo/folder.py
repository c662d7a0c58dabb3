"""The demonstration's data folder: whose it is, and that only one demonstration runs in it."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from suyuan.app.demo.scenario import Scenario
from suyuan.base.errors import Conflict, InvalidSetting
from suyuan.chain import durable

#: Seconds that the children of a demonstration which was killed have to notice it.
_LAST_BREATH: Final = 5.0
_LARGEST_STORY: Final = 1 << 20
_STORY: Final = "demo/story.json"
_OTHER_FOLDER: Final = "choose another folder with --data"


class Contents(msgspec.Struct, frozen=True):
    """What the folder was made for, and the TCP ports of the last run: kept where they are still free."""

    seed: int
    scenario: str  #: digest of everything that the seed gives
    port: int = 0
    readers: dict[str, int] = {}


class DemoFolder:
    """The folder while this demonstration owns it. ``lock`` is the descriptor that its children hold, too."""

    def __init__(self, data: Path, lock: int, contents: Contents) -> None:
        self.data = data
        self.lock = lock
        self.contents = contents

    @property
    def demo(self) -> Path:
        """Where configurations, states and keys of the demonstration are."""
        return self.data / "demo"

    def keep_ports(self, port: int, readers: dict[str, int]) -> None:
        """Remember the ports for the next run."""
        self.contents = msgspec.structs.replace(self.contents, port=port, readers=readers)
        _write(self.data, self.contents)


@contextmanager
def open_demo(data: Path, scenario: Scenario) -> Iterator[DemoFolder]:
    """The folder, made or resumed.

    Raises `Conflict` where another demonstration runs in it, and where it holds anything but this scenario.
    """
    data = data.absolute()
    try:
        if (data / "suyuan.db").exists() and not (data / _STORY).exists():
            raise Conflict("this is another ledger, not a demonstration's", place=str(data), remedy=_OTHER_FOLDER)
        for folder in (data, data / "run", data / "demo"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(data / "run" / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise InvalidSetting(f"cannot be used: {error.strerror}", place=str(data), remedy=_OTHER_FOLDER) from None
    try:
        _take(lock, data)
        yield DemoFolder(data, lock, _contents(data, scenario))
    finally:
        os.close(lock)


def _take(lock: int, data: Path) -> None:
    """The lock: children of a predecessor hold it until they have ended."""
    patience = time.monotonic() + _LAST_BREATH
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES) or time.monotonic() > patience:
                raise Conflict(
                    "another demonstration runs in this folder", place=str(data), remedy=_OTHER_FOLDER
                ) from None
        time.sleep(0.1)


def _contents(data: Path, scenario: Scenario) -> Contents:
    """The story that the folder holds; a folder without anything begins one."""
    path, expected = data / _STORY, Contents(scenario.seed, digest(scenario))
    found = durable.read(path, _LARGEST_STORY)
    if found is None:
        _write(data, expected)
        return expected
    try:
        story = msgspec.json.decode(found, type=Contents)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidSetting(f"this is not a demonstration's story: {error}", place=str(path)) from None
    if story.seed != scenario.seed:
        raise Conflict(
            f"this folder holds the demonstration with seed {story.seed}, not {scenario.seed}", place=str(data),
            remedy=f"say --seed {story.seed}, or {_OTHER_FOLDER}",
        )  # fmt: skip
    if story.scenario != expected.scenario:
        raise Conflict("another version made this demonstration", place=str(data), remedy=_OTHER_FOLDER)
    return story


def _write(data: Path, contents: Contents) -> None:
    durable.replace(data / _STORY, msgspec.json.encode(contents) + b"\n")


def digest(scenario: Scenario) -> str:
    """SHA-256, in hex, of all that is filed and of all that passes the gates."""
    told = (scenario.documents, [(plan.gate, plan.passages) for plan in scenario.gates])
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()
