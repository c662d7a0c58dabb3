"""Whether EPC URNs have the company prefixes that there are (TDS 6.3): a URN tells where one ends, a link does not.

Only an installation that has a list of company prefixes can know (`suyuan.gs1.company_prefix`).
"""

from __future__ import annotations

from collections.abc import Iterator

from suyuan.epcis.events import Event
from suyuan.epcis.identifiers import identify
from suyuan.epcis.profiles import FIELDS, Breach
from suyuan.gs1.company_prefix import CompanyPrefixes

#: Fields that hold identifiers, by the model's name, with their names in JSON.
_LISTS = {attribute: name for name, attribute in FIELDS.items() if name.endswith(("EPCList", "EPCs", "epcList"))}
_AMOUNTS = {attribute: name for name, attribute in FIELDS.items() if name.lower().endswith("quantitylist")}


def wrong_prefixes(event: Event, prefixes: CompanyPrefixes) -> Iterator[Breach]:
    """The EPC URNs of an event whose company prefix has another length in the list, or is nobody's."""
    for place, uri in _identifiers(event):
        name = identify(uri).name
        if name.company_prefix_length is None:
            continue
        ai, _, rest = name.class_key.partition("/")
        expected = prefixes.length_of(ai, rest.partition("/")[0])
        if expected is not None and expected != name.company_prefix_length:
            yield Breach(
                place, f"{uri[:80]}: company prefix of {name.company_prefix_length} digits, its owner's has {expected}",
                "put the dot where the owner's company prefix ends",
            )  # fmt: skip


def _identifiers(event: Event) -> Iterator[tuple[str, str]]:
    """JSON pointer and URI of each thing, class and place that the event names."""
    parent = getattr(event, "parent_id", None)
    if parent is not None:
        yield "/parentID", parent
    for attribute, name in _LISTS.items():
        for number, uri in enumerate(getattr(event, attribute, ())):
            yield f"/{name}/{number}", uri
    for attribute, name in _AMOUNTS.items():
        for number, element in enumerate(getattr(event, attribute, ())):
            yield f"/{name}/{number}/epcClass", element.epc_class
    for name, place in (("readPoint", event.read_point), ("bizLocation", event.biz_location)):
        if place is not None:
            yield f"/{name}/id", place.id
    for name, parties in (("source", event.source_list), ("destination", event.destination_list)):
        for number, party in enumerate(parties):
            yield f"/{name}List/{number}/{name}", party.id
