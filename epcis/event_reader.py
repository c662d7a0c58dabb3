"""Decoded JSON to events: the general path, which takes everything the standard allows and says where it is wrong.

Table-driven: one row per JSON name gives the model's attribute and the reader of its value (EPCIS 2.0 section 10).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suyuan.base.errors import InvalidDocument
from suyuan.epcis import context, fields, vocabulary
from suyuan.epcis.event_rules import check_rules
from suyuan.epcis.events import (
    EVENT_TYPES,
    BizTransaction,
    ErrorDeclaration,
    Event,
    Extensions,
    Location,
    PersistentDisposition,
    QuantityElement,
    SensorElement,
    SensorMetadata,
    SensorReport,
    SourceDest,
)
from suyuan.epcis.fields import Prefixes, Reader
from suyuan.epcis.leniency import NO_PARDON, Pardon, Rule

#: Rows of a table: JSON name to attribute and reader.
Table = Mapping[str, tuple[str, Reader]]


def read_event(value: Any, place: str, prefixes: Prefixes, pardon: Pardon = NO_PARDON) -> Event:
    """The event that a JSON object is; ``prefixes`` are those of its document.

    Raises `InvalidDocument` with a JSON pointer below ``place`` and the rule that is broken. ``pardon`` is asked for
    rules of the event as a whole; `suyuan.epcis.lenient_reader` also forgives faults of single fields.
    """
    members = _object(value, place, "an event")
    kind = members.get("type")
    if not isinstance(kind, str) or kind not in _EVENTS:
        fields.wrong(kind, f"{place}/type", f"one of {', '.join(EVENT_TYPES)}")
    own = members.get("@context")
    inner = _inner_prefixes(prefixes, own, place)
    attributes, extensions = _members(members, place, inner, _EVENTS[kind], skip=("type", "@context"))
    _require(attributes, place, _REQUIRED[kind])
    event = EVENT_TYPES[kind](**attributes, extensions=extensions, context=own)
    check_rules(event, place, empty_list=members.get("epcList") == [], pardon=pardon)
    return event


def _inner_prefixes(prefixes: Prefixes, own: Any, place: str) -> Prefixes:
    if own is None:
        return prefixes
    try:
        context.check_urls(own)
        return context.extended(prefixes, own)
    except InvalidDocument as error:
        raise InvalidDocument(error.detail, place=f"{place}/@context", remedy=error.remedy, rule=error.rule) from None


def _object(value: Any, place: str, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        fields.wrong(value, place, f"{what} (a JSON object)")
    return value


def _members(
    members: dict[str, Any], place: str, prefixes: Prefixes, table: Table, *, skip: tuple[str, ...] = ()
) -> tuple[dict[str, Any], Extensions]:
    """Attributes that the table names, and the extensions; anything else is refused."""
    attributes: dict[str, Any] = {}
    extensions: Extensions = {}
    for name, value in members.items():
        row = table.get(name)
        if row is not None:
            attributes[row[0]] = row[1](value, f"{place}/{name}", prefixes)
        elif ":" in name:
            _check_extension(name, value, f"{place}/{escaped(name)}", prefixes)
            extensions[name] = value
        elif name not in skip:
            raise InvalidDocument(
                f"{name[:60]!r} is not a field here",
                place=f"{place}/{escaped(name)[:80]}",
                remedy="give an extension a prefix that the @context defines, or correct the name",
                rule=Rule.FIELD,
            )
    return attributes, extensions


def escaped(name: str) -> str:
    """A member's name as a part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _check_extension(name: str, value: Any, place: str, prefixes: Prefixes) -> None:
    """Refuse names whose prefix nobody defined: they would mean something else in each document."""
    if context.split(name, prefixes) is None:
        prefix = name.partition(":")[0]
        raise InvalidDocument(
            f"{name[:60]!r}: no @context here defines the prefix {prefix[:60]!r}",
            place=place[:300],
            remedy=f'define it in the document\'s @context: {{"{prefix[:60]}": "https://..."}}',
            rule=Rule.PREFIX,
        )
    _check_inside(value, place, prefixes)


def _check_inside(value: Any, place: str, prefixes: Prefixes) -> None:
    if isinstance(value, dict):
        for name, member in value.items():
            _check_extension(name, member, place, prefixes)
    elif isinstance(value, list):
        for item in value:
            _check_inside(item, place, prefixes)


def _require(attributes: dict[str, Any], place: str, required: Mapping[str, str]) -> None:
    for attribute, name in required.items():
        if attribute not in attributes:
            rule = Rule.OFFSET if name == "eventTimeZoneOffset" else Rule.REQUIRED
            raise InvalidDocument(f"{name} is missing", place=place or "/", remedy=f"add {name}", rule=rule)


def _extensions(value: Any, place: str, prefixes: Prefixes) -> Extensions:
    """ILMD: extensions only."""
    return _members(_object(value, place, "extensions"), place, prefixes, {})[1]


def _location(value: Any, place: str, prefixes: Prefixes) -> Location:
    attributes, extensions = _members(_object(value, place, "a location"), place, prefixes, _LOCATION)
    _require(attributes, place, {"id": "id"})
    return Location(attributes["id"], extensions)


def _quantity(value: Any, place: str, prefixes: Prefixes) -> QuantityElement:
    attributes = _closed(value, place, prefixes, _QUANTITY, "a quantity element")
    _require(attributes, place, {"epc_class": "epcClass"})
    return QuantityElement(**attributes)


def _closed(value: Any, place: str, prefixes: Prefixes, table: Table, what: str) -> dict[str, Any]:
    """Attributes of an object that has no place for extensions."""
    attributes, extensions = _members(_object(value, place, what), place, prefixes, table)
    if extensions:
        raise InvalidDocument(f"{what} takes no extension", place=f"{place}/{next(iter(extensions))}")
    return attributes


def _transaction(value: Any, place: str, prefixes: Prefixes) -> BizTransaction:
    attributes = _closed(value, place, prefixes, _TRANSACTION, "a business transaction")
    _require(attributes, place, {"id": "bizTransaction"})
    return BizTransaction(**attributes)


def _source_dest(name: str) -> Reader:
    table: Table = {"type": ("type", fields.word(vocabulary.SOURCE_DEST_TYPE)), name: ("id", fields.uri)}

    def read(value: Any, place: str, prefixes: Prefixes) -> SourceDest:
        attributes = _closed(value, place, prefixes, table, f"a {name}")
        _require(attributes, place, {"type": "type", "id": name})
        return SourceDest(**attributes)

    return read


def _persistent(value: Any, place: str, prefixes: Prefixes) -> PersistentDisposition:
    attributes = _closed(value, place, prefixes, _PERSISTENT, "a persistent disposition")
    if not attributes:
        fields.wrong(value, place, "set or unset")
    return PersistentDisposition(**attributes)


def _sensor_element(value: Any, place: str, prefixes: Prefixes) -> SensorElement:
    attributes, extensions = _members(_object(value, place, "a sensor element"), place, prefixes, _SENSOR)
    _require(attributes, place, {"reports": "sensorReport"})
    return SensorElement(**attributes, extensions=extensions)


def _sensor_metadata(value: Any, place: str, prefixes: Prefixes) -> SensorMetadata:
    attributes, extensions = _members(_object(value, place, "sensor metadata"), place, prefixes, _METADATA)
    return SensorMetadata(**attributes, extensions=extensions)


def _sensor_report(value: Any, place: str, prefixes: Prefixes) -> SensorReport:
    attributes, extensions = _members(_object(value, place, "a sensor report"), place, prefixes, _REPORT)
    if "type" not in attributes and "exception" not in attributes:
        raise InvalidDocument(
            "a sensor report needs a type or an exception", place=place, remedy="add type", rule=Rule.REQUIRED
        )
    return SensorReport(**attributes, extensions=extensions)


def _error_declaration(value: Any, place: str, prefixes: Prefixes) -> ErrorDeclaration:
    attributes, extensions = _members(_object(value, place, "an error declaration"), place, prefixes, _ERROR)
    _require(attributes, place, {"declaration_time": "declarationTime"})
    return ErrorDeclaration(**attributes, extensions=extensions)


def _certification(value: Any, place: str, prefixes: Prefixes) -> tuple[str, ...]:
    """One URI or several (7.4.1)."""
    if isinstance(value, list):
        listed: tuple[str, ...] = fields.array(fields.uri)(value, place, prefixes)
        return listed
    return (fields.uri(value, place, prefixes),)


_URI = fields.uri
_LOCATION: Table = {"id": ("id", _URI)}
_QUANTITY: Table = {
    "epcClass": ("epc_class", _URI),
    "quantity": ("quantity", fields.number),
    "uom": ("uom", fields.uom),
}
_TRANSACTION: Table = {
    "type": ("type", fields.word(vocabulary.BIZ_TRANSACTION_TYPE)),
    "bizTransaction": ("id", _URI),
}
_DISPOSITIONS = fields.unique(fields.array(fields.word(vocabulary.DISPOSITION), least=1))
_PERSISTENT: Table = {"set": ("set", _DISPOSITIONS), "unset": ("unset", _DISPOSITIONS)}
_ERROR: Table = {
    "declarationTime": ("declaration_time", fields.time),
    "reason": ("reason", fields.word(vocabulary.ERROR_REASON)),
    "correctiveEventIDs": ("corrective_event_ids", fields.array(_URI)),
}
_METADATA: Table = {
    "time": ("time", fields.time),
    "startTime": ("start_time", fields.time),
    "endTime": ("end_time", fields.time),
    "deviceID": ("device_id", _URI),
    "deviceMetadata": ("device_metadata", _URI),
    "rawData": ("raw_data", _URI),
    "dataProcessingMethod": ("data_processing_method", _URI),
    "bizRules": ("biz_rules", _URI),
}
_REPORT: Table = {
    "type": ("type", fields.word(vocabulary.MEASUREMENT_TYPE)),
    "exception": ("exception", fields.word(vocabulary.SENSOR_ALERT_TYPE)),
    "deviceID": ("device_id", _URI),
    "deviceMetadata": ("device_metadata", _URI),
    "rawData": ("raw_data", _URI),
    "dataProcessingMethod": ("data_processing_method", _URI),
    "bizRules": ("biz_rules", _URI),
    "time": ("time", fields.time),
    "microorganism": ("microorganism", _URI),
    "chemicalSubstance": ("chemical_substance", _URI),
    "coordinateReferenceSystem": ("coordinate_reference_system", _URI),
    "value": ("value", fields.number),
    "component": ("component", fields.word(vocabulary.COMPONENT)),
    "stringValue": ("string_value", fields.text),
    "booleanValue": ("boolean_value", fields.boolean),
    "hexBinaryValue": ("hex_binary_value", fields.hex_binary),
    "uriValue": ("uri_value", _URI),
    "minValue": ("min_value", fields.number),
    "maxValue": ("max_value", fields.number),
    "meanValue": ("mean_value", fields.number),
    "sDev": ("s_dev", fields.number),
    "percRank": ("perc_rank", fields.number),
    "percValue": ("perc_value", fields.number),
    "uom": ("uom", fields.uom),
}
_SENSOR: Table = {
    "sensorMetadata": ("metadata", _sensor_metadata),
    "sensorReport": ("reports", fields.array(_sensor_report, least=1)),
}
_COMMON: Table = {
    "eventTime": ("event_time", fields.time),
    "eventTimeZoneOffset": ("offset", fields.offset),
    "recordTime": ("record_time", fields.time),
    "eventID": ("event_id", fields.event_id),
    "certificationInfo": ("certification_info", _certification),
    "errorDeclaration": ("error_declaration", _error_declaration),
    "bizStep": ("biz_step", fields.word(vocabulary.BIZ_STEP)),
    "disposition": ("disposition", fields.word(vocabulary.DISPOSITION)),
    "persistentDisposition": ("persistent_disposition", _persistent),
    "readPoint": ("read_point", _location),
    "bizLocation": ("biz_location", _location),
    "bizTransactionList": ("biz_transaction_list", fields.array(_transaction)),
    "sourceList": ("source_list", fields.array(_source_dest("source"))),
    "destinationList": ("destination_list", fields.array(_source_dest("destination"))),
    "sensorElementList": ("sensor_element_list", fields.array(_sensor_element)),
}
_URIS = fields.array(_URI)
_QUANTITIES = fields.array(_quantity)
_ACTION: Table = {"action": ("action", fields.action)}
_CHILDREN: Table = {
    **_COMMON,
    **_ACTION,
    "parentID": ("parent_id", _URI),
    "childEPCs": ("child_epcs", _URIS),
    "childQuantityList": ("child_quantity_list", _QUANTITIES),
}
_EVENTS: Mapping[str, Table] = {
    "ObjectEvent": {
        **_COMMON,
        **_ACTION,
        "epcList": ("epc_list", fields.unique(_URIS)),
        "quantityList": ("quantity_list", _QUANTITIES),
        "ilmd": ("ilmd", _extensions),
    },
    "AggregationEvent": _CHILDREN,
    "TransactionEvent": {
        **_COMMON,
        **_ACTION,
        "parentID": ("parent_id", _URI),
        "epcList": ("epc_list", _URIS),
        "quantityList": ("quantity_list", _QUANTITIES),
    },
    "TransformationEvent": {
        **_COMMON,
        "inputEPCList": ("input_epc_list", fields.unique(_URIS)),
        "inputQuantityList": ("input_quantity_list", _QUANTITIES),
        "outputEPCList": ("output_epc_list", fields.unique(_URIS)),
        "outputQuantityList": ("output_quantity_list", _QUANTITIES),
        "transformationID": ("transformation_id", _URI),
        "ilmd": ("ilmd", _extensions),
    },
    "AssociationEvent": _CHILDREN,
}
_TIMES = {"event_time": "eventTime", "offset": "eventTimeZoneOffset"}
_REQUIRED: Mapping[str, Mapping[str, str]] = {
    kind: _TIMES if kind == "TransformationEvent" else {**_TIMES, "action": "action"} for kind in _EVENTS
}
