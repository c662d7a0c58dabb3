"""The shell around the writer: a process that serves a socket to its parent and dies with it.

Frames are a 4-byte big-endian length and MessagePack; the first is the writer's `HELLO`. The parent holds the other
end of the socket: when the parent dies, even by SIGKILL, the kernel closes it, the writer finishes the group at hand
and ends, and its lock is free.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec
import structlog

from suyuan.base.errors import Unavailable
from suyuan.trace.writer import Reply, Request, Writer

log = structlog.get_logger(__name__)

#: Most bytes of requests in one transaction: bounds the time that a small request waits behind large ones.
GROUP_BYTES = 8 * 1024 * 1024
#: Most requests in one transaction.
GROUP_REQUESTS = 512
#: Seconds between two signatures while leaves keep coming. A proof that cannot wait asks for one.
SIGNING_INTERVAL = 0.5

#: Exit code of a writer that must not be started again: the database contradicts what was signed.
STOPPED = 3

#: Id of the reply that answers nothing: the writer has the lock and the database, and takes requests.
HELLO = 0

_LENGTH = struct.Struct(">I")


def pack(message: Request | Reply) -> bytes:
    """One frame."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


class Inbox:
    """Cuts a byte stream into requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._decoder = msgspec.msgpack.Decoder(Request)

    def feed(self, data: bytes) -> None:
        """Add what arrived."""
        self._buffer += data

    def take(self) -> list[Request]:
        """Whole requests for one group, in order of arrival."""
        requests: list[Request] = []
        at = 0
        while len(requests) < GROUP_REQUESTS and at < GROUP_BYTES and len(self._buffer) - at >= _LENGTH.size:
            end = at + _LENGTH.size + _LENGTH.unpack_from(self._buffer, at)[0]
            if len(self._buffer) < end:
                break
            requests.append(self._decoder.decode(bytes(self._buffer[at + _LENGTH.size : end])))
            at = end
        del self._buffer[:at]
        return requests


def serve(writer: Writer, parent: socket.socket, clock: Callable[[], float] = time.monotonic) -> None:
    """Say hello, then carry out the parent's requests until it closes the socket; sign on the way."""
    _answer(parent, [Reply(HELLO, b"")])
    inbox = Inbox()
    signed = clock()
    with selectors.DefaultSelector() as selector:
        selector.register(parent, selectors.EVENT_READ)
        while True:
            alive = _read(parent, inbox, selector, SIGNING_INTERVAL if writer.unpublished else None)
            while requests := inbox.take():
                _answer(parent, writer.execute(requests))
            if writer.unpublished and (not alive or clock() - signed >= SIGNING_INTERVAL):
                with suppress(Unavailable):  # it was logged, and what is committed waits for the next turn
                    writer.publish()
                signed = clock()
            if not alive:
                return


def _read(parent: socket.socket, inbox: Inbox, selector: selectors.BaseSelector, timeout: float | None) -> bool:
    """Wait for bytes, then take what is there, up to a group's worth. False when the parent is gone."""
    if not selector.select(timeout):
        return True
    taken = 0
    while taken < GROUP_BYTES:
        try:
            data = parent.recv(1024 * 1024)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        if not data:
            return False
        inbox.feed(data)
        taken += len(data)
    return True


def _answer(parent: socket.socket, replies: list[Reply]) -> None:
    """Send the answers. A parent that is gone no longer needs them: what they confirm is committed."""
    parent.setblocking(True)
    try:
        parent.sendall(b"".join(map(pack, replies)))
    except ConnectionError:
        log.info("writer.parent_gone")
    finally:
        parent.setblocking(False)
