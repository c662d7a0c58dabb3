"""The gate of every route: who is asking, and may they. The decision itself is `suyuan.base.permissions.decide`."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from suyuan.base.clock import now
from suyuan.base.errors import Forbidden, Unauthenticated
from suyuan.base.identity import PUBLIC, Actor, authenticate, key_id_of
from suyuan.base.permissions import Permission, decide
from suyuan.trace.ledger import Ledger

log = structlog.get_logger(__name__)

_BEARER = HTTPBearer(auto_error=False, scheme_name="API key", description="sy_<id>_<secret>, from `suyuan keys add`")


async def ledger_of(request: Request) -> Ledger:
    """The application's ledger."""
    ledger: Ledger = request.app.state.ledger
    return ledger


def require(permission: Permission) -> Callable[..., Awaitable[Actor]]:
    """A dependency that gives the actor, or refuses; every refusal is logged."""

    async def gate(
        request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)] = None
    ) -> Actor:
        return await admit(request, permission)

    return gate


async def admit(request: Request, permission: Permission, *, basic: bool = False) -> Actor:
    """Who is asking, when they may; every refusal is logged. ``basic``: a key may come as the password of HTTP Basic,
    which is all that clients of EPCIS 1.2 know.
    """
    actor = PUBLIC
    try:
        actor = await _actor(request, basic)
        decide(actor, permission)
    except (Forbidden, Unauthenticated) as refusal:
        log.warning(
            "access.refused", path=request.url.path, key=actor.key_id, role=actor.role.value, reason=refusal.detail
        )
        raise
    return actor


async def _actor(request: Request, basic: bool) -> Actor:
    """Who is asking: the public without an Authorization header, else the owner of the key in it.

    Called, not depended on: what FastAPI does for one dependency takes as long as looking up the key.
    """
    header = request.headers.get("authorization")
    if header is None:
        return PUBLIC
    return await owner_of_key(await ledger_of(request), _key_in(header, basic))


async def owner_of_key(ledger: Ledger, key: str) -> Actor:
    """Who has this key; `Unauthenticated` when it opens nothing."""
    key_id = key_id_of(key)
    # An embedded database answers sooner than a thread is woken; a served one may take long.
    stored = ledger.find_key(key_id) if ledger.embedded else await run_in_threadpool(ledger.find_key, key_id)
    return authenticate(key, stored, now())


def _key_in(header: str, basic: bool) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer" and value:
        return value
    if basic and scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().rpartition(":")[2]
        except ValueError:
            raise Unauthenticated("the Authorization header is no HTTP Basic (RFC 7617)") from None
    raise Unauthenticated("the Authorization header holds no bearer key", remedy="send Authorization: Bearer KEY")
