"""What every firm does alike: the business step, disposition and places (CBV 2.0) of its everyday work."""

from __future__ import annotations

from suyuan.app.demo.firms import Firm
from suyuan.app.demo.gates import CHILLER, DOCK_IN, DOCK_OUT, LINE, SHELF, TILL
from suyuan.app.demo.paperwork import Step


def making(firm: Firm) -> Step:
    """New instances come into being on the line."""
    return Step("commissioning", "active", firm.place(LINE), firm.place())


def making_lot(firm: Firm) -> Step:
    """A lot comes into being, without instances."""
    return Step("creating_class_instance", "active", firm.place(LINE), firm.place())


def packing(firm: Firm) -> Step:
    """Goods go into crates, cartons or onto pallets."""
    return Step("packing", "in_progress", firm.place(LINE), firm.place())


def unpacking(firm: Firm) -> Step:
    """Goods come out of crates, cartons or off pallets."""
    return Step("unpacking", "in_progress", firm.place(LINE), firm.place())


def shipping(firm: Firm) -> Step:
    """Goods leave for somebody: no business location, as CBV wants it for what is under way."""
    return Step("shipping", "in_transit", firm.place(DOCK_OUT))


def receiving(firm: Firm) -> Step:
    """The firm signs for goods at its dock."""
    return Step("receiving", "in_progress", firm.place(DOCK_IN), firm.place())


def measuring(firm: Firm) -> Step:
    """A thermometer in the cold room is read."""
    return Step("sensor_reporting", None, firm.place(CHILLER), firm.place(CHILLER))


def stocking(firm: Firm) -> Step:
    """Goods go onto the shelf, for everybody to take."""
    return Step("stocking", "sellable_accessible", firm.place(SHELF), firm.place(SHELF))


def selling(firm: Firm) -> Step:
    """A shopper pays."""
    return Step("retail_selling", "retail_sold", firm.place(TILL), firm.place())
