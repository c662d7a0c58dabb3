"""The demonstration's folder and ports: what is refused, and what a later run finds again."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from pathlib import Path

import pytest

from suyuan.app.demo import folder as folder_module
from suyuan.app.demo.folder import open_demo
from suyuan.app.demo.ports import HOST, is_free, reader_ports, server_port
from suyuan.app.demo.run import run_demo
from suyuan.app.demo.scenario import Scenario, build
from suyuan.base.errors import Conflict, InvalidSetting


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """One scenario."""
    return build(3)


def test_a_new_folder_is_private_and_remembers_seed_and_ports(tmp_path: Path, scenario: Scenario) -> None:
    data = tmp_path / "new" / "data"
    with open_demo(data, scenario) as folder:
        folder.keep_ports(8123, {"gate": 23456})
        assert folder.demo == data / "demo"
    assert data.stat().st_mode & 0o077 == 0
    with open_demo(data, scenario) as folder:
        assert (folder.contents.seed, folder.contents.port, folder.contents.readers) == (3, 8123, {"gate": 23456})


def test_another_seed_is_refused_with_the_seed_that_is_there(tmp_path: Path, scenario: Scenario) -> None:
    with open_demo(tmp_path, scenario):
        pass
    with pytest.raises(Conflict, match=r"seed 3, not 4.*--seed 3"):
        run_demo(seed=4, data=tmp_path, port=None, once=True)


def test_a_ledger_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "suyuan.db").write_bytes(b"")
    with pytest.raises(Conflict, match="not a demonstration's"):
        run_demo(seed=3, data=tmp_path, port=None, once=True)
    assert [path.name for path in tmp_path.iterdir()] == ["suyuan.db"]


def test_a_story_of_another_version_is_refused(tmp_path: Path, scenario: Scenario) -> None:
    with open_demo(tmp_path, scenario):
        pass
    story = tmp_path / "demo" / "story.json"
    story.write_text(json.dumps(json.loads(story.read_text()) | {"scenario": "0" * 64}))
    with pytest.raises(Conflict, match="another version"), open_demo(tmp_path, scenario):
        pass


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff", b'{"seed": "x"}', b"[" * 5000])
def test_a_story_that_is_none_is_an_error_of_ours(tmp_path: Path, scenario: Scenario, text: bytes) -> None:
    with open_demo(tmp_path, scenario):
        pass
    (tmp_path / "demo" / "story.json").write_bytes(text)
    with pytest.raises(InvalidSetting, match=r"story\.json"), open_demo(tmp_path, scenario):
        pass


def test_two_demonstrations_do_not_share_a_folder(
    tmp_path: Path, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "_LAST_BREATH", 0.2)
    with open_demo(tmp_path, scenario), pytest.raises(Conflict, match="another demonstration runs"):
        run_demo(seed=3, data=tmp_path, port=None, once=True)


def test_the_lock_is_free_when_the_last_child_has_ended(tmp_path: Path, scenario: Scenario) -> None:
    with open_demo(tmp_path, scenario) as folder:
        child = os.dup(folder.lock)
    other = os.open(tmp_path / "run" / "demo.lock", os.O_RDWR)
    try:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(child)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(other)


def test_a_folder_that_cannot_be_one_is_said(tmp_path: Path, scenario: Scenario) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InvalidSetting, match="cannot be used"), open_demo(tmp_path / "file", scenario):
        pass


def taken_port() -> tuple[socket.socket, int]:
    """A port with a listener."""
    listener = socket.create_server((HOST, 0))
    return listener, int(listener.getsockname()[1])


def test_a_wanted_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    listener, port = taken_port()
    with listener, pytest.raises(InvalidSetting, match=f"port {port} is taken"):
        run_demo(seed=3, data=tmp_path, port=port, once=True)


def test_without_a_wish_the_last_port_is_taken_again_unless_it_is_taken() -> None:
    listener, port = taken_port()
    with listener:
        assert server_port(None, port) != port
    assert server_port(None, port) == port
    assert server_port(port, 0) == port
    assert server_port(0, port) not in {0, port, 8000}


def test_readers_keep_their_ports_as_long_as_these_are_free() -> None:
    first = reader_ports(["a", "b", "c"], {}, 0)
    assert len(set(first.values())) == 3
    assert all(20_000 <= port < 32_000 and is_free(port) for port in first.values())
    with socket.create_server((HOST, first["b"])):
        again = reader_ports(["a", "b", "c"], first, 0)
    assert (again["a"], again["c"]) == (first["a"], first["c"])
    assert again["b"] != first["b"]


def test_a_fresh_port_is_neither_the_server_s_nor_one_that_another_reader_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("suyuan.app.demo.ports._fresh", lambda: iter(range(20_001, 20_010)))
    monkeypatch.setattr("suyuan.app.demo.ports.is_free", lambda port: True)
    assert reader_ports(["a", "b"], {"b": 20_002}, 20_001) == {"a": 20_003, "b": 20_002}


def test_no_free_port_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.app.demo.ports.is_free", lambda port: False)
    with pytest.raises(InvalidSetting, match="no TCP port"):
        reader_ports(["a"], {}, 0)
