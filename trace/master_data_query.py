"""The SimpleMasterDataQuery over the ledger (EPCIS 2.0 and 1.2, section 8.2.7.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import text

from suyuan.base.errors import QueryTooLarge
from suyuan.epcis.master_data_query import MasterDataQuery
from suyuan.epcis.vocabulary_elements import Element, attribute_key, keys_of, without
from suyuan.trace.query_deadline import deadline
from suyuan.trace.view import View
from suyuan.trace.vocabulary_sets import Owners, below_keys, current, listed, paired

#: Most elements of an answer, whatever the query allows.
MOST_ELEMENTS = 20_000


def run_query(view: View, owners: Owners, query: MasterDataQuery) -> list[Element]:
    """The elements that match, as these owners have given them, in the order in which they came.

    `QueryTooLarge` when there are more than ``maxElementCount``, or than `MOST_ELEMENTS`; `QueryTooComplex` where the
    search takes too long.
    """
    conditions, bound = _conditions(owners, query)
    allowed = min(query.max_element_count or MOST_ELEMENTS, MOST_ELEMENTS)
    where = " AND ".join(conditions)
    statement = text(f"SELECT v.body FROM vocabulary_element v WHERE {where} ORDER BY v.id LIMIT :limit")  # noqa: S608 - our words
    with deadline(view):
        rows = view.connection.execute(statement, {**bound, "size": view.size, "limit": allowed + 1}).all()
    if len(rows) > allowed:
        raise QueryTooLarge(f"more than {allowed} elements match", place="maxElementCount", remedy="ask for fewer")
    names = query.attribute_names if query.include_attributes else ()
    elements = [msgspec.json.decode(row[0], type=Element) for row in rows]
    return [without(element, attributes=names, children=query.include_children) for element in elements]


def _conditions(owners: Owners, query: MasterDataQuery) -> tuple[list[str], dict[str, Any]]:
    condition, bound = current(owners)
    conditions = [condition]
    if query.vocabulary_name is not None:
        conditions.append(f"v.type IN ({listed(query.vocabulary_name, 'type', bound)})")
    if query.eq_name is not None:
        conditions.append(_named(query.eq_name, "eq", bound))
    if query.wd_name is not None:
        below, more = below_keys(owners, query.vocabulary_name, _keys(query.wd_name), "wd")
        bound |= more
        within = f"(v.class_key, v.serial) IN ({below} SELECT b.class_key, b.serial FROM below b)"  # noqa: S608 - our words
        conditions.append(f"({_named(query.wd_name, 'wdn', bound)} OR {within})")
    if query.hasattr is not None:
        names = listed([attribute_key(name) for name in query.hasattr], "has", bound)
        conditions.append(_attribute(f"a.attribute IN ({names})"))
    for number, (name, values) in enumerate(query.eqattr):
        bound[f"attr{number}"] = name
        given = listed(values, f"attr{number}v", bound)
        conditions.append(_attribute(f"a.attribute = :attr{number} AND a.value IN ({given})"))
    return conditions, bound


def _keys(names: Sequence[str]) -> list[tuple[str, str]]:
    return sorted({key for name in names for key in keys_of(name)})


def _named(names: Sequence[str], prefix: str, bound: dict[str, Any]) -> str:
    return f"(v.class_key, v.serial) IN ({paired(_keys(names), prefix, bound)})"


def _attribute(condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM vocabulary_attribute a WHERE a.element = v.id AND {condition})"  # noqa: S608 - our words
