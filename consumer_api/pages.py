"""Pages as HTML: the Jinja templates bound to one language's catalogue each. Pure: values in, bytes out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from suyuan.base.errors import SuyuanError
from suyuan.consumer_api.links import Link, lot_code, path_of, short
from suyuan.consumer_api.moments import moment, phrase
from suyuan.consumer_api.ports import Notice
from suyuan.consumer_api.story import tell
from suyuan.consumer_api.words import LANGUAGE_NAMES, LANGUAGES, load_translations
from suyuan.trace.journey import Journey

_FOLDER = Path(__file__).parent
STYLESHEET = "pages.css"
#: Most lots listed on a recall notice; more would not be read, and the QR code answers for each pack.
MOST_LOTS = 200
#: Nothing but our own style sheet, images written into the page, and the search form: no script, no other host.
SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class Address(msgspec.Struct, frozen=True):
    """The address a page is shown at, from which its links are made."""

    path: str  #: percent-encoded
    query: str = ""  #: percent-encoded, without ``lang``
    language: str | None = None  #: the language chosen by ``?lang=``, kept while the shopper walks on

    def in_language(self, language: str) -> str:
        """This address in another language."""
        return _with_query(self.path, f"{self.query}&lang={language}".removeprefix("&"))

    def link(self, path: str) -> str:
        """A link to another page of this server, in the language that was chosen here, if one was."""
        return _with_query(path, f"lang={self.language}") if self.language else path


def _with_query(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}"


class Pages:
    """Renders every page in every language; made once, safe to use from several threads."""

    def __init__(self) -> None:
        """Read the templates' folder, the catalogues and the style sheet."""
        self.stylesheet = (_FOLDER / "static" / STYLESHEET).read_bytes()
        self.stylesheet_path = f"/static/{STYLESHEET}?v={hashlib.sha256(self.stylesheet).hexdigest()[:12]}"
        self._environments = {language: environment(_FOLDER, language) for language in LANGUAGES}

    def thing(self, journey: Journey, language: str, address: Address) -> bytes:
        """The page about one thing."""
        story = tell(journey, language)
        data_link = f"/api/v1/provenance?id={quote(journey.id, safe='')}"
        return self._render("thing.html", language, address, story=story, data_link=data_link)

    def notice(self, notice: Notice, language: str, address: Address) -> bytes:
        """The public notice of a recall."""
        names = [name for product in notice.products if (name := phrase(product.name, language))]
        return self._render(
            "notice.html",
            language,
            address,
            notice=notice,
            names=names,
            open=notice.state != "closed",
            seed=Link(short(notice.seed), path_of(notice.seed)),
            launched=moment(notice.launched, notice.zone, language),
            lots=[Link(lot_code(lot), path_of(lot)) for lot in notice.lots[:MOST_LOTS]],
            more_lots=max(0, len(notice.lots) - MOST_LOTS),
        )

    def start(self, language: str, address: Address) -> bytes:
        """The page at ``/``: what this is, and a field for a code."""
        return self._render("start.html", language, address)

    def problem(self, error: SuyuanError, code: str, language: str, address: Address, lot: str | None = None) -> bytes:
        """Why there is no page, in a shopper's words, and what to do.

        *code* is what was asked for, *lot* the canonical name of the lot that may be known instead.
        """
        return self._render(
            "problem.html",
            language,
            address,
            status=error.status,
            code=code,
            detail=str(error),
            lot=Link(lot_code(lot), path_of(lot)) if lot else None,
        )

    def _render(self, template: str, language: str, address: Address, **values: Any) -> bytes:
        text = (
            self._environments[language]
            .get_template(template)
            .render(
                language=language,
                languages=LANGUAGE_NAMES.items(),
                language_links={code: address.in_language(code) for code in LANGUAGES},
                stylesheet=self.stylesheet_path,
                link=address.link,
                chosen=address.language,
                **values,
            )
        )
        # A lone surrogate can't come from decoded JSON, but one bad name must not take a recall banner down.
        return text.encode("utf-8", errors="replace")


def environment(folder: Path, language: str) -> Environment:
    """What renders the pages of a folder with ``templates/`` and ``locale/`` in one language."""
    made = Environment(
        loader=FileSystemLoader(folder / "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The i18n extension adds this method at run time, unseen by the type checker.
    translations = load_translations(language, folder / "locale")
    made.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    return made
