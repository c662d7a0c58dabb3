"""Master data in the ledger: versions, owners, and the sets that event queries are made of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from tests.trace.scribe import CONTEXT, PLACE, Scribe, document, object_event

from suyuan.base.errors import InvalidDocument
from suyuan.base.identity import Actor, Role
from suyuan.epcis.vocabulary_elements import TYPE_STEM, Element
from suyuan.trace.vocabularies import VocabularyChanged, count_by_type, owners_for, read_versions
from suyuan.trace.vocabulary_evidence import differing_vocabulary
from suyuan.trace.vocabulary_sets import IdSet, descendants, having_attribute

LOCATION, STEP = TYPE_STEM + "BusinessLocation", TYPE_STEM + "BusinessStep"
SHED, HALL, DOOR = "urn:shop:shed", "urn:shop:hall", "urn:shop:door"


def tell(scribe: Scribe, *elements: Element, owner: str = "") -> int:
    """Add elements; their log index."""
    index: int = scribe.call("vocabulary-changed", VocabularyChanged("k", owner, list(elements)))["index"]
    return index


def at(place: str, serial: int = 1) -> dict[str, Any]:
    """An event at a place."""
    return object_event(serial, bizLocation={"id": place})


def places(scribe: Scribe, found: IdSet, size: int | None = None) -> set[str]:
    """Where the events are whose business location is in a set."""
    with scribe.view() as view:
        rows = view.connection.execute(
            text(f"SELECT e.biz_location FROM event e WHERE e.biz_location IN ({found.sql})"),
            {**found.bound, "size": view.size if size is None else size},
        )
        return {view.canonical(row[0]) or "" for row in rows}


@pytest.fixture
def shop(scribe: Scribe) -> Scribe:
    """Three places with an event each: a hall in a shed, a door in the hall."""
    for serial, place in enumerate((SHED, HALL, DOOR)):
        scribe.capture(at(place, serial))
    tell(
        scribe,
        Element(LOCATION, SHED, (("urn:x:kind", "cold"),), (HALL,)),
        Element(LOCATION, HALL, (("urn:x:kind", "warm"), ("urn:x:size", 12)), (DOOR,)),
        Element(LOCATION, DOOR, (), (SHED,)),
    )
    return scribe


def test_what_lies_within_a_place_is_found_however_deep_and_a_circle_ends(shop: Scribe) -> None:
    assert places(shop, descendants(None, "bizLocation", [HALL])) == {DOOR, SHED, HALL}
    assert places(shop, descendants(None, "readPoint", [HALL])) == set()


def test_places_are_found_by_an_attribute_and_by_its_value(shop: Scribe) -> None:
    assert places(shop, having_attribute(None, "bizLocation", "urn:x:kind")) == {SHED, HALL}
    assert places(shop, having_attribute(None, "bizLocation", "urn:x:kind", ["cold", "hot"])) == {SHED}
    assert places(shop, having_attribute(None, "bizLocation", "urn:x:size", ["12"])) == {HALL}
    assert places(shop, having_attribute(None, "bizLocation", "urn:x:colour")) == set()


def test_a_new_version_replaces_the_old_one_and_the_past_still_knows_that(shop: Scribe) -> None:
    index = tell(shop, Element(LOCATION, SHED, (("urn:x:kind", "warm"),)))
    warm = having_attribute(None, "bizLocation", "urn:x:kind", ["warm"])
    assert places(shop, warm) == {SHED, HALL}
    assert places(shop, warm, size=index) == {HALL}
    with shop.view() as view:
        assert [version.element.attributes for version in read_versions(view, None, LOCATION, SHED)] == [
            (("urn:x:kind", "cold"),),
            (("urn:x:kind", "warm"),),
        ]


def test_what_a_firm_says_of_a_place_counts_for_the_firm_and_the_authorities_only(shop: Scribe) -> None:
    tell(shop, Element(LOCATION, DOOR, (("urn:x:kind", "secret"),)), owner="https://id.gs1.org/417/9521321000010")
    firm = owners_for(Actor(Role.PRODUCER, "k1", "https://id.gs1.org/417/9521321000010"))
    other = owners_for(Actor(Role.PRODUCER, "k2", "https://id.gs1.org/417/9521321000027"))
    authority = owners_for(Actor(Role.REGULATOR, "k3"))
    found = {who: places(shop, having_attribute(who, "bizLocation", "urn:x:kind")) for who in (firm, other, authority)}
    assert found == {firm: {SHED, HALL, DOOR}, other: {SHED, HALL}, authority: {SHED, HALL, DOOR}}
    with shop.view() as view:
        assert count_by_type(view, other) == {LOCATION: 3}


def test_no_firm_hides_from_the_authorities_what_another_says(shop: Scribe) -> None:
    tell(shop, Element(LOCATION, HALL), owner="https://id.gs1.org/417/9521321000010")
    authority = owners_for(Actor(Role.REGULATOR, "k3"))
    assert places(shop, having_attribute(authority, "bizLocation", "urn:x:kind", ["warm"])) == {HALL}
    assert DOOR in places(shop, descendants(authority, "bizLocation", [HALL]))
    tell(shop, Element(LOCATION, HALL, (("urn:x:kind", "cold"),)))
    assert places(shop, having_attribute(authority, "bizLocation", "urn:x:kind", ["warm"])) == set()


def test_a_step_is_found_in_whatever_writing_its_element_and_its_events_have(scribe: Scribe) -> None:
    scribe.capture(object_event(1, bizStep="shipping"))
    tell(scribe, Element(STEP, "urn:epcglobal:cbv:bizstep:shipping", (("urn:epcglobal:cbv:mda:unit", "a"),)))
    found = having_attribute(None, "bizStep", "urn:epcglobal:cbv:mda#unit", ["a"])
    with scribe.view() as view:
        rows = view.connection.execute(text(found.sql), {**found.bound, "size": view.size}).all()
        assert [view.term(row[0]) for row in rows] == ["shipping"]


def test_a_place_is_one_in_its_urn_and_in_its_link(scribe: Scribe) -> None:
    scribe.capture(object_event(1, bizLocation={"id": PLACE}))
    with scribe.view() as view:
        (link,) = view.connection.execute(text("SELECT biz_location FROM event")).scalars()
        link = view.canonical(link) or ""
    tell(scribe, Element(LOCATION, link, (("urn:x:kind", "cold"),)))
    assert places(scribe, having_attribute(None, "bizLocation", "urn:x:kind")) == {link}


def test_elements_are_committed_to_by_the_act_that_brought_them(shop: Scribe) -> None:
    ((body,),) = shop.rows("SELECT body FROM act WHERE name = 'vocabulary-changed'")
    said = msgspec.json.decode(body)
    assert [element["id"] for element in said["vocabularyList"][0]["vocabularyElementList"]] == [SHED, HALL, DOOR]


MASTER_DATA = {
    "vocabularyList": [
        {
            "type": "urn:epcglobal:epcis:vtype:businesslocation",
            "vocabularyElementList": [
                {
                    "id": PLACE,
                    "attributes": [
                        {"id": "cbvmda:site", "attribute": "0614141007773"},
                        {"id": "urn:x:address", "attribute": {"shop:street": "1 Way", "shop:floors": [1, {"a:b": 2}]}},
                        {"id": "urn:x:kind", "attribute": ["cold", "warm"]},
                    ],
                    "children": ["urn:epc:id:sgln:0614141.00777.1"],
                }
            ],
        }
    ]
}


def with_master_data(*events: dict[str, Any], master_data: Any = MASTER_DATA) -> bytes:
    """A document with master data in its header."""
    whole = msgspec.json.decode(document(*events, context=[CONTEXT, {"shop": "urn:shop:"}]))
    return msgspec.json.encode(whole | {"epcisHeader": {"epcisMasterData": master_data}})


def test_master_data_in_a_header_are_kept_with_the_events_of_the_document(scribe: Scribe) -> None:
    scribe.capture(with_master_data(at(PLACE)), key="k9", party="urn:firm")
    with scribe.view() as view:
        (version,) = read_versions(view, None, LOCATION, PLACE)
    assert (version.owner, version.index) == ("urn:firm", 1)
    assert version.element.attributes == (
        ("urn:epcglobal:cbv:mda:site", "0614141007773"),
        ("urn:x:address", {"@context": {"shop": "urn:shop:"}, "shop:street": "1 Way", "shop:floors": [1, {"a:b": 2}]}),
        ("urn:x:kind", "cold"),
        ("urn:x:kind", "warm"),
    )
    assert places(scribe, having_attribute(None, "bizLocation", "urn:x:kind", ["warm"])) != set()
    assert places(scribe, having_attribute(("",), "bizLocation", "urn:x:kind", ["warm"])) == set()


def test_the_same_master_data_again_are_nothing_new(scribe: Scribe) -> None:
    for _ in range(2):
        scribe.capture(with_master_data(at(PLACE)), party="urn:firm")
    assert scribe.rows("SELECT COUNT(*) FROM vocabulary_element") == [(1,)]
    assert scribe.rows("SELECT COUNT(*) FROM leaf") == [(2,)]


def test_of_a_refused_document_no_master_data_are_kept(scribe: Scribe) -> None:
    scribe.capture(object_event(1, eventID="urn:uuid:a"))
    assert not scribe.capture(with_master_data(object_event(2, eventID="urn:uuid:a"))).success
    assert scribe.rows("SELECT COUNT(*) FROM vocabulary_element") == [(0,)]


@pytest.mark.parametrize(
    ("master_data", "place"),
    [
        ({"vocabularyList": {}}, "vocabularyList"),
        ({"vocabularyList": [{}]}, "vocabularyList/0/type"),
        ({"vocabularyList": [{"type": "urn:x", "vocabularyElementList": [{}]}]}, "vocabularyElementList/0/id"),
        (
            {"vocabularyList": [{"type": "urn:x", "vocabularyElementList": [{"id": "urn:y", "attributes": [1]}]}]},
            "attributes/0",
        ),
    ],
)
def test_wrong_master_data_refuse_the_document_and_say_where(scribe: Scribe, master_data: Any, place: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        scribe.capture(with_master_data(at(PLACE), master_data=master_data))
    assert str(refused.value.place).endswith(place)
    assert scribe.rows("SELECT COUNT(*) FROM event") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vocabulary_element SET owner = 'urn:other'",
        "UPDATE vocabulary_element SET name = 'urn:other' WHERE id = 2",
        "UPDATE vocabulary_element SET body = REPLACE(body, 'cold', 'warm')",
        "UPDATE vocabulary_element SET serial = 'urn:other' WHERE id = 1",
        "UPDATE vocabulary_attribute SET value = 'warm'",
        "DELETE FROM vocabulary_attribute WHERE element = 2 AND ordinal = 1",
        "INSERT INTO vocabulary_attribute VALUES (9, 0, 'urn:x:kind', 'cold')",
        "UPDATE vocabulary_child SET serial = 'urn:other'",
        "DELETE FROM vocabulary_child",
        "INSERT INTO vocabulary_element VALUES (9, 'urn:t', 'uri', 'urn:x', '', 1, 'urn:x', '{}')",
        "DELETE FROM vocabulary_element WHERE id = 3",
    ],
)
def test_rows_that_somebody_changes_are_not_those_of_the_log(shop: Scribe, statement: str) -> None:
    with shop.view() as view:
        assert differing_vocabulary(view) is None
    with closing(sqlite3.connect(shop.folder / "suyuan.db")) as db:
        unprotected = [f"vocabulary_{table}_no_{what}" for table in ("element", "attribute", "child")
                       for what in ("update", "delete")]  # fmt: skip
        for trigger in unprotected:
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute(statement)
        db.commit()
    with shop.view() as view:
        assert differing_vocabulary(view) is not None
