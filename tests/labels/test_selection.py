"""Which labels somebody means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidInput
from suyuan.labels.selection import joined, parse_numbers, parts, size

NUMBERS = st.sets(st.integers(1, 300), min_size=1, max_size=60)


def spread(ranges: list[tuple[int, int]]) -> list[int]:
    return [number for first, last in ranges for number in range(first, last + 1)]


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("1-500,502", [(1, 500), (502, 502)]),
        (" 7 , 3 - 5 ", [(3, 5), (7, 7)]),
        ("1-3,2-9,10", [(1, 10)]),
        ("1000000", [(1_000_000, 1_000_000)]),
    ],
)
def test_numbers_are_ranges_in_order(text: str, ranges: list[tuple[int, int]]) -> None:
    assert parse_numbers(text) == ranges


@pytest.mark.parametrize("text", ["", "0", "5-3", "1-", "-1", "a", "1,,2", "1000001", "1-2-3", "١", "1;2", "1.5"])
def test_what_is_no_range_is_refused_with_the_form_to_write(text: str) -> None:
    with pytest.raises(InvalidInput, match="1-500,502"):
        parse_numbers(text)


def test_a_text_that_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidInput, match="send it in parts"):
        parse_numbers("1," * 200_000)


@given(text=st.text(alphabet="0123456789,- x", max_size=40))
def test_any_text_gives_ranges_or_a_refusal(text: str) -> None:
    try:
        found = parse_numbers(text)
    except InvalidInput:
        return
    assert found == sorted(found)
    assert size(found) == len(set(spread(found)))


@given(numbers=NUMBERS)
def test_joining_keeps_the_numbers(numbers: set[int]) -> None:
    assert spread(joined((number, number) for number in numbers)) == sorted(numbers)


@given(numbers=NUMBERS, most=st.integers(1, 40))
def test_parts_are_full_but_the_last_and_hold_every_number_once(numbers: set[int], most: int) -> None:
    cut = list(parts(joined((number, number) for number in numbers), most))
    assert [number for part in cut for number in spread(part)] == sorted(numbers)
    assert all(size(part) == most for part in cut[:-1])
    assert 1 <= size(cut[-1]) <= most
