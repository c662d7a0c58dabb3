"""API keys over HTTP: only the administrator; the secret is shown once and stored only as a hash."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from suyuan.base.api_schema import answer, answers, body_of
from suyuan.base.clock import format_time, now, parse_time
from suyuan.base.errors import InvalidInput
from suyuan.base.identity import Actor, ApiKey, Role, new_key
from suyuan.base.permissions import Permission
from suyuan.epcis.leniency import FORGIVABLE
from suyuan.gs1.names import canonical
from suyuan.trace.access import ledger_of, require
from suyuan.trace.acts import KeyAdded, KeyRevoked, Recorded
from suyuan.trace.bodies import json_response, read_body
from suyuan.trace.ledger import Ledger
from suyuan.trace.lookup import read_name

router = APIRouter(prefix="/api/v1/keys", tags=["keys"])
LedgerIs = Annotated[Ledger, Depends(ledger_of)]
Administrator = Annotated[Actor, Depends(require(Permission.MANAGE_KEYS))]

_ORDER_BYTES = 16 * 1024
#: Longest name of a key, in characters.
_NAME = 200


class KeyOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a new key is for. ``party`` is a firm's GLN or PGLN in any form; ``expires`` ISO 8601 with a zone.

    ``lenient`` names the rules that events of this source may break, or is ``["all"]`` for all that can be forgiven.
    """

    role: str
    name: str
    party: str | None = None
    expires: str | None = None
    lenient: tuple[str, ...] = ()


class KeyShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key as it is listed; ``key`` is its text, only in the answer to its making."""

    id: str
    name: str
    role: str
    party: str
    created: str
    expires: str | None = None
    revoked: str | None = None
    key: str | None = None
    lenient: tuple[str, ...] = ()


_SHOWN = {"id": "0a1b2c3d4e5f", "name": "gate 3", "role": "device", "party": "", "created": "2026-10-12T00:00:00Z"}


def make_key(order: KeyOrder, at: int) -> tuple[str, ApiKey]:
    """A new key's text and its stored form; `InvalidInput` names the member that is wrong."""
    try:
        role = Role(order.role)
    except ValueError:
        role = Role.PUBLIC
    if role is Role.PUBLIC:
        known = ", ".join(sorted({role.value for role in Role} - {Role.PUBLIC.value}))
        raise InvalidInput(f"there is no role {order.role[:40]!r}", place="role", remedy=f"one of {known}")
    if not order.name.strip() or len(order.name) > _NAME or not order.name.strip().isprintable():
        raise InvalidInput(f"a name of 1 to {_NAME} printable characters is needed", place="name")
    party = canonical(read_name(order.party)) if order.party else ""
    expires = parse_time(order.expires)[0] if order.expires else None
    if expires is not None and expires <= at:
        raise InvalidInput("the key would have expired already", place="expires")
    return new_key(order.name.strip(), role, party, at, expires, _rules(order.lenient))


def _rules(names: tuple[str, ...]) -> tuple[str, ...]:
    """The rules that are meant, in order."""
    if names == ("all",):
        return tuple(sorted(FORGIVABLE))
    for name in names:
        if name not in FORGIVABLE:
            known = ", ".join(sorted(FORGIVABLE))
            raise InvalidInput(
                f"no source is forgiven {name[:40]!r}", place="lenient", remedy=f"all, or some of {known}"
            )
    return tuple(sorted(set(names)))


def show(key: ApiKey, text: str | None = None) -> KeyShown:
    """A key without its hash."""
    return KeyShown(
        key.id, key.name, key.role.value, key.party, format_time(key.created),
        format_time(key.expires) if key.expires else None, format_time(key.revoked) if key.revoked else None, text,
        key.lenient,
    )  # fmt: skip


@router.post(
    "",
    status_code=201,
    summary="Add a key",
    responses=answers(
        {201: answer(KeyShown, "The key; its text is never shown again", _SHOWN)},
        {400: "Not valid", 403: "Not allowed"},
    ),
    openapi_extra=body_of(KeyOrder, "What the key is for", {"role": "device", "name": "gate 3"}, ("application/json",)),
)
async def add(request: Request, ledger: LedgerIs, actor: Administrator) -> Response:
    """A new key for a device, a firm or an authority."""
    body = await read_body(request, _ORDER_BYTES)
    try:
        order = msgspec.json.decode(body, type=KeyOrder)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"this is not an order for a key: {error}"[:300]) from None
    text, key = make_key(order, now())
    await ledger.writer.call("key-added", KeyAdded(actor.key_id, key), Recorded)
    return json_response(show(key, text), 201, {"Cache-Control": "no-store"})


@router.get(
    "", summary="All keys", responses=answers({200: answer(list[KeyShown], "Oldest first", [_SHOWN])}, {403: "No"})
)
def index(ledger: LedgerIs, actor: Administrator) -> Response:
    """Keys without their secrets; revoked ones stay on the list."""
    return json_response([show(key) for key in ledger.all_keys()])


@router.delete(
    "/{key_id}",
    status_code=204,
    summary="Revoke a key",
    responses=answers({204: {"description": "Revoked from now on"}}, {404: "No such key", 409: "Already revoked"}),
)
async def revoke(key_id: str, ledger: LedgerIs, actor: Administrator) -> Response:
    """What the key has signed for stays; it opens nothing more."""
    await ledger.writer.call("key-revoked", KeyRevoked(actor.key_id, key_id[:64]), Recorded)
    return Response(status_code=204)
