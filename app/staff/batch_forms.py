"""What the forms of a batch's page do: which labels they are about, and what becomes of those."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from fastapi.concurrency import run_in_threadpool

from suyuan.app.staff.drawing import RESOLUTIONS
from suyuan.app.staff.number_ranges import MOST, read_number, read_numbers, write_numbers
from suyuan.app.staff.visitor import Form, Visitor
from suyuan.base.errors import InvalidInput, NotFound
from suyuan.labels.batches import LabelState, Level, Selection
from suyuan.labels.rendering import Output
from suyuan.labels.service import allocate, apply, batch_of, labels_of, mark_printed, void
from suyuan.trace.ledger import Ledger

#: Why a label is voided where nobody says more.
_SPOILED = "spoiled in printing"
_UNUSED = "spoiled before it was applied"
_WASTE = "spoiled"
#: The form that says what came out of the printer.
PRINTED = "printed"


class Done(msgspec.Struct, frozen=True):
    """What the form before has brought about."""

    what: str = ""  #: ``printed``, ``applied``, ``allocated`` or empty
    labels: int = 0
    spoiled: int = 0


class Range(msgspec.Struct, frozen=True):
    """Labels that a form is about: numbers in the state that the form expects, without and with a flaw."""

    good: list[int]
    spoiled: list[int]


def read_level(text: str) -> Level:
    """A packaging level by its name."""
    try:
        return Level(text)
    except ValueError:
        raise InvalidInput(f"{text[:20]!a} is no packaging level", place="level") from None


def read_output(text: str) -> Output:
    """A file format by its name."""
    try:
        return Output(text)
    except ValueError:
        raise InvalidInput(f"{text[:20]!a} is no file format of labels", place="output") from None


def read_dpi(text: str) -> int:
    """Dots to the inch of a label printer; the usual 203 where nothing was chosen."""
    if text not in {"", *map(str, RESOLUTIONS)}:
        raise InvalidInput(f"{text[:20]!a} is no resolution of label printers", place="dpi", remedy="203, 300 or 600")
    return int(text or RESOLUTIONS[0])


def to_print(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form) -> list[int]:
    """The labels of a form that wait for printing, those left out that it calls spoiled."""
    chosen = _range(ledger, who, batch_id, level, form, LabelState.ALLOCATED)
    if not chosen.good:
        raise NotFound("no label is left to print", place="first", remedy="choose other numbers")
    return chosen.good


def _range(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form, state: LabelState) -> Range:
    """The labels of a form that are in the state it is about; the others of the range are left alone."""
    first, last = read_number(form["first"], "first"), read_number(form["last"], "last")
    if not 1 <= first <= last:
        raise InvalidInput(f"{first} to {last} is no range of labels", place="first", remedy="write 1 to 500")
    if last - first >= MOST:
        raise InvalidInput(f"{last - first + 1} labels are more than {MOST}", place="last", remedy="do them in parts")
    spoiled = read_numbers(form["spoiled"], "spoiled")
    outside = sorted(number for number in spoiled if not first <= number <= last)
    if outside:
        raise InvalidInput(f"number {outside[0]} is not among {first} to {last}", place="spoiled")
    with ledger.view() as view:
        labels = labels_of(view, who.actor, batch_id, level, state, after=first - 1, limit=last - first + 1)
    found = [label.number for label in labels if label.number <= last]
    if not found:
        raise NotFound(
            f"none of the labels {first} to {last} is {state.value}", place="first", remedy="choose other numbers"
        )
    return Range([n for n in found if n not in spoiled], [n for n in found if n in spoiled])


async def _print(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form) -> Done:
    chosen = await run_in_threadpool(_range, ledger, who, batch_id, level, form, LabelState.ALLOCATED)
    if chosen.spoiled:  # first, so that a spoiled label never passes for a good one, whatever happens in between
        await void(ledger, who.actor, batch_id, _selection(level, chosen.spoiled), _SPOILED)
    if chosen.good:
        await mark_printed(ledger, who.actor, batch_id, _selection(level, chosen.good))
    return Done("printed", len(chosen.good), len(chosen.spoiled))


async def _apply(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form) -> Done:
    chosen = await run_in_threadpool(_range, ledger, who, batch_id, level, form, LabelState.PRINTED)
    inside = await run_in_threadpool(_contents, ledger, who, batch_id, level, form)
    if chosen.spoiled:
        await void(ledger, who.actor, batch_id, _selection(level, chosen.spoiled), _UNUSED)
    if chosen.good:
        await apply(ledger, who.actor, batch_id, _selection(level, chosen.good), inside)
    return Done("applied", len(chosen.good), len(chosen.spoiled))


def _contents(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form) -> Selection | None:
    """What is packed into the label: labels of the next level below."""
    numbers = read_numbers(form["contents"], "contents")
    with ledger.view() as view:
        levels = [counts.level for counts in batch_of(view, who.actor, batch_id).counts]
    place = levels.index(level)
    return _selection(levels[place - 1], numbers) if numbers and place else None


async def _void(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form) -> Done:
    numbers = read_numbers(form["spoiled"], "spoiled")
    marked = await void(ledger, who.actor, batch_id, _selection(level, numbers), form["reason"] or _WASTE)
    return Done("", 0, marked.changed + marked.already)


async def _allocate(ledger: Ledger, who: Visitor, batch_id: str, level: Level, form: Form) -> Done:
    made = await allocate(ledger, who.actor, batch_id, level, read_number(form["count"], "count"), form["request"])
    return Done("allocated", made.count)


def _selection(level: Level, numbers: Collection[int]) -> Selection:
    return Selection(level, write_numbers(numbers))


#: What the forms of the page do, by the last part of their address.
ACTIONS = {PRINTED: _print, "applied": _apply, "voided": _void, "allocate": _allocate}
#: Forms whose fields are shown again as they were typed.
SHOWN_AGAIN = {PRINTED: "print", "applied": "apply"}
