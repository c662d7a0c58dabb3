"""Temperatures along the way, in degrees Celsius, held against the range that a product should be kept in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from suyuan.consumer_api.moments import celsius, degrees
from suyuan.trace.journey import Stop
from suyuan.trace.master_data import Product


class Range(msgspec.Struct, frozen=True):
    """Lowest and highest of some temperatures, as text with unit, and whether they left the storage range."""

    lowest: str
    highest: str
    breach: str = ""  #: ``warm``, ``cold``, ``both`` or empty


class Temperatures(msgspec.Struct, frozen=True):
    """Temperatures along the way, and the range that the product should be kept in."""

    range: Range
    count: int
    least: str | None
    most: str | None


def temperature_range(stops: Sequence[Stop], product: Product | None, language: str) -> Range | None:
    """Of the thing, its lot and its containers, else of what it was made from; None without a measurement.

    What it was made from has storage rules of its own, so it is never held against the range of *product*.
    """
    own = _celsius(_own(stops))
    values = own or _celsius(stops)
    if not values:
        return None
    lowest, highest = min(values), max(values)
    breach = _breach(lowest, highest, product) if own else ""
    return Range(degrees(lowest, language), degrees(highest, language), breach)


def temperatures_of(stops: Sequence[Stop], product: Product | None, language: str) -> Temperatures | None:
    """Of the thing itself, its lot and its containers on the whole way; None without a measurement."""
    own = _own(stops)
    found = temperature_range(own, product, language)
    if found is None:
        return None
    least = product.storage_min_celsius if product else None
    most = product.storage_max_celsius if product else None
    return Temperatures(
        range=found,
        count=len(_celsius(own)),
        least=None if least is None else degrees(least, language),
        most=None if most is None else degrees(most, language),
    )


def _own(stops: Iterable[Stop]) -> list[Stop]:
    return [stop for stop in stops if stop.relation != "ancestor"]


#: Nothing that is food was ever colder or hotter: such a value tells of a broken sensor, not of the goods.
_COLDEST, _HOTTEST = -273.15, 1_000.0


def _celsius(stops: Iterable[Stop]) -> list[float]:
    values = (
        celsius(reading.value, reading.unit)
        for stop in stops
        for reading in stop.measurements
        if reading.kind == "Temperature"
    )
    return [value for value in values if value is not None and _COLDEST <= value <= _HOTTEST]


def _breach(lowest: float, highest: float, product: Product | None) -> str:
    least = product.storage_min_celsius if product else None
    most = product.storage_max_celsius if product else None
    cold = least is not None and lowest < least
    warm = most is not None and highest > most
    return {(True, True): "both", (True, False): "cold", (False, True): "warm"}.get((cold, warm), "")
