"""What every test may ask for: third-party data. And ``--no-skips``, with which CI makes sure that everything ran."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from tests.serving import Service


def pytest_addoption(parser: pytest.Parser) -> None:
    """A test that skips on a user's machine (no Chromium, no PostgreSQL, no third-party data) must run in CI."""
    parser.addoption("--no-skips", action="store_true", help="a test that skips has failed (CI)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under ``--no-skips`` a skipped test is a failed one, with the reason it gave."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("--no-skips"):
        report.outcome, report.longrepr = "failed", f"--no-skips, but: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for modules that skip as a whole."""
    report = yield
    if report.skipped and collector.config.getoption("--no-skips"):
        report.outcome, report.longrepr = "failed", f"--no-skips, but: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    where = report.longrepr
    return str(where[2]) if isinstance(where, tuple) else report.longreprtext


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of third-party documents and vectors; the test skips where it is missing (a user's machine)."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("SUYUAN_SHARED", default)) / "data"
    if not folder.is_dir():
        pytest.skip("third-party test data is not here: set SUYUAN_SHARED to its folder")
    return folder


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One server for all tests that only need a service: each uses identifiers of its own."""
    limits = {"SUYUAN_MAX_BODY_BYTES": "2000000", "SUYUAN_MAX_DOCUMENT_BYTES": "3000000"}
    running = Service(tmp_path_factory.mktemp("service") / "data", **limits)
    running.start()
    running.make_keys()
    yield running
    assert running.stop() in {0, 130}
    assert "Traceback" not in running.log.read_text(), running.log.read_text()
