"""Real recalls over a batch with waste: what never was on food is on no list, in no count, and its page says so."""

from __future__ import annotations

from tests.labels.desk import ITEM, PACKED, Desk

from suyuan.base.identity import Actor, Role
from suyuan.gs1.names import name_of
from suyuan.labels.batches import Batch, Label, Level, Selection
from suyuan.regulators.recalls import RecallAnswer, RecallOrder, open_recall, read_recall
from suyuan.trace.journey import journey

LOT = f"https://id.gs1.org/01/{ITEM}/10/L1"
REGULATOR = Actor(Role.REGULATOR, "k-regulator")


def morning(desk: Desk) -> tuple[Batch, list[Label]]:
    """Ten labels: six on food in a case, one spoiled when printed, one spoiled before, one printed, one allocated."""
    batch = desk.open(**PACKED)
    desk.allocate(batch, 10)
    desk.voided(batch, "8", "never came out")
    desk.printed(batch, "1-7,9")
    desk.voided(batch, "7", "smeared")
    desk.applied(batch, "1-6")
    desk.allocate(batch, 2, Level.CASE)
    desk.printed(batch, "1-2", Level.CASE)
    desk.applied(batch, "1", Level.CASE, Selection(Level.ITEM, "1-6"))
    return batch, desk.labels(batch)


def recalled(desk: Desk) -> RecallAnswer:
    """Recall the lot as a regulator does."""
    recall = desk.run(open_recall(desk.ledger, RecallOrder(LOT, "Listeria"), REGULATOR))
    with desk.ledger.view() as view:
        return read_recall(view, recall, 0, 1_000)


def test_a_recall_of_the_lot_lists_the_food_and_no_waste(desk: Desk) -> None:
    batch, labels = morning(desk)
    first_case, spare_case = desk.labels(batch, Level.CASE)
    answer = recalled(desk)
    listed = {thing.id for thing in answer.affected}
    assert listed >= {label.epc for label in labels[:6]}
    assert not listed & {label.epc for label in labels[6:]}
    assert spare_case.epc not in listed | {carrier.id for carrier in answer.carriers}
    assert first_case.epc in {carrier.id for carrier in answer.carriers}


def test_the_page_of_each_label_says_what_it_is(desk: Desk) -> None:
    _, labels = morning(desk)
    desk.scribe.call("sign", None, int)
    recalled(desk)
    told = {}
    with desk.ledger.view() as view:
        for label in labels:
            found = journey(view, name_of(label.epc), desk.ledger.policy, name_of(LOT))
            told[label.number] = (found.state, found.known, bool(found.producer), bool(found.warnings))
    assert told[1] == ("in place", True, True, True)
    assert told[7] == ("voided", True, False, True)  # its lot is recalled, wherever the label turns up
    assert told[8] == ("unknown", False, False, True)
    assert told[9] == ("encoded", True, False, True)
    assert told[10] == ("unknown", False, False, True)


def test_a_label_that_is_put_on_food_later_is_in_the_next_recall(desk: Desk) -> None:
    batch, labels = morning(desk)
    assert labels[8].epc not in {thing.id for thing in recalled(desk).affected}
    desk.applied(batch, "9")
    assert labels[8].epc in {thing.id for thing in recalled(desk).affected}
