"""``suyuan demo``: the shell around the story. It owns folder, ports, signals and what is printed in the end."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, TextIO, TypeVar

import msgspec
from rich.console import Console

from suyuan.app.demo.folder import open_demo
from suyuan.app.demo.keyring import LABELLER, REGULATOR, firm_key_name, key_file
from suyuan.app.demo.plant import Plant
from suyuan.app.demo.ports import HOST, USUAL_PORT, reader_ports, server_port
from suyuan.app.demo.processes import Processes
from suyuan.app.demo.progress import Voice
from suyuan.app.demo.scenario import build
from suyuan.app.demo.story import Story
from suyuan.app.demo.summary import Summary
from suyuan.app.demo.tour import guide

T = TypeVar("T")


def run_demo(*, seed: int, data: Path, port: int | None, once: bool) -> None:
    """Run the demonstration in a folder; with ``once`` only until its story is told, else until Ctrl-C.

    Raises `InvalidSetting` and `Conflict` for a port or folder that can't be used, `Unavailable`, naming the step and
    the logs, when something fails, and KeyboardInterrupt when it is stopped before the story is told.
    """
    voice = Voice(Console(stderr=True))
    scenario = build(seed)
    with open_demo(data, scenario) as folder:
        known = folder.contents
        chosen = server_port(port, known.port)
        if port is None and chosen not in {USUAL_PORT, known.port}:
            voice.say(f"port {known.port or USUAL_PORT} is taken: the server listens on {chosen}")
        ports = reader_ports((plan.gate.name for plan in scenario.gates), known.readers, chosen)
        folder.keep_ports(chosen, ports)
        url = f"http://{HOST}:{chosen}"
        plant = Plant(folder.demo, scenario)
        plant.configure(ports, url)
        processes = Processes(folder.data, folder.lock, voice.say)
        story = Story(folder.data, scenario, plant, processes, voice, url)
        told = asyncio.run(Telling(story, processes, voice, folder.data, once).run())
    if not told:
        raise KeyboardInterrupt


class Telling:
    """The story as a process on a terminal: told, then served, until SIGINT or SIGTERM."""

    def __init__(self, story: Story, processes: Processes, voice: Voice, data: Path, once: bool) -> None:
        self._story = story
        self._processes = processes
        self._voice = voice
        self._data = data
        self._once = once

    async def run(self) -> bool:
        """Whether the story was told; the children are stopped in any case."""
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        try:
            summary = await _unless(stop, self._story.tell())
            if summary is not None:
                self._guide(summary)
            if summary is not None and not self._once:
                await stop.wait()
        finally:
            self._voice.say("everything stops")
            await self._processes.stop()
        if summary is not None and self._once:
            _print([msgspec.json.encode(summary).decode()], sys.stdout)
        return summary is not None

    def _guide(self, summary: Summary) -> None:
        """Where to look. With ``once`` stdout is for the summary alone."""
        keys = [str(key_file(self._data, name)) for name in (REGULATOR, firm_key_name(LABELLER))]
        lines = guide(self._story.url, self._story.tour, summary.recalls, *keys)
        _print(lines, sys.stderr if self._once else sys.stdout)
        if not self._once:
            self._voice.say("serving until Ctrl-C")


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of the work, None when it was stopped before."""
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for pending in (task, stopped):
            pending.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)


def _print(lines: Iterable[str], stream: TextIO) -> None:
    print(*lines, sep="\n", file=stream, flush=True)
