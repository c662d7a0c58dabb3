"""Random chains of items: the closure and the carriers against a plain walk over the list of events."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

Event = dict[str, Any]
ITEMS, CRATES = 14, 4


def random_events(story: Any, seed: int) -> list[Event]:
    """Transformations, packings and unpackings in an order that nobody would call sensible; some share times."""
    rnd = random.Random(seed)
    items = [story.item(1, number) for number in range(ITEMS)]
    boxes = [story.crate(number) for number in range(CRATES)]
    events: list[Event] = []
    for _ in range(rnd.randrange(8, 22)):
        at = rnd.randrange(0, 40)
        kind = rnd.choice(["transform", "transform", "add", "add", "add", "delete", "empty"])
        if kind == "transform":
            chosen = rnd.sample(items, rnd.randrange(2, 6))
            cut = rnd.randrange(1, len(chosen))
            group = rnd.choice([None, None, "https://example.com/t/1"])
            events.append({"kind": kind, "at": at, "in": chosen[:cut], "out": chosen[cut:], "group": group})
        else:
            box = rnd.choice(boxes)
            others = [other for other in items + boxes if other != box]
            children = [] if kind == "empty" else rnd.sample(others, rnd.randrange(1, 4))
            events.append({"kind": kind, "at": at, "box": box, "children": children})
    return events


def capture(story: Any, events: list[Event]) -> None:
    """Put the events into the ledger in the order of the list, which is not that of time."""
    for number, event in enumerate(events):
        note = {"ext:number": number, "@context": {"ext": "https://example.com/"}}  # keeps equal events apart
        if event["kind"] == "transform":
            story.transform(event["in"], event["out"], where=1, at=event["at"], transformationID=event["group"], **note)
        elif event["kind"] == "add":
            story.pack(event["box"], *event["children"], where=1, at=event["at"], **note)
        else:
            story.unpack(event["box"], *event["children"], where=1, at=event["at"], **note)


def plain_closure(events: list[Event], seed: str) -> dict[str, int]:
    """F1 for items by repeated passes over all events, until nothing changes: affected since."""
    first = [event["at"] for event in events if seed in names_of(event)]
    since = {seed: min(first)}
    changed = True
    while changed:
        changed = False
        for used in (event for event in events if event["kind"] == "transform"):
            if not any(item in since and since[item] <= used["at"] for item in used["in"]):
                continue
            for made in (event for event in events if event["kind"] == "transform"):
                if made is used or (made["group"] is not None and made["group"] == used["group"]):
                    for item in made["out"]:
                        if made["at"] < since.get(item, 10**9):
                            since[item] = made["at"]
                            changed = True
    return since


def names_of(event: Event) -> list[str]:
    return [
        *event.get("in", []),
        *event.get("out", []),
        *event.get("children", []),
        *([event["box"]] if "box" in event else []),
    ]


def plain_containers(events: list[Event]) -> dict[str, str]:
    """Who is in what at the end, by playing the events in order of time and then of capture."""
    inside: dict[str, str] = {}
    for event in sorted(events, key=lambda event: event["at"]):
        if event["kind"] == "transform":
            inside = {child: box for child, box in inside.items() if child not in event["in"]}
        elif event["kind"] == "add":
            inside.update(dict.fromkeys(event["children"], event["box"]))
        elif event["kind"] == "delete":
            for child in event["children"]:
                if inside.get(child) == event["box"]:
                    del inside[child]
        elif event["kind"] == "empty":
            inside = {child: box for child, box in inside.items() if box != event["box"]}
    return inside


def above(inside: dict[str, str], thing: str) -> list[str]:
    chain: list[str] = []
    while thing in inside and inside[thing] not in [*chain]:
        thing = inside[thing]
        chain.append(thing)
    return chain


@pytest.fixture
def tell(story: Any) -> Callable[[int], list[Event]]:
    def told(seed: int) -> list[Event]:
        events = random_events(story, seed)
        capture(story, events)
        return events

    return told


@pytest.mark.parametrize("seed", range(40))
def test_the_closure_and_its_carriers_are_those_of_a_plain_walk(story: Any, tell: Any, seed: int) -> None:
    events = tell(seed)
    inside = plain_containers(events)
    seeds = sorted({name for event in events if event["kind"] == "transform" for name in event["in"]})
    for start in seeds[:4]:
        expected = plain_closure(events, start)
        answers, carriers = story.scope(start)
        assert set(answers) == {story.link(name) for name in expected}
        wanted: dict[str, set[str]] = {}
        for name in expected:
            for box in above(inside, name):
                if box != name and box not in expected:
                    wanted.setdefault(story.link(box), set()).add(story.link(name))
        assert carriers == wanted
