"""Business steps: a passage at a read point becomes EPCIS 2.0 events. Pure.

What a passage means (CBV business step, disposition, places, action) is no property of the tags but of the read
point, so it stands in a table: one `Step` for each read point. Equal passages give byte-equal events, without an event
ID: the server's CBV hash (CBV 2.0 section 8.9) is the ID, so a replay finds its event already there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from suyuan.base.clock import format_time
from suyuan.gs1.names import epc_scheme
from suyuan.gs1.tag_forms import filter_of_tag
from suyuan.readers.cleaning import Observation, Passage

Uri = Annotated[str, Meta(min_length=3, max_length=2000)]
Word = Annotated[str, Meta(min_length=1, max_length=2000)]


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of an event's sourceList: a CBV source/destination type and the party or place (EPCIS 2.0, 7.3.5.4)."""

    type: Word
    source: Uri


class Destination(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of an event's destinationList."""

    type: Word
    destination: Uri


class BizTransaction(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of an event's bizTransactionList (EPCIS 2.0, 7.3.5.3)."""

    type: Word
    biz_transaction: Uri = msgspec.field(name="bizTransaction")


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a passage at a read point means.

    ``kind`` ``"object"`` makes one ObjectEvent with every EPC of the passage. ``"aggregation"`` makes one
    AggregationEvent: the one tag of scheme ``parent`` (and of filter value ``parent_filter``, TDS 2.x table 10-1, where
    that is given) holds all the others. ``biz_location`` is left out where goods leave, as CBV wants it for shipping.
    Events with more than ``max_epcs`` EPCs are cut into several, so that none outgrows the server's limit.
    """

    read_point: Uri
    biz_step: Word
    disposition: Word | None = None
    biz_location: Uri | None = None
    action: Literal["OBSERVE", "ADD", "DELETE"] = "OBSERVE"
    kind: Literal["object", "aggregation"] = "object"
    parent: Word = "sscc"
    parent_filter: Annotated[int, Meta(ge=0, le=7)] | None = None
    sources: tuple[Source, ...] = ()
    destinations: tuple[Destination, ...] = ()
    biz_transactions: tuple[BizTransaction, ...] = ()
    max_epcs: Annotated[int, Meta(ge=1, le=50_000)] = 5_000


class Bound(Struct, frozen=True):
    """The events of a passage as JSON. ``unpaired``: an aggregation was due, but not one parent with children came."""

    events: tuple[bytes, ...]
    unpaired: bool = False


def bind(passage: Passage, step: Step, offset_minutes: int) -> Bound:
    """The EPCIS events of a passage, in the zone ``offset_minutes`` east of UTC; none where nothing was observed.

    Event time is the last sighting of any tag of the passage. An aggregation without its one parent, or without
    children, is told as what was seen and no more: an ObjectEvent with action OBSERVE.
    """
    if not passage.observations:
        return Bound(())
    time_us = max(seen.last_us for seen in passage.observations)
    if step.kind == "object":
        return Bound(tuple(_object_events(_epcs(passage.observations), step, step.action, time_us, offset_minutes)))
    parents = _epcs(tuple(seen for seen in passage.observations if _is_parent(seen, step)))
    children = [epc for epc in _epcs(passage.observations) if epc not in parents]
    if len(parents) != 1 or not children:
        everything = _epcs(passage.observations)
        return Bound(tuple(_object_events(everything, step, "OBSERVE", time_us, offset_minutes)), unpaired=True)
    return Bound(tuple(_aggregation_events(parents[0], children, step, time_us, offset_minutes)))


def _epcs(observations: tuple[Observation, ...]) -> list[str]:
    """EPC URIs in order, each once: two tags may carry one EPC (another filter value, or a clone)."""
    return sorted({seen.epc_uri for seen in observations})


def _is_parent(seen: Observation, step: Step) -> bool:
    if epc_scheme(seen.epc_uri) != step.parent:
        return False
    return step.parent_filter is None or filter_of_tag(seen.epc_hex) == step.parent_filter


def _object_events(epcs: list[str], step: Step, action: str, time_us: int, offset: int) -> Iterator[bytes]:
    for part in _parts(epcs, step.max_epcs):
        what: dict[str, object] = {"epcList": part, "action": action}
        yield _encoded("ObjectEvent", what, step, time_us, offset)


def _aggregation_events(parent: str, children: list[str], step: Step, time_us: int, offset: int) -> Iterator[bytes]:
    for part in _parts(children, step.max_epcs):
        what: dict[str, object] = {"parentID": parent, "childEPCs": part, "action": step.action}
        yield _encoded("AggregationEvent", what, step, time_us, offset)


def _parts(epcs: list[str], most: int) -> Iterator[list[str]]:
    for start in range(0, len(epcs), most):
        yield epcs[start : start + most]


def _encoded(kind: str, what: dict[str, object], step: Step, time_us: int, offset: int) -> bytes:
    """One event in the JSON-LD form of EPCIS 2.0, without the fields that the step leaves empty."""
    event: dict[str, object] = {
        "type": kind,
        "eventTime": format_time(time_us, offset),
        "eventTimeZoneOffset": zone_offset(offset),
        **what,
        "bizStep": step.biz_step,
        "disposition": step.disposition,
        "readPoint": {"id": step.read_point},
        "bizLocation": {"id": step.biz_location} if step.biz_location else None,
        "bizTransactionList": step.biz_transactions,
        "sourceList": step.sources,
        "destinationList": step.destinations,
    }
    return msgspec.json.encode({name: value for name, value in event.items() if value not in (None, ())})


def zone_offset(minutes: int) -> str:
    """``+08:00`` of 480: the form of EPCIS 2.0's eventTimeZoneOffset."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
