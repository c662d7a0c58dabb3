"""EPCIS documents in JSON and JSON-LD, read and written (EPCIS 2.0 section 10).

Reading keeps each event's exact bytes beside its model: answers are made from the bytes, so that nothing is lost that
the model writes in one way only. Documents are taken apart without building what lies between: `msgspec.Raw` slices.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NoReturn

import msgspec

from suyuan.base.clock import format_time, parse_time
from suyuan.base.errors import InvalidDocument, InvalidInput, TooLarge
from suyuan.epcis import context as contexts
from suyuan.epcis.context import EPCIS_CONTEXT
from suyuan.epcis.events import EVENT_TYPES, Event
from suyuan.epcis.fields import Prefixes, uri
from suyuan.epcis.json_text import Limits, check_encoding, read_json
from suyuan.epcis.leniency import STRICT, Forgiven, Leniency, Rule
from suyuan.epcis.lenient_reader import hold_to_demands, read_leniently
from suyuan.epcis.plain_events import read_plain

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
#: Types of documents, the only ones that hold several events.
DOCUMENTS = ("EPCISDocument", "EPCISQueryDocument")
_VERSION = re.compile(r"2(?:\.[0-9]{1,4}){0,3}")
#: What some writers put in front of UTF-8.
BOM = b"\xef\xbb\xbf"
#: Fields of a document beside its body (EPCIS 2.0, 10.1); others must be extensions.
_HEADER = frozenset(
    ("@context", "type", "id", "schemaVersion", "creationDate", "instanceIdentifier", "sender", "receiver",
     "epcisHeader", "epcisBody")
)  # fmt: skip
#: The second is no field of EPCIS 2.0, but what writers carry over from XML; it is passed over, as it is there.
_HEAD_MEMBERS = frozenset(("epcisMasterData", "StandardBusinessDocumentHeader"))
_RESULTS = frozenset(("queryName", "subscriptionID", "resultsBody"))


class Source(msgspec.Struct, frozen=True):
    """One event: the exact bytes in which it was submitted, and what they say."""

    raw: bytes
    event: Event
    #: Rules that the event broke and was forgiven, see `suyuan.epcis.leniency`.
    forgiven: tuple[Forgiven, ...] = ()


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What was submitted: events in the document's order.

    ``context`` is the compact JSON text of the document's ``@context``, ``b"null"`` of a bare event (whose own context
    is in its bytes). ``master_data`` is the JSON text of ``epcisHeader.epcisMasterData``. ``creation_date`` in
    microseconds UTC.
    """

    #: ``EPCISDocument``, ``EPCISQueryDocument``, or the event type of a bare event.
    type: str
    context: bytes
    sources: tuple[Source, ...]
    master_data: bytes | None = None
    creation_date: int | None = None
    #: Extensions that the document declares to be no part of its events, as ``{namespace}name`` (for the event hash).
    ignored: frozenset[str] = frozenset()


def read_document(body: bytes, limits: Limits, leniency: Leniency = STRICT) -> Document:
    """An EPCIS document, a query document, or a bare event; ``leniency`` is that of the source that sent it.

    Raises `InvalidDocument` with the JSON pointer of the first fault, `TooLarge` where a limit is passed. In bounded
    time and memory whatever the input: nothing is fetched, nothing is nested deeper than the limit.
    """
    if len(body) > limits.body:
        raise TooLarge(f"the body has {len(body)} bytes, more than {limits.body}", remedy="send it in parts")
    body = body.removeprefix(BOM)
    check_encoding(body)
    members = _object(body, "", limits)
    kind = _value(members, "type", "", limits)
    if isinstance(kind, str) and kind in DOCUMENTS:
        return _read_document(members, kind, limits, leniency)
    if isinstance(kind, str) and kind in EVENT_TYPES:
        source = read_source(body.strip(b" \t\r\n"), "", contexts.STANDARD_PREFIXES, limits, leniency)
        return Document(type=kind, context=b"null", sources=(source,))
    raise InvalidDocument(
        f"type is {str(kind)[:60]!r}, expected one of {', '.join((*DOCUMENTS, *EVENT_TYPES))}", place="/type"
    )


def _read_document(members: dict[str, bytes], kind: str, limits: Limits, leniency: Leniency) -> Document:
    body = _object(_present(members, "epcisBody", ""), "/epcisBody", limits)
    place, results = "/epcisBody", None
    if kind == "EPCISQueryDocument":
        results = _object(_present(body, "queryResults", place), "/epcisBody/queryResults", limits)
    head = read_head(members, limits, results)
    if results is not None:
        place = "/epcisBody/queryResults/resultsBody"
        body = _object(_present(results, "resultsBody", "/epcisBody/queryResults"), place, limits)
    events = _array(_present(body, "eventList", place), f"{place}/eventList", limits)
    sources = [
        read_source(raw, f"{place}/eventList/{index}", head.prefixes, limits, leniency)
        for index, raw in enumerate(events)
    ]
    return Document(
        type=kind,
        context=head.context,
        sources=tuple(sources),
        master_data=head.master_data,
        creation_date=head.creation_date,
        ignored=head.ignored,
    )


class Head(msgspec.Struct, frozen=True):
    """What a document says beside its events: see `Document`."""

    type: str
    context: bytes
    master_data: bytes | None
    creation_date: int | None
    ignored: frozenset[str]

    @property
    def prefixes(self) -> Prefixes:
        """Namespaces by prefix that the document's context gives its events."""
        return contexts.prefixes_of(self.context)


def read_head(members: dict[str, bytes], limits: Limits, results: dict[str, bytes] | None = None) -> Head:
    """Check a document's members beside its events, each given as the bytes of its value.

    ``results`` are those of a query document's query results. Raises `InvalidDocument`.
    """
    kind = _value(members, "type", "", limits)
    if not isinstance(kind, str) or kind not in DOCUMENTS:
        raise InvalidDocument(
            f"type is {str(kind)[:60]!r}, expected one of {', '.join(DOCUMENTS)} around a list of events", place="/type"
        )
    _check_names(members, _HEADER, "")
    _check_texts(members, ("sender", "receiver", "instanceIdentifier"), "", limits)
    if "id" in members:
        uri(read_json(members["id"], limits, "/id"), "/id", {})
    defined = _value(members, "@context", "", limits)
    contexts.check_urls(defined, complete=True)
    context = msgspec.json.encode(defined)
    prefixes = contexts.prefixes_of(context)
    created = _header(members, kind, limits)
    ignored = _ignored(members, prefixes, limits)
    if kind == "EPCISQueryDocument":
        ignored |= _ignored(_results(results or {}, limits), prefixes, limits)
    return Head(kind, context, _master_data(members, limits), created, ignored)


def _ignored(members: dict[str, bytes], prefixes: Prefixes, limits: Limits) -> frozenset[str]:
    """What an extension named ``ignoreFields``, as the reference implementation of the event hash has it, lists."""
    listed: set[str] = set()
    for name, raw in members.items():
        if name.partition(":")[2] == "ignoreFields":
            names = read_json(raw, limits, f"/{name}")
            for one in names if isinstance(names, list) else [names]:
                found = contexts.split(one, prefixes) if isinstance(one, str) else None
                if found is None:
                    raise InvalidDocument("ignoreFields doesn't list names of extensions", place=f"/{name}")
                listed.add(f"{{{found[0]}}}{found[1]}" if found[0] else found[1])
    return frozenset(listed)


def _header(members: dict[str, bytes], kind: str, limits: Limits) -> int | None:
    """Check what stands beside the body; gives the creation date, which a query document may leave out."""
    if kind == "EPCISDocument" or "schemaVersion" in members:
        version = _value(members, "schemaVersion", "", limits)
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            raise InvalidDocument(f"schemaVersion is {str(version)[:60]!r}, expected 2.0", place="/schemaVersion")
    if kind != "EPCISDocument" and "creationDate" not in members:
        return None
    created = _value(members, "creationDate", "", limits)
    if not isinstance(created, str):
        raise InvalidDocument("creationDate is not a string", place="/creationDate")
    try:
        return parse_time(created)[0]
    except InvalidInput as error:
        raise InvalidDocument(error.detail, place="/creationDate", remedy=error.remedy) from None


def _results(results: dict[str, bytes], limits: Limits) -> dict[str, bytes]:
    """The query results of a query document (8.2.5)."""
    place = "/epcisBody/queryResults"
    _value(results, "queryName", place, limits)
    _check_names(results, _RESULTS, place)
    _check_texts(results, ("queryName", "subscriptionID"), place, limits)
    return results


def _check_names(members: Iterable[str], known: Collection[str], place: str) -> None:
    """Refuse names that are neither the standard's nor those of extensions."""
    for name in members:
        if name not in known and ":" not in name:
            raise InvalidDocument(
                f"{name[:60]!r} is not a field here",
                place=f"{place}/{name[:60]}",
                remedy="give an extension a prefix that the @context defines, or correct the name",
                rule=Rule.FIELD,
            )


def _check_texts(members: Mapping[str, bytes], names: Iterable[str], place: str, limits: Limits) -> None:
    for name in names:
        if name in members and not isinstance(read_json(members[name], limits, f"{place}/{name}"), str):
            raise InvalidDocument(f"{name} is not a string", place=f"{place}/{name}", rule=Rule.FORM)


def _master_data(members: dict[str, bytes], limits: Limits) -> bytes | None:
    if "epcisHeader" not in members:
        return None
    header = _object(members["epcisHeader"], "/epcisHeader", limits)
    _check_names(header, _HEAD_MEMBERS, "/epcisHeader")
    if "epcisMasterData" not in header:
        return None
    place = "/epcisHeader/epcisMasterData"
    if not isinstance(read_json(header["epcisMasterData"], limits, place), dict):
        raise InvalidDocument("master data is not an object", place=place)
    return header["epcisMasterData"]


def read_source(raw: bytes, place: str, prefixes: Prefixes, limits: Limits, leniency: Leniency = STRICT) -> Source:
    """One event from its bytes; ``place`` is its JSON pointer within the whole, ``prefixes`` its document's."""
    if len(raw) > limits.event:
        raise TooLarge(f"the event has {len(raw)} bytes, more than {limits.event}", place=place or "/")
    event = read_plain(raw, prefixes, limits)
    forgiven: tuple[Forgiven, ...] = ()
    if event is None:
        event, forgiven = read_leniently(read_json(raw, limits, place), place, prefixes, leniency, len(raw))
    if leniency.demands_more:
        forgiven += hold_to_demands(event, place, prefixes, leniency)
    return Source(raw, event, forgiven)


def _present(members: dict[str, bytes], name: str, place: str) -> bytes:
    if name not in members:
        raise InvalidDocument(f"{name} is missing", place=place or "/", remedy=f"add {name}")
    return members[name]


def _value(members: dict[str, bytes], name: str, place: str, limits: Limits) -> Any:
    return read_json(_present(members, name, place), limits, f"{place}/{name}")


def _object(text: bytes, place: str, limits: Limits) -> dict[str, bytes]:
    """The members of a JSON object as the bytes of their values."""
    try:
        members = {name: bytes(raw) for name, raw in _MEMBERS.decode(text).items()}
    except (msgspec.DecodeError, RecursionError) as error:
        _refuse(error, text, place, limits, "an object")
    if text.count(b'"') != 2 * len(members) + sum(raw.count(b'"') for raw in members.values()):
        # A name was dropped, or one has an escape in it: the strict parser knows which.
        read_json(text, limits, place)
    return members


def _array(text: bytes, place: str, limits: Limits) -> list[bytes]:
    try:
        items = _ITEMS.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        _refuse(error, text, place, limits, "an array")
    if len(items) > limits.events:
        raise TooLarge(f"{len(items)} events, more than {limits.events}", place=place, remedy="send it in parts")
    return [bytes(item) for item in items]


def _refuse(error: Exception, text: bytes, place: str, limits: Limits, expected: str) -> NoReturn:
    """Say what is wrong with a JSON text that the quick decoder refused."""
    if isinstance(error, RecursionError):
        raise TooLarge(f"nesting is deeper than {limits.depth} levels", place=place or None) from None
    read_json(text, limits, place)
    raise InvalidDocument(f"expected {expected}: {error}", place=place or "/") from None


def event_object(raw: bytes, context: bytes, record_time: int, event_id: str | None) -> dict[str, Any]:
    """The event as it was submitted, for an answer: a JSON object that stands without its document.

    ``recordTime`` is the given one (microseconds UTC), ``eventID`` is added where it had none, and ``@context`` holds
    what the document's and its own context define beyond the standard's, so that events of several documents can be
    answered together and mean the same.
    """
    submitted = msgspec.json.decode(raw)
    inline = contexts.inline_entries(context, submitted.pop("@context", None))
    answer: dict[str, Any] = {"@context": inline} if inline else {}
    answer.update(submitted)
    answer["recordTime"] = format_time(record_time)
    if event_id is not None:
        answer.setdefault("eventID", event_id)
    return answer


def write_document(events: Iterable[dict[str, Any]], *, creation_date: int, context: Iterable[Any] = ()) -> bytes:
    """An ``EPCISDocument`` of event objects; ``context`` are entries beside the standard's. Date in microseconds."""
    return msgspec.json.encode(
        {
            "@context": [EPCIS_CONTEXT, *context],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": format_time(creation_date),
            "epcisBody": {"eventList": list(events)},
        }
    )


def write_query_document(
    events: Iterable[dict[str, Any]],
    *,
    creation_date: int,
    query_name: str = "SimpleEventQuery",
    subscription_id: str | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> bytes:
    """An ``EPCISQueryDocument`` of event objects, the answer to a query (8.2.5). Date in microseconds UTC.

    ``extensions`` are further members of its ``queryResults``, by their full URIs.
    """
    results: dict[str, Any] = {"queryName": query_name, "resultsBody": {"eventList": list(events)}}
    if subscription_id is not None:
        results["subscriptionID"] = subscription_id
    results |= extensions or {}
    return msgspec.json.encode(
        {
            "@context": [EPCIS_CONTEXT],
            "type": "EPCISQueryDocument",
            "schemaVersion": "2.0",
            "creationDate": format_time(creation_date),
            "epcisBody": {"queryResults": results},
        }
    )
