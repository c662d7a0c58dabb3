"""Rows that do not follow from the events' bytes are found, at the first log index where they differ."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.trace.conftest import Opener
from tests.trace.scribe import Scribe, declared, object_event, scribe_in, submitted

from suyuan.app.migrate import migrate
from suyuan.app.verification import verify_log
from suyuan.base.database import sqlite_url
from suyuan.base.errors import InvalidProof

LOT = {"epcClass": "urn:epc:class:lgtin:0614141.000007.L1", "quantity": 5.5, "uom": "KGM"}
PALLET = "urn:epc:id:sscc:0614141.0000000007"
FIRM = [{"type": "possessing_party", "destination": "urn:epc:id:pgln:0614141.00001"}]


def fill(scribe: Scribe) -> None:
    """Events of several kinds: 0 to 6."""
    scribe.capture(object_event(1, 2, quantityList=[LOT], destinationList=FIRM))
    scribe.capture(declared(object_event(1, 2, quantityList=[LOT], destinationList=FIRM)))
    scribe.capture(
        object_event(3, type="AggregationEvent", epcList=None, parentID=PALLET, childEPCs=[], action="DELETE")
    )
    made = {
        "inputQuantityList": [LOT],
        "outputEPCList": ["urn:epc:id:sgtin:0614141.000008.9"],
        "transformationID": "t:1",
    }
    scribe.capture(object_event(type="TransformationEvent", epcList=None, action=None, **made))
    for serial in range(5, 8):
        scribe.capture(object_event(serial, bizStep=None, disposition="in_progress"))
    scribe.call("sign", None)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with events of several kinds."""
    folder = tmp_path_factory.mktemp("filled")
    migrate(sqlite_url(folder))
    with scribe_in(folder) as scribe:
        fill(scribe)
    return folder


@pytest.fixture
def ledger(tmp_path: Path, filled: Path) -> Path:
    """A copy whose triggers its owner has taken off."""
    for name in ("suyuan.db", "log.policy"):
        (tmp_path / name).write_bytes((filled / name).read_bytes())
    db = sqlite3.connect(tmp_path / "suyuan.db")
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.close()
    return tmp_path


def verify(folder: Path) -> list[str]:
    return list(verify_log(str(folder), (folder / "log.policy").read_bytes(), []))


def test_an_honest_ledger_verifies(ledger: Path) -> None:
    assert "7 events and acts" in verify(ledger)[-1]


@pytest.mark.parametrize(
    ("change", "index"),
    [
        ("DELETE FROM timeline WHERE event = 5", 5), ("DELETE FROM timeline WHERE event = 3 AND role = 4", 3),
        ("UPDATE timeline SET quantity = 5.4 WHERE event = 3", 3), ("UPDATE timeline SET uom = 1 WHERE event = 3", 3),
        ("UPDATE timeline SET thing = thing + 100 WHERE event = 6", 6), ("UPDATE timeline SET time = time + 1", 0),
        ("UPDATE timeline SET action = 1 WHERE event = 2", 2), ("UPDATE timeline SET holder = NULL WHERE event = 0", 0),
        ("UPDATE timeline SET place = NULL WHERE event = 4", 4), ("UPDATE timeline SET partner = 1 WHERE event = 4", 4),
        ("INSERT INTO timeline (thing, time, event, role, ordinal, action) SELECT 2, 0, 4, 1, 9, 1", 4),
        ("INSERT INTO timeline (thing, time, event, role, ordinal, action) SELECT 2, 0, 99, 1, 9, 1", 99),
        ("INSERT INTO voided VALUES (5, 6)", 5), ("DELETE FROM voided WHERE event = 0", 0),
        ("UPDATE event SET biz_step = NULL WHERE idx = 2", 2), ("UPDATE event SET time = 0 WHERE idx = 6", 6),
        ("UPDATE event SET destination_possessor = NULL WHERE idx = 1", 1), ("DELETE FROM event WHERE idx = 5", 5),
        ("UPDATE event SET biz_location = 1 WHERE idx = 5", 5), ("UPDATE event SET record_time = 1 WHERE idx = 5", 5),
        ("UPDATE event SET transformation = NULL WHERE idx = 3", 3), ("UPDATE event SET declaration = 0", 1),
        ("UPDATE event SET disposition = 999 WHERE idx = 4", 4),
        ("UPDATE thing SET serial = 'x' WHERE serial = '6'", 5),
        ("UPDATE payload SET body = NULL, salt = NULL WHERE idx = 4", 4), ("DELETE FROM payload WHERE idx = 4", 4),
    ],
)  # fmt: skip
def test_a_changed_row_is_found_where_it_is(ledger: Path, change: str, index: int) -> None:
    db = sqlite3.connect(ledger / "suyuan.db")
    assert db.execute(change).rowcount > 0
    db.commit()
    db.close()
    with pytest.raises(InvalidProof, match=f"entry {index}: "):
        verify(ledger)


def test_the_standards_documents_derive_to_their_rows(shared: Path, fresh: Opener) -> None:
    scribe = fresh()
    for file in sorted((shared / "epcis/gs1__EPCIS/JSON").rglob("*.jsonld")):
        if submitted(file.read_bytes()):
            scribe.capture(file.read_bytes())
    scribe.call("sign", None)
    assert "the rows beside them" in verify(scribe.folder)[-1]
