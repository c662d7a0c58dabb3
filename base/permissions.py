"""Who may do what: the one table, and the one function that decides (DESIGN sections 9 and 13)."""

from __future__ import annotations

from enum import StrEnum

from suyuan.base.errors import Forbidden, Unauthenticated
from suyuan.base.identity import Actor, Role


class Permission(StrEnum):
    """Something that may be allowed to a role."""

    READ_PUBLIC = "read public pages, provenance, proofs, the log and status"
    CAPTURE = "capture events"
    READ_EVENTS = "read events"
    TRACE = "trace things back and forward"
    PRINT_LABELS = "make labels"
    RECALL = "launch and read recalls"
    MANAGE_KEYS = "add, list and revoke API keys"
    EDIT_MASTER_DATA = "change master data"


_PUBLIC = frozenset({Permission.READ_PUBLIC})
_FIRM = _PUBLIC | {Permission.CAPTURE, Permission.READ_EVENTS, Permission.TRACE, Permission.PRINT_LABELS}

#: The whole of access control. Organisations (producer, logistics, retailer) see within their Scope only.
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.PUBLIC: _PUBLIC,
    Role.DEVICE: _PUBLIC | {Permission.CAPTURE},
    Role.PRODUCER: _FIRM,
    Role.LOGISTICS: _FIRM,
    Role.RETAILER: _FIRM,
    Role.LABORATORY: _PUBLIC,
    Role.REGULATOR: _PUBLIC | {Permission.READ_EVENTS, Permission.TRACE, Permission.RECALL},
    Role.WITNESS: _PUBLIC,
    Role.ADMINISTRATOR: _PUBLIC | {Permission.MANAGE_KEYS, Permission.EDIT_MASTER_DATA},
}


def decide(actor: Actor, permission: Permission) -> None:
    """Return when the actor may; raise `Unauthenticated` without a key and `Forbidden`, with the reason, with one."""
    if permission in GRANTS[actor.role]:
        return
    allowed = ", ".join(sorted(role.value for role, grants in GRANTS.items() if permission in grants))
    if actor.role is Role.PUBLIC:
        raise Unauthenticated(
            f"to {permission.value} an API key is needed", remedy=f"send Authorization: Bearer with a key of: {allowed}"
        )
    raise Forbidden(f"role {actor.role.value} may not {permission.value}", remedy=f"use a key of: {allowed}")
