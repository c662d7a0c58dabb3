"""Builds sdist and wheel, holds them against git's list of files, and tries the wheel in an empty environment.

Traps that this catches (each has happened to this layout): package data that no pattern names, a module that git
doesn't know, a link that the sdist lost, a stale ``build/`` that ships deleted modules, a package that only works
inside the checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / "src" / "suyuan"
#: What an installation must be able to say; the last line guards the standard library's `trace` against our folder.
TRIALS = (
    [
        ["suyuan", "--version"],
        ["suyuan", "decode", "3034257BF7194E4000001A85"],
        ["suyuan", "demo", "--once", "--data", "story"],
    ],
    "import trace, suyuan.trace, suyuan.app.main; assert not trace.__file__.startswith(suyuan.trace.__path__[0])",
)


def tracked() -> set[str]:
    """The files that git knows under the packages, as paths inside the wheel."""
    folders = sorted(link.name for link in PACKAGES.iterdir() if link.is_symlink())
    listed = run(["git", "ls-files", "-z", *folders]).split("\0")
    own = {"__init__.py", "py.typed"}
    return {f"suyuan/{name}" for name in {*filter(None, listed), *own}}


def run(command: list[str], folder: Path = ROOT) -> str:
    """Standard output of a command; its standard error is shown, and a failure ends the check."""
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=folder, env=clean, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"package: {' '.join(command)} failed with {done.returncode}\n{done.stdout}")
    return done.stdout


def compare(what: str, found: set[str]) -> None:
    """End the check unless an archive holds exactly the tracked files."""
    expected = tracked()
    missing, foreign = sorted(expected - found), sorted(found - expected)
    if missing or foreign:
        sys.exit(f"package: the {what} lacks {missing or 'nothing'} and has beside git's files {foreign or 'nothing'}")
    print(f"package: {what} has git's {len(found)} files")


def wheel_files(wheel: Path) -> set[str]:
    """Paths of the packages inside a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if name.startswith("suyuan/") and not name.endswith("/")}


def sdist_files(sdist: Path) -> set[str]:
    """Paths of the packages inside an sdist, as they would be in a wheel."""
    with tarfile.open(sdist) as archive:
        inside = [member.name.split("/", 1)[1] for member in archive if not member.isdir()]
    return {name.removeprefix("src/") for name in inside if name.startswith("src/suyuan/")}


def try_out(wheel: Path, folder: Path) -> None:
    """Install the wheel into an empty environment and use it from a folder that is not the checkout."""
    environment = folder / "environment"
    run([sys.executable, "-m", "venv", str(environment)])
    python = str(environment / "bin" / "python")
    run([python, "-m", "pip", "install", "--quiet", "--constraint", str(ROOT / "constraints.txt"), str(wheel)])
    run([python, "-m", "pip", "check"])
    commands, statement = TRIALS
    for command in commands:
        run([str(environment / "bin" / command[0]), *command[1:]], folder)
    run([python, "-c", statement], folder)
    print("package: the wheel works in an empty environment")


def main() -> None:
    """Build, compare, install, try; the working folder is taken away again."""
    folder = Path(tempfile.mkdtemp(prefix="suyuan-package-"))
    try:
        run([sys.executable, "-m", "build", "--outdir", str(folder / "dist")])
        (wheel,), (sdist,) = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
        compare("wheel", wheel_files(wheel))
        compare("sdist", sdist_files(sdist))
        try_out(wheel, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
