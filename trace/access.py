"""The gate of every route: who is asking, and may they. The decision itself is `suyuan.base.permissions.decide`."""

from __future__ import annotations

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
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)] = None
    ) -> Actor:
        actor = PUBLIC
        try:
            actor = await _actor(request, credentials)
            decide(actor, permission)
        except (Forbidden, Unauthenticated) as refusal:
            log.warning(
                "access.refused", path=request.url.path, key=actor.key_id, role=actor.role.value, reason=refusal.detail
            )
            raise
        return actor

    return gate


async def _actor(request: Request, credentials: HTTPAuthorizationCredentials | None) -> Actor:
    """Who is asking: the public without an Authorization header, else the owner of the key in it.

    Called, not depended on: what FastAPI does for one dependency takes as long as looking up the key.
    """
    if request.headers.get("authorization") is None:
        return PUBLIC
    if credentials is None:
        raise Unauthenticated("the Authorization header holds no bearer key", remedy="send Authorization: Bearer KEY")
    key_id = key_id_of(credentials.credentials)
    ledger = await ledger_of(request)
    # An embedded database answers sooner than a thread is woken; a served one may take long.
    stored = ledger.find_key(key_id) if ledger.embedded else await run_in_threadpool(ledger.find_key, key_id)
    return authenticate(credentials.credentials, stored, now())
