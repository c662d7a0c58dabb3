"""The EPCIS events that a batch's labels cause, as the document that is captured (EPCIS 2.0, CBV 2.0 section 7.1).

Printing or writing a label is `encoding`: the label exists, the food does not. Applying it is `commissioning`, or the
transformation of what was cut. A printed label that is thrown away is `decommissioning`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from suyuan.base.clock import format_time
from suyuan.gs1.names import canonical, kind_of, name_of
from suyuan.labels.batches import Batch, Level

_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
#: Most EPCs in one event: a proof of one item then carries at most some 30 kB of others.
EPCS_PER_EVENT: Final = 500
_CUT: Final = "https://ns.suyuan.example/cut/"
_MINUTES: Final = 60


class Moment(NamedTuple):
    """When an event happens: microseconds UTC, and the zone's minutes east of UTC."""

    time: int
    zone: int


class Cut(NamedTuple):
    """One label of a scale."""

    epc: str
    kilograms: str
    parent: str


def document(events: Iterable[dict[str, Any]], moment: Moment) -> bytes:
    """The events as one EPCIS document."""
    whole = {
        "@context": [_CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": format_time(moment.time),
        "epcisBody": {"eventList": list(events)},
    }
    return msgspec.json.encode(whole)


def encoded(batch: Batch, epcs: Sequence[str], moment: Moment) -> Iterator[dict[str, Any]]:
    """Labels came out of a printer, or were written to tags."""
    for part in _parts(epcs):
        what = {"epcList": part, "action": "OBSERVE"}
        yield _event("ObjectEvent", batch, moment, "encoding", "encoded", what)


def decommissioned(batch: Batch, epcs: Sequence[str], moment: Moment) -> Iterator[dict[str, Any]]:
    """Printed labels were thrown away."""
    for part in _parts(epcs):
        what = {"epcList": part, "action": "DELETE"}
        yield _event("ObjectEvent", batch, moment, "decommissioning", "inactive", what)


def commissioned(batch: Batch, level: Level, epcs: Sequence[str], moment: Moment) -> Iterator[dict[str, Any]]:
    """Labels are on the food. A pallet is a logistic unit: it has no lot of its own."""
    ilmd = {} if level is Level.PALLET else {"ilmd": _ilmd(batch)}
    for part in _parts(epcs):
        what = {"epcList": part, "action": "ADD", **ilmd}
        yield _event("ObjectEvent", batch, moment, "commissioning", "active", what)


def transformed(batch: Batch, cuts: Sequence[Cut], moment: Moment) -> Iterator[dict[str, Any]]:
    """Weighed pieces were cut from their parents: each parent in, its pieces out, with their weight beside them."""
    for parent in dict.fromkeys(cut.parent for cut in cuts):
        of_parent = [cut for cut in cuts if cut.parent == parent]
        for start in range(0, len(of_parent), EPCS_PER_EVENT):
            yield _transformation(batch, parent, of_parent[start : start + EPCS_PER_EVENT], moment)


def packed(batch: Batch, parent: str, children: Sequence[str], moment: Moment) -> Iterator[dict[str, Any]]:
    """Units went into a case or onto a pallet."""
    for part in _parts(children):
        what = {"parentID": parent, "childEPCs": part, "action": "ADD"}
        yield _event("AggregationEvent", batch, moment, "packing", "in_progress", what)


def transformation_of(batch_id: str, parent: str) -> str:
    """The transformationID that all cuts of one parent in one batch share: one transformation in several events."""
    return f"{_CUT}{batch_id}/{hashlib.sha256(parent.encode()).hexdigest()[:16]}"


def lot_name(batch: Batch) -> str:
    """Canonical name of the batch's lot."""
    return canonical((f"01/{batch.gtin}/10", batch.lot))


def _transformation(batch: Batch, parent: str, cuts: Sequence[Cut], moment: Moment) -> dict[str, Any]:
    total = float(sum(Decimal(cut.kilograms) for cut in cuts))
    used: dict[str, Any] = {"inputEPCList": [parent]}
    if kind_of(*name_of(parent)[:2]) == "lot":
        used = {"inputQuantityList": [{"epcClass": parent, "quantity": total, "uom": "KGM"}]}
    what = {
        **used,
        "outputEPCList": [cut.epc for cut in cuts],
        "outputQuantityList": [{"epcClass": lot_name(batch), "quantity": total, "uom": "KGM"}],
        "transformationID": transformation_of(batch.id, parent),
        "ilmd": _ilmd(batch),
    }
    return _event("TransformationEvent", batch, moment, "commissioning", "active", what)


def _event(
    kind: str, batch: Batch, moment: Moment, step: str, disposition: str, what: dict[str, Any]
) -> dict[str, Any]:
    hours, minutes = divmod(abs(moment.zone), _MINUTES)
    return {
        "type": kind,
        "eventTime": format_time(moment.time),
        "eventTimeZoneOffset": f"{'-' if moment.zone < 0 else '+'}{hours:02d}:{minutes:02d}",
        "bizStep": step,
        "disposition": disposition,
        "readPoint": {"id": batch.site},
        "bizLocation": {"id": batch.site},
        **what,
    }


def _ilmd(batch: Batch) -> dict[str, str]:
    told = {
        "cbvmda:lotNumber": batch.lot,
        "cbvmda:productionDate": batch.production_date,
        "cbvmda:itemExpirationDate": batch.expiration_date,
        "cbvmda:bestBeforeDate": batch.best_before_date,
    }
    return {name: value for name, value in told.items() if value}


def _parts(epcs: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(epcs), EPCS_PER_EVENT):
        yield list(epcs[start : start + EPCS_PER_EVENT])
