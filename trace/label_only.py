"""Labels that are on no food: printing or writing one (CBV business step `encoding`) makes no food of it.

A thing of which nothing is known but that its label was made, and perhaps thrown away again, is a label: it is no
member of a lot, no amount, nobody's goods. The first event of any other kind makes it food, and then its whole past
counts: where the data leaves it open, it is food.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from suyuan.trace.sightings import Sighting
from suyuan.trace.tables import Action, Role
from suyuan.trace.view import View

#: The states of a thing that is only a label: made, or made and thrown away.
ENCODED: Final = "encoded"
VOIDED: Final = "voided"
LABEL_STATES: Final = frozenset({ENCODED, VOIDED})

#: The business step of making a label (CBV 2.0 section 7.1.3).
ENCODING: Final = "encoding"
_DECOMMISSIONING: Final = "decommissioning"


def makes_label(view: View, row: Sighting) -> bool:
    """Whether this row only says that a label was made. An ADD with that step commissions: that is food."""
    return row.role == Role.EPC and row.action == Action.OBSERVE and view.term(row.biz_step) == ENCODING


def without_labels(view: View, rows: Iterable[Sighting]) -> list[Sighting]:
    """Rows of a lot but those that say how many labels were made for it."""
    return [row for row in rows if not makes_label(view, row)]


def label_state(view: View, rows: Sequence[Sighting]) -> str | None:
    """The state of a thing that is only a label, from all of its rows in order; None for food."""
    if not rows or not tells_of_label(view, rows[-1]):
        return None  # nearly always: food is asked about more often than labels
    if not all(tells_of_label(view, row) for row in rows) or not any(makes_label(view, row) for row in rows):
        return None
    return ENCODED if makes_label(view, rows[-1]) else VOIDED


def tells_of_label(view: View, row: Sighting) -> bool:
    """Whether this row may be about a label alone: it is made, or taken out of use."""
    if row.role == Role.EPC and row.action == Action.DELETE:
        return view.term(row.biz_step) == _DECOMMISSIONING
    return makes_label(view, row)
