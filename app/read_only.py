"""The writer of a database that this version only reads: PostgreSQL (docs/reference/limits.md)."""

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
            "this version reads PostgreSQL but does not write it", remedy="capture into a server with its data folder"
        )
