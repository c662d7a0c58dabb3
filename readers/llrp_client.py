"""The asyncio transport under an LLRP session: connects, reconnects, watches, and never dies silently.

::

    async for batch in client.batches():
        ...                        # make the batch durable
        await client.done(batch)   # only now may the reader hear that it arrived

Back-pressure is in the shape: while the consumer works, nothing is read, and TCP slows the reader down. Whatever goes
wrong with one connection ends that connection; the next begins with a fresh session and an empty frame buffer.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import deque
from collections.abc import AsyncIterator
from typing import Annotated, Literal

import msgspec
import structlog

from suyuan.base.clock import Clock, now
from suyuan.base.errors import InvalidFrame, SuyuanError, Unavailable
from suyuan.readers.llrp_session import Inventory, Session
from suyuan.readers.llrp_wire import FRAME_LIMIT
from suyuan.readers.reads import Batch, Moment, Record, TagRead

#: Bytes taken from the socket at a time: about 1,200 tag reads.
CHUNK = 64 * 1024
#: Seconds that CLOSE_CONNECTION may take.
CLOSE_TIMEOUT = 2.0


class ReaderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a reader is and how to talk to it. Times in seconds unless named otherwise.

    ``clock``: "reader" trusts the reader's times, "host" corrects them by the offset measured at the greeting. A
    reader that says nothing for two keepalive periods is given up and connected again; between attempts the client
    waits ``backoff_first`` doubling up to ``backoff_most``, each time half of it or more, at random. The doubling
    begins anew when a keepalive has been acknowledged: a reader that greets well and then fails is not hammered.
    """

    name: str
    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 5084
    inventory: Inventory = Inventory()
    clock: Literal["reader", "host"] = "reader"
    connect_timeout: Annotated[float, msgspec.Meta(gt=0, le=300)] = 5.0
    backoff_first: Annotated[float, msgspec.Meta(gt=0, le=60)] = 0.2
    backoff_most: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 30.0
    frame_limit: Annotated[int, msgspec.Meta(ge=1024, le=64 * 1024 * 1024)] = FRAME_LIMIT


class ReaderStatus(msgspec.Struct):
    """Counters of one client since it began; ``last_seen_us`` is our clock when the reader last said anything."""

    connected: bool = False
    connections: int = 0
    failures: int = 0
    malformed: int = 0
    silences: int = 0
    tag_reads: int = 0
    last_seen_us: int = 0
    last_error: str = ""


class _Connection:
    """One TCP connection, its session, and the keepalives of batches that aren't done."""

    def __init__(self, session: Session, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.session = session
        self.stream = stream
        self.writer = writer
        self._handed_out: deque[tuple[int, int]] = deque()
        self._keepalives = 0

    def hand_out(self, number: int) -> None:
        """Remember which keepalives came with a batch."""
        new = self.session.keepalives - self._keepalives
        self._keepalives += new
        self._handed_out.append((number, new))

    async def done(self, number: int) -> bool:
        """Acknowledge what came with all batches up to ``number``; whether there was anything."""
        count = 0
        while self._handed_out and self._handed_out[0][0] <= number:
            count += self._handed_out.popleft()[1]
        self._keepalives -= count
        self.session.acknowledge(count)
        await self.flush()
        return count > 0

    async def flush(self) -> None:
        """Send what the session has to say. A lost connection is noticed by the reading side, not here."""
        data = self.session.to_send()
        if data and not self.writer.is_closing():
            self.writer.write(data)
            try:
                await self.writer.drain()
            except OSError:
                self.writer.transport.abort()


class Client:
    """Reads one reader for ever, over as many connections as it takes."""

    def __init__(self, settings: ReaderSettings, *, tls: ssl.SSLContext | None = None, clock: Clock = now) -> None:
        self.settings = settings
        self.status = ReaderStatus()
        self._tls = tls
        self._now = clock
        self._log = structlog.get_logger().bind(reader=settings.name)
        self._connection: _Connection | None = None
        self._closing = asyncio.Event()
        self._number = 0
        self._failed_in_row = 0

    async def batches(self) -> AsyncIterator[Batch]:
        """Batches of records in the reader's order, until `close`.

        A connection that got its greeting begins with a ``connected`` moment and ends with a ``disconnected`` one.
        One consumer at a time.
        """
        try:
            while self._connection is not None or not self._closing.is_set():
                batch = await self._next()
                if batch is not None:
                    yield batch
        finally:
            self._disconnect()

    async def done(self, batch: Batch) -> None:
        """The batch, and every one before it, is durable: let the reader hear it.

        Nothing happens for a batch of an earlier connection: its keepalive can't be answered any more, and a reader
        that waits for the answer sends the same again.
        """
        if self._connection is not None and await self._connection.done(batch.number):
            self._failed_in_row = 0

    async def close(self) -> None:
        """End the connection in order (CLOSE_CONNECTION), and `batches` when the reader has answered that.

        What the reader sent before its answer still comes. Without an answer it ends after `CLOSE_TIMEOUT`.
        """
        self._closing.set()
        connection = self._connection
        if connection is not None:
            connection.session.close()
            await connection.flush()
            asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, connection.writer.transport.abort)

    async def _next(self) -> Batch | None:
        """Connect if need be, or take what the reader sent; whatever fails ends the connection, never the client."""
        try:
            if self._connection is None:
                await self._connect()
                return None
            return await self._receive(self._connection)
        except (SuyuanError, OSError, UnicodeError) as error:
            self._failure(error)
            return self._disconnect()

    async def _connect(self) -> None:
        settings = self.settings
        if self._failed_in_row:
            await self._pause()
        if self._closing.is_set():
            return
        opening = asyncio.open_connection(settings.host, settings.port, ssl=self._tls, limit=CHUNK)
        stream, writer = await asyncio.wait_for(opening, settings.connect_timeout)
        session = Session(settings.name, settings.inventory, self._now, settings.clock, settings.frame_limit)
        self._connection = _Connection(session, stream, writer)
        self.status.connections += 1

    def _disconnect(self) -> Batch | None:
        """Drop the connection, if any; the moment that says so, if the reader had ever said its time."""
        connection, self._connection = self._connection, None
        self.status.connected = False
        if connection is None:
            return None
        connection.writer.transport.abort()
        if not connection.session.time_us:
            return None
        return self._batch((Moment(self.settings.name, connection.session.time_us, "disconnected"),))

    async def _receive(self, connection: _Connection) -> Batch | None:
        """What the next bytes hold. Raises when the connection has ended, is broken or silent."""
        session = connection.session
        if session.broken:
            raise session.broken
        data = b"" if session.closed else await self._read(connection)
        if not data:
            raise Unavailable(f"reader {session.reader} ended the connection")
        self.status.last_seen_us = self._now()
        records = session.receive(data)
        self._note(session)
        await connection.flush()
        if not records:
            return None
        batch = self._batch(records)
        connection.hand_out(batch.number)
        return batch

    async def _read(self, connection: _Connection) -> bytes:
        """The next bytes, none at the end; `Unavailable` when none come for two keepalives (LLRP 1.0.1, 12.2.4)."""
        ready = connection.session.ready
        limit = 2 * self.settings.inventory.keepalive_ms / 1000 if ready else self.settings.connect_timeout
        try:
            async with asyncio.timeout(limit):
                return await connection.stream.read(CHUNK)
        except TimeoutError:
            self.status.silences += 1
            raise Unavailable(f"reader {self.settings.name} was silent for {limit:g} s") from None

    def _note(self, session: Session) -> None:
        if session.ready and not self.status.connected:
            self.status.connected = True
            self._log.info("reader connected", connections=self.status.connections)
        for warning in session.warnings:
            self._log.warning("reader says", event_text=warning)
        session.warnings.clear()

    def _batch(self, records: tuple[Record, ...]) -> Batch:
        self._number += 1
        self.status.tag_reads += sum(type(record) is TagRead for record in records)
        return Batch(self.settings.name, self._number, records)

    def _failure(self, error: Exception) -> None:
        """Count, remember and log why a connection ended; the figures are in `status`."""
        if self._closing.is_set():
            return
        self.status.failures += 1
        self._failed_in_row += 1
        self.status.malformed += isinstance(error, InvalidFrame)
        self.status.last_error = str(error) or type(error).__name__
        self._log.warning("reader connection failed", error=self.status.last_error, failures=self.status.failures)

    async def _pause(self) -> None:
        """Wait before the next attempt, at random so that a hundred gates don't come back in step."""
        settings = self.settings
        longest = min(settings.backoff_first * 2 ** min(self._failed_in_row - 1, 20), settings.backoff_most)
        try:
            await asyncio.wait_for(self._closing.wait(), longest * random.uniform(0.5, 1.0))
        except TimeoutError:
            return
