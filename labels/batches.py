"""Batches of labels as values: what was ordered, which labels there are, and what became of each.

A batch is one production run of one product under one lot number. Its labels are numbered from 1 on each level:
items and cases carry an SGTIN, pallets an SSCC.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from suyuan.gs1.names import canonical


class Level(StrEnum):
    """What a label goes on."""

    ITEM = "item"
    CASE = "case"
    PALLET = "pallet"


class LabelState(StrEnum):
    """How far a label has come. Only an applied one is food."""

    ALLOCATED = "allocated"  #: its serial number is taken for ever; nobody has said that it was printed
    PRINTED = "printed"  #: printed or written to a tag: CBV business step encoding
    APPLIED = "applied"  #: on the food: CBV business step commissioning
    VOIDED = "voided"  #: spoiled before it was applied; its serial number is never used again


class SerialStyle(StrEnum):
    """Which serial numbers a batch gets. Both are random."""

    NUMERIC = "numeric"  #: 12 digits below 2^38: fits a tag of 96 bits (SGTIN-96)
    ALPHANUMERIC = "alphanumeric"  #: 16 characters: needs a tag for SGTIN-198 or SGTIN+


#: How the tables write a level and a state.
LEVEL_CODES: Final[Mapping[Level, int]] = {Level.ITEM: 1, Level.CASE: 2, Level.PALLET: 3}
STATE_CODES: Final[Mapping[LabelState, int]] = {
    LabelState.ALLOCATED: 0, LabelState.PRINTED: 1, LabelState.APPLIED: 2, LabelState.VOIDED: 3,
}  # fmt: skip
LEVELS: Final = {code: level for level, code in LEVEL_CODES.items()}
STATES: Final = {code: state for state, code in STATE_CODES.items()}


class CaseOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cases: their own GTIN-14 and how many items each holds."""

    gtin: str
    holds: int


class PalletOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pallets: numbered by SSCC under a company prefix; each holds so many cases (items, where there are no cases).

    ``first_reference`` is where the sequence begins when this system makes its first SSCC of the prefix.
    """

    company_prefix: str
    holds: int
    extension: int = 0
    first_reference: int = 0


class BatchOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a producer asks for. ``request`` is chosen by the client: the same one again is the same batch."""

    gtin: str  #: of the item, 14 digits
    lot: str
    quantity: int  #: items
    production_date: str  #: ISO 8601, 2026-11-21
    expiration_date: str = ""
    best_before_date: str = ""
    site: str = ""  #: GLN of the site in any form; empty where the firm has just one
    case: CaseOrder | None = None
    pallet: PalletOrder | None = None
    serials: SerialStyle = SerialStyle.NUMERIC
    design: str = ""  #: name of the label design to begin with
    request: str = ""


class LevelPlan(msgspec.Struct, frozen=True):
    """One packaging level of a batch. ``holds`` counts units of the level below, 0 for items."""

    level: Level
    gtin: str  #: 14 digits; empty for pallets
    planned: int
    holds: int = 0
    company_prefix: str = ""  #: of SSCCs
    extension: int = 0
    first_reference: int = 0


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """An open batch. Dates are ISO 8601, ``opened`` is a time in UTC, ``index`` the log index of the act."""

    id: str
    index: int
    party: str
    gtin: str
    lot: str
    production_date: str
    expiration_date: str
    best_before_date: str
    site: str
    levels: list[LevelPlan]
    serials: SerialStyle
    design: str
    opened: str
    opened_by: str  #: key id

    def plan(self, level: Level) -> LevelPlan | None:
        """The plan of a level, None where the batch has none."""
        return next((plan for plan in self.levels if plan.level is level), None)


class LevelCounts(msgspec.Struct, frozen=True):
    """How many labels of one level are in which state now."""

    level: Level
    planned: int
    allocated: int = 0
    printed: int = 0
    applied: int = 0
    voided: int = 0

    @property
    def total(self) -> int:
        """All labels that were ever allocated."""
        return self.allocated + self.printed + self.applied + self.voided


class BatchStatus(msgspec.Struct, frozen=True):
    """A batch with the states of its labels."""

    batch: Batch
    counts: list[LevelCounts]


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """One label. ``epc`` is the canonical Digital Link without the lot."""

    batch: str
    level: Level
    number: int
    class_key: str
    serial: str
    state: LabelState
    reason: str = ""  #: why it was voided
    tid: str | None = None  #: the chip it was written to, hex
    kilograms: str | None = None  #: net weight of what was weighed, decimal
    parent: str | None = None  #: canonical name of what it was cut from

    @property
    def epc(self) -> str:
        """The canonical name, `https://id.gs1.org/01/.../21/...` or `/00/...`."""
        return canonical((self.class_key, self.serial))


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Labels of one level: by numbers, ``1-500,502``, or by EPCs in any form; exactly one of the two."""

    level: Level
    numbers: str = ""
    epcs: list[str] = []


class Written(msgspec.Struct, frozen=True):
    """One EPC that was written to one chip and read back."""

    epc: str
    tid: str  #: hex
    locked: bool = False


class Marked(msgspec.Struct, frozen=True):
    """What marking did. ``already`` were in that state (or past it) before: a retry changes nothing."""

    changed: int
    already: int
    events: list[int] = []  #: log indexes of the events that say so


class Allocation(msgspec.Struct, frozen=True):
    """``count`` labels of a level, from ``first`` on; the same request again gives the same answer.

    ``numbers`` says which: labels of other requests may lie between those of a long one.
    """

    batch: str
    level: Level
    first: int
    count: int
    numbers: str  #: as a selection has them, 1-10000,20001-20500
