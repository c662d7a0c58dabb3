"""The log for anyone: checkpoint, tiles and entries as c2sp.org/tlog-tiles lays them out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from suyuan.base.api_schema import answers, text_answer
from suyuan.base.errors import NotFound
from suyuan.chain.merkle import TILE_WIDTH
from suyuan.chain.tiles import ENTRIES, encode_entries, parse_tile_path
from suyuan.trace.access import ledger_of
from suyuan.trace.ledger import Ledger

router = APIRouter(prefix="/log", tags=["log"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]

_NOTE = "suyuan.example/log\n4711\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=\n\n— suyuan.example/log AAAAAA...\n"
_POLICY = "log suyuan.example/log+b78ad91a+AUY3ugbVNmzzO3T2H5Dh/dCRmmRo1jmRjbn2tBdk0E5O\nquorum none\n"
#: A full tile never changes; a partial one and the checkpoint do.
_FOR_EVER, _BRIEFLY = "public, max-age=31536000, immutable", "no-cache"


@router.get(
    "/checkpoint",
    summary="The latest signed checkpoint",
    responses=answers(
        {200: text_answer("A signed note (C2SP tlog-checkpoint)", "text/plain", _NOTE)}, {404: "Not yet"}
    ),
)
def checkpoint(ledger: LedgerIs) -> Response:
    """Size and root of the log under the operator's signature. Keep one: no later log may contradict it."""
    with ledger.log() as log:
        latest = log.latest_checkpoint()
    if latest is None:
        raise NotFound("the log is empty: nothing was signed yet", remedy="capture an event")
    return Response(latest.note, headers={"Cache-Control": _BRIEFLY}, media_type="text/plain; charset=utf-8")


@router.get(
    "/policy",
    summary="The key that verifies this log",
    responses={200: text_answer("C2SP tlog-policy", "text/plain", _POLICY)},
)
def policy(ledger: LedgerIs) -> Response:
    """What ``suyuan verify --policy FILE`` takes. Get it from a party you trust, not from here, when it matters."""
    return Response(ledger.policy_text(), media_type="text/plain; charset=utf-8")


@router.get(
    "/tile/{path:path}",
    summary="A tile of hashes or entries",
    responses=answers({200: {"description": "32-byte hashes, or length-prefixed entries"}}, {404: "No such tile yet"}),
)
def tile(path: str, ledger: LedgerIs) -> Response:
    """``/log/tile/<L>/<N>[.p/<W>]`` and ``/log/tile/entries/<N>[.p/<W>]``."""
    name = parse_tile_path(f"tile/{path}")
    with ledger.log() as log:
        span = TILE_WIDTH ** max(name.level, 0)
        if (name.idx * TILE_WIDTH + name.width) * span > log.size():
            raise NotFound("the log has no such tile yet", remedy="ask for a partial tile of the checkpoint's size")
        if name.level == ENTRIES:
            body = encode_entries(log.entries(name.idx * TILE_WIDTH, name.width))
        else:
            body = log.hashes(name.level, name.idx, name.width)
    headers = {"Cache-Control": _FOR_EVER if name.width == TILE_WIDTH else _BRIEFLY}
    return Response(body, headers=headers, media_type="application/octet-stream")
