"""The layout: links, import namespace, layers, names and sizes of modules (ARCHITECTURE.md, docs/adr/0001)."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.pages import ROOT

LINKS = ROOT / "src" / "suyuan"
#: Folders at the top that are no packages.
NO_PACKAGES = {"src", "tests", "bench", "docs"}
#: Names that say nothing about what is inside.
NAMELESS = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "tools", "stuff"}
LONGEST_FILE = 700
LONGEST_FUNCTION = 80


def packages() -> list[str]:
    return sorted(path.name for path in LINKS.iterdir() if path.is_symlink())


def modules() -> list[Path]:
    return sorted(path for package in packages() for path in (ROOT / package).rglob("*.py"))


def test_every_domain_folder_has_its_link_and_every_link_its_folder() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - NO_PACKAGES
    assert set(packages()) == folders
    for name in packages():
        assert (LINKS / name).readlink() == Path("..", "..", name), "git must find a relative link, in any clone"


def test_every_folder_with_modules_is_a_package() -> None:
    without = {path.parent for path in modules() if not (path.parent / "__init__.py").exists()}
    assert not without, "import-linter leaves out folders without __init__.py, silently"


def test_no_package_at_the_top_hides_a_module_of_the_standard_library_but_trace() -> None:
    assert {name for name in packages() if name in sys.stdlib_module_names} == {"trace"}


def test_import_trace_still_gives_the_standard_librarys_module(tmp_path: Path) -> None:
    code = "import trace, suyuan.trace; print(trace.__file__); print(suyuan.trace.__file__)"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=clean, capture_output=True, text=True, check=True
    )
    standard, ours = done.stdout.split()
    assert Path(standard).parent == Path(os.__file__).parent
    assert Path(ours).parent.name == "trace"
    assert Path(ours).parent != Path(standard).parent


def test_the_import_contracts_are_kept(tmp_path: Path) -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--cache-dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_package_has_its_layer() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    layered = {name.strip() for layer in contracts[0]["layers"] for name in layer.split("|")}
    assert layered == set(packages())


def test_modules_keep_the_rules_of_the_house() -> None:
    found = [f"{module.relative_to(ROOT)}: {breach}" for module in modules() for breach in _breaches(module)]
    assert not found


def _breaches(module: Path) -> Iterator[str]:
    text = module.read_text(encoding="utf-8")
    tree = ast.parse(text)
    if module.stem in NAMELESS:
        yield "a module is named by the noun that it holds"
    if text.count("\n") > LONGEST_FILE:
        yield f"more than {LONGEST_FILE} lines"
    if not ast.get_docstring(tree):
        yield "one sentence must say what the module is for"
    if left := re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text):
        yield f"{left[0]}: do it, or write an issue"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                yield f"line {node.lineno}: a relative import gives one file two identities"
            if (node.module or "").split(".")[0] in set(packages()):
                yield f"line {node.lineno}: packages are imported as suyuan.{node.module}"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "versions" not in module.parts:
            length = (node.end_lineno or node.lineno) - node.lineno + 1  # migrations are lists of statements
            if length > LONGEST_FUNCTION:
                yield f"line {node.lineno}: {node.name} has {length} lines"


def test_tests_do_not_mock_our_own_code() -> None:
    tests = ROOT.glob("tests/**/*.py")
    assert not [path for path in tests if re.search(r"^(import|from) unittest", path.read_text(), re.MULTILINE)]
