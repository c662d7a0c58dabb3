"""A look at the ledger costs what is asked of it, not what was asked before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from tests.trace.scribe import Scribe, epc, object_event

from suyuan.gs1.names import name_of
from suyuan.trace.view import View


class Untouched(dict[int, Any]):
    """A cache that may be asked for an entry, and not gone through."""

    def __iter__(self) -> Iterator[int]:
        raise AssertionError("the cache was gone through")

    def keys(self) -> Any:
        """Sets made from keys go through all of them."""
        raise AssertionError("the cache was gone through")


def _statements(view: View) -> list[str]:
    """SQL that the view's connection carries out from now on."""
    told: list[str] = []

    def tell(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        told.append(statement)

    event.listen(view.connection, "before_cursor_execute", tell)
    return told


@pytest.mark.parametrize("cache", ["_names", "_terms"])
def test_what_was_asked_before_costs_no_query_and_no_walk_through_the_cache(scribe: Scribe, cache: str) -> None:
    scribe.capture(object_event(1, 2, 3))
    with scribe.view() as view:
        thing = view.find(name_of(epc(1)))
        word = view.term_id("shipping")
        assert thing is not None
        first = view.canonical(thing), view.term(word)
        setattr(view, cache, Untouched(getattr(view, cache)))
        told = _statements(view)
        assert (view.canonical(thing), view.term(word)) == first
        assert told == []
