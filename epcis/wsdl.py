"""The WSDL of the SOAP query interface, with the types of its calls (WSDL 1.1, document/literal over HTTP).

Written from the tables below for the address that was asked. What a result holds is described where EPCIS's own
schemas do, so a tool takes the content of ``resultsBody`` as any XML.
"""

from __future__ import annotations

from suyuan.epcis.soap import QUERY_1
from suyuan.epcis.xml_markup import quoted

#: Tools that take the schema out by itself need them there.
_PREFIXES = f'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:epcisq="{QUERY_1}"'
_SERVICE = "urn:epcglobal:epcis:wsdl:1"
_COMMON = "Security Validation Implementation"
_SUBSCRIBING = (
    "NoSuchName InvalidURI DuplicateSubscription QueryParameter QueryTooComplex SubscriptionControls"
    " SubscribeNotPermitted"
)
#: Each operation with the element of its call, that of its result, and its exceptions.
_OPERATIONS = {
    "getQueryNames": ("GetQueryNames", "GetQueryNamesResult", _COMMON),
    "subscribe": ("Subscribe", "SubscribeResult", f"{_SUBSCRIBING} {_COMMON}"),
    "unsubscribe": ("Unsubscribe", "UnsubscribeResult", f"NoSuchSubscription {_COMMON}"),
    "getSubscriptionIDs": ("GetSubscriptionIDs", "GetSubscriptionIDsResult", f"NoSuchName {_COMMON}"),
    "poll": ("Poll", "QueryResults", f"QueryParameter QueryTooLarge QueryTooComplex NoSuchName {_COMMON}"),
    "getStandardVersion": ("GetStandardVersion", "GetStandardVersionResult", _COMMON),
    "getVendorVersion": ("GetVendorVersion", "GetVendorVersionResult", _COMMON),
}  # fmt: skip
#: Types as sequences: members with their types, ``?`` behind what may be left out, ``*`` behind what may come often.
_TYPES = {
    "Empty": "",
    "ArrayOfString": "string:xsd:string*",
    "QueryParam": "name:xsd:string value:xsd:anyType",
    "QueryParams": "param:epcisq:QueryParam*",
    "QuerySchedule": "second:xsd:string? minute:xsd:string? hour:xsd:string? dayOfMonth:xsd:string? month:xsd:string?"
    " dayOfWeek:xsd:string?",
    "SubscriptionControls": "schedule:epcisq:QuerySchedule? trigger:xsd:anyURI? initialRecordTime:xsd:dateTime?"
    " reportIfEmpty:xsd:boolean",
    "Poll": "queryName:xsd:string params:epcisq:QueryParams",
    "Subscribe": "queryName:xsd:string params:epcisq:QueryParams dest:xsd:anyURI"
    " controls:epcisq:SubscriptionControls subscriptionID:xsd:string",
    "Unsubscribe": "subscriptionID:xsd:string",
    "GetSubscriptionIDs": "queryName:xsd:string",
    "QueryResults": "queryName:xsd:string subscriptionID:xsd:string? resultsBody:xsd:anyType",
    "EPCISException": "reason:xsd:string severity:xsd:NCName? queryName:xsd:string? subscriptionID:xsd:string?",
}
#: Elements and their types where these are not called alike.
_ELEMENTS = {
    "GetQueryNames": "epcisq:Empty", "GetQueryNamesResult": "epcisq:ArrayOfString",
    "SubscribeResult": "epcisq:Empty", "UnsubscribeResult": "epcisq:Empty",
    "GetSubscriptionIDsResult": "epcisq:ArrayOfString",
    "GetStandardVersion": "epcisq:Empty", "GetStandardVersionResult": "xsd:string",
    "GetVendorVersion": "epcisq:Empty", "GetVendorVersionResult": "xsd:string",
}  # fmt: skip


def write_wsdl(address: str) -> str:
    """The WSDL of an endpoint at this URL."""
    exceptions = sorted({word for _, _, words in _OPERATIONS.values() for word in words.split()})
    elements = sorted({name for call, answer, _ in _OPERATIONS.values() for name in (call, answer)})
    body = [
        f'<wsdl:types><xsd:schema {_PREFIXES} targetNamespace="{QUERY_1}">',
        *(f'<xsd:element name="{name}" type="{_ELEMENTS.get(name, f"epcisq:{name}")}"/>' for name in elements),
        *(f'<xsd:element name="{word}Exception" type="epcisq:EPCISException"/>' for word in exceptions),
        *(_type(name, members.split()) for name, members in _TYPES.items()),
        "</xsd:schema></wsdl:types>",
        *(_message(name, name) for name in elements),
        *(_message(f"{word}Exception", f"{word}Exception") for word in exceptions),
        '<wsdl:portType name="EPCISServicePortType">',
        *(_operation(name, *parts) for name, parts in _OPERATIONS.items()),
        '</wsdl:portType><wsdl:binding name="EPCISServiceBinding" type="impl:EPCISServicePortType">',
        '<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>',
        *(_bound(name, parts[2].split()) for name, parts in _OPERATIONS.items()),
        '</wsdl:binding><wsdl:service name="EPCglobalEPCISService">',
        '<wsdl:port name="EPCglobalEPCISServicePort" binding="impl:EPCISServiceBinding">',
        f"<soap:address location={quoted(address)}/></wsdl:port></wsdl:service>",
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"'
        f' xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" {_PREFIXES} xmlns:impl="{_SERVICE}"'
        f' targetNamespace="{_SERVICE}">' + "\n".join(body) + "</wsdl:definitions>\n"
    )


def _type(name: str, members: list[str]) -> str:
    inner = []
    for member in members:
        element, _, kind = member.rstrip("?*").partition(":")
        times = ' minOccurs="0"' if member[-1] in "?*" else ""
        times += ' maxOccurs="unbounded"' if member[-1] == "*" else ""
        inner.append(f'<xsd:element name="{element}" type="{kind}"{times}/>')
    return f'<xsd:complexType name="{name}"><xsd:sequence>{"".join(inner)}</xsd:sequence></xsd:complexType>'


def _message(name: str, element: str) -> str:
    return f'<wsdl:message name="{name}"><wsdl:part name="parms" element="epcisq:{element}"/></wsdl:message>'


def _operation(name: str, call: str, answer: str, words: str) -> str:
    faults = "".join(
        f'<wsdl:fault name="{word}ExceptionFault" message="impl:{word}Exception"/>' for word in words.split()
    )
    ends = f'<wsdl:input message="impl:{call}"/><wsdl:output message="impl:{answer}"/>'
    return f'<wsdl:operation name="{name}">{ends}{faults}</wsdl:operation>'


def _bound(name: str, words: list[str]) -> str:
    literal = '<soap:body use="literal"/>'
    faults = "".join(
        f'<wsdl:fault name="{word}ExceptionFault"><soap:fault name="{word}ExceptionFault" use="literal"/></wsdl:fault>'
        for word in words
    )
    return (
        f'<wsdl:operation name="{name}"><soap:operation soapAction=""/><wsdl:input>{literal}</wsdl:input>'
        f"<wsdl:output>{literal}</wsdl:output>{faults}</wsdl:operation>"
    )
