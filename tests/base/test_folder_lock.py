"""Locks on a data folder: one holder, and none when the holder is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from suyuan.base.errors import Unavailable
from suyuan.base.folder_lock import SERVER, WRITER, hold


def test_a_held_lock_is_refused_and_another_is_free(tmp_path: Path) -> None:
    with hold(tmp_path, SERVER, wait=False):
        with pytest.raises(Unavailable, match="a server is running on"), hold(tmp_path, SERVER, wait=False):
            raise AssertionError("held twice")
        with hold(tmp_path, WRITER, wait=False):
            pass
    with hold(tmp_path, SERVER, wait=False):
        pass


def test_a_child_process_does_not_keep_its_parents_lock(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "print('up', flush=True); input()"]
    with hold(tmp_path, SERVER, wait=False):
        child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"  # the kernel wakes the parent a moment before it closes the files
    try:
        with hold(tmp_path, SERVER, wait=False):
            pass
    finally:
        child.communicate(b"\n")


def test_waiting_ends_when_the_holder_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\nfrom suyuan.base.folder_lock import hold\n"
        "with hold(pathlib.Path(sys.argv[1]), 'writer.lock', False): print('held', flush=True); input()"
    )
    words = [sys.executable, "-P", "-c", program, str(tmp_path)]
    holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    holder.kill()
    with hold(tmp_path, WRITER, wait=True):
        holder.communicate()
