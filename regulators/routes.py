"""The regulator's API: launch a recall, read it, take the consignee list away."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from suyuan.base.api_schema import LARGEST_NUMBER, answer, answers, body_of, text_answer
from suyuan.base.errors import InvalidInput
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.regulators.consignee_list import consignee_csv
from suyuan.regulators.recalls import RecallAnswer, RecallOrder, RecallSummary, list_recalls, open_recall, read_recall
from suyuan.trace.access import ledger_of, require
from suyuan.trace.bodies import json_response, read_body
from suyuan.trace.closures import DEFAULT_PAGE, LARGEST_PAGE
from suyuan.trace.ledger import Ledger

router = APIRouter(prefix="/api/v1/recalls", tags=["recalls"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]
Regulator = Annotated[Actor, Depends(require(Permission.RECALL))]

#: Bytes of an order: a seed, a time and a reason.
_ORDER_BYTES = 64 * 1024
_ORDER_EXAMPLE = {
    "seed": "urn:epc:class:lgtin:6901234.000017.L20261012",
    "reason": "Salmonella found in a carcass of this slaughter lot",
}
_ANSWER_EXAMPLE = {
    "id": "R0a1b2c3d4e5f",
    "seed": "https://id.gs1.org/01/06901234000177/10/L20261012",
    "checkpoint": "suyuan.example/log\n4711\n...",
    "counts": {"affected": 231, "carriers": 9, "consignees": 4, "by_rule": {"F1": 230}, "by_state": {"in place": 190}},
}

_SUMMARY_EXAMPLE = {
    "id": "R0a1b2c3d4e5f",
    "seed": "https://id.gs1.org/01/06901234000177/10/L20261012",
    "reason": "Salmonella found in a carcass of this slaughter lot",
    "launched": "2026-10-14T09:12:44.120Z",
    "affected": 231,
    "carriers": 9,
}


@router.post(
    "",
    status_code=201,
    summary="Launch a recall",
    responses=answers(
        {201: answer(RecallAnswer, "The recall, its scope frozen and held", _ANSWER_EXAMPLE)},
        {400: "Not an order", 401: "No key", 403: "Not a regulator", 404: "The ledger has never seen the seed"},
    ),
    openapi_extra=body_of(RecallOrder, "What to recall and why", _ORDER_EXAMPLE, ("application/json",)),
)
async def launch(request: Request, ledger: LedgerIs, actor: Regulator) -> Response:
    """Rules F1 to F4 and carriers. What is on the list is held from the moment this answers."""
    body = await read_body(request, _ORDER_BYTES)
    try:
        order = msgspec.json.decode(body, type=RecallOrder)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"this is not a recall order: {error}"[:300], remedy="send seed and reason") from None
    recall_id = await open_recall(ledger, order, actor)
    result = await run_in_threadpool(_read, ledger, recall_id, 0, DEFAULT_PAGE)
    return json_response(result, 201, {"Location": f"/api/v1/recalls/{recall_id}"})


def _read(ledger: Ledger, recall_id: str, offset: int, limit: int) -> RecallAnswer:
    with ledger.view() as view:
        return read_recall(view, recall_id, offset, limit)


@router.get(
    "",
    summary="All recalls",
    responses=answers({200: answer(list[RecallSummary], "Newest first", [_SUMMARY_EXAMPLE])}, {403: "Not allowed"}),
)
def index(ledger: LedgerIs, actor: Regulator) -> Response:
    """Recalls with their sizes."""
    with ledger.view() as view:
        return json_response(list_recalls(view))


@router.get(
    "/{recall_id}",
    summary="One recall",
    responses=answers({200: answer(RecallAnswer, "The recall", _ANSWER_EXAMPLE)}, {404: "No such recall"}),
)
def recall(
    recall_id: str,
    ledger: LedgerIs,
    actor: Regulator,
    offset: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = DEFAULT_PAGE,
) -> Response:
    """The frozen list with present places and possessors; ``affected`` comes in pages."""
    return json_response(_read(ledger, recall_id, offset, limit))


@router.get(
    "/{recall_id}/consignees.csv",
    summary="Who has affected goods, as CSV",
    responses=answers(
        {200: text_answer("One row a party and unit", "text/csv", "party,name_zh,name_en,things,...")},
        {404: "No such recall"},
    ),
)
def consignee_list(recall_id: str, ledger: LedgerIs, actor: Regulator) -> Response:
    """In transit both sender and receiver are listed."""
    parties = _read(ledger, recall_id, 0, 0).consignees
    headers = {"Content-Disposition": f'attachment; filename="consignees-{recall_id}.csv"'}
    return Response(consignee_csv(parties), headers=headers, media_type="text/csv; charset=utf-8")
