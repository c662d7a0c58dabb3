"""The demonstration from outside: what it says about itself, and its ledger against a plain replay of its events."""

from __future__ import annotations

import json
import re
import stat
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.acceptance.conftest import SEED, Server, Told
from tests.acceptance.replay import affected_by, left_of, link, site, sources_of, world_after

from suyuan.app.demo.firms import FIRMS
from suyuan.app.demo.scenario import Scenario, build

Event = dict[str, Any]
SUMMARY = [
    "tag_reads", "observations", "events", "things", "log_size", "log_root", "log_verified", "recall", "recalls",
    "pages", "clone_alerts", "seconds",
]  # fmt: skip
RECALL = ["id", "seed", "affected", "carriers", "holders", "seconds"]
RECALLS = (0, 1)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """What was meant to happen."""
    return build(SEED)


@pytest.fixture(scope="module")
def recalls(told: Told, server: Server) -> list[Any]:
    """Both recalls as the regulator reads them, whole."""
    return [server.get(f"/api/v1/recalls/{one['id']}?limit=10000") for one in told.summary["recalls"]]


def party_of(place: str) -> str:
    """The firm that runs a site."""
    return next(firm.party().id for firm in FIRMS.values() if place.endswith(firm.site_gln))


def test_the_summary_has_the_agreed_members_in_order(told: Told) -> None:
    assert list(told.summary) == SUMMARY
    assert all(list(recall) == RECALL for recall in told.summary["recalls"])
    assert told.summary["recall"] == told.summary["recalls"][0]
    assert len(told.summary["recalls"]) == 2


def test_every_number_is_what_happened(
    told: Told, server: Server, events: list[Event], recalls: list[Any], scenario: Scenario
) -> None:
    summary = told.summary
    filed = sum(len(document.body["epcisBody"]["eventList"]) for document in scenario.documents)
    assert summary["events"] == len(events) == len({event["eventID"] for event in events})
    assert len(events) - filed == sum(len(plan.passages) for plan in scenario.gates)
    assert summary["tag_reads"] > summary["observations"] > 3000
    note = server.text("/log/checkpoint").splitlines()
    assert summary["log_size"] == int(note[1]) > summary["events"]
    assert summary["log_root"] == note[2]
    assert summary["log_verified"] is True
    figures = server.get("/api/v1/figures")
    assert (figures["events"], figures["things"]) == (summary["events"], summary["things"])
    for told_of, recall in zip(summary["recalls"], recalls, strict=True):
        counts = recall["counts"]
        assert (told_of["affected"], told_of["carriers"], told_of["holders"]) == (
            counts["affected"], counts["carriers"], counts["consignees"],
        )  # fmt: skip
        assert 0 < told_of["seconds"] < 10
    assert summary["clone_alerts"] == len(server.get("/api/v1/alerts/clones"))
    assert 0 < summary["seconds"] < 120


def test_observations_are_those_of_the_events_that_readers_made(
    told: Told, events: list[Event], scenario: Scenario
) -> None:
    filed = {event["eventTime"] for document in scenario.documents for event in document.body["epcisBody"]["eventList"]}
    read = [event for event in events if event["eventTime"] not in filed]
    assert Counter(event["type"] for event in read) == {
        "ObjectEvent": sum(len(plan.passages) for plan in scenario.gates)
    }
    # A logistic unit wears its tag on two sides: two observations of tags that say the same are one EPC.
    assert sum(len(event["epcList"]) for event in read) <= told.summary["observations"]


def test_stray_tags_beside_the_gates_never_reached_the_ledger(events: list[Event], scenario: Scenario) -> None:
    strays = {link(epc) for plan in scenario.gates for epc in plan.gate.strays()}
    seen = {link(epc) for event in events for epc in event.get("epcList", [])}
    assert not strays & seen


@pytest.mark.parametrize("number", RECALLS)
def test_a_recall_is_what_a_plain_replay_of_all_events_gives(
    number: int, recalls: list[Any], events: list[Event], scenario: Scenario
) -> None:
    recall = recalls[number]
    assert recall["seed"] == link(scenario.recalls[number].seed)
    expected = affected_by(events, recall["seed"])
    assert {one["id"] for one in recall["affected"]} == set(expected)
    world = world_after(events)
    carriers = {container for thing in expected for container in world.above(thing)} - set(expected)
    assert {one["id"] for one in recall["carriers"]} == carriers
    holds = {carrier: sum(thing in expected for thing in world.contents(carrier)) for carrier in carriers}
    assert {one["id"]: one["holds"] for one in recall["carriers"]} == holds


@pytest.mark.parametrize("number", RECALLS)
def test_affected_items_are_where_a_plain_replay_leaves_them(
    number: int, recalls: list[Any], events: list[Event]
) -> None:
    world = world_after(events)
    for one in recalls[number]["affected"]:
        if one["kind"] == "instance":
            thing = one["id"]
            assert one["state"] == world.state[thing], thing
            assert one["container"] == world.container.get(thing), thing
            if one["state"] == "in place":
                assert one["site"] == site(one["place"]) == world.place[thing], thing
                assert one["possessor"] == party_of(one["site"])


def test_consignees_of_the_pork_are_those_who_have_some_of_it(recalls: list[Any], events: list[Event]) -> None:
    world = world_after(events)
    here = [
        one["id"]
        for one in recalls[0]["affected"]
        if one["kind"] == "instance" and world.state[one["id"]] == "in place"
    ]
    expected = Counter(party_of(world.place[thing] or "") for thing in here)
    found = {one["party"]: one["quantities"] for one in recalls[0]["consignees"]}
    assert found == {party: [{"value": count, "uom": None}] for party, count in expected.items()}


def test_the_rest_of_the_vegetable_lot_is_where_sums_of_its_events_leave_it(
    recalls: list[Any], events: list[Event]
) -> None:
    lot = recalls[1]["seed"]
    (answer,) = [one for one in recalls[1]["affected"] if one["id"] == lot]
    assert {held["site"]: held["quantity"]["value"] for held in answer["holdings"]} == left_of(events, lot)


def test_the_vegetable_recall_reaches_the_canteen(recalls: list[Any]) -> None:
    canteen = FIRMS["canteen"].party().id
    assert canteen in {one["party"] for one in recalls[1]["consignees"]}
    meals = [one for one in recalls[1]["affected"] if one["rule"] == "F1"]
    assert [one["possessor"] for one in meals] == [canteen]


def test_each_affected_thing_names_the_event_and_the_thing_that_explain_it(
    recalls: list[Any], events: list[Event]
) -> None:
    known = {event["eventID"]: event for event in events}
    for recall in recalls:
        affected = {one["id"] for one in recall["affected"]}
        for one in recall["affected"]:
            if one["rule"] == "seed":
                assert one["id"] == recall["seed"]
            else:
                assert one["origin"] in affected
                assert one["id"].partition("/01/")[2] in json.dumps([link(epc) for epc in names_in(known[one["via"]])])


def names_in(event: Event) -> list[str]:
    """Everything that an event makes."""
    lots = [one["epcClass"] for name in ("quantityList", "outputQuantityList") for one in event.get(name, [])]
    return [*event.get("epcList", []), *event.get("outputEPCList", []), *lots]


def test_the_pallet_with_recalled_trays_is_a_carrier_and_its_neighbour_is_nothing(
    recalls: list[Any], events: list[Event], scenario: Scenario
) -> None:
    world = world_after(events)
    carried, safe = scenario.pages.affected[2], scenario.pages.safe[0]
    pallet, neighbour = world.above(carried)[-1], world.above(safe)[-1]
    assert world.place[pallet] == world.place[neighbour]
    carriers = {one["id"] for one in recalls[0]["carriers"]}
    assert pallet in carriers
    assert not {neighbour, *world.contents(neighbour)} & {*carriers, *(one["id"] for one in recalls[0]["affected"])}


def test_pages_of_affected_things_show_the_recall_and_others_do_not(server: Server, scenario: Scenario) -> None:
    for language, word in (("zh", "召回"), ("en", "This product is recalled")):
        for page in scenario.pages.affected:
            body = server.text(urlsplit(page).path, Accept="text/html", **{"Accept-Language": language})
            assert re.search(rf'role="alert".*{word}', body, re.DOTALL), page
        for page in scenario.pages.safe:
            body = server.text(urlsplit(page).path, Accept="text/html", **{"Accept-Language": language})
            assert 'role="alert"' not in body, page


def test_every_affected_item_has_its_warning_and_no_other_tray_has(
    server: Server, recalls: list[Any], events: list[Event]
) -> None:
    affected = {one["id"] for one in recalls[0]["affected"]}
    trays = [link(epc) for event in events for epc in event.get("outputEPCList", []) if ":6999003." in epc]
    assert len(trays) > len(affected & set(trays)) > 100
    for tray in [*sorted(affected & set(trays))[::9], *sorted(set(trays) - affected)[::9]]:
        answer = server.get(f"/api/v1/provenance?id={tray}")
        assert [warning["kind"] for warning in answer["warnings"]] == ["recalled"] * (tray in affected), tray


def test_a_sold_tray_traces_back_to_its_pigs_at_the_farm(
    server: Server, scenario: Scenario, events: list[Event]
) -> None:
    tray = scenario.pages.affected[0]
    assert server.thing(tray)["state"] == "with the consumer"
    answer = server.get(f"/api/v1/trace?id={tray}&direction=back&limit=10000")
    pig = FIRMS["pig-farm"].prefix
    pigs = {one["id"] for one in answer["things"] if (one["epc"] or "").startswith(f"urn:epc:id:sgtin:{pig}.")}
    expected = {thing for thing in sources_of(events, tray) if f"/01/0{pig}" in thing}
    assert pigs == expected
    assert len(pigs) >= 18
    assert sources_of(events, tray) <= {one["id"] for one in answer["things"]}


def test_forward_from_one_pig_is_its_slaughter_lot_and_no_other(server: Server, events: list[Event]) -> None:
    pig = next(link(event["inputEPCList"][0]) for event in events if event.get("inputEPCList"))
    answer = server.get(f"/api/v1/trace?id={pig}&direction=forward&limit=10000")
    assert {one["id"] for one in answer["things"]} == set(affected_by(events, pig))


def test_a_clone_alert_names_the_bottle_and_both_places(server: Server, scenario: Scenario) -> None:
    alerts = server.get("/api/v1/alerts/clones")
    assert {alert["id"] for alert in alerts} == {link(scenario.clone)}
    for alert in alerts:
        assert alert["places"] == [FIRMS[name].site().id for name in ("wine-shop", "far-shop")]  # type: ignore[union-attr]
        assert alert["distance_km"] > 1500


def test_where_nothing_happened_afterwards_a_thing_is_where_its_last_event_says(
    server: Server, events: list[Event]
) -> None:
    world = world_after(events)
    for thing in sorted(world.state)[:: len(world.state) // 25]:
        answer = server.thing(thing)
        assert answer["state"] == world.state[thing], thing
        assert answer["containers"] == world.above(thing), thing
        if answer["state"] == "in place":
            assert answer["site"] == site(answer["place"]) == site(world.place[thing])


def test_every_listed_page_is_there_and_small(told: Told, server: Server) -> None:
    paths = [urlsplit(page).path for page in told.summary["pages"]]
    assert {"/docs", "/log/checkpoint"} < set(paths)
    assert len([path for path in paths if path.startswith("/recalls/")]) == 2
    for path in paths:
        assert 0 < len(server.text(path, Accept="text/html")) < 60_000


def test_no_secret_is_shown_or_readable_by_others(told: Told) -> None:
    said = told.stderr + json.dumps(told.summary)
    for key_file in [told.data / "admin.key", *(told.data / "demo" / "keys").iterdir()]:
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
        secret = key_file.read_text().strip()
        assert secret.startswith("sy_")
        assert secret not in said
        assert not [log for log in (told.data / "logs").iterdir() if secret in log.read_text()]
    assert {stat.S_IMODE(log.stat().st_mode) for log in (told.data / "logs").iterdir()} == {0o600}


def test_no_child_is_left_and_no_pid_file(told: Told) -> None:
    assert not list((told.data / "run").glob("edge-*.pid"))
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes()
        except OSError:
            continue
        assert not (b"suyuan.app.demo.child" in command and str(told.data).encode() in command)
