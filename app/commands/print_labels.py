"""``suyuan labels designs`` and ``suyuan labels render``: labels of a batch as files to print."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from suyuan.app.commands.labels import LOCAL, AsJson, BatchId, Key, OfLevel, Server, segment
from suyuan.base.errors import InvalidInput

_BATCHES = "/api/v1/labels/batches"
#: Formats by the suffix of the file.
_FORMATS = ("pdf", "png", "svg", "zpl", "csv")
#: Longest design file in bytes, as the server reads it.
_LONGEST_DESIGN = 65_536


def register(app: typer.Typer) -> None:
    """Put these commands beside the other ones about labels."""
    for command in (designs, render):
        app.command()(command)


def designs(as_json: AsJson = False, server: Server = LOCAL, key: Key = None) -> None:
    """Label designs that come with Suyuan."""
    from suyuan.app.client import Api

    for design in Api(server, key).request("GET", "/api/v1/labels/designs").json():
        size = f"{design['width']:g} x {design['height']:g} mm"
        typer.echo(
            msgspec.json.encode(design).decode() if as_json else f"{design['name']:<12} {size:<16} {design['title']}"
        )


def render(
    batch_id: BatchId,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write: .pdf .png .svg .zpl .csv, or -.")],
    output_format: Annotated[str, typer.Option("--format", help="Format, where the file does not tell it.")] = "",
    level: OfLevel = "item",
    numbers: Annotated[str, typer.Option("--numbers", help="Label numbers [default: not printed yet].")] = "",
    design: Annotated[str, typer.Option("--design", help="A design's name, or a .toml file of your own.")] = "",
    dpi: Annotated[int, typer.Option("--dpi", help="Dots an inch of printer or picture: 203, 300, 600.")] = 203,
    skip: Annotated[int, typer.Option("--skip", help="Places of the first sheet that are used up.")] = 0,
    rfid: Annotated[bool, typer.Option("--rfid", help="The printer writes the tags (ZPL).")] = False,
    retries: Annotated[int, typer.Option("--retries", help="Attempts to write one tag.")] = 3,
    lock: Annotated[str, typer.Option("--lock", help="none, locked or permanent.")] = "none",
    password: Annotated[
        str | None,
        typer.Option("--tag-password", envvar="SUYUAN_TAG_PASSWORD", help="Access password, 8 hexadecimal digits."),
    ] = None,
    server: Server = LOCAL,
    key: Key = None,
) -> None:
    """Write labels of a batch to a file for a printer or a print bureau. Nothing is marked as printed by this."""
    from suyuan.app.client import Api

    order: dict[str, Any] = {
        "output": _format(output, output_format), "level": level, "numbers": numbers, "dpi": dpi, "skip": skip,
    }  # fmt: skip
    order |= {"design_file": _own_design(Path(design))} if design.endswith(".toml") else {"design": design}
    if rfid:
        order["rfid"] = {"retries": retries, "lock": lock, "password": password}
    path = f"{_BATCHES}/{segment(batch_id)}/render"
    with _file(output) as file, _counted() as told:
        written = Api(server, key).download(path, msgspec.json.encode(order), file, told)
    typer.echo(f"{output}: {written:,} bytes", err=True)


def _format(output: Path, named: str) -> str:
    found = named or output.suffix.lower().removeprefix(".")
    if found not in _FORMATS:
        raise InvalidInput(
            f"{found[:40]!a} is none of {', '.join(_FORMATS)}", place="--format", remedy="name the file x.pdf"
        )
    return found


def _own_design(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(_LONGEST_DESIGN + 1).decode("utf-8")
    except OSError as error:
        raise InvalidInput(f"cannot read it: {error.strerror}", place=str(file)) from None
    except UnicodeDecodeError:
        raise InvalidInput("not UTF-8", place=str(file)) from None


@contextmanager
def _file(output: Path) -> Iterator[BinaryIO]:
    """The file, complete or not there: half a batch is never taken for a whole one."""
    if str(output) == "-":
        yield sys.stdout.buffer
        return
    part = output.with_name(output.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(output)
    except OSError as error:
        raise InvalidInput(f"cannot write it: {error.strerror}", place=str(output)) from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _counted() -> Iterator[Any]:
    """Bytes so far on stderr while it takes long; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("drawing labels"), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)
        yield lambda count: bar.update(task, completed=count)
