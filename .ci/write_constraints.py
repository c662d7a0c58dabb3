"""Writes constraints.txt: the versions of everything that pyproject.toml's dependencies, dev included, bring along.

Only names and versions: no address, no hash, and nothing that happens to be in the environment beside them.
"""

from __future__ import annotations

import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
HEADER = """\
# Exact versions of what `make` installs: the run-time and dev dependencies of pyproject.toml and all that they need.
# Written by `make constraints` from the present .venv; checked by tests/architecture/test_dependencies.py.
"""


def declared() -> list[Requirement]:
    """The requirements of pyproject.toml, dev included; what is installed of ourselves may be older than the file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]]


def closure(waiting: list[Requirement]) -> dict[str, str]:
    """Versions by canonical name of what these requirements bring along here, themselves included."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        installed = distribution(name)
        found[name] = installed.version
        for requirement in map(Requirement, installed.requires or []):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
                waiting.append(requirement)
    return found


if __name__ == "__main__":
    versions = closure(declared())
    lines = "".join(f"{name}=={versions[name]}\n" for name in sorted(versions))
    (ROOT / "constraints.txt").write_text(HEADER + lines, encoding="utf-8")
