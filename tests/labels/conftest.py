"""A producer's desk on a fresh ledger, which is migrated once and copied; a server that may be killed, and devices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.labels.desk import Desk, desk_in
from tests.labels.hall import Hall
from tests.serving import Service

from suyuan.app.migrate import migrate
from suyuan.base.database import sqlite_url


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a migrated, empty database."""
    folder = tmp_path_factory.mktemp("labels")
    migrate(sqlite_url(folder))
    return (folder / "suyuan.db").read_bytes()


@pytest.fixture
def desk(tmp_path: Path, empty_ledger: bytes) -> Iterator[Desk]:
    """The desk."""
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "suyuan.db").write_bytes(empty_ledger)
    with desk_in(folder) as found:
        yield found


@pytest.fixture(scope="session")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A reader and a printer."""
    found = Hall(tmp_path_factory.mktemp("hall"))
    yield found
    found.close()


@pytest.fixture(scope="session")
def frail(tmp_path_factory: pytest.TempPathFactory, hall: Hall) -> Iterator[Service]:
    """A server with these two writers, which any test may kill and start again."""
    folder = tmp_path_factory.mktemp("frail")
    file = folder / "writers.toml"
    file.write_text(
        f'[[writers]]\nname = "table"\nreader = "127.0.0.1:{hall.reader.port}"\ninventory_ms = 10\nwait = 20\n'
        f'[[writers]]\nname = "zebra"\nprinter = "127.0.0.1:{hall.printer.port}"\nwait = 20\npassword = "AB12CD34"\n'
        '[[writers]]\nname = "theirs"\nprinter = "127.0.0.1"\nparty = "https://id.gs1.org/417/0614141000029"\n'
    )
    running = Service(folder / "data", SUYUAN_TAG_WRITERS=str(file))
    try:
        running.start()
        running.make_keys()
        yield running
    finally:
        ended = running.stop()
    assert ended in {0, 130}
    assert "Traceback" not in running.log.read_text(), running.log.read_text()
