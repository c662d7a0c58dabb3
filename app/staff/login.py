"""Logging in to the staff pages with an API key, and out again."""

from __future__ import annotations

import re

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from suyuan.app.staff.frame import HOME, ROOT, SCRIPT, STYLESHEET, Frame, is_secure
from suyuan.app.staff.sessions import LONGEST, Sessions
from suyuan.app.staff.visitor import COOKIE, check_key, read_form
from suyuan.base.errors import Forbidden, Unauthenticated
from suyuan.base.permissions import Permission
from suyuan.trace.access import ledger_of

log = structlog.get_logger(__name__)

#: Pages to return to after the login: ours, and nothing that a browser could take for another host or the folder above.
_ONWARD = re.compile(rf"{ROOT}(?:/[0-9A-Za-z_-]+)+(?:\?[0-9A-Za-z_./&=%+-]*)?")


def create_router(frame: Frame, sessions: Sessions) -> APIRouter:
    """The routes of login, logout and the files of all pages."""
    router = APIRouter(prefix=ROOT, include_in_schema=False, route_class=frame.route_class())

    @router.get("/login")
    async def show(request: Request) -> Response:
        return frame.login(request, onward=_onward(request.query_params.get("next", "")))

    @router.post("/login")
    async def enter(request: Request) -> Response:
        form = await read_form(request)
        onward = _onward(form["next"])
        ledger = await ledger_of(request)
        try:
            actor = await run_in_threadpool(check_key, ledger, form["key"], Permission.PRINT_LABELS)
        except (Unauthenticated, Forbidden) as refusal:
            log.warning("staff.refused", reason=refusal.detail)
            return frame.login(request, status=refusal.status, error=refusal, onward=onward)
        sessions.close(request.cookies.get(COOKIE, ""))
        token = await run_in_threadpool(sessions.open, actor.key_id)
        log.info("staff.login", key=actor.key_id)
        response = RedirectResponse(onward, 303)
        response.set_cookie(
            COOKIE, token, LONGEST // 1_000_000, path=ROOT, secure=is_secure(request), httponly=True, samesite="strict"
        )
        return response

    @router.post("/logout")
    async def leave(request: Request) -> Response:
        await read_form(request)  # from a page of ours; whether somebody is still logged in does not matter
        sessions.close(request.cookies.get(COOKIE, ""))
        response = RedirectResponse(f"{ROOT}/login", 303)
        response.delete_cookie(COOKIE, ROOT)
        return response

    @router.get(f"/static/{STYLESHEET}")
    async def stylesheet() -> Response:
        return frame.file(STYLESHEET)

    @router.get(f"/static/{SCRIPT}")
    async def script() -> Response:
        return frame.file(SCRIPT)

    @router.get("")
    async def home() -> Response:
        return RedirectResponse(HOME, 303)

    return router


def _onward(path: str) -> str:
    return path if _ONWARD.fullmatch(path) else HOME
