"""The beginning of every child process: ``python -m suyuan.app.demo.child COMMAND...`` is ``suyuan COMMAND...``, which
dies with its parent. Only the demonstration starts it.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from pathlib import Path


def main() -> None:
    """Tie this process to its parent, then be the command line."""
    threading.Thread(target=die_with_parent, args=(sys.stdin.fileno(),), daemon=True).start()
    if sys.argv[1:2] == ["serve"]:
        make_first_key(Path(sys.argv[sys.argv.index("--data") + 1]))
    from suyuan.app.cli import main as command_line

    command_line()


def die_with_parent(lifeline: int) -> None:
    """Wait until nobody holds the other end of the pipe ``lifeline``, then end this process.

    The parent never writes; its end closes when it dies, however it dies. Linux could signal a parent's death
    (PR_SET_PDEATHSIG), but only that of the thread that started us, and not a parent that died before we asked. A
    kill is fine: whatever must last is on disk before anybody is told of it, or it would not survive a power cut.
    """
    while os.read(lifeline, 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


def make_first_key(data: Path) -> None:
    """What ``suyuan serve`` does first on a fresh folder, without showing the key: our stderr is a log file."""
    from suyuan.app.serve import first_key
    from suyuan.base.settings import load_settings

    with contextlib.redirect_stderr(io.StringIO()):
        first_key(load_settings({"data": data}))


if __name__ == "__main__":
    main()
