"""The producer's first pages: the list of batches, the choice of a product, and the form for new labels."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from suyuan.app.staff import batch_view, catalogue, order_form
from suyuan.app.staff.drawing import Drawing, Sample
from suyuan.app.staff.frame import HOME, Frame, language_of
from suyuan.app.staff.visitor import Door, Visitor, read_visitors_form
from suyuan.base.errors import SuyuanError
from suyuan.labels.batches import Level
from suyuan.labels.service import allocate, batches_of, open_batch
from suyuan.trace.ledger import Ledger

#: Batches on one page of the list.
_PAGE = 10
#: Products shown at once; beyond that somebody searches.
_MOST_PRODUCTS = 200
#: Longest search.
_QUERY = 100


class LabelPages:
    """The handlers of the pages on which labels begin."""

    def __init__(self, frame: Frame, door: Door, drawing: Drawing) -> None:
        self._frame = frame
        self._door = door
        self._drawing = drawing

    async def index(self, request: Request, before: int | None) -> Response:
        """The firm's batches, the latest first."""
        who, ledger = await self._door.enter(request)
        language = language_of(request)

        def read() -> list[batch_view.Card]:
            with ledger.view() as view:
                found = batches_of(view, who.actor, _PAGE + 1, before)
                return [batch_view.card(view, status, language) for status in found]

        cards = await run_in_threadpool(read)
        older = cards[_PAGE - 1].batch.index if len(cards) > _PAGE else None
        return self._frame.page(
            request, "labels.html", who, cards=cards[:_PAGE], older=older, paging=before is not None
        )

    async def products(self, request: Request, query: str) -> Response:
        """The firm's products, to choose one."""
        who, ledger = await self._door.enter(request)
        language = language_of(request)

        def read() -> list[catalogue.Choice]:
            with ledger.view() as view:
                return catalogue.products(view, who.actor, language)

        own = await run_in_threadpool(read)
        found = catalogue.search(own, query)
        return self._frame.page(
            request, "products.html", who, any=bool(own), query=query, products=found[:_MOST_PRODUCTS],
            more=max(0, len(found) - _MOST_PRODUCTS), party=who.actor.party,
            server=request.app.state.settings.base_url(),
        )  # fmt: skip

    async def order(self, request: Request, gtin: str) -> Response:
        """The empty form for a product."""
        who, ledger = await self._door.enter(request)
        product, sites = await self._choices(request, ledger, who, gtin)
        form = order_form.blank(product, sites, self._drawing.usual(Level.ITEM))
        return self._order_page(request, who, product, sites, form)

    async def make(self, request: Request, gtin: str) -> Response:
        """Open the batch and take its serial numbers, or show how a label would look; the form again when refused."""
        who, ledger = await self._door.enter(request)
        sent = await read_visitors_form(request, who)
        product, sites = await self._choices(request, ledger, who, gtin)
        form = order_form.typed(sent)
        preview = None
        try:
            order = order_form.read_order(gtin, form)
            if sent["do"] != "preview":
                batch = await open_batch(ledger, who.actor, order)
                for plan in batch.levels:
                    await allocate(
                        ledger, who.actor, batch.id, plan.level, plan.planned, f"{form['request']}-{plan.level}"
                    )
                return RedirectResponse(f"{HOME}/{batch.id}", 303)
            preview = await run_in_threadpool(self._drawing.sample, ledger, who.actor, order)
        except SuyuanError as error:
            return self._order_page(request, who, product, sites, form, error)
        return self._order_page(request, who, product, sites, form, preview=preview)

    async def _choices(
        self, request: Request, ledger: Ledger, who: Visitor, gtin: str
    ) -> tuple[catalogue.Choice, list[catalogue.Place]]:
        language = language_of(request)

        def read() -> tuple[catalogue.Choice, list[catalogue.Place]]:
            with ledger.view() as view:
                return (
                    catalogue.product(view, who.actor, gtin, language),
                    catalogue.sites(view, who.actor, language),
                )

        return await run_in_threadpool(read)

    def _order_page(
        self,
        request: Request,
        who: Visitor,
        product: catalogue.Choice,
        sites: list[catalogue.Place],
        form: dict[str, str],
        error: SuyuanError | None = None,
        preview: Sample | None = None,
    ) -> Response:
        errors = order_form.errors_of(error) if error else {}
        return self._frame.page(
            request, "order.html", who, status=error.status if error else 200, product=product, sites=sites,
            form=form, errors=errors, fields=order_form.FIELDS,
            designs=self._drawing.titles(language_of(request)), preview=preview,
        )  # fmt: skip


def create_router(frame: Frame, door: Door, drawing: Drawing) -> APIRouter:
    """The routes of the first pages."""
    pages = LabelPages(frame, door, drawing)
    router = APIRouter(prefix=HOME, include_in_schema=False, route_class=frame.route_class())

    @router.get("")
    async def index(request: Request, before: Annotated[int | None, Query(ge=0)] = None) -> Response:
        return await pages.index(request, before)

    @router.get("/new")
    async def products(request: Request, q: Annotated[str, Query(max_length=_QUERY)] = "") -> Response:
        return await pages.products(request, q)

    @router.get("/new/{gtin}")
    async def order(request: Request, gtin: str) -> Response:
        return await pages.order(request, gtin)

    @router.post("/new/{gtin}")
    async def make(request: Request, gtin: str) -> Response:
        return await pages.make(request, gtin)

    return router
