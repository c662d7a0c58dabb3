"""Scan data: what a barcode scanner sends, a symbology identifier and the message of the symbol.

ISO/IEC 15424 for the identifiers, GS1 General Specifications 7.8 and 5.12 for what the message means. A message is
written as barcode software writes it: GS1 data begins with ``^`` for FNC1 and has ``^`` for each separator; a plain
message that begins with ``^`` has a backslash in front. What a composite component adds stands behind ``|``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import associations, digital_link, element_string
from suyuan.gs1.ai_table import PREDEFINED_LENGTH
from suyuan.gs1.check_digit import digit_for
from suyuan.gs1.digital_link import DigitalLink
from suyuan.gs1.element_string import GS, LONGEST
from suyuan.gs1.epc_uri import Elements

_DIGITS = re.compile("[0-9]+", re.ASCII)
#: A web address in a symbol must be a Digital Link; in any other case of letters it is a text like another.
_ADDRESS = ("https://", "http://", "HTTPS://", "HTTP://")
#: A plain message that looks like GS1 data, or like one that is escaped.
_LIKE_GS1 = re.compile(r"\\*\^")
#: Between a symbol for retail and its composite component: a new message of a GS1 symbol.
_COMPOSITE = "|]e0"
#: Highest GTIN in GS1 DataBar Limited: its indicator is 0 or 1.
_HIGHEST_LIMITED = "19999999999999"


class Scan(NamedTuple):
    """What a scanner read."""

    #: ``qr``, ``datamatrix``, ``dotcode``, ``gs1-128``, ``databar-expanded``, ``ean-13``, ``ean-8``, ``itf-14``. UPC-A
    #: and UPC-E arrive as ean-13, and whatever else sends ]e0 as databar-expanded: a scanner does not tell them apart.
    symbology: str
    message: str
    #: AIs and values; a GTIN of a symbol for retail as AI 01 of 14 digits; empty for plain text.
    elements: Elements
    #: The Digital Link that a plain message is.
    link: DigitalLink | None = None


def read(text: str) -> Scan:
    """What the scan data says, every AI checked.

    Raises InvalidIdentifier for a symbology identifier that no GS1 symbol has, for digits that are no GTIN, for an
    element string or a web address that breaks a rule of its standard.
    """
    if len(text) > LONGEST:
        raise InvalidIdentifier(f"scan data of {len(text)} characters is longer than {LONGEST}")
    found = _READERS.get(text[:3])
    if found is None:
        expected = " ".join(_READERS)
        raise InvalidIdentifier(f"scan data {text[:40]!a} begins with no symbology identifier of {expected}")
    symbology, reader = found
    return reader(symbology, text[3:])


def _read_gs1(symbology: str, data: str) -> Scan:
    if "^" in data:
        raise InvalidIdentifier(
            f"scan data {data[:60]!a} holds a ^, which no AI may hold and no scanner sends for FNC1"
        )
    return Scan(symbology, "^" + data.replace(GS, "^"), element_string.parse("^" + data))


def _read_plain(symbology: str, data: str) -> Scan:
    link = digital_link.read(data) if data.startswith(_ADDRESS) else None
    message = "\\" + data if _LIKE_GS1.match(data) else data
    return Scan(symbology, message, link.elements + link.attributes if link else (), link)


def _read_retail(length: int) -> Callable[[str, str], Scan]:
    """Reads a GTIN of so many digits and the composite component that may follow."""

    def reader(symbology: str, data: str) -> Scan:
        digits, mark, component = data.partition(_COMPOSITE)
        elements: Elements = (("01", _checked(digits, length).zfill(14)),)
        if not mark:
            return Scan(symbology, digits, elements)
        more = _read_component(component)
        return Scan(symbology, f"{digits}|{more.message}", _together(elements, more.elements))

    return reader


def _read_itf(symbology: str, data: str) -> Scan:
    return Scan(symbology, data, (("01", _checked(data, 14)),))


def _read_component(data: str) -> Scan:
    """A composite component, judged without the symbol that it completes."""
    return Scan("", "^" + data.replace(GS, "^"), element_string.parse("^" + data, complete=False))


def _together(linear: Elements, component: Elements) -> Elements:
    """AIs of a symbol and its composite component, which must go together."""
    return element_string.parse(element_string.build(linear + component))


def _checked(digits: str, length: int) -> str:
    """Digits that are a GTIN of one length. Raises InvalidIdentifier."""
    if len(digits) != length or not _DIGITS.fullmatch(digits):
        raise InvalidIdentifier(f"{digits[:40]!a} ({len(digits)} characters) is not a GTIN of {length} digits")
    expected = digit_for(digits[:-1])
    if digits[-1] != expected:
        raise InvalidIdentifier(f"check digit of GTIN {digits} is {digits[-1]}, expected {expected}")
    return digits


_READERS: dict[str, tuple[str, Callable[[str, str], Scan]]] = {
    "]C1": ("gs1-128", _read_gs1),
    "]E0": ("ean-13", _read_retail(13)),
    "]E4": ("ean-8", _read_retail(8)),
    "]I1": ("itf-14", _read_itf),
    "]e0": ("databar-expanded", _read_gs1),
    "]d1": ("datamatrix", _read_plain),
    "]d2": ("datamatrix", _read_gs1),
    "]Q1": ("qr", _read_plain),
    "]Q3": ("qr", _read_gs1),
    "]J0": ("dotcode", _read_plain),
    "]J1": ("dotcode", _read_gs1),
}


def write(symbology: str, message: str) -> str:
    """What a scanner sends for a symbol with this message.

    Beside the symbologies of `Scan` there are ``upc-a``, ``upc-e``, ``databar-omni``, ``databar-truncated``,
    ``databar-stacked``, ``databar-stacked-omni`` and ``databar-limited``. A message for these, for EAN and for ITF-14
    is the digits, or ``^01`` and a GTIN of 14. Raises InvalidIdentifier for a message that the symbol cannot hold.
    """
    if len(message) > LONGEST:
        raise InvalidIdentifier(f"message of {len(message)} characters is longer than {LONGEST}")
    writer = _WRITERS.get(symbology)
    if writer is None:
        raise InvalidIdentifier(f"{symbology[:40]!a} is not a symbology, expected one of {' '.join(_WRITERS)}")
    return writer(message)


def _write_two_dimensional(plain: str, gs1: str) -> Callable[[str], str]:
    def writer(message: str) -> str:
        if message.startswith("^"):
            element_string.parse(message)
            return gs1 + message[1:].replace("^", GS)
        data = message[1:] if _LIKE_GS1.match(message) else message
        _read_plain("", data)
        return plain + data

    return writer


def _write_linear(identifier: str) -> Callable[[str], str]:
    """Writes a symbol with AIs; with a composite component the two make one message."""

    def writer(message: str) -> str:
        linear, mark, component = message.partition("|")
        elements = _gs1_message(linear)
        if not mark:
            associations.check(elements)
            return identifier + linear[1:].replace("^", GS)
        _together(elements, _gs1_message(component))
        separator = "" if elements[-1][0][:2] in PREDEFINED_LENGTH else GS
        return "]e0" + (linear[1:].removesuffix("^") + separator + component[1:]).replace("^", GS)

    return writer


def _gs1_message(message: str) -> Elements:
    if not message.startswith("^"):
        raise InvalidIdentifier(f"message {message[:60]!a} is not GS1 data, expected ^ and an element string")
    return element_string.parse(message, complete=False)


def _write_databar(highest: str) -> Callable[[str], str]:
    def writer(message: str) -> str:
        linear, mark, component = message.partition("|")
        gtin = _checked(linear.removeprefix("^01"), 14)
        if gtin > highest:
            raise InvalidIdentifier(f"GTIN {gtin} is more than this symbol holds, {highest}")
        if mark:
            _together((("01", gtin),), _gs1_message(component))
        return f"]e001{gtin}{component[1:].replace('^', GS)}"

    return writer


def _write_retail(identifier: str, length: int, zeros: str = "") -> Callable[[str], str]:
    def writer(message: str) -> str:
        linear, mark, component = message.partition("|")
        digits = _checked(linear.removeprefix("^01" + "0" * (14 - length)), length)
        if not mark:
            return identifier + zeros + digits
        _together((("01", digits.zfill(14)),), _gs1_message(component))
        return f"{identifier}{zeros}{digits}{_COMPOSITE}{component[1:].replace('^', GS)}"

    return writer


_WRITERS: dict[str, Callable[[str], str]] = {
    "qr": _write_two_dimensional("]Q1", "]Q3"),
    "datamatrix": _write_two_dimensional("]d1", "]d2"),
    "dotcode": _write_two_dimensional("]J0", "]J1"),
    "gs1-128": _write_linear("]C1"),
    "databar-expanded": _write_linear("]e0"),
    "databar-limited": _write_databar(_HIGHEST_LIMITED),
    **dict.fromkeys(
        ("databar-omni", "databar-truncated", "databar-stacked", "databar-stacked-omni"), _write_databar("9" * 14)
    ),
    "ean-13": _write_retail("]E0", 13),
    "ean-8": _write_retail("]E4", 8),
    "upc-a": _write_retail("]E0", 12, "0"),
    "upc-e": _write_retail("]E0", 12, "0"),
    "itf-14": lambda message: "]I1" + _checked(message.removeprefix("^01"), 14),
}
