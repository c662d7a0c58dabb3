"""Commands about identifiers: decode and encode, one by one or a line each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

import msgspec
import typer

from suyuan.base.errors import InvalidIdentifier, InvalidInput

if TYPE_CHECKING:
    from suyuan.gs1.company_prefix import CompanyPrefixes
    from suyuan.gs1.forms import Forms

_T = TypeVar("_T")

#: Longest line that is read from stdin, in bytes: the longest identifier with every character as a JSON escape.
LONGEST_LINE = 16_384
#: Most bytes that are read at once.
_AT_ONCE = 65_536
#: Characters of a line that is no line for us, in its error.
_SHOWN = 200

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
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """What a line of `encode` may say: one identifier, and how its tag shall be."""

    digital_link: str | None = None
    epc_uri: str | None = None
    element_string: str | None = None
    scheme: str | None = None
    filter: int | None = None
    company_prefix_length: int | None = None
    hostname: str | None = None


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
) -> None:
    """Print every form of an identifier. With `--json -`: one identifier a line in, one JSON object a line out."""
    from suyuan.gs1.forms import forms_of

    prefixes = _load(company_prefixes)

    def forms(text: str) -> Forms:
        return forms_of(
            text, company_prefix_length=company_prefix_length, company_prefixes=prefixes, scheme=scheme,
            filter=filter_value,
        )  # fmt: skip

    if identifier == "-":
        _answer_lines(forms)
    else:
        _show(forms(identifier), as_json)


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
) -> None:
    """Write an identifier on a tag, or say why it does not fit.

    With `--json -`: one JSON object a line in, with one of digital_link, epc_uri, element_string, and scheme, filter,
    company_prefix_length, hostname as needed; one JSON object a line out, as of decode.
    """
    from suyuan.gs1.forms import forms_of

    prefixes = _load(company_prefixes)

    def forms(line: Line, text: str) -> Forms:
        return forms_of(
            text,
            company_prefix_length=_first(line.company_prefix_length, company_prefix_length),
            company_prefixes=prefixes,
            scheme=_first(line.scheme, scheme),
            filter=_first(line.filter, filter_value),
            hostname=_first(line.hostname, hostname),
            strict=True,
        )

    if identifier == "-":
        _answer_lines(_LineReader(forms))
    else:
        _show(forms(Line(), identifier), as_json)


def _load(file: Path | None) -> CompanyPrefixes:
    from suyuan.app.company_prefixes import load_company_prefixes

    return load_company_prefixes(file or "")


def _first(first: _T | None, second: _T | None) -> _T | None:
    return second if first is None else first


class _Wrong(InvalidInput):
    """A line that cannot be answered, and what of it shall stand beside the reason."""

    def __init__(self, text: str, detail: str) -> None:
        super().__init__(detail)
        self.text = text


class _LineReader:
    """Reads a line of `encode` and answers it."""

    def __init__(self, forms: Callable[[Line, str], Forms]) -> None:
        self._forms = forms
        self._decode = msgspec.json.Decoder(Line).decode

    def __call__(self, text: str) -> Forms:
        try:
            line = self._decode(text)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise _Wrong(text, f"line is not as expected: {error}") from None
        given = [
            (name, value)
            for name, value in zip(_WRITINGS, (line.digital_link, line.epc_uri, line.element_string), strict=True)
            if value is not None
        ]
        if len(given) != 1:
            names = " and ".join(name for name, _ in given) or "none"
            raise _Wrong(text, f"line has {names}, expected one of {', '.join(_WRITINGS)}")
        name, identifier = given[0]
        if not identifier[:8].lower().startswith(_WRITINGS[name]) or (name == _LAST and _is_uri(identifier)):
            raise _Wrong(identifier, f"{name}: {identifier[:60]!a} is not one, expected {_WRITINGS[name] or '(01)'}...")
        try:
            return self._forms(line, identifier)
        except InvalidIdentifier as error:
            raise _Wrong(identifier, str(error)) from None


#: Writings of an identifier in a line of `encode`, and what they begin with.
_WRITINGS = {"digital_link": "http", "epc_uri": "urn:epc:", "element_string": ""}
_LAST = "element_string"


def _is_uri(text: str) -> bool:
    return text[:8].lower().startswith(("http", "urn:epc:"))


def _answer_lines(answer: Callable[[str], Forms]) -> None:
    """Answer each line of stdin with one of stdout; a line that is refused is answered with its error."""
    encode_json = msgspec.json.Encoder().encode_into
    for lines in _lines(cast("BufferedReader", sys.stdin.buffer)):
        written = bytearray()
        for text in lines:
            encode_json(_answer(answer, text), written, -1)
            written += b"\n"
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()


def _answer(answer: Callable[[str], Forms], text: str | None) -> Forms | dict[str, str]:
    if text is None:
        return {"input": "", "error": f"line is longer than {LONGEST_LINE} bytes"}
    try:
        return answer(text)
    except _Wrong as error:
        return {"input": error.text[:_SHOWN], "error": str(error)}
    except InvalidInput as error:
        return {"input": text, "error": str(error)}


def _lines(stream: BufferedReader) -> Iterator[list[str | None]]:
    """Lines without their ends, as many at once as have arrived; None for one that is too long and is skipped.

    Bytes that are not UTF-8 come out as replacement characters, and so as an error of that line.
    """
    rest, skipping = b"", False
    while chunk := stream.read1(_AT_ONCE):
        *lines, rest = (rest + chunk).split(b"\n")
        if skipping:
            if not lines:
                rest = b""
                continue
            del lines[0]
            skipping = False
        found = [_text(line) for line in lines]
        if len(rest) > LONGEST_LINE:
            found.append(None)
            rest, skipping = b"", True
        yield found
    if rest:
        yield [_text(rest)]


def _text(line: bytes) -> str | None:
    return line.decode("utf-8", "replace").rstrip("\r") if len(line) <= LONGEST_LINE else None


def _show(forms: Forms, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(forms).decode())
        return
    for name, value in msgspec.to_builtins(forms).items():
        typer.echo(f"{name:<15}{'-' if value is None else value}")
