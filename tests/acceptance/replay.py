"""A plain replay of EPCIS events: rules F1 to F4, what is in what, and where it all is.

It reads nothing but the JSON of ``GET /epcis/events`` and goes over it from the first event to the last, again and
again until nothing changes. It shares no code with `suyuan.trace`; only the spelling of names is the project's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from suyuan.base.clock import parse_time
from suyuan.gs1.names import canonical, name_of

Event = dict[str, Any]
SENT = {"shipping", "departing", "transporting"}
INPUTS = ("inputEPCList", "inputQuantityList")
OUTPUTS = ("outputEPCList", "outputQuantityList")
SOLD = {"retail_selling", "dispensing"}


@cache
def link(identifier: str) -> str:
    """The canonical name of a thing."""
    return canonical(name_of(identifier))


def site(place: str | None) -> str | None:
    """The site of a place: a location without its extension."""
    return link(place).partition("/254/")[0] if place else None


def place_of(event: Event) -> str | None:
    """The site of an event: its business location, else its read point."""
    return site((event.get("bizLocation") or event.get("readPoint") or {}).get("id"))


def when(event: Event) -> int:
    """Microseconds UTC."""
    return parse_time(event["eventTime"])[0]


def links(event: Event, *fields: str) -> list[str]:
    """EPCs and classes of these lists."""
    found = []
    for name in fields:
        found += [link(one if isinstance(one, str) else one["epcClass"]) for one in event.get(name, [])]
    return found


def in_order(events: Iterable[Event]) -> list[Event]:
    """By time; equal times as they came, which is log order."""
    return sorted(events, key=when)


def lots_of(event: Event) -> Iterator[tuple[str, str]]:
    """(item, lot) for items that this event makes with a lot number, or beside the one lot of their product."""
    number = event.get("ilmd", {}).get("cbvmda:lotNumber")
    beside: dict[str, set[str]] = defaultdict(set)
    for lot in links(event, "quantityList", "outputQuantityList"):
        beside[lot.partition("/10/")[0]].add(lot)
    for item in links(event, "epcList", "outputEPCList"):
        product, _, serial = item.partition("/21/")
        if serial and number:
            yield item, f"{product}/10/{number}"
        elif serial and len(beside[product]) == 1:
            yield item, next(iter(beside[product]))


def affected_by(events: list[Event], seed: str) -> dict[str, int]:
    """Everything that a seed affects, and since when."""
    everything = ("epcList", "quantityList", "childEPCs", "childQuantityList", "outputEPCList", "outputQuantityList")
    since = {seed: min(when(event) for event in events if seed in links(event, *everything))}
    joined: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event["type"] == "TransformationEvent":
            joined[event.get("transformationID") or event["eventID"]].append(event)
    before: dict[str, int] = {}
    while before != since:
        before = dict(since)
        for together in joined.values():
            used = [(thing, when(event)) for event in together for thing in links(event, *INPUTS)]
            for made in together if any(thing in since and since[thing] <= time for thing, time in used) else []:
                for thing in links(made, *OUTPUTS):
                    since[thing] = min(since.get(thing, when(made)), when(made))
        for event in events:
            for item, lot in lots_of(event):
                if lot in since:
                    since[item] = min(since.get(item, 1 << 62), max(since[lot], when(event)))
    return since


def sources_of(events: list[Event], thing: str) -> set[str]:
    """Everything that a thing was made of, through transformations alone."""
    joined: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        joined[event.get("transformationID") or event["eventID"]].append(event)
    found, open_things = {thing}, [thing]
    while open_things:
        wanted = open_things.pop()
        for together in joined.values():
            if any(wanted in links(event, *OUTPUTS) for event in together):
                fresh = {used for event in together for used in links(event, *INPUTS)} - found
                found |= fresh
                open_things += fresh
    return found - {thing}


@dataclass
class World:
    """Where everything is after a number of events."""

    container: dict[str, str] = field(default_factory=dict)
    place: dict[str, str | None] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)

    def contents(self, container: str) -> list[str]:
        """Everything inside, at any depth."""
        direct = [thing for thing, holder in self.container.items() if holder == container]
        return direct + [inner for thing in direct for inner in self.contents(thing)]

    def above(self, thing: str) -> list[str]:
        """The containers of a thing, the nearest first."""
        holder = self.container.get(thing)
        return [holder, *self.above(holder)] if holder else []

    def play(self, event: Event) -> None:
        """One more event."""
        used = links(event, "inputEPCList")
        moved = links(event, "epcList", "childEPCs", "outputEPCList")
        parent = link(event["parentID"]) if "parentID" in event else None
        whole = [*moved, *([parent] if parent else [])]
        inside = [inner for thing in whole for inner in self.contents(thing)]
        for thing in [*whole, *inside]:
            self._see(thing, event)
        self.state |= dict.fromkeys(used, "used up")
        if event["type"] == "AggregationEvent" and parent:
            for child in moved:
                if event["action"] == "ADD":
                    self.container[child] = parent
                elif event["action"] == "DELETE" and self.container.get(child) == parent:
                    del self.container[child]

    def _see(self, thing: str, event: Event) -> None:
        gone = "bizLocation" not in event and event.get("bizStep") in SENT
        here = place_of(event)
        if event.get("bizStep") in SOLD:
            self.state[thing] = "with the consumer"
        elif self.state.get(thing) != "used up" and (here or gone):
            self.state[thing] = "in transit" if gone else "in place"
        if here:
            self.place[thing] = None if gone else here


def world_after(events: list[Event]) -> World:
    """The present."""
    world = World()
    for event in in_order(events):
        world.play(event)
    return world


def left_of(events: list[Event], lot: str) -> dict[str, float]:
    """How much of a lot without items should be where, by site: what came less what went (crates don't change it)."""
    amounts: dict[str, float] = defaultdict(float)
    crates: dict[str, float] = {}
    at: dict[str, str] = {}
    for event in in_order(events):
        here = place_of(event) or ""
        gone = "bizLocation" not in event and event.get("bizStep") in SENT
        for crate in links(event, "epcList"):
            if crate in crates and not gone and here:
                amounts[at[crate]] -= crates[crate]
                amounts[here] += crates[crate]
                at[crate] = here
        for name, sign in (("quantityList", 1), ("inputQuantityList", -1), ("outputQuantityList", 1)):
            for element in event.get(name, []):
                if link(element["epcClass"]) == lot:
                    leaves = gone or event.get("bizStep") in SOLD
                    stays = event.get("action") == "OBSERVE" and event.get("bizStep") not in {*SENT, *SOLD, "receiving"}
                    amounts[here] += 0 if stays else -element["quantity"] if leaves else sign * element["quantity"]
        for element in event.get("childQuantityList", []):
            if link(element["epcClass"]) == lot:
                crate = link(event["parentID"])
                at[crate] = here
                crates[crate] = element["quantity"] if event["action"] == "ADD" else 0
    return {place: amount for place, amount in amounts.items() if round(amount, 6)}
