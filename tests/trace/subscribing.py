"""Subscriptions over a scribe's ledger: the real runner, with a clock that tests set."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from tests.trace.receiver import PATIENCE
from tests.trace.scribe import Scribe

from suyuan.base.clock import Clock, now
from suyuan.base.errors import NotFound, Unavailable
from suyuan.base.identity import Actor, ApiKey, Role
from suyuan.trace.acts import KeyAdded
from suyuan.trace.ledger import Ledger
from suyuan.trace.log_watch import LogWatch
from suyuan.trace.subscription_runner import Patience, Runner
from suyuan.trace.subscriptions import Progress, Subscription, Terms, find, subscribe
from suyuan.trace.webhooks import Reach, Webhooks, reach_of

T = TypeVar("T")
OWN = reach_of("", own_machine=True)


class Port:
    """The scribe's writer as the ledger's. ``away``: operations that are refused as if it were not there."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe
        self.away: set[str] = set()
        self.calls: list[str] = []

    async def call(self, operation: str, parameters: Any, result: type[T]) -> T:
        """An operation of the writer."""
        self.calls.append(operation)
        if operation in self.away:
            raise Unavailable("the writer is away")
        done: T = self._scribe.call(operation, parameters, result)
        return done


class Hand:
    """A clock that moves when somebody sleeps, or is told to."""

    def __init__(self, start: int) -> None:
        self.time = start
        self.slept: list[float] = []

    def __call__(self) -> int:
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Time passes at once."""
        self.slept.append(seconds)
        self.time += int(seconds * 1e6)
        await asyncio.sleep(0.001)


class Subscriber:
    """A ledger with keys, and whoever subscribes to it."""

    def __init__(self, scribe: Scribe) -> None:
        self.counted: list[str] = []
        self.move(scribe)
        self.actor = self.key("k0", Role.REGULATOR)

    def move(self, scribe: Scribe) -> None:
        """Go on with another ledger, that has the same keys."""
        self.scribe = scribe
        self.port = Port(scribe)
        self.ledger = Ledger(scribe.engine, self.port, scribe.folder / "policy")
        self.watch = LogWatch(self.ledger)

    def key(self, name: str, role: Role, party: str = "", expires: int | None = None) -> Actor:
        """A key that is stored."""
        self.scribe.call("key-added", KeyAdded("setup", ApiKey(name, name, role, party, b"\1" * 32, 1, expires, None)))
        return Actor(role, name, party)

    async def subscribe(self, dest: str, actor: Actor | None = None, token: str = "", **terms: Any) -> str:
        """A stream of everything, unless told otherwise."""
        whole = {"query_name": "SimpleEventQuery", "parameters": {}, "stream": "schedule" not in terms, **terms}
        return await subscribe(self.ledger, actor or self.actor, Terms(dest=dest, **whole), token)

    def find(self, name: str, actor: Actor | None = None) -> Subscription:
        """As it stands in the ledger."""
        with self.scribe.view() as view:
            return find(view, actor or self.actor, name)

    async def eventually(self, wanted: Callable[[], bool]) -> None:
        """Wait until this holds."""
        deadline = time.monotonic() + PATIENCE
        while not wanted():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)

    async def until(self, name: str, wanted: Callable[[Progress], bool]) -> Progress:
        """The subscription's progress, once this holds of it."""
        await self.eventually(lambda: wanted(self.find(name).progress))
        return self.find(name).progress

    async def settled(self, name: str, sequence: int) -> Subscription:
        """The subscription, once so many reports are acknowledged for good."""
        await self.until(name, lambda progress: progress.sequence >= sequence)
        return self.find(name)

    async def gone(self, name: str, actor: Actor | None = None) -> None:
        """Wait until the subscription has ended."""

        def ended() -> bool:
            try:
                self.find(name, actor)
            except NotFound:
                return True
            return False

        await self.eventually(ended)

    @asynccontextmanager
    async def running(
        self, patience: Patience | None = None, clock: Clock = now, hand: Hand | None = None, reach: Reach = OWN,
        total: float = 5.0,
    ) -> AsyncIterator[Runner]:  # fmt: skip
        """The runner, as in a server, until the end of the block: which is as abrupt as a kill."""
        webhooks = Webhooks(reach, total)
        runner = Runner(
            self.ledger, self.watch, webhooks, self.counted.append, patience=patience or Patience(0.01, 0.05),
            clock=hand or clock, sleep=hand.sleep if hand else asyncio.sleep,
        )  # fmt: skip
        task = asyncio.create_task(runner.run())
        try:
            yield runner
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await webhooks.close()
            await self.watch.stop()
