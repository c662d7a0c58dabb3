"""``suyuan serve``: the first start, and uvicorn in code (a reload or a string import would lose the settings)."""

from __future__ import annotations

import errno
import gc
import os
import socket
import sys
import time
from pathlib import Path

import msgspec
import uvicorn

from suyuan.app.http_protocol import BoundedHttp
from suyuan.app.key_routes import KeyOrder, make_key
from suyuan.app.logs import configure_logs
from suyuan.app.main import create_app, prepare_folder, writer_settings
from suyuan.app.migrate import require_schema
from suyuan.app.workers import Workers
from suyuan.app.writing import write_once
from suyuan.base.clock import now
from suyuan.base.database import open_reader, sqlite_url
from suyuan.base.errors import InvalidSetting, Unavailable
from suyuan.base.folder_lock import SERVER, hold
from suyuan.base.settings import Settings
from suyuan.chain import durable
from suyuan.trace.acts import KeyAdded, Recorded
from suyuan.trace.database_role import may_write
from suyuan.trace.ledger import count_keys
from suyuan.trace.writer import writer_lock

#: The administrator's key of a fresh folder.
ADMIN_KEY_FILE = "admin.key"
#: Seconds that open requests get to finish when the server is asked to stop.
_GRACE = 10
_BACKLOG = 2048
#: New containers between two looks for cyclic garbage: some twenty requests' worth, not one's.
_GARBAGE = 10_000
#: Bytes of a message from a WebSocket's client, who has nothing to say.
_LARGEST_MESSAGE = 65_536
#: Seconds that the writer of a killed server has to finish its group.
_TURN = 5.0


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C. On a fresh folder the administrator's key is made first and shown once."""
    configure_logs(settings.log_format, settings.log_level)
    listener = listen(settings.host, settings.port)
    port = listener.getsockname()[1]
    settings = msgspec.structs.replace(settings, port=port)  # 0 asked for a free one: links must name the real one
    _check_workers(settings)
    with hold(settings.data, SERVER, wait=False):  # also while its writer is away; `Unavailable` beside another server
        if not settings.database:
            await_turn(settings.data)
        first_key(settings)
        write_pid(settings.data, "server")
        _announce(settings, listener)
        if settings.workers > 1:
            Workers(settings, listener).run()
        else:
            run_server(settings, listener)


def _check_workers(settings: Settings) -> None:
    """What only one process can do is refused beside others, not done by whoever happens to get the request."""
    if settings.workers == 1:
        return
    if not settings.database:
        raise InvalidSetting(
            "on SQLite one process serves",
            place="workers",
            remedy="move to PostgreSQL with --database, or leave it at 1",
        )
    if settings.tag_writers:
        raise InvalidSetting(
            "devices that write tags are driven by one process", place="workers",
            remedy="run a second server for them, with one worker over the same database",
        )  # fmt: skip


def run_server(settings: Settings, listener: socket.socket) -> None:
    """Serve in this process until a signal ends it."""
    app = create_app(settings)
    gc.collect()
    gc.freeze()  # what an application is made of stays; looking through it for garbage at each turn gains nothing
    gc.set_threshold(_GARBAGE, 20, 20)
    server = uvicorn.Server(
        uvicorn.Config(
            app, log_config=None, access_log=False, timeout_graceful_shutdown=_GRACE, backlog=_BACKLOG,
            server_header=False, date_header=True, http=BoundedHttp,
            ws_max_size=_LARGEST_MESSAGE,
        )
    )  # fmt: skip
    server.run(sockets=[listener])


def _announce(settings: Settings, listener: socket.socket) -> None:
    host = listener.getsockname()[0]
    shown = f"[{host}]" if ":" in host else host
    where = f"http://{shown}:{settings.port} (labels: /staff, API documentation: /docs)"
    print(f"Suyuan serves on {where}", file=sys.stderr)  # noqa: T201


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; a port that is taken is said before anything else is started."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InvalidSetting(f"port {port} is taken", place="port", remedy="choose another with --port") from None
        raise InvalidSetting(f"cannot listen on {host}:{port}: {error.strerror}", place="host") from None


def await_turn(data: Path) -> None:
    """Wait until the writer of a server that has just ended is done; `Unavailable` when it, or a command, goes on."""
    deadline = time.monotonic() + _TURN
    while True:
        try:
            with writer_lock(data, wait=False):
                return
        except Unavailable:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def first_key(settings: Settings) -> None:
    """Make the administrator's key of a ledger that has no key yet; there is no default password, ever."""
    url = settings.database or sqlite_url(settings.data)
    prepare_folder(settings, url)
    engine = open_reader(url)
    try:
        require_schema(engine)
        with engine.connect() as connection:
            if count_keys(connection) or not may_write(engine):
                return
    finally:
        engine.dispose()
    text, key = make_key(KeyOrder("administrator", "first start"), now())
    path = settings.data / ADMIN_KEY_FILE
    durable.replace(path, text.encode() + b"\n", durable.PRIVATE)
    write_once(writer_settings(settings), "key-added", KeyAdded("setup", key), Recorded)
    print(f"administrator key, shown once (also in {path}, mode 0600): {text}", file=sys.stderr)  # noqa: T201


def write_pid(data: Path, name: str) -> None:
    """``DATA/run/NAME.pid``, so that operators and supervisors find the process."""
    run = data / "run"
    run.mkdir(parents=True, exist_ok=True)
    (run / f"{name}.pid").write_text(f"{os.getpid()}\n", encoding="ascii")
