"""Logging in to the staff pages: who gets in, for how long, and what no other site can do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.app.staff_desk import Desk, Firm
from tests.serving import Service

HOME = "/staff/labels"


@pytest.fixture(scope="module")
def firm(service: Service) -> Firm:
    """A firm of this module."""
    return Firm(service)


@pytest.fixture
def desk(service: Service) -> Iterator[Desk]:
    """A fresh browser."""
    made = Desk(service)
    yield made
    made.client.close()


def test_whoever_is_not_logged_in_is_led_to_the_login_and_back(desk: Desk, firm: Firm) -> None:
    answer = desk.get(f"{HOME}/new?q=pork")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/staff/login?next=%2Fstaff%2Flabels%2Fnew%3Fq%3Dpork"
    desk.follow(answer)
    assert 'name="next" value="/staff/labels/new?q=pork"' in desk.page
    back = desk.client.post("/staff/login", data={"key": firm.key, "next": "/staff/labels/new?q=pork"})
    assert back.headers["location"] == "/staff/labels/new?q=pork"
    assert desk.client.get("/staff").headers["location"] == HOME


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example/",
        "//evil.example",
        "/staff//evil.example",
        "/staff/\\evil.example",
        "/docs",
        "",
        "/staff/../docs",
        "/staff/%2e%2e/docs",
        "/staff/%2f%2fevil.example",
        "/staff/labels?x=1\r\nSet-Cookie: a=b",
    ],
)
def test_a_login_leads_to_no_other_place_than_a_staff_page(desk: Desk, firm: Firm, onward: str) -> None:
    answer = desk.client.post("/staff/login", data={"key": firm.key, "next": onward})
    assert answer.headers["location"] == HOME
    desk.get("/staff/login", params={"next": onward})
    assert 'name="next" value="/staff/labels"' in desk.page


def test_the_cookie_is_for_these_pages_only_and_no_script_reads_it(desk: Desk, firm: Firm) -> None:
    cookie = desk.log_in(firm.key).headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "path=/staff", "max-age="):
        assert part in cookie
    assert firm.key.lower() not in cookie
    assert "secure" not in cookie  # this service has no HTTPS address


@pytest.mark.parametrize(
    ("key", "status", "words"),
    [
        ("", 401, "this is not an API key"),
        ("sy_abc", 401, "this is not an API key"),
        (f"sy_{'0' * 12}_{'A' * 43}", 401, "this API key is unknown"),
    ],
)
def test_a_wrong_key_says_so(desk: Desk, key: str, status: int, words: str) -> None:
    answer = desk.log_in(key)
    assert answer.status_code == status
    assert words in desk.text
    assert "set-cookie" not in answer.headers
    assert desk.get(HOME).status_code == 303


@pytest.mark.parametrize("role", ["regulator", "administrator", "device", "witness"])
def test_a_key_that_may_not_make_labels_is_told_who_may(desk: Desk, service: Service, role: str) -> None:
    assert desk.log_in(service.keys[role]).status_code == 403
    assert "producer" in desk.text


def test_a_revoked_key_throws_its_people_out(desk: Desk, service: Service, firm: Firm) -> None:
    made = service.new_key("producer", firm.party)
    desk.log_in(made["key"])
    assert desk.get(HOME).status_code == 200
    assert service.call("DELETE", f"/api/v1/keys/{made['id']}", "administrator").status_code == 204
    answer = desk.get(HOME)
    assert answer.status_code == 401
    assert "was revoked" in desk.text
    assert 'suyuan-staff=""' in answer.headers["set-cookie"]
    assert desk.get(HOME).status_code == 303


def test_logging_out_ends_the_session_wherever_its_cookie_was_copied_to(
    desk: Desk, service: Service, firm: Firm
) -> None:
    desk.log_in(firm.key)
    copied = {"Cookie": f"suyuan-staff={desk.client.cookies['suyuan-staff']}"}
    answer = desk.send("/staff/logout")
    assert answer.headers["location"] == "/staff/login"
    thief = Desk(service)
    assert thief.get(HOME, headers=copied).status_code == 401
    assert "You are logged out" in thief.page
    thief.client.close()


def test_a_second_login_ends_the_first(desk: Desk, service: Service, firm: Firm) -> None:
    desk.log_in(firm.key)
    first = {"Cookie": f"suyuan-staff={desk.client.cookies['suyuan-staff']}"}
    desk.log_in(firm.key)
    assert desk.get(HOME).status_code == 200
    other = Desk(service)
    assert other.get(HOME, headers=first).status_code == 401
    other.client.close()


def test_a_form_of_another_site_is_refused(desk: Desk, firm: Firm) -> None:
    for path in ("/staff/login", "/staff/logout"):
        answer = desk.client.post(path, data={"key": firm.key}, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    desk.log_in(firm.key)
    desk.get(f"{HOME}/new/{firm.pack}")
    fields = {"lot": "EVIL", "quantity": "1", "production_date": "2026-11-21", "do": "make"}
    assert desk.client.post(f"{HOME}/new/{firm.pack}", data=fields).status_code == 403
    assert desk.client.post(f"{HOME}/new/{firm.pack}", data={**fields, "form_token": "0" * 64}).status_code == 403
    desk.get(HOME)
    assert "EVIL" not in desk.page


def test_a_form_comes_through_a_proxy_that_calls_this_server_by_another_name(
    desk: Desk, service: Service, firm: Firm
) -> None:
    for names in (
        {"Origin": service.url, "Host": "backend"},
        {"Origin": "https://hall.example", "Host": "hall.example"},
    ):
        answer = desk.client.post("/staff/login", data={"key": firm.key}, headers=names)
        assert answer.status_code == 303


@pytest.mark.parametrize("origin", ["null", "", "http://[", "https://hall.example.evil.example"])
def test_an_origin_that_is_not_ours_is_refused_however_it_is_written(desk: Desk, firm: Firm, origin: str) -> None:
    names = {"Origin": origin, "Host": "hall.example"}
    assert desk.client.post("/staff/login", data={"key": firm.key}, headers=names).status_code == 403


def test_what_is_no_form_is_refused(desk: Desk, firm: Firm) -> None:
    assert desk.client.post("/staff/login", json={"key": firm.key}).status_code == 400
    media = {"Content-Type": "application/x-www-form-urlencoded"}
    assert desk.client.post("/staff/login", content=b"key=%ff", headers=media).status_code == 400
    assert desk.client.post("/staff/login", content=b"a=1&" * 101, headers=media).status_code == 400
    assert desk.client.post("/staff/login", content=b"a" * 70_000, headers=media).status_code == 413


def test_every_page_forbids_foreign_scripts_frames_and_copies(desk: Desk, firm: Firm) -> None:
    desk.log_in(firm.key)
    for path in ("/staff/login", HOME, f"{HOME}/new", f"{HOME}/new/{firm.pack}", f"{HOME}/none"):
        headers = desk.get(path).headers
        assert "content-security-policy" in headers, path
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
        assert "<script>" not in desk.page
        assert " onclick" not in desk.page
        assert " style=" not in desk.page


def test_an_address_that_is_no_page_of_ours_is_refused_as_a_page(desk: Desk, firm: Firm) -> None:
    desk.log_in(firm.key)
    for path in (f"{HOME}?before=x", f"{HOME}/new?q={'x' * 101}", f"{HOME}/Bnone?labels=many"):
        answer = desk.get(path)
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["cache-control"] == "no-store"
        assert "The address of this page is not right" in desk.text


def test_style_sheet_and_script_are_named_by_their_content(desk: Desk) -> None:
    desk.get("/staff/login")
    for name, media in (("staff.css", "text/css"), ("staff.js", "text/javascript")):
        start = desk.page.index(f"/staff/static/{name}?v=")
        answer = desk.client.get(desk.page[start : desk.page.index('"', start)])
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media)
        assert "max-age=31536000" in answer.headers["cache-control"]


def test_the_language_is_the_browsers_until_somebody_chooses(desk: Desk, firm: Firm) -> None:
    desk.get("/staff/login", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert '<html lang="zh">' in desk.page
    desk.get("/staff/login?next=/staff/labels/new&lang=zh")
    assert 'href="?next=%2Fstaff%2Flabels%2Fnew&amp;lang=en"' in desk.page
    desk.log_in(firm.key)
    desk.get(HOME)
    assert '<html lang="zh">' in desk.page
    desk.get(f"{HOME}?lang=nonsense")
    assert '<html lang="zh">' in desk.page
    desk.get(f"{HOME}?lang=en")
    desk.get(HOME)
    assert '<html lang="en">' in desk.page


def test_no_key_and_no_token_stands_in_the_servers_log(desk: Desk, service: Service, firm: Firm) -> None:
    desk.log_in(firm.key)
    desk.get(HOME)
    token = desk.session
    desk.send("/staff/logout")
    log = service.log.read_text()
    assert "staff.login" in log
    assert firm.key_id in log
    assert firm.key.rpartition("_")[2] not in log
    assert token not in log
