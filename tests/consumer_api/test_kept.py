"""Bodies are kept for a second of one version, and never beyond their share of memory."""

from __future__ import annotations

import pytest

from suyuan.base.errors import NotFound
from suyuan.consumer_api import kept
from suyuan.consumer_api.kept import Kept


class Counter:
    """Makes bodies and counts them; its clock and version are set by the test."""

    def __init__(self, size: int = 1) -> None:
        self.made = 0
        self.time = 0
        self.version = 0
        self.size = size
        self.kept = Kept(lambda: self.version, lambda: self.time)

    def body(self) -> bytes:
        self.made += 1
        return b"%d" % self.made * self.size

    def get(self, key: str = "a") -> bytes:
        return self.kept.get(key, self.body)


def test_a_body_is_made_once_a_second() -> None:
    counter = Counter()
    assert [counter.get(), counter.get()] == [b"1", b"1"]
    counter.time = kept.KEPT_MICROSECONDS
    assert [counter.get(), counter.get()] == [b"2", b"2"]


def test_a_recall_is_on_the_page_at_once() -> None:
    counter = Counter()
    counter.get()
    counter.version += 1
    assert counter.get() == b"2"


def test_a_clock_that_goes_back_keeps_nothing_for_ever() -> None:
    counter = Counter()
    counter.time = 10**12
    counter.get()
    counter.time = 0
    assert counter.get() == b"2"


def test_without_a_version_nothing_is_kept() -> None:
    counter = Counter()
    counter.kept = Kept()
    assert [counter.get(), counter.get()] == [b"1", b"2"]


def test_what_fails_is_not_kept() -> None:
    counter = Counter()

    def fail() -> bytes:
        raise NotFound

    with pytest.raises(NotFound):
        counter.kept.get("a", fail)
    assert counter.get("a") == b"1"


def test_the_oldest_go_where_there_are_too_many_bytes() -> None:
    counter = Counter(size=kept.MOST_BYTES // 4)
    for key in "abcdefgh":
        counter.get(key)
    made = counter.made
    assert counter.get("h")
    assert counter.made == made
    counter.get("a")
    assert counter.made == made + 1
    counter.size = kept.MOST_BYTES + 1
    assert len(counter.get("huge")) > kept.MOST_BYTES
    assert counter.get("huge")
