"""``suyuan backup``, ``restore``, ``export``, ``import``: the ledger as a whole, kept, brought back, carried away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suyuan.app.commands.progress import progress_bar
from suyuan.base.errors import InvalidInput, SuyuanError

if TYPE_CHECKING:
    from suyuan.app.ledger_files import FileFormat
    from suyuan.trace.view import View


class Form(StrEnum):
    """How an export is written."""

    EPCIS = "epcis"
    PARQUET = "parquet"


Data = Annotated[Path, typer.Option("--data", envvar="SUYUAN_DATA", help="Data folder.")]


def register(app: typer.Typer) -> None:
    """Put the commands on the main command line."""
    for command in (backup, restore, export):
        app.command()(command)
    app.command("import")(bring_in)


def backup(
    target: Annotated[Path, typer.Argument(help="Folder to make; it holds the log's private key.", show_default=False)],
    data: Data = Path("suyuan-data"),
) -> None:
    """Copy a data folder's ledger as it is at one moment, beside a running server or without one."""
    from suyuan.app.backup import as_lines, back_up

    with progress_bar("copying") as told:
        held = back_up(data, target, told)
    for line in as_lines("backed up to", held, target):
        typer.echo(line)


def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder of the backup.", show_default=False)],
    data: Annotated[Path, typer.Option("--data", envvar="SUYUAN_DATA", help="Data folder to make.")] = Path(
        "suyuan-data"
    ),
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="The last checkpoint that was signed: the lost folder's log.checkpoint, or a reader's copy."),
    ] = None,
    new_origin: Annotated[
        str | None, typer.Option("--new-origin", help="Go on as another log: entries were lost, or nobody knows.")
    ] = None,
) -> None:
    """Make a data folder from a backup. The log goes on only where nothing that was signed is lost."""
    from suyuan.app.backup import as_lines
    from suyuan.app.backup import restore as run

    with progress_bar("copying") as told:
        held = run(source, data, checkpoint=checkpoint, origin=new_origin, told=told)
    for line in as_lines("restored to", held, data):
        typer.echo(line)
    if new_origin:
        typer.echo(f"start it with the setting origin = {new_origin!r}, and give out the new {data}/log.policy")


def export(
    target: Annotated[Path, typer.Argument(help="Folder to make.", show_default=False)],
    form: Annotated[Form, typer.Option("--format", help="EPCIS 2.0 documents, or Parquet.")] = Form.EPCIS,
    as_of: Annotated[
        int | None, typer.Option("--as-of", min=0, help="Log size to look back to [default: all].")
    ] = None,
    data: Data = Path("suyuan-data"),
    database: Annotated[
        str | None, typer.Option(envvar="SUYUAN_DATABASE", help="PostgreSQL URL, instead of the folder's ledger.")
    ] = None,
) -> None:
    """Write every event and the master data to files, beside a running server or without one."""
    from suyuan.app.ledger_files import write_export

    with _view(data, database, as_of) as view, progress_bar("exporting") as told:
        manifest = write_export(view, target, _form(form), form.value, told)
    events = sum(file.events for file in manifest.files)
    typer.echo(f"exported to {target}: {events} events in {len(manifest.files)} files, log size {manifest.size}")


def bring_in(
    source: Annotated[Path, typer.Argument(metavar="EXPORT", help="Folder of the export.", show_default=False)],
    server: Annotated[
        str, typer.Option(envvar="SUYUAN_SERVER", help="Address of the server.")
    ] = "http://127.0.0.1:8000",
    key: Annotated[str | None, typer.Option("--key", envvar="SUYUAN_KEY", help="API key that may capture.")] = None,
    admin_key: Annotated[
        str | None,
        typer.Option("--admin-key", envvar="SUYUAN_ADMIN_KEY", help="Administrator's key, for the master data."),
    ] = None,
) -> None:
    """Capture an export's events on a server. What is known there is left alone: an import can be done again."""
    import msgspec

    from suyuan.app.client import Api
    from suyuan.app.ledger_files import read_file, read_manifest, vocabulary_documents

    manifest = read_manifest(source)
    if manifest.format not in set(Form):
        raise InvalidInput(f"format {manifest.format[:40]!r} is not known here", place=str(source))
    form, api = _form(Form(manifest.format)), Api(server, key)
    if admin_key:
        Api(server, admin_key).request("PUT", "/api/v1/masterdata", msgspec.json.encode(manifest.master_data))
    for owner, elements in manifest.vocabularies.items():
        for document in vocabulary_documents(elements):
            if owner:
                api.capture(document)  # like the events, they become those of the key
            elif admin_key:
                header = msgspec.json.decode(document)["epcisHeader"]["epcisMasterData"]
                Api(server, admin_key).request("PUT", "/api/v1/vocabularies", msgspec.json.encode(header))
    done = known = 0
    total = sum(file.events for file in manifest.files)
    with progress_bar("importing") as told:
        for entry in manifest.files:
            for document in form.documents(read_file(source, entry)):
                try:
                    events = api.capture(document)
                except SuyuanError as error:
                    error.place = f"{entry.name} {error.place or ''}".rstrip()
                    raise
                done, known = done + len(events), known + sum(event["duplicate"] for event in events)
                told(done, total)
    typer.echo(f"imported {done} events, {known} of them known before")


def _form(form: Form) -> FileFormat:
    if form is Form.PARQUET:
        from suyuan.app.parquet import ParquetFiles

        return ParquetFiles()
    from suyuan.app.ledger_files import EpcisFiles

    return EpcisFiles()


@contextmanager
def _view(data: Path, database: str | None, as_of: int | None) -> Iterator[View]:
    from suyuan.app.folder import open_folder
    from suyuan.app.migrate import require_schema
    from suyuan.base.database import open_reader
    from suyuan.trace.view import open_view

    if not database:
        with open_folder(data) as ledger, ledger.view(as_of) as view:
            yield view
        return
    engine = open_reader(database)
    try:
        require_schema(engine)
        with open_view(engine, as_of) as view:
            yield view
    finally:
        engine.dispose()
