"""The page of one batch: print, confirm, put on the food, mark what is spoiled."""

from __future__ import annotations

import secrets
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from suyuan.app.staff import batch_view, catalogue
from suyuan.app.staff.batch_forms import (
    ACTIONS,
    PRINTED,
    SHOWN_AGAIN,
    Done,
    read_dpi,
    read_level,
    read_output,
    to_print,
)
from suyuan.app.staff.drawing import Drawing
from suyuan.app.staff.frame import HOME, Frame, language_of
from suyuan.app.staff.job_view import devices, latest_jobs, refuse_open
from suyuan.app.staff.number_ranges import write_numbers
from suyuan.app.staff.visitor import Door, Form, Visitor, read_visitors_form
from suyuan.base.errors import InvalidInput, SuyuanError
from suyuan.consumer_api.moments import Phrase
from suyuan.labels.allocation import MOST_LABELS
from suyuan.labels.batches import BatchStatus, LabelState, LevelCounts
from suyuan.labels.rendering import MEDIA, Output
from suyuan.labels.service import batch_of
from suyuan.labels.tag_job_desk import TagJobs
from suyuan.labels.tag_jobs import TagJobOrder
from suyuan.trace.ledger import Ledger

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class BatchPages:
    """The handlers of one batch's page."""

    def __init__(self, frame: Frame, door: Door, drawing: Drawing) -> None:
        self._frame = frame
        self._door = door
        self._drawing = drawing

    async def show(self, request: Request, batch_id: str, done: Done) -> Response:
        """The page."""
        who, ledger = await self._door.enter(request)
        return await self._page(request, who, ledger, batch_id, done=done)

    async def live(self, request: Request, batch_id: str) -> Response:
        """The part of the page that changes while printers work."""
        who, ledger = await self._door.enter(request)
        status = await run_in_threadpool(_status, ledger, who, batch_id)
        counts = _level(status, request.query_params.get("level", ""))
        jobs = await latest_jobs(ledger, _jobs(request), who.actor, batch_id, counts.level)
        response = self._frame.page(request, "live.html", who, batch=status.batch, counts=counts, jobs=jobs)
        response.headers["X-Busy"] = "yes" if any(job.running for job in jobs) else "no"
        return response

    async def picture(self, request: Request, batch_id: str, design: str, number: int) -> Response:
        """One label as PNG."""
        who, ledger = await self._door.enter(request)
        level = read_level(request.query_params.get("level", ""))
        png = await run_in_threadpool(self._drawing.picture, ledger, who.actor, batch_id, level, number, design)
        return Response(png, headers=_HEADERS, media_type=MEDIA[Output.PNG])

    async def file(self, request: Request, batch_id: str) -> Response:
        """The labels of a range that wait for printing, as a file to print."""
        who, ledger = await self._door.enter(request)
        form = await read_visitors_form(request, who)
        try:
            level = read_level(form["level"])
            output, dpi = read_output(form["output"]), read_dpi(form["dpi"])
            refuse_open(await latest_jobs(ledger, _jobs(request), who.actor, batch_id, level))
            numbers = await run_in_threadpool(to_print, ledger, who, batch_id, level, form)
            body = await run_in_threadpool(
                self._drawing.file, ledger, who.actor, batch_id, level, numbers, form["design"], output, dpi
            )
        except SuyuanError as error:
            return await self._page(request, who, ledger, batch_id, error=error, form=form, acting="print")
        name = f"{batch_id}-{level}-{numbers[0]}-{numbers[-1]}.{output}"
        headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(body, headers=headers, media_type=MEDIA[output])

    async def write_tags(self, request: Request, batch_id: str) -> Response:
        """Send a range that waits for printing to a printer or a reader that writes tags."""
        who, ledger = await self._door.enter(request)
        form = await read_visitors_form(request, who)
        jobs = _jobs(request)
        try:
            level = read_level(form["level"])
            numbers = await run_in_threadpool(to_print, ledger, who, batch_id, level, form)
            printers = [station.name for station in jobs.stations(who.actor) if station.kind == "printer"]
            order = TagJobOrder(
                batch=batch_id, level=level, numbers=write_numbers(numbers), writer=form["writer"],
                design=form["design"] if form["writer"] in printers else "", request=form["request"],
            )  # fmt: skip
            await jobs.open(who.actor, order)
        except SuyuanError as error:
            return await self._page(request, who, ledger, batch_id, error=error, form=form, acting="print")
        return RedirectResponse(f"{HOME}/{batch_id}?level={level}", 303)

    async def steer(self, request: Request, batch_id: str, job_id: str) -> Response:
        """Pause a job, let it go on, or cancel what is left of it."""
        who, ledger = await self._door.enter(request)
        form = await read_visitors_form(request, who)
        jobs = _jobs(request)
        steer = {"pause": jobs.pause, "resume": jobs.resume, "cancel": jobs.cancel}.get(form["do"])
        try:
            level = read_level(form["level"])
            if steer is None:
                raise InvalidInput(f"{form['do'][:20]!a} is nothing that can be done with a job", place="do")
            await steer(who.actor, job_id)
        except SuyuanError as error:
            return await self._page(request, who, ledger, batch_id, error=error, form=form)
        return RedirectResponse(f"{HOME}/{batch_id}?level={level}", 303)

    async def act(self, request: Request, batch_id: str, action: str) -> Response:
        """Carry out a form, then show the page anew; a refusal is shown where it happened."""
        who, ledger = await self._door.enter(request)
        form = await read_visitors_form(request, who)
        try:
            level = read_level(form["level"])
            if action == PRINTED:
                refuse_open(await latest_jobs(ledger, _jobs(request), who.actor, batch_id, level))
            done = await ACTIONS[action](ledger, who, batch_id, level, form)
        except SuyuanError as error:
            return await self._page(
                request, who, ledger, batch_id, error=error, form=form, acting=SHOWN_AGAIN.get(action, "")
            )
        query = f"level={level}&done={done.what}&labels={done.labels}&spoiled={done.spoiled}"
        return RedirectResponse(f"{HOME}/{batch_id}?{query}", 303)

    async def _page(
        self,
        request: Request,
        who: Visitor,
        ledger: Ledger,
        batch_id: str,
        *,
        done: Done | None = None,
        error: SuyuanError | None = None,
        form: Form | None = None,
        acting: str = "",
    ) -> Response:
        language = language_of(request)
        desk = _jobs(request)
        wanted = form["level"] if form else request.query_params.get("level", "")
        values = await run_in_threadpool(_values, ledger, who, batch_id, wanted, language)
        designs = self._drawing.titles(language)
        jobs = await latest_jobs(ledger, desk, who.actor, batch_id, values.counts.level)
        chosen = (form["design"] if form else request.query_params.get("design", "")) or values.status.batch.design
        batch = values.status.batch
        return self._frame.page(
            request, "batch.html", who, status=error.status if error else 200, batch=batch, product=values.product,
            days={
                "production": batch_view.day(batch.production_date, language),
                "best_before": batch_view.day(batch.best_before_date, language),
                "expiration": batch_view.day(batch.expiration_date, language),
            },
            opened=batch_view.opened(batch, language), levels=values.status.counts, counts=values.counts,
            to_print=values.to_print, to_apply=values.to_apply,
            missing=max(0, values.counts.planned - values.counts.total), below=values.below,
            designs=designs, design=chosen if chosen in designs else self._drawing.usual(values.counts.level),
            form=form or Form({}),
            acting=acting, error=error, done=done if done and (done.labels or done.spoiled) else None,
            request_id=secrets.token_hex(16), devices=devices(desk, who.actor),
            jobs=jobs,
            busy=any(job.running for job in jobs),
            at_work=any(job.open for job in jobs),
        )  # fmt: skip


def _jobs(request: Request) -> TagJobs:
    """The application's desk of tag-write jobs."""
    jobs: TagJobs = request.app.state.tag_jobs
    return jobs


class Values(msgspec.Struct, frozen=True):
    """What the page tells, read in one snapshot."""

    status: BatchStatus
    product: Phrase
    counts: LevelCounts
    below: str  #: level of what goes into these, empty for packs
    to_print: batch_view.Span | None
    to_apply: batch_view.Span | None


def _values(ledger: Ledger, who: Visitor, batch_id: str, wanted: str, language: str) -> Values:
    with ledger.view() as view:
        status = batch_of(view, who.actor, batch_id)
        counts, batch = _level(status, wanted), status.batch
        place = status.counts.index(counts)
        return Values(
            status, catalogue.product_name(view, batch.gtin, language), counts,
            status.counts[place - 1].level if place else "",
            batch_view.span(view, who.actor, batch, counts.level, LabelState.ALLOCATED),
            batch_view.span(view, who.actor, batch, counts.level, LabelState.PRINTED),
        )  # fmt: skip


def _status(ledger: Ledger, who: Visitor, batch_id: str) -> BatchStatus:
    with ledger.view() as view:
        return batch_of(view, who.actor, batch_id)


def _level(status: BatchStatus, wanted: str) -> LevelCounts:
    """The counts of the level that was asked for, else of the first."""
    return next((counts for counts in status.counts if counts.level == wanted), status.counts[0])


def create_router(frame: Frame, door: Door, drawing: Drawing) -> APIRouter:
    """The routes of a batch's page."""
    pages = BatchPages(frame, door, drawing)
    router = APIRouter(prefix=HOME + "/{batch_id}", include_in_schema=False, route_class=frame.route_class())

    @router.get("")
    async def show(
        request: Request,
        batch_id: str,
        done: str = "",
        labels: Annotated[int, Query(ge=0)] = 0,
        spoiled: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        return await pages.show(request, batch_id, Done(done, labels, spoiled))

    @router.get("/live")
    async def live(request: Request, batch_id: str) -> Response:
        return await pages.live(request, batch_id)

    @router.get("/preview.png")
    async def picture(
        request: Request, batch_id: str, design: str = "", number: Annotated[int, Query(ge=1, le=MOST_LABELS)] = 1
    ) -> Response:
        return await pages.picture(request, batch_id, design, number)

    @router.post("/file")
    async def file(request: Request, batch_id: str) -> Response:
        return await pages.file(request, batch_id)

    @router.post("/job")
    async def job(request: Request, batch_id: str) -> Response:
        return await pages.write_tags(request, batch_id)

    @router.post("/jobs/{job_id}")
    async def steer(request: Request, batch_id: str, job_id: str) -> Response:
        return await pages.steer(request, batch_id, job_id)

    def add(action: str) -> None:
        async def act(request: Request, batch_id: str) -> Response:
            return await pages.act(request, batch_id, action)

        router.add_api_route(f"/{action}", act, methods=["POST"], response_model=None)

    for action in ACTIONS:
        add(action)
    for action in (*ACTIONS, "file", "job", "jobs/{job_id}"):
        # Whoever reloads the address of a form, or chooses another language there, comes back to the page.
        router.add_api_route(f"/{action}", back, methods=["GET"], response_model=None)
    return router


async def back(request: Request, batch_id: str) -> Response:
    """To the batch's page, with what the address asked for."""
    return RedirectResponse(f"{HOME}/{batch_id}?{request.url.query}", 303)
