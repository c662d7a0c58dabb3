"""``suyuan hash``: the CBV 2.0 event hash of every event in files."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from suyuan.base.errors import SuyuanError


def register(app: typer.Typer) -> None:
    """Put the command on the main command line."""
    app.command("hash")(hash_files)


def hash_files(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="EPCIS documents; - reads stdin.")],
) -> None:
    """Print the event hash (CBV 2.0) of every event: one ni:/// URI a line, in the order of the files and documents.

    JSON-LD and XML, EPCIS 1.0 to 2.0, documents and bare events, also with gzip. A file that cannot be read is told on
    stderr, the others are hashed nevertheless; the exit code is then 2.
    """
    from suyuan.app.event_hashes import file_hashes

    failed = False
    for name in files:
        try:
            for uri in file_hashes(name):
                sys.stdout.write(f"{uri}\n")
        except (SuyuanError, OSError) as error:
            failed = True
            sys.stdout.flush()
            told = str(error) if isinstance(error, SuyuanError) else f"{name}: {error.strerror or error}"
            typer.echo(f"suyuan: {told}".replace("\n", " "), err=True)
    if failed:
        raise typer.Exit(2)
