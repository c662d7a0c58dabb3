"""The identifiers in events, checked and named once however often they recur.

Validation, the event hash and the ledger ask for the name of the same URI one after the other; each event's URIs are
usually new. The cache is therefore small: it has to hold one document's worth of what is being worked on.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import names
from suyuan.gs1.names import Name

#: URIs kept: at about 400 bytes each some 13 MB.
REMEMBERED = 32_768

_NUMBERS = {
    "gtin": "01", "itip": "8006", "gmn": "8013", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017",
    "gsrn": "8018", "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402", "grai": "8003",
    "giai": "8004", "cpv": "22", "lot": "10", "ser": "21", "cpsn": "8011", "glnx": "254", "srin": "8019",
}  # fmt: skip
_ALPHA = re.compile(rf"/({'|'.join(_NUMBERS)})/")


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What a URI identifies: the ledger's name of it, and its one URI (see `suyuan.gs1.names.canonical`)."""

    name: Name
    uri: str


@lru_cache(maxsize=REMEMBERED)
def identify(uri: str) -> Identity:
    """The thing that a URI identifies, also of a Digital Link with the old words for its keys.

    Raises `InvalidIdentifier` where it is a GS1 identifier but a wrong one, or no URI.
    """
    try:
        return Identity(*names.name_and_uri(uri))
    except InvalidIdentifier:
        numeric = _with_numbers(uri)
        if numeric == uri:
            raise
        return Identity(*names.name_and_uri(numeric))


def _with_numbers(uri: str) -> str:
    """A Digital Link whose keys are words (``/gtin/.../ser/...``, Digital Link 1.0 and 1.1) with their numbers."""
    path, mark, query = uri.partition("?")
    return _ALPHA.sub(lambda match: f"/{_NUMBERS[match[1]]}/", path) + mark + query
