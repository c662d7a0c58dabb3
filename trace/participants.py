"""Who takes part in an event, as what, and with which partner: the pure step from event to timeline rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from suyuan.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    Event,
    ObjectEvent,
    QuantityElement,
    TransactionEvent,
    TransformationEvent,
)
from suyuan.epcis.identifiers import identify
from suyuan.epcis.quantity_event import is_quantity_event
from suyuan.gs1.names import Name, lot_of
from suyuan.trace.tables import Action, EventType, Role


def named(uri: str) -> Name:
    """The name behind an identifier of an event; validation has just asked for it, so it is remembered."""
    return identify(uri).name


_ACTIONS = {"ADD": Action.ADD, "OBSERVE": Action.OBSERVE, "DELETE": Action.DELETE}


class Participant(NamedTuple):
    """One timeline row before its names have ids."""

    role: int  #: of `Role`
    action: int  #: of `Action`
    name: Name
    partner: Name | None = None
    quantity: float | None = None
    uom: str | None = None


def participants(event: Event) -> list[Participant]:
    """All things of an event in the order of its lists; their place in the list is the row's ordinal."""
    return list(_of(event))


def action_of(event: Event) -> Action:
    """The event's action; a transformation has none."""
    return _ACTIONS.get(getattr(event, "action", ""), Action.NONE)


def type_and_action(event: Event) -> tuple[EventType, Action]:
    """What the event is found under. A QuantityEvent of EPCIS 1.x has its own type, and no action."""
    if event.extensions and is_quantity_event(event):
        return EventType.QuantityEvent, Action.NONE
    return EventType[event.type], action_of(event)


def _of(event: Event) -> Iterator[Participant]:
    action = action_of(event)
    match event:
        case ObjectEvent():
            lots = _Lots(event.ilmd, event.quantity_list) if event.ilmd or event.quantity_list else None
            yield from _items(Role.EPC.value, action.value, event.epc_list, event.quantity_list, lots)
        case AggregationEvent():
            yield from _family(Role.PARENT, Role.CHILD, action, event)
        case AssociationEvent():
            yield from _family(Role.ASSOCIATION_PARENT, Role.ASSOCIATION_CHILD, action, event)
        case TransactionEvent():
            if event.parent_id:
                yield Participant(Role.TRANSACTION_PARENT.value, action.value, named(event.parent_id))
            yield from _items(Role.TRANSACTION_EPC.value, action.value, event.epc_list, event.quantity_list, None)
        case TransformationEvent():
            yield from _items(Role.INPUT.value, action.value, event.input_epc_list, event.input_quantity_list, None)
            lots = _Lots(event.ilmd, event.output_quantity_list)
            yield from _items(Role.OUTPUT.value, action.value, event.output_epc_list, event.output_quantity_list, lots)


def _family(
    parent: Role, child: Role, action: Action, event: AggregationEvent | AssociationEvent
) -> Iterator[Participant]:
    """A parent and its children. A DELETE that names no children takes out everything: `Action.EMPTY`."""
    holder = named(event.parent_id) if event.parent_id else None
    whole = action is Action.DELETE and not event.child_epcs and not event.child_quantity_list
    if holder:
        yield Participant(parent.value, (Action.EMPTY if whole else action).value, holder)
    role, deed = child.value, action.value
    for epc in event.child_epcs:
        yield Participant(role, deed, named(epc), holder)
    for element in event.child_quantity_list:
        yield Participant(role, deed, named(element.epc_class), holder, _amount(element), element.uom)


def _items(
    role: int, action: int, epcs: Sequence[str], quantities: Sequence[QuantityElement], lots: _Lots | None
) -> Iterator[Participant]:
    for epc in epcs:
        name = named(epc)
        lot = lot_of(epc) if epc.startswith("http") else None  # an EPC URI names no lot beside the serial number
        yield Participant(role, action, name, lot or (lots.of(name) if lots else None))
    for element in quantities:
        yield Participant(role, action, named(element.epc_class), None, _amount(element), element.uom)


def _amount(element: QuantityElement) -> float | None:
    """The quantity as the column holds it: a whole number of JSON may be longer than any integer of a database."""
    return None if element.quantity is None else float(element.quantity)


class _Lots:
    """The lot of an instance that an event makes: its ILMD lot number, else the one lot of its product beside it."""

    def __init__(self, ilmd: dict[str, Any] | None, quantities: Sequence[QuantityElement]) -> None:
        self._number = _lot_number(ilmd or {})
        self._beside: dict[str, Name | None] = {}
        for element in quantities:
            name = named(element.epc_class)
            if name.class_key.endswith("/10"):
                several = name.class_key in self._beside
                self._beside[name.class_key] = None if several else name

    def of(self, name: Name) -> Name | None:
        """The lot of a serialised product, if the event tells."""
        if not (name.class_key.startswith("01/") and name.class_key.endswith("/21")):
            return None
        lot_class = name.class_key[:-3] + "/10"
        if self._number:
            return Name(lot_class, self._number, name.company_prefix_length)
        return self._beside.get(lot_class)


def _lot_number(ilmd: dict[str, Any]) -> str | None:
    """CBV attribute lotNumber, under whatever prefix or full name it was written."""
    for key, value in ilmd.items():
        if (
            isinstance(value, str)
            and value
            and key.replace("#", ":").replace("/", ":").rpartition(":")[2] == "lotNumber"
        ):
            return value
    return None
