"""A journey by place: what one visit gathers, where another begins, and what is left unsaid."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.consumer_api.journeys import CARCASS, FARM, FIRM, PALLET, PLANT, PRODUCT, SHOP, STOPS, TRAY, stop

from suyuan.consumer_api.visits import MOST_CODES, MOST_STEPS, Visit, visits_of
from suyuan.consumer_api.words import SORTS, STEPS
from suyuan.trace.journey import Stop
from suyuan.trace.master_data import Site

RELATIONS = ("self", "container", "lot", "ancestor")


def of(*stops: Stop, broken: tuple[int, ...] = ()) -> list[Visit]:
    """The visits of these stops, in English."""
    return visits_of(stops, PRODUCT, broken, "en")


def at(site: Site | None, hour: int, step: str = "storing", relation: str = "self", **more: object) -> Stop:
    """A stop on the hour; its log index is the hour too."""
    found = stop(f"2026-10-12T{hour:02d}:00:00+08:00", step, site, hour, relation=relation)
    return msgspec.structs.replace(found, subject=TRAY if relation == "self" else CARCASS, **more)


def names(visits: list[Visit]) -> list[str | None]:
    return [visit.place.name.text if visit.place else None for visit in visits]


def test_everything_at_one_place_is_one_visit_with_each_step_once() -> None:
    steps = ("receiving", "storing", "receiving", "shipping")
    (visit,) = of(*(at(PLANT, 6 + n, step) for n, step in enumerate(steps)))
    assert visit.steps == ["Received", "Stored", "Sent on"]
    assert (visit.span.first.text, visit.span.last and visit.span.last.text) == ("12 Oct 2026 06:00", "09:00")
    assert (visit.place and visit.place.name.text, visit.sort) == ("Harbour Cutting Plant", SORTS["plant"])


def test_coming_back_is_another_visit() -> None:
    assert len(of(at(PLANT, 1), at(SHOP, 2), at(PLANT, 3))) == 3


def test_what_it_was_made_from_is_put_together_by_place_though_it_came_along_several_roads() -> None:
    other = msgspec.structs.replace(FARM, id="https://id.gs1.org/414/9506000134406", name={"en": "Other Farm"})
    road = [(FARM, 1), (other, 2), (PLANT, 3), (FARM, 4), (other, 5), (PLANT, 6)]
    visits = of(*(at(site, hour, relation="ancestor") for site, hour in road), at(PLANT, 7, "packing"), at(SHOP, 8))
    assert names(visits) == ["Green Hill Farm", "Other Farm", "Harbour Cutting Plant", "Sea Breeze Supermarket"]
    assert [visit.relation for visit in visits] == ["ancestor", "ancestor", "made", "self"]


def test_a_lot_is_in_several_places_at_once_and_each_is_told_once() -> None:
    road = [(FARM, 1), (PLANT, 2), (SHOP, 3), (PLANT, 4), (SHOP, 5)]
    stops = [at(site, hour) for site, hour in road]
    assert len(of(*stops)) == 5
    assert names(visits_of(stops, PRODUCT, (), "en", scattered=True)) == [
        "Green Hill Farm",
        "Harbour Cutting Plant",
        "Sea Breeze Supermarket",
    ]


def test_material_that_comes_later_does_not_break_a_visit_of_the_thing_itself() -> None:
    visits = of(at(PLANT, 1), at(FARM, 2, relation="ancestor"), at(PLANT, 3))
    assert names(visits) == ["Green Hill Farm", "Harbour Cutting Plant"]


@pytest.mark.parametrize(
    ("relations", "mark"),
    [
        (("self", "self"), "self"),
        (("container", "container"), "container"),
        (("lot", "lot"), "lot"),
        (("ancestor", "ancestor"), "ancestor"),
        (("ancestor", "self"), "made"),
        (("ancestor", "lot"), "made"),
        (("container", "self"), "self"),
        (("ancestor", "container"), "self"),
    ],
)
def test_a_visit_says_what_was_seen_there(relations: tuple[str, ...], mark: str) -> None:
    (visit,) = of(*(at(PLANT, 1 + n, relation=relation) for n, relation in enumerate(relations)))
    assert visit.relation == mark


def test_codes_are_of_everything_but_the_thing_itself_each_once_and_counted() -> None:
    parts = [at(FARM, n, relation="ancestor") for n in range(20)]
    parts = [msgspec.structs.replace(part, subject=f"{CARCASS}{n % 15}") for n, part in enumerate(parts)]
    (visit,) = of(*parts, at(FARM, 20))
    assert (len(visit.codes), visit.more_codes) == (MOST_CODES, 3)
    assert visit.codes[0].text == "(01)09506000134369(21)770"
    assert visit.codes[0].path == "/01/09506000134369/21/770"
    assert of(at(FARM, 1))[0].codes == []


def test_many_steps_are_counted() -> None:
    words = [step for step in STEPS if step != "sensor_reporting"][: MOST_STEPS + 2]
    (visit,) = of(*(at(PLANT, n, step) for n, step in enumerate(words)))
    assert (len(visit.steps), visit.more_steps) == (MOST_STEPS, 2)


def test_measuring_is_told_by_the_temperature_unless_nothing_else_happened() -> None:
    measured = stop("2026-10-12T09:00:00+08:00", "sensor_reporting", PLANT, 9, celsius=2)
    assert of(at(PLANT, 8), measured)[0].steps == ["Stored"]
    assert of(measured)[0].steps == ["Conditions measured"]
    assert of(at(PLANT, 8), at(PLANT, 9, "sensor_reporting"))[0].steps == ["Stored", "Conditions measured"]


def test_the_temperature_of_the_thing_counts_more_than_that_of_its_material() -> None:
    hot = stop("2026-10-12T08:00:00+08:00", "storing", PLANT, 8, subject=CARCASS, relation="ancestor", celsius=30)
    cool = stop("2026-10-12T09:00:00+08:00", "storing", PLANT, 9, subject=PALLET, relation="container", celsius=3)
    (both,), (material,) = of(hot, cool), of(hot)
    assert both.temperature is not None
    assert material.temperature is not None
    assert (both.temperature.highest, both.temperature.breach) == ("3\u00a0°C", "")
    assert (material.temperature.highest, material.temperature.breach) == ("30\u00a0°C", "")


def test_a_ride_is_told_only_where_something_was_measured_or_changed_or_nothing_else_is_known() -> None:
    ride = at(None, 2, "transporting", disposition="in_transit")
    cold = stop("2026-10-12T02:00:00+08:00", "transporting", None, 2, celsius=2)
    assert names(of(at(PLANT, 1), ride, at(SHOP, 3))) == ["Harbour Cutting Plant", "Sea Breeze Supermarket"]
    assert [visit.riding for visit in of(at(PLANT, 1), cold, at(SHOP, 3))] == [False, True, False]
    assert [visit.broken for visit in of(at(PLANT, 1), ride, broken=(2,))] == [0, 1]
    assert [visit.riding for visit in of(ride)] == [True]
    assert [visit.riding for visit in of(at(PLANT, 1), at(None, 2))] == [False, False]


def test_a_place_has_the_kind_of_its_firm_where_it_has_none_itself() -> None:
    bare = msgspec.structs.replace(PLANT, kind="")
    firm = msgspec.structs.replace(FIRM, kind="cold store")
    assert of(msgspec.structs.replace(STOPS[1], site=bare, party=firm))[0].sort == SORTS["cold store"]
    assert of(msgspec.structs.replace(STOPS[1], site=bare, party=None))[0].sort is None
    assert of(msgspec.structs.replace(STOPS[1], site=None, party=None))[0].sort is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([FARM, PLANT, SHOP, None]), st.sampled_from(RELATIONS), st.integers(0, 23)),
        min_size=1,
        max_size=25,
    )
)
def test_any_journey_names_every_place_and_no_place_follows_itself(
    road: list[tuple[Site | None, str, int]],
) -> None:
    visits = of(*(at(site, hour, relation=relation) for site, relation, hour in road))
    found = names(visits)
    assert {name for name in found if name} == {site.name["en"] for site, _, _ in road if site}
    assert all(before != after for before, after in pairwise(found))
