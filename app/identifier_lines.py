"""Lines of identifiers, and the JSON objects that answer them: what `suyuan decode -` and `suyuan encode -` do."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from io import BufferedReader
from typing import Any, NamedTuple

import msgspec

from suyuan.base.errors import InvalidIdentifier, InvalidInput
from suyuan.gs1.bank_forms import forms_of_bank, user_memory_of, with_epc_bank
from suyuan.gs1.company_prefix import NONE, CompanyPrefixes
from suyuan.gs1.forms import Forms, forms_of
from suyuan.gs1.link_compression import compress

#: Longest line that is read, in bytes: the longest identifier with every character as a JSON escape.
LONGEST_LINE = 16_384
#: Most bytes that are read at once.
AT_ONCE = 65_536
#: Characters of a line that is no line for us, in its error.
_SHOWN = 200
#: Writings of an identifier in a line of `encode`, and what they begin with.
_WRITINGS = {"digital_link": "http", "epc_uri": "urn:epc:", "element_string": ""}
_URIS = ("http", "urn:epc:")


class Options(NamedTuple):
    """What holds for every line that does not say otherwise."""

    company_prefix_length: int | None = None
    company_prefixes: CompanyPrefixes = NONE
    #: Encoding of the tag that is made.
    scheme: str | None = None
    filter: int | None = None
    hostname: str | None = None
    #: Lines are JSON objects, and a tag is what is wanted.
    encode: bool = False
    #: Lines are whole banks of tag memory: ``epc``, ``tid`` or ``user``.
    bank: str | None = None
    #: The Digital Link comes out compressed: ``plain``, AI by AI, or ``optimised``, with codes for sequences of AIs.
    compress: str | None = None


class Group(NamedTuple):
    """Whole lines that arrived together."""

    data: bytes
    #: So many arrived that more are likely waiting.
    full: bool


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """What a line of `encode` may say: one identifier in one of three writings, and `Options` of its own."""

    digital_link: str | None = None
    epc_uri: str | None = None
    element_string: str | None = None
    scheme: str | None = None
    filter: int | None = None
    company_prefix_length: int | None = None
    hostname: str | None = None


class _Wrong(InvalidInput):
    """A line that cannot be answered."""

    #: What of the line shall stand beside the reason.
    text: str = ""


def _wrong(text: str, detail: str) -> _Wrong:
    error = _Wrong(detail)
    error.text = text
    return error


def read_groups(stream: BufferedReader) -> Iterator[Group]:
    """Lines as they arrive; a line that is too long is cut where that can be told, and the rest of it skipped.

    A byte order mark, as some editors put in front of the first line, is no part of it.
    """
    rest = b""
    mark = codecs.BOM_UTF8
    while chunk := stream.read1(AT_ONCE):
        full = len(chunk) == AT_ONCE
        chunk, mark = chunk.removeprefix(mark), b""
        if len(rest) > LONGEST_LINE:
            end = chunk.find(b"\n")
            if end < 0:
                continue
            chunk = chunk[end:]
        data = rest + chunk
        end = data.rfind(b"\n") + 1
        rest = data[end : end + LONGEST_LINE + 1]
        if end:
            yield Group(data[:end], full)
    if rest:
        yield Group(rest + b"\n", full=False)


class Answerer:
    """Answers lines with JSON objects: all forms, or what is wrong with that line."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._answer = self._encoded if options.encode else self._decoded
        self._read = msgspec.json.Decoder(Line).decode
        self._write = msgspec.json.Encoder().encode_into

    def answer(self, data: bytes) -> bytes:
        """The answers to these lines, one a line."""
        written = bytearray()
        for line in data[:-1].split(b"\n"):
            self._write(self._object(line), written, -1)
            written += b"\n"
        return bytes(written)

    def _object(self, line: bytes) -> Forms | dict[str, str]:
        """Bytes that are not UTF-8 become replacement characters, and so an error of their line."""
        if len(line) > LONGEST_LINE:
            return {"input": "", "error": f"line is longer than {LONGEST_LINE} bytes"}
        text = line.decode("utf-8", "replace").removesuffix("\r")
        try:
            return self._answer(text)
        except _Wrong as error:
            return {"input": error.text[:_SHOWN], "error": str(error)}
        except InvalidIdentifier as error:
            return {"input": text, "error": str(error)}

    def _decoded(self, text: str) -> Forms:
        return forms_with(self._options, text)

    def _encoded(self, text: str) -> Forms:
        try:
            line = self._read(text)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise _wrong(text, f"line is not as expected: {error}") from None
        said = {
            name: value
            for name, value in zip(line.__struct_fields__, msgspec.structs.astuple(line), strict=True)
            if value is not None
        }
        if text.count('"') != _quotes(said):
            _refuse_doubles(text)
        writing, identifier = _take_identifier(text, said)
        options = self._options._replace(**said) if said else self._options
        try:
            return forms_with(options, identifier, writing)
        except InvalidIdentifier as error:
            raise _wrong(identifier, str(error)) from None


def forms_with(options: Options, text: str, writing: str | None = None) -> Forms:
    """All forms of one identifier, or of what a bank holds or shall hold. Raises InvalidIdentifier.

    ``writing`` says which of the forms the text is, where that is known.
    """
    if options.bank is not None and not options.encode:
        return forms_of_bank(
            options.bank, text, company_prefix_length=options.company_prefix_length,
            company_prefixes=options.company_prefixes,
        )  # fmt: skip
    if options.bank == "user":
        return user_memory_of(text)
    if options.bank not in {None, "epc"}:
        raise InvalidIdentifier(
            f"bank {str(options.bank)[:20]!a} cannot be written, expected epc or user", place="bank"
        )
    found = forms_of(
        text, company_prefix_length=options.company_prefix_length, company_prefixes=options.company_prefixes,
        scheme=options.scheme, filter=options.filter, hostname=options.hostname, strict=options.encode,
        writing=writing,
    )  # fmt: skip
    if options.compress:
        found = _compressed(found, options.compress)
    return with_epc_bank(found) if options.bank else found


def _compressed(found: Forms, manner: str) -> Forms:
    if manner not in {"plain", "optimised"}:
        raise InvalidIdentifier(f"a link is compressed plain or optimised, not {manner[:20]!a}", place="--compress")
    if found.digital_link is None:
        return found
    return msgspec.structs.replace(found, digital_link=compress(found.digital_link, optimised=manner == "optimised"))


def _quotes(said: dict[str, Any]) -> int:
    """How many quotation marks a line has that says each thing once, and nothing that needs an escape."""
    return 2 * len(said) + 2 * sum([type(value) is str for value in said.values()])


def _refuse_doubles(text: str) -> None:
    """Refuse a line that says one thing twice: nobody knows which is meant."""
    names = [name for name, _ in json.loads(text, object_pairs_hook=list)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _wrong(text, f"line has {twice} twice, expected it once")


def _take_identifier(text: str, said: dict[str, Any]) -> tuple[str, str]:
    """The one identifier of a line, behind the name of its writing; what the line says of its tag is left."""
    names = [name for name in _WRITINGS if name in said]
    if len(names) != 1:
        raise _wrong(text, f"line has {' and '.join(names) or 'none'}, expected one of {', '.join(_WRITINGS)}")
    name = names[0]
    value = said.pop(name)
    beginning = value[:8].lower()
    if not beginning.startswith(_WRITINGS[name]) or (not _WRITINGS[name] and beginning.startswith(_URIS)):
        raise _wrong(value, f"{name}: {value[:60]!a} is not one, expected {_WRITINGS[name] or '(01)'}...")
    return name, value
