"""HTTP around a body: validators (RFC 9110 section 13), caching (RFC 9111), language and security headers."""

from __future__ import annotations

import hashlib
from urllib.parse import quote, urlencode

from fastapi import Request, Response

from suyuan.consumer_api.pages import SECURITY_POLICY, Address
from suyuan.consumer_api.words import LANGUAGES

#: Seconds for which a copy may be shown without asking: a recall must reach the next shopper at the same shelf.
FRESH_SECONDS = 10
#: Seconds for which a cache may show an old page while the server cannot be reached: an old journey is better than
#: none at a stall, but not for long, because it may lack a recall.
STALE_SECONDS = 3600


def address_of(request: Request) -> Address:
    """The address of a request, escaped as it was sent."""
    raw: bytes = request.scope.get("raw_path") or quote(request.url.path).encode()
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    chosen = request.query_params.get("lang")
    return Address(raw.decode("latin-1"), urlencode(query), chosen if chosen in LANGUAGES else None)


def answer(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    status: int = 200,
    max_age: int = FRESH_SECONDS,
    headers: dict[str, str] | None = None,
) -> Response:
    """The body with validator and caching headers, or 304 where the client has it already."""
    etag = f'"{hashlib.sha256(media_type.encode() + body).hexdigest()[:32]}"'
    sent = {
        "ETag": etag,
        "Vary": "Accept, Accept-Language",
        "Cache-Control": f"public, max-age={max_age}, stale-if-error={STALE_SECONDS}",
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
        **(headers or {}),
    }
    if status == 200 and _has(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=sent)
    return Response(body, status_code=status, media_type=media_type, headers=sent)


def page(request: Request, body: bytes, language: str, *, status: int = 200) -> Response:
    """An HTML page. Errors aren't kept: the thing may be known a second later."""
    headers = {
        "Content-Language": language,
        "Content-Security-Policy": SECURITY_POLICY,
        "Referrer-Policy": "no-referrer",
    }
    if status != 200:
        headers["Cache-Control"] = "no-store"
    return answer(request, body, "text/html", status=status, headers=headers)


def _has(header: str, etag: str) -> bool:
    """Whether If-None-Match names the validator; weak comparison, RFC 9110 section 13.1.2."""
    listed = {member.strip().removeprefix("W/") for member in header.split(",")}
    return header.strip() == "*" or etag in listed
