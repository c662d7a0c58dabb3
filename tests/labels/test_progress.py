"""Progress as lines of JSON: what a client sees of a job that works, fails or is left."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from starlette.requests import Request

from suyuan.base.errors import Conflict
from suyuan.labels.progress import LINES, answered
from suyuan.labels.service import Progress


def request(accept: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept", accept.encode())]})


async def lines(failure: Exception | None) -> list[object]:
    """What a job of two parts tells."""

    async def work(progress: Progress | None) -> int:
        assert progress is not None
        progress(1, 2)
        await asyncio.sleep(0)
        if failure:
            raise failure
        progress(2, 2)
        return 7

    answer = await answered(request(LINES), work, 201)
    assert (answer.status_code, answer.media_type) == (201, LINES)
    return [msgspec.json.decode(line) async for line in answer.body_iterator]  # type: ignore[attr-defined]


async def test_progress_comes_before_the_result() -> None:
    assert await lines(None) == [{"done": 1, "of": 2}, {"done": 2, "of": 2}, {"result": 7}]


async def test_a_refusal_is_the_last_line() -> None:
    told = await lines(Conflict("taken", place="/lot"))
    assert told[-1] == {"error": {"type": "conflict", "status": 409, "detail": "taken", "place": "/lot"}}


async def test_a_bug_is_logged_and_shows_nothing_of_itself() -> None:
    told = await lines(RuntimeError("secret"))
    assert "secret" not in str(told)
    assert told[-1] == {
        "error": {"type": "error", "status": 500, "detail": "something went wrong here: the failure was logged"}
    }


async def test_a_client_that_goes_away_ends_the_job() -> None:
    ended = asyncio.Event()

    async def work(progress: Progress | None) -> None:
        assert progress is not None
        progress(1, 2)
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    answer = await answered(request(LINES), work)
    body = answer.body_iterator  # type: ignore[attr-defined]
    assert msgspec.json.decode(await anext(body)) == {"done": 1, "of": 2}
    await body.aclose()
    await ended.wait()


@pytest.mark.parametrize("accept", ["", "application/json", "*/*"])
async def test_others_get_the_result_alone(accept: str) -> None:
    async def work(progress: Progress | None) -> int:
        assert progress is None
        return 7

    answer = await answered(request(accept), work)
    assert (answer.status_code, answer.body) == (200, b"7")
