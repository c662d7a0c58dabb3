"""What holds for every event: codecs lose nothing, and the quick path reads what the general one reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.epcis import vocabulary
from suyuan.epcis.context import STANDARD_PREFIXES
from suyuan.epcis.event_id import content_digest, prehash
from suyuan.epcis.event_reader import read_event
from suyuan.epcis.event_writer import write_event
from suyuan.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    BizTransaction,
    ErrorDeclaration,
    Event,
    Location,
    ObjectEvent,
    PersistentDisposition,
    QuantityElement,
    SensorElement,
    SensorMetadata,
    SensorReport,
    SourceDest,
    TransactionEvent,
    TransformationEvent,
)
from suyuan.epcis.json_codec import read_document, write_document
from suyuan.epcis.json_text import Limits
from suyuan.epcis.plain_events import read_plain

PREFIXES = {**STANDARD_PREFIXES, "ex": "https://ex.example/"}
#: A day inside the years that are taken, whatever the zone.
MICROS = st.integers(86_400_000_000, 7_258_031_999_999_999)
URIS = st.sampled_from(["urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8", "https://a.example/x?y=1", "urn:ex:1"])
EPCS = st.builds("urn:epc:id:sgtin:0614141.{:06}.{}".format, st.integers(0, 10**6 - 1), st.integers(0, 10**9))
CLASSES = st.sampled_from(["urn:epc:class:lgtin:4012345.012345.L7", "urn:epc:idpat:sgtin:4012345.044444.*"])
SITES = st.sampled_from(["urn:epc:id:sgln:0614141.07346.0", "urn:epc:id:sgln:0614141.07346.12", "geo:22.3,114.2"])
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
EXTENSIONS = st.dictionaries(
    st.sampled_from(["ex:a", "ex:b", "cbvmda:lotNumber", "https://full.example/c"]),
    st.recursive(
        st.none() | st.booleans() | NUMBERS | TEXT | EPCS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["ex:c", "d"]), inner, max_size=2),
        max_leaves=4,
    ),
    max_size=2,
)


def words(known: vocabulary.Vocabulary) -> st.SearchStrategy[str]:
    return st.sampled_from([*sorted(known.words), "https://ns.suyuan.example/voc/own"])


def lists(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=3, unique_by=repr).map(tuple)


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


PARTIES = lists(st.builds(SourceDest, words(vocabulary.SOURCE_DEST_TYPE), SITES))
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "event_time": MICROS,
    "offset": st.integers(-14 * 60, 14 * 60),
    "event_id": optional(URIS),
    "record_time": optional(MICROS),
    "biz_step": optional(words(vocabulary.BIZ_STEP)),
    "disposition": optional(words(vocabulary.DISPOSITION)),
    "read_point": optional(st.builds(Location, SITES)),
    "biz_location": optional(st.builds(Location, SITES)),
    "source_list": PARTIES,
    "destination_list": PARTIES,
}
TRANSACTIONS = st.builds(BizTransaction, URIS, optional(words(vocabulary.BIZ_TRANSACTION_TYPE)))
REPORTS = st.builds(
    SensorReport,
    type=words(vocabulary.MEASUREMENT_TYPE),
    exception=optional(words(vocabulary.SENSOR_ALERT_TYPE)),
    time=optional(MICROS),
    biz_rules=optional(URIS),
    value=optional(NUMBERS),
    component=optional(words(vocabulary.COMPONENT)),
    string_value=optional(TEXT),
    boolean_value=optional(st.booleans()),
    hex_binary_value=optional(st.just("0aF0")),
    uom=optional(st.just("XQ1")),
    extensions=EXTENSIONS,
)
METADATA = st.builds(
    SensorMetadata, time=optional(MICROS), start_time=optional(MICROS), device_id=optional(URIS), extensions=EXTENSIONS
)
DISPOSITIONS = lists(words(vocabulary.DISPOSITION)).filter(bool)
RICH: dict[str, st.SearchStrategy[Any]] = {
    "read_point": optional(st.builds(Location, SITES, EXTENSIONS)),
    "error_declaration": optional(
        st.builds(ErrorDeclaration, MICROS, optional(words(vocabulary.ERROR_REASON)), lists(URIS), EXTENSIONS)
    ),
    "certification_info": lists(URIS),
    "persistent_disposition": optional(
        st.builds(PersistentDisposition, DISPOSITIONS) | st.builds(PersistentDisposition, st.just(()), DISPOSITIONS)
    ),
    "sensor_element_list": lists(
        st.builds(SensorElement, st.lists(REPORTS, min_size=1, max_size=2).map(tuple), optional(METADATA), EXTENSIONS)
    ),
    "extensions": EXTENSIONS,
}
WHOLE = st.integers(1, 2**70)
AMOUNTS = WHOLE | st.floats(0, exclude_min=True, allow_nan=False, allow_infinity=False)
QUANTITIES = lists(
    st.builds(QuantityElement, CLASSES, optional(WHOLE)) | st.builds(QuantityElement, CLASSES, AMOUNTS, st.just("KGM"))
)
SOME_EPCS = st.lists(EPCS, min_size=1, max_size=3, unique=True).map(tuple)
ILMD = {"ilmd": optional(EXTENSIONS)}
ADD = st.just("ADD")
PARENT = st.just("urn:epc:id:sscc:0614141.1234567890")


def events(common: dict[str, Any], ilmd: dict[str, Any]) -> st.SearchStrategy[Event]:
    maybe = {**common, "biz_transaction_list": lists(TRANSACTIONS)}
    children = {**maybe, "action": ADD, "parent_id": PARENT, "child_epcs": SOME_EPCS, "child_quantity_list": QUANTITIES}
    outputs = {"output_epc_list": SOME_EPCS, "output_quantity_list": QUANTITIES, "transformation_id": optional(URIS)}
    things = {"action": ADD, "epc_list": SOME_EPCS, "quantity_list": QUANTITIES}
    ordered = {**common, **things, "biz_transaction_list": lists(TRANSACTIONS).filter(bool)}
    return st.one_of(
        st.builds(ObjectEvent, **maybe, **things, **ilmd),
        st.builds(AggregationEvent, **children),
        st.builds(AssociationEvent, **children),
        st.builds(TransactionEvent, **ordered, parent_id=optional(PARENT)),
        st.builds(
            TransformationEvent, **maybe, input_epc_list=SOME_EPCS, input_quantity_list=QUANTITIES, **outputs, **ilmd
        ),
    )


PLAIN_EVENTS = events(PLAIN, {})
RICH_EVENTS = events({**PLAIN, **RICH}, ILMD)


def encode(event: Event) -> bytes:
    return json.dumps(write_event(event)).encode()


@settings(max_examples=200, deadline=None)
@given(RICH_EVENTS)
def test_what_is_written_is_read_back_equal(event: Event) -> None:
    assert read_event(json.loads(encode(event)), "", PREFIXES) == event


@settings(max_examples=100, deadline=None)
@given(st.lists(RICH_EVENTS, max_size=3))
def test_a_document_of_any_events_is_read_back(written: list[Event]) -> None:
    context = [{"ex": "https://ex.example/"}]
    body = write_document(map(write_event, written), creation_date=0, context=context)
    document = read_document(body, Limits())
    assert [source.event for source in document.sources] == written
    for event in written:
        assert len(content_digest(event, document.context)) == 32


@settings(max_examples=200, deadline=None)
@given(PLAIN_EVENTS)
def test_the_quick_path_reads_plain_events_as_the_general_one_does(event: Event) -> None:
    raw = encode(event)
    assert read_plain(raw, PREFIXES, Limits()) == read_event(json.loads(raw), "", PREFIXES) == event


@settings(max_examples=200, deadline=None)
@given(RICH_EVENTS)
def test_the_quick_path_drops_nothing(event: Event) -> None:
    quick = read_plain(encode(event), PREFIXES, Limits())
    assert quick is None or quick == event


@given(PLAIN_EVENTS, st.sampled_from([b"{}", b"null", b'""', b"[]", b'"x"', b'["x"]', b"1e999", b"1" * 41]), st.data())
def test_the_quick_path_leaves_what_is_wrong_to_the_general_one(
    event: Event, wrong: bytes, data: st.DataObject
) -> None:
    members = write_event(event)
    name = data.draw(st.sampled_from(sorted(members)))
    raw = json.dumps({**members, name: "WRONG"}).encode().replace(b'"WRONG"', wrong)
    assert read_plain(raw, PREFIXES, Limits()) is None


BASE = (
    b'{"type":"ObjectEvent","eventTime":"2026-11-21T08:30:00Z","eventTimeZoneOffset":"+08:00","action":"ADD",'
    b'"quantityList":[{"epcClass":"urn:epc:class:lgtin:4012345.012345.L7","quantity":1}]}'
)


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b'"action":"ADD"', b'"action":"ADD","action":"ADD"'),
        (b'"action":"ADD"', b'"action":"ADD","bizStep":null'),
        (b'"action":"ADD"', b'"action":"ADD","epcList":[]'),
        (b'"action":"ADD"', b'"action":"ADD","ex:a":1'),
        (b'"action":"ADD"', b'"action":"ADD","ilmd":{}'),
        (b'"quantity":1', b'"quantity":null'),
        (b'"quantity":1', b'"quantity":"1"'),
        (b'"quantity":1', b'"quantity":1.' + b"0" * 40),
        (b'"quantity":1', b'"quantity":1,"uom":""'),
        (b'"quantity":1', b'"quantity":1,"quantity":1'),
        (b"shipping", b"ship\\u0070ing"),
        (b'"ADD"', b'"A\\u0044D"'),
    ],
)
def test_the_quick_path_leaves_unusual_writings_to_the_general_one(found: bytes, put: bytes) -> None:
    assert read_plain(BASE, PREFIXES, Limits()) is not None
    raw = BASE.replace(found, put)
    assert raw == BASE or read_plain(raw, PREFIXES, Limits()) is None


def test_the_quick_path_leaves_long_events_to_the_general_one() -> None:
    assert read_plain(BASE, PREFIXES, Limits(string=len(BASE) - 1)) is None


@settings(max_examples=50, deadline=None)
@given(RICH_EVENTS)
def test_every_event_has_a_text_that_begins_with_its_type(event: Event) -> None:
    assert prehash(event, b'{"ex":"https://ex.example/"}').startswith(f"eventType={event.type}eventTime=")
