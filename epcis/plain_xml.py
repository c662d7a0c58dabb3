"""The quick path for XML: documents of plain events, whose elements the C parser of the standard library builds.

The list of events is cut out and parsed alone, what is around it goes to `suyuan.epcis.xml_reader` as ever. Only event
lists without comments, declarations, processing instructions and prefixes are taken, of events that have no extensions,
attributes, ILMD, sensors or quantities: whatever is otherwise, or wrong, is left to the reader, which takes everything
and says what is wrong. Both give the same (a test compares them); this takes a third of the time.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError, XMLParser

from suyuan.epcis.events import EVENT_TYPES
from suyuan.epcis.xml_schema import ITEMS, RANKS

_BEGIN, _END = b"<EventList>", b"</EventList>"
#: More tags than this are left to the reader, which has one event in memory.
_MOST_TAGS = 1_000_000


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
    try:
        parser = XMLParser()  # noqa: S314 - no declaration gets here, so that there are no entities
        parser.feed(declaration + body[begin - len(_BEGIN) : end + len(_END)])
        listed: Element = parser.close()
    except (ParseError, LookupError, ValueError):
        return None
    if _is_text(listed.text):
        return None
    events = []
    for element in listed:
        members = _event(element)
        if members is None:
            return None
        events.append(members)
    return Cut(body[:begin] + body[end:], events)


def _event(element: Element) -> dict[str, Any] | None:
    kind = element.tag
    if kind not in EVENT_TYPES or element.attrib or _is_text(element.text) or _is_text(element.tail):
        return None
    ranks, last = RANKS[kind], -1
    members: dict[str, Any] = {"type": kind}
    for child in element:
        name = child.tag
        read, rank = _READERS.get(name), ranks.get(name, -1)
        if read is None or rank <= last or child.attrib or _is_text(child.tail):
            return None
        last = rank
        value = read(child)
        if value is None:
            return None
        members[name] = value
    return members


def _is_text(text: str | None) -> bool:
    return text is not None and not text.isspace()


def _text(element: Element) -> str | None:
    return None if len(element) else (element.text or "").strip()


def _texts(element: Element) -> list[str] | None:
    texts = []
    for item in element:
        if item.tag != "epc" or len(item) or item.attrib or _is_text(item.tail):
            return None
        texts.append((item.text or "").strip())
    return None if _is_text(element.text) else texts


def _location(element: Element) -> dict[str, str] | None:
    if len(element) != 1 or _is_text(element.text):
        return None
    item = element[0]
    return (
        None
        if item.tag != "id" or len(item) or item.attrib or _is_text(item.tail)
        else {"id": (item.text or "").strip()}
    )


def _typed(element: Element) -> list[dict[str, str]] | None:
    """Business transactions, sources or destinations."""
    name, listed = ITEMS[element.tag], []
    for item in element:
        kind = item.attrib.get("type")
        if item.tag != name or len(item) or kind is None or len(item.attrib) > 1 or _is_text(item.tail):
            return None
        listed.append({"type": kind.strip(), name: (item.text or "").strip()})
    return None if _is_text(element.text) else listed


_READERS: dict[str, Any] = {
    **dict.fromkeys(("eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "action", "bizStep", "disposition",
                     "parentID", "transformationID"), _text),
    **dict.fromkeys(("epcList", "childEPCs", "inputEPCList", "outputEPCList"), _texts),
    **dict.fromkeys(("readPoint", "bizLocation"), _location),
    **dict.fromkeys(("bizTransactionList", "sourceList", "destinationList"), _typed),
}  # fmt: skip
