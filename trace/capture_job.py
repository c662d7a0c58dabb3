"""What a captured document came to: the job resource of the EPCIS 2.0 capture interface (section 8.2.6)."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

import msgspec

from suyuan.base.errors import SuyuanError
from suyuan.epcis.exceptions import PROBLEM_PREFIX, exception_of

#: Most faults of one document that are kept and told; of more the number is told.
MOST_FAULTS: Final = 1_000
#: Values of GS1-Capture-Error-Behaviour (12.6).
ROLLBACK, PROCEED = "rollback", "proceed"

#: The event in a place: from 0 in a JSON pointer, from 1 in a path of XML.
_EVENT = re.compile(r".*/(?:eventList/(?P<pointer>[0-9]+)|EventList/\*\[(?P<path>[0-9]+)\]).*")


class State(IntEnum):
    """How far a document in the background is. Past STORING's begin it can only end as DONE with what was accepted."""

    CHECKING = 1  #: first pass: every event is looked at, its ID is promised to it
    STORING = 2  #: second pass: events get their places in the log
    UNDOING = 3  #: refused: its promises are taken back
    DONE = 4


class CapturedEvent(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    rename={"event_id": "eventID", "declares_unknown": "declaresUnknownEvent"},
):
    """Where one event of the document stands in the log."""

    event_id: str
    index: int
    #: The same event stood there before; nothing was added.
    duplicate: bool
    #: It declares an event erroneous that the ledger does not have (yet): it is stored and takes nothing back.
    declares_unknown: bool = False


class CaptureProblem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was wrong with a document or an event of it: RFC 9457 members, and beside them where, why and what to do."""

    type: str
    title: str
    detail: str
    status: int
    #: JSON pointer of the place within the document; its path in XML.
    instance: str = ""
    #: Number of the event, counted from 0; None of the document itself.
    event: int | None = None
    rule: str = ""
    remedy: str = ""


class CaptureJob(
    msgspec.Struct,
    frozen=True,
    rename={
        "capture_id": "captureID",
        "created_at": "createdAt",
        "finished_at": "finishedAt",
        "error_behaviour": "captureErrorBehaviour",
        "event_count": "eventCount",
    },
):
    """A capture job. ``success`` is false as soon as one error is known, also while it runs (EPCIS 2.0, 8.2.6)."""

    capture_id: str
    created_at: str
    #: Missing while the job runs.
    finished_at: str | msgspec.UnsetType
    success: bool
    running: bool = False
    error_behaviour: str = ROLLBACK
    errors: list[CaptureProblem] = []
    #: The events that are stored, the first 10,000 of them; none while the job runs.
    events: list[CapturedEvent] = []
    #: How many are stored, only where ``events`` does not show them all; while the job runs, how many it is past.
    event_count: int | msgspec.UnsetType = msgspec.UNSET


def _event_in(place: str) -> int | None:
    found = _EVENT.fullmatch(place)
    if found is None:
        return None
    return int(found["pointer"]) if found["pointer"] else int(found["path"]) - 1


def problem_of(error: SuyuanError, event: int | None = None) -> CaptureProblem:
    """An error of ours as an entry of a job's ``errors``. The event's number is read from its place where not given."""
    if event is None:
        event = _event_in(error.place or "")
    return CaptureProblem(
        PROBLEM_PREFIX + exception_of(type(error), capturing=True),
        (type(error).__doc__ or "").splitlines()[0],
        error.detail,
        error.status,
        error.place or "",
        event,
        getattr(error, "rule", ""),
        error.remedy or "",
    )
