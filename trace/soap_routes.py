"""The SOAP query interface: the EPCIS query control interface for clients of EPCIS 1.x (8.2.5, 11.2; AS2 bodies 11.3).

Every refusal is an exception of the standard in the wrapping of the call. A key travels as `Authorization: Bearer`, or
as the password of HTTP Basic, which is all that such clients know.
"""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from suyuan import __version__
from suyuan.base.api_schema import answers, text_answer
from suyuan.base.clock import now
from suyuan.base.errors import SuyuanError, Unauthenticated, Unavailable, UnsupportedMedia
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.epcis import soap
from suyuan.epcis.json_text import Limits
from suyuan.epcis.soap import Message, Wrapping
from suyuan.epcis.soap_faults import fault_members, fault_name
from suyuan.epcis.wsdl import write_wsdl
from suyuan.trace.access import admit, ledger_of
from suyuan.trace.bodies import read_body
from suyuan.trace.ledger import Ledger
from suyuan.trace.named_queries import PREDEFINED, find_query
from suyuan.trace.soap_queries import poll, query_names, standing
from suyuan.trace.subscription_desk import Subscriptions
from suyuan.trace.subscriptions import Terms, ids_of

#: Largest call, in bytes: it holds parameters, no events.
MOST_BYTES = 1 << 20
_LIMITS = Limits(body=MOST_BYTES)
_WRAPPINGS = {"application/soap+xml": Wrapping.SOAP_12, "application/xml": Wrapping.BARE, "text/xml": Wrapping.SOAP_11}
#: A challenge for each way in which a key may come.
_CHALLENGE = 'Bearer realm="suyuan", Basic realm="suyuan", charset="UTF-8"'

_CALL = """<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">
  <soapenv:Body>
    <q:Poll xmlns:q="urn:epcglobal:epcis-query:xsd:1">
      <queryName>SimpleEventQuery</queryName>
      <params>
        <param><name>EQ_bizStep</name><value><string>urn:epcglobal:cbv:bizstep:shipping</string></value></param>
      </params>
    </q:Poll>
  </soapenv:Body>
</soapenv:Envelope>"""
_ANSWER = """<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
  <epcisq:QueryResults xmlns:epcisq="urn:epcglobal:epcis-query:xsd:1">
    <queryName>SimpleEventQuery</queryName><resultsBody><EventList/></resultsBody>
  </epcisq:QueryResults>
</soap:Body></soap:Envelope>"""
_XML_BODY = {"schema": {"type": "string"}, "example": _CALL}
_FAULTS = {
    400: "An exception of EPCIS, as a fault of SOAP 1.2 or bare",
    401: "No key: SecurityException",
    413: "Over the limit",
    415: "Not XML",
    500: "An exception of EPCIS, as a fault of SOAP 1.1",
    503: "Busy: send it again",
}


def _described() -> dict[int | str, dict[str, Any]]:
    """Results and faults come in the wrapping of the call; 415 is told before anything is known of that."""
    wrapped = {media_type: {"schema": {"type": "string"}, "example": _ANSWER} for media_type in _WRAPPINGS}
    described = answers({200: {"description": "The operation's result", "content": wrapped}}, _FAULTS)
    faults = {media_type: {"schema": {"type": "string"}} for media_type in _WRAPPINGS}
    return {
        status: response if status == 200 else {**response, "content": {**response["content"], **faults}}
        for status, response in described.items()
    }


log = structlog.get_logger(__name__)
router = APIRouter(prefix="/epcis", tags=["EPCIS 1.2: SOAP"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]


@router.get(
    "/query",
    summary="The WSDL of the SOAP interface",
    responses=answers({200: text_answer("WSDL 1.1", "text/xml", "<wsdl:definitions/>")}, {}),
)
@router.get("/soap", include_in_schema=False)
def wsdl(request: Request) -> Response:
    """The same with and without `?wsdl`, which is where tools look for it."""
    address = f"{request.app.state.settings.base_url()}{request.url.path}"
    return Response(write_wsdl(address), media_type="text/xml")


@router.post(
    "/query",
    summary="Call the EPCIS query control interface by SOAP",
    responses=_described(),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "Poll, Subscribe, Unsubscribe, GetQueryNames, GetSubscriptionIDs, GetStandardVersion or"
            " GetVendorVersion, in a SOAP 1.1 or 1.2 envelope, in an EPCISQueryDocument, or bare",
            "content": dict.fromkeys(_WRAPPINGS, _XML_BODY),
        },
        "security": [{"API key": []}],
    },
)
@router.post("/soap", include_in_schema=False)
async def call(request: Request, ledger: LedgerIs) -> Response:
    """Events come as EPCIS 1.2 has them, with EPC URNs; as 2.0 to a call in the namespace of the 2.0 query schema."""
    media_type = request.headers.get("content-type", "text/xml").partition(";")[0].strip().lower()
    if media_type not in _WRAPPINGS:
        raise UnsupportedMedia(
            f"content type {media_type[:60]!r} is no call", remedy=f"send one of: {', '.join(_WRAPPINGS)}"
        )
    wrapping, message = _WRAPPINGS[media_type], None
    try:
        actor = await admit(request, Permission.READ_EVENTS, basic=True)
        xml = soap.read_request(await read_body(request, MOST_BYTES), _LIMITS)
        wrapping = xml.wrapping
        message = soap.message_in(xml)
        result = await _carry_out(request, ledger, actor, message)
    except SuyuanError as error:
        return _refusal(error, wrapping, message)
    except Exception:
        log.exception("soap.bug")
        return _refusal(SuyuanError("something went wrong here; the failure was logged"), wrapping, message)
    return Response(soap.write_answer(wrapping, result, message, now()), media_type=wrapping.media_type)


async def _carry_out(request: Request, ledger: Ledger, actor: Actor, message: Message) -> str:
    """The written result of a call."""
    soap.check_once(message)
    desk: Subscriptions = request.app.state.subscriptions
    if message.operation == "Subscribe":
        terms = await run_in_threadpool(_terms, ledger, actor, message)
        await desk.subscribe(actor, terms, subscription_id=message.subscription_id)
        return soap.result(message, "SubscribeResult")
    if message.operation == "Unsubscribe":
        await desk.unsubscribe(actor, message.subscription_id)
        return soap.result(message, "UnsubscribeResult")
    return await run_in_threadpool(_look_up, ledger, actor, message)


def _terms(ledger: Ledger, actor: Actor, message: Message) -> Terms:
    with ledger.view() as view:
        return standing(view, actor, message)


def _look_up(ledger: Ledger, actor: Actor, message: Message) -> str:
    if message.operation == "GetStandardVersion":
        return soap.result(message, "GetStandardVersionResult", message.version)
    if message.operation == "GetVendorVersion":
        return soap.result(message, "GetVendorVersionResult", f"suyuan-{__version__}")
    with ledger.view() as view:
        if message.operation == "Poll":
            return soap.query_results(message, poll(view, actor, message))
        if message.operation == "GetQueryNames":
            return soap.list_result(message, "GetQueryNamesResult", query_names(view, actor))
        if message.query_name not in PREDEFINED:
            find_query(view, actor, message.query_name)  # refuses a name that is not there
        return soap.list_result(message, "GetSubscriptionIDsResult", ids_of(view, actor, message.query_name))


def _refusal(error: SuyuanError, wrapping: Wrapping, message: Message | None) -> Response:
    operation, query_name, subscription_id = (
        ("", "", "") if message is None else (message.operation, message.query_name, message.subscription_id)
    )
    name = fault_name(error, operation)
    members = fault_members(error, name, query_name, subscription_id)
    fault = soap.exception(message, name, str(error), members)
    ours = error.status >= 500
    if ours:
        log.error("soap.failed", operation=operation, problem=error.slug, detail=error.detail)
    headers = {"Retry-After": "2"} if isinstance(error, Unavailable) else {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = _CHALLENGE
    body = soap.write_fault(wrapping, fault, str(error), message, now(), ours)
    return Response(body, _status(error, wrapping), headers, media_type=wrapping.media_type)


def _status(error: SuyuanError, wrapping: Wrapping) -> int:
    """SOAP 1.1 has one status for every fault (its section 6.2), SOAP 1.2 two; a missing key is told by HTTP, too."""
    if isinstance(error, Unauthenticated | Unavailable) or wrapping in (Wrapping.BARE, Wrapping.DOCUMENT):
        return error.status
    return 500 if wrapping is Wrapping.SOAP_11 or error.status >= 500 else 400
