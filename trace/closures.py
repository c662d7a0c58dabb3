"""The answer to a trace: a closure by names, cut to what the asker may see."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from suyuan.base.identity import Actor
from suyuan.gs1.names import canonical
from suyuan.trace.backward import trace_back
from suyuan.trace.forward import trace_forward
from suyuan.trace.lookup import find_thing
from suyuan.trace.scope import Affected
from suyuan.trace.things import Carrier, Present, ThingAnswer, carriers_answer, describe
from suyuan.trace.view import View
from suyuan.trace.visibility import Sight, cut_to_scope, sight_of, without_present

#: Things on a page: the default and the most.
DEFAULT_PAGE, LARGEST_PAGE = 1_000, 10_000


class Direction(StrEnum):
    """Which way to trace."""

    BACK = "back"
    FORWARD = "forward"


class TraceAnswer(msgspec.Struct, frozen=True, rename={"as_of": "asOf"}):
    """A closure from one thing. ``hidden`` counts things that the asker may not see; ``of`` all that were found."""

    id: str
    direction: str
    as_of: int
    of: int
    hidden: int
    things: list[ThingAnswer]
    carriers: list[Carrier]


def trace_answer(
    view: View,
    identifier: str,
    direction: Direction,
    actor: Actor | None = None,
    offset: int = 0,
    limit: int = LARGEST_PAGE,
) -> TraceAnswer:
    """The closure of one thing. A firm sees what it may, with a count of the rest; without an actor nothing is cut."""
    name, thing = find_thing(view, identifier)
    scope = trace_forward(view, [thing]) if direction is Direction.FORWARD else trace_back(view, [thing])
    items = list(scope.affected.values())
    sight = sight_of(view, actor, scope.affected)
    shown = cut_to_scope(sight, items)
    page = shown[offset : offset + limit]
    answers = describe(view, page, scope.lots)
    if sight:
        answers = _masked(view, sight, page, answers)
    return TraceAnswer(
        canonical(name), direction.value, view.size, len(items), len(items) - len(shown), answers,
        [] if sight else carriers_answer(view, scope.carriers),
    )  # fmt: skip


def _masked(view: View, sight: Sight, items: Sequence[Affected], answers: Sequence[ThingAnswer]) -> list[ThingAnswer]:
    """Answers without what rests on events that the firm may not see."""
    present = Present(view, [item.thing for item in items])
    masked = []
    for item, answer in zip(items, answers, strict=True):
        shown = answer if sight.sees_present(present, item.thing) else without_present(answer)
        if item.via is not None and item.via not in sight.events(item.thing):
            shown = msgspec.structs.replace(shown, via=None)
        if item.origin is not None and not sight.sees(item.origin):
            shown = msgspec.structs.replace(shown, origin=None)
        masked.append(shown)
    return masked
