"""A real server: the console script in a process of its own, on a free port, spoken to over TCP."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

#: The console script, beside the interpreter that runs the tests.
SUYUAN = Path(sys.executable).with_name("suyuan")
_ADDRESS = re.compile(r"Suyuan serves on (http://\S+)")
_START = 90.0
Done = subprocess.CompletedProcess[bytes]
#: Roles that get a key at the start, with the firm behind it.
PARTIES = {
    "device": None,
    "producer": "https://id.gs1.org/417/0614141000012",
    "logistics": None,
    "retailer": "https://id.gs1.org/417/0614141000029",
    "laboratory": None,
    "regulator": None,
    "witness": None,
}


def environment(**more: str) -> dict[str, str]:
    """The present environment without settings of Suyuan."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SUYUAN_")} | more


def run(*words: str | Path, stdin: bytes | None = None, cwd: Path | None = None, **more: str) -> Done:
    """The command line, once."""
    variables = environment(**more)
    return subprocess.run(
        [SUYUAN, *words], input=stdin, capture_output=True, check=False, timeout=60, cwd=cwd, env=variables
    )


def _client() -> httpx.Client:
    """One for all requests: making one costs more than a request. It lets go of a connection before the server does."""
    return httpx.Client(timeout=30, limits=httpx.Limits(keepalive_expiry=2))


class Service:
    """``suyuan serve`` on a folder. `start` may be called again after `kill`: a new process, the same folder."""

    def __init__(self, data: Path, *arguments: str, **settings: str) -> None:
        self.data = data
        self._arguments, self._settings = arguments, settings
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self.keys: dict[str, str] = {}
        self.url = ""
        self._client = _client()

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        self._starts += 1
        log = self.data.with_name(f"{self.data.name}-{self._starts}.log")
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                [SUYUAN, "serve", "--data", self.data, "--port", "0", *self._arguments],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment(**self._settings),
            )  # fmt: skip
        self.log = log
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline:
            assert self._process is not None
            assert self._process.poll() is None, self.log.read_text()
            found = _ADDRESS.search(self.log.read_text())
            if found:
                self.url = found[1]
                with contextlib.suppress(httpx.TransportError):
                    if self._client.get(f"{self.url}/readyz").status_code == 200:
                        return
            time.sleep(0.05)
        raise TimeoutError(self.log.read_text())

    def make_keys(self) -> None:
        """A key for each role."""
        self.keys["administrator"] = (self.data / "admin.key").read_text().strip()
        for role, party in PARTIES.items():
            self.keys[role] = self.new_key(role, party)["key"]

    def new_key(self, role: str, party: str | None = None, **more: Any) -> dict[str, Any]:
        """A new key, as the service shows it."""
        order = {"role": role, "name": f"test {role}", "party": party, **more}
        answer = self.call("POST", "/api/v1/keys", "administrator", json=order)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def call(self, method: str, path: str, role: str | None = None, **more: Any) -> httpx.Response:
        """One request with the key of a role."""
        headers = dict(more.pop("headers", {}))
        if role is not None:
            headers.setdefault("Authorization", f"Bearer {self.keys.get(role, role)}")
        return self._client.request(method, self.url + path, headers=headers, **more)

    def get(self, path: str, role: str | None = "regulator", **more: Any) -> httpx.Response:
        """GET."""
        return self.call("GET", path, role, **more)

    def capture(self, body: bytes, role: str = "producer", media: str = "application/ld+json") -> httpx.Response:
        """POST a document."""
        return self.call("POST", "/epcis/capture", role, content=body, headers={"Content-Type": media})

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    def writer_pid(self) -> int:
        """Process id of the writer, a child of the server."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for child in map(int, children):
            if b"writer_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
        raise LookupError(children)

    def kill(self) -> None:
        """End the server by SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """End the server in order; its exit code."""
        self._client.close()
        self._client = _client()  # `start` may follow
        if self._process is None or self._process.poll() is not None:
            return 0
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(20)
