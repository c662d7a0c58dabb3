"""Strict JSON: what RFC 8259 leaves to the parser is refused here.

Duplicate names, NaN and Infinity, numbers longer than any measurement, lone surrogates, U+0000, nesting deeper and
strings longer than `Limits` allow. A document that two parsers could read differently must not enter a ledger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn

import msgspec

from suyuan.base.errors import InvalidDocument, TooLarge

#: Longest number in characters: a double needs 24, a 64-bit integer 20; the rest is slack for padding zeros.
LONGEST_NUMBER = 40


#: Longest name of a member in characters; places in error messages are made of names.
LONGEST_NAME = 1_000


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one document may hold; more is `TooLarge`. Sizes in bytes, strings in characters.

    The worst body that is mere punctuation takes about 40 times its size in memory while it is looked at.
    """

    body: int = 16 * 1024 * 1024
    events: int = 20_000
    event: int = 4 * 1024 * 1024
    depth: int = 64
    string: int = 100_000


def read_json(text: bytes, limits: Limits, place: str = "") -> Any:
    """The value of a JSON text; ``place`` is its JSON pointer within the whole.

    Raises `InvalidDocument`, or `TooLarge` where a limit is passed.
    """
    check_encoding(text)
    try:
        value = json.loads(
            text.decode(),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_whole,
            parse_float=_decimal,
        )
    except json.JSONDecodeError as error:
        raise InvalidDocument(f"not JSON: {error.msg} at character {error.pos}", place=place or None) from None
    except RecursionError:
        raise _too_deep(limits, place) from None
    except InvalidDocument as error:
        raise InvalidDocument(error.detail, place=place or None, remedy=error.remedy) from None
    _check(value, [place], limits)
    return value


def check_encoding(text: bytes) -> None:
    """Refuse what isn't UTF-8."""
    if text.isascii():
        return
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise InvalidDocument(f"not UTF-8: {error.reason} at byte {error.start}") from None


def quotes_agree(text: bytes, value: Any) -> bool:
    """Whether ``value``, decoded from ``text`` by a parser that lets the last of equal names win, kept every name.

    Without backslashes every string of the text has two quotation marks, so a name that was dropped is missing from
    the count. ``False`` may also mean that there are backslashes: then only `read_json` can tell.
    """
    return b"\\" not in text and text.count(b'"') == msgspec.json.encode(value).count(b'"')


def first_repeated(values: Iterable[str]) -> str | None:
    """The first value that was there before; None where all differ."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = first_repeated(name for name, _ in _without_superseded_hash(pairs))
        if twice is not None:
            raise InvalidDocument(f"the name {twice[:60]!r} stands twice in one object", remedy="keep one of the two")
    return members


def _without_superseded_hash(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Leave out an ``eventID`` that is a content hash where the one that counts follows.

    GS1's own example AssociationEvent-h is written so. Nothing is lost: the hash follows from the content.
    """
    ids = [index for index, (name, _) in enumerate(pairs) if name == "eventID"]
    if len(ids) == 2 and str(pairs[ids[0]][1]).startswith("ni:///sha-256;"):
        return pairs[: ids[0]] + pairs[ids[0] + 1 :]
    return pairs


def _no_constant(text: str) -> NoReturn:
    raise InvalidDocument(f"{text} is not a JSON number")


def _whole(text: str) -> int:
    return int(_bounded(text))


def _decimal(text: str) -> float:
    number = float(_bounded(text))
    if number in (float("inf"), float("-inf")):
        raise InvalidDocument(f"number {text} is out of the range of a double")
    return number


def _bounded(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise InvalidDocument(f"number {text[:20]}... has {len(text)} characters, more than {LONGEST_NUMBER}")
    return text


def _too_deep(limits: Limits, place: str) -> TooLarge:
    return TooLarge(f"nesting is deeper than {limits.depth} levels", place=place[:200] or None)


def _check(value: Any, path: list[str | int], limits: Limits) -> None:
    """Walk the value for what the parser lets through: depth, long strings, surrogates, U+0000."""
    if isinstance(value, str):
        _check_string(value, path, limits)
    elif isinstance(value, dict | list):
        if len(path) > limits.depth:
            raise _too_deep(limits, _pointer(path))
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(key, str):
                _check_name(key, path, limits)
            path.append(key)
            _check(member, path, limits)
            path.pop()


def _pointer(path: list[str | int]) -> str:
    """A JSON pointer (RFC 6901), short enough to show."""
    words = [str(word)[:60].replace("~", "~0").replace("/", "~1") for word in path[1:]]
    return "/".join((str(path[0]), *words))[:300]


def _check_name(name: str, path: list[str | int], limits: Limits) -> None:
    if len(name) > LONGEST_NAME:
        raise TooLarge(f"a name has {len(name)} characters, more than {LONGEST_NAME}", place=_pointer(path))
    _check_string(name, path, limits)


def _check_string(text: str, path: list[str | int], limits: Limits) -> None:
    if len(text) > limits.string:
        raise TooLarge(f"a string has {len(text)} characters, more than {limits.string}", place=_pointer(path))
    if "\0" in text:
        raise InvalidDocument("a string has the character U+0000, which no store keeps", place=_pointer(path))
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidDocument("a string has half of a surrogate pair", place=_pointer(path)) from None
