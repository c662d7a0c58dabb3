"""What the demonstration says while it works, always on stderr: moving bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

#: Seconds between two plain lines about the same step.
_EVERY: Final = 2.0


class Step:
    """One step of the work, while it lasts."""

    def __init__(self, voice: Voice, title: str, bars: Progress | None) -> None:
        self._voice = voice
        self._title = title
        self._bars = bars
        self._task = bars.add_task(escape(title), total=None) if bars else None
        self._said = time.monotonic()
        self.note = ""

    def count(self, done: int, of: int, note: str = "") -> None:
        """So much is done; ``note`` says more in words."""
        self.note = note
        title = f"{self._title} ({note})" if note else self._title
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, total=of, description=escape(title))
        elif time.monotonic() - self._said >= _EVERY:
            self._said = time.monotonic()
            self._voice.say(f"  {done} of {of}: {title}")


class Voice:
    """Says what is going on."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def say(self, line: str) -> None:
        """One line, with the seconds since the beginning."""
        self._console.print(f"[{self.seconds:5.1f} s] {line}", markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Announce a step, and what came of it when it is over."""
        if self._console.is_terminal:
            with self._bars() as bars:
                step = Step(self, title, bars)
                yield step
        else:
            self.say(title)
            step = Step(self, title, None)
            yield step
        self.say(f"  done: {title}{f' ({step.note})' if step.note else ''}")

    def _bars(self) -> Progress:
        """One moving line; it gives way to the line that says what came of it."""
        return Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(),
            TimeElapsedColumn(), console=self._console, transient=True,
        )  # fmt: skip
