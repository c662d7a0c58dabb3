"""EPCIS master data as parties, sites and products: what pages show a name from."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.serving import Service

from suyuan.epcis.vocabulary_elements import TYPE_STEM, Element
from suyuan.trace.imported_records import records_of
from suyuan.trace.master_data import MasterData, Party, Product, Site

GLN, GTIN = "urn:epc:id:sgln:9521321.00002.0", "urn:epc:idpat:sgtin:9521321.012345.*"
PGLN, LOT = "urn:epc:id:pgln:9521321.00001", "urn:epc:class:lgtin:9521321.012345.L1"


def element(kind: str, identifier: str, **told: Any) -> Element:
    """An element with attributes of the CBV."""
    attributes = tuple((f"urn:epcglobal:cbv:mda#{key}", value) for key, value in told.items())
    return Element(TYPE_STEM + kind, identifier, attributes)


def test_elements_become_records_under_canonical_names() -> None:
    found = records_of(
        [
            element(
                "Location", GLN, name="冷库", streetAddressOne="1 Way", city="Qingdao", latitude="36.1", longitude=120
            ),
            element("Party", PGLN, name="Cold Ltd"),
            element("EPCClass", LOT, descriptionShort={"@language": "zh", "@value": "猪肉"}, brandName="Seven"),
            element("EPCClass", GTIN, descriptionShort="Pork"),
        ]
    )
    assert found == MasterData(
        [Party("https://id.gs1.org/417/9521321000018", {"en": "Cold Ltd"})],
        [
            Site(
                "https://id.gs1.org/414/9521321000025", {"zh": "冷库"}, address={"en": "1 Way, Qingdao"},
                latitude=36.1, longitude=120.0,
            )
        ],
        [Product("https://id.gs1.org/01/09521321123458", {"zh": "猪肉"}, brand={"en": "Seven"})],
    )  # fmt: skip


def test_what_has_no_name_no_key_of_gs1_or_an_impossible_place_is_left_out() -> None:
    found = records_of(
        [
            element("Location", "urn:x:shed", name="Shed"),
            element("Location", "urn:epc:id:sgln:9521321.00002.door", name="Door"),
            element("ReadPoint", "urn:epc:id:sgln:9521321.00003.0", latitude="1"),
            element("BusinessLocation", GLN, name=" Hall ", latitude="north", longitude="181"),
            element("BusinessStep", "shipping", name="Shipping"),
        ]
    )
    assert found == MasterData([], [Site("https://id.gs1.org/414/9521321000025", {"en": "Hall"})], [])


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists) | st.dictionaries(st.text(), st.text())
)
def test_no_value_of_an_attribute_is_too_strange(value: Any) -> None:
    told = dict.fromkeys(("name", "latitude", "city", "descriptionShort"), value)
    records_of([element("Location", GLN, **told), element("EPCClass", GTIN, **told)])


def test_elements_that_the_administrator_puts_name_what_has_no_record_yet(service: Service) -> None:
    known = {"sites": [{"id": "https://id.gs1.org/414/9521321000032", "name": {"en": "As filed"}}]}
    assert service.call("PUT", "/api/v1/masterdata", "administrator", json=known).status_code == 200
    listed = [
        {"id": f"urn:epc:id:sgln:9521321.0000{number}.0",
         "attributes": [{"id": "urn:epcglobal:cbv:mda#name", "attribute": f"Told {number}"}]}
        for number in (3, 4)
    ]  # fmt: skip
    whole = {"vocabularyList": [{"type": f"{TYPE_STEM}Location", "vocabularyElementList": listed}]}
    for _ in range(2):
        assert service.call("PUT", "/api/v1/vocabularies", "administrator", json=whole).status_code == 200
    sites = {site["id"]: site["name"] for site in service.get("/api/v1/masterdata").json()["sites"]}
    assert sites["https://id.gs1.org/414/9521321000032"] == {"en": "As filed"}
    assert sites["https://id.gs1.org/414/9521321000049"] == {"en": "Told 4"}
