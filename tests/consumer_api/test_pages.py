"""The HTML: sound, safe with hostile data, light, and readable by everyone."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.consumer_api.journeys import (
    CARCASS,
    CLONE,
    FARM,
    HOSTILE,
    NOTICE,
    PALLET,
    PLANT,
    RECALL,
    RECALLED,
    SAFE,
    SHOP,
    SOLD_TWICE,
    STOPS,
    WARM,
    changed,
    stop,
)

from suyuan.base.errors import IntegrityBroken, InvalidIdentifier, NotFound, SuyuanError, TooLarge, Unavailable
from suyuan.consumer_api.pages import Address, Pages
from suyuan.consumer_api.story import MOST_VISITS
from suyuan.consumer_api.words import STEPS
from suyuan.trace.journey import Journey
from suyuan.trace.journey import Warning as Caution
from suyuan.trace.master_data import Party, Product, Site

PAGES = Pages()
HERE = Address("/01/09506000134352/21/1001")
#: HTML elements that have no end tag.
VOID = {"meta", "link", "input", "br", "path"}


class Outline(HTMLParser):
    """Reads a page strictly: every tag closed in order; collects tags, ids and text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)

    def values(self, attribute: str) -> list[str]:
        return [value for _, found in self.tags if (value := found.get(attribute)) is not None]


def thing(journey: Journey, language: str = "en") -> Outline:
    """The page about a thing, read."""
    return Outline(PAGES.thing(journey, language, HERE))


def every_page(language: str) -> list[bytes]:
    """One of each kind."""
    errors = [InvalidIdentifier(), NotFound(), TooLarge(), Unavailable(), IntegrityBroken()]
    journeys = [SAFE, RECALLED, WARM, changed(stops=[], producer=None, here=None, state="unknown")]
    return [
        *(PAGES.thing(journey, language, HERE) for journey in journeys),
        PAGES.notice(NOTICE, language, HERE),
        PAGES.notice(msgspec.structs.replace(NOTICE, state="closed", products=[], lots=[]), language, HERE),
        PAGES.start(language, HERE),
        *(PAGES.problem(error, "x", language, HERE) for error in errors),
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_has_one_heading_landmarks_a_skip_link_and_the_switch(language: str) -> None:
    for page in every_page(language):
        outline = Outline(page)
        assert [outline.count(tag) for tag in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
        assert ("html", {"lang": language}) in outline.tags
        assert ("a", {"class": "skip", "href": "#main"}) in outline.tags
        assert {"中文", "English"} <= set(re.findall(r"\w+", outline.text))
        ids = outline.values("id")
        assert len(ids) == len(set(ids))
        assert set(outline.values("aria-labelledby")) <= set(ids)
        assert set(outline.values("for")) <= set(ids)
        assert {link[1:] for link in outline.values("href") if link.startswith("#")} <= set(ids)
        assert not {"style", "onclick"} & {name for _, found in outline.tags for name in found}


def test_headings_go_down_one_level_at_a_time() -> None:
    for page in every_page("en"):
        levels = [int(tag[1]) for tag, _ in Outline(page).tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_recall_is_the_first_thing_on_the_page_and_says_what_to_do() -> None:
    page = PAGES.thing(RECALLED, "en", HERE).decode()
    main = page[page.index("<main") :]
    assert main.index('role="alert"') < main.index("<h1>")
    assert main.index("This product is recalled") < main.index("This code may have been copied")
    for text in ("Do not eat", "Take it back", 'href="tel:12315"', RECALL.reason, 'href="/recalls/R-2026-0001"'):
        assert text in main
    assert main.count("Do not eat") == 1
    assert "<title>Warning: This product is recalled" in page
    assert 'role="alert"' not in PAGES.thing(SAFE, "en", HERE).decode()


def test_a_page_tells_in_the_order_that_a_shopper_asks() -> None:
    text = thing(WARM).text
    order = ["Chilled pork", "Harbour Meat Co.", "It comes from", "public log", "Its journey", "too warm"]
    order += ["Temperature along the way", "warmer than it should be", "L20261012", "https://id.gs1.org/01/"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("in place", "is now at Sea Breeze Supermarket."),
        ("in transit", "is on its way."),
        ("with the consumer", "has been sold."),
        ("destroyed", "has been destroyed."),
        ("encoded", "nobody has recorded that it was put on food."),
        ("voided", "thrown away before it was put on food."),
        ("unknown", "It comes from Green Hill Farm (12 Hetoudian Town, Laixi, Shandong)."),
    ],
)
def test_one_sentence_tells_where_it_comes_from_and_where_it_is(state: str, words: str) -> None:
    assert words in " ".join(thing(changed(state=state)).text.split())


def test_relations_are_told_in_words() -> None:
    text = thing(SAFE).text
    assert "What it was made from" in text
    assert "Seen with the box or pallet that it is in" not in text
    assert "Seen with the box or pallet that it is in" in thing(changed(stops=[STOPS[2]])).text
    made = stop("2026-10-13T08:00:00+08:00", "receiving", PLANT, 4, subject=CARCASS, relation="ancestor")
    assert "Made into this product here" in thing(changed(stops=[made, *STOPS])).text


def test_a_carrier_and_a_kind_of_warning_from_later_are_shown() -> None:
    carrier = Caution("carrier", "R-1", "", RECALL.since)
    text = thing(changed(id=PALLET, product=None, producer=None, warnings=[carrier])).text
    assert "Something inside this is recalled" in text
    assert "A pallet or shipping box" in text
    assert "Warning" in thing(changed(warnings=[Caution("later", None, "x", 0)])).text


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [(0, None, "Should be kept above"), (None, 25, "Should be kept below"), (None, None, "3 measurements.")],
)
def test_open_storage_ranges_are_told(least: float | None, most: float | None, words: str) -> None:
    assert SAFE.product is not None
    product = msgspec.structs.replace(SAFE.product, storage_min_celsius=least, storage_max_celsius=most)
    assert words in thing(changed(product=product)).text


@pytest.mark.parametrize(("values", "words"), [((-5.0,), "colder than"), ((-5.0, 20.0), "both warmer and colder")])
def test_breaches_are_told_in_words(values: tuple[float, ...], words: str) -> None:
    stops = [stop(f"2026-10-13T0{n}:30:00+08:00", "storing", PLANT, n, celsius=value) for n, value in enumerate(values)]
    assert words in thing(changed(stops=stops)).text


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("impossible speed", "in places that one pack cannot reach in that time"),
        ("seen after sale", "seen again elsewhere after the pack had been sold"),
        ("another reason", "another reason"),
    ],
)
def test_a_copied_code_is_explained(reason: str, words: str) -> None:
    text = thing(changed(warnings=[Caution("clone", None, reason, RECALL.since, [SHOP.id])])).text
    assert words in text
    assert "Seen at: Sea Breeze Supermarket" in text


def test_records_that_wait_for_the_log_are_not_called_verified() -> None:
    assert "3 newer records join the log" in thing(changed(as_of=58)).text
    waiting = PAGES.thing(changed(as_of=0), "en", HERE).decode()
    assert "Not in the public log yet" in waiting
    assert 'class="verified"' not in waiting
    assert "Position 41 of" in thing(changed(stops=STOPS[1:2])).text


def test_an_empty_journey_says_what_to_do_next() -> None:
    outline = thing(changed(stops=[], producer=None, here=None, state="unknown"))
    assert "Ask the shop or the maker" in outline.text
    assert "Nobody has recorded yet where it comes from." in outline.text
    assert outline.count("form") == 1


def test_a_text_in_another_language_is_marked_as_such() -> None:
    assert SAFE.product is not None
    product = msgspec.structs.replace(SAFE.product, name={"zh": "猪肉"})
    assert '<h1><span lang="zh">猪肉</span></h1>' in PAGES.thing(changed(product=product), "en", HERE).decode()


def hostile(text: str) -> Journey:
    """A journey with the text wherever somebody else writes text."""
    words = {"en": text, "zh": text}
    site = Site(id=f"urn:x:{text}", name=words, address=words)
    return Journey(
        id=f"urn:x:{text}",
        kind="instance",
        known=True,
        product=Product(id="urn:x:p", name=words, brand=words),
        lot=f"urn:x:{text}",
        producer=Party(id="urn:x:f", name=words, address=words),
        stops=[
            msgspec.structs.replace(found, site=site, subject=f"urn:x:{text}", event_id=f"urn:x:{text}", step=text)
            for found in STOPS
        ],
        warnings=[Caution(text, text, text, 0, [text]), Caution("clone", text, text, 0, [text])],
        state="in place",
        here=site,
        as_of=640,
    )


def test_hostile_names_stay_text() -> None:
    plain, attacked = thing(hostile("x")), thing(hostile(HOSTILE))
    assert [tag for tag, _ in attacked.tags] == [tag for tag, _ in plain.tags]
    assert HOSTILE in attacked.text
    notice = msgspec.structs.replace(NOTICE, id=HOSTILE, reason=HOSTILE, seed=HOSTILE, lots=[HOSTILE], state=HOSTILE)
    assert Outline(PAGES.notice(notice, "en", HERE)).count("script") == 0
    error = SuyuanError(HOSTILE, place=HOSTILE, remedy=HOSTILE)
    assert Outline(PAGES.problem(error, HOSTILE, "en", HERE)).count("script") == 0


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_any_text_keeps_the_shape_of_the_page(text: str) -> None:
    outline = Outline(PAGES.thing(hostile("a" + text), "zh", HERE))
    assert outline.count("h1") == 1
    assert outline.count("script") == 0


def test_the_heaviest_page_with_its_style_stays_under_60_kilobytes() -> None:
    long = dict.fromkeys(("zh", "en"), "港" * 60)
    sites = [msgspec.structs.replace(site, name=long, address=long) for site in (FARM, PLANT, SHOP)]
    stops = [
        stop(
            f"2026-10-{1 + n // 60:02d}T06:{n % 60:02d}:00+08:00",
            list(STEPS)[n % 20],
            sites[n // 20 % 3],
            n,
            subject=f"{CARCASS}{n}",
            relation="container",
            celsius=n % 9,
        )
        for n in range(1500)
    ]
    lots = [f"https://id.gs1.org/01/09506000134352/10/LOT{n}" for n in range(5000)]
    heavy = [
        PAGES.thing(changed(RECALLED, stops=stops, as_of=9999), "zh", HERE),
        PAGES.notice(msgspec.structs.replace(NOTICE, lots=lots), "zh", HERE),
    ]
    assert heavy[0].count(b"<h3>") == MOST_VISITS
    for page in heavy:
        assert len(page) + len(PAGES.stylesheet) <= 60_000, len(page)


def test_a_closed_recall_stays_readable_but_no_longer_alarms() -> None:
    page = PAGES.notice(msgspec.structs.replace(NOTICE, state="closed"), "en", HERE).decode()
    assert "This recall is closed" in page
    assert 'role="alert"' not in page
    assert 'role="alert"' in PAGES.notice(NOTICE, "en", HERE).decode()


def test_no_consignee_is_on_a_notice() -> None:
    assert not {"consignees", "holders"} & set(type(NOTICE).__struct_fields__)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1])
def test_every_text_has_a_contrast_of_at_least_four_and_a_half(theme: int) -> None:
    css = PAGES.stylesheet.decode()
    blocks = [dict(re.findall(r"--(\w+):(#[0-9a-f]+)", block)) for block in re.findall(r":root\{([^}]*)\}", css)]
    colours = blocks[theme]
    pairs = [(ink, paper) for ink in ("ink", "soft", "leaf", "breach") for paper in ("paper", "card")]
    pairs += [("ink", "leafpaper"), ("leaf", "leafpaper"), ("soft", "leafpaper"), ("ink", "caution")]
    pairs += [("alarmink", "alarm"), ("paper", "leaf"), ("breach", "caution"), ("soft", "caution")]
    for ink, paper in pairs:
        lighter, darker = sorted((luminance(colours[ink]), luminance(colours[paper])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (ink, paper)


def test_a_record_that_was_changed_behind_the_log_is_said_first_and_not_called_verified() -> None:
    page = PAGES.thing(changed(broken=[changed().stops[0].index]), "en", HERE).decode()
    outline = Outline(page.encode())
    main = page[page.index("<main") :]
    assert main.index('class="alarm broken" role="alert"') < main.index("<h1>") < main.index("Its journey")
    assert "1 record was changed after it was logged" in outline.text
    assert "1 record from here was changed after it was logged" in outline.text
    assert "4 other records are as they were logged" in outline.text
    assert "Position in the log: 3" in outline.text
    assert "<title>Warning: Records were changed" in page
    assert "Nobody can change" not in outline.text
    assert "within the range" not in outline.text
    assert 'class="verified"' not in page


def test_where_every_record_was_changed_nothing_is_offered_as_proof() -> None:
    outline = thing(changed(broken=[found.index for found in STOPS]))
    assert "5 records were changed" in outline.text
    assert "Check it yourself" not in outline.text
    many = [stop("2026-10-12T06:00:00+08:00", "storing", PLANT, n) for n in range(100)]
    assert "…" in thing(changed(stops=many, broken=list(range(100)))).text


def test_a_pallet_is_not_said_to_be_made_by_who_packed_it() -> None:
    pallet = changed(id=PALLET, product=None, lot=None)
    assert "Made by" in thing(SAFE).text
    assert "Made by" not in thing(pallet).text
    assert "The maker is not recorded" not in thing(pallet).text


def test_a_journey_is_told_by_place_and_its_codes_are_folded_away() -> None:
    outline = thing(SAFE)
    assert outline.count("h3") == 3
    assert outline.text.count(str(SHOP.address["en"])) == 1
    assert "Codes read here (1)" in outline.text
    assert all("open" not in found for tag, found in outline.tags if tag == "details")
    text = " ".join(outline.text.split())
    assert "Packed · Stored" in text
    assert "13 Oct 09:30–15:00 UTC+08:00 Processing plant · 8 Binhai Avenue, Jiaozhou, Shandong" in text


def test_both_reasons_of_a_copied_code_stand_in_one_alarm() -> None:
    page = PAGES.thing(changed(warnings=[CLONE, SOLD_TWICE]), "en", HERE).decode()
    assert page.count('role="alert"') == 1
    assert "in places that one pack cannot reach" in page
    assert "seen again elsewhere after" in page
    assert page.count("One of the packs may be a fake.") == 1
    recalls = [msgspec.structs.replace(RECALL, recall=f"R-{n}") for n in range(9)]
    assert "and 4 more" in thing(changed(warnings=recalls)).text


def test_an_ordinary_journey_of_many_stops_is_short() -> None:
    crowd = [
        stop(f"2026-10-12T06:{n:02d}:00+08:00", "receiving", FARM, n, subject=f"{CARCASS}{n}", relation="ancestor")
        for n in range(40)
    ]
    outline = thing(changed(stops=[*crowd, *STOPS[1:]]))
    assert outline.count("h3") == 3
    assert "Codes read here (40)" in outline.text
    assert "and 28 more" in outline.text
