"""EPC schemes that stand on no GS1 key and so have no Digital Link (TDS 6.3.10 on): GID, US DoD, ADI, BIC, IMO, raw.

Their things keep the URN as their name; here it is checked and brought into its one form.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import raw_uri
from suyuan.gs1.control_fields import split_controls

_NUMBER = "(0|[1-9][0-9]*)"
_CAGE = "[0-9A-HJ-NP-Z]{5,6}"
_ADI_CHARACTER = "(?:[0-9A-Z-]|%2[Ff])"

_GID = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}", re.ASCII)
_USDOD = re.compile(rf"{_CAGE}\.{_NUMBER}", re.ASCII)
_ADI = re.compile(
    rf"{_CAGE}\.{_ADI_CHARACTER}{{0,32}}\.(?:%23{_ADI_CHARACTER}{{1,29}}|{_ADI_CHARACTER}{{1,30}})", re.ASCII
)
_BIC = re.compile("[A-Z]{3}[JUZ][0-9]{7}", re.ASCII)
_IMO = re.compile("[0-9]{7}", re.ASCII)

#: Largest manager, class and serial of a GID (28, 24 and 36 bits) and serial of a US DoD EPC (36 bits).
_GID_LIMITS = (2**28 - 1, 2**24 - 1, 2**36 - 1)


def _within(texts: tuple[str, ...], limits: tuple[int, ...]) -> bool:
    return all(len(text) <= 12 and int(text) <= limit for text, limit in zip(texts, limits, strict=True))


def _is_gid(text: str) -> bool:
    match = _GID.fullmatch(text)
    return match is not None and _within(match.groups(), _GID_LIMITS)


def _is_usdod(text: str) -> bool:
    match = _USDOD.fullmatch(text)
    return match is not None and _within(match.groups(), _GID_LIMITS[2:])


def _is_adi(text: str) -> bool:
    return _ADI.fullmatch(text) is not None


def _is_bic(text: str) -> bool:
    """ISO 6346: letters count 10 to 38 without the multiples of 11, weights are powers of two, remainder by 11."""
    if not _BIC.fullmatch(text):
        return False
    letters = [value for value in range(10, 39) if value % 11]
    values = [int(c) if c.isdigit() else letters[ord(c) - ord("A")] for c in text[:10]]
    return sum(value << place for place, value in enumerate(values)) % 11 % 10 == int(text[10])


def _is_imo(text: str) -> bool:
    """IMO number: six digits weighted 7 to 2, the last digit of the sum is the seventh."""
    if not _IMO.fullmatch(text):
        return False
    return sum(int(digit) * (7 - place) for place, digit in enumerate(text[:6])) % 10 == int(text[6])


#: By what a URN begins with: the check of the rest, and what it expects.
_CHECKS: dict[str, tuple[Callable[[str], bool], str]] = {
    "urn:epc:id:gid:": (
        _is_gid, "three numbers without leading zeros, at most " + ", ".join(map(str, _GID_LIMITS))
    ),
    "urn:epc:id:usdod:": (_is_usdod, f"a CAGE code or DoDAAC and a number of at most {_GID_LIMITS[2]}"),
    "urn:epc:id:adi:": (
        _is_adi, "a CAGE code or DoDAAC, a part number of at most 32 and a serial of 1 to 30 of 0-9 A-Z - and %2F"
    ),
    "urn:epc:id:bic:": (_is_bic, "three letters, J, U or Z, six digits and their check digit"),
    "urn:epc:id:imovn:": (_is_imo, "six digits and their check digit"),
}  # fmt: skip
_RAW = "urn:epc:raw:"


def canonical(uri: str) -> str | None:
    """The one form of a URN of these schemes; None for other URNs. Raises InvalidIdentifier for a malformed one.

    The control fields of a raw URI say nothing about the thing: they are left out.
    """
    if uri.startswith(_RAW):
        raw_uri.parse(uri)
        return _RAW + split_controls(uri[len(_RAW) :])[1]
    head = next((head for head in _CHECKS if uri.startswith(head)), None)
    if head is None:
        return None
    check, expected = _CHECKS[head]
    if not check(uri[len(head) :]):
        raise InvalidIdentifier(f"{uri[:80]!a} is not a valid {head[:-1]}: expected {expected}")
    return uri.replace("%2f", "%2F")
