"""What a database does for a query: its plan, as the database says it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from suyuan.epcis.query_parameters import read_query
from suyuan.trace import event_query
from suyuan.trace.event_query import run_query
from suyuan.trace.view import View

#: Title, parameters, and whether every condition counts as one that many events meet.
QUERIES: tuple[tuple[str, dict[str, Any], bool], ...] = (
    ("all events", {}, False),
    ("one EPC", {"MATCH_epc": "urn:epc:id:sgtin:0614141.000007.1"}, False),
    ("one lot", {"MATCH_epcClass": "urn:epc:class:lgtin:0614141.000007.L1"}, False),
    ("business step and time", {"EQ_bizStep": "shipping", "GE_eventTime": "2026-05-01T00:00:00Z",
                                "LT_eventTime": "2026-06-01T00:00:00Z"}, False),
    ("one of two places", {"EQ_bizLocation": [f"urn:epc:id:sgln:0614141.0000{place}.0" for place in (1, 2)]}, False),
    ("many EPCs of a class", {"MATCH_epc": "urn:epc:idpat:sgtin:0614141.000007.*"}, True),
    ("a value beside the columns, which few have", {"EQ_bizTransaction_po": "urn:epc:id:gdti:0614141.00002.7"}, False),
    ("a number beside the columns, which many have", {"GE_value_KEL": 270}, True),
    ("event ID", {"EQ_eventID": "urn:x:object"}, False),
    ("since a record time, in its order", {"GE_recordTime": "2026-01-01T00:00:00Z", "orderBy": "recordTime"}, True),
    ("the few since a record time", {"GE_recordTime": "2026-01-01T00:00:00Z"}, False),
    ("error declarations", {"EXISTS_errorDeclaration": None}, False),
)  # fmt: skip


@contextmanager
def _listening(engine: Engine) -> Any:
    said: list[tuple[str, Any]] = []

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def plan(view: View, parameters: dict[str, Any], explain: Callable[[str, Any], list[str]]) -> list[str]:
    """The plans of the statements that look for events, without those that look up names and read what was found."""
    with _listening(view.connection.engine) as said:
        run_query(view, read_query(parameters, {}), None, 100, None)
    lines: list[str] = []
    for statement, values in said:
        if re.search(r"FROM event e|\be ON e\.idx = f\.id|\) found LIMIT", statement) and "payload" not in statement:
            lines += explain(statement, values)
    return lines


def sqlite_plan(view: View, parameters: dict[str, Any]) -> list[str]:
    """As EXPLAIN QUERY PLAN has it, indented."""

    def explain(statement: str, values: Any) -> list[str]:
        rows = view.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        depth = {0: -1}
        lines = []
        for number, parent, _, text in rows:
            depth[number] = depth[parent] + 1
            lines.append("  " * depth[number] + str(text))
        return lines

    return plan(view, parameters, explain)


def postgres_plan(view: View, parameters: dict[str, Any]) -> list[str]:
    """As EXPLAIN has it, without figures: the indexes that are there for it, whatever the size of the tables."""

    def explain(statement: str, values: Any) -> list[str]:
        rows = view.connection.exec_driver_sql(f"EXPLAIN (COSTS OFF) {statement}", values).all()
        return [str(row[0]) for row in rows]

    view.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return plan(view, parameters, explain)


@contextmanager
def many(patch: Any, yes: bool) -> Any:
    """Every condition counts as one that many events meet, every pattern as one of many things."""
    with patch.context() as inside:
        if yes:
            inside.setattr(event_query, "_FEW", -1)
        yield
