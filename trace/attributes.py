"""Values of an event that queries ask for beside its columns: lists, ILMD, extensions, quantities, sensor reports.

One row a value, under a key of `suyuan.epcis.query_fields`; an event without such fields has none. A value is text, a
number, or both where text is a number (XML tells no types); a time is a number under a key of its own; what has a unit
stands in the base unit of what it measures. An object or a value that nothing is compared with leaves a row without
either, so that EXISTS finds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.epcis.context import prefixes_of
from suyuan.epcis.events import EVENT_TYPES, Event, Number, QuantityElement, SensorElement, SensorMetadata, SensorReport
from suyuan.epcis.identifiers import identify
from suyuan.epcis.query_fields import Family, extension, joined, measured, moment, qualified
from suyuan.epcis.query_values import moment_of, number_of

#: Longest text compared as it is, in characters. Of a longer one the beginning and the digest are kept: it is equal to
#: itself only, and an index of PostgreSQL refuses a row of more than 2,704 bytes.
_LONGEST = 400
#: Numbers beyond this are compared by nobody.
_LARGEST = 1e300
#: The lists of amounts of each type of event.
_QUANTITIES = {
    kind: tuple(name for name in kind.__struct_fields__ if name.endswith("quantity_list"))
    for kind in EVENT_TYPES.values()
}
#: Attributes of a sensor report or its metadata by the field's name: identifiers of things and documents.
_URIS = {
    "deviceID": "device_id", "deviceMetadata": "device_metadata", "rawData": "raw_data",
    "dataProcessingMethod": "data_processing_method", "bizRules": "biz_rules",
}  # fmt: skip
_REPORTED_URIS = {
    **_URIS, "microorganism": "microorganism", "chemicalSubstance": "chemical_substance", "uriValue": "uri_value",
}  # fmt: skip
_REPORTED_NUMBERS = {
    "value": "value", "minValue": "min_value", "maxValue": "max_value", "meanValue": "mean_value", "sDev": "s_dev",
    "percValue": "perc_value",
}  # fmt: skip
_TIMES = {"time": "time", "startTime": "start_time", "endTime": "end_time"}


class Attribute(NamedTuple):
    """One row of `attr`: the field, and its value as text, as number, or both."""

    field: str
    value: str | None = None
    number: float | None = None


def comparable(text: str) -> str:
    """A text as it is kept and asked for: equal exactly where the texts are."""
    if len(text) <= _LONGEST and "\0" not in text:
        return text
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    return f"{text[:_LONGEST].replace(chr(0), ''):<{_LONGEST}}#{digest}"


def name_in_full(uri: str) -> str:
    """The one URI of what a URI identifies; what is none stays as it was written."""
    try:
        return identify(uri).uri
    except InvalidIdentifier:
        return uri


def attributes(event: Event, context: bytes) -> list[Attribute]:
    """Everything that is compared by name, each value once; ``context`` is the JSON text of its document's."""
    rows = list(_lists(event)) if _listing(event) else []
    for name in _QUANTITIES[type(event)]:
        rows += _quantities(getattr(event, name))
    if event.error_declaration or event.sensor_element_list or _extended(event):
        prefixes = prefixes_of(context, event.context)
        rows += [*_extensions(event, prefixes), *_declaration(event, prefixes), *_sensors(event, prefixes)]
    return list(dict.fromkeys(rows)) if len(rows) > 1 else rows


def _extended(event: Event) -> bool:
    places = (event.read_point, event.biz_location)
    return bool(event.extensions or getattr(event, "ilmd", None) or any(place and place.extensions for place in places))


def _listing(event: Event) -> bool:
    return bool(
        event.biz_transaction_list or event.source_list or event.destination_list or event.persistent_disposition
        or getattr(event, "transformation_id", None)
    )  # fmt: skip


def _lists(event: Event) -> Iterator[Attribute]:
    for transaction in event.biz_transaction_list:
        yield _thing(f"bizTransaction:{transaction.type or ''}", transaction.id)
    for source in event.source_list:
        yield _thing(f"source:{source.type}", source.id)
    for destination in event.destination_list:
        yield _thing(f"destination:{destination.type}", destination.id)
    if event.persistent_disposition:
        for word in event.persistent_disposition.set:
            yield Attribute("persistentDisposition_set", comparable(word))
        for word in event.persistent_disposition.unset:
            yield Attribute("persistentDisposition_unset", comparable(word))
    transformation = getattr(event, "transformation_id", None)
    if transformation:
        yield _thing("transformationID", transformation)


def _quantities(elements: Sequence[QuantityElement]) -> Iterator[Attribute]:
    for element in elements:
        if element.quantity is not None:
            yield from _number("quantity", element.quantity)
            if element.uom:
                yield from _measurement("quantity", element.uom, element.quantity)


def _declaration(event: Event, prefixes: Mapping[str, str]) -> Iterator[Attribute]:
    declaration = event.error_declaration
    if declaration is None:
        return
    yield Attribute("errorDeclarationTime", None, float(declaration.declaration_time))
    if declaration.reason:
        yield Attribute("errorReason", comparable(declaration.reason))
    for corrective in declaration.corrective_event_ids:
        yield Attribute("correctiveEventID", comparable(corrective))
    yield from _members(Family.ERROR_DECLARATION, declaration.extensions, prefixes)


def _extensions(event: Event, prefixes: Mapping[str, str]) -> Iterator[Attribute]:
    yield from _members(Family.EVENT, event.extensions, prefixes)
    yield from _members(Family.ILMD, getattr(event, "ilmd", None) or {}, prefixes)
    if event.read_point:
        yield from _members(Family.READ_POINT, event.read_point.extensions, prefixes)
    if event.biz_location:
        yield from _members(Family.BIZ_LOCATION, event.biz_location.extensions, prefixes)


def _members(
    family: Family, members: Mapping[str, Any], prefixes: Mapping[str, str], inner: bool = False
) -> Iterator[Attribute]:
    for name, value in members.items():
        if not name.startswith("@"):
            key = extension(family, inner, qualified(name, prefixes) or joined("", name))
            yield from _values(family, key, value, prefixes)


def _values(family: Family, key: str, value: Any, prefixes: Mapping[str, str]) -> Iterator[Attribute]:
    """The rows of one member: of a list those of its items, of an object itself and, as INNER, what is in it."""
    if isinstance(value, list):
        for item in value:
            yield from _values(family, key, item, prefixes)
    elif isinstance(value, dict):
        if "@value" in value:
            yield from _values(family, key, value["@value"], prefixes)
        else:
            yield Attribute(comparable(key))
        yield from _members(family, value, prefixes, inner=True)
    elif isinstance(value, bool):
        yield Attribute(comparable(key), "true" if value else "false")
    elif isinstance(value, str):
        yield Attribute(comparable(key), comparable(value), number_of(value))
        time = moment_of(value)
        if time is not None:
            yield Attribute(comparable(moment(key)), None, float(time))
    elif value is not None:
        yield next(_number(key, value), Attribute(comparable(key)))


def _sensors(event: Event, prefixes: Mapping[str, str]) -> Iterator[Attribute]:
    if event.sensor_element_list:
        yield Attribute("sensorElementList")
    for element in event.sensor_element_list:
        yield from _sensor(element, prefixes)


def _sensor(element: SensorElement, prefixes: Mapping[str, str]) -> Iterator[Attribute]:
    yield from _members(Family.SENSOR_ELEMENT, element.extensions, prefixes)
    metadata = element.metadata
    if metadata is not None:
        yield from _times(metadata)
        yield from _uris(metadata, _URIS)
        yield from _members(Family.SENSOR_METADATA, metadata.extensions, prefixes)
    for report in element.reports:
        yield from _report(report)
        yield from _members(Family.SENSOR_REPORT, report.extensions, prefixes)


def _times(metadata: SensorMetadata) -> Iterator[Attribute]:
    for field, attribute in _TIMES.items():
        time = getattr(metadata, attribute)
        if time is not None:
            yield Attribute(field, None, float(time))


def _uris(record: SensorMetadata | SensorReport, fields: Mapping[str, str]) -> Iterator[Attribute]:
    for field, attribute in fields.items():
        uri = getattr(record, attribute)
        if uri is not None:
            yield _thing(field, uri)


def _report(report: SensorReport) -> Iterator[Attribute]:
    if report.type is not None:
        yield Attribute("type", comparable(report.type))
    if report.time is not None:
        yield Attribute("time", None, float(report.time))
    yield from _uris(report, _REPORTED_URIS)
    for field, attribute in _REPORTED_NUMBERS.items():
        value = getattr(report, attribute)
        if value is not None:
            yield from _measurement(field, report.uom or "", value)
    if report.perc_rank is not None:
        yield from _number("percRank", report.perc_rank)
    if report.string_value is not None:
        yield Attribute("stringValue", comparable(report.string_value))
    if report.boolean_value is not None:
        yield Attribute("booleanValue", "true" if report.boolean_value else "false")
    if report.hex_binary_value is not None:
        yield Attribute("hexBinaryValue", comparable(report.hex_binary_value.upper()))


def _thing(field: str, uri: str) -> Attribute:
    return Attribute(comparable(field), comparable(name_in_full(uri)))


def _measurement(field: str, uom: str, value: Number) -> Iterator[Attribute]:
    told = measured(field, uom, value, difference=field == "sDev")
    if told is not None:
        yield Attribute(told[0], None, told[1])


def _number(field: str, value: Number) -> Iterator[Attribute]:
    try:
        number = float(value)
    except OverflowError:
        return
    if abs(number) < _LARGEST:
        yield Attribute(comparable(field), None, number)
