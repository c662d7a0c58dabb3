"""Administrative acts: each one is a leaf of the log, with its effect in the same transaction.

An act's body is JSON without secrets and without personal names; the leaf commits to it with a salt. An operation
of a package above the ledger (a recall) subclasses `ActOperation` and is given to the writer by the root.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from suyuan.base.errors import Conflict, InvalidDocument, NotFound, SuyuanError
from suyuan.base.identity import ApiKey
from suyuan.chain.leaf import ActLeaf, commit_act, encode_leaf
from suyuan.epcis.json_text import first_repeated
from suyuan.trace.master_data import MasterData
from suyuan.trace.writer import Transaction

P = TypeVar("P")


class Recorded(msgspec.Struct, frozen=True):
    """Where an act stands in the log, and when it was recorded (microseconds UTC)."""

    index: int
    time: int


def log_act(transaction: Transaction, name: str, actor: str, body: bytes, random: Callable[[int], bytes]) -> Recorded:
    """Append an act's leaf, and keep the body it commits to."""
    salt, index = random(32), transaction.size
    leaf = ActLeaf(act=name, source=actor, time=transaction.now, commitment=commit_act(salt, body))
    transaction.append([encode_leaf(leaf)])
    transaction.db.execute(
        "INSERT INTO act (idx, name, time, key_id, salt, body) VALUES (?, ?, ?, ?, ?, ?)",
        (index, name, transaction.now, actor, salt, body),
    )
    return Recorded(index, transaction.now)


class ActOperation(ABC, Generic[P]):
    """A writer operation that leaves a leaf. Subclasses say what is written beside it."""

    name: ClassVar[str]
    parameters: ClassVar[type]

    def __init__(self, random: Callable[[int], bytes] = os.urandom) -> None:
        self._random = random

    def prepare(self, body: bytes) -> P:
        """Decode the parameters."""
        decoded: P = msgspec.msgpack.decode(body, type=self.parameters)
        return decoded

    def apply(self, transaction: Transaction, prepared: Sequence[P]) -> Sequence[Any]:
        """Carry out each act; one that is refused leaves nothing behind."""
        return [self._one(transaction, parameters) for parameters in prepared]

    def _one(self, transaction: Transaction, parameters: P) -> Any:
        try:
            self.check(transaction, parameters)
        except SuyuanError as error:
            return error
        actor, body = self.describe(parameters)
        recorded = log_act(transaction, self.name, actor, body, self._random)
        self.write(transaction, parameters, recorded)
        return recorded

    def check(self, transaction: Transaction, parameters: P) -> None:
        """Refuse by raising a `SuyuanError`, before anything is written."""

    @abstractmethod
    def describe(self, parameters: P) -> tuple[str, bytes]:
        """Who acts (a key id) and the act's JSON."""

    @abstractmethod
    def write(self, transaction: Transaction, parameters: P, recorded: Recorded) -> None:
        """Write the act's effect."""


class KeyAdded(msgspec.Struct, frozen=True):
    """Parameters of `AddKey`. ``actor`` is the key id of who adds it; the first key is added by ``setup``."""

    actor: str
    key: ApiKey


class AddKey(ActOperation[KeyAdded]):
    """Store a new API key's hash."""

    name = "key-added"
    parameters = KeyAdded

    def check(self, transaction: Transaction, parameters: KeyAdded) -> None:
        if transaction.db.execute("SELECT 1 FROM api_key WHERE id = ?", (parameters.key.id,)).fetchone():
            raise Conflict(f"key {parameters.key.id} exists")

    def describe(self, parameters: KeyAdded) -> tuple[str, bytes]:
        key = parameters.key
        body: dict[str, Any] = {"expires": key.expires, "key": key.id, "party": key.party, "role": key.role}
        if key.lenient:
            body["lenient"] = key.lenient
        return parameters.actor, msgspec.json.encode(body)

    def write(self, transaction: Transaction, parameters: KeyAdded, recorded: Recorded) -> None:
        key = parameters.key
        transaction.db.execute(
            "INSERT INTO api_key (id, name, role, party, digest, created, expires, revoked)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
            (key.id, key.name, key.role.value, key.party, key.digest, recorded.time, key.expires),
        )
        transaction.db.executemany(
            "INSERT INTO lenient_key (id, rule) VALUES (?, ?)", [(key.id, rule) for rule in key.lenient]
        )


class KeyRevoked(msgspec.Struct, frozen=True):
    """Parameters of `RevokeKey`."""

    actor: str
    key_id: str


class RevokeKey(ActOperation[KeyRevoked]):
    """Revoke a key from now on. What it signed for stays."""

    name = "key-revoked"
    parameters = KeyRevoked

    def check(self, transaction: Transaction, parameters: KeyRevoked) -> None:
        row = transaction.db.execute("SELECT revoked FROM api_key WHERE id = ?", (parameters.key_id,)).fetchone()
        if row is None:
            raise NotFound(f"there is no key {parameters.key_id}", remedy="suyuan keys list shows them")
        if row[0] is not None:
            raise Conflict(f"key {parameters.key_id} is already revoked")

    def describe(self, parameters: KeyRevoked) -> tuple[str, bytes]:
        return parameters.actor, msgspec.json.encode({"key": parameters.key_id})

    def write(self, transaction: Transaction, parameters: KeyRevoked, recorded: Recorded) -> None:
        transaction.db.execute(
            "UPDATE api_key SET revoked = ? WHERE id = ?", (recorded.time, parameters.key_id)
        )  # the one change an api_key row may see


class MasterDataChanged(msgspec.Struct, frozen=True):
    """Parameters of `ChangeMasterData`."""

    actor: str
    data: MasterData


class ChangeMasterData(ActOperation[MasterDataChanged]):
    """Add versions of parties, sites and products; earlier versions stay, by log index."""

    name = "master-data-changed"
    parameters = MasterDataChanged

    def check(self, transaction: Transaction, parameters: MasterDataChanged) -> None:
        data = parameters.data
        for kind, records in (("parties", data.parties), ("sites", data.sites), ("products", data.products)):
            twice = first_repeated(record.id for record in records)
            if twice is not None:
                raise InvalidDocument(f"{twice} stands twice", place=f"/{kind}", remedy="give each record once")

    def describe(self, parameters: MasterDataChanged) -> tuple[str, bytes]:
        return parameters.actor, msgspec.json.encode(parameters.data)

    def write(self, transaction: Transaction, parameters: MasterDataChanged, recorded: Recorded) -> None:
        data = parameters.data
        rows = [
            (kind, record.id, recorded.index, msgspec.json.encode(record).decode())
            for kind, records in (("party", data.parties), ("site", data.sites), ("product", data.products))
            for record in records
        ]
        transaction.db.executemany("INSERT INTO master_data (kind, key, idx, body) VALUES (?, ?, ?, ?)", rows)


class LogContinued(msgspec.Struct, frozen=True):
    """Parameters of `ContinueLog`: the log before it, how many of its entries are kept, and their root (hex)."""

    actor: str
    origin: str
    size: int
    root: str


class ContinueLog(ActOperation[LogContinued]):
    """The first entry of a log that goes on, under another name, from what a backup has kept of an earlier one."""

    name = "log-continued"
    parameters = LogContinued

    def check(self, transaction: Transaction, parameters: LogContinued) -> None:
        if transaction.size != parameters.size:
            raise Conflict(f"the log has {transaction.size} entries, not {parameters.size}")

    def describe(self, parameters: LogContinued) -> tuple[str, bytes]:
        body = {"origin": parameters.origin, "root": parameters.root, "size": parameters.size}
        return parameters.actor, msgspec.json.encode(body)

    def write(self, transaction: Transaction, parameters: LogContinued, recorded: Recorded) -> None:
        """Nothing beside the leaf and its body."""
