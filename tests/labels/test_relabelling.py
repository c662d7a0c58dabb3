"""At a scale: pieces keep their weight and the link to what they were cut from, back and forward."""

from __future__ import annotations

from typing import Any

import pytest
from tests.labels.desk import EVENING, ITEM, LOOSE, MORNING, NOON, PRODUCER, RIVAL, SITE, Desk

from suyuan.base.errors import Conflict, InvalidIdentifier, InvalidInput, NotFound
from suyuan.base.identity import Actor, Role
from suyuan.gs1.names import canonical, name_of
from suyuan.labels import service
from suyuan.labels.batches import Batch, Label, LabelState
from suyuan.regulators.recalls import RecallOrder, open_recall
from suyuan.trace.backward import trace_back
from suyuan.trace.forward import trace_forward
from suyuan.trace.lookup import find_thing
from suyuan.trace.thing_state import ThingState, state_of

SIDE = f"https://id.gs1.org/01/{LOOSE}/21/SIDE1"
LOT = f"https://id.gs1.org/01/{LOOSE}/10/S1"
DAWN = "2026-11-21T04:00:00.000+08:00"
REGULATOR = Actor(Role.REGULATOR, "k-regulator")


def event(desk: Desk, **members: Any) -> None:
    """Something happens at the plant."""
    told = {
        "type": "ObjectEvent", "eventTime": DAWN, "eventTimeZoneOffset": "+08:00", "action": "ADD",
        "bizStep": "commissioning", "readPoint": {"id": SITE}, "bizLocation": {"id": SITE},
    }  # fmt: skip
    desk.scribe.capture(told | members, "k-producer", PRODUCER.party)


@pytest.fixture
def scale(desk: Desk) -> Desk:
    """A side of pork, and 2 kg of a lot."""
    event(desk, epcList=[SIDE])
    event(desk, quantityList=[{"epcClass": LOT, "quantity": 2.0, "uom": "KGM"}])
    return desk


def cut(
    desk: Desk, batch: Batch, parent: str, *kilograms: str, request: str = "", actor: Actor = PRODUCER
) -> list[Label]:
    """Labels for pieces."""
    return desk.run(service.relabel(desk.ledger, actor, batch.id, parent, kilograms, request))


def sell(desk: Desk, batch: Batch, labels: list[Label]) -> None:
    """Print and apply."""
    numbers = ",".join(str(label.number) for label in labels)
    desk.printed(batch, numbers, time=MORNING)
    desk.applied(batch, numbers, time=NOON)


def closure(desk: Desk, seed: str, forward: bool) -> set[str]:
    with desk.ledger.view() as view:
        _, thing = find_thing(view, seed)
        scope = trace_forward(view, [thing]) if forward else trace_back(view, [thing])
        return {view.canonical(found) or "" for found in scope.affected}


def state(desk: Desk, identifier: str) -> ThingState:
    with desk.ledger.view() as view:
        name, thing = find_thing(view, identifier)
        return state_of(view, name, thing)


def recall(desk: Desk, seed: str) -> set[str]:
    """A real recall; what it affects."""
    recall_id = desk.run(open_recall(desk.ledger, RecallOrder(seed, "Salmonella"), REGULATOR))
    rows = desk.scribe.rows(
        "SELECT c.key, t.serial FROM recall_item i JOIN thing t ON t.id = i.thing JOIN thing_class c"
        " ON c.id = t.class_id WHERE i.recall = :id AND i.carrier = 0",
        id=recall_id,
    )
    return {canonical((row[0], row[1])) for row in rows}


def test_pieces_of_an_item_are_found_from_it_and_it_from_them(scale: Desk) -> None:
    batch = scale.open()
    labels = cut(scale, batch, SIDE, "0.356", "0.412")
    assert [(label.kilograms, label.parent, label.state) for label in labels] == [
        ("0.356", SIDE, LabelState.ALLOCATED), ("0.412", SIDE, LabelState.ALLOCATED),
    ]  # fmt: skip
    sell(scale, batch, labels)
    assert {SIDE, *(label.epc for label in labels)} <= closure(scale, SIDE, forward=True)
    for label in labels:
        assert SIDE in closure(scale, label.epc, forward=False)
        assert f"https://id.gs1.org/01/{ITEM}/10/L1" in closure(scale, label.epc, forward=False)
        assert state(scale, label.epc).state == "in place"
    assert state(scale, SIDE).state == "used up"


def test_the_transformation_says_parent_pieces_lot_and_weight(scale: Desk) -> None:
    batch = scale.open()
    labels = cut(scale, batch, SIDE, "0.356", "0.412")
    sell(scale, batch, labels)
    body = max(scale.scribe.events(), key=lambda found: found.index).body
    assert (body["type"], body["inputEPCList"]) == ("TransformationEvent", [SIDE])
    assert body["outputEPCList"] == [label.epc for label in labels]
    assert body["outputQuantityList"] == [
        {"epcClass": f"https://id.gs1.org/01/{ITEM}/10/L1", "quantity": 0.768, "uom": "KGM"}
    ]
    assert body["ilmd"]["cbvmda:lotNumber"] == "L1"


def test_pieces_of_a_lot_take_their_weight_from_it(scale: Desk) -> None:
    batch = scale.open()
    labels = cut(scale, batch, f"(01){LOOSE}(10)S1", "0.5", "0.25")
    sell(scale, batch, labels)
    left = state(scale, LOT).quantity
    assert left is not None
    assert (left.value, left.uom) == (1.25, "KGM")
    assert labels[0].epc in closure(scale, LOT, forward=True)
    assert LOT in closure(scale, labels[1].epc, forward=False)


def test_an_item_may_be_cut_piece_by_piece_in_one_batch_and_in_no_other(scale: Desk) -> None:
    batch, other = scale.open(), scale.open(lot="L2")
    for weight in ("0.3", "0.4"):
        sell(scale, batch, cut(scale, batch, SIDE, weight))
    assert len(closure(scale, SIDE, forward=True)) == 4
    with pytest.raises(Conflict, match="used up already"):
        cut(scale, other, SIDE, "0.5")


def test_a_piece_that_was_labelled_and_not_applied_is_no_food(scale: Desk) -> None:
    batch = scale.open()
    good, waste = cut(scale, batch, SIDE, "0.3", "0.4")
    scale.printed(batch, "1-2")
    scale.applied(batch, "1")
    scale.voided(batch, "2")
    assert waste.epc not in closure(scale, SIDE, forward=True)
    assert recall(scale, SIDE) == {SIDE, good.epc, f"https://id.gs1.org/01/{ITEM}/10/L1"}


def test_no_more_is_cut_than_the_lot_has(scale: Desk) -> None:
    batch = scale.open()
    cut(scale, batch, LOT, "1.5")
    with pytest.raises(Conflict, match=r"2\.1 kg are more than the 2 kg that are left"):
        cut(scale, batch, LOT, "0.6")
    scale.voided(batch, "1")
    sell(scale, batch, cut(scale, batch, LOT, "2.000"))
    with pytest.raises(Conflict, match="used up already"):
        cut(scale, batch, LOT, "0.1")


def test_no_more_is_cut_than_the_item_weighs_that_was_weighed_itself(scale: Desk) -> None:
    """Pieces that wait for food count as well as those that are food; what was voided does not."""
    whole = scale.open()
    (loin,) = cut(scale, whole, SIDE, "0.500")
    sell(scale, whole, [loin])
    slices = scale.open(lot="L2")
    with pytest.raises(Conflict, match=r"9\.0 kg are more than the 0\.500 kg that"):
        cut(scale, slices, loin.epc, "9.0")
    cut(scale, slices, loin.epc, "0.300")
    with pytest.raises(Conflict, match=r"0\.550 kg are more"):
        cut(scale, slices, loin.epc, "0.250")
    scale.voided(slices, "1")
    more = cut(scale, slices, loin.epc, "0.250")
    scale.printed(slices, "2", time=NOON)
    scale.applied(slices, "2", time=EVENING)
    with pytest.raises(Conflict, match=r"0\.501 kg"):
        cut(scale, slices, loin.epc, "0.251")
    assert {more[0].epc} <= closure(scale, SIDE, forward=True)


def test_a_lot_whose_amount_nobody_has_said_may_be_cut(scale: Desk) -> None:
    event(scale, quantityList=[{"epcClass": f"https://id.gs1.org/01/{LOOSE}/10/S2"}])
    assert len(cut(scale, scale.open(), f"https://id.gs1.org/01/{LOOSE}/10/S2", "5")) == 1


def test_a_lot_that_is_all_items_is_not_cut_as_a_lot(scale: Desk) -> None:
    beside = [{"epcClass": f"https://id.gs1.org/01/{LOOSE}/10/S3", "quantity": 1}]
    event(scale, epcList=[f"https://id.gs1.org/01/{LOOSE}/21/A"], quantityList=beside, ilmd={"cbvmda:lotNumber": "S3"})
    with pytest.raises(Conflict, match="all in items"):
        cut(scale, scale.open(), f"https://id.gs1.org/01/{LOOSE}/10/S3", "5")


def test_a_parent_under_recall_is_refused_with_the_reason(scale: Desk) -> None:
    batch = scale.open()
    waiting = cut(scale, batch, SIDE, "0.3")
    scale.printed(batch, "1")
    assert recall(scale, SIDE) == {SIDE}
    with pytest.raises(Conflict, match=r"held by recall .*Salmonella"):
        cut(scale, batch, SIDE, "0.3")
    with pytest.raises(Conflict, match="held by recall"):
        scale.applied(batch, "1")
    assert waiting[0].epc not in closure(scale, SIDE, forward=True)


def test_the_writer_itself_refuses_what_a_recall_has_stopped_meanwhile(
    scale: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = scale.open()
    cut(scale, batch, SIDE, "0.3")
    scale.printed(batch, "1")
    recall(scale, SIDE)
    monkeypatch.setattr(service, "refuse_unusable", lambda *_, **__: None)  # the recall came after it was asked
    with pytest.raises(Conflict, match=r"held by recall .*keep it apart"):
        scale.applied(batch, "1")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"bizStep": "destroying", "action": "DELETE"}, "is destroyed"),
        ({"bizStep": "retail_selling", "disposition": "retail_sold", "action": "OBSERVE"}, "is with the consumer"),
    ],
)
def test_what_is_gone_is_not_cut(scale: Desk, members: dict[str, Any], words: str) -> None:
    event(scale, epcList=[SIDE], **{**members, "eventTime": MORNING})
    with pytest.raises(Conflict, match=words):
        cut(scale, scale.open(), SIDE, "0.3")


def test_a_label_that_is_on_no_food_is_not_cut(scale: Desk) -> None:
    batch = scale.open(gtin=LOOSE)
    (label,) = scale.allocate(batch, 1)
    scale.printed(batch, "1")
    with pytest.raises(Conflict, match="only a label"):
        cut(scale, scale.open(lot="L2"), label.epc, "0.3")


def test_what_nobody_or_another_firm_has_had_is_refused(scale: Desk) -> None:
    batch = scale.open()
    with pytest.raises(NotFound, match="never seen") as refusal:
        cut(scale, batch, f"https://id.gs1.org/01/{LOOSE}/21/NONE", "0.3")
    assert refusal.value.place == "/parent"
    with pytest.raises(InvalidIdentifier) as wrong:
        cut(scale, batch, "(01)09506000134351(21)1", "0.3")
    assert wrong.value.place == "/parent"
    with pytest.raises(InvalidInput, match="neither an item nor a lot"):
        cut(scale, batch, SITE, "0.3")
    far = {"id": "https://id.gs1.org/414/0614141007776"}
    theirs = f"https://id.gs1.org/01/{LOOSE}/21/THEIRS"
    event_of_rival = {
        "type": "ObjectEvent", "eventTime": DAWN, "eventTimeZoneOffset": "+08:00", "action": "ADD",
        "bizStep": "commissioning", "readPoint": far, "bizLocation": far, "epcList": [theirs],
    }  # fmt: skip
    scale.scribe.capture(event_of_rival, RIVAL.key_id, RIVAL.party)
    with pytest.raises(NotFound, match="has never had"):
        cut(scale, batch, theirs, "0.3")


@pytest.mark.parametrize("kilograms", [[], ["0.1"] * 1_001])
def test_the_number_of_weights_is_bounded(scale: Desk, kilograms: list[str]) -> None:
    with pytest.raises(InvalidInput, match="weights are outside"):
        cut(scale, scale.open(), SIDE, *kilograms)


def test_a_weight_that_is_none_is_refused(scale: Desk) -> None:
    with pytest.raises(InvalidInput, match="no net weight"):
        cut(scale, scale.open(), SIDE, "0.3", "zero")


def test_the_same_request_gives_the_same_labels_even_when_the_parent_is_gone(scale: Desk) -> None:
    batch = scale.open()
    labels = cut(scale, batch, LOT, "2", request="r")
    sell(scale, batch, labels)
    again = cut(scale, batch, LOT, "2", request="r")
    assert [label.epc for label in again] == [label.epc for label in labels]
    with pytest.raises(Conflict, match="request id of its own"):
        cut(scale, batch, LOT, "1", request="r")


def test_plain_and_weighed_labels_are_applied_together(scale: Desk) -> None:
    batch = scale.open()
    scale.allocate(batch, 1)
    cut(scale, batch, SIDE, "0.3")
    cut(scale, batch, LOT, "0.5")
    scale.printed(batch, "1-3")
    assert len(scale.applied(batch, "1-3").events) == 3
    assert name_of(SIDE).serial == "SIDE1"
