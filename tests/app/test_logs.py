"""Logs: wherever they go, the service goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import structlog
from suyuan.app.logs import configure_logs
configure_logs("console", "info")
for number in range(3):
    structlog.get_logger("x").error("something", number=number)
print("alive")
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_log_on_a_full_disk_stops_nothing() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _PROGRAM], stdout=subprocess.PIPE, stderr=full, check=False, timeout=60
        )
    assert done.stdout == b"alive\n"
