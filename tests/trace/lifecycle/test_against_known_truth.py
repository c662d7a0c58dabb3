"""A small world in which it is known what really touched what: the closure may be wider, it may never miss anything.

Heaps of lots stand at sites and in crates; some of the goods are bad from the start. Goods are shipped, packed,
carried, unpacked, used and made; where good and bad of one lot meet, the heap is bad from then on. Afterwards every
lot and item that ever had bad goods in it must be on the list, and nothing may be on it that a walk over whole lots,
blind to places, would not reach either.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

SITES, CRATES, STEPS = 4, 3, 26

Where = tuple[str, int]


class World:
    """Plays random but possible moves, records them as events, and remembers the truth."""

    def __init__(self, story: Any, seed: int) -> None:
        self.story = story
        self.rnd = random.Random(seed)
        self.minute = 0
        self.heaps: dict[tuple[str, Where], float] = {}
        self.bad: set[tuple[str, Where]] = set()
        self.ever_bad: set[str] = set()
        self.crate_at = dict.fromkeys(range(CRATES), 1)
        self.blind: dict[str, set[str]] = {}
        self.made = 0

    def tick(self) -> int:
        self.minute += 1
        return self.minute

    def put(self, lot: str, where: Where, amount: float, bad: bool) -> None:
        key = (lot, where)
        self.heaps[key] = self.heaps.get(key, 0.0) + amount
        if bad:
            self.bad.add(key)
            self.ever_bad.add(lot)

    def take(self, lot: str, where: Where, amount: float) -> bool:
        key = (lot, where)
        bad = key in self.bad
        self.heaps[key] -= amount
        if self.heaps[key] <= 0:
            del self.heaps[key]
            self.bad.discard(key)
        return bad

    def start(self) -> str:
        """One bad raw lot and one good one; the bad one is the seed."""
        bad, good = self.story.lot(1, "bad"), self.story.lot(1, "good")
        for lot in (bad, good):
            self.story.make(where=1, amount=(lot, 100.0), at=self.tick())
            self.put(lot, ("site", 1), 100.0, lot == bad)
        return str(bad)

    def move(self) -> None:
        self.rnd.choice([self.ship, self.pack, self.carry, self.unpack, self.produce, self.produce])()

    def ship(self) -> None:
        here = [key for key in self.heaps if key[1][0] == "site"]
        lot, where = self.rnd.choice(sorted(here))
        to = self.rnd.randrange(1, SITES + 1)
        if to == where[1]:
            return
        amount = self.heaps[lot, where] / self.rnd.choice([1, 2, 4])
        named = to if self.rnd.random() < 0.7 else None
        self.story.ship(where=where[1], to=named, amount=(lot, amount), at=self.tick())
        self.story.see(where=to, amount=(lot, amount), at=self.tick())
        self.put(lot, ("site", to), amount, self.take(lot, where, amount))

    def pack(self) -> None:
        crate = self.rnd.randrange(CRATES)
        here = sorted(key for key in self.heaps if key[1] == ("site", self.crate_at[crate]))
        if not here:
            return
        lot, where = self.rnd.choice(here)
        amount = self.heaps[lot, where] / 2
        self.story.pack(self.story.crate(crate), where=where[1], amount=(lot, amount), at=self.tick())
        self.put(lot, ("crate", crate), amount, self.take(lot, where, amount))

    def carry(self) -> None:
        crate, to = self.rnd.randrange(CRATES), self.rnd.randrange(1, SITES + 1)
        self.story.ship(self.story.crate(crate), where=self.crate_at[crate], to=to, at=self.tick())
        self.story.see(self.story.crate(crate), where=to, at=self.tick())
        self.crate_at[crate] = to

    def unpack(self) -> None:
        crate = self.rnd.randrange(CRATES)
        inside = sorted(key for key in self.heaps if key[1] == ("crate", crate))
        if not inside:
            return
        site = self.crate_at[crate]
        if self.rnd.random() < 0.5:
            self.story.unpack(self.story.crate(crate), where=site, at=self.tick())
            for lot, where in inside:
                amount = self.heaps[lot, where]
                self.put(lot, ("site", site), amount, self.take(lot, where, amount))
        else:
            lot, where = self.rnd.choice(inside)
            amount = self.heaps[lot, where] / self.rnd.choice([1, 2])
            part = (lot, amount)
            self.story.pack(self.story.crate(crate), where=site, amount=part, action="DELETE", at=self.tick())
            self.put(lot, ("site", site), amount, self.take(lot, where, amount))

    def produce(self) -> None:
        site = self.rnd.randrange(1, SITES + 1)
        here = sorted(key for key in self.heaps if key[1] == ("site", site))
        if not here:
            return
        chosen = self.rnd.sample(here, min(len(here), self.rnd.choice([1, 2])))
        used = [(lot, self.heaps[lot, where] / 2) for lot, where in chosen]
        self.made += 1
        output = self.story.lot(2, f"L{self.rnd.randrange(6)}")
        item = self.story.item(3, self.made)
        self.story.transform([], [item], where=site, used=used, made=[(output, 8.0)], at=self.tick())
        taken = [self.take(lot, where, amount) for (lot, where), (_, amount) in zip(chosen, used, strict=True)]
        bad = any(taken)
        self.put(output, ("site", site), 8.0, bad)
        if bad:
            self.ever_bad.add(item)
        for lot, _ in used:
            self.blind.setdefault(lot, set()).update({output, item})


def blind_walk(uses: dict[str, set[str]], seed: str) -> set[str]:
    """Everything that whole lots lead to, wherever and whenever: the widest answer that makes any sense."""
    reached, frontier = {seed}, [seed]
    while frontier:
        for name in uses.get(frontier.pop(), ()):
            if name not in reached:
                reached.add(name)
                frontier.append(name)
    return reached


@pytest.mark.parametrize("seed", range(30))
def test_nothing_that_touched_bad_goods_is_missing_and_nothing_unreachable_is_listed(story: Any, seed: int) -> None:
    world = World(story, seed)
    start = world.start()
    for _ in range(STEPS):
        world.move()
    listed = story.affected(start)
    missing = {story.link(name) for name in world.ever_bad} - listed
    assert not missing
    assert listed <= {story.link(name) for name in blind_walk(world.blind, start)}


@pytest.mark.parametrize("seed", [6, 37, 56])
def test_the_closure_is_narrower_than_a_walk_blind_to_places(story: Any, seed: int) -> None:
    """It must pay to know the places, or rule F4 would be idle: in these worlds it does."""
    world = World(story, seed)
    start = world.start()
    for _ in range(STEPS):
        world.move()
    listed, blind = story.affected(start), {story.link(name) for name in blind_walk(world.blind, start)}
    assert listed < blind
