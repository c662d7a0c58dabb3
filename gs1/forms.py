"""Every writing of one identifier: what `suyuan decode` shows.

`parse` reads any writing; `forms_of` writes all the others. A form that does not apply is None: a Digital Link does
not tell how long the company prefix is, so that EPC URI and classic tag need it from elsewhere; a serial with letters
fits no 96-bit tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import (
    digital_link,
    element_string,
    epc_pattern,
    epc_uri,
    link_compression,
    names,
    other_schemes,
    plus_encoding,
    scan_data,
    tag_encoding,
    tag_forms,
)
from suyuan.gs1.ai_table import NOT_IN_QUERY
from suyuan.gs1.application_identifiers import AI_LENGTH
from suyuan.gs1.company_prefix import NONE, CompanyPrefixes
from suyuan.gs1.epc_uri import Elements
from suyuan.gs1.names import Name
from suyuan.gs1.tag_encoding import NAMES as CLASSIC_NAMES
from suyuan.gs1.tag_forms import HEADERS, Named, TagForm, without_zero
from suyuan.gs1.tag_layouts import DEFAULTS

_HEX = re.compile("[0-9A-Fa-f]{8,}", re.ASCII)
#: Digits of an AI, its bracket, a symbology identifier, FNC1.
_ELEMENT_STRINGS_BEGIN = frozenset("0123456789(]^\x1d")
#: A text of digits only that is so long is rather a tag than an element string, when it is neither.
_SHORTEST_TAG = 24
_TAG_PATTERN, _ID = "urn:epc:pat:", "urn:epc:id:"
#: Scheme and host of a link, without a path.
_HOST = re.compile("https?://([^/]+)", re.ASCII | re.IGNORECASE)
#: Names for what EPC has no scheme for, by the last AI.
_SCHEME_NAMES = {
    "10": "lot", "22": "cpv", "415": "payto", "7040": "uic", "8013": "gmn", "8019": "srin", "8020": "refno",
}  # fmt: skip


class Forms(msgspec.Struct, frozen=True):
    """One identifier in all its writings; None where a form does not apply."""

    #: What was asked.
    input: str
    #: Name of the tag's encoding (``sgtin-96``, ``sgtin+``), else the plain scheme: ``sgtin``, ``lgtin``, ``sgln``, ...
    scheme: str
    #: Pure-identity, class or pattern URN.
    epc_uri: str | None
    tag_uri: str | None
    #: Canonical and uncompressed, data attributes in the query; with the host name of a "++" tag.
    digital_link: str | None
    #: With brackets.
    element_string: str | None
    #: The EPC in capital hexadecimal digits.
    hex: str | None
    #: Filter value of the tag.
    filter: int | None


class Identifier(msgspec.Struct, frozen=True):
    """An identifier that has been checked, in whatever writing it came."""

    #: Key and qualifiers; empty for the EPC schemes without a GS1 key.
    elements: Elements
    #: Data attributes that came along (dates, weights): they describe the thing, they do not name it.
    attributes: Elements = ()
    company_prefix_length: int | None = None
    #: The URN of an EPC scheme without a GS1 key, or of a pattern that is no class.
    urn: str | None = None
    #: The tag that it was read from, or that a tag URI told.
    tag: TagForm | None = None
    #: Scheme, host and front of the path of the Digital Link that it was read from.
    stem: str | None = None
    #: Pure-identity or class URN, where it has been worked out already.
    known_uri: str | None = None

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
        if self.known_uri is not None or (self.company_prefix_length is None and self.urn is None):
            return self.known_uri
        return None if self.urn and self.urn.startswith(_TAG_PATTERN) else names.epc_urn(*self.name)

    @property
    def tag_uri(self) -> str | None:
        """Tag URI of the tag that it was read from, or pattern of tags; None for all else."""
        if self.tag is not None:
            return self.tag.tag_uri
        return self.urn if self.urn and self.urn.startswith(_TAG_PATTERN) else None

    @property
    def digital_link(self) -> str | None:
        """The canonical Digital Link with all qualifiers; None where the scheme has none.

        The data attributes that a link may hold are in its query. A "++" tag has its own host name.
        """
        if not self.elements:
            return None
        hostname = self.tag.hostname if self.tag is not None else None
        return _link(self.elements, self.attributes, hostname)

    @property
    def element_string(self) -> str | None:
        """Element string with brackets; None where there is no GS1 key."""
        return element_string.build(self.elements + self.attributes) if self.elements else None

    @property
    def scheme(self) -> str:
        """EPC scheme, or the short name of the last key where EPC has none."""
        uri = self.urn or self.known_uri
        if uri is not None:
            return uri.split(":")[2 if uri.startswith("urn:epc:raw:") else 3]
        found = names.scheme_of(self.name.class_key)
        return found.name if found else _SCHEME_NAMES[self.elements[-1][0]]


def _link(elements: Elements, attributes: Elements, hostname: str | None) -> str:
    stem = digital_link.CANONICAL_STEM if hostname is None else f"https://{hostname}"
    if attributes:
        attributes = digital_link.in_order(tuple([pair for pair in attributes if pair[0] not in NOT_IN_QUERY]))
    return digital_link.build(elements, attributes, stem=stem)


def parse(
    text: str,
    *,
    company_prefix_length: int | None = None,
    company_prefixes: CompanyPrefixes = NONE,
    writing: str | None = None,
) -> Identifier:
    """The identifier in any writing.

    Read are the bits of a tag in hexadecimal digits, tag, EPC, pattern and raw URIs, Digital Links, compressed or not,
    element strings with and without brackets, and what scanners send. The company prefix length (6 to 12) is used where
    the writing does not tell it, and has to fit the key; where it is not given, the list of company prefixes is asked.
    ``writing`` says which one it is, by a name of `Forms`: digits may be a tag as well as an element string.
    Raises InvalidIdentifier for anything else, and for whatever breaks a rule of its standard.
    """
    if len(text) > names.LONGEST:
        raise InvalidIdentifier(f"identifier of {len(text)} characters is longer than {names.LONGEST}")
    found = _read(text) if writing is None else _READERS[writing](text)
    if found.company_prefix_length is not None or not found.elements:
        return found
    if company_prefix_length is not None:
        return _with_length(found, company_prefix_length)
    length = company_prefixes.length_of(*found.elements[0]) if company_prefixes.lengths else None
    if length is None:
        return found
    try:
        return _with_length(found, length)
    except InvalidIdentifier:  # an asset number that is nothing but the prefix has no reference
        return found


def _read(text: str) -> Identifier:
    if _HEX.fullmatch(text):
        return _from_hex(text)
    if text[:8].lower() == "urn:epc:":
        return _from_urn(text)
    if text[:4].lower() == "http":
        return _from_link(text)
    try:
        return _from_element_string(text)
    except InvalidIdentifier:
        _refuse_otherwise(text)
        raise


def _refuse_otherwise(text: str) -> None:
    """Refuse a text for what it was meant as, when that was no element string."""
    if text and text[0] not in _ELEMENT_STRINGS_BEGIN:
        raise InvalidIdentifier(
            f"{text[:60]!a} is no identifier",
            remedy="expected a tag in hexadecimal digits, urn:epc:..., http(s)://... or an element string",
        ) from None
    digits = _HEX.match(text)
    if digits and digits.end() >= _SHORTEST_TAG and not digits[0].isdigit() and text[:2].upper() in HEADERS:
        raise InvalidIdentifier(
            f"tag {digits[0][:60]} has {text[digits.end() :][:20]!a} behind it, expected hexadecimal digits only"
        ) from None


def _with_length(found: Identifier, length: int) -> Identifier:
    """The identifier with the length of its company prefix. Raises InvalidIdentifier when it does not fit the key."""
    uri = names.epc_urn(*names.name_of_elements(found.elements, length))
    return Identifier(found.elements, found.attributes, length, None, found.tag, found.stem, uri)


def _from_hex(text: str) -> Identifier:
    """A tag, or an element string whose values happen to be digits and letters A to F."""
    if text[:2].upper() not in HEADERS:
        return _from_element_string(text) if text[:2] in AI_LENGTH else _from_tag(text)
    try:
        return _from_tag(text)
    except InvalidIdentifier as refused:
        try:
            return _from_element_string(text)
        except InvalidIdentifier:
            if text.isdigit() and len(text) < _SHORTEST_TAG:
                raise
            raise refused from None


def _from_tag(text: str) -> Identifier:
    digits = text.upper()
    if digits[:2] not in HEADERS:
        raise InvalidIdentifier(f"EPC header {text[:2]} is of no encoding, expected 2C to 41 or E6 to FD")
    if digits[:2] not in plus_encoding.PLUS_HEADERS:
        tag = tag_encoding.decode(digits)
        return _from_epc(tag.uri, tag_forms.of_tag(tag, digits))
    plus = plus_encoding.decode(digits)
    form = TagForm(plus.encoding, plus.filter, digits, None, None, plus.hostname)
    return Identifier(without_zero(plus.link_elements), plus.link_attributes, tag=form)


def _from_urn(text: str) -> Identifier:
    uri = "urn:epc:" + text[8:] if text[:8].lower() == "urn:epc:" else text  # RFC 8141: case says nothing here
    if uri.startswith("urn:epc:tag:"):
        tag = tag_encoding.from_tag_uri(uri)
        return _from_epc(tag.uri, tag_forms.of_tag(tag))
    if uri.startswith(_TAG_PATTERN):
        return Identifier((), urn=epc_pattern.parse(uri).uri)
    if not uri.startswith("urn:epc:idpat:"):
        return _from_epc(uri)
    try:
        return _from_epc(uri)
    except InvalidIdentifier:
        if "*" not in uri:
            raise  # a pattern of one thing is an EPC that somebody has written wrongly
        pattern = epc_pattern.parse(uri)
        if None not in pattern.components:
            raise  # its stars are characters of a serial number
        return Identifier((), urn=pattern.uri)  # more wildcards than a class of things has


def _from_epc(uri: str, tag: TagForm | None = None) -> Identifier:
    other = other_schemes.canonical(uri)
    if other is not None:
        return Identifier((), urn=other, tag=tag)
    found = epc_uri.parse(uri)
    known = uri if "%" not in uri else None  # without an escape there is one way to write it
    return Identifier(found.elements, (), found.company_prefix_length, None, tag, None, known)


def _from_link(text: str) -> Identifier:
    """An uncompressed link, or a compressed one; what is neither is refused for what it is more likely meant as."""
    try:
        link = digital_link.parse(text)
        return Identifier(link.elements, digital_link.attributes(link), stem=link.stem)
    except InvalidIdentifier as refused:
        if not link_compression.is_candidate(text):
            raise
        try:
            expanded = link_compression.expand(text)
        except InvalidIdentifier:
            raise refused from None
    return Identifier(expanded.elements, expanded.attributes, stem=expanded.stem)


def _from_element_string(text: str) -> Identifier:
    if text.startswith("]"):
        return _from_scan(text)
    elements, attributes = element_string.identify(element_string.parse(text))
    return Identifier(without_zero(elements), attributes)


def _from_scan(text: str) -> Identifier:
    scan = scan_data.read(text)
    if scan.link is not None:
        return Identifier(scan.link.elements, scan.link.attributes, stem=scan.link.stem)
    if not scan.elements:
        raise InvalidIdentifier(f"a {scan.symbology} symbol holds {scan.message[:60]!a}, which names no thing")
    elements, attributes = element_string.identify(scan.elements)
    return Identifier(without_zero(elements), attributes)


#: By the names of `Forms`.
_READERS: dict[str, Callable[[str], Identifier]] = {
    "hex": _from_tag, "epc_uri": _from_urn, "digital_link": _from_link, "element_string": _from_element_string,
}  # fmt: skip


def forms_of(
    text: str,
    *,
    company_prefix_length: int | None = None,
    company_prefixes: CompanyPrefixes = NONE,
    scheme: str | None = None,
    filter: int | None = None,  # noqa: A002
    hostname: str | None = None,
    strict: bool = False,
    writing: str | None = None,
) -> Forms:
    """All forms of the identifier in any writing.

    A tag keeps its encoding and filter value; what did not come from a tag gets the shortest encoding of its scheme
    and filter value 0. ``scheme``, the name of an encoding, and ``filter`` say otherwise (without ``scheme`` or
    ``strict`` a tag keeps its filter value all the same); ``hostname`` is for "++" tags of what is no Digital Link;
    ``writing`` is as in `parse`. A tag that cannot be made is left out, unless it was asked for by its ``scheme``
    or with ``strict``: then InvalidIdentifier says why. Otherwise it is raised as by `parse`.
    """
    found = parse(text, company_prefix_length=company_prefix_length, company_prefixes=company_prefixes, writing=writing)
    uri = found.epc_uri
    tag = found.tag
    if strict and scheme is None and tag is not None and filter not in {None, tag.filter}:
        scheme = tag.encoding
    if scheme is not None:
        tag = _asked(found, uri, scheme.lower(), filter, hostname, strict=strict)
    elif tag is None:
        tag = _default(found, uri, filter or 0, strict=strict)
    link_host = tag.hostname if tag is not None else None
    return Forms(
        input=text,
        scheme=tag.encoding if tag is not None else found.scheme,
        epc_uri=uri,
        tag_uri=tag.tag_uri if tag is not None else found.tag_uri,
        digital_link=_link(found.elements, found.attributes, link_host) if found.elements else None,
        element_string=found.element_string,
        hex=tag.hex if tag is not None else None,
        filter=tag.filter if tag is not None else None,
    )


def _asked(
    found: Identifier, uri: str | None, scheme: str, filter_value: int | None, hostname: str | None, *, strict: bool
) -> TagForm | None:
    """The tag in the encoding that was asked for; None when only the company prefix is missing for it."""
    if uri is None and scheme in CLASSIC_NAMES and _lacks_prefix(found):
        if strict:
            raise _unknown_length(found)
        return None
    if filter_value is None:
        filter_value = (found.tag.filter if found.tag is not None else None) or 0
    if hostname is None:
        hostname = _hostname(found) if scheme.endswith("++") else None
    named = Named(found.elements, found.attributes, uri, hostname)
    return tag_forms.of_encoding(scheme, named, filter_value)


def _default(found: Identifier, uri: str | None, filter_value: int, *, strict: bool) -> TagForm | None:
    """The tag in the shortest encoding; None where the scheme has no tags (a lot, a party)."""
    if uri is None:
        if strict and _lacks_prefix(found):
            raise _unknown_length(found)
        return None
    scheme = uri[len(_ID) :].partition(":")[0]
    if scheme not in DEFAULTS or not uri.startswith(_ID):
        return None
    return tag_forms.of_default(scheme, uri, filter_value, strict=strict)


def _lacks_prefix(found: Identifier) -> bool:
    """Whether there would be a tag, if the length of the company prefix were known."""
    if not found.elements or found.company_prefix_length is not None:
        return False
    name = found.name
    scheme = names.scheme_of(name.class_key)
    if scheme is None or scheme.name not in DEFAULTS:
        return False
    return scheme.serial in {None, "254"} or bool(name.serial)


def _unknown_length(found: Identifier) -> InvalidIdentifier:
    return InvalidIdentifier(
        f"the length of the GS1 company prefix of {found.elements[0][1]} is not known",
        remedy="give company_prefix_length, or a list of company prefixes",
    )


def _hostname(found: Identifier) -> str | None:
    if found.tag is not None or found.stem is None:
        return found.tag.hostname if found.tag is not None else None
    match = _HOST.fullmatch(found.stem)
    if match is None:
        raise InvalidIdentifier(
            f"{found.stem[:80]!a} has a path in front of the key, which a tag cannot hold", remedy="give hostname"
        )
    return match[1]
