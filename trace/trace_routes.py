"""Lifecycle answers over HTTP: one thing's present, its past and its future."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from suyuan.base.api_schema import LARGEST_NUMBER, answer, answers
from suyuan.base.errors import NotFound
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.trace.access import ledger_of, require
from suyuan.trace.bodies import json_response
from suyuan.trace.closures import DEFAULT_PAGE, LARGEST_PAGE, Direction, TraceAnswer, trace_answer
from suyuan.trace.ledger import Ledger, count_rows
from suyuan.trace.lookup import find_thing
from suyuan.trace.thing_state import ThingState, cut_state, state_of
from suyuan.trace.visibility import sight_of

router = APIRouter(prefix="/api/v1", tags=["trace"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]


class Figures(msgspec.Struct, frozen=True):
    """How much the ledger holds."""

    events: int
    things: int
    log_size: int


_STATE_EXAMPLE = {
    "id": "https://id.gs1.org/01/09506000134352/21/1001",
    "epc": "urn:epc:id:sgtin:9506000.013435.1001",
    "kind": "instance",
    "state": "in place",
    "place": "https://id.gs1.org/414/9506000000017",
    "container": "https://id.gs1.org/00/095060001234567890",
    "possessor": "https://id.gs1.org/417/9506000000000",
    "holds": [],
    "events": [{"eventID": "ni:///sha-256;5f7c...?ver=CBV2.0", "index": 4711, "role": "epc", "bizStep": "receiving"}],
}
_TRACE_EXAMPLE = {"id": "https://id.gs1.org/01/09506000134352/10/L1", "direction": "forward", "asOf": 4711, "of": 2}


@router.get(
    "/trace",
    summary="Trace a thing back to its sources, or forward to what it became",
    responses=answers(
        {200: answer(TraceAnswer, "The closure", _TRACE_EXAMPLE)}, {400: "Not an identifier", 404: "Unknown"}
    ),
)
def trace(
    ledger: LedgerIs,
    actor: Annotated[Actor, Depends(require(Permission.TRACE))],
    id: Annotated[str, Query(max_length=2000, description="EPC, lot or Digital Link, in any form")],  # noqa: A002
    direction: Direction = Direction.BACK,
    offset: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = DEFAULT_PAGE,
) -> Response:
    """Every thing with the rule and the event that put it on the list, and its present facts."""
    with ledger.view() as view:
        return json_response(trace_answer(view, id, direction, actor, offset, limit))


@router.get(
    "/things/{identifier:path}",
    summary="One thing: where it is, who has it, what it is in, its events",
    responses=answers({200: answer(ThingState, "The thing's present", _STATE_EXAMPLE)}, {404: "Unknown"}),
)
def thing_state(
    identifier: str, ledger: LedgerIs, actor: Annotated[Actor, Depends(require(Permission.TRACE))]
) -> Response:
    """The identifier may be in any form; encode its slashes or leave them."""
    with ledger.view() as view:
        name, thing = find_thing(view, _whole(identifier))
        sight = sight_of(view, actor, [thing])
        if sight and not sight.sees(thing):
            raise NotFound("nothing that you may see is recorded of this thing", remedy="ask who sold it to you")
        whole = state_of(view, name, thing)
        return json_response(cut_state(view, whole, thing, sight) if sight else whole)


def _whole(identifier: str) -> str:
    """A path loses one of two slashes behind the scheme on some ways through proxies; put it back."""
    for scheme in ("https:/", "http:/"):
        if identifier.startswith(scheme) and not identifier.startswith(scheme + "/"):
            return scheme + "/" + identifier[len(scheme) :]
    return identifier


@router.get(
    "/figures",
    summary="How much the ledger holds",
    responses={200: answer(Figures, "Counts of rows", {"events": 4700, "things": 9321, "log_size": 4711})},
)
def figures(ledger: LedgerIs, actor: Annotated[Actor, Depends(require(Permission.READ_PUBLIC))]) -> Response:
    """Counted, not estimated."""
    with ledger.view() as view:
        events, things = (count_rows(view.connection, table) for table in ("event", "thing"))
        return json_response(Figures(events, things, view.size))
