"""Master data in a file: a spreadsheet, our own JSON, or an EPCIS document with master data in JSON or XML."""

from __future__ import annotations

from pathlib import Path

import msgspec

from suyuan.base.errors import InvalidDocument, InvalidInput, TooLarge
from suyuan.epcis.json_text import Limits
from suyuan.epcis.vocabulary_elements import Element, read_elements
from suyuan.trace.imported_records import records_of
from suyuan.trace.master_data import MasterData
from suyuan.trace.submitted_document import JSON_TYPES, XML_TYPES, read_whole

#: Largest file, in bytes.
MOST_BYTES = 64 << 20
_LIMITS = Limits(body=MOST_BYTES, events=200_000)


def read_file(path: Path) -> MasterData:
    """The parties, sites and products of a file, by its name's ending: .xlsx, .json, .jsonld or .xml."""
    ending = path.suffix.lower()
    if ending == ".xlsx":
        from suyuan.app.master_data_sheet import read_sheets

        return read_sheets(path)
    if ending not in (".json", ".jsonld", ".xml"):
        raise InvalidInput(f"nothing here reads {path.name!r}", remedy="give .xlsx, .json, .jsonld or .xml")
    if path.stat().st_size > MOST_BYTES:
        raise TooLarge(f"the file has more than {MOST_BYTES} bytes", place=path.name, remedy="import it in parts")
    body = path.read_bytes()
    if ending != ".xml" and not _is_epcis(body):
        try:
            return msgspec.json.decode(body, type=MasterData)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidDocument(f"these are not master data: {error}"[:300], place=path.name) from None
    return records_of(_elements(body, XML_TYPES[0] if ending == ".xml" else JSON_TYPES[0]))


def _is_epcis(body: bytes) -> bool:
    """Whether a JSON text is a document of EPCIS: it says so by its type."""
    try:
        return "type" in msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _elements(body: bytes, media_type: str) -> list[Element]:
    document = read_whole(body, media_type, _LIMITS)
    if document.master_data is None:
        raise InvalidDocument("the document has no master data", place="/epcisHeader/epcisMasterData")
    return read_elements(document.master_data, document.context, _LIMITS)
