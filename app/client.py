"""The command line's side of the HTTP API, and the same answers from a data folder where no server is named."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp
import msgspec

from suyuan.base.errors import Conflict, InvalidDocument, InvalidInput, SuyuanError, Unavailable

#: Seconds for one answer; a capture of the largest document takes less.
_TIMEOUT = 120.0
#: Seconds between two looks at a capture job that the server works on.
_JOB_PAUSE = 0.2
#: One JSON value a line: how long jobs tell their progress.
_LINES = "application/x-ndjson"


class Reply(msgspec.Struct, frozen=True):
    """A server's answer."""

    status: int
    body: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)


class Api:
    """One server under one key. The key goes into a header, never into a URL or a log."""

    def __init__(self, server: str, key: str | None = None) -> None:
        if not server.startswith(("http://", "https://")):
            raise InvalidInput(
                f"{server[:80]!r} is not a server's address", place="--server", remedy="http://host:port"
            )
        if key and not (key.isascii() and key.isprintable()):
            raise InvalidInput("this is not an API key", place="--key", remedy="a key looks like sy_<id>_<secret>")
        self._server = server.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        media: str = "application/json",
        query: dict[str, str] | None = None,
    ) -> Reply:
        """One request from synchronous code; a refusal is raised as the server put it."""
        return asyncio.run(self._request(method, path, body, media, query or {}))

    async def _request(self, method: str, path: str, body: bytes | None, media: str, query: dict[str, str]) -> Reply:
        headers = self._headers | ({"Content-Type": media} if body is not None else {})
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.request(method, self._server + path, data=body, headers=headers, params=query) as response,
            ):
                reply = Reply(response.status, await response.read(), dict(response.headers))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._silent(error) from None
        if reply.status >= 400:
            raise refusal(reply)
        return reply

    def capture(self, body: bytes, media: str = "application/ld+json") -> list[dict[str, Any]]:
        """Capture a document and wait until its job is done: its events, with their places in the log."""
        events: list[dict[str, Any]] = self.capture_job(body, media)["events"]
        return events

    def capture_job(self, body: bytes, media: str) -> dict[str, Any]:
        """Capture a document and wait until its job is done. A job names at most 10,000 events, and their number.

        What the job refused is raised as `Conflict` or `InvalidDocument` with the first of its errors.
        """
        job: dict[str, Any] = self.request("POST", "/epcis/capture", body, media).json()
        while job["running"]:
            time.sleep(_JOB_PAUSE)
            job = self.request("GET", f"/epcis/capture/{job['captureID']}").json()
        if not job["success"]:
            first = job["errors"][0]
            kind = Conflict if first.get("status") == Conflict.status else InvalidDocument
            raise kind(first["detail"], place=first.get("instance"))
        return job

    def follow(self, path: str, body: bytes, told: Callable[[int, int], None]) -> Any:
        """POST that answers with lines of progress: ``told`` gets what is done and of how much; gives the result."""
        return asyncio.run(self._follow(path, body, told))

    async def _follow(self, path: str, body: bytes, told: Callable[[int, int], None]) -> Any:
        headers = self._headers | {"Content-Type": "application/json", "Accept": _LINES}
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_TIMEOUT)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self._server + path, data=body, headers=headers) as response,
            ):
                if response.status >= 400:
                    raise refusal(Reply(response.status, await response.read(), dict(response.headers)))
                async for line in response.content:
                    entry = msgspec.json.decode(line)
                    if "done" in entry:
                        told(entry["done"], entry["of"])
                    elif "error" in entry:
                        raise refusal(Reply(entry["error"]["status"], msgspec.json.encode(entry["error"]), {}))
                    else:
                        return entry["result"]
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
            raise self._silent(error) from None
        raise self._silent("the answer ended early")

    def watch(self, path: str, told: Callable[[Any], None]) -> Any:
        """GET that answers with a line of JSON at each change: ``told`` gets every one; gives the last."""
        return asyncio.run(self._watch(path, told))

    async def _watch(self, path: str, told: Callable[[Any], None]) -> Any:
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_TIMEOUT)
        entry = None
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(self._server + path, headers=self._headers) as response,
            ):
                if response.status >= 400:
                    raise refusal(Reply(response.status, await response.read(), dict(response.headers)))
                rest = b""
                async for chunk in response.content.iter_any():  # lines may be longer than the client would take
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        entry = msgspec.json.decode(line)
                        told(entry)
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
            raise self._silent(error) from None
        if entry is None:
            raise self._silent("the answer ended early")
        return entry

    def download(self, path: str, body: bytes, file: BinaryIO, told: Callable[[int], None]) -> int:
        """POST whose answer goes into a file as it comes; ``told`` gets the bytes so far. Gives all of them."""
        return asyncio.run(self._download(path, body, file, told))

    async def _download(self, path: str, body: bytes, file: BinaryIO, told: Callable[[int], None]) -> int:
        headers = self._headers | {"Content-Type": "application/json"}
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_TIMEOUT)
        written = 0
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self._server + path, data=body, headers=headers) as response,
            ):
                if response.status >= 400:
                    raise refusal(Reply(response.status, await response.read(), dict(response.headers)))
                async for chunk in response.content.iter_any():
                    file.write(chunk)
                    written += len(chunk)
                    told(written)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._silent(error) from None
        return written

    def _silent(self, error: object) -> Unavailable:
        return Unavailable(
            f"{self._server} does not answer: {error}", place="--server", remedy="start it with: suyuan serve"
        )


def refusal(reply: Reply) -> SuyuanError:
    """The server's problem document as an error of ours, for one line on the terminal."""
    try:
        problem = reply.json()
        detail, place, remedy = problem["detail"], problem.get("place"), problem.get("remedy")
    except (msgspec.DecodeError, KeyError, TypeError):
        detail, place, remedy = f"the server answered {reply.status}", None, None
    kind = Unavailable if reply.status >= 500 else InvalidInput
    return kind(str(detail), place=place, remedy=remedy)


def read_key(given: str | None, data: Path) -> str | None:
    """The key to use: the one given, else the administrator's of the data folder, if it may be read."""
    if given:
        return given
    try:
        return (data / "admin.key").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
