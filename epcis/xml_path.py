"""Places in documents: JSON pointers of what was read, as the paths of the XML that it was read from."""

from __future__ import annotations

from suyuan.epcis.xml_schema import ITEMS

_ENVELOPE = {
    "epcisBody": "EPCISBody",
    "queryResults": "QueryResults",
    "resultsBody": "resultsBody",
    "eventList": "EventList",
    "epcisHeader": "EPCISHeader",
}
_ITEMS = {**ITEMS, "eventList": "*"}
_TEXTS = frozenset(("bizTransaction", "source", "destination"))
_WITH_ATTRIBUTES = frozenset(("sensorReport", "sensorMetadata"))


def event_pointer(kind: str, index: int) -> str:
    """The JSON pointer of an event, counted from 0, in a document of this type."""
    results = "/queryResults/resultsBody" if kind == "EPCISQueryDocument" else ""
    return f"/epcisBody{results}/eventList/{index}"


def xml_place(pointer: str) -> str:
    """The path of the XML element or attribute that the value at a JSON pointer came from.

    Events are counted whatever their type: ``EventList/*[3]`` is the third event. In a bare event the outermost element
    is ``*``.
    """
    words = pointer.split("/")[1:]
    root = "EPCISQueryDocument" if "queryResults" in words[:2] else "EPCISDocument"
    path = [root if words[:1] == ["epcisBody"] else "*"]
    before = ""
    for word in words:
        if word.isdigit() and before:
            item = _ITEMS.get(before)
            number = f"[{int(word) + 1}]"
            path[-1:] = [path[-1], f"{item}{number}"] if item else [f"{path[-1]}{number}"]
            before = item or before
        elif before in _TEXTS and word == "type":
            path.append("@type")
        elif before in _WITH_ATTRIBUTES:
            path.append(f"@{word}")
        elif word and not (before in _TEXTS and word == before):
            path.append(_ENVELOPE.get(word, word))
            before = word
    return "/" + "/".join(path)
