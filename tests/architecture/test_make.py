"""The first commands in a fresh clone: which Python they take, and what they say when there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.architecture.pages import ROOT

FIND = ROOT / ".ci" / "find-python"


def _program(folder: Path, name: str, suits: bool) -> None:
    """A stand-in for an installed Python: all that is asked of it is whether it is new enough."""
    program = folder / name
    program.write_text(f"#!/bin/sh\nexit {0 if suits else 1}\n", encoding="ascii")
    program.chmod(0o755)


def _find(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(FIND)], env={"PATH": str(path), **environment}, capture_output=True, text=True, check=False
    )


def test_python3_is_taken_when_it_is_new_enough(tmp_path: Path) -> None:
    _program(tmp_path, "python3", suits=True)
    _program(tmp_path, "python3.13", suits=True)
    assert _find(tmp_path).stdout == "python3\n"


def test_an_old_python3_gives_way_to_the_newest_that_suits(tmp_path: Path) -> None:
    for name, suits in {"python3": False, "python3.11": True, "python3.12": True, "python3.14": False}.items():
        _program(tmp_path, name, suits)
    assert _find(tmp_path).stdout == "python3.12\n"


def test_without_a_python_one_line_says_what_is_needed(tmp_path: Path) -> None:
    _program(tmp_path, "python3", suits=False)
    done = _find(tmp_path)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_named_python_is_taken_or_refused_but_never_replaced(tmp_path: Path) -> None:
    _program(tmp_path, "python3", suits=True)
    _program(tmp_path, "mine", suits=True)
    assert _find(tmp_path, PYTHON="mine").stdout == "mine\n"
    assert _find(tmp_path, PYTHON=sys.executable).stdout == f"{sys.executable}\n"
    refused = _find(tmp_path, PYTHON="missing")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "PYTHON=missing" in refused.stderr


@pytest.mark.parametrize("script", ["run", "find-python", "make-venv"])
def test_the_shell_scripts_are_executable_and_can_be_read(script: str) -> None:
    path = ROOT / ".ci" / script
    assert os.access(path, os.X_OK)
    shell = shutil.which(path.read_text().splitlines()[0].removeprefix("#!").split()[-1])
    assert shell
    assert subprocess.run([shell, "-n", str(path)], check=False).returncode == 0


def test_make_lists_its_targets() -> None:
    make = shutil.which("make")
    assert make
    done = subprocess.run([make, "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"demo", "test", "check", "bench", "format", "clean"} <= {
        line.split()[0] for line in done.stdout.splitlines()
    }
