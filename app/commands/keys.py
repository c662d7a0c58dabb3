"""``suyuan keys``: add, list and revoke API keys, through the server or, where none runs, in the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from suyuan.base.errors import InvalidInput

app = typer.Typer(help="API keys: who may read and write.", no_args_is_help=True)

Server = Annotated[
    str | None,
    typer.Option("--server", envvar="SUYUAN_SERVER", help="Address of a running server; else the data folder."),
]
Key = Annotated[
    str | None, typer.Option("--key", envvar="SUYUAN_KEY", help="Administrator's key [default: DATA/admin.key].")
]
Data = Annotated[Path, typer.Option("--data", envvar="SUYUAN_DATA", help="Data folder.")]


@app.command()
def add(
    role: Annotated[
        str, typer.Option(help="device, producer, logistics, retailer, laboratory, regulator, witness, administrator.")
    ],
    name: Annotated[str, typer.Option(help="What the key is for; shown in lists.")],
    party: Annotated[str | None, typer.Option(help="The firm's GLN or PGLN, in any form.")] = None,
    expires: Annotated[str | None, typer.Option(help="ISO 8601 time with a zone.")] = None,
    lenient: Annotated[
        list[str] | None, typer.Option(help="A rule that its events may break, or all; may be given several times.")
    ] = None,
    server: Server = None,
    key: Key = None,
    data: Data = Path("suyuan-data"),
) -> None:
    """Make a key. Its text is the only line on stdout and is never shown again."""
    from suyuan.app.key_routes import KeyOrder, KeyShown

    order = KeyOrder(role, name, party, expires, tuple(lenient or ()))
    if server is None:
        typer.echo(_add_here(order, data))
        return
    from suyuan.app.client import Api, read_key

    reply = Api(server, read_key(key, data)).request("POST", "/api/v1/keys", msgspec.json.encode(order))
    typer.echo(msgspec.json.decode(reply.body, type=KeyShown).key)


def _add_here(order: object, data: Path) -> str:
    from suyuan.app.key_routes import KeyOrder, make_key
    from suyuan.base.clock import now
    from suyuan.trace.acts import KeyAdded, Recorded

    assert isinstance(order, KeyOrder)  # noqa: S101 - its own caller
    text, key = make_key(order, now())
    write_here(data, "key-added", KeyAdded("command-line", key), Recorded)
    return text


def write_here(data: Path, operation: str, parameters: object, result: type[object]) -> None:
    """Without a server the command is the writer for a moment; a running server keeps the lock and is named."""
    from suyuan.app.main import prepare_folder, writer_settings
    from suyuan.app.writing import write_once
    from suyuan.base.database import sqlite_url
    from suyuan.base.settings import load_settings

    settings = load_settings({"data": data})
    prepare_folder(settings, sqlite_url(data))
    write_once(writer_settings(settings), operation, parameters, result)


@app.command("list")
def list_keys(server: Server = None, key: Key = None, data: Data = Path("suyuan-data")) -> None:
    """Show all keys, without their secrets."""
    from rich.console import Console
    from rich.table import Table

    from suyuan.app.key_routes import KeyShown

    table = Table("id", "name", "role", "party", "created", "state", box=None, pad_edge=False)
    for shown in msgspec.convert(_listed(server, key, data), list[KeyShown]):
        state = f"revoked {shown.revoked}" if shown.revoked else f"until {shown.expires}" if shown.expires else "valid"
        state += f", may break {' '.join(shown.lenient)}" if shown.lenient else ""
        table.add_row(shown.id, shown.name, shown.role, shown.party, shown.created, state)
    Console(soft_wrap=True).print(table)


def _listed(server: str | None, key: str | None, data: Path) -> object:
    if server is not None:
        from suyuan.app.client import Api, read_key

        return Api(server, read_key(key, data)).request("GET", "/api/v1/keys").json()
    from suyuan.app.folder import open_folder
    from suyuan.app.key_routes import show

    with open_folder(data) as ledger:
        return msgspec.to_builtins([show(stored) for stored in ledger.all_keys()])


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, from `suyuan keys list`.")],
    server: Server = None,
    key: Key = None,
    data: Data = Path("suyuan-data"),
) -> None:
    """Revoke a key from now on."""
    if not key_id.isalnum():
        raise InvalidInput(f"{key_id[:40]!r} is not a key's id", remedy="the part between the two underscores")
    if server is not None:
        from suyuan.app.client import Api, read_key

        Api(server, read_key(key, data)).request("DELETE", f"/api/v1/keys/{key_id}")
    else:
        from suyuan.trace.acts import KeyRevoked, Recorded

        write_here(data, "key-revoked", KeyRevoked("command-line", key_id), Recorded)
    typer.echo(f"revoked {key_id}", err=True)
