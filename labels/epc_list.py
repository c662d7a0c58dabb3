"""EPCs of a batch as CSV (RFC 4180), for a print bureau that writes the tags.

Every column begins with a digit, a bracket or ``http``, and all of it is ASCII: no spreadsheet takes a cell for a
formula, and no byte order mark is needed. Lots and serials have no column of their own, because they may begin with
``=`` or ``-`` and a bureau must get them unchanged; they are in the element string.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from suyuan.base.errors import InvalidInput
from suyuan.labels.content import LabelContent

HEADER = ("number", "epc_hex", "element_string", "digital_link")


def epc_csv(contents: Iterable[LabelContent]) -> Iterator[str]:
    """The header, then a line for each label. Raises InvalidInput for a label without EPC."""
    yield ",".join(HEADER) + "\r\n"
    for number, content in enumerate(contents, 1):
        if content.epc_hex is None:
            raise InvalidInput(
                f"{content.element_string[:60]} has no EPC for a tag",
                place=f"label {number}",
                remedy="its serial fits no tag; allocate serials that do, or print without tags",
            )
        cells = (content.text("number") or str(number), content.epc_hex, content.element_string, content.link)
        yield ",".join([_quoted(cell) for cell in cells]) + "\r\n"


def _quoted(cell: str) -> str:
    """A cell in quotation marks where it has a comma or a quotation mark."""
    return '"' + cell.replace('"', '""') + '"' if "," in cell or '"' in cell else cell
