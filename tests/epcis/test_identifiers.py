from __future__ import annotations

import pytest

from suyuan.base.errors import InvalidIdentifier
from suyuan.epcis.identifiers import identify
from suyuan.gs1.names import Name


def test_a_urn_and_a_link_are_one_thing() -> None:
    urn, link = "urn:epc:id:sgtin:0614141.107346.2017", "https://shop.example/01/10614141073464/21/2017?x=1"
    assert identify(urn).uri == identify(link).uri == "https://id.gs1.org/01/10614141073464/21/2017"
    assert identify(urn).name == Name("01/10614141073464/21", "2017", 7)


def test_the_old_words_for_keys_are_understood() -> None:
    link = "https://shop.example/gtin/10614141073464/ser/2017"
    assert identify(link).uri == "https://id.gs1.org/01/10614141073464/21/2017"


@pytest.mark.parametrize("uri", ["https://id.gs1.org/gtin/10614141073465", "https://id.gs1.org/01/1", "x", ""])
def test_a_wrong_identifier_is_refused(uri: str) -> None:
    with pytest.raises(InvalidIdentifier):
        identify(uri)
