"""Subscriptions to queries over HTTP (EPCIS 2.0 section 12: /queries/{queryName}/subscriptions)."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from suyuan.base.api_schema import answer, answers, body_of
from suyuan.base.clock import format_time, parse_time
from suyuan.base.errors import InvalidInput, InvalidSubscription, UnsupportedMedia
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.trace import subscriptions
from suyuan.trace.access import ledger_of, require
from suyuan.trace.bodies import read_value
from suyuan.trace.epcis_headers import JSON, EpcFormat, Wishes, answer_list, answer_resource, wishes_of
from suyuan.trace.ledger import Ledger
from suyuan.trace.named_queries import find_query
from suyuan.trace.page_tokens import next_page, page_after, read_cursor, write_cursor
from suyuan.trace.subscription_desk import Subscriptions
from suyuan.trace.subscriptions import Form, Subscription, Terms

_JSON_TYPES: Final = ("application/json", "application/ld+json")
#: Bytes of an order; the query is stored elsewhere.
_LARGEST_ORDER: Final = 65_536
DEFAULT_PAGE, LARGEST_PAGE = 30, 100

router = APIRouter(prefix="/epcis/queries/{query_name}/subscriptions", tags=["EPCIS 2.0: subscriptions"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]
Reader = Annotated[Actor, Depends(require(Permission.READ_EVENTS))]
WishesAre = Annotated[Wishes, Depends(wishes_of)]


class SubscriptionOrder(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a client orders; ``secret`` is another name that the standard has for ``signatureToken``."""

    dest: str
    signature_token: str = ""
    secret: str = ""
    stream: bool = False
    schedule: dict[str, str | int] | None = None
    report_if_empty: bool = False
    initial_record_time: str | None = None


class SubscriptionStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A subscription as its owner sees it: the secret is not shown. Members with a colon are extensions of ours."""

    subscription_id: str = msgspec.field(name="subscriptionID")
    query_name: str
    dest: str
    created_at: str
    stream: bool | None = None
    schedule: dict[str, str] | None = None
    report_if_empty: bool = False
    initial_record_time: str | None = None
    min_record_time: str | None = None
    last_notified_at: str | None = None
    epc_format: str | None = None
    next_run: str | None = msgspec.field(name="suyuan:nextRun", default=None)
    sequence: int = msgspec.field(name="suyuan:sequence", default=0)
    waiting: bool = msgspec.field(name="suyuan:reportWaiting", default=False)
    failures: int = msgspec.field(name="suyuan:failures", default=0)
    failing_since: str | None = msgspec.field(name="suyuan:failingSince", default=None)
    problem: str = msgspec.field(name="suyuan:problem", default="")


_ORDER_EXAMPLE = {
    "dest": "https://client.example.com/queryCallback",
    "signatureToken": "13df38d8275b13f05704629e5f1cf3d45d6132d5",
    "schedule": {"hour": "1", "minute": "5"},
    "reportIfEmpty": True,
}
_STATUS_EXAMPLE = {
    "subscriptionID": "df5a33e35aa34403ae0199b83234e27b",
    "queryName": "MyQuery",
    "dest": "https://client.example.com/queryCallback",
    "createdAt": "2026-10-12T00:31:00.000Z",
    "schedule": {"hour": "1", "minute": "5"},
    "reportIfEmpty": True,
    "lastNotifiedAt": "2026-10-13T01:05:00.120Z",
    "suyuan:nextRun": "2026-10-14T01:05:00.000Z",
    "suyuan:sequence": 1,
}


@router.post(
    "",
    status_code=201,
    summary="Subscribe to a query",
    responses=answers(
        {201: answer(SubscriptionStatus, "Subscribed; Location names it", _STATUS_EXAMPLE)},
        {
            400: "Controls that cannot be (SubscriptionControlsException)",
            401: "No key",
            403: "A role that may not read events",
            404: "No such query",
            406: "A form that is not written here",
            413: "Too many subscriptions",
            415: "Not JSON",
        },
    ),
    openapi_extra=body_of(SubscriptionOrder, "A schedule, or stream", _ORDER_EXAMPLE, _JSON_TYPES),
)
async def create(request: Request, query_name: str, ledger: LedgerIs, actor: Reader, wishes: WishesAre) -> Response:
    """Reports come as POST requests to ``dest``, in the media type and forms that this request asks for."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _JSON_TYPES:
        raise UnsupportedMedia("a subscription is ordered in JSON", remedy="send Content-Type: application/json")
    try:
        order = await read_value(request, SubscriptionOrder, _LARGEST_ORDER)
    except InvalidInput as error:
        raise InvalidSubscription(error.detail, place=error.place, remedy=error.remedy) from None
    terms = await run_in_threadpool(_terms, ledger, actor, query_name, order, wishes)
    desk: Subscriptions = request.app.state.subscriptions
    made = await desk.subscribe(actor, terms, order.signature_token or order.secret)
    status = await run_in_threadpool(_status, ledger, actor, made)
    location = {"Location": f"{request.url.path}/{made}"}
    answered = _answer(wishes, status, location)
    answered.status_code = 201
    return answered


def _terms(ledger: Ledger, actor: Actor, query_name: str, order: SubscriptionOrder, wishes: Wishes) -> Terms:
    with ledger.view() as view:
        query = find_query(view, actor, query_name).definition
    schedule = {name: str(value) for name, value in (order.schedule or {}).items()}
    if order.schedule is not None and not schedule:
        raise InvalidSubscription("the schedule has no field", place="schedule")
    return Terms(
        query_name=query_name, parameters=query.parameters, namespaces=wishes.extensions | query.namespaces,
        dest=order.dest,        stream=order.stream, schedule=schedule, report_if_empty=order.report_if_empty,
        initial_record_time=_time(order.initial_record_time), form=form_of(wishes),
    )  # fmt: skip


def form_of(wishes: Wishes) -> Form:
    """The form of reports that a request asks for; JSON comes as JSON-LD."""
    media_type = wishes.media_type if wishes.xml else subscriptions.JSON
    return Form(media_type, wishes.version, wishes.epc_format.value, wishes.cbv_format.value)


def _time(value: str | None) -> int | None:
    if value is None:
        return None
    try:
        return parse_time(value)[0]
    except InvalidInput as error:
        raise InvalidSubscription(error.detail, place="initialRecordTime", remedy=error.remedy) from None


@router.get(
    "",
    summary="Live subscriptions to a query",
    responses=answers(
        {200: answer(list[SubscriptionStatus], "Oldest first; Link holds the next page", [_STATUS_EXAMPLE])},
        {401: "No key", 403: "A role that may not read events", 404: "No such query", 406: "No such form"},
    ),
)
def listed(
    request: Request,
    query_name: str,
    ledger: LedgerIs,
    actor: Reader,
    wishes: WishesAre,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=LARGEST_PAGE)] = DEFAULT_PAGE,
    next_page_token: Annotated[str | None, Query(alias="nextPageToken")] = None,
) -> Response:
    """Those of the asker's firm."""
    with ledger.view() as view:
        find_query(view, actor, query_name)
        after = read_cursor(page_after(view, next_page_token), int, -1)
        found = subscriptions.listed(view, actor, query_name, after, per_page + 1)
    headers = next_page(request, write_cursor(found[per_page - 1].idx) if len(found) > per_page else None)
    members = [msgspec.to_builtins(status_of(each)) for each in found[:per_page]]
    return answer_list(wishes, "subscriptions", "subscription", members, headers)


@router.get(
    "/{subscription_id}",
    summary="One subscription, and how it fares",
    responses=answers(
        {200: answer(SubscriptionStatus, "The subscription", _STATUS_EXAMPLE)},
        {401: "No key", 403: "A role that may not read events", 404: "No such subscription", 406: "No such form"},
    ),
)
def one(query_name: str, subscription_id: str, ledger: LedgerIs, actor: Reader, wishes: WishesAre) -> Response:
    """A subscription that has ended, or is another firm's, is not found."""
    return _answer(wishes, _status(ledger, actor, subscription_id, query_name))


@router.delete(
    "/{subscription_id}",
    status_code=204,
    summary="Unsubscribe",
    responses=answers(
        {204: {"description": "Ended; a report that is under way may still arrive"}},
        {401: "No key", 403: "A role that may not read events", 404: "No such subscription"},
    ),
)
async def delete(request: Request, query_name: str, subscription_id: str, actor: Reader) -> Response:
    """Ends a subscription and forgets its secret."""
    desk: Subscriptions = request.app.state.subscriptions
    await desk.unsubscribe(actor, subscription_id, query_name)
    return Response(status_code=204)


def _status(ledger: Ledger, actor: Actor, subscription_id: str, query_name: str | None = None) -> SubscriptionStatus:
    with ledger.view() as view:
        return status_of(subscriptions.find(view, actor, subscription_id, query_name))


def _answer(wishes: Wishes, status: SubscriptionStatus, headers: dict[str, str] | None = None) -> Response:
    members: dict[str, Any] = msgspec.to_builtins(status)
    if not wishes.xml:
        members = {"@context": {"suyuan": "https://ns.suyuan.example/voc/"}} | members
    if wishes.media_type == JSON and wishes.epc_format is not EpcFormat.NO_PREFERENCE:
        headers = (headers or {}) | {"GS1-EPC-Format": wishes.epc_format.value}
    return answer_resource(wishes, "subscription", members, headers)


def status_of(subscription: Subscription) -> SubscriptionStatus:
    """What is told of a subscription."""
    terms, progress = subscription.terms, subscription.progress
    times = terms.times
    next_run = times.after(progress.last_run or subscription.created) if times is not None else None
    return SubscriptionStatus(
        subscription_id=subscription.id, query_name=terms.query_name, dest=terms.dest,
        created_at=format_time(subscription.created), stream=True if terms.stream else None,
        schedule=terms.schedule or None, report_if_empty=terms.report_if_empty,
        initial_record_time=_written(terms.initial_record_time),
        min_record_time=_written(progress.last_run or terms.initial_record_time or subscription.created),
        last_notified_at=_written(progress.last_notified),
        epc_format=terms.form.epc_format or None, next_run=_written(next_run), sequence=progress.sequence,
        waiting=progress.batch is not None, failures=progress.failures,
        failing_since=_written(progress.failing_since), problem=progress.problem,
    )  # fmt: skip


def _written(time: int | None) -> str | None:
    return None if time is None else format_time(time)
