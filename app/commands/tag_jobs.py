"""``suyuan labels write-tags`` and its jobs: labels of a batch written to RFID tags by a reader or a printer."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import typer

from suyuan.app.commands.labels import LOCAL, AsJson, BatchId, Key, Numbers, OfLevel, RequestId, Server, segment
from suyuan.app.commands.progress import progress_bar
from suyuan.base.errors import Unavailable

jobs = typer.Typer(help="Tag-write jobs: see how far they are, stop and resume them.", no_args_is_help=True)
_JOBS = "/api/v1/labels/tag-jobs"

JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job, from `suyuan labels tag-jobs list`.")]
#: What is shown of a job in one line.
_COUNTS = ("written", "failed", "voided", "left")


def register(app: typer.Typer) -> None:
    """Put these commands beside the other ones about labels."""
    app.command()(tag_writers)
    app.command()(write_tags)
    app.add_typer(jobs, name="tag-jobs")


def tag_writers(as_json: AsJson = False, server: Server = LOCAL, key: Key = None) -> None:
    """Readers and printers that the server writes tags with."""
    found = _api(server, key).request("GET", "/api/v1/labels/tag-writers").json()
    for writer in found:
        locks = "locks tags" if writer["locks"] else "does not lock"
        typer.echo(_json(writer) if as_json else f"{writer['name']:<24} {writer['kind']:<8} {locks}")


def write_tags(
    batch_id: BatchId,
    numbers: Numbers,
    writer: Annotated[str, typer.Option(help="Reader or printer, from `suyuan labels tag-writers`.")],
    level: OfLevel = "item",
    lock: Annotated[bool, typer.Option("--lock", help="Lock the tags with the writer's password.")] = False,
    rewrite: Annotated[
        bool, typer.Option("--rewrite", help="Take tags that carry a label of ours: that label is voided.")
    ] = False,
    attempts: Annotated[int, typer.Option(help="Failures in a row after which the job pauses.")] = 3,
    design: Annotated[str, typer.Option(help="What a printer prints around the tag.")] = "",
    request: RequestId = "",
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    as_json: AsJson = False,
    server: Server = LOCAL,
    key: Key = None,
) -> None:
    """Write labels to tags, one after the other, each read back. Ctrl-C leaves the job running."""
    order = {
        "batch": batch_id, "level": level, "numbers": numbers, "writer": writer, "lock": lock, "rewrite": rewrite,
        "attempts": attempts, "design": design, "request": request or secrets.token_hex(16),
    }  # fmt: skip
    status = _api(server, key).request("POST", _JOBS, msgspec.json.encode(order)).json()
    typer.echo(f"job {status['job']['id']}", err=True)
    _end(status if detach else _follow(server, key, status["job"]["id"]), as_json)


@jobs.command("list")
def list_jobs(as_json: AsJson = False, server: Server = LOCAL, key: Key = None) -> None:
    """The firm's latest jobs."""
    for status in _api(server, key).request("GET", _JOBS).json():
        typer.echo(_json(status) if as_json else _line(status))


@jobs.command()
def show(job_id: JobId, as_json: AsJson = False, server: Server = LOCAL, key: Key = None) -> None:
    """One job, with the labels that failed."""
    _show(_ask(server, key, "GET", job_id), as_json)


@jobs.command()
def watch(job_id: JobId, as_json: AsJson = False, server: Server = LOCAL, key: Key = None) -> None:
    """Follow a job until it stops."""
    _end(_follow(server, key, job_id), as_json)


@jobs.command()
def pause(job_id: JobId, as_json: AsJson = False, server: Server = LOCAL, key: Key = None) -> None:
    """Stop a job between two tags."""
    _show(_ask(server, key, "POST", job_id, "/pause"), as_json)


@jobs.command()
def resume(job_id: JobId, as_json: AsJson = False, server: Server = LOCAL, key: Key = None) -> None:
    """Go on with a job that paused or was interrupted, and follow it."""
    _ask(server, key, "POST", job_id, "/resume")
    _end(_follow(server, key, job_id), as_json)


@jobs.command()
def cancel(job_id: JobId, as_json: AsJson = False, server: Server = LOCAL, key: Key = None) -> None:
    """End a job for good. Labels that were not written stay allocated."""
    _show(_ask(server, key, "POST", job_id, "/cancel"), as_json)


def _api(server: str, key: str | None) -> Any:
    from suyuan.app.client import Api

    return Api(server, key)


def _ask(server: str, key: str | None, method: str, job_id: str, what: str = "") -> Any:
    return _api(server, key).request(method, _path(job_id) + what).json()


def _path(job_id: str) -> str:
    return f"{_JOBS}/{segment(job_id)}"


def _follow(server: str, key: str | None, job_id: str) -> Any:
    """A bar on a terminal, with what the job waits for; the last status."""
    with progress_bar("writing tags") as told:
        return _api(server, key).watch(f"{_path(job_id)}/progress", _teller(told))


def _teller(told: Callable[[int, int], None]) -> Callable[[Any], None]:
    waiting = ""

    def tell(status: Any) -> None:
        nonlocal waiting
        if status["reason"] != waiting:
            waiting = status["reason"]
            if waiting:
                typer.echo(waiting, err=True)
        told(status["total"] - status["left"], status["total"])

    return tell


def _end(status: Any, as_json: bool) -> None:
    """Show it; a job that waits for somebody has exit code 1."""
    _show(status, as_json)
    if status["state"] == "paused":
        job = status["job"]["id"]
        raise Unavailable(
            f"tag job {job} has paused: {status['reason']}", remedy=f"suyuan labels tag-jobs resume {job}"
        )


def _show(status: Any, as_json: bool) -> None:
    if as_json:
        typer.echo(_json(status))
        return
    typer.echo(_line(status))
    for failure in status["failures"]:
        instead = f"; label {failure['instead']} took its place" if failure["instead"] else ""
        typer.echo(f"label {failure['number']}: {failure['reason']}{instead}")


def _line(status: Any) -> str:
    counts = ", ".join(f"{status[name]} {name}" for name in _COUNTS)
    state = "interrupted" if status["interrupted"] else status["state"]
    reason = f" ({status['reason']})" if status["reason"] else ""
    return f"{status['job']['id']} {state}: {counts}{reason}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
