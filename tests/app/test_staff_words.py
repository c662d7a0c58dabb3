"""Every word that a staff page can show is there in every language; numbers are read as people type them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import suyuan.app.staff
from suyuan.app.staff.number_ranges import read_number, read_numbers, write_numbers
from suyuan.base.errors import InvalidInput
from suyuan.consumer_api.words import LANGUAGES, load_translations

FOLDER = Path(suyuan.app.staff.__file__).parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}}


def messages() -> set[str | tuple[str, ...]]:
    """Every message in the code and the templates."""
    keywords: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
    return {message for _, _, message, _, _ in extract_from_dir(FOLDER, METHODS, OPTIONS, keywords)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_catalogue_has_exactly_the_messages_of_the_pages(language: str) -> None:
    with (FOLDER / "locale" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    entries = [message for message in catalogue if message.id]
    assert {tuple(entry.id) if isinstance(entry.id, list | tuple) else entry.id for entry in entries} == messages()
    for entry in entries:
        texts = entry.string if isinstance(entry.string, list | tuple) else (entry.string,)
        assert len(texts) == (catalogue.num_plurals if entry.pluralizable else 1)
        assert all(texts), entry.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_survive_translation(language: str) -> None:
    translations = load_translations(language, FOLDER / "locale")
    marks = re.compile(r"%\(\w+\)[sd]")
    for message in messages():
        if isinstance(message, str):
            source, shown = message, translations.gettext(message)
        else:
            source, shown = message[1], translations.ngettext(message[0], message[1], 2)
        assert marks.findall(shown) == marks.findall(source)
        assert bool(re.search("[\u4e00-\u9fff]", shown)) == (language == "zh" and bool(re.search("[a-z]{2}", source)))


@given(st.sets(st.integers(1, 1_000_000), max_size=50))
def test_numbers_are_read_as_they_are_written(numbers: set[int]) -> None:
    assert read_numbers(write_numbers(numbers), "spoiled") == numbers


def test_a_range_that_no_roll_has_is_refused_before_it_is_counted_out() -> None:
    with pytest.raises(InvalidInput, match="more than 10000"):
        read_numbers("1-10001", "spoiled")


@pytest.mark.parametrize("text", ["3, 17-20", "3，17－20", "17-20;3", "3、17至20", " 3 ,, 17 - 20 ,", "17~20\n3"])
def test_numbers_are_read_from_any_keyboard(text: str) -> None:
    assert read_numbers(text, "spoiled") == {3, 17, 18, 19, 20}


@given(st.text(max_size=30))
def test_any_other_text_is_refused_with_its_field(text: str) -> None:
    places = set()
    for read in (read_numbers, read_number):
        try:
            read(text, "spoiled")
        except InvalidInput as error:
            places.add(error.place)
    assert places <= {"spoiled"}


def test_a_whole_number_may_have_separators_but_no_signs() -> None:
    assert read_number("12 000", "quantity") == read_number("12,000", "quantity") == 12_000
    for text in ("", "-1", "1.5", "1e3", "١٢", "9" * 16):
        with pytest.raises(InvalidInput, match="not a whole number"):
            read_number(text, "quantity")
