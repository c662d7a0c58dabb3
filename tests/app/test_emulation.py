"""``suyuan emulate`` with printers: beside readers, alone, and files that are wrong."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from tests.serving import SUYUAN, environment

from suyuan.app.emulation import emulate
from suyuan.base.errors import InvalidSetting

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "emulator.md"
READER = {"name": "table", "port": 0, "presented": [[{"tid": "E28011700000020A00000001"}]]}


def a_file(folder: Path, **content: object) -> Path:
    path = folder / "emulator.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("more", [{}, {"readers": [READER], "state_file": "state.json"}])
def test_printers_run_beside_readers_and_alone(more: dict[str, object], tmp_path: Path) -> None:
    path = a_file(tmp_path, printers=[{"name": "zebra", "port": 0}], **more)
    with subprocess.Popen(
        [SUYUAN, "emulate", "--config", path], stdout=subprocess.PIPE, text=True, env=environment(NO_COLOR="1")
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(1 + bool(more))]
        found = re.search(r"'zebra': (\d+)", lines[0])
        assert found is not None, lines
        with socket.create_connection(("127.0.0.1", int(found[1])), 10) as connection:
            connection.sendall(b"~HS")
            assert connection.recv(1000).startswith(b"\x02030,0,0")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"printers": [{"name": "a", "port": -1}]}, "printers"),
        ({"printers": [{"name": "a"}, {"name": "a"}]}, "name a is given to two printers"),
        ({"printers": [{"name": "a", "faults": {"x": "void"}}]}, "printers"),
        ({"printers": []}, "readers"),
        ({}, "readers"),
    ],
)
def test_a_file_that_is_wrong_names_what_is(content: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting) as raised:
        emulate(a_file(tmp_path, **content))
    assert message in str(raised.value)


def test_a_list_is_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "emulator.json").write_text("[1]")
    with pytest.raises(InvalidSetting):
        emulate(tmp_path / "emulator.json")


def test_the_documented_printer_loads(tmp_path: Path) -> None:
    """It is refused for its port only, where that is taken."""
    example = PAGE.read_text().split("## Printers")[1].split("```toml\n")[1].split("```")[0]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = example.replace("9100", str(taken.getsockname()[1]))
        (tmp_path / "emulator.toml").write_text(text)
        with pytest.raises(InvalidSetting, match="printer zebra cannot listen"):
            emulate(tmp_path / "emulator.toml")
