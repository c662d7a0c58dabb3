"""Random events of every kind and random queries about them, from one seed: few values, so that queries find some."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

NAMESPACE = "https://ex.example/ns/"
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": NAMESPACE}]
#: The same GTINs, lots, pallets as URN and as Digital Link.
_GTINS = ("10614141000019", "10614141000026")
_ITEMS = ("urn:epc:id:sgtin:0614141.100001.{}", "https://id.gs1.org/01/10614141000019/21/{}",
          "https://shop.example/01/10614141000026/21/{}", "urn:epc:id:sgtin:0614141.100002.{}")  # fmt: skip
_LOTS = ("urn:epc:class:lgtin:0614141.100001.L{}", "https://id.gs1.org/01/10614141000026/10/L{}",
         "https://id.gs1.org/01/10614141000019/10/L{}")  # fmt: skip
_PALLETS = ("urn:epc:id:sscc:0614141.000000000{}", "urn:epc:id:grai:0614141.00001.{}", "https://shop.example/box/{}")
_PLACES = ("urn:epc:id:sgln:0614141.0000{}.0", "urn:epc:id:sgln:0614141.0000{}.7", "https://shop.example/place/{}")
_STEPS = ("shipping", "packing", "https://shop.example/steps/cooling")
_DISPOSITIONS = ("in_transit", "active", "damaged")
_TEXTS = ("a", "b", "25", "7.5", "2026-05-01T00:00:00Z", "x" * 450, "x" * 449 + "y")
_URIS = ("https://id.gs1.org/8004/0614141A1", "urn:epc:id:giai:0614141.A1", "https://shop.example/device/2")
_NAMES = ("ex:one", "ex:two")


class Chance:
    """Choices from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one(self, values: Any) -> Any:
        return self.random.choice(list(values))

    def number(self) -> float:
        chosen: float = self.one((-5, 0, 3, 7.5, 20, 25, 68, 273.15, 293.15, 298.15))
        return chosen

    def time(self) -> str:
        return f"2026-0{self.random.randint(1, 9)}-1{self.random.randint(0, 9)}T06:00:00Z"

    def few(self, make: Callable[[], Any], least: int = 1) -> list[Any]:
        return [make() for _ in range(self.random.randint(least, 3))]

    def distinct(self, make: Callable[[], str]) -> list[str]:
        return list(dict.fromkeys(self.few(make)))

    def maybe(self, part: float = 0.3) -> bool:
        return self.random.random() < part

    def item(self) -> str:
        return str(self.one(_ITEMS)).format(self.random.randint(1, 6))

    def lot(self) -> str:
        return str(self.one(_LOTS)).format(self.random.randint(1, 3))

    def pallet(self) -> str:
        return str(self.one(_PALLETS)).format(self.random.randint(1, 3))

    def place(self) -> str:
        return str(self.one(_PLACES)).format(self.random.randint(1, 3))

    def document(self) -> str:
        return f"urn:epc:id:gdti:0614141.00002.{self.random.randint(1, 3)}"

    def party(self) -> str:
        return f"urn:epc:id:pgln:0614141.0000{self.random.randint(1, 3)}"


def extensions(chance: Chance, depth: int = 0) -> dict[str, Any]:
    """Members with prefixed names: texts, numbers, times, lists, objects."""

    def value() -> Any:
        kind = chance.random.randint(0, 5 if depth < 3 else 3)
        if kind == 4:
            return [chance.one(_TEXTS), chance.number()]
        if kind == 5:
            return extensions(chance, depth + 1)
        return chance.number() if kind == 0 else chance.one((True, False)) if kind == 1 else chance.one(_TEXTS)

    return {name: value() for name in _NAMES if chance.maybe(0.7)}


def _quantity(chance: Chance) -> dict[str, Any]:
    element: dict[str, Any] = {"epcClass": chance.lot()}
    if chance.maybe(0.8):
        element["quantity"] = abs(chance.number()) or 1
        if chance.maybe(0.7):
            element["uom"] = chance.one(("KGM", "GRM"))
        else:
            element["quantity"] = chance.random.randint(1, 30)
    return element


def _report(chance: Chance) -> dict[str, Any]:
    report: dict[str, Any] = {"type": "Temperature", "value": chance.number(), "uom": chance.one(("CEL", "KEL"))}
    if chance.maybe():
        low, high = sorted((chance.number(), chance.number()))
        report |= {"minValue": low, "maxValue": high, "meanValue": (low + high) / 2, "sDev": 0.5}
    if chance.maybe():
        report |= {"percRank": chance.one((5, 50, 95)), "percValue": chance.number()}
    if chance.maybe():
        report = {"type": "Mass", "value": abs(chance.number()), "uom": chance.one(("KGM", "GRM"))}
    if chance.maybe(0.2):
        report = {"type": "https://shop.example/kinds/colour"} | chance.one(
            ({"stringValue": "red|green"}, {"stringValue": "red"}, {"booleanValue": True}, {"booleanValue": False},
             {"hexBinaryValue": "AF01"}, {"uriValue": chance.one(_URIS)})
        )  # fmt: skip
    if chance.maybe(0.2):
        report |= {"microorganism": "https://shop.example/mo/1", "chemicalSubstance": "https://shop.example/cs/1"}
    return report | (extensions(chance) if chance.maybe() else {})


def _sensor(chance: Chance) -> dict[str, Any]:
    device = {
        "time": chance.time(), "deviceID": chance.one(_URIS), "dataProcessingMethod": chance.one(_URIS),
        "bizRules": chance.one(_URIS),
    }  # fmt: skip
    reports = chance.few(lambda: _report(chance))
    element: dict[str, Any] = {"sensorReport": reports}
    if chance.maybe(0.5):
        metadata = device | {"startTime": "2026-01-01T00:00:00Z", "endTime": chance.time()}
        element["sensorMetadata"] = metadata | (extensions(chance) if chance.maybe() else {})
    elif chance.maybe(0.5):
        element["sensorReport"] = [report | device for report in reports]
    return element | (extensions(chance) if chance.maybe() else {})


def _what(chance: Chance, kind: str) -> dict[str, Any]:
    def items() -> list[str]:
        return chance.distinct(chance.item)

    def elements() -> list[dict[str, Any]]:
        return chance.few(lambda: _quantity(chance))

    action = {"action": chance.one(("ADD", "OBSERVE", "DELETE"))}
    if kind == "ObjectEvent":
        whole = {**action, "epcList": items()} | ({"quantityList": elements()} if chance.maybe() else {})
        return whole | ({"ilmd": extensions(chance)} if whole["action"] == "ADD" and chance.maybe(0.6) else {})
    if kind == "TransformationEvent":
        whole = {"inputEPCList": items(), "outputEPCList": items()}
        whole |= {"inputQuantityList": elements(), "outputQuantityList": elements()} if chance.maybe() else {}
        whole |= {"transformationID": chance.document()} if chance.maybe() else {}
        return whole | ({"ilmd": extensions(chance)} if chance.maybe() else {})
    if kind == "TransactionEvent":
        whole = {
            **action,
            "epcList": items(),
            "bizTransactionList": [{"type": "po", "bizTransaction": chance.document()}],
        }
        return whole | ({"parentID": chance.pallet()} if chance.maybe() else {})
    whole = {**action, "parentID": chance.pallet(), "childEPCs": items()}
    return whole | ({"childQuantityList": elements()} if chance.maybe() else {})


_TYPES = (
    "ObjectEvent",
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
)


def event(chance: Chance, number: int) -> dict[str, Any]:
    """A valid event; its ID says which it is."""
    kind = chance.one(_TYPES)
    whole: dict[str, Any] = {
        "type": kind, "eventID": f"urn:x:{number}", "eventTime": chance.time(), "eventTimeZoneOffset": "+08:00",
        **_what(chance, kind),
    }  # fmt: skip
    for field, value in (("bizStep", chance.one(_STEPS)), ("disposition", chance.one(_DISPOSITIONS))):
        whole |= {field: value} if chance.maybe(0.7) else {}
    for field in ("readPoint", "bizLocation"):
        if chance.maybe(0.6):
            whole[field] = {"id": chance.place(), **(extensions(chance) if chance.maybe() else {})}
    if chance.maybe(0.2):
        whole["persistentDisposition"] = {"set": [chance.one(_DISPOSITIONS)], "unset": ["recalled"]}
    if chance.maybe() and "bizTransactionList" not in whole:
        whole["bizTransactionList"] = [
            {"type": each, "bizTransaction": chance.document()} for each in ("po", "inv") if chance.maybe(0.7)
        ]
    if chance.maybe():
        whole["sourceList"] = [{"type": "possessing_party", "source": chance.party()}]
        whole["destinationList"] = [{"type": "owning_party", "destination": chance.party()}]
    if chance.maybe():
        whole["sensorElementList"] = chance.few(lambda: _sensor(chance))
    if chance.maybe(0.1):
        whole["errorDeclaration"] = {
            "declarationTime": chance.time(), "reason": chance.one(("did_not_occur", "incorrect_data")),
            "correctiveEventIDs": [f"urn:x:{number - 1}"], **extensions(chance),
        }  # fmt: skip
    return whole | (extensions(chance) if chance.maybe() else {})


def _several(chance: Chance, make: Callable[[], Any]) -> Any:
    """One value or a list."""
    return chance.few(make) if chance.maybe(0.4) else make()


def _pattern(chance: Chance) -> str:
    return str(
        chance.one(
            (
                *(f"https://id.gs1.org/01/{gtin}" for gtin in _GTINS), "urn:epc:idpat:sgtin:0614141.100001.*",
                "urn:epc:idpat:sgtin:0614141.*.*", "urn:epc:idpat:sgtin:0614142.*.*", "urn:epc:idpat:sscc:0614141.*",
                "urn:epc:idpat:grai:0614141.00001.*", "urn:epc:idpat:sgtin:*.*.*",
            )
        )
    )  # fmt: skip


def _thing(chance: Chance) -> str:
    return str(chance.one((chance.item(), chance.pallet(), _pattern(chance))))


_WRITTEN = (*_DISPOSITIONS, "urn:epcglobal:cbv:disp:active")
_PAPERS = ("po", "inv", "urn:epcglobal:cbv:btt:po")
_ANY = ("EQ", "GT", "GE", "LT", "LE")
_FAMILY = (
    "", "ILMD_", "ERROR_DECLARATION_", "readPoint_", "bizLocation_", "SENSORELEMENT_", "SENSORMETADATA_",
    "SENSORREPORT_",
)  # fmt: skip


def _of_extension(chance: Chance) -> tuple[str, Any]:
    name = f"{chance.one(('', 'INNER_'))}{chance.one(_FAMILY)}{chance.one(_NAMES)}"
    operator = chance.one((*_ANY, "EQ", "EXISTS"))
    if operator == "EXISTS":
        return f"EXISTS_{name}", None
    if operator == "EQ":
        return f"EQ_{name}", _several(chance, lambda: chance.one((chance.number(), chance.one(_TEXTS))))
    return f"{operator}_{name}", chance.one((chance.number(), "2026-05-01T00:00:00Z"))


def parameter(chance: Chance) -> tuple[str, Any]:
    """A parameter and its value."""
    compare, half = chance.one(_ANY), chance.one(("GE", "LT"))
    unit = chance.one(("CEL", "KEL", "KGM", "GRM", "LTR"))
    field = chance.one(("value", "minValue", "maxValue", "meanValue", "sDev", "percValue"))
    epcs = chance.one(("epc", "inputEPC", "outputEPC", "anyEPC", "parentID"))
    classes = chance.one(("epcClass", "inputEPCClass", "outputEPCClass", "anyEPCClass"))
    place = chance.one(("readPoint", "bizLocation"))
    made: tuple[Callable[[], tuple[str, Any]], ...] = (
        lambda: ("eventType", _several(chance, lambda: chance.one(_TYPES))),
        lambda: (f"{half}_eventTime", chance.time()),
        lambda: ("EQ_action", _several(chance, lambda: chance.one(("ADD", "OBSERVE", "DELETE")))),
        lambda: ("EQ_bizStep", _several(chance, lambda: chance.one(
            (*_STEPS, "https://ref.gs1.org/cbv/BizStep-shipping", "urn:epcglobal:cbv:bizstep:packing")))),
        lambda: ("EQ_disposition", _several(chance, lambda: chance.one(_WRITTEN))),
        lambda: (f"EQ_persistentDisposition_{chance.one(('set', 'unset'))}", chance.one((*_DISPOSITIONS, "recalled"))),
        lambda: (f"{chance.one(('EQ', 'WD'))}_{place}", _several(chance, chance.place)),
        lambda: ("EQ_transformationID", _several(chance, chance.document)),
        lambda: ("EQ_eventID", _several(chance, lambda: f"urn:x:{chance.random.randint(0, 200)}")),
        lambda: (f"EQ_bizTransaction_{chance.one(_PAPERS)}", _several(chance, chance.document)),
        lambda: (f"EQ_source_{chance.one(('possessing_party', 'owning_party'))}", _several(chance, chance.party)),
        lambda: ("EQ_destination_owning_party", _several(chance, chance.party)),
        lambda: (f"MATCH_{epcs}", _several(chance, lambda: _thing(chance))),
        lambda: (f"MATCH_{classes}", _several(chance, lambda: chance.one(
            (chance.lot(), "urn:epc:idpat:sgtin:0614141.100001.*", f"https://id.gs1.org/01/{chance.one(_GTINS)}",
             "urn:epc:idpat:sgtin:0614141.*.*")))),
        lambda: (f"{compare}_quantity", abs(chance.number())),
        lambda: (f"{compare}_quantity_{chance.one(('KGM', 'GRM', 'LTR'))}", chance.one((1, 3, 7.5, 3000))),
        lambda: ("EXISTS_errorDeclaration", None),
        lambda: (f"{half}_errorDeclaration{chance.one(('', '_'))}Time", chance.time()),
        lambda: ("EQ_errorReason", chance.one(("did_not_occur", "urn:epcglobal:cbv:er:incorrect_data"))),
        lambda: ("EQ_correctiveEventID", [f"urn:x:{chance.random.randint(0, 200)}" for _ in range(20)]),
        lambda: ("EXISTS_sensorElementList", None),
        lambda: (f"{half}_{chance.one(('time', 'startTime', 'endTime'))}", chance.time()),
        lambda: ("EQ_type", chance.one(("Temperature", "gs1:Mass", "https://shop.example/kinds/colour"))),
        lambda: (f"EQ_{chance.one(('deviceID', 'dataProcessingMethod', 'bizRules', 'uriValue'))}", chance.one(_URIS)),
        lambda: chance.one((("EQ_microorganism", "https://shop.example/mo/1"), ("EQ_booleanValue", True),
                            ("EQ_chemicalSubstance", "https://shop.example/cs/1"), ("EQ_hexBinaryValue", "af01"),
                            ("EQ_stringValue", ["red", "blue"]), ("EQ_stringValue", ["red|green"]))),
        lambda: (f"{compare}_percRank", chance.one((5, 50, 95))),
        lambda: (f"{compare}_{field}_{unit}", chance.number()),
        lambda: (f"HASATTR_{place}", [chance.one(("urn:x:cold", "urn:x:warm"))]),
        lambda: (f"EQATTR_{place}_urn:x:cold", _several(chance, lambda: chance.one(("yes", "no")))),
    )  # fmt: skip
    return _of_extension(chance) if chance.maybe(0.4) else made[chance.random.randrange(len(made))]()


def query(chance: Chance) -> dict[str, Any]:
    """One parameter, or up to three."""
    return dict(parameter(chance) for _ in range(chance.one((1, 1, 1, 2, 3))))
