"""EPCIS vocabularies over HTTP: the SimpleMasterDataQuery, the versions of an element, new ones by the administrator.

Firms bring theirs in captured documents. The standard's REST binding has no resource for them, so they stand beside
the other master data.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from suyuan.base.api_schema import LARGEST_NUMBER, answer, answers, body_of
from suyuan.base.errors import InvalidDocument, InvalidInput
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.epcis.json_text import Limits, read_json
from suyuan.epcis.master_data_query import read_query
from suyuan.epcis.vocabulary_elements import Element, element_object, read_elements, type_of, vocabulary_list
from suyuan.trace.access import ledger_of, require
from suyuan.trace.acts import MasterDataChanged, Recorded
from suyuan.trace.bodies import json_response, read_body
from suyuan.trace.imported_records import records_of
from suyuan.trace.ledger import Ledger
from suyuan.trace.master_data import MasterData
from suyuan.trace.master_data_query import run_query
from suyuan.trace.vocabularies import CHANGED, VocabularyChanged, count_by_type, owners_for, read_versions

router = APIRouter(prefix="/api/v1/vocabularies", tags=["master data"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]
Reader = Annotated[Actor, Depends(require(Permission.READ_PUBLIC))]
AsOf = Annotated[int | None, Query(ge=0, le=LARGEST_NUMBER, description="Size of the log that is looked back to")]

_EXAMPLE = {
    "vocabularyList": [
        {
            "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
            "vocabularyElementList": [
                {
                    "id": "urn:epc:id:sgln:0614141.00777.0",
                    "attributes": [{"id": "urn:epcglobal:cbv:mda#name", "attribute": "Cold store"}],
                    "children": ["urn:epc:id:sgln:0614141.00777.1"],
                }
            ],
        }
    ]
}
_VERSION = {"owner": "https://id.gs1.org/417/0614141000012", "index": 4711, "element": {"id": "urn:x"}}


class Shown(msgspec.Struct, frozen=True):
    """One version of an element; ``owner`` is empty for the administrator's."""

    owner: str
    index: int
    element: dict[str, Any]


@router.get(
    "",
    summary="Elements of EPCIS vocabularies, by the parameters of the SimpleMasterDataQuery",
    responses=answers(
        {200: answer(dict[str, Any], "The elements that match, by vocabulary", _EXAMPLE)},
        {400: "A parameter that cannot be read", 413: "Too many elements: ask for fewer"},
    ),
)
def elements(request: Request, ledger: LedgerIs, actor: Reader, as_of: AsOf = None) -> Response:
    """Takes `vocabularyName`, `EQ_name`, `WD_name`, `HASATTR`, `EQATTR_...`, `attributeNames`, `maxElementCount`, and
    `includeAttributes` and `includeChildren`, which are true here unless false. Values are repeated, or joined by `|`.

    A firm sees what it has said itself, and the administrator's; an authority sees all.
    """
    parameters: dict[str, Any] = {"includeAttributes": "true", "includeChildren": "true"}
    for name in request.query_params:
        if name != "as_of":
            parameters[name] = [part for text in request.query_params.getlist(name) for part in text.split("|")]
    query = read_query(parameters)
    with ledger.view(as_of) as view:
        found = run_query(view, owners_for(actor), query)
    return json_response(vocabulary_list(found))


@router.get(
    "/types",
    summary="The vocabularies that there are",
    responses={200: answer(dict[str, int], "Elements by type", {"urn:epcglobal:epcis:vtype:ReadPoint": 5})},
)
def types(ledger: LedgerIs, actor: Reader) -> Response:
    """Each with the number of its present elements, as far as the asker sees them."""
    with ledger.view() as view:
        return json_response(count_by_type(view, owners_for(actor)))


@router.get(
    "/versions",
    summary="What has been said of one element, and when",
    responses=answers({200: answer(list[Shown], "Oldest first", [_VERSION])}, {400: "A parameter is missing"}),
)
def versions(
    ledger: LedgerIs,
    actor: Reader,
    vocabulary: Annotated[str, Query(max_length=2_000, examples=["urn:epcglobal:epcis:vtype:ReadPoint"])],
    element: Annotated[str, Query(max_length=2_000, examples=["urn:epc:id:sgln:0614141.00777.0"])],
) -> Response:
    """Each version counts from its log index until the next one of the same owner."""
    with ledger.view() as view:
        found = read_versions(view, owners_for(actor), type_of(vocabulary), element)
    return json_response([Shown(version.owner, version.index, element_object(version.element)) for version in found])


@router.put(
    "",
    summary="Add or change elements of EPCIS vocabularies",
    responses=answers(
        {200: answer(Recorded, "The new versions' place in the log", {"index": 4711, "time": 1791793800000000})},
        {400: "Not valid", 401: "No key", 403: "Not allowed", 413: "Over the limit", 503: "Busy: send it again"},
    ),
    openapi_extra=body_of(None, "An epcisMasterData object", _EXAMPLE, ("application/json",)),
)
async def put_elements(
    request: Request, ledger: LedgerIs, actor: Annotated[Actor, Depends(require(Permission.EDIT_MASTER_DATA))]
) -> Response:
    """Everybody sees these. Earlier versions stay and answer questions about the past; an element is given whole.

    Parties, sites and products that have no record yet get one from what their elements say (CBV 2.0 section 10), so
    that pages show a name; a record that is there is left alone.
    """
    settings = request.app.state.settings
    limits = Limits(body=settings.max_body_bytes, events=settings.max_events)
    body = await read_body(request, limits.body)
    whole = read_json(body, limits)
    if not isinstance(whole, dict):
        raise InvalidDocument("expected an object with a vocabularyList")
    given = read_elements(body, msgspec.json.encode(whole.get("@context")), limits, "")
    if not given:
        raise InvalidInput("there is no element", place="/vocabularyList", remedy="give at least one")
    order = VocabularyChanged(actor.key_id, "", given)
    recorded = await ledger.writer.call(CHANGED, order, Recorded)
    if records := await run_in_threadpool(_new_records, ledger, given):
        await ledger.writer.call("master-data-changed", MasterDataChanged(actor.key_id, records), Recorded)
    return json_response(recorded)


def _new_records(ledger: Ledger, given: list[Element]) -> MasterData | None:
    found = records_of(given)
    with ledger.view() as view:
        fresh = MasterData(
            [party for party in found.parties if party.id not in view.parties],
            [site for site in found.sites if site.id not in view.sites],
            [product for product in found.products if product.id not in view.products],
        )
    return fresh if fresh.parties or fresh.sites or fresh.products else None
