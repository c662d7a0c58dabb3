"""No query reads on for ever: past a deadline the database gives up, and the asker is told so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from suyuan.base.errors import QueryTooComplex
from suyuan.trace.view import View

#: Seconds that the search for the events of one page may take.
SECONDS = 20.0
#: Steps of SQLite's machine between two looks at the clock: about a millisecond.
_STEPS = 20_000


@contextmanager
def deadline(view: View, seconds: float = SECONDS) -> Iterator[None]:
    """Statements inside end after ``seconds`` with `QueryTooComplex`."""
    try:
        if view.connection.dialect.name == "sqlite":
            with _sqlite(view, seconds):
                yield
        else:
            view.connection.execute(text(f"SET LOCAL statement_timeout = {int(seconds * 1000):d}"))
            yield
            view.connection.execute(text("SET LOCAL statement_timeout = 0"))
    except DBAPIError as error:
        if "interrupted" in str(error.orig) or getattr(error.orig, "sqlstate", None) == "57014":
            raise QueryTooComplex(
                f"the answer was not found within {seconds:g} seconds",
                remedy="ask for a time range, a place, a business step or certain EPCs, too",
            ) from None
        raise


@contextmanager
def _sqlite(view: View, seconds: float) -> Iterator[None]:
    driver = view.connection.connection.dbapi_connection
    end = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > end, _STEPS)  # type: ignore[union-attr]
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)  # type: ignore[union-attr]
