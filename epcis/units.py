"""Units of sensor values and quantities: what a code of UN/ECE Recommendation 20 measures, and its value in SI.

The unit of a sensor report is such a code (EPCIS 2.0, 7.3.7.3); a query in one unit finds values in another (8.2.7.1).
Conversion is exact: a double stands for its shortest decimal, factors are fractions, and one rounding makes a double of
the result. So 20 degrees Celsius, 293.15 kelvin and 68 degrees Fahrenheit are the same double.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import lru_cache

from suyuan.epcis.events import Number
from suyuan.epcis.unit_table import CONSTANTS, DIMENSIONS, OFFSETS, UNITS

#: Values computed elsewhere may differ by so much, relatively, and still be the same measurement.
TOLERANCE = 1e-12

_FACTOR = re.compile(r"([*/]?)([^*/]+)")


def _by_code() -> dict[str, tuple[str, str]]:
    codes: dict[str, tuple[str, str]] = {}
    for dimension, (_, rows) in UNITS.items():
        words = iter(rows.split())
        codes.update((code, (dimension, factor)) for code, factor in zip(words, words, strict=True))
    return codes


#: Dimension and factor of each unit.
_CODES = _by_code()


def dimension_of(uom: str) -> str | None:
    """What a unit measures, by the name of a measurement type such as ``Temperature``; None of an unknown code."""
    found = _CODES.get(uom)
    return found[0] if found else None


def of(measurement_type: str) -> str | None:
    """The dimension that a measurement type (its bare word) is usually given in; None of one that isn't known here."""
    allowed = dimensions(measurement_type)
    return allowed[0] if allowed else None


def dimensions(measurement_type: str) -> tuple[str, ...]:
    """All dimensions that a measurement type (its bare word) may be given in; none of one that isn't known here."""
    if measurement_type in DIMENSIONS:
        return DIMENSIONS[measurement_type]
    return (measurement_type,) if measurement_type in UNITS else ()


def measures(measurement_type: str, uom: str) -> bool:
    """Whether a value of this type can have this unit: False only where both are known and disagree."""
    dimension, allowed = dimension_of(uom), dimensions(measurement_type)
    return dimension is None or not allowed or dimension in allowed


def base_value(uom: str, value: Number) -> tuple[str, float] | None:
    """Dimension, and the value in its base unit (the SI unit that `suyuan.epcis.unit_table` names).

    None of an unknown unit, and of a value beyond a double's range.
    """
    conversion = _conversion(uom)
    if conversion is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    dimension, factor, offset = conversion
    if factor == 1 and not offset:
        exact = Fraction(value)
    else:
        exact = (Fraction(value) if isinstance(value, int) else Fraction(repr(value))) * factor + offset
    try:
        return dimension, float(exact)
    except OverflowError:
        return None


def base_difference(uom: str, value: Number) -> tuple[str, float] | None:
    """Dimension, and a span such as a standard deviation in its base unit: where a scale begins says nothing of it."""
    conversion = _conversion(uom)
    if conversion is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    dimension, factor, _ = conversion
    try:
        return dimension, float((Fraction(value) if isinstance(value, int) else Fraction(repr(value))) * factor)
    except OverflowError:
        return None


@lru_cache(maxsize=len(_CODES))
def _conversion(uom: str) -> tuple[str, Fraction, Fraction] | None:
    found = _CODES.get(uom)
    if found is None:
        return None
    dimension, factor = found
    return dimension, _exact(factor), _exact(OFFSETS.get(uom, "0"))


def _exact(expression: str) -> Fraction:
    """The value of numbers and constants that are multiplied and divided, from left to right."""
    value = Fraction(1)
    for sign, word in _FACTOR.findall(expression):
        value = value / _operand(word) if sign == "/" else value * _operand(word)
    return value


def _operand(word: str) -> Fraction:
    return _exact(CONSTANTS[word]) if word in CONSTANTS else Fraction(word)
