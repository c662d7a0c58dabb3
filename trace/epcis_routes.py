"""The EPCIS 2.0 REST interface: discovery, events, and the collections of what events hold (EPCIS 2.0 section 12).

Every answer is JSON, JSON-LD or XML as the client accepts (`suyuan.trace.epcis_headers`), and holds what the asker may
see (`suyuan.trace.event_scope`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from suyuan.base.api_schema import answer, answers
from suyuan.base.errors import NotFound
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.epcis import query_parameters
from suyuan.epcis.context import EPCIS_CONTEXT
from suyuan.epcis.query_parameters import FIXED, read_query
from suyuan.epcis.resource_xml import write_resource
from suyuan.gs1.names import Name, canonical, epc_urn
from suyuan.trace.access import ledger_of, require
from suyuan.trace.epcis_examples import EVENTS_ANSWERED, REFUSALS, in_all_forms
from suyuan.trace.epcis_headers import EpcFormat, Wishes, answer_resource, wishes_of
from suyuan.trace.event_answers import answer_events, ask, query_of
from suyuan.trace.event_query import DEFAULT_PAGE, LARGEST_PAGE, find_event, load_events
from suyuan.trace.event_scope import scope_of, visible
from suyuan.trace.ledger import Ledger
from suyuan.trace.page_tokens import end_token, next_page, page_after, read_cursor, write_cursor
from suyuan.trace.resources import (
    EVENT_TYPES,
    RESOURCES,
    TYPES,
    Cursor,
    Resource,
    has_value,
    list_values,
)

router = APIRouter(prefix="/epcis", tags=["EPCIS 2.0"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]
Reader = Annotated[Actor, Depends(require(Permission.READ_EVENTS))]
WishesAre = Annotated[Wishes, Depends(wishes_of)]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=LARGEST_PAGE, description="Most events or values on a page")]
Token = Annotated[str | None, Query(alias="nextPageToken", description="Where the page begins, from the Link header")]

#: What the collections hold beside the events.
TOP = ("queries", "capture", "events", "eventTypes", "epcs", "readPoints", "bizLocations", "dispositions", "bizSteps")
_COLLECTION = {"@context": EPCIS_CONTEXT, "type": "Collection", "member": ["events"]}


class Collection(msgspec.Struct, frozen=True):
    """Names of resources."""

    context: str = msgspec.field(name="@context")
    type: str
    member: list[str]


def _collection_of(what: str, members: Sequence[str]) -> dict[int | str, dict[str, Any]]:
    example = _COLLECTION | {"member": list(members)}
    described = in_all_forms(answer(Collection, what, example), write_resource("Collection", example))
    return answers({200: described}, REFUSALS)


#: Parameters with a name of their own; those with a unit, a type or an extension in their name come beside them.
_PARAMETERS = {
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
        for name in (*FIXED, *query_parameters.CONTROLS)
    ]
}


def collection(wishes: Wishes, members: Sequence[str], headers: dict[str, str] | None = None) -> Response:
    """A list of names."""
    return answer_resource(
        wishes, "Collection", {"@context": EPCIS_CONTEXT, "type": "Collection", "member": members}, headers
    )


@router.get("", summary="What there is", responses=_collection_of("The top-level resources", TOP))
@router.get("/", include_in_schema=False)
def top_level(wishes: WishesAre, actor: Annotated[Actor, Depends(require(Permission.READ_PUBLIC))]) -> Response:
    """The resources that this repository has, whatever the asker may see of them."""
    return collection(wishes, TOP)


@router.get("/events", summary="Query events", responses=EVENTS_ANSWERED, openapi_extra=_PARAMETERS)
def events(
    request: Request, ledger: LedgerIs, actor: Reader, wishes: WishesAre,
    per_page: PerPage = DEFAULT_PAGE, next_page_token: Token = None,
) -> Response:  # fmt: skip
    """Events that meet every parameter, by event time. A firm sees its own and those of goods that it has held."""
    return _asked(request, ledger, actor, wishes, None, per_page, next_page_token)


def _asked(
    request: Request, ledger: Ledger, actor: Actor, wishes: Wishes, within: tuple[str, str] | None,
    per_page: int, token: str | None,
) -> Response:  # fmt: skip
    """The question of a URL, within a parameter and its value that the path gives."""
    query = query_of(request, wishes)
    if within is not None:
        path = read_query({within[0]: [within[1]]}, wishes.extensions)
        query = msgspec.structs.replace(query, conditions=(*path.conditions, *query.conditions))
    return ask(request, ledger, actor, wishes, query, per_page, token)


@router.get(
    "/events/{event_id:path}", summary="One event and its error declarations",
    responses=EVENTS_ANSWERED | answers({}, {404: "No such event, or none of yours to see"}),
)  # fmt: skip
def event(
    event_id: Annotated[str, Path(description="Encode its slashes and question mark, or leave them")],
    request: Request, ledger: LedgerIs, actor: Reader, wishes: WishesAre,
) -> Response:  # fmt: skip
    """The event with this ID first, then whatever declares it erroneous, as the standard's own interface has it."""
    wanted = _with_version(event_id, request)
    with ledger.view() as view:
        indexes = find_event(view, wanted)
        seen = visible(view, indexes, scope_of(view, actor))
        found = sorted(load_events(view, sorted(seen)), key=lambda each: indexes.index(each.index))
        if not found:
            raise NotFound(f"there is no event {wanted[:200]}")
        return answer_events(view, wishes, found, {})


def _with_version(event_id: str, request: Request) -> str:
    """A hash ID ends in ``?ver=CBV2.0``; a client that does not encode the ``?`` sends that as a query."""
    version = request.query_params.get("ver")
    if event_id.startswith("ni:") and version and "?ver=" not in event_id:
        return f"{event_id}?ver={version}"
    return event_id


@router.get("/eventTypes", summary="Types of events", responses=_collection_of("The five types", TYPES))
def event_types(
    request: Request, wishes: WishesAre, actor: Reader, ledger: LedgerIs,
    per_page: PerPage = DEFAULT_PAGE, next_page_token: Token = None,
) -> Response:  # fmt: skip
    """The types of EPCIS 2.0: extensions of ours stand inside them."""
    with ledger.view() as view:
        start = read_cursor(page_after(view, next_page_token), int, 0)
    more = write_cursor(start + per_page) if start + per_page < len(TYPES) else None
    return collection(wishes, TYPES[start : start + per_page], dict(next_page(request, more)))


def _add_resource(resource: Resource) -> None:
    """The routes of one collection: its values, what one of them has, and the events that have it."""
    path = f"/{resource.path}"
    value_path = f"{path}/{{value:path}}"

    def values(
        request: Request, ledger: LedgerIs, actor: Reader, wishes: WishesAre,
        per_page: PerPage = DEFAULT_PAGE, next_page_token: Token = None,
    ) -> Response:  # fmt: skip
        """Those that the asker's events have, by first appearance; a page may be short with more behind it."""
        with ledger.view() as view:
            cursor = read_cursor(page_after(view, next_page_token), Cursor, Cursor())
            page = list_values(view, resource, scope_of(view, actor), cursor, per_page)
        more = None if page.following is None else write_cursor(page.following)
        members = [_written(each, resource, wishes) for each in page.values]
        return collection(wishes, members, dict(next_page(request, more)))

    def sub_resources(value: str, ledger: LedgerIs, actor: Reader, wishes: WishesAre) -> Response:
        """There is one: its events."""
        with ledger.view() as view:
            known = has_value(view, resource, scope_of(view, actor), value)
        if not known:
            raise NotFound(f"there is no {value[:200]!a} among the {resource.path} that you may see")
        return collection(wishes, ["events"])

    def value_events(
        value: str, request: Request, ledger: LedgerIs, actor: Reader, wishes: WishesAre,
        per_page: PerPage = DEFAULT_PAGE, next_page_token: Token = None,
    ) -> Response:  # fmt: skip
        """Events with this value that meet the parameters, too; none where no event has it."""
        within: tuple[str, str] | None = (resource.parameter, value)
        if resource is EVENT_TYPES:
            within = None if value == "all" else within
            if within and value not in TYPES:
                raise NotFound(f"there is no event type {value[:80]!a}", remedy=f"one of {', '.join(TYPES)}, or all")
        return _asked(request, ledger, actor, wishes, within, per_page, next_page_token)

    name = resource.path
    missing = answers({}, {404: "No such value, or none of yours to see"})
    if resource is not EVENT_TYPES:
        router.add_api_route(
            path, values, methods=["GET"], summary=f"Known {name}", operation_id=f"list_{name}",
            responses=_collection_of("Values", ["https://id.gs1.org/01/09506000134352/21/1001"]),
        )  # fmt: skip
    router.add_api_route(
        f"{value_path}/events", value_events, methods=["GET"], summary=f"Events by one of the {name}",
        operation_id=f"events_of_{name}", responses=EVENTS_ANSWERED | missing, openapi_extra=_PARAMETERS,
    )  # fmt: skip
    router.add_api_route(
        value_path, sub_resources, methods=["GET"], summary=f"What one of the {name} has",
        operation_id=f"sub_resources_of_{name}", responses=_collection_of("Sub-resources", ["events"]) | missing,
    )  # fmt: skip


def _written(value: str | Name, resource: Resource, wishes: Wishes) -> str:
    """A value in the form that was asked for: words bare in JSON and in full in XML, things as links."""
    if isinstance(value, str):
        return resource.vocabulary.full(value) if wishes.xml and resource.vocabulary else value
    urn = epc_urn(*value) if wishes.epc_format is EpcFormat.URN else None
    return urn or canonical(value)


for _resource in RESOURCES:
    _add_resource(_resource)


@router.delete(
    "/nextPageToken/{token}", status_code=204, summary="Give a page token back",
    responses=answers({204: {"description": "The token is refused from now on"}}, {}),
)  # fmt: skip
async def end_page_token(token: str, ledger: LedgerIs, actor: Reader) -> Response:
    """Nothing is held for a token that is given back; one that is not expires after a day."""
    await end_token(ledger, token)
    return Response(status_code=204)
