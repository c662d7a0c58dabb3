"""The CBV 2.0 event hash, from a document's bytes to its event IDs, one process: ours beside the reference.

The reference is epcis-event-hash-generator. Both hash the same documents of 1,000 ObjectEvents with 1 and with 10 EPCs,
in JSON-LD and in XML, in alternating rounds, and must find the same hashes. Each round has a fresh document, as every
EPC is new where events are hashed first. Each rate is the best of its rounds: what else runs on the machine only ever
makes one slower. In between our hashes are held against the reference's own published ones, where they are on disk.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from suyuan.epcis.event_id import event_hash
from suyuan.epcis.json_codec import Document, read_document
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import LITERAL
from suyuan.epcis.xml_reader import read_xml_document

try:
    from epcis_event_hash_generator import hash_generator, json_to_py, xml_to_py
except ImportError:
    raise SystemExit(
        "this benchmark measures itself against epcis-event-hash-generator: .venv/bin/pip install"
        " epcis-event-hash-generator"
    ) from None

EVENTS = 1_000
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
LIMITS = Limits()
#: Where the reference's published hashes are, below the folder of shared data.
PUBLISHED = Path("data/epcis/RalphTro__epcis-event-hash-generator/tests/examples")


class Task(NamedTuple):
    """One kind of document, hashed by us and by the reference."""

    name: str
    write: Callable[[list[dict[str, Any]]], bytes]
    epcs: int
    ours: Callable[[bytes], list[str]]
    theirs: Callable[[bytes], list[str]]


def events(epcs: int, seed: int) -> list[dict[str, Any]]:
    """Commissionings of ``epcs`` new items each, of 30 products."""
    source = random.Random(seed)
    made = []
    for number in range(EVENTS):
        product = f"{source.randrange(30):06d}"
        made.append(
            {
                "type": "ObjectEvent",
                "eventTime": f"2026-11-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:07.250Z",
                "eventTimeZoneOffset": "+08:00",
                "epcList": [f"urn:epc:id:sgtin:6901234.{product}.{source.getrandbits(37) + 1}" for _ in range(epcs)],
                "action": "ADD",
                "bizStep": "commissioning",
                "disposition": "active",
                "readPoint": {"id": "urn:epc:id:sgln:6901234.00007.gate3"},
                "bizLocation": {"id": "urn:epc:id:sgln:6901234.00007.0"},
            }
        )
    return made


def json_document(listed: list[dict[str, Any]]) -> bytes:
    """The events in JSON-LD."""
    body = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-21T00:00:00Z",
        "epcisBody": {"eventList": listed},
    }
    return json.dumps(body).encode()


def xml_document(listed: list[dict[str, Any]]) -> bytes:
    """The events in XML."""
    elements = [
        f"<ObjectEvent><eventTime>{event['eventTime']}</eventTime>"
        f"<eventTimeZoneOffset>{event['eventTimeZoneOffset']}</eventTimeZoneOffset>"
        f"<epcList>{''.join(f'<epc>{epc}</epc>' for epc in event['epcList'])}</epcList>"
        f"<action>{event['action']}</action>"
        f"<bizStep>urn:epcglobal:cbv:bizstep:{event['bizStep']}</bizStep>"
        f"<disposition>urn:epcglobal:cbv:disp:{event['disposition']}</disposition>"
        f"<readPoint><id>{event['readPoint']['id']}</id></readPoint>"
        f"<bizLocation><id>{event['bizLocation']['id']}</id></bizLocation></ObjectEvent>"
        for event in listed
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?><epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2"'
        ' schemaVersion="2.0" creationDate="2026-11-21T00:00:00Z"><EPCISBody>'
        f"<EventList>{''.join(elements)}</EventList></EPCISBody></epcis:EPCISDocument>"
    ).encode()


def hashes(document: Document) -> list[str]:
    """The event IDs that the contents give."""
    return [event_hash(source.event, document.context, document.ignored) for source in document.sources]


def ours(read: Callable[[bytes, Limits], Document]) -> Callable[[bytes], list[str]]:
    """Our way from bytes to event IDs."""
    return lambda body: hashes(read(body, LIMITS))


def reference(parse: Callable[[str], Any]) -> Callable[[bytes], list[str]]:
    """The reference's way from bytes to event IDs."""

    def hash_all(body: bytes) -> list[str]:
        texts = hash_generator.derive_prehashes_from_events(parse(body.decode()), "")
        return list(hash_generator.calculate_hashes_from_pre_hashes(texts, "sha256"))

    return hash_all


def tasks() -> list[Task]:
    """The four kinds of documents."""
    ways = [
        ("json", json_document, read_document, json_to_py), ("xml", xml_document, read_xml_document, xml_to_py),
    ]  # fmt: skip
    return [
        Task(
            f"{name}_{epcs}_epc", write, epcs, ours(read),
            reference(parser.event_list_from_epcis_document_str),
        )
        for name, write, read, parser in ways
        for epcs in (1, 10)
    ]  # fmt: skip


def check_published(shared: Path) -> int:
    """How many published hashes there are; ends the benchmark where ours differ."""
    count = 0
    for file in sorted((shared / PUBLISHED).glob("*.hashes")):
        for kind, read in ((".jsonld", read_document), (".xml", read_xml_document)):
            path = file.with_suffix(kind)
            if path.exists():
                expected, found = file.read_text().split(), hashes(read(path.read_bytes(), LIMITS, LITERAL))
                if found != expected:
                    raise SystemExit(f"{path.name}: other hashes than the published ones")
                count += len(expected)
    return count


def timed(hash_all: Callable[[bytes], list[str]], body: bytes) -> tuple[list[str], float]:
    """Hashes, and events per second of processor time: what waits for a processor is not counted."""
    gc.collect()  # what the other left behind is not this one's to walk over
    started = time.process_time()
    found = hash_all(body)
    return found, len(found) / (time.process_time() - started)


def mean(values: list[float]) -> float:
    """Geometric mean."""
    return math.exp(sum(map(math.log, values)) / len(values))


def measure(quick: bool, shared: Path) -> dict[str, Any]:
    """All figures of one run."""
    published = check_published(shared)
    rounds = 4 if quick else 12
    ours: dict[str, float] = {}
    theirs: dict[str, float] = {}
    gc.disable()
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for task in tasks():
            body = task.write(events(task.epcs, number))
            found, rate = timed(task.ours, body)
            expected, slow = timed(task.theirs, body)
            if found != expected:
                raise SystemExit(f"{task.name}: the two find different hashes")
            for other in range(3):  # we need a tenth of the time, and so are seldom measured undisturbed
                rate = max(rate, timed(task.ours, task.write(events(task.epcs, 1000 + 3 * number + other)))[1])
            ours[task.name] = max(ours.get(task.name, 0.0), rate)
            theirs[task.name] = max(theirs.get(task.name, 0.0), slow)
    ratios = {name: ours[name] / theirs[name] for name in ours}
    return {
        "name": "event_hash",
        "value": round(mean(list(ours.values()))),
        "unit": "events/s, geometric mean of four kinds of documents",
        "reference": "epcis-event-hash-generator in the same run, on the same documents",
        "reference_value": round(mean(list(theirs.values()))),
        "ratio": round(mean(list(ratios.values())), 2),
        "figures": {
            **{f"{name}_events_per_second": round(rate) for name, rate in ours.items()},
            **{f"{name}_ratio": round(ratio, 2) for name, ratio in ratios.items()},
            "smallest_ratio": round(min(ratios.values()), 2),
            "published_hashes_checked": published,
        },
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
    }


def main() -> None:
    """The command line of a benchmark; the last line on stdout is the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short look: fewer rounds")
    shared = Path(os.environ.get("SUYUAN_SHARED", "../shared"))
    parser.add_argument("--shared", type=Path, default=shared, help="folder of shared data, with published hashes")
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.quick, arguments.shared)))


if __name__ == "__main__":
    main()
