"""The quick path for XML: documents of plain events, each recognised as a whole by one regular expression.

The list of events is cut out and read here, what is around it goes to `suyuan.epcis.xml_reader` as ever. Only lists in
ASCII without comments, declarations, processing instructions, entities and prefixes are taken, of events that have no
extensions, ILMD, sensors or quantities and whose elements stand in the order of the schema: whatever is otherwise, or
wrong, is left to the reader, which takes everything and says what is wrong. Both give the same (a test compares them);
this takes a third of the time. The expressions never go back: whatever the text, it is looked at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from suyuan.epcis.events import EVENT_TYPES
from suyuan.epcis.xml_schema import ITEMS, ORDER

_BEGIN, _END = "<EventList>", "</EventList>"
#: Characters of a text and of a type that are what they stand for; XML would change carriage returns.
_TEXT = r"[^<>&\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f]++"
_TYPE = r"[^<>&\"\x00-\x1f\x7f]++"
_KIND = re.compile(r"[ \t\r\n]*+<([A-Za-z]++)>")
_BLANK = re.compile(r"[ \t\r\n]*+")

_TEXTS = frozenset(
    ("eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "action", "bizStep", "disposition", "parentID",
     "transformationID")
)  # fmt: skip
_LISTS = frozenset(("epcList", "childEPCs", "inputEPCList", "outputEPCList"))
_PLACES = frozenset(("readPoint", "bizLocation"))
_TYPED = frozenset(("bizTransactionList", "sourceList", "destinationList"))
_TYPED_ITEM = {name: re.compile(rf'<{ITEMS[name]} type="({_TYPE})">({_TEXT})</{ITEMS[name]}>') for name in _TYPED}


class Cut(NamedTuple):
    """A document without its events, and where these stand in its text."""

    shell: bytes
    text: str
    begin: int
    end: int


def cut_plain(body: bytes) -> Cut | None:
    """The document in two; None where only the reader can tell. Never raises."""
    if not body.isascii() or not body.startswith(b"<") or b"<!" in body or body.find(b"<?", 1) >= 0:
        return None  # a comment or the like could hold what looks like a list of events
    text = body.decode()
    begin, end = text.find(_BEGIN) + len(_BEGIN), text.rfind(_END)
    if not len(_BEGIN) <= begin <= end or text.find(_BEGIN, begin) >= 0 or text.find(_END, begin) != end:
        return None
    return Cut(body[:begin] + body[end:], text, begin, end)


def plain_members(cut: Cut) -> Iterator[dict[str, Any] | None]:
    """The events as JSON objects, one after the other; None, and then nothing, where only the reader can tell."""
    _, text, at, end = cut
    while (kind := _KIND.match(text, at)) is not None and kind[1] in _EVENTS:
        fields, event = _EVENTS[kind[1]]
        found = event.match(text, kind.end())
        members = None if found is None else _members(kind[1], fields, found.groups())
        yield members
        if found is None or members is None:
            return
        at = found.end()
    blank = _BLANK.match(text, at)
    if blank is None or blank.end() != end:
        yield None


def _members(kind: str, fields: tuple[str, ...], values: tuple[str | None, ...]) -> dict[str, Any] | None:
    """The JSON object of an event's fields; None where one is blank."""
    members: dict[str, Any] = {"type": kind}
    for name, value in zip(fields, values, strict=True):
        if value is None:
            continue
        if name in _LISTS:
            # The expression has seen that there is nothing but blanks between the tags.
            members[name] = listed = [epc.strip() for epc in value.replace("<epc>", "").split("</epc>")[:-1]]
            if not all(listed):
                return None
        elif name in _TYPED:
            pairs = [(kind_of.strip(), text.strip()) for kind_of, text in _TYPED_ITEM[name].findall(value)]
            if not all(kind_of and text for kind_of, text in pairs):
                return None
            members[name] = [{"type": kind_of, ITEMS[name]: text} for kind_of, text in pairs]
        else:
            text = value.strip()
            if not text:
                return None
            members[name] = {"id": text} if name in _PLACES else text
    return members


def _field(name: str) -> str:
    """The expression of one field, which may be missing; its group is the text, or the list as it stands."""
    if name in _TEXTS:
        inside = f"({_TEXT})"
    elif name in _PLACES:
        inside = rf"[ \t\r\n]*+<id>({_TEXT})</id>[ \t\r\n]*+"
    elif name in _LISTS:
        inside = rf"((?:[ \t\r\n]*+<epc>{_TEXT}</epc>)++)[ \t\r\n]*+"
    else:
        inside = rf'((?:[ \t\r\n]*+<{ITEMS[name]} type="{_TYPE}">{_TEXT}</{ITEMS[name]}>)++)[ \t\r\n]*+'
    return rf"(?:[ \t\r\n]*+<{name}>{inside}</{name}>)?+"


def _event(kind: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Names of the fields that an event of this type may have here, and the expression of all behind its first tag."""
    fields = tuple(name for name in ORDER[kind] if name in _TEXTS | _PLACES | _LISTS | _TYPED)
    return fields, re.compile("".join(map(_field, fields)) + rf"[ \t\r\n]*+</{kind}>")


_EVENTS = {kind: _event(kind) for kind in EVENT_TYPES}
