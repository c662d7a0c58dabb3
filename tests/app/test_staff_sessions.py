"""Sessions: what a cookie opens, and for how long."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.app.staff.sessions import FOLDER, IDLE, LONGEST, Session, Sessions, form_token, is_form_token
from suyuan.base.errors import Unavailable

MINUTE = 60_000_000


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000_000

    def __call__(self) -> int:
        """Microseconds UTC."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def sessions(tmp_path: Path, clock: Clock) -> Sessions:
    """Sessions of a fresh folder."""
    return Sessions(tmp_path, clock)


def test_a_token_opens_its_session_until_somebody_logs_out(sessions: Sessions, clock: Clock) -> None:
    token, other = sessions.open("key1"), sessions.open("key2")
    assert sessions.find(token) == Session("key1", clock.now)
    sessions.close(token)
    sessions.close(token)
    assert sessions.find(token) is None
    assert sessions.find(other) == Session("key2", clock.now)


def test_another_process_on_the_folder_knows_the_session(sessions: Sessions, tmp_path: Path, clock: Clock) -> None:
    assert Sessions(tmp_path, clock).find(sessions.open("key1")) is not None


def test_an_unused_session_ends_and_a_used_one_goes_on(sessions: Sessions, clock: Clock) -> None:
    used, unused = sessions.open("key1"), sessions.open("key2")
    for _ in range(2):
        clock.now += IDLE - MINUTE
        assert sessions.find(used) is not None
    assert sessions.find(unused) is None


def test_a_session_ends_after_a_long_shift_however_much_it_is_used(sessions: Sessions, clock: Clock) -> None:
    token, begun = sessions.open("key1"), clock.now
    while clock.now - begun < LONGEST:
        assert sessions.find(token) is not None
        clock.now += IDLE // 2
    assert sessions.find(token) is None


def test_a_use_within_a_minute_writes_nothing(sessions: Sessions, clock: Clock, tmp_path: Path) -> None:
    token = sessions.open("key1")
    (file,) = (tmp_path / FOLDER).iterdir()
    before = file.stat().st_mtime_ns
    clock.now += MINUTE - 1
    assert sessions.find(token) is not None
    assert file.stat().st_mtime_ns == before


def test_whoever_reads_the_folder_learns_no_token(sessions: Sessions, tmp_path: Path) -> None:
    token = sessions.open("key1")
    folder = tmp_path / FOLDER
    (file,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token not in file.name
    assert token.encode() not in file.read_bytes()
    assert sessions.find(file.name) is None


def test_ended_sessions_and_rubbish_are_cleared_away_but_not_what_is_being_written(
    sessions: Sessions, clock: Clock, tmp_path: Path
) -> None:
    sessions.open("key1")
    folder = tmp_path / FOLDER
    (folder / "rubbish").write_text("{")
    (folder / ".half-written").write_text("{")
    clock.now += IDLE
    sessions.open("key2")
    assert len(list(folder.iterdir())) == 2
    assert (folder / ".half-written").exists()


def test_a_folder_that_cannot_be_written_is_no_bug(sessions: Sessions, tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("in the way")
    with pytest.raises(Unavailable, match="the login cannot be kept"):
        sessions.open("key1")


@given(st.text(max_size=60))
def test_what_is_no_token_opens_nothing(text: str) -> None:
    sessions = Sessions(Path("/nonexistent"))
    assert sessions.find(text) is None
    sessions.close(text)


def test_a_forms_token_belongs_to_one_session(sessions: Sessions) -> None:
    one, other = sessions.open("key1"), sessions.open("key1")
    assert is_form_token(one, form_token(one))
    assert not is_form_token(one, form_token(other))
    assert not is_form_token(one, "")
    assert not is_form_token(one, "批")
