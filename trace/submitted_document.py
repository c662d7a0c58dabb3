"""Documents as they were submitted, in any of the media types: whole, event by event, or without their bad events."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

import msgspec

from suyuan.base.errors import InvalidDocument, SuyuanError, TooLarge, UnsupportedMedia
from suyuan.epcis import document_stream
from suyuan.epcis.document_faults import MOST_FAULTS, event_faults
from suyuan.epcis.document_stream import Frame
from suyuan.epcis.events import EVENT_TYPES
from suyuan.epcis.json_codec import Source, read_document, read_source
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import STRICT, Leniency
from suyuan.epcis.xml_path import xml_place
from suyuan.epcis.xml_reader import iter_xml_events, read_xml_document, read_xml_frame

JSON_TYPES: Final = ("application/ld+json", "application/json")
XML_TYPES: Final = ("application/xml", "text/xml")
#: Media types that documents may have.
MEDIA_TYPES: Final = (*JSON_TYPES, *XML_TYPES)
#: Most faults of one event that are told.
_MOST_OF_ONE = 20


class Submitted(NamedTuple):
    """A document's good events with their ordinals, and what was wrong with the others."""

    context: bytes
    sources: list[tuple[int, Source]]
    faults: list[tuple[int, SuyuanError]]
    master_data: bytes | None
    #: Whether it is one event without a document.
    bare: bool = False


def read_whole(body: bytes, media_type: str, limits: Limits, leniency: Leniency = STRICT) -> Submitted:
    """A document or a bare event that is good in all its parts; else `InvalidDocument` with all its faults."""
    try:
        document = (read_xml_document if media_type in XML_TYPES else read_document)(body, limits, leniency)
    except InvalidDocument as error:
        others = [fault for fault in _all_faults(body, media_type, limits, leniency) if str(fault) != str(error)]
        raise InvalidDocument(
            error.detail, place=error.place, remedy=error.remedy, rule=error.rule, others=tuple(others)
        ) from None
    sources, bare = list(enumerate(document.sources)), document.type in EVENT_TYPES
    return Submitted(document.context, sources, [], document.master_data, bare)


def _all_faults(body: bytes, media_type: str, limits: Limits, leniency: Leniency) -> list[SuyuanError]:
    """The faults of all events, at most `MOST_FAULTS`; none where it is the document that is at fault."""
    file, found = io.BytesIO(body), list[SuyuanError]()
    try:
        frame = read_frame(file, media_type, limits)
        file.seek(0)
        for ordinal, raw in enumerate(iter_events(file, media_type, limits, leniency)):
            one = read_one(raw, ordinal, frame, limits, leniency)
            found += [] if isinstance(one, Source) else one
            if len(found) >= MOST_FAULTS:
                break
    except (InvalidDocument, TooLarge):
        return found
    return found[:MOST_FAULTS]


def read_passable(body: bytes, media_type: str, limits: Limits, leniency: Leniency = STRICT) -> Submitted:
    """A document of which bad events are left out and told. What is no document at all is refused as a whole."""
    if len(body) > limits.body:
        raise TooLarge(f"the body has {len(body)} bytes, more than {limits.body}", remedy="send it in parts")
    file = io.BytesIO(body)
    try:
        frame = read_frame(file, media_type, limits)
    except InvalidDocument:
        if media_type in JSON_TYPES and not _is_event(body):
            raise
        return read_whole(body, media_type, limits, leniency)
    file.seek(0)
    sources: list[tuple[int, Source]] = []
    faults: list[tuple[int, SuyuanError]] = []
    for ordinal, raw in enumerate(iter_events(file, media_type, limits, leniency)):
        found = read_one(raw, ordinal, frame, limits, leniency)
        if isinstance(found, Source):
            sources.append((ordinal, found))
        else:
            faults += [(ordinal, fault) for fault in found]
    return Submitted(frame.head.context, sources, faults, frame.head.master_data)


def read_frame(file: BinaryIO, media_type: str, limits: Limits) -> Frame:
    """Everything of a document but its events, which are counted."""
    return (read_xml_frame if media_type in XML_TYPES else document_stream.read_frame)(file, limits)


def iter_events(
    file: BinaryIO, media_type: str, limits: Limits, leniency: Leniency = STRICT
) -> Iterator[bytes | InvalidDocument]:
    """Each event as JSON, or what is wrong with it."""
    if media_type in XML_TYPES:
        return iter_xml_events(file, limits, leniency)
    return document_stream.iter_events(file, limits)


def read_one(
    raw: bytes | InvalidDocument, ordinal: int, frame: Frame, limits: Limits, leniency: Leniency = STRICT
) -> Source | list[SuyuanError]:
    """One event, or all that is wrong with it.

    What is no JSON at all is raised: behind it nobody knows where events begin.
    """
    if isinstance(raw, InvalidDocument):
        return [raw]
    found = _read_one(raw, ordinal, frame, limits, leniency)
    if frame.xml and not isinstance(found, Source):
        for fault in found:
            fault.place = xml_place(fault.place or "")
    return found


def _read_one(raw: bytes, ordinal: int, frame: Frame, limits: Limits, leniency: Leniency) -> Source | list[SuyuanError]:
    place, prefixes = f"{frame.place}/{ordinal}", frame.head.prefixes
    try:
        return read_source(raw, place, prefixes, limits, leniency)
    except TooLarge as error:
        return [InvalidDocument(error.detail, place=error.place, remedy=error.remedy)]
    except InvalidDocument as error:
        try:
            msgspec.json.decode(raw, type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError):
            raise error from None
        return event_faults(raw, place, prefixes, limits, leniency)[:_MOST_OF_ONE] or [error]


def _is_event(body: bytes) -> bool:
    try:
        found = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return "type" in found and msgspec.json.decode(found["type"]) in EVENT_TYPES
    except (msgspec.DecodeError, RecursionError):
        return False


def check_media_type(media_type: str) -> str:
    """The media type of a Content-Type header, without parameters; `UnsupportedMedia` where nobody reads it."""
    name = media_type.partition(";")[0].strip().lower()
    if name not in MEDIA_TYPES:
        raise UnsupportedMedia(
            f"content type {name[:60]!r} is not read here", remedy=f"send one of: {', '.join(MEDIA_TYPES)}"
        )
    return name
