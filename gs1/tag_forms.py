"""Which tag an identifier is written on: its encoding, filter value, bits and tag URI (TDS 2.3, 12 and 14).

A tag that was read keeps its encoding. What comes in another writing is encoded in the shortest classic encoding of its
scheme (SGTIN-96, ITIP-110, ADI-var), unless an encoding is asked for by name.
"""

from __future__ import annotations

from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import names, plus_encoding, tag_encoding
from suyuan.gs1.epc_uri import Elements
from suyuan.gs1.plus_encoding import PLUS_HEADERS, PLUS_NAMES
from suyuan.gs1.tag_encoding import NAMES as CLASSIC_NAMES
from suyuan.gs1.tag_encoding import Tag
from suyuan.gs1.tag_layouts import BY_HEADER, BY_NAME, DEFAULTS, LARGEST_FILTER

#: First bytes of every encoding there is, in capital hexadecimal digits.
CLASSIC_HEADERS = frozenset(f"{header:02X}" for header in tag_encoding.HEADERS)
HEADERS = CLASSIC_HEADERS | PLUS_HEADERS
#: Names of every encoding, in lower case.
ENCODING_NAMES = (*CLASSIC_NAMES, *sorted(PLUS_NAMES))


class TagForm(NamedTuple):
    """An identifier as it is, or would be, on a tag."""

    #: In lower case: ``sgtin-96``, ``sgtin+``.
    encoding: str
    #: None where the encoding has no filter value (GID).
    filter: int | None
    #: Capital hexadecimal digits.
    hex: str
    #: Pure-identity URI; None for "+" and "++", which do not tell where the company prefix ends.
    epc_uri: str | None
    #: Tag URI; None for "+" and "++", which have none.
    tag_uri: str | None
    #: Host name of a "++" tag.
    hostname: str | None = None


class Named(NamedTuple):
    """What is known of a thing that shall get on a tag."""

    elements: Elements
    attributes: Elements
    #: Pure-identity URI, if there is one and the length of the company prefix is known.
    epc_uri: str | None
    #: Host name of its Digital Link.
    hostname: str | None


def epc_of_tag(digits: str) -> str:
    """What a tag names, as EPCIS events say it: its EPC URI; for "+" and "++" the canonical Digital Link.

    Those do not tell the length of the company prefix, which an EPC URI needs. AI data behind the EPC are left out.
    Raises InvalidIdentifier for what is no EPC.
    """
    if digits[:2].upper() not in PLUS_HEADERS:
        return tag_encoding.tag_to_uri(digits)
    return names.canonical(names.name_of_elements(without_zero(plus_encoding.decode(digits).elements)))


def without_zero(elements: Elements) -> Elements:
    """TDS 6.3.3: extension 0 is a GLN without extension."""
    return elements[:-1] if elements[-1] == ("254", "0") else elements


def filter_of_tag(digits: str) -> int | None:
    """Filter value of an EPC that has been decoded; None where its encoding has none."""
    if digits[:2].upper() in PLUS_HEADERS:
        return int(digits[2], 16) & LARGEST_FILTER
    bits = BY_HEADER[int(digits[:2], 16)].filter_bits
    return int(digits[2:4], 16) >> 8 - bits if bits else None


def of_tag(tag: Tag, digits: str | None = None) -> TagForm:
    """The form of a classic tag; ``digits`` are its bits, where they have been read already."""
    if digits is None:
        digits = tag_encoding.encode_as(tag.encoding, tag.uri, tag.filter or 0)
    return TagForm(tag.encoding, tag.filter, digits, tag.uri, tag_encoding.tag_uri(tag))


def of_default(scheme: str, epc_uri: str, filter_value: int, *, strict: bool) -> TagForm | None:
    """The form in the shortest encoding of the scheme; None where the identifier does not fit it.

    ``strict`` raises InvalidIdentifier instead, and says what does not fit; a filter value where the encoding has none
    is dropped without it. Raises InvalidIdentifier for a filter value that is out of range.
    """
    if not strict and not DEFAULTS[scheme].filter_bits:
        filter_value = 0
    if strict:
        digits: str | None = tag_encoding.uri_to_tag(epc_uri, filter_value)
    else:
        digits = tag_encoding.encode(epc_uri, filter_value)
    return _classic(DEFAULTS[scheme].name, epc_uri, filter_value, digits) if digits is not None else None


def of_encoding(name: str, named: Named, filter_value: int) -> TagForm:
    """The form in an encoding by its name, in lower case.

    Raises InvalidIdentifier when there is no such encoding, and when the thing does not fit it.
    """
    if name in CLASSIC_NAMES:
        if named.epc_uri is None:
            raise InvalidIdentifier(f"there is no EPC URI of {_words(named.elements)}, which {name} needs")
        return _classic(name, named.epc_uri, filter_value, tag_encoding.encode_as(name, named.epc_uri, filter_value))
    if name not in PLUS_NAMES:
        raise InvalidIdentifier(
            f"{name[:40]!a} is not a tag encoding", place="scheme", remedy="known: " + ", ".join(ENCODING_NAMES)
        )
    if not named.elements:
        raise InvalidIdentifier(f"{name} holds GS1 keys only, found {str(named.epc_uri)[:80]!a}")
    hostname = named.hostname if name.endswith("++") else None
    if hostname is None and name.endswith("++"):
        raise InvalidIdentifier(f"{name} needs a host name", remedy="give hostname, or a Digital Link with its host")
    digits = plus_encoding.encode(name, named.elements, named.attributes, filter_value, hostname)
    return TagForm(name, filter_value, digits, None, None, hostname)


def _classic(name: str, epc_uri: str, filter_value: int, digits: str) -> TagForm:
    return of_tag(Tag(name, filter_value if BY_NAME[name].filter_bits else None, epc_uri), digits)


def _words(elements: Elements) -> str:
    return "".join([f"({ai}){value}" for ai, value in elements])[:80] or "it"
