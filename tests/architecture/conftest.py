"""The repository as its rules see it: the files that git knows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make reference` writes what the tests otherwise compare."""
    parser.addoption("--write-reference", action="store_true", help="write the tables of docs/reference")


@pytest.fixture(scope="session")
def git() -> str:
    """The git program; skips where there is none, or no checkout."""
    found = shutil.which("git")
    if found is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, so nobody can say which files belong to it")
    return found


@pytest.fixture(scope="session")
def tracked(git: str) -> tuple[Path, ...]:
    """Files that git knows and that are there, links left out."""
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(path for path in paths if path.is_file() and not path.is_symlink())
