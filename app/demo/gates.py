"""The gates: where readers stand, what a passage there means, and how well they see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from suyuan.app.demo.firms import FIRMS, Firm
from suyuan.app.demo.goods import crate
from suyuan.readers.cleaning import CleaningSettings
from suyuan.readers.steps import Destination, Source, Step

#: Sub-locations that every site numbers alike (SGLN extensions).
DOCK_OUT, DOCK_IN, LINE, CHILLER, SHELF, TILL = 1, 2, 3, 4, 5, 6

#: dBm: what passes the antennas lies well above, what stands beside them well below.
RSSI_DBM: Final = -52.0
RSSI_SD_DB: Final = 3.0
_THRESHOLD_DBM: Final = -62.0
_STRAYS: Final = 6


class Gate(Struct, frozen=True):
    """One reader at one read point. ``miss_rate`` is the chance that a tag passes unseen, ``reads_per_tag`` the mean
    number of reads of one that is seen; ``stray_rate`` is the chance for each tag of `strays` in each passage.
    """

    name: str
    site: str
    sublocation: int
    biz_step: str
    disposition: str
    settles: int | None = None  #: sub-location where things are afterwards (0: the site); None where they leave
    serves: str | None = None  #: the one firm that everything leaves for
    sold: bool = True  #: whether what leaves changes its owner too
    miss_rate: float = 0.06
    reads_per_tag: int = 2
    stray_rate: float = 0.15
    antennas: tuple[int, ...] = (1, 2)

    @property
    def firm(self) -> Firm:
        """Who runs the gate."""
        return FIRMS[self.site]

    @property
    def read_point(self) -> str:
        """SGLN of the gate."""
        return self.firm.place(self.sublocation)

    def step(self) -> Step:
        """What the edge gateway makes of a passage here."""
        sources, destinations = self._transfer()
        return Step(
            read_point=self.read_point,
            biz_step=self.biz_step,
            disposition=self.disposition,
            biz_location=None if self.settles is None else self.firm.place(self.settles),
            sources=sources,
            destinations=destinations,
        )

    def cleaning(self) -> CleaningSettings:
        """How the edge gateway cleans here: a passage ends when the reader says so, weak reads are strays."""
        return CleaningSettings(mode="passage", min_rssi=_THRESHOLD_DBM)

    def strays(self) -> tuple[str, ...]:
        """EPCs of the empty crates stacked beside the gate, which never move."""
        first = 1000 + 100 * list(GATES).index(self.name)
        return tuple(crate(self.firm, first + number) for number in range(_STRAYS))

    def _transfer(self) -> tuple[tuple[Source, ...], tuple[Destination, ...]]:
        if self.serves is None:
            return (), ()
        kinds: Sequence[str] = ("possessing_party", "owning_party") if self.sold else ("possessing_party",)
        receiver = FIRMS[self.serves].party_urn
        return (
            tuple(Source(kind, self.firm.party_urn) for kind in kinds),
            tuple(Destination(kind, receiver) for kind in kinds),
        )


def _leaving(name: str, site: str, serves: str, *, sold: bool = True, miss_rate: float = 0.06) -> Gate:
    """A dock whose every load goes to the one customer: passing it is shipping."""
    return Gate(name, site, DOCK_OUT, "shipping", "in_transit", serves=serves, sold=sold, miss_rate=miss_rate)


def _departing(name: str, site: str, miss_rate: float = 0.06) -> Gate:
    """A dock with many customers: the gate knows only that the load leaves, the despatch advice says for whom."""
    return Gate(name, site, DOCK_OUT, "departing", "in_transit", miss_rate=miss_rate)


def _arriving(name: str, site: str, miss_rate: float = 0.06) -> Gate:
    return Gate(name, site, DOCK_IN, "receiving", "in_progress", settles=0, miss_rate=miss_rate)


_ALL: Final = (
    _leaving("pig-farm-out", "pig-farm", "slaughterhouse", miss_rate=0.04),
    _arriving("slaughterhouse-in", "slaughterhouse", miss_rate=0.05),
    Gate("carcass-rail", "slaughterhouse", LINE, "storing", "in_progress", settles=CHILLER, miss_rate=0.03),
    _arriving("cutting-plant-in", "cutting-plant", miss_rate=0.04),
    _leaving("cutting-plant-out", "cutting-plant", "cold-store", sold=False, miss_rate=0.08),
    _arriving("cold-store-in", "cold-store", miss_rate=0.09),
    _leaving("cold-store-out", "cold-store", "meat-market", sold=False, miss_rate=0.10),
    _arriving("meat-market-in", "meat-market", miss_rate=0.08),
    _departing("meat-market-out", "meat-market", miss_rate=0.07),
    _arriving("supermarket-in", "supermarket"),
    _leaving("winery-out", "winery", "port", sold=False, miss_rate=0.07),
    _arriving("port-in", "port", miss_rate=0.09),
    _departing("port-out", "port", miss_rate=0.08),
    _arriving("wine-shop-in", "wine-shop", miss_rate=0.05),
    # One forged tag on a counter, read for as long as anybody likes: it isn't missed.
    Gate("far-shop-shelf", "far-shop", SHELF, "stocking", "sellable_accessible", SHELF, miss_rate=0.0, reads_per_tag=5),
    _leaving("vegetable-farm-out", "vegetable-farm", "produce-market", miss_rate=0.03),
    _arriving("produce-market-in", "produce-market", miss_rate=0.04),
    _departing("produce-market-out", "produce-market", miss_rate=0.04),
    _arriving("canteen-in", "canteen", miss_rate=0.03),
)

#: Every gate by its name, in the order of the chains.
GATES: Final = {gate.name: gate for gate in _ALL}
