"""Parties, sites and products out of EPCIS master data (CBV 2.0 section 10), so that pages show a name.

| element of | becomes | from attributes of `urn:epcglobal:cbv:mda` |
|---|---|---|
| Location, BusinessLocation, ReadPoint with a GLN | site | `name`; `streetAddressOne` ... `countryCode` as the address; `latitude`, `longitude` |
| Party, SourceDest with a PGLN or GLN | party | `name`; the address |
| EPCClass with a GTIN, a lot or a pattern of it | product | `descriptionShort`, `regulatedProductName`, `functionalName` or `name`; `brandName` |

Nothing here says whose a site or a product is: that decides who sees events and makes labels, and is not taken from a
document. A lot's element names the product of its GTIN; a place inside a site (AI 254) is no site of its own.
"""  # noqa: E501 - a table

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from suyuan.epcis.vocabulary_elements import TYPE_STEM, Element, attribute_key
from suyuan.gs1.names import canonical
from suyuan.trace.master_data import MasterData, Party, Product, Site, Text

_MDA = "urn:epcglobal:cbv:mda#"
_SITES = {TYPE_STEM + word for word in ("Location", "BusinessLocation", "ReadPoint")}
_PARTIES = {TYPE_STEM + word for word in ("Party", "SourceDest")}
_PRODUCTS = {TYPE_STEM + "EPCClass"}
_ADDRESS = ("streetAddressOne", "streetAddressTwo", "streetAddressThree", "city", "state", "postalCode", "countryCode")
_PRODUCT_NAMES = ("descriptionShort", "regulatedProductName", "functionalName", "name")
#: Chinese characters: a text that has one is taken for Chinese, any other for English, where its language is not told.
_CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


def records_of(elements: Iterable[Element]) -> MasterData:
    """The records that elements with a name make; of elements of one thing the first counts."""
    sites: dict[str, Site] = {}
    parties: dict[str, Party] = {}
    products: dict[str, Product] = {}
    for element in elements:
        (class_key, serial), told = element.key, _Told(element)
        key = class_key.partition("/")[0]
        if element.type in _SITES and key == "414" and not serial:
            name = canonical((class_key, serial))
            if told.text("name"):
                sites.setdefault(name, Site(
                    name, told.text("name"), address=told.address(),
                    latitude=told.degrees("latitude", 90), longitude=told.degrees("longitude", 180),
                ))  # fmt: skip
        elif element.type in _PARTIES and key in ("414", "417") and not serial:
            name = canonical((f"417/{class_key.partition('/')[2]}", ""))
            if told.text("name"):
                parties.setdefault(name, Party(name, told.text("name"), address=told.address()))
        elif element.type in _PRODUCTS and key == "01":
            name = canonical(("/".join(class_key.split("/")[:2]), ""))
            if told.first(_PRODUCT_NAMES):
                products.setdefault(name, Product(name, told.first(_PRODUCT_NAMES), brand=told.text("brandName")))
    return MasterData(list(parties.values()), list(sites.values()), list(products.values()))


class _Told:
    """What an element's attributes say, by their names in the CBV."""

    def __init__(self, element: Element) -> None:
        self._values: dict[str, list[Any]] = {}
        for name, value in element.attributes:
            if attribute_key(name).startswith(_MDA):
                self._values.setdefault(attribute_key(name)[len(_MDA) :], []).append(value)

    def text(self, name: str) -> Text:
        """An attribute by language; of several in one language the first."""
        texts: Text = {}
        for value in self._values.get(name, []):
            language, text = _spoken(value)
            if text:
                texts.setdefault(language, text)
        return texts

    def first(self, names: Sequence[str]) -> Text:
        """The first of these attributes that says something."""
        return next((text for text in map(self.text, names) if text), {})

    def address(self) -> Text:
        """The lines of an address in one."""
        parts = [text for name in _ADDRESS for text in list(self.text(name).values())[:1]]
        return {_language(" ".join(parts)): ", ".join(parts)} if parts else {}

    def degrees(self, name: str, most: int) -> float | None:
        """A coordinate, None where it is none."""
        for value in self._values.get(name, []):
            try:
                found = float(str(value).strip())
            except ValueError:
                continue
            if math.isfinite(found) and abs(found) <= most:
                return found
        return None


def _spoken(value: Any) -> tuple[str, str]:
    """Language and text of a value: a text, or an object with ``@language`` and ``@value``."""
    if isinstance(value, dict) and isinstance(value.get("@value"), str):
        language = value.get("@language")
        text = value["@value"].strip()
        return (language[:20].lower() if isinstance(language, str) and language else _language(text)), text
    text = value.strip() if isinstance(value, str) else ""
    return _language(text), text


def _language(text: str) -> str:
    return "zh" if _CHINESE.search(text) else "en"
