"""Who is asking: roles, actors and API keys.

A key is ``sy_<id>_<secret>`` with 256 random bits of secret, so one SHA-256 is enough to store it: there is nothing
to guess, and each request can afford the check. Only the hash is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from enum import StrEnum

import msgspec

from suyuan.base.errors import Unauthenticated


class Role(StrEnum):
    """What an actor is, DESIGN section 9."""

    DEVICE = "device"
    PRODUCER = "producer"
    LOGISTICS = "logistics"
    RETAILER = "retailer"
    LABORATORY = "laboratory"
    REGULATOR = "regulator"
    WITNESS = "witness"
    ADMINISTRATOR = "administrator"
    PUBLIC = "public"


#: Roles whose view is cut to one organisation.
ORGANISATIONS = frozenset({Role.PRODUCER, Role.LOGISTICS, Role.RETAILER})


class Actor(msgspec.Struct, frozen=True):
    """Someone who asks: an API key, or the public."""

    role: Role
    #: Id of the key; it names the source in log leaves, so it is never a person's name.
    key_id: str = ""
    #: The firm behind the key as a canonical name (``https://id.gs1.org/417/...`` or ``/414/...``), empty if none.
    party: str = ""
    #: Rules that events of this source may break, see `suyuan.epcis.leniency`; none of a strict one.
    lenient: tuple[str, ...] = ()


PUBLIC = Actor(Role.PUBLIC)


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it is stored: everything but the secret."""

    id: str
    name: str
    role: Role
    party: str
    digest: bytes
    created: int  #: microseconds UTC
    expires: int | None  #: microseconds UTC
    revoked: int | None  #: microseconds UTC
    #: Rules that its events may break, by name in order; none of a strict source.
    lenient: tuple[str, ...] = ()


_FORM = re.compile(r"sy_([0-9a-z]{12})_([0-9A-Za-z_-]{43})")
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def new_key(
    name: str, role: Role, party: str, now: int, expires: int | None = None, lenient: tuple[str, ...] = ()
) -> tuple[str, ApiKey]:
    """A new key: its text, shown once, and what is stored of it."""
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    text = f"sy_{key_id}_{secrets.token_urlsafe(32)}"
    return text, ApiKey(key_id, name, role, party, _digest(text), now, expires, None, lenient)


def key_id_of(text: str) -> str:
    """The id inside a key's text; `Unauthenticated` when it isn't a key at all."""
    match = _FORM.fullmatch(text)
    if not match:
        raise Unauthenticated("this is not an API key", remedy="a key looks like sy_<id>_<secret>")
    return match[1]


def authenticate(text: str, stored: ApiKey | None, now: int) -> Actor:
    """The actor behind a key's text. Unknown, wrong, revoked and expired keys are `Unauthenticated`."""
    if stored is None or not hmac.compare_digest(stored.digest, _digest(text)):
        raise Unauthenticated("this API key is unknown")
    closed = closed_key(stored.revoked, stored.expires, now)
    if closed:
        raise closed
    return Actor(stored.role, stored.id, stored.party, stored.lenient)


def closed_key(revoked: int | None, expires: int | None, now: int) -> Unauthenticated | None:
    """Why a key with these times opens nothing at ``now``, all in microseconds UTC; None while it is open."""
    if revoked is not None:
        return Unauthenticated("this API key was revoked", remedy="ask the administrator for a new one")
    if expires is not None and expires <= now:
        return Unauthenticated("this API key has expired", remedy="ask the administrator for a new one")
    return None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
