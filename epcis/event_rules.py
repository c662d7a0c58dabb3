"""What the standard demands of an event as a whole, beyond the form of each field (EPCIS 2.0 section 7.4)."""

from __future__ import annotations

from collections.abc import Callable

from suyuan.base.errors import InvalidDocument
from suyuan.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    Event,
    ObjectEvent,
    TransactionEvent,
    TransformationEvent,
)


def check_rules(event: Event, place: str, *, empty_list: bool = False) -> None:
    """Raise `InvalidDocument` where the event breaks a rule of its type.

    ``empty_list`` says that an empty ``epcList`` was written out, which is allowed where an absent one is not; absent
    and empty are one value in `Event`.
    """
    _RULES[type(event)](event, place, empty_list)
    for name, field in _AMOUNTS[type(event)].items():
        for number, element in enumerate(getattr(event, field)):
            if element.quantity is not None and element.quantity < 0:
                raise InvalidDocument(
                    "a quantity is never negative", place=f"{place}/{name}/{number}/quantity",
                    remedy="what is taken away has action DELETE or is an input",
                )  # fmt: skip


def _object(event: ObjectEvent, place: str, empty_list: bool) -> None:
    if not (event.epc_list or event.quantity_list or empty_list):
        if not event.sensor_element_list:
            raise _missing(place, "an ObjectEvent needs an epcList, a quantityList or a sensorElementList")
        if event.read_point is None:
            raise _missing(place, "an ObjectEvent of sensor data alone needs a readPoint (7.4.2)")
    if event.ilmd is not None and event.action != "ADD":
        raise InvalidDocument(
            f"ILMD goes with action ADD, not {event.action} (7.4.2)", place=f"{place}/ilmd", remedy="leave ilmd out"
        )


def _aggregation(event: AggregationEvent, place: str, _: bool) -> None:
    if event.parent_id is None and event.action != "OBSERVE":
        raise _missing(place, f"an AggregationEvent with action {event.action} needs a parentID (7.4.3)")
    _children(event, place)


def _association(event: AssociationEvent, place: str, _: bool) -> None:
    if event.parent_id is None:
        raise _missing(place, "an AssociationEvent needs a parentID (7.4.7)")
    _children(event, place)


def _children(event: AggregationEvent | AssociationEvent, place: str) -> None:
    if not (event.child_epcs or event.child_quantity_list) and event.action != "DELETE":
        raise _missing(place, f"action {event.action} needs childEPCs or a childQuantityList; only DELETE means all")


def _transaction(event: TransactionEvent, place: str, empty_list: bool) -> None:
    if not event.biz_transaction_list:
        raise _missing(place, "a TransactionEvent needs a bizTransactionList (7.4.5)")
    if not (event.epc_list or event.quantity_list or empty_list) and event.action != "DELETE":
        raise _missing(place, f"action {event.action} needs an epcList or a quantityList; only DELETE means all")


def _transformation(event: TransformationEvent, place: str, _: bool) -> None:
    inputs = event.input_epc_list or event.input_quantity_list
    outputs = event.output_epc_list or event.output_quantity_list
    if event.transformation_id is None and not (inputs and outputs):
        raise _missing(place, "a TransformationEvent without transformationID needs inputs and outputs (7.4.6)")
    if not (inputs or outputs):
        raise _missing(place, "a TransformationEvent needs inputs or outputs (7.4.6)")


def _missing(place: str, detail: str) -> InvalidDocument:
    return InvalidDocument(detail, place=place or "/")


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
