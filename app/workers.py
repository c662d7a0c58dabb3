"""Several API processes behind one port: started, started again when they die, and ended together."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import time
from types import FrameType
from typing import Final

import msgspec
import structlog

from suyuan.base.settings import Settings
from suyuan.trace.writer_client import python_command

log = structlog.get_logger(__name__)

#: Where a worker finds its settings.
SETTINGS: Final = "SUYUAN_WORKER"
#: Seconds before a worker that died is started again: at first, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
#: Seconds that workers get to end, beyond what they give their open requests.
_PATIENCE = 20.0


class Workers:
    """So many processes on one listening socket, until SIGTERM or Ctrl-C."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings, self._listener = settings, listener
        self._environment = os.environ | {SETTINGS: msgspec.json.encode(settings, enc_hook=str).decode()}
        self._selector = selectors.DefaultSelector()
        self._running: dict[socket.socket, tuple[subprocess.Popen[bytes], float]] = {}
        self._due: list[float] = []
        self._pause = _FIRST_PAUSE
        self._stopping = False

    def run(self) -> None:
        """Keep them running. Returns when all have ended after a signal to this process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            for _ in range(self._settings.workers):
                self._start()
            while not self._stopping:
                self._wait()
        finally:
            self._end()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        files = (self._listener.fileno(), theirs.fileno())
        command = python_command("suyuan.app.worker_main", *map(str, files))
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, pass_fds=files, env=self._environment, stdin=subprocess.DEVNULL
        )
        theirs.close()
        self._running[ours] = (process, time.monotonic())
        self._selector.register(ours, selectors.EVENT_READ)

    def _wait(self) -> None:
        """Until a worker ends, or one is due to be started, or a second has gone by: signals end no select."""
        now = time.monotonic()
        for key, _ in self._selector.select(min([1.0, *(max(0.0, due - now) for due in self._due)])):
            lifeline = key.fileobj
            if isinstance(lifeline, socket.socket):
                self._bury(lifeline)
        now = time.monotonic()
        while not self._stopping and self._due and self._due[0] <= now:
            self._due.pop(0)
            self._start()

    def _bury(self, lifeline: socket.socket) -> None:
        process, started = self._running.pop(lifeline)
        self._selector.unregister(lifeline)
        lifeline.close()
        code = process.wait()
        if self._stopping:
            return
        lived = time.monotonic() - started
        self._pause = _FIRST_PAUSE if lived > _LONGEST_PAUSE else min(self._pause * 2, _LONGEST_PAUSE)
        log.warning("worker.restart", code=code, seconds=self._pause)
        self._due.append(time.monotonic() + self._pause)

    def _end(self) -> None:
        """All of them at once; they finish their open requests."""
        for process, _ in self._running.values():
            process.terminate()
        deadline = time.monotonic() + _PATIENCE
        for lifeline, (process, _) in self._running.items():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("worker.stuck", pid=process.pid)
                process.kill()
                process.wait()
            lifeline.close()
        self._selector.close()
