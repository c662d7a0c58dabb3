from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidDocument, SuyuanError, TooLarge
from suyuan.epcis.context import EPCIS_CONTEXT, prefixes_of
from suyuan.epcis.event_id import prehash
from suyuan.epcis.event_writer import write_event
from suyuan.epcis.json_codec import Document, event_object, read_document, write_document, write_query_document
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import LITERAL, STRICT, Leniency
from suyuan.epcis.lenient_reader import read_leniently

EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2026-11-21T08:30:00Z",
    "eventTimeZoneOffset": "+08:00",
    "action": "OBSERVE",
    "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"],
}
DOCUMENT: dict[str, Any] = {
    "@context": [EPCIS_CONTEXT, {"ex": "https://ex.example/"}],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-11-21T08:30:00Z",
    "epcisBody": {"eventList": [EVENT, {**EVENT, "ex:note": "a"}]},
}
RESULTS: dict[str, Any] = {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": [EVENT]}}
QUERY: dict[str, Any] = {
    "@context": EPCIS_CONTEXT,
    "type": "EPCISQueryDocument",
    "epcisBody": {"queryResults": RESULTS},
}

DEEP: list[Any] = []
for _ in range(70):
    DEEP = [DEEP]


def read(value: Any, limits: Limits | None = None, leniency: Leniency = STRICT) -> Document:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read_document(text, limits or Limits(), leniency)


def place_of_fault(value: Any) -> str | None:
    with pytest.raises(InvalidDocument) as refusal:
        read(value)
    return refusal.value.place


def test_a_document_gives_its_events_with_their_exact_bytes() -> None:
    head = {name: value for name, value in DOCUMENT.items() if name != "epcisBody"}
    body = json.dumps(head).encode()[:-1] + b","
    raw = json.dumps(EVENT, indent=1).encode()
    document = read(body + b'"epcisBody" : { "eventList" : [ ' + raw + b" ] } }")
    assert [source.raw for source in document.sources] == [raw]
    assert document.creation_date == 1795249800000000


def test_a_query_document_and_a_bare_event_are_read() -> None:
    assert read(QUERY).type == "EPCISQueryDocument"
    assert read(QUERY).sources[0].event == read(EVENT).sources[0].event
    bare = read({"@context": {"ex": "https://ex.example/"}, **EVENT, "ex:a": 1})
    assert (bare.type, bare.context) == ("ObjectEvent", b"null")
    assert bare.sources[0].event.context == {"ex": "https://ex.example/"}


def test_a_byte_order_mark_is_no_part_of_the_document() -> None:
    raw = json.dumps(EVENT).encode()
    assert read(b"\xef\xbb\xbf\n" + raw + b"\n ").sources[0].raw == raw


def test_master_data_keeps_its_bytes() -> None:
    document = read({**DOCUMENT, "epcisHeader": {"epcisMasterData": {"vocabularyList": []}}})
    assert document.master_data == b'{"vocabularyList": []}'
    assert read({**DOCUMENT, "epcisHeader": {"ex:a": 1}}).master_data is None
    assert place_of_fault({**DOCUMENT, "epcisHeader": {"epcisMasterData": []}}) == "/epcisHeader/epcisMasterData"


def without(*names: str, **change: Any) -> dict[str, Any]:
    return {name: value for name, value in DOCUMENT.items() if name not in names} | change


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (without("@context"), "/"),
        (without("type"), "/"),
        (without("creationDate"), "/"),
        (without("epcisBody"), "/"),
        (without(type="XDocument"), "/type"),
        (without(type=None), "/type"),
        (without(schemaVersion="1.2"), "/schemaVersion"),
        (without(schemaVersion=2), "/schemaVersion"),
        (without(creationDate="yesterday"), "/creationDate"),
        (without(creationDate=1), "/creationDate"),
        (without(body={}), "/body"),
        (without(epcisBody=[]), "/epcisBody"),
        (without(epcisBody={}), "/epcisBody"),
        (without(epcisBody={"eventList": {}}), "/epcisBody/eventList"),
        (without(epcisBody={"eventList": [EVENT, 3]}), "/epcisBody/eventList/1"),
        (without(epcisBody={"eventList": [{**EVENT, "eventTime": "x"}]}), "/epcisBody/eventList/0/eventTime"),
        (without(**{"@context": [3]}), "/@context"),
        (without(**{"@context": []}), "/@context"),
        (without(**{"@context": {"ex": "https://ex.example/"}}), "/@context"),
        (without(**{"@context": [EPCIS_CONTEXT, "https://attacker.example/context.jsonld"]}), "/@context"),
        (without(id="x"), "/id"),
        (without(sender=1), "/sender"),
        (without(instanceIdentifier=None), "/instanceIdentifier"),
        (without(epcisHeader={"masterData": {}}), "/epcisHeader/masterData"),
        (without(**{"ex:ignoreFields": 3}), "/ex:ignoreFields"),
        ({**QUERY, "epcisBody": {}}, "/epcisBody"),
        ({**QUERY, "epcisBody": {"queryResults": {"queryName": 1}}}, "/epcisBody/queryResults/queryName"),
        ({**QUERY, "epcisBody": {"queryResults": {"queryName": "a"}}}, "/epcisBody/queryResults"),
        (
            {**QUERY, "epcisBody": {"queryResults": {**RESULTS, "subscriptionID": 1}}},
            "/epcisBody/queryResults/subscriptionID",
        ),
        ({**QUERY, "epcisBody": {"queryResults": {**RESULTS, "more": 1}}}, "/epcisBody/queryResults/more"),
        ({**QUERY, "creationDate": 3}, "/creationDate"),
        ([], "/"),
        (b'{"type":"ObjectEvent","type":"ObjectEvent"}', None),
        (b'{"type":"ObjectEvent"', None),
        (b"", None),
        (b"\xff", None),
    ],
)
def test_a_faulty_document_is_refused_with_the_place(value: Any, place: str | None) -> None:
    assert place_of_fault(value) == place


def test_an_undefined_prefix_is_told_with_the_remedy() -> None:
    with pytest.raises(InvalidDocument, match="define it in the document's @context") as refusal:
        read(without(epcisBody={"eventList": [{**EVENT, "foo:a": 1}]}))
    assert refusal.value.place == "/epcisBody/eventList/0/foo:a"


@pytest.mark.parametrize(
    ("value", "limits"),
    [
        (DOCUMENT, Limits(body=100)),
        (DOCUMENT, Limits(events=1)),
        (DOCUMENT, Limits(event=100)),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, Limits()),
        (b"[" * 100_000, Limits()),
        (without(epcisBody={"eventList": [{**EVENT, "ex:a": "x" * 101}]}), Limits(string=100)),
        (without(epcisBody={"eventList": [{**EVENT, "ex:a": DEEP}]}), Limits()),
    ],
)
def test_what_passes_a_limit_is_too_large(value: Any, limits: Limits) -> None:
    with pytest.raises(TooLarge):
        read(value, limits)


@pytest.mark.parametrize("damage", [b"\\", b'"', b"\0", b"[", b"}", b"9" * 50, b"\xc3", b"NaN", b"null", b""])
def test_a_document_damaged_anywhere_is_read_or_refused(damage: bytes) -> None:
    body = json.dumps(DOCUMENT).encode()
    for at in range(0, len(body), 7):
        try:
            read_document(body[:at] + damage + body[at + len(damage) :], Limits())
        except SuyuanError:
            continue


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.sampled_from(
        [EVENT["epcList"], "ObjectEvent", "ADD", "shipping", "2026-11-21T08:30:00Z", "+08:00", "https://a.example/"]
    ),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*EVENT, "@context", "id", "ex:a", "readPoint", "ilmd"]), inner),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*EVENT, "ilmd", "readPoint", "sensorElementList", "@context", "a:b"]), JSON))
def test_any_members_make_an_event_or_one_of_our_errors(members: dict[str, Any]) -> None:
    body = json.dumps({**EVENT, **members}).encode()
    try:
        document = read_document(body, Limits())
    except SuyuanError:
        return
    prehash(document.sources[0].event, document.context)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_one_of_our_errors(body: bytes) -> None:
    with pytest.raises(SuyuanError):
        read_document(body, Limits())


def test_an_answer_is_the_submitted_event_with_its_record() -> None:
    raw = json.dumps({**EVENT, "recordTime": "2020-01-01T00:00:00Z", "ex:a": 1.50}).encode()
    answer = event_object(raw, read(DOCUMENT).context, 1_000_000, "urn:uuid:1")
    assert answer == {
        "@context": [{"ex": "https://ex.example/"}],
        **EVENT,
        "ex:a": 1.5,
        "recordTime": "1970-01-01T00:00:01.000Z",
        "eventID": "urn:uuid:1",
    }


def test_an_event_keeps_the_id_it_came_with() -> None:
    raw = json.dumps({**EVENT, "eventID": "urn:uuid:2"}).encode()
    assert event_object(raw, b"null", 0, "urn:uuid:1")["eventID"] == "urn:uuid:2"
    assert "eventID" not in event_object(json.dumps(EVENT).encode(), b"null", 0, None)


def test_documents_written_are_read_back() -> None:
    capture = read(write_document([EVENT], creation_date=5_000_000, context=[{"ex": "https://ex.example/"}]))
    assert (capture.type, capture.creation_date, len(capture.sources)) == ("EPCISDocument", 5_000_000, 1)
    answer = json.loads(write_query_document([EVENT], creation_date=0, query_name="q", subscription_id="s"))
    assert answer["epcisBody"]["queryResults"]["subscriptionID"] == "s"
    assert read(answer).sources[0].event == capture.sources[0].event


def documents(shared: Path, *patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in (shared / "epcis").glob(pattern))


def test_all_documents_of_the_standard_are_accepted_and_come_back_equal(shared: Path) -> None:
    paths = documents(shared, "gs1__EPCIS/JSON/**/*.jsonld")
    vectors = documents(shared, "RalphTro*/tests/**/*.json*")
    assert len(paths + vectors) >= 70
    for path in paths:
        check_round_trip(read(path.read_bytes()))
    for path in vectors:  # one lists identifiers of every kind, whatever they name
        check_round_trip(read(path.read_bytes(), leniency=LITERAL))


def test_documents_of_other_repositories_come_back_equal_where_they_are_accepted(shared: Path) -> None:
    accepted = 0
    paths = documents(shared, "openepcis*/**/JSON/**/*.json", "ift*/**/*.jsonld", "louis*/**/v2_0/**/*.json")
    for path in paths:
        try:
            document = read(path.read_bytes())
        except SuyuanError:
            continue
        accepted += 1
        check_round_trip(document)
    assert accepted >= 110


def check_round_trip(document: Document) -> None:
    """Answering, writing and reading again lose nothing."""
    for source in document.sources:
        submitted = json.loads(source.raw)
        answer = event_object(source.raw, document.context, 0, "urn:ex:id")
        assert bare(answer) == bare(submitted)
        assert answer["eventID"] == submitted.get("eventID", "urn:ex:id")
        written = write_event(source.event)
        assert read_leniently(written, "", prefixes_of(document.context), LITERAL)[0] == source.event
        alone = read(write_query_document([answer], creation_date=0), leniency=LITERAL)
        assert prehash(alone.sources[0].event, alone.context) == prehash(source.event, document.context)


def bare(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in {"@context", "eventID", "recordTime"}}


def test_all_invalid_documents_of_openepcis_are_refused(shared: Path) -> None:
    paths = documents(shared, "openepcis*/core/src/main/resources/2.0/EPCIS/JSON/*/Invalid/*.json")
    assert len(paths) >= 17
    for path in paths:
        with pytest.raises(InvalidDocument):
            read(path.read_bytes())


@pytest.mark.parametrize("quantity", [-1, -0.5, -1e300, -(10**30)])
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ObjectEvent", "quantityList"), ("AggregationEvent", "childQuantityList"),
        ("TransformationEvent", "inputQuantityList"), ("TransformationEvent", "outputQuantityList"),
    ],
)  # fmt: skip
def test_a_negative_amount_is_refused_with_its_place(kind: str, name: str, quantity: float) -> None:
    body = {
        "type": kind, "eventTime": "2026-10-12T06:00:00Z", "eventTimeZoneOffset": "+00:00", "action": "ADD",
        "parentID": "urn:epc:id:sscc:0614141.1234567890", "inputEPCList": ["urn:epc:id:sgtin:0614141.107346.1"],
        "outputEPCList": ["urn:epc:id:sgtin:0614141.107346.2"],
    }  # fmt: skip
    fields = {"ObjectEvent": 0, "AggregationEvent": 1, "TransformationEvent": 2}[kind]
    lists = ["inputEPCList", "outputEPCList"]
    unwanted = [["parentID", *lists], lists, ["parentID", "action"]][fields]
    event: dict[str, Any] = {key: value for key, value in body.items() if key not in unwanted}
    event[name] = [{"epcClass": "urn:epc:class:lgtin:0614141.107346.L1", "quantity": quantity, "uom": "KGM"}]
    with pytest.raises(InvalidDocument) as refused:
        read_document(json.dumps(event).encode(), Limits())
    assert refused.value.place == f"/{name}/0/quantity"
