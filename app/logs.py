"""Structured logs on stderr: lines for people or JSON for machines. Secrets never reach a log call."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog


class _Stderr:
    """Where logs go. One that cannot be written (a full disk, a reader that is gone) stops nothing: lines are lost."""

    def write(self, line: str) -> None:
        """A line, or part of one."""
        with suppress(OSError):
            sys.stderr.write(line)

    def flush(self) -> None:
        """Now."""
        with suppress(OSError):
            sys.stderr.flush()


def configure_logs(form: str, level: str) -> None:
    """Set up structlog for this process. ``form`` is ``json`` or ``console``."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),
        cache_logger_on_first_use=True,
    )
