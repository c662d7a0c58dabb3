"""``suyuan verify``: a bundle offline, a whole log over HTTP or from a folder, or the ledger of the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suyuan.base.errors import InvalidInput, InvalidSetting


def register(app: typer.Typer) -> None:
    """Put the command on the main command line."""
    app.command()(verify)


def verify(
    bundle: Annotated[
        Path | None, typer.Argument(help="Proof bundle, from /api/v1/proof/{eventID}.", show_default=False)
    ] = None,
    log: Annotated[
        str | None, typer.Option("--log", help="A server's address, or a data folder or tile folder.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="Whom to trust (C2SP policy) [default: DATA/log.policy].")] = None,
    data: Annotated[Path, typer.Option("--data", envvar="SUYUAN_DATA", help="Data folder.")] = Path("suyuan-data"),
    earlier: Annotated[
        list[Path] | None, typer.Option("--earlier", help="A checkpoint kept from before; the log must contain it.")
    ] = None,
) -> None:
    """Verify a proof or a log. Trust comes from the policy file, never from what is verified.

    Exit code 0: everything holds. 2: it does not, and the line says what.
    """
    from suyuan.app.verification import verify_bundle_file, verify_log

    if bundle is not None and log is not None:
        raise InvalidInput("give a bundle or --log, not both")
    trust = _policy(policy, data, log)
    if bundle is not None:
        for line in verify_bundle_file(bundle, trust):
            typer.echo(line)
        return
    for line in verify_log(log or str(data), trust, earlier or []):
        typer.echo(line)


def _policy(given: Path | None, data: Path, log: str | None) -> bytes:
    """The verifier's own policy: the given file, else the data folder's (or of the folder that is verified)."""
    folder = Path(log) if log and not log.startswith("http") and (Path(log) / "log.policy").is_file() else data
    path = given or folder / "log.policy"
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidSetting(
            f"there is no policy to trust: {error.strerror}", place=str(path), remedy="name one with --policy FILE"
        ) from None
