"""Firms and goods: identifiers with right check digits, names in both languages, places on the map."""

from __future__ import annotations

from suyuan.app.demo.firms import FIRMS
from suyuan.app.demo.goods import GOODS
from suyuan.app.demo.scenario import master_data
from suyuan.gs1.names import canonical, name_of


def sums_to_ten(key: str) -> bool:
    """GS1's check by hand: weights 1, 3, 1, 3 from the right, the sum divisible by ten."""
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(key))) % 10 == 0


def test_there_are_ten_places_and_more() -> None:
    assert len(master_data().sites) >= 10
    assert len({(site.latitude, site.longitude) for site in master_data().sites}) == len(master_data().sites)


def test_check_digits_are_right() -> None:
    for firm in FIRMS.values():
        assert sums_to_ten(firm.party_gln)
        assert sums_to_ten(firm.site_gln)
        assert len(firm.site_gln) == 13
    for good in GOODS:
        assert sums_to_ten(good.gtin)
        assert len(good.gtin) == 14


def test_master_data_names_things_as_the_ledger_does() -> None:
    firm = FIRMS["pig-farm"]
    site = firm.site()
    assert site is not None
    assert canonical(name_of(firm.place())) == site.id
    assert canonical(name_of(firm.party_urn)) == firm.party().id == site.party
    for good in GOODS:
        assert canonical(name_of(good.instance(12))) == f"{good.id}/21/12"
        assert canonical(name_of(good.lot("A1"))) == good.lot_link("A1")


def test_everything_has_a_name_and_every_firm_an_address_in_both_languages() -> None:
    data = master_data()
    names = [party.name for party in data.parties] + [site.name for site in data.sites]
    for name in names + [product.name for product in data.products]:
        assert set(name) == {"zh", "en"}
        assert all(name.values())
    assert all(set(party.address) == {"zh", "en"} for party in data.parties)


def test_prefixes_belong_to_one_firm_each_and_a_carrier_has_no_site() -> None:
    assert len({firm.prefix for firm in FIRMS.values()}) == len(FIRMS)
    assert FIRMS["carrier"].site() is None
    assert len({party.id for party in master_data().parties}) == len(FIRMS)


def test_every_place_is_in_china_and_most_are_around_one_harbour() -> None:
    near = 0
    for site in master_data().sites:
        assert site.latitude is not None
        assert site.longitude is not None
        assert 20 < site.latitude < 50
        assert 75 < site.longitude < 130
        near += abs(site.latitude - 36.4) < 0.7 and abs(site.longitude - 120.2) < 0.7
    assert near >= 10
