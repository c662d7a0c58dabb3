"""EPCIS documents in XML, read: EPCIS 1.0, 1.1, 1.2 and 2.0 (EPCIS 2.0 section 9, 1.2 section 9).

An event comes out as the JSON object that says the same (`suyuan.epcis.xml_events`), as bytes, so that all behind here
knows one form. A document is read whole, or, where it is larger than memory, in two readings of a file as
`suyuan.epcis.document_stream` does with JSON; either way one event element is built at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, NoReturn

import msgspec

from suyuan.base.clock import parse_time
from suyuan.base.errors import InvalidDocument, InvalidInput, TooLarge
from suyuan.epcis.document_stream import CHUNK, Frame
from suyuan.epcis.fields import Prefixes
from suyuan.epcis.json_codec import Document, Head, Source
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import STRICT, Forgiven, Leniency, Pardon
from suyuan.epcis.lenient_reader import hold_to_demands, read_leniently
from suyuan.epcis.plain_events import read_plain
from suyuan.epcis.plain_xml import cut_plain, plain_members
from suyuan.epcis.xml_events import EVENT_ELEMENTS, event_members
from suyuan.epcis.xml_master_data import vocabulary_list
from suyuan.epcis.xml_names import Names
from suyuan.epcis.xml_path import event_pointer, xml_place
from suyuan.epcis.xml_text import Element, Step, XmlParser

MASTER_DATA_DOCUMENT = "EPCISMasterDataDocument"
_EPCIS_DOCUMENT, _QUERY_DOCUMENT = "EPCISDocument", "EPCISQueryDocument"
_DOCUMENTS = frozenset(("EPCISDocument", _QUERY_DOCUMENT, MASTER_DATA_DOCUMENT))
_VERSION = re.compile(r"[12](?:\.[0-9]{1,4}){0,3}")
_ZONE = re.compile(r"(?:Z|[+-][0-9]{2}:[0-9]{2})$")
_IGNORED = "}ignoreFields"
#: What a document of each kind is nothing without.
_NEEDED = {_EPCIS_DOCUMENT: "EPCISBody", MASTER_DATA_DOCUMENT: "EPCISBody", _QUERY_DOCUMENT: "resultsBody"}
#: What some writers put on a bare event, as on the document that it stands for.
_ENVELOPE_ATTRIBUTES = ("schemaVersion", "creationDate")

#: What may stand in each element on the way to the events, and what is done with it. Extensions are left out.
_INSIDE: dict[str, dict[str, Step]] = {
    "": dict.fromkeys((*_DOCUMENTS, "QueryResults"), Step.ENTER) | dict.fromkeys(EVENT_ELEMENTS, Step.BUILD),
    "EPCISDocument": {"EPCISHeader": Step.ENTER, "EPCISBody": Step.ENTER, "extension": Step.SKIP},
    MASTER_DATA_DOCUMENT: {"EPCISHeader": Step.ENTER, "EPCISBody": Step.ENTER, "extension": Step.SKIP},
    "EPCISHeader": {"extension": Step.ENTER, "EPCISMasterData": Step.ENTER},
    "EPCISMasterData": {"VocabularyList": Step.BUILD, "extension": Step.SKIP},
    "EPCISBody": {
        "EventList": Step.ENTER, "QueryResults": Step.ENTER, "VocabularyList": Step.BUILD, "extension": Step.SKIP,
    },
    "QueryResults": {
        "queryName": Step.BUILD, "subscriptionID": Step.BUILD, "resultsBody": Step.ENTER, "extension": Step.SKIP,
    },
    "resultsBody": {"EventList": Step.ENTER, "VocabularyList": Step.BUILD},
    "EventList": dict.fromkeys(EVENT_ELEMENTS, Step.BUILD) | {"extension": Step.ENTER},
}  # fmt: skip
#: The reference implementation of the event hash takes a query document without body and results, too.
_INSIDE[_QUERY_DOCUMENT] = {"EPCISHeader": Step.ENTER, "EPCISBody": Step.ENTER} | _INSIDE["QueryResults"]


class XmlEvent(NamedTuple):
    """An event as a JSON object, decoded and as bytes."""

    members: dict[str, Any]
    raw: bytes
    forgiven: tuple[Forgiven, ...]


class XmlEvents:
    """The events of a document in pieces: `feed` gives those that are whole by now, `close` what stands beside them.

    An event is given as the reason why it can't be one, where it can't be a JSON object.

    ``leniency`` is that of the document's source.
    """

    def __init__(self, limits: Limits, leniency: Leniency = STRICT) -> None:
        self.count = 0
        self._limits = limits
        self._leniency = leniency
        self._parser = XmlParser(self, limits)
        self._way: list[str] = [""]
        self._entered: set[str] = set()
        self._kind = ""
        self._creation_date: int | None = None
        self._vocabulary: list[dict[str, Any]] | None = None
        self._ignored: set[str] = set()
        self._names: Names | None = None
        self._ready: list[XmlEvent | InvalidDocument] = []

    @property
    def context(self) -> bytes:
        """The ``@context`` of the document, as compact JSON; complete when the first event is."""
        return self._known_names().context

    def feed(self, data: bytes) -> list[XmlEvent | InvalidDocument]:
        """The events that end in these bytes."""
        self._parser.feed(data)
        ready, self._ready = self._ready, []
        return ready

    def close(self) -> Head:
        """The end: `InvalidDocument` where the document is not complete."""
        self._parser.close()
        needed = _NEEDED.get(self._kind, "")
        if needed and needed not in self._entered:
            _refuse(f"{needed} is missing", f"/{self._kind}")
        vocabulary = None if self._vocabulary is None else msgspec.json.encode({"vocabularyList": self._vocabulary})
        return Head(self._kind, self.context, vocabulary, self._creation_date, frozenset(self._ignored))

    # What the parser calls.

    def enter(self, name: str, attributes: dict[str, str]) -> Step:
        here = self._way[-1]
        step = _INSIDE[here].get(name) or self._foreign(name)
        if here == "":
            self._begin(name, attributes)
        if step is Step.ENTER:
            if name in self._entered and name != "extension":
                _refuse(f"{name} stands twice", "/".join((*self._way, name)))
            self._entered.add(name)
            self._way.append(here if name == "extension" else name)
        elif name in EVENT_ELEMENTS:
            self.count += 1
            if self.count > self._limits.events:
                raise TooLarge(f"more than {self._limits.events} events", remedy="send it in parts")
        return step

    def leave(self, _: str) -> None:
        self._way.pop()

    def built(self, element: Element) -> None:
        if element.name in EVENT_ELEMENTS:
            self._ready.append(self._event(element))
        elif element.name == "VocabularyList":
            names = self._known_names()
            names.begin(self._parser.inner)
            self._vocabulary = (self._vocabulary or []) + vocabulary_list(element, names)
        elif element.name.endswith(_IGNORED):
            self._ignored.update(child.name for child in element.children)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        """The outermost element."""
        self._kind = _QUERY_DOCUMENT if name == "QueryResults" else name
        if name == _EPCIS_DOCUMENT:
            version = attributes.get("schemaVersion", "")
            if not _VERSION.fullmatch(version):
                _refuse(f"schemaVersion is {version[:60]!r}, expected 1.2 or 2.0", f"/{name}/@schemaVersion")
            if "creationDate" not in attributes:
                _refuse("creationDate is missing", f"/{name}/@creationDate")
        if "creationDate" in attributes:
            self._creation_date = _moment(attributes["creationDate"], f"/{name[:60]}/@creationDate")

    def _foreign(self, name: str) -> Step:
        """An element of another namespace is left out, but for the list of what is no part of the event hash.

        Among events there is none: one in a wrong namespace must not vanish.
        """
        among_events = self._way[-1] == "EventList" and not name.endswith(_IGNORED)
        if not name.startswith("{") or len(self._way) == 1 or among_events:
            expected = ", ".join(sorted(_INSIDE[self._way[-1]]))
            _refuse(f"found {name[:80]}, expected one of {expected}", "/".join((*self._way, name[:80])))
        return Step.BUILD if name.endswith(_IGNORED) else Step.SKIP

    def _event(self, element: Element) -> XmlEvent | InvalidDocument:
        names = self._known_names()
        names.begin(self._parser.inner)
        if len(self._way) == 1:
            for name in _ENVELOPE_ATTRIBUTES:
                element.attributes.pop(name, None)
        pardon = Pardon(self._leniency)
        try:
            members = event_members(element, names, pardon)
            raw = msgspec.json.encode(members)
            if avoid := names.to_avoid(raw):
                names.begin(self._parser.inner, avoid)
                members = event_members(element, names, Pardon(self._leniency))
                raw = msgspec.json.encode(members)
        except InvalidDocument as error:
            return _at(xml_place(self.pointer(self.count - 1)) + (error.place or ""), error)
        if pardon.given:
            place = xml_place(self.pointer(self.count - 1))
            pardon.given = [Forgiven(place + one.place, one.rule, one.detail) for one in pardon.given]
        return XmlEvent(members, raw, tuple(pardon.given))

    def pointer(self, index: int) -> str:
        """The JSON pointer of an event, counted from 0; "" of a bare one."""
        return "" if self._kind in EVENT_ELEMENTS else event_pointer(self._kind, index)

    def _known_names(self) -> Names:
        """Prefixes of the document, as they are when they are first needed: later ones go with their events."""
        if self._names is None:
            self._names = Names(self._parser.outer)
        return self._names


def _moment(text: str, place: str) -> int:
    """A creation date, to which XML Schema doesn't demand a zone."""
    text = text.strip()
    try:
        return parse_time(text if _ZONE.search(text) else f"{text}Z")[0]
    except InvalidInput as error:
        raise InvalidDocument(error.detail, place=place, remedy=error.remedy) from None


def _at(place: str, error: InvalidDocument) -> InvalidDocument:
    """The error, with its place in the document."""
    return InvalidDocument(error.detail, place=place, remedy=error.remedy, rule=error.rule)


def _refuse(detail: str, place: str) -> NoReturn:
    raise InvalidDocument(detail, place=place)


def read_xml_document(body: bytes, limits: Limits, leniency: Leniency = STRICT) -> Document:
    """An EPCIS document, query document, master data document, query results, or a bare event.

    Each event's ``raw`` is the JSON that says the same; ``context`` defines the prefixes that it uses. ``leniency`` is
    that of the source that sent the document. Raises `InvalidDocument` with the path of the first
    fault, `TooLarge` where a limit is passed; in bounded time and memory whatever the input, and nothing is fetched.
    """
    if len(body) > limits.body:
        raise TooLarge(f"the body has {len(body)} bytes, more than {limits.body}", remedy="send it in parts")
    plain = None if leniency.demands_more else _read_plain_document(body, limits)
    if plain is not None:
        return plain
    reader = XmlEvents(limits, leniency)
    events = reader.feed(body)
    head = reader.close()
    sources = [
        _source(event, reader.pointer(index), head.prefixes, limits, leniency) for index, event in enumerate(events)
    ]
    return Document(
        type=head.type,
        context=head.context,
        sources=tuple(sources),
        master_data=head.master_data,
        creation_date=head.creation_date,
        ignored=head.ignored,
    )


def _read_plain_document(body: bytes, limits: Limits) -> Document | None:
    """The document, where its events are plain and nothing is wrong with it; see `suyuan.epcis.plain_xml`."""
    cut = cut_plain(body)
    if cut is None:
        return None
    reader = XmlEvents(limits)
    try:
        reader.feed(cut.shell)
        head = reader.close()
    except (InvalidInput, TooLarge):
        return None
    if head.context != Names({}).context:
        return None  # values may begin with one of the document's prefixes
    prefixes = head.prefixes
    sources: list[Source] = []
    for members in plain_members(cut):
        if members is None or len(sources) >= limits.events:
            return None
        raw = msgspec.json.encode(members)
        event = read_plain(raw, prefixes, limits, unambiguous=True) if len(raw) <= limits.event else None
        if event is None:
            return None
        sources.append(Source(raw, event))
    return Document(
        type=head.type,
        context=head.context,
        sources=tuple(sources),
        master_data=head.master_data,
        creation_date=head.creation_date,
        ignored=head.ignored,
    )


def _source(
    event: XmlEvent | InvalidDocument, pointer: str, prefixes: Prefixes, limits: Limits, leniency: Leniency
) -> Source:
    if isinstance(event, InvalidDocument):
        raise event
    found = read_plain(event.raw, prefixes, limits)
    forgiven = event.forgiven
    try:
        if found is None:
            found, more = read_leniently(event.members, pointer, prefixes, leniency, len(event.raw))
            forgiven += more
        if leniency.demands_more:
            forgiven += hold_to_demands(found, pointer, prefixes, leniency)
        return Source(event.raw, found, forgiven)
    except InvalidDocument as error:
        raise _at(xml_place(error.place or pointer), error) from None


def read_xml_frame(file: BinaryIO, limits: Limits) -> Frame:
    """Everything of a document but its events, which are counted. Reads the file from its present place to its end."""
    reader = XmlEvents(limits)
    while data := file.read(CHUNK):
        reader.feed(data)
    head = reader.close()
    return Frame(head, reader.pointer(0).removesuffix("/0"), reader.count, xml=True)


def iter_xml_events(file: BinaryIO, limits: Limits, leniency: Leniency = STRICT) -> Iterator[bytes | InvalidDocument]:
    """Each event as the JSON that says the same, in order, or why it can't be said; others may be right nevertheless.

    Reads the file from its present place to its end. Raises what the document as a whole is refused for.
    """
    reader = XmlEvents(limits, leniency)
    while data := file.read(CHUNK):
        for event in reader.feed(data):
            yield event if isinstance(event, InvalidDocument) else event.raw
    reader.close()
