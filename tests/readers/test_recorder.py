"""Group commit: many gates, few fsyncs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from suyuan.readers.outbox import Outbox, Recording
from suyuan.readers.recorder import Recorder


def passage(number: int) -> Recording:
    return Recording("gate", str(number), (b"%d" % number,), {"passages": 1})


async def test_who_comes_during_a_commit_shares_the_next_one(tmp_path: Path) -> None:
    outbox, commits = Outbox(tmp_path / "outbox.db"), list[int]()
    recorder = Recorder(outbox, lambda: commits.append(len(outbox)))
    await asyncio.gather(*(recorder.record([passage(number)]) for number in range(100)))
    assert len(outbox) == 100
    assert len(commits) <= 2
    outbox.close()


async def test_a_gate_that_is_cancelled_takes_no_other_gate_with_it(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    recorder = Recorder(outbox, lambda: None)
    gates = [asyncio.create_task(recorder.record([passage(number)])) for number in range(10)]
    await asyncio.sleep(0)
    gates[0].cancel()
    results = await asyncio.gather(*gates, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [True] + [False] * 9
    assert [int(entry.body) for entry in outbox.pending(100, 1000)] == list(range(10))
    outbox.close()


async def test_while_the_outbox_is_full_the_last_call_stores_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suyuan.readers.recorder._RETRY_SECONDS", 0.01)
    outbox = Outbox(tmp_path / "outbox.db", max_bytes=1)
    recorder = Recorder(outbox, lambda: None)
    await recorder.record([passage(1)])
    late = asyncio.create_task(recorder.record([passage(2)]))
    await asyncio.sleep(0.05)
    assert not late.done()
    recorder.last_call()
    await late
    assert len(outbox) == 2
    outbox.close()


async def test_a_disk_that_fails_for_good_is_tried_again_until_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suyuan.readers.recorder._RETRY_SECONDS", 0.01)
    outbox = Outbox(tmp_path / "outbox.db")
    recorder = Recorder(outbox, lambda: None)
    recorder.last_call()
    outbox.close()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(recorder.record([passage(1)]), 0.1)
