"""Journeys made by hand, and a `Provenance` over a few of them."""

from __future__ import annotations

import msgspec

from suyuan.base.clock import parse_time
from suyuan.base.errors import NotFound, Unavailable
from suyuan.consumer_api.ports import Notice
from suyuan.gs1.names import canonical, kind_of, name_of
from suyuan.trace.journey import Journey, Measurement, Stop
from suyuan.trace.journey import Warning as Caution
from suyuan.trace.master_data import Party, Product, Site

TRAY = "https://id.gs1.org/01/09506000134352/21/1001"
LOT = "https://id.gs1.org/01/09506000134352/10/L20261012"
PALLET = "https://id.gs1.org/00/095060001343529997"
CARCASS = "https://id.gs1.org/01/09506000134369/21/77"
HOSTILE = "<script>alert('x')</script>\"'&"

PRODUCT = Product(
    id="https://id.gs1.org/01/09506000134352",
    name={"zh": "冷鲜猪肉托盘装 500 克", "en": "Chilled pork, 500 g tray"},
    brand={"zh": "青丘", "en": "Green Hill"},
    storage_min_celsius=0,
    storage_max_celsius=4,
)
FARM = Site(
    id="https://id.gs1.org/414/9506000134376",
    kind="farm",
    name={"zh": "绿丘养殖场", "en": "Green Hill Farm"},
    address={"zh": "山东省莱西市河头店镇 12 号", "en": "12 Hetoudian Town, Laixi, Shandong"},
)
PLANT = Site(
    id="https://id.gs1.org/414/9506000134383",
    kind="plant",
    name={"zh": "港湾肉品分割厂", "en": "Harbour Cutting Plant"},
    address={"zh": "山东省胶州市滨海大道 8 号", "en": "8 Binhai Avenue, Jiaozhou, Shandong"},
)
SHOP = Site(
    id="https://id.gs1.org/414/9506000134390",
    kind="shop",
    name={"zh": "海风超市", "en": "Sea Breeze Supermarket"},
    address={"zh": "青岛市市南区香港中路 100 号", "en": "100 Hong Kong Middle Road, Qingdao"},
)
FIRM = Party(id="https://id.gs1.org/417/9506000134383", name={"zh": "港湾肉品有限公司", "en": "Harbour Meat Co."})


def stop(
    time: str,
    step: str | None,
    site: Site | None,
    index: int,
    *,
    subject: str = TRAY,
    relation: str = "self",
    celsius: float | None = None,
    disposition: str | None = None,
) -> Stop:
    """A stop at an ISO time, with a temperature if one is given."""
    micros, zone = parse_time(time)
    readings = [] if celsius is None else [Measurement("Temperature", celsius, "CEL", micros, zone)]
    return Stop(
        time=micros,
        zone=zone,
        step=step,
        disposition=disposition,
        site=site,
        place=site.id if site else None,
        party=FIRM if site is PLANT else None,
        subject=subject,
        relation=relation,
        event_id=f"ni:///sha-256;{index:064x}?ver=CBV2.0",
        index=index,
        measurements=readings,
    )


STOPS = [
    stop("2026-10-12T06:10:00+08:00", "shipping", FARM, 3, subject=CARCASS, relation="ancestor"),
    stop("2026-10-13T09:30:00+08:00", "packing", PLANT, 41, celsius=2.5),
    stop("2026-10-13T15:00:00+08:00", "storing", PLANT, 58, subject=PALLET, relation="container", celsius=1.2),
    stop("2026-10-14T07:45:00+08:00", "receiving", SHOP, 97, subject=PALLET, relation="container", celsius=3.1),
    stop("2026-10-14T09:00:00+08:00", "stocking", SHOP, 103),
]
SAFE = Journey(
    id=TRAY,
    kind="instance",
    known=True,
    product=PRODUCT,
    lot=LOT,
    producer=FIRM,
    stops=STOPS,
    warnings=[],
    state="in place",
    here=SHOP,
    as_of=640,
)
RECALL = Caution("recalled", "R-2026-0001", "沙门氏菌超标", parse_time("2026-11-02T09:00:00+08:00")[0])
CLONE = Caution(
    "clone",
    None,
    "impossible speed",
    parse_time("2026-11-01T09:00:00+08:00")[0],
    [SHOP.id, "https://id.gs1.org/414/9506000134406"],
)


def changed(journey: Journey = SAFE, **fields: object) -> Journey:
    """A journey with some fields changed."""
    return msgspec.structs.replace(journey, **fields)


SOLD_TWICE = Caution("clone", None, "seen after sale", CLONE.since + 1, CLONE.places)
RECALLED = changed(warnings=[CLONE, RECALL])
WARM = changed(
    id="https://id.gs1.org/01/09506000134352/21/1002",
    stops=[*STOPS, stop("2026-10-14T10:00:00+08:00", "sensor_reporting", SHOP, 110, celsius=9.5)],
)
UNKNOWN = Journey(
    id="https://id.gs1.org/01/09506000134352/21/9",
    kind="instance",
    known=False,
    product=None,
    lot=None,
    producer=None,
    stops=[],
    warnings=[],
    state="unknown",
    here=None,
    as_of=640,
)
NOTICE = Notice(
    id="R-2026-0001",
    reason="沙门氏菌超标",
    seed="https://id.gs1.org/01/09506000134369/10/S1",
    products=[PRODUCT],
    lots=[LOT, "https://id.gs1.org/01/09506000134352/10/L20261013"],
    launched=RECALL.since,
    affected=128,
    state="open",
)
BUNDLE = b'{"bundle":1}'


class Shelf:
    """A `Provenance` over journeys by canonical name; anything else is unknown."""

    def __init__(self, *journeys: Journey) -> None:
        self.journeys = {journey.id: journey for journey in journeys}
        self.unavailable = False
        self.asked: list[str] = []

    def journey(self, identifier: str) -> Journey:
        if self.unavailable:
            raise Unavailable("the ledger is starting")
        self.asked.append(identifier)
        name = name_of(identifier)
        found = self.journeys.get(canonical(name))
        return found or changed(UNKNOWN, id=canonical(name), kind=kind_of(*name[:2]))

    def proof(self, event_id: str) -> bytes:
        for journey in self.journeys.values():
            for found in journey.stops:
                if found.event_id == event_id:
                    return BUNDLE
        raise NotFound(f"there is no event {event_id}")

    def notice(self, recall_id: str) -> Notice:
        if recall_id != NOTICE.id:
            raise NotFound(f"there is no recall {recall_id}")
        return NOTICE
