"""Element strings: AIs and values in a row, with brackets for people or with FNC1 for symbols.

GS1 General Specifications 7.8 (FNC1 as separator, pre-defined lengths) and 4.14 (brackets in human readable text). In
brackets a ``(`` that belongs to a value is written ``\\(``; the backslash is in no GS1 character set.
"""

from __future__ import annotations

import re

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import associations
from suyuan.gs1.ai_table import NOT_IN_QUERY, PREDEFINED_LENGTH
from suyuan.gs1.application_identifiers import AI_LENGTH, PRIMARY, check_value
from suyuan.gs1.digital_link import in_order
from suyuan.gs1.epc_uri import Elements

#: Longest element string that is read, in characters.
LONGEST = 2000
#: FNC1 as scanners transmit it: GS, ASCII 29.
GS = "\x1d"
#: FNC1 as scanners transmit it and as it is often printed.
_SEPARATORS = re.compile(r"[\x1d^]")
#: What scanners put in front: GS1-128, GS1 DataMatrix, GS1 QR, GS1 DataBar, GS1 DotCode (ISO/IEC 15424).
_SYMBOLOGY = re.compile(r"\](?:C1|d2|Q3|e0|J1)")
_BRACKETED = re.compile(r"\(([0-9]{2,4})\)((?:[^(\\]|\\\()+)", re.ASCII)


def parse(text: str, *, complete: bool = True) -> Elements:
    """The AIs and values of an element string, as they stand, each one checked; attributes included.

    With ``complete`` the AIs must go together; without, other symbols on the same thing may hold what they need.
    Raises InvalidIdentifier: an unknown AI, a value that its AI does not allow, one AI with two different values, AIs
    that do not go together.
    """
    if len(text) > LONGEST:
        raise InvalidIdentifier(f"element string of {len(text)} characters is longer than {LONGEST}")
    found: dict[str, str] = {}
    for ai, value in _bracketed(text) if text.startswith("(") else _plain(text):
        check_value(ai, value)
        if found.setdefault(ai, value) != value:
            raise InvalidIdentifier(f"AI {ai} is there twice, with {found[ai]!a} and {value!a}", place=f"({ai})")
    elements = tuple(found.items())
    if complete:
        associations.check(elements)
    return elements


def _bracketed(text: str) -> list[tuple[str, str]]:
    pairs, place = [], 0
    while place < len(text):
        match = _BRACKETED.match(text, place)
        if match is None:
            raise InvalidIdentifier(
                f"{text[place : place + 40]!a} is not an AI in brackets and its value",
                place=f"character {place}",
                remedy="write a bracket that belongs to a value as \\(",
            )
        ai, value = match.groups()
        pairs.append((ai, value.replace("\\(", "(") if "\\" in value else value))
        place = match.end()
    return pairs


def _plain(text: str) -> list[tuple[str, str]]:
    """One FNC1 may stand in front, one at the end, and one behind an AI of pre-defined length."""
    symbology = _SYMBOLOGY.match(text)
    parts = _SEPARATORS.split(text[symbology.end() :] if symbology else text)
    pairs = []
    inner = parts[parts[0] == "" : len(parts) - (parts[-1] == "")]
    if not inner:
        raise InvalidIdentifier("element string is empty")
    for part in inner:
        if not part:
            raise InvalidIdentifier(f"element string {text[:60]!a} has two separators in a row")
        rest = part
        while rest:
            ai, value, rest = _first(rest)
            pairs.append((ai, value))
    return pairs


def _first(text: str) -> tuple[str, str, str]:
    """The first AI of a run without separators, its value, and what is behind."""
    length = AI_LENGTH.get(text[:2])
    if length is None:
        raise InvalidIdentifier(f"{text[:40]!a} does not begin with an application identifier")
    end = PREDEFINED_LENGTH.get(text[:2], len(text))
    return text[:length], text[length:end], text[end:]


def identify(elements: Elements) -> tuple[Elements, Elements]:
    """What names the thing (key, then its qualifiers in the order of the standard), and the other AIs.

    The first key in the string decides. Where it has qualifiers of two sequences, those name the thing that could not
    describe it: a serial of third parties (235) leaves the lot (10) to the attributes. These come in
    the order of links, which saves separators in a symbol too.
    Raises InvalidIdentifier when there is no key, or when qualifiers are there that exclude each other.
    """
    key = next((pair for pair in elements if pair[0] in PRIMARY), None)
    if key is None:
        raise InvalidIdentifier("element string holds no GS1 key, so it names no thing")
    values = dict(elements)
    sequences = [[ai for ai in sequence if ai in values] for sequence in PRIMARY[key[0]].qualifiers]
    chosen = [sequence for sequence in sequences if sequence] or [[]]
    if len(chosen) > 1:
        chosen = [sequence for sequence in chosen if not NOT_IN_QUERY.isdisjoint(sequence)]
    if len(chosen) > 1:
        raise InvalidIdentifier(f"AIs {chosen[0][0]} and {chosen[1][0]} exclude each other", place=f"({key[0]})")
    identity = (key, *((ai, values[ai]) for ai in chosen[0]))
    others = [pair for pair in elements if pair not in identity]
    return identity, in_order(tuple(others))


def build(elements: Elements) -> str:
    """The element string with brackets of values that have been checked."""
    return "".join([f"({ai})" + value.replace("(", "\\(") for ai, value in elements])


def build_unbracketed(elements: Elements, *, fnc1: str = GS) -> str:
    """The element string without brackets of values that have been checked: what a symbol holds behind its first FNC1.

    AIs stay in their order; a separator stands only where it must. Those of pre-defined length first make the
    shortest symbol.
    """
    words = [f"{ai}{value}" for ai, value in elements]
    behind = [fnc1 if ai[:2] not in PREDEFINED_LENGTH else "" for ai, _ in elements[:-1]]
    return "".join([word + separator for word, separator in zip(words, [*behind, ""], strict=True)])
