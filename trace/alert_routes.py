"""Early warning over HTTP: serial numbers that are in two places."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from suyuan.base.api_schema import LARGEST_NUMBER, answer, answers
from suyuan.base.clock import format_time
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.trace.access import ledger_of, require
from suyuan.trace.bodies import json_response
from suyuan.trace.clones import clones_among, suspects
from suyuan.trace.ledger import Ledger

router = APIRouter(prefix="/api/v1", tags=["trace"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]


class CloneAnswer(msgspec.Struct, frozen=True):
    """A serial number that is in two places."""

    id: str
    kind: str
    places: list[str | None]
    times: list[str]
    distance_km: float | None
    speed_kmh: float | None


_EXAMPLE = {
    "id": "https://id.gs1.org/01/09506000134352/21/1001",
    "kind": "impossible speed",
    "places": ["https://id.gs1.org/414/9506000000017", "https://id.gs1.org/414/9506000000024"],
    "times": ["2026-10-12T08:30:00.000Z", "2026-10-12T08:50:00.000Z"],
    "distance_km": 412.5,
    "speed_kmh": 1237.5,
}


@router.get(
    "/alerts/clones",
    summary="Serial numbers that are in two places",
    responses=answers(
        {200: answer(list[CloneAnswer], "Alerts, one of each kind a thing", [_EXAMPLE])}, {403: "Not a regulator"}
    ),
)
def clones(
    ledger: LedgerIs,
    actor: Annotated[Actor, Depends(require(Permission.RECALL))],
    since: Annotated[int, Query(ge=0, le=LARGEST_NUMBER, description="log index from which events count")] = 0,
) -> Response:
    """Copied tags and codes: an item faster than a lorry, or seen again after it was sold."""
    with ledger.view() as view:
        alerts = clones_among(view, suspects(view, since))
        found = [
            CloneAnswer(
                view.canonical(alert.thing) or "", alert.kind,
                [view.site_key(row.place) for row in (alert.first, alert.second)],
                [format_time(row.time) for row in (alert.first, alert.second)],
                None if alert.distance_km is None else round(alert.distance_km, 1),
                None if alert.speed_kmh is None else round(alert.speed_kmh, 1),
            )
            for alert in alerts
        ]  # fmt: skip
    return json_response(found)
