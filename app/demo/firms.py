"""The firms of the demonstration and the places that they run. All are invented.

Company prefixes are made up within GS1 China's range, streets are called Demo Road; only the map is real: the harbour
city of Qingdao and its counties, with the sea route to Dalian. One firm far inland sells a forged bottle.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from suyuan.gs1.check_digit import check_digit
from suyuan.trace.master_data import Party, Site, Text

_PARTY_REFERENCE: Final = "00000"
_SITE_REFERENCE: Final = "00001"


class Firm(Struct, frozen=True):
    """One party; with coordinates it also runs one site, whose sub-locations are SGLN extensions.

    ``latitude`` and ``longitude`` are degrees WGS 84, ``division`` the code of GB/T 2260; a carrier has neither.
    """

    key: str
    prefix: str  #: GS1 company prefix, seven digits
    kind: str
    name: Text
    address: Text
    latitude: float | None = None
    longitude: float | None = None
    division: str = ""
    licence: str = ""
    phone: str = ""

    @property
    def party_urn(self) -> str:
        """EPC of the party (PGLN), as sources and destinations name it."""
        return f"urn:epc:id:pgln:{self.prefix}.{_PARTY_REFERENCE}"

    @property
    def party_gln(self) -> str:
        """The party's GLN, 13 digits."""
        return _gln(self.prefix + _PARTY_REFERENCE)

    @property
    def site_gln(self) -> str:
        """The site's GLN, 13 digits."""
        return _gln(self.prefix + _SITE_REFERENCE)

    def place(self, extension: int = 0) -> str:
        """EPC of the site (SGLN, extension 0) or of a sub-location of it."""
        return f"urn:epc:id:sgln:{self.prefix}.{_SITE_REFERENCE}.{extension}"

    def party(self) -> Party:
        """Its master data as a party."""
        return Party(
            id=f"https://id.gs1.org/417/{self.party_gln}",
            name=self.name,
            kind=self.kind,
            address=self.address,
            licence=self.licence,
            phone=self.phone,
        )

    def site(self) -> Site | None:
        """Master data of the site it runs, None for a firm without one."""
        if self.latitude is None:
            return None
        return Site(
            id=f"https://id.gs1.org/414/{self.site_gln}",
            name=self.name,
            party=self.party().id,
            kind=self.kind,
            address=self.address,
            latitude=self.latitude,
            longitude=self.longitude,
            division=self.division,
        )


def _gln(body: str) -> str:
    return body + check_digit(body)


def _firm(
    key: str, number: int, kind: str, zh: str, en: str, town: tuple[str, str, str], spot: tuple[float, float]
) -> Firm:
    """A firm at ``number`` Demo Road of a town given as (Chinese name, English name, division code)."""
    town_zh, town_en, division = town
    return Firm(
        key=key,
        prefix=f"69990{number:02}",
        kind=kind,
        name={"zh": zh, "en": en},
        address={"zh": f"{town_zh}示范路{number * 8}号", "en": f"{number * 8} Demo Road, {town_en}"},
        latitude=spot[0],
        longitude=spot[1],
        division=division,
        licence=f"DEMO-{division}-{number:04}",
        phone=f"0532-5550-{number:04}",
    )


_JIAOZHOU = ("山东省青岛市胶州市", "Jiaozhou, Qingdao, Shandong", "370281")
_CHENGYANG = ("山东省青岛市城阳区", "Chengyang District, Qingdao, Shandong", "370214")
_LICANG = ("山东省青岛市李沧区", "Licang District, Qingdao, Shandong", "370213")
_SHINAN = ("山东省青岛市市南区", "Shinan District, Qingdao, Shandong", "370202")
_SHIBEI = ("山东省青岛市市北区", "Shibei District, Qingdao, Shandong", "370203")
_LAOSHAN = ("山东省青岛市崂山区", "Laoshan District, Qingdao, Shandong", "370212")
_HUANGDAO = ("山东省青岛市黄岛区", "Huangdao District, Qingdao, Shandong", "370211")
_JIMO = ("山东省青岛市即墨区", "Jimo District, Qingdao, Shandong", "370215")
_PINGDU = ("山东省青岛市平度市", "Pingdu, Qingdao, Shandong", "370283")
_DALIAN = ("辽宁省大连市中山区", "Zhongshan District, Dalian, Liaoning", "210202")
_CHENGDU = ("四川省成都市锦江区", "Jinjiang District, Chengdu, Sichuan", "510104")

_ALL: Final = (
    _firm("pig-farm", 1, "farm", "青坡生猪牧场", "Qingpo Pig Farm", _JIAOZHOU, (36.423, 119.712)),
    _firm("slaughterhouse", 2, "slaughterhouse", "安禾屠宰厂", "Anhe Slaughterhouse", _JIAOZHOU, (36.287, 119.968)),
    _firm("cutting-plant", 3, "plant", "净刀肉品分割厂", "Jingdao Cutting Plant", _JIAOZHOU, (36.262, 120.035)),
    _firm("cold-store", 4, "cold store", "北湾冷库", "North Bay Cold Store", _CHENGYANG, (36.231, 120.264)),
    _firm("meat-market", 5, "market", "海门肉类批发市场", "Haimen Meat Market", _LICANG, (36.196, 120.401)),
    _firm("supermarket", 6, "shop", "潮汐超市", "Tide Supermarket", _SHINAN, (36.072, 120.389)),
    _firm("vineyard", 7, "farm", "石岭葡萄园", "Stone Ridge Vineyard", _PINGDU, (36.985, 119.953)),
    _firm("winery", 8, "plant", "望潮酒庄", "Wangchao Winery", _PINGDU, (36.934, 119.987)),
    _firm("port", 9, "port", "鲸湾港务公司", "Whale Bay Port Terminal", _HUANGDAO, (36.013, 120.222)),
    _firm("wine-shop", 10, "shop", "灯塔酒行", "Lighthouse Wine Shop", _DALIAN, (38.914, 121.646)),
    _firm("vegetable-farm", 11, "farm", "雨露蔬菜合作社", "Yulu Vegetable Cooperative", _JIMO, (36.470, 120.472)),
    _firm("produce-market", 12, "market", "晨光农产品市场", "Chenguang Produce Market", _SHIBEI, (36.151, 120.352)),
    _firm("canteen", 13, "canteen", "海棠小学食堂", "Haitang Primary School Canteen", _LAOSHAN, (36.105, 120.467)),
    _firm("stall", 14, "shop", "老槐树菜摊", "Old Scholar-Tree Stall", _SHINAN, (36.066, 120.330)),
    _firm("far-shop", 15, "shop", "锦竹烟酒店", "Jinzhu Tobacco and Wine", _CHENGDU, (30.657, 104.086)),
    Firm(
        key="carrier",
        prefix="6999016",
        kind="carrier",
        name={"zh": "顺程冷链物流", "en": "Shuncheng Cold Chain Logistics"},
        address={"zh": "山东省青岛市城阳区示范路128号", "en": f"128 Demo Road, {_CHENGYANG[1]}"},
        division=_CHENGYANG[2],
        licence="DEMO-370214-0016",
        phone="0532-5550-0016",
    ),
)

#: Every firm by its key, in the order of the chains.
FIRMS: Final = {firm.key: firm for firm in _ALL}
