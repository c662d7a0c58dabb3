"""The five EPCIS 2.0 event types as frozen values (EPCIS 2.0 section 7.4, data types section 7.3).

All codecs meet here: what JSON-LD or XML says in several writings has one value. Times are microseconds since 1970 UTC
with offsets in minutes east; a word of the CBV is its bare word (``shipping``), any other vocabulary value its URI;
identifiers stay as they were written (`suyuan.gs1.names` says which are the same thing). An empty list and an absent
one are both ``()``: the standard gives them one meaning. Extensions keep the names and JSON values they came with;
`suyuan.epcis.context` resolves their prefixes.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

#: A JSON number as it was read: whole numbers stay exact.
Number = int | float
#: Extension members by the name they were written with, values as decoded JSON.
Extensions = dict[str, Any]


class QuantityElement(msgspec.Struct, frozen=True):
    """An amount of an EPC class (7.3.3.3), in ``uom`` (UN/ECE Rec. 20), in pieces where there is no unit."""

    epc_class: str
    quantity: Number | None = None
    uom: str | None = None


class Location(msgspec.Struct, frozen=True):
    """A read point or business location (7.3.5.2, 7.3.5.3) and what extends it."""

    id: str
    extensions: Extensions = {}


class BizTransaction(msgspec.Struct, frozen=True):
    """A business transaction (7.3.5.4): ``id`` of an optional type such as ``po``."""

    id: str
    type: str | None = None


class SourceDest(msgspec.Struct, frozen=True):
    """A source or destination (7.3.5.5): ``type`` such as ``possessing_party`` and who or where it is."""

    type: str
    id: str


class PersistentDisposition(msgspec.Struct, frozen=True):
    """Dispositions that hold beside the current one until they are unset (7.3.5.6)."""

    set: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()


class SensorMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What all reports of a sensor element share (7.3.7.2). Times in microseconds UTC."""

    time: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    device_id: str | None = None
    device_metadata: str | None = None
    raw_data: str | None = None
    data_processing_method: str | None = None
    biz_rules: str | None = None
    extensions: Extensions = {}


class SensorReport(msgspec.Struct, frozen=True, kw_only=True):
    """One value of one property (7.3.7.3), or an exception. ``time`` in microseconds UTC, ``uom`` UN/ECE Rec. 20."""

    type: str | None = None
    exception: str | None = None
    device_id: str | None = None
    device_metadata: str | None = None
    raw_data: str | None = None
    data_processing_method: str | None = None
    biz_rules: str | None = None
    time: int | None = None
    microorganism: str | None = None
    chemical_substance: str | None = None
    coordinate_reference_system: str | None = None
    value: Number | None = None
    component: str | None = None
    string_value: str | None = None
    boolean_value: bool | None = None
    hex_binary_value: str | None = None
    uri_value: str | None = None
    min_value: Number | None = None
    max_value: Number | None = None
    mean_value: Number | None = None
    s_dev: Number | None = None
    perc_rank: Number | None = None
    perc_value: Number | None = None
    uom: str | None = None
    extensions: Extensions = {}


class SensorElement(msgspec.Struct, frozen=True):
    """Sensor reports that belong together (7.3.7.1)."""

    reports: tuple[SensorReport, ...]
    metadata: SensorMetadata | None = None
    extensions: Extensions = {}


class ErrorDeclaration(msgspec.Struct, frozen=True):
    """Says that the event with the same event ID was wrong (7.4.1.2), and which events put it right."""

    declaration_time: int
    reason: str | None = None
    corrective_event_ids: tuple[str, ...] = ()
    extensions: Extensions = {}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What every event has (7.4.1): when, where, why, how, and its record."""

    #: The type's name in every binding, such as ``ObjectEvent``.
    type: ClassVar[str] = ""

    event_time: int
    offset: int
    event_id: str | None = None
    record_time: int | None = None
    error_declaration: ErrorDeclaration | None = None
    certification_info: tuple[str, ...] = ()
    biz_step: str | None = None
    disposition: str | None = None
    persistent_disposition: PersistentDisposition | None = None
    read_point: Location | None = None
    biz_location: Location | None = None
    biz_transaction_list: tuple[BizTransaction, ...] = ()
    source_list: tuple[SourceDest, ...] = ()
    destination_list: tuple[SourceDest, ...] = ()
    sensor_element_list: tuple[SensorElement, ...] = ()
    extensions: Extensions = {}
    #: The event's own JSON-LD ``@context``, as decoded JSON; ``None`` where it relies on its document's.
    context: Any = None


class ObjectEvent(Event, frozen=True, kw_only=True):
    """Something happened to the things listed (7.4.2). ``action`` is ADD, OBSERVE or DELETE."""

    type: ClassVar[str] = "ObjectEvent"

    action: str
    epc_list: tuple[str, ...] = ()
    quantity_list: tuple[QuantityElement, ...] = ()
    #: Instance/lot master data of what is commissioned here; ``None`` where there is none.
    ilmd: Extensions | None = None


class AggregationEvent(Event, frozen=True, kw_only=True):
    """Children were put into the parent, seen in it, or taken out (7.4.3)."""

    type: ClassVar[str] = "AggregationEvent"

    action: str
    parent_id: str | None = None
    child_epcs: tuple[str, ...] = ()
    child_quantity_list: tuple[QuantityElement, ...] = ()


class TransactionEvent(Event, frozen=True, kw_only=True):
    """Things became part of, or left, the business transactions listed (7.4.5)."""

    type: ClassVar[str] = "TransactionEvent"

    action: str
    parent_id: str | None = None
    epc_list: tuple[str, ...] = ()
    quantity_list: tuple[QuantityElement, ...] = ()


class TransformationEvent(Event, frozen=True, kw_only=True):
    """Inputs were used up and outputs made of them (7.4.6). Events that share ``transformation_id`` are one."""

    type: ClassVar[str] = "TransformationEvent"

    input_epc_list: tuple[str, ...] = ()
    input_quantity_list: tuple[QuantityElement, ...] = ()
    output_epc_list: tuple[str, ...] = ()
    output_quantity_list: tuple[QuantityElement, ...] = ()
    transformation_id: str | None = None
    #: Instance/lot master data of the outputs; ``None`` where there is none.
    ilmd: Extensions | None = None


class AssociationEvent(Event, frozen=True, kw_only=True):
    """Children, such as a sensor, were fixed to the parent, an asset or place, or removed (7.4.7)."""

    type: ClassVar[str] = "AssociationEvent"

    action: str
    parent_id: str | None = None
    child_epcs: tuple[str, ...] = ()
    child_quantity_list: tuple[QuantityElement, ...] = ()


#: The event types by name.
EVENT_TYPES: dict[str, type[Event]] = {
    kind.type: kind for kind in (ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent, AssociationEvent)
}
