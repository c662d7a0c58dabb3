"""Vegetables: lots without item tags, in tagged crates, from two fields to a market, a school canteen and a stall.

The first lot is recalled after its crates have gone three ways; the second, from another field and in other crates,
shares the lorry park with it and nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from suyuan.app.demo.book import Book, Chain, RecallPlan, at
from suyuan.app.demo.firms import FIRMS, Firm
from suyuan.app.demo.gates import LINE, TILL
from suyuan.app.demo.goods import GREENS, MEAL, crate
from suyuan.app.demo.paperwork import (
    Deal,
    Quantity,
    Step,
    observed,
    packed,
    thermometer,
    transformed,
    unpacked,
)
from suyuan.app.demo.procedures import making_lot, measuring, packing, receiving, selling, shipping, unpacking

_FARM, _MARKET, _CANTEEN = FIRMS["vegetable-farm"], FIRMS["produce-market"], FIRMS["canteen"]
_STALL, _SHOP = FIRMS["stall"], FIRMS["supermarket"]
_DAY: Final = 7
#: Sub-locations of the farm that are fields, beside those that every site has.
_FIELDS: Final = (11, 12)
_PORTION_KILOGRAMS: Final = 0.2


class Crate(Struct, frozen=True):
    """A crate with so much of a lot in it."""

    epc: str
    content: Quantity


class Lot(Struct, frozen=True):
    """A harvest lot in its crates."""

    code: str
    crates: tuple[Crate, ...]

    @property
    def epcs(self) -> list[str]:
        """EPCs of its crates."""
        return [crate.epc for crate in self.crates]

    def amount(self, kilograms: float) -> Quantity:
        """So many kilograms of this lot."""
        return Quantity(GREENS.lot(self.code), kilograms, "KGM")


def vegetables(rng: random.Random) -> Chain:
    """The vegetable chain of one seed."""
    book = Book(rng)
    recalled = _harvest(book, 0, [40, 60, *_weights(book, 2)])
    other = _harvest(book, 1, _weights(book, 3))
    _to_market(book, recalled, book.after(at(_DAY, 12), 0, 15))
    _to_market(book, other, book.after(at(_DAY, 15), 0, 15))
    _to_canteen(book, recalled)
    _to_stall(book, recalled)
    _to_supermarket(book, other)
    return Chain(
        documents=tuple(book.documents),
        crossings=tuple(book.crossings),
        recalls=(_recall(recalled.code),),
        affected=(GREENS.lot_link(recalled.code),),
        safe=(GREENS.lot_link(other.code),),
    )


def _recall(code: str) -> RecallPlan:
    reason = {
        "zh": f"小白菜批次 {code} 检出毒死蜱超标",
        "en": f"Chlorpyrifos above the limit found in pak choi lot {code}",
    }
    return RecallPlan(GREENS.lot(code), reason, "a rapid test at the produce market")


def _weights(book: Book, count: int) -> list[int]:
    return [book.rng.randrange(25, 66, 5) for _ in range(count)]


# Farm and market


def _harvest(book: Book, number: int, weights: Sequence[int]) -> Lot:
    """Cut one field, split the lot over crates, cool them."""
    code = f"V261019{number + 1}"
    crates = [
        Crate(crate(_FARM, book.number("crate", 8)), Quantity(GREENS.lot(code), weight, "KGM")) for weight in weights
    ]
    lot = Lot(code, tuple(crates))
    field = _FARM.place(_FIELDS[number])
    cut_us = book.after(at(_DAY, 6 + 3 * number), 0, 30)
    harvested = Step("commissioning", "active", field, _FARM.place())
    ilmd = {"lotNumber": code, "countryOfOrigin": "CN"}
    now_us = cut_us
    events = [observed(now_us, harvested, (), [lot.amount(sum(weights))], action="ADD", ilmd=ilmd)]
    for crate_ in lot.crates:
        now_us = book.after(now_us, 5, 12)
        events.append(packed(now_us, packing(_FARM), crate_.epc, (), [crate_.content]))
    book.file("vegetable-farm", *events)
    reading = thermometer(_FARM, 1, book.rng.uniform(2.5, 6.5))
    book.file("vegetable-farm", observed(book.after(now_us, 30, 60), measuring(_FARM), lot.epcs, reading=reading))
    return lot


def _to_market(book: Book, lot: Lot, leaves_us: int) -> None:
    """One lorry for each lot to the produce market."""
    gone_us = book.cross("vegetable-farm-out", leaves_us, [lot.epcs])
    there_us = book.cross("produce-market-in", book.after(gone_us, 50, 70), [lot.epcs])
    deal = Deal(_FARM, _MARKET, seller=_FARM, papers=(("desadv", f"D{book.number('farm paper', 6)}"),))
    book.file("produce-market", observed(book.after(there_us, 3, 8), receiving(_MARKET), lot.epcs, deal=deal))


def _empty(book: Book, firm: Firm, crates: Sequence[Crate], start_us: int) -> int:
    """Empty crates one by one; gives the time of the last."""
    events = []
    for crate_ in crates:
        start_us = book.after(start_us, 2, 6)
        events.append(unpacked(start_us, unpacking(firm), crate_.epc, (), [crate_.content]))
    return book.file(firm.key, *events)


# Canteen


def _to_canteen(book: Book, lot: Lot) -> None:
    """The first two crates go to the school, still full, early the next morning."""
    crates = lot.crates[:2]
    epcs = [crate_.epc for crate_ in crates]
    leaves_us = book.after(at(_DAY + 1, 5.5), 0, 20)
    papers = (("desadv", f"D{book.number('market paper', 6)}"), ("po", f"P{book.number('school order', 6)}"))
    deal = Deal(_MARKET, _CANTEEN, seller=_MARKET, papers=papers)
    book.file("produce-market", observed(leaves_us, shipping(_MARKET), epcs, deal=deal))
    gone_us = book.cross("produce-market-out", book.after(leaves_us, 3, 8), [epcs])
    there_us = book.cross("canteen-in", book.after(gone_us, 25, 40), [epcs])
    received_us = book.file("canteen", observed(book.after(there_us, 2, 5), receiving(_CANTEEN), epcs, deal=deal))
    _cook(book, lot, _empty(book, _CANTEEN, crates, book.after(received_us, 10, 20)))


def _cook(book: Book, lot: Lot, ready_us: int) -> None:
    """Lunch from most of it, with a retained sample as the rules for canteens want; the rest stays in the kitchen."""
    weight = sum(crate_.content.quantity for crate_ in lot.crates[:2])
    used = weight - book.rng.randrange(10, 26, 5)
    meals = round(used / _PORTION_KILOGRAMS)
    code = f"M2610{12 + _DAY + 1}"
    cooked_us = book.after(ready_us, 150, 180)
    cooked = transformed(
        cooked_us,
        making_lot(_CANTEEN),
        input_quantities=[lot.amount(used)],
        output_quantities=[Quantity(MEAL.lot(code), meals)],
        ilmd={"lotNumber": code},
    )
    retained = Step("sampling", "in_progress", _CANTEEN.place(LINE), _CANTEEN.place())
    counter = Step("dispensing", "dispensed", _CANTEEN.place(TILL), _CANTEEN.place())
    book.file(
        "canteen",
        cooked,
        observed(book.after(cooked_us, 5, 10), retained, (), [Quantity(MEAL.lot(code), 2)]),
        observed(book.after(cooked_us, 70, 90), counter, (), [Quantity(MEAL.lot(code), meals - 2)]),
    )


# Stall and supermarket


def _sale(book: Book, buyer: Firm, quantity: Quantity, time_us: int) -> int:
    """Loose goods from the market to a buyer who fetches them; gives the time when they are there."""
    deal = Deal(_MARKET, buyer, seller=_MARKET, papers=(("inv", f"R{book.number('market bill', 6)}"),))
    book.file("produce-market", observed(time_us, shipping(_MARKET), (), [quantity], deal=deal))
    return book.file(buyer.key, observed(book.after(time_us, 25, 50), receiving(buyer), (), [quantity], deal=deal))


def _to_stall(book: Book, lot: Lot) -> None:
    """The other crates are emptied at the market; a stall buys most of it and sells it by the kilogram."""
    rest = lot.crates[2:]
    emptied_us = _empty(book, _MARKET, rest, book.after(at(_DAY + 1, 6.5), 0, 20))
    bought = sum(crate_.content.quantity for crate_ in rest) - 10
    now_us = _sale(book, _STALL, lot.amount(bought), book.after(emptied_us, 15, 40))
    events = []
    for _ in range(book.rng.randrange(4, 8)):
        now_us = book.after(now_us, 15, 50)
        events.append(observed(now_us, selling(_STALL), (), [lot.amount(book.rng.randrange(2, 11) / 2)]))
    book.file("stall", *events)


def _to_supermarket(book: Book, lot: Lot) -> None:
    """The other lot: two crates are emptied at the market and go to the supermarket, the last stays as it is."""
    crates = lot.crates[:2]
    emptied_us = _empty(book, _MARKET, crates, book.after(at(_DAY + 1, 8), 0, 20))
    bought = sum(crate_.content.quantity for crate_ in crates)
    now_us = _sale(book, _SHOP, lot.amount(bought), book.after(emptied_us, 15, 40))
    events = []
    for _ in range(book.rng.randrange(4, 8)):
        now_us = book.after(now_us, 15, 50)
        events.append(observed(now_us, selling(_SHOP), (), [lot.amount(book.rng.randrange(2, 9) / 2)]))
    book.file("supermarket", *events)
