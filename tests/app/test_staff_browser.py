"""The producer's pages in a real browser: phone, desktop, 200 %, by night, in both languages, by keyboard alone."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.app.staff_desk import Desk, Firm
from tests.serving import Service

pytestmark = pytest.mark.browser

HOME = "/staff/labels"
SWITCHES = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
#: WCAG 2.2, 2.5.5 (level AAA): a wet finger needs more than the 24 pixels of level AA.
TARGET = 44
_LOTS = itertools.count(1)


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


class Staff(Firm):
    """A firm whose people are logged in: the login has a test of its own."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.desk = Desk(service)
        self.desk.log_in(self.key)
        self.session = self.desk.session

    def batch(self, quantity: str) -> str:
        """The path of a new batch of packs."""
        typed = {"lot": f"B{next(_LOTS)}", "quantity": quantity, "production_date": "2026-11-21", "do": "make"}
        self.desk.get(f"{HOME}/new/{self.pack}")
        return self.desk.send(f"{HOME}/new/{self.pack}", serials="numeric", **typed).headers["location"]


@pytest.fixture(scope="module")
def firm(service: Service) -> Iterator[Staff]:
    """A firm of this module."""
    made = Staff(service)
    yield made
    made.desk.client.close()


class Visit:
    """Somebody at a window of their own, with what the console said and which addresses were asked for."""

    def __init__(self, browser: Browser, service: Service, firm: Staff, **options: Any) -> None:
        settings = {"viewport": {"width": 390, "height": 844}, "locale": "en-GB"} | options
        self.context = browser.new_context(base_url=service.url, **settings)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.context.add_cookies(
            [{"name": "suyuan-staff", "value": firm.session, "url": f"{service.url}/staff", "httpOnly": True}]
        )

    def __enter__(self) -> Page:
        return self.page

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def all_quiet(self, service: Service) -> bool:
        """Whether the browser had nothing to say, and asked nobody but this server."""
        return not self.complaints and all(url.startswith((service.url, "data:")) for url in self.requests)


def make_batch(page: Page, firm: Staff, quantity: str = "12") -> str:
    """A new batch, whose page is open; its path. The way there has a test of its own."""
    page.goto(firm.batch(quantity))
    return page.evaluate("location.pathname")  # type: ignore[no-any-return]


@pytest.mark.parametrize(("language", "scheme"), [("zh-CN", "light"), ("en-GB", "dark")])
def test_every_page_fits_every_screen_without_a_complaint(
    browser: Browser, service: Service, firm: Staff, language: str, scheme: str
) -> None:
    visit = Visit(browser, service, firm, locale=language, color_scheme=scheme)
    with visit as page:
        batch = make_batch(page, firm)
        for path in (HOME, f"{HOME}/new", f"{HOME}/new/{firm.pack}", batch):
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach(element => { element.open = true })")
            for width in (1280, 390, 320, 195):  # 195: a phone at 200 % zoom
                page.set_viewport_size({"width": width, "height": 844})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            assert page.evaluate("document.documentElement.lang") == language[:2]
            assert too_small(page) == [], path
            assert unnamed(page) == [], path
        assert visit.all_quiet(service), visit.complaints


def too_small(page: Page) -> list[str]:
    """Buttons, fields and links that a wet finger would miss; links within a line of text excepted.

    A radio button is as large as its label, which can be tapped as well.
    """
    page.set_viewport_size({"width": 390, "height": 844})
    script = """least => [...document.querySelectorAll(
            "button, a.button, a.tile, nav a, .way a, select, summary, input:not([type=hidden])")]
        .filter(e => { const box = (e.type == "radio" ? e.parentElement : e).getBoundingClientRect();
            return e.checkVisibility() && Math.min(box.width, box.height) < least; })
        .map(e => e.outerHTML)"""
    return page.evaluate(script, TARGET)  # type: ignore[no-any-return]


def unnamed(page: Page) -> list[str]:
    """Fields and pictures that a screen reader could not name."""
    script = """() => [...document.querySelectorAll("input:not([type=hidden]), select, img")]
        .filter(e => e.tagName == "IMG" ? !e.alt : !e.labels.length).map(e => e.outerHTML)"""
    return page.evaluate(script)  # type: ignore[no-any-return]


def test_the_whole_morning_by_keyboard_alone(browser: Browser, service: Service, firm: Staff) -> None:
    visit = Visit(browser, service, firm)
    with visit as page:
        page.context.clear_cookies()
        page.goto("/staff")
        page.keyboard.type(firm.key)  # the field has the focus
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Labels").wait_for()
        tab_to(page, "New labels")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Which product?").wait_for()
        tab_to(page, f"Pork belly <b> {firm.belly}")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Pork belly").wait_for()
        tab_to(page, "How many packs?")
        page.keyboard.type("6")
        tab_to(page, "Look at one first")
        page.keyboard.press("Enter")
        page.get_by_role("img").wait_for()
        assert "Pork belly" in (page.get_by_role("img").get_attribute("alt") or "")
        tab_to(page, "Make the labels")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Print 6 labels").wait_for()
        tab_to(page, "PDF")
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename.endswith("-item-1-6.pdf")
        tab_to(page, "Numbers that are spoiled if any")
        page.keyboard.type("2")
        tab_to(page, "The others came out well")
        page.keyboard.press("Enter")
        page.get_by_role("status").wait_for()
        assert "5 labels are confirmed as printed." in page.get_by_role("status").inner_text()
        tab_to(page, "They are on the food")
        page.keyboard.press("Enter")
        page.get_by_text("5 labels are on the food").wait_for()
        assert visit.all_quiet(service), visit.complaints


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something with this name has the focus, and can be seen to have it."""
    script = """() => {
        const e = document.activeElement, text = e.labels?.[0]?.textContent ?? e.textContent;
        return text.replace(/\\s+/g, " ").trim();
    }"""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(script) == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"no way leads to {name!r}")


def test_what_is_wrong_has_the_focus_and_leads_to_its_field(browser: Browser, service: Service, firm: Staff) -> None:
    with Visit(browser, service, firm) as page:
        page.goto(f"{HOME}/new/{firm.pack}")
        page.locator("#lot").fill("批号")
        page.locator("#quantity").fill("6")
        page.locator("button[value=make]").click()
        page.get_by_role("alert").wait_for()
        assert page.evaluate("document.activeElement.id") == "wrong"
        page.get_by_role("alert").get_by_role("link").click()
        assert page.evaluate("document.activeElement.id") == "lot"
        described = page.locator("#lot").get_attribute("aria-describedby") or ""
        assert "1 to 20 letters" in page.locator(f"#{described.split()[0]}").inner_text()


def test_an_empty_field_is_said_by_the_browser_itself(browser: Browser, service: Service, firm: Staff) -> None:
    with Visit(browser, service, firm) as page:
        page.goto(f"{HOME}/new/{firm.pack}")
        page.locator("button[value=make]").click()
        assert page.evaluate("document.activeElement.id") == "quantity"
        assert page.evaluate("location.pathname") == f"{HOME}/new/{firm.pack}"


def test_products_are_filtered_while_a_name_is_typed(browser: Browser, service: Service, firm: Staff) -> None:
    with Visit(browser, service, firm) as page:
        page.goto(f"{HOME}/new")
        page.get_by_label("Name or GTIN").fill("belly")
        assert page.locator(".tile:visible").count() == 1
        page.get_by_label("Name or GTIN").fill("")
        assert page.locator(".tile:visible").count() == 3


def test_another_design_shows_at_once_and_is_the_one_that_is_printed(
    browser: Browser, service: Service, firm: Staff
) -> None:
    with Visit(browser, service, firm) as page:
        make_batch(page, firm)
        with page.expect_response(lambda answer: "preview.png" in answer.url and "design=scale" in answer.url) as shown:
            page.get_by_label("Design").select_option("scale")
        assert shown.value.status == 200
        assert page.locator("input[name=design][type=hidden]").input_value() == "scale"


def test_a_label_that_a_design_cannot_show_is_said_where_its_picture_would_be(
    browser: Browser, service: Service, firm: Staff
) -> None:
    with Visit(browser, service, firm) as page:
        page.route("**/preview.png?*design=item&*", lambda route: route.fulfill(status=400, body="no room"))
        make_batch(page, firm)
        page.get_by_text("This design can't show the label.").wait_for()
        assert page.locator("#picture").is_hidden()
        page.get_by_label("Design").select_option("scale")
        page.locator("#picture").wait_for()
        assert page.locator("#undrawn").is_hidden()


def test_a_second_tap_sends_nothing(browser: Browser, service: Service, firm: Staff) -> None:
    visit = Visit(browser, service, firm)
    with visit as page:
        page.goto(f"{HOME}/new/{firm.pack}")
        page.locator("#lot").fill(f"B{next(_LOTS)}")
        page.locator("#quantity").fill("3")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        page.locator("button[value=make]").dblclick()
        page.get_by_role("heading", name="Print 3 labels").wait_for()
        assert len(sent) == 1


@pytest.mark.slow
def test_the_pages_work_without_a_script(browser: Browser, service: Service, firm: Staff) -> None:
    with Visit(browser, service, firm, java_script_enabled=False) as page:
        page.goto(HOME)
        page.get_by_role("link", name="New labels").click()
        page.get_by_label("Name or GTIN").fill("belly")
        page.get_by_role("button", name="Search").click()
        page.locator(".tile").click()
        page.get_by_label("Lot").fill(f"B{next(_LOTS)}")
        page.get_by_label("How many packs?").fill("4")
        page.get_by_role("button", name="Make the labels").click()
        page.get_by_label("Design").select_option("item-wet")
        page.get_by_role("button", name="Show").click()
        assert "design=item-wet" in (page.locator("#picture").get_attribute("src") or "")
        page.get_by_role("button", name="The others came out well").click()
        page.get_by_role("button", name="They are on the food").click()
        assert "4 labels are on the food" in page.get_by_role("status").inner_text()


@pytest.mark.slow
def test_two_operators_at_once_see_each_others_work(browser: Browser, service: Service, firm: Staff) -> None:
    with Visit(browser, service, firm) as first, Visit(browser, service, firm, locale="zh-CN") as second:
        batch = make_batch(first, firm, "10")
        second.goto(batch)
        for page, ends in ((first, ("1", "6")), (second, ("5", "10"))):  # both took numbers 5 and 6
            page.locator("#print-first").fill(ends[0])
            page.locator("#print-last").fill(ends[1])
            page.locator("form[action$=printed] button.main:not([name])").click()
            page.get_by_role("status").wait_for()
        assert "6 labels are confirmed" in first.get_by_role("status").inner_text()
        assert "已确认打印好 4 张标签" in second.get_by_role("status").inner_text()
        assert second.locator(".counts dd").all_inner_texts() == ["0", "10", "0", "0"]


def test_night_is_dark_and_day_is_light(browser: Browser, service: Service, firm: Staff) -> None:
    shades = []
    with Visit(browser, service, firm) as page:
        page.goto(HOME)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
            shades.append(sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")))
    assert shades[0] > 600
    assert shades[1] < 150
