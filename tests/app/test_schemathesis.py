"""Requests made up from OpenAPI documents, ours and the standard's: no failure, nothing answered that is not described.

schemathesis invents them, the same ones each time. Right ones and wrong ones of each operation go to a real server.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from tests.serving import Service
from tests.trace.scribe import document, object_event

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own use of what its libraries are about to drop
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: Seconds for one document; what is left then is not asked any more.
PATIENCE = 45
#: What the standard's document says and its text or its own examples do not. A parameter, or a body, that cannot be
#: read is 400 everywhere, though many operations list no 400, or list it as plain JSON; of a capture job's two
#: alternatives a job without errors is both.
STANDARD_SLIPS = {("UndefinedStatusCode", 400), ("UndefinedContentType", 400)}
STANDARD_SLIPS_AT = {("GET /capture", "JsonSchemaError", 200), ("GET /capture/{captureID}", "JsonSchemaError", 200)}
#: A fault of SOAP 1.1 is answered with 500 (SOAP 1.1 section 6.2).
OUR_FAULTS = {("POST /epcis/query", "ServerError", 500)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server with something in its ledger, which nobody else uses: what is made up here stays in it."""
    service = Service(tmp_path_factory.mktemp("invented") / "data")
    service.start()
    service.make_keys()
    assert service.capture(document(*[object_event(serial) for serial in range(5)])).status_code == 202
    yield service
    service.stop()


def role_for(path: str, method: str) -> str:
    """Who may call an operation."""
    if "/keys" in path or (method.upper() == "PUT" and path.startswith("/api")):
        return "administrator"
    return "regulator" if "recall" in path or "alerts" in path else "producer"


Finding = tuple[str, str, int, str]


def asked(schema: Any, service: Service, base: str, examples: int) -> list[Finding]:
    """Operation, failed check, status and message of whatever is not as the document says."""
    end, found = time.monotonic() + PATIENCE, list[Finding]()
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if time.monotonic() < end:
                found += findings(operation, mode, service, base, examples)
    return found


def findings(operation: Any, mode: GenerationMode, service: Service, base: str, examples: int) -> list[Finding]:
    """The same of one operation."""
    headers = {"Authorization": f"Bearer {service.keys[role_for(operation.path, operation.method)]}"}
    found: list[Finding] = []

    @settings(
        max_examples=examples, database=None, derandomize=True, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        response = case.call(base_url=base, headers=headers, timeout=30)
        for check in CHECKS:
            try:
                case.validate_response(response, checks=[check])
            except BaseExceptionGroup as group:
                for each in group.exceptions:
                    told = f"{str(each)[:200]} {response.text[:300]}"
                    found.append((operation.label, type(each).__name__, response.status_code, told))

    with suppress(Unsatisfiable):  # an operation without parameters cannot be called wrongly
        ask()
    return found


@pytest.mark.parametrize("paths", ["^/epcis", "^/api", "^/(?!epcis|api)"])
def test_our_document_says_what_the_service_answers(server: Service, paths: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json").include(path_regex=paths)
        wrong = [each for each in asked(schema, server, server.url, 4) if each[:3] not in OUR_FAULTS]
    assert wrong == []
    assert server.get("/healthz", None).status_code == 200


def test_the_standards_document_says_what_the_service_answers(server: Service, shared: Path) -> None:
    standard = json.loads((shared / "epcis/gs1__EPCIS/REST Bindings/openapi.json").read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_dict(standard)
        found = asked(schema, server, f"{server.url}/epcis", 4)
    wrong = [
        each for each in found if each[1:3] not in STANDARD_SLIPS and (each[0], *each[1:3]) not in STANDARD_SLIPS_AT
    ]
    assert wrong == []
    assert server.get("/healthz", None).status_code == 200
