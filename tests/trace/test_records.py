"""Master data record by record: the latest version that a view may know, and no more read than was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from suyuan.trace.acts import MasterDataChanged
from suyuan.trace.master_data import MasterData, Party
from suyuan.trace.view import View, open_view

ONE, OTHER = "https://id.gs1.org/417/9521321000010", "https://id.gs1.org/417/9521321000027"


def change(scribe: Any, *parties: Party) -> None:
    scribe.call("master-data-changed", MasterDataChanged("k1", MasterData(list(parties))))


def test_a_record_is_its_latest_version_and_an_earlier_view_keeps_the_earlier_one(scribe: Any) -> None:
    change(scribe, Party(ONE, {"en": "old"}))
    change(scribe, Party(ONE, {"en": "new"}))
    with open_view(scribe.engine) as view:
        assert view.parties[ONE].name == {"en": "new"}
        assert View(view.connection, 1).parties[ONE].name == {"en": "old"}
        assert View(view.connection, 0).parties.get(ONE) is None
        with pytest.raises(KeyError):
            view.parties[OTHER]


def test_all_records_come_in_the_order_of_their_first_version(scribe: Any) -> None:
    change(scribe, Party(ONE, {"en": "one"}), Party(OTHER, {"en": "other"}))
    change(scribe, Party(ONE, {"en": "changed"}))
    with open_view(scribe.engine) as view:
        assert [party.name["en"] for party in view.parties.values()] == ["changed", "other"]
        assert len(view.parties) == 2


def test_what_was_asked_for_is_asked_once(scribe: Any) -> None:
    change(scribe, Party(ONE, {"en": "one"}))
    with open_view(scribe.engine) as view:
        statements: list[str] = []
        event.listen(scribe.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
        for _ in range(3):
            assert view.parties.get(ONE)
            assert view.parties.get(OTHER) is None
        assert len(statements) == 2
