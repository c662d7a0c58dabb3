"""The EPCIS 2.0 REST interface: queries (EPCIS 2.0 section 8.2, 12)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from suyuan.base.api_schema import answer, answers
from suyuan.base.clock import now, parse_time
from suyuan.base.errors import InvalidInput, NotFound
from suyuan.base.identity import ORGANISATIONS, Actor
from suyuan.base.permissions import Permission
from suyuan.epcis.json_codec import write_query_document
from suyuan.trace.access import ledger_of, require
from suyuan.trace.epcis_examples import ANSWER, DOCUMENT
from suyuan.trace.event_query import (
    DEFAULT_PAGE,
    LARGEST_PAGE,
    EventQuery,
    captured_by,
    find_event,
    load_events,
    run_query,
)
from suyuan.trace.ledger import Ledger

_HEADERS = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}

#: Link relation from an event to what declares it erroneous.
_DECLARED = "https://ns.suyuan.example/voc/errorDeclaration"

router = APIRouter(prefix="/epcis", tags=["EPCIS 2.0"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]


def _time(value: str | None, name: str) -> int | None:
    """A time parameter. A plus sign that a client forgot to encode arrives as a space."""
    if value is None:
        return None
    try:
        return parse_time(value.replace(" ", "+"))[0]
    except InvalidInput as error:
        raise InvalidInput(error.detail, place=name, remedy=error.remedy) from None


def _words(values: list[str] | None) -> list[str]:
    """List parameters come repeated, or as one value with commas or bars between."""
    return [word for value in values or [] for word in value.replace("|", ",").split(",") if word]


@router.get(
    "/events",
    summary="Query events",
    responses=answers(
        {200: answer(dict[str, Any], "Events in log order; Link holds the next page", ANSWER, "application/ld+json")},
        {400: "A parameter that cannot be read", 401: "No key", 403: "A role that may not read events"},
    ),
)
def events(
    request: Request,
    ledger: LedgerIs,
    actor: Annotated[Actor, Depends(require(Permission.READ_EVENTS))],
    event_type: Annotated[list[str] | None, Query(alias="eventType", examples=["ObjectEvent"])] = None,
    ge_event_time: Annotated[str | None, Query(alias="GE_eventTime", examples=["2026-10-12T00:00:00Z"])] = None,
    lt_event_time: Annotated[str | None, Query(alias="LT_eventTime")] = None,
    ge_record_time: Annotated[str | None, Query(alias="GE_recordTime")] = None,
    lt_record_time: Annotated[str | None, Query(alias="LT_recordTime")] = None,
    biz_step: Annotated[list[str] | None, Query(alias="EQ_bizStep", examples=["shipping"])] = None,
    biz_step_alias: Annotated[list[str] | None, Query(alias="bizStep", include_in_schema=False)] = None,
    match_epc: Annotated[list[str] | None, Query(alias="MATCH_epc")] = None,
    match_any_epc: Annotated[list[str] | None, Query(alias="MATCH_anyEPC")] = None,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=LARGEST_PAGE)] = DEFAULT_PAGE,
    next_page_token: Annotated[str | None, Query(alias="nextPageToken")] = None,
) -> Response:
    """Events that meet every parameter. A firm sees the events of its own keys; a regulator all."""
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise InvalidInput(
            "there is no such query parameter", place=unknown[0][:80], remedy=f"known: {', '.join(sorted(known))}"
        )
    query = EventQuery(
        event_type=_words(event_type),
        ge_event_time=_time(ge_event_time, "GE_eventTime"),
        lt_event_time=_time(lt_event_time, "LT_eventTime"),
        ge_record_time=_time(ge_record_time, "GE_recordTime"),
        lt_record_time=_time(lt_record_time, "LT_recordTime"),
        biz_step=_words([*(biz_step or []), *(biz_step_alias or [])]),
        match_epc=[value for value in match_epc or [] if value],
        match_any_epc=[value for value in match_any_epc or [] if value],
        party=_own(actor),
    )
    with ledger.view() as view:
        page = run_query(view, query, per_page, next_page_token)
    body = write_query_document([event.body for event in page.events], creation_date=now())
    headers = dict(_HEADERS)
    if page.next_token:
        following = request.url.include_query_params(nextPageToken=page.next_token)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
        headers["GS1-Next-Page-Token"] = page.next_token
    return Response(body, headers=headers, media_type="application/ld+json")


def _own(actor: Actor) -> str:
    """The party whose events an actor sees: its own for a firm, everybody's for a regulator."""
    if actor.role in ORGANISATIONS:
        return actor.party or f"key:{actor.key_id}"
    return ""


@router.get(
    "/events/{event_id:path}",
    summary="One event and its error declarations",
    responses=answers(
        {200: answer(dict[str, Any], "An EPCISQueryDocument", DOCUMENT, "application/ld+json")},
        {404: "No such event"},
    ),
)
def event(
    event_id: str,
    request: Request,
    ledger: LedgerIs,
    actor: Annotated[Actor, Depends(require(Permission.READ_EVENTS))],
) -> Response:
    """The event with this ID first, then whatever declares it erroneous, as the standard's own interface has it."""
    wanted = _with_version(event_id, request)
    party = _own(actor)
    with ledger.view() as view:
        indexes = find_event(view, wanted)
        found = sorted(load_events(view, indexes), key=lambda event: indexes.index(event.index))
        shown = [event for event in found if not party or captured_by(view, event.index, party)]
    if not shown:
        raise NotFound(f"there is no event {wanted[:200]}")
    body = write_query_document([event.body for event in shown], creation_date=now())
    return Response(body, headers=_HEADERS, media_type="application/ld+json")


def _with_version(event_id: str, request: Request) -> str:
    """A hash ID ends in ``?ver=CBV2.0``; a client that does not encode the ``?`` sends that as a query."""
    version = request.query_params.get("ver")
    if event_id.startswith("ni:") and version and "?ver=" not in event_id:
        return f"{event_id}?ver={version}"
    return event_id
