"""The SimpleMasterDataQuery: its parameters and how they are read (EPCIS 2.0 and 1.2, section 8.2.7.2).

| parameter | value | meaning |
|---|---|---|
| `includeAttributes` | boolean, required | whether attributes are in the answer |
| `includeChildren` | boolean, required | whether children are in the answer |
| `attributeNames` | list | only these attributes are in the answer |
| `vocabularyName` | list | elements of these vocabularies |
| `EQ_name` | list | elements of these names |
| `WD_name` | list | elements of these names and their descendants |
| `HASATTR` | list | elements with one of these attributes |
| `EQATTR_`*attribute* | list | elements whose attribute has one of these values |
| `maxElementCount` | whole number | more elements than this are no answer |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from suyuan.base.errors import InvalidInput, QueryTooComplex
from suyuan.epcis.vocabulary_elements import attribute_key, type_of

#: Name of the query.
NAME = "SimpleMasterDataQuery"
#: Values of one parameter, and parameters of one query.
MOST_VALUES, MOST_PARAMETERS = 500, 100
_EQATTR = "EQATTR_"
_KNOWN = (
    "includeAttributes", "includeChildren", "attributeNames", "vocabularyName", "EQ_name", "WD_name", "HASATTR",
    "maxElementCount",
)  # fmt: skip


class MasterDataQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. None is a parameter that was not given; the values of a list are alternatives."""

    include_attributes: bool
    include_children: bool
    attribute_names: tuple[str, ...] | None = None
    vocabulary_name: tuple[str, ...] | None = None
    eq_name: tuple[str, ...] | None = None
    wd_name: tuple[str, ...] | None = None
    hasattr: tuple[str, ...] | None = None
    #: Attribute and its values, each of which must hold.
    eqattr: tuple[tuple[str, tuple[str, ...]], ...] = ()
    max_element_count: int | None = None


def read_query(parameters: Mapping[str, Any]) -> MasterDataQuery:
    """A query from the values that came by URL, JSON or SOAP: strings, lists of strings, booleans, numbers, None.

    Raises `InvalidInput` (QueryParameterException) with the parameter's name, `QueryTooComplex` for too many.
    """
    if len(parameters) > MOST_PARAMETERS:
        raise QueryTooComplex(f"{len(parameters)} parameters, at most {MOST_PARAMETERS} are taken")
    for name in parameters:
        if name not in _KNOWN and not (name.startswith(_EQATTR) and name != _EQATTR):
            known = ", ".join((*_KNOWN, f"{_EQATTR}<attribute>"))
            raise InvalidInput(f"{NAME} has no such parameter", place=name[:80], remedy=f"known: {known}")
    types = _list(parameters, "vocabularyName")
    attributes = [
        (attribute_key(name.removeprefix(_EQATTR)), _list(parameters, name) or ())
        for name in parameters
        if name.startswith(_EQATTR)
    ]
    return MasterDataQuery(
        include_attributes=_boolean(parameters, "includeAttributes"),
        include_children=_boolean(parameters, "includeChildren"),
        attribute_names=_list(parameters, "attributeNames"),
        vocabulary_name=None if types is None else tuple(map(type_of, types)),
        eq_name=_list(parameters, "EQ_name"),
        wd_name=_list(parameters, "WD_name"),
        hasattr=_list(parameters, "HASATTR"),
        eqattr=tuple(pair for pair in attributes if pair[1]),
        max_element_count=_count(parameters, "maxElementCount"),
    )


def _list(parameters: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """The values of a list; one string is a list of one. A list of nothing demands nothing, as if not given."""
    value = parameters.get(name)
    values = value if isinstance(value, list | tuple) else [] if value is None else [value]
    if len(values) > MOST_VALUES:
        raise QueryTooComplex(f"{len(values)} values, at most {MOST_VALUES} are taken", place=name[:80])
    if not all(isinstance(each, str) for each in values):
        raise InvalidInput("the value is not a list of strings", place=name[:80])
    return tuple(values) or None


def _boolean(parameters: Mapping[str, Any], name: str) -> bool:
    value = parameters.get(name)
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    found = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if value is None or found is None:
        what = "the parameter is missing" if value is None else f"{str(value)[:40]!r} is neither true nor false"
        raise InvalidInput(what, place=name, remedy="give true or false")
    return found


def _count(parameters: Mapping[str, Any], name: str) -> int | None:
    value = parameters.get(name)
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if value is None:
        return None
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) == 0:
        raise InvalidInput(f"{text[:40]!r} is no whole number above 0", place=name)
    return int(text)
