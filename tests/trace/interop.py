"""The EPCIS 1.0 interoperability suite, as others publish it: its documents in a ledger, its calls, its answers.

The suite's answers count on record times that equal event times, so the clock is set to each event's time while it is
captured; a real server then serves the folder.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from tests.serving import Service
from tests.trace.scribe import ORIGIN, job_of, scribe_in

from suyuan.app.migrate import migrate
from suyuan.base.clock import parse_time
from suyuan.base.database import sqlite_url
from suyuan.trace.capture import CaptureRequest
from suyuan.trace.writer import Request

SUITE = "epcis/Fosstrak__fosstrak-epcis/epcis-interop-test/src/test/resources"
QUERY = "{urn:epcglobal:epcis-query:xsd:1}"
ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>{}</soapenv:Body>'
    "</soapenv:Envelope>"
)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def fill(folder: Path, suite: Path) -> None:
    """A ledger with the suite's master data and events."""
    folder.mkdir()
    migrate(sqlite_url(folder))
    with scribe_in(folder) as scribe:
        numbers = iter(range(1, 1_000))

        def capture(body: bytes, time: int) -> None:
            scribe.writer._clock = lambda: time  # the writer of a server has the machine's clock
            order = CaptureRequest(f"n{next(numbers)}", "suite", "", "application/xml", body)
            job = job_of(scribe.writer.execute([Request(1, "capture", msgspec.msgpack.encode(order))])[0])
            assert job.success, job.errors

        for path in sorted((suite / "masterdata").glob("*.xml")):
            capture(path.read_bytes(), parse_time("2006-06-24T00:00:00Z")[0])
        for body, time in sorted(_each_event(suite), key=lambda each: each[1]):
            capture(body, time)


def _each_event(suite: Path) -> Iterator[tuple[bytes, int]]:
    """Every event in a document of its own, with its time."""
    for path in sorted((suite / "events").glob("*.xml")):
        listed = ET.fromstring(path.read_bytes()).find("EPCISBody/EventList")
        assert listed is not None
        for event in listed:
            root = ET.fromstring(path.read_bytes())
            alone = root.find("EPCISBody/EventList")
            assert alone is not None
            alone[:] = [event]
            yield ET.tostring(root), parse_time(event.findtext("eventTime", ""))[0]


@contextmanager
def served(folder: Path, *arguments: str, **settings: str) -> Iterator[Service]:
    """A server on the filled folder."""
    service = Service(folder, *arguments, SUYUAN_ORIGIN=ORIGIN, **settings)
    service.start()
    try:
        service.make_keys()
        yield service
    finally:
        service.stop()


def call_of(path: Path) -> str:
    """The call in a request file, without its XML declaration."""
    return _DECLARATION.sub("", path.read_text(encoding="utf-8"))


def result_in(answer: bytes) -> ET.Element:
    """The result or exception in an answer, whatever it is wrapped in."""
    root = ET.fromstring(answer)
    if root.tag.startswith(QUERY) and not root.tag.endswith("EPCISQueryDocument"):
        return root
    found = [element for element in root.iter() if element.tag.startswith(QUERY) and element is not root]
    assert found, answer[:2_000]
    return found[0]


def told(element: ET.Element) -> object:
    """A result so that equal ones compare equal: events and elements as multisets, record times left out."""
    if element.tag in ("EventList", "VocabularyList", "VocabularyElementList", "children"):
        return element.tag, Counter(map(_frozen, element))
    inner = [told(child) for child in element if child.tag != "subscriptionID" and not _is_empty(child)]
    return element.tag, (element.text or "").strip(), inner


def _is_empty(element: ET.Element) -> bool:
    """An answer without results has an empty list, an empty body, or none."""
    return element.tag in ("EventList", "VocabularyList", "resultsBody") and all(map(_is_empty, element))


def _frozen(element: ET.Element) -> object:
    if element.tag in ("eventTime", "errorDeclarationTime"):
        return element.tag, parse_time((element.text or "").strip())
    inner = tuple(_frozen(child) for child in element if child.tag != "recordTime")
    many = element.tag in ("VocabularyElementList", "VocabularyElement", "Vocabulary", "children")
    ordered = tuple(sorted(inner, key=repr)) if many else inner
    return element.tag, tuple(sorted(element.attrib.items())), (element.text or "").strip(), ordered
