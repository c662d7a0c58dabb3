"""EPC schemes without a GS1 key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.other_schemes import canonical


@pytest.mark.parametrize(
    "uri",
    [
        "urn:epc:id:gid:95100000.12345.400",
        "urn:epc:id:gid:268435455.16777215.68719476735",
        "urn:epc:id:usdod:CAGEY.5678",
        "urn:epc:id:adi:35962.PQ7VZ4.M37GXB92",
        "urn:epc:id:adi:W81X9C..%23A%2F1",
        "urn:epc:id:bic:CSQU3054383",
        "urn:epc:id:imovn:9176187",
        "urn:epc:raw:96.xE28011606000020012345678",
        "urn:epc:raw:64.20018283527919",
        "urn:epc:raw:96.xA9.x0102",
    ],
)
def test_good_urns_are_kept(uri: str) -> None:
    assert canonical(uri) == uri


def test_escapes_get_one_form() -> None:
    assert canonical("urn:epc:id:adi:W81X9C..%23A%2f1") == "urn:epc:id:adi:W81X9C..%23A%2F1"
    assert canonical("urn:epc:raw:[att=x01][umi=1]:96.xA9.x0102") == "urn:epc:raw:96.xA9.x0102"


@pytest.mark.parametrize(
    "uri",
    [
        "urn:epc:id:gid:268435456.1.1",
        "urn:epc:id:gid:01.1.1",
        "urn:epc:id:gid:1.1",
        "urn:epc:id:gid:1.1." + "9" * 5000,
        "urn:epc:id:usdod:CAGIY.5678",
        "urn:epc:id:usdod:CAGEY.68719476736",
        "urn:epc:id:adi:35962.PQ7VZ4.",
        "urn:epc:id:adi:35962.PQ7VZ4.%23" + "1" * 30,
        "urn:epc:id:adi:35962.pq7.M37",
        "urn:epc:id:bic:CSQU3054384",
        "urn:epc:id:bic:CSQX3054383",
        "urn:epc:id:imovn:9176188",
        "urn:epc:id:imovn:917618",
        "urn:epc:id:imovn:٩١٧٦١٨٧",
        "urn:epc:raw:96.xe280",
        "urn:epc:raw:8.x100",
        "urn:epc:raw:[att=x1]:96.x00",
        "urn:epc:raw:",
    ],
)
def test_malformed_urns_are_refused(uri: str) -> None:
    with pytest.raises(InvalidIdentifier):
        canonical(uri)


def test_urns_of_other_schemes_are_not_ours() -> None:
    assert canonical("urn:epc:id:sgtin:0614141.812345.6789") is None


@given(st.sampled_from(["gid", "usdod", "adi", "bic", "imovn"]), st.text(max_size=40))
def test_any_text_is_kept_or_refused(scheme: str, text: str) -> None:
    uri = f"urn:epc:id:{scheme}:{text}"
    try:
        assert canonical(uri) in {uri, uri.replace("%2f", "%2F")}
    except InvalidIdentifier:
        assert True
