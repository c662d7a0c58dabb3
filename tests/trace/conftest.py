"""Ledgers on SQLite: an empty one is migrated once and copied, which is quicker than migrating for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
from tests.serving import Service
from tests.trace.interop import SUITE, fill, served
from tests.trace.scribe import Scribe, scribe_in

from suyuan.app.migrate import migrate
from suyuan.base.database import sqlite_url

#: Opens a ledger of its own and closes it when the test ends.
Opener = Callable[[], Scribe]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a migrated, empty database."""
    folder = tmp_path_factory.mktemp("empty")
    migrate(sqlite_url(folder))
    return (folder / "suyuan.db").read_bytes()


@pytest.fixture
def folder(tmp_path: Path, empty_database: bytes) -> Path:
    """A data folder with an empty ledger."""
    return _filled(tmp_path / "ledger", empty_database)


def _filled(folder: Path, database: bytes) -> Path:
    folder.mkdir()
    (folder / "suyuan.db").write_bytes(database)
    return folder


@pytest.fixture
def scribe(folder: Path) -> Iterator[Scribe]:
    """A ledger to capture into."""
    with scribe_in(folder) as scribe:
        yield scribe


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory, empty_database: bytes) -> Iterator[Opener]:
    """Makes further empty ledgers."""
    with ExitStack() as stack:

        def make() -> Scribe:
            folder = _filled(tmp_path_factory.mktemp("fresh") / "ledger", empty_database)
            opened: AbstractContextManager[Scribe] = scribe_in(folder)
            return stack.enter_context(opened)

        yield make


@pytest.fixture(scope="session")
def suite(shared: Path) -> Path:
    """Folder of the EPCIS 1.0 interoperability suite."""
    return shared / SUITE


@pytest.fixture(scope="session")
def repository(suite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server that has the suite's master data and events, for tests that only ask."""
    folder = tmp_path_factory.mktemp("interop") / "data"
    fill(folder, suite)
    with served(folder) as service:
        yield service
