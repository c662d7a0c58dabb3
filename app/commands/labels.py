"""``suyuan labels``: batches of labels through the server: open, allocate, printed, voided, applied, weighed.

Only a server knows which firm a key belongs to, so every command asks one. Modules that print and write tags put
their commands on `app` too.
"""

from __future__ import annotations

import secrets
import sys
from typing import Annotated, Any

import msgspec
import typer

from suyuan.app.commands.progress import progress_bar

app = typer.Typer(help="Labels: batches, serial numbers, and what became of each label.", no_args_is_help=True)
batch = typer.Typer(help="Batches: one lot of one product each.", no_args_is_help=True)
app.add_typer(batch, name="batch")

Server = Annotated[str, typer.Option("--server", envvar="SUYUAN_SERVER", help="Address of the server.")]
Key = Annotated[str | None, typer.Option("--key", envvar="SUYUAN_KEY", help="The firm's API key.")]
AsJson = Annotated[bool, typer.Option("--json", help="The whole answer as JSON.")]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch, from `suyuan labels batch list`.")]
OfLevel = Annotated[str, typer.Option("--level", help="item, case or pallet.")]
Numbers = Annotated[str, typer.Option("--numbers", help="Label numbers: 1-500,502.")]
Time = Annotated[str | None, typer.Option("--time", help="ISO 8601 with a zone [default: now].")]
RequestId = Annotated[str, typer.Option("--request", help="The same id again changes nothing more.")]

LOCAL = "http://127.0.0.1:8000"
#: Columns of a table that goes into a file or a pipe.
_WIDE = 400
#: Labels that are fetched at a time.
_PAGE = 10_000
_BATCHES = "/api/v1/labels/batches"


@batch.command("open")
def open_batch(
    gtin: Annotated[str, typer.Option(help="The item's GTIN, 14 digits.")],
    lot: Annotated[str, typer.Option(help="Lot number.")],
    quantity: Annotated[int, typer.Option(help="Items.")],
    made: Annotated[str, typer.Option(help="Production date, 2026-11-21.")],
    expires: Annotated[str, typer.Option(help="Expiry date.")] = "",
    best_before: Annotated[str, typer.Option(help="Best before date.")] = "",
    site: Annotated[str, typer.Option(help="GLN of the site [default: the firm's only one].")] = "",
    case_gtin: Annotated[str, typer.Option(help="The case's GTIN.")] = "",
    case_holds: Annotated[int, typer.Option(help="Items in a case.")] = 0,
    pallet_prefix: Annotated[str, typer.Option(help="Company prefix of the pallets' SSCCs.")] = "",
    pallet_holds: Annotated[int, typer.Option(help="Cases (or items) on a pallet.")] = 0,
    pallet_extension: Annotated[int, typer.Option(help="Extension digit of the SSCCs.")] = 0,
    first_reference: Annotated[int, typer.Option(help="Where the SSCCs begin, if not at 0.")] = 0,
    serials: Annotated[str, typer.Option(help="numeric (fits SGTIN-96) or alphanumeric.")] = "numeric",
    design: Annotated[str, typer.Option(help="Label design to begin with.")] = "",
    request: RequestId = "",
    as_json: AsJson = False,
    server: Server = LOCAL,
    key: Key = None,
) -> None:
    """Open a batch. Its id is the only line on stdout."""
    order: dict[str, Any] = {
        "gtin": gtin, "lot": lot, "quantity": quantity, "production_date": made, "expiration_date": expires,
        "best_before_date": best_before, "site": site, "serials": serials, "design": design, "request": request,
    }  # fmt: skip
    if case_gtin or case_holds:
        order["case"] = {"gtin": case_gtin, "holds": case_holds}
    if pallet_prefix or pallet_holds:
        order["pallet"] = {
            "company_prefix": pallet_prefix, "holds": pallet_holds, "extension": pallet_extension,
            "first_reference": first_reference,
        }  # fmt: skip
    found = _api(server, key).request("POST", _BATCHES, msgspec.json.encode(order)).json()
    typer.echo(_json(found) if as_json else found["batch"]["id"])


@batch.command("list")
def list_batches(as_json: AsJson = False, server: Server = LOCAL, key: Key = None) -> None:
    """The firm's latest batches. Allocated labels that were not printed are to be printed or voided."""
    _show(_api(server, key).request("GET", _BATCHES).json(), as_json)


@batch.command("show")
def show_batch(batch_id: BatchId, as_json: AsJson = False, server: Server = LOCAL, key: Key = None) -> None:
    """One batch with the states of its labels."""
    found = _api(server, key).request("GET", f"{_BATCHES}/{segment(batch_id)}").json()
    if as_json:
        typer.echo(_json(found))
    else:
        _show([found], as_json)


@batch.command("labels")
def list_labels(
    batch_id: BatchId,
    level: OfLevel = "item",
    state: Annotated[str, typer.Option(help="allocated, printed, applied or voided.")] = "",
    server: Server = LOCAL,
    key: Key = None,
) -> None:
    """Every label, one JSON object a line."""
    api, after = _api(server, key), 0
    while True:
        query = {"level": level, "after": str(after), "limit": str(_PAGE)} | ({"state": state} if state else {})
        page = api.request("GET", f"{_BATCHES}/{segment(batch_id)}/labels", query=query).json()
        for label in page["labels"]:
            typer.echo(_json(label))
        if page["next"] is None:
            return
        after = page["next"]


@app.command()
def allocate(
    batch_id: BatchId,
    count: Annotated[int, typer.Option(help="How many.")],
    level: OfLevel = "item",
    request: RequestId = "",
    as_json: AsJson = False,
    server: Server = LOCAL,
    key: Key = None,
) -> None:
    """Take serial numbers for labels, for ever."""
    body = {"level": level, "count": count, "request": request or secrets.token_hex(16)}
    made = _follow(server, key, batch_id, "labels", body, "allocating")
    typer.echo(_json(made) if as_json else f"{made['level']} labels {made['numbers']}")


@app.command()
def mark(
    batch_id: BatchId,
    numbers: Numbers,
    level: OfLevel = "item",
    time: Time = None,
    as_json: AsJson = False,
    server: Server = LOCAL,
    key: Key = None,
) -> None:
    """Say that labels came out of the printer."""
    body = {"labels": {"level": level, "numbers": numbers}, "time": time}
    _marked(_follow(server, key, batch_id, "printed", body, "marking"), "printed", as_json)


@app.command()
def void(
    batch_id: BatchId,
    numbers: Numbers,
    reason: Annotated[str, typer.Option(help="What happened to them.")],
    level: OfLevel = "item",
    time: Time = None,
    as_json: AsJson = False,
    server: Server = LOCAL,
    key: Key = None,
) -> None:
    """Void labels that were spoiled before they were applied."""
    body = {"labels": {"level": level, "numbers": numbers}, "reason": reason, "time": time}
    _marked(_follow(server, key, batch_id, "void", body, "voiding"), "voided", as_json)


@app.command()
def apply(
    batch_id: BatchId,
    numbers: Numbers,
    level: OfLevel = "item",
    contents: Annotated[str, typer.Option(help="Numbers of what was packed into the one label given.")] = "",
    contents_level: Annotated[str, typer.Option(help="Level of what was packed: item or case.")] = "item",
    time: Time = None,
    as_json: AsJson = False,
    server: Server = LOCAL,
    key: Key = None,
) -> None:
    """Say that labels are on food: from now on they count."""
    body: dict[str, Any] = {"labels": {"level": level, "numbers": numbers}, "time": time}
    if contents:
        body["contents"] = {"level": contents_level, "numbers": contents}
    _marked(_follow(server, key, batch_id, "apply", body, "applying"), "applied", as_json)


@app.command()
def relabel(
    batch_id: BatchId,
    parent: Annotated[str, typer.Option(help="What the pieces are cut from: an item or a lot, in any form.")],
    kilograms: Annotated[list[str], typer.Option("--kilograms", help="Net weight of a piece, 0.356; once for each.")],
    request: RequestId = "",
    server: Server = LOCAL,
    key: Key = None,
) -> None:
    """Labels for pieces weighed at a scale, one JSON object a line. Applying them uses the parent up."""
    body = {"parent": parent, "kilograms": kilograms, "request": request}
    path = f"{_BATCHES}/{segment(batch_id)}/relabel"
    for label in _api(server, key).request("POST", path, msgspec.json.encode(body)).json():
        typer.echo(_json(label))


def _api(server: str, key: str | None) -> Any:
    from suyuan.app.client import Api

    return Api(server, key)


def segment(name: str) -> str:
    """A name as one segment of a path."""
    from urllib.parse import quote

    return quote(name, safe="")


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _follow(server: str, key: str | None, batch_id: str, what: str, body: dict[str, Any], doing: str) -> Any:
    with progress_bar(doing) as told:
        path = f"{_BATCHES}/{segment(batch_id)}/{what}"
        return _api(server, key).follow(path, msgspec.json.encode(body), told)


def _marked(marked: Any, state: str, as_json: bool) -> None:
    typer.echo(_json(marked) if as_json else f"{marked['changed']} {state}, {marked['already']} were before")


def _show(found: list[Any], as_json: bool) -> None:
    if as_json:
        for status in found:
            typer.echo(_json(status))
        return
    from rich.console import Console
    from rich.table import Column, Table

    columns = ("batch", "product", "lot", "level", "planned", "allocated", "printed", "applied", "voided")
    table = Table(*(Column(name, no_wrap=True) for name in columns), box=None, pad_edge=False)
    for status in found:
        of = status["batch"]
        for counts in status["counts"]:
            words = (of["id"], of["gtin"], of["lot"], counts["level"])
            table.add_row(*words, *(str(counts[name]) for name in columns[4:]))
    console = Console() if sys.stdout.isatty() else Console(width=_WIDE)  # a pipe must get whole identifiers
    console.print(table)
