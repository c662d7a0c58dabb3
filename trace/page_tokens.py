"""Page tokens as clients see them (EPCIS 2.0, 12.6.3): when they expire, and that they can be given back.

A token says where the next page begins and holds nothing secret: whoever shows it is asked for a key like anybody
else. It is worked out, not stored, so it survives a restart; only one that was given back is remembered, as a digest,
until it would have expired.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from fastapi import Request
from sqlalchemy import text

from suyuan.base.clock import format_time, now
from suyuan.base.errors import InvalidInput
from suyuan.trace.ledger import Ledger
from suyuan.trace.view import View
from suyuan.trace.writer import Transaction

T = TypeVar("T")

#: How long a token is good for, in microseconds: a day.
LIFETIME = 24 * 3_600 * 1_000_000
_LONGEST = 4_000


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """What is in a token: when it expires (microseconds UTC), and what the list in question goes on from."""

    expires: int
    after: str


class TokenEnded(msgspec.Struct, frozen=True):
    """Parameters of `EndPageToken`: the token's SHA-256."""

    digest: bytes
    expires: int


class EndPageToken:
    """Writer operation: remember tokens that were given back, and forget those that have expired. It leaves no leaf."""

    name = "page-token-ended"

    def prepare(self, body: bytes) -> TokenEnded:
        """Decode the parameters."""
        return msgspec.msgpack.decode(body, type=TokenEnded)

    def apply(self, transaction: Transaction, prepared: Sequence[TokenEnded]) -> Sequence[Any]:
        """Ending one twice is as good as once."""
        transaction.db.execute("DELETE FROM ended_page_token WHERE expires <= ?", (transaction.now,))
        for ended in prepared:
            transaction.db.execute(
                "INSERT INTO ended_page_token (digest, expires) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (ended.digest, ended.expires),
            )
        return [True] * len(prepared)


def next_page(request: Request, after: str | None) -> Mapping[str, str]:
    """Headers that lead to the page behind ``after``; none where that was the last one."""
    if after is None:
        return {}
    expires = now() + LIFETIME
    token = base64.urlsafe_b64encode(msgspec.json.encode(Sealed(expires, after))).decode().rstrip("=")
    following = request.url.include_query_params(nextPageToken=token)
    return {
        "Link": f'<{following.path}?{following.query}>; rel="next"',
        "GS1-Next-Page-Token": token,
        "GS1-Next-Page-Token-Expires": format_time(expires),
    }


def page_after(view: View, token: str | None) -> str | None:
    """What a token that a client sends goes on from; refused when it has expired or was given back."""
    if token is None:
        return None
    sealed = _open(token)
    if sealed.expires <= now():
        raise InvalidInput("the page token has expired", place="nextPageToken", remedy="ask from the start")
    ended = text("SELECT 1 FROM ended_page_token WHERE digest = :digest")
    if view.connection.execute(ended, {"digest": _digest(token)}).first():
        raise InvalidInput("the page token was given back", place="nextPageToken", remedy="ask from the start")
    return sealed.after


async def end_token(ledger: Ledger, token: str) -> None:
    """Have a token refused from now on. What has expired, or never was a token, is refused already."""
    try:
        sealed = _open(token)
    except InvalidInput:
        return
    if sealed.expires > now():
        # Nobody can make a row stay for longer than a token of ours would.
        ended = TokenEnded(_digest(token), min(sealed.expires, now() + LIFETIME))
        await ledger.writer.call(EndPageToken.name, ended, bool)


def _open(token: str) -> Sealed:
    try:
        if len(token) > _LONGEST:
            raise ValueError(len(token))
        return msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), type=Sealed)
    except (ValueError, msgspec.MsgspecError):
        raise InvalidInput("this is not a page token of ours", place="nextPageToken") from None


def _digest(token: str) -> bytes:
    """The same for every way of writing the token: base64 may be padded or not."""
    return hashlib.sha256(msgspec.json.encode(_open(token))).digest()


def write_cursor(value: Any) -> str:
    """A list's own cursor as text, for `next_page`."""
    return msgspec.json.encode(value).decode()


def read_cursor(after: str | None, kind: type[T], default: T) -> T:
    """The cursor that `write_cursor` wrote; `InvalidInput` for that of another list."""
    if after is None:
        return default
    try:
        return msgspec.json.decode(after, type=kind)
    except msgspec.MsgspecError:
        raise InvalidInput(
            "the page token belongs to another list", place="nextPageToken", remedy="ask from the start"
        ) from None
