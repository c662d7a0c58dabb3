"""EPCIS master data in the ledger: vocabularies whose elements are versioned by the log (EPCIS 2.0, 6.5, 8.1.1).

They come in headers of captured documents, as documents of their own, and by the API. Each document that changes
anything is an act: one leaf, whose body is what changed. A firm's elements are its own: nobody reads them but the firm
and the authorities, and no firm changes what another has said of the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import text

from suyuan.base.identity import Actor, Role
from suyuan.epcis.vocabulary_elements import Element, attribute_key, element_key, value_text, vocabulary_list
from suyuan.trace.acts import ActOperation, Recorded, log_act
from suyuan.trace.submitters import submitter
from suyuan.trace.view import View
from suyuan.trace.vocabulary_sets import Owners, current, owners_in
from suyuan.trace.writer import Transaction

#: Name of the act.
CHANGED = "vocabulary-changed"
_EVERYTHING = frozenset({Role.REGULATOR, Role.ADMINISTRATOR})


def owner_of(party: str, key_id: str) -> str:
    """Whose elements these are: the firm's, or those of a key without a firm."""
    return party or f"key:{key_id}"


def owners_for(actor: Actor) -> Owners:
    """Whose elements an actor reads: authorities all (None), a firm its own and the administrator's."""
    if actor.role in _EVERYTHING:
        return None
    return owners_in(submitter(actor))


def store_vocabulary(
    transaction: Transaction, actor: str, owner: str, elements: Sequence[Element], random: Callable[[int], bytes]
) -> Recorded | None:
    """Write those elements that say something new, behind an act's leaf; None when all is known already.

    The act's body is the new elements, so that the log tells whoever holds them that they are those.
    """
    fresh = [element for element in elements if _known(transaction, owner, element) != _body(element)]
    if not fresh:
        return None
    body = msgspec.json.encode({"owner": owner, **vocabulary_list(fresh)})
    recorded = log_act(transaction, CHANGED, actor, body, random)
    insert_elements(transaction, owner, fresh, recorded.index)
    return recorded


def _body(element: Element) -> str:
    return msgspec.json.encode(element).decode()


def _known(transaction: Transaction, owner: str, element: Element) -> str | None:
    row = transaction.db.execute(
        "SELECT body FROM vocabulary_element WHERE class_key = ? AND serial = ? AND type = ? AND owner = ?"
        " ORDER BY idx DESC LIMIT 1",
        (*element.key, element.type, owner),
    ).fetchone()
    return None if row is None else str(row[0])


def insert_elements(transaction: Transaction, owner: str, elements: Sequence[Element], index: int) -> None:
    """The rows of new versions from log index ``index`` on."""
    db = transaction.db
    (first,) = db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM vocabulary_element").fetchone()
    rows: list[tuple[Any, ...]] = []
    attributes: list[tuple[Any, ...]] = []
    children: list[tuple[Any, ...]] = []
    for number, element in enumerate(elements, first):
        rows.append((number, element.type, *element.key, owner, index, element.id, _body(element)))
        attributes += [
            (number, ordinal, attribute_key(name), value_text(value))
            for ordinal, (name, value) in enumerate(element.attributes)
        ]
        children += [
            (number, ordinal, *element_key(element.type, child)) for ordinal, child in enumerate(element.children)
        ]
    db.executemany(
        "INSERT INTO vocabulary_element (id, type, class_key, serial, owner, idx, name, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    if attributes:
        db.executemany(
            "INSERT INTO vocabulary_attribute (element, ordinal, attribute, value) VALUES (?, ?, ?, ?)", attributes
        )
    if children:
        db.executemany(
            "INSERT INTO vocabulary_child (element, ordinal, class_key, serial) VALUES (?, ?, ?, ?)", children
        )


class VocabularyChanged(msgspec.Struct, frozen=True):
    """Parameters of `ChangeVocabulary`: elements of one owner, empty for the administrator."""

    actor: str
    owner: str
    elements: list[Element]


class ChangeVocabulary(ActOperation[VocabularyChanged]):
    """Add versions of elements by the API: an act each time, also where nothing is new."""

    name = CHANGED
    parameters = VocabularyChanged

    def describe(self, parameters: VocabularyChanged) -> tuple[str, bytes]:
        body = {"owner": parameters.owner, **vocabulary_list(parameters.elements)}
        return parameters.actor, msgspec.json.encode(body)

    def write(self, transaction: Transaction, parameters: VocabularyChanged, recorded: Recorded) -> None:
        insert_elements(transaction, parameters.owner, parameters.elements, recorded.index)


class Version(msgspec.Struct, frozen=True):
    """One version of an element: who said it, and from which place in the log on it counts."""

    owner: str
    index: int
    element: Element


def read_versions(view: View, owners: Owners, kind: str, identifier: str) -> list[Version]:
    """Every version of one element that these owners have given, oldest first."""
    key = element_key(kind, identifier)
    condition, bound = current(owners, history=True)
    rows = view.connection.execute(
        text(
            "SELECT v.owner, v.idx, v.body FROM vocabulary_element v"  # noqa: S608 - our words
            " WHERE v.type = :kind AND v.class_key = :class"
            f" AND v.serial = :serial AND {condition} ORDER BY v.idx"
        ),
        {"kind": kind, "class": key[0], "serial": key[1], "size": view.size, **bound},
    )
    return [Version(row[0], row[1], msgspec.json.decode(row[2], type=Element)) for row in rows]


def count_by_type(view: View, owners: Owners) -> dict[str, int]:
    """The vocabularies that there are, with the number of their present elements."""
    condition, bound = current(owners)
    rows = view.connection.execute(
        text(f"SELECT v.type, COUNT(*) FROM vocabulary_element v WHERE {condition} GROUP BY v.type ORDER BY v.type"),  # noqa: S608 - our words
        {"size": view.size, **bound},
    )
    return {row[0]: row[1] for row in rows}
