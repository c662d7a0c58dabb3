"""The writer process: ``python -m suyuan.app.writer_main SETTINGS-JSON SOCKET``. Only `suyuan serve` starts it."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys

import msgspec
import structlog

from suyuan.app.logs import configure_logs
from suyuan.app.writing import DATABASE, WriterSettings, open_writer
from suyuan.base.errors import IntegrityBroken, SuyuanError
from suyuan.trace.writer_process import STOPPED, serve

log = structlog.get_logger(__name__)

#: New containers between two looks for cyclic garbage. Decoded documents are large trees that hold none; with Python's
#: 700 a quarter of the writer's time went into walking them.
_GARBAGE = 200_000

#: Exit code of a writer that could not start now, but may later.
FAILED = 1


def main() -> int:
    """Serve the parent's socket until it closes.

    Ctrl-C and a SIGTERM to the whole group are the parent's business: it finishes its open requests, which need the
    writer, and then closes the socket.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(_GARBAGE, 20, 20)
    settings = msgspec.json.decode(sys.argv[1], type=WriterSettings)
    settings = msgspec.structs.replace(settings, database=os.environ.pop(DATABASE, ""))
    configure_logs("console", "info")
    parent = socket.socket(fileno=int(sys.argv[2]))
    try:
        with open_writer(settings) as writer:
            log.info("writer.ready", size=writer.size)
            serve(writer, parent)
    except SuyuanError as error:
        log.error("writer.stopped", reason=str(error))
        return STOPPED if isinstance(error, IntegrityBroken) else FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
