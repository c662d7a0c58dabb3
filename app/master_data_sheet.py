"""Master data in a spreadsheet (.xlsx): sheets ``parties``, ``sites`` and ``products``, a record in each row.

The first row names the columns: those of the records, texts with their language behind a dot (``name.zh``,
``name.en``, ``address.en``). Empty cells and rows are left out, and so are sheets and columns whose name begins with
``#``. A GLN or GTIN may stand as mere digits. Every error names sheet, row and column.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from suyuan.base.errors import InvalidDocument, TooLarge
from suyuan.trace.master_data import MasterData, Party, Product, Site

#: Bytes of a file, bytes that it unpacks to, rows of a sheet, columns, characters of a cell.
MOST_BYTES, MOST_UNPACKED, MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 16 << 20, 256 << 20, 100_000, 60, 2_000
_KINDS: dict[str, type[Party | Site | Product]] = {"parties": Party, "sites": Site, "products": Product}
_IDENTIFIERS = {"party": "417", "site": "414", "product": "01"}
_TEXTS = ("name", "address", "brand")


def read_sheets(path: Path) -> MasterData:
    """The records of a workbook. Raises `InvalidDocument` or `TooLarge`; formulas count as what they last gave."""
    _check_size(path)
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    with path.open("rb") as file:  # ours to close: a workbook that cannot be opened would leave it open
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except (InvalidFileException, KeyError, ValueError, SyntaxError, OSError) as error:
            raise InvalidDocument(f"this is no workbook: {error}"[:300], place=path.name) from None
        try:
            return MasterData(**_sheets(path.name, book.worksheets))
        finally:
            book.close()


def _sheets(file: str, sheets: Iterable[Any]) -> dict[str, list[Any]]:
    """Records by the kind that their sheet names."""
    found: dict[str, list[Any]] = {}
    for sheet in sheets:
        title = str(sheet.title).strip()
        if title.startswith("#"):
            continue
        if title.lower() not in _KINDS:
            raise InvalidDocument(
                f"a sheet is called {title[:40]!r}", place=file, remedy=f"call it one of {', '.join(_KINDS)}"
            )
        with closing(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1)) as rows:
            found[title.lower()] = list(_records(title, rows, _KINDS[title.lower()]))
    return found


def _check_size(path: Path) -> None:
    """A workbook is a ZIP: what it unpacks to is looked at before it is unpacked."""
    if path.stat().st_size > MOST_BYTES:
        raise TooLarge(f"the file has more than {MOST_BYTES} bytes", place=path.name, remedy="import it in parts")
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        raise InvalidDocument("this is no .xlsx workbook", place=path.name, remedy="save it as .xlsx") from None
    if unpacked > MOST_UNPACKED:
        raise TooLarge(f"the file unpacks to more than {MOST_UNPACKED} bytes", place=path.name)


def _records(sheet: str, rows: Iterator[tuple[Any, ...]], kind: type[Any]) -> Iterator[Any]:
    columns: list[str] | None = None
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS + 1:
            raise TooLarge(f"more than {MOST_ROWS} rows", place=sheet, remedy="import them in parts")
        if len(row) > MOST_COLUMNS and any(cell is not None for cell in row[MOST_COLUMNS:]):
            raise TooLarge(f"more than {MOST_COLUMNS} columns", place=f"{sheet}, row {number}")
        if all(cell is None or cell == "" for cell in row):
            continue
        if columns is None:
            columns = [_column(sheet, position, cell, kind) for position, cell in enumerate(row)]
            continue
        yield _record(f"{sheet}, row {number}", columns, row, kind)


def _column(sheet: str, position: int, cell: Any, kind: type[Any]) -> str:
    """The name of a column, empty for one that is left out."""
    name = str(cell or "").strip()
    field, dot, language = name.partition(".")
    if not name or name.startswith("#"):
        return ""
    if field not in kind.__struct_fields__ or (field in _TEXTS) is not bool(dot and language):
        known = [f"{field}.zh" if field in _TEXTS else field for field in kind.__struct_fields__]
        raise InvalidDocument(
            f"there is no column {name[:60]!r}",
            place=f"{sheet}, row 1, column {position + 1}",
            remedy=f"known: {', '.join(known)}, other languages likewise",
        )
    return name


def _record(place: str, columns: list[str], row: tuple[Any, ...], kind: type[Any]) -> Any:
    members: dict[str, Any] = {}
    for name, cell in zip(columns, row, strict=False):
        if not name or cell is None or cell == "":
            continue
        field, dot, language = name.partition(".")
        value = _value(cell, f"{place}, column {name}", as_text=field not in _numbers(kind))
        if dot:
            members.setdefault(field, {})[language] = value
        elif field in ("id", "party") and str(value).isdecimal():
            members[field] = _key(str(value), "party" if field == "party" else kind.__name__.lower())
        else:
            members[field] = value
    members.setdefault("name", {})
    try:
        return msgspec.convert(members, kind)
    except msgspec.ValidationError as error:
        detail, _, where = str(error).partition(" - at `$.")
        column = f", column {where.rstrip('`')}" if where else ""
        raise InvalidDocument(detail, place=f"{place}{column}") from None


def _key(digits: str, what: str) -> str:
    """A key of GS1 that stands alone in its cell, with the application identifier that its column means."""
    return f"({_IDENTIFIERS[what]}){digits.zfill(14 if what == 'product' else 13)}"


def _numbers(kind: type[Any]) -> set[str]:
    """Fields whose cells hold numbers."""
    return {field for field in kind.__struct_fields__ if field.endswith(("tude", "_days", "_celsius"))}


def _value(cell: Any, place: str, *, as_text: bool) -> Any:
    """A cell. Digits that a spreadsheet has made a number of, as it does with a GLN, are digits again."""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise InvalidDocument(f"{str(cell)[:40]!r} is neither text nor a number", place=place)
    if isinstance(cell, str):
        cell = cell.strip()
        if len(cell) > LONGEST_CELL:
            raise TooLarge(f"the cell has more than {LONGEST_CELL} characters", place=place)
        return cell if as_text else _number(cell, place)
    if as_text:
        return str(int(cell)) if float(cell).is_integer() else str(cell)
    return int(cell) if float(cell).is_integer() else cell


def _number(text: str, place: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidDocument(f"{text[:40]!r} is no number", place=place) from None
