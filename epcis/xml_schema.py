"""The order of an event's elements in XML, one table for reading and writing (EPCIS 2.0 section 9.5, 1.2 section 9.5).

EPCIS 1.x has the same order, with what each version added wrapped in ``baseExtension`` and ``extension`` elements.
"""

from __future__ import annotations

from collections.abc import Mapping

_WHEN = ("eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "errorDeclaration", "certificationInfo")
_WHERE = ("bizStep", "disposition", "readPoint", "bizLocation")
_PARTIES = ("sourceList", "destinationList", "sensorElementList", "persistentDisposition")

#: Elements of each event type in the order of the schema.
ORDER: Mapping[str, tuple[str, ...]] = {
    "ObjectEvent": (*_WHEN, "epcList", "action", *_WHERE, "bizTransactionList", "quantityList", *_PARTIES, "ilmd"),
    "AggregationEvent": (
        *_WHEN, "parentID", "childEPCs", "action", *_WHERE, "bizTransactionList", "childQuantityList", *_PARTIES,
    ),
    "TransactionEvent": (
        *_WHEN, "bizTransactionList", "parentID", "epcList", "action", *_WHERE, "quantityList", *_PARTIES,
    ),
    "TransformationEvent": (
        *_WHEN, "inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList", "transformationID",
        *_WHERE, "bizTransactionList", *_PARTIES, "ilmd",
    ),
    "AssociationEvent": (
        *_WHEN, "parentID", "childEPCs", "childQuantityList", "action", *_WHERE, "bizTransactionList", *_PARTIES,
    ),
    "QuantityEvent": (*_WHEN, "epcClass", "quantity", *_WHERE, "bizTransactionList"),
}  # fmt: skip

#: Place of each element, and of the wrappers of EPCIS 1.x, in its event type.
RANKS: Mapping[str, Mapping[str, int]] = {
    kind: {name: rank for rank, name in enumerate(names)} | {"baseExtension": len(_WHEN), "extension": len(names)}
    for kind, names in ORDER.items()
}

#: Place of each element in those that have parts. The schema has no order for what is in an error declaration.
PARTS: Mapping[str, Mapping[str, int]] = {
    kind: {name: rank for rank, name in enumerate(names)}
    for kind, names in {
        "persistentDisposition": ("unset", "set"),
        "bizLocation": ("id",),
        "quantityElement": ("epcClass", "quantity", "uom"),
        "readPoint": ("id",),
        "sensorElement": ("sensorMetadata", "sensorReport"),
    }.items()
}

#: The one kind of element in each list.
ITEMS: Mapping[str, str] = {
    "epcList": "epc",
    "childEPCs": "epc",
    "inputEPCList": "epc",
    "outputEPCList": "epc",
    "quantityList": "quantityElement",
    "childQuantityList": "quantityElement",
    "inputQuantityList": "quantityElement",
    "outputQuantityList": "quantityElement",
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
    "sensorElementList": "sensorElement",
    "correctiveEventIDs": "correctiveEventID",
}

#: Lists in which the schema wants at least one.
NEVER_EMPTY = frozenset(("bizTransactionList", "sourceList", "destinationList", "sensorElementList"))

#: Elements whose content EPCIS 1.x wraps to keep a place for later versions.
WRAPPERS = frozenset(("extension", "baseExtension"))
