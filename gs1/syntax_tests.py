"""The Syntax Tests of the GS1 Barcode Syntax Dictionary: by name, what a component of an element string must pass.

Each test is a function of the component that says what is wrong with it, in words, or None. Only ASCII digits count as
digits. A company prefix (``gcppos1``, ``gcppos2``) is tested for being one by its form alone, four digits at least:
which prefixes are assigned, and how long they are, is a table that changes daily.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import coupons
from suyuan.gs1.characters import AI39, AI82
from suyuan.gs1.check_digit import PAIR_LIMIT, check_pair, digit_for
from suyuan.gs1.code_lists import COUNTRIES, COUNTRY_LETTERS, CURRENCIES, MEDIA_TYPES, PACKAGE_TYPES
from suyuan.gs1.dates import clock_problem, day_problem

#: Says what is wrong with a component; None where nothing is.
Test = Callable[[str], str | None]

_DIGITS = re.compile("[0-9]*", re.ASCII)
#: Shortest company prefix there is, in digits.
_SHORTEST_PREFIX = 4
#: IBAN: country, two check digits, at least one and at most 30 characters of the account (ISO 13616).
_IBAN = re.compile("[A-Z]{2}[0-9]{2}[0-9A-Z]{1,30}", re.ASCII)
#: Countries that have IBANs but no ISO 3166 code: Kosovo.
_IBAN_ONLY = frozenset({"XK"})
_SEQUENCE = re.compile("([0-9]+)/([0-9]+)", re.ASCII)


def check(name: str, value: str) -> None:
    """Refuse a component that does not pass a Syntax Test.

    Raises InvalidIdentifier, with the test's name as its place, also where there is no test of that name.
    """
    test = TESTS.get(name)
    if test is None:
        raise InvalidIdentifier(f"{name[:40]!a} is not a Syntax Test, expected one of {' '.join(TESTS)}")
    problem = test(value)
    if problem is not None:
        raise InvalidIdentifier(problem, place=name)


def _shown(value: str) -> str:
    return f"{value[:60]!a}"


def _full(pattern: str, expected: str) -> Test:
    """The test that the whole component has a form."""
    form = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: None if form(value) else f"{_shown(value)} is not {expected}"


def _listed(codes: frozenset[str], expected: str) -> Test:
    """The test that the component is a code of a list."""
    return lambda value: None if value in codes else f"{_shown(value)} is not {expected}"


def _day(form: str, *, open_day: bool = False) -> Test:
    return lambda value: day_problem(value, form=form, open_day=open_day)


def _clock(form: str) -> Test:
    return lambda value: clock_problem(value, form)


def _check_digit(value: str) -> str | None:
    if not _DIGITS.fullmatch(value):
        return f"{_shown(value)} is not a row of digits, so it has no check digit"
    if value and digit_for(value[:-1]) != value[-1]:
        return f"check digit of {value[:60]} is {value[-1]}, expected {digit_for(value[:-1])}"
    return None


def _check_pair(value: str) -> str | None:
    if not 2 <= len(value) <= PAIR_LIMIT + 2:
        return f"{_shown(value)} has {len(value)} characters, a check pair needs 2 to {PAIR_LIMIT + 2}"
    problem = _in_82(value[:-2])
    if problem is None and check_pair(value[:-2]) != value[-2:]:
        problem = f"check pair of {_shown(value)} is {value[-2:]!a}, expected {check_pair(value[:-2])}"
    return problem


def _company_prefix(value: str) -> str | None:
    head = value[:_SHORTEST_PREFIX]
    if len(head) == _SHORTEST_PREFIX and _DIGITS.fullmatch(head):
        return None
    return f"{_shown(value)} does not begin with a company prefix, expected {_SHORTEST_PREFIX} digits at least"


def _not_zero(value: str) -> str | None:
    if not _DIGITS.fullmatch(value):
        return f"{_shown(value)} is not a row of digits"
    return None if value.strip("0") else f"{_shown(value)} is zero, expected another number"


def _no_leading_zero(value: str) -> str | None:
    return f"{_shown(value)} has leading zeros, expected none" if len(value) > 1 and value[0] == "0" else None


def _iban(value: str) -> str | None:
    if not _IBAN.fullmatch(value):
        return f"{_shown(value)} is not an IBAN: two letters, two digits, 1 to 30 digits or capitals"
    if value[:2] not in COUNTRY_LETTERS | _IBAN_ONLY:
        return f"IBAN {value} begins with {value[:2]}, which is not a country of ISO 3166"
    # ISO 7064 MOD 97-10 over the account, the country and the check digits, letters as 10 to 35.
    number = "".join([str(int(character, 36)) for character in value[4:] + value[:4]])
    return None if int(number) % 97 == 1 else f"check digits of IBAN {value} are {value[2:4]}, which is wrong"


def _piece_of_total(value: str) -> str | None:
    half = len(value) // 2
    if not value or len(value) % 2 or not _DIGITS.fullmatch(value):
        return f"{_shown(value)} is not a piece and a total with equally many digits"
    piece, total = value[:half], value[half:]
    if not "0" * half < piece <= total:
        return f"piece {piece[:20]} of {total[:20]} is not one of 1 to the total"
    return None


def _place_in_sequence(value: str) -> str | None:
    match = _SEQUENCE.fullmatch(value)
    if match is None:
        return f"{_shown(value)} is not a place in a sequence, expected place/end in digits"
    if value[0] == "0" or match[2][0] == "0":
        return f"{value[:60]} has leading zeros, expected none"
    if (len(match[1]), match[1]) > (len(match[2]), match[2]):
        return f"place {match[1][:30]} in a sequence that ends at {match[2][:30]}"
    return None


def _degrees(name: str, limit: int) -> Test:
    """Ten digits: degrees times ten million, counted from the south pole or from the antimeridian."""

    def test(value: str) -> str | None:
        if len(value) != 10 or not _DIGITS.fullmatch(value):
            return f"{_shown(value)} is not a {name}, expected 10 digits"
        return None if int(value) <= limit else f"{name} {value} is more than {limit}"

    return test


_in_82 = _full(f"[{AI82}]*", "of the AI 82 set")

#: The tests by name. ``cset`` and a number: the character set of that size.
TESTS: dict[str, Test] = {
    "couponcode": coupons.code_problem,
    "couponposoffer": coupons.offer_problem,
    "cset39": _full(f"[{AI39}]*", "of the AI 39 set: digits, capitals, # - /"),
    # Padded with = to a multiple of three characters, which is how the General Specifications pad, not RFC 4648.
    "cset64": _full("[A-Za-z0-9_-]*|(?=(?:...)+$)[A-Za-z0-9_-]+={1,2}", "of the AI 64 set: digits, letters, - _"),
    "cset82": _in_82,
    "csetnumeric": _full("[0-9]*", "a row of digits"),
    "csum": _check_digit,
    "csumalpha": _check_pair,
    "gcppos1": _company_prefix,
    "gcppos2": lambda value: _company_prefix(value[1:]),
    "hasnondigit": lambda value: f"{_shown(value)} holds digits only" if _DIGITS.fullmatch(value) else None,
    "hh": _clock("HH"),
    "hhmi": _clock("HHMM"),
    "hyphen": _full("-+", "a hyphen"),
    "iban": _iban,
    "importeridx": _full("[0-9A-Za-z_-]", "one digit, letter, - or _"),
    "iso3166": _listed(COUNTRIES, "a country of ISO 3166, expected its three digits"),
    "iso3166999": _listed(COUNTRIES | {"999"}, "a country of ISO 3166 or 999"),
    "iso3166alpha2": _listed(COUNTRY_LETTERS, "a country of ISO 3166, expected its two letters"),
    "iso4217": _listed(CURRENCIES, "a currency of ISO 4217, expected its three digits"),
    "iso5218": _full("[0129]", "a sex of ISO 5218: 0, 1, 2 or 9"),
    "latitude": _degrees("latitude", 1_800_000_000),
    "longitude": _degrees("longitude", 3_600_000_000),
    "mediatype": _listed(MEDIA_TYPES, "an AIDC media type: 01 to 10 or 80 to 99"),
    "mi": _clock("MM"),
    "nonzero": _not_zero,
    "nozeroprefix": _no_leading_zero,
    "packagetype": _listed(PACKAGE_TYPES, "a package type of UN/ECE Recommendation 21 or of GS1"),
    "pcenc": _full("(?:[^%]|%[0-9A-Fa-f]{2})*", "percent-encoded: % and two hexadecimal digits"),
    "pieceoftotal": _piece_of_total,
    "posinseqslash": _place_in_sequence,
    "ss": _clock("SS"),
    "winding": _full("[019]", "a winding direction: 0, 1 or 9"),
    "yesno": _full("[01]", "0 for no or 1 for yes"),
    "yymmd0": _day("YYMMDD", open_day=True),
    "yymmdd": _day("YYMMDD"),
    "yyyymmd0": _day("YYYYMMDD", open_day=True),
    "yyyymmdd": _day("YYYYMMDD"),
    "zero": _full("0+", "zero"),
}
