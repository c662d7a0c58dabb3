"""Events to JSON objects, in the one way that documents written here have (EPCIS 2.0 section 10).

Bare words for the CBV, times with the event's own offset, absent members rather than empty ones; reading what this
writes gives an equal event. Answers to queries don't come from here but from the bytes that were submitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from suyuan.base.clock import format_time
from suyuan.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    BizTransaction,
    ErrorDeclaration,
    Event,
    Location,
    ObjectEvent,
    PersistentDisposition,
    QuantityElement,
    SensorElement,
    SensorMetadata,
    SensorReport,
    TransactionEvent,
    TransformationEvent,
)

#: One member: JSON name, attribute, writer of the value (called for values that are set).
_Row = tuple[str, str, Callable[[Any], Any]]


def write_event(event: Event) -> dict[str, Any]:
    """The JSON object of an event; its ``@context`` goes with it where it has its own."""
    members: dict[str, Any] = {"type": event.type}
    if event.context is not None:
        members = {"@context": event.context, **members}
    members["eventTime"] = format_time(event.event_time, event.offset)
    members["eventTimeZoneOffset"] = _zone_offset(event.offset)
    members |= _written(event, _COMMON) | _written(event, _WHAT[type(event)])
    if isinstance(event, ObjectEvent | TransactionEvent) and not (event.epc_list or event.quantity_list):
        # Absent and empty are one value in the model; where neither list nor a sensor says what, empty is the form
        # that is always allowed.
        members["epcList"] = []
    return members | event.extensions


def _written(record: object, rows: Iterable[_Row]) -> dict[str, Any]:
    """The members that are set: not None, and not an empty list."""
    members = {}
    for name, attribute, write in rows:
        value = getattr(record, attribute)
        if value is not None and value != ():
            members[name] = write(value)
    return members


def _zone_offset(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _same(value: Any) -> Any:
    return value


def _certification(uris: tuple[str, ...]) -> str | list[str]:
    return uris[0] if len(uris) == 1 else list(uris)


def _location(location: Location) -> dict[str, Any]:
    return {"id": location.id, **location.extensions}


def _each(write: Callable[[Any], Any]) -> Callable[[tuple[Any, ...]], list[Any]]:
    return lambda values: [write(value) for value in values]


def _party(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda party: {"type": party.type, name: party.id}


def _biz_transaction(transaction: BizTransaction) -> dict[str, Any]:
    kind = {} if transaction.type is None else {"type": transaction.type}
    return {**kind, "bizTransaction": transaction.id}


def _quantity(element: QuantityElement) -> dict[str, Any]:
    return _written(element, _QUANTITY)


def _persistent(dispositions: PersistentDisposition) -> dict[str, Any]:
    return _written(dispositions, (("set", "set", list), ("unset", "unset", list)))


def _sensor_element(element: SensorElement) -> dict[str, Any]:
    return _written(element, _SENSOR) | element.extensions


def _sensor_metadata(metadata: SensorMetadata) -> dict[str, Any]:
    return _written(metadata, _METADATA) | metadata.extensions


def _sensor_report(report: SensorReport) -> dict[str, Any]:
    return _written(report, _REPORT) | report.extensions


def _error_declaration(declaration: ErrorDeclaration) -> dict[str, Any]:
    return _written(declaration, _ERROR) | declaration.extensions


_QUANTITY: tuple[_Row, ...] = (
    ("epcClass", "epc_class", _same),
    ("quantity", "quantity", _same),
    ("uom", "uom", _same),
)
_ERROR: tuple[_Row, ...] = (
    ("declarationTime", "declaration_time", format_time),
    ("reason", "reason", _same),
    ("correctiveEventIDs", "corrective_event_ids", list),
)
_DEVICE: tuple[_Row, ...] = (
    ("time", "time", format_time),
    ("deviceID", "device_id", _same),
    ("deviceMetadata", "device_metadata", _same),
    ("rawData", "raw_data", _same),
    ("dataProcessingMethod", "data_processing_method", _same),
    ("bizRules", "biz_rules", _same),
)
_METADATA: tuple[_Row, ...] = (
    ("startTime", "start_time", format_time),
    ("endTime", "end_time", format_time),
    *_DEVICE,
)
_REPORT: tuple[_Row, ...] = (
    ("type", "type", _same),
    ("exception", "exception", _same),
    *_DEVICE,
    ("microorganism", "microorganism", _same),
    ("chemicalSubstance", "chemical_substance", _same),
    ("coordinateReferenceSystem", "coordinate_reference_system", _same),
    ("value", "value", _same),
    ("component", "component", _same),
    ("stringValue", "string_value", _same),
    ("booleanValue", "boolean_value", _same),
    ("hexBinaryValue", "hex_binary_value", _same),
    ("uriValue", "uri_value", _same),
    ("minValue", "min_value", _same),
    ("maxValue", "max_value", _same),
    ("meanValue", "mean_value", _same),
    ("sDev", "s_dev", _same),
    ("percRank", "perc_rank", _same),
    ("percValue", "perc_value", _same),
    ("uom", "uom", _same),
)
_SENSOR: tuple[_Row, ...] = (
    ("sensorMetadata", "metadata", _sensor_metadata),
    ("sensorReport", "reports", _each(_sensor_report)),
)
_COMMON: tuple[_Row, ...] = (
    ("eventID", "event_id", _same),
    ("recordTime", "record_time", format_time),
    ("errorDeclaration", "error_declaration", _error_declaration),
    ("certificationInfo", "certification_info", _certification),
    ("bizStep", "biz_step", _same),
    ("disposition", "disposition", _same),
    ("persistentDisposition", "persistent_disposition", _persistent),
    ("readPoint", "read_point", _location),
    ("bizLocation", "biz_location", _location),
    ("bizTransactionList", "biz_transaction_list", _each(_biz_transaction)),
    ("sourceList", "source_list", _each(_party("source"))),
    ("destinationList", "destination_list", _each(_party("destination"))),
    ("sensorElementList", "sensor_element_list", _each(_sensor_element)),
)
_CHILDREN: tuple[_Row, ...] = (
    ("action", "action", _same),
    ("parentID", "parent_id", _same),
    ("childEPCs", "child_epcs", list),
    ("childQuantityList", "child_quantity_list", _each(_quantity)),
)
_THINGS: tuple[_Row, ...] = (
    ("action", "action", _same),
    ("epcList", "epc_list", list),
    ("quantityList", "quantity_list", _each(_quantity)),
)
_WHAT: dict[type[Event], tuple[_Row, ...]] = {
    ObjectEvent: (*_THINGS, ("ilmd", "ilmd", _same)),
    AggregationEvent: _CHILDREN,
    TransactionEvent: (("parentID", "parent_id", _same), *_THINGS),
    TransformationEvent: (
        ("inputEPCList", "input_epc_list", list),
        ("inputQuantityList", "input_quantity_list", _each(_quantity)),
        ("outputEPCList", "output_epc_list", list),
        ("outputQuantityList", "output_quantity_list", _each(_quantity)),
        ("transformationID", "transformation_id", _same),
        ("ilmd", "ilmd", _same),
    ),
    AssociationEvent: _CHILDREN,
}
