from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from suyuan.base.errors import InvalidDocument, InvalidSetting
from suyuan.epcis.company_prefixes import wrong_prefixes
from suyuan.epcis.context import STANDARD_PREFIXES
from suyuan.epcis.event_reader import read_event
from suyuan.epcis.leniency import Leniency, Rule
from suyuan.epcis.lenient_reader import hold_to_demands
from suyuan.epcis.profiles import breaches, read_profile
from suyuan.gs1 import company_prefix

VOC = "https://ns.suyuan.example/voc/"
PREFIXES = {**STANDARD_PREFIXES, "s": VOC, "ex": "https://ex.example/"}
SAMPLE = Path(__file__).parents[2] / "docs" / "how-to" / "cleaning-profile.toml"
PROFILE = read_profile(SAMPLE.read_text(encoding="utf-8"))
CLEANING = {
    "type": "ObjectEvent",
    "eventTime": "2026-11-21T08:30:00Z",
    "eventTimeZoneOffset": "+08:00",
    "action": "OBSERVE",
    "epcList": [],
    "bizStep": "s:BizStep-cleaning",
    "disposition": f"{VOC}Disp-clean",
    "readPoint": {"id": "urn:epc:id:sgln:0614141.07346.0"},
    "s:cleaningAgent": "lye",
}


def broken(party: str = "", profile: Any = PROFILE, **change: Any) -> list[tuple[str, str]]:
    value = {name: member for name, member in {**CLEANING, **change}.items() if member is not None}
    event = read_event(deepcopy(value), "", PREFIXES)
    return [(breach.place, breach.detail) for breach in breaches(event, PREFIXES, party, profile)]


def test_an_event_that_meets_the_profile_passes() -> None:
    assert broken() == []


@pytest.mark.parametrize(
    ("change", "place", "told"),
    [
        ({"bizStep": "s:BizStep-claening"}, "/bizStep", "no bizStep 'BizStep-claening'"),
        ({"disposition": "s:BizStep-cleaning"}, "/disposition", "no disposition"),
        ({"disposition": None}, "", "needs disposition"),
        ({"readPoint": None}, "", "needs readPoint"),
        ({"s:cleaningAgent": None}, "", f"needs {VOC}cleaningAgent"),
        ({"s:cleaningAgent": ""}, "", f"needs {VOC}cleaningAgent"),
        ({"persistentDisposition": {"set": ["s:Disp-shiny"]}}, "/persistentDisposition/set/0", "no disposition"),
        (
            {"bizTransactionList": [{"type": "s:BTT-x", "bizTransaction": "urn:x:1"}]},
            "/bizTransactionList/0/type",
            "no",
        ),
        ({"sourceList": [{"type": "s:SDT-x", "source": "urn:x:1"}]}, "/sourceList/0/type", "no sourceDestType"),
    ],
)
def test_what_breaks_the_profile_is_told_with_its_place(change: dict[str, Any], place: str, told: str) -> None:
    ((where, detail),) = broken(**change)
    assert (where, told in detail) == (place, True)


def test_other_events_are_not_held_to_it() -> None:
    bare: dict[str, Any] = {"bizStep": "shipping", "disposition": None, "s:cleaningAgent": None, "readPoint": None}
    assert broken(**bare) == []
    assert broken(**{**bare, "ex:note": "a"}) == []


def test_a_partys_events_always_are() -> None:
    profile = read_profile(
        f'name = "p"\nnamespace = "{VOC}"\nparties = ["https://id.gs1.org/417/1"]\n'
        '[[rule]]\nbizStep = "shipping"\nrequired = ["destinationList"]\n'
    )
    plain: dict[str, Any] = {"bizStep": "shipping", "disposition": None, "s:cleaningAgent": None}
    assert broken("https://id.gs1.org/417/2", profile, **plain) == []
    ((_, detail),) = broken("https://id.gs1.org/417/1", profile, **plain)
    assert "needs destinationList" in detail


def test_ilmd_holds_only_what_the_profile_lists() -> None:
    profile = read_profile(
        f'name = "p"\nnamespace = "{VOC}"\n[[rule]]\naction = "ADD"\nilmd = ["{VOC}lot"]\nrequired = ["{VOC}lot"]\n'
    )
    plain: dict[str, Any] = {"bizStep": None, "disposition": None, "action": "ADD"}
    assert broken(profile=profile, **plain, ilmd={"s:lot": "L7"}) == []
    found = broken(profile=profile, **plain, ilmd={"s:lot": "", "ex:a": 1})
    assert [place for place, _ in found] == ["", "/ilmd/ex:a"]


def test_a_lenient_source_is_forgiven_a_profile_and_a_strict_one_is_not() -> None:
    event = read_event({**CLEANING, "bizStep": "s:BizStep-x"}, "", PREFIXES)
    with pytest.raises(InvalidDocument) as refusal:
        hold_to_demands(event, "/epcisBody/eventList/4", PREFIXES, Leniency(profiles=(PROFILE,)))
    assert (refusal.value.rule, refusal.value.place) == ("profile", "/epcisBody/eventList/4/bizStep")
    lenient = Leniency(frozenset({Rule.PROFILE}), (PROFILE,))
    (forgiven,) = hold_to_demands(event, "/epcisBody/eventList/4", PREFIXES, lenient)
    assert forgiven.rule == "profile"


@pytest.mark.parametrize(
    "text",
    [
        "", "name = 3", 'name = "a"', 'name = "a"\nnamespace = "b"', 'name = ""\nnamespace = "https://a/"', "[[",
        'name = "a"\nnamespace = "https://a/"\nwhat = 1', 'name = "a"\nnamespace = "https://a/"\n[words]\nhue = ["x"]',
        'name = "a"\nnamespace = "https://a/"\n[[rule]]\nrequired = ["nothing"]',
        'name = "a"\nnamespace = "https://a/"\n[[rule]]\neventType = "Event"',
        'name = "a"\nnamespace = "https://a/"\n[[rule]]\nbizStep = "transforming"',
        'name = "a"\nnamespace = "https://a/"\n[[rule]]\naction = "CREATE"',
    ],
)  # fmt: skip
def test_what_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting):
        read_profile(text)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"epcList": ["urn:epc:id:sgtin:061414.1107346.2017"]}, "/epcList/0"),
        ({"readPoint": {"id": "urn:epc:id:sgln:06141.4107346.0"}}, None),
        ({"readPoint": {"id": "urn:epc:id:sgln:061414.107346.0"}}, "/readPoint/id"),
        ({"quantityList": [{"epcClass": "urn:epc:class:lgtin:061414.1107346.L7"}]}, "/quantityList/0/epcClass"),
        ({"sourceList": [{"type": "location", "source": "urn:epc:id:sgln:061414.107346.0"}]}, "/sourceList/0/source"),
        ({"epcList": ["urn:epc:id:sgtin:4012345.107346.2017"]}, ""),
        ({"epcList": ["https://id.gs1.org/01/10614141073464/21/2017"]}, ""),
    ],
)
def test_company_prefixes_have_the_length_that_the_list_says(change: dict[str, Any], place: str | None) -> None:
    value = {**CLEANING, **change}
    if place is None:
        with pytest.raises(InvalidDocument):
            read_event(value, "", PREFIXES)
        return
    event = read_event(value, "", PREFIXES)
    found = [breach.place for breach in wrong_prefixes(event, company_prefix.of(["0614141"]))]
    assert found == ([place] if place else [])
    demands = Leniency(frozenset({Rule.COMPANY_PREFIX}), company_prefixes=company_prefix.of(["0614141"]))
    assert [one.rule for one in hold_to_demands(event, "", PREFIXES, demands)] == ["company-prefix"] * len(found)
