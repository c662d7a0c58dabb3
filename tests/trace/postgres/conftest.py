"""A PostgreSQL of our own: started for these tests on a free port, with roles as a real installation has them."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine
from tests.trace.postgres.told import Told, tell
from tests.trace.scribe import Scribe, scribe_in

from suyuan.app.migrate import grant_to, migrate
from suyuan.base.database import open_owner

#: Seconds that the server has to start and to stop.
_PATIENCE = 30.0
#: The cluster's superuser; the schema's owner; who may add rows; who may look.
SUPERUSER, OWNER, WRITER, READER = "chief", "keeper", "scribe", "visitor"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
}


class Cluster:
    """A running server. Everybody has the same password, which no message may show."""

    def __init__(self, port: int, password: str) -> None:
        self.port, self.password = port, password
        self._made = 0
        #: A database with the schema and no rows, to make others of.
        self.template = ""

    def url(self, database: str, role: str = OWNER, password: str | None = None) -> str:
        """Where a role finds a database."""
        return f"postgresql://{role}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def chief(self, database: str = "postgres") -> psycopg.Connection:
        """A superuser's connection, each statement a transaction."""
        return psycopg.connect(self.url(database, SUPERUSER), autocommit=True)

    def create(self, template: str = "template0") -> str:
        """A new database of the owner's; its name."""
        self._made += 1
        name = f"ledger{self._made}"
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy").format(
            *map(sql.Identifier, (name, OWNER, template))
        )
        with self.chief() as connection:
            connection.execute(statement)
        return name

    def owner(self, database: str) -> psycopg.Connection:
        """The owner's connection, each statement a transaction."""
        return psycopg.connect(self.url(database), autocommit=True)

    def create_roles(self) -> None:
        """None of them is a superuser."""
        with self.chief() as connection:
            for role in (OWNER, WRITER, READER):
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(self.password))
                )

    def grant(self, database: str) -> None:
        """What `docs/how-to/move-to-postgresql.md` says."""
        grant_to(self.url(database), WRITER)
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")


def _programs() -> Path:
    """Folder of initdb and postgres, the newest version."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found is None:
        pytest.skip("PostgreSQL's server programs (initdb, postgres) are not installed")
    return Path(found).resolve().parent


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _account() -> str | None:
    """Who runs the server: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no account named postgres")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server for all of these tests."""
    programs, account = _programs(), _account()
    # A short path that the account may enter: pytest's own folders are private, and socket paths have a limit.
    home = Path(tempfile.mkdtemp(prefix="suyuan-pg-"))
    try:
        if account is not None:
            shutil.chown(home, account)
        yield from _served(programs, account, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _served(programs: Path, account: str | None, home: Path) -> Iterator[Cluster]:
    cluster = Cluster(_free_port(), secrets.token_hex(12))
    (home / "password").write_text(cluster.password)
    done = subprocess.run(
        [programs / "initdb", "-D", home / "data", "-U", SUPERUSER, "-A", "scram-sha-256",
         "--pwfile", home / "password", "-E", "UTF8", "--locale", "C", "--no-sync"],
        user=account, group=account, cwd=home, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    with (home.with_name(f"{home.name}.log")).open("w+b") as log:
        Path(log.name).unlink()
        server = subprocess.Popen(
            [programs / "postgres", "-D", home / "data", "-p", str(cluster.port), "-k", home, *settings],
            user=account, group=account, cwd=home, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait(server, cluster, log.fileno())
            cluster.create_roles()
            yield cluster
        finally:
            server.send_signal(2)  # fast shutdown: open sessions are ended
            server.wait(_PATIENCE)


def _wait(server: subprocess.Popen[bytes], cluster: Cluster, log: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            cluster.chief().close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(os.pread(log, 10_000, 0).decode())


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> str:
    """A database with the schema and no rows, to make others of."""
    name = cluster.create()
    migrate(cluster.url(name))
    grant_to(cluster.url(name), WRITER)
    cluster.template = name
    return name


@pytest.fixture
def database(cluster: Cluster, migrated: str) -> str:
    """An empty ledger on PostgreSQL."""
    return cluster.create(migrated)


@pytest.fixture
def scribe(cluster: Cluster, database: str, tmp_path: Path) -> Iterator[Scribe]:
    """A ledger on PostgreSQL to capture into, as the application's own role; the tests of SQLite run over it too."""
    folder = tmp_path / "ledger"
    folder.mkdir()
    with scribe_in(folder, cluster.url(database, WRITER)) as scribe:
        yield scribe


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A ledger on SQLite in which everything has happened."""
    return tell(tmp_path_factory.mktemp("told") / "ledger")


@pytest.fixture(scope="session")
def copied(cluster: Cluster, migrated: str, told: Told) -> str:
    """The same ledger on PostgreSQL; nobody changes it."""
    name = cluster.create(migrated)
    told.copy_to(cluster.url(name))
    cluster.grant(name)
    return name


#: Opens an engine that may change things, and lets it go when the test ends.
Engines = Callable[[str], Engine]


@pytest.fixture
def engines() -> Iterator[Engines]:
    """Engines by URL."""
    with ExitStack() as stack:

        def opened(url: str) -> Engine:
            engine = open_owner(url)
            stack.callback(engine.dispose)
            return engine

        yield opened
