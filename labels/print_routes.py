"""Labels of a batch as files over HTTP: the designs there are, one label as a preview, any number of them to print."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from suyuan.base.api_schema import answer, answers, body_of
from suyuan.base.errors import InvalidInput
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.gs1.company_prefix import CompanyPrefixes
from suyuan.labels.allocation import MOST_LABELS
from suyuan.labels.batch_contents import contents_in_parts
from suyuan.labels.batches import Level
from suyuan.labels.design import LONGEST_FILE, Design, builtin, builtin_names, read_design
from suyuan.labels.raster import png
from suyuan.labels.rendering import MEDIA, Options, Output, render
from suyuan.labels.selection import Range, parse_numbers
from suyuan.labels.tag_jobs import refuse_tagged
from suyuan.labels.usual_design import named_design
from suyuan.labels.zpl import Rfid
from suyuan.trace.access import ledger_of, require
from suyuan.trace.bodies import json_response, read_body
from suyuan.trace.ledger import Ledger

LedgerIs = Annotated[Ledger, Depends(ledger_of)]
Printer = Annotated[Actor, Depends(require(Permission.PRINT_LABELS))]

#: Bytes of an order with its own design; bytes of a part of a long answer.
_ORDER_BYTES = 512 * 1024
_PART = 64 * 1024
_REFUSALS = {
    400: "A field is wrong, or a label does not fit its design: the place says which",
    401: "No key",
    403: "Not a firm",
    404: "The firm has no such batch or label",
    409: "A label was voided, or is on a tag already and would get on a second one",
    413: "Too many labels for one PDF",
}


class DesignAnswer(msgspec.Struct, frozen=True):
    """A design of ours. Sizes are of one label, in millimetres; ``places`` are labels on a sheet, 1 without sheets."""

    name: str
    title: str
    title_zh: str
    width: float
    height: float
    places: int


class PrintOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which labels become which file.

    ``numbers`` is ``1-500,502``; empty takes all that were not printed yet. ``design`` names one of ours,
    ``design_file`` is the text of another one's TOML file and goes before it. ``skip`` places of the first sheet stay
    empty. With ``rfid`` a ZPL printer writes the tags.
    """

    output: Output
    level: Level = Level.ITEM
    numbers: str = ""
    design: str = ""
    design_file: str = ""
    dpi: int = 203
    skip: int = 0
    rfid: Rfid | None = None


_ORDER = {"output": "zpl", "level": "item", "numbers": "1-480", "design": "item", "dpi": 300, "rfid": {"retries": 3}}
_DESIGN = {"name": "item", "title": "Item label, 50 x 30 mm", "title_zh": "", "width": 50, "height": 30, "places": 1}


def create_router(public_url: str, prefixes: CompanyPrefixes) -> APIRouter:
    """Routes of labels that lead to *public_url*; *prefixes* decide how their tags are encoded."""
    router = APIRouter(prefix="/api/v1/labels", tags=["labels"])

    def designs(actor: Printer) -> Response:
        """Those that come with Suyuan. Another one is sent along with each order."""
        return json_response([_shown(builtin(name)) for name in builtin_names()])

    def preview(
        batch_id: str,
        ledger: LedgerIs,
        actor: Printer,
        level: Level = Level.ITEM,
        number: Annotated[int, Query(ge=1, le=MOST_LABELS, description="number of the label")] = 1,
        design: Annotated[str, Query(max_length=40, description="name of a design of ours")] = "",
        dpi: Annotated[int, Query(description="203, 300 or 600")] = 300,
    ) -> Response:
        """The label as a printer of that resolution prints it, dot by dot."""
        drawn = named_design(design, level)
        chosen = [(number, number)]
        (content,) = contents_in_parts(ledger, actor, batch_id, level, public_url, chosen, prefixes)
        return Response(png(drawn, content, dpi), media_type=MEDIA[Output.PNG], headers={"Cache-Control": "no-store"})

    async def print_labels(batch_id: str, request: Request, ledger: LedgerIs, actor: Printer) -> Response:
        """Nothing is marked: say afterwards which labels were printed. A long answer comes in parts."""
        order = _order(await read_body(request, _ORDER_BYTES))
        design = _designed(order)
        ranges = parse_numbers(order.numbers) if order.numbers else None
        if order.rfid is not None:
            await run_in_threadpool(_refuse_tagged, ledger, actor, batch_id, order.level, ranges)
        contents = contents_in_parts(ledger, actor, batch_id, order.level, public_url, ranges, prefixes)
        parts = _joined(render(design, contents, order.output, Options(order.dpi, order.rfid, order.skip)))
        first = await run_in_threadpool(next, parts, b"")  # a refusal is an answer, not an answer cut off
        if not first:
            raise InvalidInput("there is no label to print", place="/numbers", remedy="allocate labels first")
        headers = {"Content-Disposition": f'attachment; filename="labels.{order.output}"', "Cache-Control": "no-store"}
        return StreamingResponse(chain([first], parts), media_type=MEDIA[order.output], headers=headers)

    router.add_api_route(
        "/designs",
        designs,
        methods=["GET"],
        summary="Label designs",
        responses=answers({200: answer(list[DesignAnswer], "By name", [_DESIGN])}, {401: "No key", 403: "Not a firm"}),
    )
    router.add_api_route(
        "/batches/{batch_id}/preview",
        preview,
        methods=["GET"],
        summary="One label as a picture",
        responses=answers({200: {"description": "The label", "content": {MEDIA[Output.PNG]: {}}}}, _REFUSALS),
    )
    router.add_api_route(
        "/batches/{batch_id}/render",
        print_labels,
        methods=["POST"],
        summary="Labels as a file",
        responses=answers(
            {200: {"description": "The file", "content": {media: {} for media in MEDIA.values()}}}, _REFUSALS
        ),
        openapi_extra=body_of(PrintOrder, "Which labels, and how", _ORDER, ("application/json",)),
    )
    return router


def _refuse_tagged(ledger: Ledger, actor: Actor, batch_id: str, level: Level, ranges: list[Range] | None) -> None:
    with ledger.view() as view:
        refuse_tagged(view, actor, batch_id, level, ranges)


def _order(body: bytes) -> PrintOrder:
    try:
        return msgspec.json.decode(body, type=PrintOrder)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"not an order: {error}", remedy="see the API's documentation") from None


def _designed(order: PrintOrder) -> Design:
    if order.design_file:
        if len(order.design_file) > LONGEST_FILE:
            raise InvalidInput(f"a design has at most {LONGEST_FILE} bytes", place="/design_file")
        return read_design(order.design_file.encode(errors="replace"), "/design_file")
    return named_design(order.design, order.level)


def _shown(design: Design) -> DesignAnswer:
    places = design.sheet.places if design.sheet else 1
    return DesignAnswer(design.name, design.title, design.title_zh, design.width, design.height, places)


def _joined(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of some size: each part costs a change of thread."""
    held: list[bytes] = []
    length = 0
    for part in parts:
        held.append(part)
        length += len(part)
        if length >= _PART:
            yield b"".join(held)
            held, length = [], 0
    if held:
        yield b"".join(held)
