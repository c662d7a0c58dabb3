"""What the standard demands of an event as a whole, beyond the form of each field (EPCIS 2.0 section 7.4).

Some demands of its text are not made here, because GS1's own examples break them: that a sensor's times are not later
than the event, that a report does not name a microorganism and a chemical substance, that a unit has a value beside it,
that a component has a value and a unit, that a standard deviation has a mean, that only object and transformation
events have persistent dispositions, that a content hash given as the event ID is that of the content.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from suyuan.base.errors import InvalidDocument
from suyuan.epcis import units
from suyuan.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    Event,
    ObjectEvent,
    QuantityElement,
    SensorElement,
    SensorReport,
    TransactionEvent,
    TransformationEvent,
)
from suyuan.epcis.identifiers import identify
from suyuan.epcis.leniency import NO_PARDON, Pardon, Rule
from suyuan.epcis.quantity_event import DEPRECATED_TYPE
from suyuan.gs1.names import Kind, kind_of

#: Begins the URN of one thing, be it an item or a place.
_INSTANCE = "urn:epc:id:"
_UOM = re.compile(r"[A-Z0-9]{2,3}")


def check_rules(event: Event, place: str, *, empty_list: bool = False, pardon: Pardon = NO_PARDON) -> None:
    """Raise `InvalidDocument` where the event breaks a rule of its type that ``pardon`` does not forgive.

    ``empty_list`` says that an empty ``epcList`` was written out, which is allowed where an absent one is not; absent
    and empty are one value in `Event`.
    """
    _RULES[type(event)](event, place, empty_list)
    _check_things(event, place, pardon)
    for name, field in _AMOUNTS[type(event)].items():
        elements: tuple[QuantityElement, ...] = getattr(event, field)
        for number, element in enumerate(elements):
            _check_quantity(element, event, f"{place}/{name}/{number}", pardon)
    for number, sensor in enumerate(event.sensor_element_list):
        _check_sensor(sensor, f"{place}/sensorElementList/{number}", pardon)


def _check_things(event: Event, place: str, pardon: Pardon) -> None:
    """7.3.3: EPC lists and parents are things, not classes of them."""
    for name, field in _THINGS[type(event)].items():
        uris: tuple[str, ...] = getattr(event, field)
        for number, uri in enumerate(uris):
            if not uri.startswith(_INSTANCE) and _is_class(uri):
                pardon.ask(_no_thing(uri, f"{place}/{name}/{number}", "list it under quantities"))
    parent = getattr(event, "parent_id", None)
    if parent is not None and not parent.startswith(_INSTANCE) and _is_class(parent):
        pardon.ask(_no_thing(parent, f"{place}/parentID", "name the thing that is the parent"))


def _is_class(uri: str) -> bool:
    class_key, serial, _ = identify(uri).name
    return _kind(class_key, bool(serial)) in {"lot", "class"}


@lru_cache(maxsize=4_096)
def _kind(class_key: str, has_serial: bool) -> Kind:
    """What sort of thing it is; items of one class have one answer."""
    return kind_of(class_key, "-" if has_serial else "")


def _no_thing(uri: str, place: str, remedy: str) -> InvalidDocument:
    return _broken(Rule.LEVEL, f"{uri[:80]} is a class or lot, expected one thing (7.3.3)", place, remedy)


def _check_quantity(element: QuantityElement, event: Event, place: str, pardon: Pardon) -> None:
    """7.3.3.3: of a class; positive; whole where there is no unit; no unit without a quantity."""
    if element.epc_class.startswith(_INSTANCE) or kind_of(*identify(element.epc_class).name[:2]) == "instance":
        detail = f"{element.epc_class[:80]} is one thing, expected a class or lot (7.3.3.3)"
        pardon.ask(_broken(Rule.LEVEL, detail, f"{place}/epcClass", "list it under EPCs"))
    quantity, uom = element.quantity, element.uom
    if quantity is None:
        if uom is not None:
            pardon.ask(_broken(Rule.QUANTITY, "a unit without a quantity (7.3.3.3)", f"{place}/uom", "add quantity"))
        return
    # A QuantityEvent of EPCIS 1.x may tell that nothing is there.
    if quantity < 0 or (quantity == 0 and DEPRECATED_TYPE not in event.extensions):
        remedy = "what is taken away has action DELETE or is an input"
        pardon.ask(_broken(Rule.QUANTITY, "a quantity is positive (7.3.3.3)", f"{place}/quantity", remedy))
    if uom is None:
        if quantity != quantity // 1:
            detail = f"{quantity} pieces: without a unit a quantity is a whole number (7.3.3.3)"
            pardon.ask(_broken(Rule.QUANTITY, detail, f"{place}/quantity", "add uom"))
    elif not _UOM.fullmatch(uom):
        pardon.ask(_no_unit(uom, f"{place}/uom"))


def _check_sensor(element: SensorElement, place: str, pardon: Pardon) -> None:
    period = element.metadata
    if period is not None and period.start_time is not None and period.end_time is not None:  # noqa: SIM102
        if period.start_time >= period.end_time:
            where = f"{place}/sensorMetadata/startTime"
            pardon.ask(_broken(Rule.PERIOD, "startTime is not before endTime (7.3.7.2)", where, "correct the times"))
    for number, report in enumerate(element.reports):
        _check_report(report, f"{place}/sensorReport/{number}", pardon)


def _check_report(report: SensorReport, place: str, pardon: Pardon) -> None:
    """7.3.7.3: units are codes that fit the type; statistics fit together."""
    uom, kind = report.uom, report.type
    if uom is not None:
        if not _UOM.fullmatch(uom):
            pardon.ask(_no_unit(uom, f"{place}/uom"))
        elif kind is not None and not units.measures(kind, uom):
            detail = f"{uom} is a unit of {units.dimension_of(uom)}, not of {kind}"
            remedy = f"use a unit of {units.of(kind)}, or correct the type"
            pardon.ask(_broken(Rule.UNIT, detail, f"{place}/uom", remedy))
    for name, detail, remedy in _statistics(report):
        pardon.ask(_broken(Rule.STATISTICS, detail, f"{place}/{name}", remedy))


def _statistics(report: SensorReport) -> list[tuple[str, str, str]]:
    """Field, fault and remedy of each statistic that does not fit."""
    rank, faults = report.perc_rank, []
    if rank is not None and not 0 <= rank <= 100:
        faults.append(("percRank", f"{rank} is no percentage", "use 0 to 100"))
    if rank is not None and report.perc_value is None:
        faults.append(("percRank", "percRank goes with percValue only (7.3.7.3)", "add percValue"))
    if rank is None and report.perc_value is not None:
        faults.append(("percValue", "percValue goes with percRank only (7.3.7.3)", "add percRank"))
    if report.min_value is not None and report.max_value is not None and report.min_value > report.max_value:
        faults.append(("minValue", "minValue is greater than maxValue", "exchange the two"))
    if report.s_dev is not None and report.s_dev < 0:
        faults.append(("sDev", "a standard deviation is never negative", "leave out the sign"))
    return faults


def _object(event: ObjectEvent, place: str, empty_list: bool) -> None:
    if not (event.epc_list or event.quantity_list or empty_list):
        if not event.sensor_element_list:
            raise _missing(
                place, "an ObjectEvent needs an epcList, a quantityList or a sensorElementList (7.4.2)", "add epcList"
            )
        if event.read_point is None:
            raise _missing(place, "an ObjectEvent of sensor data alone needs a readPoint (7.4.2)", "add readPoint")
    if event.ilmd is not None and event.action != "ADD":
        detail = f"ILMD goes with action ADD, not {event.action} (7.4.2)"
        raise _broken(Rule.EVENT, detail, f"{place}/ilmd", "leave ilmd out")


def _aggregation(event: AggregationEvent, place: str, _: bool) -> None:
    if event.parent_id is None and event.action != "OBSERVE":
        raise _missing(
            place, f"an AggregationEvent with action {event.action} needs a parentID (7.4.3)", "add parentID"
        )
    _children(event, place)


def _association(event: AssociationEvent, place: str, _: bool) -> None:
    if event.parent_id is None:
        raise _missing(place, "an AssociationEvent needs a parentID (7.4.7)", "add parentID")
    _children(event, place)


def _children(event: AggregationEvent | AssociationEvent, place: str) -> None:
    if not (event.child_epcs or event.child_quantity_list) and event.action != "DELETE":
        detail = f"action {event.action} needs childEPCs or a childQuantityList; only DELETE means all (7.4.3, 7.4.7)"
        raise _missing(place, detail, "add childEPCs")


def _transaction(event: TransactionEvent, place: str, empty_list: bool) -> None:
    if not event.biz_transaction_list:
        raise _missing(place, "a TransactionEvent needs a bizTransactionList (7.4.5)", "add bizTransactionList")
    if not (event.epc_list or event.quantity_list or empty_list) and event.action != "DELETE":
        detail = f"action {event.action} needs an epcList or a quantityList; only DELETE means all (7.4.5)"
        raise _missing(place, detail, "add epcList")


def _transformation(event: TransformationEvent, place: str, _: bool) -> None:
    inputs = event.input_epc_list or event.input_quantity_list
    outputs = event.output_epc_list or event.output_quantity_list
    if event.transformation_id is None and not (inputs and outputs):
        detail = "a TransformationEvent without transformationID needs inputs and outputs (7.4.6)"
        raise _missing(place, detail, "add what went in and what came out, or the transformationID of events that do")
    if not (inputs or outputs):
        raise _missing(place, "a TransformationEvent needs inputs or outputs (7.4.6)", "add inputEPCList")


def _missing(place: str, detail: str, remedy: str) -> InvalidDocument:
    return _broken(Rule.EVENT, detail, place or "/", remedy)


def _no_unit(uom: str, place: str) -> InvalidDocument:
    remedy = "use the common code, such as KGM or CEL"
    return _broken(Rule.UNIT, f"{uom!r} is no code of UN/ECE Recommendation 20", place, remedy)


def _broken(rule: Rule, detail: str, place: str, remedy: str) -> InvalidDocument:
    return InvalidDocument(detail, place=place, remedy=remedy, rule=rule)


#: The lists of things of each type, by their names in JSON.
_THINGS: dict[type[Event], dict[str, str]] = {
    ObjectEvent: {"epcList": "epc_list"},
    AggregationEvent: {"childEPCs": "child_epcs"},
    TransactionEvent: {"epcList": "epc_list"},
    TransformationEvent: {"inputEPCList": "input_epc_list", "outputEPCList": "output_epc_list"},
    AssociationEvent: {"childEPCs": "child_epcs"},
}
#: The lists of amounts of each type, by their names in JSON.
_AMOUNTS: dict[type[Event], dict[str, str]] = {
    ObjectEvent: {"quantityList": "quantity_list"},
    AggregationEvent: {"childQuantityList": "child_quantity_list"},
    TransactionEvent: {"quantityList": "quantity_list"},
    TransformationEvent: {
        "inputQuantityList": "input_quantity_list",
        "outputQuantityList": "output_quantity_list",
    },
    AssociationEvent: {"childQuantityList": "child_quantity_list"},
}

_RULES: dict[type[Event], Callable[..., None]] = {
    ObjectEvent: _object,
    AggregationEvent: _aggregation,
    TransactionEvent: _transaction,
    TransformationEvent: _transformation,
    AssociationEvent: _association,
}
