"""The plans of event queries on SQLite are those of docs/reference/query-plans.md (`make reference` writes them)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.architecture.pages import ROOT
from tests.trace.plans import QUERIES, many, sqlite_plan
from tests.trace.scribe import CONTEXT, Scribe, document, scribe_in
from tests.trace.test_query_parameters import EX, story

from suyuan.trace.vocabulary_sets import current

PAGE = ROOT / "docs" / "reference" / "query-plans.md"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory, empty_database: bytes) -> Iterator[Scribe]:
    """A ledger that knows every name that is asked for."""
    folder = tmp_path_factory.mktemp("plans")
    (folder / "suyuan.db").write_bytes(empty_database)
    with scribe_in(folder) as scribe:
        scribe.capture(document(*story(), context=[CONTEXT, {"ex": EX}]))
        yield scribe


@pytest.mark.parametrize(("title", "parameters", "of_many"), QUERIES, ids=[title for title, _, _ in QUERIES])
def test_a_query_is_searched_as_the_page_says(
    ledger: Scribe, title: str, parameters: dict[str, object], of_many: bool, monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    with ledger.view() as view, many(monkeypatch, of_many):
        lines = sqlite_plan(view, parameters)
    assert lines
    text = PAGE.read_text(encoding="utf-8")
    if request.config.getoption("--write-reference", default=False):
        block = f"### {title}\n\n```text\n" + "\n".join(lines) + "\n```\n"
        text = re.sub(rf"### {title}\n\n```text\n.*?```\n", lambda _: block, text, flags=re.DOTALL)
        PAGE.write_text(text, encoding="utf-8")
    assert f"### {title}\n\n```text\n" + "\n".join(lines) + "\n```\n" in text, "run: make reference"


def test_no_query_reads_a_whole_table_but_for_the_order_that_it_is_read_in() -> None:
    scans = [line.strip() for line in PAGE.read_text(encoding="utf-8").splitlines() if line.strip().startswith("SCAN")]
    assert {scan for scan in scans if "VIRTUAL TABLE" not in scan and "USING" not in scan} <= {"SCAN p0", "SCAN p1"}


def test_versions_are_told_from_later_ones_by_the_elements_key(scribe: Scribe) -> None:
    """By their type it would take time in the square of their number: over a minute for 40,000."""
    for owners in (None, ("", "https://id.gs1.org/417/0614141000012")):
        condition, bound = current(owners)
        plan = scribe.rows(
            f"EXPLAIN QUERY PLAN SELECT v.type FROM vocabulary_element v WHERE {condition}",
            size=1_000, **bound,
        )  # fmt: skip
        assert any("SEARCH n" in row[3] and "(class_key=? AND serial=? AND type=?" in row[3] for row in plan), plan
