"""Where subscriptions are made and ended, and the task that delivers them in the process that leads."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AbstractAsyncContextManager, nullcontext, suppress

import structlog

from suyuan.base.errors import Unavailable
from suyuan.base.identity import Actor
from suyuan.trace import subscriptions
from suyuan.trace.ledger import Ledger
from suyuan.trace.log_watch import LogWatch
from suyuan.trace.subscription_runner import Count, Patience, Runner
from suyuan.trace.subscriptions import Terms
from suyuan.trace.webhooks import Reach, Webhooks

#: Seconds.
_AFTER_A_BUG = 30.0

log = structlog.get_logger(__name__)


class Subscriptions:
    """The subscriptions of a server. Make it anywhere, `start` and `stop` it in the event loop."""

    def __init__(self, ledger: Ledger, reach: Reach, count: Count, patience: Patience | None = None) -> None:
        self._ledger, self._reach, self._count, self._patience = ledger, reach, count, patience
        self._task: asyncio.Task[None] | None = None
        self._watch: LogWatch | None = None
        #: WebSocket streams of this process by owner.
        self.streams: Counter[str] = Counter()

    @property
    def watch(self) -> LogWatch:
        """Whom to ask when the log grows; of the running server."""
        assert self._watch is not None, "not started"  # noqa: S101 - of our own making
        return self._watch

    async def subscribe(self, actor: Actor, terms: Terms, token: str = "", subscription_id: str = "") -> str:
        """Make a subscription; its ID. See `suyuan.trace.subscriptions.subscribe`."""
        subscriptions.check_terms(terms, token, subscription_id)
        self._reach.check(terms.dest)
        return await subscriptions.subscribe(self._ledger, actor, terms, token, subscription_id)

    async def unsubscribe(self, actor: Actor, subscription_id: str, query_name: str | None = None) -> None:
        """End a subscription of the actor's firm; `NotFound` for any other."""
        await subscriptions.unsubscribe(self._ledger, actor, subscription_id, query_name)

    def start(self, leading: AbstractAsyncContextManager[object] | None = None) -> None:
        """Begin to deliver, as soon as ``leading`` is entered: one process of a ledger's servers leads."""
        self._watch = LogWatch(self._ledger)
        self._task = asyncio.get_running_loop().create_task(self._run(leading or nullcontext()))

    async def stop(self) -> None:
        """Deliver no more. A report that was under way is sent again after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._watch is not None:
            await self._watch.stop()

    async def _run(self, leading: AbstractAsyncContextManager[object]) -> None:
        webhooks = Webhooks(self._reach)
        try:
            while True:
                with suppress(Unavailable):  # the lead was lost: whoever has it delivers
                    async with leading:
                        await self._deliver(webhooks)
        finally:
            await webhooks.close()

    async def _deliver(self, webhooks: Webhooks) -> None:
        while True:
            try:
                await Runner(self._ledger, self.watch, webhooks, self._count, patience=self._patience).run()
            except Exception:
                log.exception("subscriptions.bug")
                await asyncio.sleep(_AFTER_A_BUG)
