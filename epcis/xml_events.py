"""Event elements of EPCIS 1.0 to 2.0 to the JSON objects of EPCIS 2.0 that say the same.

Everything behind this module is the reader of JSON: validation, hash and storage know one form. Here only what XML has
and JSON has not is looked after: the order of elements, the ``extension`` wrappers of EPCIS 1.x, numbers that are text,
namespaces. Extensions become members: text a string (a number or truth value where ``xsi:type`` says so), elements with
attributes or children an object in which attributes are members too and text beside them is ``@value``, repeated
elements an array. EPCIS 2.0 sections 9.5 and 10; QuantityEvent of EPCIS 1.x section 7.4.4 is an ObjectEvent here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from suyuan.base.errors import InvalidDocument
from suyuan.epcis.events import EVENT_TYPES
from suyuan.epcis.json_text import LONGEST_NUMBER
from suyuan.epcis.leniency import Pardon, Rule
from suyuan.epcis.quantity_event import QUANTITY_EVENT, as_object_event
from suyuan.epcis.xml_names import XML_NAMESPACE, Names
from suyuan.epcis.xml_schema import ITEMS, NEVER_EMPTY, PARTS, RANKS, WRAPPERS
from suyuan.epcis.xml_text import XSI, Element

#: Place of extensions: behind all that the schema has.
_BEHIND = 1_000
#: Elements in which elements with parts may stand.
_WITH_PARTS = WRAPPERS | {"sensorElementList", *(name for name in ITEMS if ITEMS[name] == "quantityElement")}
#: Elements that are events.
EVENT_ELEMENTS = frozenset((*EVENT_TYPES, QUANTITY_EVENT))

Reader = Callable[[Element, Names, str], Any]

_NUMERAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
#: Characters of the largest and the smallest double, written without exponent.
_LONGEST_DECIMAL = 350
_LANGUAGE = f"{{{XML_NAMESPACE}}}lang"
_NUMBER_TYPES = frozenset(
    (
        "byte",
        "decimal",
        "double",
        "float",
        "int",
        "integer",
        "long",
        "negativeInteger",
        "nonNegativeInteger",
        "nonPositiveInteger",
        "positiveInteger",
        "short",
        "unsignedByte",
        "unsignedInt",
        "unsignedLong",
        "unsignedShort",
    )
)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def event_members(element: Element, names: Names, pardon: Pardon) -> dict[str, Any]:
    """The JSON object that an event element says.

    Its elements must stand in the order of the schema, or be pardoned (`Rule.ORDER`). Raises `InvalidDocument` with the
    path, from the event on, of what no JSON object could say; everything else is left to the reader of events.
    """
    members: dict[str, Any] = {"type": element.name}
    _check_order(element, pardon)
    _fill(members, element, _EVENT, names, "")
    if element.name == QUANTITY_EVENT:
        as_object_event(members)
    if names.own:
        members["@context"] = names.own
    return members


def _check_order(element: Element, pardon: Pardon) -> None:
    """Hold the elements of an event to the order of the schema; its own, but not those in wrappers of EPCIS 1.x."""
    _check_ranks(element, RANKS[element.name], "", pardon)
    _check_order_inside(element, "", pardon)


def _check_ranks(element: Element, ranks: Mapping[str, int], place: str, pardon: Pardon) -> None:
    last = 0
    for child in element.children:
        rank = ranks.get(child.name, _BEHIND if child.name.startswith("{") else last)
        if rank < last:
            detail = f"{child.name} stands too late: the schema has another order of elements"
            pardon.ask(InvalidDocument(detail, place=f"{place}/{child.name}", rule=Rule.ORDER))
        last = max(rank, last)


def _check_order_inside(element: Element, place: str, pardon: Pardon) -> None:
    """Hold elements with parts of their own to the order of these."""
    for child in element.children:
        where = f"{place}/{child.name}"
        parts = PARTS.get(child.name)
        if parts is not None:
            _check_ranks(child, parts, where, pardon)
        elif child.name in _WITH_PARTS:
            _check_order_inside(child, where, pardon)


def _fill(
    members: dict[str, Any],
    element: Element,
    readers: Mapping[str, Reader],
    names: Names,
    place: str,
) -> None:
    """Read attributes and children into ``members``; what no reader is for becomes an extension."""
    if element.attributes:
        _attributes(members, element, readers, names)
    for child in element.children:
        name = child.name
        read = readers.get(name)
        if read is not None:
            _put(members, name, read(child, names, f"{place}/{name}"), place)
        elif name in WRAPPERS:
            _fill(members, child, readers, names, f"{place}/{name}")
        else:
            _extend(members, child, names, place)
    if element.text and not element.text.isspace():
        _refuse(f"text {element.text.strip()[:40]!r}, expected elements only", place)


def _put(members: dict[str, Any], name: str, value: Any, place: str) -> None:
    """A field of the standard; those that are lists in JSON without one in XML may come again."""
    if value is None:
        return
    if name in members:
        if name not in _SEVERAL:
            _refuse(f"{name} stands twice", f"{place}/{name}")
        before = members[name]
        value = [*(before if isinstance(before, list) else [before]), *(value if isinstance(value, list) else [value])]
    members[name] = value


def _extend(members: dict[str, Any], child: Element, names: Names, place: str) -> None:
    """An extension, or what is none: the reader of events then says that there is no such field."""
    name = names.json(child.name)
    if name in members and name == child.name:
        _refuse(f"{name[:60]} stands twice or is not an element here", f"{place}/{name[:60]}")
    _add(members, name, extension_value(child, names))


def _add(members: dict[str, Any], name: str, value: Any) -> None:
    """A member that makes an array with those of its name."""
    if name not in members:
        members[name] = value
    elif isinstance(members[name], _Several):
        members[name].append(value)
    else:
        members[name] = _Several((members[name], value))


class _Several(list[Any]):
    """The values of elements of one name; an array that is a value itself can't be mistaken for it."""


def _attributes(members: dict[str, Any], element: Element, readers: Mapping[str, Reader], names: Names) -> None:
    for name, text in element.attributes.items():
        if not name.startswith(XSI):
            read = readers.get(f"@{name}")
            _add(members, names.json(name), text if read is None else read(_as_element(text), names, ""))


def _as_element(text: str) -> Element:
    element = Element("", {})
    element.text = text
    return element


def extension_value(element: Element, names: Names) -> Any:
    """The JSON value of an extension element."""
    text = element.text.strip() if element.text else ""
    if not element.children and not element.attributes:
        return text
    if element.attributes.get(f"{XSI}nil") in {"true", "1"}:
        return None
    members: dict[str, Any] = {}
    for name, value in element.attributes.items():
        if name == _LANGUAGE:
            members["@language"] = value
        elif not name.startswith(XSI):
            _add(members, names.json(name), value)
    for child in element.children:
        _add(members, names.json(child.name), extension_value(child, names))
    typed = _typed(text, element.attributes.get(f"{XSI}type", ""))
    if not members:
        return typed
    return {**members, "@value": typed} if text else members


def _typed(text: str, schema_type: str) -> Any:
    """The value of a text of an XML Schema type; text where JSON has no such type, or its numbers lose digits."""
    kind = schema_type.rpartition(":")[2]
    if kind == "boolean":
        return _TRUTH.get(text, text)
    if kind in _NUMBER_TYPES:
        value = _numeral(text)
        exact = isinstance(value, int) or len(text.strip("0+-.")) <= 15 or repr(value) == text
        return value if exact else text
    return text


def _numeral(text: str) -> Any:
    """A number as JSON has it; the text itself where it is none, for the reader of events to refuse.

    A decimal of XML Schema has no exponent: zeros may make it longer than any number of JSON.
    """
    if len(text) > _LONGEST_DECIMAL or not _NUMERAL.fullmatch(text):
        return text
    if len(text) <= LONGEST_NUMBER and text.lstrip("+-").isdecimal():
        return int(text)
    value = float(text)
    return value if len(text.strip("+-0.")) <= LONGEST_NUMBER and abs(value) != float("inf") else text


def _text(element: Element, _: Names, place: str) -> str:
    if element.children:
        _refuse(f"found {element.children[0].name[:60]}, expected text", place)
    for name in element.attributes:
        if not name.startswith(XSI):
            _refuse(f"attribute {name[:60]} is not allowed here", place)
    return element.text.strip()


def _number(element: Element, names: Names, place: str) -> Any:
    text = _text(element, names, place)
    nil = not text and element.attributes and element.attributes.get(f"{XSI}nil") in {"true", "1"}
    return None if nil else _numeral(text)


def _boolean(element: Element, names: Names, place: str) -> Any:
    text = _text(element, names, place)
    return _TRUTH.get(text, text)


def _string(element: Element, _: Names, __: str) -> str:
    """Text of which blanks are a part."""
    return element.text


def _texts(element: Element, names: Names, place: str) -> list[str]:
    """A list of identifiers."""
    item = ITEMS[element.name]
    _check_list(element, place)
    texts: list[str] = []
    for child in element.children:
        if child.name != item or child.children or child.attributes:
            texts.append(_text(_item(child, item, place), names, f"{place}/{item}[{len(texts) + 1}]"))
        else:
            texts.append(child.text.strip())
    return texts


def _check_list(element: Element, place: str) -> None:
    """Refuse a list with text or attributes of its own: what it says would be lost. And one that says nothing."""
    if element.text and not element.text.isspace():
        _refuse(f"text {element.text.strip()[:40]!r}, expected {ITEMS[element.name]} elements only", place)
    if not element.children and element.name in NEVER_EMPTY:
        _refuse(f"found no {ITEMS[element.name]} in it", place)
    for name in element.attributes:
        if not name.startswith(XSI):
            _refuse(f"attribute {name[:60]} is not allowed here", place)


def _item(child: Element, name: str, place: str) -> Element:
    if child.name != name:
        _refuse(f"found {child.name[:60]}, expected {name}", place)
    return child


def _each(read: Reader) -> Reader:
    """A reader of lists of elements."""

    def items(element: Element, names: Names, place: str) -> list[Any]:
        name = ITEMS[element.name]
        _check_list(element, place)
        return [
            read(_item(child, name, place), names, f"{place}/{name}[{index}]")
            for index, child in enumerate(element.children, 1)
        ]

    return items


def _record(readers: Mapping[str, Reader]) -> Reader:
    """A reader of elements with fields, and with extensions."""

    def read(element: Element, names: Names, place: str) -> dict[str, Any]:
        members: dict[str, Any] = {}
        _fill(members, element, readers, names, place)
        return members

    return read


def _typed_text(name: str) -> Reader:
    """A reader of text with a ``type``: a business transaction, source or destination."""

    def read(element: Element, names: Names, place: str) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for attribute, value in element.attributes.items():
            if not attribute.startswith(XSI):
                members[names.json(attribute)] = value.strip()
        if element.children:
            _refuse(f"found {element.children[0].name[:60]}, expected text", place)
        members[name] = element.text.strip()
        return members

    return read


def _one(read: Reader) -> Reader:
    """A reader of an element that may come several times, as an array."""
    return lambda element, names, place: [read(element, names, place)]


def _refuse(detail: str, place: str) -> NoReturn:
    raise InvalidDocument(detail, place=place[:300])


_QUANTITIES = _each(_record({"epcClass": _text, "quantity": _number, "uom": _text}))
_LOCATION = _record({"id": _text})
_METADATA = (
    "time",
    "startTime",
    "endTime",
    "deviceID",
    "deviceMetadata",
    "rawData",
    "dataProcessingMethod",
    "bizRules",
)
_NUMBERS = ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
_REPORT: Mapping[str, Reader] = {
    **{f"@{name}": _text for name in (*_METADATA, "type", "exception", "component", "uriValue", "uom")},
    **{f"@{name}": _text for name in ("hexBinaryValue", "chemicalSubstance", "microorganism")},
    "@coordinateReferenceSystem": _text,
    **{f"@{name}": _number for name in _NUMBERS},
    "@booleanValue": _boolean,
    "@stringValue": _string,
}
_SENSOR = _record(
    {
        "sensorMetadata": _record({f"@{name}": _text for name in _METADATA}),
        "sensorReport": _one(_record(_REPORT)),
    }
)
#: Fields that JSON has an array for where XML repeats the element.
_SEVERAL = frozenset(("sensorReport", "set", "unset", "certificationInfo"))
_EVENT: Mapping[str, Reader] = {
    "eventTime": _text,
    "recordTime": _text,
    "eventTimeZoneOffset": _text,
    "eventID": _text,
    "errorDeclaration": _record({"declarationTime": _text, "reason": _text, "correctiveEventIDs": _texts}),
    "certificationInfo": _text,
    "action": _text,
    "bizStep": _text,
    "disposition": _text,
    "persistentDisposition": _record({"set": _one(_text), "unset": _one(_text)}),
    "readPoint": _LOCATION,
    "bizLocation": _LOCATION,
    "parentID": _text,
    "transformationID": _text,
    "epcList": _texts,
    "childEPCs": _texts,
    "inputEPCList": _texts,
    "outputEPCList": _texts,
    "quantityList": _QUANTITIES,
    "childQuantityList": _QUANTITIES,
    "inputQuantityList": _QUANTITIES,
    "outputQuantityList": _QUANTITIES,
    "bizTransactionList": _each(_typed_text("bizTransaction")),
    "sourceList": _each(_typed_text("source")),
    "destinationList": _each(_typed_text("destination")),
    "sensorElementList": _each(_SENSOR),
    "ilmd": _record({}),
    "epcClass": _text,
    "quantity": _number,
}
