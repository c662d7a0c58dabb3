"""Master data in XML, both ways with the ``epcisMasterData`` of JSON (EPCIS 2.0 sections 9 and 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from suyuan.base.errors import InvalidDocument
from suyuan.epcis.context import STANDARD_PREFIXES, extended
from suyuan.epcis.xml_events import extension_value
from suyuan.epcis.xml_extensions import KEYWORDS, simple_content, write_extension
from suyuan.epcis.xml_markup import SCHEMA, Namespaces, escape, quoted
from suyuan.epcis.xml_names import Names
from suyuan.epcis.xml_text import Element


def vocabulary_list(element: Element, names: Names) -> list[dict[str, Any]]:
    """The vocabularies of a ``VocabularyList`` element, each with its ``vocabularyElementList``."""
    return [_vocabulary(child, names) for child in _only(element, "Vocabulary", "VocabularyList")]


def _vocabulary(element: Element, names: Names) -> dict[str, Any]:
    kind = _required(element, "type", "VocabularyList/Vocabulary")
    place = f"VocabularyList/Vocabulary[@type='{kind[:80]}']"
    entries: list[dict[str, Any]] = []
    for child in _only(element, "VocabularyElementList", place):
        entries += [_entry(one, names, place) for one in _only(child, "VocabularyElement", place)]
    return {"type": kind, "vocabularyElementList": entries}


def _entry(element: Element, names: Names, place: str) -> dict[str, Any]:
    name = _required(element, "id", f"{place}/VocabularyElementList/VocabularyElement")
    place = f"{place}/VocabularyElementList/VocabularyElement[@id='{name[:80]}']"
    entry: dict[str, Any] = {"id": name}
    for child in element.children:
        if child.name == "attribute":
            entry.setdefault("attributes", []).append(_attribute(child, names, place))
        elif child.name == "children":
            entry.setdefault("children", []).extend(one.text.strip() for one in _only(child, "id", f"{place}/children"))
        elif child.name != "extension" and not child.name.startswith("{"):
            _refuse(f"found {child.name[:60]}, expected attribute or children", place)
    return entry


def _attribute(element: Element, names: Names, place: str) -> dict[str, Any]:
    name = _required(element, "id", f"{place}/attribute")
    del element.attributes["id"]
    value = extension_value(element, names)
    if isinstance(value, dict) and names.own:
        value = {"@context": dict(names.own), **value}
    return {"id": name, "attribute": value}


def _only(element: Element, name: str, place: str) -> list[Element]:
    """The children of one name; extensions beside them are left out, anything else is refused."""
    for child in element.children:
        if child.name not in {name, "extension"} and not child.name.startswith("{"):
            _refuse(f"found {child.name[:60]}, expected {name}", place)
    return [child for child in element.children if child.name == name]


def _required(element: Element, attribute: str, place: str) -> str:
    value = element.attributes.get(attribute, "").strip()
    if not value:
        _refuse(f"attribute {attribute} is missing", place)
    return value


def write_vocabulary_list(vocabularies: Iterable[Mapping[str, Any]]) -> str:
    """A ``VocabularyList`` element of vocabularies as ``epcisMasterData.vocabularyList`` has them in JSON."""
    return f"<VocabularyList{SCHEMA}>{''.join(map(_write_vocabulary, vocabularies))}</VocabularyList>"


def _write_vocabulary(vocabulary: Mapping[str, Any]) -> str:
    elements = "".join(map(_vocabulary_element, vocabulary.get("vocabularyElementList", ())))
    listed = f"<VocabularyElementList>{elements}</VocabularyElementList>" if elements else ""
    return f"<Vocabulary type={quoted(vocabulary['type'])}>{listed}</Vocabulary>"


def _vocabulary_element(element: Mapping[str, Any]) -> str:
    attributes = "".join(_write_attribute(one["id"], one.get("attribute", "")) for one in element.get("attributes", ()))
    children = "".join(f"<id>{escape(child)}</id>" for child in element.get("children", ()))
    nested = f"<children>{children}</children>" if children else ""
    return f"<VocabularyElement id={quoted(element['id'])}>{attributes}{nested}</VocabularyElement>"


def _write_attribute(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_write_attribute(name, one) for one in value)
    own = value.get("@context") if isinstance(value, dict) else None
    names = Namespaces(STANDARD_PREFIXES if own is None else extended(STANDARD_PREFIXES, own))
    if isinstance(value, dict):
        kind, text = simple_content(value["@value"], names) if "@value" in value else ("", "")
        text += "".join(write_extension(key, one, names) for key, one in value.items() if key not in KEYWORDS)
    else:
        kind, text = simple_content(value, names)
    return f"<attribute id={quoted(name)}{names.declarations}{kind}>{text}</attribute>"


def _refuse(detail: str, place: str) -> NoReturn:
    raise InvalidDocument(detail, place=place[:300])
