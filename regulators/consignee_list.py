"""The consignee list as CSV: who has to be told, ready for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from suyuan.trace.things import PartyThings

#: A cell that begins with one of these is a formula to a spreadsheet; names come from firms, so it is defused.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def consignee_csv(parties: Sequence[PartyThings]) -> str:
    """One row a party and unit: RFC 4180 with a byte-order mark, because spreadsheets guess the encoding."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(["party", "name_zh", "name_en", "things", "quantity", "unit", "products"])
    for entry in parties:
        amounts = [(f"{quantity.value:g}", quantity.uom or "pieces") for quantity in entry.quantities] or [("", "")]
        for amount, unit in amounts:
            cells = [entry.party, entry.name.get("zh", ""), entry.name.get("en", ""), str(entry.things), amount, unit]
            writer.writerow([_plain(cell) for cell in [*cells, " ".join(entry.products)]])
    return out.getvalue()


def _plain(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA) else cell
