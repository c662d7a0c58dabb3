"""The journey and the recall notice for programs: JSON with every stop, in the words of the standards."""

from __future__ import annotations

from typing import Any

import msgspec

from suyuan.base import clock
from suyuan.consumer_api.links import path_of, proof_path, recall_path
from suyuan.consumer_api.ports import Notice
from suyuan.trace.journey import Journey, Measurement, Stop
from suyuan.trace.journey import Warning as Caution
from suyuan.trace.master_data import Party, Product, Site

#: What makes the same JSON readable as linked data (JSON-LD 1.1): our own vocabulary, ids as ids.
CONTEXT = {"@vocab": "https://ns.suyuan.example/voc/", "id": "@id"}


def journey_document(journey: Journey, public_url: str) -> dict[str, Any]:
    """A journey as plain values; times are ISO 8601 in their own zone, links absolute."""
    return {
        "id": journey.id,
        "kind": journey.kind,
        "known": journey.known,
        "link": public_url + path_of(journey.id),
        "state": journey.state,
        "warnings": [_warning(warning, public_url) for warning in journey.warnings],
        "product": _plain(journey.product),
        "producer": _plain(journey.producer),
        "lot": journey.lot,
        "here": _plain(journey.here),
        "journey": [_stop(stop, journey.as_of, public_url) for stop in journey.stops],
        "log": {"size": journey.as_of, "broken": journey.broken, "checkpoint": f"{public_url}/log/checkpoint"},
    }


def notice_document(notice: Notice, public_url: str) -> dict[str, Any]:
    """A recall notice as plain values."""
    return {
        "id": notice.id,
        "link": public_url + recall_path(notice.id),
        "state": notice.state,
        "reason": notice.reason,
        "seed": notice.seed,
        "products": [_plain(product) for product in notice.products],
        "lots": notice.lots,
        "launched": clock.format_time(notice.launched, notice.zone),
        "affected": notice.affected,
    }


def encode(document: dict[str, Any], media_type: str) -> bytes:
    """The bytes of a document in ``application/json`` or ``application/ld+json``."""
    if media_type == "application/ld+json":
        document = {"@context": CONTEXT, **document}
    return msgspec.json.encode(document)


def _stop(stop: Stop, size: int, public_url: str) -> dict[str, Any]:
    return {
        "time": clock.format_time(stop.time, stop.zone),
        "step": stop.step,
        "disposition": stop.disposition,
        "place": stop.place,
        "site": _plain(stop.site),
        "party": _plain(stop.party),
        "subject": stop.subject,
        "relation": stop.relation,
        "measurements": [_measurement(reading) for reading in stop.measurements],
        "event_id": stop.event_id,
        "log_index": stop.index,
        "in_log": stop.index < size,
        "proof": public_url + proof_path(stop.event_id),
    }


def _measurement(reading: Measurement) -> dict[str, Any]:
    time = clock.format_time(reading.time, reading.zone)
    return {"kind": reading.kind, "value": reading.value, "unit": reading.unit, "time": time}


def _warning(warning: Caution, public_url: str) -> dict[str, Any]:
    return {
        "kind": warning.kind,
        "recall": warning.recall,
        "link": public_url + recall_path(warning.recall) if warning.recall else None,
        "reason": warning.reason,
        "since": clock.format_time(warning.since),
        "places": warning.places,
    }


def _plain(value: Party | Product | Site | None) -> Any:
    return msgspec.to_builtins(value)
