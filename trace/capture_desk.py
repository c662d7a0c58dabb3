"""Where large documents are received and captured in the background: a task of the server for each one at work.

The task asks a process of its own to read the document (`suyuan.app.document_main`) and hands each part to the writer,
one at a time, so that other requests come in between. All that it knows is in the database and the spool: after a crash
the next server's desk goes on where the writer's last transaction ended.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import text

from suyuan.base.errors import IntegrityBroken, SuyuanError, Unavailable
from suyuan.base.identity import Actor
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import Leniency
from suyuan.trace.capture_job import State
from suyuan.trace.document_parts import Assignment
from suyuan.trace.large_capture import CheckedPart, DocumentLost, LargeDocument, Progress, StoredPart
from suyuan.trace.ledger import Ledger
from suyuan.trace.spool import Spool, SpooledDocument

log = structlog.get_logger(__name__)

#: Documents at work at the same time; the others wait in the order in which they came.
_AT_ONCE: Final = 2
#: Seconds before a pass that failed is tried again: the first time, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
#: Readers that may end without a last part before a document is given up; one that is accepted is never.
_TRIES = 5
_LENGTH = struct.Struct(">I")
#: Which operation takes the parts of a pass, and what its parts are.
_PASSES: Final = {State.CHECKING: ("events-checked", CheckedPart), State.STORING: ("events-stored", StoredPart)}
#: Gives the command that reads an assignment.
Command = Callable[[str], list[str]]


class Waiting(NamedTuple):
    """A document that is on disk and known to the ledger."""

    progress: Progress
    media_type: str
    file: SpooledDocument


class CaptureDesk:
    """The large documents of a server. ``command`` starts a reader. `start` and `stop` it in the event loop."""

    def __init__(self, ledger: Ledger, spool: Spool, limits: Limits, command: Command) -> None:
        self._ledger, self.spool, self.limits, self._command = ledger, spool, limits, command
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Take up what an earlier server left, then whatever comes."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._take_up()), *(loop.create_task(self._work()) for _ in range(_AT_ONCE))]

    async def stop(self) -> None:
        """Let go of all documents; the next server goes on with them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while not self._queue.empty():
            self._queue.get_nowait().file.close()

    async def open(self, file: SpooledDocument, media_type: str, actor: Actor, proceed: bool) -> None:
        """Capture a document that is wholly in the spool; returns when that is durable.

        Raises what the writer refuses it with. When the outcome is unknown the file stays, and the next start decides.
        """
        try:
            digest = await run_in_threadpool(file.finish)
            order = LargeDocument(file.name, actor.key_id, actor.party, media_type, digest, proceed)
            progress = await self._ledger.writer.call("document-opened", order, Progress)
        except (Unavailable, asyncio.CancelledError):
            file.close()
            raise
        except BaseException:
            file.remove()
            raise
        self._queue.put_nowait(Waiting(progress, media_type, file))

    async def _take_up(self) -> None:
        """Queue what is unfinished, and clear files that nobody was answered for.

        Files are claimed before the ledger is asked: whoever let go of one has told the ledger by then what it is.
        """
        try:
            files = await run_in_threadpool(self._claim_all)
            unfinished = await run_in_threadpool(self._read, "j.state < :done", done=State.DONE.value)
            for name, (progress, media_type) in unfinished.items():
                file = files.pop(name, None)
                if file is not None:
                    self._queue.put_nowait(Waiting(progress, media_type, file))
                elif self._ledger.embedded and not self.spool.has(name):
                    await self._undo(await self._lose(progress, "its file in the spool is gone"))
                else:
                    log.warning("capture.elsewhere", job=name)  # at work in another process, or on another machine
            for name, file in files.items():
                log.info("capture.stray_removed", job=name)
                await run_in_threadpool(file.remove)
        except Exception:
            log.exception("capture.take_up")

    def _claim_all(self) -> dict[str, SpooledDocument]:
        """Every file of the spool that nobody is at, by name."""
        claimed = {name: self.spool.claim(name) for name in self.spool.names()}
        return {name: file for name, file in claimed.items() if file is not None}

    def _read(self, which: str, **bound: int) -> dict[str, tuple[Progress, str]]:
        """Documents in the background by name, with their media types; ``which`` is a condition on ``j``."""
        with self._ledger.view() as view:
            rows = view.connection.execute(
                text(
                    "SELECT c.name, c.media_type, j.* FROM capture_job j JOIN capture c ON c.id = j.capture"  # noqa: S608 - our words
                    f" WHERE {which} ORDER BY j.capture"
                ),
                bound,
            ).all()
        return {
            row.name: (
                Progress(row.capture, State(row.state), bool(row.proceed), row.checked, row.stored, row.faults),
                row.media_type,
            )
            for row in rows
        }

    def _leniency(self, capture: int) -> Leniency:
        """How strictly the document's events are read."""
        with self._ledger.view() as view:
            rows = view.connection.execute(
                text(
                    "SELECT c.party, k.rule FROM capture c LEFT JOIN lenient_key k ON k.id = c.key_id"
                    " WHERE c.id = :capture"
                ),
                {"capture": capture},
            ).all()
        return Leniency(frozenset(row.rule for row in rows if row.rule), party=rows[0].party)

    async def _work(self) -> None:
        while True:
            waiting = await self._queue.get()
            try:
                await self._capture(waiting)
            except Exception:  # whoever waits behind it must not wait for ever
                log.exception("capture.given_up", job=waiting.file.name)
            finally:
                waiting.file.close()

    async def _capture(self, waiting: Waiting) -> None:
        """One document to its end, whatever happens on the way."""
        progress, pause, tries = waiting.progress, _FIRST_PAUSE, 0
        while progress.state is not State.DONE:
            before = progress
            try:
                progress = await self._step(waiting, progress)
                tries += 1
            except SuyuanError as error:
                log.warning("capture.interrupted", job=waiting.file.name, error=str(error))
                tries += not isinstance(error, Unavailable)  # a database that is away says nothing of the document
                progress = await self._after(error, waiting, progress)
            except Exception as error:
                log.exception("capture.bug", job=waiting.file.name)
                progress = await self._after(error, waiting, progress)
            if progress == before:
                if tries >= _TRIES and progress.state is State.CHECKING:
                    progress = await self._lose(progress, "the document could not be read here")
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                pause, tries = _FIRST_PAUSE, 0
        await run_in_threadpool(waiting.file.remove)
        log.info("capture.done", job=waiting.file.name, stored=progress.stored, faults=progress.faults)

    async def _step(self, waiting: Waiting, progress: Progress) -> Progress:
        """As far as it goes in one run of the reading process, or all of the undoing."""
        if progress.state is State.UNDOING:
            return await self._undo(progress)
        storing = progress.state is State.STORING
        assignment = Assignment(
            str(waiting.file.path), waiting.media_type, progress.capture, progress.proceed, storing,
            progress.stored if storing else progress.checked, self.limits,
            await run_in_threadpool(self._leniency, progress.capture),
        )  # fmt: skip
        async with open_reader(self._command(msgspec.json.encode(assignment).decode())) as reader:
            while progress.state in _PASSES:
                state = progress.state
                progress = await self._pass(reader, progress)
                if progress.state is state or progress.state not in _PASSES or not reader.at_end:
                    return progress  # it is over, or the reader has ended or is out of step: begin again from here
                reader.go_on()
        return progress

    async def _undo(self, progress: Progress) -> Progress:
        while progress.state is State.UNDOING:
            progress = await self._ledger.writer.call("document-undone", progress.capture, Progress)
        return progress

    async def _pass(self, reader: PartReader, progress: Progress) -> Progress:
        """Hand the writer part after part until the pass is over."""
        operation, kind = _PASSES[progress.state]
        state = progress.state
        async with aclosing(reader.parts(kind)) as parts:
            async for part in parts:
                progress = await self._ledger.writer.call(operation, part, Progress)
                if progress.state is not state:
                    break
        return progress

    async def _after(self, error: Exception, waiting: Waiting, progress: Progress) -> Progress:
        """Where the document stands after an error."""
        if isinstance(error, IntegrityBroken):
            return await self._lose(progress, error.detail)
        try:
            return (await run_in_threadpool(self._read, "j.capture = :one", one=progress.capture))[waiting.file.name][0]
        except Exception:  # the database is away too: the next try tells
            log.exception("capture.unknown", job=waiting.file.name)
            return progress

    async def _lose(self, progress: Progress, detail: str) -> Progress:
        with suppress(SuyuanError):
            return await self._ledger.writer.call("document-lost", DocumentLost(progress.capture, detail), Progress)
        return progress


class PartReader:
    """The server's side of a process that reads a document (`suyuan.app.document_main`)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - they were asked for
        self._out, self._in = process.stdout, process.stdin
        #: Whether the last part of the pass has come: it waits to be told to go on.
        self.at_end = False

    async def parts(self, kind: type[Any]) -> AsyncGenerator[Any, None]:
        """The parts of a pass; they stop short when the process ends. It is at most one part ahead."""
        decoder = msgspec.msgpack.Decoder(kind)
        self.at_end = False
        try:
            while True:
                (length,) = _LENGTH.unpack(await self._out.readexactly(_LENGTH.size))
                part = decoder.decode(await self._out.readexactly(length))
                self.at_end = part.last
                yield part
                if part.last:
                    return
        except asyncio.IncompleteReadError:
            log.warning("capture.reader_ended")

    def go_on(self) -> None:
        """Ask for the second pass; of a reader that is gone `parts` finds nothing."""
        with suppress(ConnectionError, RuntimeError):  # uvloop's word for a pipe that was closed
            self._in.write(b"2")


@asynccontextmanager
async def open_reader(command: Sequence[str]) -> AsyncIterator[PartReader]:
    """A reading process, killed at the end."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        yield PartReader(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
