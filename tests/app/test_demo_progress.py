"""What the demonstration says: plain lines where nobody can see a bar move, one moving line on a terminal."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from suyuan.app.demo import progress as progress_module
from suyuan.app.demo.progress import Voice


def spoken(*, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    """Everything that a short piece of work says."""
    monkeypatch.setattr(progress_module, "_EVERY", 0.0)
    stream = io.StringIO()
    voice = Voice(Console(file=stream, force_terminal=terminal, width=100, color_system=None))
    with voice.step("goods [move]") as step:
        step.count(3, 9)
        step.count(9, 9, "all [there]")
        voice.say("beside [it]")
    return stream.getvalue()


def test_lines_in_a_file_have_seconds_counts_and_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = spoken(terminal=False, monkeypatch=monkeypatch).splitlines()
    assert [re.sub(r"^\[ +\d+\.\d s\] ", "", line) for line in lines] == [
        "goods [move]",
        "  3 of 9: goods [move]",
        "  9 of 9: goods [move] (all [there])",
        "beside [it]",
        "  done: goods [move] (all [there])",
    ]


def test_a_terminal_keeps_only_what_came_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    said = spoken(terminal=True, monkeypatch=monkeypatch)
    assert "done: goods [move] (all [there])" in said
    assert "beside [it]" in said
    assert "3 of 9" not in said


def test_little_is_said_about_a_step_that_is_quick() -> None:
    stream = io.StringIO()
    with Voice(Console(file=stream)).step("quick") as step:
        for number in range(100):
            step.count(number, 100)
    assert len(stream.getvalue().splitlines()) == 2
