"""Canonical names: one name for one thing, in whatever writing it arrives.

The ledger keeps a thing as (class key, serial). The class key is the path of the thing's canonical Digital Link up to
the serial, already escaped (``01/09506000134352/21``, ``8003/00614141123452``); the serial is unescaped. What has no
Digital Link keeps its URI: ``("uri", URI)``. URN and link of one thing give the same pair; only the URN tells the
length of the company prefix, which is needed to write the URN again.

This is the capture path: items of one class cost a partition, a look-up of their prefix and a check of the serial.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import digital_link, epc_uri, other_schemes
from suyuan.gs1.application_identifiers import PRIMARY
from suyuan.gs1.characters import LINK_PLAIN, URN_PLAIN, link_escape, link_unescape
from suyuan.gs1.check_digit import digit_for
from suyuan.gs1.epc_uri import SCHEMES, Elements, Scheme

Kind = Literal["instance", "lot", "class", "location", "party", "document", "other"]

#: Longest name, in characters.
LONGEST = 2000
#: Prefixes remembered, each at most `_LONGEST_PREFIX` characters: at most about 10 MB.
_PREFIXES = 16_384
_LONGEST_PREFIX = 256
#: Whole URIs remembered, for sites, parties and classes, which come again and again: at most about 10 MB.
_WHOLE = 4_096
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+", re.ASCII)


class Name(NamedTuple):
    """What the ledger calls a thing."""

    #: ``01/09506000134352/21``, ``00/095201234567891235``, ``414/9521141123454``, ..., or ``uri``.
    class_key: str
    #: Serial, lot or extension; empty where the class key says all; the URI itself where the class key is ``uri``.
    serial: str
    #: Digits of the GS1 Company Prefix, where the writing tells.
    company_prefix_length: int | None


#: What a named tuple's class calls when it is called: a third of the time.
_NEW = tuple.__new__

#: Names a thing by what stands behind a prefix; None where only the full way can tell (an escape, a mistake).
_Namer = Callable[[str], Name | None]


def name_of(uri: str) -> Name:
    """The name of the thing that a URI identifies: EPC URN, class URN or pattern, Digital Link, or any absolute URI.

    Raises InvalidIdentifier for what is not an absolute URI of at most 2,000 ASCII characters, and for an EPC URN or a
    Digital Link that breaks a rule of its standard: those are never taken for ordinary URIs.
    """
    head, _, tail = uri.rpartition("." if uri.startswith("urn:") else "/")
    namer = _namer(head) if len(head) <= _LONGEST_PREFIX else None
    return (namer(tail) if namer is not None else None) or _name_in_full(uri)


@lru_cache(_WHOLE)
def _name_in_full(uri: str) -> Name:
    if len(uri) > LONGEST:
        raise InvalidIdentifier(f"identifier of {len(uri)} characters is longer than {LONGEST}")
    if uri[:8].lower() == "urn:epc:":
        return _name_of_urn("urn:epc:" + uri[8:])  # RFC 8141: the case of these two words says nothing
    link = digital_link.find(uri)
    if link is not None:
        return name_of_elements(link.elements)
    if not _URI.fullmatch(uri):
        raise InvalidIdentifier(
            f"{uri[:80]!a} is not an absolute URI of ASCII characters",
            remedy="write an EPC URN, a GS1 Digital Link or another URI with its scheme",
        )
    return Name("uri", uri, None)


def _name_of_urn(uri: str) -> Name:
    other = other_schemes.canonical(uri)
    if other is not None:
        return Name("uri", other, None)
    found = epc_uri.parse(uri)
    return name_of_elements(found.elements, found.company_prefix_length)


def name_of_elements(elements: Elements, company_prefix_length: int | None = None) -> Name:
    """The name of AI values that have been checked, the key first.

    A serial number decides over a lot, a lot over a variant: the last qualifier is the narrowest.
    """
    ai, value = elements[0]
    key = PRIMARY[ai]
    if key.serial_follows:
        fixed, serial = value[: key.checked], value[key.checked :]
        return Name(f"{ai}/{fixed}", serial, company_prefix_length)
    class_key = f"{ai}/{link_escape(value)}"
    if len(elements) == 1:
        return Name(class_key, "", company_prefix_length)
    qualifier, serial = elements[-1]
    return Name(f"{class_key}/{qualifier}", serial, company_prefix_length)


@lru_cache(_PREFIXES)
def _namer(head: str) -> _Namer | None:
    """What all URIs with this head share, None when the head does not settle it or is wrong (the full way tells)."""
    try:
        return _urn_namer(head) if head.startswith("urn:") else _link_namer(head)
    except InvalidIdentifier:
        return None


_LONGEST_SERIAL = {"21": 20, "10": 20, "235": 28, "254": 20}


def _plain(characters: str) -> dict[str, Callable[[str], object]]:
    """For each AI of a serial the full match of values that need no unescaping and break no rule."""
    forms = {ai: f"[{characters}]{{1,{longest}}}" for ai, longest in _LONGEST_SERIAL.items()}
    forms["8011"] = "0|[1-9][0-9]{0,11}"
    return {ai: re.compile(form, re.ASCII).fullmatch for ai, form in forms.items()}


_PLAIN_IN_LINK = _plain(LINK_PLAIN)
_PLAIN_IN_URN = _plain(URN_PLAIN) | {
    "8003": re.compile(f"[{URN_PLAIN}]{{1,16}}", re.ASCII).fullmatch,
    "253": re.compile(f"[{URN_PLAIN}]{{1,17}}", re.ASCII).fullmatch,
    "255": re.compile("[0-9]{1,12}", re.ASCII).fullmatch,
}


def _urn_namer(head: str) -> _Namer | None:
    scheme, rest, pattern = epc_uri.split_scheme(head)
    fields = rest.split(".")
    if scheme.serial is None:
        return _sscc_namer(fields[0]) if scheme.ai == "00" and len(fields) == 1 else None
    if len(fields) != scheme.fields - 1:
        return None
    bare = name_of_elements(((scheme.ai, epc_uri.key_value(scheme, fields)),), len(fields[0]))
    if pattern:
        return lambda tail: bare if tail == "*" else None
    class_key = f"{bare.class_key}/{scheme.serial}" if scheme.serial else bare.class_key
    return _serial_namer(class_key, bare, _PLAIN_IN_URN[scheme.serial or scheme.ai])


def _link_namer(head: str) -> _Namer | None:
    qualifier = head.rpartition("/")[2]
    if qualifier not in _PLAIN_IN_LINK:
        return None
    # "1" is a value that each of these qualifiers allows: what is refused now is refused for every serial.
    link = digital_link.find(f"{head}/1")
    if link is None or link.elements[-1][0] != qualifier:
        return None
    bare = name_of_elements(link.elements[:1])
    return _serial_namer(f"{bare.class_key}/{qualifier}", bare, _PLAIN_IN_LINK[qualifier])


def _serial_namer(class_key: str, bare: Name, plain: Callable[[str], object]) -> _Namer:
    """Names with a serial; extension 0 of a GLN is the GLN without extension (TDS 6.3.3)."""
    length = bare.company_prefix_length
    if not class_key.endswith("/254"):
        return _Serials(class_key, plain, length)
    return lambda tail: bare if tail == "0" else Name(class_key, tail, length) if plain(tail) else None


class _Serials:
    """Names of one class by their serials, and the beginning of their URIs."""

    __slots__ = ("parts",)

    def __init__(self, class_key: str, plain: Callable[[str], object], length: int | None) -> None:
        self.parts = (class_key, plain, length, canonical((class_key, "1"))[:-1])

    def __call__(self, tail: str) -> Name | None:
        class_key, plain, length, _ = self.parts
        return _NEW(Name, (class_key, tail, length)) if plain(tail) else None


def name_and_uri(uri: str) -> tuple[Name, str]:
    """`name_of` a URI and what `canonical` writes for it, quicker than one after the other.

    Raises InvalidIdentifier as `name_of` does.
    """
    head, _, tail = uri.rpartition("." if uri.startswith("urn:") else "/")
    namer = _namer(head) if len(head) <= _LONGEST_PREFIX else None
    if namer.__class__ is _Serials:
        class_key, plain, length, stem = namer.parts
        if plain(tail) and tail.isalnum():
            return _NEW(Name, (class_key, tail, length)), stem + tail
    name = name_of(uri)
    return name, canonical(name)


def _sscc_namer(prefix: str) -> _Namer | None:
    """SSCCs of one company prefix: extension digit, prefix, serial reference, check digit."""
    length = len(prefix)
    if not epc_uri.is_company_prefix(prefix):
        return None
    plain = re.compile(f"[0-9]{{{17 - length}}}", re.ASCII).fullmatch

    def name(tail: str) -> Name | None:
        if not plain(tail):
            return None
        body = f"{tail[0]}{prefix}{tail[1:]}"
        return Name(f"00/{body}{digit_for(body)}", "", length)

    return name


def canonical(name: Name | tuple[str, str]) -> str:
    """The one URI of a name: the uncompressed Digital Link at id.gs1.org, else the URI itself."""
    class_key, serial = name[0], name[1]
    if class_key == "uri":
        return serial
    if not serial:
        return f"{digital_link.CANONICAL_STEM}/{class_key}"
    slash = "" if class_key.startswith(_SERIAL_FOLLOWS) else "/"
    return f"{digital_link.CANONICAL_STEM}/{class_key}{slash}{link_escape(serial)}"


_SERIAL_FOLLOWS = tuple(f"{key.ai}/" for key in PRIMARY.values() if key.serial_follows)

#: EPC scheme by AI of the key and of the qualifier (empty where there is none).
_SCHEME_OF = {(scheme.ai, scheme.serial or ""): scheme for scheme in SCHEMES.values()} | {
    ("01", ""): SCHEMES["id:sgtin"],
    ("8006", ""): SCHEMES["id:itip"],
    ("8010", ""): SCHEMES["id:cpi"],
    ("414", ""): SCHEMES["id:sgln"],
}


def scheme_of(class_key: str) -> Scheme | None:
    """The EPC scheme that writes names of this class key, None where EPC has none (a CPV, an ITIP lot, a URI)."""
    ai, _, rest = class_key.partition("/")
    return _SCHEME_OF.get((ai, rest.partition("/")[2]))


def epc_scheme(uri: str) -> str:
    """EPC scheme of an EPC: ``sscc`` of ``urn:epc:id:sscc:...`` and of ``https://id.gs1.org/00/...``; else empty."""
    if uri.startswith("urn:"):
        words = uri.split(":", 4)
        return words[3] if len(words) > 4 else ""
    scheme = scheme_of(name_of(uri).class_key)
    return scheme.name if scheme is not None else ""


def epc_urn(class_key: str, serial: str, company_prefix_length: int | None) -> str | None:
    """The EPC URN of a name; None where EPC has none for it, or where the company prefix's length is not known.

    Raises InvalidIdentifier when the length is not 6 to 12 or does not fit the key.
    """
    if class_key == "uri":
        return serial if serial.startswith("urn:epc:") else None
    scheme = scheme_of(class_key)
    if scheme is None or company_prefix_length is None:
        return None
    key = link_unescape(class_key.split("/")[1])
    return epc_uri.build(scheme, key, serial or None, company_prefix_length)


def lot_of(uri: str) -> Name | None:
    """The lot that an item's Digital Link tells beside the serial: ``.../01/g/10/LOT/21/SER`` gives (01/g/10, LOT).

    None for every other writing. Raises InvalidIdentifier for a Digital Link that breaks a rule.
    """
    if "/10/" not in uri or "/21/" not in uri:
        return None
    link = digital_link.find(uri)
    if link is None or link.elements[-1][0] != "21":
        return None
    lot = next((value for ai, value in link.elements[1:] if ai == "10"), None)
    return name_of_elements((link.elements[0], ("10", lot))) if lot is not None else None


def site_of(class_key: str) -> str | None:
    """The class key of the site that a location is or lies in; None for what is not a physical location."""
    words = class_key.split("/")
    return f"414/{words[1]}" if words[0] == "414" else None


_KINDS: dict[tuple[str, str], Kind] = {
    ("00", ""): "instance",
    ("01", "21"): "instance",
    ("01", "235"): "instance",
    ("01", "10"): "lot",
    ("8004", ""): "instance",
    ("8006", "21"): "instance",
    ("8006", "10"): "lot",
    ("8010", "8011"): "instance",
    ("414", ""): "location",
    ("414", "254"): "location",
    ("414", "7040"): "location",
    ("417", ""): "party",
    ("417", "7040"): "party",
    ("8017", ""): "party",
    ("8018", ""): "party",
    ("8017", "8019"): "document",
    ("8018", "8019"): "document",
    ("415", ""): "party",
    ("415", "8020"): "document",
    ("401", ""): "document",
    ("402", ""): "document",
}


def kind_of(class_key: str, serial: str = "") -> Kind:
    """What sort of thing a name names. The serial matters for GRAI, GDTI and coupons only, where it follows the key."""
    ai, _, rest = class_key.partition("/")
    if ai == "uri":
        return "other"
    if ai == "8003":
        return "instance" if serial else "class"
    if ai in {"253", "255"}:
        return "document" if serial else "class"
    return _KINDS.get((ai, rest.partition("/")[2]), "class")
