"""Single values of an event's JSON: text, URI, identifier, time, number, word of a vocabulary.

Each reader takes the decoded JSON value, its JSON pointer and the prefixes that hold there, and gives the model's value
or raises `InvalidDocument` with that pointer. Types as in EPCIS 2.0 section 10 (JSON-LD binding).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NoReturn

from suyuan.base.clock import parse_offset, parse_time
from suyuan.base.errors import InvalidDocument, InvalidInput
from suyuan.epcis.context import expand
from suyuan.epcis.events import Number
from suyuan.epcis.identifiers import identify
from suyuan.epcis.json_text import first_repeated
from suyuan.epcis.leniency import Rule
from suyuan.epcis.vocabulary import Action, Vocabulary

Prefixes = Mapping[str, str]
#: A reader of one member: decoded JSON value, JSON pointer, prefixes.
Reader = Callable[[Any, str, Prefixes], Any]

_UOM = re.compile(r"[A-Za-z0-9]{1,8}")
#: A content hash as an event ID: algorithm, as many digits as it gives, and the version of the CBV that says of what.
_HASH = re.compile(
    r"ni:///(?:sha3?-256;[0-9A-Fa-f]{64}|sha3?-384;[0-9A-Fa-f]{96}|sha3?-512;[0-9A-Fa-f]{128})\?ver=CBV2\.0"
)
_HEX = re.compile(r"(?:[A-Fa-f0-9]{2})+")
_OFFSET = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_ACTIONS = frozenset(action.value for action in Action)


def wrong(value: Any, place: str, expected: str, remedy: str | None = None, rule: Rule = Rule.FORM) -> NoReturn:
    """Refuse a value that isn't what its place asks for."""
    shown = repr(value)
    raise InvalidDocument(
        f"found {shown[:60] + '...' if len(shown) > 60 else shown}, expected {expected}",
        place=place,
        remedy=remedy,
        rule=rule,
    )


def text(value: Any, place: str, _: Prefixes) -> str:
    """A string."""
    if not isinstance(value, str):
        wrong(value, place, "a string")
    return value


def uri(value: Any, place: str, _: Prefixes) -> str:
    """A URI; one that names a thing of GS1 must do so rightly."""
    if not isinstance(value, str):
        wrong(value, place, "a URI")
    try:
        identify(value)
    except InvalidInput as error:
        raise InvalidDocument(error.detail, place=place, remedy=error.remedy, rule=Rule.IDENTIFIER) from None
    return value


def event_id(value: Any, place: str, prefixes: Prefixes) -> str:
    """A URI; one that is a content hash has the form and a version of CBV 2.0, 8.9.2."""
    if isinstance(value, str) and value[:3].lower() == "ni:" and not _HASH.fullmatch(value):
        wrong(value, place, "ni:///sha-256;HASH?ver=CBV2.0 with a hexadecimal hash", rule=Rule.EVENT_ID)
    return uri(value, place, prefixes)


def time(value: Any, place: str, _: Prefixes) -> int:
    """Microseconds UTC of a time that names its zone."""
    if not isinstance(value, str):
        wrong(value, place, "a time", "write it as 2026-11-21T08:30:00.000+08:00", Rule.TIME)
    try:
        return parse_time(value)[0]
    except InvalidInput as error:
        raise InvalidDocument(error.detail, place=place, remedy=error.remedy, rule=Rule.TIME) from None


def offset(value: Any, place: str, _: Prefixes) -> int:
    """Minutes east of UTC of an ``eventTimeZoneOffset`` (7.4.1: ``+hh:mm`` or ``-hh:mm``, never ``Z``)."""
    if not isinstance(value, str) or not _is_offset(value):
        wrong(value, place, "a zone offset such as +08:00", rule=Rule.OFFSET)
    return parse_offset(value)


@lru_cache(maxsize=2_048)
def _is_offset(text: str) -> bool:
    return _OFFSET.fullmatch(text) is not None


def number(value: Any, place: str, _: Prefixes) -> Number:
    """A JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        wrong(value, place, "a number")
    return value


def boolean(value: Any, place: str, _: Prefixes) -> bool:
    """``true`` or ``false``."""
    if not isinstance(value, bool):
        wrong(value, place, "true or false")
    return value


def action(value: Any, place: str, _: Prefixes) -> str:
    """ADD, OBSERVE or DELETE."""
    if value not in _ACTIONS if isinstance(value, str) else True:
        wrong(value, place, "ADD, OBSERVE or DELETE")
    return str(value)


def uom(value: Any, place: str, _: Prefixes) -> str:
    """A unit; `suyuan.epcis.event_rules` says which."""
    if not isinstance(value, str) or not _UOM.fullmatch(value):
        wrong(value, place, "a UN/ECE Rec. 20 unit code such as KGM or CEL")
    return value


def hex_binary(value: Any, place: str, _: Prefixes) -> str:
    """Hexadecimal digits, two for each byte."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        wrong(value, place, "hexadecimal digits, two for each byte")
    return value


def word(vocabulary: Vocabulary) -> Reader:
    """A reader of one vocabulary: the bare word, or the full URI of another vocabulary's."""
    # Writings that no prefix has a part in, unless somebody makes one of "urn".
    full = {text: word for text, word in vocabulary.writings.items() if text.startswith("urn:") or ":" not in text}

    def read(value: Any, place: str, prefixes: Prefixes) -> str:
        if not isinstance(value, str):
            wrong(value, place, f"a {vocabulary.name}")
        known = full.get(value)
        if known is not None and "urn" not in prefixes:
            return known
        try:
            short = vocabulary.short(expand(value, prefixes))
        except InvalidDocument as error:
            raise InvalidDocument(error.detail, place=place, remedy=error.remedy, rule=Rule.VOCABULARY) from None
        return short if short in vocabulary.words else uri(short, place, prefixes)

    return read


def array(item: Reader, *, least: int = 0) -> Reader:
    """A reader of arrays whose items ``item`` reads; gives a tuple."""

    def read(value: Any, place: str, prefixes: Prefixes) -> tuple[Any, ...]:
        if not isinstance(value, list):
            wrong(value, place, "an array")
        if len(value) < least:
            wrong(value, place, f"an array of at least {least}")
        return tuple([item(member, f"{place}/{index}", prefixes) for index, member in enumerate(value)])

    return read


def unique(items: Reader) -> Reader:
    """A reader of arrays in which no item may stand twice."""

    def read(value: Any, place: str, prefixes: Prefixes) -> tuple[Any, ...]:
        return distinct(items(value, place, prefixes), place)

    return read


def distinct(listed: tuple[str, ...], place: str) -> tuple[str, ...]:
    """The list itself; refused where an item stands twice."""
    if len(set(listed)) != len(listed):
        twice = first_repeated(listed) or ""
        raise InvalidDocument(
            f"{twice[:80]!r} stands twice in the list", place=place, remedy="list it once", rule=Rule.REPETITION
        )
    return listed
