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
from suyuan.trace.vocabulary_tables import vocabulary_attribute, vocabulary_child, vocabulary_element
from suyuan.trace.writer import Transaction

#: Name of the act.
CHANGED = "vocabulary-changed"


def owner_of(party: str, key_id: str) -> str:
    """Whose elements these are: the firm's, or those of a key without a firm."""
    return party or f"key:{key_id}"


def owners_for(actor: Actor) -> Owners:
    """Whose elements an actor reads: authorities all (None), a firm its own and the administrator's.

    Everybody else, the administrator too, reads the administrator's: what firms capture is read as their events are.
    """
    if actor.role is Role.REGULATOR:
        return None
    return owners_in(submitter(actor))


def store_vocabulary(
    transaction: Transaction, actor: str, owner: str, elements: Sequence[Element], random: Callable[[int], bytes]
) -> Recorded | None:
    """Write those elements that say something new, behind an act's leaf; None when all is known already.

    The act's body is the new elements, so that the log tells whoever holds them that they are those.
    """
    known = _known(transaction, owner, elements)
    fresh = [element for element in elements if known.get((element.type, *element.key)) != _body(element)]
    if not fresh:
        return None
    body = msgspec.json.encode({"owner": owner, **vocabulary_list(fresh)})
    recorded = log_act(transaction, CHANGED, actor, body, random)
    insert_elements(transaction, owner, fresh, recorded.index)
    return recorded


def _body(element: Element) -> str:
    return msgspec.json.encode(element).decode()


def _known(transaction: Transaction, owner: str, elements: Sequence[Element]) -> dict[tuple[str, str, str], str]:
    """What this owner has said last of these elements."""
    rows = transaction.db.by_keys(
        "SELECT v.type, v.class_key, v.serial, v.body FROM {keys} vocabulary_element v"
        " ON v.class_key = f.a AND v.serial = f.b AND v.type = f.c WHERE v.owner = ? ORDER BY v.idx",
        ["text", "text", "text"],
        sorted({(*element.key, element.type) for element in elements}),
        owner,
    )
    return {(kind, class_key, serial): body for kind, class_key, serial, body in rows}


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
    db.insert(vocabulary_element, rows)
    db.insert(vocabulary_attribute, attributes)
    db.insert(vocabulary_child, children)


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


def present_elements(view: View) -> dict[str, list[Element]]:
    """What each owner says at present, in the order in which it came."""
    found: dict[str, list[Element]] = {}
    rows = view.connection.execute(
        text(
            "SELECT v.owner, v.body FROM vocabulary_element v WHERE v.idx < :size AND NOT EXISTS (SELECT 1"
            " FROM vocabulary_element n WHERE n.class_key = v.class_key AND n.serial = v.serial AND n.type = v.type"
            " AND n.owner = v.owner AND +n.idx > v.idx AND +n.idx < :size) ORDER BY v.id"  # the plus: by the key
        ),
        {"size": view.size},
    )
    for owner, body in rows:
        found.setdefault(owner, []).append(msgspec.json.decode(body, type=Element))
    return found
