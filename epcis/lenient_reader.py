"""Events of sources that may break rules: read as far as no doubt is left about what they say.

The event's bytes stay as they are. What they mean is read from a repaired copy: a wrong identifier and an unknown word
become a URI of their own (`unchecked`), so that they are found again and are never taken for a right one; a field that
nobody defined becomes an extension of that kind; a missing zone offset is the one that the event's time is written in.
The same bytes are always repaired alike, so that what is derived from them can be derived again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from suyuan.base.errors import InvalidDocument
from suyuan.epcis.company_prefixes import wrong_prefixes
from suyuan.epcis.context import extended
from suyuan.epcis.event_reader import read_event
from suyuan.epcis.events import Event
from suyuan.epcis.fields import Prefixes
from suyuan.epcis.leniency import LENIENT, MOST_FORGIVEN, STRICT, Forgiven, Leniency, Pardon, Rule
from suyuan.epcis.profiles import Breach, breaches

#: Stands in front of what was not checked, percent-encoded.
UNCHECKED = "https://ns.suyuan.example/voc/unchecked/"
_ZONE = re.compile(r"(?:([+-][0-9]{2}:[0-9]{2})|[Zz])$")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[!-~]+")

#: Bytes of events that may be read again and again for one event.
_WORK = 20_000_000

#: Changes the object that has the member of this name (or the list that has this item); whether it could.
Repair = Callable[[Any, Any], bool]


def read_leniently(
    value: Any, place: str, prefixes: Prefixes, leniency: Leniency, size: int = 0
) -> tuple[Event, tuple[Forgiven, ...]]:
    """The event that a JSON object is, and what it was forgiven. The object is changed where it is repaired.

    Every repair is followed by another reading; ``size``, the object's bytes in JSON, bounds them, see `_most`.
    Raises `InvalidDocument` for the first fault that is not forgiven.
    """
    repaired: list[Forgiven] = []
    while True:
        pardon = Pardon(leniency)
        try:
            event = read_event(value, place, prefixes, pardon)
        except InvalidDocument as error:
            if len(repaired) >= _most(size) or not (leniency.covers(error.rule) and _repair(value, place, error)):
                raise
            repaired.append(Forgiven(error.place or "/", error.rule, error.detail[:500]))
        else:
            return event, (*repaired, *pardon.given)


def _most(size: int) -> int:
    """How many repairs an object of so many bytes may have, so that the work stays that of reading `_WORK` bytes."""
    return min(MOST_FORGIVEN, max(1, _WORK // max(size, 1)))


def faults(
    value: Any, place: str, prefixes: Prefixes, leniency: Leniency = STRICT, size: int = 0
) -> list[InvalidDocument]:
    """All faults that can be told of an event which ``leniency`` does not forgive; none of an event that is right.

    Behind a fault that leaves doubt nothing more is found. The object is changed where it is repaired.
    """
    found: list[InvalidDocument] = []
    tries = 0
    while True:
        pardon = _Listing(leniency)
        try:
            read_event(value, place, prefixes, pardon)
        except InvalidDocument as error:
            if not leniency.covers(error.rule):
                found.append(error)
            tries += 1
            if tries <= _most(size) and LENIENT.covers(error.rule) and _repair(value, place, error):
                continue
            if leniency.covers(error.rule):
                found.append(error)
            return found
        return found + pardon.found


class _Listing(Pardon):
    """Lists what is not forgiven instead of refusing it."""

    def __init__(self, leniency: Leniency) -> None:
        super().__init__(leniency)
        self.found: list[InvalidDocument] = []

    def ask(self, error: InvalidDocument) -> None:
        if not self.leniency.covers(error.rule):
            self.found.append(error)


def hold_to_demands(event: Event, place: str, prefixes: Prefixes, leniency: Leniency) -> tuple[Forgiven, ...]:
    """What an event was forgiven of the installation's own demands: its profiles, its list of company prefixes.

    Raises `InvalidDocument` for what is not forgiven.
    """
    pardon = Pardon(leniency)
    inner = prefixes if event.context is None else extended(prefixes, event.context)
    for profile in leniency.profiles:
        for one in breaches(event, inner, leniency.party, profile):
            pardon.ask(_breach(one, place, Rule.PROFILE))
    if leniency.company_prefixes.lengths:
        for one in wrong_prefixes(event, leniency.company_prefixes):
            pardon.ask(_breach(one, place, Rule.COMPANY_PREFIX))
    return tuple(pardon.given)


def _breach(one: Breach, place: str, rule: Rule) -> InvalidDocument:
    return InvalidDocument(one.detail, place=place + one.place or "/", remedy=one.remedy, rule=rule)


def unchecked(value: str) -> str:
    """The URI that stands for a value which broke a rule."""
    return UNCHECKED + quote(value, safe="")


def _repair(event: Any, place: str, error: InvalidDocument) -> bool:
    repair = _REPAIRS.get(error.rule)
    if repair is None or not isinstance(event, dict):
        return False
    if error.rule == Rule.OFFSET:
        return repair(event, "eventTimeZoneOffset")
    words = (error.place or "").removeprefix(place).split("/")[1:]
    holder = event
    for word in words[:-1]:
        holder = _member(holder, _unescaped(word))
    return bool(words) and repair(holder, _unescaped(words[-1]))


def _unescaped(word: str) -> str:
    return word.replace("~1", "/").replace("~0", "~")


def _member(holder: Any, name: str) -> Any:
    if isinstance(holder, list):
        return holder[int(name)] if name.isdecimal() and int(name) < len(holder) else None
    return holder.get(name) if isinstance(holder, dict) else None


def _name_apart(holder: Any, name: str) -> bool:
    """Put a URI of its own where an identifier or word is wrong, be it a member, an item or the only value."""
    value = _member(holder, name)
    if not isinstance(value, str) or value.startswith(UNCHECKED) or not value:
        return False
    holder[int(name) if isinstance(holder, list) else name] = unchecked(value)
    return True


def _identifier(holder: Any, name: str) -> bool:
    """Only an absolute URI: what is none means another thing in each firm."""
    value = _member(holder, name)
    return isinstance(value, str) and _ABSOLUTE.fullmatch(value) is not None and _name_apart(holder, name)


def _extension(holder: Any, name: str) -> bool:
    if not isinstance(holder, dict) or name not in holder or unchecked(name) in holder:
        return False
    holder[unchecked(name)] = holder.pop(name)
    return True


def _offset(event: Any, name: str) -> bool:
    """The offset of the event's time."""
    time = event.get("eventTime")
    found = _ZONE.search(time) if isinstance(time, str) else None
    if found is None or event.get(name) == (found[1] or "+00:00"):
        return False
    event[name] = found[1] or "+00:00"
    return True


_REPAIRS: dict[str, Repair] = {
    Rule.IDENTIFIER: _identifier,
    Rule.VOCABULARY: _name_apart,
    Rule.FIELD: _extension,
    Rule.OFFSET: _offset,
}
