"""What a page tells about journeys: short, long, warm, cold, unlogged."""

from __future__ import annotations

import msgspec
import pytest
from tests.consumer_api.journeys import (
    CARCASS,
    CLONE,
    FARM,
    FIRM,
    LOT,
    PLANT,
    PRODUCT,
    RECALL,
    RECALLED,
    SAFE,
    SHOP,
    SOLD_TWICE,
    STOPS,
    UNKNOWN,
    WARM,
    changed,
    stop,
)

from suyuan.consumer_api.moments import Phrase
from suyuan.consumer_api.story import MOST_CAUSES, MOST_PROOFS, MOST_VISITS, Story, tell
from suyuan.trace.journey import Measurement, Stop
from suyuan.trace.master_data import Site


def of(*stops: Stop, language: str = "en") -> Story:
    """The story of these stops."""
    return tell(changed(stops=list(stops)), language)


def test_a_journey_is_told_from_the_source_to_here() -> None:
    story = tell(changed(stops=list(reversed(STOPS))), "en")
    assert [visit.steps for visit in story.visits] == [
        ["Sent on"],
        ["Packed", "Stored"],
        ["Received", "Put on the shelf"],
    ]
    assert story.origin is not None
    assert (story.origin.name, story.here) == (Phrase("Green Hill Farm"), story.visits[-1].place)
    assert (story.title, story.producer) == (Phrase("Chilled pork, 500 g tray"), Phrase("Harbour Meat Co."))
    assert story.lot is not None
    assert (story.lot.text, story.lot.path) == ("L20261012", LOT.removeprefix("https://id.gs1.org"))


def test_a_long_chain_shows_its_source_and_its_end_and_counts_the_rest() -> None:
    stops = [
        stop("2026-10-12T06:00:00+08:00", ("packing", "storing")[n % 2], (FARM, PLANT, SHOP)[n % 3], n)
        for n in range(500)
    ]
    story = of(*stops)
    assert (len(story.visits), story.omitted) == (MOST_VISITS, 500 - MOST_VISITS)
    assert (story.visits[0].place, story.visits[-1].place) == (story.origin, tell(SAFE, "en").visits[1].place)
    assert story.evidence is not None
    assert (story.evidence.records, len(story.evidence.proofs)) == (500, MOST_PROOFS)


def test_a_place_without_master_data_is_told_by_its_code_and_no_place_as_none() -> None:
    named = msgspec.structs.replace(STOPS[1], site=None, place="https://id.gs1.org/414/9506000134383")
    nameless = msgspec.structs.replace(STOPS[2], site=Site(id="https://id.gs1.org/414/9506000134390", name={}))
    nowhere = msgspec.structs.replace(STOPS[3], site=None, place=None)
    places = [visit.place for visit in of(named, nameless, nowhere).visits]
    assert [place.name.text if place else None for place in places] == [
        "(414)9506000134383",
        "(414)9506000134390",
        None,
    ]


def test_temperatures_of_the_thing_are_held_against_its_storage_range() -> None:
    story = tell(WARM, "en")
    assert story.temperatures is not None
    assert (story.temperatures.range.lowest, story.temperatures.range.highest) == ("1.2\u00a0°C", "9.5\u00a0°C")
    assert (story.temperatures.range.breach, story.temperatures.count) == ("warm", 4)
    assert [visit.temperature.breach for visit in story.visits if visit.temperature] == ["", "warm"]


@pytest.mark.parametrize(("celsius", "breach"), [(4.0, ""), (0.0, ""), (4.1, "warm"), (-0.1, "cold")])
def test_the_limits_belong_to_the_storage_range(celsius: float, breach: str) -> None:
    story = of(stop("2026-10-13T09:30:00+08:00", "storing", PLANT, 1, celsius=celsius))
    assert story.temperatures is not None
    assert story.temperatures.range.breach == breach


def test_both_limits_can_be_broken_and_without_limits_none_is() -> None:
    stops = [stop(f"2026-10-13T0{n}:30:00+08:00", "storing", PLANT, n, celsius=9 * n - 9.0) for n in range(3)]
    found = of(*stops).temperatures
    assert found is not None
    assert found.range.breach == "both"
    free = msgspec.structs.replace(PRODUCT, storage_min_celsius=None, storage_max_celsius=None)
    unlimited = tell(changed(stops=stops, product=free), "en").temperatures
    assert unlimited is not None
    assert (unlimited.range.breach, unlimited.least, unlimited.most) == ("", None, None)
    assert tell(changed(stops=stops, product=None), "en").temperatures is not None


def test_what_it_was_made_from_has_its_own_storage_rules() -> None:
    story = of(stop("2026-10-12T06:10:00+08:00", "storing", FARM, 3, subject=CARCASS, relation="ancestor", celsius=30))
    assert story.temperatures is None
    assert story.visits[0].temperature is not None
    assert story.visits[0].temperature.breach == ""


def test_measurements_that_are_no_temperatures_are_left_to_the_data() -> None:
    readings = [Measurement("RelativeHumidity", 85, "P1", 0, 0), Measurement("Temperature", 1, "C62", 0, 0)]
    story = of(msgspec.structs.replace(STOPS[1], measurements=readings))
    assert story.temperatures is None
    assert story.visits[0].temperature is None


def test_records_beyond_the_checkpoint_are_said_to_wait() -> None:
    evidence = tell(changed(as_of=58), "en").evidence
    assert evidence is not None
    assert (evidence.records, evidence.pending, evidence.first, evidence.last) == (2, 3, 3, 41)
    waiting = tell(changed(as_of=0), "en").evidence
    assert waiting is not None
    assert (waiting.records, waiting.pending, waiting.proofs) == (0, 5, [])


def test_one_event_that_touched_many_things_is_one_record() -> None:
    same = [msgspec.structs.replace(STOPS[0], subject=f"{CARCASS}{n}") for n in range(4)]
    evidence = of(*same).evidence
    assert evidence is not None
    assert (evidence.records, len(evidence.proofs)) == (1, 1)


def test_the_gravest_warning_comes_first() -> None:
    alarms = tell(RECALLED, "en").alarms
    assert [alarm.kind for alarm in alarms] == ["recalled", "clone"]
    assert [cause.path for alarm in alarms for cause in alarm.causes] == ["/recalls/R-2026-0001", None]
    assert alarms[0].causes[0].since == "2 November 2026 09:00 UTC+08:00"
    assert alarms[1].places == ["Sea Breeze Supermarket", "(414)9506000134406"]


def test_warnings_of_one_kind_are_one_alarm_with_every_reason_and_place() -> None:
    (alarm,) = tell(changed(warnings=[SOLD_TWICE, CLONE, CLONE]), "en").alarms
    assert [cause.reason for cause in alarm.causes] == ["impossible speed", "seen after sale"]
    assert alarm.places == ["Sea Breeze Supermarket", "(414)9506000134406"]


def test_two_recalls_are_one_alarm_with_two_notices_and_many_are_counted() -> None:
    recalls = [msgspec.structs.replace(RECALL, recall=f"R-{n}") for n in range(MOST_CAUSES + 2)]
    (two,), (many,) = (tell(changed(warnings=some), "en").alarms for some in (recalls[:2], recalls))
    assert [cause.path for cause in two.causes] == ["/recalls/R-0", "/recalls/R-1"]
    assert (len(many.causes), two.more_causes, many.more_causes) == (MOST_CAUSES, 0, 2)


def test_a_warning_about_a_thing_without_stops_is_told_in_the_zone_of_the_law() -> None:
    (alarm,) = tell(changed(UNKNOWN, warnings=[RECALL]), "en").alarms
    assert alarm.causes[0].since == "2 November 2026 09:00 UTC+08:00"


def test_changed_records_are_counted_and_have_no_proof() -> None:
    evidence = tell(changed(broken=[41, 97, 103], as_of=100), "en").evidence
    assert evidence is not None
    assert (evidence.broken, evidence.changed, evidence.records, evidence.pending) == (3, [41, 97, 103], 2, 0)
    assert [proof.index for proof in evidence.proofs] == [3, 58]


def test_a_brand_that_is_the_name_of_the_maker_is_told_once() -> None:
    product = msgspec.structs.replace(PRODUCT, brand=FIRM.name)
    assert (tell(changed(product=product), "en").brand, tell(SAFE, "en").brand) == (None, Phrase("Green Hill"))


def test_the_origin_is_the_first_place_that_was_recorded() -> None:
    nowhere = msgspec.structs.replace(STOPS[0], site=None, place=None, time=STOPS[0].time - 1)
    coded = msgspec.structs.replace(STOPS[0], site=None)
    assert tell(changed(stops=[nowhere]), "en").origin is None
    origin = tell(changed(stops=[nowhere, coded]), "en").origin
    assert origin is not None
    assert origin.name == Phrase("(414)9506000134376")


def test_a_lot_is_told_by_place() -> None:
    stops = [stop(f"2026-10-12T0{n}:00:00+08:00", "storing", (PLANT, SHOP)[n % 2], n) for n in range(6)]
    assert [len(tell(changed(stops=stops, kind=kind), "en").visits) for kind in ("instance", "lot")] == [6, 2]


def test_nothing_known_is_told_as_nothing() -> None:
    story = tell(UNKNOWN, "zh")
    assert (story.visits, story.evidence, story.origin, story.temperatures, story.title) == ([], None, None, None, None)


def test_a_thing_without_a_name_in_the_page_language_says_which_language_it_is_in() -> None:
    product = msgspec.structs.replace(PRODUCT, name={"zh": "猪肉"}, brand={})
    story = tell(changed(SAFE, product=product), "en")
    assert (story.title, story.brand) == (Phrase("猪肉", "zh"), None)


def test_a_reading_that_no_food_ever_had_takes_no_page_down() -> None:
    for absurd in (1e300, -1e308, 1e30):
        stops = [stop("2026-10-14T10:00:00+08:00", "sensor_reporting", SHOP, 110, celsius=absurd)]
        told = tell(changed(stops=stops), "en")
        assert told.temperatures is None
