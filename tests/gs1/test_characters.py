"""Character sets and escapes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.characters import link_escape, link_unescape, urn_escape, urn_unescape

AI82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


def test_a_urn_escapes_seven_characters_of_the_set_and_no_others() -> None:
    escaped = {character: urn_escape(character) for character in AI82 if urn_escape(character) != character}
    assert escaped == {
        '"': "%22", "%": "%25", "&": "%26", "/": "%2F", "<": "%3C", ">": "%3E", "?": "%3F",
    }  # fmt: skip
    assert urn_escape("#") == "%23"


def test_a_link_escapes_everything_but_the_unreserved_characters() -> None:
    plain = {character for character in AI82 if link_escape(character) == character}
    assert plain == set("-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    assert link_escape("/") == "%2F"
    assert link_escape("!") == "%21"


@given(st.text(AI82 + "#", max_size=40))
def test_escapes_come_back_as_they_were(value: str) -> None:
    assert urn_unescape(urn_escape(value)) == value
    assert link_unescape(link_escape(value)) == value


@pytest.mark.parametrize("text", ['"', "&", "/", "<", ">", "?", "#", "%", "%2", "%G0", "%00", "%80", " ", "é", "%FF"])
def test_a_urn_component_with_a_bare_or_broken_escape_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        urn_unescape("a" + text)


@pytest.mark.parametrize("text", ['"', "<", ">", "?", "#", "/", "%", "%2", "%zz", "%00", "%C3%A9", " ", "^", "`"])
def test_a_link_segment_with_a_forbidden_character_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        link_unescape("a" + text)


def test_escapes_in_small_letters_and_needless_ones_are_read() -> None:
    assert urn_unescape("a%2fb%41") == "a/bA"
    assert link_unescape("a%2fb%41") == "a/bA"
