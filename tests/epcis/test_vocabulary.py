from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidDocument
from suyuan.epcis import vocabulary
from suyuan.epcis.vocabulary import BIZ_STEP, DISPOSITION, Vocabulary

WRITINGS = [
    "shipping",
    "urn:epcglobal:cbv:bizstep:shipping",
    "https://ref.gs1.org/cbv/BizStep-shipping",
    "http://ref.gs1.org/cbv/BizStep-shipping",
    "https://ns.gs1.org/cbv/BizStep-shipping",
    "cbv:BizStep-shipping",
]


@pytest.mark.parametrize("writing", WRITINGS)
def test_every_writing_of_a_step_is_its_bare_word(writing: str) -> None:
    assert BIZ_STEP.short(writing) == "shipping"
    assert vocabulary.BIZ_STEP.has(writing)


def test_the_full_form_is_the_present_uri() -> None:
    assert vocabulary.BIZ_STEP.full("shipping") == "https://ref.gs1.org/cbv/BizStep-shipping"
    assert vocabulary.MEASUREMENT_TYPE.full("Temperature") == "https://gs1.org/voc/Temperature"


def test_a_user_vocabulary_keeps_its_uri() -> None:
    word = "https://ns.suyuan.example/voc/cleaning"
    assert BIZ_STEP.short(word) == word
    assert vocabulary.BIZ_STEP.full(word) == word
    assert not vocabulary.BIZ_STEP.has(word)


@pytest.mark.parametrize(
    "value",
    ["transforming", "Shipping", "", "urn:epcglobal:cbv:bizstep:nothing", "https://ref.gs1.org/cbv/BizStep-nothing"],
)
def test_a_word_that_the_standard_lacks_is_refused(value: str) -> None:
    with pytest.raises(InvalidDocument):
        BIZ_STEP.short(value)


def test_a_disposition_is_not_a_step() -> None:
    assert DISPOSITION.short("in_transit") == "in_transit"
    with pytest.raises(InvalidDocument):
        BIZ_STEP.short("in_transit")


def test_other_terms_of_the_gs1_web_vocabulary_may_be_measured() -> None:
    assert vocabulary.MEASUREMENT_TYPE.short("gs1:Temperature") == "Temperature"
    assert vocabulary.MEASUREMENT_TYPE.short("https://gs1.org/voc/fishingGear") == "https://gs1.org/voc/fishingGear"


@given(st.text(st.sampled_from(string.printable), max_size=40))
def test_any_text_gives_a_word_a_uri_or_a_refusal(text: str) -> None:
    try:
        short = BIZ_STEP.short(text)
    except InvalidDocument:
        return
    assert short in vocabulary.BIZ_STEP.words or short == text


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("bizstep", vocabulary.BIZ_STEP),
        ("disposition", vocabulary.DISPOSITION),
        ("biztransaction-type", vocabulary.BIZ_TRANSACTION_TYPE),
        ("sourcedest-type", vocabulary.SOURCE_DEST_TYPE),
        ("error-reason", vocabulary.ERROR_REASON),
        ("component", vocabulary.COMPONENT),
    ],
)
def test_the_words_are_those_of_the_standards_context(shared: Path, name: str, known: Vocabulary) -> None:
    folder = shared / "epcis" / "gs1__EPCIS" / "JSON-LD-Context"
    context = json.loads((folder / f"cbv-context-{name}.jsonld").read_text())["@context"]
    words = {word: uri for word, uri in context.items() if not word.startswith("@") and word != "cbv"}
    assert known.words == frozenset(words)
    assert all(known.short(uri) == word for word, uri in words.items())


@pytest.mark.parametrize(
    ("name", "known"),
    [("measurement-type", vocabulary.MEASUREMENT_TYPE), ("sensor-alert-type", vocabulary.SENSOR_ALERT_TYPE)],
)
def test_the_sensor_words_are_those_of_the_standards_context(shared: Path, name: str, known: Vocabulary) -> None:
    folder = shared / "epcis" / "gs1__EPCIS" / "JSON-LD-Context"
    context = json.loads((folder / f"gs1-context-{name}.jsonld").read_text())["@context"]
    assert known.words == frozenset(word for word in context if not word.startswith("@") and word != "gs1")
