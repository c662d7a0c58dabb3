"""Public routes: GS1 Digital Link pages (GS1 Digital Link URI 1.4, section 4.1), provenance, proofs, recall notices.

Everything here is open to anyone and read-only. A browser gets HTML, a program JSON; an error is a page for a
browser, and for a program the exception, which the application answers as problem details (RFC 9457).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from suyuan.base.accept import choose_language, choose_media
from suyuan.base.errors import NotFound, SuyuanError
from suyuan.consumer_api import document, examples
from suyuan.consumer_api.kept import Kept
from suyuan.consumer_api.links import (
    CANONICAL_STEM,
    LONGEST,
    identifier_of_path,
    identifier_of_text,
    lot_beside,
    path_of,
    short,
)
from suyuan.consumer_api.pages import STYLESHEET, Pages
from suyuan.consumer_api.ports import Provenance
from suyuan.consumer_api.replies import address_of, answer, page
from suyuan.consumer_api.words import LANGUAGES
from suyuan.trace.journey import Journey

#: Most characters of a code that a page repeats.
_MOST_SHOWN = 200
HTML, JSON, JSON_LD = "text/html", "application/json", "application/ld+json"
OFFERS = (HTML, JSON, JSON_LD)

Gtin = Annotated[str, Path(description="GTIN with 14 digits", examples=[examples.GTIN])]
Lot = Annotated[str, Path(description="lot number, percent-encoded", examples=["L20261012"])]
Serial = Annotated[str, Path(description="serial number, percent-encoded", examples=["1001"])]
Sscc = Annotated[str, Path(description="SSCC with 18 digits", examples=[examples.SSCC])]
Gln = Annotated[str, Path(description="GLN with 13 digits", examples=[examples.GLN])]
Grai = Annotated[str, Path(description="GRAI: 0, 13 digits, serial", examples=[examples.GRAI])]
Identifier = Annotated[
    str,
    Query(
        max_length=LONGEST,
        description="identifier in any form: Digital Link, EPC URI, element string, tag in hexadecimal, barcode digits",
        examples=[f"https://id.gs1.org/01/{examples.GTIN}/21/1001"],
    ),
]


class Shopper:
    """The handlers, around a source of provenance."""

    def __init__(self, provenance: Provenance, public_url: str, pages: Pages, kept: Kept) -> None:
        """*public_url* is where shoppers reach this server."""
        self._provenance = provenance
        self._public_url = public_url.rstrip("/")
        self._pages = pages
        self._kept = kept

    def thing(self, request: Request, name: Callable[[], str]) -> Response:
        """A thing as a page or as JSON; *name* gives its identifier or raises `InvalidIdentifier`."""
        media = choose_media(request.headers.get("accept"), OFFERS)
        if media != HTML:
            return self.data(request, name, media)

        def make(language: str) -> Response:
            address = address_of(request)
            body = self._kept.get(
                (HTML, language, address),
                lambda: self._pages.thing(self._journey(name()), language, address),
            )
            return page(request, body, language)

        return self._page(request, make, name)

    def data(self, request: Request, name: Callable[[], str], media: str) -> Response:
        """A thing as JSON."""
        body = self._kept.get(
            (media, address_of(request)),
            lambda: document.encode(document.journey_document(self._journey(name()), self._public_url), media),
        )
        return answer(request, body, media)

    def find(self, request: Request, code: str) -> Response:
        """To the page of what somebody typed; 400 with a page where it isn't a code."""

        def redirect(_: str) -> Response:
            path = path_of(identifier_of_text(code))
            return RedirectResponse(address_of(request).link(path), status_code=303)

        return self._page(request, redirect)

    def proof(self, event_id: str) -> Response:
        """The bundle exactly as it is encoded: any other bytes would not verify."""
        headers = {"Content-Disposition": 'attachment; filename="proof.json"', "Cache-Control": "public, max-age=60"}
        return Response(self._provenance.proof(event_id), media_type=JSON, headers=headers)

    def notice(self, request: Request, recall_id: str) -> Response:
        """The public notice of a recall as a page or as JSON."""
        media = choose_media(request.headers.get("accept"), OFFERS)
        if media != HTML:
            notice = self._provenance.notice(recall_id)
            return answer(request, document.encode(document.notice_document(notice, self._public_url), media), media)
        return self._page(request, lambda language: self._notice_page(request, recall_id, language))

    def start(self, request: Request) -> Response:
        """The page at ``/``."""
        return self._page(
            request,
            lambda language: page(request, self._pages.start(language, address_of(request)), language),
        )

    def _journey(self, identifier: str) -> Journey:
        """The journey; `NotFound` where there is nothing to say, neither of the thing nor of its kind."""
        journey = self._provenance.journey(identifier)
        if journey.known or journey.warnings or (journey.kind == "class" and journey.product):
            return journey
        lot = lot_beside(identifier)
        raise NotFound(
            f"nothing that is open to the public is recorded about {journey.id}",
            remedy=f"ask for its lot, {lot}" if lot else "compare the code with the pack",
        )

    def _notice_page(self, request: Request, recall_id: str, language: str) -> Response:
        notice = self._provenance.notice(recall_id)
        return page(request, self._pages.notice(notice, language, address_of(request)), language)

    def _page(
        self, request: Request, make: Callable[[str], Response], name: Callable[[], str] | None = None
    ) -> Response:
        """A page, or the page that says why there is none; *name* gives the identifier that it is about, if any."""
        language = _language(request)
        try:
            return make(language)
        except SuyuanError as error:
            lot = lot_beside(name()) if name and isinstance(error, NotFound) else None
            body = self._pages.problem(error, _asked(request), language, address_of(request), lot)
            return page(request, body, language, status=error.status)


def create_router(provenance: Provenance, public_url: str, version: Callable[[], Hashable] | None = None) -> APIRouter:
    """The public routes around *provenance*; *public_url* is what links in JSON begin with.

    *version* is called for each request and gives anything that changes when an answer may change (the size of the
    log and the number of recalls); bodies are kept for a second while it stays the same, and not at all without it.
    """
    pages = Pages()
    shopper = Shopper(provenance, public_url, pages, Kept(version))
    router = APIRouter(tags=["public"])
    _add_things(router, shopper)
    _add_pages(router, shopper)
    _add_data(router, shopper)
    _add_stylesheet(router, pages)
    return router


def _add_things(router: APIRouter, shopper: Shopper) -> None:
    """The Digital Link paths.

    The path parameters are for the documentation only: a server decodes them, and then a serial number that holds a
    slash can't be told from two path segments. The identifier is read from the raw path.
    """

    def by_path(request: Request) -> Response:
        return shopper.thing(request, lambda: identifier_of_path(request.scope["raw_path"]))

    def lot_and_serial(request: Request, gtin: Gtin, lot: Lot, serial: Serial) -> Response:
        return by_path(request)

    def lot(request: Request, gtin: Gtin, lot: Lot) -> Response:
        return by_path(request)

    def serial(request: Request, gtin: Gtin, serial: Serial) -> Response:
        return by_path(request)

    def product(request: Request, gtin: Gtin) -> Response:
        return by_path(request)

    def logistic_unit(request: Request, sscc: Sscc) -> Response:
        return by_path(request)

    def location(request: Request, gln: Gln) -> Response:
        return by_path(request)

    def asset(request: Request, grai: Grai) -> Response:
        return by_path(request)

    documented: list[tuple[str, Callable[..., Response], str]] = [
        ("/01/{gtin}/10/{lot}/21/{serial}", lot_and_serial, "One pack, addressed by lot and serial number"),
        ("/01/{gtin}/10/{lot}", lot, "A lot"),
        ("/01/{gtin}/21/{serial}", serial, "One pack"),
        ("/01/{gtin}", product, "A product"),
        ("/00/{sscc}", logistic_unit, "A pallet or another logistic unit"),
        ("/414/{gln}", location, "A place"),
        ("/8003/{grai}", asset, "A crate or another returnable asset"),
    ]
    for path, handler, summary in documented:
        _get(router, path, handler, summary=summary, responses=examples.THING_RESPONSES)
    for key in ("01", "00", "414", "8003", "8004", "8006", "8010", "253", "255", "401", "402", "417", "8017", "8018"):
        _get(router, f"/{key}/{{rest:path}}", by_path, include_in_schema=False)


def _add_pages(router: APIRouter, shopper: Shopper) -> None:
    def start(request: Request) -> Response:
        return shopper.start(request)

    def find(request: Request, id: Annotated[str, Query()] = "") -> Response:  # noqa: A002 - the parameter's name
        return shopper.find(request, id)

    def thing(request: Request, id: Identifier) -> Response:  # noqa: A002
        return shopper.thing(request, lambda: identifier_of_text(id))

    def recall(request: Request, recall_id: str) -> Response:
        return shopper.notice(request, recall_id)

    _get(router, "/", start, summary="Start page", include_in_schema=False)
    _get(router, "/find", find, summary="Go to the page of a code", responses=examples.FIND_RESPONSES)
    _get(router, "/thing", thing, summary="A thing by any identifier", responses=examples.THING_RESPONSES)
    _get(router, "/recalls/{recall_id}", recall, summary="Public recall notice", responses=examples.NOTICE_RESPONSES)


def _add_data(router: APIRouter, shopper: Shopper) -> None:
    def provenance(request: Request, id: Identifier) -> Response:  # noqa: A002
        media = choose_media(request.headers.get("accept"), (JSON, JSON_LD))
        return shopper.data(request, lambda: identifier_of_text(id), media)

    def proof(request: Request, event_id: str) -> Response:
        # CBV 2.0 event ids end in ?ver=CBV2.0: whoever pastes one unescaped sends that end as a query.
        version = request.query_params.get("ver")
        whole = f"{event_id}?ver={version}" if version and event_id.startswith("ni:") else event_id
        return shopper.proof(whole)

    _get(
        router, "/api/v1/provenance", provenance, summary="Where a thing comes from", responses=examples.DATA_RESPONSES
    )
    _get(
        router, "/api/v1/proof/{event_id:path}", proof, summary="Proof of an event", responses=examples.PROOF_RESPONSES
    )


def _add_stylesheet(router: APIRouter, pages: Pages) -> None:
    def stylesheet(request: Request) -> Response:
        # Pages name it with its hash in the query, so a copy never has to be asked for again.
        return answer(request, pages.stylesheet, "text/css", max_age=31_536_000)

    def icon() -> Response:
        # A browser asks for it beside JSON and text too, where no page can say that there is none.
        return Response(status_code=204, headers={"Cache-Control": "public, max-age=86400"})

    _get(router, f"/static/{STYLESHEET}", stylesheet, include_in_schema=False)
    _get(router, "/favicon.ico", icon, include_in_schema=False)


def _get(router: APIRouter, path: str, handler: Callable[..., Response], **options: Any) -> None:
    """A route for GET, and for HEAD, which FastAPI doesn't add by itself."""
    router.add_api_route(path, handler, methods=["GET"], response_class=Response, response_model=None, **options)
    router.add_api_route(path, handler, methods=["HEAD"], include_in_schema=False, response_model=None)


def _language(request: Request) -> str:
    chosen = request.query_params.get("lang", "")
    return chosen if chosen in LANGUAGES else choose_language(request.headers.get("accept-language"), LANGUAGES)


def _asked(request: Request) -> str:
    """What was asked for, as people write it; empty for addresses without a code in them."""
    path = address_of(request).path
    asked = request.query_params.get("id") or short(CANONICAL_STEM + path)
    return asked[:_MOST_SHOWN]
