"""The documentation runs: every sh and python block is executed, every json and toml block can be read."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.architecture.pages import BESIDE_A_SERVER, ROOT, Block, blocks, pages

#: Seconds for the blocks of one page, on a loaded machine.
PATIENCE = 120
#: Stands for a free port on the pages: two runs of the tests may share a machine.
READERS_PORT = "15084"
LANGUAGES = {"", "sh", "python", "text", "json", "toml"}


class Server(NamedTuple):
    """A running server, and its data folder."""

    address: str
    data: Path


def _environment(**further: str) -> dict[str, str]:
    """A user's environment: our programs on the path, and no setting left over from whoever runs the tests."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SUYUAN_")}
    return own | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"} | further


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`suyuan serve` on a fresh folder and a free port."""
    folder = tmp_path_factory.mktemp("server")
    command = ["suyuan", "serve", "--data", str(folder / "data"), "--port", "0"]
    with (folder / "log").open("w+b") as log:
        process = subprocess.Popen(command, cwd=folder, env=_environment(), stderr=log, start_new_session=True)
        try:
            yield Server(_wait_until_ready(folder / "log"), folder / "data")
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_ready(log: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        address = re.search(r"serves on (http://\S+)", log.read_text())
        if address:
            try:
                with urllib.request.urlopen(f"{address[1]}/readyz", timeout=5):
                    return address[1]
            except OSError:
                pass
        time.sleep(0.1)
    pytest.fail(f"the server did not become ready:\n{log.read_text()}")


def _runnable(page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.language in {"sh", "python"} and not block.only_make]


RUNNABLE = [page for page in pages() if _runnable(page)]


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_on_the_page_works(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    further = {}
    if BESIDE_A_SERVER in page.read_text(encoding="utf-8"):
        running: Server = request.getfixturevalue("server")
        further = {"SUYUAN_SERVER": running.address, "SUYUAN_DATA": str(running.data)}
    for example in page.parent.glob("*.json"):
        shutil.copy(example, tmp_path)
    script = tmp_path / "page.sh"
    text = "set -euo pipefail\n" + "".join(map(_as_shell, _runnable(page)))
    script.write_text(text.replace(READERS_PORT, str(free_port())), encoding="utf-8")
    _run(script, tmp_path, _environment(**further))


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _as_shell(block: Block) -> str:
    """One block of a page's script; on standard error it says where it stands, so that a failure can be found."""
    text = block.text if block.language == "sh" else f"python - <<'END OF PYTHON'\n{block.text}END OF PYTHON\n"
    return f"echo '-- line {block.line}' >&2\n{text}"


def _run(script: Path, folder: Path, environment: dict[str, str]) -> None:
    """Run a page in a session of its own: whatever it leaves behind ends with it."""
    bash = shutil.which("bash")
    assert bash, "the pages are written for bash"
    with (folder / "output").open("w+b") as output:
        process = subprocess.Popen(
            [bash, str(script)], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            code: int | None = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with suppress(ProcessLookupError):  # nothing was left behind
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    said = (folder / "output").read_text(errors="replace")
    assert code == 0, f"exit code {code}, None means too slow; the last line named is where it was:\n{said[-4000:]}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_says_what_it_is_and_can_be_read(page: Path) -> None:
    for block in blocks(page):
        assert block.language in LANGUAGES, f"line {block.line}: nobody runs or reads {block.language!r}"
        if block.language == "json":
            json.loads(block.text)
        if block.language == "toml":
            tomllib.loads(block.text)


def test_make_commands_on_pages_name_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        word
        for page in pages()
        for block in blocks(page)
        for line in block.text.splitlines()
        if line.startswith("make ")
        for word in line.split()[1:2]
        if re.fullmatch("[a-z-]+", word)
    }
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{target} leads nowhere"
        if anchor:
            assert anchor in _anchors(linked), f"{target}: there is no such heading"


def _anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, made as the usual renderers do."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
