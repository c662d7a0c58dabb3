"""Delivers what live subscriptions have to report: one task for each, so that a receiver that hangs holds up no other.

A report is made durable as a `Batch` before it is sent, and sent with the same number and the same bytes until it is
acknowledged; that is made durable before the next one is begun. Killed at any moment, the next runner goes on with the
batch that was begun: nothing is skipped, and what was acknowledged is sent once more only when the kill came between
the acknowledgement and its commit. Whoever receives drops a number that it has seen.

One process of all that serve a ledger may run this at a time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, Never

import msgspec
import structlog
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from suyuan.base.clock import Clock, now
from suyuan.base.database import history_of
from suyuan.base.errors import Refused, SuyuanError, Unavailable
from suyuan.base.identity import Actor, closed_key
from suyuan.epcis.exceptions import exception_of
from suyuan.trace.ledger import Ledger
from suyuan.trace.log_watch import LogWatch
from suyuan.trace.subscription_reports import (
    MOST_EVENTS,
    check_size,
    find_initial,
    next_portion,
    problem_of,
    write_report,
)
from suyuan.trace.subscriptions import Advanced, Batch, Subscription, Unsubscribed, live
from suyuan.trace.webhooks import Message, Webhooks

#: Standing queries that are asked at once, however many subscriptions there are.
_ASKED_AT_ONCE: Final = 4
#: Seconds between two looks of one stream, for each stream that there is: a thousand of them ask 100 times a second.
_GAP_OF_EACH: Final = 0.01
#: Seconds after which progress without a report is made durable: less is looked through anew after a restart.
_STALE: Final = 60.0
#: No sleep is longer than this, so that a clock that is set is noticed.
_LONGEST_SLEEP: Final = 30.0
#: Who ends a subscription whose key is closed, or whose receiver has gone, in the log.
_OURSELVES: Final = "subscriptions"
_GONE, _TOO_LARGE = 410, 413

Sleep = Callable[[float], Awaitable[None]]
#: Counts a report: ``delivered``, ``failed`` or ``problem``.
Count = Callable[[str], None]


class Patience(msgspec.Struct, frozen=True):
    """Seconds before a report is sent again: the first time, and at most. Between them they double, with jitter.

    A receiver whose answer takes longer than ``slow`` gets its next report beside those of doubtful ones.
    """

    first: float = 1.0
    longest: float = 300.0
    slow: float = 2.0

    def wait(self, failures: int, wish: float) -> float:
        """After so many failures on end; a receiver's own wish counts when it is longer."""
        pause = min(self.longest, self.first * 2.0 ** min(failures - 1, 30)) * random.uniform(0.5, 1.0)
        return max(pause, wish)


class Runner:
    """All deliveries of a ledger, from `run` until it is cancelled."""

    def __init__(
        self, ledger: Ledger, watch: LogWatch, webhooks: Webhooks, count: Count, *,
        patience: Patience | None = None, clock: Clock = now, sleep: Sleep = asyncio.sleep,
    ) -> None:  # fmt: skip
        self.ledger, self.watch, self.webhooks, self.count = ledger, watch, webhooks, count
        self.patience = patience or Patience()
        self.clock, self.sleep = clock, sleep
        self.asking = asyncio.Semaphore(_ASKED_AT_ONCE)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.streams = 0

    async def run(self) -> None:
        """Have a task for each live subscription, as they come and go."""
        known: tuple[int, int] | None = None
        try:
            while True:
                try:
                    size = await self.watch.size()
                    marks = await run_in_threadpool(self._marks)
                    if marks != known:
                        self._adopt(await run_in_threadpool(self._live))
                        known = marks
                    await self.watch.beyond(size)
                except SQLAlchemyError as error:
                    structlog.get_logger(__name__).warning("subscriptions.database", error=str(error)[:200])
                    await self.sleep(_LONGEST_SLEEP / 10)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _marks(self) -> tuple[int, int]:
        """Changes whenever a subscription is made or ends."""
        with self.ledger.view() as view:
            row = view.connection.execute(
                text("SELECT (SELECT COALESCE(MAX(idx), -1) FROM subscription), COUNT(*) FROM subscription_state")
            ).one()
        return int(row[0]), int(row[1])

    def _live(self) -> list[Subscription]:
        with self.ledger.view() as view:
            history, time = history_of(view.connection), self.clock()
            return [
                msgspec.structs.replace(each, progress=each.progress.carried_into(history, time)) for each in live(view)
            ]

    def _adopt(self, subscriptions: list[Subscription]) -> None:
        wanted = {each.idx: each for each in subscriptions}
        for idx in set(self._tasks) - set(wanted):
            self._tasks.pop(idx).cancel()
        for idx in set(wanted) - set(self._tasks):
            delivery = _Delivery(self, wanted[idx])
            self._tasks[idx] = asyncio.get_running_loop().create_task(delivery.run())
        self.streams = sum(each.terms.stream for each in subscriptions)


class _Over(Exception):
    """The subscription has ended: nothing more is to be done for it."""


class _Delivery:
    """One subscription's reports, one after the other."""

    def __init__(self, runner: Runner, subscription: Subscription) -> None:
        self._runner, self._subscription = runner, subscription
        self._progress = subscription.progress
        self._most = MOST_EVENTS
        self._slow = False
        self._kept = runner.clock()
        self._times = subscription.terms.times
        self._log = structlog.get_logger(__name__).bind(subscription=subscription.idx)

    async def run(self) -> None:
        """Until the subscription ends or the runner is cancelled."""
        bugs = 0
        while True:
            try:
                await self._step()
                bugs = 0
            except _Over:
                return
            except (SuyuanError, SQLAlchemyError) as error:  # writer or database away: as it was, later
                self._log.warning("subscription.waits", error=str(error)[:200])
                await self._runner.sleep(self._runner.patience.wait(2, 0.0))
            except Exception:
                bugs += 1
                self._log.exception("subscription.bug")
                await self._runner.sleep(self._runner.patience.wait(bugs + 5, 0.0))

    async def _step(self) -> None:
        if self._progress.batch is not None:
            await self._deliver(self._progress.batch)
        elif self._progress.cursor is None:
            await self._begin()
        elif self._progress.cursor < self._progress.goal:
            await self._prepare(self._progress.cursor)
        else:
            await self._wait(self._progress.cursor)

    async def _begin(self) -> None:
        """Find where ``initialRecordTime`` lies, once it has come."""
        initial = self._subscription.terms.initial_record_time or 0
        await self._until(initial)
        cursor = await run_in_threadpool(find_initial, self._runner.ledger, initial)
        await self._advance(cursor=cursor, goal=0)

    async def _wait(self, cursor: int) -> None:
        """Until there may be something to report: what is to be looked through is then up to ``goal``."""
        if self._times is None:
            goal = await self._runner.watch.beyond(cursor)
            self._progress = msgspec.structs.replace(self._progress, goal=goal)
            return
        last = self._progress.last_run or self._subscription.created
        due = self._times.after(last)
        if due is None:
            await self._end("its schedule has no further time")
        await self._until(due)
        goal, time = await self._runner.watch.size(), self._runner.clock()
        self._progress = msgspec.structs.replace(self._progress, goal=goal, last_run=time)
        try:
            await run_in_threadpool(
                check_size, self._runner.ledger, self._subscription.terms, await self._actor(), cursor, goal
            )
        except Refused as refusal:
            await self._refused(refusal, cursor)
            return
        if goal <= cursor:
            await self._empty_run(cursor)

    async def _until(self, time: int) -> None:
        while (left := (time - self._runner.clock()) / 1e6) > 0:
            await self._runner.sleep(min(left, _LONGEST_SLEEP))

    async def _prepare(self, cursor: int) -> None:
        """Begin the next report, or move on where there is nothing."""
        actor = await self._actor()
        terms, goal = self._subscription.terms, self._progress.goal
        try:
            async with self._runner.asking:
                portion = await run_in_threadpool(
                    next_portion, self._runner.ledger, terms, actor, cursor, goal, self._most
                )
        except Refused as refusal:
            await self._refused(refusal, cursor)
            return
        if portion.events:
            batch = Batch(self._progress.sequence + 1, portion.upto, portion.events, self._runner.clock())
            await self._advance(batch=batch)
            return
        self._progress = msgspec.structs.replace(self._progress, cursor=portion.upto)
        if portion.upto >= goal:
            await self._empty_run(portion.upto)

    async def _empty_run(self, cursor: int) -> None:
        """A run has come to its end. What was looked through in vain is made durable now and then."""
        terms, run = self._subscription.terms, self._progress.last_run
        if run is not None and terms.report_if_empty and (self._progress.last_notified or 0) < run:
            await self._advance(batch=Batch(self._progress.sequence + 1, cursor, [], self._runner.clock()))
        elif self._runner.clock() - self._kept > _STALE * 1e6:
            await self._advance()
        if self._times is None:
            await self._runner.sleep(_GAP_OF_EACH * self._runner.streams)

    async def _deliver(self, batch: Batch) -> None:
        await self._actor()
        async with self._runner.asking:
            body = await run_in_threadpool(
                write_report, self._runner.ledger, self._subscription.id, self._subscription.terms, batch
            )
        outcome = await self._runner.webhooks.send(
            self._message(body, batch.sequence, self._subscription.terms.form.media_type),
            doubtful=self._slow or self._progress.failures > 0,
        )
        self._slow = outcome.seconds > self._runner.patience.slow
        if outcome.delivered:
            self._runner.count("delivered")
            await self._advance(
                sequence=batch.sequence, cursor=batch.upto, batch=None, last_notified=self._runner.clock(),
                failures=0, failing_since=None, problem="",
            )  # fmt: skip
            return
        self._runner.count("failed")
        if outcome.status == _GONE:
            await self._end("the receiver answered 410 Gone")
        if outcome.status == _TOO_LARGE and len(batch.events) > 1:
            self._most = max(1, len(batch.events) // 2)
            # The number is used up: one number means one content, also to a receiver that had taken it before.
            await self._advance(batch=None, sequence=batch.sequence)
            return
        await self._failed(outcome.problem)
        await self._runner.sleep(self._runner.patience.wait(self._progress.failures, outcome.wait))

    async def _refused(self, refusal: Refused, cursor: int) -> None:
        """The query cannot be carried out: the receiver is told so, once for each reason, and nothing is skipped."""
        problem = f"{exception_of(type(refusal))}: {refusal.detail}"
        if problem != self._progress.problem:
            self._runner.count("problem")
            subscription = self._subscription
            media_type, body = problem_of(refusal, subscription.terms, subscription.id)
            await self._runner.webhooks.send(self._message(body, 0, media_type), doubtful=True)
        await self._failed(problem)
        if self._times is None:
            await self._runner.sleep(self._runner.patience.wait(self._progress.failures, 0.0))
        else:
            await self._advance(goal=cursor)  # this run is over; the next one tries again

    def _message(self, body: bytes, sequence: int, media_type: str) -> Message:
        terms = self._subscription.terms
        return Message(
            owner=self._subscription.owner, dest=terms.dest, subscription_id=self._subscription.id,
            query_name=terms.query_name, sequence=sequence, media_type=media_type, body=body,
            token=self._subscription.token,
        )  # fmt: skip

    async def _actor(self) -> Actor:
        """With whose eyes the query is asked. Where the key is closed, the subscription ends."""
        find, key_id = self._runner.ledger.find_key, self._subscription.key_id
        key = find(key_id) if self._runner.ledger.embedded else await run_in_threadpool(find, key_id)
        closed = key is None or closed_key(key.revoked, key.expires, self._runner.clock())
        if key is None or closed:
            await self._end("its key is revoked or has expired")
        return Actor(key.role, key.id, key.party)

    async def _end(self, reason: str) -> Never:
        self._log.info("subscription.ends", reason=reason)
        order = Unsubscribed(actor=_OURSELVES, idx=self._subscription.idx, reason=reason)
        await self._runner.ledger.writer.call("unsubscribed", order, bool)
        raise _Over

    async def _failed(self, problem: str) -> None:
        progress = self._progress
        if not progress.failures:
            self._log.warning("subscription.fails", problem=problem[:200])
        await self._advance(
            failures=progress.failures + 1, failing_since=progress.failing_since or self._runner.clock(),
            problem=problem[:500],
        )  # fmt: skip

    async def _advance(self, **changes: object) -> None:
        """Make progress durable. One that the ledger has ended meanwhile is over."""
        progress = msgspec.structs.replace(self._progress, **changes)
        order = Advanced(idx=self._subscription.idx, progress=progress)
        while True:  # a report that was acknowledged is not sent again because the writer is away
            try:
                lives = await self._runner.ledger.writer.call("subscription-advanced", order, bool)
                break
            except Unavailable as error:
                self._log.warning("subscription.waits", error=error.detail[:200])
                await self._runner.sleep(self._runner.patience.wait(2, 0.0))
        if not lives:
            raise _Over
        self._progress, self._kept = progress, self._runner.clock()
