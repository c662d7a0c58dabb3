"""Every parameter of the SimpleEventQuery, in one table, and how its values are read (EPCIS 2.0 section 8.2.7.1).

`FIXED` and `PATTERNS` are the table (printed in docs/reference/event-query.md); `read_query` reads parameters that
came in a URL (`suyuan.epcis.query_values.from_url`), in JSON or in SOAP into a `Query`, which `suyuan.trace` answers.
Parameters are joined by *and*, the values of one by *or*. Nothing here knows a database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

from suyuan.base.errors import InvalidInput, QueryTooComplex
from suyuan.epcis import query_fields, query_values, units, vocabulary
from suyuan.epcis.query_fields import Family
from suyuan.epcis.query_things import Match
from suyuan.epcis.query_values import Asked, Reader

#: Parameters of one query; values in one parameter; values in all of them.
MOST_PARAMETERS, MOST_VALUES, MOST_VALUES_IN_ALL = 200, 500, 2_000
#: Longest name of a parameter, in characters.
LONGEST_NAME = 2_000


class Operator(StrEnum):
    """How a field and the values of a parameter must stand to each other."""

    EQ = "EQ"  #: the field has one of the values
    GT = "GT"
    GE = "GE"
    LT = "LT"
    LE = "LE"
    EXISTS = "EXISTS"  #: the event has the field
    MATCH = "MATCH"  #: one of the things is named by, or belongs to, one of the values
    WD = "WD"  #: the field has one of the values, or a descendant of one
    HASATTR = "HASATTR"  #: master data of the field's value has the attribute
    EQATTR = "EQATTR"  #: ... and the attribute has one of the values


class Condition(msgspec.Struct, frozen=True):
    """What one parameter demands. The values that it has are alternatives, of whatever kind they are."""

    #: The parameter's name, for errors.
    parameter: str
    operator: Operator
    #: A column of events (``bizStep``), a role (``epc``), or a key of `suyuan.epcis.query_fields`.
    field: str
    values: Asked = Asked()
    #: An extension's name whose prefix nobody here defines: ``field`` goes up to it, the ledger may know the rest.
    unresolved: str = ""
    #: Name of a master data attribute.
    attribute: str = ""
    #: Relative difference that says nothing, of numbers whose unit was converted.
    tolerance: float = 0.0
    matches: tuple[Match, ...] = ()


class Query(msgspec.Struct, frozen=True):
    """A SimpleEventQuery. ``order_by`` is empty, ``eventTime``, ``recordTime``, ``quantity`` or a field's key."""

    conditions: tuple[Condition, ...] = ()
    order_by: str = ""
    #: An extension to order by whose prefix nobody here defines.
    order_unresolved: str = ""
    descending: bool = False
    #: The answer ends after so many events.
    event_count_limit: int | None = None
    #: More events than this are no answer but `QueryTooLarge`.
    max_event_count: int | None = None


class Row(NamedTuple):
    """One parameter of the table."""

    operator: Operator
    #: What of an event it is about; with ``{}`` for what the name says beyond its beginning.
    field: str
    read: Reader


def _compared(field: str, read: Reader, *operators: Operator, name: str = "") -> dict[str, Row]:
    return {f"{operator}_{name or field}": Row(operator, field, read) for operator in operators}


_ORDER = (Operator.GT, Operator.GE, Operator.LT, Operator.LE)
_BETWEEN = (Operator.GE, Operator.LT)
_TIMES = ("errorDeclarationTime", "time", "startTime", "endTime")
_URIS = (
    "transformationID", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules", "microorganism",
    "chemicalSubstance", "uriValue",
)  # fmt: skip
_WORDS = {
    "bizStep": vocabulary.BIZ_STEP,
    "disposition": vocabulary.DISPOSITION,
    "persistentDisposition_set": vocabulary.DISPOSITION,
    "persistentDisposition_unset": vocabulary.DISPOSITION,
    "errorReason": vocabulary.ERROR_REASON,
    "type": vocabulary.MEASUREMENT_TYPE,
}
#: Roles that the MATCH parameters look at: the value is the field of the condition.
ROLES = (
    "epc", "parentID", "inputEPC", "outputEPC", "anyEPC", "epcClass", "inputEPCClass", "outputEPCClass", "anyEPCClass",
)  # fmt: skip

#: Parameters by their names.
FIXED: Mapping[str, Row] = {
    "eventType": Row(Operator.EQ, "eventType", query_values.event_types),
    **_compared("eventTime", query_values.time, *_BETWEEN),
    **_compared("recordTime", query_values.time, *_BETWEEN),
    **_compared("action", query_values.actions, Operator.EQ),
    **{f"EQ_{field}": Row(Operator.EQ, field, query_values.words(words)) for field, words in _WORDS.items()},
    **_compared("readPoint", query_values.identifiers, Operator.EQ, Operator.WD),
    **_compared("bizLocation", query_values.identifiers, Operator.EQ, Operator.WD),
    **{f"MATCH_{role}": Row(Operator.MATCH, role, query_values.matches) for role in ROLES},
    **_compared("quantity", query_values.numbers, Operator.EQ),
    **_compared("quantity", query_values.number, *_ORDER),
    **_compared("eventID", query_values.texts, Operator.EQ),
    **_compared("correctiveEventID", query_values.texts, Operator.EQ),
    **_compared("errorDeclaration", query_values.present, Operator.EXISTS),
    **_compared("sensorElementList", query_values.present, Operator.EXISTS),
    **_compared("sensorElementList", query_values.present, Operator.EXISTS, name="sensorElement"),
    **{name: row for field in _TIMES for name, row in _compared(field, query_values.time, *_BETWEEN).items()},
    **_compared("errorDeclarationTime", query_values.time, *_BETWEEN, name="errorDeclaration_Time"),
    **_compared("time", query_values.times, Operator.EQ),
    **{f"EQ_{field}": Row(Operator.EQ, field, query_values.identifiers) for field in _URIS},
    **_compared("stringValue", query_values.texts, Operator.EQ),
    **_compared("booleanValue", query_values.boolean, Operator.EQ),
    **_compared("hexBinaryValue", query_values.hex_binary, Operator.EQ),
    **_compared("percRank", query_values.numbers, Operator.EQ),
    **_compared("percRank", query_values.number, *_ORDER),
}
#: Parameters that say how the answer is given, not which events are in it.
CONTROLS = ("orderBy", "orderDirection", "eventCountLimit", "maxEventCount")

#: What stands between operator and name of an extension.
FAMILIES: Mapping[str, Family] = {
    "": Family.EVENT,
    "ILMD_": Family.ILMD,
    "ERROR_DECLARATION_": Family.ERROR_DECLARATION,
    "readPoint_": Family.READ_POINT,
    "bizLocation_": Family.BIZ_LOCATION,
    "SENSORELEMENT_": Family.SENSOR_ELEMENT,
    "SENSORMETADATA_": Family.SENSOR_METADATA,
    "SENSORREPORT_": Family.SENSOR_REPORT,
}
#: Numbers with a unit, which stands in the parameter's name.
MEASURED = ("quantity", "value", "minValue", "maxValue", "meanValue", "sDev", "percValue")
#: Fields whose values master data describes (HASATTR, EQATTR), beside the lists of things (`ROLES`) and extensions.
DESCRIBED = (
    "readPoint", "bizLocation", "bizStep", "disposition", "bizTransaction", "source", "destination", "transformationID",
    "deviceID",
)  # fmt: skip

_OPERATORS = "EQ|GT|GE|LT|LE"
_TYPED = re.compile(r"EQ_(bizTransaction|source|destination)_(.+)", re.DOTALL)
_MEASURED = re.compile(rf"({_OPERATORS})_({'|'.join(MEASURED)})_([A-Za-z0-9]{{1,8}})")
_EXTENSION = re.compile(
    rf"({_OPERATORS}|EXISTS)_(INNER_)?({'|'.join(family for family in FAMILIES if family)})?([^_]*:.+)", re.DOTALL
)
_HASATTR = re.compile(r"HASATTR_(.+)", re.DOTALL)
_EQATTR = re.compile(r"EQ_?ATTR_(.+)", re.DOTALL)

_TYPES = {"bizTransaction": vocabulary.BIZ_TRANSACTION_TYPE}
_Condition = Callable[[str, "re.Match[str]", object, Mapping[str, str]], Condition | None]


def _typed(name: str, found: re.Match[str], value: object, namespaces: Mapping[str, str]) -> Condition | None:
    """EQ_bizTransaction_po and the like: the type is a word of the CBV in any writing, or a URI."""
    field, kind = found.groups()
    word = query_values.word_if_known(_TYPES.get(field, vocabulary.SOURCE_DEST_TYPE), kind, namespaces)
    return _asked(name, Operator.EQ, f"{field}:{word}", query_values.identifiers(value, namespaces))


def _with_unit(name: str, found: re.Match[str], value: object, namespaces: Mapping[str, str]) -> Condition | None:
    operator, attribute, uom = found.groups()
    read = query_values.numbers if operator == Operator.EQ else query_values.number
    asked = read(value, namespaces)
    if asked is None:
        return None
    told = [query_fields.measured(attribute, uom, number, difference=attribute == "sDev") for number in asked.numbers]
    keys = {each[0] for each in told if each}
    if len(keys) != 1:
        raise InvalidInput(f"a number beyond what {uom} is counted in", remedy="ask for a smaller number")
    held = Asked(numbers=tuple(each[1] for each in told if each))
    condition = _asked(name, Operator(operator), keys.pop(), held)
    if condition is None or units.dimension_of(uom) is None:
        return condition
    return msgspec.structs.replace(condition, tolerance=units.TOLERANCE)


def _of_extension(name: str, found: re.Match[str], value: object, namespaces: Mapping[str, str]) -> Condition | None:
    operator, inner, family, written = found.groups()
    read = {"EXISTS": query_values.present, "EQ": query_values.anything}.get(operator, query_values.ordered)
    stem = query_fields.extension(FAMILIES[family or ""], bool(inner), "")
    return _named(_asked(name, Operator(operator), stem, read(value, namespaces)), written, namespaces)


def _named(condition: Condition | None, written: str, namespaces: Mapping[str, str]) -> Condition | None:
    """The condition with the extension's name behind its field, or beside it where the prefix is not known here."""
    if condition is None:
        return None
    key = query_fields.qualified(written, namespaces)
    if key is None:
        return msgspec.structs.replace(condition, unresolved=written)
    return msgspec.structs.replace(condition, field=condition.field + key)


def _has_attribute(name: str, found: re.Match[str], value: object, namespaces: Mapping[str, str]) -> Condition | None:
    return _described(_asked(name, Operator.HASATTR, "", query_values.names(value, namespaces)), found[1], namespaces)


def _equal_attribute(name: str, found: re.Match[str], value: object, namespaces: Mapping[str, str]) -> Condition | None:
    field, attribute = _field_and_attribute(found[1])
    condition = _asked(name, Operator.EQATTR, "", query_values.anything(value, namespaces))
    if condition is None:
        return None
    told = msgspec.structs.replace(condition, attribute=query_values.expanded(attribute, namespaces))
    return _described(told, field, namespaces)


def _field_and_attribute(rest: str) -> tuple[str, str]:
    """``bizLocation_urn:epcglobal:cbv:mda:site``: what stands before the first ``_`` behind a field's whole name."""
    for field in (*DESCRIBED, *ROLES):
        if rest.startswith(f"{field}_"):
            return field, rest[len(field) + 1 :]
    head, _, tail = rest.rpartition("_")
    if not head or ":" not in head:
        raise InvalidInput("names no field and attribute of master data", remedy="EQATTR_fieldname_attributename")
    return head, tail


def _described(condition: Condition | None, field: str, namespaces: Mapping[str, str]) -> Condition | None:
    if condition is None:
        return None
    if field in DESCRIBED or field in ROLES:
        return msgspec.structs.replace(condition, field=field)
    if ":" not in field:
        raise InvalidInput(f"{field[:60]!r} is no field that master data describes")
    stem = query_fields.extension(Family.EVENT, False, "")
    return _named(msgspec.structs.replace(condition, field=stem), field, namespaces)


#: Parameters whose names say more: what they look like, and who reads them. The first that fits is taken.
PATTERNS: tuple[tuple[re.Pattern[str], _Condition], ...] = (
    (_TYPED, _typed),
    (_MEASURED, _with_unit),
    (_EQATTR, _equal_attribute),
    (_HASATTR, _has_attribute),
    (_EXTENSION, _of_extension),
)


def read_query(parameters: Mapping[str, object], namespaces: Mapping[str, str]) -> Query:
    """The query that these parameters say; ``namespaces`` by prefix, as the request defines them.

    A parameter whose value is an empty list says nothing. Raises `InvalidInput` with the parameter's name as place
    (QueryParameterException), `QueryTooComplex` for more than anyone asks.
    """
    if len(parameters) > MOST_PARAMETERS:
        raise QueryTooComplex(f"{len(parameters)} parameters, at most {MOST_PARAMETERS} are taken")
    known = query_values.known_namespaces(namespaces)
    conditions: list[Condition] = []
    for name, value in parameters.items():
        if name not in CONTROLS and name != "@context":
            condition = _placed_condition(name, value, known)
            conditions += [condition] if condition else []
    in_all = sum(condition.values.count + len(condition.matches) for condition in conditions)
    if in_all > MOST_VALUES_IN_ALL:
        raise QueryTooComplex(f"{in_all} values, at most {MOST_VALUES_IN_ALL} are taken")
    return _controlled(Query(tuple(conditions)), parameters, known)


def typed(parameters: Mapping[str, object]) -> dict[str, object]:
    """Parameters of which all values came as texts (XML), as JSON says them.

    Where an extension is compared, a text may be meant as a number or a time: it is asked for as either.
    """
    return {name: _typed_values(name, value) for name, value in parameters.items()}


def _typed_values(name: str, value: object) -> object:
    found = _EXTENSION.fullmatch(name) if name.startswith("EQ_") and len(name) <= LONGEST_NAME else None
    if found is None or not isinstance(value, str | list):
        return value
    texts = value if isinstance(value, list) else [value]
    numbers = [number for each in texts for number in [query_values.number_of(each)] if number is not None]
    if numbers:
        return [*texts, *numbers]
    return texts[0] if len(texts) == 1 else texts  # only one that stands alone may be a time


def _placed_condition(name: str, value: object, namespaces: Mapping[str, str]) -> Condition | None:
    try:
        return _condition(name, value, namespaces)
    except InvalidInput as error:
        raise InvalidInput(error.detail, place=name[:200], remedy=error.remedy) from None


def _condition(name: str, value: object, namespaces: Mapping[str, str]) -> Condition | None:
    row = FIXED.get(name)
    if row is not None:
        return _asked(name, row.operator, row.field, row.read(value, namespaces))
    if len(name) <= LONGEST_NAME:
        for pattern, read in PATTERNS:
            found = pattern.fullmatch(name)
            if found:
                return read(name, found, value, namespaces)
    raise InvalidInput("there is no such query parameter", remedy="docs/reference/event-query.md lists them all")


def _asked(name: str, operator: Operator, field: str, values: Asked | tuple[Match, ...] | None) -> Condition | None:
    """A condition; None where the values say nothing."""
    if values is None:
        return None
    count = values.count if isinstance(values, Asked) else len(values)
    if count > MOST_VALUES:
        raise QueryTooComplex(f"{count} values, at most {MOST_VALUES} are taken", place=name[:200])
    if isinstance(values, Asked):
        return Condition(name, operator, field, values)
    return Condition(name, operator, field, matches=values)


def _controlled(query: Query, parameters: Mapping[str, object], namespaces: Mapping[str, str]) -> Query:
    """The query with what orders and bounds its answer; contradictions are refused."""
    limit = query_values.count("eventCountLimit", parameters)
    most = query_values.count("maxEventCount", parameters)
    order = query_values.single("orderBy", parameters)
    direction = query_values.single("orderDirection", parameters) or "DESC"
    if limit is not None and most is not None:
        raise InvalidInput("eventCountLimit and maxEventCount exclude each other", place="maxEventCount")
    if limit is not None and not order:
        raise InvalidInput("eventCountLimit needs orderBy", place="eventCountLimit", remedy="say which are the first")
    if direction not in {"ASC", "DESC"}:
        raise InvalidInput(f"found {direction[:40]!r}, expected ASC or DESC", place="orderDirection")
    unresolved = ""
    if order and order not in {"eventTime", "recordTime", "quantity"}:
        order, unresolved = _order_field(order, namespaces)
    return msgspec.structs.replace(
        query, order_by=order, order_unresolved=unresolved, descending=bool(order) and direction == "DESC",
        event_count_limit=limit, max_event_count=most,
    )  # fmt: skip


def _order_field(written: str, namespaces: Mapping[str, str]) -> tuple[str, str]:
    """Key of the extension to order by; the name beside the key's beginning where its prefix is not known here."""
    found = re.fullmatch(
        rf"(INNER_)?({'|'.join(family for family in FAMILIES if family)})?([^_]*:.+)", written[:LONGEST_NAME]
    )
    if not found:
        raise InvalidInput(
            f"{written[:60]!r} orders nothing", place="orderBy", remedy="eventTime, recordTime or an extension's name"
        )
    stem = query_fields.extension(FAMILIES[found[2] or ""], bool(found[1]), "")
    key = query_fields.qualified(found[3], namespaces)
    return (stem, found[3]) if key is None else (stem + key, "")
