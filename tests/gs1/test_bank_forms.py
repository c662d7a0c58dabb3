"""What the banks of a tag's memory hold, in every form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import company_prefix, packed_objects, plus_encoding, tag_memory
from suyuan.gs1.bank_forms import BANKS, forms_of_bank, user_memory_of, with_epc_bank
from suyuan.gs1.forms import forms_of

TAG = "30740242201D8840001C8F5A"
STID = "E2801190200050A1B2C3D4E5"


def test_an_epc_bank_tells_its_epc_and_the_control_fields() -> None:
    bank = tag_memory.build(TAG, user_memory=True, attributes=1).stored.hex()
    found = forms_of_bank("epc", bank)
    assert found.hex == TAG
    assert found.tag_uri == "urn:epc:tag:[att=x01][umi=1]:sgtin-96:3.0037000.030241.1871706"
    assert forms_of(found.tag_uri).hex == TAG
    plain = tag_memory.build(TAG).stored.hex()
    assert forms_of_bank("epc", plain).tag_uri == forms_of(TAG).tag_uri


def test_an_epc_bank_with_a_plus_tag_needs_the_company_prefix_for_its_epc_uri() -> None:
    tag = plus_encoding.encode("sgtin+", (("01", "00037000302414"), ("21", "7")))
    bank = tag_memory.build(tag).stored.hex()
    assert forms_of_bank("epc", bank).epc_uri is None
    assert forms_of_bank("epc", bank).tag_uri is None
    found = forms_of_bank("epc", bank, company_prefixes=company_prefix.of(["0037000"]))
    assert found.epc_uri == forms_of_bank("epc", bank, company_prefix_length=7).epc_uri
    assert found.epc_uri == "urn:epc:id:sgtin:0037000.030241.7"


def test_what_is_no_epc_has_a_raw_uri() -> None:
    iso = tag_memory.build("0123ABCD", afi=0xA1).stored.hex()
    assert forms_of_bank("epc", iso).epc_uri == "urn:epc:raw:32.xA1.x0123ABCD"
    assert forms_of_bank("epc", tag_memory.build("E280").stored.hex()).epc_uri == "urn:epc:raw:16.xE280"


def test_a_tid_bank_names_the_chip() -> None:
    found = forms_of_bank("tid", STID)
    assert (found.scheme, found.hex, found.epc_uri) == ("tid", STID, None)
    assert found.tag_uri == "urn:epc:stid:x801.x190.x50A1B2C3D4E5"


def test_user_memory_tells_its_data() -> None:
    memory = packed_objects.encode((("10", "L7"), ("17", "270131")))
    found = forms_of_bank("user", memory.hex())
    assert (found.scheme, found.element_string) == ("user", "(10)L7(17)270131")
    assert forms_of_bank("user", "8900").element_string is None


@pytest.mark.parametrize(
    ("bank", "digits", "says"),
    [
        ("reserved", "00", "bank 'reserved'"),
        ("epc", "", "hexadecimal"),
        ("epc", "123", "whole bytes"),
        ("epc", "0000300030", "expected"),
        ("tid", "E0000000", "class"),
        ("user", "00", "user memory"),
    ],
)
def test_what_is_no_bank_is_refused_with_the_reason(bank: str, digits: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        forms_of_bank(bank, digits)
    assert says in str(caught.value)


@given(st.sampled_from(BANKS), st.binary(max_size=40).map(bytes.hex))
def test_any_bytes_have_forms_or_are_refused(bank: str, digits: str) -> None:
    try:
        found = forms_of_bank(bank, digits)
    except InvalidIdentifier:
        return
    assert found.input == digits


def test_what_is_written_into_a_bank_is_read_from_it() -> None:
    bank = with_epc_bank(forms_of(TAG))
    assert forms_of_bank("epc", bank.hex or "").hex == TAG
    assert bank.tag_uri == forms_of(TAG).tag_uri
    memory = user_memory_of("(10)L7(17)270131")
    assert forms_of_bank("user", memory.hex or "").element_string == memory.element_string
    with pytest.raises(InvalidIdentifier, match="names no one thing"):
        with_epc_bank(forms_of("(01)00037000302414"))
    with pytest.raises(InvalidIdentifier):
        user_memory_of("x")
