"""Every writing of one identifier: what `suyuan decode` shows.

`parse` reads any writing; `forms_of` writes all the others. A form that does not apply is None: a Digital Link does
not tell how long the company prefix is, so that EPC URI and tag need it as a parameter; a serial with letters fits no
96-bit tag.
"""

from __future__ import annotations

import re

import msgspec

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import digital_link, element_string, epc_uri, names, other_schemes, tag_encoding
from suyuan.gs1.epc_uri import Elements
from suyuan.gs1.names import Name

_TAG = re.compile("[0-9A-Fa-f]{24}", re.ASCII)
_TAG_HEADER = re.compile("3[0-3]", re.ASCII)
#: Names for what EPC has no scheme for, by the last AI.
_SCHEME_NAMES = {
    "10": "lot", "22": "cpv", "415": "payto", "7040": "uic", "8013": "gmn", "8019": "srin", "8020": "refno",
}  # fmt: skip


class Forms(msgspec.Struct, frozen=True):
    """One identifier in all its writings; None where a form does not apply."""

    #: What was asked.
    input: str
    #: ``sgtin-96`` and the like where a tag can hold it, else the plain scheme: ``sgtin``, ``lgtin``, ``sgln``, ...
    scheme: str
    #: Pure-identity, class or pattern URN.
    epc_uri: str | None
    tag_uri: str | None
    #: Canonical and uncompressed, data attributes in the query.
    digital_link: str | None
    #: With brackets.
    element_string: str | None
    #: The 96-bit EPC in 24 capital hexadecimal digits.
    hex: str | None
    #: Filter value of the tag, 0 to 7.
    filter: int | None


class Identifier(msgspec.Struct, frozen=True):
    """An identifier that has been checked, in whatever writing it came."""

    #: Key and qualifiers; empty for the EPC schemes without a GS1 key.
    elements: Elements
    #: Data attributes that came along (dates, weights): they describe the thing, they do not name it.
    attributes: Elements = ()
    company_prefix_length: int | None = None
    #: Filter value, where it was read from a tag.
    filter: int | None = None
    #: The URN of an EPC scheme without a GS1 key.
    urn: str | None = None

    @property
    def name(self) -> Name:
        """The ledger's name of the thing."""
        if self.urn is not None:
            return Name("uri", self.urn, None)
        return names.name_of_elements(self.elements, self.company_prefix_length)

    @property
    def epc_uri(self) -> str | None:
        """Pure-identity, class or pattern URN; None when the length of the company prefix is not known.

        Raises InvalidIdentifier when the length does not fit the key.
        """
        return names.epc_urn(*self.name)

    @property
    def digital_link(self) -> str | None:
        """The canonical Digital Link with all qualifiers and attributes; None where the scheme has none."""
        return digital_link.build(self.elements, self.attributes) if self.elements else None

    @property
    def element_string(self) -> str | None:
        """Element string with brackets; None where there is no GS1 key."""
        return element_string.build(self.elements + self.attributes) if self.elements else None

    @property
    def scheme(self) -> str:
        """EPC scheme, or the short name of the last key where EPC has none."""
        if self.urn is not None:
            return self.urn.split(":")[2 if self.urn.startswith("urn:epc:raw:") else 3]
        found = names.scheme_of(self.name.class_key)
        return found.name if found else _SCHEME_NAMES[self.elements[-1][0]]


def parse(text: str, *, company_prefix_length: int | None = None) -> Identifier:
    """The identifier in any writing: hex of a 96-bit tag, tag URI, EPC URI, Digital Link, element string.

    The company prefix length (6 to 12) is used where the writing does not tell it, and has to fit the key.
    Raises InvalidIdentifier for anything else, and for whatever breaks a rule of its standard.
    """
    if len(text) > names.LONGEST:
        raise InvalidIdentifier(f"identifier of {len(text)} characters is longer than {names.LONGEST}")
    if _TAG.fullmatch(text) and _TAG_HEADER.match(text):
        tag = tag_encoding.decode(text)
        return _from_epc(tag.uri, tag.filter)
    if text[:8].lower() == "urn:epc:":
        return _from_urn("urn:epc:" + text[8:])
    found = _from_link(text) if text[:4].lower() == "http" else _from_element_string(text)
    if company_prefix_length is None:
        return found
    found = msgspec.structs.replace(found, company_prefix_length=company_prefix_length)
    found.epc_uri  # noqa: B018 - refuses a length that does not fit the key
    return found


def _from_urn(uri: str) -> Identifier:
    if uri.startswith("urn:epc:tag:"):
        tag = tag_encoding.from_tag_uri(uri)
        return _from_epc(tag.uri, tag.filter)
    other = other_schemes.canonical(uri)
    return Identifier((), urn=other) if other is not None else _from_epc(uri)


def _from_epc(uri: str, filter_value: int | None = None) -> Identifier:
    found = epc_uri.parse(uri)
    return Identifier(found.elements, (), found.company_prefix_length, filter_value)


def _from_link(text: str) -> Identifier:
    link = digital_link.parse(text)
    return Identifier(link.elements, digital_link.attributes(link))


def _from_element_string(text: str) -> Identifier:
    try:
        elements, attributes = element_string.identify(element_string.parse(text))
    except InvalidIdentifier:
        if re.fullmatch("[0-9A-Fa-f]{8,}", text, re.ASCII) and not text.isdigit():
            tag_encoding.tag_to_uri(text)  # refuses it, and says what is wrong with it as a tag
        raise
    if elements[-1] == ("254", "0"):
        elements = elements[:1]  # TDS 6.3.3: extension 0 is a GLN without extension
    return Identifier(elements, attributes)


def forms_of(text: str, *, company_prefix_length: int | None = None, filter: int = 0) -> Forms:  # noqa: A002
    """All forms of the identifier in any writing; ``filter`` is for what did not come from a tag.

    Raises InvalidIdentifier as `parse`, and for a filter that is not 0 to 7.
    """
    found = parse(text, company_prefix_length=company_prefix_length)
    uri = found.epc_uri
    value = filter if found.filter is None else found.filter
    tag = tag_encoding.encode(uri, value) if uri is not None else None
    written = tag_encoding.decode(tag) if tag is not None else None
    return Forms(
        input=text,
        scheme=written.encoding if written else found.scheme,
        epc_uri=uri,
        tag_uri=tag_encoding.tag_uri(written) if written else None,
        digital_link=found.digital_link,
        element_string=found.element_string,
        hex=tag,
        filter=written.filter if written else None,
    )
