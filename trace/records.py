"""Master data as a view knows it, record by record: a page needs five of a city's hundred thousand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

import msgspec
from sqlalchemy import Connection, text

T = TypeVar("T")

_ONE = text("SELECT body FROM master_data WHERE kind = :kind AND key = :key AND idx < :size ORDER BY idx DESC LIMIT 1")
_ALL = text("SELECT key, body FROM master_data WHERE kind = :kind AND idx < :size ORDER BY idx")


class Records(Mapping[str, T], Generic[T]):
    """Records of one kind by canonical name, the latest version below ``size``. What was asked for is remembered."""

    def __init__(self, connection: Connection, size: int, kind: str, record: type[T]) -> None:
        self._connection = connection
        self._bound = {"kind": kind, "size": size}
        self._record = record
        self._known: dict[str, T | None] = {}

    def __getitem__(self, key: str) -> T:
        if key not in self._known:
            body = self._connection.scalar(_ONE, {**self._bound, "key": key})
            self._known[key] = None if body is None else msgspec.json.decode(body, type=self._record)
        found = self._known[key]
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        """All names: this reads everything."""
        bodies = {row[0]: row[1] for row in self._connection.execute(_ALL, self._bound)}
        self._known |= {key: msgspec.json.decode(body, type=self._record) for key, body in bodies.items()}
        return iter(bodies)

    def __len__(self) -> int:
        return sum(1 for _ in self)
