"""The writer of a ledger that is only read: a folder that a command looks at, a replica, a role that may not write."""

from __future__ import annotations

from typing import Any, TypeVar

from suyuan.base.errors import Unavailable

T = TypeVar("T")


class ReadOnlyWriter:
    """Refuses every change and says why."""

    @property
    def ready(self) -> bool:
        """Always: there is nothing to wait for."""
        return True

    async def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to end."""

    async def call(self, operation: str, parameters: Any, result: type[T]) -> T:
        """Refuses."""
        raise Unavailable(
            "this server only reads: its database is a standby, or its role may not write",
            remedy="send it to a server that captures",
        )
