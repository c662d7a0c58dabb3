"""Whether versions of vocabularies are those that the log's acts say: what queries by master data rest on.

The acts themselves are held to their leaves by `suyuan verify`; here the rows beside them are derived again.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import text

from suyuan.epcis.vocabulary_elements import Element, attribute_key, element_key, value_text, vocabulary_list
from suyuan.trace.view import View
from suyuan.trace.vocabularies import CHANGED

_ACTS: Final = text("SELECT idx, body FROM act WHERE name = :name AND idx < :size ORDER BY idx")
_ELEMENTS: Final = text(
    "SELECT id, type, class_key, serial, owner, name, body FROM vocabulary_element WHERE idx = :idx ORDER BY id"
)
_ATTRIBUTES: Final = text(
    "SELECT a.element, a.attribute, a.value FROM vocabulary_element v JOIN vocabulary_attribute a ON a.element = v.id"
    " WHERE v.idx = :idx ORDER BY a.element, a.ordinal"
)
_CHILDREN: Final = text(
    "SELECT h.element, h.class_key, h.serial FROM vocabulary_element v JOIN vocabulary_child h ON h.element = v.id"
    " WHERE v.idx = :idx ORDER BY h.element, h.ordinal"
)
#: Rows that no act has put there.
_STRAY: Final = (
    (
        "SELECT MIN(v.idx) FROM vocabulary_element v LEFT JOIN act a ON a.idx = v.idx AND a.name = :name"
        " WHERE a.idx IS NULL"
    ),
    (
        "SELECT MIN(a.element) FROM vocabulary_attribute a LEFT JOIN vocabulary_element v ON v.id = a.element"
        " WHERE v.id IS NULL AND :name <> ''"
    ),
    (
        "SELECT MIN(h.element) FROM vocabulary_child h LEFT JOIN vocabulary_element v ON v.id = h.element"
        " WHERE v.id IS NULL AND :name <> ''"
    ),
)


def differing_vocabulary(view: View) -> int | None:
    """The log index of an act whose elements are not those that it says, or the place of rows without an act."""
    for statement in _STRAY:
        stray = view.connection.scalar(text(statement), {"name": CHANGED})
        if stray is not None:
            return int(stray)
    acts = view.connection.execute(_ACTS, {"name": CHANGED, "size": view.size}).all()
    return next((index for index, body in acts if not _holds(view, index, msgspec.json.decode(bytes(body)))), None)


def _holds(view: View, index: int, act: dict[str, Any]) -> bool:
    """Whether the rows of this log index are those of the act; an element that was given twice has two rows."""
    rows = view.connection.execute(_ELEMENTS, {"idx": index}).all()
    elements = [msgspec.json.decode(row.body, type=Element) for row in rows]
    said = {"owner": act.get("owner"), **vocabulary_list(elements)}
    if msgspec.json.decode(msgspec.json.encode(said)) != act:
        return False
    columns = [tuple(row)[1:6] for row in rows]
    if columns != [(element.type, *element.key, act["owner"], element.id) for element in elements]:
        return False
    numbers = [row.id for row in rows]
    return _told(view, _ATTRIBUTES, index) == [
        (number, attribute_key(name), value_text(value))
        for number, element in zip(numbers, elements, strict=True)
        for name, value in element.attributes
    ] and _told(view, _CHILDREN, index) == [
        (number, *element_key(element.type, child))
        for number, element in zip(numbers, elements, strict=True)
        for child in element.children
    ]


def _told(view: View, statement: Any, index: int) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in view.connection.execute(statement, {"idx": index})]
