"""MATCH parameters and master data as SQL: which things are meant, and which events have them in which lists.

Every function gives SQL whose values are bound or numbers of ours. ``t`` is a row of `timeline`. SQLite is told its
join order and indexes, by CROSS JOIN and by a plus before what must not be looked up; PostgreSQL knows its tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import text

from suyuan.epcis.query_things import Match
from suyuan.gs1.names import Name, kind_of
from suyuan.trace.tables import Role
from suyuan.trace.view import View

#: So many things of a pattern are looked up one by one; of more, each event's things are asked what they are.
FEW = 2_000

_LISTS = (Role.EPC, Role.CHILD, Role.TRANSACTION_EPC, Role.ASSOCIATION_CHILD)
_PARENTS = (Role.PARENT, Role.TRANSACTION_PARENT, Role.ASSOCIATION_PARENT)
#: Roles by the field of a MATCH parameter. Lists of EPCs and of quantities share their roles: `_KIND` parts them.
ROLES_OF: Mapping[str, Sequence[Role]] = {
    "epc": _LISTS, "parentID": _PARENTS, "inputEPC": (Role.INPUT,), "outputEPC": (Role.OUTPUT,),
    "anyEPC": tuple(Role), "epcClass": _LISTS, "inputEPCClass": (Role.INPUT,), "outputEPCClass": (Role.OUTPUT,),
    "anyEPCClass": tuple(Role),
}  # fmt: skip


class Things(NamedTuple):
    """Conditions on timeline rows, alternatives: rows of these things, rows of things that ``broad`` describes."""

    #: Things whose names tell whether they stand in lists of EPCs or of quantities.
    ids: tuple[int, ...] = ()
    #: Things that may stand in both.
    uris: tuple[int, ...] = ()
    #: A condition on ``c`` (`thing_class`), ``x`` (`thing`) and ``t``.
    broad: str = ""
    bound: Mapping[str, Any] = {}

    @property
    def none(self) -> bool:
        """Whether the ledger has nothing of the kind."""
        return not self.ids and not self.uris and not self.broad


def of_class(field: str) -> bool:
    """Whether a MATCH parameter is about classes, the lists of quantities."""
    return field.endswith("Class")


def find_things(view: View, field: str, matches: Sequence[Match], prefix: str) -> Things:
    """What the values of a MATCH parameter name in this ledger. ``prefix`` begins the names of bound values."""
    ids: list[int] = []
    broad: list[str] = []
    bound: dict[str, Any] = {}
    for number, match in enumerate(matches):
        if match.thing is not None and (match.single or of_class(field)):
            found = view.find(Name(*match.thing, None))
            ids += [] if found is None else [found]
        if not match.single:
            condition, values = _described(view, field, match, f"{prefix}m{number}")
            few = _few(view, condition, values)
            if few is None or len(ids) + len(few) > 4 * FEW:
                broad.append(condition + (f" AND {in_list(field)}" if match.stem or not of_class(field) else ""))
                bound |= values
            else:
                ids += few
    return parted(view, field, ids)._replace(broad=either(broad), bound=bound)


def parted(view: View, field: str, ids: Iterable[int]) -> Things:
    """Things by whether their names tell the list. One that cannot stand in the field's lists is left out."""
    listed = sorted(set(ids))
    names = view.names(listed)
    uris = [thing for thing in listed if names[thing].class_key == "uri"]
    kinds = {thing: kind_of(names[thing].class_key, names[thing].serial) for thing in listed}
    fitting = [thing for thing in listed if of_class(field) == (kinds[thing] in {"class", "lot"})]
    return Things(tuple(thing for thing in fitting if kinds[thing] != "other"), tuple(uris))


def _few(view: View, condition: str, bound: Mapping[str, Any]) -> list[int] | None:
    """The ids of a set of things; None of more than `FEW`."""
    pin = "CROSS JOIN" if view.connection.dialect.name == "sqlite" else "JOIN"
    statement = text(
        f"SELECT x.id FROM thing_class c {pin} thing x ON x.class_id = c.id WHERE {condition} LIMIT {FEW + 1}"  # noqa: S608 - our words
    )
    rows = view.connection.execute(statement, dict(bound)).all()
    return None if len(rows) > FEW else [row[0] for row in rows]


def _described(view: View, field: str, match: Match, prefix: str) -> tuple[str, dict[str, Any]]:
    """The condition that a thing belongs to a pattern, on ``c`` and ``x``, and its bound values."""
    bound: dict[str, Any] = {}
    if match.stem:
        bound |= {f"{prefix}a": match.stem, f"{prefix}b": after(match.stem)}
        return f"c.key = 'uri' AND {between(view, 'x.serial', f'{prefix}a', f'{prefix}b')}", bound
    classes = of_class(field)
    if match.class_key:
        bound[f"{prefix}k"] = match.class_key
        return f"c.key = :{prefix}k AND x.serial {'=' if classes else '<>'} ''", bound
    heads = []
    for number, head in enumerate(match.heads):
        low, high = f"{prefix}a{number}", f"{prefix}b{number}"
        bound |= {low: head, high: after(head)}
        heads.append(between(view, "c.key", low, high))
    also = _CLASS_KEYS if classes else f" AND c.key LIKE '%{match.tail}'" if match.tail else _EPC_KEYS
    length = match.company_prefix_length
    if length is not None:
        also += f" AND COALESCE(c.company_prefix_length, {length:d}) = {length:d}"
    return f"{either(heads)}{also}", bound


#: Class keys of lots, variants and classes; of everything else. A class key of GRAI, GDTI, SGCN holds both.
_CLASS_KEYS = (
    " AND (c.key LIKE '%/10' OR c.key LIKE '%/22' OR c.key NOT LIKE '%/%/%') AND (x.serial = '' OR c.key LIKE '%/%/%')"
)
_WITH_SERIAL = " OR ".join(f"c.key LIKE '{ai}/%'" for ai in ("01", "253", "255", "8003", "8006", "8010"))
_EPC_KEYS = f" AND c.key NOT LIKE '%/10' AND c.key NOT LIKE '%/22' AND (x.serial <> '' OR NOT ({_WITH_SERIAL}))"


def after(head: str) -> str:
    """The least text above all that begin with ``head``, by code points."""
    return head[:-1] + chr(ord(head[-1]) + 1)


def between(view: View, column: str, low: str, high: str) -> str:
    """A range by code points, for which both databases have an index, whatever the language of PostgreSQL's."""
    if view.connection.dialect.name == "sqlite":
        return f"({column} >= :{low} AND {column} < :{high})"
    return f"({column} ~>=~ :{low} AND {column} ~<~ :{high})"


def either(conditions: Sequence[str]) -> str:
    """Any of the conditions, as a tree of little depth: SQLite takes no expression of more than 1,000 levels."""
    if len(conditions) < 2:
        return f"({conditions[0]})" if conditions else ""
    half = len(conditions) // 2
    return f"({either(conditions[:half])} OR {either(conditions[half:])})"


def in_list(field: str) -> str:
    """The condition that a timeline row comes of a list of EPCs, or of quantities, where its thing doesn't tell."""
    return "t.quantity IS NOT NULL" if of_class(field) else "t.quantity IS NULL"


def roles(field: str) -> str:
    """The roles of a field as an SQL list."""
    return ",".join(f"{role.value:d}" for role in ROLES_OF[field])
