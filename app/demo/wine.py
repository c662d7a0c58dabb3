"""Wine: grape lots are blended in a tank, bottled with serial numbers, and shipped through the port.

A bottle that a shop sold is soon afterwards read on a counter 1,800 km away: its tag was copied.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from suyuan.app.demo.book import Book, Chain, at, portions
from suyuan.app.demo.firms import FIRMS
from suyuan.app.demo.goods import BASE_WINE, BOTTLE, CABERNET, MERLOT, Good, logistic_unit
from suyuan.app.demo.paperwork import (
    Deal,
    Quantity,
    observed,
    packed,
    thermometer,
    transformed,
    unpacked,
)
from suyuan.app.demo.procedures import making, making_lot, packing, receiving, selling, shipping, stocking, unpacking

_VINEYARD, _WINERY, _PORT, _SHOP = FIRMS["vineyard"], FIRMS["winery"], FIRMS["port"], FIRMS["wine-shop"]
_BOTTLES_PER_CARTON: Final = 6
_CARTONS_PER_PALLET: Final = 15
_PALLETS_SHIPPED: Final = 2
_HARVEST_DAY: Final = -395
_BOTTLING_DAY: Final = -60
#: Litres of base wine from a kilogram of grapes, and in a bottle with what is lost on the line.
_LITRES_PER_KILOGRAM: Final = 0.68
_LITRES_PER_BOTTLE: Final = 0.76


class Carton(Struct, frozen=True):
    """A carton and the bottles in it."""

    epc: str
    bottles: tuple[str, ...]


class Pallet(Struct, frozen=True):
    """A pallet and the cartons on it."""

    epc: str
    cartons: tuple[Carton, ...]

    def everything(self) -> list[str]:
        """EPCs of the pallet, its cartons and their bottles: all tags that pass a gate with it."""
        return [self.epc, *(epc for carton in self.cartons for epc in (carton.epc, *carton.bottles))]


def wine(rng: random.Random) -> Chain:
    """The wine chain of one seed."""
    book = Book(rng)
    tanks = _vinify(book, _harvest(book))
    pallets = [pallet for number, tank in enumerate(tanks) for pallet in _bottle(book, tank, number)]
    shipped = pallets[:_PALLETS_SHIPPED]
    _through_port(book, pallets, shipped)
    sold, unsold, clone = _shop(book, shipped)
    return Chain(
        documents=tuple(book.documents),
        crossings=tuple(book.crossings),
        safe=(BOTTLE.link(sold), BOTTLE.link(unsold)),
        clone=clone,
    )


# Vineyard and winery


def _harvest(book: Book) -> list[Quantity]:
    """Three grape lots of two varieties, brought to the winery the same day."""
    lots = []
    for number, good in enumerate((CABERNET, MERLOT, CABERNET)):
        lots.append(_pick(book, good, f"G2509{12 + number}", book.after(at(_HARVEST_DAY + number, 7), 0, 60)))
    return lots


def _pick(book: Book, good: Good, code: str, start_us: int) -> Quantity:
    lot = Quantity(good.lot(code), book.rng.randrange(2200, 5600, 10), "KGM")
    deal = Deal(_VINEYARD, _WINERY, seller=_VINEYARD, papers=(("desadv", f"D{book.number('grape paper', 6)}"),))
    done_us = book.after(start_us, 240, 360)
    book.file(
        "vineyard",
        observed(
            done_us, making(_VINEYARD), (), [lot], action="ADD", ilmd={"lotNumber": code, "countryOfOrigin": "CN"}
        ),
        observed(book.after(done_us, 20, 40), shipping(_VINEYARD), (), [lot], deal=deal),
    )
    book.file("winery", observed(book.after(done_us, 70, 110), receiving(_WINERY), (), [lot], deal=deal))
    return lot


def _vinify(book: Book, grapes: Sequence[Quantity]) -> list[Quantity]:
    """Two tanks of base wine: the first two lots are blended, in two events of one transformation."""
    blend, pure = grapes[:2], grapes[2:]
    tank = making_lot(_WINERY)
    filled_us = book.after(at(_HARVEST_DAY + 4, 8), 0, 60)
    blended_us = book.after(filled_us, 60 * 24 * 3, 60 * 24 * 4)
    name = f"urn:epcglobal:cbv:xform:{_WINERY.site_gln}:T1-2025"
    wines = [_base_wine("W25T1", blend), _base_wine("W25T2", pure)]
    first, second = ({"lotNumber": code} for code in ("W25T1", "W25T2"))
    book.file("winery", transformed(filled_us, tank, input_quantities=blend[:1], transformation=name))
    second_half = transformed(
        blended_us,
        tank,
        input_quantities=blend[1:],
        output_quantities=wines[:1],
        transformation=name,
        ilmd=first,
    )
    book.file("winery", second_half)
    other_us = book.after(blended_us, 300, 600)
    pressed = transformed(other_us, tank, input_quantities=pure, output_quantities=wines[1:], ilmd=second)
    book.file("winery", pressed)
    return wines


def _base_wine(code: str, grapes: Sequence[Quantity]) -> Quantity:
    litres = round(sum(lot.quantity for lot in grapes) * _LITRES_PER_KILOGRAM)
    return Quantity(BASE_WINE.lot(code), litres, "LTR")


def _bottle(book: Book, tank: Quantity, number: int) -> list[Pallet]:
    """Bottle a part of a tank, pack cartons and pallets."""
    cartons = book.rng.randrange(32, 40)
    bottles = [BOTTLE.instance(serial) for serial in book.numbers("bottle", cartons * _BOTTLES_PER_CARTON)]
    code = f"L26081{3 + number}"
    done_us = book.after(at(_BOTTLING_DAY + number, 9), 0, 60)
    used = Quantity(tank.epc_class, round(len(bottles) * _LITRES_PER_BOTTLE, 1), "LTR")
    bottled = transformed(
        done_us,
        making(_WINERY),
        input_quantities=[used],
        outputs=bottles,
        output_quantities=[Quantity(BOTTLE.lot(code), len(bottles))],
        ilmd={"lotNumber": code, "countryOfOrigin": "CN"},
    )
    book.file("winery", bottled)
    return _pack(book, bottles, done_us)


def _pack(book: Book, bottles: Sequence[str], now_us: int) -> list[Pallet]:
    cartons, events = [], []
    for content in portions(bottles, _BOTTLES_PER_CARTON):
        now_us = book.after(now_us, 1, 3)
        cartons.append(Carton(logistic_unit(_WINERY, book.number("logistic unit")), tuple(content)))
        events.append(packed(now_us, packing(_WINERY), cartons[-1].epc, content))
    pallets = []
    for load in portions(cartons, _CARTONS_PER_PALLET):
        now_us = book.after(now_us, 3, 6)
        pallets.append(Pallet(logistic_unit(_WINERY, book.number("logistic unit")), tuple(load)))
        events.append(packed(now_us, packing(_WINERY), pallets[-1].epc, [carton.epc for carton in load]))
    book.file("winery", *events)
    return pallets


# Port and shop


def _through_port(book: Book, pallets: Sequence[Pallet], shipped: Sequence[Pallet]) -> None:
    """All pallets go to the port; some of them cross the sea to the shop."""
    loads = [pallet.everything() for pallet in pallets]
    gone_us = book.cross("winery-out", book.after(at(1, 9), 0, 40), loads, seconds=10)
    there_us = book.cross("port-in", book.after(gone_us, 120, 150), loads, seconds=10)
    deal = Deal(_WINERY, _PORT, papers=(("desadv", f"D{book.number('winery paper', 6)}"),))
    epcs = [pallet.epc for pallet in pallets]
    book.file("port", observed(book.after(there_us, 5, 15), receiving(_PORT), epcs, deal=deal))
    _over_sea(book, shipped)


def _over_sea(book: Book, pallets: Sequence[Pallet]) -> None:
    loads, epcs = [pallet.everything() for pallet in pallets], [pallet.epc for pallet in pallets]
    sails_us = book.cross("port-out", book.after(at(2, 15), 0, 60), loads, seconds=10)
    deal = Deal(_PORT, _SHOP, seller=_WINERY, papers=(("bol", f"B{book.number('bill of lading', 6)}"),))
    reading = thermometer(_PORT, 1, book.rng.uniform(13.0, 18.0))
    aboard = observed(book.after(sails_us, 10, 20), shipping(_PORT), epcs, deal=deal, reading=reading)
    book.file("port", aboard)
    landed_us = book.cross("wine-shop-in", book.after(at(4, 10), 0, 60), loads, seconds=10)
    book.file("wine-shop", observed(book.after(landed_us, 5, 15), receiving(_SHOP), epcs, deal=deal))


def _shop(book: Book, pallets: Sequence[Pallet]) -> tuple[str, str, str]:
    """Open a pallet, sell some of it for a week; gives a sold bottle, one on the shelf, and the one that was copied."""
    opened, cartons = pallets[0], pallets[0].cartons[:8]
    now_us = book.after(at(4, 14), 0, 30)
    events = [unpacked(now_us, unpacking(_SHOP), opened.epc, [carton.epc for carton in opened.cartons])]
    for carton in cartons:
        now_us = book.after(now_us, 2, 5)
        events.append(unpacked(now_us, unpacking(_SHOP), carton.epc, carton.bottles))
    done_us = book.file("wine-shop", *events)
    bottles = [bottle for carton in cartons for bottle in carton.bottles]
    book.file("wine-shop", observed(book.after(done_us, 10, 20), stocking(_SHOP), bottles))
    book.rng.shuffle(bottles)
    sales = _sell(book, bottles[: book.rng.randrange(26, 34)])
    clone, sold_us = sales[len(sales) // 2]
    # Within the hour: no aeroplane covers the way in that time.
    book.cross("far-shop-shelf", book.after(sold_us, 25, 50), [[clone]], seconds=4)
    return sales[0][0], bottles[-1], clone


def _sell(book: Book, bottles: Sequence[str]) -> list[tuple[str, int]]:
    """Sell bottle by bottle over seven days; gives each with the time of its sale."""
    sales: list[tuple[str, int]] = []
    for day, share in enumerate(portions(bottles, -(-len(bottles) // 7))):
        now_us, events = at(5 + day, 10), []
        for bottle in share:
            now_us = book.after(now_us, 10, 100)
            sales.append((bottle, now_us))
            events.append(observed(now_us, selling(_SHOP), [bottle]))
        book.file("wine-shop", *events)
    return sales
