"""EPC pure-identity, class and pattern URNs of the schemes that stand on a GS1 key (TDS 6.3, CBV 2.0 8.3).

`parse` reads ``urn:epc:id:``, ``urn:epc:class:`` and the ``urn:epc:idpat:`` patterns that name a class (every field
but the last given, the last ``*``) into the AI values that the same thing has in a Digital Link; `build` is the way
back and needs the length of the GS1 Company Prefix, which AI values do not tell. One row of `SCHEMES` is one scheme.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.application_identifiers import check_value
from suyuan.gs1.characters import OTHER_ESCAPE_39, urn_escape, urn_unescape
from suyuan.gs1.check_digit import digit_for

#: A GS1 Company Prefix in an EPC has so many digits (TDS 14.6: the partition tables).
SHORTEST_PREFIX, LONGEST_PREFIX = 6, 12

_PREFIX = re.compile("[0-9]{6,12}", re.ASCII)
_DIGITS = re.compile("[0-9]*", re.ASCII)


class Scheme(NamedTuple):
    """How one EPC scheme writes the values of its AIs."""

    name: str
    #: AI of the key.
    ai: str
    #: Digits of company prefix and reference together; 0 where the reference is not numeric (GIAI, GINC, CPI).
    digits: int
    #: AI of the serial: empty where it follows the key directly (GRAI, GDTI, SGCN), None where there is none.
    serial: str | None = None
    #: The reference's first digit stands before the company prefix in the key (GTIN indicator, SSCC extension).
    leading: bool = False
    #: Digits in front of the key's value (the 0 of AI 8003).
    front: str = ""
    #: Number of two-digit fields between reference and serial (piece and total of ITIP).
    pairs: int = 0
    #: First two words of the URN: an instance (``id``) or a class (``class``).
    kind: str = "id"

    @property
    def head(self) -> str:
        """What the URN begins with."""
        return f"urn:epc:{self.kind}:{self.name}:"

    @property
    def fields(self) -> int:
        """Number of fields between dots, company prefix and serial included."""
        return 2 + self.pairs + (self.serial is not None)


_ROWS = (
    Scheme("sgtin", "01", 13, "21", leading=True),
    Scheme("lgtin", "01", 13, "10", leading=True, kind="class"),
    Scheme("upui", "01", 13, "235", leading=True),
    Scheme("itip", "8006", 13, "21", leading=True, pairs=2),
    Scheme("sscc", "00", 17, leading=True),
    Scheme("sgln", "414", 12, "254"),
    Scheme("pgln", "417", 12),
    Scheme("grai", "8003", 12, "", front="0"),
    Scheme("giai", "8004", 0),
    Scheme("gsrn", "8018", 17),
    Scheme("gsrnp", "8017", 17),
    Scheme("gdti", "253", 12, ""),
    Scheme("sgcn", "255", 12, ""),
    Scheme("cpi", "8010", 0, "8011"),
    Scheme("ginc", "401", 0),
    Scheme("gsin", "402", 16),
)
#: Schemes by ``kind:name``.
SCHEMES = {f"{row.kind}:{row.name}": row for row in _ROWS}
#: Schemes whose ``idpat`` pattern with ``*`` in the last field names a class (CBV 2.0 8.3.1).
PATTERNS = {name: SCHEMES[f"id:{name}"] for name in ("sgtin", "grai", "gdti", "sgcn", "cpi", "itip", "upui")}

#: AI values, the key first: ``(("01", "09506000134352"), ("21", "32a/b"))``.
Elements = tuple[tuple[str, str], ...]


class EpcUri(NamedTuple):
    """What an EPC URN says."""

    scheme: Scheme
    elements: Elements
    company_prefix_length: int
    #: The URN is a class pattern (``idpat``): the elements end before the serial.
    pattern: bool


def parse(uri: str) -> EpcUri:
    """The AI values of an EPC URN that stands on a GS1 key.

    Raises InvalidIdentifier for anything else: another scheme, a field too many, a company prefix or reference of the
    wrong length, a character that must be escaped, a serial that the AI does not allow.
    """
    scheme, rest, pattern = split_scheme(uri)
    fields = rest.split(".", scheme.fields - 1)
    if len(fields) != scheme.fields:
        raise InvalidIdentifier(f"{uri[:80]!a} has {len(fields)} fields, expected {scheme.fields}")
    if pattern and fields[-1] != "*":
        raise InvalidIdentifier(f"pattern {uri[:80]!a} names no class: its last field must be *")
    key = key_value(scheme, fields[: len(fields) - (scheme.serial is not None)])
    elements: Elements = ((scheme.ai, key),)
    if scheme.serial is not None and not pattern:
        elements = with_serial(scheme, key, urn_unescape(fields[-1]))
    return EpcUri(scheme, elements, len(fields[0]), pattern)


def split_scheme(uri: str) -> tuple[Scheme, str, bool]:
    """The scheme of a URN, the fields behind it, and whether it is a pattern. Raises InvalidIdentifier."""
    words = uri.split(":", 4)
    if len(words) == 5 and words[0] == "urn" and words[1] == "epc":
        pattern = words[2] == "idpat"
        scheme = PATTERNS.get(words[3]) if pattern else SCHEMES.get(f"{words[2]}:{words[3]}")
        if scheme is not None:
            return scheme, words[4], pattern
    raise InvalidIdentifier(
        f"{uri[:80]!a} is not an EPC URN of a known scheme",
        remedy="an EPC begins with urn:epc:id:, a lot with urn:epc:class:lgtin:, a class with urn:epc:idpat:",
    )


def is_company_prefix(text: str) -> bool:
    """Whether a text is a row of 6 to 12 digits."""
    return _PREFIX.fullmatch(text) is not None


def key_value(scheme: Scheme, fields: list[str]) -> str:
    """The key's value from the fields of a URN without the serial. Raises InvalidIdentifier."""
    prefix = fields[0]
    if not is_company_prefix(prefix):
        raise InvalidIdentifier(f"company prefix {prefix[:40]!a} of {scheme.name} must be 6 to 12 digits")
    if not scheme.digits:
        if scheme.name == "cpi" and OTHER_ESCAPE_39.search(fields[1]):
            raise InvalidIdentifier(f"reference {fields[1][:40]!a} of cpi has an escape other than %23 and %2F")
        key = prefix + urn_unescape(fields[1])
        if len(key) == len(prefix):
            raise InvalidIdentifier(f"reference of {scheme.name} is empty")
    else:
        key = _numeric_key(scheme, prefix, fields[1]) + _pairs(scheme, fields[2:])
    check_value(scheme.ai, key)
    return key


def _numeric_key(scheme: Scheme, prefix: str, reference: str) -> str:
    expected = scheme.digits - len(prefix)
    if len(reference) != expected or not _DIGITS.fullmatch(reference):
        raise InvalidIdentifier(
            f"reference {reference[:40]!a} of {scheme.name} must be {expected} digits"
            f" after a company prefix of {len(prefix)}"
        )
    body = reference[0] + prefix + reference[1:] if scheme.leading else prefix + reference
    # The 0 in front of a GRAI has weight 1 or 3 of nothing: the check digit is the same with and without it.
    return scheme.front + body + digit_for(body)


def _pairs(scheme: Scheme, pairs: list[str]) -> str:
    for pair in pairs:
        if len(pair) != 2 or not _DIGITS.fullmatch(pair):
            raise InvalidIdentifier(f"field {pair[:40]!a} of {scheme.name} must be two digits")
    return "".join(pairs)


def with_serial(scheme: Scheme, key: str, serial: str) -> Elements:
    """AI values of a key and its serial. Raises InvalidIdentifier when the serial's AI does not allow it."""
    if not serial:
        raise InvalidIdentifier(f"serial of {scheme.name} is empty")
    if not scheme.serial:
        check_value(scheme.ai, key + serial)
        return ((scheme.ai, key + serial),)
    check_value(scheme.serial, serial)
    if scheme.serial == "254" and serial == "0":
        return ((scheme.ai, key),)  # TDS 7.5: extension 0 says that there is none
    return ((scheme.ai, key), (scheme.serial, serial))


def build(scheme: Scheme, key: str, serial: str | None, company_prefix_length: int) -> str:
    """The URN of a key (without its serial) and a serial; of the class pattern when the serial is None.

    Raises InvalidIdentifier when the company prefix length does not fit the key.
    """
    fields = _fields(scheme, key, company_prefix_length)
    if scheme.serial is None:
        return scheme.head + ".".join(fields)
    if serial is None and scheme.serial == "254":
        serial = "0"
    if serial is not None:
        return scheme.head + ".".join((*fields, urn_escape(serial)))
    return f"urn:epc:idpat:{scheme.name}:" + ".".join((*fields, "*"))


def _fields(scheme: Scheme, key: str, length: int) -> tuple[str, ...]:
    """Company prefix, reference and the two-digit fields of a key."""
    if not SHORTEST_PREFIX <= length <= LONGEST_PREFIX:
        raise InvalidIdentifier(f"company prefix length {length} is not {SHORTEST_PREFIX} to {LONGEST_PREFIX}")
    if not scheme.digits:
        if len(key) <= length or not _PREFIX.fullmatch(key[:length]):
            raise InvalidIdentifier(f"{scheme.name} {key!a} has no reference after {length} digits of prefix")
        return key[:length], urn_escape(key[length:])
    body = key[len(scheme.front) :][: scheme.digits]
    pairs = [key[start : start + 2] for start in range(14, 14 + 2 * scheme.pairs, 2)]
    if scheme.leading:
        return body[1 : length + 1], body[0] + body[length + 1 :], *pairs
    return body[:length], body[length:], *pairs
