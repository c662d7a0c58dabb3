"""Negotiation by the examples of the RFCs, by the defects of a peer, and by noise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.base.accept import acceptable_media, choose_language, choose_media, preferences

OFFERS = ("text/html", "application/json", "application/ld+json")
LANGUAGES = ("zh", "en")


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, "text/html"),
        ("", "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("APPLICATION/JSON ; charset=utf-8", "application/json"),
        ("application/json;q=0.5, text/html;q=0.4", "application/json"),
        ("application/*", "application/json"),
        ("application/*;q=0.2, application/ld+json;q=0.9, */*;q=0.1", "application/ld+json"),
        ("text/html;q=0, */*;q=0.5", "application/json"),
        ("image/png", "text/html"),
        ("text/html;level=1;q=0.1, application/json;q=0.2", "application/json"),
        ("text/html;q=2, application/json;q=0.1", "application/json"),
        (",;,=;q=x", "text/html"),
    ],
)
def test_the_best_media_type_is_chosen_by_quality_and_specificity(header: str | None, chosen: str) -> None:
    assert choose_media(header, OFFERS) == chosen


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("en-GB", "en"),
        ("zh-Hant-TW", "zh"),
        ("fr;q=0.9, en;q=0.8", "en"),
        ("en;q=0.2,zh;q=0.9", "zh"),
        ("zh;q=0.2,en;q=0.9", "en"),
        ("es-MX, fr", "zh"),
        ("*", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=0, *;q=0.5", "en"),
        ("zh;q=0, en;q=0", "zh"),
        ("EN-us", "en"),
        ("en;q=abc", "zh"),
    ],
)
def test_the_language_is_looked_up_by_quality_and_shortened_ranges(header: str | None, chosen: str) -> None:
    assert choose_language(header, LANGUAGES) == chosen


@given(st.text(max_size=200))
@settings(max_examples=150)
def test_any_header_gives_an_offer(header: str) -> None:
    assert choose_media(header, OFFERS) in OFFERS
    assert choose_language(header, LANGUAGES) in LANGUAGES


def test_a_header_of_a_megabyte_costs_no_more_than_its_first_members() -> None:
    assert len(preferences("en," * 300_000)) == 40


@pytest.mark.parametrize(
    ("header", "media"),
    [
        (None, "text/html"), ("", "text/html"), ("image/png, */*;q=0.1", "text/html"), ("image/png", None),
        ("application/json;q=0, text/*;q=0", None), ("APPLICATION/JSON", "application/json"),
        ("application/*;q=0.5, application/json;q=0", "application/ld+json"),
    ],
)  # fmt: skip
def test_a_machine_is_told_when_it_would_take_nothing(header: str | None, media: str | None) -> None:
    assert acceptable_media(header, OFFERS) == media
