"""Events as JSON objects to XML documents of EPCIS 2.0 and 1.2 (EPCIS 2.0 section 9, 1.2 section 9).

What `suyuan.epcis.xml_reader` reads back as the same event. Nothing is left out of a document of EPCIS 1.2: what came
with 2.0 goes where its schema keeps a place for later versions (an AssociationEvent, a sensor element, a persistent
disposition, certification into ``extension`` elements), so that it is valid, and clients of 1.2 pass over it. An
ObjectEvent that came as a QuantityEvent is one again in 1.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from suyuan.base.clock import format_time, parse_time
from suyuan.epcis import vocabulary
from suyuan.epcis.context import STANDARD_PREFIXES, expand, extended
from suyuan.epcis.quantity_event import QUANTITY_EVENT, as_quantity_event
from suyuan.epcis.vocabulary import Vocabulary
from suyuan.epcis.xml_extensions import plain, write_extension
from suyuan.epcis.xml_markup import SCHEMA, Namespaces, escape, quoted
from suyuan.epcis.xml_master_data import write_vocabulary_list
from suyuan.epcis.xml_schema import ITEMS, ORDER

#: Versions that are written.
VERSIONS = ("2.0", "1.2")

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
#: A writer of one field: its element's name, the JSON value, the event's names.
Writer = Callable[[str, Any, Namespaces], str]


def write_document(
    events: Iterable[dict[str, Any]],
    *,
    creation_date: int,
    version: str = "2.0",
    master_data: list[dict[str, Any]] | None = None,
) -> bytes:
    """An ``EPCISDocument`` of event objects. Date in microseconds UTC; ``master_data`` as `write_vocabulary_list`."""
    return b"".join(iter_document(events, creation_date=creation_date, version=version, master_data=master_data))


def iter_document(
    events: Iterable[dict[str, Any]],
    *,
    creation_date: int,
    version: str = "2.0",
    master_data: list[dict[str, Any]] | None = None,
) -> Iterator[bytes]:
    """`write_document` in pieces, of which each holds one event at most."""
    digit = version[0]
    head = f"{_XML}<epcis:EPCISDocument{_attributes(f'epcis:xsd:{digit}', 'epcis', version, creation_date)}>"
    if master_data is not None:
        listed = write_vocabulary_list(master_data)
        head += f"<EPCISHeader><extension><EPCISMasterData>{listed}</EPCISMasterData></extension></EPCISHeader>"
    yield f"{head}<EPCISBody><EventList>".encode()
    for event in events:
        yield write_event(event, version).encode()
    yield b"</EventList></EPCISBody></epcis:EPCISDocument>"


def write_query_document(
    events: Iterable[dict[str, Any]],
    *,
    creation_date: int,
    version: str = "2.0",
    query_name: str = "SimpleEventQuery",
    subscription_id: str | None = None,
) -> bytes:
    """An ``EPCISQueryDocument`` of event objects, the answer to a query (8.2.5). Date in microseconds UTC."""
    subscription = "" if subscription_id is None else f"<subscriptionID>{escape(subscription_id)}</subscriptionID>"
    attributes = _attributes(f"epcis-query:xsd:{version[0]}", "epcisq", version, creation_date)
    return (
        f"{_XML}<epcisq:EPCISQueryDocument{attributes}><EPCISBody><epcisq:QueryResults>"
        f"<queryName>{escape(query_name)}</queryName>{subscription}<resultsBody><EventList>"
        f"{''.join(write_event(event, version) for event in events)}"
        "</EventList></resultsBody></epcisq:QueryResults></EPCISBody></epcisq:EPCISQueryDocument>"
    ).encode()


def write_query_exception(
    name: str, reason: str, members: Mapping[str, str], *, creation_date: int, version: str = "2.0"
) -> bytes:
    """An ``EPCISQueryDocument`` that tells a subscriber why its query was not carried out (8.2.8). ``name`` is the
    exception's, ``members`` what it has beside its reason.
    """
    attributes = _attributes(f"epcis-query:xsd:{version[0]}", "epcisq", version, creation_date)
    told = "".join(f"<{member}>{escape(text)}</{member}>" for member, text in {"reason": reason, **members}.items())
    return (
        f"{_XML}<epcisq:EPCISQueryDocument{attributes}><EPCISBody><epcisq:{name}>{told}</epcisq:{name}></EPCISBody>"
        "</epcisq:EPCISQueryDocument>"
    ).encode()


def write_event_list(events: Iterable[dict[str, Any]], version: str = "2.0") -> str:
    """An ``EventList`` element that stands in any document, such as an answer of the query interface over SOAP."""
    return f"<EventList{SCHEMA}>{''.join(write_event(event, version) for event in events)}</EventList>"


def _attributes(namespace: str, prefix: str, version: str, creation_date: int) -> str:
    date = format_time(creation_date)
    return f' xmlns:{prefix}="urn:epcglobal:{namespace}"{SCHEMA} schemaVersion="{version}" creationDate="{date}"'


def write_event(event: Mapping[str, Any], version: str = "2.0") -> str:
    """The element of one event object, as it stands in an ``EventList``: prefixes of extensions are declared on it."""
    own = event.get("@context")
    names = Namespaces(STANDARD_PREFIXES if own is None else extended(STANDARD_PREFIXES, own), cbv_1=version != "2.0")
    kind, fields = _fields(event, version)
    written = {name: _FIELDS[name](name, fields[name], names) for name in ORDER[kind] if name in fields}
    extensions = "".join(write_extension(name, value, names) for name, value in fields.items() if ":" in name)
    if version == "2.0":
        content = "".join(written[name] for name in ORDER[kind] if name in written)
        return f"<{kind}{names.declarations}>{content}{extensions}</{kind}>"
    content = _version_1(kind, written)
    element = f"<{kind}{names.declarations}>{content}{extensions}</{kind}>"
    for _ in range(_WRAPPED.get(kind, 0)):
        element = f"<extension>{element}</extension>"
    return element


def _fields(event: Mapping[str, Any], version: str) -> tuple[str, Mapping[str, Any]]:
    """The event type and fields to write."""
    kind = event["type"]
    if version == "2.0":
        return kind, event
    quantity_event = as_quantity_event(event)
    if quantity_event is not None:
        return QUANTITY_EVENT, quantity_event
    required = _LISTS_OF_VERSION_1.get(kind)
    return kind, event if required is None or required in event else {**event, required: []}


def _version_1(kind: str, written: Mapping[str, str]) -> str:
    """The fields of an event with the wrappers of EPCIS 1.2 around what versions 1.1, 1.2 and 2.0 added."""

    def part(names: Iterable[str], *around: str) -> str:
        text = "".join(written.get(name, "") for name in names)
        for wrapper in around:
            text = f"<{wrapper}>{text}</{wrapper}>" if text else ""
        return text

    base = written.get("eventID", "") + written.get("errorDeclaration", "") + part(["certificationInfo"], "extension")
    plain = [name for name in ORDER[kind] if name not in _SINCE_1_1[kind] and name not in _SINCE_2_0]
    added = part(name for name in ORDER[kind] if name in _SINCE_1_1[kind])
    later = part((name for name in ORDER[kind] if name in _SINCE_2_0), *["extension"] * (kind in _WITH_EXTENSION))
    return (
        part(_WHEN_1)
        + (f"<baseExtension>{base}</baseExtension>" if base else "")
        + part(name for name in plain if name not in _WHEN)
        + (f"<extension>{added}{later}</extension>" if added or later else "")
    )


_WHEN_1 = ("eventTime", "recordTime", "eventTimeZoneOffset")
_WHEN = frozenset((*_WHEN_1, "eventID", "errorDeclaration", "certificationInfo"))
_SINCE_2_0 = frozenset(("sensorElementList", "persistentDisposition"))
_SINCE_1_1: Mapping[str, frozenset[str]] = {
    "ObjectEvent": frozenset(("quantityList", "sourceList", "destinationList", "ilmd")),
    "AggregationEvent": frozenset(("childQuantityList", "sourceList", "destinationList")),
    "TransactionEvent": frozenset(("quantityList", "sourceList", "destinationList")),
    "TransformationEvent": frozenset(),
    "AssociationEvent": frozenset(),
    QUANTITY_EVENT: frozenset(("sourceList", "destinationList")),
}
#: Events whose extension of EPCIS 1.1 has a place for later ones inside it.
_WITH_EXTENSION = frozenset(("ObjectEvent", "AggregationEvent", "TransactionEvent"))
#: How deep in extensions of the event list EPCIS 1.2 takes events of later versions.
_WRAPPED = {"TransformationEvent": 1, "AssociationEvent": 2}
#: The list that EPCIS 1.2 demands even where it is empty.
_LISTS_OF_VERSION_1 = {"ObjectEvent": "epcList", "TransactionEvent": "epcList", "AggregationEvent": "childEPCs"}


def _text(name: str, value: Any, _: Namespaces) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def _time(name: str, value: Any, _: Namespaces) -> str:
    """A time; XML Schema has no second 60."""
    return f"<{name}>{format_time(*parse_time(value)) if ':60' in value else escape(value)}</{name}>"


def _number(name: str, value: Any, _: Namespaces) -> str:
    """A decimal, which XML Schema writes without exponent."""
    return f"<{name}>{format(Decimal(repr(value)), 'f')}</{name}>"


def _word(known: Vocabulary) -> Writer:
    return lambda name, value, names: f"<{name}>{escape(_uri_of(known, value, names))}</{name}>"


def _uri_of(known: Vocabulary, value: str, names: Namespaces) -> str:
    """The URI of a word of the CBV that stands bare; any other value is one, but for its prefix."""
    return known.urn(value) if value in known.words else expand(value, names.prefixes)


def _texts(name: str, values: Any, _: Namespaces) -> str:
    item = ITEMS[name]
    content = "".join(f"<{item}>{escape(value)}</{item}>" for value in values)
    return f"<{name}>{content}</{name}>" if content else f"<{name}/>"


def _each(write: Writer) -> Writer:
    """A writer of lists; an empty one has no element, as the schema wants at least one item of most."""

    def items(name: str, values: Any, names: Namespaces) -> str:
        item = ITEMS[name]
        content = "".join(write(item, value, names) for value in values)
        return f"<{name}>{content}</{name}>" if content else ""

    return items


def _record(fields: Mapping[str, Writer]) -> Writer:
    """A writer of objects with fields, in their order, and with extensions."""

    def write(name: str, value: Any, names: Namespaces) -> str:
        content = "".join(one(field, value[field], names) for field, one in fields.items() if field in value)
        rest = "".join(write_extension(field, inner, names) for field, inner in value.items() if field not in fields)
        return f"<{name}>{content}{rest}</{name}>"

    return write


def _typed_text(known: Vocabulary) -> Writer:
    def write(name: str, value: Any, names: Namespaces) -> str:
        kind = f" type={quoted(_uri_of(known, value['type'], names))}" if "type" in value else ""
        return f"<{name}{kind}>{escape(value[name])}</{name}>"

    return write


def _several(write: Writer) -> Writer:
    """A writer of a field that XML repeats where JSON has an array."""

    def each(name: str, value: Any, names: Namespaces) -> str:
        return "".join(write(name, one, names) for one in (value if isinstance(value, list) else [value]))

    return each


def _with_attributes(name: str, value: Any, names: Namespaces) -> str:
    """Sensor metadata or a sensor report: all its fields are attributes."""
    text = ""
    for field, one in value.items():
        known = _REPORT_WORDS.get(field)
        if ":" in field:
            shown = expand(one, names.prefixes) if isinstance(one, str) else plain(one)
            text += f" {names.qualified(field)}={quoted(shown)}"
        else:
            text += f" {field}={quoted(plain(one) if known is None else _uri_of(known, one, names))}"
    return f"<{name}{text}/>"


_REPORT_WORDS: Mapping[str, Vocabulary] = {
    "type": vocabulary.MEASUREMENT_TYPE,
    "exception": vocabulary.SENSOR_ALERT_TYPE,
    "component": vocabulary.COMPONENT,
}
_QUANTITIES = _each(_record({"epcClass": _text, "quantity": _number, "uom": _text}))
_LOCATION = _record({"id": _text})
_DISPOSITIONS = _several(_word(vocabulary.DISPOSITION))
_FIELDS: Mapping[str, Writer] = {
    "eventTime": _time,
    "recordTime": _time,
    "eventTimeZoneOffset": _text,
    "eventID": _text,
    "errorDeclaration": _record(
        {"declarationTime": _time, "reason": _word(vocabulary.ERROR_REASON), "correctiveEventIDs": _texts}
    ),
    "certificationInfo": _several(_text),
    "action": _text,
    "bizStep": _word(vocabulary.BIZ_STEP),
    "disposition": _word(vocabulary.DISPOSITION),
    "persistentDisposition": _record({"unset": _DISPOSITIONS, "set": _DISPOSITIONS}),
    "readPoint": _LOCATION,
    "bizLocation": _LOCATION,
    "parentID": _text,
    "transformationID": _text,
    "epcList": _texts,
    "childEPCs": _texts,
    "inputEPCList": _texts,
    "outputEPCList": _texts,
    "quantityList": _QUANTITIES,
    "childQuantityList": _QUANTITIES,
    "inputQuantityList": _QUANTITIES,
    "outputQuantityList": _QUANTITIES,
    "bizTransactionList": _each(_typed_text(vocabulary.BIZ_TRANSACTION_TYPE)),
    "sourceList": _each(_typed_text(vocabulary.SOURCE_DEST_TYPE)),
    "destinationList": _each(_typed_text(vocabulary.SOURCE_DEST_TYPE)),
    "sensorElementList": _each(
        _record({"sensorMetadata": _with_attributes, "sensorReport": _several(_with_attributes)})
    ),
    "ilmd": _record({}),
    "epcClass": _text,
    "quantity": _number,
}
