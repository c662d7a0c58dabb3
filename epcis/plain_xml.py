"""The quick path for XML: documents of plain events, whose elements the C parser of the standard library builds.

The list of events is cut out and parsed alone, what is around it goes to `suyuan.epcis.xml_reader` as ever. Only event
lists without comments, declarations, processing instructions and prefixes are taken, of events that have no extensions,
attributes, ILMD, sensors or quantities: whatever is otherwise, or wrong, is left to the reader, which takes everything
and says what is wrong. Both give the same (a test compares them); this takes a third of the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError, XMLParser

from suyuan.epcis.events import EVENT_TYPES
from suyuan.epcis.xml_schema import ITEMS, RANKS

_BEGIN, _END = b"<EventList>", b"</EventList>"
#: More tags than this are left to the reader, which has one event in memory.
_MOST_TAGS = 1_000_000
#: Text behind an element.
_MIXED = re.compile(rb"</[^>]*+>\s*+[^\s<]")


class Cut(NamedTuple):
    """A document without its events, and these as JSON objects."""

    shell: bytes
    events: list[dict[str, Any]]


def cut_plain(body: bytes) -> Cut | None:
    """The document in two; None where only the reader can tell. Never raises."""
    begin, end = body.find(_BEGIN), body.rfind(_END)
    if not body.startswith(b"<") or not 0 < begin < end or b"<!" in body or body.find(b"<?", 1) >= 0:
        return None  # a comment or the like could hold what looks like a list of events
    begin += len(_BEGIN)
    if body.find(_BEGIN, begin) >= 0 or body.find(_END, begin) != end or body.count(b"<") > _MOST_TAGS:
        return None
    # The declared encoding holds for the list, too. A declaration that is none leaves the shell wrong, and is told so.
    declaration = body[: body.find(b"?>") + 2] if body.startswith(b"<?") else b""
    text = body[begin - len(_BEGIN) : end + len(_END)]
    if _MIXED.search(text):
        return None
    try:
        parser = XMLParser()  # noqa: S314 - no declaration gets here, so that there are no entities
        parser.feed(declaration + text)
        listed: Element = parser.close()
    except (ParseError, LookupError, ValueError):
        return None
    if _is_text(listed.text) or not _has_plain_attributes(listed, text):
        return None
    events = []
    for element in listed:
        members = _event(element)
        if members is None:
            return None
        events.append(members)
    return Cut(body[:begin] + body[end:], events)


def _has_plain_attributes(listed: Element, text: bytes) -> bool:
    """Whether nothing but business transactions, sources and destinations has an attribute, which is their type."""
    if b'"' not in text and b"'" not in text:
        return True  # asking an element for its attributes makes it have some
    return all(
        not element.attrib or (element.tag in _TYPED and [*element.attrib] == ["type"]) for element in listed.iter()
    )


def _event(element: Element) -> dict[str, Any] | None:
    kind = element.tag
    rows = _ROWS.get(kind)
    if rows is None or _is_text(element.text):
        return None
    members: dict[str, Any] = {"type": kind}
    last = -1
    for child in element:
        row = rows.get(child.tag)
        if row is None or row[0] <= last:
            return None
        last = row[0]
        value = row[1](child)
        if not value:
            return None
        members[child.tag] = value
    return members


def _is_text(text: str | None) -> bool:
    return text is not None and not text.isspace()


def _text(element: Element) -> str | None:
    text = element.text
    return None if text is None or len(element) else text.strip()


def _texts(element: Element) -> list[str] | None:
    texts = [item.text.strip() for item in element if item.tag == "epc" and item.text and not len(item)]
    return None if len(texts) != len(element) or "" in texts or _is_text(element.text) else texts


def _location(element: Element) -> dict[str, str] | None:
    if len(element) != 1 or element[0].tag != "id" or _is_text(element.text):
        return None
    text = _text(element[0])
    return {"id": text} if text else None


def _typed(element: Element) -> list[dict[str, str]] | None:
    """Business transactions, sources or destinations."""
    name, listed = ITEMS[element.tag], []
    for item in element:
        kind, text = item.get("type", "").strip(), _text(item)
        if item.tag != name or not kind or not text:
            return None
        listed.append({"type": kind, name: text})
    return None if _is_text(element.text) else listed


Read = Callable[[Element], Any]
_TYPED = frozenset(("bizTransaction", "source", "destination"))
#: Gives None, or nothing, of what only the reader can tell.
_READERS: dict[str, Read] = {
    **dict.fromkeys(("eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "action", "bizStep", "disposition",
                     "parentID", "transformationID"), _text),
    **dict.fromkeys(("epcList", "childEPCs", "inputEPCList", "outputEPCList"), _texts),
    **dict.fromkeys(("readPoint", "bizLocation"), _location),
    **dict.fromkeys(("bizTransactionList", "sourceList", "destinationList"), _typed),
}  # fmt: skip
#: Place in the order of the schema and reader of each element, by event type.
_ROWS: dict[str, dict[str, tuple[int, Read]]] = {
    kind: {name: (rank, _READERS[name]) for name, rank in RANKS[kind].items() if name in _READERS}
    for kind in EVENT_TYPES
}
