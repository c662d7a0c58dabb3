"""The published cases of the EPCIS 1.0 interoperability suite, replayed over SOAP against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serving import Service
from tests.trace.interop import ENVELOPE, QUERY, SUITE, call_of, fill, result_in, served, told

#: Cases that ask for what a repository in order does not do: too complex a query, a failure of the implementation.
_FORCED = ("SE49", "SE51", "SE69")
#: Answers come later, to another machine (SE9, SE75), or the case is about a client without rights (SE5).
_ELSEWHERE = ("SE5", "SE9", "SE75")


@pytest.fixture(scope="module")
def suite(shared: Path) -> Path:
    """The suite's folder."""
    return shared / SUITE


@pytest.fixture(scope="module")
def repository(suite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server that has the suite's master data and events."""
    folder = tmp_path_factory.mktemp("interop") / "data"
    fill(folder, suite)
    with served(folder) as service:
        yield service


def _cases(suite: Path) -> Iterator[tuple[str, Path, Path]]:
    """Name, request and expected response of each case that one call answers."""
    for request in sorted((suite / "queries/webservice/requests").glob("Test-EPCIS10-*.xml")):
        name, _, step = request.stem.removeprefix("Test-EPCIS10-").partition("-Request")
        number = step.removeprefix("-").partition("-")[0]
        prefix = f"Test-EPCIS10-{name}-Response" + (f"-{number}" if number else "")
        responses = sorted(request.parents[1].glob(f"responses/{prefix}*.xml"))
        if name not in (*_FORCED, *_ELSEWHERE) and responses:
            yield name, request, responses[0]


def ask(service: Service, call: str, role: str | None = "regulator") -> tuple[int, bytes]:
    """Status and body of a call in an envelope."""
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    answer = service.call("POST", "/epcis/query", role, content=ENVELOPE.format(call).encode(), headers=headers)
    return answer.status_code, answer.content


def test_every_case_is_answered_as_the_suite_says(repository: Service, suite: Path) -> None:
    wrong = []
    cases = list(_cases(suite))
    for name, request, response in cases:
        status, body = ask(repository, call_of(request))
        found, expected = result_in(body), result_in(response.read_bytes())
        if expected.tag.endswith("Exception"):
            right = found.tag == expected.tag and status == 500
        elif expected.tag.endswith(("StandardVersionResult", "VendorVersionResult")):
            right = found.tag == expected.tag
        else:
            right = told(found) == told(expected)
        if not right:
            wrong.append(f"{name}: {expected.tag} <> {body[:1500].decode()}")
    assert not wrong, "\n".join(wrong)
    assert len(cases) >= 40


def test_without_a_key_there_is_a_security_exception(repository: Service, suite: Path) -> None:
    (request,) = (suite / "queries/webservice/requests").glob("*SE5-*")
    status, body = ask(repository, call_of(request), None)
    assert (status, result_in(body).tag) == (401, f"{QUERY}SecurityException")
