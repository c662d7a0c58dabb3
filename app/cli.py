"""``suyuan``: every command's ``--help`` is its manual. Wrong use is one line on stderr and exit code 2.

Heavy modules are imported inside the commands that need them: ``decode`` must not wait for a web framework.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from suyuan import __version__
from suyuan.app.commands import (
    hashes,
    identifiers,
    keys,
    labels,
    log,
    master_data,
    print_labels,
    storage,
    tag_jobs,
    things,
)
from suyuan.base.errors import InvalidInput, SuyuanError, Unavailable

app = typer.Typer(
    name="suyuan",
    help="Suyuan 溯源: food traceability from the farm to the shopper.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(keys.app, name="keys")
app.add_typer(labels.app, name="labels")
app.add_typer(master_data.app, name="masterdata")
print_labels.register(labels.app)
tag_jobs.register(labels.app)
log.register(app)
storage.register(app)
things.register(app)
identifiers.register(app)
hashes.register(app)

DataFolder = Annotated[
    Path, typer.Option("--data", envvar="SUYUAN_DATA", help="Folder of the ledger, keys and run files.")
]
ConfigFile = Annotated[Path, typer.Option("--config", help="TOML file; see docs/reference.", show_default=False)]
#: Exit codes: wrong use or a refusal, and something that may work later.
REFUSED, LATER = 2, 1
#: Ended by Ctrl-C: 128 and the signal's number, as shells count.
INTERRUPTED = 130


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Suyuan 溯源: food traceability from the farm to the shopper."""


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop when the story is told; the last line is JSON.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed tells the same story.")] = 1,
    data: Annotated[Path, typer.Option(help="Folder of the demonstration's ledger.")] = Path("suyuan-data"),
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the server [default: 8000, or a free one].")
    ] = None,
) -> None:
    """Three foods from farm to shopper: emulated RFID readers, edges, ledger, two recalls. Serves until Ctrl-C."""
    from suyuan.app.demo.run import run_demo

    run_demo(seed=seed, data=data, port=port, once=once)


@app.command()
def serve(
    data: Annotated[
        Path | None, typer.Option(help="Folder of ledger, keys and run files [default: suyuan-data].")
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="PostgreSQL URL of the ledger, instead of the folder's own database.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: 127.0.0.1].")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port [default: 8000; 0 takes a free one].")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="API processes, over PostgreSQL [default: 1].")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with settings.")] = None,
) -> None:
    """Run the service. Flags win over SUYUAN_... variables, these over the TOML file.

    On a fresh folder the one-time administrator key is printed here and written to DATA/admin.key.
    """
    from suyuan.app.serve import serve as run
    from suyuan.base.settings import load_settings

    flags = {"data": data, "database": database, "host": host, "port": port, "workers": workers}
    run(load_settings(flags, file=config))


@app.command()
def migrate(
    data: DataFolder = Path("suyuan-data"),
    database: Annotated[
        str | None, typer.Option(envvar="SUYUAN_DATABASE", help="Database URL; else the data folder's.")
    ] = None,
    revision: Annotated[
        str, typer.Option(help="Revision to go to, down or up; 'base' takes everything away.")
    ] = "head",
    app_role: Annotated[
        str | None, typer.Option(help="PostgreSQL role of the service: it is granted what that needs, and no more.")
    ] = None,
) -> None:
    """Bring a database to this version's schema."""
    from suyuan.app.migrate import grant_to
    from suyuan.app.migrate import migrate as run
    from suyuan.base.database import sqlite_url
    from suyuan.trace.writer import writer_lock

    if database:
        typer.echo(f"schema {run(database, revision)}")
        if app_role:
            grant_to(database, app_role)
        return
    if app_role:
        raise InvalidInput("only PostgreSQL has roles", place="--app-role", remedy="name its --database")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with writer_lock(data, wait=False):  # never under a running server
        typer.echo(f"schema {run(sqlite_url(data), revision)}")


@app.command()
def edge(config: ConfigFile) -> None:
    """Run the edge gateway of one site: readers in, events out, nothing lost in between."""
    from suyuan.readers.edge import edge as run

    run(config)


@app.command()
def emulate(config: ConfigFile) -> None:
    """Run emulated LLRP readers that act out a script, and RFID printers, each on its own TCP port."""
    from suyuan.app.emulation import emulate as run

    run(config)


def main() -> None:
    """The console script: our errors become one line, never a traceback."""
    _open_closed_streams()
    try:
        code = app(standalone_mode=False)  # typer makes a code of Exit and of Ctrl-C and hands it back
        if code == INTERRUPTED:
            _stop("stopped", INTERRUPTED)
        sys.exit(code)
    except SuyuanError as error:
        _stop(str(error), LATER if isinstance(error, Unavailable) else REFUSED)
    except typer.Abort:
        _stop("stopped", INTERRUPTED)
    except KeyboardInterrupt:
        _stop("stopped", INTERRUPTED)
    except typer.Exit as leaving:
        sys.exit(leaving.exit_code)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(REFUSED)
    except OSError as error:
        _stop(f"{error.filename or 'system'}: {error.strerror or error}", REFUSED)
    except Exception as error:
        if _is_of_database(error):
            _stop(f"the database cannot be used: {str(error).splitlines()[0]}", LATER)
        if not hasattr(error, "format_message"):  # click's usage errors carry their own words
            raise
        _stop(f"{error.format_message()} (suyuan --help)", REFUSED)


def _open_closed_streams() -> None:
    """A stream that the caller has closed is empty, or swallows what it gets; no file of ours takes its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - it is open as long as we are


def _is_of_database(error: Exception) -> bool:
    """Whether SQLAlchemy raised it, which need not be imported to know."""
    library = sys.modules.get("sqlalchemy.exc")
    return library is not None and isinstance(error, library.SQLAlchemyError)


def _stop(line: str, code: int) -> None:
    print(f"suyuan: {' '.join(line.split())}", file=sys.stderr)  # noqa: T201
    sys.exit(code)
