"""A producer's desk on a fresh ledger: it is migrated once and copied, which is quicker than migrating each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.labels.desk import Desk, desk_in

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
