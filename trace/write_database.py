"""What operations of the writer ask of a database, the same on SQLite and on PostgreSQL.

Statements have ``?`` for each value and are of the SQL that both understand. Bulk inserts go past SQLAlchemy: the
driver's own way is four times as quick (DESIGN section 4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Literal, Protocol

from sqlalchemy import Table

from suyuan.chain.store import LogReader

#: What a column of look-up keys holds.
Kind = Literal["bigint", "text"]
#: Where a statement of `WriteDatabase.by_keys` has its keys.
KEYS: Final = "{keys}"


class Rows(Protocol):
    """Rows that a statement gives, as tuples."""

    def fetchone(self) -> Any:
        """The next row; None after the last."""

    def fetchall(self) -> list[Any]:
        """All that are left."""

    def __iter__(self) -> Iterator[Any]:
        """One after the other."""


class WriteDatabase(Protocol):
    """The one connection that a writer writes through. Not thread-safe."""

    @property
    def shared(self) -> bool:
        """Whether other writers may write to it too."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What the driver raises when the database cannot do its work now: a full disk, a lock, a lost connection."""

    @property
    def refusals(self) -> tuple[type[Exception], ...]:
        """What the driver raises for a value that the database cannot hold, such as U+0000 in text."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Rows:
        """Run one statement."""

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row of values."""

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows in bulk; each has the table's columns in its order. No rows is nothing to do."""

    def by_keys(self, sql: str, kinds: Sequence[Kind], keys: Sequence[Sequence[Any]], *more: Any) -> Rows:
        """Run ``SELECT ... FROM {keys} table ON table.column = f.a AND ... = f.b`` for many keys in one statement.

        ``kinds`` are those of the keys' columns, which are called a, b, c. ``more`` are the values of further ``?``,
        which stand behind the keys.
        """

    def begin(self) -> bool:
        """Begin a transaction as the only one who writes; whether anyone else has written since our last commit.

        What was known of the ledger's end (its size, the next ids) must be read again where this is true.
        """

    def commit(self) -> None:
        """Make it durable. Where this raises one of `failures`, the outcome may be unknown."""

    def rollback(self) -> None:
        """Take everything back. Raises nothing: a connection that is lost has rolled back."""

    def log(self) -> AbstractContextManager[LogReader]:
        """The log as it is now; in a transaction, as that sees it."""

    def signing(self) -> AbstractContextManager[None]:
        """While this is held nobody else signs this log. What is written within is durable at its end."""

    def maintain(self, size: int) -> None:
        """What the database needs now and then as the log grows; called between transactions. Raises nothing."""

    def close(self) -> None:
        """Let the connection go."""


def column_names(table: Table) -> str:
    """The columns in their order, as SQL."""
    return ", ".join(f'"{column.name}"' for column in table.columns)


def key_names(kinds: Sequence[Kind]) -> str:
    """What the columns of keys are called."""
    return "abc"[: len(kinds)]
