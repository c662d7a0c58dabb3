"""Random documents: events come back equal, and the timeline says just what the events say."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.trace.scribe import CONTEXT, Scribe, assert_returned, document, scribe_in, submitted

from suyuan.gs1.names import canonical, name_of
from suyuan.trace.tables import Action, Role

CONTEXTS: list[Any] = [CONTEXT, {"x": "https://x.example/"}]
_numbers = itertools.count(1)

items = st.builds("urn:epc:id:sgtin:0614141.{:06d}.{}".format, st.integers(1, 3), st.integers(1, 40))
linked = st.builds("https://example.org/01/00614141000012/21/{}".format, st.integers(1, 9))
with_lot = st.builds("https://id.gs1.org/01/00614141000012/10/L{}/21/{}".format, st.integers(1, 3), st.integers(1, 9))
crates = st.builds("urn:epc:id:grai:0614141.00001.{}".format, st.integers(1, 5))
pallets = st.builds("urn:epc:id:sscc:0614141.{:010d}".format, st.integers(1, 5))
other = st.builds("https://shop.example/things/{}".format, st.integers(1, 5))
epcs = st.lists(st.one_of(items, linked, with_lot, crates, pallets, other), min_size=1, max_size=6, unique=True)
classes = st.builds("urn:epc:class:lgtin:0614141.{:06d}.L{}".format, st.integers(1, 3), st.integers(1, 3))
amounts = st.one_of(st.integers(1, 10**25), st.floats(0.001, 1e6, allow_nan=False))
quantities = st.lists(
    st.one_of(
        st.fixed_dictionaries({"epcClass": classes, "quantity": amounts, "uom": st.sampled_from(["KGM", "LTR"])}),
        st.fixed_dictionaries({"epcClass": classes, "quantity": st.integers(1, 99)}),
        st.fixed_dictionaries({"epcClass": classes}),
    ),
    max_size=3,
)
places = st.builds("urn:epc:id:sgln:0614141.{:05d}.0".format, st.integers(1, 4))
parties = st.builds("urn:epc:id:pgln:0614141.{:05d}".format, st.integers(1, 4))
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
scalars = st.one_of(words, st.integers(-(10**25), 10**25), st.floats(allow_nan=False, allow_infinity=False),
                    st.booleans(), st.none())  # fmt: skip
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["x:a", "x:b"]), inner, max_size=2), max_leaves=6)  # fmt: skip


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """A valid event of any type."""
    event: dict[str, Any] = {
        "type": draw(st.sampled_from(sorted(_MAKERS))),
        "eventTime": f"2026-{draw(st.integers(1, 12)):02d}-10T{draw(st.integers(0, 23)):02d}:00:00.123456Z",
        "eventTimeZoneOffset": draw(st.sampled_from(["+08:00", "+00:00", "-03:30"])),
    }
    if draw(st.booleans()):
        event["eventID"] = f"urn:x:{next(_numbers)}"
    if draw(st.booleans()):
        event["bizLocation"] = {"id": draw(places)}
    if draw(st.booleans()):
        event["readPoint"] = {"id": draw(places)}
    if draw(st.booleans()):
        event["destinationList"] = [{"type": "possessing_party", "destination": draw(parties)}]
    if draw(st.booleans()):
        event["x:note"] = draw(values)
    event |= draw(_MAKERS[event["type"]])
    return event


def _some(**members: Any) -> Any:
    """Members without the empty lists among them."""
    return st.fixed_dictionaries(members).map(lambda made: {name: value for name, value in made.items() if value != []})


_action = st.sampled_from(["ADD", "OBSERVE", "DELETE"])
_family = _some(action=_action, parentID=st.one_of(crates, pallets), childEPCs=epcs, childQuantityList=quantities)
_MAKERS: dict[str, Any] = {
    "ObjectEvent": st.one_of(
        _some(action=_action, epcList=epcs, quantityList=quantities),
        _some(action=st.just("ADD"), epcList=epcs, ilmd=st.fixed_dictionaries({"cbvmda:lotNumber": st.just("L9")})),
    ),
    "AggregationEvent": st.one_of(
        _family, st.fixed_dictionaries({"action": st.just("DELETE"), "parentID": crates}),
        _some(action=st.just("OBSERVE"), childEPCs=epcs),
    ),
    "AssociationEvent": _family,
    "TransactionEvent": _some(
        action=_action, epcList=epcs, quantityList=quantities,
        bizTransactionList=st.just([{"type": "po", "bizTransaction": "urn:epc:id:gdti:0614141.00002.77"}]),
    ),
    "TransformationEvent": _some(
        inputEPCList=epcs, inputQuantityList=quantities, outputEPCList=epcs, outputQuantityList=quantities
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory, empty_database: bytes) -> Iterator[Scribe]:
    """One ledger for all examples: ids and duplicates of earlier ones are part of the trial."""
    folder = tmp_path_factory.mktemp("random")
    Path(folder / "suyuan.db").write_bytes(empty_database)
    with scribe_in(folder) as scribe:
        yield scribe


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(events(), min_size=1, max_size=4))
def test_random_documents_come_back_equal_and_their_timeline_agrees(
    ledger: Scribe, drawn: list[dict[str, Any]]
) -> None:
    body = document(*drawn, context=CONTEXTS)
    job = ledger.capture(body)
    assert job.success, job.errors
    for captured, (event, context) in zip(job.events, submitted(body), strict=True):
        (answer,) = ledger.find(captured.event_id)
        assert answer.index == captured.index
        if not captured.duplicate:
            assert_returned(answer.body, event, context)
            assert exact(answer.body.get("x:note")) == exact(event.get("x:note"))
            assert timeline(ledger, captured.index) == sorted(expected_rows(event), key=repr)


def exact(value: Any) -> str:
    """JSON text: unlike ``==`` it tells 1 from 1.0 and from true."""
    return json.dumps(value, sort_keys=True)


def timeline(ledger: Scribe, index: int) -> list[Any]:
    """The rows of an event by names."""
    rows = ledger.rows(
        "SELECT role, action, thing, partner, quantity, (SELECT value FROM term WHERE id = uom), place, holder"
        " FROM timeline WHERE event = :index",
        index=index,
    )
    with ledger.view() as view:
        return sorted(
            ((Role(role).name, Action(action).name, view.canonical(thing), view.canonical(partner), quantity, uom,
              view.canonical(place), view.canonical(holder))
             for role, action, thing, partner, quantity, uom, place, holder in rows),
            key=repr,
        )  # fmt: skip


def link(uri: str) -> str:
    return canonical(name_of(uri))


def expected_rows(event: dict[str, Any]) -> Iterator[Any]:
    """The same from the JSON, told again in the plainest way."""
    place = (event.get("bizLocation") or event.get("readPoint") or {}).get("id")
    holder = next((link(end["destination"]) for end in event.get("destinationList", [])), None)
    where = (link(place) if place else None, holder)
    action, parent = event.get("action", "NONE"), event.get("parentID")
    prefix = {"AggregationEvent": "", "AssociationEvent": "ASSOCIATION_", "TransactionEvent": "TRANSACTION_"}.get(
        event["type"], ""
    )
    children = event.get("childEPCs", []) + event.get("childQuantityList", [])
    if parent:
        emptied = action == "DELETE" and not children
        yield (f"{prefix}PARENT", "EMPTY" if emptied else action, link(parent), None, None, None, *where)
    for field, role in (
        ("epcList", f"{prefix}EPC"), ("childEPCs", f"{prefix}CHILD"), ("inputEPCList", "INPUT"),
        ("outputEPCList", "OUTPUT"), ("quantityList", f"{prefix}EPC"), ("childQuantityList", f"{prefix}CHILD"),
        ("inputQuantityList", "INPUT"), ("outputQuantityList", "OUTPUT"),
    ):  # fmt: skip
        for entry in event.get(field, []):
            if isinstance(entry, str):
                partner = (link(parent) if parent else None) if field == "childEPCs" else lot(event, field, entry)
                yield (role, action, link(entry), partner, None, None, *where)
            else:
                partner = link(parent) if parent and field == "childQuantityList" else None
                amount = float(entry["quantity"]) if "quantity" in entry else None
                yield (role, action, link(entry["epcClass"]), partner, amount, entry.get("uom"), *where)


def lot(event: dict[str, Any], field: str, entry: str) -> str | None:
    """The lot of an item: in its own link, else the event's, else the one lot of its product in the list beside it."""
    name = link(entry)
    if "/10/" in entry:
        return link(entry[: entry.index("/21/")])
    if "/21/" not in name:
        return None
    product = name[: name.index("/21/")]
    if "ilmd" in event:
        return f"{product}/10/L9"
    beside = [link(one["epcClass"]) for one in event.get(_BESIDE.get(field, ""), [])]
    lots = [one for one in beside if one.startswith(f"{product}/10/")]
    return lots[0] if len(lots) == 1 and event["type"] in {"ObjectEvent", "TransformationEvent"} else None


_BESIDE = {"epcList": "quantityList", "outputEPCList": "outputQuantityList"}
