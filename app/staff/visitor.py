"""Who is at a staff page: from the cookie to the session, to the API key as it is now, to what it may do."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import msgspec
import structlog
from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from suyuan.app.staff.refusals import FORM_TOKEN
from suyuan.app.staff.sessions import Sessions, is_form_token
from suyuan.base.clock import now
from suyuan.base.errors import Forbidden, InvalidInput, Unauthenticated
from suyuan.base.identity import Actor, ApiKey, authenticate, closed_key, key_id_of
from suyuan.base.permissions import Permission, decide
from suyuan.trace.access import ledger_of
from suyuan.trace.bodies import read_body
from suyuan.trace.ledger import Ledger

log = structlog.get_logger(__name__)

COOKIE = "suyuan-staff"
#: Largest form in bytes: a long list of spoiled labels fits.
_FORM_BYTES = 64 * 1024
_FORM_FIELDS = 100
FORM_MEDIA = "application/x-www-form-urlencoded"


class Visitor(msgspec.Struct, frozen=True):
    """A person who is logged in."""

    token: str
    actor: Actor
    key_name: str  #: what the administrator called the key


def check_key(ledger: Ledger, text: str, permission: Permission) -> Actor:
    """Who an API key's text stands for; `Unauthenticated` or `Forbidden` says why it opens nothing here."""
    actor = authenticate(text, ledger.find_key(key_id_of(text)), now())
    decide(actor, permission)
    return actor


class Door:
    """Lets in who is logged in and may do what the pages behind it are for."""

    def __init__(self, sessions: Sessions, permission: Permission) -> None:
        self._sessions = sessions
        self._permission = permission

    async def enter(self, request: Request) -> tuple[Visitor, Ledger]:
        """Who is asking, and the ledger.

        `Unauthenticated` without a session; that, or `Forbidden`, for a key that has changed: then the session ends.
        """
        token = request.cookies.get(COOKIE, "")
        session = self._sessions.find(token)
        if session is None:
            raise Unauthenticated("this login has ended", remedy="log in again")
        ledger = await ledger_of(request)
        stored = await run_in_threadpool(ledger.find_key, session.key_id)
        try:
            return _open(token, stored, self._permission), ledger
        except (Unauthenticated, Forbidden) as refusal:
            self._sessions.close(token)
            log.warning("access.refused", path=request.url.path, key=session.key_id, reason=refusal.detail)
            raise


def _open(token: str, stored: ApiKey | None, permission: Permission) -> Visitor:
    if stored is None:
        raise Unauthenticated("this API key is unknown")
    closed = closed_key(stored.revoked, stored.expires, now())
    if closed:
        raise closed
    actor = Actor(stored.role, stored.id, stored.party)
    decide(actor, permission)
    return Visitor(token, actor, stored.name)


class Form:
    """The fields of a form, each a single text; a name that was not sent is an empty text."""

    def __init__(self, fields: dict[str, str]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        """The field without space around it."""
        return self._fields.get(name, "").strip()


async def read_form(request: Request) -> Form:
    """The form that was sent, from a page of ours: one that another site's page sends is `Forbidden`."""
    _own_page(request)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != FORM_MEDIA:
        raise InvalidInput(f"this is {media[:60]!a}, not a form", remedy=f"send {FORM_MEDIA}")
    return parse_form(await read_body(request, _FORM_BYTES))


def parse_form(body: bytes) -> Form:
    """The form in a body (URL standard, section 5.1). A name that stands twice counts with its last value."""
    try:
        fields = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_FORM_FIELDS, separator="&"
        )
    except ValueError:
        raise InvalidInput("this is not a form in UTF-8") from None
    return Form(dict(fields))


async def read_visitors_form(request: Request, who: Visitor) -> Form:
    """The form of somebody who is logged in, with the proof that it came from a page of this session."""
    form = await read_form(request)
    if not is_form_token(who.token, form["form_token"]):
        raise Forbidden(
            "this form is not from this login", place=FORM_TOKEN, remedy="open the page again and fill it in once more"
        )
    return form


def _own_page(request: Request) -> None:
    """Browsers say which site a form stands on; a program that says nothing has no cookie that could be misused."""
    origin = request.headers.get("origin")
    # A proxy before us may have put its own name for us into Host: the address that people use is a setting.
    own = {request.headers.get("host"), urlsplit(request.app.state.settings.base_url()).netloc}
    if origin is not None and origin.partition("://")[2] not in own:
        raise Forbidden("this form stands on another site", place=FORM_TOKEN, remedy="open this server's own page")
