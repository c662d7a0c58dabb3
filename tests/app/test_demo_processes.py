"""Supervised children: started again when they die, gone when we are, and named when they are hopeless."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from suyuan.app.demo import processes as processes_module
from suyuan.app.demo.processes import Processes
from suyuan.base.errors import Unavailable
from suyuan.readers.script import EmulatorConfig, ReaderScript


@pytest.fixture
def emulator(tmp_path: Path) -> list[str]:
    """The arguments of a child that starts quickly."""
    config = EmulatorConfig(readers=(ReaderScript(name="gate", port=0),), state_file="state.json")
    (tmp_path / "emulator.json").write_bytes(msgspec.json.encode(config))
    return ["emulate", "--config", str(tmp_path / "emulator.json")]


class Supervised:
    """Processes with what they said."""

    def __init__(self, data: Path, lock: int) -> None:
        self.said: list[str] = []
        self.data = data
        self.all = Processes(data, lock, self.said.append)

    def pid(self, name: str) -> int:
        """What stands in a pid file, 0 before it is there."""
        try:
            return int((self.data / "run" / f"{name}.pid").read_text())
        except (OSError, ValueError):
            return 0


@pytest.fixture
async def supervised(tmp_path: Path) -> AsyncIterator[Supervised]:
    """Processes that are stopped after the test."""
    (tmp_path / "run").mkdir()
    lock = os.open(tmp_path / "run" / "demo.lock", os.O_RDWR | os.O_CREAT)
    found = Supervised(tmp_path, lock)
    yield found
    await found.all.stop()
    os.close(lock)


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait for something to be true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the child tells nobody but the file system
            await asyncio.sleep(0.02)


def running(pid: int) -> bool:
    """Whether the process is there, other than as a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def environment_of(pid: int) -> bytes:
    """The environment that a process was started with."""
    return Path(f"/proc/{pid}/environ").read_bytes()


async def test_a_killed_child_is_started_again_under_the_same_name(
    supervised: Supervised, emulator: list[str], tmp_path: Path
) -> None:
    supervised.all.start({"emulator": emulator})
    await until((tmp_path / "state.json").exists)
    first = supervised.pid("emulator")
    os.kill(first, signal.SIGKILL)
    await until(lambda: supervised.pid("emulator") not in {0, first})
    supervised.all.check()
    assert supervised.said == ["emulator ended with code -9 and is started again"]
    assert (tmp_path / "logs" / "emulator.log").stat().st_mode & 0o777 == 0o600
    second = supervised.pid("emulator")
    await supervised.all.stop()
    assert not running(second)
    assert supervised.pid("emulator") == 0


async def test_a_child_that_never_lives_is_hopeless_and_its_log_is_named(
    supervised: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes_module, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(processes_module, "_HOPELESS", 2)
    supervised.all.start({"edge-nowhere": ["edge", "--config", "/nowhere/edge.toml"]})
    await until(lambda: len(supervised.said) >= 2)
    with pytest.raises(Unavailable, match=r"edge-nowhere does not stay alive .*logs/edge-nowhere\.log"):
        supervised.all.check()
    assert "can't be read" in (supervised.data / "logs" / "edge-nowhere.log").read_text()


async def test_a_child_that_does_not_stop_is_killed(
    supervised: Supervised, emulator: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes_module, "_GRACE", 0.2)
    supervised.all.start({"emulator": emulator})
    await until((tmp_path / "state.json").exists)
    os.kill(supervised.pid("emulator"), signal.SIGSTOP)
    await supervised.all.stop()
    assert supervised.said == ["emulator does not stop and is killed"]


async def test_settings_of_another_server_do_not_reach_a_child(
    supervised: Supervised, emulator: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUYUAN_DATABASE", "postgresql://elsewhere.invalid/ledger")
    monkeypatch.setenv("ELSE", "kept")
    supervised.all.start({"emulator": emulator})
    await until((tmp_path / "state.json").exists)
    seen = environment_of(supervised.pid("emulator"))
    assert b"SUYUAN_" not in seen
    assert b"ELSE=kept" in seen


def test_children_die_when_their_parent_is_killed(emulator: list[str], tmp_path: Path) -> None:
    program = (
        "import asyncio, os, pathlib, sys\n"
        "from suyuan.app.demo.processes import Processes\n"
        "async def main():\n"
        "    data = pathlib.Path(sys.argv[1])\n"
        "    lock = os.open(data / 'lock', os.O_RDWR | os.O_CREAT)\n"
        "    Processes(data, lock, print).start({'emulator': sys.argv[2:]})\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen([sys.executable, "-P", "-c", program, str(tmp_path), *emulator])
    patience = time.monotonic() + 20
    while not (tmp_path / "state.json").exists():
        assert time.monotonic() < patience
        time.sleep(0.02)
    child = int((tmp_path / "run" / "emulator.pid").read_text())
    parent.kill()
    parent.wait()
    while running(child):
        assert time.monotonic() < patience, "the child outlives its parent"
        time.sleep(0.02)
