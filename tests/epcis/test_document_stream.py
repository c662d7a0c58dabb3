"""Documents larger than memory: cut into the same events as by the reader of whole documents, refused with it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidDocument, SuyuanError, TooLarge
from suyuan.epcis.document_stream import EventCutter, Frame, iter_events, read_frame
from suyuan.epcis.json_codec import read_document, read_source
from suyuan.epcis.json_text import Limits

LIMITS = Limits()
EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2026-10-12T06:00:00.000Z",
    "eventTimeZoneOffset": "+08:00",
    "epcList": ["urn:epc:id:sgtin:0614141.000007.1"],
    "action": "OBSERVE",
}
WHOLE: dict[str, Any] = {
    "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-10-12T06:30:00Z",
    "epcisBody": {"eventList": [EVENT, EVENT | {"action": "ADD"}]},
}
QUERY = WHOLE | {
    "type": "EPCISQueryDocument",
    "epcisBody": {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": [EVENT]}}},
}
ENDED = st.sampled_from(['"', "{", "}", "[", "]", ",", ":", "\\", " ", "null", "1", '"a"', "\n", "é"])


def frame(body: bytes, limits: Limits = LIMITS) -> Frame:
    """The frame of a document in memory."""
    return read_frame(io.BytesIO(body), limits)


def cut(body: bytes, sizes: list[int]) -> list[bytes]:
    """The events of a document that comes in pieces of these sizes, the last size for all that follow."""
    cutter, found, at = EventCutter(LIMITS), [], 0
    while at < len(body):
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        found += list(cutter.feed(body[at : at + size]))
        at += size
    cutter.close()
    return found


class TestCutting:
    """The same events, whatever the pieces in which the bytes come."""

    @given(st.lists(st.integers(1, 400), min_size=1, max_size=8), st.booleans())
    def test_events_are_the_exact_bytes_that_stand_in_the_document(self, sizes: list[int], mark: bool) -> None:
        texts = [json.dumps(EVENT, indent=2), '{"a": "]}\\"\\\\", "b": [{}, "\\u007d"]}', '{"é": "{"}']
        head, _, tail = json.dumps(WHOLE | {"epcisBody": {"eventList": ["@"]}}).partition('"@"')
        inner = " ,\n".join(texts)
        whole = (b"\xef\xbb\xbf" if mark else b"") + f"{head}{inner}{tail} \n".encode()
        assert cut(whole, sizes) == [text.encode() for text in texts]

    @pytest.mark.parametrize("document", [WHOLE, QUERY])
    def test_the_head_is_that_of_the_reader_of_whole_documents(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        found, whole = frame(body), read_document(body, LIMITS)
        assert (found.head.type, found.head.context, found.events) == (whole.type, whole.context, len(whole.sources))
        assert found.head.creation_date == whole.creation_date
        assert list(iter_events(io.BytesIO(body), LIMITS)) == [source.raw for source in whole.sources]

    def test_members_may_stand_in_any_order(self) -> None:
        turned = dict(reversed(WHOLE.items()))
        assert frame(json.dumps(turned).encode()) == frame(json.dumps(WHOLE).encode())

    def test_an_empty_list_has_no_events(self) -> None:
        body = json.dumps(WHOLE | {"epcisBody": {"eventList": []}}).encode()
        assert frame(body).events == 0


class TestRefusals:
    """What is no document."""

    @given(st.integers(0, 420), st.integers(0, 3), ENDED)
    def test_a_document_with_a_fault_is_refused_where_the_whole_reader_refuses_it(
        self, at: int, gone: int, put: str
    ) -> None:
        text = json.dumps(WHOLE)
        body = (text[:at] + put + text[at + gone :]).encode()
        assert accepted_whole(body) == accepted_in_pieces(body)

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (b"", "ends early"),
            (b"[1]", "expected an object"),
            (b"{}", "no list of events"),
            (json.dumps(WHOLE).encode()[:-1], "ends early"),
            (json.dumps(WHOLE).encode() + b" {}", "behind the document"),
            (b'{"type": "EPCISDocument", "type": "EPCISDocument"}', "stands twice"),
            (b'{"type": "EPCISDocument", "t\\u0079pe": "EPCISDocument"}', "stands twice"),
            (json.dumps(WHOLE | {"schemaVersion": "1.2"}).encode(), "schemaVersion"),
            (json.dumps(WHOLE | {"type": "EPCISQueryDocument"}).encode(), "queryName"),
            (json.dumps(QUERY | {"type": "EPCISDocument"}).encode(), "eventList is missing"),
            (json.dumps(EVENT).encode(), "no list of events"),
            (json.dumps(WHOLE).encode().replace(b'"epcisBody"', b'"epcisBody\xff"'), "not UTF-8"),
        ],
    )
    def test_says_what_is_wrong(self, body: bytes, words: str) -> None:
        with pytest.raises(InvalidDocument, match=words):
            frame(body)

    def test_two_lists_of_events_are_refused(self) -> None:
        both = WHOLE | {"epcisBody": WHOLE["epcisBody"] | QUERY["epcisBody"]}
        with pytest.raises(InvalidDocument, match="two lists"):
            frame(json.dumps(both).encode())


class TestLimits:
    """Memory stays bounded: one event, one chunk and the head."""

    def test_a_string_without_an_end_stops_at_the_size_of_an_event(self) -> None:
        head = json.dumps(WHOLE).encode().partition(b"[")[0] + b'[{"a": "'
        cutter = EventCutter(Limits(event=1_000))
        assert list(cutter.feed(head + b"\\u0041" * 150)) == []
        more = cutter.feed(b"\\u0041" * 50)
        with pytest.raises(TooLarge, match="more than 1000 bytes"):
            next(more)

    def test_brackets_without_an_end_stop_at_the_size_of_an_event(self) -> None:
        body = json.dumps(WHOLE).encode().partition(b"[")[0] + b"[" + b'{"a":' * 300_000
        with pytest.raises(TooLarge):
            frame(body, Limits(event=100_000))

    def test_everything_beside_the_events_fits_in_memory(self) -> None:
        large = WHOLE | {"ex:a": "x" * 700, "ex:b": "y" * 700}
        with pytest.raises(TooLarge, match="beside its events"):
            frame(json.dumps(large).encode(), Limits(body=1_000))

    def test_more_events_than_allowed_are_refused(self) -> None:
        with pytest.raises(TooLarge, match="more than 1 events"):
            frame(json.dumps(WHOLE).encode(), Limits(events=1))


def accepted_whole(body: bytes) -> bool:
    """Whether the reader of whole documents takes these bytes."""
    try:
        read_document(body, LIMITS)
    except SuyuanError:
        return False
    return True


def accepted_in_pieces(body: bytes) -> bool:
    """Whether the two readings take them, with the events read as those of a whole document are."""
    try:
        found = frame(body)
        for number, raw in enumerate(iter_events(io.BytesIO(body), LIMITS)):
            read_source(raw, f"{found.place}/{number}", found.head.prefixes, LIMITS)
    except SuyuanError:
        return False
    return True
