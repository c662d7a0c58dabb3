"""Master data over HTTP: parties, sites and products."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from suyuan.base.api_schema import answer, answers, body_of
from suyuan.base.errors import InvalidDocument, InvalidIdentifier
from suyuan.base.identity import Actor
from suyuan.base.permissions import Permission
from suyuan.gs1.names import canonical
from suyuan.trace.access import ledger_of, require
from suyuan.trace.acts import MasterDataChanged, Recorded
from suyuan.trace.bodies import json_response, read_body
from suyuan.trace.ledger import Ledger
from suyuan.trace.lookup import read_name
from suyuan.trace.master_data import MasterData

router = APIRouter(prefix="/api/v1", tags=["master data"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]

_EXAMPLE = {
    "parties": [{"id": "https://id.gs1.org/417/9506000000000", "name": {"zh": "示例农场", "en": "Example farm"}}],
    "sites": [
        {
            "id": "https://id.gs1.org/414/9506000000017",
            "name": {"en": "Gate 3"},
            "party": "https://id.gs1.org/417/9506000000000",
            "latitude": 36.07,
            "longitude": 120.38,
        }
    ],
    "products": [
        {
            "id": "https://id.gs1.org/01/09506000134352",
            "name": {"en": "Pork belly"},
            "party": "https://id.gs1.org/417/9506000000000",
            "shelf_life_days": 7,
        }
    ],
}


@router.put(
    "/masterdata",
    summary="Add or change parties, sites and products",
    responses=answers(
        {200: answer(Recorded, "The new versions' place in the log", {"index": 4711, "time": 1791793800000000})},
        {400: "Not valid", 403: "Not allowed", 413: "Over the limit", 503: "Busy: send it again"},
    ),
    openapi_extra=body_of(MasterData, "Records; each becomes a new version", _EXAMPLE, ("application/json",)),
)
async def put_master_data(
    request: Request, ledger: LedgerIs, actor: Annotated[Actor, Depends(require(Permission.EDIT_MASTER_DATA))]
) -> Response:
    """Earlier versions stay and answer questions about the past."""
    body = await read_body(request, request.app.state.settings.max_body_bytes)
    try:
        data = msgspec.json.decode(body, type=MasterData)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidDocument(f"these are not master data: {error}"[:300]) from None
    change = MasterDataChanged(actor.key_id, under_canonical_names(data))
    recorded = await ledger.writer.call("master-data-changed", change, Recorded)
    return json_response(recorded)


def under_canonical_names(data: MasterData) -> MasterData:
    """Records under their canonical names, whatever form they were written in."""
    replace = msgspec.structs.replace

    def named(identifier: str, place: str) -> str:
        try:
            return canonical(read_name(identifier))
        except InvalidIdentifier as error:
            raise InvalidDocument(error.detail, place=place) from None

    return MasterData(
        [replace(party, id=named(party.id, f"/parties/{n}/id")) for n, party in enumerate(data.parties)],
        [
            replace(
                site, id=named(site.id, f"/sites/{n}/id"),
                party=named(site.party, f"/sites/{n}/party") if site.party else "",
            )
            for n, site in enumerate(data.sites)
        ],
        [
            replace(
                product, id=named(product.id, f"/products/{n}/id"),
                party=named(product.party, f"/products/{n}/party") if product.party else "",
            )
            for n, product in enumerate(data.products)
        ],
    )  # fmt: skip


@router.get(
    "/masterdata",
    summary="All master data, latest versions",
    responses={200: answer(MasterData, "Records", _EXAMPLE)},
)
def get_master_data(ledger: LedgerIs, actor: Annotated[Actor, Depends(require(Permission.READ_PUBLIC))]) -> Response:
    """Parties, sites and products as they are known now."""
    with ledger.view() as view:
        data = MasterData(list(view.parties.values()), list(view.sites.values()), list(view.products.values()))
    return json_response(data)
