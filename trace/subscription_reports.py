"""What a standing query has to report: which events are next, and the document that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import text

from suyuan.base.clock import now
from suyuan.base.errors import QueryTooLarge, Refused
from suyuan.base.identity import Actor
from suyuan.epcis import json_codec, xml_writer
from suyuan.epcis.exceptions import PROBLEM_PREFIX, exception_of
from suyuan.epcis.query_parameters import read_query
from suyuan.epcis.soap_faults import fault_members
from suyuan.trace.epcis_headers import CbvFormat, EpcFormat, Wishes
from suyuan.trace.event_answers import in_form
from suyuan.trace.event_query import load_events, matching
from suyuan.trace.event_scope import scope_of
from suyuan.trace.ledger import Ledger
from suyuan.trace.subscriptions import JSON, Batch, Terms
from suyuan.trace.view import View

#: Events and bytes of events in one report; one event alone may be larger.
MOST_EVENTS, MOST_BYTES = 500, 1_000_000
#: Log indexes that one statement looks at, and statements before others get their turn.
_WINDOW, _TURNS = 20_000, 25
#: Events that are loaded together while their bytes are counted.
_LOADED: Final = 50
#: Members of a query document that are ours, as extensions of its ``queryResults`` (EPCIS 2.0, 8.2.5).
SEQUENCE, CURSOR = "https://ns.suyuan.example/voc/sequence", "https://ns.suyuan.example/voc/cursor"


class Portion(msgspec.Struct, frozen=True):
    """What was found: log indexes, and the index up to which everything was looked at."""

    events: list[int]
    upto: int


def next_portion(ledger: Ledger, terms: Terms, actor: Actor, first: int, goal: int, most: int = MOST_EVENTS) -> Portion:
    """The next events of a report from log index ``first`` on, below ``goal``, as far as one turn comes.

    With the eyes that ``actor`` has now. Raises what the query is refused with.
    """
    with ledger.view() as view:
        query, scope = read_query(terms.parameters, terms.namespaces), scope_of(view, actor)
        most = min(most, query.max_event_count or most)
        at, found, goal = first, list[int](), min(goal, view.size)
        for _ in range(_TURNS):
            if at >= goal or len(found) >= most:
                break
            end = min(at + _WINDOW, goal)
            found += matching(view, query, scope, at, end)
            at = end
        if len(found) > most:
            found, at = found[:most], found[most - 1] + 1
        fitting = _fitting(view, found)
    return Portion(fitting, at if len(fitting) == len(found) else fitting[-1] + 1)


def check_size(ledger: Ledger, terms: Terms, actor: Actor, first: int, goal: int) -> None:
    """Refuse (`QueryTooLarge`) a scheduled run that would report more than the query's ``maxEventCount``."""
    with ledger.view() as view:
        query, found = read_query(terms.parameters, terms.namespaces), 0
        if query.max_event_count is None:
            return
        scope = scope_of(view, actor)
        for start in range(first, goal, _WINDOW):
            found += len(matching(view, query, scope, start, min(start + _WINDOW, goal)))
            if found > query.max_event_count:
                raise QueryTooLarge(
                    f"more than maxEventCount = {query.max_event_count} events since the last report",
                    place="maxEventCount", remedy="subscribe anew with a higher number, or run more often",
                )  # fmt: skip


def _fitting(view: View, indexes: Sequence[int]) -> list[int]:
    """The first of these events whose bytes go into one report."""
    size, fitting = 0, list[int]()
    for start in range(0, len(indexes), _LOADED):
        for event in load_events(view, indexes[start : start + _LOADED]):
            size += len(msgspec.json.encode(event.body))
            if fitting and size > MOST_BYTES:
                return fitting
            fitting.append(event.index)
    return fitting


def find_initial(ledger: Ledger, record_time: int) -> int:
    """The first log index whose event was recorded at or after a time (microseconds UTC); the log's size if none.

    By halves: record times grow with the log, but for a clock that was set back.
    """
    with ledger.view() as view:
        low, high = 0, view.size
        while low < high:
            middle = (low + high) // 2
            recorded = _recorded_from(view, middle)
            if recorded is None or recorded >= record_time:
                high = middle
            else:
                low = middle + 1
        return low


def write_report(ledger: Ledger, subscription_id: str | None, terms: Terms, batch: Batch) -> bytes:
    """The document of a report: from the same batch the same bytes.

    In JSON it has the report's number and, as ``cursor``, where a WebSocket client goes on with ``after``.
    """
    form = terms.form
    wishes = Wishes(
        form.media_type, form.version, EpcFormat(form.epc_format or "No_Preference"),
        CbvFormat(form.cbv_format or "No_Preference"),
    )  # fmt: skip
    with ledger.view() as view:
        bodies = list(in_form(view, wishes, load_events(view, batch.events)))
    if wishes.xml:
        return xml_writer.write_query_document(
            bodies, creation_date=batch.created, version=form.version, query_name=terms.query_name,
            subscription_id=subscription_id,
        )  # fmt: skip
    return json_codec.write_query_document(
        bodies, creation_date=batch.created, query_name=terms.query_name, subscription_id=subscription_id,
        extensions={SEQUENCE: batch.sequence, CURSOR: batch.upto},
    )  # fmt: skip


def problem_of(refusal: Refused, terms: Terms, subscription_id: str = "") -> tuple[str, bytes]:
    """Media type and document that tell a subscriber why its query was not carried out.

    In JSON a problem (RFC 9457); in XML the query document with an exception that the callback interface knows (8.2.8).
    """
    name = exception_of(type(refusal))
    if terms.form.media_type != JSON:
        known = name if isinstance(refusal, QueryTooLarge) else "ImplementationException"
        members = fault_members(refusal, known, terms.query_name, subscription_id)
        body = xml_writer.write_query_exception(
            known, refusal.detail, members, creation_date=now(), version=terms.form.version
        )
        return terms.form.media_type, body
    title = (type(refusal).__doc__ or "").splitlines()[0]
    problem = {"type": PROBLEM_PREFIX + name, "title": title, "status": refusal.status, "detail": refusal.detail}
    return "application/problem+json", msgspec.json.encode(problem)


def _recorded_from(view: View, index: int) -> int | None:
    """Record time of the first event at this log index or behind it."""
    row = view.connection.execute(
        text("SELECT record_time FROM event WHERE idx >= :index ORDER BY idx LIMIT 1"), {"index": index}
    ).first()
    return None if row is None else int(row[0])
