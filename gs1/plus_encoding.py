"""The tag encodings without company prefix: SGTIN+ to ITIP+, and SGTIN++ to ITIP++ with a host name (TDS 2.3, 14.6).

The layout is one header byte, a bit that says whether AI data follow the EPC, 3 bits of filter, for DSGTIN a date, the
values of the scheme's AIs, for "++" the host name, then the AI data. The values keep what they are made of: leading
zeros, letters, the check digit. `decode` refuses what no encoder may have meant: a value that its AI does not allow,
bits behind the end, AI data without the bit that announces them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import associations
from suyuan.gs1.application_identifiers import PRIMARY, check_value
from suyuan.gs1.epc_uri import Elements
from suyuan.gs1.hostname_encoding import read_hostname, write_hostname
from suyuan.gs1.plus_fields import take
from suyuan.gs1.plus_values import read_more, read_value, write_more, write_value
from suyuan.gs1.tag_layouts import LARGEST_FILTER, WORD
from suyuan.gs1.tag_memory import LONGEST_WORDS


class Scheme(NamedTuple):
    """How one encoding puts AI values in a row."""

    #: Lower case, such as ``sgtin+``.
    name: str
    #: The first byte of the EPC (TDS 14.2, table 14-1).
    header: int
    #: The AIs whose values it holds: the key and its serial number, if that has an AI of its own.
    ais: tuple[str, ...]
    #: A date stands in front of the key (DSGTIN).
    dated: bool
    #: A host name follows.
    hosted: bool
    #: Characters of the key's value without the serial number that is part of it; 0 where there is none.
    class_length: int


class PlusTag(NamedTuple):
    """What a tag of these encodings says."""

    encoding: str
    filter: int
    #: The EPC's AI values, the key first.
    elements: Elements
    #: The date of a DSGTIN; empty for every other.
    attributes: Elements
    #: The host name of a "++" tag.
    hostname: str | None
    #: AI values that follow the EPC, in the tag's order ("+AIDC data").
    aidc: Elements

    @property
    def link_elements(self) -> Elements:
        """Key and qualifiers in the order of a Digital Link's path, those among the AI data (lot, variant) included."""
        key = self.elements[0][0]
        said = dict(self.aidc) | dict(self.elements)
        path = next((row for row in PRIMARY[key].qualifiers if said.keys() & set(row)), ())
        return tuple((ai, said[ai]) for ai in (key, *path) if ai in said)

    @property
    def link_attributes(self) -> Elements:
        """What a Digital Link says in its query: everything that is not in `link_elements`."""
        path = dict(self.link_elements)
        return tuple((ai, value) for ai, value in self.attributes + self.aidc if ai not in path)


#: Name, header with "+", header with "++", AIs, characters in front of the serial number in the key's value.
_ROWS = (
    ("sgtin", 0xF7, 0xFD, "01 21", 0),
    ("dsgtin", 0xFB, 0xFC, "01 21", 0),
    ("sscc", 0xF9, 0xEF, "00", 0),
    ("sgln", 0xF2, 0xE9, "414 254", 0),
    ("grai", 0xF1, 0xEB, "8003", 14),
    ("giai", 0xFA, 0xEE, "8004", 0),
    ("gsrn", 0xF4, 0xE7, "8018", 0),
    ("gsrnp", 0xF5, 0xE8, "8017", 0),
    ("gdti", 0xF6, 0xEA, "253", 13),
    ("cpi", 0xF0, 0xE6, "8010 8011", 0),
    ("sgcn", 0xF8, 0xEC, "255", 13),
    ("itip", 0xF3, 0xED, "8006 21", 0),
)
SCHEMES = {
    name + plus: Scheme(name + plus, header, tuple(ais.split()), name == "dsgtin", plus == "++", class_length)
    for name, *headers, ais, class_length in _ROWS
    for plus, header in zip(("+", "++"), headers, strict=True)
}
#: Names of these encodings, such as ``sgtin+``.
PLUS_NAMES = frozenset(SCHEMES)
_HEADERS = {scheme.header: scheme for scheme in SCHEMES.values()}
#: First bytes of these encodings in capital hexadecimal digits.
PLUS_HEADERS = frozenset(f"{header:02X}" for header in _HEADERS)

#: Longest EPC with its AI data in bits.
LONGEST = LONGEST_WORDS * WORD

#: Date type indicator of a DSGTIN by AI (TDS 14.5.3).
_DATE_TYPES = {"11": 0, "13": 1, "15": 2, "16": 3, "17": 4, "7006": 5, "7007": 6}
_DATE_AIS = {indicator: ai for ai, indicator in _DATE_TYPES.items()}

_is_hex = re.compile("[0-9A-Fa-f]+", re.ASCII).fullmatch


def decode(tag: str) -> PlusTag:
    """What an EPC of these encodings says, given in hexadecimal digits as the tag or the standard's examples have it.

    Zero bits up to the next 16-bit word may follow. Whether AI data go together is not asked: the thing is known all
    the same. Raises InvalidIdentifier for another header, a value that its AI does not allow, missing or surplus bits,
    and AI data that the toggle bit denies, or promises in vain.
    """
    if not _is_hex(tag):
        raise InvalidIdentifier(f"tag {tag[:60]!a} is not hexadecimal")
    total = 4 * len(tag)
    if total > LONGEST:
        raise InvalidIdentifier(f"tag {tag[:60]}... has {total} bits, expected at most {LONGEST}")
    bits = int(tag, 16)
    scheme = _HEADERS.get(bits >> total - 8) if total >= 8 else None
    if scheme is None:
        raise InvalidIdentifier(f"EPC header {tag[:2]} is not one of {', '.join(sorted(PLUS_HEADERS))}")
    flags, left = take(bits, total - 8, 4)
    attributes: Elements = ()
    if scheme.dated:
        attributes, left = _read_date(bits, left)
    elements = []
    for ai in scheme.ais:
        value, left = read_value(ai, bits, left)
        elements.append((ai, value))
    hostname = None
    if scheme.hosted:
        hostname, left = read_hostname(bits, left)
    aidc: Elements = ()
    if flags > LARGEST_FILTER:
        aidc, left = read_more(bits, left)
    _check_serial(scheme, elements[0][1])
    _check_end(bits, total, left)
    if aidc or flags > LARGEST_FILTER:
        _check_more(scheme, attributes, aidc)
    return PlusTag(scheme.name, flags & LARGEST_FILTER, tuple(elements), attributes, hostname, aidc)


def _read_date(bits: int, left: int) -> tuple[Elements, int]:
    indicator, left = take(bits, left, 4)
    ai = _DATE_AIS.get(indicator)
    if ai is None:
        raise InvalidIdentifier(f"date type indicator is {indicator}, expected 0 to {len(_DATE_AIS) - 1}")
    # The date of a harvest has 16 bits here: a range of dates does not fit.
    value, left = read_value("11" if ai == "7007" else ai, bits, left)
    check_value(ai, value)
    return ((ai, value),), left


def _check_serial(scheme: Scheme, key: str) -> None:
    """Refuse a key that names a class of things: an EPC names one thing (TDS 14.6.4, 14.6.8, 14.6.10)."""
    if scheme.class_length and len(key) <= scheme.class_length:
        raise InvalidIdentifier(
            f"{scheme.name} {key} ends before the serial number, expected one behind {scheme.class_length} digits",
            place=f"({scheme.ais[0]})",
        )


def _check_end(bits: int, total: int, left: int) -> None:
    """Refuse anything behind the end but zero bits up to the next word (TDS 15.1.1)."""
    if bits & (1 << left) - 1:
        raise InvalidIdentifier(
            f"the last {left} of {total} bits hold something, expected zero bits behind the EPC",
            remedy="AI data behind the EPC are announced by the bit after the header",
        )
    if left > (left - total) % 16:
        raise InvalidIdentifier(
            f"{left} zero bits follow the EPC of {total - left} bits, expected at most {(left - total) % 16}"
        )


def _check_more(scheme: Scheme, attributes: Elements, aidc: Elements) -> None:
    """Refuse AI data that are missing, or say something twice."""
    if not aidc:
        raise InvalidIdentifier("the bit after the header promises AI data behind the EPC, found none")
    seen = {*scheme.ais, *(ai for ai, _ in attributes)}
    for ai, _ in aidc:
        if ai in seen:
            raise InvalidIdentifier(f"AI {ai} is on the tag twice, expected once", place=f"({ai})")
        seen.add(ai)


def encode(
    encoding: str,
    elements: Elements,
    attributes: Elements = (),
    filter_value: int = 0,
    hostname: str | None = None,
    aidc: Elements = (),
) -> str:
    """The EPC in capital hexadecimal digits, zero bits behind it up to a whole digit ("+") or 16-bit word ("++").

    ``elements`` are key and qualifiers as in `PlusTag.link_elements`; a qualifier that the EPC has no place for (a lot)
    becomes AI data. A DSGTIN takes its date from ``attributes``, the first that may stand there; the others become AI
    data, and ``aidc`` follows. A GLN without extension gets extension 0, which says just that (TDS 6.3.3).

    Raises InvalidIdentifier when the encoding is unknown, an AI is missing, doubled or not of this scheme, a value is
    not what its AI allows, AI data do not go together, a host name is missing or too much, or the whole is longer than
    a tag's EPC may be.
    """
    scheme = SCHEMES.get(encoding)
    if scheme is None:
        raise InvalidIdentifier(f"encoding {encoding[:40]!a} is not one of {', '.join(sorted(PLUS_NAMES))}")
    if not 0 <= filter_value <= LARGEST_FILTER:
        raise InvalidIdentifier(f"filter value {filter_value} is not 0 to {LARGEST_FILTER}")
    values, more = _arrange(scheme, elements)
    _check_serial(scheme, values[0])
    bits, width = scheme.header << 4 | filter_value, 12
    if scheme.dated:
        (date_ai, date), attributes = _pick_date(attributes)
        payload, _ = write_value(date_ai, date)  # of AI 7007 17 bits, the first of them 0: one date, no range
        bits, width = (bits << 4 | _DATE_TYPES[date_ai]) << 16 | payload, width + 20
        seen: Elements = ((date_ai, date),)
    else:
        seen = ()
    for ai, value in zip(scheme.ais, values, strict=True):
        payload, payload_width = write_value(ai, value)
        bits, width = bits << payload_width | payload, width + payload_width
    if scheme.hosted != (hostname is not None):
        raise InvalidIdentifier(
            f"host name is {str(hostname)[:80]!a}, expected {'one' if scheme.hosted else 'none'} in {encoding}"
        )
    if hostname is not None:
        payload, payload_width = write_hostname(hostname)
        bits, width = bits << payload_width | payload, width + payload_width
    more += attributes + aidc
    if more:
        _check_more(scheme, seen, more)
        associations.check(tuple(zip(scheme.ais, values, strict=True)) + seen + more)
        payload, payload_width = write_more(more)
        bits, width = (bits | 1 << width - 9) << payload_width | payload, width + payload_width
    if width > LONGEST:
        raise InvalidIdentifier(f"{encoding} would have {width} bits, expected at most {LONGEST}")
    padding = -width % (16 if scheme.hosted else 4)
    return "%X" % (bits << padding)


def _arrange(scheme: Scheme, elements: Elements) -> tuple[tuple[str, ...], Elements]:
    """The values of the scheme's AIs in order, and the other qualifiers of its key."""
    if len(elements) == len(scheme.ais) and all(
        ai == found for ai, (found, _) in zip(scheme.ais, elements, strict=True)
    ):
        return tuple(value for _, value in elements), ()
    said = dict(elements)
    if scheme.ais[1:] == ("254",):
        said.setdefault("254", "0")
    missing = [ai for ai in scheme.ais if ai not in said]
    if missing:
        raise InvalidIdentifier(f"AI {missing[0]} is missing, {scheme.name} holds {' and '.join(scheme.ais)}")
    qualifiers = {ai for row in PRIMARY[scheme.ais[0]].qualifiers for ai in row}
    more = tuple((ai, value) for ai, value in elements if ai not in scheme.ais)
    for ai, _ in more:
        if ai not in qualifiers:
            raise InvalidIdentifier(f"AI {ai} is no qualifier of {scheme.ais[0]}, expected it among the attributes")
    if len(said) - len(more) != len(scheme.ais) or len(elements) != len(dict(elements)):
        raise InvalidIdentifier(f"an AI is given twice in {elements[:6]!a}, expected each one once")
    return tuple(said[ai] for ai in scheme.ais), more


def _pick_date(attributes: Elements) -> tuple[tuple[str, str], Elements]:
    for index, (ai, value) in enumerate(attributes):
        if ai in _DATE_TYPES and len(value) == 6:
            return (ai, value), attributes[:index] + attributes[index + 1 :]
    raise InvalidIdentifier(
        f"attributes are {attributes[:6]!a}, expected one date of six digits in AI {', '.join(_DATE_TYPES)}",
        remedy="SGTIN+ is the encoding without a date",
    )
