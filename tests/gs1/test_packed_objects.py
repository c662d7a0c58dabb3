"""AI data in user memory as packed objects."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.check_digit import digit_for
from suyuan.gs1.epc_uri import Elements
from suyuan.gs1.packed_objects import decode, encode, read_object, write_object
from suyuan.gs1.packed_table import FORMAT_9, Component, Identifier, Part, read_table
from suyuan.gs1.packed_text import BitReader, read_text, write_text, write_vector

#: The hypothetical table of the standard's worked example, annex L.
ANNEX_L = read_table(128, "110", "3 1 1*20an\n8 7 6n\n51 3%0-9 4*18n\n125 (7)(1) (6n)(1*20an)")


def test_the_worked_example_of_the_standard_comes_out_bit_by_bit() -> None:
    data = (("7", "061031"), ("32", "978123456"), ("1", "1A23B456CD"))
    memory = bytes.fromhex("447EB32A87733F499F5801231E240070DE")
    assert write_object(data, ANNEX_L) == memory
    assert read_object(memory, 0, ANNEX_L) == ([data[0], data[2], data[1]], 17)


def test_the_table_is_the_registered_one_but_for_its_misprints(shared: Path) -> None:
    rows = csv.reader((shared / "gs1/TDT/TDS_2-2_Packed_Objects_ID_Table.csv").read_text().splitlines())
    registered: dict[str, dict[int, list[str]]] = {}
    for row in rows:
        if row and row[0].startswith("K-TableID"):
            table = registered.setdefault(row[0].rpartition("F9")[2], {})
        elif row and row[1].isdigit():
            table[int(row[1])] = row
    other = []
    for value, row in registered["B0"].items():
        if "Secondary" in row[2]:
            alternatives = FORMAT_9.entries[value][0].alternatives
            found = {place: written(each) for place, each in enumerate(alternatives) if each}
            wanted = {place: (line[3], line[6]) for place, line in registered[row[2][-3:]].items()}
            other += [names for place, (names, form) in wanted.items() if found.get(place) != (names, form)]
            assert found.keys() <= wanted.keys()
        else:
            ais = "".join(map(names, FORMAT_9.entries[value]))
            assert ais == re.sub("[() ]", "", row[3]).zfill(2 if len(row[3]) == 1 else 0)
            forms = [
                written(each)[1] for component in FORMAT_9.entries[value] for each in component.alternatives if each
            ]
            assert forms == [form.strip() for form in re.split("[][()/]+", row[6]) if form.strip()]
    # "1*an20" stands for 1*20an; 8100 to 8102 are gone; 8111 has number 22 of 8; 7258 has a form that nobody defines.
    misprints = {"714", "8013", "8112", "715", "7041", "716", "7253", "7254", "7255", "7256", "7257", "7259"}
    assert set(other) == misprints | {"8100", "8101", "8102", "8111", "7258"}


def names(component: Component) -> str:
    text = "/".join(written(each)[0] for each in component.alternatives if each)
    return f"[{text}]" if component.optional else text


def written(identifier: Identifier) -> tuple[str, str]:
    """The AIs and the format as the registered table writes them."""
    digits = identifier.digits
    name = identifier.name + (f"%x3{digits[0]}-3{digits[-1]}" if digits else "")
    return name, " ".join(map(form, identifier.parts))


def form(part: Part) -> str:
    length = f"{part.least}" if part.least == part.most else f"{part.least}*{part.most or ''}"
    return length + ("n" if part.numeric else "an")


AI82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
texts = st.one_of(*(st.text(of, min_size=1, max_size=20) for of in ("0123456789", "AB-12", "ab1", AI82)))


def keyed(count: int) -> st.SearchStrategy[str]:
    body = st.text("0123456789", min_size=count - 1, max_size=count - 1)
    return body.map(lambda row: row + digit_for(row))


#: Strategies for AIs of food, and for each kind of entry, format and length that the table has.
VALUES: dict[str, st.SearchStrategy[str]] = {
    "00": keyed(18),
    "01": keyed(14),
    "10": texts,
    "11": st.just("261130"),
    "15": st.just("261200"),
    "16": st.just("261201"),
    "17": st.just("261202"),
    "21": texts,
    "30": st.text("0123456789", min_size=1, max_size=8),
    "253": st.tuples(keyed(13), st.one_of(st.just(""), st.text(AI82, max_size=17))).map("".join),
    "3103": st.text("0123456789", min_size=6, max_size=6),
    "3205": st.text("0123456789", min_size=6, max_size=6),
    "3302": st.text("0123456789", min_size=6, max_size=6),
    "3922": st.text("0123456789", min_size=1, max_size=15),
    "3932": st.text("0123456789", min_size=1, max_size=15).map(lambda price: "978" + price),
    "414": keyed(13),
    "421": texts.map(lambda text: "156" + text[:9]),
    "422": st.just("156"),
    "423": st.sampled_from(("156", "156250", "156250004528826")),
    "426": st.just("156"),
    "4307": st.just("CN"),
    "4330": st.sampled_from(("000400", "001800-")),
    "7003": st.just("2611302359"),
    "7007": st.sampled_from(("261101", "261101261130")),
    "7030": texts.map(lambda text: "156" + text),
    "7230": st.text(AI82, min_size=1, max_size=28).map(lambda text: "EM" + text),
    "8003": st.tuples(keyed(13), st.text(AI82, max_size=16)).map(lambda both: "0" + "".join(both)),
    "8008": st.sampled_from(("26113009", "2611300905", "261130090507")),
    "8010": st.text("AB#-/09", min_size=1, max_size=20).map(lambda text: "9521" + text),
    "8110": st.just("106141416543213150110120"),
    "91": st.text(AI82, min_size=1, max_size=90),
}  # fmt: skip


@st.composite
def data(draw: st.DrawFn) -> Elements:
    ais = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, max_size=7))
    return tuple((ai, draw(VALUES[ai])) for ai in ais)


@given(data())
@example((("10", "A"),))
@example((("7004", "1"),))
def test_ai_data_go_to_user_memory_and_come_back(pairs: Elements) -> None:
    memory = encode(pairs)
    assert memory[0] == 0x89
    assert memory[-1] == 0
    assert decode(memory) == decode(memory + b"\x00\xff") == decode(memory[:-1]) == pairs


@given(data(), data())
def test_objects_follow_one_another_with_padding_between(first: Elements, second: Elements) -> None:
    second = tuple(pair for pair in second if pair[0] not in dict(first))
    middle = b"\x04\x04" + b"\x05\x03xx" + b"\x07\x00"
    assert decode(encode(first)[:-1] + middle + encode(second)[1:]) == first + second


def test_pairs_of_the_table_are_kept_together() -> None:
    pairs = (
        ("37", "12"), ("10", "A"), ("02", "09506000134352"), ("8020", "R1"), ("254", "x/y"), ("415", "9521141123454"),
        ("414", "9521141123454"),
    )  # fmt: skip
    assert decode(encode(pairs)) == (
        ("02", "09506000134352"), ("37", "12"), ("10", "A"), ("415", "9521141123454"), ("8020", "R1"),
        ("414", "9521141123454"), ("254", "x/y"),
    )  # fmt: skip


@given(st.one_of(st.binary(max_size=60), data().map(lambda pairs: encode(pairs)[1:])), st.data())
def test_any_memory_is_ai_data_or_refused(memory: bytes, draw: st.DataObject) -> None:
    bits = int.from_bytes(memory, "big") ^ 1 << draw.draw(st.integers(0, max(8 * len(memory) - 1, 0)))
    memory = bits.to_bytes(len(memory) + 1, "big")[1:]
    try:
        found = decode(b"\x89" + memory)
    except InvalidIdentifier:
        return
    assert dict(decode(encode(found))) == dict(found)


@given(st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=120))
@example("A" * 70 + "1" * 60 + "!" * 20)
@example("a" * 60 + "_ ")
def test_any_text_comes_back(text: str) -> None:
    bits = write_text(text)
    assert read_text(BitReader(int(bits or "0", 2), len(bits))) == text


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("1" * 7, "0 0 0000000"),
        ("1" * 8, "1 1 00 001  0"),
        ("1" * 33, "1 0 00 111 1 00 011  0  0"),
        ("A" * 8 + "1" * 21, "1 0 10 001 1 00 111  0  0"),
        ("1" + "A" * 29, "0  1 0 10 001 1 10 111  0 1"),
        # A comma has two values, which no run may part.
        ("A" * 19 + ",", "1 1 10 110  0  111"),
    ],
)
def test_runs_take_the_place_of_the_map_where_they_are_shorter(text: str, turns: str) -> None:
    bits = write_text(text)
    assert bits.startswith("0" + turns.replace(" ", "")), bits
    assert read_text(BitReader(int(bits, 2), len(bits))) == text


def number(radix: int, *values: int) -> str:
    """The bits of values as one number (annex K), by the words of the standard."""
    total = 0
    for value in values:
        total = total * radix + value
    return f"{total:0{(radix ** len(values) - 1).bit_length()}b}"


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        # Prefix run of six letters, suffix run of six digits, nothing between.
        ("0 1 1 10 000  1 1 00 000" + number(10, *range(1, 7)) + number(30, *range(1, 7)), "ABCDEF123456"),
        # Two prefix runs, a map, no suffix.
        ("0 1 0 00 000 1 10 000  0  01" + number(10, 1, 2, 3, 4, 5, 6, 7) + number(30, 24, 25, 26, 1, 2, 3, 4),
         "123456XYZABC7D"),
        # Mostly digits in base 13, with each of its shifts, one character of two values at the end of the run.
        ("0 1 1 01 010  0" + number(13, 1, 10, 0, 11, 0, 12, 6, 2, 12, 9), "1AN,2/"),
        # Base 40: letters and digits; a programmed comma, first in the run and again in the map, where it is one value.
        ("0 1 1 11 000  0  11" + number(40, 1, 31, 29, 12, 2, 29) + number(30, 29, 3), "A1,B,,C"),
        # Base 84 behind base 74.
        ("10 1 1 11 000  0  1" + number(84, 47, 74, 48, 75, 49, 83) + number(74, 46), "a0b1c9_"),
        # Base 256 with base 40 as its extension, shift 1 in it.
        ("11 1 1 11 000  0  1" + number(40, 27, 26, 1, 30, 31, 3) + "11101001", "[A01C\xe9"),
        # A programmed character shares its value between the two bases: first in the map, then in the run.
        ("0 0  1 1 11 000  11" + number(40, 29, 30, 31, 32, 33, 34) + number(30, 29, 26), "``01234"),
    ],
)  # fmt: skip
def test_runs_of_other_encoders_are_read(bits: str, text: str) -> None:
    row = bits.replace(" ", "")
    assert read_text(BitReader(int(row, 2), len(row))) == text


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        ("0 0 0 1" + number(30, 28), "behind a shift"),
        ("0 0 0 11" + number(30, 28, 29), "of no character"),
        ("0 0 0 11" + number(30, 27, 24), "of no character"),
        ("0 0 0 1 11111", "base 30"),
        ("0 0 0 0 1", "bits for characters"),
        ("0 1", "too early"),
    ],
)
def test_text_that_nobody_wrote_is_refused(bits: str, words: str) -> None:
    row = bits.replace(" ", "")
    with pytest.raises(InvalidIdentifier, match=words):
        read_text(BitReader(int(row, 2), len(row)))


def packed(*bits: str) -> bytes:
    """Memory with the first byte and what follows, the last byte filled up with zeros."""
    row = "".join(bits).replace(" ", "")
    return b"\x89" + int(row.ljust(-(-len(row) // 8) * 8, "0"), 2).to_bytes(-(-len(row) // 8), "big")


#: Format 9 in an application indicator behind its first bit: no other registration, table size 90, primary table.
INDICATOR = "0 101 000"
#: Lot A1: characters in base 30, one letter and one digit in their turns.
LOT = "0 0 0 10" + number(10, 1) + number(30, 1)


def test_an_id_map_is_read_like_a_list() -> None:
    ids = "".join("1" if value in {4, 9} else "0" for value in range(90))
    # Map section, no more maps, data, no addendum; length; lengths of parts; expiry, lot.
    bits = f"000011 {INDICATOR} 1 {ids} 0  0 0 0  {{length}} {{pad}} 1" + number(10, 2, 6, 1, 1, 3, 0) + LOT
    row = bits.format(length=write_vector(19, 6), pad=1).replace(" ", "")
    assert 144 < len(row) < 152
    assert decode(packed(row + "1".ljust(152 - len(row), "0"))) == (("10", "A1"), ("17", "261130"))


def test_a_list_that_names_its_table_is_read() -> None:
    bits = f"{INDICATOR} 000 {9:07b} 0  1 {INDICATOR} 000 {4:07b} 0  0  1"
    assert decode(framed(bits + number(10, 2, 6, 1, 1, 3, 0) + LOT, "00001010")) == (("17", "261130"), ("10", "A1"))


def test_a_directory_is_stepped_over() -> None:
    ids = "1" * 90
    plain = f"000011 {INDICATOR} 1 {ids} 0 0 1 0 0  {write_vector(15, 6)} 1"
    indexed = f"000011 {INDICATOR} 0 0 0 1 1 001 {ids} 1 000010 {'0' * 12} 0 {write_vector(18, 6)} 1"
    unordered = f"000011 {INDICATOR} 0 0 0 1 1 000 0 0 {write_vector(4, 6)} 1"
    for bits, length in ((plain, 15), (indexed, 18), (unordered, 4)):
        row = bits.replace(" ", "")
        memory = packed(row + "1".ljust(8 * length - len(row), "0")) + encode((("10", "A1"),))[1:]
        assert decode(memory) == (("10", "A1"),)


def framed(rest: str, flags: str = "") -> bytes:
    """Memory with one object that has these bits behind its length, and padding."""
    rest = rest.replace(" ", "")
    total = max(32, 8 + (len(flags) + 7 + len(rest)) // 8 * 8)
    row = f"{flags}{total // 8:06b}1{rest}"
    return packed(row + "1".ljust(total - len(row), "0") if len(row) >= total - 8 else row.ljust(total - 1, "0") + "1")


def one(value: int, rest: str) -> bytes:
    """Memory with an object of one ID value."""
    return framed(f"000 {value:07b} {rest}")


@pytest.mark.parametrize(
    ("memory", "words"),
    [
        (b"", "begins with nothing"),
        (b"\x09", "begins with 09"),
        (b"\x89" + bytes(8192), "8193 bytes"),
        (b"\x89\x01", "begins with 01, which is reserved"),
        (b"\x89\x06", "begins with 06, which is reserved"),
        (b"\x89\x05\x00", "padding of 0 bytes"),
        (b"\x89\x05\x80", "too early"),
        (b"\x89\x09\x10", "edited by an addendum"),
        (b"\x89\x08\x00", "has 0 bytes"),
        (b"\x89\x10\x00", "has 4 bytes, expected up to 2"),
        (b"\x89\x12\x00\x00\x00", "ends with a byte of padding"),
        (one(0, "1"), "ID value 0 in user memory is reserved"),
        (one(86, "1"), "ID value 86"),
        (one(2, "0"), "No-Directory"),
        (one(20, "11 000 1"), "choice 3 0 of ID value 20"),
        (one(32, "111 1"), "choice 0 7 of ID value 32"),
        (one(54, "1 11"), "too early"),
        (one(72, "1 111"), "length 15 in user memory is above 12"),
        (one(10, "1 1111111"), "127 for 2 values of base 10"),
        (one(10, "1 1100011 000 000"), "bits for characters"),
        (one(10, "1 1100011 0 0 0 0 0001"), "characters behind the last AI"),
        (framed(f"001 {4 * 90 + 11:013b} 1 0100" + LOT), "2 characters for AI 10, expected 5"),
        (one(85, "0000001 1 0001" + "0" * 48), "no sure form"),
        (one(9, "1" + number(10, 2, 6, 1, 3, 0, 1)), r"\(17\)"),
        (framed(f"1 {15:09b}", "00001010"), "data format 15"),
        (framed("0 110 000", "00001010"), "ID table 110 0"),
        (framed(f"{INDICATOR} 000 {9:07b} 1", "00001010"), "restricted use"),
        (packed(f"000011 {INDICATOR} 0 0 0 0 1", "0" * 40), "edited by an addendum"),
        (encode((("10", "A"),))[:-1] + encode((("10", "B"),))[1:], "AI 10 is in the user memory twice"),
    ],
)
def test_memory_that_nobody_wrote_is_refused(memory: bytes, words: str) -> None:
    with pytest.raises(InvalidIdentifier, match=words):
        decode(memory)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ((("02", "09506000134352"),), "AI 02 has no place"),
        ((("254", "A"),), "AI 254 has no place"),
        ((("7258", "1/3"),), "AI 7258 has no place"),
        ((("10", "A"), ("10", "B")), "AI 10 is in the user memory twice"),
        ((("10", ""),), r"\(10\)"),
        ((("01", "09506000134350"),), r"\(01\)"),
        ((("235", "A1"),), "value 'A1' has no place"),
        ((("255", "95211416789094711"),), "no sure form"),
        ((("7011", "2611301200"),), "no sure form"),
    ],
)
def test_what_user_memory_cannot_hold_is_refused(pairs: Elements, words: str) -> None:
    with pytest.raises(InvalidIdentifier, match=words):
        encode(pairs)


def test_characters_above_eight_bits_have_no_base() -> None:
    with pytest.raises(InvalidIdentifier, match="more than 8 bits"):
        write_text("谷")


@pytest.mark.parametrize("count", [1, 15, 16, 30, 31, 45, 46, 60, 90])
def test_every_step_of_the_length_code_goes_both_ways(count: int) -> None:
    pairs = (("91", "x" * count), ("10", "L"))
    assert decode(encode(pairs)) == pairs
