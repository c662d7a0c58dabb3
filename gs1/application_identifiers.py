"""Application identifiers (AIs): which there are, and whether a value is one that its AI may hold.

GS1 General Specifications section 3 for the formats; the data is in `ai_table`. Some AIs are keys, some qualify a key,
the others are data attributes, which describe a thing without naming it (weights, dates, origins).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.ai_table import QUALIFIER_SEQUENCES, ROWS
from suyuan.gs1.characters import AI39, AI82
from suyuan.gs1.syntax_tests import TESTS, Test

#: Inside of a regular expression's brackets, and words, by the letter of a character set in the table.
_SETS = {
    "N": ("0-9", "digits"),
    "X": (AI82, "characters"),
    "Y": (AI39, "digits, capitals, # - /"),
    "Z": ("A-Za-z0-9_=-", "digits, letters, - _"),
}
_MEMBERS = re.compile(r"[^\s|][^\n|]*[^\s|]")
_COMPONENT = re.compile(r"([NXYZ])(?:(\d+)-)?(\d+)(\??)((?::\w+)*)")


class Component(NamedTuple):
    """One part of a value."""

    #: N digits, X the AI 82 set, Y the AI 39 set, Z the AI 64 set.
    characters: str
    #: Length in characters.
    least: int
    most: int
    #: It may be left out, with all that follows.
    optional: bool
    #: Names of the Syntax Tests that it must pass.
    tests: tuple[str, ...]


class ApplicationIdentifier(NamedTuple):
    """One application identifier."""

    ai: str
    #: Data title of the General Specifications.
    title: str
    #: What it may hold, in words, for error messages.
    expected: str
    components: tuple[Component, ...]
    #: Full match of the value's form, one group a component.
    form: Callable[[str], re.Match[str] | None]
    #: Group and test of whatever the form does not settle.
    tests: tuple[tuple[int, Test], ...]
    #: Combinations of AIs of which one must be there too; empty where it stands alone. Beginnings, for kinds of AIs.
    needs: tuple[tuple[str, ...], ...]
    #: AIs, or beginnings of AIs, that must not be there.
    excludes: tuple[str, ...]
    #: Length of the leading digits that end in a check digit; 0 where there are none.
    checked: int = 0
    #: Sequences of qualifiers that may follow in a Digital Link path, each in its order, each one optional.
    qualifiers: tuple[tuple[str, ...], ...] = ()
    #: What follows the check digit is a serial number of its own (GRAI, GDTI, coupon number).
    serial_follows: bool = False


def _rows() -> Iterator[ApplicationIdentifier]:
    for form, needs, excludes, members in ROWS:
        components = tuple(_component(word) for word in form.split())
        value = re.compile("".join([_pattern(component) for component in components]), re.ASCII).fullmatch
        combinations = tuple(tuple(ai.rstrip("n") for ai in word.split("+")) for word in needs.split())
        for member in _MEMBERS.findall(members):
            ais, _, title = member.partition(" ")
            for ai in _expand(ais):
                others = tuple(ai[:3] if word == "~" else word.rstrip("n") for word in excludes.split())
                yield _identifier(ai, title, components, value, combinations, others)


def _component(word: str) -> Component:
    characters, least, most, optional, tests = _COMPONENT.findall(word)[0]
    return Component(characters, int(least or most), int(most), bool(optional), tuple(tests.split(":")[1:]))


def _expand(ais: str) -> list[str]:
    first, _, last = ais.partition("-")
    return [f"{number:0{len(first)}d}" for number in range(int(first), int(last or first) + 1)]


def _identifier(
    ai: str,
    title: str,
    components: tuple[Component, ...],
    form: Callable[[str], re.Match[str] | None],
    needs: tuple[tuple[str, ...], ...],
    excludes: tuple[str, ...],
) -> ApplicationIdentifier:
    summed = next((place for place, part in enumerate(components) if "csum" in part.tests), None)
    checked = 0 if summed is None else sum(part.most for part in components[: summed + 1])
    return ApplicationIdentifier(
        ai,
        title,
        ", ".join([_words(component) for component in components]),
        components,
        form,
        tuple((group, TESTS[name]) for group, part in enumerate(components, 1) for name in _needed(part)),
        needs,
        excludes,
        checked,
        QUALIFIER_SEQUENCES.get(ai, ()),
        ai in {"253", "255", "8003"},
    )


def _pattern(part: Component) -> str:
    lengths = f"{{{part.least},{part.most}}}" if part.least < part.most else f"{{{part.most}}}"
    return f"([{_SETS[part.characters][0]}]{lengths}){'?' if part.optional else ''}"


def _needed(part: Component) -> list[str]:
    """The tests that a component can fail once it has its form: digits begin with a company prefix always."""
    names = [name for name in part.tests if part.characters != "N" or not name.startswith("gcppos")]
    return ["cset64", *names] if part.characters == "Z" else names


def _words(part: Component) -> str:
    lengths = f"{part.least} to {part.most}" if part.least < part.most else f"{part.most}"
    name = _SETS[part.characters][1]
    return f"{'optionally ' if part.optional else ''}{lengths} {name[:-1] if lengths == '1' else name}"


#: Every AI there is.
IDENTIFIERS = {row.ai: row for row in _rows()}
#: Primary keys by AI: what a Digital Link path may begin with.
PRIMARY = {ai: IDENTIFIERS[ai] for ai in QUALIFIER_SEQUENCES}
#: Key qualifiers by AI.
QUALIFIERS = {
    ai: IDENTIFIERS[ai] for sequences in QUALIFIER_SEQUENCES.values() for sequence in sequences for ai in sequence
}
#: Number of digits of an AI by its first two.
AI_LENGTH = {ai[:2]: len(ai) for ai in IDENTIFIERS}


def check_value(ai: str, value: str) -> None:
    """Refuse a value that the AI may not hold: characters, length, check digit, date, code, piece of total.

    Raises InvalidIdentifier with the AI as its place, also where there is no such AI.
    """
    row = IDENTIFIERS.get(ai)
    if row is None:
        raise InvalidIdentifier(f"{ai[:8]!a} is not an application identifier")
    match = row.form(value)
    if match is None:
        raise InvalidIdentifier(
            f"{row.title} must be {row.expected}, found {value[:60]!a} ({len(value)} characters)",
            place=f"({ai})",
            remedy="pad a shorter GTIN with zeros on the left" if ai == "01" and len(value) in {8, 12, 13} else None,
        )
    for group, test in row.tests:
        part = match[group]
        problem = None if part is None else test(part)
        if problem is not None:
            raise InvalidIdentifier(f"{row.title}: {problem}", place=f"({ai})")
