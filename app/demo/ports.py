"""Free TCP ports on this machine."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable, Iterator
from typing import Final

from suyuan.base.errors import InvalidSetting

HOST: Final = "127.0.0.1"
USUAL_PORT: Final = 8000
#: Below the ports that systems give to outgoing connections (Linux from 32768, IANA from 49152): a client that tries
#: a reader which is down would else now and then be connected to itself, and take the reader's port for good.
_FIRST, _LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a server could listen on it now."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def reader_ports(names: Iterable[str], known: dict[str, int], server: int) -> dict[str, int]:
    """A port for each name, not the server's: the one it is known by where that is still free, else another."""
    fresh = (port for port in _fresh() if port != server and port not in known.values())
    kept = {name: port for name, port in known.items() if port != server and is_free(port)}
    return {name: kept.get(name) or next(fresh) for name in names}


def server_port(wanted: int | None, known: int) -> int:
    """The wanted port; without a wish the last one, 8000, or any. `InvalidSetting` where the wanted one is taken."""
    if wanted:
        if not is_free(wanted):
            raise InvalidSetting(f"port {wanted} is taken", place="--port", remedy="choose another, or 0 for any")
        return wanted
    preferred = [] if wanted == 0 else [port for port in (known, USUAL_PORT) if port]
    return next((port for port in preferred if is_free(port)), 0) or next(_fresh())


def _fresh() -> Iterator[int]:
    """Free ports, from anywhere in the range, so that two demonstrations hardly meet."""
    start = random.randrange(_LAST - _FIRST)
    for step in range(_LAST - _FIRST):
        port = _FIRST + (start + step) % (_LAST - _FIRST)
        if is_free(port):
            yield port
    raise InvalidSetting(f"no TCP port from {_FIRST} to {_LAST} is free")
