"""Batches of labels over HTTP, for firms: open, allocate, and say what became of the labels."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from suyuan.base.api_schema import LARGEST_NUMBER, answer, answers, body_of
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.labels import service
from suyuan.labels.allocation import MOST_LABELS
from suyuan.labels.batches import (
    Allocation,
    BatchOrder,
    BatchStatus,
    Label,
    LabelState,
    Level,
    Marked,
    Selection,
    Written,
)
from suyuan.labels.progress import LINES, answered
from suyuan.trace.access import ledger_of, require
from suyuan.trace.bodies import json_response, read_value
from suyuan.trace.ledger import Ledger

router = APIRouter(prefix="/api/v1/labels/batches", tags=["labels"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]
Printer = Annotated[Actor, Depends(require(Permission.PRINT_LABELS))]
T = TypeVar("T")

#: Bytes of an order that names no labels one by one, and of one that does.
_ORDER_BYTES = 64 * 1024
_LIST_BYTES = 4 * 1024 * 1024
#: Most batches and labels on one page.
_MOST_BATCHES = 500
_MOST_ON_PAGE = 10_000


class LabelsWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many labels of a level. The same ``request`` again is answered with the same labels."""

    level: Level
    count: int
    request: str = ""


class Printed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Labels that came out of the printer; ``time`` is ISO 8601 with a zone, now where it is missing."""

    labels: Selection
    time: str | None = None


class Voided(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Labels that were spoiled, and how."""

    labels: Selection
    reason: str
    time: str | None = None


class Applied(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Labels that are on food now; ``contents`` were packed into the one label selected."""

    labels: Selection
    contents: Selection | None = None
    time: str | None = None


class Encoded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """EPCs that were written to tags and read back."""

    written: list[Written]
    time: str | None = None


class Weighed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pieces cut from a parent, by their net weights in decimal kilograms."""

    parent: str
    kilograms: list[str]
    request: str = ""


class LabelAnswer(msgspec.Struct, frozen=True):
    """One label."""

    batch: str
    level: Level
    number: int
    epc: str
    state: LabelState
    reason: str
    tid: str | None
    kilograms: str | None
    parent: str | None


class LabelPage(msgspec.Struct, frozen=True):
    """Labels by number; ``next`` is the ``after`` of the following page, null on the last."""

    labels: list[LabelAnswer]
    next: int | None


_BATCH = {
    "id": "B0a1b2c3d4e5f",
    "index": 4711,
    "party": "https://id.gs1.org/417/9506000000008",
    "gtin": "09506000134352",
    "lot": "L20261121",
    "production_date": "2026-11-21",
    "expiration_date": "2026-11-28",
    "best_before_date": "",
    "site": "https://id.gs1.org/414/9506000000015",
    "levels": [{"level": "item", "gtin": "09506000134352", "planned": 480, "holds": 0}],
    "serials": "numeric",
    "design": "item",
    "opened": "2026-11-21T06:00:00.000Z",
    "opened_by": "0a1b2c3d4e5f",
}
_STATUS = {
    "batch": _BATCH,
    "counts": [{"level": "item", "planned": 480, "allocated": 8, "printed": 0, "applied": 470, "voided": 2}],
}
_LABEL = {
    "batch": "B0a1b2c3d4e5f",
    "level": "item",
    "number": 1,
    "epc": "https://id.gs1.org/01/09506000134352/21/204858203948",
    "state": "printed",
    "reason": "",
    "tid": None,
    "kilograms": None,
    "parent": None,
}
_ORDER = {
    "gtin": "09506000134352",
    "lot": "L20261121",
    "quantity": 480,
    "production_date": "2026-11-21",
    "expiration_date": "2026-11-28",
    "case": {"gtin": "19506000134359", "holds": 12},
    "pallet": {"company_prefix": "9506000", "holds": 40},
    "request": "monday-1",
}
_ALLOCATION = {"batch": "B0a1b2c3d4e5f", "level": "item", "first": 1, "count": 480, "numbers": "1-480"}
_MARKED = {"changed": 480, "already": 0, "events": [4713]}
_CHOSEN = {"level": "item", "numbers": "1-470,473"}
_REFUSALS = {
    400: "A field is wrong: its name is the place",
    401: "No key",
    403: "Not a firm",
    404: "The firm has no such batch or label",
    409: "Against what became of the labels before",
    503: "Busy: send it again",
}


def _told(kind: Any, description: str, example: Any, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """A result as JSON, or as lines with the progress before it."""
    described = answer(kind, description, example)
    described["content"][LINES] = {"schema": {"type": "string"}, "example": '{"done": 10000, "of": 50000}\n'}
    return answers({status: described}, _REFUSALS)


@router.post(
    "",
    status_code=201,
    summary="Open a batch",
    responses=answers({201: answer(BatchStatus, "The batch, still without labels", _STATUS)}, _REFUSALS),
    openapi_extra=body_of(BatchOrder, "Product, lot, dates, quantity, packaging", _ORDER, ("application/json",)),
)
async def open_batch(request: Request, ledger: LedgerIs, actor: Printer) -> Response:
    """A lot of a product is opened once. The same ``request`` again is the same batch."""
    batch = await service.open_batch(ledger, actor, await read_value(request, BatchOrder, _ORDER_BYTES))
    status = await run_in_threadpool(_status, ledger, actor, batch.id)
    return json_response(status, 201, {"Location": f"/api/v1/labels/batches/{batch.id}"})


@router.get(
    "",
    summary="The firm's batches",
    responses=answers(
        {200: answer(list[BatchStatus], "The latest first, with the states of their labels", [_STATUS])}, _REFUSALS
    ),
)
def index(
    ledger: LedgerIs,
    actor: Printer,
    limit: Annotated[int, Query(ge=1, le=_MOST_BATCHES)] = 100,
    before: Annotated[int | None, Query(ge=0, le=LARGEST_NUMBER, description="index of the last one known")] = None,
) -> Response:
    """Labels that were allocated and not printed are in the counts."""
    with ledger.view() as view:
        return json_response(service.batches_of(view, actor, limit, before))


@router.get(
    "/{batch_id}",
    summary="One batch",
    responses=answers({200: answer(BatchStatus, "The batch with the states of its labels", _STATUS)}, _REFUSALS),
)
def batch(batch_id: str, ledger: LedgerIs, actor: Printer) -> Response:
    """Its levels, and how many labels are in which state."""
    return json_response(_status(ledger, actor, batch_id))


@router.post(
    "/{batch_id}/labels",
    status_code=201,
    summary="Allocate labels",
    responses=_told(Allocation, "Numbers of the new labels", _ALLOCATION, 201),
    openapi_extra=body_of(
        LabelsWanted, "Level and count", {"level": "item", "count": 480, "request": "r1"}, ("application/json",)
    ),
)
async def allocate(batch_id: str, request: Request, ledger: LedgerIs, actor: Printer) -> Response:
    """Their serial numbers are taken for ever. Send ``Accept: application/x-ndjson`` to be told the progress."""
    wanted = await read_value(request, LabelsWanted, _ORDER_BYTES)
    key = service.new_request(wanted.request)
    return await answered(
        request,
        lambda progress: service.allocate(ledger, actor, batch_id, wanted.level, wanted.count, key, progress),
        201,
    )


@router.get(
    "/{batch_id}/labels",
    summary="Labels of a batch",
    responses=answers({200: answer(LabelPage, "A page", {"labels": [_LABEL], "next": 1})}, _REFUSALS),
)
def labels(
    batch_id: str,
    ledger: LedgerIs,
    actor: Printer,
    level: Level = Level.ITEM,
    state: LabelState | None = None,
    after: Annotated[int, Query(ge=0, le=MOST_LABELS, description="number of the last one known")] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST_ON_PAGE)] = 1_000,
) -> Response:
    """By number, of one state where it is given."""
    with ledger.view() as view:
        found = service.labels_of(view, actor, batch_id, level, state, after, limit)
    last = found[-1].number if len(found) == limit else None
    return json_response(LabelPage([show(label) for label in found], last))


@router.post(
    "/{batch_id}/printed",
    summary="Say that labels were printed",
    responses=_told(Marked, "How many", _MARKED),
    openapi_extra=body_of(Printed, "Which labels", {"labels": _CHOSEN}, ("application/json",)),
)
async def printed(batch_id: str, request: Request, ledger: LedgerIs, actor: Printer) -> Response:
    """Captures business step encoding: the label exists, the food does not yet."""
    told = await read_value(request, Printed, _LIST_BYTES)
    return await answered(
        request, lambda progress: service.mark_printed(ledger, actor, batch_id, told.labels, told.time, progress)
    )


@router.post(
    "/{batch_id}/encoded",
    summary="Say that EPCs were written to tags",
    responses=answers({200: answer(Marked, "How many", _MARKED)}, _REFUSALS),
    openapi_extra=body_of(
        Encoded,
        "EPCs with the chips' TIDs",
        {"written": [{"epc": _LABEL["epc"], "tid": "E2801190200050"}]},
        ("application/json",),
    ),
)
async def encoded(batch_id: str, request: Request, ledger: LedgerIs, actor: Printer) -> Response:
    """What a print bureau sends back. One EPC is never on two tags."""
    told = await read_value(request, Encoded, _LIST_BYTES)
    return json_response(await service.record_encoded(ledger, actor, batch_id, told.written, told.time))


@router.post(
    "/{batch_id}/void",
    summary="Void spoiled labels",
    responses=_told(Marked, "How many", _MARKED),
    openapi_extra=body_of(
        Voided,
        "Which labels, and why",
        {"labels": {"level": "item", "numbers": "471-472"}, "reason": "printer jam"},
        ("application/json",),
    ),
)
async def void(batch_id: str, request: Request, ledger: LedgerIs, actor: Printer) -> Response:
    """Before they are applied only. Their serial numbers are never used again."""
    told = await read_value(request, Voided, _LIST_BYTES)
    return await answered(
        request,
        lambda progress: service.void(ledger, actor, batch_id, told.labels, told.reason, progress, told.time),
    )


@router.post(
    "/{batch_id}/apply",
    summary="Say that labels were put on food",
    responses=_told(Marked, "How many", _MARKED),
    openapi_extra=body_of(Applied, "Which labels", {"labels": _CHOSEN}, ("application/json",)),
)
async def apply(batch_id: str, request: Request, ledger: LedgerIs, actor: Printer) -> Response:
    """Captures commissioning with lot and dates; of what a scale weighed, the transformation of its parent."""
    told = await read_value(request, Applied, _LIST_BYTES)
    return await answered(
        request,
        lambda progress: service.apply(ledger, actor, batch_id, told.labels, told.contents, told.time, progress),
    )


@router.post(
    "/{batch_id}/relabel",
    status_code=201,
    summary="Labels for pieces cut from a parent",
    responses=answers(
        {201: answer(list[LabelAnswer], "One label for each weight", [_LABEL | {"kilograms": "0.356"}])}, _REFUSALS
    ),
    openapi_extra=body_of(
        Weighed,
        "Parent and net weights",
        {"parent": "https://id.gs1.org/01/09506000134369/10/SIDE7", "kilograms": ["0.356", "0.412"], "request": "s1"},
        ("application/json",),
    ),
)
async def relabel(batch_id: str, request: Request, ledger: LedgerIs, actor: Printer) -> Response:
    """At a scale. Refused when the parent is held by a recall, used up, or not enough of it is left."""
    told = await read_value(request, Weighed, _LIST_BYTES)
    made = await service.relabel(ledger, actor, batch_id, told.parent, told.kilograms, told.request)
    return json_response([show(label) for label in made], 201)


def show(label: Label) -> LabelAnswer:
    """A label as the API shows it."""
    return LabelAnswer(
        label.batch, label.level, label.number, label.epc, label.state, label.reason, label.tid, label.kilograms,
        label.parent,
    )  # fmt: skip


def _status(ledger: Ledger, actor: Actor, batch_id: str) -> BatchStatus:
    with ledger.view() as view:
        return service.batch_of(view, actor, batch_id)
