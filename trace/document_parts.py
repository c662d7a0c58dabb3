"""A document in the spool, read in parts for the writer: what `suyuan.app.document_main` does in a process of its own.

Decoding and hashing half a gigabyte takes minutes of a processor; in the server every other request would wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from suyuan.base.errors import InvalidDocument, SuyuanError
from suyuan.epcis.document_stream import Frame
from suyuan.epcis.json_codec import Source
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import STRICT, Leniency
from suyuan.epcis.vocabulary_elements import read_elements
from suyuan.trace.capture_job import CaptureProblem, problem_of
from suyuan.trace.capture_rows import prepare_event
from suyuan.trace.large_capture import CheckedEvent, CheckedPart, StoredPart
from suyuan.trace.submitted_document import iter_events, read_frame, read_one

#: Most events, and about the most bytes of events, of one part: the writer takes a tenth of a second for it.
PART_EVENTS, PART_BYTES = 500, 512 * 1024
#: The first pass over a document that must be refused ends after so many faults.
_ENOUGH = 100


class Assignment(msgspec.Struct, frozen=True):
    """What to read: the file, from which event on, and for which pass."""

    path: str
    media_type: str
    capture: int
    proceed: bool
    storing: bool
    start: int
    limits: Limits
    #: How strictly the events are read.
    leniency: Leniency = STRICT


class DocumentReader:
    """Reads one document: what stands beside its events once, the events once for each pass."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._frame: Frame | None = None

    def parts(self) -> Iterator[CheckedPart | StoredPart]:
        """The parts of the pass that is on, the last one marked; there is always a last one."""
        assignment = self._assignment
        if assignment.storing:
            yield from _stored(self._events(), self._read_frame(), assignment)
            return
        try:
            yield from _checked(self._events(), self._read_frame(), assignment)
        except SuyuanError as error:
            yield CheckedPart(assignment.capture, assignment.start, 0, b"", [], [problem_of(error)], True, refused=True)

    def go_on(self) -> None:
        """The first pass is done and the document is accepted: next comes the second one."""
        self._assignment = msgspec.structs.replace(self._assignment, storing=True, start=0)

    def _read_frame(self) -> Frame:
        if self._frame is None:
            with Path(self._assignment.path).open("rb") as file:
                self._frame = read_frame(file, self._assignment.media_type, self._assignment.limits)
        return self._frame

    def _events(self) -> Iterator[tuple[int, bytes | InvalidDocument]]:
        """Events with their ordinals, from the first that is wanted on."""
        with Path(self._assignment.path).open("rb") as file:
            events = iter_events(file, self._assignment.media_type, self._assignment.limits, self._assignment.leniency)
            yield from islice(enumerate(events), self._assignment.start, None)


#: Events with their ordinals, or what is wrong with them.
_Events = Iterator[tuple[int, bytes | InvalidDocument]]


def _checked(events: _Events, frame: Frame, assignment: Assignment) -> Iterator[CheckedPart]:
    """First pass. A fault that ends it is told with what was found before it."""
    part = _Checked(frame, assignment)
    head = frame.head
    try:
        if head.master_data and assignment.start == 0:
            read_elements(head.master_data, head.context, assignment.limits)
        for ordinal, raw in events:
            part.take(ordinal, read_one(raw, ordinal, frame, assignment.limits, assignment.leniency))
            if part.enough:
                break
            if part.full:
                yield part.give(last=False)
        yield part.give(last=True)
    except SuyuanError as error:
        part.faults.append(problem_of(error))
        yield part.give(last=True, refused=True)


class _Checked:
    """The part at hand of the first pass."""

    def __init__(self, frame: Frame, assignment: Assignment) -> None:
        self._frame, self._assignment = frame, assignment
        self._first, self._told = assignment.start, 0
        self._clear()

    def _clear(self) -> None:
        self._count = self._bytes = 0
        self._events: list[CheckedEvent] = []
        self.faults: list[CaptureProblem] = []

    def take(self, ordinal: int, found: Source | list[SuyuanError]) -> None:
        """The next event."""
        self._count += 1
        if not isinstance(found, Source):
            self.faults += [problem_of(fault, ordinal) for fault in found]
            self._told += len(found)
            return
        event = prepare_event(found, self._frame.head.context)
        self._bytes += len(event.raw)
        self._events.append(
            CheckedEvent(ordinal, event.event_id, event.key, event.declaration, event.content, event.raw)
        )

    @property
    def full(self) -> bool:
        """Whether this is enough for one transaction."""
        return self._count >= PART_EVENTS or self._bytes >= PART_BYTES

    @property
    def enough(self) -> bool:
        """Whether the document must be refused and enough is told."""
        return self._told >= _ENOUGH and not self._assignment.proceed

    def give(self, last: bool, refused: bool = False) -> CheckedPart:
        """The part."""
        part = CheckedPart(
            self._assignment.capture, self._first, self._count, self._frame.head.context, self._events, self.faults,
            last, refused,
        )  # fmt: skip
        self._first += self._count
        self._clear()
        return part


def _stored(raws: _Events, frame: Frame, assignment: Assignment) -> Iterator[StoredPart]:
    """Second pass: the writer reads the events itself, and stores those that it has promised an ID."""
    head, first, size = frame.head, assignment.start, 0
    events: list[bytes] = []

    def part(last: bool) -> StoredPart:
        master_data = head.master_data if first == 0 else None
        return StoredPart(assignment.capture, first, head.context, frame.place, events, last, master_data)

    for _, raw in raws:
        events.append(raw if isinstance(raw, bytes) else b"")
        size += len(events[-1])
        if len(events) >= PART_EVENTS or size >= PART_BYTES:
            yield part(last=False)
            first, events, size = first + len(events), [], 0
    yield part(last=True)
