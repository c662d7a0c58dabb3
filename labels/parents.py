"""What a piece may be cut from: something that the firm has, that nothing has stopped, and of which enough is left."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text

from suyuan.base.errors import Conflict, InvalidIdentifier, InvalidInput, NotFound
from suyuan.base.identity import Actor
from suyuan.gs1.names import canonical, kind_of, name_of
from suyuan.labels.batches import STATES, LabelState
from suyuan.labels.label_events import transformation_of
from suyuan.trace.holds import holds_on
from suyuan.trace.label_only import LABEL_STATES
from suyuan.trace.lookup import find_thing
from suyuan.trace.sightings import sightings_of
from suyuan.trace.tables import Role
from suyuan.trace.things import Present
from suyuan.trace.view import View
from suyuan.trace.visibility import Sight

#: States in which nothing more is cut off a thing.
_ENDED = frozenset({"destroyed", "with the consumer"})
#: Less than this many kilograms is rounding, not goods.
_RESIDUE = Decimal("0.000001")


class Parent(NamedTuple):
    """A thing that pieces are cut from, in the ledger and by its canonical name."""

    thing: int
    name: str
    is_lot: bool


def find_parent(view: View, actor: Actor, identifier: str) -> Parent:
    """The parent that an identifier in any form names; `NotFound` for what the firm has never had."""
    try:
        name, thing = find_thing(view, identifier)
    except InvalidIdentifier as error:
        raise InvalidIdentifier(error.detail, place="/parent") from None
    except NotFound as error:
        raise NotFound(error.detail, place="/parent", remedy=error.remedy) from None
    kind = kind_of(*name[:2])
    if kind not in {"instance", "lot"}:
        raise InvalidInput(
            f"{canonical(name)} is neither an item nor a lot", place="/parent", remedy="scan the parent's own label"
        )
    if not Sight(view, actor, [thing]).sees(thing):
        raise NotFound(f"this firm has never had {canonical(name)}", place="/parent", remedy="receive it first")
    return Parent(thing, canonical(name), kind == "lot")


def refuse_unusable(view: View, batch_id: str, parent: Parent, kilograms: Sequence[str], waiting: bool) -> None:
    """`Conflict` with the reason when these weights cannot be cut from a parent any more.

    ``waiting``: what other labels have been made for and not been applied to counts as cut already.
    """
    for _, order in holds_on(view, [parent.thing]).get(parent.thing, []):
        raise Conflict(
            f"{parent.name} is held by recall {order.recall}: {order.reason[:200]}",
            place="/parent", remedy="keep it apart and wait for the authority",
        )  # fmt: skip
    labelled = _labelled(view, parent)
    wanted = sum(map(Decimal, kilograms), labelled.waiting if waiting else Decimal(0))
    if parent.is_lot:
        _refuse_empty_lot(view, parent, wanted)
    else:
        _refuse_used(view, batch_id, parent)
        _refuse_heavier(view, parent, wanted + labelled.applied)


def _refuse_used(view: View, batch_id: str, parent: Parent) -> None:
    """An item is one transformation's: all cuts of it in one batch are that one."""
    ours = view.term_id(transformation_of(batch_id, parent.name))
    rows = sightings_of(view, [parent.thing]).get(parent.thing, [])
    if any(row.role == Role.INPUT and (ours is None or row.transformation != ours) for row in rows):
        raise Conflict(f"{parent.name} is used up already", place="/parent", remedy="scan the parent that is cut now")
    state = Present(view, [parent.thing]).state(parent.thing).state
    if state in LABEL_STATES:
        raise Conflict(
            f"{parent.name} is only a label: nobody has said that it is on food", place="/parent",
            remedy="apply the label first",
        )  # fmt: skip
    if state in _ENDED:
        raise Conflict(f"{parent.name} is {state}", place="/parent", remedy="scan the parent that is cut now")


def _refuse_heavier(view: View, parent: Parent, wanted: Decimal) -> None:
    """Of an item that was weighed itself no more is cut than it weighs; of others nobody has said how much it is."""
    name = name_of(parent.name)
    weighed = view.connection.scalar(
        text(
            "SELECT w.kilograms FROM label l JOIN label_weight w ON w.batch = l.batch AND w.level = l.level"
            " AND w.number = l.number WHERE l.class_key = :key AND l.serial = :serial"
        ),
        {"key": name.class_key, "serial": name.serial},
    )
    if weighed is not None and wanted > Decimal(weighed):
        raise Conflict(
            f"{wanted} kg are more than the {weighed} kg that {parent.name} weighs", place="/parent",
            remedy="scan the parent that is cut now; void labels that were not applied",
        )  # fmt: skip


def _refuse_empty_lot(view: View, parent: Parent, wanted: Decimal) -> None:
    present = Present(view, [parent.thing])
    holdings = present.holdings(parent.thing)
    state = present.lot_state(parent.thing, holdings).state
    if not holdings:
        why = "is all in items: scan the item's label" if state == "in items" else "is used up already"
        raise Conflict(f"{parent.name} {why}", place="/parent", remedy="scan the parent that is cut now")
    if any(holding.amount is None or view.term(holding.uom) != "KGM" for holding in holdings):
        return  # nobody has said how many kilograms there are
    left = sum((Decimal(str(holding.amount)) for holding in holdings), Decimal(0))
    if wanted > left + _RESIDUE:
        raise Conflict(
            f"{wanted} kg are more than the {left.normalize():f} kg that are left of {parent.name}",
            place="/parent", remedy="scan the lot that is cut now; void labels that were not applied",
        )  # fmt: skip


class _Labelled(NamedTuple):
    """Kilograms on the labels made for a parent: neither applied nor voided yet, and applied."""

    waiting: Decimal
    applied: Decimal


def _labelled(view: View, parent: Parent) -> _Labelled:
    rows = view.connection.execute(
        text(
            "SELECT w.kilograms, COALESCE((SELECT MAX(m.state) FROM label_mark m WHERE m.batch = w.batch"
            " AND m.level = w.level AND m.number = w.number), 0) FROM label_weight w WHERE w.parent = :parent"
        ),
        {"parent": parent.name},
    )
    sums = dict.fromkeys(STATES.values(), Decimal(0))
    for kilograms, state in rows:
        sums[STATES[state]] += Decimal(kilograms)
    return _Labelled(sums[LabelState.ALLOCATED] + sums[LabelState.PRINTED], sums[LabelState.APPLIED])
