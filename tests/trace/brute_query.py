"""The SimpleEventQuery as the standard words it, over events as JSON: no index, no SQL, nothing of the engine.

`meets` reads parameters as JSON gives them and an event as it was captured (EPCIS 2.0, 8.2.7.1). Identifiers are
compared by their names, patterns by TDS; units by the few conversions that the tests use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from suyuan.gs1 import epc_pattern
from suyuan.gs1.names import canonical, epc_urn, name_of

#: Company prefixes in these tests have so many digits.
PREFIX = 7
#: What a unit measures, its factor, its zero point.
UNITS = {
    "CEL": ("temperature", 1.0, 273.15), "KEL": ("temperature", 1.0, 0.0), "KGM": ("mass", 1.0, 0.0),
    "GRM": ("mass", 0.001, 0.0), "LTR": ("volume", 1.0, 0.0), "A93": ("density", 1.0, 0.0),
}  # fmt: skip
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda a, b: bool(a == b), "GT": lambda a, b: bool(a > b), "GE": lambda a, b: bool(a >= b),
    "LT": lambda a, b: bool(a < b), "LE": lambda a, b: bool(a <= b),
}  # fmt: skip
_LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


class Captured(NamedTuple):
    """An event of the ledger."""

    place: int
    event: dict[str, Any]
    namespaces: Mapping[str, str]
    record_time: datetime
    event_id: str


class Vocabulary(NamedTuple):
    """Master data: children and attributes by the canonical name of the element."""

    children: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, Mapping[str, str]]


def meets(captured: Captured, parameters: Mapping[str, Any], told: Vocabulary) -> bool:
    """Whether an event meets every parameter."""
    return all(_meets(captured, name, value, told) for name, value in parameters.items())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _time(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _one(uri: str) -> str:
    return canonical(name_of(uri))


def _word(value: str) -> str:
    """The bare word of the writings that these tests use."""
    return re.sub(r"^(?:https://ref\.gs1\.org/cbv/\w+-|urn:epcglobal:cbv:\w+:|https://gs1\.org/voc/|gs1:)", "", value)


def _meets(captured: Captured, name: str, value: Any, told: Vocabulary) -> bool:
    for pattern, rule in _RULES:
        found = re.fullmatch(pattern, name)
        if found:
            return rule(captured, found, value, told)
    raise AssertionError(f"no rule for {name}")


def _event_type(captured: Captured, _: re.Match[str], value: Any, __: Vocabulary) -> bool:
    return captured.event["type"] in _listed(value)


def _event_time(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    return _COMPARE[found[1]](_time(captured.event["eventTime"]), _time(value))


def _record_time(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    return _COMPARE[found[1]](captured.record_time, _time(value))


def _plain(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    held = captured.event.get(found[1])
    return held is not None and _word(held) in {_word(each) for each in _listed(value)}


def _event_id(captured: Captured, _: re.Match[str], value: Any, __: Vocabulary) -> bool:
    return captured.event_id in _listed(value)


def _identifier(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    held = captured.event.get(found[1])
    return held is not None and _one(held) in {_one(each) for each in _listed(value)}


def _disposition_list(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    held = captured.event.get("persistentDisposition", {}).get(found[1], [])
    return bool({_word(each) for each in held} & {_word(each) for each in _listed(value)})


def _place(captured: Captured, found: re.Match[str], value: Any, told: Vocabulary) -> bool:
    held = captured.event.get(found[2])
    if held is None:
        return False
    wanted = {_one(each) for each in _listed(value)}
    if found[1] == "WD":
        reached = set(wanted)
        while more := {child for each in reached for child in told.children.get(each, ())} - reached:
            reached |= more
        wanted = reached
    return _one(held["id"]) in wanted


def _party(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    listed = {
        "bizTransaction": "bizTransactionList", "source": "sourceList", "destination": "destinationList",
    }[found[1]]  # fmt: skip
    wanted = {_one(each) for each in _listed(value)}
    return any(
        _word(each.get("type", "")) == _word(found[2]) and _one(each[found[1]]) in wanted
        for each in captured.event.get(listed, ())
    )


_EPCS = {
    "epc": ("epcList", "childEPCs"), "parentID": ("parentID",), "inputEPC": ("inputEPCList",),
    "outputEPC": ("outputEPCList",), "anyEPC": ("epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList"),
}  # fmt: skip
_CLASSES = {
    "epcClass": ("quantityList", "childQuantityList"), "inputEPCClass": ("inputQuantityList",),
    "outputEPCClass": ("outputQuantityList",), "anyEPCClass": _LISTS,
}  # fmt: skip


def _match(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    if found[1] in _EPCS:
        held = [epc for field in _EPCS[found[1]] for epc in _listed(captured.event.get(field, []))]
        return any(_epc_matches(epc, each) for epc in held for each in _listed(value))
    classes = [each["epcClass"] for field in _CLASSES[found[1]] for each in captured.event.get(field, ())]
    return any(_class_matches(held, each) for held in classes for each in _listed(value))


def _epc_matches(epc: str, wanted: str) -> bool:
    name = name_of(epc)
    if wanted.startswith("urn:epc:idpat:"):
        urn = epc_urn(name.class_key, name.serial, PREFIX) or ""
        return epc_pattern.parse(wanted).matches(urn)
    asked = name_of(wanted)
    if re.fullmatch("01/[0-9]{14}", asked.class_key) and not asked.serial:
        return name.class_key == f"{asked.class_key}/21"
    return (name.class_key, name.serial) == (asked.class_key, asked.serial)


def _class_matches(held: str, wanted: str) -> bool:
    name = name_of(held)
    gtin = name.class_key[3:17]
    if wanted.startswith("urn:epc:idpat:sgtin:") and wanted.endswith(".*.*"):
        prefix = wanted.removeprefix("urn:epc:idpat:sgtin:").removesuffix(".*.*")
        return prefix == "*" or gtin[1:].startswith(prefix)
    asked = name_of(wanted)
    if asked.class_key == f"01/{gtin}" and not asked.serial:
        return True
    return (name.class_key, name.serial) == (asked.class_key, asked.serial)


def _elements(captured: Captured) -> Iterator[dict[str, Any]]:
    for field in _LISTS:
        yield from captured.event.get(field, ())


def _quantity(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    held = [each["quantity"] for each in _elements(captured) if "quantity" in each]
    return any(_COMPARE[found[1]](one, asked) for one in held for asked in _listed(value))


def _unit_quantity(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    held = [(each["quantity"], each["uom"]) for each in _elements(captured) if "quantity" in each and "uom" in each]
    return any(_measured(found[1], one, unit, asked, found[2]) for one, unit in held for asked in _listed(value))


def _measured(operator: str, held: float, unit: str, asked: float, other: str, *, span: bool = False) -> bool:
    """Compared in the base unit; what differs by rounding only is equal."""
    (kind, factor, zero), (wanted, ratio, origin) = UNITS[unit], UNITS[other]
    if kind != wanted:
        return False
    first, second = held * factor + (0 if span else zero), asked * ratio + (0 if span else origin)
    return _COMPARE[operator](round(first - second, 9), 0)


def _declared(captured: Captured, _: re.Match[str], __: Any, ___: Vocabulary) -> bool:
    return "errorDeclaration" in captured.event


def _declaration(captured: Captured) -> dict[str, Any]:
    return captured.event.get("errorDeclaration") or {}


def _declared_time(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    held = _declaration(captured).get("declarationTime")
    return held is not None and _COMPARE[found[1]](_time(held), _time(value))


def _reason(captured: Captured, _: re.Match[str], value: Any, __: Vocabulary) -> bool:
    held = _declaration(captured).get("reason")
    return held is not None and _word(held) in {_word(each) for each in _listed(value)}


def _corrective(captured: Captured, _: re.Match[str], value: Any, __: Vocabulary) -> bool:
    return bool(set(_declaration(captured).get("correctiveEventIDs", ())) & set(_listed(value)))


def _sensors(captured: Captured) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = captured.event.get("sensorElementList", [])
    return listed


def _records(captured: Captured) -> Iterator[dict[str, Any]]:
    for element in _sensors(captured):
        yield element.get("sensorMetadata", {})
        yield from element["sensorReport"]


def _sensed(captured: Captured, _: re.Match[str], __: Any, ___: Vocabulary) -> bool:
    return bool(_sensors(captured))


def _sensor_time(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    held = [each[found[2]] for each in _records(captured) if found[2] in each]
    return any(_COMPARE[found[1]](_time(one), _time(value)) for one in held)


def _sensor_uri(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    held = {_one(each[found[1]]) for each in _records(captured) if found[1] in each}
    return bool(held & {_one(each) for each in _listed(value)})


def _sensor_word(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    held = {str(each[found[1]]).lower() for each in _records(captured) if found[1] in each}
    return bool({_word(each) for each in held} & {_word(str(each).lower()) for each in _listed(value)})


def _sensor_text(captured: Captured, _: re.Match[str], value: Any, __: Vocabulary) -> bool:
    return any(each.get("stringValue") in _listed(value) for each in _records(captured) if "stringValue" in each)


def _rank(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    return any(_COMPARE[found[1]](each["percRank"], value) for each in _records(captured) if "percRank" in each)


def _unit_value(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    held = [(each[found[2]], each["uom"]) for each in _records(captured) if found[2] in each]
    span = found[2] == "sDev"
    return any(
        _measured(found[1], one, unit, asked, found[3], span=span) for one, unit in held for asked in _listed(value)
    )


_FAMILIES: Mapping[str, Callable[[Captured], list[dict[str, Any]]]] = {
    "": lambda captured: [captured.event],
    "ILMD_": lambda captured: [captured.event.get("ilmd", {})],
    "ERROR_DECLARATION_": lambda captured: [_declaration(captured)],
    "readPoint_": lambda captured: [captured.event.get("readPoint", {})],
    "bizLocation_": lambda captured: [captured.event.get("bizLocation", {})],
    "SENSORELEMENT_": _sensors,
    "SENSORMETADATA_": lambda captured: [each.get("sensorMetadata", {}) for each in _sensors(captured)],
    "SENSORREPORT_": lambda captured: [one for each in _sensors(captured) for one in each["sensorReport"]],
}


def _values(members: Mapping[str, Any], name: str, namespaces: Mapping[str, str], inner: bool) -> Iterator[Any]:
    """The values of an extension: at the top, or at any depth inside an extension."""
    for key, value in members.items():
        if ":" in key:
            for one in _listed(value):
                if not inner and _full(key, namespaces) == name and one is not None:
                    yield one
                if inner and isinstance(one, dict):
                    yield from _values(one, name, namespaces, False)
                    yield from _values(one, name, namespaces, True)


def _full(key: str, namespaces: Mapping[str, str]) -> str:
    prefix, _, local = key.partition(":")
    return namespaces[prefix] + local if prefix in namespaces else key


def _extension(captured: Captured, found: re.Match[str], value: Any, _: Vocabulary) -> bool:
    operator, inner, family, key = found.groups()
    places = _FAMILIES[family or ""](captured)
    name = _full(key, captured.namespaces)
    held = [one for place in places for one in _values(place, name, captured.namespaces, bool(inner))]
    if operator == "EXISTS":
        return bool(held)
    return any(_comparable(operator, one, asked) for one in held for asked in _listed(value))


def _comparable(operator: str, held: Any, asked: Any) -> bool:
    """Values of one kind only."""
    if isinstance(asked, int | float):
        number = held if isinstance(held, int | float) and not isinstance(held, bool) else _number(held)
        return number is not None and _COMPARE[operator](number, asked)
    if _is_time(asked) and isinstance(held, str) and _is_time(held):
        return _COMPARE[operator](_time(held), _time(asked))
    return operator == "EQ" and isinstance(held, str) and held == asked


def _number(held: Any) -> float | None:
    return float(held) if isinstance(held, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", held) else None


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.*Z", value) is not None


def _attributes(captured: Captured, field: str, told: Vocabulary) -> list[Mapping[str, str]]:
    held = captured.event.get(field, {}).get("id")
    return [] if held is None else [told.attributes.get(_one(held), {})]


def _has_attribute(captured: Captured, found: re.Match[str], value: Any, told: Vocabulary) -> bool:
    return any(name in each for each in _attributes(captured, found[1], told) for name in _listed(value))


def _equal_attribute(captured: Captured, found: re.Match[str], value: Any, told: Vocabulary) -> bool:
    return any(each.get(found[2]) in _listed(value) for each in _attributes(captured, found[1], told))


_Rule = Callable[[Captured, "re.Match[str]", Any, Vocabulary], bool]
_ANY = "(EQ|GT|GE|LT|LE)"
_RULES: tuple[tuple[str, _Rule], ...] = (
    ("eventType", _event_type),
    ("(GE|LT)_eventTime", _event_time),
    ("(GE|LT)_recordTime", _record_time),
    ("EQ_(action|bizStep|disposition)", _plain),
    ("EQ_eventID", _event_id),
    ("EQ_(transformationID)", _identifier),
    ("EQ_persistentDisposition_(set|unset)", _disposition_list),
    ("(EQ|WD)_(readPoint|bizLocation)", _place),
    ("EQ_(bizTransaction|source|destination)_(.+)", _party),
    ("MATCH_(.+)", _match),
    (f"{_ANY}_quantity", _quantity),
    (f"{_ANY}_quantity_([A-Z0-9]+)", _unit_quantity),
    ("EXISTS_errorDeclaration", _declared),
    ("(GE|LT)_errorDeclaration_?Time", _declared_time),
    ("EQ_errorReason", _reason),
    ("EQ_correctiveEventID", _corrective),
    ("EXISTS_sensorElementList", _sensed),
    ("(GE|LT)_(time|startTime|endTime)", _sensor_time),
    ("EQ_(type|booleanValue|hexBinaryValue)", _sensor_word),
    ("EQ_(deviceID|dataProcessingMethod|bizRules|microorganism|chemicalSubstance|uriValue)", _sensor_uri),
    ("EQ_stringValue", _sensor_text),
    (f"{_ANY}_percRank", _rank),
    (f"{_ANY}_(value|minValue|maxValue|meanValue|sDev|percValue)_([A-Z0-9]+)", _unit_value),
    ("HASATTR_(readPoint|bizLocation)", _has_attribute),
    ("EQATTR_(readPoint|bizLocation)_(.+)", _equal_attribute),
    (f"{_ANY[:-1]}|EXISTS)_(INNER_)?({'|'.join(each for each in _FAMILIES if each)})?([a-z]+:.+)", _extension),
)
