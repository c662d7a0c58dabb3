"""The GS1 keys and key qualifiers as data: what each application identifier (AI) may hold.

GS1 General Specifications section 3 for the formats, the GS1 Digital Link URI syntax for which qualifiers
follow which key, and in which order. One row a key: a new key is a new row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.characters import AI39, AI82
from suyuan.gs1.check_digit import check_pair, digit_for


class Key(NamedTuple):
    """One application identifier that is a key or a key qualifier."""

    ai: str
    #: Data title of the General Specifications.
    title: str
    #: What it may hold, in words, for error messages.
    expected: str
    #: Full-match of the value's form.
    form: Callable[[str], re.Match[str] | None]
    #: Length of the leading digits that end in a check digit; 0 where there are none.
    checked: int = 0
    #: Sequences of qualifiers that may follow in a Digital Link path, each in its order, each one optional.
    qualifiers: tuple[tuple[str, ...], ...] = ()
    #: What follows the check digit is a serial number of its own (GRAI, GDTI, coupon number).
    serial_follows: bool = False


def _form(pattern: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(pattern, re.ASCII).fullmatch


_KEYS = (
    Key("00", "SSCC", "18 digits", _form("[0-9]{18}"), 18),
    Key("01", "GTIN", "14 digits", _form("[0-9]{14}"), 14, (("22", "10", "21"), ("235",))),
    Key(
        "253", "GDTI", "13 digits and up to 17 characters", _form(f"[0-9]{{13}}[{AI82}]{{0,17}}"), 13,
        serial_follows=True,
    ),
    Key("255", "GCN", "13 to 25 digits", _form("[0-9]{13,25}"), 13, serial_follows=True),
    Key("401", "GINC", "4 digits and up to 26 characters", _form(f"[0-9]{{4}}[{AI82}]{{0,26}}")),
    Key("402", "GSIN", "17 digits", _form("[0-9]{17}"), 17),
    Key("414", "LOC No.", "13 digits", _form("[0-9]{13}"), 13, (("254",), ("7040",))),
    Key("415", "PAY TO", "13 digits", _form("[0-9]{13}"), 13, (("8020",),)),
    Key("417", "PARTY", "13 digits", _form("[0-9]{13}"), 13, (("7040",),)),
    Key(
        "8003", "GRAI", "0, 13 digits and up to 16 characters", _form(f"0[0-9]{{13}}[{AI82}]{{0,16}}"), 14,
        serial_follows=True,
    ),
    Key("8004", "GIAI", "4 digits and up to 26 characters", _form(f"[0-9]{{4}}[{AI82}]{{0,26}}"), 0, (("7040",),)),
    Key("8006", "ITIP", "18 digits", _form("[0-9]{18}"), 14, (("22", "10", "21"),)),
    Key(
        "8010", "CPID", "4 digits and up to 26 digits, capitals, # - /", _form(f"[0-9]{{4}}[{AI39}]{{0,26}}"), 0,
        (("8011",),),
    ),
    Key("8013", "GMN", "4 digits, up to 19 characters and a check pair", _form(f"[0-9]{{4}}[{AI82}]{{2,21}}")),
    Key("8017", "GSRN - PROVIDER", "18 digits", _form("[0-9]{18}"), 18, (("8019",),)),
    Key("8018", "GSRN - RECIPIENT", "18 digits", _form("[0-9]{18}"), 18, (("8019",),)),
)  # fmt: skip

_QUALIFIERS = (
    Key("10", "BATCH/LOT", "1 to 20 characters", _form(f"[{AI82}]{{1,20}}")),
    Key("21", "SERIAL", "1 to 20 characters", _form(f"[{AI82}]{{1,20}}")),
    Key("22", "CPV", "1 to 20 characters", _form(f"[{AI82}]{{1,20}}")),
    Key("235", "TPX", "1 to 28 characters", _form(f"[{AI82}]{{1,28}}")),
    Key("254", "GLN EXTENSION COMPONENT", "1 to 20 characters", _form(f"[{AI82}]{{1,20}}")),
    Key("7040", "UIC+EXT", "a digit and 3 characters", _form(f"[0-9][{AI82}]{{3}}")),
    Key("8011", "CPID SERIAL", "1 to 12 digits without leading zeros", _form("0|[1-9][0-9]{0,11}")),
    Key("8019", "SRIN", "1 to 10 digits", _form("[0-9]{1,10}")),
    Key("8020", "REF No.", "1 to 25 characters", _form(f"[{AI82}]{{1,25}}")),
)

#: Primary keys by AI: what a Digital Link path may begin with.
PRIMARY = {key.ai: key for key in _KEYS}
#: Key qualifiers by AI.
QUALIFIERS = {key.ai: key for key in _QUALIFIERS}
#: Both.
KEYS = PRIMARY | QUALIFIERS


def check_value(ai: str, value: str) -> None:
    """Refuse a value that the AI may not hold: characters, length, check digit, piece of total.

    Raises InvalidIdentifier, with the AI as its place. The AI must be one of `KEYS`.
    """
    key = KEYS[ai]
    if not key.form(value):
        raise InvalidIdentifier(
            f"{key.title} must be {key.expected}, found {value[:60]!a} ({len(value)} characters)",
            place=f"({ai})",
            remedy="pad a shorter GTIN with zeros on the left" if ai == "01" and len(value) in {8, 12, 13} else None,
        )
    if key.checked:
        _check_digit(key, value)
    if ai == "8006":
        _check_pieces(value[14:16], value[16:18])
    elif ai == "8013" and check_pair(value[:-2]) != value[-2:]:
        raise InvalidIdentifier(
            f"check pair of {value!a} is {value[-2:]}, expected {check_pair(value[:-2])}", place="(8013)"
        )


def _check_digit(key: Key, value: str) -> None:
    body, found = value[: key.checked - 1], value[key.checked - 1]
    expected = digit_for(body)
    if found != expected:
        raise InvalidIdentifier(
            f"check digit of {key.title} {value[: key.checked]} is {found}, expected {expected}", place=f"({key.ai})"
        )


def _check_pieces(piece: str, total: str) -> None:
    if not "01" <= piece <= total:
        raise InvalidIdentifier(f"piece {piece} of {total} is not one of 01 to {total}", place="(8006)")
