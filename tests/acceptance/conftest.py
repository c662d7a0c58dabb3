"""One run of the real program, kept for the whole session, and its ledger served again to be asked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote

import pytest

SUYUAN = Path(sys.executable).with_name("suyuan")
SEED = 7


class Server:
    """A running server, asked with the regulator's key."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self._key = key

    def text(self, path: str, **headers: str) -> str:
        """The body of an answer, as the public gets it."""
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            return str(response.read().decode())

    def get(self, path: str) -> Any:
        """JSON, as the regulator gets it."""
        return json.loads(self.text(path, Authorization=f"Bearer {self._key}", Accept="application/json"))

    def pages(self, path: str) -> Iterator[Any]:
        """All pages of a query, following Link headers."""
        following: str | None = path
        while following:
            headers = {"Authorization": f"Bearer {self._key}", "GS1-EPC-Format": "Never_Translates"}
            request = urllib.request.Request(self.url + following, headers=headers)
            with urllib.request.urlopen(request, timeout=60) as response:
                yield json.loads(response.read())
                named = re.search(r'<([^>]+)>; rel="next"', response.headers.get("Link") or "")
                following = named[1] if named else None

    def events(self) -> list[dict[str, Any]]:
        """Every event of the ledger as it was captured, in the order of event times."""
        found = []
        for page in self.pages("/epcis/events?perPage=200"):
            found += page["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        return found

    def thing(self, identifier: str) -> Any:
        """The present of a thing."""
        return self.get(f"/api/v1/things/{quote(identifier, safe='')}")


class Told:
    """A demonstration that has been told: its folder and what it said."""

    def __init__(self, data: Path, summary: dict[str, Any], stderr: str) -> None:
        self.data = data
        self.summary = summary
        self.stderr = stderr


def run_demo(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The console script, in a folder that is not the project's, with a setting that must not matter to it."""
    command = [str(SUYUAN), "demo", "--once", "--data", str(data), "--port", "0", *arguments]
    environment = {**os.environ, "SUYUAN_DATABASE": "postgresql://nowhere.invalid/none"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=180, cwd=data.parent, check=False, env=environment
    )


def tell(data: Path, *arguments: str) -> Told:
    """Run the demonstration, which must succeed."""
    done = run_demo(data, *arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    return Told(data, json.loads(done.stdout.splitlines()[-1]), done.stderr)


class Serving:
    """Serves folders, and stops the servers at the end."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[str]] = []

    def __call__(self, data: Path) -> Server:
        """A server on this folder."""
        command = [str(SUYUAN), "serve", "--data", str(data), "--port", "0"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self._processes.append(process)
        assert process.stderr
        url = next(found[0] for line in process.stderr if (found := re.search(r"http://[\d.:]+", line)))
        server = Server(url, (data / "demo" / "keys" / "regulator.key").read_text().strip())
        patience = time.monotonic() + 30
        while time.monotonic() < patience:
            try:
                server.text("/readyz")
            except URLError:
                time.sleep(0.1)
            else:
                return server
        raise AssertionError("the server is not ready after 30 s")

    def stop(self) -> None:
        """Stop them."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.communicate(timeout=30)


@pytest.fixture(scope="session")
def serving() -> Iterator[Callable[[Path], Server]]:
    """Serve a folder."""
    found = Serving()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """One run of ``suyuan demo --once``."""
    return tell(tmp_path_factory.mktemp("demo") / "data", "--seed", str(SEED))


@pytest.fixture(scope="session")
def server(told: Told, serving: Callable[[Path], Server]) -> Server:
    """The ledger of that run, served."""
    return serving(told.data)


@pytest.fixture(scope="session")
def events(server: Server) -> list[dict[str, Any]]:
    """All events of that run."""
    return server.events()
