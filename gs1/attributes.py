"""Data attributes: the application identifiers that describe a thing without naming it (weights, dates, origins).

GS1 General Specifications section 3.2, as a table of ours: each row is a form and the AIs that have it. What stands
behind a fixed-length AI needs no separator; that list is closed (General Specifications figure 7.8.5-2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.application_identifiers import KEYS, check_value
from suyuan.gs1.characters import AI82
from suyuan.gs1.check_digit import is_valid

#: Base64url characters, for digital signatures (AI 8030).
_BASE64 = r"A-Z_a-z0-9\-"

#: Forms and the AIs that have them. ``a-b`` is a range; digits only, where no letters are given.
_ROWS = (
    ("[0-9]{14}", "02 03"),
    ("[0-9]{6}", "11-13 15-17 3100-3105 3110-3115 3120-3125 3130-3135 3140-3145 3150-3155 3160-3165"),
    ("[0-9]{6}", "3200-3205 3210-3215 3220-3225 3230-3235 3240-3245 3250-3255 3260-3265 3270-3275 3280-3285 3290-3295"),
    ("[0-9]{6}", "3300-3305 3310-3315 3320-3325 3330-3335 3340-3345 3350-3355 3360-3365 3370-3375"),
    ("[0-9]{6}", "3400-3405 3410-3415 3420-3425 3430-3435 3440-3445 3450-3455 3460-3465 3470-3475 3480-3485 3490-3495"),
    ("[0-9]{6}", "3500-3505 3510-3515 3520-3525 3530-3535 3540-3545 3550-3555 3560-3565 3570-3575"),
    ("[0-9]{6}", "3600-3605 3610-3615 3620-3625 3630-3635 3640-3645 3650-3655 3660-3665 3670-3675 3680-3685 3690-3695"),
    ("[0-9]{6}", "3950-3955 4326 7006 8005"),
    ("[0-9]{2}", "20 7241"),
    ("[0-9]{1,4}", "7004"),
    ("[0-9]{1,6}", "242"),
    ("[0-9]{1,8}", "30 37"),
    ("[0-9]{1,15}", "3900-3909 3920-3929"),
    ("[0-9]{4,18}", "3910-3919 3930-3939"),
    ("[0-9]{4}", "3940-3943 8111"),
    ("[0-9]{13}", "410-413 416 7001"),
    ("[0-9]{3}", "422 424 426"),
    ("(?:[0-9]{3}){1,5}", "423 425"),
    ("[0-9]", "4321-4323 7252"),
    ("[0-9]{10}", "4324 4325 7003"),
    ("[0-9]{20}", "4309"),
    ("[0-9]{6}-?", "4330-4333"),
    ("[0-9]{6}(?:[0-9]{6})?", "7007"),
    ("[0-9]{6}(?:[0-9]{4})?", "7011"),
    ("[0-9]{8}", "7250"),
    ("[0-9]{12}", "7251"),
    ("[0-9]{14}", "8001"),
    ("[0-9]{8}(?:[0-9]{2}){0,2}", "8008"),
    ("[0-9]{18}", "8026"),
    ("[0-9]{15}", "8040 8041"),
    ("[0-9]{32}", "8042"),
    ("[0-9]{18,20}", "8043"),
    ("[A-Z]{2}", "4307 4317"),
    (f"[0-9]{{3}}[{AI82}]{{1,9}}", "421"),
    (f"[0-9]{{3}}[{AI82}]{{1,27}}", "7030-7039"),
    (f"[{AI82}]{{3,30}}", "7230-7239"),
    (f"[{AI82}]{{1,2}}", "7010"),
    (f"[{AI82}]{{1,3}}", "427 7008"),
    (f"[{AI82}]{{3}}", "7258"),
    (f"[{AI82}]{{1,4}}", "7041"),
    (f"[{AI82}]{{1,10}}", "7009 7255"),
    (f"[{AI82}]{{1,12}}", "7005"),
    (f"[{AI82}]{{1,20}}", "243 420 4318 7020-7022 710-717 7240 8002 8012"),
    (f"[{AI82}]{{1,25}}", "7242 8014"),
    (f"[{AI82}]{{1,30}}", "240 241 250 251 400 403 4308 4319 7002 7023 90"),
    (f"[{AI82}]{{1,34}}", "8007"),
    (f"[{AI82}]{{1,35}}", "4300 4301 4310 4311 4320"),
    (f"[{AI82}]{{1,40}}", "7253 7254 7259"),
    (f"[{AI82}]{{1,50}}", "8009"),
    (f"[{AI82}]{{1,70}}", "4302-4306 4312-4316 7257 8110 8112 8200"),
    (f"[{AI82}]{{1,90}}", "7256 91-99"),
    (f"[{_BASE64}]{{1,90}}", "8030"),
)


def _expand(ais: str) -> list[str]:
    found = []
    for word in ais.split():
        first, _, last = word.partition("-")
        found += [f"{number:0{len(first)}d}" for number in range(int(first), int(last or first) + 1)]
    return found


_FORMS: dict[str, Callable[[str], re.Match[str] | None]] = {
    ai: re.compile(form, re.ASCII).fullmatch for form, ais in _ROWS for ai in _expand(ais)
}
_KEY_ATTRIBUTES = frozenset({"02", "03", "410", "411", "412", "413", "416"})
#: AIs that begin with a date YYMMDD, whose day may be 00 for "some time in the month" in the first group only.
_LOOSE_DATES = frozenset({"11", "12", "13", "15", "16", "17", "4324", "4325"})
_DATES = _LOOSE_DATES | {"4326", "7003", "7006", "7007", "7011", "8008"}

#: Length of AI and value together by the AI's first two digits, where it is fixed and needs no separator.
FIXED = (
    {"00": 20, "20": 4, "41": 16}
    | dict.fromkeys(("01", "02", "03"), 16)
    | {f"{first}": 8 for first in (*range(11, 20),)}
    | {f"{first}": 10 for first in range(31, 37)}
)
#: Every AI there is, keys and attributes.
KNOWN = KEYS.keys() | _FORMS.keys()
#: Number of digits of an AI by its first two.
AI_LENGTH = {ai[:2]: len(ai) for ai in sorted(KNOWN, key=len)}


def check(ai: str, value: str) -> None:
    """Refuse a value that any AI, key or attribute, may not hold. Raises InvalidIdentifier with the AI as its place."""
    if ai in KEYS:
        check_value(ai, value)
        return
    form = _FORMS.get(ai)
    if form is None:
        raise InvalidIdentifier(f"{ai[:8]!a} is not an application identifier")
    if not form(value):
        raise InvalidIdentifier(f"value {value[:60]!a} has not the form that AI {ai} requires", place=f"({ai})")
    if ai in _KEY_ATTRIBUTES and not is_valid(value):
        raise InvalidIdentifier(f"check digit of {value} is wrong", place=f"({ai})")
    if ai in _DATES:
        _check_date(ai, value[:6])
    if ai == "7007" and len(value) == 12:
        _check_date(ai, value[6:])


def _check_date(ai: str, text: str) -> None:
    day = text[4:]
    if day == "00" and ai in _LOOSE_DATES:
        day = "01"
    try:
        # The century does not matter for what exists: 2000 is a leap year as every YY divisible by four.
        date(2000 + int(text[:2]), int(text[2:4]), int(day))
    except ValueError:
        raise InvalidIdentifier(f"date {text} does not exist, expected YYMMDD", place=f"({ai})") from None
