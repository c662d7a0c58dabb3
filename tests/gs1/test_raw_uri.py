"""EPC raw URIs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.control_fields import ControlFields
from suyuan.gs1.raw_uri import RawEpc, parse


@given(
    st.binary(min_size=2, max_size=62),
    st.none() | st.integers(0, 255),
    st.builds(ControlFields, st.integers(0, 255), st.booleans(), st.integers(0, 0xFFFF)),
)
def test_any_bits_come_back(raw: bytes, afi: int | None, controls: ControlFields) -> None:
    epc = RawEpc(8 * len(raw), int.from_bytes(raw, "big"), afi, controls)
    assert parse(epc.uri) == epc


@pytest.mark.parametrize(
    ("uri", "epc", "written"),
    [
        ("urn:epc:raw:96.x1", RawEpc(96, 1), "urn:epc:raw:96.x000000000000000000000001"),
        ("urn:epc:raw:16.x", RawEpc(16, 0), "urn:epc:raw:16.x0000"),
        ("urn:epc:raw:64.20018283527919", RawEpc(64, 20018283527919), "urn:epc:raw:64.x00001234DEADBEEF"),
        ("urn:epc:raw:[umi=1][xpc=x0004]:64.x31.x0123456890ABCDEF",
         RawEpc(64, 0x0123456890ABCDEF, 0x31, ControlFields(0, user_memory=True, xpc=4)), None),
        ("urn:epc:raw:113.x1" + "F" * 28, RawEpc(113, (1 << 113) - 1), None),
    ],
)  # fmt: skip
def test_every_form_says_the_same(uri: str, epc: RawEpc, written: str | None) -> None:
    assert parse(uri) == epc
    assert epc.uri == (written or uri)


@pytest.mark.parametrize(
    "uri",
    [
        "urn:epc:raw:96.xe280",
        "urn:epc:raw:0.x",
        "urn:epc:raw:096.x00",
        "urn:epc:raw:96.x00.x00.x00",
        "urn:epc:raw:96.x100.x00",
        "urn:epc:raw:96.01",
        "urn:epc:raw:96.",
        "urn:epc:raw:96",
        "urn:epc:raw:٩٦.x00",
        "urn:epc:raw:8.x100",
        "urn:epc:raw:8.256",
        "urn:epc:raw:8.x31.x100",
        "urn:epc:raw:[xpc=x1]:8.x31",
        "urn:epc:id:sgtin:0614141.812345.1",
        "",
    ],
)
def test_a_bad_raw_uri_is_refused(uri: str) -> None:
    with pytest.raises(InvalidIdentifier):
        parse(uri)


@given(st.text(max_size=40) | st.from_regex(r"urn:epc:raw:[\[\]=a-z0-9.xA-F]{0,40}", fullmatch=True))
def test_any_text_is_raw_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except InvalidIdentifier:
        return
    assert parse(found.uri) == found
