"""Named queries (EPCIS 2.0, 12.6): stored by a firm, seen and run by its keys alone.

A name is unique among the live queries of its owner. Storing and deleting one are acts of the log; deleting one ends
the subscriptions to it in the same transaction.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec
from sqlalchemy import text

from suyuan.base.errors import Conflict, InvalidInput, NotFound, TooLarge
from suyuan.base.identity import Actor
from suyuan.epcis.query_parameters import Query, read_query
from suyuan.trace.acts import ActOperation, Recorded
from suyuan.trace.capture import closed_keys
from suyuan.trace.ledger import Ledger
from suyuan.trace.subscriptions import owner_of
from suyuan.trace.view import View
from suyuan.trace.writer import Transaction

#: Queries that every repository has (EPCIS 2.0, 8.2.7): their names can be neither taken nor deleted.
EVENT_QUERY, MASTER_DATA_QUERY = "SimpleEventQuery", "SimpleMasterDataQuery"
PREDEFINED: Final = (EVENT_QUERY, MASTER_DATA_QUERY)
#: Live queries of one owner.
MOST_OF_AN_OWNER = 1_000
_LONGEST_NAME = 200


class Definition(msgspec.Struct, frozen=True):
    """What a query asks: its parameters as JSON has them, and what the prefixes in them mean."""

    parameters: dict[str, Any]
    namespaces: dict[str, str] = {}

    def read(self) -> Query:
        """The parameters as a query; `InvalidInput` names a wrong one."""
        return read_query(self.parameters, self.namespaces)


class NamedQuery(msgspec.Struct, frozen=True):
    """A live query. ``idx`` is its log index, None of a predefined one; ``created`` in microseconds UTC."""

    name: str
    definition: Definition
    idx: int | None = None
    created: int = 0


class QueryStored(msgspec.Struct, frozen=True):
    """Parameters of `StoreQuery`."""

    actor: str
    owner: str
    name: str
    definition: Definition


class QueryDeleted(msgspec.Struct, frozen=True):
    """Parameters of `DeleteQuery`. ``idx`` is that of the query."""

    actor: str
    owner: str
    name: str
    idx: int


_LIVE = " AND NOT EXISTS (SELECT 1 FROM named_query_deleted d WHERE d.query = q.idx)"
_NAMES = "SELECT q.name FROM named_query q WHERE q.owner = ?" + _LIVE  # noqa: S608 - our words


class StoreQuery(ActOperation[QueryStored]):
    """Store a query. The leaf commits to what it asks by a digest: a firm's questions are its own."""

    name = "query-stored"
    parameters = QueryStored

    def check(self, transaction: Transaction, parameters: QueryStored) -> None:
        if closed := closed_keys(transaction, {parameters.actor}):
            raise closed[parameters.actor]
        live = transaction.db.execute(_NAMES, (parameters.owner,)).fetchall()
        if (parameters.name,) in {tuple(row) for row in live}:
            raise Conflict(
                f"there is a query {parameters.name[:60]!a} already",
                place="name",
                remedy="delete it, or choose another name",
            )
        if len(live) >= MOST_OF_AN_OWNER:
            raise TooLarge(f"at most {MOST_OF_AN_OWNER} queries of one firm are kept", remedy="delete one")

    def describe(self, parameters: QueryStored) -> tuple[str, bytes]:
        asks = hashlib.sha256(msgspec.json.encode(parameters.definition, order="sorted")).hexdigest()
        return parameters.actor, msgspec.json.encode({"asks": asks, "query": parameters.name})

    def write(self, transaction: Transaction, parameters: QueryStored, recorded: Recorded) -> None:
        transaction.db.execute(
            "INSERT INTO named_query (idx, owner, name, created, body) VALUES (?, ?, ?, ?, ?)",
            (recorded.index, parameters.owner, parameters.name, recorded.time,
             msgspec.json.encode(parameters.definition).decode()),
        )  # fmt: skip


class DeleteQuery(ActOperation[QueryDeleted]):
    """Delete a query, and end whatever subscribes to it."""

    name = "query-deleted"
    parameters = QueryDeleted

    def check(self, transaction: Transaction, parameters: QueryDeleted) -> None:
        gone = "SELECT 1 FROM named_query_deleted WHERE query = ?"
        if transaction.db.execute(gone, (parameters.idx,)).fetchone():
            raise NotFound(f"there is no query {parameters.name[:60]!a} of yours", place="queryName")

    def describe(self, parameters: QueryDeleted) -> tuple[str, bytes]:
        return parameters.actor, msgspec.json.encode({"index": parameters.idx, "query": parameters.name})

    def write(self, transaction: Transaction, parameters: QueryDeleted, recorded: Recorded) -> None:
        db = transaction.db
        db.execute("INSERT INTO named_query_deleted (query, idx) VALUES (?, ?)", (parameters.idx, recorded.index))
        rows = db.execute(
            "SELECT s.idx FROM subscription s JOIN subscription_state t ON t.subscription = s.idx"
            " WHERE s.owner = ? AND s.query_name = ?",
            (parameters.owner, parameters.name),
        ).fetchall()
        ended = [(row[0], recorded.index, "the query was deleted") for row in rows]
        if ended:
            db.executemany("INSERT INTO subscription_ended (subscription, idx, reason) VALUES (?, ?, ?)", ended)
            db.executemany("DELETE FROM subscription_state WHERE subscription = ?", [(row[0],) for row in rows])


OPERATIONS = (StoreQuery, DeleteQuery)


def check_name(name: str) -> None:
    """Refuse a name that is nobody's to take, or that no URL can hold."""
    if name in PREDEFINED:
        raise Conflict(f"{name} is a query of the standard", place="name", remedy="choose another name")
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable() or name.strip() != name or "/" in name:
        raise InvalidInput(f"a name has 1 to {_LONGEST_NAME} printable characters, without a slash", place="name")


async def store(ledger: Ledger, actor: Actor, name: str, definition: Definition) -> Recorded:
    """Store a query of the actor's firm. Returns after the commit."""
    check_name(name)
    definition.read()
    order = QueryStored(actor.key_id, owner_of(actor), name, definition)
    return await ledger.writer.call(StoreQuery.name, order, Recorded)


async def delete(ledger: Ledger, actor: Actor, name: str) -> None:
    """Delete a query of the actor's firm; `NotFound` for any other."""
    with ledger.view() as view:
        found = find_query(view, actor, name)
    if found.idx is None:
        raise NotFound(f"{name} is a query of the standard, which stays", place="queryName")
    order = QueryDeleted(actor.key_id, owner_of(actor), name, found.idx)
    await ledger.writer.call(DeleteQuery.name, order, Recorded)


def find_query(view: View, actor: Actor, name: str) -> NamedQuery:
    """A query that the actor may run: a live one of its firm, or SimpleEventQuery, which asks for everything."""
    if name == EVENT_QUERY:
        return NamedQuery(name, Definition({}))
    rows = _select(
        view, "q.owner = :owner AND q.name = :name", {"owner": owner_of(actor), "name": name[:_LONGEST_NAME]}
    )
    if not rows:
        raise NotFound(f"there is no query {name[:60]!a} of yours", place="queryName")
    return rows[0]


def listed(view: View, actor: Actor, after: int, limit: int) -> list[NamedQuery]:
    """The live queries of the actor's firm, oldest first, from behind the one of log index ``after``."""
    condition = "q.owner = :owner AND q.idx > :after"
    return _select(view, condition, {"owner": owner_of(actor), "after": after}, f" LIMIT {limit:d}")


def _select(view: View, condition: str, bound: dict[str, Any], limit: str = "") -> list[NamedQuery]:
    statement = (
        f"SELECT q.name, q.body, q.idx, q.created FROM named_query q WHERE {condition} AND q.idx < :size{_LIVE}"  # noqa: S608 - our words
        f" ORDER BY q.idx{limit}"
    )
    rows = view.connection.execute(text(statement), {**bound, "size": view.size})
    return [NamedQuery(name, msgspec.json.decode(body, type=Definition), idx, time) for name, body, idx, time in rows]
