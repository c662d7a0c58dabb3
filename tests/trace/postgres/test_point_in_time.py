"""PostgreSQL's point-in-time recovery, as docs/how-to/back-up-and-restore.md tells it: any moment is a whole ledger."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.trace.postgres import conftest as own
from tests.trace.scribe import Scribe, document, object_event, scribe_in

from suyuan.app.migrate import migrate
from suyuan.base.database import history_of
from suyuan.base.errors import IntegrityBroken

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


class Home:
    """A cluster's folder, its archive of the write-ahead log, and its base backup."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs, self.account = folder, own._programs(), own._account()
        self.data, self.archive, self.base = folder / "data", folder / "archive", folder / "base"
        self.cluster = own.Cluster(own._free_port(), "test")

    def run(self, program: str, *words: str | Path, **variables: str) -> None:
        """One of PostgreSQL's programs, as its account."""
        done = subprocess.run(
            [self.programs / program, *words], user=self.account, group=self.account, cwd=self.folder, check=False,
            capture_output=True, text=True, timeout=60, env=variables or None,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def make(self) -> None:
        """An empty cluster that archives."""
        (self.folder / "password").write_text(self.cluster.password)
        self.run(
            "initdb", "-D", self.data, "-U", own.SUPERUSER, "-A", "scram-sha-256", "--pwfile",
            self.folder / "password", "-E", "UTF8", "--locale", "C",
        )  # fmt: skip
        self.archive.mkdir()
        if self.account:
            shutil.chown(self.archive, self.account)

    @contextmanager
    def serving(self, **settings: str) -> Iterator[None]:
        """The cluster runs; it is stopped as after a power cut, with what it has archived."""
        settings = {"listen_addresses": "127.0.0.1", "wal_level": "replica", "archive_mode": "on"} | settings
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("a+b") as log:
            server = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data, "-p", str(self.cluster.port), "-k", self.folder, *words],
                user=self.account, group=self.account, cwd=self.folder, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                own._wait(server, self.cluster, log.fileno())
                yield
            finally:
                server.send_signal(3)
                server.wait(30)


@pytest.fixture
def home() -> Iterator[Home]:
    """Where the account that runs the server may enter."""
    folder = Path(tempfile.mkdtemp(prefix="suyuan-pit-"))
    try:
        home = Home(folder)
        if home.account:
            shutil.chown(folder, home.account)
        home.make()
        yield home
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_ledger_of_a_moment_comes_back_and_a_signed_later_one_forbids_to_go_on(home: Home, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with home.serving(archive_command=f"cp %p {home.archive}/%f", fsync="on"):
        url = home.cluster.url("suyuan", own.SUPERUSER)
        with home.cluster.chief() as chief:
            chief.execute("CREATE DATABASE suyuan")
        migrate(url)
        with scribe_in(tmp_path / "folder", url) as scribe:
            capture(scribe, 1, 20)
            first = history(scribe)
        home.run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", str(home.cluster.port), "-U", own.SUPERUSER, "-D", home.base,
            "--checkpoint", "fast", "--wal-method", "none", PGPASSWORD=home.cluster.password,
        )  # fmt: skip
        with scribe_in(tmp_path / "folder", url) as scribe:
            capture(scribe, 21, 30)
            scribe.writer.publish()
        note = (tmp_path / "folder" / "log.checkpoint").read_bytes()
        with home.cluster.chief("suyuan") as chief:
            row = chief.execute("SELECT now()::text").fetchone()
            assert row is not None
            moment = row[0]
            time.sleep(0.01)
        with scribe_in(tmp_path / "folder", url) as scribe:
            capture(scribe, 31, 45)
            scribe.writer.publish()
        with home.cluster.chief() as chief:
            archive_all(chief)
    shutil.rmtree(home.data)
    shutil.move(home.base, home.data)
    (home.data / "recovery.signal").touch()
    with home.serving(
        restore_command=f"cp {home.archive}/%f %p", recovery_target_time=moment, recovery_target_action="promote"
    ):
        promoted(home)
        with pytest.raises(IntegrityBroken, match="lost entries"), scribe_in(tmp_path / "folder", url):
            pass
        (tmp_path / "folder" / "log.checkpoint").write_bytes(note)
        with scribe_in(tmp_path / "folder", url) as scribe:
            assert scribe.writer.size == 30
            assert serials(scribe) == set(range(1, 31))
            capture(scribe, 31, 32)
            assert scribe.writer.size == 32
            assert history(scribe) != first  # so that subscriptions give no number twice


def history(scribe: Scribe) -> int:
    """Which of its histories the database tells."""
    with scribe.view() as view:
        return history_of(view.connection)


def capture(scribe: Scribe, first: int, last: int) -> None:
    """One event for each of these items, each in a transaction of its own."""
    for serial in range(first, last + 1):
        scribe.capture(document(object_event(serial)))


def serials(scribe: Scribe) -> set[int]:
    """The items of all events."""
    with scribe.view() as view:
        rows = view.connection.exec_driver_sql("SELECT t.serial FROM timeline l JOIN thing t ON t.id = l.thing")
        return {int(row[0]) for row in rows}


def archive_all(chief: psycopg.Connection) -> None:
    """Begin a new segment of the write-ahead log, and wait until the one that was being written has been copied."""
    row = chief.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
    assert row is not None
    deadline = time.monotonic() + own._PATIENCE
    while time.monotonic() < deadline:
        done = chief.execute("SELECT last_archived_wal FROM pg_stat_archiver").fetchone()
        if done and done[0] and done[0][:24] >= row[0]:
            return
        time.sleep(0.1)
    raise TimeoutError("nothing was archived")


def promoted(home: Home) -> None:
    """Wait until recovery has ended."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with home.cluster.chief() as chief:
            row = chief.execute("SELECT pg_is_in_recovery()").fetchone()
            if row and not row[0]:
                return
        time.sleep(0.1)
    raise TimeoutError("still in recovery")
