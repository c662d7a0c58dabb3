"""The desk of large documents: what was answered for is captured, whatever fails for a while on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from tests.trace.scribe import Scribe, document, object_event

from suyuan.base.errors import Unavailable
from suyuan.base.identity import Actor, Role
from suyuan.epcis.json_text import Limits
from suyuan.trace import capture_desk
from suyuan.trace.capture_desk import CaptureDesk
from suyuan.trace.capture_job import State
from suyuan.trace.document_parts import Assignment, DocumentReader
from suyuan.trace.large_capture import Progress
from suyuan.trace.ledger import Ledger
from suyuan.trace.spool import Spool
from suyuan.trace.view import View
from suyuan.trace.writer_client import python_command

#: More than one part of a pass.
MANY = 600


class Port:
    """The writer of a scribe, as the server has it. ``after`` may do more than was asked, or fail."""

    def __init__(self, scribe: Scribe) -> None:
        self.scribe = scribe

    async def call(self, operation: str, parameters: Any, result: Any) -> Any:
        """Carry it out."""
        done = self.scribe.call(operation, parameters, result)
        self.after(operation, parameters, done)
        return done

    def after(self, operation: str, parameters: Any, done: Any) -> None:
        """What happens between the commit and the answer."""


class AwayLedger(Ledger):
    """One whose database answers no questions for a while."""

    refusals = 7

    @contextmanager
    def view(self, as_of: int | None = None) -> Iterator[View]:
        """A snapshot, later."""
        if self.refusals:
            self.refusals -= 1
            raise OperationalError("SELECT", None, Exception("the database is away"))
        with super().view(as_of) as view:
            yield view


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What failed is tried again at once, and not told at length."""
    monkeypatch.setattr(capture_desk, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(capture_desk, "_LONGEST_PAUSE", 0.01)
    with capture_logs():
        yield


def captured(scribe: Scribe, ledger: Ledger, count: int = MANY) -> tuple[int, int]:
    """Capture a document of so many events: the state it ends in, and the number of its events in the ledger."""

    def command(assignment: str) -> list[str]:
        return python_command("suyuan.app.document_main", assignment, "", "")

    async def run() -> None:
        desk = CaptureDesk(ledger, Spool(scribe.folder, 10**9), Limits(), command)
        file = desk.spool.create("0" * 32)
        file.write(document(*(object_event(number) for number in range(count))))
        desk.start()
        await desk.open(file, "application/json", Actor(Role.PRODUCER, "tester"), proceed=False)
        async with asyncio.timeout(30):
            while desk.spool.has(file.name):  # noqa: ASYNC110 - another process takes it away
                await asyncio.sleep(0.02)
        await desk.stop()

    asyncio.run(run())
    ((state,),) = scribe.rows("SELECT state FROM capture_job")
    ((events,),) = scribe.rows("SELECT COUNT(*) FROM event")
    return state, events


def test_a_database_that_is_away_for_long_loses_no_document(scribe: Scribe) -> None:
    ledger = AwayLedger(scribe.engine, Port(scribe), scribe.folder)
    assert captured(scribe, ledger, 5) == (State.DONE.value, 5)
    assert ledger.refusals == 0


@pytest.mark.parametrize("error", [Unavailable("no answer"), RuntimeError("a bug of the server's")])
def test_an_answer_that_is_lost_when_the_document_is_accepted_loses_nothing(scribe: Scribe, error: Exception) -> None:
    class Port1(Port):
        def after(self, operation: str, parameters: Any, done: Any) -> None:
            if operation == "events-checked" and parameters.last:
                raise error

    assert captured(scribe, Ledger(scribe.engine, Port1(scribe), scribe.folder)) == (State.DONE.value, MANY)


def test_a_reader_that_is_in_the_wrong_pass_is_started_anew(scribe: Scribe) -> None:
    """The document is accepted already, but the desk does not know it: it begins with the first pass."""

    class Port2(Port):
        def after(self, operation: str, parameters: Any, done: Any) -> None:
            if operation == "document-opened":
                path = str(scribe.folder / "spool" / parameters.name)
                assignment = Assignment(path, parameters.media_type, done.capture, False, False, 0, Limits())
                for part in DocumentReader(assignment).parts():
                    scribe.call("events-checked", part, Progress)

    assert captured(scribe, Ledger(scribe.engine, Port2(scribe), scribe.folder)) == (State.DONE.value, MANY)
