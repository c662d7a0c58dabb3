"""What becomes of labels: each state with its events, none of them twice, and no label where it may not go."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.labels.desk import CASE, EVENING, ITEM, MORNING, NOON, PACKED, PRODUCER, SITE, Desk

from suyuan.base.errors import Conflict, InvalidInput, NotFound, SuyuanError, Unauthenticated
from suyuan.labels import service
from suyuan.labels.batches import Batch, CaseOrder, LabelState, Level, Marked, Selection, Written
from suyuan.labels.label_events import EPCS_PER_EVENT

NIGHT = "2026-11-21T22:00:00.000+08:00"
A, P, X, V = LabelState.ALLOCATED, LabelState.PRINTED, LabelState.APPLIED, LabelState.VOIDED


@pytest.fixture
def batch(desk: Desk) -> Batch:
    """Five allocated items."""
    found = desk.open(**PACKED)
    desk.allocate(found, 5)
    return found


def events(desk: Desk) -> list[dict[str, Any]]:
    """All events in log order."""
    return [event.body for event in sorted(desk.scribe.events(), key=lambda event: event.index)]


def test_printing_is_encoding_and_nothing_more(desk: Desk, batch: Batch) -> None:
    assert desk.printed(batch, "1-3").changed == 3
    (event,) = events(desk)
    assert (event["type"], event["action"], event["bizStep"], event["disposition"]) == (
        "ObjectEvent", "OBSERVE", "encoding", "encoded",
    )  # fmt: skip
    assert event["epcList"] == [label.epc for label in desk.labels(batch)[:3]]
    assert (event["readPoint"]["id"], event["bizLocation"]["id"]) == (SITE, SITE)
    assert (event["eventTime"], event["eventTimeZoneOffset"]) == ("2026-11-20T22:00:00.000Z", "+08:00")
    assert "ilmd" not in event
    assert desk.counts(batch) == (2, 3, 0, 0)


def test_applying_is_commissioning_with_lot_and_dates(desk: Desk, batch: Batch) -> None:
    desk.printed(batch, "1-3")
    marked = desk.applied(batch, "1-2")
    assert (marked.changed, marked.already, len(marked.events)) == (2, 0, 1)
    event = events(desk)[-1]
    assert (event["type"], event["action"], event["bizStep"], event["disposition"]) == (
        "ObjectEvent", "ADD", "commissioning", "active",
    )  # fmt: skip
    assert event["ilmd"] == {
        "cbvmda:lotNumber": "L1", "cbvmda:productionDate": "2026-11-21", "cbvmda:itemExpirationDate": "2026-11-28",
    }  # fmt: skip
    assert desk.states(batch) == [X, X, P, A, A]


def test_a_pallet_has_no_lot_of_its_own(desk: Desk, batch: Batch) -> None:
    desk.allocate(batch, 1, Level.PALLET)
    desk.printed(batch, "1", Level.PALLET)
    desk.applied(batch, "1", Level.PALLET)
    assert "ilmd" not in events(desk)[-1]


def test_voiding_what_was_printed_takes_the_code_out_of_use(desk: Desk, batch: Batch) -> None:
    desk.printed(batch, "1-2")
    marked = desk.voided(batch, "2-3", "smeared")
    assert (marked.changed, len(marked.events)) == (2, 1)
    event = events(desk)[-1]
    assert (event["action"], event["bizStep"], event["disposition"]) == ("DELETE", "decommissioning", "inactive")
    assert event["epcList"] == [desk.labels(batch)[1].epc]
    assert [label.reason for label in desk.labels(batch)] == ["", "smeared", "smeared", "", ""]
    assert desk.voided(batch, "4").events == []  # it was never printed: nobody has seen its code
    assert desk.counts(batch) == (1, 1, 0, 3)


def test_doing_it_again_changes_nothing(desk: Desk, batch: Batch) -> None:
    desk.printed(batch, "1-4")
    desk.applied(batch, "1")
    desk.voided(batch, "4")
    size = desk.ledger.size()
    assert desk.printed(batch, "1-3") == Marked(0, 3)
    assert desk.applied(batch, "1") == Marked(0, 1)
    assert desk.voided(batch, "4") == Marked(0, 1)
    assert desk.ledger.size() == size
    assert desk.printed(batch, "1-3,5") == Marked(1, 3, [size])


@pytest.mark.parametrize(
    ("call", "numbers", "words"),
    [
        ("applied", "3-4", "label 4 .* has not been printed .*mark it as printed first"),
        ("voided", "1-2", "label 1 .* is on food .*decommissioning event"),
        ("printed", "1-3", "label 2 .* was voided .*allocate a new one"),
        ("applied", "2", "was voided"),
    ],
)
def test_a_label_that_may_not_go_there_stops_the_whole_request(
    desk: Desk, batch: Batch, call: str, numbers: str, words: str
) -> None:
    desk.printed(batch, "1-3")
    desk.applied(batch, "1")
    desk.voided(batch, "2")
    before, size = desk.states(batch), desk.ledger.size()
    with pytest.raises(Conflict, match=words):
        getattr(desk, call)(batch, numbers)
    assert (desk.states(batch), desk.ledger.size()) == (before, size)


def test_labels_that_are_not_there_are_named(desk: Desk, batch: Batch) -> None:
    with pytest.raises(NotFound, match=r"no item label 6 .*allocate it first"):
        desk.printed(batch, "4-9")
    with pytest.raises(NotFound, match="no case label 1"):
        desk.printed(batch, "1", Level.CASE)


def test_labels_may_be_named_by_their_epcs_in_any_form(desk: Desk, batch: Batch) -> None:
    first, second, *_ = desk.labels(batch)
    forms = [first.epc, f"(01){ITEM}(21){second.serial}"]
    chosen = Selection(Level.ITEM, epcs=forms)
    assert desk.run(service.mark_printed(desk.ledger, PRODUCER, batch.id, chosen)).changed == 2
    with pytest.raises(NotFound, match="no case label"):
        desk.run(service.mark_printed(desk.ledger, PRODUCER, batch.id, Selection(Level.CASE, epcs=forms)))


@pytest.mark.parametrize("chosen", [Selection(Level.ITEM), Selection(Level.ITEM, "1", ["urn:x:y"])])
def test_a_selection_is_by_numbers_or_by_epcs(desk: Desk, batch: Batch, chosen: Selection) -> None:
    with pytest.raises(InvalidInput, match="either by numbers or by epcs"):
        desk.run(service.mark_printed(desk.ledger, PRODUCER, batch.id, chosen))


def test_too_many_epcs_are_refused(desk: Desk, batch: Batch) -> None:
    chosen = Selection(Level.ITEM, epcs=["urn:x:y"] * 10_001)
    with pytest.raises(InvalidInput, match="use numbers"):
        desk.run(service.mark_printed(desk.ledger, PRODUCER, batch.id, chosen))


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\0b"])
def test_a_void_label_has_a_reason(desk: Desk, batch: Batch, reason: str) -> None:
    with pytest.raises(InvalidInput, match="printer jam"):
        desk.voided(batch, "1", reason)


def test_a_time_without_a_zone_is_refused(desk: Desk, batch: Batch) -> None:
    with pytest.raises(InvalidInput, match="zone"):
        desk.printed(batch, "1", time="2026-11-21T06:00:00")


def test_without_a_time_it_is_now(desk: Desk, batch: Batch) -> None:
    desk.printed(batch, "1", time=None)
    (event,) = events(desk)
    assert event["eventTime"] == event["recordTime"]


def test_many_labels_are_told_in_several_events_and_parts(
    desk: Desk, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.allocate(batch, EPCS_PER_EVENT)
    assert len(desk.printed(batch, f"1-{EPCS_PER_EVENT + 5}").events) == 2
    monkeypatch.setattr(service, "LARGEST_PART", 200)
    told: list[tuple[int, int]] = []
    work = service.apply(
        desk.ledger, PRODUCER, batch.id, Selection(Level.ITEM, "1-450"), time=NOON,
        progress=lambda done, of: told.append((done, of)),
    )  # fmt: skip
    assert len(desk.run(work).events) == 3
    assert told == [(200, 450), (400, 450), (450, 450)]


class TestTags:
    """EPCs that were written to tags."""

    def write(self, desk: Desk, batch: Batch, *pairs: tuple[int, str]) -> Marked:
        labels = {label.number: label for label in desk.labels(batch)}
        written = [Written(labels[number].epc, tid) for number, tid in pairs]
        return desk.run(service.record_encoded(desk.ledger, PRODUCER, batch.id, written, MORNING))

    def test_the_tid_stands_beside_the_epc(self, desk: Desk, batch: Batch) -> None:
        assert self.write(desk, batch, (1, "e280 1190"), (2, "E2801191")).changed == 2
        assert [label.tid for label in desk.labels(batch)] == ["E2801190", "E2801191", None, None, None]
        assert desk.states(batch) == [P, P, A, A, A]
        assert [event["bizStep"] for event in events(desk)] == ["encoding"]

    def test_one_epc_is_never_on_two_tags(self, desk: Desk, batch: Batch) -> None:
        self.write(desk, batch, (1, "E2801190"))
        assert self.write(desk, batch, (1, "E2801190")) == Marked(0, 1)
        with pytest.raises(Conflict, match="is on the tag with TID E2801190"):
            self.write(desk, batch, (2, "E2801191"), (1, "E2801192"))
        with pytest.raises(Conflict, match="twice with different tags"):
            self.write(desk, batch, (3, "E2801193"), (3, "E2801194"))
        assert desk.states(batch) == [P, A, A, A, A]

    def test_one_tag_holds_one_epc_unless_its_label_was_voided(self, desk: Desk, batch: Batch) -> None:
        """A TID of 32 bits names a model of chips, and may come with many."""
        chip, model = "E28011700000020A00000001", "E2801190"
        with pytest.raises(Conflict, match=f"TID {chip} of label 2 is that of label 1"):
            self.write(desk, batch, (1, chip), (2, chip))
        self.write(desk, batch, (1, chip), (3, model), (4, model))
        with pytest.raises(Conflict, match=f"TID {chip} of label 2 is that of label 1"):
            self.write(desk, batch, (2, chip))
        desk.voided(batch, "1")
        assert self.write(desk, batch, (2, chip)).changed == 1

    def test_a_printed_label_may_get_its_tag_later(self, desk: Desk, batch: Batch) -> None:
        desk.printed(batch, "1-2")
        assert self.write(desk, batch, (1, "E2801190")).changed == 1
        assert desk.counts(batch) == (3, 2, 0, 0)
        assert len(events(desk)) == 2

    def test_a_voided_label_goes_on_no_tag(self, desk: Desk, batch: Batch) -> None:
        desk.voided(batch, "1")
        with pytest.raises(Conflict, match="was voided"):
            self.write(desk, batch, (1, "E2801190"))

    @pytest.mark.parametrize("tid", ["", "XYZ", "E2" * 65, "١٢"])
    def test_a_tid_is_hex(self, desk: Desk, batch: Batch, tid: str) -> None:
        with pytest.raises(InvalidInput, match="is not hex"):
            self.write(desk, batch, (1, tid))

    def test_the_levels_of_a_batch_may_come_together_and_other_batches_not(self, desk: Desk, batch: Batch) -> None:
        (case,) = desk.allocate(batch, 1, Level.CASE)
        written = [Written(case.epc, "E1"), Written(desk.labels(batch)[0].epc, "E2")]
        assert desk.run(service.record_encoded(desk.ledger, PRODUCER, batch.id, written)).changed == 2
        other = desk.open(lot="L2")
        with pytest.raises(Conflict, match=f"is of batch {batch.id}"):
            desk.run(service.record_encoded(desk.ledger, PRODUCER, other.id, written))
        with pytest.raises(InvalidInput, match="0 tags"):
            desk.run(service.record_encoded(desk.ledger, PRODUCER, batch.id, []))


class TestPacking:
    """Contents of cases and pallets."""

    @pytest.fixture
    def packed(self, desk: Desk, batch: Batch) -> Batch:
        """All items applied, and two cases and a pallet printed."""
        for level, count in ((Level.ITEM, 5), (Level.CASE, 2), (Level.PALLET, 1)):
            if level is not Level.ITEM:
                desk.allocate(batch, count, level)
            desk.printed(batch, f"1-{count}", level)
        desk.applied(batch, "1-4")
        return batch

    def test_applying_a_case_with_its_contents_packs_them(self, desk: Desk, packed: Batch) -> None:
        desk.applied(packed, "1", Level.CASE, Selection(Level.ITEM, "1-3"))
        made, put_in = events(desk)[-2:]
        assert made["bizStep"] == "commissioning"
        assert (put_in["type"], put_in["action"], put_in["bizStep"]) == ("AggregationEvent", "ADD", "packing")
        (case, _), items = desk.labels(packed, Level.CASE), desk.labels(packed)
        assert (put_in["parentID"], put_in["childEPCs"]) == (case.epc, [item.epc for item in items[:3]])

    def test_packing_again_adds_only_what_is_new(self, desk: Desk, packed: Batch) -> None:
        desk.applied(packed, "1", Level.CASE, Selection(Level.ITEM, "1-3"))
        size = desk.ledger.size()
        assert desk.applied(packed, "1", Level.CASE, Selection(Level.ITEM, "1-3")) == Marked(0, 1)
        assert desk.ledger.size() == size
        desk.applied(packed, "1", Level.CASE, Selection(Level.ITEM, "1-4"), EVENING)
        assert events(desk)[-1]["childEPCs"] == [desk.labels(packed)[3].epc]

    def test_a_pallet_takes_cases(self, desk: Desk, packed: Batch) -> None:
        desk.applied(packed, "1-2", Level.CASE)
        desk.applied(packed, "1", Level.PALLET, Selection(Level.CASE, "1-2"))
        assert len(events(desk)[-1]["childEPCs"]) == 2

    def test_what_is_in_one_case_goes_into_no_other(self, desk: Desk, packed: Batch) -> None:
        desk.applied(packed, "1", Level.CASE, Selection(Level.ITEM, "1-2"))
        desk.applied(packed, "2", Level.CASE)
        (case, _) = desk.labels(packed, Level.CASE)
        with pytest.raises(Conflict, match=f"item label 2 is in {case.epc}"):
            desk.applied(packed, "2", Level.CASE, Selection(Level.ITEM, "2-3"), EVENING)
        unpacked = {
            "type": "AggregationEvent", "eventTime": EVENING, "eventTimeZoneOffset": "+08:00", "action": "DELETE",
            "parentID": case.epc, "childEPCs": [desk.labels(packed)[1].epc], "bizStep": "unpacking",
        }  # fmt: skip
        desk.scribe.capture(unpacked, "k-producer", PRODUCER.party)
        desk.applied(packed, "2", Level.CASE, Selection(Level.ITEM, "2-3"), NIGHT)

    def test_what_was_packed_before_counts_against_what_a_case_holds(self, desk: Desk) -> None:
        batch = desk.open(lot="small", case=CaseOrder(CASE, 2))
        for level, count in ((Level.ITEM, 3), (Level.CASE, 1)):
            desk.allocate(batch, count, level)
            desk.printed(batch, f"1-{count}", level)
        desk.applied(batch, "1-3")
        desk.applied(batch, "1", Level.CASE, Selection(Level.ITEM, "1-2"))
        with pytest.raises(InvalidInput, match="3 item labels are over the 2 that a case holds"):
            desk.applied(batch, "1", Level.CASE, Selection(Level.ITEM, "3"), EVENING)

    @pytest.mark.parametrize(
        ("numbers", "level", "contents", "words"),
        [
            ("1", Level.CASE, Selection(Level.ITEM, "4-5"), "item label 5 is printed, only applied ones"),
            ("1", Level.CASE, Selection(Level.CASE, "2"), "a case does not go into a case"),
            ("1", Level.CASE, Selection(Level.PALLET, "1"), "a pallet does not go into a case"),
            ("1-2", Level.CASE, Selection(Level.ITEM, "1-3"), "2 are selected"),
            ("1", Level.CASE, Selection(Level.ITEM, "1-13"), "over the 12 that a case holds"),
            ("1", Level.CASE, Selection(Level.ITEM, "9"), "no item label 9"),
        ],
    )
    def test_what_does_not_go_in_is_refused(
        self, desk: Desk, packed: Batch, numbers: str, level: Level, contents: Selection, words: str
    ) -> None:
        size = desk.ledger.size()
        with pytest.raises(SuyuanError, match=words):
            desk.applied(packed, numbers, level, contents)
        assert desk.ledger.size() == size


def test_a_crash_between_marks_and_events_leaves_neither(
    desk: Desk, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = desk.ledger.size()
    monkeypatch.setattr("suyuan.labels.marking.MarkLabels._record", _broken)
    with pytest.raises(Exception, match="a bug"):
        desk.printed(batch, "1-5")
    assert (desk.ledger.size(), desk.counts(batch), events(desk)) == (size, (5, 0, 0, 0), [])
    monkeypatch.undo()
    assert desk.printed(batch, "1-5").changed == 5


def _broken(*_: object) -> None:
    raise RuntimeError


def test_a_key_that_is_revoked_while_its_request_waits_captures_nothing(
    desk: Desk, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operation itself asks before anything is written; capture asks once more, and its word counts too."""
    monkeypatch.setattr(
        "suyuan.trace.capture.closed_keys", lambda transaction, keys: {key: Unauthenticated() for key in keys}
    )
    with pytest.raises(Unauthenticated):
        desk.printed(batch, "1")
    assert desk.counts(batch) == (5, 0, 0, 0)


#: Each course has a batch of its own.
LOTS = itertools.count()
#: What may happen, as a model: the state aimed at, from which states a call moves a label there, which it leaves alone.
MODEL = {"printed": (P, {A}, {P, X}), "applied": (X, {P}, {X}), "voided": (V, {A, P}, {V})}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(sorted(MODEL)), st.integers(1, 5), st.integers(0, 4)), min_size=1, max_size=8
    ),
)
def test_any_course_ends_where_the_model_ends(desk: Desk, steps: list[tuple[str, int, int]]) -> None:
    batch = desk.open(lot=f"M{next(LOTS)}")
    desk.allocate(batch, 5)
    model = [A] * 5
    for call, first, more in steps:
        last = min(first + more, 5)
        target, moved, left = MODEL[call]
        allowed = all(state in moved | left for state in model[first - 1 : last])
        try:
            getattr(desk, call)(batch, f"{first}-{last}")
        except Conflict:
            assert not allowed
        else:
            assert allowed
            model[first - 1 : last] = [target if state in moved else state for state in model[first - 1 : last]]
        assert desk.states(batch) == model
        assert desk.counts(batch) == tuple(model.count(state) for state in (A, P, X, V))
