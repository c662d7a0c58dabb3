"""Values of application identifiers in the bits of "+" tags, and the host names of "++" tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.hostname_encoding import read_hostname, write_hostname
from suyuan.gs1.plus_values import FIELDS, read_value, write_value

#: One value for each method of table F, with the bits that TDS 14.5 says it has.
BITS = {
    ("20", "07"): "0000111",
    ("02", "09506000134352"): "0000 1001 0101 0000 0110 0000 0000 0000 0001 0011 0100 0011 0101 0010",
    ("10", "007"): "000 00011 0000000111",
    ("10", "0A"): "001 00010 0000 1010",
    ("10", "0a"): "010 00010 0000 1010",
    ("10", "z_"): "011 00010 110011 111111",
    ("10", "/z"): "100 00010 0101111 1111010",
    ("10", "A.1"): f"101 00011 {1600 * 1 + 40 * 28 + 31 + 1:016b}",
    ("17", "261130"): "0011010 1011 11110",
    ("7003", "2611302359"): "0011010 1011 11110 10111 111011",
    ("7007", "261130"): "0 0011010 1011 11110",
    ("7007", "261101261130"): "1 0011010 1011 00001 0011010 1011 11110",
    ("8008", "26113009"): "00 0011010 1011 11110 01001",
    ("8008", "2611300905"): "01 0011010 1011 11110 01001 000101",
    ("8008", "261130090507"): "10 0011010 1011 11110 01001 000101 000111",
    ("7011", "261130"): "11 0011010 1011 11110",
    ("4307", "CN"): "000010 001101",
    ("4322", "1"): "1",
    ("30", "0042"): f"0100 {42:014b}",
    ("4331", "000400"): f"{400:020b} 0",
    ("4331", "000400-"): f"{400:020b} 1",
    ("7258", "2/3"): "0010 0011",
    ("8004", "0950"): "0000 1001 0101 0000 1111",
    ("8004", "0950A"): "0000 1001 0101 0000 1110 001 00001 1010",
    ("3932", "978120"): f"{978:010b} 0011 {120:010b}",
    ("421", "156A"): f"{156:010b} 001 0001 1010",
    ("255", "9521141678909"): "1001 0101 0010 0001 0001 0100 0001 0110 0111 1000 1001 0000 1001 0000",
}  # fmt: skip


@pytest.mark.parametrize(("ai", "value"), BITS)
def test_each_method_writes_the_bits_that_the_standard_describes(ai: str, value: str) -> None:
    bits, width = write_value(ai, value)
    assert f"{bits:0{width}b}" == BITS[ai, value].replace(" ", "")
    assert read_value(ai, bits, width) == (value, 0)
    for missing in range(1, width + 1):
        # Fewer bits than the value has are no value, whatever they are.
        with pytest.raises(InvalidIdentifier, match="too early"):
            read_value(ai, bits >> missing, width - missing)


@pytest.mark.parametrize("bits", [0, (1 << 700) - 1, int("A5" * 88, 16), int("8C" * 88, 16)])
def test_any_bits_are_a_value_or_refused(bits: int) -> None:
    for ai in FIELDS:
        try:
            value, left = read_value(ai, bits, 700)
        except InvalidIdentifier as refused:
            place = refused.place
        else:
            # Another method than the shortest may have been used: the bits need not come back, but the value does.
            again, width = write_value(ai, value)
            assert left < 700
            assert read_value(ai, again, width) == (value, 0)
            place = f"({ai})"
        assert place == f"({ai})"


@pytest.mark.parametrize(
    ("ai", "text"),
    [
        ("01", "123"), ("01", "٣" * 14), ("20", "1"), ("30", "123456789"), ("30", "a"), ("10", "ä"), ("10", "a" * 21),
        ("8004", "1" * 31), ("17", "26113"), ("17", "2611 0"), ("17", "261330"), ("7007", "2611302611"),
        ("8008", "2611"), ("8008", "261130090"), ("8008", "26113025"), ("4307", "cn"), ("4321", "2"),
        ("4330", "000400+"), ("7258", "1-3"),
    ],
)  # fmt: skip
def test_a_method_refuses_what_it_does_not_hold_even_without_the_rules_of_the_ai(ai: str, text: str) -> None:
    with pytest.raises(InvalidIdentifier, match="found"):
        FIELDS[ai].write(text)


def test_a_value_may_be_right_and_too_long_for_a_tag() -> None:
    """AI 8007 holds 34 characters, table F 24."""
    with pytest.raises(InvalidIdentifier) as refused:
        write_value("8007", "MT84MALT011000012345MTLCAST001S")
    assert str(refused.value).startswith("(8007): found 'MT84")


@pytest.mark.parametrize(
    ("hostname", "bits"),
    [
        # The standard's figures 14-14 to 14-16 encode such names; these have few enough characters to be counted out.
        ("id.abcde.com", "1 000111 0100000 1100001 1100010 1100011 1100100 1100101 1011011"),
        ("A.B", f"0 000011 {1600 * 1 + 40 * 28 + 2 + 1:016b}"),
        ("A.CO", "1 000100 1000001 0101110 1000011 1001111"),
        ("a.co.uk", "1 000011 1100001 0000010 0011001"),
        ("a.org.cn", "1 000011 1100001 0000010 0011101"),
        ("www.x.tech", "1 000100 0011111 1111000 0000011 0000000"),
        ("acid.com", "1 000101 1100001 1100011 1101001 1100100 1011011"),
        ("a.id.cn", "1 000101 1100001 0101110 0100000 1100011 1101110"),
        ("www.co", "1 000011 0011111 1100011 1101111"),
        ("a.zw", "1 000011 1100001 0000001 1110100"),
        ("a.ac", "1 000011 1100001 0000000 0000000"),
    ],
)  # fmt: skip
def test_a_host_name_takes_the_fewest_bits(hostname: str, bits: str) -> None:
    written, width = write_hostname(hostname)
    assert f"{written:0{width}b}" == bits.replace(" ", "")
    assert read_hostname(written, width) == (hostname, 0)


@given(st.integers(0, 2**300 - 1))
def test_any_bits_are_a_host_name_or_refused(bits: int) -> None:
    try:
        hostname, _ = read_hostname(bits, 300)
    except InvalidIdentifier:
        return
    written, width = write_hostname(hostname)
    assert read_hostname(written, width) == (hostname, 0)


@pytest.mark.parametrize(
    "bits",
    [
        "1 000000",  # nothing
        "0 000000",
        "1 000010 1100001 0000000",  # "a" and half a sequence of 14 bits
        "1 000010 1100001 0000100",  # a reserved code
        "1 000011 1100001 0000001 1110101",  # a reserved sequence
        "1 000001 0101111",  # a slash
        "1 010000" + " 0011111" * 16,  # 64 characters
    ],
)
def test_bits_that_are_no_host_name_are_refused(bits: str) -> None:
    with pytest.raises(InvalidIdentifier, match="host name is"):
        read_hostname(int(bits.replace(" ", ""), 2), len(bits.replace(" ", "")))
