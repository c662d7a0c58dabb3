"""The plans of event queries on SQLite are those of docs/reference/query-plans.md (`make reference` writes them)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.architecture.pages import ROOT
from tests.trace.plans import QUERIES, many, sqlite_plan
from tests.trace.scribe import CONTEXT, Scribe, document, scribe_in
from tests.trace.test_query_parameters import EX, story

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
