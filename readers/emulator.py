"""The reader emulator: LLRP servers on TCP that act out a script, many readers in one process.

A passage is sent as: ROSpec starts, reports, ROSpec ends, KEEPALIVE. It is *recorded* when that keepalive has been
acknowledged, and only then does the next one begin. Whatever happens before (the client dies, the connection breaks,
this process is killed) the passage is sent again from its start on the next connection, the same bytes of reads with
the same times; after it, never. How far each reader has come is in the state file: a lost or older one merely replays.
A client that asks for no keepalives can't acknowledge: then a passage is recorded when TCP has taken it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog

from suyuan.base.errors import InvalidFrame, InvalidSetting
from suyuan.readers.emulated_reader import ANOTHER_ATTEMPT, CLIENT_EXISTS, EmulatedReader
from suyuan.readers.emulated_tags import EmulatedField
from suyuan.readers.emulator_state import Progress
from suyuan.readers.script import EmulatorConfig, Fault, ReaderScript

#: Bytes taken from a client at a time.
CHUNK = 64 * 1024
Ready = Callable[[Mapping[str, int]], None]


class ReaderServer:
    """One emulated reader on its port; one client at a time, as LLRP demands."""

    def __init__(self, script: ReaderScript, progress: Progress) -> None:
        self._script = script
        self._progress = progress
        self._reader = EmulatedReader(script, progress.state.readers[script.name].recorded)
        self._faults = list(script.faults)
        self._writer: asyncio.StreamWriter | None = None
        self._silent = False
        self._next_at = 0.0
        self._heard = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    @property
    def field(self) -> EmulatedField:
        """The tags before its antennas."""
        return self._reader.station.field

    async def listen(self, host: str, port: int = 0) -> int:
        """Open the script's port (``port`` where that is 0, any if both are) and tell which it is.

        Raises `InvalidSetting` when it can't be had.
        """
        try:
            self._server = await asyncio.start_server(self._accept, host, self._script.port or port, limit=CHUNK)
            return int(self._server.sockets[0].getsockname()[1])
        except OSError as error:
            raise InvalidSetting(
                f"reader {self._script.name} cannot listen on {host} port {self._script.port}: {error}",
                remedy="choose another port, or 0 for any",
            ) from None

    async def stop(self) -> None:
        """Close the port and the client's connection."""
        if self._server is not None:
            self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    def _accept(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._client(stream, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _client(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._writer is None:
                await self._serve(stream, writer)
            else:
                self._write(self._reader.greeting(ANOTHER_ATTEMPT))
                writer.write(self._reader.greeting(CLIENT_EXISTS))
        except (OSError, InvalidFrame) as error:
            structlog.get_logger().info("client is gone", reader=self._script.name, why=str(error))
        finally:
            writer.close()

    async def _serve(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from greeting to end: answers, keepalives and passages side by side."""
        self._writer, self._silent = writer, False
        self._write(self._reader.connect())
        tasks = [asyncio.create_task(work) for work in (self._answers(stream), self._keepalives(), self._passages())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._writer = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _write(self, frame: bytes) -> None:
        if self._writer is not None and not self._silent:
            self._writer.write(frame)

    async def _drain(self) -> None:
        if self._writer is not None:
            await self._writer.drain()

    async def _answers(self, stream: asyncio.StreamReader) -> None:
        while not self._reader.closing:
            data = await stream.read(CHUNK)
            if not data:
                return
            self._write(self._reader.receive(data))
            self._heard.set()
            await self._drain()

    async def _keepalives(self) -> None:
        """A keepalive each period, none while the period is 0; a client may change it at any time."""
        reader = self._reader
        while True:
            period = reader.keepalive_ms
            try:
                async with asyncio.timeout(period / 1000 if period else None):
                    await self._until(lambda: reader.keepalive_ms != period)  # noqa: B023  this period is meant
            except TimeoutError:
                self._write(reader.keepalive())

    async def _passages(self) -> None:
        """Send passages, one after the other, while the client's ROSpec runs."""
        reader = self._reader
        while reader.station.writes:
            await self._until(lambda: reader.active is not None)
            await self._inventory()
        while True:
            await self._until(lambda: reader.active is not None and not reader.complete)
            await asyncio.sleep(self._next_at - time.monotonic())
            self._next_at = time.monotonic() + self._script.pace
            reads = await self._send(reader.recorded)
            if reads is not None and await self._acknowledged():
                reader.recorded += 1
                self._progress.record(self._script.name, reads)

    async def _inventory(self) -> None:
        """One round over the tags on the table; a tag's fault may cut the connection instead of the report."""
        for frame in self._reader.inventory():
            self._write(frame)
        await self._drain()
        await asyncio.sleep(self._script.pace)

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for what only a message of the client can bring about."""
        while not condition():
            self._heard.clear()
            await self._heard.wait()

    async def _send(self, number: int) -> int | None:
        """Send a passage; how many tag reads it had, or None when the ROSpec was stopped meanwhile."""
        frames, reads = self._reader.passage(number)
        for at, frame in enumerate(frames):
            if self._reader.active is None:
                return None
            if at == len(frames) // 2:
                await self._misbehave(number, frame)
            self._write(frame)
            await self._drain()
            await asyncio.sleep(0)  # drain() goes straight on while there is room: other readers and STOP_ROSPEC wait
        return reads

    async def _acknowledged(self) -> bool:
        """Ask with a keepalive and wait for its answer; False when the ROSpec was stopped meanwhile."""
        reader = self._reader
        if not reader.keepalive_ms:
            return True
        self._write(reader.keepalive())
        asked = reader.keepalives
        await self._until(lambda: reader.acknowledged >= asked or reader.active is None)
        return reader.acknowledged >= asked

    async def _misbehave(self, number: int, frame: bytes) -> None:
        """The script's faults of this passage, each once."""
        due = [fault for fault in self._faults if fault.passage == number]
        for fault in due[:1]:
            self._faults.remove(fault)
            await self._fault(fault, frame)

    async def _fault(self, fault: Fault, frame: bytes) -> None:
        if fault.kind == "cut":
            self._write(frame[: len(frame) // 2])
            raise ConnectionAbortedError("cut inside a frame, as the script says")
        if fault.kind == "garbage":
            self._write(b"\xff" * 32)
        elif fault.kind == "parameter":
            self._write(self._reader.broken_report())
        else:
            self._silent = True
        await self._drain()


async def run_emulator(config: EmulatorConfig, ready: Ready | None = None) -> None:
    """Serve all readers until cancelled. ``ready`` is told the port of each reader once all listen.

    When every passage has been recorded the readers go on as idle ones: keepalives, no reports. Raises
    `InvalidSetting` when a port can't be had or the state file can't be written.
    """
    progress = Progress(config)
    try:
        progress.save()
    except OSError as error:
        raise InvalidSetting(f"state file cannot be written: {error}", place=config.state_file) from None
    servers = {script.name: ReaderServer(script, progress) for script in config.readers}
    try:
        ports = {name: await server.listen(config.host) for name, server in servers.items()}
        if ready is not None:
            ready(ports)
        await progress.keep()
    finally:
        await asyncio.gather(*(server.stop() for server in servers.values()))
        progress.save()
