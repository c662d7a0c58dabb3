"""What one label says, whatever it is printed on: a link, an element string, the EPC of its tag, and named texts."""

from __future__ import annotations

import msgspec

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import digital_link, element_string
from suyuan.gs1.epc_uri import Elements
from suyuan.gs1.forms import parse

#: The names that a design may show, and what stands there. A name that a batch has no text for prints nothing.
FIELDS = {
    "product_zh": "name of the product in Chinese",
    "product_en": "name of the product in English",
    "producer_zh": "name of the producer in Chinese",
    "producer_en": "name of the producer in English",
    "gtin": "GTIN, 14 digits",
    "serial": "serial number (AI 21)",
    "lot": "lot (AI 10)",
    "sscc": "serial shipping container code, 18 digits",
    "production_date": "date of production, YYYY-MM-DD",
    "expiry": "use by, or best before, YYYY-MM-DD",
    "net_weight": "net weight with its unit",
    "quantity": "count of what is inside",
    "storage_zh": "how to keep it, in Chinese",
    "storage_en": "how to keep it, in English",
    "parent": "the thing that this one was cut from",
    "number": "number of the label within its batch",
    "count": "labels in the batch",
    "identity": "element string without dates and weights; filled in by itself",
}


class LabelContent(msgspec.Struct, frozen=True):
    """One label, device independent. Made by `content`, which has checked link and element string."""

    #: Digital Link at the public URL, as the QR symbol carries it.
    link: str
    #: With brackets, as GS1 DataMatrix, GS1-128 and people get it.
    element_string: str
    #: EPC for the tag, in capital hexadecimal digits of whole 16-bit words; None where the label has no tag.
    epc_hex: str | None = None
    #: Texts by their name in `FIELDS`.
    fields: dict[str, str] = {}
    #: Digital Link of the same thing without its lot, for labels that are too small for the other; empty where the
    #: thing has no lot or no serial number.
    short_link: str = ""

    def text(self, name: str) -> str:
        """The text of a field; empty where there is none."""
        return self.fields.get(name, "")


def content(
    identifier: str, public_url: str, fields: dict[str, str] | None = None, epc_hex: str | None = None
) -> LabelContent:
    """The label of an identifier in any writing; data attributes (dates, weights) go into the element string only.

    Raises InvalidIdentifier where the identifier is wrong, or has no Digital Link.
    """
    found = parse(identifier.strip())
    if not found.elements:
        raise InvalidIdentifier(
            f"{identifier[:60]!a} has no Digital Link", remedy="label it with a GTIN, SSCC, GLN or GRAI"
        )
    return of_elements(found.elements, found.attributes, public_url, fields, epc_hex)


def of_elements(
    elements: Elements,
    attributes: Elements,
    public_url: str,
    fields: dict[str, str] | None = None,
    epc_hex: str | None = None,
) -> LabelContent:
    """The label of a key with its qualifiers, in the standard's order, that have been checked."""
    stem, identity = public_url.rstrip("/"), element_string.build(elements)
    short = tuple(pair for pair in elements if pair[0] != "10") if elements[-1][0] == "21" else elements
    return LabelContent(
        digital_link.build(elements, stem=stem),
        identity + element_string.build(attributes),
        epc_hex,
        {**(fields or {}), "identity": identity},
        digital_link.build(short, stem=stem) if short != elements else "",
    )
