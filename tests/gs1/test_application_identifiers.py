"""Forms of keys, qualifiers and attributes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.ai_table import NOT_IN_QUERY, PREDEFINED_LENGTH
from suyuan.gs1.application_identifiers import AI_LENGTH, IDENTIFIERS, PRIMARY, QUALIFIERS, Component, check_value

GOOD = [
    ("00", "095201234567891235"),
    ("01", "09506000134352"),
    ("10", "L" * 20),
    ("235", "T" * 28),
    ("253", "9521141123454"),
    ("255", "952114167890904711"),
    ("401", "9521141X"),
    ("402", "95211411234567892"),
    ("8003", "09521141123454A/b"),
    ("8004", "95211415678"),
    ("8006", "095060001343520102"),
    ("8010", "9521141#-/A"),
    ("8011", "0"),
    ("8011", "999999999999"),
    ("8013", "1987654Ad4X4bL5ttr2310c2K"),
    ("7040", "1ABC"),
]


@pytest.mark.parametrize(("ai", "value"), GOOD)
def test_a_good_value_is_accepted(ai: str, value: str) -> None:
    check_value(ai, value)


@pytest.mark.parametrize(
    ("ai", "value", "says"),
    [
        ("01", "09506000134351", "is 1, expected 2"),
        ("01", "9506000134352", "pad a shorter GTIN"),
        ("01", "0950600013435\N{ARABIC-INDIC DIGIT TWO}", "14 digits"),
        ("01", "09506000134352\n", "14 digits"),
        ("10", "", "1 to 20"),
        ("10", "L" * 21, "21 characters"),
        ("21", "a b", "1 to 20"),
        ("253", "9521141123455", "check digit"),
        ("8003", "95211411234540", "'9' is not zero"),
        ("8004", "ABC123", "4 digits"),
        ("8006", "095060001343520302", "piece 03 of 02"),
        ("8006", "095060001343520002", "piece 00 of 02"),
        ("8010", "9521141a", "capitals"),
        ("8011", "012", "leading zeros"),
        ("8013", "1987654Ad4X4bL5ttr2310c2L", "expected 2K"),
    ],
)
def test_a_bad_value_is_refused_with_what_was_expected(ai: str, value: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier, match=re.escape(says)) as caught:
        check_value(ai, value)
    assert caught.value.place == f"({ai})"


@pytest.mark.parametrize(
    ("ai", "value"),
    [("17", "271231"), ("17", "270200"), ("3103", "000195"), ("7007", "270101270131"), ("99", "x" * 90),
     ("4330", "000100-"), ("02", "09506000134352"), ("410", "9521141123454"), ("8030", "ab-_"), ("7003", "2701011200")],
)  # fmt: skip
def test_a_good_attribute_is_accepted(ai: str, value: str) -> None:
    check_value(ai, value)


@pytest.mark.parametrize(
    ("ai", "value"),
    [("17", "271331"), ("17", "270230"), ("7006", "270200"), ("7007", "270101270132"), ("3103", "195"), ("999", "x"),
     ("89", "x"), ("02", "09506000134351"), ("410", "9521141123455"), ("99", ""), ("", "1"), ("30", "٣")],
)  # fmt: skip
def test_a_bad_attribute_is_refused(ai: str, value: str) -> None:
    with pytest.raises(InvalidIdentifier):
        check_value(ai, value)


@given(st.sampled_from(sorted(IDENTIFIERS)), st.text(max_size=30))
def test_any_text_is_accepted_or_refused(ai: str, value: str) -> None:
    try:
        check_value(ai, value)
    except InvalidIdentifier:
        return
    assert value.isascii()


def test_the_table_is_that_of_the_syntax_dictionary(shared: Path) -> None:
    found = {ai: row for line in _dictionary(shared) for ai, row in _read(line).items()}
    assert found.keys() == IDENTIFIERS.keys()
    for ai, (flags, components, needs, excludes, title) in found.items():
        row = IDENTIFIERS[ai]
        assert [_written(part) for part in row.components] == components, ai
        assert ["+".join(combination) for combination in row.needs] == needs, ai
        assert list(row.excludes) == excludes, ai
        assert row.title == title, ai
        assert (ai[:2] in PREDEFINED_LENGTH) == ("*" in flags), ai
        assert (ai in NOT_IN_QUERY) == ("?" not in flags), ai
        assert AI_LENGTH[ai[:2]] == len(ai)


def test_keys_and_qualifiers_are_those_of_the_syntax_dictionary(shared: Path) -> None:
    found = {}
    for line in _dictionary(shared):
        key = re.search(r"^(\d+) .*?\sdlpkey(?:=(\S+))?", line)
        if key:
            found[key[1]] = tuple(tuple(part.split(",")) for part in key[2].split("|")) if key[2] else ()
    assert found == {ai: row.qualifiers for ai, row in PRIMARY.items()}
    assert {ai for sequences in found.values() for sequence in sequences for ai in sequence} == set(QUALIFIERS)


def _dictionary(shared: Path) -> list[str]:
    text = (shared / "gs1/gs1-syntax-dictionary/gs1-syntax-dictionary.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line[:1].isdigit()]


def _read(line: str) -> dict[str, tuple[str, list[str], list[str], list[str], str]]:
    """Flags, components, required and excluded AIs (beginnings, where digits are open) and title by AI."""
    rest, _, title = line.partition(" # ")
    ais, *words = rest.split()
    flags = words.pop(0) if words[0].strip("*?") == "" else ""
    components = [word for word in words if word[0] in "NXYZ["]
    named = dict(word.split("=") for word in words if "=" in word)
    needs, excludes = (
        [re.sub("n+", "", ai) for ai in named[name].split(",")] if name in named else [] for name in ("req", "ex")
    )
    first, _, last = ais.partition("-")
    numbers = range(int(first), int(last or first) + 1)
    return {f"{number:0{len(first)}d}": (flags, components, needs, excludes, title) for number in numbers}


def _written(part: Component) -> str:
    """A component as the dictionary writes it."""
    length = f"{part.most}" if part.least == part.most else f"..{part.most}"
    word = f"{part.characters}{length}"
    return ",".join([f"[{word}]" if part.optional else word, *part.tests])
