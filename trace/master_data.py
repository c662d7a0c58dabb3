"""Master data: parties, sites and products, versioned by the log (DESIGN section 4)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

#: A text in several languages: ``{"zh": "...", "en": "..."}``.
Text = dict[str, str]


class Party(msgspec.Struct, frozen=True, omit_defaults=True):
    """A firm or an authority, by the canonical name of its PGLN or GLN."""

    id: str
    name: Text
    kind: str = ""  #: farm, slaughterhouse, plant, carrier, market, shop, canteen, authority ...
    address: Text = {}
    licence: str = ""
    phone: str = ""


class Site(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place, by the canonical name of its GLN; sub-locations (AI 254) are found through it."""

    id: str
    name: Text
    party: str = ""  #: canonical name of who runs it
    kind: str = ""
    address: Text = {}
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None  #: degrees north, WGS 84
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None  #: degrees east, WGS 84
    division: str = ""  #: administrative division code (GB/T 2260)


class Product(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a GTIN is, by the canonical name ``https://id.gs1.org/01/...``."""

    id: str
    name: Text
    party: str = ""  #: canonical name of the firm whose GTIN it is: who may make labels for it
    category: str = ""
    brand: Text = {}
    shelf_life_days: int | None = None
    storage_min_celsius: float | None = None
    storage_max_celsius: float | None = None


class MasterData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A set of master data as it is imported (``PUT /api/v1/masterdata``)."""

    parties: list[Party] = []
    sites: list[Site] = []
    products: list[Product] = []
