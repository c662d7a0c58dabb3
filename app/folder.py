"""A data folder opened for reading, beside a running server or without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suyuan.app.migrate import require_schema
from suyuan.app.read_only import ReadOnlyWriter
from suyuan.base.database import open_reader, sqlite_url
from suyuan.base.errors import InvalidSetting
from suyuan.trace.ledger import Ledger
from suyuan.trace.publication import POLICY_FILE


@contextmanager
def open_folder(data: Path) -> Iterator[Ledger]:
    """The ledger of a data folder, read only; `InvalidSetting` where there is none."""
    if not (data / "suyuan.db").is_file():
        raise InvalidSetting("there is no ledger in this folder", place=str(data), remedy="use --data or --server")
    engine = open_reader(sqlite_url(data))
    try:
        require_schema(engine)
        yield Ledger(engine, ReadOnlyWriter(), data / POLICY_FILE)
    finally:
        engine.dispose()
