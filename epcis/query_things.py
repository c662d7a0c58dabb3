"""What a MATCH parameter names: things, classes, patterns of EPCs (EPCIS 2.0, 8.2.7.1.1; TDS 2.3 section 8).

A pattern and a class match every thing of theirs, whatever the writing of either: what
``urn:epc:idpat:sgtin:0614141.107346.*`` matches, ``https://id.gs1.org/01/10614141073464`` does. Nothing that a user
sends is taken for a regular expression.
"""

from __future__ import annotations

import msgspec

from suyuan.base.errors import InvalidIdentifier
from suyuan.epcis.identifiers import identify
from suyuan.gs1 import epc_pattern, epc_uri
from suyuan.gs1.application_identifiers import PRIMARY
from suyuan.gs1.names import kind_of

_IDPAT, _ID, _PAT = "urn:epc:idpat:", "urn:epc:id:", "urn:epc:pat:"
#: Digits that may stand before the company prefix in a GTIN or an SSCC.
_LEADING = "0123456789"
#: Keys that a serial follows directly: class and instance have one class key.
_SERIAL_FOLLOWS = frozenset(key.ai for key in PRIMARY.values() if key.serial_follows)


class Match(msgspec.Struct, frozen=True):
    """A set of things, by the names that the ledger gives them (`suyuan.gs1.names.Name`)."""

    #: Class key and serial of the one thing, or of the class itself; None where the pattern names neither.
    thing: tuple[str, str] | None = None
    #: Everything whose class key begins with one of these belongs to the set, too.
    heads: tuple[str, ...] = ()
    #: ... if it ends with this, too: the scheme's serial.
    tail: str = ""
    #: ... or, in a class key that the serial follows directly (GRAI, GDTI, SGCN), what has a serial.
    class_key: str = ""
    #: Digits of the company prefix that a pattern has; a class known to have another one doesn't belong to it.
    company_prefix_length: int | None = None
    #: Beginning of the URIs of a scheme without a GS1 key.
    stem: str = ""

    @property
    def single(self) -> bool:
        """Whether this names one thing only."""
        return not (self.heads or self.class_key or self.stem)


def read_match(uri: str) -> Match:
    """The set that a value of a MATCH parameter names. Raises `InvalidIdentifier`."""
    if uri[: len(_PAT)].lower() == _PAT:
        raise InvalidIdentifier(
            f"{uri[:80]!a} is a pattern of tags, not of EPCs", remedy="write urn:epc:idpat: and the pattern of EPCs"
        )
    if uri.startswith(_ID) and uri.endswith(".*"):
        uri = _IDPAT + uri[len(_ID) :]
    if uri.startswith(_IDPAT):
        pattern = epc_pattern.parse(uri)
        given = [str(component) for component in pattern.components if component is not None]
        scheme = epc_uri.SCHEMES.get(pattern.head.removeprefix("urn:epc:").rstrip(":"))
        if len(given) < len(pattern.components) - 1 or scheme is None or scheme.name not in epc_uri.PATTERNS:
            return _of_prefix(pattern, scheme, given)
        return _of_class(uri, _tail(scheme))
    class_key, serial, _ = identify(uri).name
    return _of_class(uri, "") if kind_of(class_key, serial) == "class" else Match((class_key, serial))


def _of_class(uri: str, tail: str) -> Match:
    """A class and every instance and lot of it."""
    class_key = identify(uri).name.class_key
    if class_key.partition("/")[0] in _SERIAL_FOLLOWS:
        return Match((class_key, ""), class_key=class_key)
    return Match((class_key, ""), heads=(f"{class_key}/",), tail=tail)


def _tail(scheme: epc_uri.Scheme) -> str:
    """What class keys of instances of a scheme end in, where another scheme has the same key (SGTIN, UPUI, lots)."""
    return f"/{scheme.serial}" if scheme.leading and scheme.serial else ""


def _of_prefix(pattern: epc_pattern.Pattern, scheme: epc_uri.Scheme | None, given: list[str]) -> Match:
    """A pattern that leaves more open than the serial number of one class."""
    if scheme is None:
        return Match(stem=pattern.head + "".join(f"{component}." for component in given))
    tail = _tail(scheme)
    if not given:
        return Match(heads=(f"{scheme.ai}/",), tail=tail)
    company, reference = given[0], "".join(given[1:])
    if scheme.leading and reference:
        heads: tuple[str, ...] = (f"{scheme.ai}/{reference[0]}{company}{reference[1:]}",)
    elif scheme.leading:
        heads = tuple(f"{scheme.ai}/{digit}{company}" for digit in _LEADING)
    else:
        heads = (f"{scheme.ai}/{scheme.front}{company}{reference}",)
    return Match(heads=heads, tail=tail, company_prefix_length=len(company))
