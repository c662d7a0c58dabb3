"""A ledger with its writer in this process: tests capture into it and look at what stands there."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text

from suyuan.app.writing import WriterSettings, open_writer
from suyuan.base.database import open_reader, sqlite_url
from suyuan.epcis.query_parameters import read_query
from suyuan.trace.capture import CaptureRequest
from suyuan.trace.capture_job import CaptureJob
from suyuan.trace.event_query import FoundEvent, find_event, load_events, run_query
from suyuan.trace.view import View, open_view
from suyuan.trace.writer import Reply, Request, Writer, error_of

ORIGIN = "test.example/log"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
PLACE = "urn:epc:id:sgln:0614141.00777.0"


def epc(serial: int, product: int = 7) -> str:
    """EPC of one item."""
    return f"urn:epc:id:sgtin:0614141.{product:06d}.{serial}"


def object_event(*serials: int, **members: Any) -> dict[str, Any]:
    """An ObjectEvent of some items; ``members`` replace what it has, None takes away."""
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventTime": "2026-10-12T06:00:00.000Z",
        "eventTimeZoneOffset": "+08:00",
        "epcList": [epc(serial) for serial in serials or (1,)],
        "action": "OBSERVE",
        "bizStep": "shipping",
        "readPoint": {"id": PLACE},
        **members,
    }
    return {name: value for name, value in event.items() if value is not None}


def document(*events: dict[str, Any], context: Any = CONTEXT) -> bytes:
    """An EPCISDocument of these events."""
    whole = {
        "@context": context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-10-12T06:30:00Z",
        "epcisBody": {"eventList": list(events)},
    }
    return json.dumps(whole).encode()


def declared(
    event: dict[str, Any], reason: str = "did_not_occur", time: str = "2026-10-13T06:00:00Z"
) -> dict[str, Any]:
    """The error declaration of an event: itself again, with the declaration."""
    return event | {"errorDeclaration": {"declarationTime": time, "reason": reason}}


class Scribe:
    """Captures through `Writer.execute`, reads through `View`."""

    def __init__(self, folder: Path, writer: Writer, database: str = "") -> None:
        self.folder, self.writer = folder, writer
        self.engine = open_reader(database or sqlite_url(folder))
        self._numbers = itertools.count(1)

    def request(self, body: bytes, key: str = "tester", party: str = "", lenient: tuple[str, ...] = ()) -> Request:
        """A capture request."""
        number = next(self._numbers)
        order = CaptureRequest(secrets.token_hex(8), key, party, "application/ld+json", body, lenient=lenient)
        return Request(number, "capture", msgspec.msgpack.encode(order))

    def execute(self, *bodies: bytes) -> list[Reply]:
        """Several documents in one group."""
        return self.writer.execute([self.request(body) for body in bodies])

    def capture(
        self, body: bytes | dict[str, Any], key: str = "tester", party: str = "", lenient: tuple[str, ...] = ()
    ) -> CaptureJob:
        """One document (or one event, in a document); raises what it is refused with."""
        whole = document(body) if isinstance(body, dict) else body
        (reply,) = self.writer.execute([self.request(whole, key, party, lenient)])
        return job_of(reply)

    def call(self, operation: str, parameters: Any, result: Any = Any) -> Any:
        """Any other operation of the writer; raises what it is refused with."""
        body = msgspec.msgpack.encode(parameters)
        (reply,) = self.writer.execute([Request(next(self._numbers), operation, body)])
        if reply.fault:
            raise error_of(reply.fault)
        return msgspec.msgpack.decode(reply.result, type=result)

    def rows(self, sql: str, **bound: Any) -> list[tuple[Any, ...]]:
        """What a statement gives, as tuples."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), bound)]

    @contextmanager
    def view(self) -> Iterator[View]:
        """A snapshot."""
        with open_view(self.engine) as view:
            yield view

    def events(self, **parameters: Any) -> list[FoundEvent]:
        """Every event that a query finds, over all its pages; parameters by their names in the standard."""
        query = read_query(parameters, {})
        found: list[FoundEvent] = []
        token: str | None = None
        while True:
            with self.view() as view:
                page = run_query(view, query, None, 7, token)
            found += page.events
            token = page.next_token
            if token is None:
                return found

    def find(self, event_id: str) -> list[FoundEvent]:
        """The event of an ID, then its declarations."""
        with self.view() as view:
            indexes = find_event(view, event_id)
            return sorted(load_events(view, indexes), key=lambda event: indexes.index(event.index))

    def close(self) -> None:
        """Let the database go."""
        self.engine.dispose()


def job_of(reply: Reply) -> CaptureJob:
    """The job in a reply; raises the fault in it."""
    if reply.fault:
        raise error_of(reply.fault)
    return msgspec.msgpack.decode(reply.result, type=CaptureJob)


def settings_of(folder: Path, database: str = "") -> WriterSettings:
    """Settings of a writer in this folder, over its own SQLite or the database of a URL."""
    return WriterSettings(str(folder), ORIGIN, 8 << 20, 5_000, database)


@contextmanager
def scribe_in(folder: Path, database: str = "") -> Iterator[Scribe]:
    """A scribe on a migrated folder, or a migrated database."""
    with open_writer(settings_of(folder, database)) as writer:
        scribe = Scribe(folder, writer, database)
        try:
            yield scribe
        finally:
            scribe.close()


def submitted(body: bytes) -> list[tuple[dict[str, Any], list[Any]]]:
    """The events of a document as plain JSON, each with the context entries that must travel with it."""
    whole = json.loads(body)
    inner = whole.get("epcisBody", {})
    results = inner.get("queryResults", {}).get("resultsBody", inner)
    listed = results.get("eventList", [whole] if "epcisBody" not in whole else [])
    outer = _entries(whole.get("@context")) if "epcisBody" in whole else []
    return [(event, _own(outer + _entries(event.get("@context")))) for event in listed]


def _entries(context: Any) -> list[Any]:
    return context if isinstance(context, list) else [] if context is None else [context]


def _own(entries: Sequence[Any]) -> list[Any]:
    return [entry for entry in entries if not (isinstance(entry, str) and "epcis-context" in entry)]


def assert_returned(answer: dict[str, Any], event: dict[str, Any], context: list[Any]) -> None:
    """The answer is the event: all but recordTime, an ID it lacked, and the context in its place."""
    aside = {"recordTime", "@context"} | ({"eventID"} if "eventID" not in event else set())
    assert {name: value for name, value in answer.items() if name not in aside} == {
        name: value for name, value in event.items() if name not in aside
    }
    assert answer.get("@context", []) == context
    assert answer["recordTime"].endswith("Z")
    assert answer["eventID"]
