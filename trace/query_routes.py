"""Named queries over HTTP (EPCIS 2.0 section 12: /queries). Subscriptions to them are in `subscription_routes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from suyuan.base.api_schema import answer, answers, body_of
from suyuan.base.errors import InvalidInput, UnsupportedMedia
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.epcis.context import extended
from suyuan.epcis.json_text import Limits, read_json
from suyuan.epcis.resource_xml import write_resource
from suyuan.trace import named_queries
from suyuan.trace.access import ledger_of, require
from suyuan.trace.bodies import read_body
from suyuan.trace.epcis_examples import EVENTS_ANSWERED, REFUSALS, in_all_forms
from suyuan.trace.epcis_headers import Wishes, answer_list, answer_resource, wishes_of
from suyuan.trace.event_answers import PAGING, ask
from suyuan.trace.event_query import DEFAULT_PAGE, LARGEST_PAGE
from suyuan.trace.ledger import Ledger
from suyuan.trace.named_queries import Definition, NamedQuery
from suyuan.trace.page_tokens import next_page, page_after, read_cursor, write_cursor

_JSON_TYPES = ("application/json", "application/ld+json")
#: Bytes of a definition.
_LARGEST = 262_144
_LIMITS = Limits(body=_LARGEST, depth=12, string=4_000)

router = APIRouter(prefix="/epcis/queries", tags=["EPCIS 2.0: queries"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]
Reader = Annotated[Actor, Depends(require(Permission.READ_EVENTS))]
WishesAre = Annotated[Wishes, Depends(wishes_of)]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=LARGEST_PAGE)]
Token = Annotated[str | None, Query(alias="nextPageToken")]


class QueryDefinition(msgspec.Struct, frozen=True):
    """A query as clients write and read it: its parameters as in the standard's query schema."""

    name: str
    query: dict[str, Any]


_EXAMPLE = {"name": "shippedMeat", "query": {"eventType": ["ObjectEvent"], "EQ_bizStep": ["shipping", "receiving"]}}
_LIST = answer(list[QueryDefinition], "Oldest first", [_EXAMPLE])
_ONE = answer(QueryDefinition, "What it asks", _EXAMPLE)
_MISSING = answers({}, {404: "No such query of yours"})


@router.get(
    "", summary="Named queries",
    responses=answers({200: in_all_forms(_LIST, write_resource("QueryList", {"query": [_EXAMPLE]}))}, REFUSALS),
)  # fmt: skip
def list_queries(
    request: Request, ledger: LedgerIs, actor: Reader, wishes: WishesAre,
    per_page: PerPage = DEFAULT_PAGE, next_page_token: Token = None,
) -> Response:  # fmt: skip
    """Those that keys of the same firm have stored."""
    with ledger.view() as view:
        after = read_cursor(page_after(view, next_page_token), int, -1)
        found = named_queries.listed(view, actor, after, per_page + 1)
    shown = found[:per_page]
    more = write_cursor(shown[-1].idx) if len(found) > per_page else None
    return answer_list(wishes, "QueryList", "query", [_shown(each) for each in shown], next_page(request, more))


@router.post(
    "", status_code=201, summary="Store a query",
    responses=answers(
        {201: {"description": "Stored; Location names it"}},
        REFUSALS | {409: "The name is taken", 413: "Too large, or too many queries", 415: "Not JSON"},
    ),
    openapi_extra=body_of(QueryDefinition, "A name and the question", _EXAMPLE, _JSON_TYPES),
)  # fmt: skip
async def store_query(request: Request, ledger: LedgerIs, actor: Reader, wishes: WishesAre) -> Response:
    """Prefixes in its parameters mean what its ``@context`` or the GS1-Extensions header says."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _JSON_TYPES:
        raise UnsupportedMedia("a query is written in JSON", remedy=f"send one of: {', '.join(_JSON_TYPES)}")
    name, definition = _definition(await read_body(request, _LARGEST), wishes.extensions)
    await named_queries.store(ledger, actor, name, definition)
    return Response(status_code=201, headers={"Location": f"/epcis/queries/{quote(name, safe='')}"})


def _definition(body: bytes, extensions: Mapping[str, str]) -> tuple[str, Definition]:
    written = read_json(body, _LIMITS)
    if not isinstance(written, dict) or not isinstance(written.get("name"), str):
        raise InvalidInput("a query has a name", place="name", remedy='send {"name": "...", "query": {...}}')
    asks = written.get("query")
    if not isinstance(asks, dict):
        raise InvalidInput("a query has parameters", place="query", remedy='send {"name": "...", "query": {...}}')
    unknown = sorted(set(written) - {"name", "query", "@context"})
    if unknown:
        raise InvalidInput("there is no such member of a query", place=unknown[0][:80])
    namespaces = dict(extensions)
    for context in (written.get("@context"), asks.get("@context")):
        namespaces |= extended({}, context)
    return written["name"], Definition({key: asks[key] for key in asks if key != "@context"}, namespaces)


def _shown(found: NamedQuery) -> dict[str, Any]:
    asks = dict(found.definition.parameters)
    if found.definition.namespaces:
        asks["@context"] = found.definition.namespaces
    return {"name": found.name, "query": asks}


@router.get(
    "/{query_name}", summary="One query",
    responses=answers({200: in_all_forms(_ONE, write_resource("Query", _EXAMPLE))}, REFUSALS) | _MISSING,
)  # fmt: skip
def show_query(query_name: str, ledger: LedgerIs, actor: Reader, wishes: WishesAre) -> Response:
    """Its definition; SimpleEventQuery is there for everybody and asks for everything."""
    with ledger.view() as view:
        return answer_resource(wishes, "Query", _shown(named_queries.find_query(view, actor, query_name)))


@router.delete(
    "/{query_name}", status_code=204, summary="Delete a query",
    responses=answers({204: {"description": "Deleted"}}, {406: REFUSALS[406]}) | _MISSING,
)  # fmt: skip
async def delete_query(query_name: str, ledger: LedgerIs, actor: Reader, wishes: WishesAre) -> Response:
    """Its subscriptions end with it, and its name is free again."""
    await named_queries.delete(ledger, actor, query_name)
    return Response(status_code=204)


@router.get(
    "/{query_name}/events", summary="Run a query", responses=EVENTS_ANSWERED | _MISSING,
)  # fmt: skip
def run(
    request: Request, query_name: str, ledger: LedgerIs, actor: Reader, wishes: WishesAre,
    per_page: PerPage = DEFAULT_PAGE, next_page_token: Token = None,
) -> Response:  # fmt: skip
    """Its events, as the asker may see them now. The same address as a WebSocket subscribes to it."""
    more = sorted(set(request.query_params) - PAGING)
    if more:
        remedy = "ask /epcis/events, or store another query"
        raise InvalidInput("a named query takes no parameters when it is run", place=more[0][:80], remedy=remedy)
    with ledger.view() as view:
        query = named_queries.find_query(view, actor, query_name).definition.read()
    return ask(request, ledger, actor, wishes, query, per_page, next_page_token, query_name)
