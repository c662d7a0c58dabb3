"""The pages in a real browser, on a phone's width, by day and by night."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright
from tests.consumer_api.journeys import RECALLED, SAFE, WARM, Shelf, changed

from suyuan.consumer_api.routes import create_router

pytestmark = pytest.mark.browser

TRAY = "/01/09506000134352/21/1001"
SAFE_TRAY = "/01/09506000134352/21/safe"
BROKEN_TRAY = "/01/09506000134352/21/broken"
PATHS = [TRAY, SAFE_TRAY, BROKEN_TRAY, "/01/09506000134352/21/1002", "/recalls/R-2026-0001", "/"]
SWITCHES = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server in a thread of this process, on a port that was free."""
    app = FastAPI()
    safe = changed(SAFE, id=f"https://id.gs1.org{SAFE_TRAY}")
    broken = changed(SAFE, id=f"https://id.gs1.org{BROKEN_TRAY}", broken=[41, 97])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app.include_router(create_router(Shelf(RECALLED, WARM, safe, broken), url))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start within 10 s"
            time.sleep(0.02)
        yield url
        server.should_exit = True
        thread.join(timeout=10)


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


class Visit:
    """A page in a window of its own, with what the console said and which addresses were asked for."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 390, "height": 844}, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(url)

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en-GB", "dark")])
def test_every_page_fits_a_phone_without_a_complaint(
    address: str, browser: Browser, language: str, scheme: str
) -> None:
    for path in PATHS:
        with Visit(browser, address + path, locale=language, color_scheme=scheme) as visit:
            for width in (390, 320, 195):  # 195: a phone at 200 % zoom
                visit.page.set_viewport_size({"width": width, "height": 844})
                assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
            assert visit.page.evaluate("document.documentElement.lang") == language[:2]
            assert visit.complaints == []
            assert all(url.startswith((address, "data:")) for url in visit.requests)


def test_the_recall_is_seen_without_scrolling(address: str, browser: Browser) -> None:
    with Visit(browser, address + TRAY, locale="zh-CN") as visit:
        banner = visit.page.get_by_role("alert").first
        assert banner.is_visible()
        box = banner.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 844
        assert "召回" in banner.inner_text()
    with Visit(browser, address + SAFE_TRAY, locale="zh-CN") as visit:
        assert visit.page.get_by_role("alert").count() == 0


def test_changed_records_are_seen_without_scrolling_by_day_and_by_night(address: str, browser: Browser) -> None:
    for scheme in ("light", "dark"):
        with Visit(browser, address + BROKEN_TRAY, locale="en-GB", color_scheme=scheme) as visit:
            box = visit.page.get_by_role("alert").bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < 844 / 2
            assert "2 records were changed" in visit.page.get_by_role("alert").inner_text()


def test_codes_are_folded_away_until_somebody_asks(address: str, browser: Browser) -> None:
    with Visit(browser, address + SAFE_TRAY, locale="en-GB") as visit:
        code = visit.page.get_by_role("link", name="(01)09506000134369(21)77")
        assert not code.is_visible()
        visit.page.get_by_text("Codes read here (1)").first.click()
        assert code.is_visible()


def test_night_is_dark_and_day_is_light(address: str, browser: Browser) -> None:
    shades = []
    for scheme in ("light", "dark"):
        with Visit(browser, address + SAFE_TRAY, color_scheme=scheme) as visit:
            colour = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
            shades.append(sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")))
    assert shades[0] > 600
    assert shades[1] < 150


def test_the_keyboard_reaches_the_content_first_and_every_target_is_large_enough(
    address: str, browser: Browser
) -> None:
    with Visit(browser, address + TRAY, locale="en-GB") as visit:
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.className") == "skip"
        skip = visit.page.locator(".skip").bounding_box()
        assert skip is not None
        assert skip["x"] >= 0
        visit.page.keyboard.press("Enter")
        assert visit.page.evaluate("document.activeElement.id") == "main"
        # WCAG 2.2, 2.5.8: 24 by 24 pixels, links inside a sentence or a list of text excepted.
        targets = visit.page.locator("header a, summary, button, input:not([type=hidden])")
        boxes = [target.bounding_box() for target in targets.all() if target.get_attribute("class") != "skip"]
        assert boxes
        assert all(box and min(box["width"], box["height"]) >= 24 for box in boxes)


def test_the_language_switch_and_the_proofs_work_without_a_script(address: str, browser: Browser) -> None:
    with Visit(browser, address + SAFE_TRAY, locale="zh-CN", java_script_enabled=False) as visit:
        visit.page.get_by_role("link", name="English").click()
        assert visit.page.get_by_role("heading", level=1).inner_text() == "Chilled pork, 500 g tray"
        proof = visit.page.get_by_role("link", name="Proof 3", exact=True)
        assert not proof.is_visible()
        visit.page.get_by_text("Check it yourself").click()
        assert proof.is_visible()


def test_a_typed_code_leads_to_its_page_and_a_wrong_one_back_to_the_field(address: str, browser: Browser) -> None:
    with Visit(browser, address + "/?lang=en", locale="zh-CN") as visit:
        visit.page.get_by_label("The code on the pack").fill("(01)09506000134352(21)safe")
        visit.page.get_by_role("button").click()
        assert visit.page.url == f"{address}{SAFE_TRAY}?lang=en"
    with Visit(browser, address + "/?lang=en") as visit:
        visit.page.get_by_label("The code on the pack").fill("9506000134351")
        visit.page.get_by_role("button").click()
        assert visit.page.get_by_role("heading", level=1).inner_text() == "This code is not right"
        assert visit.page.get_by_label("The code on the pack").input_value() == "9506000134351"
