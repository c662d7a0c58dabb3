from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.epcis import units
from suyuan.epcis.unit_table import UNITS
from suyuan.epcis.vocabulary import MEASUREMENT_TYPE

CODES = [code for _, rows in UNITS.values() for code in rows.split()[::2]]


def test_no_code_stands_under_two_dimensions() -> None:
    assert len(CODES) == len(set(CODES))


def test_every_factor_is_a_positive_number() -> None:
    for code in CODES:
        found = units.base_value(code, 1_000_000)
        assert found is not None
        assert 0 < found[1] < math.inf


def test_every_measurement_type_of_the_standard_has_a_dimension() -> None:
    assert {units.of(word) for word in MEASUREMENT_TYPE.words} <= set(UNITS)
    assert units.of("https://ns.suyuan.example/voc/tenderness") is None


@pytest.mark.parametrize(
    ("values", "dimension", "base"),
    [
        ([("CEL", 20), ("KEL", 293.15), ("FAH", 68), ("FAH", 68.0), ("A48", 527.67)], "Temperature", 293.15),
        ([("CEL", -40), ("FAH", -40)], "Temperature", 233.15),
        ([("CEL", -273.15), ("KEL", 0)], "Temperature", 0.0),
        ([("BAR", 1), ("KPA", 100), ("A97", 1000.0), ("PAL", 100_000)], "Pressure", 100_000.0),
        ([("ATM", 1), ("UA", 760)], "Pressure", 101_325.0),
        ([("KMH", 36), ("MTS", 10.0), ("M60", 36_000)], "Speed", 10.0),
        ([("LBR", 1), ("ONZ", 16), ("GRN", 7000), ("GRM", 453.59237)], "Mass", 0.45359237),
        ([("P1", 55.5), ("NX", 555), ("59", 555_000)], "Dimensionless", 0.555),
        ([("DD", 180), ("D61", 10_800), ("M44", 0.5), ("A91", 200)], "Angle", math.pi),
        ([("P71", 3600), ("P66", 1)], "DoseEquivalentRate", 0.001),
        ([("GLL", 1), ("QTL", 4), ("OZA", 128), ("INQ", 231)], "Volume", 0.003785411784),
        ([("A93", 12.1), ("GP", 12_100)], "Density", 0.0121),
        ([("C35", 0.18), ("M33", 180)], "AmountOfSubstancePerUnitVolume", 180.0),
        ([("NU", 1), ("JOU", 1), ("J55", 1)], "Energy", 1.0),
    ],
)
def test_one_measurement_has_one_value_whatever_its_unit(
    values: list[tuple[str, float]], dimension: str, base: float
) -> None:
    assert {units.base_value(uom, value) for uom, value in values} == {(dimension, base)}


@given(st.decimals(-300, 300, places=3))
def test_celsius_kelvin_and_fahrenheit_agree_to_the_last_digit(celsius: object) -> None:
    exact = Fraction(str(celsius))
    kelvin, fahrenheit = float(exact + Fraction("273.15")), float(exact * 9 / 5 + 32)
    assert units.base_value("CEL", float(exact)) == units.base_value("KEL", kelvin)
    assert units.base_value("CEL", float(exact)) == units.base_value("FAH", fahrenheit)


@given(st.sampled_from(CODES), st.integers() | st.floats())
def test_any_number_has_a_value_or_none_and_nothing_is_raised(code: str, value: float) -> None:
    found = units.base_value(code, value)
    assert found is None or (found[0] in UNITS and math.isfinite(found[1]))


def test_what_is_no_unit_has_no_value() -> None:
    assert units.base_value("XYZ", 1) is None
    assert units.dimension_of("cel") is None
    assert units.base_value("KMT", 10**400) is None


def test_units_that_measure_something_else_are_told() -> None:
    assert units.measures("Temperature", "CEL")
    assert not units.measures("Temperature", "KGM")
    assert units.measures("RelativeHumidity", "P1")
    assert units.measures("Torque", "NU")
    assert units.measures("Temperature", "ZZ9")
    assert units.measures("https://ns.suyuan.example/voc/tenderness", "KGM")
