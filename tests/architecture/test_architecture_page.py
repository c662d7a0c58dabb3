"""ARCHITECTURE.md leads a newcomer to every file, and to none that isn't there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.pages import ROOT

PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
#: What stands in backquotes and has a slash; addresses and what lies in the data folder are no paths of ours.
NAMED = {name for name in re.findall(r"`([^`\s]+/[^`\s]*)`", PAGE) if not name.startswith(("/", "DATA/"))}


def test_every_path_that_the_page_names_exists() -> None:
    missing = sorted(name for name in NAMED if not (ROOT / name).exists())
    assert not missing


def test_every_folder_at_the_top_is_named(tracked: tuple[Path, ...]) -> None:
    folders = {f"{path.relative_to(ROOT).parts[0]}/" for path in tracked if path.parent != ROOT}
    assert folders <= NAMED


def test_every_module_is_named_itself_or_by_its_folder(tracked: tuple[Path, ...]) -> None:
    packages = {path.name for path in (ROOT / "src" / "suyuan").iterdir() if path.is_symlink()}
    modules = {path.relative_to(ROOT) for path in tracked if path.suffix == ".py" and path.name != "__init__.py"}
    deep = [name for name in NAMED if name.endswith("/") and name.count("/") > 1]
    lost = sorted(
        str(module)
        for module in modules
        if module.parts[0] in packages and str(module) not in NAMED and not str(module).startswith(tuple(deep))
    )
    assert not lost, "a newcomer would not find these"
