"""The page of one batch: print, confirm, put on the food, mark what is spoiled."""

from __future__ import annotations

import secrets
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from suyuan.app.staff import batch_view, catalogue
from suyuan.app.staff.drawing import Drawing
from suyuan.app.staff.frame import HOME, Frame, language_of
from suyuan.app.staff.job_view import devices, latest_jobs, refuse_open
from suyuan.app.staff.number_ranges import read_number, read_numbers, write_numbers
from suyuan.app.staff.visitor import Door, Form, Visitor, read_visitors_form
from suyuan.base.errors import InvalidInput, NotFound, SuyuanError
from suyuan.consumer_api.moments import Phrase
from suyuan.labels.batches import BatchStatus, LabelState, Level, LevelCounts, Selection
from suyuan.labels.rendering import MEDIA, Output
from suyuan.labels.service import allocate, apply, batch_of, labels_of, mark_printed, void
from suyuan.labels.tag_job_desk import TagJobs
from suyuan.labels.tag_jobs import TagJobOrder
from suyuan.trace.ledger import Ledger
from suyuan.trace.view import View

#: Why a label is voided where nobody says more.
_SPOILED = "spoiled in printing"
_UNUSED = "spoiled before it was applied"
_WASTE = "spoiled"
#: Most labels that one form handles: one of the writer's transactions.
_MOST = 10_000
#: The form that says what came out of the printer.
_PRINTED = "printed"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Done(msgspec.Struct, frozen=True):
    """What the form before has brought about."""

    what: str = ""  #: ``printed``, ``applied``, ``allocated`` or empty
    labels: int = 0
    spoiled: int = 0


class Range(msgspec.Struct, frozen=True):
    """Labels that a form is about: numbers in the state that the form expects, without and with a flaw."""

    good: list[int]
    spoiled: list[int]


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
            output = read_output(form["output"])
            refuse_open(await latest_jobs(ledger, _jobs(request), who.actor, batch_id, level))
            chosen = await run_in_threadpool(_range, ledger, who, batch_id, level, form, LabelState.ALLOCATED)
            body = await run_in_threadpool(
                self._drawing.file, ledger, who.actor, batch_id, level, chosen.good, form["design"], output
            )
        except SuyuanError as error:
            return await self._page(request, who, ledger, batch_id, error=error, form=form, acting="print")
        name = f"{batch_id}-{level}-{chosen.good[0]}-{chosen.good[-1]}.{output}"
        headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(body, headers=headers, media_type=MEDIA[output])

    async def write_tags(self, request: Request, batch_id: str) -> Response:
        """Send a range that waits for printing to a printer or a reader that writes tags."""
        who, ledger = await self._door.enter(request)
        form = await read_visitors_form(request, who)
        jobs = _jobs(request)
        try:
            level = read_level(form["level"])
            chosen = await run_in_threadpool(_range, ledger, who, batch_id, level, form, LabelState.ALLOCATED)
            printers = [station.name for station in jobs.stations(who.actor) if station.kind == "printer"]
            order = TagJobOrder(
                batch=batch_id, level=level, numbers=write_numbers(chosen.good), writer=form["writer"],
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
            if action == _PRINTED:
                refuse_open(await latest_jobs(ledger, _jobs(request), who.actor, batch_id, level))
            done = await _ACTIONS[action](ledger, who, batch_id, level, form)
        except SuyuanError as error:
            return await self._page(
                request, who, ledger, batch_id, error=error, form=form, acting=_FORMS.get(action, "")
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


def read_level(text: str) -> Level:
    """A packaging level by its name."""
    try:
        return Level(text)
    except ValueError:
        raise InvalidInput(f"{text[:20]!a} is no packaging level", place="level") from None


def read_output(text: str) -> Output:
    """A file format by its name."""
    try:
        return Output(text)
    except ValueError:
        raise InvalidInput(f"{text[:20]!a} is no file format of labels", place="output") from None


def _range(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form, state: LabelState) -> Range:
    """The labels of a form that are in the state it is about; the others of the range are left alone."""
    first, last = read_number(form["first"], "first"), read_number(form["last"], "last")
    if not 1 <= first <= last:
        raise InvalidInput(f"{first} to {last} is no range of labels", place="first", remedy="write 1 to 500")
    if last - first >= _MOST:
        raise InvalidInput(f"{last - first + 1} labels are more than {_MOST}", place="last", remedy="do them in parts")
    spoiled = read_numbers(form["spoiled"], "spoiled")
    outside = sorted(number for number in spoiled if not first <= number <= last)
    if outside:
        raise InvalidInput(f"number {outside[0]} is not among {first} to {last}", place="spoiled")
    with ledger.view() as view:
        found = _numbers(view, who, batch_id, level, state, (first, last))
    if not found:
        raise NotFound(f"none of the labels {first} to {last} is {state.value}", remedy="choose other numbers")
    return Range([number for number in found if number not in spoiled], [n for n in found if n in spoiled])


def _numbers(
    view: View, who: Visitor, batch_id: str, level: Level, state: LabelState, ends: tuple[int, int]
) -> list[int]:
    first, last = ends
    labels = labels_of(view, who.actor, batch_id, level, state, after=first - 1, limit=last - first + 1)
    return [label.number for label in labels if label.number <= last]


async def _print(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form) -> Done:
    chosen = await run_in_threadpool(_range, ledger, who, batch_id, level, form, LabelState.ALLOCATED)
    if chosen.spoiled:  # first, so that a spoiled label never passes for a good one, whatever happens in between
        await void(ledger, who.actor, batch_id, _selection(level, chosen.spoiled), _SPOILED)
    if chosen.good:
        await mark_printed(ledger, who.actor, batch_id, _selection(level, chosen.good))
    return Done("printed", len(chosen.good), len(chosen.spoiled))


async def _apply(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form) -> Done:
    chosen = await run_in_threadpool(_range, ledger, who, batch_id, level, form, LabelState.PRINTED)
    inside = None
    if form["contents"]:
        levels = list(Level)
        status = await run_in_threadpool(_status, ledger, who, batch_id)
        lower = [counts.level for counts in status.counts if levels.index(counts.level) < levels.index(level)]
        inside = _selection(lower[-1], read_numbers(form["contents"], "contents")) if lower else None
    if chosen.spoiled:
        await void(ledger, who.actor, batch_id, _selection(level, chosen.spoiled), _UNUSED)
    if chosen.good:
        await apply(ledger, who.actor, batch_id, _selection(level, chosen.good), inside)
    return Done("applied", len(chosen.good), len(chosen.spoiled))


async def _void(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form) -> Done:
    numbers = read_numbers(form["spoiled"], "spoiled")
    marked = await void(ledger, who.actor, batch_id, _selection(level, numbers), form["reason"] or _WASTE)
    return Done("", 0, marked.changed + marked.already)


async def _allocate(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form) -> Done:
    made = await allocate(ledger, who.actor, batch_id, level, read_number(form["count"], "count"), form["request"])
    return Done("allocated", made.count)


def _selection(level: Level, numbers: set[int] | list[int]) -> Selection:
    return Selection(level, write_numbers(numbers))


#: What the forms of the page do, by the last part of their address.
_ACTIONS = {_PRINTED: _print, "applied": _apply, "voided": _void, "allocate": _allocate}
#: Forms whose fields are shown again as they were typed.
_FORMS = {_PRINTED: "print", "applied": "apply"}


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
        request: Request, batch_id: str, design: str = "", number: Annotated[int, Query(ge=1)] = 1
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

    for action in _ACTIONS:
        add(action)
    for action in (*_ACTIONS, "file", "job", "jobs/{job_id}"):
        # Whoever reloads the address of a form, or chooses another language there, comes back to the page.
        router.add_api_route(f"/{action}", back, methods=["GET"], response_model=None)
    return router


async def back(request: Request, batch_id: str) -> Response:
    """To the batch's page, with what the address asked for."""
    return RedirectResponse(f"{HOME}/{batch_id}?{request.url.query}", 303)
