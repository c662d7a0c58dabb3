"""Bodies kept for a moment, so that a code that everybody scans costs one journey a second and not one a scan.

A body is given out again only while the ledger's *version* is the one that it was made from: no recall is ever late
on a page because of this. Without a version nothing is kept. Kept in memory only: nothing to clean up after a crash.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from suyuan.base import clock
from suyuan.base.clock import Clock

#: How long a body is given out again, in microseconds.
KEPT_MICROSECONDS = 1_000_000
#: Most bytes kept: some thousand pages. The JSON of a long chain may be a megabyte, so bodies aren't counted by number.
MOST_BYTES = 32 * 1024 * 1024


class Kept:
    """The latest bodies by what was asked for; safe to use from several threads."""

    def __init__(self, version: Callable[[], Hashable] | None = None, now: Clock = clock.now) -> None:
        """*version* gives anything that changes when an answer may change; *now* is the clock that bodies age by."""
        self._version = version
        self._now = now
        self._lock = threading.Lock()
        self._bytes = 0
        self._bodies: OrderedDict[Hashable, tuple[int, bytes]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The kept body, or what *make* makes now; what it raises is raised and not kept."""
        if self._version is None:
            return make()
        # Read before the body is made: a change in between makes a key that is never asked for again.
        key, now = (self._version(), key), self._now()
        with self._lock:
            found = self._bodies.get(key)
        if found and 0 <= now - found[0] < KEPT_MICROSECONDS:
            return found[1]
        # Made outside the lock: two threads may both make it, which is cheaper than all waiting for one.
        body = make()
        self._put(key, now, body)
        return body

    def _put(self, key: Hashable, now: int, body: bytes) -> None:
        """Keep the body as the youngest and let the oldest go where there are too many bytes."""
        with self._lock:
            _, replaced = self._bodies.pop(key, (0, b""))
            self._bodies[key] = (now, body)
            self._bytes += len(body) - len(replaced)
            while self._bytes > MOST_BYTES:
                _, (_, oldest) = self._bodies.popitem(last=False)
                self._bytes -= len(oldest)
