"""Values of query parameters, as URLs, JSON and SOAP give them (EPCIS 2.0 sections 8.2.7.1 and 12.7).

Each reader takes the value of one parameter and the namespaces that hold, and gives what is asked for, or None where
the value is an empty list, which asks nothing. All raise `InvalidInput` without a place: the caller knows the name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from suyuan.base.clock import parse_time
from suyuan.base.errors import InvalidInput
from suyuan.epcis import context
from suyuan.epcis.events import EVENT_TYPES, Number
from suyuan.epcis.identifiers import identify
from suyuan.epcis.query_things import Match, read_match
from suyuan.epcis.vocabulary import Action, Vocabulary


class Written(str):
    """Text from where everything is text, a URL or an untyped element: it may be meant as a number or a time."""

    __slots__ = ()


class Asked(msgspec.Struct, frozen=True):
    """Values by kind. Times in microseconds UTC."""

    texts: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    times: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """How many there are, of the kind that has most: one value may be read as several kinds."""
        return max(len(self.texts), len(self.numbers), len(self.times))


#: A reader of a parameter's value, with the namespaces by prefix.
Reader = Callable[[object, Mapping[str, str]], Asked | tuple[Match, ...] | None]

_LONGEST = 40
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]*", re.ASCII)
#: Lists in URLs are parted by bars (section 12). Commas part bare words, too, and URIs where the next one begins.
_COMMA = re.compile(r",(?=[A-Za-z][A-Za-z0-9+.-]*:)", re.ASCII)
_EPCIS = ("https://ref.gs1.org/epcis/", "https://ns.gs1.org/epcis/", "epcis:")
_TRUE, _FALSE = {"true", "1"}, {"false", "0"}


def known_namespaces(namespaces: Mapping[str, str]) -> Mapping[str, str]:
    """What a request defines over what the standard does."""
    return {**context.STANDARD_PREFIXES, **namespaces}


def from_url(pairs: Iterable[tuple[str, str]]) -> dict[str, object]:
    """Parameters of a URL, decoded, as `suyuan.epcis.query_parameters.read_query` takes them.

    A repeated parameter and bars give several values. A plus sign that nobody encoded is a space here: times know it.
    """
    listed: dict[str, list[Written]] = {}
    for name, value in pairs:
        listed.setdefault(name, []).extend(Written(part) for part in (value.split("|") if value else [""]))
    return {name: values[0] if len(values) == 1 else values for name, values in listed.items()}


def _items(value: object) -> list[object]:
    """The values of a parameter that may have several; empty texts say nothing."""
    if value is None or value == {}:
        return []
    items = value if isinstance(value, list | tuple) else [value]
    return [item for item in items if not (isinstance(item, str) and not item)]


def _texts(value: object, *, words: bool = False) -> list[str]:
    found: list[str] = []
    for item in _items(value):
        if isinstance(item, Written) and words:
            found += [part for part in (_COMMA.split(item) if ":" in item else item.split(",")) if part]
        elif isinstance(item, str):
            found.append(str(item))
        else:
            raise _wrong(item, "a text")
    return found


def _wrong(value: object, expected: str) -> InvalidInput:
    shown = repr(value)
    return InvalidInput(f"found {shown[:60]}, expected {expected}")


def _one(value: object) -> object:
    items = value if isinstance(value, list | tuple) else [value]
    if len(items) != 1:
        raise InvalidInput(f"found {len(items)} values, expected one")
    return items[0]


def word(words: Vocabulary, value: str, namespaces: Mapping[str, str]) -> str:
    """The bare word of a vocabulary, or the URI of another one's."""
    written = context.expand(value, namespaces)
    try:
        return words.short(written)
    except InvalidInput:
        if ":" in written:
            return written
        raise


def word_if_known(words: Vocabulary, value: str, namespaces: Mapping[str, str]) -> str:
    """The same, but a word that the vocabulary doesn't have stays as it is: nothing has it."""
    try:
        return word(words, value, namespaces)
    except InvalidInput:
        return value


def words(vocabulary: Vocabulary) -> Reader:
    """A reader of words of one vocabulary."""

    def read(value: object, namespaces: Mapping[str, str]) -> Asked | None:
        found = [word(vocabulary, each, namespaces) for each in _texts(value, words=True)]
        return Asked(tuple(found)) if found else None

    read.__doc__ = f"Words of the standard {vocabulary.name} vocabulary, or URIs."
    return read


def event_types(value: object, namespaces: Mapping[str, str]) -> Asked | None:
    """Names of event types; the URI of an extension type finds nothing here."""
    found = []
    for written in _texts(value, words=True):
        full = context.expand(written, namespaces)
        name = next((full[len(stem) :] for stem in _EPCIS if full.startswith(stem)), full)
        if name not in EVENT_TYPES and name != "QuantityEvent" and ":" not in name:
            known = ", ".join(EVENT_TYPES)
            raise InvalidInput(f"there is no event type {name[:40]!r}", remedy=f"one of {known}")
        found.append(name)
    return Asked(tuple(found)) if found else None


def actions(value: object, _: Mapping[str, str]) -> Asked | None:
    """ADD, OBSERVE, DELETE."""
    found = _texts(value, words=True)
    for each in found:
        if each not in {action.value for action in Action}:
            raise _wrong(each, "ADD, OBSERVE or DELETE")
    return Asked(tuple(found)) if found else None


def identifiers(value: object, namespaces: Mapping[str, str]) -> Asked | None:
    """URIs, each as the one name that the thing has in all its writings."""
    found = [identify(context.expand(each, namespaces)).uri for each in _texts(value, words=True)]
    return Asked(tuple(found)) if found else None


def matches(value: object, _: Mapping[str, str]) -> tuple[Match, ...] | None:
    """Things, classes and patterns, in any writing."""
    found = tuple(read_match(each) for each in _texts(value, words=True))
    return found or None


def texts(value: object, _: Mapping[str, str]) -> Asked | None:
    """Texts as they are."""
    found = _texts(value)
    return Asked(tuple(found)) if found else None


def names(value: object, namespaces: Mapping[str, str]) -> Asked | None:
    """Names of attributes, in full."""
    found = [expanded(each, namespaces) for each in _texts(value, words=True)]
    return Asked(tuple(found)) if found else None


def expanded(name: str, namespaces: Mapping[str, str]) -> str:
    """An attribute's name with its namespace."""
    return context.expand(name, namespaces)


def hex_binary(value: object, _: Mapping[str, str]) -> Asked | None:
    """Hexadecimal digits; the case of a letter says nothing."""
    found = _texts(value)
    for each in found:
        if not _HEX.fullmatch(each):
            raise _wrong(each, "hexadecimal digits")
    return Asked(tuple(each.upper() for each in found)) if found else None


def boolean(value: object, _: Mapping[str, str]) -> Asked | None:
    """True or false."""
    item = _one(value)
    if isinstance(item, bool):
        return Asked((str(item).lower(),))
    if isinstance(item, str) and item.lower() in _TRUE | _FALSE:
        return Asked(("true" if item.lower() in _TRUE else "false",))
    raise _wrong(item, "true or false")


def present(value: object, _: Mapping[str, str]) -> Asked | None:
    """The void value of EXISTS, in whatever form: nothing, true, a number. False and 0 ask nothing."""
    items = value if isinstance(value, list | tuple) else [value]
    if len(items) > 1 or not all(item is None or item == {} or isinstance(item, str | bool | int) for item in items):
        raise _wrong(value, "no value, or true")
    item = items[0] if items else None
    if item is False or (isinstance(item, int) and item == 0) or (isinstance(item, str) and item.lower() in _FALSE):
        return None
    if isinstance(item, str) and item and item.lower() not in _TRUE:
        raise _wrong(item, "no value, or true")
    return Asked()


def _number(item: object) -> Number:
    if isinstance(item, bool):
        raise _wrong(item, "a number")
    try:
        if isinstance(item, int | float) and math.isfinite(item):
            return item
        if isinstance(item, str) and len(item) <= _LONGEST and _NUMBER.fullmatch(item.strip()):
            return _exact(item.strip())
    except OverflowError:
        pass
    raise _wrong(item, "a number")


def _exact(text: str) -> Number:
    """A whole number stays whole."""
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def number(value: object, _: Mapping[str, str]) -> Asked | None:
    """One number."""
    return Asked(numbers=(_number(_one(value)),))


def numbers(value: object, _: Mapping[str, str]) -> Asked | None:
    """One number or several."""
    found = tuple(_number(item) for item in _items(value))
    return Asked(numbers=found) if found else None


def moment_of(text: str) -> int | None:
    """Microseconds UTC of a time with its zone, or of the beginning of a day in UTC; None of any other text."""
    if not 10 <= len(text) <= _LONGEST or not text[:4].isdigit():
        return None
    try:
        return parse_time(f"{text}T00:00:00Z" if _DATE.fullmatch(text) else text.replace(" ", "+"))[0]
    except InvalidInput:
        return None


def number_of(text: str) -> float | None:
    """The number that a text is; None of any other text."""
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    found = float(text)
    return found if math.isfinite(found) else None


def _time(item: object) -> int:
    if not isinstance(item, str):
        raise _wrong(item, "a time")
    return parse_time(item.replace(" ", "+"))[0]


def time(value: object, _: Mapping[str, str]) -> Asked | None:
    """One time."""
    return Asked(times=(_time(_one(value)),))


def times(value: object, _: Mapping[str, str]) -> Asked | None:
    """One time or several."""
    found = tuple(_time(item) for item in _items(value))
    return Asked(times=found) if found else None


def anything(value: object, _: Mapping[str, str]) -> Asked | None:
    """Values of an extension: texts, numbers, times; text that came untyped is all that it can be."""
    items = _items(value)
    typed_list = isinstance(value, list | tuple)
    found: dict[str, list[Any]] = {"texts": [], "numbers": [], "times": []}
    for item in items:
        if isinstance(item, bool):
            found["texts"].append(str(item).lower())
        elif isinstance(item, str):
            found["texts"].append(str(item))
            number_found = number_of(item) if isinstance(item, Written) else None
            moment = moment_of(item) if isinstance(item, Written) or not typed_list else None
            found["numbers"] += [] if number_found is None else [number_found]
            found["times"] += [] if moment is None else [moment]
        else:
            found["numbers"].append(_number(item))
    return Asked(**{kind: tuple(values) for kind, values in found.items()}) if items else None


def ordered(value: object, _: Mapping[str, str]) -> Asked | None:
    """What a comparison of order takes: one number or one time."""
    item = _one(value)
    moment = moment_of(item) if isinstance(item, str) else None
    return Asked(times=(moment,)) if moment is not None else Asked(numbers=(_number(item),))


def single(name: str, parameters: Mapping[str, object]) -> str:
    """A text parameter that may be given once; empty where it is not."""
    if parameters.get(name) in (None, "", []):
        return ""
    try:
        item = _one(parameters[name])
        if isinstance(item, str):
            return str(item)
        raise _wrong(item, "a text")
    except InvalidInput as error:
        raise InvalidInput(error.detail, place=name) from None


def count(name: str, parameters: Mapping[str, object]) -> int | None:
    """A whole number above nought; None where it is not given."""
    if parameters.get(name) in (None, "", []):
        return None
    try:
        found = _number(_one(parameters[name]))
    except InvalidInput as error:
        raise InvalidInput(error.detail, place=name, remedy=error.remedy) from None
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if not isinstance(found, int) or not 1 <= found < 2**53:
        raise InvalidInput(f"found {str(found)[:40]}, expected a whole number above 0", place=name)
    return found
