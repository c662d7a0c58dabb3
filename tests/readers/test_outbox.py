"""The outbox: what is put is on disk, leaves only by done or failed, and survives kill -9."""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import Conflict, InvalidSetting, Unavailable
from suyuan.readers import outbox as outbox_module
from suyuan.readers.outbox import Outbox, Recording

numbers = itertools.count()


def passage(*events: bytes, source: str = "gate", key: str | None = None, **counters: int) -> Recording:
    return Recording(source, key if key is not None else str(next(numbers)), events, counters)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    box = Outbox(path)
    yield box
    box.close()


def bodies(box: Outbox) -> list[bytes]:
    return [entry.body for entry in box.pending(1_000_000, 1 << 40)]


def test_what_is_put_is_there_after_opening_again(path: Path) -> None:
    first = Outbox(path)
    assert first.put([passage(b"one", b"two", tag_reads=5), passage(b"three", tag_reads=2, strays=1)]) == 3
    first.close()
    second = Outbox(path)
    assert bodies(second) == [b"one", b"two", b"three"]
    assert len(second) == 3
    assert second.counters() == {"strays": 1, "tag_reads": 7}
    second.close()


def test_the_file_is_for_its_owner_only(outbox: Outbox, path: Path) -> None:
    outbox.put([passage(b"one")])
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_passage_told_again_is_stored_and_counted_once(outbox: Outbox) -> None:
    told = passage(b"one", key="p1", tag_reads=3)
    assert outbox.put([told]) == 1
    outbox.done(outbox.pending(10, 1000))
    assert outbox.put([told, passage(b"two", key="p2", tag_reads=1)]) == 1
    assert bodies(outbox) == [b"two"]
    assert outbox.counters() == {"tag_reads": 4}
    assert outbox.put([passage(b"one", key="p1", source="other reader")]) == 1


def test_only_the_latest_passages_are_remembered(outbox: Outbox, path: Path) -> None:
    outbox.put([passage(key=str(n), source="busy") for n in range(1000)] + [passage(key="0", source="calm")])
    assert outbox.put([passage(b"again", key="999", source="busy"), passage(b"again", key="0", source="calm")]) == 0
    assert outbox.put([passage(b"again", key="0", source="busy")]) == 1
    outbox.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM recorded").fetchone()[0] == 257
    connection.close()


def test_pending_is_bounded_by_number_and_bytes_but_never_empty(outbox: Outbox) -> None:
    outbox.put([passage(b"a" * 100, b"b" * 100, b"c" * 100)])
    assert len(outbox.pending(2, 1000)) == 2
    assert len(outbox.pending(9, 250)) == 2
    assert len(outbox.pending(9, 10)) == 1


def test_a_refused_event_is_kept_with_the_answer_and_out_of_the_way(outbox: Outbox) -> None:
    outbox.put([passage(b"bad", b"good")])
    bad, _good = outbox.pending(10, 1000)
    outbox.failed(bad, "400: no such step", 17)
    assert bodies(outbox) == [b"good"]
    (dead,) = outbox.dead()
    assert (dead.body, dead.problem, dead.at_us) == (b"bad", "400: no such step", 17)
    assert (len(outbox), outbox.dead_count()) == (1, 1)


def test_what_the_server_stumbles_over_goes_to_the_end(outbox: Outbox) -> None:
    outbox.put([passage(b"one", b"two")])
    outbox.later(outbox.pending(1, 1000))
    assert bodies(outbox) == [b"two", b"one"]


def test_a_full_outbox_takes_nothing_and_says_so(path: Path) -> None:
    box = Outbox(path, max_bytes=100)
    box.put([passage(b"x" * 150)])
    with pytest.raises(Unavailable, match="full"):
        box.put([passage(b"y", key="late", tag_reads=1)])
    assert box.counters() == {}
    box.done(box.pending(1, 1000))
    assert box.put([passage(b"y", key="late", tag_reads=1)]) == 1
    assert box.put([passage(b"z" * 200)], beyond_limit=True) == 1
    box.close()
    reopened = Outbox(path, max_bytes=100)
    with pytest.raises(Unavailable):
        reopened.put([passage(b"y")])
    reopened.close()


def test_an_unfinished_passage_is_kept_once(outbox: Outbox) -> None:
    outbox.keep_unfinished("gate", b"old")
    outbox.keep_unfinished("gate", b"state")
    assert outbox.take_unfinished("gate") == b"state"
    assert outbox.take_unfinished("gate") is None


def test_two_edges_cannot_share_an_outbox(outbox: Outbox, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "_LOCK_SECONDS", 0.05)
    with pytest.raises(Conflict, match="another process"):
        Outbox(path)
    outbox.put([passage(b"still works")])


@pytest.mark.parametrize("kind", ["text", "folder", "newer"])
def test_a_file_that_is_no_outbox_is_refused(path: Path, kind: str) -> None:
    if kind == "text":
        path.write_text("This is a letter to a friend, and quite a long one. " * 200)
    elif kind == "folder":
        path.mkdir()
    else:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
    with pytest.raises(InvalidSetting) as caught:
        Outbox(path)
    assert caught.value.place == str(path)
    assert caught.value.remedy


def test_a_disk_that_fails_is_unavailable_and_changes_nothing(outbox: Outbox) -> None:
    outbox.put([passage(b"one")])
    pages = outbox._connection.execute("PRAGMA page_count").fetchone()[0]
    outbox._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable, match="full"):
        outbox.put([passage(b"x" * 100_000)])
    assert (bodies(outbox), len(outbox)) == ([b"one"], 1)
    outbox._connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    assert outbox.put([passage(b"x" * 100_000)]) == 1


@given(st.lists(st.sampled_from(["put", "done", "failed", "later", "reopen"]), max_size=15))
@settings(max_examples=15, deadline=None)
def test_every_event_is_either_waiting_or_done_or_dead(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("box") / "outbox.db"
    box, given_in, gone, count = Outbox(path), set[bytes](), set[bytes](), 0
    for act in acts:
        head = box.pending(2, 1000)
        if act == "put":
            count += 1
            events = (b"%d/a" % count, b"%d/b" % count)
            box.put([passage(*events, events=2)])
            given_in |= set(events)
        elif act == "done":
            box.done(head)
            gone |= {entry.body for entry in head}
        elif act == "failed" and head:
            box.failed(head[0], "no", 1)
        elif act == "later":
            box.later(head)
        else:
            box.close()
            box = Outbox(path)
        waiting, dead = bodies(box), [dead.body for dead in box.dead()]
        assert sorted([*waiting, *dead, *gone]) == sorted(given_in)
        assert len(box) == len(waiting)
        assert box.counters().get("events", 0) == len(given_in)
    box.close()


WRITER = """
import sys
from pathlib import Path
from suyuan.readers.outbox import Outbox, Recording
box = Outbox(Path(sys.argv[1]))
for number in range(10**9):
    box.put([Recording("gate", str(number), (b"%d/a" % number, b"%d/b" % number), {"events": 2})])
    print(number, flush=True)
"""


def test_what_was_put_survives_kill_9_whole_passages_only(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(50)][-1]
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split("\n")[:-1]  # a line cut off by the kill has no newline
    told = int(rest[-1]) if rest else told
    box = Outbox(path)
    stored = bodies(box)
    assert len(stored) >= 2 * (told + 1)
    assert stored == [b"%d/%s" % (n, part) for n in range(len(stored) // 2) for part in (b"a", b"b")]
    assert box.counters() == {"events": len(stored)}
    box.close()
