from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.epcis.test_event_properties import PLAIN_EVENTS, RICH_EVENTS

from suyuan.base.errors import SuyuanError
from suyuan.epcis.event_writer import write_event
from suyuan.epcis.json_codec import Document
from suyuan.epcis.json_text import Limits
from suyuan.epcis.plain_xml import cut_plain, plain_members
from suyuan.epcis.xml_reader import read_xml_document
from suyuan.epcis.xml_writer import write_document

HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?><epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2"'
    b' schemaVersion="2.0" creationDate="2026-11-21T00:00:00Z"><EPCISBody>'
)
TAIL = b"</EPCISBody></epcis:EPCISDocument>"
EVENT = (
    b"<ObjectEvent><eventTime>2026-11-21T08:30:00Z</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
    b"<epcList><epc> urn:epc:id:sgtin:0614141.107346.2017\n</epc></epcList><action>OBSERVE</action>"
    b"<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>"
    b"<readPoint><id>urn:epc:id:sgln:0614141.07346.0</id></readPoint>"
    b'<bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:po">urn:x:1</bizTransaction></bizTransactionList>'
    b"</ObjectEvent>"
)
BODY = HEAD + b"<EventList>" + EVENT + b" " + EVENT + b"</EventList>" + TAIL


def read(body: bytes, limits: Limits | None = None, *, quick: bool) -> Document | str:
    """What the document is, or why it is refused; the order of elements is looked at either way."""
    if not quick:
        body += b"<!-- the reader of everything -->"
    try:
        return read_xml_document(body, limits or Limits())
    except SuyuanError as error:
        return str(error)


def test_plain_events_take_the_quick_path_and_read_the_same() -> None:
    cut = cut_plain(BODY)
    assert cut is not None
    assert cut.shell == HEAD + b"<EventList></EventList>" + TAIL
    assert [event and event["type"] for event in plain_members(cut)] == ["ObjectEvent"] * 2
    assert read(BODY, quick=True) == read(BODY, quick=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(PLAIN_EVENTS | RICH_EVENTS, max_size=3), st.sampled_from(["2.0", "1.2"]))
def test_both_paths_read_whatever_is_written(events: list[Any], version: str) -> None:
    context: list[Any] = [{"ex": "https://ex.example/"}]
    written = [{**write_event(event), "@context": context} for event in events]
    body = write_document(written, creation_date=0, version=version)
    assert read(body, quick=True) == read(body, quick=False)


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b"<EventList>", b"<EventList>text"),
        (b"</epcList>", b"</epcList>text"),
        (b"</epc>", b"</epc>text"),
        (b"<epc> ", b"text<epc> "),
        (b"</ObjectEvent>", b"</ObjectEvent>text"),
        (b"<action>", b'<action a="b">'),
        (b"<epc> ", b'<epc a="b"> '),
        (b"<ObjectEvent>", b'<ObjectEvent a="b">'),
        (b'type="', b'kind="'),
        (b'type="', b'a="b" type="'),
        (b"<action>OBSERVE", b"<action><a/>OBSERVE"),
        (b"OBSERVE", b"CREATE"),
        (b"OBSERVE", b""),
        (b"OBSERVE", b" "),
        (b"OBSERVE", b"OBSERVE]]>"),
        (b"OBSERVE", b"\x1fOBSERVE"),
        (b"><action>", b">\x0c<action>"),
        (b"/readPoint>", b"/readPoint>\r\n"),
        (b"urn:x:1", b"urn:x:\r\n1"),
        (b"urn:x:1", b" "),
        (b"urn:x:1", "urn:x:é".encode()),
        (b":po", b":po\n"),
        (b":po", b":po&amp;"),
        (b"OBSERVE", b"&unknown;"),
        (b"OBSERVE", b"<![CDATA[OBSERVE]]>"),
        (b"OBSERVE", b"OBS&#69;RVE"),
        (b"<eventTime>2026-11-21T08:30:00Z</eventTime>", b""),
        (b"<action>OBSERVE</action>", b"<action>OBSERVE</action><action>OBSERVE</action>"),
        (b"<action>OBSERVE</action>", b"<eventID>urn:x:2</eventID><action>OBSERVE</action>"),
        (b"ObjectEvent", b"QuantityEvent"),
        (b"ObjectEvent", b"OtherEvent"),
        (b"<epc> urn:epc:id:sgtin:0614141.107346.2017\n</epc>", b""),
        (b"<epc> urn", b"<epc/><epc> urn"),
        (b"<id>", b"<id/><id>"),
        (b"<action>", b"<e:action xmlns:e='urn:epcglobal:epcis:xsd:2'/><action>"),
        (b"</bizStep>", b"</bizStep><x:note xmlns:x='https://x.example/'>1</x:note>"),
        (b"</ObjectEvent>", b"</ObjectEvent><EventList></EventList>"),
        (b"<EPCISBody>", b"<EPCISBody><!-- <EventList> -->"),
        (b"<EPCISBody>", b"<EPCISBody><?php <EventList> ?>"),
        (b"<EPCISBody>", b"<EPCISBody><Other/>"),
        (b"</EventList>", b"</EventList></EventList>"),
        (b"</EventList>", b""),
        (b'schemaVersion="2.0"', b'schemaVersion="3.0"'),
        (b"xmlns:epcis", b"xmlns:urn='https://x.example/' xmlns:epcis"),
        (b"UTF-8", b"no-such"),
        (b"UTF-8", b"ISO-8859-1"),
        (b"<?xml", b"<!DOCTYPE a><?xml"),
    ],
)  # fmt: skip
def test_what_is_not_plain_or_wrong_is_left_to_the_reader(found: bytes, put: bytes) -> None:
    changed = BODY.replace(found, put)
    assert changed != BODY
    assert read(changed, quick=True) == read(changed, quick=False)


@pytest.mark.parametrize("limits", [Limits(events=1), Limits(string=20), Limits(event=200), Limits(body=300)])
def test_limits_hold_on_the_quick_path(limits: Limits) -> None:
    assert "more than" in str(read(BODY, limits, quick=True))
