"""One of several API processes: ``python -m suyuan.app.worker_main LISTENER LIFELINE``. Only `suyuan serve` starts it.

Its settings are in the environment, since the database's address may hold a password. It accepts connections from the
socket that all of them share, has a writer of its own, and ends when its parent does, however that ends.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from suyuan.app.logs import configure_logs
from suyuan.app.serve import run_server
from suyuan.app.workers import SETTINGS
from suyuan.base.errors import SuyuanError
from suyuan.base.settings import Settings

log = structlog.get_logger(__name__)


def main() -> int:
    """Serve until SIGTERM, Ctrl-C, or the end of the parent."""
    settings = msgspec.json.decode(os.environ.pop(SETTINGS), type=Settings, dec_hook=lambda kind, value: kind(value))
    configure_logs(settings.log_format, settings.log_level)
    listener = socket.socket(fileno=int(sys.argv[1]))
    lifeline = socket.socket(fileno=int(sys.argv[2]))
    threading.Thread(target=_follow, args=(lifeline,), daemon=True).start()
    try:
        run_server(settings, listener)
    except (SuyuanError, SQLAlchemyError) as error:
        log.error("worker.failed", reason=str(error).splitlines()[0])
        return 1
    return 0


def _follow(lifeline: socket.socket) -> None:
    """The kernel closes the parent's end when the parent dies, even by SIGKILL."""
    lifeline.recv(1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
