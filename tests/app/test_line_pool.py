"""Many lines, answered by several processes in their order."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator

import pytest

from suyuan.app import line_pool
from suyuan.app.identifier_lines import Group, Options
from suyuan.app.line_pool import answers
from suyuan.base.errors import Unavailable

GROUPS = [
    Group(b"".join(b"(01)09506000134352(21)%d\n" % (100 * part + n) for n in range(100)), True) for part in range(20)
]


def serials(written: Iterator[bytes]) -> list[int]:
    return [int(json.loads(line)["element_string"][22:]) for part in written for line in part.splitlines()]


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_pool, "_ALONE", 2)
    monkeypatch.setattr(line_pool, "_cores", lambda: 2)


@pytest.mark.usefixtures("_impatient")
def test_answers_of_several_processes_stand_in_the_order_of_the_lines() -> None:
    assert serials(answers(iter(GROUPS), Options())) == list(range(2000))
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("_impatient")
def test_one_who_waits_for_an_answer_gets_it_before_the_next_question() -> None:
    asked: list[int] = []

    def questions() -> Iterator[Group]:
        for number, group in enumerate(GROUPS[:4] + [Group(b"(00)095201234567891235\n", False)] * 3):
            asked.append(number)
            yield group

    for answered, _ in enumerate(answers(questions(), Options())):
        assert answered < 4 or asked[-1] == answered


@pytest.mark.usefixtures("_impatient")
def test_few_lines_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_pool, "ProcessPoolExecutor", None)
    for count in range(3):
        assert serials(answers(iter(GROUPS[:count]), Options())) == list(range(100 * count))


def test_one_core_does_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_pool, "_ALONE", 1)
    monkeypatch.setattr(line_pool, "_cores", lambda: 1)
    monkeypatch.setattr(line_pool, "ProcessPoolExecutor", None)
    assert serials(answers(iter(GROUPS), Options())) == list(range(2000))


@pytest.mark.usefixtures("_impatient")
def test_a_process_that_dies_is_said() -> None:
    def groups() -> Iterator[Group]:
        yield from GROUPS
        for child in multiprocessing.active_children():
            os.kill(child.pid or 0, signal.SIGKILL)
        yield from GROUPS

    with pytest.raises(Unavailable, match="process"):
        serials(answers(groups(), Options()))


def test_a_process_of_the_pool_answers_and_leaves_ctrl_c_to_its_parent() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        line_pool._begin(Options())
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        assert b'"hex"' in line_pool._answer(b"3074257BF7194E4000001A85\n")
    finally:
        signal.signal(signal.SIGINT, before)
        line_pool._answerers.clear()
    assert line_pool._cores() >= 1
