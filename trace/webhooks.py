"""Reports to a subscriber's address: one POST each, signed, to nowhere that the operator has not opened.

A subscriber names an address and this server calls it, from inside the operator's network: so it calls public addresses
only, and those networks that the operator has named. What counts is the address that a name leads to at the moment of
the call, so a name that changes its mind leads nowhere either. No redirect is followed and no proxy asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

from suyuan.base.errors import InvalidSetting, InvalidSubscription

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
#: IPv6 addresses that mean the IPv4 address in their last 32 bits (RFC 6052).
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
#: Reports under way at once to receivers that answer soon, and to those that failed or were slow the last time.
_CONNECTIONS, _DOUBTFUL = 64, 16
#: The same of one firm: its own receivers wait for each other before anybody else's do.
_CONNECTIONS_EACH, _DOUBTFUL_EACH = 8, 4
#: Names looked up at once: more than there are doubtful receivers.
_LOOKUPS = 32
#: Seconds for a connection, and for the whole of a report.
_CONNECT, _TOTAL = 10.0, 30.0
#: So much of an answer is read, so that its connection can be used again; what is longer costs the connection.
_ANSWER_BYTES: Final = 4_096
#: Seconds that what follows an answer's status may take: it says nothing.
_REST: Final = 1.0
#: A receiver's wish (Retry-After, seconds) is followed up to this.
_LONGEST_WISH: Final = 300.0


class Reach(msgspec.Struct, frozen=True):
    """Which addresses reports may go to: public ones, and these networks."""

    networks: tuple[Network, ...] = ()

    def allows(self, address: str) -> bool:
        """Whether a report may go to this IP address."""
        try:
            found = _plain(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if any(found in network for network in self.networks if network.version == found.version):
            return True
        return found.is_global and not found.is_multicast

    def check(self, dest: str) -> None:
        """Refuse an address that is written as a number and lies outside; names are looked up when they are called.

        Digits that only look like an address ("127.1") lie outside too: an operating system may know what they mean.
        """
        host = urlsplit(dest).hostname or ""
        if not dest.isascii():  # other scripts have digits as well
            raise InvalidSubscription("the address is not ASCII", place="dest", remedy="give an https URL")
        if ":" not in host and not host.replace(".", "").isdigit():
            return
        if not self.allows(host):
            raise InvalidSubscription(
                f"{host} is not a public address", place="dest",
                remedy="the operator can open a network with the setting webhook_networks",
            )  # fmt: skip


def reach_of(networks: str, *, own_machine: bool) -> Reach:
    """The reach that a setting such as ``10.0.0.0/8, fd00::/8`` opens; with ``own_machine`` loopback beside it."""
    found = []
    for text in [word.strip() for word in networks.split(",") if word.strip()]:
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError as error:
            raise InvalidSetting(str(error), place="webhook_networks", remedy="such as 10.0.0.0/8, fd00::/8") from None
    own = [ipaddress.ip_network(text) for text in _LOOPBACK] if own_machine else []
    return Reach((*found, *own))


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One report. ``sequence`` is 0 for a problem document, which counts for nothing; ``owner`` the firm it goes to."""

    owner: str
    dest: str
    subscription_id: str
    query_name: str
    sequence: int
    media_type: str
    body: bytes
    token: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a report: ``status`` is 0 when there was no answer, ``wait`` the receiver's wish in seconds.

    ``seconds`` is what an answer took.
    """

    status: int
    problem: str = ""
    wait: float = 0.0
    seconds: float = 0.0

    @property
    def delivered(self) -> bool:
        """Whether the receiver has acknowledged it."""
        return 200 <= self.status < 300


def signature(token: str, body: bytes) -> str:
    """``GS1-Signature``: HMAC-SHA256 of the body under the subscriber's token, in hexadecimal."""
    return "sha256=" + hmac.new(token.encode(), body, hashlib.sha256).hexdigest()


class _Places:
    """Places for reports under way: so many in all, and so many of one firm."""

    def __init__(self, most: int, each: int) -> None:
        self._all = asyncio.Semaphore(most)
        self._each: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(each))

    @asynccontextmanager
    async def one(self, owner: str) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        async with self._each[owner], self._all:
            yield


class Webhooks:
    """Sends reports. A receiver that hangs holds one of its firm's places for doubtful ones, never those of others."""

    def __init__(self, reach: Reach, total: float = _TOTAL) -> None:
        self.reach = reach
        self._total = total
        self._session: aiohttp.ClientSession | None = None
        self._places = _Places(_CONNECTIONS, _CONNECTIONS_EACH)
        self._doubtful = _Places(_DOUBTFUL, _DOUBTFUL_EACH)

    async def close(self) -> None:
        """Let all connections go."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, message: Message, *, doubtful: bool = False) -> Outcome:
        """Send a report and wait for the answer. Raises nothing but cancellation."""
        places = self._doubtful if doubtful else self._places
        async with places.one(message.owner):
            began = asyncio.get_running_loop().time()
            try:
                outcome = await self._post(message)
                return msgspec.structs.replace(outcome, seconds=asyncio.get_running_loop().time() - began)
            except InvalidSubscription as refusal:
                return Outcome(0, refusal.detail)
            except TimeoutError:
                return Outcome(0, f"no answer in {self._total:g} seconds")
            except aiohttp.ClientConnectorError as error:
                return Outcome(0, f"no connection: {error.os_error}"[:300])
            except (aiohttp.ClientError, OSError, ValueError) as error:
                return Outcome(0, f"{type(error).__name__}: {error}"[:300])

    async def _post(self, message: Message) -> Outcome:
        self.reach.check(message.dest)
        headers = {
            "Content-Type": message.media_type, "GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0",
            "Suyuan-Subscription": message.subscription_id, "User-Agent": "suyuan",
        }  # fmt: skip
        if message.sequence:
            headers["Suyuan-Sequence"] = str(message.sequence)
        if message.token:
            headers["GS1-Signature"] = signature(message.token, message.body)
        session = self._session = self._session or self._open()
        async with session.post(message.dest, data=message.body, headers=headers, allow_redirects=False) as answer:
            await _take_rest(answer)
            if 200 <= answer.status < 300:
                return Outcome(answer.status)
            return Outcome(answer.status, f"the receiver answered {answer.status}", _wish(answer.headers))

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_Guarded(self.reach), limit=_CONNECTIONS + _DOUBTFUL, use_dns_cache=False
            ),
            timeout=aiohttp.ClientTimeout(total=self._total, sock_connect=min(_CONNECT, self._total)),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )


class _Guarded(AbstractResolver):
    """Names of hosts, as far as they lead to where reports may go.

    In threads of its own: names that nobody answers for hold up neither other receivers nor the rest of the server.
    """

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._pool = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="webhooks")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        look = partial(socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._pool, look)
        allowed = [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
            if self._reach.allows(str(address[0]))
        ]  # fmt: skip
        if not allowed:
            raise OSError(f"{host[:100]} leads to no address that reports may go to (setting webhook_networks)")
        return allowed

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


async def _take_rest(answer: aiohttp.ClientResponse) -> None:
    """Read what follows the status, so that the connection can be used again; what is long or late costs it.

    The status has said it all: an answer that breaks off behind a 2xx is an acknowledgement still.
    """
    try:
        async with asyncio.timeout(_REST):
            whole = len(await answer.content.read(_ANSWER_BYTES)) < _ANSWER_BYTES
    except (aiohttp.ClientError, TimeoutError):
        whole = False
    if not whole:
        answer.close()


def _wish(headers: Mapping[str, str]) -> float:
    value = headers.get("Retry-After", "")
    return min(float(value), _LONGEST_WISH) if value.isdecimal() and len(value) < 10 else 0.0
