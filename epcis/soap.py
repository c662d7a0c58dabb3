"""Messages of the SOAP query interface, read and written (EPCIS 1.2 and 2.0, sections 8.2.5 to 8.2.9 and 11.2).

A message comes in a SOAP 1.1 or 1.2 envelope, in an ``EPCISQueryDocument`` as it travels by AS2 (11.3), or bare; the
answer goes the same way, in the namespace of the version that the client speaks. Lists of events and vocabularies are
written elsewhere; here they are wrapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

import msgspec

from suyuan.base.clock import format_time
from suyuan.base.errors import InvalidDocument, InvalidInput
from suyuan.epcis.json_text import Limits
from suyuan.epcis.xml_markup import escape
from suyuan.epcis.xml_text import XSI, Element, Step, XmlParser

QUERY_1, QUERY_2 = "urn:epcglobal:epcis-query:xsd:1", "urn:epcglobal:epcis-query:xsd:2"
SOAP_11, SOAP_12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
_HEADERS = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"

#: The operations of the query control interface (8.2.5), in the names of their elements.
OPERATIONS = (
    "Poll", "Subscribe", "Unsubscribe", "GetQueryNames", "GetSubscriptionIDs", "GetStandardVersion", "GetVendorVersion",
)  # fmt: skip
_BY_LOWER = {name.lower(): name for name in OPERATIONS}
#: Parameters that are whole numbers in EPCIS 1.x (8.2.7.1); 2.0 made decimals of them.
_WHOLE = frozenset(f"{sign}_quantity" for sign in ("EQ", "GT", "GE", "LT", "LE"))


class Wrapping(Enum):
    """What a message is wrapped in."""

    SOAP_11 = "SOAP 1.1"
    SOAP_12 = "SOAP 1.2"
    DOCUMENT = "EPCISQueryDocument"
    BARE = "nothing"

    @property
    def media_type(self) -> str:
        """Content type of an answer (RFC 3902 for SOAP 1.2)."""
        return {"SOAP 1.1": "text/xml", "SOAP 1.2": "application/soap+xml"}.get(self.value, "application/xml")


class Controls(msgspec.Struct, frozen=True):
    """Subscription controls as they were written (8.2.5.3): field by field of the schedule, empty where missing."""

    schedule: dict[str, str] = {}
    trigger: str = ""
    initial_record_time: str = ""
    report_if_empty: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One call. What an operation does not take is empty.

    Values of parameters: a list of strings, a string, or None where nothing stands. ``namespaces`` are the prefixes
    declared where the call stands, which names of parameters may use.
    """

    operation: str
    wrapping: Wrapping
    version: str  #: of the schema: ``1.2`` or ``2.0``
    query_name: str = ""
    parameters: dict[str, Any] = {}
    #: Names of parameters that were given more than once.
    repeated: tuple[str, ...] = ()
    namespaces: dict[str, str] = {}
    dest: str = ""
    controls: Controls = Controls()
    subscription_id: str = ""
    #: Instance identifier of the AS2 document, for the answer to refer to.
    instance: str = ""

    @property
    def namespace(self) -> str:
        """Of the query schema that the client speaks."""
        return QUERY_2 if self.version == "2.0" else QUERY_1


class _Root:
    """Builds the outermost element, and remembers the prefixes that were declared in it."""

    def __init__(self, limits: Limits) -> None:
        self.element = Element("", {})
        self.prefixes: dict[str, str] = {}
        self.parser = XmlParser(self, limits)

    def enter(self, name: str, attributes: dict[str, str]) -> Step:
        return Step.BUILD

    def leave(self, name: str) -> None:
        raise AssertionError(name)

    def built(self, element: Element) -> None:
        self.element = element
        self.prefixes = dict(self.parser.inner)


class Request(msgspec.Struct, frozen=True):
    """A body that is XML: its root, and the prefixes by namespace that are declared anywhere in it."""

    root: Element
    prefixes: dict[str, str]

    @property
    def wrapping(self) -> Wrapping:
        """What the message is wrapped in."""
        name = self.root.name
        if name in (f"{{{SOAP_11}}}Envelope", f"{{{SOAP_12}}}Envelope"):
            return Wrapping.SOAP_11 if SOAP_11 in name else Wrapping.SOAP_12
        return Wrapping.DOCUMENT if name == "EPCISQueryDocument" else Wrapping.BARE


def read_request(body: bytes, limits: Limits) -> Request:
    """The XML of a body. Raises `InvalidDocument`, or `TooLarge` where a limit is passed."""
    root = _Root(limits)
    root.parser.feed(body)
    root.parser.close()
    return Request(root.element, root.prefixes)


def message_in(request: Request) -> Message:
    """The call in a body. Raises `InvalidDocument` (the standard's ValidationException) where it is none."""
    root, wrapping = request.root, request.wrapping
    call = root
    if wrapping is not Wrapping.BARE:
        inside = _child(root, "EPCISBody" if wrapping is Wrapping.DOCUMENT else "Body")
        calls = [] if inside is None else inside.children
        if len(calls) != 1:
            raise InvalidDocument(f"the body holds {len(calls)} elements, expected one call", place=_place(root))
        call = calls[0]
    operation = _BY_LOWER.get(call.name.lower())
    if operation is None:
        raise InvalidDocument(
            f"{call.name[:120]!r} is no call of the EPCIS query interface",
            place=_place(call),
            remedy=f"one of {', '.join(OPERATIONS)} in namespace {QUERY_1}",
        )
    version = "2.0" if QUERY_2 in request.prefixes else "1.2"
    repeated: list[str] = []
    return Message(
        operation=operation,
        wrapping=wrapping,
        version=version,
        query_name=_given(call, operation, "queryName"),
        parameters=_parameters(call, repeated) if operation in ("Poll", "Subscribe") else {},
        repeated=tuple(repeated),
        namespaces={prefix: uri for uri, prefix in request.prefixes.items() if prefix},
        dest=_given(call, operation, "dest"),
        controls=_controls(call) if operation == "Subscribe" else Controls(),
        subscription_id=_given(call, operation, "subscriptionID"),
        instance=_identifier(root),
    )


#: The text elements of each operation that has any.
_TEXTS = {
    "Poll": ("queryName",),
    "Subscribe": ("queryName", "dest", "subscriptionID"),
    "Unsubscribe": ("subscriptionID",),
    "GetSubscriptionIDs": ("queryName",),
}


def _given(call: Element, operation: str, name: str) -> str:
    if name not in _TEXTS.get(operation, ()):
        return ""
    child = _child(call, name)
    if child is None:
        raise InvalidDocument(f"{name} is missing", place=_place(call), remedy=f"add {name}")
    text = _text(child)
    if not text and (operation, name) == ("Subscribe", "subscriptionID"):
        # One of ours would do over REST; a client of SOAP learns no ID but the one that it gave.
        raise InvalidDocument(f"{name} is empty", place=_place(call), remedy="choose a name for the subscription")
    return text


def _parameters(call: Element, repeated: list[str]) -> dict[str, Any]:
    """The parameters of a call; the names of those that stand in it again go into ``repeated``."""
    found: dict[str, Any] = {}
    params = _child(call, "params")
    for param in [] if params is None else params.children:
        name, value = _child(param, "name"), _child(param, "value")
        if _local(param) != "param" or name is None or value is None:
            raise InvalidDocument("a parameter is a param with a name and a value", place=_place(param))
        key = _text(name)
        if key in found:
            repeated.append(key)
        found[key] = _value(value)
    return found


def _value(value: Element) -> list[str] | str | None:
    """A list where there are elements (``string``, whatever a client calls them), else the text; None of nothing."""
    if value.children:
        void = len(value.children) == 1 and _local(value.children[0]) == "VoidHolder"
        return None if void else [_text(each) for each in value.children]
    text = _text(value)
    return None if not text or value.attributes.get(f"{XSI}nil") in ("true", "1") else text


def check_once(message: Message) -> None:
    """Refuse parameters of one name: the standard's QueryParameterException (8.2.6), as the message itself is sound."""
    for name in message.repeated:
        raise InvalidInput("the parameter is given twice", place=name[:80], remedy="give all its values at once")


def check_whole_numbers(message: Message) -> None:
    """Refuse a decimal where EPCIS 1.x has whole numbers: its clients count on the exception."""
    for name in sorted(_WHOLE & set(message.parameters)) if message.version != "2.0" else ():
        value = message.parameters[name]
        for text in value if isinstance(value, list) else [value or "0"]:
            digits = text.removeprefix("-").removeprefix("+")
            if not (digits.isascii() and digits.isdigit()):
                raise InvalidInput(
                    f"{text[:40]!r} is no whole number, which EPCIS 1.x asks for", place=name,
                    remedy=f"ask over REST, where quantities are decimals, or in namespace {QUERY_2}",
                )  # fmt: skip


def _controls(call: Element) -> Controls:
    controls = _child(call, "controls")
    if controls is None:
        raise InvalidDocument("controls is missing", place=_place(call), remedy="add controls")
    schedule = _child(controls, "schedule")
    fields: dict[str, str] = {}
    for field in [] if schedule is None else schedule.children:
        if field.name != "extension" and not field.name.startswith("{"):
            fields[field.name] = _text(field)
    texts = {name: _child(controls, name) for name in ("trigger", "initialRecordTime", "reportIfEmpty")}
    written = {name: "" if child is None else _text(child) for name, child in texts.items()}
    empty = written["reportIfEmpty"]
    if empty not in ("true", "false", "1", "0", ""):
        raise InvalidDocument(f"reportIfEmpty is {empty[:40]!r}, expected true or false", place=_place(controls))
    return Controls(fields, written["trigger"], written["initialRecordTime"], empty in ("true", "1"))


def _child(parent: Element, name: str) -> Element | None:
    """The first child element of this local name: clients differ in whether they qualify them."""
    return next((child for child in parent.children if _local(child) == name), None)


def _local(element: Element) -> str:
    return element.name.rpartition("}")[2]


def _text(element: Element) -> str:
    return element.text.strip()


def _place(element: Element) -> str:
    return f"/{_local(element)[:80]}"


def _identifier(root: Element) -> str:
    """The instance identifier of an AS2 document, empty where it has none."""
    found: Element | None = root
    for name in ("EPCISHeader", "StandardBusinessDocumentHeader", "DocumentIdentification", "InstanceIdentifier"):
        found = _child(found, name) if found is not None else None
    return "" if found is None else _text(found)


def result(message: Message | None, name: str, content: str = "") -> str:
    """A result element around written XML, in the namespace of the call; of 1.x where the call could not be read."""
    namespace = QUERY_1 if message is None else message.namespace
    opening = f'<epcisq:{name} xmlns:epcisq="{namespace}"'
    return f"{opening}>{content}</epcisq:{name}>" if content else f"{opening}/>"


def list_result(message: Message, name: str, strings: Iterable[str]) -> str:
    """A result of type ArrayOfString."""
    return result(message, name, "".join(f"<string>{escape(string)}</string>" for string in strings))


def query_results(message: Message, content: str) -> str:
    """``QueryResults`` around a written ``EventList`` or ``VocabularyList``."""
    name = f"<queryName>{escape(message.query_name)}</queryName>"
    return result(message, "QueryResults", f"{name}<resultsBody>{content}</resultsBody>")


def exception(message: Message | None, name: str, reason: str, members: Mapping[str, str]) -> str:
    """An exception of the standard (8.2.6); ``members`` are those beside ``reason``, empty ones left out."""
    written = [("reason", reason), *((member, value) for member, value in members.items() if value)]
    return result(message, name, "".join(f"<{member}>{escape(value)}</{member}>" for member, value in written))


def write_answer(wrapping: Wrapping, content: str, message: Message | None, now: int) -> bytes:
    """A result in the wrapping of its call. ``now`` in microseconds UTC dates a document."""
    if wrapping is Wrapping.DOCUMENT:
        return _document(content, message, now)
    return _whole(content if wrapping is Wrapping.BARE else _envelope(wrapping, content))


def write_fault(wrapping: Wrapping, fault: str, reason: str, message: Message | None, now: int, ours: bool) -> bytes:
    """An exception in the wrapping of its call: a SOAP fault, or as any result. ``ours``: the server is to blame."""
    why = escape(reason)
    if wrapping is Wrapping.SOAP_11:
        code = "soap:Server" if ours else "soap:Client"
        words = f"<faultcode>{code}</faultcode><faultstring>{why}</faultstring><detail>{fault}</detail>"
    elif wrapping is Wrapping.SOAP_12:
        code = "soap:Receiver" if ours else "soap:Sender"
        words = (
            f"<soap:Code><soap:Value>{code}</soap:Value></soap:Code>"
            f'<soap:Reason><soap:Text xml:lang="en">{why}</soap:Text></soap:Reason><soap:Detail>{fault}</soap:Detail>'
        )
    else:
        return write_answer(wrapping, fault, message, now)
    return _whole(_envelope(wrapping, f"<soap:Fault>{words}</soap:Fault>"))


def _envelope(wrapping: Wrapping, content: str) -> str:
    namespace = SOAP_11 if wrapping is Wrapping.SOAP_11 else SOAP_12
    return f'<soap:Envelope xmlns:soap="{namespace}"><soap:Body>{content}</soap:Body></soap:Envelope>'


def _document(content: str, message: Message | None, now: int) -> bytes:
    """An ``EPCISQueryDocument``; its header names the document that it answers, where that had a name."""
    namespace, version = (QUERY_1, "1.2") if message is None else (message.namespace, message.version)
    header = ""
    if message is not None and message.instance:
        header = (
            f'<EPCISHeader><sbdh:CorrelationInformation xmlns:sbdh="{_HEADERS}">'
            f"<sbdh:RequestingDocumentInstanceIdentifier>{escape(message.instance)}"
            "</sbdh:RequestingDocumentInstanceIdentifier></sbdh:CorrelationInformation></EPCISHeader>"
        )
    return _whole(
        f'<epcisq:EPCISQueryDocument xmlns:epcisq="{namespace}" schemaVersion="{version}"'
        f' creationDate="{format_time(now)}">{header}<EPCISBody>{content}</EPCISBody></epcisq:EPCISQueryDocument>'
    )


def _whole(root: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}'.encode()
