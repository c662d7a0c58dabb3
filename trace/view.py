"""A consistent, read-only look at the ledger as it was known at one size of the log.

"Known at K" means events with an index below K and no voiding with an index below K (DESIGN section 4). Ids stay
inside `trace`; names come in and go out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, text

from suyuan.gs1.names import Name, canonical, site_of
from suyuan.trace.master_data import Party, Product, Site
from suyuan.trace.records import Records

#: SQL that turns a bound list of numbers ``:ids`` into rows ``f(id)``. CROSS JOIN pins SQLite's join order, so that
#: the planner cannot start from the large table; a PostgreSQL standby has no temporary tables, so arrays it is.
_IDS = {
    "sqlite": "(SELECT value AS id FROM json_each(:ids)) f CROSS JOIN",
    "postgresql": "unnest(CAST(:ids AS bigint[])) AS f(id) JOIN",
}
#: Rows of events that some declaration known at ``:size`` has voided are left out of lifecycles.
VALID = "t.event < :size AND NOT EXISTS (SELECT 1 FROM voided v WHERE v.event = t.event AND v.by < :size)"


class View:
    """Reads over one connection, inside one transaction, up to log size ``size`` (exclusive)."""

    def __init__(self, connection: Connection, size: int) -> None:
        self.connection = connection
        self.size = size
        self._names: dict[int, Name] = {}
        self._terms: dict[int, str] = {}

    def by_ids(self, ids: Iterable[int], sql: str, **parameters: Any) -> Sequence[Any]:
        """Run ``SELECT ... FROM {ids} table ON table.column = f.id ...`` for a set of ids, in one statement."""
        dialect = self.connection.dialect.name
        wanted = sorted(set(ids))
        if not wanted:
            return []
        bound: Any = json.dumps(wanted) if dialect == "sqlite" else wanted
        statement = text(sql.replace("{ids}", _IDS[dialect]).replace("{valid}", VALID))
        return self.connection.execute(statement, {"ids": bound, "size": self.size, **parameters}).all()

    def find(self, name: Name) -> int | None:
        """The id of a thing, None when the ledger has never seen it."""
        row = self.connection.execute(
            text(
                "SELECT t.id FROM thing_class c JOIN thing t ON t.class_id = c.id"
                " WHERE c.key = :key AND t.serial = :serial"
            ),
            {"key": name.class_key, "serial": name.serial},
        ).first()
        return None if row is None else int(row[0])

    def names(self, ids: Iterable[int | None]) -> dict[int, Name]:
        """Names of things by id, at least these. Costs nothing for what was asked before, however much that is."""
        missing = {thing for thing in ids if thing is not None and thing not in self._names}
        rows = self.by_ids(
            missing,
            "SELECT t.id, c.key, t.serial, c.company_prefix_length"
            " FROM {ids} thing t ON t.id = f.id JOIN thing_class c ON c.id = t.class_id",
        )
        self._names.update({row[0]: Name(row[1], row[2], row[3]) for row in rows})
        return self._names

    def name(self, thing: int) -> Name:
        """The name of one thing."""
        return self.names([thing])[thing]

    def canonical(self, thing: int | None) -> str | None:
        """The canonical name of a thing; None stays None."""
        return None if thing is None else canonical(self.name(thing))

    def terms(self, ids: Iterable[int | None]) -> dict[int, str]:
        """Words by id."""
        missing = {term for term in ids if term is not None and term not in self._terms}
        rows = self.by_ids(missing, "SELECT t.id, t.value FROM {ids} term t ON t.id = f.id")
        self._terms.update({row[0]: row[1] for row in rows})
        return self._terms

    def term(self, term: int | None) -> str | None:
        """One word; None stays None."""
        return None if term is None else self.terms([term])[term]

    def term_id(self, value: str) -> int | None:
        """The id of a word, None when no event has used it."""
        row = self.connection.execute(text("SELECT id FROM term WHERE value = :value"), {"value": value}).first()
        return None if row is None else int(row[0])

    def site_key(self, place: int | None) -> str | None:
        """The canonical name of the site that a place belongs to: a sub-location is at its GLN's site."""
        if place is None:
            return None
        name = self.name(place)
        site = site_of(name.class_key)
        return canonical((site, "")) if site else canonical(name)

    @cached_property
    def sites(self) -> Records[Site]:
        """Sites by canonical name, their latest version known at this size."""
        return Records(self.connection, self.size, "site", Site)

    @cached_property
    def parties(self) -> Records[Party]:
        """Parties by canonical name."""
        return Records(self.connection, self.size, "party", Party)

    @cached_property
    def products(self) -> Records[Product]:
        """Products by canonical name."""
        return Records(self.connection, self.size, "product", Product)


@contextmanager
def open_view(engine: Engine, as_of: int | None = None) -> Iterator[View]:
    """A view in its own read transaction; ``as_of`` looks back to an earlier size of the log."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(
                "BEGIN"
            )  # sqlite3 opens no transaction for a SELECT; one is needed to stand still
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        size = int(connection.execute(text("SELECT COALESCE(MAX(idx), -1) + 1 FROM leaf")).scalar_one())
        yield View(connection, size if as_of is None else min(as_of, size))
