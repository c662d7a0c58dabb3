"""What git holds: nobody's machine, no address of a package index, no leftovers, one licence."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.architecture.pages import ROOT

#: Written in pieces, so that this file keeps its own rule.
FOREIGN = {
    "the address of a package index": "|".join(
        (r"pypi\." + "org", "python" + "hosted", r"registry\.npm" + "js", "extra-index" + "-url", "find-" + "links")
    ),
    "a path of somebody's machine": "|".join(
        ("/ho" + r"me/\w", "/Us" + r"ers/\w", "/ro" + r"ot/\w", "/wo" + r"rk/\w", r"/opt/py" + "pi")
    ),
    "a key": "BEGIN [A-Z ]*PRIVATE " + "KEY|sy_[0-9a-z]{12}_[0-9A-Za-z_-]{43}",
}
LARGEST_FILE = 600_000
#: Larger ones: the label font has every Chinese character that names of people and villages need.
LARGER = {"labels/fonts/wqy-microhei-subset.ttf": 3_200_000}


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def test_no_tracked_file_names_a_machine_an_index_or_a_secret(tracked: tuple[Path, ...]) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {what}: {hit[0]}"
        for path in tracked
        for what, pattern in FOREIGN.items()
        if (hit := re.search(pattern, _text(path)))
    ]
    assert not found


def test_tracked_files_are_small_text_with_unix_lines(tracked: tuple[Path, ...]) -> None:
    for path in tracked:
        data = path.read_bytes()
        assert len(data) <= LARGER.get(str(path.relative_to(ROOT)), LARGEST_FILE), (
            f"{path} is too large for a source tree"
        )
        if path.suffix in {".py", ".md", ".toml", ".txt", ".html", ".css", ".yaml", ".po"}:
            assert b"\r" not in data, f"{path} has carriage returns"
            assert not data or data.endswith(b"\n"), f"{path} does not end with a newline"


def test_no_tool_s_leavings_are_tracked(tracked: tuple[Path, ...]) -> None:
    names = {part for path in tracked for part in path.relative_to(ROOT).parts}
    assert not names & {".venv", "__pycache__", "build", "dist", "suyuan-data", ".coverage", ".hypothesis"}


def test_the_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert text.lstrip().startswith("Apache License\n")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_coverage_floor_has_never_been_lowered(git: str) -> None:
    """Over the commits that this clone has; a shallow one has few."""
    file = ".ci/coverage-floor"
    shown = subprocess.run(
        [git, "log", "--reverse", "--format=", "-p", "--", file], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    floors = [*map(float, re.findall(r"^\+([0-9.]+)$", shown, re.MULTILINE)), float((ROOT / file).read_text())]
    assert floors == sorted(floors)
    assert floors[-1] <= 100
