"""Conditions of a query as SQL on ``e``, a row of `event`: on its columns, its timeline rows or its `attr` rows.

A clause that isn't about a column says the same in two ways: whether one event meets it, and which events do. The
planner (`suyuan.trace.event_query`) takes the second where few do. Values are bound, numbers of ours stand in the text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import text

from suyuan.base.errors import InvalidInput, QueryTooComplex
from suyuan.epcis.context import STANDARD_PREFIXES, extended
from suyuan.epcis.query_fields import joined, moment
from suyuan.epcis.query_parameters import ROLES, Condition, Operator, Query
from suyuan.epcis.vocabulary_elements import value_text
from suyuan.gs1.names import name_of
from suyuan.trace.attributes import comparable, name_in_full
from suyuan.trace.event_scope import EventScope
from suyuan.trace.query_things import FEW, Things, after, between, either, find_things, in_list, parted, roles
from suyuan.trace.tables import Action, EventType
from suyuan.trace.view import View
from suyuan.trace.vocabulary_sets import Holding, IdSet, Owners, descendants, having_attribute, owners_in

_SIGNS = {Operator.EQ: "=", Operator.GT: ">", Operator.GE: ">=", Operator.LT: "<", Operator.LE: "<="}
#: Documents whose @context is looked through for a prefix that a query doesn't define.
_CONTEXTS = 50
_TIMES = {"errorDeclarationTime", "time", "startTime", "endTime"}
_WORD_COLUMNS = {"bizStep": "e.biz_step", "disposition": "e.disposition"}
_PLACE_COLUMNS = {"readPoint": "e.read_point", "bizLocation": "e.biz_location"}
#: Fields of `attr` whose values are names of things in full; the types of the first three stand in the key.
_TYPED, _NAMED = ("bizTransaction", "source", "destination"), ("transformationID", "deviceID")


class Clause(NamedTuple):
    """One condition."""

    sql: str
    bound: Mapping[str, Any] = {}
    #: A SELECT of the log indexes of the events that meet it; empty where it is about a column of `event`.
    events: str = ""
    #: The column of `event` and its values, where it is that the column has one of some values.
    column: str = ""
    values: tuple[int, ...] = ()


#: Nothing in this ledger can meet the query.
NOTHING = Clause("1 = 0")


class Compiler:
    """Conditions of one query over one view, as known at ``size``."""

    def __init__(self, view: View, size: int, scope: EventScope | None) -> None:
        self._view = view
        self._size = size
        self._owners: Owners = None
        if scope is not None:
            self._owners = owners_in(scope.submitter)
        self._sqlite = view.connection.dialect.name == "sqlite"

    def clauses(self, query: Query) -> list[Clause] | None:
        """The clauses of a query; None when one of them can't be met."""
        found = []
        for number, condition in enumerate(query.conditions):
            clause = self._clause(condition, f"c{number}")
            if clause is NOTHING:
                return None
            found.append(clause)
        return found

    def fields(self, stem: str, unresolved: str, parameter: str) -> list[str]:
        """Keys of an extension whose prefix the query leaves open: by whatever captured documents say it means."""
        if not unresolved:
            return [stem]
        prefix, _, local = unresolved.partition(":")
        namespaces = self._namespaces(prefix)
        if not namespaces:
            raise InvalidInput(
                f"nobody says what the prefix {prefix[:60]!r} stands for", place=parameter[:200],
                remedy="define it in GS1-Extensions or @context, or write the name as namespace#name",
            )  # fmt: skip
        return [stem + joined(namespace, local) for namespace in sorted(namespaces)]

    def _namespaces(self, prefix: str) -> set[str]:
        where = "instr(body, :word) > 0" if self._sqlite else "position(:word in body) > 0"
        rows = self._view.connection.execute(
            text(f"SELECT body FROM context WHERE {where} LIMIT {_CONTEXTS}"),  # noqa: S608 - our words
            {"word": msgspec.json.encode(prefix)},
        )
        defined = [extended(STANDARD_PREFIXES, msgspec.json.decode(bytes(row[0]))) for row in rows]
        return {prefixes[prefix] for prefixes in defined if prefix in prefixes}

    def _clause(self, condition: Condition, prefix: str) -> Clause:
        if condition.operator is Operator.MATCH:
            return self._things(condition.field, find_things(self._view, condition.field, condition.matches, prefix))
        if condition.operator in {Operator.HASATTR, Operator.EQATTR}:
            return self._described(condition, prefix)
        column = _COLUMNS.get(condition.field)
        return column(self, condition, prefix) if column else self._attribute(condition, prefix)

    # --- columns of `event`

    def types(self, condition: Condition, _: str) -> Clause:
        """eventType"""
        known = {kind.name: kind.value for kind in EventType}
        return _among("e.type", [known[name] for name in condition.values.texts if name in known])

    def actions(self, condition: Condition, _: str) -> Clause:
        """EQ_action"""
        return _among("e.action", [Action[name].value for name in condition.values.texts])

    def times(self, condition: Condition, _: str) -> Clause:
        """GE_ and LT_ of eventTime and recordTime"""
        compared = f"{_SIGNS[condition.operator]} {condition.values.times[0]:d}"
        if condition.field == "eventTime":
            return Clause(f"e.time {compared}")
        # Who asks for what was recorded since the last look asks for few: why read all in the order of event time?
        events = f"SELECT r.idx AS event FROM event r WHERE r.record_time {compared}"  # noqa: S608 - a number
        return Clause(f"e.record_time {compared}", events=events)

    def words(self, condition: Condition, _: str) -> Clause:
        """EQ_bizStep, EQ_disposition"""
        terms = [self._view.term_id(word) for word in condition.values.texts]
        known = [term for term in terms if term is not None]
        among = _among(_WORD_COLUMNS[condition.field], known)
        if condition.field == "disposition" and among is not NOTHING:
            listed = ",".join(f"{value:d}" for value in among.values)
            return among._replace(events=f"SELECT d.idx AS event FROM event d WHERE d.disposition IN ({listed})")  # noqa: S608
        return among

    def places(self, condition: Condition, prefix: str) -> Clause:
        """EQ_ and WD_ of readPoint and bizLocation"""
        column = _PLACE_COLUMNS[condition.field]
        places = [self._view.find(name_of(uri)) for uri in condition.values.texts]
        known = [place for place in places if place is not None]
        if condition.operator is Operator.WD:
            below = descendants(self._owners, condition.field, condition.values.texts, prefix=f"{prefix}d")
            known += self._ids(below)
        return _among(column, known)

    def declared(self, _: Condition, __: str) -> Clause:
        """EXISTS_errorDeclaration: every declaration has its time"""
        field = self._term("errorDeclarationTime")
        return self._in_attributes([(field, "")], {}) if field else NOTHING

    def ids(self, condition: Condition, prefix: str) -> Clause:
        """EQ_eventID: the event and its error declarations"""
        keys = {
            f"{prefix}k{number}": hashlib.sha256(name.encode(errors="surrogatepass")).digest()
            for number, name in enumerate(condition.values.texts)
        }
        events = f"SELECT i.event FROM event_id i WHERE i.key IN ({_names(keys)})"  # noqa: S608 - our words
        return Clause(f"e.idx IN ({events})", keys, events)

    # --- timeline

    def _things(self, field: str, things: Things) -> Clause:
        if things.none:
            return NOTHING
        pin, cross = ("+", "CROSS JOIN") if self._sqlite else ("", "JOIN")
        role, listed = f"t.role IN ({roles(field)})", in_list(field)
        one, all_ = [], []
        for ids, kind in ((things.ids, role), (things.uris, f"{role} AND {listed}")):
            if ids:
                among = f"t.thing IN ({','.join(f'{thing:d}' for thing in ids)}) AND {kind}"
                one.append(f"EXISTS (SELECT 1 FROM timeline t WHERE t.event = e.idx AND {pin}{among})")  # noqa: S608
                all_.append(f"SELECT t.event FROM timeline t WHERE {among}")  # noqa: S608 - numbers and our words
        if things.broad:
            one.append(
                f"EXISTS (SELECT 1 FROM timeline t {cross} thing x ON x.id = t.thing {cross} thing_class c"  # noqa: S608
                f" ON c.id = x.class_id WHERE t.event = e.idx AND {role} AND ({things.broad}))"
            )
        return Clause(f"({' OR '.join(one)})", things.bound, "" if things.broad else " UNION ALL ".join(all_))

    # --- attr

    def _attribute(self, condition: Condition, prefix: str) -> Clause:
        keys = self.fields(condition.field, condition.unresolved, condition.parameter)
        alternatives: list[tuple[str, str]] = []
        bound: dict[str, Any] = {}
        for number, key in enumerate(keys):
            alternatives += self._alternatives(condition, key, f"{prefix}f{number}", bound)
        if not alternatives:
            return NOTHING
        return self._in_attributes(alternatives, bound)

    def _alternatives(
        self, condition: Condition, key: str, prefix: str, bound: dict[str, Any]
    ) -> list[tuple[str, str]]:
        """What a row may be: the id of its field, and a condition on its value with ``{}`` before the column."""
        asked, sign = condition.values, _SIGNS.get(condition.operator, "")
        field, of_times = self._term(key), self._term(key if key in _TIMES else moment(key))
        found: list[tuple[str, str]] = []
        if condition.operator is Operator.EXISTS:
            return [(field, "")] if field else []
        if field and asked.texts:
            values = {f"{prefix}t{number}": comparable(value) for number, value in enumerate(asked.texts)}
            bound |= values
            found.append((field, f"{{}}a.value IN ({_names(values)})"))
        for each, numbers in ((field, asked.numbers), (of_times, asked.times)):
            if each and numbers:
                name = f"{prefix}n{len(bound)}_"
                found.append(
                    (each, _numbers(sign, [float(value) for value in numbers], condition.tolerance, name, bound))
                )
        return found

    def _term(self, word: str) -> str:
        """The id of a field as SQL; empty where no event has it."""
        found = self._view.term_id(comparable(word))
        return "" if found is None else f"{found:d}"

    def _in_attributes(self, alternatives: Sequence[tuple[str, str]], bound: Mapping[str, Any]) -> Clause:
        pin = "+" if self._sqlite else ""
        one = " OR ".join(
            f"(a.field = {field}{' AND ' + value.format(pin) if value else ''})" for field, value in alternatives
        )
        all_ = " UNION ALL ".join(
            f"SELECT a.event FROM attr a WHERE a.field = {field}{' AND ' + value.format('') if value else ''}"  # noqa: S608
            for field, value in alternatives
        )
        return Clause(f"EXISTS (SELECT 1 FROM attr a WHERE a.event = e.idx AND ({one}))", bound, all_)  # noqa: S608

    # --- master data

    def _described(self, condition: Condition, prefix: str) -> Clause:
        """HASATTR, EQATTR"""
        field = condition.field
        sets = self._elements(condition, prefix)
        if field in _PLACE_COLUMNS or field in _WORD_COLUMNS:
            ids = [element for each in sets for element in self._ids(each)]
            return _among((_PLACE_COLUMNS | _WORD_COLUMNS)[field], ids)
        if field in ROLES:
            ids = [element for each in sets for element in self._ids(each)]
            return self._things(field, parted(self._view, field, ids))
        names = {name for each in sets for name in self._names_of(each)}
        if not names:
            return NOTHING
        bound = {f"{prefix}e{number}": name for number, name in enumerate(sorted(names))}
        value = f"{{}}a.value IN ({_names(bound)})"
        alternatives = [(key, value) for key in self._keys_of(condition)]
        return self._in_attributes(alternatives, bound) if alternatives else NOTHING

    def _elements(self, condition: Condition, prefix: str) -> list[IdSet]:
        field = condition.field
        holding: Holding | None = (
            "names" if not (field in _PLACE_COLUMNS or field in _WORD_COLUMNS or field in ROLES) else None
        )
        kind = "epcClass" if field.endswith("Class") else field
        if condition.operator is Operator.HASATTR:
            return [
                having_attribute(self._owners, kind, name, holding=holding, prefix=f"{prefix}h{number}")
                for number, name in enumerate(condition.values.texts)
            ]
        asked = condition.values
        values = list(dict.fromkeys([*asked.texts, *(value_text(number) or "" for number in asked.numbers)]))
        return [having_attribute(self._owners, kind, condition.attribute, values, holding=holding, prefix=f"{prefix}h")]

    def _ids(self, elements: IdSet) -> list[int]:
        return [row[0] for row in self._rows(elements)]

    def _names_of(self, elements: IdSet) -> set[str]:
        names = {row[0] for row in self._rows(elements)}
        return {comparable(name) for name in names} | {comparable(name_in_full(name)) for name in names}

    def _rows(self, elements: IdSet) -> list[Any]:
        """At most so many as one asks for by name."""
        statement = text(f"SELECT * FROM ({elements.sql}) found LIMIT {FEW + 1}")  # noqa: S608 - our words
        rows = list(self._view.connection.execute(statement, {**elements.bound, "size": self._size}))
        if len(rows) > FEW:
            raise QueryTooComplex(f"more than {FEW} elements of master data are meant")
        return rows

    def _keys_of(self, condition: Condition) -> list[str]:
        """Ids of the fields of `attr` that hold the values of a field."""
        if condition.field in _TYPED:
            low = f"{condition.field}:"
            statement = text(f"SELECT id FROM term WHERE {between(self._view, 'value', 'low', 'high')}")  # noqa: S608
            rows = self._view.connection.execute(statement, {"low": low, "high": after(low)})
            return [f"{row[0]:d}" for row in rows]
        if condition.field in _NAMED:
            return [key for key in [self._term(condition.field)] if key]
        keys = self.fields(condition.field, condition.unresolved, condition.parameter)
        return [key for key in map(self._term, keys) if key]


def _numbers(sign: str, numbers: Sequence[float], tolerance: float, prefix: str, bound: dict[str, Any]) -> str:
    """A condition on the numbers of a row, with ``{0}`` before the column; values go into ``bound``.

    What differs by no more than the tolerance is equal: 25.1 degrees Celsius are the kelvin that a client's own
    arithmetic makes of them.
    """
    if sign != "=":
        (asked,) = numbers
        spread = abs(asked) * tolerance
        bound[f"{prefix}0"] = asked + spread if sign in {">", "<="} else asked - spread
        return f"{{0}}a.number {sign} :{prefix}0"
    if not tolerance:
        values = {f"{prefix}{number}": asked for number, asked in enumerate(numbers)}
        bound |= values
        return f"{{0}}a.number IN ({_names(values)})"
    near = []
    for number, asked in enumerate(numbers):
        spread = abs(asked) * tolerance
        bound |= {f"{prefix}{number}a": asked - spread, f"{prefix}{number}b": asked + spread}
        near.append(f"{{0}}a.number BETWEEN :{prefix}{number}a AND :{prefix}{number}b")
    return either(near) if len(near) > 1 else near[0]


def _names(bound: Mapping[str, Any]) -> str:
    return ",".join(f":{name}" for name in bound)


def _among(column: str, numbers: Sequence[int]) -> Clause:
    """The column has one of these values: numbers of ours, so they may stand in the text."""
    values = tuple(sorted(set(numbers)))
    if not values:
        return NOTHING
    return Clause(f"{column} IN ({','.join(f'{value:d}' for value in values)})", column=column, values=values)


_COLUMNS: Mapping[str, Callable[[Compiler, Condition, str], Clause]] = {
    "eventType": Compiler.types,
    "action": Compiler.actions,
    "eventTime": Compiler.times,
    "recordTime": Compiler.times,
    "bizStep": Compiler.words,
    "disposition": Compiler.words,
    "readPoint": Compiler.places,
    "bizLocation": Compiler.places,
    "errorDeclaration": Compiler.declared,
    "eventID": Compiler.ids,
}
