"""Delivery: from the outbox to the server's ``POST /epcis/capture`` (EPCIS 2.0, 8.2.7), at least once.

The server is idempotent (an event's ID is its hash), so at least once here is exactly once in the ledger. An event is
deleted from the outbox only after the capture job says that it succeeded; a crash before that sends it again.

What the answer means for the events that were sent:

=================================  ==================================================================================
202 and the job succeeded          they are in the ledger: forget them
400, 409, 422, or the job failed   one of them is bad: halve until it is alone, keep it as dead, go on with the others
413                                too many at once: halve; one alone that is too large is dead
500                                perhaps one of them trips the server: halve, and let the tripping one wait
401, 403, 404 and other 3xx, 4xx   our key or address is wrong, not the events: keep everything, say so, ask again later
429, 502-504, no answer            later, with back-off and jitter, for ever
=================================  ==================================================================================
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec
import structlog
from msgspec import Struct

from suyuan.base.clock import Clock, format_time, now
from suyuan.base.errors import InvalidSetting, Unavailable
from suyuan.readers.outbox import Entry, Outbox

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_MEDIA_TYPE: Final = "application/ld+json"
#: Answers that say that the events themselves are at fault.
_REFUSED: Final = frozenset({400, 409, 422})
#: Answers that say nothing but "later".
_BUSY: Final = frozenset({408, 425, 429, 502, 503, 504})
#: So much of a server's answer is read and kept; a problem document is far smaller.
_ANSWER_BYTES: Final = 1 << 20
_PROBLEM_CHARACTERS: Final = 2000
#: However often a server says 413, a request may be this large; an event alone may be larger.
_LEAST_BYTES: Final = 16_384
#: A job is asked for so often, at most 5 s apart, before its events are sent again.
_JOB_ATTEMPTS: Final = 60
#: The server's wish (Retry-After) is followed up to this.
_LONGEST_WAIT_SECONDS: Final = 300.0

log = structlog.get_logger(__name__)


class DeliverySettings(Struct, frozen=True, kw_only=True):
    """Where and how to deliver. Times in seconds.

    ``max_events`` and ``max_bytes`` limit one request, ``first_wait`` to ``longest_wait`` is the back-off,
    ``hold_wait`` the pause while the server knows neither our key nor the address.
    """

    url: str
    max_events: int = 500
    max_bytes: int = 1_000_000
    timeout: float = 30.0
    first_wait: float = 0.2
    longest_wait: float = 30.0
    hold_wait: float = 30.0


class _Job(Struct, frozen=True):
    """The part of a capture job (EPCIS 2.0, 8.2.7.1) that decides whether the events are in the ledger."""

    running: bool
    success: bool


class _Refused(Exception):
    """The server won't take these events as they are."""

    def __init__(self, problem: str, *, too_large: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.too_large = too_large


class _Tripped(Exception):
    """The server failed (500) over these events."""


class _Later(Exception):
    """The server can't be reached or is busy; ``wait`` is its wish in seconds, 0 for none."""

    def __init__(self, problem: str, wait: float = 0.0) -> None:
        super().__init__(problem)
        self.wait = wait


class _Held(Exception):
    """The server doesn't accept who we are or where we knock: nothing can be delivered before someone acts."""


class Delivery:
    """Delivers the events of an outbox until told to stop."""

    def __init__(
        self,
        outbox: Outbox,
        settings: DeliverySettings,
        key: Callable[[], str],
        *,
        tls: ssl.SSLContext | None = None,
        clock: Clock = now,
    ) -> None:
        """``key`` gives the API key and is asked before each request, so that a rotated key needs no restart."""
        self._outbox = outbox
        self._settings = settings
        self._key = key
        self._tls = tls
        self._clock = clock
        self._more = asyncio.Event()
        self._stopping = asyncio.Event()
        self._failures = 0
        self._limit = settings.max_events
        self._most_bytes = settings.max_bytes
        self._held = False
        self.delivered = 0

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._more.set()

    def stop(self) -> None:
        """Finish what is under way, try once to deliver the rest, and return from `run`."""
        self._stopping.set()
        self._more.set()

    async def run(self) -> None:
        """Deliver for ever. Whatever the server or the disk does, this goes on until `stop`."""
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                waiting, pause = await self._round(session)
                if self._stopping.is_set() and (pause or not waiting):
                    return
                if pause:
                    await self._sleep(pause)
                elif not waiting:
                    await self._more.wait()

    async def _round(self, session: aiohttp.ClientSession) -> tuple[bool, float]:
        """Deliver one batch. Gives whether there was one, and how many seconds to wait before the next."""
        self._more.clear()
        batch: list[Entry] = []
        try:
            batch = await asyncio.to_thread(self._outbox.pending, self._limit, self._most_bytes)
            if batch:
                await self._deliver(session, batch)
                self._recovered()
        except _Held as error:
            if not self._held:
                log.error("delivery held", problem=str(error), url=self._settings.url, waiting=len(self._outbox))
            self._held = True
            return True, self._settings.hold_wait
        except (_Later, _Tripped, Unavailable) as error:
            return True, self._backoff(error)
        return bool(batch), 0.0

    async def _deliver(self, session: aiohttp.ClientSession, batch: Sequence[Entry]) -> None:
        """Deliver these, halving where the server refuses, so that each bad event is found and the others go on."""
        try:
            await self._post(session, batch)
        except _Refused as refusal:
            if len(batch) == 1:
                await self._bury(batch[0], refusal.problem)
                return
            if refusal.too_large:
                self._most_bytes = max(_LEAST_BYTES, sum(len(entry.body) for entry in batch) // 2)
            middle = len(batch) // 2
            await self._deliver(session, batch[:middle])
            await self._deliver(session, batch[middle:])
        except _Tripped:
            self._limit = max(1, len(batch) // 2)
            if len(batch) == 1:
                await asyncio.to_thread(self._outbox.later, batch)
            raise
        else:
            await asyncio.to_thread(self._outbox.done, batch)
            self.delivered += len(batch)

    async def _bury(self, entry: Entry, problem: str) -> None:
        await asyncio.to_thread(self._outbox.failed, entry, problem, self._clock())
        log.error("server refused an event", refused=_text(entry.body)[:500], problem=problem[:500])

    async def _post(self, session: aiohttp.ClientSession, batch: Sequence[Entry]) -> None:
        """One request; returns when the events are in the ledger, else raises what the answer means."""
        body = document([entry.body for entry in batch], self._clock())
        url = f"{self._settings.url.rstrip('/')}/epcis/capture"
        status, answer, headers = await self._ask(session, "POST", url, body)
        if status == 202:
            job = _read_job(answer)
            if job is None or job.running:
                job, answer = await self._wait_for(session, urljoin(url, headers.get("Location", "")), url)
            if not job.success:
                raise _Refused(f"the capture job failed: {_text(answer)}")
            return
        raise _meaning(status, answer, headers)

    async def _wait_for(self, session: aiohttp.ClientSession, location: str, url: str) -> tuple[_Job, bytes]:
        """Ask for a capture job until it is over. The key goes to the server that we were told to trust, only."""
        if location == url or urlsplit(location)[:2] != urlsplit(url)[:2]:
            raise _Held(f"202 without a finished job and without its place on the same server ({location[:200]!r})")
        for attempt in range(_JOB_ATTEMPTS):
            await self._sleep(min(self._settings.first_wait * 2**attempt, 5.0))
            status, answer, headers = await self._ask(session, "GET", location)
            job = _read_job(answer)
            if status != 200 or job is None:
                raise _Later(f"capture job: {status}: {_text(answer)}", _retry_after(headers))
            if not job.running:
                return job, answer
        raise _Later("the capture job doesn't end")

    async def _ask(
        self, session: aiohttp.ClientSession, method: str, url: str, body: bytes | None = None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Status, body and headers of an answer. No redirect is followed: the key would go with it."""
        try:
            key = self._key()
        except InvalidSetting as error:
            raise _Held(str(error)) from error
        headers = {
            "Authorization": f"Bearer {key}",
            "GS1-EPCIS-Version": "2.0.0",
            "GS1-CBV-Version": "2.0.0",
            "Accept": "application/json, application/problem+json",
            "Content-Type": _MEDIA_TYPE,
        }
        options: dict[str, Any] = {"ssl": self._tls} if self._tls is not None else {}
        try:
            async with session.request(
                method, url, data=body, headers=headers, allow_redirects=False, **options
            ) as response:
                answer = await response.content.read(_ANSWER_BYTES)
                while len(answer) < _ANSWER_BYTES and (more := await response.content.read(_ANSWER_BYTES)):
                    answer += more
                return response.status, answer, response.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _Later(f"{type(error).__name__}: {error}"[:_PROBLEM_CHARACTERS]) from error

    def _recovered(self) -> None:
        if self._failures or self._held:
            log.info("delivery works again", failures=self._failures, url=self._settings.url)
        self._failures, self._held = 0, False
        self._limit = min(self._settings.max_events, self._limit * 2)

    def _backoff(self, error: Exception) -> float:
        """Seconds to wait: doubling, with jitter so that a district's edges don't come back all at once."""
        self._failures += 1
        ceiling = min(self._settings.longest_wait, self._settings.first_wait * 2.0 ** min(self._failures, 30))
        wish = min(error.wait, _LONGEST_WAIT_SECONDS) if isinstance(error, _Later) else 0.0
        wait = max(wish, ceiling * random.uniform(0.5, 1.0))
        log.warning("delivery failed for now", problem=str(error), failures=self._failures, wait=round(wait, 2))
        return wait

    async def _sleep(self, seconds: float) -> None:
        """Wait so long, or until `stop`."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def document(events: Sequence[bytes], time_us: int) -> bytes:
    """An EPCISDocument (JSON-LD) around events that are JSON already; ``time_us`` is its creation date."""
    head = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": format_time(time_us // 1000 * 1000),
    }
    return msgspec.json.encode(head)[:-1] + b',"epcisBody":{"eventList":[' + b",".join(events) + b"]}}"


def _read_job(answer: bytes) -> _Job | None:
    try:
        return msgspec.json.decode(answer, type=_Job)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _meaning(status: int, answer: bytes, headers: Mapping[str, str]) -> Exception:
    """What a status other than 202 says about the events: see the table above."""
    problem = f"{status}: {_text(answer)}"
    if status in _REFUSED:
        return _Refused(problem)
    if status == 413:
        return _Refused(problem, too_large=True)
    if status == 500:
        return _Tripped(problem)
    if status in _BUSY or status > 500:
        return _Later(problem, _retry_after(headers))
    return _Held(problem)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3); its date form is left to our own back-off."""
    text = headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0.0


def _text(answer: bytes) -> str:
    return answer[:_PROBLEM_CHARACTERS].decode(errors="replace")
