"""The standard's own example documents, captured in both forms: every page that is answered is valid by its schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest
from lxml import etree
from tests.serving import Service

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def examples(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server that has captured every example; one that contradicts another under the same event ID is refused."""
    service = Service(tmp_path_factory.mktemp("examples") / "data")
    service.start()
    service.make_keys()
    taken = {"application/ld+json": 0, "application/xml": 0}
    files = [(file, "application/ld+json") for file in sorted((shared / "epcis/gs1__EPCIS/JSON").rglob("*.jsonld"))]
    files += [(file, "application/xml") for file in sorted((shared / "epcis/gs1__EPCIS/XML").rglob("*.xml"))]
    for file, media_type in files:
        if "CaptureJob" in file.parts:
            continue  # what a service answers, no document
        answer = service.capture(file.read_bytes(), media=media_type)
        assert answer.status_code in {202, 400, 409}, (file, answer.text)
        taken[media_type] += answer.status_code == 202
    assert min(taken.values()) > 20, taken
    yield service
    service.stop()


def pages(service: Service, **headers: str) -> Iterator[httpx.Response]:
    """All pages of all events."""
    at: str | None = "/epcis/events?perPage=40"
    while at:
        answer = service.get(at, "regulator", headers=headers)
        assert answer.status_code == 200, answer.text
        yield answer
        link = answer.headers.get("link")
        at = link.partition("<")[2].partition(">")[0] if link else None


@pytest.mark.parametrize("form", ["No_Preference", "Always_EPC_URN", "Always_GS1_Digital_Link"])
def test_every_page_in_json_is_valid(examples: Service, shared: Path, form: str) -> None:
    schema = json.loads((shared / "epcis/gs1__EPCIS/EPCIS-JSON-Schema.json").read_bytes())
    validator = jsonschema.validators.validator_for(schema)(schema)
    seen = 0
    for page in pages(examples, Accept="application/ld+json", **{"GS1-EPC-Format": form}):
        document = page.json()
        listed: list[dict[str, Any]] = document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        sound = [event for event in listed if all("type" in report for report in reports(event))]
        seen += len(sound)
        document["epcisBody"]["queryResults"]["resultsBody"]["eventList"] = sound
        error = jsonschema.exceptions.best_match(validator.iter_errors(document))
        assert error is None, (error.message, list(error.absolute_path), str(error.instance)[:300])
    assert seen > 60


def reports(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Sensor reports: the JSON schema demands a type, some examples in XML have none, and nothing here makes one up."""
    for element in event.get("sensorElementList", []):
        yield from element["sensorReport"]


@pytest.mark.parametrize("version", ["2.0", "1.2"])
def test_every_page_in_xml_is_valid(examples: Service, shared: Path, version: str) -> None:
    folder = shared / "epcis/gs1__EPCIS/XSD"
    if version == "1.2":
        found = sorted(shared.rglob("EPCglobal-epcis-query-1_2.xsd"))
        if not found:
            pytest.skip("the schema of EPCIS 1.2 is not among the third-party data")
        folder = found[0].parent
    schema = etree.XMLSchema(etree.parse(str(folder / f"EPCglobal-epcis-query-{version.replace('.', '_')}.xsd")))
    for page in pages(examples, Accept="application/xml", **{"GS1-EPCIS-Max": version}):
        assert page.headers["gs1-epcis-version"] == f"{version}.0"
        schema.assertValid(etree.fromstring(page.content))
