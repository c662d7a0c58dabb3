"""What a refusal says on a page: a sentence in the page's language first, then the service's own words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.app.staff_desk import Desk, Firm
from tests.serving import Service

from suyuan.app.staff import frame
from suyuan.app.staff.refusals import _RULES, own_words, words_of
from suyuan.base.errors import (
    Conflict,
    Forbidden,
    IntegrityBroken,
    InvalidIdentifier,
    InvalidInput,
    NotFound,
    SuyuanError,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from suyuan.consumer_api.words import load_translations

HOME = "/staff/labels"


CASES: list[tuple[SuyuanError, str]] = [
    (Unavailable(), "Nothing was changed"),
    (Unauthenticated(), "Enter the whole key"),
    (Forbidden(place="form_token"), "Open the page again"),
    (Forbidden(), "This key may not"),
    (TooLarge(), "That is too much"),
    (Conflict(place="jobs"), "Before others are printed"),
    (Conflict(place="/contents"), "Write the numbers of what is inside"),
    (InvalidInput(place="contents"), "Write the numbers of what is inside"),
    (Conflict(place="/parent"), "What this was made of"),
    (NotFound(place="first"), "None of these labels"),
    (Conflict(place="/numbers"), "Not all of these labels"),
    (InvalidInput(place="last"), "Write the first and the last"),
    (InvalidInput(place="spoiled"), "Write numbers that are among"),
    (InvalidInput(place="address"), "The address of this page"),
    (InvalidInput(place="/count"), "Write how many labels"),
    (InvalidInput(place="/reason"), "Write in up to 200"),
    (InvalidInput(place="text[3]"), "The label has no room"),
    (InvalidInput(place="symbol[0]"), "The label has no room"),
    (Conflict(), "Something is different"),
    (NotFound(), "This is not here"),
]


@pytest.mark.parametrize(("error", "begins"), CASES)
def test_each_kind_and_place_has_its_sentence_in_chinese_too(error: SuyuanError, begins: str) -> None:
    assert words_of(error).startswith(begins)
    shown = load_translations("zh", frame._FOLDER / "locale").gettext(words_of(error))
    assert re.search("[\u4e00-\u9fff]", shown)


@pytest.mark.parametrize("error", [InvalidInput(), InvalidIdentifier(place="/elsewhere"), IntegrityBroken()])
def test_what_no_sentence_fits_is_left_to_the_services_own_words(error: SuyuanError) -> None:
    assert words_of(error) == ""


def test_no_sentence_is_without_a_case() -> None:
    assert {words_of(error) for error, _ in CASES} == {rule.words for rule in _RULES}


@pytest.mark.parametrize("typed", ["五花肉", "a\\u4e00", "é", "😀", 'it\'s "so"', "𠮷"])
def test_a_name_is_shown_as_it_was_typed_and_not_as_code_points(typed: str) -> None:
    shown = own_words(InvalidInput(f"{typed!a} does not fit", remedy="shorten it"))
    assert shown.endswith(" does not fit (shorten it)")
    assert typed.replace("\\", "").replace("é", "\\xe9") in shown.replace("\\\\", "").replace("\\'", "'")


def test_what_would_turn_the_text_around_stays_a_code_point() -> None:
    for sign in ("\u202e", "\u2066", "\u200b", "\ud800", "\ufeff"):
        assert own_words(InvalidInput(f"{sign!a} is no lot")) == f"{sign!a} is no lot"


@given(st.text(max_size=40))
def test_any_text_of_the_service_can_be_shown(text: str) -> None:
    assert own_words(InvalidInput(f"{text!a}")).encode()
    assert own_words(InvalidInput(text or "?")) is not None


def test_a_refusal_on_a_chinese_page_begins_in_chinese(service: Service) -> None:
    firm, desk = Firm(service), Desk(service, "zh")
    desk.log_in("sy_none")
    assert "请重新输入完整的密钥" in desk.text
    desk.log_in(firm.key)
    desk.get(f"{HOME}/Bnone")
    assert "这里没有这个" in desk.text
    desk.get(f"{HOME}/new/{firm.pack}")
    typed = {"lot": "ZH", "quantity": "3", "production_date": "2026-11-21", "serials": "numeric", "do": "make"}
    page = desk.send(f"{HOME}/new/{firm.pack}", **typed).headers["location"]
    desk.get(page)
    for fields, words in (
        ({"first": "3", "last": "1"}, "小的在前"),
        ({"first": "1", "last": "3", "spoiled": "9"}, "请写这些标签当中的号"),
        ({"first": "7", "last": "9"}, "没有一张在等这一步"),
    ):
        desk.send(f"{page}/printed", level="item", **fields)
        assert words in desk.text
    assert '<small lang="en">none of the labels 7 to 9 is allocated (choose other numbers)</small>' in desk.page
    desk.client.close()


def test_a_name_that_no_label_has_room_for_is_said_in_chinese(service: Service) -> None:
    firm, desk = Firm(service), Desk(service, "zh")
    name = "云南高原生态农业合作社有机认证冷鲜黑猪五花肉切片家庭装五百克带皮低温锁鲜包装（零至四摄氏度）"
    products = {"products": [{**firm._product(firm.pack, name, name, 7)}]}
    assert service.call("PUT", "/api/v1/masterdata", "administrator", json=products).status_code == 200
    desk.log_in(firm.key)
    desk.get(f"{HOME}/new/{firm.pack}")
    typed = {"lot": "LONG", "quantity": "3", "production_date": "2026-11-21", "serials": "numeric", "do": "preview"}
    assert desk.send(f"{HOME}/new/{firm.pack}", **typed).status_code == 400
    assert "请选大一点的版式" in desk.text
    assert name in desk.text.partition("请选大一点的版式")[2]
    desk.client.close()
