"""Sets of master-data elements as SQL: having an attribute, lying below another element (EPCIS 2.0, 8.2.7.1).

Each function gives a SELECT for the right side of an ``IN`` and the values bound in it, on SQLite and PostgreSQL
alike. ``:size`` is bound by the caller: the log size up to which versions are known. ``prefix`` keeps the names of
bound values apart where one statement holds several sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from suyuan.epcis.vocabulary_elements import FIELD_TYPES, attribute_key, element_key

#: Whose elements count: None for everybody's.
Owners = tuple[str, ...] | None
#: What a set holds: ids of things, ids of words, or the elements' ids as they were written.
Holding = Literal["things", "words", "names"]

_SELECT = {
    "things": "SELECT t.id FROM vocabulary_element v JOIN thing_class c ON c.key = v.class_key"
    " JOIN thing t ON t.class_id = c.id AND t.serial = v.serial",
    "words": "SELECT t.id FROM vocabulary_element v JOIN term t ON v.class_key = 'term' AND t.value = v.serial",
    "names": "SELECT v.name FROM vocabulary_element v",
}


def owners_in(submitted: Mapping[str, str] | None) -> Owners:
    """Whose elements a firm reads, by what `suyuan.trace.submitters.submitter` gives (None: an authority)."""
    if submitted is None:
        return None
    return ("", *sorted({submitted["scope_party"], f"key:{submitted['scope_key']}"} - {""}))


class IdSet(NamedTuple):
    """A SELECT of one column, and its bound values but ``:size``."""

    sql: str
    bound: dict[str, Any]


def current(owners: Owners, prefix: str = "", alias: str = "v", *, history: bool = False) -> tuple[str, dict[str, Any]]:
    """The condition that a version is known at ``:size``, of these owners and, unless ``history``, the latest.

    Of a firm's own and the administrator's the later one counts. For authorities each owner's latest does: else a firm
    could hide from them what others say, by saying something of the same id.
    """
    bound = {f"{prefix}o{number}": owner for number, owner in enumerate(owners or ())}
    names = ", ".join(f":{name}" for name in bound)

    def ours(table: str) -> str:
        if owners is None:
            return "" if table == alias else f" AND {table}.owner = {alias}.owner"
        return f" AND {table}.owner IN ({names})"

    condition = f"{alias}.idx < :size{ours(alias)}"
    if not history:
        condition += (
            " AND NOT EXISTS (SELECT 1 FROM vocabulary_element n"  # noqa: S608 - our words
            f" WHERE n.class_key = {alias}.class_key AND n.serial = {alias}.serial AND n.type = {alias}.type"
            # By the element's key, which the plus makes SQLite do: by its type would be in the square of their number.
            f" AND +n.idx > {alias}.idx AND +n.idx < :size{ours('n')})"
        )
    return condition, bound


def holding_of(field: str) -> Holding:
    """How an event's field holds elements: business step and disposition as words, the others as things."""
    return "words" if field in ("bizStep", "disposition") else "things"


def having_attribute(
    owners: Owners,
    field: str,
    attribute: str,
    values: Sequence[str] | None = None,
    *,
    holding: Holding | None = None,
    prefix: str = "va",
) -> IdSet:
    """Elements of a field's vocabularies that have an attribute, with one of ``values`` where these are given.

    ``field`` is a name of `FIELD_TYPES`; of any other field every vocabulary counts.
    """
    condition, bound = current(owners, prefix)
    bound[f"{prefix}a"] = attribute_key(attribute)
    also = ""
    if values is not None:
        also = f" AND a.value IN ({listed(values, f'{prefix}v', bound)})"
    sql = (
        f"{_SELECT[holding or holding_of(field)]} JOIN vocabulary_attribute a ON a.element = v.id"
        f" WHERE a.attribute = :{prefix}a{also}{_typed(field, prefix, bound)} AND {condition}"
    )
    return IdSet(sql, bound)


def descendants(
    owners: Owners, field: str, identifiers: Sequence[str], *, holding: Holding | None = None, prefix: str = "vd"
) -> IdSet:
    """Direct and indirect children of elements of a field's vocabularies, not these themselves. Circles end."""
    kind = FIELD_TYPES.get(field, ("",))[0]
    below, bound = below_keys(owners, FIELD_TYPES.get(field), [element_key(kind, name) for name in identifiers], prefix)
    return IdSet(f"{below} {_BELOW[holding or holding_of(field)]}", bound)


def below_keys(
    owners: Owners, types: Sequence[str] | None, keys: Sequence[tuple[str, str]], prefix: str
) -> tuple[str, dict[str, Any]]:
    """A recursive table ``below(class_key, serial)`` of what lies below elements of these types and keys."""
    condition, bound = current(owners, prefix, "p")
    typed = "" if types is None else f" AND p.type IN ({listed(types, f'{prefix}t', bound)})"
    step = f"FROM vocabulary_element p JOIN vocabulary_child h ON h.element = p.id{{}} WHERE {condition}{typed}"
    sql = (
        "WITH RECURSIVE below(class_key, serial) AS ("
        f"SELECT h.class_key, h.serial {step.format('')} AND (p.class_key, p.serial) IN ({paired(keys, prefix, bound)})"
        " UNION SELECT h.class_key, h.serial "
        f"{step.format(' JOIN below b ON b.class_key = p.class_key AND b.serial = p.serial')})"
    )
    return sql, bound


_BELOW = {
    "things": "SELECT t.id FROM below b JOIN thing_class c ON c.key = b.class_key"
    " JOIN thing t ON t.class_id = c.id AND t.serial = b.serial",
    "words": "SELECT t.id FROM below b JOIN term t ON b.class_key = 'term' AND t.value = b.serial",
    "names": "SELECT v.name FROM below b JOIN vocabulary_element v"
    " ON v.class_key = b.class_key AND v.serial = b.serial",
}


def _typed(field: str, prefix: str, bound: dict[str, Any]) -> str:
    types = FIELD_TYPES.get(field)
    return "" if types is None else f" AND v.type IN ({listed(types, f'{prefix}t', bound)})"


def listed(values: Sequence[str], name: str, bound: dict[str, Any]) -> str:
    """Placeholders for values, which are bound under ``name0``, ``name1`` ..."""
    bound |= {f"{name}{number}": value for number, value in enumerate(values)}
    return ", ".join(f":{name}{number}" for number in range(len(values)))


def paired(keys: Sequence[tuple[str, str]], name: str, bound: dict[str, Any]) -> str:
    """Rows of placeholders for class keys and serials: the right side of an ``IN`` of pairs."""
    for number, (class_key, serial) in enumerate(keys):
        bound |= {f"{name}k{number}": class_key, f"{name}s{number}": serial}
    return "VALUES " + ", ".join(f"(:{name}k{number}, :{name}s{number})" for number in range(len(keys)))
