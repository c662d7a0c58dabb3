"""What a captured document came to: the job resource of the EPCIS 2.0 capture interface (section 8.2.6)."""

from __future__ import annotations

import msgspec


class CapturedEvent(msgspec.Struct, frozen=True, rename={"event_id": "eventID"}):
    """Where one event of the document stands in the log."""

    event_id: str
    index: int
    #: The same event stood there before; nothing was added.
    duplicate: bool


class CaptureProblem(msgspec.Struct, frozen=True):
    """Why a document was refused: RFC 9457 members."""

    type: str
    title: str
    detail: str
    status: int
    instance: str = ""


class CaptureJob(msgspec.Struct, frozen=True, rename={"capture_id": "captureID", "created_at": "createdAt",
                 "finished_at": "finishedAt", "error_behaviour": "captureErrorBehaviour"}):  # fmt: skip
    """A capture job. It is never running when anybody can see it: the answer comes after the commit."""

    capture_id: str
    created_at: str
    finished_at: str
    success: bool
    running: bool = False
    error_behaviour: str = "rollback"
    errors: list[CaptureProblem] = []
    events: list[CapturedEvent] = []
