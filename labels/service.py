"""What routes, pages, jobs and commands ask of batches: every call is cut to the firm that asks.

Reads take a `View`; what writes goes through the writer, in parts of at most `LARGEST_PART` labels, each of them one
transaction with its events. A call that was cut off may be made again: it goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from suyuan.base.identity import Actor
from suyuan.labels.batches import (
    Allocation,
    Batch,
    BatchOrder,
    BatchStatus,
    Label,
    LabelState,
    Level,
    Marked,
    Selection,
    Written,
)
from suyuan.trace.ledger import Ledger
from suyuan.trace.view import View

#: Labels that one transaction allocates or marks: about a third of a second of the writer's time.
LARGEST_PART = 10_000
#: Told after each part: labels done, labels in all.
Progress = Callable[[int, int], None]


async def open_batch(ledger: Ledger, actor: Actor, order: BatchOrder) -> Batch:
    """Open a batch. `InvalidInput` names the field; `Conflict` when product and lot are open already."""
    raise NotImplementedError


async def allocate(
    ledger: Ledger,
    actor: Actor,
    batch_id: str,
    level: Level,
    count: int,
    request: str,
    progress: Progress | None = None,
) -> Allocation:
    """Take ``count`` serial numbers for ever. The same ``request`` again gives the same ones."""
    raise NotImplementedError


async def mark_printed(
    ledger: Ledger,
    actor: Actor,
    batch_id: str,
    selection: Selection,
    time: str | None = None,
    progress: Progress | None = None,
) -> Marked:
    """They came out of the printer: events of business step encoding."""
    raise NotImplementedError


async def record_encoded(ledger: Ledger, actor: Actor, batch_id: str, written: Sequence[Written]) -> Marked:
    """They were written to tags and read back: TIDs beside EPCs, states printed, events of step encoding.

    `Conflict` for an EPC that another tag has, or that was voided.
    """
    raise NotImplementedError


async def void(
    ledger: Ledger,
    actor: Actor,
    batch_id: str,
    selection: Selection,
    reason: str,
    progress: Progress | None = None,
) -> Marked:
    """Spoiled before they were applied. `Conflict` for one that is on food already."""
    raise NotImplementedError


async def apply(
    ledger: Ledger,
    actor: Actor,
    batch_id: str,
    selection: Selection,
    contents: Selection | None = None,
    time: str | None = None,
    progress: Progress | None = None,
) -> Marked:
    """They are on the food now: commissioning with lot and dates.

    ``contents`` are labels of a lower level that are packed into the one label selected.
    """
    raise NotImplementedError


async def relabel(
    ledger: Ledger, actor: Actor, batch_id: str, parent: str, kilograms: Sequence[str], request: str
) -> list[Label]:
    """One new item label for each net weight cut from a parent (an item or a lot).

    Applying it is what transforms the parent.
    """
    raise NotImplementedError


def batch_of(view: View, actor: Actor, batch_id: str) -> BatchStatus:
    """A batch of the firm; `NotFound` for any other."""
    raise NotImplementedError


def batches_of(view: View, actor: Actor, limit: int = 100, before: int | None = None) -> list[BatchStatus]:
    """The firm's batches, the latest first; ``before`` is the ``index`` of the last one of the page before."""
    raise NotImplementedError


def labels_of(
    view: View,
    actor: Actor,
    batch_id: str,
    level: Level,
    state: LabelState | None = None,
    after: int = 0,
    limit: int = 1_000,
) -> list[Label]:
    """Labels of a level by number, those behind number ``after``."""
    raise NotImplementedError


def label_of(view: View, actor: Actor, epc: str) -> Label:
    """One label by its EPC in any form; `NotFound` where the firm has none of it."""
    raise NotImplementedError
