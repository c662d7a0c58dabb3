"""The QuantityEvent of EPCIS 1.x (1.2 section 7.4.4), which EPCIS 2.0 says with an ObjectEvent.

Inside Suyuan it is that ObjectEvent: one amount of one class, observed. An extension member remembers what it was, so
that it is found under its type, and is a QuantityEvent again in an answer of EPCIS 1.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suyuan.epcis.events import Event, ObjectEvent

QUANTITY_EVENT = "QuantityEvent"
#: The extension member that keeps what EPCIS 2.0 has no type for.
DEPRECATED_TYPE = "https://ns.suyuan.example/voc/deprecatedType"
_AMOUNT = ("epcClass", "quantity")


def as_object_event(members: dict[str, Any]) -> None:
    """Make the JSON object of a QuantityEvent that of the ObjectEvent which says the same."""
    amount = {name: members.pop(name) for name in _AMOUNT if name in members}
    members |= {"type": "ObjectEvent", "action": "OBSERVE", "quantityList": [amount], DEPRECATED_TYPE: QUANTITY_EVENT}


def as_quantity_event(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The members of the QuantityEvent that an ObjectEvent's JSON object was; None where it was none."""
    if event.get(DEPRECATED_TYPE) != QUANTITY_EVENT or len(event.get("quantityList", ())) != 1:
        return None
    members = {name: value for name, value in event.items() if name not in {"quantityList", "action", DEPRECATED_TYPE}}
    return {**members, **event["quantityList"][0]}


def is_quantity_event(event: Event) -> bool:
    """Whether an event came as a QuantityEvent."""
    return (
        DEPRECATED_TYPE in event.extensions
        and event.extensions[DEPRECATED_TYPE] == QUANTITY_EVENT
        and isinstance(event, ObjectEvent)
        and len(event.quantity_list) == 1
        and not event.epc_list
    )
