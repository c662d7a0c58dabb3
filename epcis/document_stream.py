"""EPCIS documents in JSON that are larger than memory, cut into their events as the bytes come in.

What `suyuan.epcis.json_codec` does with a whole document happens here in two readings of a file: `read_frame` looks at
everything but the events (and says how many there are), `iter_events` gives each event's exact bytes. Both hold one
chunk and one event in memory. What they refuse is what the reader of whole documents refuses: names that stand twice,
anything behind the document, bytes that are not UTF-8, events over the limit; the events themselves are cut out, not
looked into: a wrong cut is no JSON, and whoever reads the event refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from typing import BinaryIO, NamedTuple

from suyuan.base.errors import InvalidDocument, TooLarge
from suyuan.epcis.json_codec import BOM, DOCUMENTS, Head, read_head
from suyuan.epcis.json_text import LONGEST_NAME, Limits, read_json

#: Bytes read from the file at once.
CHUNK = 256 * 1024

_BLANK = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR = re.compile(rb"[^ \t\r\n,\]}]*+")
#: Everything up to the next bracket that is not inside of a string.
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+([{}\[\]])', re.DOTALL)
_OPENING = b"{["
_LONGEST_NAME = 6 * LONGEST_NAME + 2  #: bytes of a name of which every character is escaped

#: What the parser gives when it has used up its bytes.
_MORE = None
Steps = Generator[bytes | None, None, None]


class Frame(NamedTuple):
    """A document without its events."""

    head: Head
    #: JSON pointer of the list of events.
    place: str
    #: Number of events.
    events: int
    #: Whether the document is XML: the pointer is that of the JSON that it was brought into.
    xml: bool = False


class EventCutter:
    """Cuts one document: `feed` gives the events that are whole by now, `close` says that nothing more comes.

    ``members`` are the document's own, ``results`` those of a query document's results, each as the bytes of its value.
    Raises `InvalidDocument` at the first byte that no document has there, `TooLarge` where a limit is passed.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.members: dict[str, bytes] = {}
        self.results: dict[str, bytes] = {}
        self.place: str | None = None
        self.events = 0
        self._buffer = b""
        self._at = 0
        self._before = 0
        self._kept = 0
        self._closed = False
        self._begun = False
        self._steps = self._document()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Events that end in these bytes, in order. Take them all before the next call."""
        self._before += self._at
        self._buffer = self._buffer[self._at :] + data
        self._at = 0
        if not self._begun:
            if len(self._buffer) < len(BOM):
                return
            self._begun = True
            self._at = len(BOM) if self._buffer.startswith(BOM) else 0
        for step in self._steps:
            if step is _MORE:
                return
            yield step

    def close(self) -> None:
        """The end: `InvalidDocument` where the document is not complete."""
        self._closed = self._begun = True
        for _ in self._steps:  # gives nothing more: an event ends with its last bracket
            raise AssertionError
        if self.place is None:
            raise InvalidDocument("the document has no list of events", place="/epcisBody", remedy="add eventList")

    # What a document is made of, from the outside in.

    def _document(self) -> Steps:
        yield from self._object("", self._member)
        yield from self._blank(last=True)
        if self._at < len(self._buffer):
            raise self._error("something stands behind the document", "")

    def _member(self, name: str) -> Steps:
        if name == "epcisBody":
            yield from self._object("/epcisBody", self._body_member)
        else:
            yield from self._keep(self.members, name, f"/{name}")

    def _body_member(self, name: str) -> Steps:
        if name == "eventList":
            yield from self._list("/epcisBody/eventList")
        elif name == "queryResults":
            yield from self._object("/epcisBody/queryResults", self._result_member)
        else:
            yield from self._keep({}, name, f"/epcisBody/{name}")

    def _result_member(self, name: str) -> Steps:
        if name == "resultsBody":
            yield from self._object("/epcisBody/queryResults/resultsBody", self._results_member)
        else:
            yield from self._keep(self.results, name, f"/epcisBody/queryResults/{name}")

    def _results_member(self, name: str) -> Steps:
        place = f"/epcisBody/queryResults/resultsBody/{name}"
        yield from self._list(place) if name == "eventList" else self._keep({}, name, place)

    def _keep(self, into: dict[str, bytes], name: str, place: str) -> Steps:
        """A member that is no part of the way to the events. All of them together fit in memory."""
        into[name] = yield from self._value(self._limits.body, place[:200])
        self._kept += len(into[name])
        if self._kept > self._limits.body:
            raise TooLarge(f"the document has more than {self._limits.body} bytes beside its events", place=place[:200])
        read_json(into[name], self._limits, place[:200])

    def _list(self, place: str) -> Steps:
        if self.place is not None:
            raise self._error("the document has two lists of events", place)
        self.place = place
        yield from self._expect(b"[", place, "an array")
        if (yield from self._blank()) == b"]":
            self._at += 1
            return
        while True:
            event = yield from self._value(self._limits.event, f"{place}/{self.events}")
            self.events += 1
            if self.events > self._limits.events:
                raise TooLarge(f"more than {self._limits.events} events", place=place, remedy="send it in parts")
            yield event
            if (yield from self._separator(b"]", place)):
                return

    def _object(self, place: str, member: Callable[[str], Steps]) -> Steps:
        yield from self._expect(b"{", place, "an object")
        if (yield from self._blank()) == b"}":
            self._at += 1
            return
        names: set[str] = set()
        while True:
            name = yield from self._name(place)
            if name in names:
                raise InvalidDocument(
                    f"the name {name[:60]!r} stands twice in one object",
                    place=place or None,
                    remedy="keep one of the two",
                )
            names.add(name)
            yield from self._expect(b":", place, "a colon")
            yield from member(name)
            if (yield from self._separator(b"}", place)):
                return

    # Tokens. Each waits for more bytes where it must see them to know its end.

    def _blank(self, last: bool = False) -> Generator[bytes | None, None, bytes]:
        """The first byte that is not blank, which stays where it is; nothing at the end, where that may be."""
        while True:
            found = _BLANK.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at : self._at + 1]
            if last and self._closed:
                return b""
            yield from self._more()

    def _more(self) -> Steps:
        if self._closed:
            raise InvalidDocument(f"not JSON: the document ends early, after {self._before + self._at} bytes")
        yield _MORE

    def _expect(self, byte: bytes, place: str, what: str) -> Steps:
        if (yield from self._blank()) != byte:
            raise self._error(f"expected {what}", place)
        self._at += 1

    def _separator(self, end: bytes, place: str) -> Generator[bytes | None, None, bool]:
        """A comma or the end; whether it was the end."""
        found = yield from self._blank()
        if found not in (b",", end):
            raise self._error("expected a comma or the end", place)
        self._at += 1
        return found == end

    def _name(self, place: str) -> Generator[bytes | None, None, str]:
        if (yield from self._blank()) != b'"':
            raise self._error("expected a name", place)
        raw = yield from self._value(_LONGEST_NAME, place)
        return str(read_json(raw, self._limits, place))

    def _value(self, limit: int, place: str) -> Generator[bytes | None, None, bytes]:
        """The bytes of the next value, at most ``limit`` of them."""
        opening = (yield from self._blank()) in (b"{", b"[")
        quoted = self._buffer[self._at : self._at + 1] == b'"'
        depth, at = 0, self._at
        while True:
            if opening:
                depth, at = self._brackets(depth, at)
                end = at if depth == 0 else None
            elif quoted:
                found = _STRING.match(self._buffer, self._at)
                end = found.end() if found else None
            else:
                found = _SCALAR.match(self._buffer, self._at)
                end = found.end() if found and found.end() < len(self._buffer) else None
            if (len(self._buffer) if end is None else end) - self._at > limit:
                raise TooLarge(f"the value has more than {limit} bytes", place=place)
            if end is not None:
                if end == self._at:
                    raise self._error("expected a value", place)
                value = self._buffer[self._at : end]
                self._at = end
                return value
            at -= self._at  # the buffer is cut off before the value
            yield from self._more()
            at += self._at

    def _brackets(self, depth: int, at: int) -> tuple[int, int]:
        """How deep the value is, and where, after the last bracket that is there; depth 0 is its end."""
        match, buffer = _TO_BRACKET.match, self._buffer
        while found := match(buffer, at):
            at = found.end()
            depth += 1 if found[1] in _OPENING else -1
            if depth == 0:
                break
        return depth, at

    def _error(self, detail: str, place: str) -> InvalidDocument:
        return InvalidDocument(f"not JSON: {detail} at byte {self._before + self._at}", place=place or None)


def read_frame(file: BinaryIO, limits: Limits) -> Frame:
    """Everything of a document but its events, which are counted. Reads the file from its present place to its end."""
    cutter = EventCutter(limits)
    for _ in _cut(file, cutter):
        pass
    head = read_head(cutter.members, limits, cutter.results)
    place = str(cutter.place)
    if (head.type == "EPCISQueryDocument") is not ("queryResults" in place):
        where = "queryResults/resultsBody" if head.type == DOCUMENTS[1] else "epcisBody"
        raise InvalidDocument(f"eventList is missing in {where}", place=place)
    return Frame(head, place, cutter.events)


def iter_events(file: BinaryIO, limits: Limits) -> Iterator[bytes]:
    """The bytes of each event, in order. Reads the file from its present place to its end."""
    return _cut(file, EventCutter(limits))


def _cut(file: BinaryIO, cutter: EventCutter) -> Iterator[bytes]:
    while data := file.read(CHUNK):
        yield from cutter.feed(data)
    cutter.close()
