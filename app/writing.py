"""What a writer consists of: a database, operations of every package, the log's edge, the signer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import msgspec

from suyuan.app.company_prefixes import load_company_prefixes
from suyuan.app.migrate import require_schema
from suyuan.app.profiles import load_profiles
from suyuan.base.database import open_reader, sqlite_url
from suyuan.base.errors import Unavailable
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import Leniency
from suyuan.labels.allocation import AllocateLabels
from suyuan.labels.marking import MarkLabels
from suyuan.labels.opening import OpenBatch
from suyuan.labels.tag_job_operations import OPERATIONS as TAG_JOB_OPERATIONS
from suyuan.regulators.recall_operation import OpenRecall
from suyuan.trace.acts import AddKey, ChangeMasterData, ContinueLog, RevokeKey
from suyuan.trace.capture import Capture
from suyuan.trace.large_capture import OPERATIONS as LARGE_DOCUMENT_OPERATIONS
from suyuan.trace.named_queries import OPERATIONS as QUERY_OPERATIONS
from suyuan.trace.page_tokens import EndPageToken
from suyuan.trace.postgres_database import PostgresDatabase
from suyuan.trace.publication import Publication
from suyuan.trace.sqlite_database import SqliteDatabase
from suyuan.trace.subscription_operations import OPERATIONS as SUBSCRIPTION_OPERATIONS
from suyuan.trace.vocabularies import ChangeVocabulary
from suyuan.trace.write_database import WriteDatabase
from suyuan.trace.writer import Operation, Request, Writer, error_of, writer_lock

#: Where a writer process finds the address of a served database: it may hold a password, which no command line shows.
DATABASE = "SUYUAN_DATABASE"


class WriterSettings(msgspec.Struct, frozen=True):
    """What a writer is told; a process, on its command line as JSON, without ``database``, which stands in `DATABASE`.

    An empty ``database`` is the folder's own SQLite.
    """

    data: str
    origin: str
    max_body_bytes: int
    max_events: int
    database: str = ""
    #: Folder of profiles; empty means none.
    profiles: str = ""
    #: File with the lengths of company prefixes; empty means none.
    company_prefixes: str = ""


@contextmanager
def open_writer(settings: WriterSettings, wait: bool = True) -> Iterator[Writer]:
    """The writer of a database whose schema is up to date. Of a data folder's own it holds the lock meanwhile."""
    folder = Path(settings.data)
    with nullcontext() if settings.database else writer_lock(folder, wait), _database(settings) as db:
        publication = Publication.open(folder, settings.origin, db)
        with db.log() as log:
            appender = log.appender()
        limits = Limits(body=settings.max_body_bytes, events=settings.max_events)
        writer = Writer(db, _operations(limits, _demands(settings)), publication, appender)
        yield writer
        with suppress(Unavailable):  # it was logged; the next writer signs
            writer.publish()


def _demands(settings: WriterSettings) -> Leniency:
    """What the installation demands of events beyond the standard."""
    return Leniency(
        profiles=load_profiles(settings.profiles), company_prefixes=load_company_prefixes(settings.company_prefixes)
    )


def _operations(limits: Limits, leniency: Leniency) -> list[Operation]:
    return [
        Capture(limits, leniency=leniency),
        AddKey(), RevokeKey(), ChangeMasterData(), ContinueLog(), ChangeVocabulary(), OpenRecall(),
        OpenBatch(), AllocateLabels(), MarkLabels(), *(operation() for operation in TAG_JOB_OPERATIONS),
        *(operation() for operation in SUBSCRIPTION_OPERATIONS),
        *(operation(limits) for operation in LARGE_DOCUMENT_OPERATIONS), EndPageToken(),
        *(operation() for operation in QUERY_OPERATIONS),
    ]  # fmt: skip


@contextmanager
def _database(settings: WriterSettings) -> Iterator[WriteDatabase]:
    folder = Path(settings.data)
    url = settings.database or sqlite_url(folder)
    engine = open_reader(url)
    try:
        require_schema(engine)
    finally:
        engine.dispose()
    if settings.database:
        with closing(PostgresDatabase(url)) as served:
            yield served
        return
    with closing(SqliteDatabase(folder / "suyuan.db")) as embedded:
        (folder / "suyuan.db").chmod(0o600)  # it holds every firm's events
        yield embedded


def write_once(settings: WriterSettings, operation: str, parameters: Any, result: type[Any]) -> Any:
    """Carry out one operation in this process; `Unavailable` while a server owns the folder."""
    with open_writer(settings, wait=False) as writer:
        (reply,) = writer.execute([Request(1, operation, msgspec.msgpack.encode(parameters))])
    if reply.fault:
        raise error_of(reply.fault)
    return msgspec.msgpack.decode(reply.result, type=result)
