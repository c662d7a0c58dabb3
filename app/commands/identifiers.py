"""Commands about identifiers: decode and encode, one by one or a line each."""

from __future__ import annotations

import sys
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import msgspec
import typer

if TYPE_CHECKING:
    from suyuan.app.identifier_lines import Options

Length = Annotated[
    int | None, typer.Option(min=6, max=12, help="Length of the GS1 Company Prefix, where the form does not tell.")
]
Prefixes = Annotated[
    Path | None,
    typer.Option(
        "--company-prefixes", envvar="SUYUAN_COMPANY_PREFIXES",
        help="File with the lengths of company prefixes: GS1's list, or your own prefixes, one a line.",
    ),
]  # fmt: skip
Scheme = Annotated[
    str | None, typer.Option(help="Encoding of the tag, such as sgtin-198 or sgtin+ [default: the 96-bit one].")
]
Filter = Annotated[int | None, typer.Option("--filter", min=0, max=63, help="Filter value of a tag that is made.")]
Compress = Annotated[str | None, typer.Option(help="Compress the Digital Link: plain or optimised.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def register(app: typer.Typer) -> None:
    """Put these commands on the main command line."""
    for command in (decode, encode):
        app.command()(command)


def decode(
    identifier: Annotated[
        str, typer.Argument(metavar="HEX-or-URI", help="Tag in hex, any URI or element string; - reads stdin.")
    ],
    as_json: Json = False,
    company_prefix_length: Length = None,
    company_prefixes: Prefixes = None,
    scheme: Scheme = None,
    filter_value: Filter = None,
    bank: Annotated[str | None, typer.Option(help="Read whole banks of tag memory in hex: epc, tid or user.")] = None,
    compress: Compress = None,
) -> None:
    """Print every form of an identifier. With `--json -`: one identifier a line in, one JSON object a line out."""
    from suyuan.app.company_prefixes import load_company_prefixes
    from suyuan.app.identifier_lines import Options

    prefixes = load_company_prefixes(company_prefixes or "")
    options = Options(company_prefix_length, prefixes, scheme, filter_value, bank=bank, compress=compress)
    _answer(identifier, as_json, options)


def encode(
    identifier: Annotated[
        str,
        typer.Argument(metavar="ID", help="Digital Link, EPC URI or element string; - reads JSON lines from stdin."),
    ],
    as_json: Json = False,
    company_prefix_length: Length = None,
    company_prefixes: Prefixes = None,
    scheme: Scheme = None,
    filter_value: Filter = None,
    hostname: Annotated[str | None, typer.Option(help="Host name of a ++ tag, where no Digital Link tells.")] = None,
    bank: Annotated[str | None, typer.Option(help="Write a whole bank of tag memory: epc or user.")] = None,
    compress: Compress = None,
) -> None:
    """Write an identifier on a tag, or say why it does not fit.

    With `--json -`: one JSON object a line in, with one of digital_link, epc_uri, element_string, and scheme, filter,
    company_prefix_length, hostname as needed; one JSON object a line out, as of decode.
    """
    from suyuan.app.company_prefixes import load_company_prefixes
    from suyuan.app.identifier_lines import Options

    prefixes = load_company_prefixes(company_prefixes or "")
    options = Options(
        company_prefix_length, prefixes, scheme, filter_value, hostname, encode=True, bank=bank, compress=compress
    )
    _answer(identifier, as_json, options)


def _answer(identifier: str, as_json: bool, options: Options) -> None:
    from suyuan.app.identifier_lines import forms_with, read_groups

    if identifier == "-":
        from suyuan.app.line_pool import answers

        for written in answers(read_groups(cast("BufferedReader", sys.stdin.buffer)), options):
            sys.stdout.buffer.write(written)
            sys.stdout.buffer.flush()
        return
    forms = forms_with(options, identifier)
    if as_json:
        typer.echo(msgspec.json.encode(forms).decode())
        return
    for name, value in msgspec.to_builtins(forms).items():
        typer.echo(f"{name:<15}{'-' if value is None else value}")
