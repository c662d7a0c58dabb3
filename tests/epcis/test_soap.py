"""Calls of the SOAP query interface, in whatever they are wrapped in, and answers in the same."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import (
    Conflict,
    Forbidden,
    InvalidDocument,
    InvalidInput,
    InvalidSubscription,
    NotFound,
    QueryTooComplex,
    QueryTooLarge,
    SubscribeNotPermitted,
    SuyuanError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from suyuan.epcis import soap
from suyuan.epcis.json_text import Limits
from suyuan.epcis.soap import QUERY_1, QUERY_2, SOAP_11, SOAP_12, Message, Wrapping, check_once, check_whole_numbers
from suyuan.epcis.soap_faults import fault_members, fault_name
from suyuan.epcis.wsdl import write_wsdl

POLL = """<q:Poll xmlns:q="{}"><queryName>SimpleEventQuery</queryName><params>
  <param><name>eventType</name><value><string>ObjectEvent</string><string> QuantityEvent </string></value></param>
  <param><name>GE_quantity</name><value>8</value></param>
  <param><name>EXISTS_x:y</name><value/></param>
  <param><name>EQ_x:z</name><value><q:VoidHolder/></value></param>
</params></q:Poll>"""
NOW = 1_791_793_800_000_000


def read(text: str) -> Message:
    """The call in a body."""
    return soap.message_in(soap.read_request(text.encode(), Limits()))


def enveloped(call: str, namespace: str = SOAP_11) -> str:
    """A call in an envelope."""
    header = "<s:Header><x xmlns='urn:x'/></s:Header>"
    return f'<s:Envelope xmlns:s="{namespace}">{header}<s:Body>\n{call}\n</s:Body></s:Envelope>'


WRAPPED = {
    Wrapping.SOAP_11: enveloped("{}"),
    Wrapping.SOAP_12: enveloped("{}", SOAP_12),
    Wrapping.BARE: "{}",
    Wrapping.DOCUMENT: f'<q:EPCISQueryDocument xmlns:q="{QUERY_1}" schemaVersion="1"><EPCISBody>{{}}</EPCISBody>'
    "</q:EPCISQueryDocument>",
}


@pytest.mark.parametrize("wrapping", Wrapping)
def test_a_call_is_read_in_each_wrapping_and_answered_in_it(wrapping: Wrapping) -> None:
    message = read(WRAPPED[wrapping].format(POLL.format(QUERY_1)))
    assert (message.wrapping, message.operation, message.version) == (wrapping, "Poll", "1.2")
    assert message.parameters == {
        "eventType": ["ObjectEvent", "QuantityEvent"], "GE_quantity": "8", "EXISTS_x:y": None, "EQ_x:z": None,
    }  # fmt: skip
    answer = soap.write_answer(wrapping, soap.query_results(message, "<EventList/>"), message, NOW)
    back = soap.read_request(answer, Limits())
    assert back.wrapping is wrapping
    assert ET.fromstring(answer).find(f".//{{{QUERY_1}}}QueryResults/resultsBody/EventList") is not None or (
        wrapping is Wrapping.BARE and back.root.name == "QueryResults"
    )


def test_the_answer_speaks_the_version_of_the_call() -> None:
    message = read(enveloped(POLL.format(QUERY_2)))
    assert message.version == "2.0"
    assert QUERY_2 in soap.result(message, "QueryResults")


def test_a_document_is_answered_by_one_that_refers_to_it() -> None:
    header = (
        '<EPCISHeader><h:StandardBusinessDocumentHeader xmlns:h="http://www.unece.org/cefact/namespaces/'
        'StandardBusinessDocumentHeader"><h:DocumentIdentification><h:InstanceIdentifier>call-1</h:InstanceIdentifier>'
        "</h:DocumentIdentification></h:StandardBusinessDocumentHeader></EPCISHeader>"
    )
    body = f"{header}<EPCISBody><q:GetQueryNames/></EPCISBody>"
    message = read(f'<q:EPCISQueryDocument xmlns:q="{QUERY_1}">{body}</q:EPCISQueryDocument>')
    answer = soap.write_answer(message.wrapping, soap.list_result(message, "R", ["a"]), message, NOW).decode()
    assert "RequestingDocumentInstanceIdentifier>call-1<" in answer
    assert 'schemaVersion="1.2"' in answer


def test_controls_of_a_subscription_are_read_as_they_were_written() -> None:
    message = read(
        f"""<q:Subscribe xmlns:q="{QUERY_1}"><queryName>Q</queryName><params/><dest>http://a.example/</dest><controls>
        <schedule><second>0,[10-20]</second><dayOfWeek>x</dayOfWeek><extension/><y xmlns="urn:y"/></schedule>
        <trigger>urn:t</trigger><initialRecordTime>2006-07-25T09:00:00.000Z</initialRecordTime>
        <reportIfEmpty>true</reportIfEmpty></controls><subscriptionID>S 1</subscriptionID></q:Subscribe>"""
    )
    assert (message.query_name, message.dest, message.subscription_id) == ("Q", "http://a.example/", "S 1")
    controls = message.controls
    assert controls.schedule == {"second": "0,[10-20]", "dayOfWeek": "x"}
    assert (controls.trigger, controls.initial_record_time) == ("urn:t", "2006-07-25T09:00:00.000Z")
    assert controls.report_if_empty


@pytest.mark.parametrize(
    "call",
    [
        "<x",
        "<x/>",
        enveloped(""),
        enveloped(f'<q:GetQueryNames xmlns:q="{QUERY_1}"/>' * 2),
        enveloped('<q:GetQueryNames xmlns:q="urn:other"/>'),
        enveloped(f'<q:Drop xmlns:q="{QUERY_1}"/>'),
        enveloped(f'<q:Poll xmlns:q="{QUERY_1}"><params/></q:Poll>'),
        enveloped(f'<q:Poll xmlns:q="{QUERY_1}"><queryName>Q</queryName><params><param/></params></q:Poll>'),
        enveloped(
            f'<q:Subscribe xmlns:q="{QUERY_1}"><queryName>Q</queryName><params/><dest>http://a.example/</dest>'
            "<controls><reportIfEmpty>true</reportIfEmpty></controls><subscriptionID> </subscriptionID></q:Subscribe>"
        ),
        f'<!DOCTYPE x [<!ENTITY a "b">]><q:GetQueryNames xmlns:q="{QUERY_1}"/>',
    ],
)
def test_what_is_no_call_is_refused(call: str) -> None:
    with pytest.raises(InvalidDocument):
        read(call)


def test_a_parameter_that_stands_twice_is_a_wrong_parameter_not_a_wrong_message() -> None:
    message = read(enveloped(POLL.format(QUERY_1).replace("EXISTS_x:y", "EQ_x:z")))
    with pytest.raises(InvalidInput) as refusal:
        check_once(message)
    assert fault_name(refusal.value, "Poll") == "QueryParameterException"
    assert refusal.value.place == "EQ_x:z"


def test_a_decimal_quantity_is_refused_in_1_x_only() -> None:
    text = POLL.replace("<value>8</value>", "<value>3.1459</value>")
    check_whole_numbers(read(text.format(QUERY_2)))
    with pytest.raises(InvalidInput) as refused:
        check_whole_numbers(read(text.format(QUERY_1)))
    assert refused.value.place == "GE_quantity"


@pytest.mark.parametrize(
    ("error", "operation", "name"),
    [
        (InvalidInput("x"), "Poll", "QueryParameterException"),
        (InvalidDocument("x"), "", "ValidationException"),
        (InvalidInput("x"), "", "ValidationException"),
        (TooLarge("x"), "", "ValidationException"),
        (UnsupportedMedia("x"), "", "ValidationException"),
        (QueryTooLarge("x"), "Poll", "QueryTooLargeException"),
        (QueryTooComplex("x"), "Subscribe", "QueryTooComplexException"),
        (NotFound("x"), "Poll", "NoSuchNameException"),
        (NotFound("x"), "Unsubscribe", "NoSuchSubscriptionException"),
        (Conflict("x"), "Subscribe", "DuplicateSubscriptionException"),
        (TooLarge("x"), "Subscribe", "SubscribeNotPermittedException"),
        (SubscribeNotPermitted("x"), "Subscribe", "SubscribeNotPermittedException"),
        (InvalidSubscription("x", place="second"), "Subscribe", "SubscriptionControlsException"),
        (InvalidSubscription("x", place="dest"), "Subscribe", "InvalidURIException"),
        (Unauthenticated("x"), "", "SecurityException"),
        (Forbidden("x"), "", "SecurityException"),
        (Unavailable("x"), "Poll", "ImplementationException"),
    ],
)
def test_each_refusal_is_an_exception_of_the_standard(error: SuyuanError, operation: str, name: str) -> None:
    assert fault_name(error, operation) == name


@pytest.mark.parametrize("wrapping", Wrapping)
def test_an_exception_comes_in_the_wrapping_of_the_call(wrapping: Wrapping) -> None:
    members = fault_members(Unavailable("x"), "ImplementationException", "Q", "")
    fault = soap.exception(None, "ImplementationException", "no <disk>\x00", members)
    answer = ET.fromstring(soap.write_fault(wrapping, fault, "no <disk>\x00", None, NOW, True))
    found = next(element for element in answer.iter() if element.tag == f"{{{QUERY_1}}}ImplementationException")
    assert [(child.tag, child.text) for child in found] == [
        ("reason", "no <disk>\ufffd"), ("severity", "ERROR"), ("queryName", "Q"),
    ]  # fmt: skip


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_text_goes_through_an_answer(name: str, values: list[str]) -> None:
    message = Message(operation="Poll", wrapping=Wrapping.SOAP_11, version="1.2", query_name=name)
    ET.fromstring(soap.write_answer(Wrapping.SOAP_11, soap.query_results(message, ""), message, NOW))
    ET.fromstring(soap.write_answer(Wrapping.SOAP_12, soap.list_result(message, "R", values), message, NOW))


def test_the_wsdl_describes_every_operation_at_the_address_that_was_asked() -> None:
    wsdl = ET.fromstring(write_wsdl("https://a.example/epcis/query?x=<1>"))
    space = {"w": "http://schemas.xmlsoap.org/wsdl/", "s": "http://schemas.xmlsoap.org/wsdl/soap/"}
    operations = [element.get("name") for element in wsdl.findall("w:portType/w:operation", space)]
    assert sorted(str(name).lower() for name in operations) == sorted(name.lower() for name in soap.OPERATIONS)
    address = wsdl.find(".//s:address", space)
    assert address is not None
    assert address.get("location") == "https://a.example/epcis/query?x=<1>"


def test_the_wsdl_has_a_schema_that_calls_and_results_are_valid_by() -> None:
    etree = pytest.importorskip("lxml.etree")
    wsdl = etree.fromstring(write_wsdl("http://a.example/").encode())
    schema = etree.XMLSchema(wsdl.find(".//{http://www.w3.org/2001/XMLSchema}schema"))
    schema.assertValid(etree.fromstring(POLL.format(QUERY_1).encode()))
    message = read(POLL.format(QUERY_1))
    schema.assertValid(etree.fromstring(soap.query_results(message, "<EventList/>")))
    schema.assertValid(etree.fromstring(soap.exception(message, "SecurityException", "no", {})))
