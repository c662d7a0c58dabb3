"""Serial numbers of labels: random ones that nobody can guess, and SSCCs in sequence.

A numeric serial has 12 digits below 2^38, so that it fits SGTIN-96 (TDS 2.3 section 14.6.1): one of 174,877,906,944,
about 175,000 times the largest batch. An alphanumeric one has 16 characters of 32: 80 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from suyuan.gs1.keys import SSCC
from suyuan.labels.batches import SerialStyle

#: Gives so many random bytes; tests pass their own.
Random = Callable[[int], bytes]

_LEAST: Final = 10**11
_BITS: Final = 38
_BYTES: Final = 5
#: Without 0, 1, I and O, which people mistake for each other.
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH: Final = 16
#: Digits of an SSCC that extension digit, company prefix and serial reference share.
_SSCC_DIGITS: Final = 17


def random_serials(style: SerialStyle, count: int, random: Random) -> list[str]:
    """``count`` different serial numbers."""
    draw = _numeric if style is SerialStyle.NUMERIC else _alphanumeric
    found: dict[str, None] = {}
    while len(found) < count:
        found |= dict.fromkeys(draw(count - len(found), random))
    return list(found)


def _numeric(count: int, random: Random) -> Iterator[str]:
    """Uniform: what falls outside is thrown away, not folded back. At most ``count``."""
    taken = random(_BYTES * count)
    for start in range(0, len(taken), _BYTES):
        value = int.from_bytes(taken[start : start + _BYTES]) & ((1 << _BITS) - 1)
        if value >= _LEAST:
            yield str(value)


def _alphanumeric(count: int, random: Random) -> Iterator[str]:
    taken = random(_LENGTH * count)
    for start in range(0, len(taken), _LENGTH):
        yield "".join(_ALPHABET[byte & 31] for byte in taken[start : start + _LENGTH])


def reference_count(company_prefix: str) -> int:
    """How many serial references an SSCC has under one extension digit of a company prefix."""
    return int(10 ** (_SSCC_DIGITS - 1 - len(company_prefix)))


def sscc(extension: int, company_prefix: str, reference: int) -> SSCC:
    """The SSCC of a serial reference (General Specifications section 2.2.1)."""
    width = _SSCC_DIGITS - 1 - len(company_prefix)
    return SSCC.from_body(f"{extension}{company_prefix}{reference:0{width}d}")
