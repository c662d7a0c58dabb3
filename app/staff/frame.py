"""What all staff pages share: templates, language, style sheet, script, headers, and pages that say what went wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment

from suyuan.app.staff.refusals import ADDRESS, own_words, words_of
from suyuan.app.staff.sessions import form_token
from suyuan.app.staff.visitor import COOKIE, Visitor
from suyuan.base.accept import choose_language
from suyuan.base.errors import InvalidInput, SuyuanError, Unauthenticated
from suyuan.consumer_api.pages import environment
from suyuan.consumer_api.words import LANGUAGE_NAMES, LANGUAGES

_FOLDER = Path(__file__).parent
ROOT = "/staff"
HOME = f"{ROOT}/labels"
STYLESHEET, SCRIPT = "staff.css", "staff.js"
_MEDIA = {STYLESHEET: "text/css", SCRIPT: "text/javascript"}
_LANGUAGE_COOKIE = "suyuan-lang"
_YEAR = 31_536_000
#: Our own files and pictures written into the page; no inline script, no other host, no frame around us.
SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": SECURITY_POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Frame:
    """Renders staff pages in each language; made once with the application."""

    def __init__(self) -> None:
        """Read the templates' folder, the catalogues, the style sheet and the script."""
        self._files = {name: (_FOLDER / "static" / name).read_bytes() for name in _MEDIA}
        self._paths = {
            name: f"{ROOT}/static/{name}?v={hashlib.sha256(body).hexdigest()[:12]}"
            for name, body in self._files.items()
        }
        self._environments = {language: _environment(language) for language in LANGUAGES}

    def page(
        self, request: Request, template: str, who: Visitor | None = None, *, status: int = 200, **values: Any
    ) -> Response:
        """An HTML page in the visitor's language; a language that was just chosen is remembered."""
        language = language_of(request)
        text = (
            self._environments[language]
            .get_template(template)
            .render(
                language=language,
                languages=[(code, name, _in_language(request, code)) for code, name in LANGUAGE_NAMES.items()],
                stylesheet=self._paths[STYLESHEET],
                script=self._paths[SCRIPT],
                root=ROOT,
                who=who,
                form_token=form_token(who.token) if who else "",
                **values,
            )
        )
        headers = {**_HEADERS, "Content-Language": language}
        response = Response(text.encode("utf-8", errors="replace"), status, headers, media_type="text/html")
        if request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(
                _LANGUAGE_COOKIE, language, _YEAR, path=ROOT, secure=is_secure(request), httponly=True, samesite="lax"
            )
        return response

    def login(
        self, request: Request, *, onward: str, status: int = 200, error: SuyuanError | None = None, ended: bool = False
    ) -> Response:
        """The page with the field for the key; a cookie that opens nothing any more is taken back.

        *error* says why a key was refused or, where the login has *ended*, why it did.
        """
        response = self.page(request, "login.html", status=status, error=error, onward=onward, ended=ended)
        if ended:
            response.delete_cookie(COOKIE, ROOT)
        return response

    def file(self, name: str) -> Response:
        """The style sheet or the script; pages name them with their hash, so a copy stays good."""
        headers = {"Cache-Control": f"public, max-age={_YEAR}", "X-Content-Type-Options": "nosniff"}
        return Response(self._files[name], headers=headers, media_type=_MEDIA[name])

    def route_class(self) -> type[APIRoute]:
        """Routes whose refusals are pages: who isn't logged in gets the login page and returns from there."""
        frame = self

        class StaffRoute(APIRoute):
            """A route of a staff page."""

            def get_route_handler(self) -> Handler:
                """The handler, with its refusals made pages."""
                inner = super().get_route_handler()

                async def handler(request: Request) -> Response:
                    try:
                        return await inner(request)
                    except Unauthenticated as refusal:
                        onward = _address(request) if request.method == "GET" else HOME
                        if COOKIE in request.cookies:
                            return frame.login(request, onward=onward, status=401, error=refusal, ended=True)
                        return RedirectResponse(f"{ROOT}/login?{urlencode({'next': onward})}", 303)
                    except RequestValidationError:
                        wrong = InvalidInput("a parameter of this address can't be read", place=ADDRESS)
                        return frame.page(request, "problem.html", status=wrong.status, error=wrong)
                    except SuyuanError as error:
                        return frame.page(request, "problem.html", status=error.status, error=error)

                return handler

        return StaffRoute


def language_of(request: Request) -> str:
    """The language chosen now, else the one chosen before, else the browser's."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(_LANGUAGE_COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    return choose_language(request.headers.get("accept-language"), LANGUAGES)


def is_secure(request: Request) -> bool:
    """Whether shoppers and staff reach this server by HTTPS; then cookies travel over nothing else."""
    return bool(request.app.state.settings.base_url().startswith("https:"))


def _in_language(request: Request, language: str) -> str:
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"?{urlencode([*query, ('lang', language)])}"


def _address(request: Request) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def _environment(language: str) -> Environment:
    made = environment(_FOLDER, language)
    made.globals.update(words_of=words_of, own_words=own_words)
    return made
