"""From what somebody typed or scanned to a name, and to the thing in the ledger."""

from __future__ import annotations

from suyuan.base.errors import InvalidIdentifier, NotFound
from suyuan.gs1.forms import parse
from suyuan.gs1.link_compression import is_candidate
from suyuan.gs1.names import Name, canonical, name_of
from suyuan.trace.view import View


def find_thing(view: View, identifier: str) -> tuple[Name, int]:
    """The thing that an identifier in any form names, and all that the ledger knows of its name.

    Raises `NotFound` when the ledger has never seen it.
    """
    name = read_name(identifier)
    thing = view.find(name)
    if thing is None:
        raise NotFound(
            f"the ledger has never seen {canonical(name)[:200]}", remedy="check the code, or capture it first"
        )
    return view.name(thing), thing


def read_name(identifier: str) -> Name:
    """The name behind any form: EPC, tag in hex, Digital Link, compressed too, element string, or any other URI."""
    try:
        name = name_of(identifier)
        return _expanded(identifier) or name if name.class_key == "uri" else name
    except InvalidIdentifier as first:
        try:
            return parse(identifier).name
        except InvalidIdentifier as second:
            raise (first if ":" in identifier and not identifier.startswith("(") else second) from None


def _expanded(uri: str) -> Name | None:
    """The name in a compressed Digital Link, which events never hold; None for every other URI."""
    if not uri.lower().startswith("http") or not is_candidate(uri):
        return None
    try:
        return parse(uri).name
    except InvalidIdentifier:
        return None
