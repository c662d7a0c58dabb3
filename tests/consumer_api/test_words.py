"""Every word that a page can show is there in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import suyuan.consumer_api
from suyuan.consumer_api.words import (
    LANGUAGE_NAMES,
    LANGUAGES,
    SOLD,
    SORTS,
    STEPS,
    UNNAMED_STEP,
    load_translations,
    sort_of,
    step_of,
)
from suyuan.epcis.vocabulary import BIZ_STEP

FOLDER = Path(suyuan.consumer_api.__file__).parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}}


def messages() -> set[str | tuple[str, ...]]:
    """Every message in the code and the templates."""
    keywords: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
    found = extract_from_dir(FOLDER, METHODS, OPTIONS, keywords)
    return {message for _, _, message, _, _ in found}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_catalogue_has_exactly_the_messages_of_the_pages(language: str) -> None:
    with (FOLDER / "locale" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    entries = [message for message in catalogue if message.id]
    ids = {tuple(entry.id) if isinstance(entry.id, list | tuple) else entry.id for entry in entries}
    assert ids == messages()
    for entry in entries:
        texts = entry.string if isinstance(entry.string, list | tuple) else (entry.string,)
        assert len(texts) == (catalogue.num_plurals if entry.pluralizable else 1)
        assert all(texts), entry.id
        assert not entry.fuzzy


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_and_markup_survive_translation(language: str) -> None:
    translations = load_translations(language)
    marks = re.compile(r"%\(\w+\)[sd]|<[^>]+>")
    for message in messages():
        if isinstance(message, str):
            source, shown = message, translations.gettext(message)
        else:
            source, shown = message[1], translations.ngettext(message[0], message[1], 2)
        assert sorted(marks.findall(shown)) == sorted(marks.findall(source))


def test_chinese_pages_hold_no_english_and_english_ones_no_chinese() -> None:
    chinese, english = load_translations("zh"), load_translations("en")
    for message in messages():
        if not isinstance(message, str) or not re.search("[a-z]{2}", message):
            continue
        assert re.search("[\u4e00-\u9fff]", chinese.gettext(message)), message
        assert not re.search("[\u4e00-\u9fff]", english.gettext(message)), message


def test_every_standard_business_step_has_words_of_its_own() -> None:
    assert STEPS.keys() == BIZ_STEP.words
    chinese = load_translations("zh")
    for language in (lambda text: text, chinese.gettext):
        assert len({language(step) for step in STEPS.values()}) == len(STEPS)


def test_every_icon_is_in_the_sprite() -> None:
    pieces, thing = (
        (FOLDER / "templates" / name).read_text(encoding="utf-8") for name in ("pieces.html", "thing.html")
    )
    used = {sort.icon for sort in SORTS.values()} | set(re.findall(r'"(truck|pin)"', thing))
    used |= set(re.findall(r'icon\("(\w+)"\)', thing))
    assert used == set(re.findall(r'id="i-(\w+)"', pieces))


def test_a_kind_of_place_has_words_however_it_is_spelled() -> None:
    assert sort_of("cold store") == sort_of("Cold_Store") == sort_of(" cold-store ") == SORTS["cold store"]
    assert sort_of("") is None
    assert sort_of("lighthouse") is None
    chinese = load_translations("zh")
    for language in (lambda text: text, chinese.gettext):
        assert len({language(sort.words) for sort in SORTS.values()}) == len(SORTS)


def test_sold_counts_more_than_the_step_and_unknown_steps_are_recorded() -> None:
    assert step_of("retail_selling", "retail_sold") == SOLD
    assert step_of("retail_selling", None) == STEPS["retail_selling"]
    assert step_of("https://firm.example/voc/ageing", None) == UNNAMED_STEP
    assert step_of(None, "active") == UNNAMED_STEP


def test_every_language_has_a_name() -> None:
    assert LANGUAGE_NAMES.keys() == set(LANGUAGES)
