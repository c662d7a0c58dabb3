"""Pork: from the ear tag of a pig to the tray that a shopper buys.

Three slaughter lots become five cutting batches, the second of which mixes sides of two lots; the first lot is the one
recalled. Its meat then stands in the slaughterhouse's chiller, in the cold store, on an unopened pallet of the market,
in the shop and in shoppers' kitchens, beside meat that has nothing to do with it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from suyuan.app.demo.book import HOUR_US, Book, Chain, RecallPlan, at, portions
from suyuan.app.demo.firms import FIRMS
from suyuan.app.demo.goods import BELLY, CARCASS, LOIN, PIG, Good, crate, logistic_unit
from suyuan.app.demo.paperwork import (
    Deal,
    Event,
    Quantity,
    Step,
    observed,
    packed,
    thermometer,
    transformed,
    unpacked,
)
from suyuan.app.demo.procedures import making, measuring, packing, receiving, selling, shipping, stocking, unpacking

_FARM, _SLAUGHTERHOUSE, _PLANT = FIRMS["pig-farm"], FIRMS["slaughterhouse"], FIRMS["cutting-plant"]
_COLD_STORE, _MARKET, _SHOP = FIRMS["cold-store"], FIRMS["meat-market"], FIRMS["supermarket"]
_CARRIER: Final = FIRMS["carrier"]
#: A side gives some eighty; four of each are followed.
_TRAYS_PER_SIDE: Final = 4
_TRAYS_PER_CRATE: Final = 10
#: Crates are wheeled four high.
_CRATES_HIGH: Final = 4


class SlaughterLot(Struct, frozen=True):
    """The sides that were cut from the pigs of one lot."""

    code: str
    sides: tuple[str, ...]


class Crate(Struct, frozen=True):
    """A crate and the trays in it."""

    epc: str
    trays: tuple[str, ...]


class Pallet(Struct, frozen=True):
    """A pallet and the crates on it."""

    epc: str
    crates: tuple[Crate, ...]

    def crate_epcs(self) -> list[str]:
        """EPCs of its crates."""
        return [crate.epc for crate in self.crates]

    def everything(self) -> list[str]:
        """EPCs of the pallet, its crates and their trays: all tags that pass a gate with it."""
        return [self.epc, *_tags(self.crates)]


class Pallets(Struct, frozen=True):
    """The pallets by their fate."""

    sold: tuple[Pallet, ...]  #: unpacked at the market
    carrier: Pallet  #: stands unopened at the market, with recalled trays
    neighbour: Pallet  #: stands beside it, with safe trays only
    kept: Pallet  #: stays in the cold store, with recalled trays
    warm: Pallet  #: stays in the cold store, safe, but got too warm once

    def at_market(self) -> tuple[Pallet, ...]:
        """Those that leave the cold store."""
        return (*self.sold, self.carrier, self.neighbour)

    def everywhere(self) -> tuple[Pallet, ...]:
        """All of them."""
        return (*self.at_market(), self.kept, self.warm)


def pork(rng: random.Random) -> Chain:
    """The pork chain of one seed."""
    book = Book(rng)
    lots = [_slaughter_lot(book, number) for number in range(3)]
    sides = _to_cutting(book, lots)
    batches = _cutting(book, sides)
    pallets = _palletise(book, batches)
    _store_cold(book, pallets)
    bought = _market(book, pallets)
    trays = _shop(book, bought)
    seed = lots[0].code
    return Chain(
        documents=tuple(book.documents),
        crossings=tuple(book.crossings),
        recalls=(_recall(seed),),
        affected=_links([*trays[:2], pallets.carrier.crates[0].trays[0]]),
        safe=_links([pallets.neighbour.crates[0].trays[0], pallets.warm.crates[-1].trays[0]]),
    )


def _recall(code: str) -> RecallPlan:
    reason = {
        "zh": f"屠宰批次 {code} 检出氯霉素残留",
        "en": f"Residues of chloramphenicol found in slaughter lot {code}",
    }
    return RecallPlan(CARCASS.lot(code), reason, "a laboratory sample of a side that stayed in the chiller")


def _links(trays: Sequence[str]) -> tuple[str, ...]:
    goods = {good.instance(0).rpartition(".")[0]: good for good in (BELLY, LOIN)}
    return tuple(goods[tray.rpartition(".")[0]].link(tray) for tray in trays)


# Farm and slaughterhouse


def _slaughter_lot(book: Book, number: int) -> SlaughterLot:
    """Raise, move and slaughter the pigs of one lot; lots follow each other by some five hours."""
    pigs = [PIG.instance(serial) for serial in book.numbers("pig", book.rng.randrange(18, 23))]
    born_us = book.after(at(-170 + 3 * number, 9), 0, 240)
    book.file("pig-farm", observed(born_us, making(_FARM), pigs, action="ADD", ilmd={"countryOfOrigin": "CN"}))
    leaves_us = book.after(at(0, 6.2 + 5 * number), 0, 25)
    gone_us = book.cross("pig-farm-out", leaves_us, portions(pigs, 6), seconds=12)
    arrives_us = book.after(gone_us, 70, 100)
    there_us = book.cross("slaughterhouse-in", arrives_us, portions(pigs, 6), seconds=12)
    received_us = _receive_pigs(book, pigs, book.after(there_us, 3, 10))
    return _slaughter(book, pigs, f"S2610{12:02}{number + 1}", book.after(received_us, 75, 100))


def _receive_pigs(book: Book, pigs: Sequence[str], time_us: int) -> int:
    """The slaughterhouse signs for the pigs and a vet looks at them."""
    papers = (("desadv", f"D{book.number('farm paper', 6)}"), ("po", f"P{book.number('farm order', 6)}"))
    deal = Deal(_FARM, _SLAUGHTERHOUSE, seller=_FARM, papers=papers)
    received = receiving(_SLAUGHTERHOUSE)
    inspected = Step("inspecting", "conformant", received.read_point, received.biz_location)
    return book.file(
        "slaughterhouse",
        observed(time_us, received, pigs, deal=deal),
        observed(book.after(time_us, 10, 30), inspected, pigs),
    )


def _slaughter(book: Book, pigs: Sequence[str], code: str, time_us: int) -> SlaughterLot:
    """Two sides of each pig; the rail reader sees the pairs go into the chiller, where they get cold."""
    sides = [CARCASS.instance(serial) for serial in book.numbers("side", 2 * len(pigs))]
    killed = transformed(
        time_us,
        making(_SLAUGHTERHOUSE),
        inputs=pigs,
        outputs=sides,
        output_quantities=[Quantity(CARCASS.lot(code), len(sides))],
        ilmd={"lotNumber": code, "countryOfOrigin": "CN", "itemExpirationDate": "2026-10-22"},
    )
    book.file("slaughterhouse", killed)
    cold_us = book.cross("carcass-rail", book.after(time_us, 8, 15), portions(sides, 2), seconds=4)
    for turn in range(2):
        checked_us = book.after(cold_us, 120 + 90 * turn, 150 + 90 * turn)
        reading = thermometer(_SLAUGHTERHOUSE, 1, book.rng.uniform(1.8, 3.6))
        book.file("slaughterhouse", observed(checked_us, measuring(_SLAUGHTERHOUSE), sides, reading=reading))
    return SlaughterLot(code, tuple(sides))


# Cutting plant


def _to_cutting(book: Book, lots: Sequence[SlaughterLot]) -> list[list[str]]:
    """A truck for each lot to the cutting plant; of the first lot a few sides stay in the chiller."""
    loads = [list(lot.sides) for lot in lots]
    loads[0] = loads[0][: -book.rng.randrange(2, 5)]
    for number, load in enumerate(loads):
        leaves_us = book.after(at(1, 6 + 2.5 * number), 0, 20)
        note = ("desadv", f"D{book.number('side paper', 6)}")
        deal = Deal(_SLAUGHTERHOUSE, _PLANT, seller=_SLAUGHTERHOUSE, papers=(note,))
        book.file("slaughterhouse", observed(leaves_us, shipping(_SLAUGHTERHOUSE), load, deal=deal))
        there_us = book.cross("cutting-plant-in", book.after(leaves_us, 40, 55), portions(load, 8))
        book.file("cutting-plant", observed(book.after(there_us, 3, 9), receiving(_PLANT), load, deal=deal))
    return loads


def _cutting(book: Book, loads: Sequence[Sequence[str]]) -> list[tuple[Crate, ...]]:
    """Five batches, as crates; only the second takes sides of two slaughter lots, the first and the second."""
    first, second, third = ([*load] for load in loads)
    split, mixed, half = round(len(first) * 0.6), round(len(second) * 0.35), len(third) // 2
    plan = (
        (BELLY, first[:split]),
        (BELLY, first[split:] + second[:mixed]),
        (BELLY, second[mixed:]),
        (LOIN, third[:half]),
        (LOIN, third[half:]),
    )
    return [_cut(book, number, good, sides) for number, (good, sides) in enumerate(plan)]


def _cut(book: Book, number: int, good: Good, sides: Sequence[str]) -> tuple[Crate, ...]:
    """Cut sides into a lot of trays and pack these into crates."""
    trays = [good.instance(serial) for serial in book.numbers(good.item, len(sides) * _TRAYS_PER_SIDE)]
    code = f"C261014{number + 1}"
    cut_us = book.after(at(2, 6 + 2.2 * number), 0, 20)
    cut = transformed(
        cut_us,
        making(_PLANT),
        inputs=sides,
        outputs=trays,
        output_quantities=[Quantity(good.lot(code), len(trays))],
        ilmd={"lotNumber": code, "itemExpirationDate": "2026-10-21"},
    )
    book.file("cutting-plant", cut)
    return _crates(book, trays, book.after(cut_us, 5, 12))


def _crates(book: Book, trays: Sequence[str], start_us: int) -> tuple[Crate, ...]:
    crates: list[Crate] = []
    events: list[Event] = []
    for content in portions(trays, _TRAYS_PER_CRATE):
        crates.append(Crate(crate(_PLANT, book.number("crate", 8)), tuple(content)))
        start_us = book.after(start_us, 0.5, 2)
        events.append(packed(start_us, packing(_PLANT), crates[-1].epc, content))
    book.file("cutting-plant", *events)
    return tuple(crates)


def _palletise(book: Book, batches: Sequence[tuple[Crate, ...]]) -> Pallets:
    """Put the crates on seven pallets and send them to the cold store."""
    now_us, events, pallets = at(2, 17.5), [], []
    for stack in _stacks(batches):
        now_us = book.after(now_us, 2, 6)
        pallet = Pallet(logistic_unit(_PLANT, book.number("pallet")), stack)
        events.append(packed(now_us, packing(_PLANT), pallet.epc, pallet.crate_epcs()))
        pallets.append(pallet)
    book.file("cutting-plant", *events)
    book.cross("cutting-plant-out", book.after(now_us, 10, 20), [pallet.everything() for pallet in pallets], seconds=8)
    return Pallets(tuple(pallets[:3]), *pallets[3:])


def _stacks(batches: Sequence[tuple[Crate, ...]]) -> tuple[tuple[Crate, ...], ...]:
    """The crates of each pallet, in the order of `Pallets`; batches 1 and 2 (the mixed one) are the recalled ones."""
    one, mixed, three, four, five = batches
    return (
        one[:5],
        four[:1] + mixed[2:6] + four[1:3],
        three[5:] + five[:3],
        one[5:7] + mixed[:2] + three[:1],
        three[1:5],
        one[7:] + mixed[6:],
        four[3:] + five[3:],
    )


# Cold store and market


def _store_cold(book: Book, pallets: Pallets) -> None:
    """Receive all pallets, look at their temperature twice a day; one gets too warm once, by a door left open."""
    stored = pallets.everywhere()
    epcs = [pallet.epc for pallet in stored]
    deal = Deal(_PLANT, _COLD_STORE, papers=(("desadv", f"D{book.number('plant paper', 6)}"),))
    there_us = book.cross("cold-store-in", book.after(at(2, 19.5), 0, 15), [p.everything() for p in stored], seconds=8)
    book.file("cold-store", observed(book.after(there_us, 3, 8), receiving(_COLD_STORE), epcs, deal=deal))
    for turn in range(3):
        round_us = book.after(at(2, 22) + turn * 12 * HOUR_US, 0, 20)
        book.file("cold-store", *(_inspect(book, pallet, round_us, measuring(_COLD_STORE)) for pallet in stored))
    round_us = book.after(at(4, 9), 0, 20)
    door = thermometer(_COLD_STORE, 2, book.rng.uniform(9.0, 11.0))
    book.file("cold-store", observed(round_us, measuring(_COLD_STORE), [pallets.warm.epc], reading=door))


def _inspect(book: Book, pallet: Pallet, round_us: int, step: Step) -> Event:
    reading = thermometer(_COLD_STORE, 2, book.rng.uniform(0.8, 3.4))
    return observed(book.after(round_us, 0, 15), step, [pallet.epc], reading=reading)


def _market(book: Book, pallets: Pallets) -> list[Crate]:
    """Bring pallets to the market, open some, and sell crates to the supermarket; gives those crates."""
    received_us = _to_market(book, pallets.at_market())
    now_us, events = book.after(received_us, 20, 40), []
    for pallet in pallets.sold:
        now_us = book.after(now_us, 3, 8)
        events.append(unpacked(now_us, unpacking(_MARKET), pallet.epc, pallet.crate_epcs()))
    done_us = book.file("meat-market", *events)
    first, *others = pallets.sold
    bought = [*first.crates]
    for pallet in others:
        bought += pallet.crates[: (len(pallet.crates) + 1) // 2]
    _deliver(book, bought, book.after(done_us, 60, 90))
    return bought


def _to_market(book: Book, pallets: Sequence[Pallet]) -> int:
    """From the cold store to the market, which buys them from the plant; gives the time when it has signed."""
    loads = [pallet.everything() for pallet in pallets]
    gone_us = book.cross("cold-store-out", book.after(at(4, 4), 0, 20), loads, seconds=8)
    there_us = book.cross("meat-market-in", book.after(gone_us, 40, 60), loads, seconds=8)
    papers = (("desadv", f"D{book.number('store paper', 6)}"), ("po", f"P{book.number('store order', 6)}"))
    deal = Deal(_COLD_STORE, _MARKET, seller=_PLANT, papers=papers)
    epcs = [pallet.epc for pallet in pallets]
    return book.file("meat-market", observed(book.after(there_us, 3, 8), receiving(_MARKET), epcs, deal=deal))


def _deliver(book: Book, crates: Sequence[Crate], time_us: int) -> None:
    """From the market to the supermarket, with a thermometer on the truck."""
    epcs = [crate.epc for crate in crates]
    note = ("desadv", f"D{book.number('market paper', 6)}")
    deal = Deal(_MARKET, _SHOP, seller=_MARKET, papers=(note, ("inv", f"R{book.number('market bill', 6)}")))
    book.file("meat-market", observed(time_us, shipping(_MARKET), epcs, deal=deal))
    loads = [_tags(load) for load in portions(crates, _CRATES_HIGH)]
    gone_us = book.cross("meat-market-out", book.after(time_us, 3, 8), loads, seconds=8)
    reading = thermometer(_CARRIER, 7, book.rng.uniform(1.0, 3.6))
    on_road = observed(book.after(gone_us, 8, 12), Step("transporting", "in_transit"), epcs, reading=reading)
    book.file("carrier", on_road)
    there_us = book.cross("supermarket-in", book.after(gone_us, 30, 45), loads, seconds=8)
    book.file("supermarket", observed(book.after(there_us, 3, 8), receiving(_SHOP), epcs, deal=deal))


def _tags(crates: Sequence[Crate]) -> list[str]:
    return [epc for crate in crates for epc in (crate.epc, *crate.trays)]


# Supermarket


def _shop(book: Book, crates: Sequence[Crate]) -> list[str]:
    """Stock the shelf and sell for five days; gives a tray of the recalled lot that was sold, then one that wasn't.

    The first crate, of the recalled lot, stays closed in the back room.
    """
    opened = crates[1:]
    now_us, events = book.after(at(4, 13), 0, 30), []
    for full in opened:
        now_us = book.after(now_us, 1, 3)
        events.append(unpacked(now_us, unpacking(_SHOP), full.epc, full.trays))
    now_us = book.after(book.file("supermarket", *events), 5, 15)
    trays = [tray for crate in opened for tray in crate.trays]
    book.file("supermarket", observed(now_us, stocking(_SHOP), trays))
    # The crate that is on top of the shelf belongs to the recalled lot: its first tray is sold, its last never.
    recalled = opened[0].trays
    others = [tray for tray in trays if tray not in (recalled[0], recalled[-1])]
    book.rng.shuffle(others)
    _sell(book, [recalled[0], *others[: round(len(others) * 0.6)]])
    return [recalled[0], recalled[-1]]


def _sell(book: Book, trays: Sequence[str]) -> None:
    """Sell the trays, a few at a time, over five days; the till files a document a day."""
    baskets: list[list[str]] = []
    left = list(trays)
    while left:
        size = book.rng.randrange(1, 5)
        baskets.append(left[:size])
        left = left[size:]
    for day, share in enumerate(portions(baskets, -(-len(baskets) // 5))):
        now_us = book.after(at(5 + day, 8), 0, 30)
        events = []
        for basket in share:
            now_us = book.after(now_us, 4, 35)
            events.append(observed(now_us, selling(_SHOP), basket))
        book.file("supermarket", *events)
