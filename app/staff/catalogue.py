"""The products and sites of a visitor's firm, from the master data, as a page lists them."""

from __future__ import annotations

import msgspec

from suyuan.base.errors import NotFound
from suyuan.base.identity import Actor
from suyuan.consumer_api.moments import Phrase, phrase
from suyuan.trace.master_data import Product, Text
from suyuan.trace.view import View

_PRODUCT = "https://id.gs1.org/01/"


class Choice(msgspec.Struct, frozen=True):
    """A product to choose."""

    gtin: str  #: 14 digits
    name: Phrase
    words: str  #: what it is found by, lower case
    shelf_life_days: int | None


class Place(msgspec.Struct, frozen=True):
    """A site to choose."""

    id: str  #: canonical name
    name: Phrase


def products(view: View, actor: Actor, language: str) -> list[Choice]:
    """All products whose party is the visitor's firm, by name."""
    own = [_choice(key, product, language) for key, product in view.products.items() if _is_own(product, actor)]
    return sorted(own, key=lambda choice: (choice.name.text, choice.gtin))


def product(view: View, actor: Actor, gtin: str, language: str) -> Choice:
    """One product of the firm; `NotFound` for any other."""
    key = _PRODUCT + gtin
    found = view.products.get(key)
    if found is None or not _is_own(found, actor):
        raise NotFound(f"there is no product {gtin[:20]!a} of your firm", remedy="choose one from the list")
    return _choice(key, found, language)


def product_name(view: View, gtin: str, language: str) -> Phrase:
    """What a product is called; its number where it has no name."""
    found = view.products.get(_PRODUCT + gtin)
    return _named(found.name if found else {}, gtin, language)


def sites(view: View, actor: Actor, language: str) -> list[Place]:
    """The sites that the firm runs, by name."""
    own = [(key, site) for key, site in view.sites.items() if site.party == actor.party]
    places = [Place(key, _named(site.name, key.rpartition("/")[2], language)) for key, site in own]
    return sorted(places, key=lambda place: place.name.text)


def search(choices: list[Choice], query: str) -> list[Choice]:
    """Those with every word of the query in a name, the brand or the GTIN."""
    words = query.lower().split()
    return [choice for choice in choices if all(word in choice.words for word in words)]


def _is_own(product: Product, actor: Actor) -> bool:
    return bool(actor.party) and product.party == actor.party


def _choice(key: str, product: Product, language: str) -> Choice:
    gtin = key.removeprefix(_PRODUCT)
    texts = [gtin, *product.name.values(), *product.brand.values(), product.category]
    return Choice(gtin, _named(product.name, gtin, language), " ".join(texts).lower(), product.shelf_life_days)


def _named(text: Text, fallback: str, language: str) -> Phrase:
    return phrase(text, language) or Phrase(fallback)
