"""Serial numbers are taken once and for ever: repeats, collisions, sequence, two operators at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.labels.desk import CASE, ITEM, PACKED, PRODUCER, RIVAL, Desk
from tests.trace.scribe import object_event

from suyuan.base.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from suyuan.base.identity import ApiKey, Role
from suyuan.labels import allocation, service
from suyuan.labels.allocation import AllocateLabels, LabelsAllocated
from suyuan.labels.batches import Allocation, Batch, LabelState, Level, PalletOrder, SerialStyle
from suyuan.trace.acts import KeyAdded, KeyRevoked
from suyuan.trace.writer import Request


def test_labels_are_numbered_from_one_and_go_on(desk: Desk) -> None:
    batch = desk.open(**PACKED)
    assert [label.number for label in desk.allocate(batch, 3)] == [1, 2, 3]
    assert [label.number for label in desk.allocate(batch, 2)] == [4, 5]
    (case,) = desk.allocate(batch, 1, Level.CASE)
    assert (case.number, case.class_key, case.state) == (1, f"01/{CASE}/21", LabelState.ALLOCATED)
    assert case.epc == f"https://id.gs1.org/01/{CASE}/21/{case.serial}"
    assert desk.counts(batch) == (5, 0, 0, 0)
    assert desk.counts(batch, Level.CASE) == (1, 0, 0, 0)


def test_alphanumeric_serials_on_request(desk: Desk) -> None:
    (label,) = desk.allocate(desk.open(serials=SerialStyle.ALPHANUMERIC), 1)
    assert len(label.serial) == 16


def test_the_same_request_gives_the_same_labels_and_takes_no_more(desk: Desk) -> None:
    batch = desk.open()
    first = desk.allocate(batch, 5, request="r1")
    assert desk.allocate(batch, 5, request="r1") == first
    assert desk.counts(batch) == (5, 0, 0, 0)
    with pytest.raises(Conflict, match="request id of its own"):
        desk.allocate(batch, 6, request="r1")


def test_a_request_that_was_cut_off_in_the_middle_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LARGEST_PART", 4)
    batch = desk.open()
    told: list[tuple[int, int]] = []

    def cut(done: int, of: int) -> None:
        told.append((done, of))
        if done == 8:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        desk.run(service.allocate(desk.ledger, PRODUCER, batch.id, Level.ITEM, 10, "r", cut))
    assert told == [(4, 10), (8, 10)]
    before = desk.labels(batch)
    after = desk.allocate(batch, 10, request="r")
    assert after[:8] == before
    assert desk.counts(batch) == (10, 0, 0, 0)


def test_two_long_requests_at_once_are_each_told_their_own_labels(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bo asks while Anna's request is half done: her labels are then in two pieces."""
    monkeypatch.setattr(service, "LARGEST_PART", 4)
    batch = desk.open()
    bo = LabelsAllocated(
        actor=PRODUCER.key_id, party=PRODUCER.party, batch=batch.id, level=Level.ITEM, count=6, request="bo#0"
    )
    told: list[str] = []

    def between(done: int, of: int) -> None:
        if done == 4:
            told.append(desk.scribe.call("labels-allocated", bo, Allocation).numbers)

    anna = desk.run(service.allocate(desk.ledger, PRODUCER, batch.id, Level.ITEM, 9, "anna", between))
    assert (anna.numbers, anna.first, anna.count) == ("1-4,11-15", 1, 9)
    assert told == ["5-10"]
    assert desk.run(service.allocate(desk.ledger, PRODUCER, batch.id, Level.ITEM, 9, "anna")) == anna


def test_a_long_request_over_the_limit_takes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LARGEST_PART", 4)
    monkeypatch.setattr(allocation, "MOST_LABELS", 10)
    batch = desk.open()
    desk.allocate(batch, 2)
    with pytest.raises(InvalidInput, match="9 labels more than the 2 there are would be over 10"):
        desk.allocate(batch, 9)
    assert desk.counts(batch) == (2, 0, 0, 0)


def test_serials_of_the_ledger_and_of_other_labels_are_never_taken_again(desk: Desk) -> None:
    """The random source gives a serial that an event has named, one that a label has, then a fresh one."""
    event = object_event(epcList=[f"https://id.gs1.org/01/{ITEM}/21/{10**11}"])
    desk.scribe.capture(event)
    operation = desk.scribe.writer._operations["labels-allocated"]
    assert isinstance(operation, AllocateLabels)
    operation.random = draws(10**11 + 1)
    batch, other = desk.open(), desk.open(lot="L2")
    assert [label.serial for label in desk.allocate(batch, 1)] == [str(10**11 + 1)]
    operation.random = draws(10**11, 10**11 + 1, 10**11 + 2)
    assert [label.serial for label in desk.allocate(other, 1)] == [str(10**11 + 2)]


def draws(*values: int) -> Callable[[int], bytes]:
    """A source of these numbers, five bytes each; whatever is asked for otherwise is a salt."""
    left = iter(values)
    return lambda count: next(left).to_bytes(5) if count == 5 else bytes(count)


def test_ssccs_come_in_sequence_per_prefix_and_extension_over_all_batches(desk: Desk) -> None:
    first = desk.open(pallet=PalletOrder("9506000", 2))
    second = desk.open(lot="L2", pallet=PalletOrder("9506000", 2))
    other = desk.open(lot="L3", pallet=PalletOrder("9506000", 2, 7))
    assert [label.class_key for label in desk.allocate(first, 2, Level.PALLET)] == [
        "00/095060000000000008", "00/095060000000000015",
    ]  # fmt: skip
    assert [label.class_key for label in desk.allocate(second, 1, Level.PALLET)] == ["00/095060000000000022"]
    assert [label.class_key for label in desk.allocate(other, 1, Level.PALLET)] == ["00/795060000000000007"]
    assert [label.class_key for label in desk.allocate(first, 1, Level.PALLET)] == ["00/095060000000000039"]


def test_a_sequence_goes_on_where_another_system_stopped_and_leaves_its_ssccs_out(desk: Desk) -> None:
    desk.scribe.capture(object_event(epcList=["https://id.gs1.org/00/095060000000050010"]))
    batch = desk.open(pallet=PalletOrder("9506000", 2, 0, 5_000))
    assert [label.class_key for label in desk.allocate(batch, 2, Level.PALLET)] == [
        "00/095060000000050003", "00/095060000000050027",
    ]  # fmt: skip


def test_a_used_up_sequence_says_so_and_takes_nothing(desk: Desk) -> None:
    batch = desk.open(pallet=PalletOrder("9506000", 2, 0, 10**9 - 2))
    with pytest.raises(Conflict, match=r"used up: 2 are left, 3 are wanted.*another extension digit"):
        desk.allocate(batch, 3, Level.PALLET)
    assert len(desk.allocate(batch, 2, Level.PALLET)) == 2
    with pytest.raises(Conflict, match="0 are left"):
        desk.allocate(batch, 1, Level.PALLET)


@pytest.mark.parametrize("count", [0, -1, 1_000_001, 10**9])
def test_a_count_outside_the_limits_is_refused(desk: Desk, count: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 1,000,000"):
        desk.allocate(desk.open(), count)


def test_a_level_is_full_at_a_million(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suyuan.labels.allocation.MOST_LABELS", 5)
    batch = desk.open()
    desk.allocate(batch, 4)
    with pytest.raises(InvalidInput, match="another batch"):
        desk.allocate(batch, 2)


def test_a_level_that_the_batch_has_not_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="no level pallet, it has: item"):
        desk.allocate(desk.open(), 1, Level.PALLET)


def test_another_firm_finds_neither_batch_nor_labels(desk: Desk) -> None:
    batch = desk.open()
    (label,) = desk.allocate(batch, 1)
    with desk.ledger.view() as view:
        assert service.batches_of(view, RIVAL) == []
        assert service.label_of(view, PRODUCER, label.epc) == label
        for look in (
            lambda: service.batch_of(view, RIVAL, batch.id),
            lambda: service.labels_of(view, RIVAL, batch.id, Level.ITEM),
            lambda: service.label_of(view, RIVAL, label.epc),
        ):
            with pytest.raises(NotFound):
                look()
    with pytest.raises(NotFound, match="there is no batch"):
        desk.run(service.allocate(desk.ledger, RIVAL, batch.id, Level.ITEM, 1))


def test_batches_come_in_pages_the_latest_first(desk: Desk) -> None:
    batches = [desk.open(lot=f"P{number}") for number in range(5)]
    with desk.ledger.view() as view:
        page = service.batches_of(view, PRODUCER, 2)
        rest = service.batches_of(view, PRODUCER, 9, before=page[-1].batch.index)
    assert [status.batch for status in (*page, *rest)] == batches[::-1]


def test_the_log_commits_to_the_serials_and_names_none(desk: Desk) -> None:
    labels = desk.allocate(desk.open(), 3)
    ((body,),) = desk.scribe.rows("SELECT body FROM act WHERE name = 'labels-allocated'")
    told = msgspec.json.decode(body)
    lines = "".join(f"{label.epc}\n" for label in labels)
    assert told["serials"] == hashlib.sha256(lines.encode()).hexdigest()
    assert (told["count"], told["first"], told["gtin"], told["lot"]) == (3, 1, ITEM, "L1")
    assert not any(label.serial.encode() in bytes(body) for label in labels)


def test_a_revoked_key_takes_nothing_more(desk: Desk) -> None:
    key = ApiKey("k-producer", "n", Role.PRODUCER, PRODUCER.party, b"\1" * 32, 1, None, None)
    desk.scribe.call("key-added", KeyAdded("setup", key))
    batch = desk.open()
    desk.scribe.call("key-revoked", KeyRevoked("setup", "k-producer"))
    with pytest.raises(Unauthenticated, match="revoked"):
        desk.allocate(batch, 1)
    assert desk.counts(batch) == (0, 0, 0, 0)


def test_two_operators_in_one_group_of_the_writer_get_different_labels(desk: Desk) -> None:
    batch = desk.open(pallet=PalletOrder("9506000", 2))
    who: dict[str, Any] = {"actor": "k-producer", "party": PRODUCER.party, "batch": batch.id}
    orders = [
        LabelsAllocated(**who, level=level, count=50, request=f"{operator}-{level}")
        for operator in ("anna", "bo")
        for level in (Level.ITEM, Level.PALLET)
    ]
    requests = [
        Request(number, "labels-allocated", msgspec.msgpack.encode(order)) for number, order in enumerate(orders)
    ]
    assert all(reply.fault is None for reply in desk.scribe.writer.execute(requests))
    for level in (Level.ITEM, Level.PALLET):
        labels = desk.labels(batch, level)
        assert [label.number for label in labels] == list(range(1, 101))
        assert len({label.epc for label in labels}) == 100


def test_a_group_that_is_rolled_back_leaves_its_numbers_to_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = desk.open(pallet=PalletOrder("9506000", 2))
    monkeypatch.setattr("suyuan.labels.allocation._insert", broken)
    with pytest.raises(Exception, match="a bug"):
        desk.allocate(batch, 3, Level.PALLET, request="r")
    monkeypatch.undo()
    assert desk.counts(batch, Level.PALLET) == (0, 0, 0, 0)
    labels = desk.allocate(batch, 3, Level.PALLET, request="r")
    assert [label.number for label in labels] == [1, 2, 3]
    assert labels[0].class_key == "00/095060000000000008"


def broken(*_: object) -> None:
    raise RuntimeError


def test_labels_come_in_pages_of_one_state(desk: Desk) -> None:
    batch = desk.open()
    desk.allocate(batch, 10)
    desk.printed(batch, "2-9")
    desk.voided(batch, "3,10")
    assert numbers(desk, batch, LabelState.PRINTED) == [2, 4, 5, 6, 7, 8, 9]
    assert numbers(desk, batch, LabelState.PRINTED, after=4, limit=2) == [5, 6]
    assert numbers(desk, batch, LabelState.VOIDED) == [3, 10]
    assert numbers(desk, batch, LabelState.ALLOCATED) == [1]
    assert numbers(desk, batch, LabelState.APPLIED) == []


def numbers(desk: Desk, batch: Batch, state: LabelState, **more: Any) -> list[int]:
    return [label.number for label in desk.labels(batch, state=state, **more)]
