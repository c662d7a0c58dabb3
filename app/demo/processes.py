"""Child processes that are started again when they die, with their pid files and logs.

``DATA/run/NAME.pid`` holds the process id of each, ``DATA/logs/NAME.log`` what it says. A child ends when we do, also
when we are killed (`suyuan.app.demo.child`), and each holds the demonstration's lock meanwhile: a successor that has
the lock can be sure that none is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from suyuan.base.errors import Unavailable
from suyuan.base.settings import PREFIX
from suyuan.trace.writer_client import python_command

#: Seconds before a dead child is started again, and the longest pause; a child that lived longer begins anew.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LIVED: Final = 10.0
#: So many deaths in a row, each soon after the start, are no accident; being killed by somebody doesn't count.
_HOPELESS: Final = 6
_FROM_OUTSIDE: Final = frozenset({signal.SIGKILL, signal.SIGTERM})
#: Seconds that a child has to stop in order; an edge may take twice its own ten.
_GRACE: Final = 25.0

Notice = Callable[[str], None]


class Process:
    """One supervised child: ``suyuan`` with these arguments."""

    def __init__(self, name: str, arguments: Sequence[str], data: Path, lock: int, notice: Notice) -> None:
        self.name = name
        self.log_file = data / "logs" / f"{name}.log"
        self.hopeless = False
        self._command = python_command("suyuan.app.demo.child", *arguments)
        self._pid_file = data / "run" / f"{name}.pid"
        self._lock = lock
        self._notice = notice
        self._child: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start it and keep it running until `stop`."""
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Ask it to end, wait, and make an end of it where it doesn't."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._child is not None and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._child.terminate()
            await self._ended(self._child)
        self._pid_file.unlink(missing_ok=True)

    async def _ended(self, child: asyncio.subprocess.Process) -> None:
        try:
            await asyncio.wait_for(child.wait(), _GRACE)
        except TimeoutError:
            self._notice(f"{self.name} does not stop and is killed")
            child.kill()
            await child.wait()

    async def _keep(self) -> None:
        pause, quick_deaths = _FIRST_PAUSE, 0
        while True:
            began = time.monotonic()
            code = await self._live()
            if time.monotonic() - began > _LIVED or -code in _FROM_OUTSIDE:
                pause, quick_deaths = _FIRST_PAUSE, 0
            quick_deaths += -code not in _FROM_OUTSIDE
            self.hopeless = quick_deaths >= _HOPELESS
            self._notice(f"{self.name} ended with code {code} and is started again")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _live(self) -> int:
        """One life of the child; its exit code, negative for the signal that killed it."""
        log = os.open(self.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # A session of its own: Ctrl-C on the terminal is for us, who stop the children in order.
            self._child = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=log, stderr=log, env=_environment(), start_new_session=True,
                pass_fds=(self._lock,),
            )  # fmt: skip
        finally:
            os.close(log)
        self._pid_file.write_text(f"{self._child.pid}\n", encoding="ascii")
        return await self._child.wait()


def _environment() -> dict[str, str]:
    """Ours without the settings of whatever other server the user may have in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


class Processes:
    """All children of one demonstration, stopped in the opposite order of starting, those of a kind together."""

    def __init__(self, data: Path, lock: int, notice: Notice) -> None:
        self._data = data
        self._lock = lock
        self._notice = notice
        self._groups: list[list[Process]] = []
        for folder in ("run", "logs"):
            (data / folder).mkdir(mode=0o700, exist_ok=True)

    def start(self, commands: dict[str, Sequence[str]]) -> None:
        """Start children that belong together, by their names."""
        group = [Process(name, arguments, self._data, self._lock, self._notice) for name, arguments in commands.items()]
        self._groups.append(group)
        for process in group:
            process.start()

    def check(self) -> None:
        """Raise `Unavailable`, naming its log, where a child dies as often as it is started."""
        for process in (process for group in self._groups for process in group):
            if process.hopeless:
                raise Unavailable(f"{process.name} does not stay alive", remedy=f"its log is {process.log_file}")

    async def stop(self) -> None:
        """Stop them all."""
        while self._groups:
            await asyncio.gather(*(process.stop() for process in self._groups.pop()))
