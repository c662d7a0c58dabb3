"""Launching the scenario's recalls, each once, however often the demonstration is begun."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from msgspec import Struct

from suyuan.app.demo.book import RecallPlan
from suyuan.app.demo.service import Service
from suyuan.base.errors import Unavailable
from suyuan.gs1.names import canonical, name_of

_PATH: Final = "/api/v1/recalls"
_PAUSE: Final = 0.25


class Launched(Struct, frozen=True):
    """A recall in figures: counts, and the seconds that the answer took. In this order they stand in the summary."""

    id: str
    seed: str
    affected: int
    carriers: int
    holders: int
    seconds: float


async def launch(service: Service, key: str, plan: RecallPlan) -> Launched:
    """Launch a recall, or find the one that an earlier run has launched: its answer is the same.

    A launch that isn't answered may have happened or not, so the list is asked before it is tried again.
    """
    seed = canonical(name_of(plan.seed))
    while True:
        known = (await service.ask("GET", _PATH, key=key)).json()
        earlier = next((one["id"] for one in known if one["seed"] == seed), None)
        began = time.monotonic()
        if earlier is not None:
            answer = (await service.ask("GET", f"{_PATH}/{earlier}", key=key)).json()
            return _figures(answer, time.monotonic() - began)
        try:
            reply = await service.once("POST", _PATH, key=key, body={"seed": plan.seed, "reason": _reason(plan)})
        except Unavailable:
            await asyncio.sleep(_PAUSE)
        else:
            return _figures(reply.json(), time.monotonic() - began)


def _reason(plan: RecallPlan) -> str:
    return " / ".join(plan.reason.values())


def _figures(answer: dict[str, Any], seconds: float) -> Launched:
    counts = answer["counts"]
    return Launched(
        id=answer["id"],
        seed=answer["seed"],
        affected=counts["affected"],
        carriers=counts["carriers"],
        holders=counts["consignees"],
        seconds=round(seconds, 3),
    )
