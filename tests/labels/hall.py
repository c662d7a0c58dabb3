"""Emulated devices that tests of a real server write tags with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from tests.labels.tag_benches import PrinterBench, ReaderBench

T = TypeVar("T")


class Hall:
    """An emulated reader and printer on a loop of their own, which outlives every server."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.reader = self.do(self._made(lambda: ReaderBench(folder, ["good"] * 60, pace=0.02)))
        self.printer = self.do(self._made(lambda: PrinterBench([])))
        self.do(self.reader.start())
        self.do(self.printer.start())

    async def _made(self, make: Callable[[], T]) -> T:
        return make()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine gives, on the hall's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        """Switch everything off."""
        self.do(self.reader.off())
        self.do(self.printer.off())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
