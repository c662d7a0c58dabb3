"""Capture jobs as their senders read them: one, and the list of all, the latest first (EPCIS 2.0, 8.2.6 and 12.6.2)."""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import Any, Final

import msgspec
from sqlalchemy import text

from suyuan.base.clock import format_time
from suyuan.base.errors import Conflict, NotFound
from suyuan.base.identity import Actor
from suyuan.trace.capture_job import (
    MOST_FAULTS,
    PROCEED,
    ROLLBACK,
    CapturedEvent,
    CaptureJob,
    CaptureProblem,
    State,
    problem_of,
)
from suyuan.trace.things import event_ids
from suyuan.trace.view import View

#: Most events that a job names.
MOST_EVENTS: Final = 10_000
#: Where a list begins: behind any job.
NEWEST: Final = 2**62
_ROW: Final = (
    "SELECT c.*, j.proceed, j.state, j.stored, j.faults, j.finished"
    " FROM capture c LEFT JOIN capture_job j ON j.capture = c.id"
)

#: Error declarations of a document that declare what is not there.
_UNKNOWN: Final = (
    "SELECT d.event FROM capture_event ce JOIN event_id d ON d.event = ce.event WHERE ce.capture = :id"
    " AND LENGTH(d.declaration) > 0"
    " AND NOT EXISTS (SELECT 1 FROM event_id o WHERE o.key = d.key AND LENGTH(o.declaration) = 0)"
)


def find_job(view: View, name: str, actor: Actor) -> CaptureJob:
    """The job of this name with its events; `NotFound` also where it is another firm's."""
    row = view.connection.execute(text(f"{_ROW} WHERE c.name = :name"), {"name": name[:64]}).first()
    ours = row is not None and (row.key_id == actor.key_id or (row.party and row.party == actor.party))
    if row is None or not ours:
        raise NotFound(f"there is no capture job {name[:64]} of yours")
    if row.state is not None and row.state != State.DONE.value:
        return msgspec.structs.replace(_job(view, row, []), event_count=row.stored)
    places = view.connection.execute(
        text("SELECT event, duplicate FROM capture_event WHERE capture = :id ORDER BY ordinal LIMIT :most"),
        {"id": row.id, "most": MOST_EVENTS},
    ).all()
    ids = event_ids(view, [place.event for place in places])
    unknown = set(view.connection.execute(text(_UNKNOWN), {"id": row.id}).scalars())
    events = [
        CapturedEvent(ids[place.event], place.event, bool(place.duplicate), place.event in unknown) for place in places
    ]
    job = _job(view, row, events)
    if len(places) < MOST_EVENTS:
        return job
    count = view.connection.execute(text("SELECT COUNT(*) FROM capture_event WHERE capture = :id"), {"id": row.id})
    return msgspec.structs.replace(job, event_count=int(count.scalar_one()))


def list_jobs(view: View, actor: Actor, most: int, before: int) -> tuple[list[CaptureJob], int | None]:
    """The latest jobs of the actor and its firm that are older than ``before``, and where the next page goes on.

    Jobs are numbered as they come, so pages stay right while others come in. They name no events, and few errors.
    """
    keys = view.connection.execute(
        text("SELECT id FROM api_key WHERE id = :key OR (party = :party AND party <> '')"),
        {"key": actor.key_id, "party": actor.party},
    ).scalars()
    found = [_jobs_of_key(view, key, most + 1, before) for key in keys]
    rows = list(islice(merge(*found, key=lambda row: -row.id), most + 1))
    following = rows[most - 1].id if len(rows) > most else None
    return [_job(view, row, [], _FEW) for row in rows[:most]], following


#: Most errors of each job in a list.
_FEW: Final = 10


def _jobs_of_key(view: View, key: str, most: int, before: int) -> list[Any]:
    return list(
        view.connection.execute(
            text(f"{_ROW} WHERE c.key_id = :key AND c.id < :before ORDER BY c.id DESC LIMIT :most"),
            {"key": key, "before": before, "most": most},
        )
    )


def _job(view: View, row: Any, events: list[CapturedEvent], most: int = MOST_FAULTS) -> CaptureJob:
    """A row of `capture`, with that of `capture_job` where the document has one."""
    created = format_time(row.received)
    faults = _faults(view, row, most)
    if row.state is None:
        return CaptureJob(row.name, created, created, bool(row.success), errors=faults, events=events)
    return CaptureJob(
        row.name,
        created,
        msgspec.UNSET if row.finished is None else format_time(row.finished),
        row.faults == 0,
        running=row.state != State.DONE.value,
        error_behaviour=PROCEED if row.proceed else ROLLBACK,
        errors=faults,
        events=events,
    )


def _faults(view: View, row: Any, most: int) -> list[CaptureProblem]:
    if row.success and not row.faults:
        return []
    rows = view.connection.execute(
        text("SELECT body FROM capture_fault WHERE capture = :id ORDER BY number LIMIT :most"),
        {"id": row.id, "most": most},
    )
    found = [msgspec.json.decode(body, type=CaptureProblem) for body in rows.scalars()]
    if not found and row.problem:  # refused before faults were kept one by one
        return [problem_of(Conflict(row.problem))]
    if row.faults and row.faults > len(found):
        more = row.faults - len(found)
        found.append(msgspec.structs.replace(found[-1], title="More errors", detail=f"and {more} more", event=None,
                                             instance="", remedy=""))  # fmt: skip
    return found
