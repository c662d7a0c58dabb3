"""``suyuan masterdata``: parties, sites and products from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suyuan.app.commands.keys import Data, Key, Server

app = typer.Typer(help="Master data: parties, sites and products.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Master data: parties, sites and products."""


@app.command("import")
def bring_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".xlsx, .json, .jsonld or .xml.", show_default=False)],
    check: Annotated[bool, typer.Option("--check", help="Only read the file and say what is in it.")] = False,
    server: Server = None,
    key: Key = None,
    data: Data = Path("suyuan-data"),
) -> None:
    """Add or change parties, sites and products: a spreadsheet, our JSON, or EPCIS master data."""
    import msgspec

    from suyuan.app.master_data_file import read_file
    from suyuan.base.errors import InvalidInput

    if not file.is_file():
        raise InvalidInput("there is no such file", place=str(file))
    found = read_file(file)
    counted = f"{len(found.parties)} parties, {len(found.sites)} sites, {len(found.products)} products"
    if not check:
        if server is None:
            _import_here(found, data)
        else:
            from suyuan.app.client import Api, read_key

            Api(server, read_key(key, data)).request("PUT", "/api/v1/masterdata", msgspec.json.encode(found))
    typer.echo(f"{'read' if check else 'imported'} {counted}")


def _import_here(found: object, data: Path) -> None:
    from suyuan.app.commands.keys import write_here
    from suyuan.trace.acts import MasterDataChanged, Recorded
    from suyuan.trace.master_data import MasterData
    from suyuan.trace.master_data_routes import under_canonical_names

    assert isinstance(found, MasterData)  # noqa: S101 - its own caller
    order = MasterDataChanged("command-line", under_canonical_names(found))
    write_here(data, "master-data-changed", order, Recorded)
