"""The edge gateway: readers at one site, through cleaning and business steps, into the outbox and to the server.

What holds after a crash at any point (``kill -9`` included):

* ``client.done(batch)`` is called only when the events of every passage that ended in the batch are in the outbox. A
  reader that waits for its keepalive to be acknowledged tells the passage again; the same reads give byte-equal
  events, and the outbox knows the passage already.
* A passage that is not over is only in memory; an orderly stop keeps it in the outbox for the next process.
* Events leave the outbox when the server has answered for them; one sent twice is one event there, by its hash.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import Final, cast

import msgspec
import structlog

from suyuan.base.errors import InvalidSetting, Unavailable
from suyuan.gs1.tag_forms import epc_of_tag
from suyuan.readers.cleaning import Cleaner, Passage
from suyuan.readers.delivery import Delivery
from suyuan.readers.edge_config import EdgeConfig, Reader, ReadPoint, load_config
from suyuan.readers.edge_status import StatusFile
from suyuan.readers.llrp_client import Client
from suyuan.readers.outbox import Outbox, Recording
from suyuan.readers.reads import Batch, Record, TagRead
from suyuan.readers.recorder import Recorder
from suyuan.readers.steps import bind

#: Seconds between two looks at readers that have fallen silent with a window open.
_TICK_SECONDS: Final = 1.0
#: Seconds before a reader's task is begun anew after a fault of ours in it.
_RESTART_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class BoundReadPoint:
    """One read point at work: its cleaner, its step, and the name under which the outbox knows its passages."""

    def __init__(self, reader: str, point: ReadPoint, offset_minutes: int) -> None:
        self.source = f"{reader} {point.read_point}"
        self.cleaner = Cleaner(reader, point.read_point, point.cleaning, epc_of_tag)
        self.antennas = point.antennas
        self._step = point
        self._offset_minutes = offset_minutes

    def recording(self, passage: Passage) -> Recording:
        """What the outbox shall keep of a passage. The key is of its content: a retold passage has the same one."""
        bound = bind(passage, self._step, self._offset_minutes)
        if passage.undecodable:
            log.warning("tags that are no EPCs", source=self.source, tags=passage.undecodable)
        if bound.unpaired:
            log.warning("no aggregation without one parent and children", source=self.source, at_us=passage.start_us)
        counters = Counter(msgspec.structs.asdict(passage.tally))
        counters.update(passages=1, events=len(bound.events), unpaired=int(bound.unpaired))
        content = msgspec.json.encode((passage.start_us, passage.end_us, passage.tally))
        digest = hashlib.sha256(content + b"".join(bound.events)).hexdigest()
        return Recording(self.source, f"{passage.start_us}/{digest}", bound.events, dict(counters))


class ReaderLine:
    """One reader from its client to the outbox. Its troubles are its own: other readers never notice."""

    def __init__(self, settings: Reader, folder: Path, recorder: Recorder, offset_minutes: int) -> None:
        self.name = settings.name
        self.client = Client(settings, tls=settings.tls_context(folder))
        self.points = [BoundReadPoint(settings.name, point, offset_minutes) for point in settings.read_points]
        self.unbound_reads = 0
        self._by_antenna = {antenna: point for point in self.points for antenna in point.antennas}
        self._elsewhere = next((point for point in self.points if not point.antennas), None)
        self._recorder = recorder
        self._heard = 0.0
        self._closed = False

    async def run(self) -> None:
        """Take batches until `close`. A fault in our own code is logged whole, and the connection begun anew."""
        while not self._closed:
            try:
                # A generator left hanging would keep its connection, and the reader lets only one client in.
                async with contextlib.aclosing(cast("AsyncGenerator[Batch]", self.client.batches())) as batches:
                    async for batch in batches:
                        await self._take(batch)
            except Exception:  # a gate that is dead because of one strange tag is worse than a logged fault
                log.exception("reader line failed", reader=self.name)
                await asyncio.sleep(_RESTART_SECONDS)

    async def close(self) -> None:
        """End the connection in order; `run` returns when the last batch is recorded."""
        self._closed = True
        await self.client.close()

    async def tick(self) -> None:
        """Close windows that a silent reader has left open."""
        silent_us = round((asyncio.get_running_loop().time() - self._heard) * 1_000_000)
        await self._record([(point, p) for point in self.points for p in point.cleaner.idle(silent_us)])

    async def _take(self, batch: Batch) -> None:
        self._heard = asyncio.get_running_loop().time()
        await self._record(self._passages(batch.records))
        await self.client.done(batch)

    def _passages(self, records: Iterable[Record]) -> list[tuple[BoundReadPoint, Passage]]:
        """Clean what the reader said; the passages that are over with it, each with its read point."""
        over: list[tuple[BoundReadPoint, Passage]] = []
        for record in records:
            if isinstance(record, TagRead):
                point = self._by_antenna.get(record.antenna, self._elsewhere)
                if point is None:
                    self.unbound_reads += 1
                else:
                    point.cleaner.feed(record)
            else:
                over += [(point, passage) for point in self.points for passage in point.cleaner.advance(record)]
        return over + [(point, passage) for point in self.points for passage in point.cleaner.drain()]

    async def _record(self, passages: list[tuple[BoundReadPoint, Passage]]) -> None:
        if passages:
            await self._recorder.record([point.recording(passage) for point, passage in passages])


class Edge:
    """All readers of one site with their outbox and delivery."""

    def __init__(self, config: EdgeConfig, outbox: Outbox) -> None:
        """Raises InvalidSetting when the API key or a CA file can't be read."""
        config.key()  # a missing key is a clear error now, not a log line later
        self._config = config
        self._outbox = outbox
        self._delivery = Delivery(outbox, config.delivery(), config.key, tls=config.server_tls())
        self._recorder = Recorder(outbox, self._delivery.wake)
        folder, offset = Path(config.folder), config.offset_minutes
        self._lines = [ReaderLine(reader, folder, self._recorder, offset) for reader in config.readers]
        self._status = StatusFile(config.path(config.status_file), outbox, self._lines, self._delivery)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``, then finish within about twice ``stop_seconds``; what isn't delivered stays on disk."""
        await asyncio.to_thread(self._restore)
        async with asyncio.TaskGroup() as tasks:
            delivery = tasks.create_task(self._delivery.run())
            lines = [tasks.create_task(line.run()) for line in self._lines]
            chores = [tasks.create_task(self._tick()), tasks.create_task(self._status.run())]
            log.info("edge runs", readers=len(self._lines), waiting=len(self._outbox))
            await stop.wait()
            log.info("edge stops")
            await self._finish_reading(lines)
            self._delivery.stop()
            await _finish([delivery], self._config.stop_seconds)
            await _finish(chores, 0)
        await asyncio.to_thread(self._status.write)
        log.info("edge stopped", waiting=len(self._outbox))

    async def _finish_reading(self, lines: list[asyncio.Task[None]]) -> None:
        self._recorder.last_call()
        await asyncio.gather(*(line.close() for line in self._lines))
        await _finish(lines, self._config.stop_seconds)
        await asyncio.to_thread(self._keep)

    def _restore(self) -> None:
        """Go on with the passages that the last process left open."""
        for point in self._points():
            try:
                state = self._outbox.take_unfinished(point.source)
                if state is not None:
                    point.cleaner.restore(state)
            except (Unavailable, InvalidSetting) as error:
                log.error("unfinished passage is lost", source=point.source, problem=str(error))

    def _keep(self) -> None:
        """Keep the passages that are not over, for the next process."""
        for point in self._points():
            try:
                self._outbox.keep_unfinished(point.source, point.cleaner.snapshot())
            except Unavailable as error:
                log.error("unfinished passage is lost", source=point.source, problem=str(error))

    def _points(self) -> list[BoundReadPoint]:
        return [point for line in self._lines for point in line.points]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            await asyncio.gather(*(line.tick() for line in self._lines))


async def _finish(tasks: list[asyncio.Task[None]], seconds: float) -> None:
    """Give tasks so long to end by themselves, then end them."""
    _done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def run_edge(config: EdgeConfig, stop: asyncio.Event | None = None) -> None:
    """Run an edge until ``stop`` (for ever without one).

    Raises InvalidSetting or Conflict when its outbox or a file can't be used.
    """
    outbox = await asyncio.to_thread(Outbox, config.path(config.outbox.file), max_bytes=config.outbox.max_bytes)
    try:
        await Edge(config, outbox).run(stop or asyncio.Event())
    finally:
        outbox.close()


def edge(config_path: Path) -> None:
    """``suyuan edge --config FILE``: run until SIGTERM or SIGINT, then stop in order. Logs are JSON lines on stderr."""
    config = load_config(config_path)
    log_to_stderr()
    asyncio.run(_until_signalled(config))


async def _until_signalled(config: EdgeConfig) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run_edge(config, stop)


def log_to_stderr() -> None:
    """One JSON object a line on stderr, with time (UTC) and level."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
