"""``kill -9`` of anything at any time: the story is told to its end, and no event is lost or there twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import SEED, SUYUAN, Server, Told, run_demo

pytestmark = pytest.mark.slow

Event = dict[str, Any]
PATIENCE = 120.0


class Running:
    """A demonstration at work."""

    def __init__(self, data: Path) -> None:
        self.data = data
        command = [str(SUYUAN), "demo", "--once", "--seed", str(SEED), "--port", "0", "--data", str(data)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def until(self, what: str, condition: Callable[[], Any]) -> Any:
        """Wait for something to be true of the files in its folder."""
        patience = time.monotonic() + PATIENCE
        while time.monotonic() < patience:
            assert self.process.poll() is None, f"it ended before {what}: {self.process.communicate()[1][-2000:]}"
            try:
                if found := condition():
                    return found
            except (OSError, ValueError):
                pass
            time.sleep(0.02)
        raise AssertionError(f"not in {PATIENCE} s: {what}")

    def recorded(self) -> int:
        """How many passages the readers have told."""
        state = json.loads((self.data / "demo" / "emulator-state.json").read_bytes())
        return sum(reader["recorded"] for reader in state["readers"].values())

    def pid(self, name: str) -> int:
        """The process id in a pid file."""
        return int((self.data / "run" / f"{name}.pid").read_text())

    def kill(self, name: str) -> int:
        """Kill a child; its process id."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def checkpoint(self) -> bytes:
        """The log's checkpoint as anybody gets it."""
        port = json.loads((self.data / "demo" / "story.json").read_bytes())["port"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/log/checkpoint", timeout=10) as response:
            return bytes(response.read())

    def told(self) -> Told:
        """What it said in the end."""
        stdout, stderr = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, stderr[-3000:]
        return Told(self.data, json.loads(stdout.splitlines()[-1]), stderr)


def alive(pid: int) -> bool:
    """Whether there is such a process, other than as an entry that nobody has read yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ids(events: list[Event]) -> list[str]:
    """Event IDs in order."""
    return sorted(event["eventID"] for event in events)


def verified_with(data: Path, checkpoint: bytes) -> str:
    """What ``suyuan verify`` says of the ledger and of a checkpoint from before."""
    kept = data / "kept-by-somebody"
    kept.write_bytes(checkpoint)
    command = [str(SUYUAN), "verify", "--data", str(data), "--earlier", str(kept)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def counts(summary: dict[str, Any]) -> list[Any]:
    """The figures that one seed gives each time."""
    recalls = [[recall[name] for name in ("seed", "affected", "carriers", "holders")] for recall in summary["recalls"]]
    return [*recalls, *(summary[name] for name in ("events", "things", "tag_reads", "observations", "clone_alerts"))]


def test_server_edges_and_emulator_killed_in_the_middle(
    tmp_path: Path, told: Told, events: list[Event], serving: Callable[[Path], Server]
) -> None:
    running = Running(tmp_path / "data")
    running.until("readers tell", lambda: running.recorded() > 5)
    before = running.checkpoint()
    victims = {name: running.kill(name) for name in ("server", "edge-slaughterhouse", "edge-cold-store")}
    running.until("the server is back", lambda: running.pid("server") != victims["server"] and running.checkpoint())
    running.kill("emulator")
    running.kill("edge-meat-market")
    after = running.told()
    assert counts(after.summary) == counts(told.summary)
    assert after.stderr.count("is started again") == 5
    assert ids(serving(after.data).events()) == ids(events)
    assert f"sizes {before.splitlines()[1].decode()}" in verified_with(after.data, before)


def test_the_demonstration_itself_killed_and_begun_again(
    tmp_path: Path, told: Told, events: list[Event], serving: Callable[[Path], Server]
) -> None:
    running = Running(tmp_path / "data")
    running.until("readers tell", lambda: running.recorded() > 20)
    before = running.checkpoint()
    children = [running.pid(path.stem) for path in (tmp_path / "data" / "run").glob("*.pid")]
    assert len(children) == 15
    running.process.kill()
    running.process.communicate(timeout=10)
    again = Running(tmp_path / "data")
    patience = time.monotonic() + 10
    while any(alive(pid) for pid in children):
        assert time.monotonic() < patience, "children outlive their parent"
        time.sleep(0.05)
    after = again.told()
    assert counts(after.summary) == counts(told.summary)
    assert ids(serving(after.data).events()) == ids(events)
    assert "contains the earlier checkpoints" in verified_with(after.data, before)


def test_a_second_run_on_the_same_folder_changes_nothing(tmp_path: Path, told: Told) -> None:
    first = Running(tmp_path / "data").told()
    second = Running(tmp_path / "data").told()
    assert counts(first.summary) == counts(second.summary) == counts(told.summary)
    assert [recall["id"] for recall in first.summary["recalls"]] == [r["id"] for r in second.summary["recalls"]]
    assert first.summary["log_size"] == second.summary["log_size"]


def test_ctrl_c_while_it_serves_is_a_good_end(tmp_path: Path) -> None:
    command = [str(SUYUAN), "demo", "--seed", str(SEED), "--port", "0", "--data", str(tmp_path / "data")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    for line in process.stderr:
        if "serving until Ctrl-C" in line:
            break
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert "/log/checkpoint" in stdout
    assert "curl" in stdout
    assert "sy_" not in stdout
    assert not list((tmp_path / "data" / "run").glob("*.pid"))


def test_ctrl_c_in_the_middle_stops_everything_and_is_no_success(tmp_path: Path) -> None:
    running = Running(tmp_path / "data")
    running.until("readers tell", lambda: running.recorded() > 5)
    children = [running.pid(path.stem) for path in (tmp_path / "data" / "run").glob("*.pid")]
    running.process.send_signal(signal.SIGINT)
    stdout, _ = running.process.communicate(timeout=60)
    assert running.process.returncode == 130
    assert stdout == ""
    assert not any(alive(pid) for pid in children)


def test_a_server_that_cannot_live_is_one_clear_line_with_its_log(tmp_path: Path, told: Told) -> None:
    data = tmp_path / "data"
    shutil.copytree(told.data, data)
    (data / "suyuan.db").write_bytes(b"this is no database" * 1000)
    done = run_demo(data, "--seed", str(SEED))
    assert done.returncode == 1
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith("suyuan: the server starts: server does not stay alive")
    assert "logs/server.log" in last
    assert "Traceback" not in done.stderr
