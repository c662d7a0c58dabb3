"""The writer: who writes to the database, alone (SQLite) or in turn with other writers (PostgreSQL; DESIGN section 4).

Requests are carried out in groups, one transaction a group: what is waiting when a group begins shares its fsync.
An answer leaves only after the commit, so an answered request survives a kill; a request without an answer may or
may not have been carried out, and capture can be sent again because it is idempotent.

This module is the engine, without a process around it; `suyuan.trace.writer_process` is the shell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from suyuan.base.clock import Clock, now
from suyuan.base.errors import InvalidDocument, InvalidInput, InvalidSetting, SuyuanError, Unavailable
from suyuan.base.folder_lock import WRITER, hold
from suyuan.chain.merkle import Appender, Head
from suyuan.chain.tables import leaf, tile
from suyuan.trace.dictionary import Dictionary
from suyuan.trace.write_database import WriteDatabase

log = structlog.get_logger(__name__)

#: The one operation that is the writer's own: sign what is committed, for a proof that cannot wait.
SIGN = "sign"


class Request(msgspec.Struct, frozen=True, array_like=True):
    """One thing to do: the operation's name and its parameters as MessagePack."""

    id: int
    operation: str
    body: bytes


class Fault(msgspec.Struct, frozen=True, array_like=True):
    """A `SuyuanError` on its way between processes."""

    slug: str
    detail: str
    place: str | None
    remedy: str | None
    #: Of an invalid document: the rule that was broken, and what else is wrong.
    rule: str = ""
    others: tuple[Fault, ...] = ()


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """The result of a request as MessagePack, or what was wrong with it."""

    id: int
    result: bytes
    fault: Fault | None = None


class Transaction:
    """What an operation may use while its group's transaction is open."""

    def __init__(self, db: WriteDatabase, dictionary: Dictionary, appender: Appender, clock: Clock) -> None:
        self.db = db
        self.dictionary = dictionary
        self.appender = appender
        #: Record time of everything in this group, microseconds UTC.
        self.now = clock()

    @property
    def size(self) -> int:
        """Number of leaves, that is the log index of the next one."""
        return self.appender.frontier.size

    def append(self, leaves: Sequence[bytes]) -> None:
        """Appends leaves to the log, in order; the first takes index `size`."""
        added = self.appender.append(leaves)
        self.db.insert(leaf, added.leaves)
        self.db.insert(tile, added.tiles)
        self.appender = added.after


class Operation(Protocol):
    """Something the writer can do. The two steps keep decoding out of the transaction."""

    @property
    def name(self) -> str:
        """What requests call it."""

    def prepare(self, body: bytes) -> Any:
        """Decode and validate the parameters; raise `SuyuanError` to refuse this request alone."""

    def apply(self, transaction: Transaction, prepared: Sequence[Any]) -> Sequence[Any]:
        """Carry out prepared requests in order: a result, or a `SuyuanError` to refuse one, for each."""


#: What to do about a database that does not take anything just now. What was cut off in its commit may be stored.
_AGAIN = "send it again in a few seconds; on a full disk free space first"

#: Signs and keeps a head after its commit, or a later one; the size that is signed. See `suyuan.trace.publication`.
Publisher = Callable[[WriteDatabase, Head], int]


class Writer:
    """Owns a write connection; on SQLite make it inside `writer_lock`. ``appender`` is where the log ends."""

    def __init__(
        self,
        db: WriteDatabase,
        operations: Sequence[Operation],
        publisher: Publisher,
        appender: Appender,
        clock: Clock = now,
    ) -> None:
        self._db = db
        self._operations = {operation.name: operation for operation in operations}
        self._publisher = publisher
        self._appender = appender
        self._published = -1
        self._clock = clock
        self._dictionary = Dictionary(self._db)

    @property
    def size(self) -> int:
        """Number of leaves that were committed when this writer last wrote."""
        return self._appender.frontier.size

    def execute(self, requests: Sequence[Request]) -> list[Reply]:
        """Carry out a group. Every request gets a reply; one that breaks the transaction is found and stands alone.

        Requests to `SIGN` are answered last, with the size that the signature covers: all the group's leaves.
        """
        signing = [request for request in requests if request.operation == SIGN]
        prepared = [self._prepare(request) for request in requests if request.operation != SIGN]
        ready = [item for item in prepared if not isinstance(item[1], SuyuanError)]
        replies = {request.id: _reply(request, item) for request, item in prepared if isinstance(item, SuyuanError)}
        replies |= self._commit(ready)
        if signing:
            signed = self._sign()
            replies |= {request.id: _reply(request, signed) for request in signing}
        return [replies[request.id] for request in requests]

    def publish(self) -> None:
        """Sign the committed head, if it has grown since the last time.

        `Unavailable` when the checkpoint cannot be stored: a later call makes up for it.
        """
        if self.unpublished:
            self._publish()

    def _publish(self) -> None:
        failures: tuple[type[Exception], ...] = (*self._db.failures, InvalidSetting)
        try:
            self._published = self._publisher(self._db, self._appender.head)
        except failures as error:  # disk full, here or beside the database; PostgreSQL away
            log.error("writer.unsigned", size=self.size, error=str(error))
            raise Unavailable(f"the checkpoint cannot be stored: {_first_line(error)}", remedy=_AGAIN) from None
        self._db.maintain(self.size)

    def _sign(self) -> int | Unavailable:
        """Everything that is committed: on a shared database others may have written what is not signed yet."""
        try:
            if self.unpublished or self._db.shared:
                self._publish()
        except Unavailable as error:
            return error
        return self._published

    @property
    def unpublished(self) -> bool:
        """Whether leaves are committed that no checkpoint covers."""
        return self._published < self.size

    def close(self) -> None:
        """Close the connection; everything answered is on disk already."""
        self._db.close()

    def _prepare(self, request: Request) -> tuple[Request, Any]:
        operation = self._operations.get(request.operation)
        if operation is None:
            return request, Unavailable(f"the writer knows no operation {request.operation!r}")
        try:
            return request, operation.prepare(request.body)
        except SuyuanError as error:
            return request, error
        except Exception:
            return request, _bug(request)

    def _commit(self, ready: Sequence[tuple[Request, Any]]) -> dict[int, Reply]:
        if not ready:
            return {}
        try:
            return self._transact(ready)
        except SuyuanError as error:
            return {request.id: _reply(request, error) for request, _ in ready}
        except self._db.failures as error:  # disk full, locked: nothing is stored; cut off in the commit: who knows
            log.error("writer.storage", error=str(error))
            fault = Unavailable(f"the database cannot be written: {_first_line(error)}", remedy=_AGAIN)
            return {request.id: _reply(request, fault) for request, _ in ready}
        except Exception as error:
            if len(ready) == 1:
                request = ready[0][0]
                return {request.id: _reply(request, self._verdict(request, error))}
            single: dict[int, Reply] = {}
            for item in ready:
                single |= self._commit([item])
            return single

    def _verdict(self, request: Request, error: Exception) -> SuyuanError:
        """What a request is told that broke its transaction all by itself."""
        if isinstance(error, self._db.refusals):
            return InvalidInput(f"a value cannot be stored: {_first_line(error)}")
        return _bug(request)

    def _transact(self, ready: Sequence[tuple[Request, Any]]) -> dict[int, Reply]:
        replies: dict[int, Reply] = {}
        with self._transaction() as transaction:
            for name, group in groupby(ready, key=lambda item: item[0].operation):
                items = list(group)
                results = self._operations[name].apply(transaction, [prepared for _, prepared in items])
                for (request, _), result in zip(items, results, strict=True):
                    replies[request.id] = _reply(request, result)
        self._appender = transaction.appender
        return replies

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        """From its turn to its commit. After a rollback the caches are forgotten: they name ids that never were."""
        try:
            if self._db.begin():
                self._catch_up()
            yield Transaction(self._db, self._dictionary, self._appender, self._clock)
            self._db.commit()
        except BaseException:
            self._db.rollback()
            self._dictionary.forget()
            raise

    def _catch_up(self) -> None:
        """Another writer has gone on: read where the log ends now, and drop what is no longer true."""
        with self._db.log() as ledger:
            self._appender = ledger.appender()
        self._dictionary.forget_ends()


def _bug(request: Request) -> SuyuanError:
    """What a request is told that met an error nobody foresaw; the others of its group are carried out."""
    log.exception("writer.bug", operation=request.operation)
    return SuyuanError("the writer failed on this request: a bug")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _reply(request: Request, result: Any) -> Reply:
    if isinstance(result, SuyuanError):
        return Reply(request.id, b"", _fault(result))
    return Reply(request.id, msgspec.msgpack.encode(result))


def _fault(error: SuyuanError) -> Fault:
    if isinstance(error, InvalidDocument):
        others = tuple(_fault(other) for other in error.others)
        return Fault(error.slug, error.detail, error.place, error.remedy, error.rule, others)
    return Fault(error.slug, error.detail, error.place, error.remedy)


def error_of(fault: Fault) -> SuyuanError:
    """The error that a `Fault` carries, as the class it was."""
    kind = _kinds(SuyuanError).get(fault.slug, SuyuanError)
    if issubclass(kind, InvalidDocument):
        others = tuple(error_of(other) for other in fault.others)
        return kind(fault.detail, place=fault.place, remedy=fault.remedy, rule=fault.rule, others=others)
    return kind(fault.detail, place=fault.place, remedy=fault.remedy)


def _kinds(kind: type[SuyuanError]) -> dict[str, type[SuyuanError]]:
    found = {kind.slug: kind}
    for child in kind.__subclasses__():
        found = {**_kinds(child), **found}
    return found


@contextmanager
def writer_lock(folder: Path, wait: bool = True) -> Iterator[None]:
    """Hold the data folder's only permission to write. The kernel gives it back when the holder dies.

    Without ``wait`` a held lock is `Unavailable`: a server is running on this folder.
    """
    with hold(folder, WRITER, wait):
        yield
