"""The goods of the demonstration: trade items with a GTIN, and the crates and pallets that carry them."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from suyuan.app.demo.firms import FIRMS, Firm
from suyuan.gs1.check_digit import check_digit
from suyuan.trace.master_data import Product, Text

_CRATE_TYPE: Final = "00050"
#: SGTIN filter value of what a till scans.
POINT_OF_SALE: Final = 1


class Good(Struct, frozen=True):
    """One trade item of one firm. ``item`` is the indicator digit and the five digits of the item reference.

    Storage temperatures are degrees Celsius; ``tag_filter`` is the SGTIN filter value of TDS 2.x table 10-1.
    """

    firm: str
    item: str
    name: Text
    category: str
    shelf_life_days: int | None = None
    storage_min_celsius: float | None = None
    storage_max_celsius: float | None = None
    tag_filter: int = 0

    @property
    def gtin(self) -> str:
        """GTIN-14 with its check digit."""
        body = self.item[0] + FIRMS[self.firm].prefix + self.item[1:]
        return body + check_digit(body)

    @property
    def id(self) -> str:
        """Canonical name of the trade item."""
        return f"https://id.gs1.org/01/{self.gtin}"

    def instance(self, serial: int) -> str:
        """EPC of one unit (SGTIN); the serial fits an SGTIN-96 tag: below 2^38."""
        return f"urn:epc:id:sgtin:{FIRMS[self.firm].prefix}.{self.item}.{serial}"

    def lot(self, code: str) -> str:
        """EPC class of one lot (LGTIN)."""
        return f"urn:epc:class:lgtin:{FIRMS[self.firm].prefix}.{self.item}.{code}"

    def lot_link(self, code: str) -> str:
        """Digital Link of one lot."""
        return f"{self.id}/10/{code}"

    def link(self, epc: str) -> str:
        """Digital Link of one unit, given its EPC."""
        return f"{self.id}/21/{epc.rpartition('.')[2]}"

    def product(self) -> Product:
        """Its master data."""
        return Product(
            id=self.id,
            name=self.name,
            party=FIRMS[self.firm].party().id,
            category=self.category,
            brand=FIRMS[self.firm].name,
            shelf_life_days=self.shelf_life_days,
            storage_min_celsius=self.storage_min_celsius,
            storage_max_celsius=self.storage_max_celsius,
        )


def crate(owner: Firm, serial: int) -> str:
    """EPC of a returnable crate (GRAI); the serial fits a GRAI-96 tag."""
    return f"urn:epc:id:grai:{owner.prefix}.{_CRATE_TYPE}.{serial}"


def logistic_unit(owner: Firm, number: int) -> str:
    """EPC of a pallet or carton (SSCC): ``number`` is the extension digit and nine digits of serial reference."""
    return f"urn:epc:id:sscc:{owner.prefix}.{number:010}"


PIG: Final = Good("pig-farm", "000101", {"zh": "生猪", "en": "Live pig"}, "live animal")
CARCASS: Final = Good("slaughterhouse", "000201", {"zh": "猪二分体", "en": "Pork side"}, "meat", 10, 0.0, 4.0)
BELLY: Final = Good(
    "cutting-plant",
    "000301",
    {"zh": "冷鲜五花肉 500 克", "en": "Chilled pork belly 500 g"},
    "meat",
    7,
    0.0,
    4.0,
    POINT_OF_SALE,
)
LOIN: Final = Good(
    "cutting-plant",
    "000302",
    {"zh": "冷鲜里脊肉 400 克", "en": "Chilled pork loin 400 g"},
    "meat",
    7,
    0.0,
    4.0,
    POINT_OF_SALE,
)
CABERNET: Final = Good("vineyard", "000701", {"zh": "赤霞珠葡萄", "en": "Cabernet Sauvignon grapes"}, "fruit")
MERLOT: Final = Good("vineyard", "000702", {"zh": "梅洛葡萄", "en": "Merlot grapes"}, "fruit")
BASE_WINE: Final = Good("winery", "000801", {"zh": "原酒", "en": "Base wine"}, "wine", None, 8.0, 20.0)
BOTTLE: Final = Good(
    "winery",
    "000811",
    {"zh": "望潮干红葡萄酒 750 毫升", "en": "Wangchao dry red wine 750 ml"},
    "wine",
    3650,
    5.0,
    25.0,
    POINT_OF_SALE,
)
GREENS: Final = Good("vegetable-farm", "001101", {"zh": "小白菜", "en": "Pak choi"}, "vegetable", 5, 0.0, 10.0)
MEAL: Final = Good("canteen", "001301", {"zh": "清炒小白菜(份)", "en": "Stir-fried pak choi, portion"}, "meal", 1)

#: Every trade item of the demonstration.
GOODS: Final = (PIG, CARCASS, BELLY, LOIN, CABERNET, MERLOT, BASE_WINE, BOTTLE, GREENS, MEAL)
_FILTERS: Final = {good.instance(0).rpartition(".")[0]: good.tag_filter for good in GOODS}


def tag_filter(epc: str) -> int:
    """Filter value that the tag with this EPC carries: 0 ("all others") for crates, pallets and what no till scans."""
    return _FILTERS.get(epc.rpartition(".")[0], 0)
