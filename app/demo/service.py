"""The demonstration's side of the HTTP API: patient, because the server may be killed at any time and comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import msgspec

from suyuan.app.client import Reply, refusal
from suyuan.base.errors import Unavailable

#: Seconds for one answer, between two tries, and for a server that is away to come back.
_ANSWER, _PAUSE, _PATIENCE = 60.0, 0.25, 60.0
_LATER: Final = frozenset({502, 503, 504})


class Service:
    """One server. ``check`` is asked between tries and raises where there is nothing to wait for."""

    def __init__(self, session: aiohttp.ClientSession, url: str, check: Callable[[], None]) -> None:
        self.url = url
        self._session = session
        self._check = check

    async def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Any = None,
        accept: str = "application/json",
        query: dict[str, str] | None = None,
    ) -> Reply:
        """One request, again until it is answered: only for what may be done twice. Refusals are raised as they came.

        Raises `Unavailable` when the server stays away for a minute.
        """
        patience = time.monotonic() + _PATIENCE
        while True:
            try:
                return await self.once(method, path, key=key, body=body, accept=accept, query=query)
            except Unavailable:
                self._check()
                if time.monotonic() > patience:
                    raise
            await asyncio.sleep(_PAUSE)

    async def once(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Any = None,
        accept: str = "application/json",
        query: dict[str, str] | None = None,
    ) -> Reply:
        """One request, once. `Unavailable` says that its outcome is unknown or that the server is busy."""
        headers = {"Accept": accept} | ({"Authorization": f"Bearer {key}"} if key else {})
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with self._session.request(
                method, self.url + path, headers=headers, params=query,
                data=None if body is None else msgspec.json.encode(body),
            ) as response:  # fmt: skip
                reply = Reply(response.status, await response.read(), dict(response.headers))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"{self.url} does not answer: {error}") from None
        if reply.status in _LATER:
            raise Unavailable(f"the server answered {reply.status}")
        if reply.status >= 400:
            raise refusal(reply)
        return reply


@asynccontextmanager
async def connect(url: str, check: Callable[[], None]) -> AsyncIterator[Service]:
    """A service and its connections, while they are needed."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER)) as session:
        yield Service(session, url, check)
