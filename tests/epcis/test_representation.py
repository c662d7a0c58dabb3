from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from tests.epcis.test_event_properties import PREFIXES, RICH_EVENTS

from suyuan.epcis.event_id import prehash
from suyuan.epcis.event_reader import read_event
from suyuan.epcis.event_writer import write_event
from suyuan.epcis.events import Event
from suyuan.epcis.representation import BARE, CBV_URN, DIGITAL_LINK, EPC_URN, WEB_URI, rewrite

URN = "urn:epc:id:sgtin:0614141.107346.2017"
LINK = "https://id.gs1.org/01/10614141073464/21/2017"
LOT = "urn:epc:class:lgtin:4012345.012345.L7"
LOT_LINK = "https://id.gs1.org/01/04012345123456/10/L7"
SITE = "urn:epc:id:sgln:0614141.07346.12"
SITE_LINK = "https://id.gs1.org/414/0614141073467/254/12"
AS_CAPTURED = "Never_Translates"


def epcs(event: dict[str, Any], epc_format: str, **known: int) -> dict[str, Any]:
    return rewrite(event, epc_format, AS_CAPTURED, known.get)


def words(event: dict[str, Any], cbv_format: str) -> dict[str, Any]:
    return rewrite(event, AS_CAPTURED, cbv_format)


def event(epc: str, lot: str, site: str) -> dict[str, Any]:
    return {
        "epcList": [epc],
        "parentID": epc,
        "quantityList": [{"epcClass": lot, "quantity": 1}],
        "readPoint": {"id": site, "ex:door": "3"},
        "bizLocation": {"id": site},
        "sourceList": [{"type": "location", "source": site}],
        "bizTransactionList": [{"bizTransaction": "urn:x:po:1"}],
        "sensorElementList": [{"sensorMetadata": {"deviceID": epc}, "sensorReport": [{"deviceID": epc, "value": 1}]}],
        "ex:seen": epc,
    }


def test_every_identifier_becomes_a_digital_link() -> None:
    assert epcs(event(URN, LOT, SITE), DIGITAL_LINK) == event(LINK, LOT_LINK, SITE_LINK) | {"ex:seen": URN}


def test_an_identifier_becomes_a_urn_where_the_length_of_its_company_prefix_is_known() -> None:
    known = {"01/10614141073464/21": 7, "01/04012345123456/10": 7, "414/0614141073467/254": 7}
    found = rewrite(event(LINK, LOT_LINK, SITE_LINK), EPC_URN, AS_CAPTURED, known.get)
    assert found == event(URN, LOT, SITE) | {"ex:seen": LINK}
    assert rewrite(event(LINK, LOT_LINK, SITE_LINK), EPC_URN, AS_CAPTURED) == event(LINK, LOT_LINK, SITE_LINK)


@pytest.mark.parametrize(
    "uri",
    [
        "https://shop.example/01/10614141073464/10/L1/21/2017",  # says the lot beside the serial
        "https://a.example/x?y=1",
        "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
        "urn:epcglobal:cbv:bt:0614141073467:1152",
    ],
)
def test_what_has_no_other_form_stays(uri: str) -> None:
    for epc_format in (DIGITAL_LINK, EPC_URN, AS_CAPTURED, "No_Preference"):
        assert epcs({"epcList": [uri]}, epc_format) == {"epcList": [uri]}


FORMS = {
    BARE: ("shipping", "in_transit", "po", "owning_party", "did_not_occur", "Temperature", "x"),
    CBV_URN: (
        "urn:epcglobal:cbv:bizstep:shipping", "urn:epcglobal:cbv:disp:in_transit", "urn:epcglobal:cbv:btt:po",
        "urn:epcglobal:cbv:sdt:owning_party", "urn:epcglobal:cbv:er:did_not_occur", "https://gs1.org/voc/Temperature",
        "https://ref.gs1.org/cbv/Comp-x",
    ),
    WEB_URI: (
        "https://ref.gs1.org/cbv/BizStep-shipping", "https://ref.gs1.org/cbv/Disp-in_transit",
        "https://ref.gs1.org/cbv/BTT-po", "https://ref.gs1.org/cbv/SDT-owning_party",
        "https://ref.gs1.org/cbv/ER-did_not_occur", "https://gs1.org/voc/Temperature", "https://ref.gs1.org/cbv/Comp-x",
    ),
}  # fmt: skip


def worded(step: str, disposition: str, kind: str, party: str, reason: str, measured: str, part: str) -> dict[str, Any]:
    return {
        "bizStep": step,
        "disposition": disposition,
        "persistentDisposition": {"set": [disposition]},
        "bizTransactionList": [{"type": kind, "bizTransaction": "urn:x:1"}, {"bizTransaction": "urn:x:2"}],
        "sourceList": [{"type": party, "source": SITE}],
        "destinationList": [{"type": party, "destination": SITE}],
        "errorDeclaration": {"declarationTime": "2026-11-21T08:30:00Z", "reason": reason},
        "sensorElementList": [{"sensorReport": [{"type": measured, "component": part, "value": 1}]}],
    }


@pytest.mark.parametrize("captured", FORMS)
@pytest.mark.parametrize("asked", FORMS)
def test_every_word_of_the_cbv_takes_the_form_asked_for(captured: str, asked: str) -> None:
    assert words(worded(*FORMS[captured]), asked) == worded(*FORMS[asked])
    assert words(worded(*FORMS[captured]), AS_CAPTURED) == worded(*FORMS[captured])


def test_words_of_others_stay() -> None:
    own = {"bizStep": "https://own.example/step", "disposition": "urn:epcglobal:cbv:disp:no_such"}
    for cbv_format in FORMS:
        assert words(own, cbv_format) == own


def test_an_abbreviated_word_is_known_by_its_context() -> None:
    assert words({"bizStep": "cbv:BizStep-shipping"}, CBV_URN) == {"bizStep": "urn:epcglobal:cbv:bizstep:shipping"}
    assert words({"bizStep": "cbv:BizStep-shipping"}, BARE) == {"bizStep": "cbv:BizStep-shipping"}
    own = {"@context": {"c": "https://ref.gs1.org/cbv/"}, "bizStep": "c:BizStep-shipping"}
    assert words(own, BARE)["bizStep"] == "shipping"


@settings(max_examples=60, deadline=None)
@given(RICH_EVENTS)
def test_no_form_changes_what_an_event_says(found: Event) -> None:
    context = b'{"ex":"https://ex.example/"}'
    for epc_format in (DIGITAL_LINK, EPC_URN):
        for cbv_format in FORMS:
            again = read_event(rewrite(write_event(found), epc_format, cbv_format), "", PREFIXES)
            assert prehash(again, context) == prehash(found, context)
