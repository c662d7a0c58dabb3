"""What the writer of a data folder consists of: operations of every package, the log's edge, the signer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from suyuan.app.migrate import require_schema
from suyuan.base.database import open_reader, sqlite_url
from suyuan.base.errors import Unavailable
from suyuan.chain.store import LogReader
from suyuan.epcis.json_text import Limits
from suyuan.labels.allocation import AllocateLabels
from suyuan.labels.marking import MarkLabels
from suyuan.labels.opening import OpenBatch
from suyuan.labels.tag_job_operations import OPERATIONS as TAG_JOB_OPERATIONS
from suyuan.regulators.recall_operation import OpenRecall
from suyuan.trace.acts import AddKey, ChangeMasterData, RevokeKey
from suyuan.trace.capture import Capture
from suyuan.trace.publication import Publication
from suyuan.trace.subscription_operations import OPERATIONS as SUBSCRIPTION_OPERATIONS
from suyuan.trace.vocabularies import ChangeVocabulary
from suyuan.trace.writer import Operation, Request, Writer, error_of, writer_lock


class WriterSettings(msgspec.Struct, frozen=True):
    """What a writer process is told on its command line, as JSON. It holds no secret."""

    data: str
    origin: str
    max_body_bytes: int
    max_events: int


@contextmanager
def open_writer(settings: WriterSettings, wait: bool = True) -> Iterator[Writer]:
    """The writer of a data folder whose schema is up to date. Holds the folder's lock meanwhile."""
    folder = Path(settings.data)
    with writer_lock(folder, wait):
        engine = open_reader(sqlite_url(folder))
        try:
            require_schema(engine)
            with engine.connect() as connection:
                log = LogReader(connection)
                size = log.size()
                publication = Publication.open(folder, settings.origin, log, size)
                appender = log.appender(size)
        finally:
            engine.dispose()
        limits = Limits(body=settings.max_body_bytes, events=settings.max_events)
        operations: list[Operation] = [
            Capture(limits), AddKey(), RevokeKey(), ChangeMasterData(), ChangeVocabulary(), OpenRecall(), OpenBatch(), AllocateLabels(),
            MarkLabels(), *(operation() for operation in TAG_JOB_OPERATIONS),
            *(operation() for operation in SUBSCRIPTION_OPERATIONS),
        ]  # fmt: skip
        writer = Writer(folder / "suyuan.db", operations, publication, appender)
        (folder / "suyuan.db").chmod(0o600)  # it holds every firm's events
        try:
            yield writer
            with suppress(Unavailable):  # it was logged; the next writer signs
                writer.publish()
        finally:
            writer.close()


def write_once(settings: WriterSettings, operation: str, parameters: Any, result: type[Any]) -> Any:
    """Carry out one operation in this process; `Unavailable` while a server owns the folder."""
    with open_writer(settings, wait=False) as writer:
        (reply,) = writer.execute([Request(1, operation, msgspec.msgpack.encode(parameters))])
    if reply.fault:
        raise error_of(reply.fault)
    return msgspec.msgpack.decode(reply.result, type=result)
