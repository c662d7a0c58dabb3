"""GS1 check digits and check characters (GS1 General Specifications 7.9, "Standard check digit calculations").

All functions take the characters in front of the check digit, most significant first. Only ASCII digits count as
digits: ``str.isdigit`` would let Arabic-Indic ones through.
"""

from __future__ import annotations

import re

from suyuan.base.errors import InvalidIdentifier

_DIGITS = re.compile("[0-9]+", re.ASCII)

#: Where the two check characters of a GMN (AI 8013) point to.
_PAIR_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
#: Values 0 to 81 of the characters of the AI 82 set, in ASCII order (GS1 General Specifications 7.9.5).
_VALUES_82 = {
    character: value
    for value, character in enumerate(
        "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    )
}
#: Most characters in front of a check pair that there are weights for; a GMN has 23.
PAIR_LIMIT = 97
#: Weights of the check pair from right to left: the primes in ascending order.
_PRIMES = [number for number in range(2, 510) if all(number % lower for lower in range(2, number))]


def check_digit(body: str) -> str:
    """The check digit of any GS1 key of fixed length, given the digits in front of it.

    Raises InvalidIdentifier when the body is empty or holds anything but ASCII digits.
    """
    if not _DIGITS.fullmatch(body):
        raise InvalidIdentifier(f"{body[:40]!a} is not a row of digits, so it has no check digit")
    return digit_for(body)


def digit_for(body: str) -> str:
    """`check_digit` of a body already known to be ASCII digits: the hot path, no check."""
    row = body.encode()
    # Weight 3 falls on the last digit, 1 on the one before, and so on. ord("0") is 48: the offset is taken off once.
    heavy, light = row[-1::-2], row[-2::-2]
    total = 3 * (sum(heavy) - 48 * len(heavy)) + sum(light) - 48 * len(light)
    return "0987654321"[total % 10]


def is_valid(key: str) -> bool:
    """Whether the last digit of a key is its check digit. False for anything that is not at least two digits."""
    return len(key) > 1 and _DIGITS.fullmatch(key) is not None and digit_for(key[:-1]) == key[-1]


def check_pair(body: str) -> str:
    """The two check characters of a Global Model Number (AI 8013).

    The body is at most `PAIR_LIMIT` characters of the AI 82 set; raises InvalidIdentifier otherwise.
    """
    if len(body) > PAIR_LIMIT or any(character not in _VALUES_82 for character in body):
        raise InvalidIdentifier(f"{body[:40]!a} is not at most {PAIR_LIMIT} characters of the AI 82 set")
    pairs = zip(reversed(body), _PRIMES, strict=False)
    total = sum(_VALUES_82[character] * weight for character, weight in pairs) % 1021
    return _PAIR_ALPHABET[total >> 5] + _PAIR_ALPHABET[total & 31]
