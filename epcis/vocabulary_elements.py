"""Master data as EPCIS documents hold it: vocabularies, their elements, attributes and children (EPCIS 2.0, 6.5, 9.6).

One JSON form for all documents, that of ``epcisHeader.epcisMasterData``; XML is brought into it before. Attribute
names and element ids that a document abbreviates by its context are written out here, so that equal ones are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from suyuan.base.errors import InvalidDocument, InvalidIdentifier, TooLarge
from suyuan.epcis import context as contexts
from suyuan.epcis.fields import Prefixes
from suyuan.epcis.identifiers import identify
from suyuan.epcis.json_text import Limits, read_json
from suyuan.epcis.vocabulary import BIZ_STEP, BIZ_TRANSACTION_TYPE, DISPOSITION, ERROR_REASON, SOURCE_DEST_TYPE

#: Stem of the types of the standard's vocabularies (EPCIS 2.0 section 7.2).
TYPE_STEM = "urn:epcglobal:epcis:vtype:"
_TYPES = (
    "BusinessStep", "Disposition", "BusinessTransactionType", "BusinessTransaction", "SourceDestType", "SourceDest",
    "ErrorReason", "ReadPoint", "BusinessLocation", "Location", "Party", "EPCClass", "TransformationID",
)  # fmt: skip
_SPELLED = {word.lower(): TYPE_STEM + word for word in _TYPES}
#: Vocabularies of words: in events these are not things but terms, and those of the CBV have several writings.
_WORDS = {
    TYPE_STEM + "BusinessStep": BIZ_STEP,
    TYPE_STEM + "Disposition": DISPOSITION,
    TYPE_STEM + "BusinessTransactionType": BIZ_TRANSACTION_TYPE,
    TYPE_STEM + "SourceDestType": SOURCE_DEST_TYPE,
    TYPE_STEM + "ErrorReason": ERROR_REASON,
}
#: The vocabularies that the values of an event's field are elements of (EPCIS 2.0, 7.4); others are not told by type.
FIELD_TYPES: Mapping[str, tuple[str, ...]] = {
    field: tuple(TYPE_STEM + word for word in words.split())
    for field, words in {
        "bizStep": "BusinessStep",
        "disposition": "Disposition",
        "readPoint": "ReadPoint Location",
        "bizLocation": "BusinessLocation Location",
        "source": "SourceDest Party Location",
        "destination": "SourceDest Party Location",
        "epcClass": "EPCClass",
    }.items()
}
#: Class key under which words stand; things have that of `suyuan.gs1.names.Name`.
TERM = "term"

_MDA = "urn:epcglobal:cbv:mda"
#: Longest id or type, in characters.
_LONGEST = 2_000


class Element(msgspec.Struct, frozen=True, omit_defaults=True):
    """An element of a vocabulary. Attributes are names with values: text, or any JSON where there is a structure."""

    type: str
    id: str
    attributes: tuple[tuple[str, Any], ...] = ()
    children: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What the ledger names it."""
        return element_key(self.type, self.id)


def element_key(kind: str, identifier: str) -> tuple[str, str]:
    """Class key and serial of an element: equal for the writings of one identifier or word.

    What is a wrong GS1 identifier keeps its writing: it is a name in somebody's vocabulary all the same.
    """
    words = _WORDS.get(kind)
    try:
        if words is not None:
            return TERM, words.short(identifier)
        name = identify(identifier).name
    except (InvalidIdentifier, InvalidDocument):
        return (TERM if words is not None else "uri"), identifier
    return name.class_key, name.serial


def keys_of(identifier: str) -> set[tuple[str, str]]:
    """Every key that an id may have, where the vocabulary is not told."""
    return {element_key(kind, identifier) for kind in ("", *_WORDS)}


def type_of(kind: str) -> str:
    """A vocabulary's type; those of the standard in its own spelling, which some systems miss."""
    word = kind.removeprefix(TYPE_STEM)
    return _SPELLED.get(word.lower(), kind) if kind.startswith(TYPE_STEM) else kind


def attribute_key(name: str) -> str:
    """An attribute's name for comparing: CBV wrote ``mda:site`` before it wrote ``mda#name``."""
    return f"{_MDA}#{name[len(_MDA) + 1 :]}" if name.startswith(f"{_MDA}:") else name


def value_text(value: Any) -> str | None:
    """What an attribute's value is compared as; None of one with a structure."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return msgspec.json.encode(value).decode()
    return value if isinstance(value, str) else None


def read_elements(
    master_data: bytes, context: bytes, limits: Limits, place: str = "/epcisHeader/epcisMasterData"
) -> list[Element]:
    """The elements of an ``epcisMasterData`` value (JSON text) in a document with this ``@context`` (JSON text).

    An element that stands twice counts as it stands last. Raises `InvalidDocument` with the JSON pointer of the fault,
    below ``place``.
    """
    prefixes = contexts.prefixes_of(context)
    lists = _members(read_json(master_data, limits, place), place).get("vocabularyList", [])
    found: dict[tuple[str, str, str], Element] = {}
    for number, vocabulary in enumerate(_array(lists, f"{place}/vocabularyList")):
        here = f"{place}/vocabularyList/{number}"
        members = _members(vocabulary, here)
        kind = type_of(_text(members, "type", here, prefixes))
        listed = _array(members.get("vocabularyElementList", []), f"{here}/vocabularyElementList")
        for ordinal, value in enumerate(listed):
            element = _element(kind, value, f"{here}/vocabularyElementList/{ordinal}", prefixes)
            found.pop((kind, *element.key), None)
            found[kind, *element.key] = element
        if len(found) > limits.events:
            raise TooLarge(f"more than {limits.events} elements", place=here, remedy="send them in parts")
    return list(found.values())


def _element(kind: str, value: Any, place: str, prefixes: Prefixes) -> Element:
    members = _members(value, place)
    identifier = _text(members, "id", place, prefixes)
    attributes: list[tuple[str, Any]] = []
    for number, given in enumerate(_array(members.get("attributes", []), f"{place}/attributes")):
        here = f"{place}/attributes/{number}"
        attribute = _members(given, here)
        name = _text(attribute, "id", here, prefixes)
        values = attribute.get("attribute", "")
        attributes += [(name, _alone(one, prefixes)) for one in (values if isinstance(values, list) else [values])]
    children = [
        _text(child, "id", place, prefixes) if isinstance(child, dict) else _text({"id": child}, "id", place, prefixes)
        for child in _array(members.get("children", []), f"{place}/children")
    ]
    return Element(kind, identifier, tuple(attributes), tuple(children))


def _alone(value: Any, prefixes: Prefixes) -> Any:
    """An attribute's value as it means the same without its document: a structure with the prefixes that it uses."""
    if not isinstance(value, dict):
        return value
    used = sorted({name.partition(":")[0] for name in _names(value) if ":" in name})
    own = {prefix: prefixes[prefix] for prefix in used if prefix in prefixes}
    return {"@context": own, **value} if own else value


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)


def _members(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidDocument("expected an object", place=place)
    return value


def _array(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidDocument("expected an array", place=place)
    return value


def _text(members: dict[str, Any], name: str, place: str, prefixes: Prefixes) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST:
        raise InvalidDocument(f"{name} is not a text of 1 to {_LONGEST} characters", place=f"{place}/{name}")
    return contexts.expand(value.strip(), prefixes)


def vocabulary_list(elements: Iterable[Element]) -> dict[str, Any]:
    """The ``epcisMasterData`` object of these elements, grouped by vocabulary in the order of their first elements."""
    lists: dict[str, list[dict[str, Any]]] = {}
    for element in elements:
        lists.setdefault(element.type, []).append(element_object(element))
    return {"vocabularyList": [{"type": kind, "vocabularyElementList": listed} for kind, listed in lists.items()]}


def element_object(element: Element) -> dict[str, Any]:
    """One element as it stands in a ``vocabularyElementList``; what is empty is left out."""
    written: dict[str, Any] = {"id": element.id}
    if element.attributes:
        written["attributes"] = [{"id": name, "attribute": value} for name, value in element.attributes]
    if element.children:
        written["children"] = list(element.children)
    return written


def without(element: Element, *, attributes: Sequence[str] | None, children: bool) -> Element:
    """The element as it is asked for: with these attributes only (None: all of them), with or without its children."""
    wanted = None if attributes is None else {attribute_key(name) for name in attributes}
    kept = tuple(pair for pair in element.attributes if wanted is None or attribute_key(pair[0]) in wanted)
    return msgspec.structs.replace(element, attributes=kept, children=element.children if children else ())
