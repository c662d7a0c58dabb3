"""Addresses from names and names from addresses."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.consumer_api.links import (
    identifier_of_path,
    identifier_of_text,
    lot_beside,
    lot_code,
    path_of,
    primary_key,
    proof_path,
    recall_path,
    short,
)

TRAY = "https://id.gs1.org/01/09506000134352/21/1001"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TRAY, "/01/09506000134352/21/1001"),
        ("https://id.gs1.org/01/09506000134352/21/a%2Fb", "/01/09506000134352/21/a%2Fb"),
        ("urn:epc:id:gid:1.2.3", "/thing?id=urn%3Aepc%3Aid%3Agid%3A1.2.3"),
        ("https://farm.example/pig?tag=1&x=2", "/thing?id=https%3A%2F%2Ffarm.example%2Fpig%3Ftag%3D1%26x%3D2"),
    ],
)
def test_every_name_has_a_page(name: str, path: str) -> None:
    assert path_of(name) == path


def test_names_are_shown_as_under_a_barcode() -> None:
    assert short("https://id.gs1.org/01/09506000134352/10/A%2FB/21/1") == "(01)09506000134352(10)A/B(21)1"
    assert short("urn:epc:id:gid:1.2.3") == "urn:epc:id:gid:1.2.3"
    assert lot_code("https://id.gs1.org/01/09506000134352/10/A%2FB") == "A/B"
    assert lot_code("urn:x:lot") == "urn:x:lot"
    assert lot_code("https://id.gs1.org/00/095060001343529997") == "(00)095060001343529997"
    assert (primary_key(TRAY), primary_key("urn:epc:id:gid:1.2.3")) == ("01", "")


def test_an_identifier_keeps_the_lot_beside_the_serial_number() -> None:
    whole = "https://id.gs1.org/01/09506000134352/10/L%2F1/21/1001"
    assert identifier_of_path(b"/01/09506000134352/10/L%2f1/21/1001") == whole
    assert identifier_of_text("(01)09506000134352(10)L/1(21)1001(17)271231") == whole
    assert lot_beside(whole) == "https://id.gs1.org/01/09506000134352/10/L%2F1"
    assert lot_beside(TRAY) is None
    assert lot_beside("urn:epc:id:gid:1.2.3") is None


def test_ids_with_slashes_and_question_marks_stay_one_segment() -> None:
    assert proof_path("ni:///sha-256;ab?ver=CBV2.0") == "/api/v1/proof/ni%3A%2F%2F%2Fsha-256%3Bab%3Fver%3DCBV2.0"
    assert recall_path("a/b") == "/recalls/a%2Fb"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("9506000134352", "https://id.gs1.org/01/09506000134352"),
        ("9506 0001 34352", "https://id.gs1.org/01/09506000134352"),
        ("09506000134352", "https://id.gs1.org/01/09506000134352"),
        ("(01)09506000134352(21)1001", TRAY),
        ("trace.example/01/09506000134352/21/1001", TRAY),
        ("trace.example/01/09506000134352/21/1001/", TRAY),
        ("HTTPS://trace.example/01/09506000134352/21/1001/", TRAY),
        ("https://trace.example:8443/01/09506000134352/21/1001?17=271231", TRAY),
        ("urn:epc:id:sgtin:9506000.013435.1001", TRAY),
        ("urn:epc:tag:sgtin-96:0.9506000.013435.1001", TRAY),
        ("urn:uuid:2f1d8a34-5b0e-4b1e-9a57-0d2f3c1f7a11", "urn:uuid:2f1d8a34-5b0e-4b1e-9a57-0d2f3c1f7a11"),
    ],
)
def test_people_may_type_any_form_of_a_code(typed: str, name: str) -> None:
    assert identifier_of_text(typed) == name


@pytest.mark.parametrize("path", [b"/01/", b"/01", b"/01/09506000134351", b"/xx/1", b"/01/%FF", b"/" + b"0" * 3000])
def test_a_path_that_names_nothing_is_refused(path: bytes) -> None:
    with pytest.raises(InvalidIdentifier):
        identifier_of_path(path)


@given(st.text(max_size=80))
@settings(max_examples=150)
def test_any_text_is_a_name_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidIdentifier):
        assert ":" in identifier_of_text(text)


@given(st.binary(max_size=80))
@settings(max_examples=150)
def test_any_path_is_a_name_or_refused(path: bytes) -> None:
    with contextlib.suppress(InvalidIdentifier):
        assert identifier_of_path(b"/01/" + path).startswith("https://id.gs1.org/01/")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20))
@settings(max_examples=80)
def test_the_page_of_a_thing_is_about_that_thing(serial: str) -> None:
    with contextlib.suppress(InvalidIdentifier):
        name = identifier_of_text(f"urn:epc:id:sgtin:9506000.013435.{serial}")
        assert identifier_of_path(path_of(name).encode()) == name
