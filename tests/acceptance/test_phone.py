"""The demonstration's pages in a real browser, on a phone's width."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.acceptance.conftest import SEED, Server, Told

from suyuan.app.demo.scenario import build

pytestmark = pytest.mark.browser

SWITCHES = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
WIDTH, HEIGHT = 390, 844


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("Chromium is not here: install the package chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield found
        found.close()


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_every_page_of_the_tour_fits_a_phone_and_the_console_is_silent(
    browser: Browser, told: Told, server: Server, language: str
) -> None:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale=language)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    for path in (urlsplit(address).path for address in told.summary["pages"]):
        if path == "/log/checkpoint":
            continue  # plain text: it has no icon to offer, and Chromium complains that there is none
        page.goto(server.url + path)
        if path != "/docs":
            assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH, path
            assert page.get_by_role("heading", level=1).first.is_visible()
    context.close()
    assert complaints == []


def test_only_affected_trays_alarm_and_they_do_it_without_scrolling(browser: Browser, server: Server) -> None:
    pages = build(SEED).pages
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN")
    page = context.new_page()
    for link in pages.affected:
        page.goto(server.url + urlsplit(link).path)
        box = page.get_by_role("alert").first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < HEIGHT, link
    for link in pages.safe:
        page.goto(server.url + urlsplit(link).path)
        assert page.get_by_role("alert").count() == 0, link
    context.close()
