"""Whoever changes a label in the database is found by `suyuan verify`: its rows are derived again from the acts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.labels.desk import ITEM, PACKED, PRODUCER, Desk
from tests.labels.test_relabelling import SIDE, cut, event

from suyuan.app.verification import verify_log
from suyuan.base.errors import InvalidProof
from suyuan.labels import service
from suyuan.labels.batches import Level, Written
from suyuan.labels.evidence import differing_labels


@pytest.fixture
def told(desk: Desk) -> Path:
    """A folder in which labels of every state, chips and weights stand."""
    event(desk, epcList=[SIDE])
    batch = desk.open(**PACKED)
    first, *_ = desk.allocate(batch, 4)
    desk.run(service.record_encoded(desk.ledger, PRODUCER, batch.id, [Written(first.epc, "E280")]))
    desk.printed(batch, "2-3")
    desk.voided(batch, "3")
    desk.applied(batch, "1-2")
    cut(desk, batch, SIDE, "0.5")
    desk.allocate(batch, 2, Level.PALLET)
    desk.printed(batch, "1-2", Level.PALLET)
    desk.scribe.call("sign", None, int)
    return desk.scribe.folder


def wrong(desk: Desk) -> int | None:
    with desk.ledger.view() as view:
        return differing_labels(view)


def test_what_the_writer_wrote_is_what_the_acts_say(desk: Desk, told: Path) -> None:
    assert wrong(desk) is None
    assert list(verify_log(str(told), (told / "log.policy").read_bytes(), []))


def test_a_ledger_without_labels_has_nothing_to_derive(desk: Desk) -> None:
    assert wrong(desk) is None


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("label", "UPDATE label SET serial = '7' WHERE level = 1 AND number = 2"),
        ("label", f"INSERT INTO label SELECT batch, 1, 99, '01/{ITEM}/21', '7' FROM label LIMIT 1"),
        ("label", "DELETE FROM label WHERE level = 1 AND number = 4"),
        ("label_allocation", "DELETE FROM label_allocation WHERE level = 3"),
        ("label_allocation", "UPDATE label_allocation SET amount = 3 WHERE level = 3"),
        ("label_allocation", "UPDATE label_allocation SET digest = x'00' WHERE level = 3"),
        ("label_allocation", "UPDATE label_allocation SET idx = 0 WHERE level = 3"),
        ("label_batch", "UPDATE label_batch SET lot = 'L9'"),
        ("label_batch", "UPDATE label_batch SET body = replace(body, '2026-11-28', '2027-11-28')"),
        ("label_batch", "DELETE FROM label_batch"),
        ("label_mark", "UPDATE label_mark SET reason = 'x' WHERE state = 3"),
        ("label_mark", "UPDATE label_mark SET number = 4 WHERE state = 3"),
        ("label_mark", "DELETE FROM label_mark WHERE state = 3"),
        ("label_mark", "INSERT INTO label_mark SELECT batch, level, 4, 2, idx, '' FROM label_mark WHERE state = 3"),
        ("label_mark", "INSERT INTO label_mark SELECT batch, level, 4, 2, 0, '' FROM label_mark WHERE state = 3"),
        ("label_tally", "UPDATE label_tally SET amount = 5 WHERE state = 3"),
        ("label_tag", "UPDATE label_tag SET tid = 'E2'"),
        ("label_weight", "UPDATE label_weight SET kilograms = '5'"),
        ("label_weight", "DELETE FROM label_weight"),
    ],
)
def test_a_row_that_was_changed_is_found(desk: Desk, told: Path, table: str, statement: str) -> None:
    with closing(sqlite3.connect(told / "suyuan.db")) as db, db:
        db.execute(f"DROP TRIGGER {table}_no_update")
        db.execute(f"DROP TRIGGER {table}_no_delete")
        assert db.execute(statement).rowcount >= 1
    assert wrong(desk) is not None
    with pytest.raises(InvalidProof, match=r"entry [0-9]+: the labels are not those of the act"):
        list(verify_log(str(told), (told / "log.policy").read_bytes(), []))
