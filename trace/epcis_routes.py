"""The EPCIS 2.0 REST interface: queries (EPCIS 2.0 section 8.2, 12)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from suyuan.base.api_schema import answer, answers
from suyuan.base.clock import now
from suyuan.base.errors import NotFound
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.epcis.json_codec import write_query_document
from suyuan.epcis.query_parameters import read_query
from suyuan.epcis.query_values import from_url
from suyuan.trace.access import ledger_of, require
from suyuan.trace.epcis_examples import ANSWER, DOCUMENT
from suyuan.trace.event_query import (
    DEFAULT_PAGE,
    LARGEST_PAGE,
    find_event,
    load_events,
    run_query,
)
from suyuan.trace.event_scope import scope_of, visible
from suyuan.trace.ledger import Ledger

_HEADERS = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}

#: Link relation from an event to what declares it erroneous.
_DECLARED = "https://ns.suyuan.example/voc/errorDeclaration"

router = APIRouter(prefix="/epcis", tags=["EPCIS 2.0"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]


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
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=LARGEST_PAGE)] = DEFAULT_PAGE,
    next_page_token: Annotated[str | None, Query(alias="nextPageToken")] = None,
) -> Response:
    """Events that meet every parameter. A firm sees the events of its own keys; a regulator all."""
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] not in {"perPage", "nextPageToken"}]
    query = read_query(from_url(pairs), {})
    with ledger.view() as view:
        page = run_query(view, query, scope_of(view, actor), per_page, next_page_token)
    body = write_query_document([event.body for event in page.events], creation_date=now())
    headers = dict(_HEADERS)
    if page.next_token:
        following = request.url.include_query_params(nextPageToken=page.next_token)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
        headers["GS1-Next-Page-Token"] = page.next_token
    return Response(body, headers=headers, media_type="application/ld+json")


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
    with ledger.view() as view:
        indexes = find_event(view, wanted)
        found = sorted(load_events(view, indexes), key=lambda event: indexes.index(event.index))
        seen = visible(view, indexes, scope_of(view, actor))
        shown = [event for event in found if event.index in seen]
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
