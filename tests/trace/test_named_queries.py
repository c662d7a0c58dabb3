"""Named queries: one firm's, stored and deleted as acts; a deleted one takes its subscriptions with it."""

from __future__ import annotations

import pytest
from tests.trace.scribe import Scribe

from suyuan.base.errors import Conflict, InvalidInput, NotFound
from suyuan.base.identity import Actor, Role
from suyuan.trace.named_queries import (
    EVENT_QUERY,
    MASTER_DATA_QUERY,
    Definition,
    QueryDeleted,
    QueryStored,
    check_name,
    find_query,
    listed,
)
from suyuan.trace.subscriptions import Subscribed, Terms, live

FARM, SHOP = Actor(Role.PRODUCER, "k1", "urn:firm:farm"), Actor(Role.RETAILER, "k2", "urn:firm:shop")
LONE = Actor(Role.LOGISTICS, "k3")
ASKS = Definition({"EQ_bizStep": ["shipping"]}, {"ex": "https://example.com/"})


def store(scribe: Scribe, actor: Actor, name: str, definition: Definition = ASKS) -> int:
    """The log index of a new query."""
    owner = actor.party or f"key:{actor.key_id}"
    index: int = scribe.call("query-stored", QueryStored(actor.key_id, owner, name, definition))["index"]
    return index


def names(scribe: Scribe, actor: Actor) -> list[str]:
    with scribe.view() as view:
        return [found.name for found in listed(view, actor, -1, 100)]


def test_every_key_of_the_firm_sees_a_query_and_nobody_else_does(scribe: Scribe) -> None:
    store(scribe, FARM, "mine")
    with scribe.view() as view:
        assert find_query(view, Actor(Role.LOGISTICS, "other", FARM.party), "mine").definition == ASKS
        for stranger in (SHOP, LONE, Actor(Role.REGULATOR, "r")):
            with pytest.raises(NotFound):
                find_query(view, stranger, "mine")
    assert names(scribe, SHOP) == []


def test_two_firms_may_use_one_name_and_one_firm_not_twice(scribe: Scribe) -> None:
    store(scribe, FARM, "daily")
    store(scribe, SHOP, "daily")
    store(scribe, LONE, "daily")
    with pytest.raises(Conflict):
        store(scribe, FARM, "daily")


def test_a_deleted_name_is_free_again(scribe: Scribe) -> None:
    index = store(scribe, FARM, "daily")
    scribe.call("query-deleted", QueryDeleted("k1", FARM.party, "daily", index))
    assert names(scribe, FARM) == []
    with pytest.raises(NotFound):
        scribe.call("query-deleted", QueryDeleted("k1", FARM.party, "daily", index))
    store(scribe, FARM, "daily", Definition({}))
    assert names(scribe, FARM) == ["daily"]


def test_deleting_a_query_ends_its_owners_subscriptions_and_no_others(scribe: Scribe) -> None:
    index = store(scribe, FARM, "daily")
    for owner, number in ((FARM.party, "1"), (FARM.party, "2"), (SHOP.party, "3")):
        terms = Terms(query_name="daily", parameters={}, dest="https://firm.example/", stream=True)
        scribe.call("subscribed", Subscribed(actor="k", owner=owner, id=number, terms=terms, token="secret"))
    scribe.call("query-deleted", QueryDeleted("k1", FARM.party, "daily", index))
    with scribe.view() as view:
        assert [found.id for found in live(view)] == ["3"]
    assert scribe.rows("SELECT COUNT(*) FROM subscription_ended") == [(2,)]


def test_the_leaf_commits_to_what_is_asked_without_telling_it(scribe: Scribe) -> None:
    index = store(scribe, FARM, "daily")
    ((body,),) = scribe.rows("SELECT body FROM act WHERE idx = :idx", idx=index)
    assert b"shipping" not in bytes(body)
    assert b'"query":"daily"' in bytes(body)


def test_the_queries_of_the_standard_are_everybodys_and_nobodys(scribe: Scribe) -> None:
    with scribe.view() as view:
        assert find_query(view, LONE, EVENT_QUERY).definition == Definition({})
    for name in (EVENT_QUERY, MASTER_DATA_QUERY):
        with pytest.raises(Conflict):
            check_name(name)


@pytest.mark.parametrize("name", ["", "a/b", " a", "a\n", 201 * "x"])
def test_a_name_that_no_url_can_hold_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        check_name(name)


def test_a_definition_is_read_with_its_prefixes() -> None:
    Definition({"EQ_ex:field": ["a"], "eventType": ["ObjectEvent"]}, {"ex": "https://example.com/"}).read()
    with pytest.raises(InvalidInput) as caught:
        Definition({"EQ_bizStp": ["shipping"]}).read()
    assert caught.value.place == "EQ_bizStp"
