"""The parent's side of the writer process: start it, hand it requests, start it again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import structlog

from suyuan.base.errors import Unavailable
from suyuan.trace.writer import Reply, Request, error_of
from suyuan.trace.writer_process import HELLO, STOPPED, pack

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Bytes of requests that may wait for the writer; past that the server says 503 instead of growing.
WAITING_BYTES = 128 * 1024 * 1024
#: Seconds before the first try to start a dead writer again, and the longest pause between tries.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
#: Seconds after which a request is given up: far longer than any group takes.
_ANSWER = 60.0
#: Seconds that a request waits for a writer that is starting: far longer than a start takes after a crash.
_START = 20.0
#: Seconds that a closing server waits for the writer to finish its group.
_GRACE = 10.0

_LENGTH = struct.Struct(">I")


class WriterClient:
    """Speaks to one writer process. ``command`` starts it; the socket's file number is put behind it.

    The process has ``environment`` beside this one's.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._command = list(command)
        self._environment = os.environ | dict(environment or {})
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._waiting_bytes = 0
        self._numbers = itertools.count(1)
        self._stream: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._closing = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether a writer process has said that it takes requests."""
        return self._stream is not None and self._ready.is_set()

    @property
    def process_id(self) -> int | None:
        """The writer's process id, while there is one."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the writer and keep one running until `close`."""
        self._keeper = asyncio.create_task(self._keep())

    async def call(self, operation: str, parameters: Any, result: type[T]) -> T:
        """Have an operation carried out and wait for its commit.

        Waits for a writer that is starting. Raises what the operation refused with, or `Unavailable` when the writer
        is overloaded, away or died before it answered: then the outcome is unknown, and capture may be sent again
        because it is idempotent.
        """
        request = Request(next(self._numbers), operation, msgspec.msgpack.encode(parameters))
        frame = pack(request)
        if self._waiting_bytes + len(frame) > WAITING_BYTES:
            raise Unavailable("the writer is busy: too much is waiting", remedy="send it again in a second")
        self._waiting_bytes += len(frame)
        try:
            reply = await asyncio.wait_for(self._send(request.id, frame), _ANSWER)
        except TimeoutError:
            raise Unavailable(
                "the writer did not answer in time", remedy="send it again: capture is idempotent"
            ) from None
        finally:
            self._waiting_bytes -= len(frame)
            self._waiting.pop(request.id, None)
        if reply.fault:
            raise error_of(reply.fault)
        return msgspec.msgpack.decode(reply.result, type=result)

    async def _send(self, number: int, frame: bytes) -> Reply:
        await self._await_writer()
        stream = self._stream
        if stream is None:
            raise Unavailable(
                "the writer has stopped: the ledger contradicts what was signed", remedy="ask the operator: see the log"
            )
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        stream.write(frame)
        with contextlib.suppress(ConnectionError):  # the reading side tells every waiting request
            await stream.drain()
        return await future

    async def _await_writer(self) -> None:
        try:
            await asyncio.wait_for(self._ready.wait(), _START)
        except TimeoutError:
            raise Unavailable("the writer process is not running", remedy="send it again in a few seconds") from None

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while not self._closing.is_set():
            started = asyncio.get_running_loop().time()
            code = await self._live()
            if code == STOPPED:
                log.critical("writer.stopped", remedy="do not start it again before the ledger is verified")
                self._ready.set()  # what waits for a writer learns that none will come
                return
            if asyncio.get_running_loop().time() - started > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            if not self._closing.is_set():
                log.warning("writer.restart", seconds=pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _live(self) -> int | None:
        """`_run`, whatever happens: the server without a writer would refuse everything until somebody looks."""
        try:
            return await self._run()
        except Exception:
            log.exception("writer.lost")
            await self._end()
            return None

    async def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _run(self) -> int | None:
        """One life of the writer; its exit code, None when it could not be started."""
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, str(theirs.fileno()), pass_fds=(theirs.fileno(),), stdin=asyncio.subprocess.DEVNULL,
                env=self._environment,
            )  # fmt: skip
        except OSError as error:
            ours.close()
            log.error("writer.start_failed", error=str(error))
            return None
        finally:
            theirs.close()
        reader, self._stream = await asyncio.open_connection(sock=ours)
        if self._closing.is_set():
            self._stream.write_eof()
        try:
            await self._receive(reader)
        finally:
            self._ready.clear()
            stream, self._stream = self._stream, None
            stream.close()
            self._fail_waiting()
        code = await self._process.wait()
        log.info("writer.ended", code=code)
        return code

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        decoder = msgspec.msgpack.Decoder(Reply)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
                reply = decoder.decode(await reader.readexactly(length))
                if reply.id == HELLO:
                    self._ready.set()
                future = self._waiting.pop(reply.id, None)
                if future is not None and not future.done():
                    future.set_result(reply)

    def _fail_waiting(self) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(
                    Unavailable("the writer died before it answered", remedy="send it again: capture is idempotent")
                )
        self._waiting.clear()

    async def close(self) -> None:
        """Let the writer finish and end it."""
        self._closing.set()
        if self._stream is not None and self._stream.can_write_eof():
            self._stream.write_eof()
        if self._keeper is None:
            return
        try:
            await asyncio.wait_for(self._keeper, _GRACE)
        except TimeoutError:
            log.error("writer.stuck", pid=self.process_id)
        await self._end()


def python_command(module: str, *arguments: str) -> list[str]:
    """A command that runs one of our modules with this very interpreter, safe from a folder named like a library."""
    return [sys.executable, "-P", "-m", module, *arguments]
