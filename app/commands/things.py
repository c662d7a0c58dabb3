"""Commands about things and documents: capture, trace, qr."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from suyuan.base.errors import InvalidInput, SuyuanError

Server = Annotated[
    str | None,
    typer.Option("--server", envvar="SUYUAN_SERVER", help="Address of a running server; else the data folder."),
]
Key = Annotated[str | None, typer.Option("--key", envvar="SUYUAN_KEY", help="API key.")]
Data = Annotated[Path, typer.Option("--data", envvar="SUYUAN_DATA", help="Data folder.")]

#: Columns of a table that goes into a file or a pipe.
_WIDE = 400


def register(app: typer.Typer) -> None:
    """Put these commands on the main command line."""
    for command in (capture, trace, qr):
        app.command()(command)


def capture(
    files: Annotated[list[Path], typer.Argument(help="EPCIS documents; - reads stdin.", show_default=False)],
    server: Annotated[
        str, typer.Option(envvar="SUYUAN_SERVER", help="Address of the server.")
    ] = "http://127.0.0.1:8000",
    key: Key = None,
) -> None:
    """Capture EPCIS documents in JSON or XML. One line a file; the exit code is 2 when any was refused."""
    from suyuan.app.client import Api

    api = Api(server, key)
    refused = 0
    for file in files:
        try:
            body = _read(file)
            xml = body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
            job = api.capture_job(body, "application/xml" if xml else "application/ld+json")
        except SuyuanError as error:
            refused += 1
            typer.echo(f"{file}: refused: {error}", err=True)
            continue
        if "eventCount" in job:
            typer.echo(f"{file}: {job['eventCount']} events")
            continue
        known = sum(event["duplicate"] for event in job["events"])
        typer.echo(f"{file}: {len(job['events'])} events, {known} of them known before")
    if refused:
        raise typer.Exit(2)


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read it: {error.strerror}", place=str(file)) from None


def trace(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="EPC, lot, Digital Link or element string.")],
    back: Annotated[bool, typer.Option("--back", help="To the sources.")] = False,
    forward: Annotated[bool, typer.Option("--forward", help="To what it became.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The whole answer as JSON.")] = False,
    server: Server = None,
    key: Key = None,
    data: Data = Path("suyuan-data"),
) -> None:
    """Trace a thing: where it comes from (--back) or where it went (--forward)."""
    if back == forward:
        raise InvalidInput("say either --back or --forward")
    answer = _trace(identifier, "back" if back else "forward", server, key, data)
    if as_json:
        typer.echo(msgspec.json.encode(answer).decode())
    else:
        _show(answer)


def _trace(identifier: str, direction: str, server: str | None, key: str | None, data: Path) -> Any:
    if server is not None:
        from suyuan.app.client import Api

        query = {"id": identifier, "direction": direction, "limit": "10000"}
        return Api(server, key).request("GET", "/api/v1/trace", query=query).json()
    from suyuan.app.folder import open_folder
    from suyuan.trace.closures import Direction, trace_answer

    with open_folder(data) as ledger, ledger.view() as view:
        return msgspec.to_builtins(trace_answer(view, identifier, Direction(direction)))


def _show(answer: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("thing", "why", "since", "state", "place", "has it", box=None, pad_edge=False)
    for thing in answer["things"]:
        where = thing["site"] or thing["destination"] or ""
        table.add_row(
            _short(thing["id"]), thing["rule"], thing["since"] or "", thing["state"], _short(where),
            " / ".join(map(_short, thing["possessors"])),
        )  # fmt: skip
    console = Console() if sys.stdout.isatty() else Console(width=_WIDE)  # a pipe must get whole identifiers
    console.print(table)
    for carrier in answer["carriers"]:
        console.print(f"carrier {_short(carrier['id'])} holds {carrier['holds']} at {_short(carrier['place'] or '?')}")
    console.print(f"{answer['of']} things, {answer['hidden']} not shown; log size {answer['asOf']}")


def _short(name: str) -> str:
    return name.removeprefix("https://id.gs1.org")


def qr(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Identifier in any form.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write: .png or .svg.")],
    public_url: Annotated[
        str, typer.Option(envvar="SUYUAN_PUBLIC_URL", help="Where shoppers reach the server.")
    ] = "https://id.gs1.org",
    level: Annotated[str, typer.Option(help="Error correction: L, M, Q or H.")] = "M",
) -> None:
    """Draw a QR code with the thing's GS1 Digital Link."""
    from suyuan.labels.qr import Level, write_qr

    try:
        chosen = Level(level.upper())
    except ValueError:
        raise InvalidInput(f"level {level[:10]!r} is not one of L, M, Q, H", place="--level") from None
    write_qr(identifier, output, public_url, chosen)
    typer.echo(f"wrote {output}", err=True)
