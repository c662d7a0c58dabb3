"""The database engine: SQLite embedded, PostgreSQL served; one metadata for all tables.

Nothing is opened at import. On SQLite only the writer process may write (DESIGN section 4): every other connection
is made with ``query_only``, so that a forgotten write fails at once instead of fighting for the lock.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Connection, Engine, Integer, MetaData, QueuePool, create_engine, event, make_url

from suyuan.base.errors import InvalidSetting

#: Names of constraints are part of the schema: migrations must be able to name what they change.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: 64-bit integer that is also SQLite's rowid alias when it is the primary key.
BigInt = BigInteger().with_variant(Integer(), "sqlite")

#: Milliseconds that a SQLite connection waits for a lock. Readers never wait in WAL mode; this covers checkpoints.
_BUSY_MS = 5_000
#: Seconds to reach PostgreSQL, unless its URL says ``?connect_timeout=``: the network itself gives up after minutes.
_CONNECT_SECONDS = 10
#: Pages kept in memory by a connection, in KiB (negative means KiB to SQLite): 768 MiB with every connection open. What
#: falls out is in the operating system's cache, which all of them share.
_CACHE_KIB = -16_384
#: Connections that are kept, and the most: one for each of the 40 threads that carry out requests (anyio's limiter),
#: and some for the event loop, which must never wait for one.
_KEPT, _MOST = 8, 48
#: Seconds that a request waits for a connection before it is told to come again (`app.problems`).
_POOL_WAIT = 5.0
_POOL: dict[str, Any] = {
    "poolclass": QueuePool, "pool_size": _KEPT, "max_overflow": _MOST - _KEPT, "pool_timeout": _POOL_WAIT,
}  # fmt: skip


def sqlite_url(folder: Path) -> str:
    """URL of the embedded database of a data folder."""
    return f"sqlite:///{folder / 'suyuan.db'}"


#: By database: which of its histories this is. A SQLite file is given another number when it is restored from a backup
#: (`suyuan.app.backup`), PostgreSQL's timeline is another one after each recovery and promotion.
_HISTORY = {
    "sqlite": "PRAGMA user_version",
    "postgresql": "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int",
}


def history_of(connection: Connection) -> int:
    """A number that changes when the database was brought back to an earlier state, and may change at other times."""
    return int(connection.exec_driver_sql(_HISTORY[connection.dialect.name]).scalar_one())


def check_url(url: str) -> str:
    """The URL in SQLAlchemy's form with the drivers that Suyuan ships; other databases are refused."""
    try:
        parsed = make_url(url)
    except Exception:
        raise InvalidSetting(
            "the database URL cannot be read", place="database", remedy="write postgresql://user@host/name"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if backend == "sqlite":
        return url
    raise InvalidSetting(
        f"database {backend!r} is not supported", place="database", remedy="use sqlite:/// or postgresql://"
    )


def open_reader(url: str) -> Engine:
    """An engine for reading. Its SQLite connections refuse to write."""
    return _engine(url, query_only=True)


def open_owner(url: str) -> Engine:
    """An engine that may change the schema: migrations and tests."""
    return _engine(url, query_only=False)


def _engine(url: str, *, query_only: bool) -> Engine:
    url = check_url(url)
    if not url.startswith("sqlite"):
        named = make_url(url).query
        patience = {} if "connect_timeout" in named else {"connect_timeout": _CONNECT_SECONDS}
        return create_engine(url, **_POOL, pool_pre_ping=True, connect_args=patience)
    engine = create_engine(url, **_POOL, connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA recursive_triggers=ON")
        connection.execute(f"PRAGMA cache_size={_CACHE_KIB}")
        if query_only:
            connection.execute("PRAGMA query_only=ON")
        else:
            connection.isolation_level = None  # the driver would begin no transaction for DDL

    if not query_only:
        # A migration that is killed in the middle leaves nothing behind, and two at a time wait for each other.
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def is_sqlite(engine: Engine) -> bool:
    """Whether this engine speaks to the embedded database."""
    return engine.dialect.name == "sqlite"
