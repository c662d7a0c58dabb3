"""Serial numbers: random within what the tag holds, and SSCCs in sequence."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.gs1.application_identifiers import check_value
from suyuan.labels.batches import SerialStyle
from suyuan.labels.serials import random_serials, reference_count, sscc


def test_numeric_serials_fit_sgtin_96_and_begin_with_no_zero() -> None:
    serials = random_serials(SerialStyle.NUMERIC, 5_000, os.urandom)
    assert len(set(serials)) == 5_000
    assert all(len(serial) == 12 and serial[0] != "0" and int(serial) < 2**38 for serial in serials)


def test_the_smallest_and_the_largest_numeric_serial_are_within_the_range() -> None:
    draws = iter([(10**11 - 1).to_bytes(5), (10**11).to_bytes(5), (2**40 - 1).to_bytes(5)])
    assert random_serials(SerialStyle.NUMERIC, 1, lambda count: next(draws)) == [str(10**11)]
    assert random_serials(SerialStyle.NUMERIC, 1, lambda count: next(draws)) == [str(2**38 - 1)]


def test_alphanumeric_serials_have_eighty_bits_without_letters_that_look_alike() -> None:
    serials = random_serials(SerialStyle.ALPHANUMERIC, 2_000, os.urandom)
    assert len(set(serials)) == 2_000
    letters = Counter("".join(serials))
    assert len(letters) == 32
    assert not set(letters) & set("01IOl")
    for serial in serials[:50]:
        check_value("21", serial)


def test_a_serial_that_comes_twice_is_drawn_again() -> None:
    draws = iter([b"\x22" * 10, b"\x22" * 5, b"\x23" * 5])
    assert len(set(random_serials(SerialStyle.NUMERIC, 2, lambda count: next(draws)))) == 2


@given(extension=st.integers(0, 9), length=st.integers(6, 12), data=st.data())
def test_an_sscc_says_extension_prefix_and_reference(extension: int, length: int, data: st.DataObject) -> None:
    prefix = data.draw(st.text("0123456789", min_size=length, max_size=length))
    reference = data.draw(st.integers(0, reference_count(prefix) - 1))
    found = sscc(extension, prefix, reference).value
    assert (found[0], found[1 : length + 1], int(found[length + 1 : 17])) == (str(extension), prefix, reference)


@pytest.mark.parametrize(("prefix", "count"), [("123456", 10**10), ("123456789012", 10**4)])
def test_a_longer_prefix_leaves_fewer_references(prefix: str, count: int) -> None:
    assert reference_count(prefix) == count
