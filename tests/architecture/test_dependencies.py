"""Dependencies: pinned as they are installed, each run-time one with a reason and a licence that fits."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.architecture.pages import ROOT

PINNED = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line and not line.startswith("#")
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUN_TIME = [Requirement(text) for text in PROJECT["dependencies"]]
DEVELOPMENT = [Requirement(text) for text in PROJECT["optional-dependencies"]["dev"]]
#: Copyleft that would bind whoever passes Suyuan on; LGPL binds changes of the library only.
COPYLEFT = re.compile(r"(?<!L)\bA?GPL|(?<!Lesser )General Public", re.IGNORECASE)


def test_constraints_are_bare_names_and_exact_versions() -> None:
    for name, number in PINNED.items():
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert re.fullmatch(r"[0-9][0-9a-z.+]*", number)
    assert list(PINNED) == sorted(PINNED)


def test_every_dependency_is_pinned_to_a_version_that_pyproject_allows() -> None:
    for requirement in [*RUN_TIME, *DEVELOPMENT]:
        pinned = PINNED[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pinned), f"{requirement} does not allow {pinned}"


def test_what_is_installed_is_what_is_pinned() -> None:
    different = {
        name: (version(name), PINNED[canonicalize_name(name)])
        for name in (requirement.name for requirement in [*RUN_TIME, *DEVELOPMENT])
        if version(name) != PINNED[canonicalize_name(name)]
    }
    assert not different, "run: make, or make constraints after an upgrade on purpose"


def _rows() -> dict[str, list[str]]:
    """The cells of docs/dependencies.md by the name in the first one."""
    lines = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return {row[0].strip("`"): row for row in rows}


def test_every_run_time_dependency_has_a_reason_and_its_licence() -> None:
    rows = _rows()
    for requirement in RUN_TIME:
        assert requirement.name in rows, f"docs/dependencies.md does not say why {requirement.name} is needed"
        _, why, licence, others = rows[requirement.name]
        assert why
        assert others
        assert licence == _licence(requirement.name), requirement.name


def _licence(name: str) -> str:
    """The SPDX expression of an installed distribution, else what its classifiers say."""
    metadata = distribution(name).metadata.json
    if expression := metadata.get("license_expression"):
        return str(expression)
    classified = [line.split(" :: ")[-1] for line in metadata.get("classifier", []) if line.startswith("License")]
    return " / ".join(classified) or str(metadata.get("license", "unknown"))


def test_no_run_time_dependency_is_copyleft() -> None:
    waiting = {canonicalize_name(requirement.name) for requirement in RUN_TIME}
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        assert not COPYLEFT.search(_licence(name)), f"{name}: {_licence(name)}"
        for text in distribution(name).requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting |= {canonicalize_name(requirement.name)} - seen
