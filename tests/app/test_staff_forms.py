"""Forms as they are sent, and orders as they are typed: nothing that anybody can send does more than be refused."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.app.staff.batch_forms import read_dpi, read_level, read_output
from suyuan.app.staff.catalogue import Choice, Place
from suyuan.app.staff.order_form import FIELDS, WHOLE, blank, errors_of, read_order
from suyuan.app.staff.visitor import Form, parse_form
from suyuan.base.errors import Conflict, InvalidInput, Unavailable
from suyuan.consumer_api.moments import Phrase

GTIN = "09506000134352"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
BELLY = Choice(GTIN, Phrase("Belly"), "belly", 7)


@given(st.dictionaries(TEXTS, TEXTS, max_size=20))
def test_a_form_is_read_as_browsers_write_it(fields: dict[str, str]) -> None:
    form = parse_form(urlencode(fields).encode())
    assert {name: form[name] for name in fields} == {name: value.strip() for name, value in fields.items()}
    assert form["a name that nobody sent"] == ""


@given(st.binary(max_size=200))
def test_any_other_bytes_are_a_form_or_refused(body: bytes) -> None:
    try:
        form = parse_form(body)
    except InvalidInput:
        return
    assert isinstance(form, Form)


def typed(**fields: str) -> Mapping[str, str]:
    """The form as it opens, filled in."""
    return blank(BELLY, [Place("https://id.gs1.org/414/9521321000018", Phrase("Hall"))], "item") | fields


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), TEXTS, max_size=6))
def test_whatever_is_typed_is_an_order_or_a_refusal_at_a_field(fields: dict[str, str]) -> None:
    try:
        order = read_order(GTIN, typed(**fields))
    except InvalidInput as error:
        refusals = errors_of(error)
    else:
        refusals = {}
        assert order.gtin == GTIN
    assert set(refusals) <= set(FIELDS)


def test_the_form_opens_with_today_and_the_products_shelf_life() -> None:
    form = typed(quantity="5")
    order = read_order(GTIN, form)
    assert order.lot == f"L{order.production_date.replace('-', '')}"
    assert order.production_date < order.best_before_date
    assert order.site == "https://id.gs1.org/414/9521321000018"
    for days in (None, 10**9):
        assert not blank(Choice(GTIN, Phrase("Wine"), "wine", days), [], "item")["best_before_date"]


def test_a_refusal_stands_at_its_field_in_words_for_it() -> None:
    assert "open already" in errors_of(Conflict("twice", place="/lot"))["lot"].words
    assert errors_of(InvalidInput("no", place="lot", remedy="yes"))["lot"].detail == "no (yes)"
    (refusal,) = errors_of(Unavailable("the writer is away")).values()
    assert errors_of(Unavailable("the writer is away")) == {WHOLE: refusal}
    assert refusal.words.startswith("Nothing was changed")
    assert refusal.detail == "the writer is away"
    assert set(errors_of(InvalidInput("what", place="/other"))) == {WHOLE}


@given(TEXTS)
def test_choices_are_read_or_refused(text: str) -> None:
    places = set()
    for read in (read_level, read_output, read_dpi):
        try:
            read(text)
        except InvalidInput as error:
            places.add(error.place)
    assert places <= {"level", "output", "dpi"}


@pytest.mark.parametrize(("text", "dpi"), [("", 203), ("203", 203), ("300", 300), ("600", 600)])
def test_label_printers_have_one_of_three_resolutions(text: str, dpi: int) -> None:
    assert read_dpi(text) == dpi
