"""Accept headers: which media type (RFC 9110 section 12.5.1) and which language (RFC 4647 section 3.4) to answer in.

A header that is malformed is read as far as it makes sense and never refused: a shopper's old browser still gets
a page. Only where a machine asks (`acceptable_media`) is it told that there is nothing it would take.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

#: Members of a header that are read; the rest is noise or an attack.
_MOST_MEMBERS = 40
_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


class Preference(NamedTuple):
    """One member of an Accept header."""

    value: str  #: media range or language range, lower case, without parameters
    quality: float  #: 0 (not acceptable) to 1


def preferences(header: str) -> list[Preference]:
    """The members of an Accept or Accept-Language header in the order they are written."""
    members = (member.split(";") for member in header.lower().split(",", _MOST_MEMBERS)[:_MOST_MEMBERS])
    return [Preference(value.strip(), _quality(parameters)) for value, *parameters in members if value.strip()]


def choose_media(header: str | None, offers: Sequence[str]) -> str:
    """The best of *offers* (own order breaks ties); the first where there is no header or none is acceptable."""
    wanted = preferences(header or "*/*")
    return max(offers, key=lambda offer: _media_quality(offer, wanted))


def acceptable_media(header: str | None, offers: Sequence[str]) -> str | None:
    """The best of *offers* (own order breaks ties); None where the header refuses all of them."""
    best = choose_media(header, offers)
    return best if _media_quality(best, preferences(header or "*/*")) > 0 else None


def choose_language(header: str | None, offers: Sequence[str]) -> str:
    """The language to answer in by lookup: each range is cut from the end until an offer fits; else the first offer."""
    wanted = preferences(header or "")
    refused = {value for value, quality in wanted if quality == 0}
    for language_range, quality in sorted(wanted, key=lambda preference: -preference.quality):
        found = _lookup(language_range, offers) if quality > 0 else None
        if found:
            return found
    return next((offer for offer in offers if offer not in refused), offers[0])


def _lookup(language_range: str, offers: Sequence[str]) -> str | None:
    subtags = language_range.split("-")
    candidates = ("-".join(subtags[:length]) for length in range(len(subtags), 0, -1))
    return next((candidate for candidate in candidates if candidate in offers), None)


def _media_quality(offer: str, wanted: Sequence[Preference]) -> float:
    """Quality by the most specific range that matches: type/subtype before type/* before */*."""
    family = offer.partition("/")[0] + "/*"
    for media_range in (offer, family, "*/*"):
        found = [quality for value, quality in wanted if value == media_range]
        if found:
            return max(found)
    return 0.0


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _QUALITY.fullmatch(value := value.strip()) else 0.0
    return 1.0
