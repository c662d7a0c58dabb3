"""One thing's present: where it is, who has it, what it is in, what holds it, and its own events."""

from __future__ import annotations

import msgspec

from suyuan.base.clock import format_time
from suyuan.gs1.names import Name, canonical, epc_urn, kind_of
from suyuan.trace.holds import holds_on
from suyuan.trace.sightings import sightings_of
from suyuan.trace.tables import Role
from suyuan.trace.things import HoldingAnswer, Present, Quantity, event_ids, show_holding
from suyuan.trace.view import View
from suyuan.trace.visibility import Sight, without_present


class EventMark(
    msgspec.Struct, frozen=True, rename={"event_id": "eventID", "event_time": "eventTime", "biz_step": "bizStep"}
):
    """One event of a thing's own history."""

    event_id: str
    index: int
    event_time: str
    role: str
    biz_step: str | None
    place: str | None


class HoldAnswer(msgspec.Struct, frozen=True):
    """A recall that holds a thing."""

    recall: str
    reason: str
    carrier: bool
    launched: str


class ThingState(msgspec.Struct, frozen=True):
    """Where a thing is, who has it, what it is in, what holds it, and its events."""

    id: str
    epc: str | None
    kind: str
    state: str
    place: str | None  #: as it was recorded, a room or a shelf of the site
    site: str | None
    container: str | None
    containers: list[str]
    possessor: str | None
    possessors: list[str]
    owner: str | None
    destination: str | None
    holdings: list[HoldingAnswer]
    quantity: Quantity | None
    holds: list[HoldAnswer]
    events: list[EventMark]
    hidden: int = 0  #: events that the asker may not see


def state_of(view: View, name: Name, thing: int) -> ThingState:
    """The present of a thing that the ledger knows."""
    present = Present(view, [thing])
    where = present.state(thing)
    rows = sightings_of(view, [thing]).get(thing, [])
    ids = event_ids(view, [row.event for row in rows])
    view.names([row.place for row in rows])
    above = [view.canonical(stay.container) or "" for stay in present.locator.containment.above(thing)]
    holdings = [show_holding(view, holding) for holding in present.holdings(thing)] if thing in present.lots else []
    holds = [
        HoldAnswer(order.recall, order.reason, hold.carrier, format_time(order.launched))
        for hold, order in holds_on(view, [thing]).get(thing, [])
    ]
    events = [
        EventMark(
            ids[row.event], row.event, format_time(row.time), Role(row.role).name.lower(), view.term(row.biz_step),
            view.canonical(row.place),
        )
        for row in rows
    ]  # fmt: skip
    total = holdings[0].quantity if len(holdings) == 1 else None
    return ThingState(
        canonical(name), epc_urn(*name), kind_of(*name[:2]), where.state, view.canonical(where.place), where.site,
        view.canonical(where.container), above, where.possessors[0] if where.possessors else None,
        list(where.possessors), where.owner, where.destination, holdings, total, holds, events,
    )  # fmt: skip


def cut_state(view: View, whole: ThingState, thing: int, sight: Sight) -> ThingState:
    """What a firm may see of it. Recalls are never hidden from who has had the thing."""
    open_ = sight.events(thing)
    events = [mark for mark in whole.events if mark.index in open_]
    cut = msgspec.structs.replace(whole, events=events, hidden=len(whole.events) - len(events))
    return cut if sight.sees_present(Present(view, [thing]), thing) else without_present(cut)
