"""The CBV 2.0 event hash (CBV 2.0 section 8.9.2): one text for every writing of one event, and its SHA-256.

The order and spelling of the text are those of the reference implementation, whose published hashes are the only known
answers. It leaves out ``eventID``, ``recordTime``, ``errorDeclaration`` and ``rdfs:comment``, and rounds times to
milliseconds: two events with one hash have the same content in the standard's eyes, not the same bytes. What an error
declaration says is told apart by `declaration_digest`.

Where the reference gives no hash, loses digits (but see `event_hash`) or lets a name depend on where its prefix is
defined, this module follows the standard's intent, and says so there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from suyuan.base.errors import InvalidIdentifier
from suyuan.epcis import vocabulary
from suyuan.epcis.context import expand, prefixes_of, split
from suyuan.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    BizTransaction,
    Event,
    Extensions,
    Location,
    Number,
    ObjectEvent,
    PersistentDisposition,
    QuantityElement,
    SensorElement,
    SensorMetadata,
    SensorReport,
    SourceDest,
    TransactionEvent,
    TransformationEvent,
)
from suyuan.epcis.identifiers import identify

Prefixes = Mapping[str, str]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # always UTC here; a zone would only cost time
_COMMENT = ("http://www.w3.org/2000/01/rdf-schema#", "comment")
_CBV_URN = "urn:epcglobal:cbv:"
_NUMERAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
#: A double keeps this many significant digits of every decimal.
_SAFE_DIGITS = 15
_LARGEST = float("inf")
_CBV = (
    vocabulary.BIZ_STEP,
    vocabulary.DISPOSITION,
    vocabulary.BIZ_TRANSACTION_TYPE,
    vocabulary.SOURCE_DEST_TYPE,
    vocabulary.ERROR_REASON,
    vocabulary.COMPONENT,
)


def event_hash(event: Event, context: bytes = b"null", ignored: Collection[str] = ()) -> str:
    """The event ID that the content gives: ``ni:///sha-256;...?ver=CBV2.0``. See `prehash` for the arguments.

    Numerals that a double can't keep are rounded to one, as the reference does; nothing in the ledger rests on this.
    """
    if event.extensions or event.sensor_element_list or getattr(event, "ilmd", None) or _has_extended_place(event):
        event = _rounded(event)
    return hash_uri(hashlib.sha256(prehash(event, context, ignored).encode()).digest())


def _has_extended_place(event: Event) -> bool:
    return any(place is not None and place.extensions for place in (event.read_point, event.biz_location))


def _rounded(value: Any) -> Any:
    """A value with the long numerals among its texts as the doubles nearest to them."""
    if isinstance(value, str):
        number = _long_numeral(value.strip())
        return value if number is None else _number(number)
    if isinstance(value, dict):
        return {name: _rounded(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([_rounded(item) for item in value])
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(
            value, **{name: _rounded(member) for name, member in msgspec.structs.asdict(value).items()}
        )
    return value


def hash_uri(digest: bytes) -> str:
    """The event ID of a content digest."""
    return f"ni:///sha-256;{digest.hex()}?ver=CBV2.0"


def content_digest(event: Event, context: bytes = b"null") -> bytes:
    """SHA-256 of the pre-hash: equal for events of equal content."""
    return hashlib.sha256(prehash(event, context).encode()).digest()


def declaration_digest(event: Event, context: bytes = b"null") -> bytes:
    """SHA-256 of the error declaration's content, ``b""`` where there is none; times to the microsecond."""
    declared = event.error_declaration
    if declared is None:
        return b""
    moment = _EPOCH + timedelta(microseconds=declared.declaration_time)
    text = "".join(
        [
            f"errorDeclarationdeclarationTime={moment.isoformat(timespec='microseconds')}Z",
            f"reason={vocabulary.ERROR_REASON.full(declared.reason)}" if declared.reason else "",
            *sorted(f"correctiveEventID={one}" for one in declared.corrective_event_ids),
            *_extensions(declared.extensions, prefixes_of(context, event.context)),
        ]
    )
    return hashlib.sha256(text.encode()).digest()


def prehash(event: Event, context: bytes = b"null", ignored: Collection[str] = ()) -> str:
    """The canonical text of an event; ``context`` is the compact JSON text of its document's ``@context``.

    ``ignored`` are extensions, as ``{namespace}name``, that the document declares to be no part of the event. A
    repository that decides by content must not honour that: it would take changed fields for a repetition.
    """
    prefixes = prefixes_of(context, event.context)
    if ignored and event.extensions:
        kept = {name: value for name, value in event.extensions.items() if _name(name, prefixes) not in ignored}
        event = msgspec.structs.replace(event, extensions=kept)
    head = (
        f"eventType={event.type}eventTime={_milliseconds(event.event_time)}"
        f"eventTimeZoneOffset={_zone_offset(event.offset)}"
    )
    what = _WHAT[type(event)](event)
    rest = _context_of_use(event, prefixes) + _unordered(event, prefixes)
    if event.certification_info:
        head += _repeated("certificationInfo", event.certification_info)
    return head + what + rest


def canonical_uri(uri: str) -> str:
    """The one URI of what a URI identifies, as the reference writes it: three characters of serials stay unescaped."""
    text = identify(uri).uri
    return text if "%" not in text else text.replace("%27", "'").replace("%3B", ";").replace("%3D", "=")


def _object(event: ObjectEvent) -> str:
    things = _epcs("epcList", event.epc_list) + _quantities("quantityList", event.quantity_list)
    return f"{things}action={event.action}"


def _aggregation(event: AggregationEvent | AssociationEvent) -> str:
    children = _epcs("childEPCs", event.child_epcs) + _quantities("childQuantityList", event.child_quantity_list)
    return f"{_uri('parentID', event.parent_id)}{children}action={event.action}"


def _transaction(event: TransactionEvent) -> str:
    things = _epcs("epcList", event.epc_list) + _quantities("quantityList", event.quantity_list)
    return f"{_uri('parentID', event.parent_id)}{things}action={event.action}"


def _transformation(event: TransformationEvent) -> str:
    return (
        _epcs("inputEPCList", event.input_epc_list)
        + _quantities("inputQuantityList", event.input_quantity_list)
        + _epcs("outputEPCList", event.output_epc_list)
        + _quantities("outputQuantityList", event.output_quantity_list)
        + _uri("transformationID", event.transformation_id)
    )


_WHAT: dict[type[Event], Callable[..., str]] = {
    ObjectEvent: _object,
    AggregationEvent: _aggregation,
    TransactionEvent: _transaction,
    TransformationEvent: _transformation,
    AssociationEvent: _aggregation,
}


def _context_of_use(event: Event, prefixes: Prefixes) -> str:
    """Why, where and how: fields with a place of their own in the order."""
    text = ""
    if event.biz_step is not None:
        text += f"bizStep={vocabulary.BIZ_STEP.full(event.biz_step)}"
    if event.disposition is not None:
        text += f"disposition={vocabulary.DISPOSITION.full(event.disposition)}"
    if event.persistent_disposition is not None:
        text += _persistent(event.persistent_disposition)
    if event.read_point is not None:
        text += _location("readPoint", event.read_point, prefixes)
    if event.biz_location is not None:
        text += _location("bizLocation", event.biz_location, prefixes)
    if event.sensor_element_list:
        elements = sorted(_sensor_element(element, prefixes) for element in event.sensor_element_list)
        text += "sensorElementList" + "".join(elements)
    return text


def _unordered(event: Event, prefixes: Prefixes) -> str:
    """What has no place of its own, sorted as text: lists of transactions and parties, ILMD, extensions."""
    texts = _extensions(event.extensions, prefixes) if event.extensions else []
    if event.sensor_element_list:
        texts.extend(_report_rules(event.sensor_element_list))
    if event.biz_transaction_list:
        texts.append("bizTransactionList" + "".join(sorted(map(_biz_transaction, event.biz_transaction_list))))
    if event.source_list:
        texts.append("sourceList" + _parties("source", event.source_list))
    if event.destination_list:
        texts.append("destinationList" + _parties("destination", event.destination_list))
    ilmd = getattr(event, "ilmd", None)
    if ilmd is not None:
        texts.append("ilmd" + "".join(_extensions(ilmd, prefixes)))
    return "".join(sorted(texts))


def _epcs(name: str, uris: tuple[str, ...]) -> str:
    """A list of identifiers; an empty one says nothing."""
    if not uris:
        return ""
    text = f"{name}epc=" + "epc=".join(sorted([identify(uri).uri for uri in uris]))
    # Escapes are rare, and undoing three of them may change the order.
    return f"{name}epc=" + "epc=".join(sorted(map(canonical_uri, uris))) if "%" in text else text


def _quantities(name: str, elements: tuple[QuantityElement, ...]) -> str:
    return name + "".join(sorted(map(_quantity, elements))) if elements else ""


def _quantity(element: QuantityElement) -> str:
    text = f"quantityElementepcClass={canonical_uri(element.epc_class)}"
    if element.quantity is not None:
        text += f"quantity={_number(element.quantity)}"
    return f"{text}uom={element.uom}" if element.uom is not None else text


def _uri(name: str, uri: str | None) -> str:
    return "" if uri is None else f"{name}={canonical_uri(uri)}"


def _repeated(name: str, values: Iterable[str]) -> str:
    return "".join(sorted(f"{name}={canonical_uri(value)}" for value in values))


def _persistent(dispositions: PersistentDisposition) -> str:
    full = vocabulary.DISPOSITION.full
    return "persistentDisposition" + "".join(
        [
            *sorted(f"set={full(word)}" for word in dispositions.set),
            *sorted(f"unset={full(word)}" for word in dispositions.unset),
        ]
    )


def _location(name: str, location: Location, prefixes: Prefixes) -> str:
    text = f"{name}id={canonical_uri(location.id)}"
    return text + "".join(_extensions(location.extensions, prefixes)) if location.extensions else text


def _biz_transaction(transaction: BizTransaction) -> str:
    """The reference fails on a transaction without a type; here the type is left out."""
    kind = "" if transaction.type is None else f"type={vocabulary.BIZ_TRANSACTION_TYPE.full(transaction.type)}"
    return f"{kind}bizTransaction={canonical_uri(transaction.id)}"


def _parties(name: str, parties: tuple[SourceDest, ...]) -> str:
    full = vocabulary.SOURCE_DEST_TYPE.full
    return "".join(sorted(f"type={full(party.type)}{name}={canonical_uri(party.id)}" for party in parties))


def _sensor_element(element: SensorElement, prefixes: Prefixes) -> str:
    text = "sensorElement"
    if element.metadata is not None:
        text += "sensorMetadata" + _fields(element.metadata, _METADATA, prefixes)
    reports = sorted("sensorReport" + _fields(report, _REPORT, prefixes) for report in element.reports)
    return text + "".join(reports) + "".join(_extensions(element.extensions, prefixes))


def _report_rules(elements: tuple[SensorElement, ...]) -> list[str]:
    """``bizRules`` of reports, which the reference doesn't order among their fields but puts behind, on their own."""
    texts: list[str] = []
    for element in elements:
        rules = [f"sensorReportbizRules={canonical_uri(one.biz_rules)}" for one in element.reports if one.biz_rules]
        if rules:
            texts.append("sensorElement" + "".join(sorted(rules)))
    return ["sensorElementList" + "".join(sorted(texts))] if texts else []


def _fields(
    record: SensorMetadata | SensorReport, order: Iterable[tuple[str, str, Callable[[Any], str]]], prefixes: Prefixes
) -> str:
    """The fields that are set, in their order, then the extensions."""
    text = ""
    for name, attribute, written in order:
        value = getattr(record, attribute)
        if value is not None:
            text += f"{name}={written(value)}"
    return text + "".join(_extensions(record.extensions, prefixes)) if record.extensions else text


def _extensions(extensions: Extensions, prefixes: Prefixes) -> list[str]:
    """The texts of extension members, sorted; a list stands as its name repeated."""
    texts: list[str] = []
    for name, value in extensions.items():
        written = _name(name, prefixes)
        if written is not None:
            texts.extend(_member(written, value, prefixes))
    texts.sort()
    return texts


def _name(name: str, prefixes: Prefixes) -> str | None:
    """``{namespace}name``; None for comments, which aren't content."""
    found = split(name, prefixes)
    if found is None or not found[0]:
        return name
    return None if found == _COMMENT else f"{{{found[0]}}}{found[1]}"


def _member(name: str, value: Any, prefixes: Prefixes) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _member(name, item, prefixes)]
    if isinstance(value, dict):
        members = {key: member for key, member in value.items() if key != "@value"}
        text = _scalar(value.get("@value", ""), prefixes)  # of an XML element with attributes
        return [(f"{name}={text}" if text else name) + "".join(_extensions(members, prefixes))]
    text = _scalar(value, prefixes)
    return [f"{name}={text}" if text else name]


def _scalar(value: Any, prefixes: Prefixes) -> str:
    """A value of an extension: identifiers, CBV words and numerals in their one form, other text stripped."""
    if not isinstance(value, str):
        if isinstance(value, bool):
            return _truth(value)
        return _number(value) if isinstance(value, int | float) else str(value)
    if ":" not in value:
        return _text(value)
    text = expand(value.strip(), prefixes)
    if text.startswith(_CBV_URN):
        return next((known.full(known.short(text)) for known in _CBV if known.has(text)), text)
    try:
        return canonical_uri(text)
    except InvalidIdentifier:
        return text


def _truth(value: bool) -> str:
    """As in XML; the reference's releases write what Python calls it where the document is JSON."""
    return "true" if value else "false"


def _text(value: str) -> str:
    """Text without blanks around it; a numeral as a number, since XML knows no difference.

    The reference rounds every numeral to a double, so that long numbers of one prefix become one. Here what a double
    can't keep stays as it is written; only `event_hash` rounds it.
    """
    text = value.strip()
    if not _NUMERAL.fullmatch(text) or _long_numeral(text) is not None:
        return text
    number = float(text)
    return _number(number) if abs(number) < _LARGEST else text


def _long_numeral(text: str) -> float | None:
    """The double nearest to a numeral with more digits than that keeps; None of any other text."""
    if len(text) <= _SAFE_DIGITS or not _NUMERAL.fullmatch(text):
        return None
    digits = re.sub(r"[eE].*|[^0-9]", "", text).strip("0")
    number = float(text)
    return number if len(digits) > _SAFE_DIGITS and abs(number) < _LARGEST else None


def _number(number: Number) -> str:
    """Without trailing zeros: 26.0 and 26 are one number."""
    if isinstance(number, float) and number.is_integer():
        return str(int(number))
    return repr(number)


def _milliseconds(micros: int) -> str:
    """UTC with three digits, rounded half to even; what rounds up to a whole second is carried into it.

    (The reference gives no hash at all for ...59.9996.)
    """
    millis, rest = divmod(micros, 1000)
    if rest > 500 or (rest == 500 and millis % 2):
        millis += 1
    return f"{(_EPOCH + timedelta(milliseconds=millis)).isoformat(timespec='milliseconds')}Z"


@lru_cache(maxsize=2048)
def _zone_offset(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


_METADATA: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("time", "time", _milliseconds),
    ("startTime", "start_time", _milliseconds),
    ("endTime", "end_time", _milliseconds),
    ("deviceID", "device_id", canonical_uri),
    ("deviceMetadata", "device_metadata", canonical_uri),
    ("rawData", "raw_data", canonical_uri),
    ("dataProcessingMethod", "data_processing_method", canonical_uri),
    ("bizRules", "biz_rules", canonical_uri),
)
#: All but ``bizRules``, see `_report_rules`.
_REPORT: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("type", "type", vocabulary.MEASUREMENT_TYPE.full),
    ("exception", "exception", vocabulary.SENSOR_ALERT_TYPE.full),
    ("deviceID", "device_id", canonical_uri),
    ("deviceMetadata", "device_metadata", canonical_uri),
    ("rawData", "raw_data", canonical_uri),
    ("dataProcessingMethod", "data_processing_method", canonical_uri),
    ("time", "time", _milliseconds),
    ("microorganism", "microorganism", canonical_uri),
    ("chemicalSubstance", "chemical_substance", canonical_uri),
    ("value", "value", _number),
    ("component", "component", vocabulary.COMPONENT.full),
    ("stringValue", "string_value", _text),
    ("booleanValue", "boolean_value", _truth),
    ("hexBinaryValue", "hex_binary_value", _text),
    ("uriValue", "uri_value", canonical_uri),
    ("minValue", "min_value", _number),
    ("maxValue", "max_value", _number),
    ("meanValue", "mean_value", _number),
    ("sDev", "s_dev", _number),
    ("percRank", "perc_rank", _number),
    ("percValue", "perc_value", _number),
    ("uom", "uom", str),
    ("coordinateReferenceSystem", "coordinate_reference_system", canonical_uri),
)
