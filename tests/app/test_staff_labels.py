"""The producer's pages over HTTP: product, batch, print, confirm, on the food; and all that can be typed wrong."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator

import httpx
import pytest
from tests.app.staff_desk import Desk, Firm
from tests.serving import Service

HOME = "/staff/labels"
_LOTS = itertools.count(1)


@pytest.fixture(scope="module")
def firm(service: Service) -> Firm:
    """A firm of this module."""
    return Firm(service)


@pytest.fixture(scope="module")
def session(service: Service, firm: Firm) -> str:
    """A login of the firm."""
    first = Desk(service)
    first.log_in(firm.key)
    first.client.close()
    return first.session


@pytest.fixture
def desk(service: Service, session: str) -> Iterator[Desk]:
    """Somebody of the firm who is logged in."""
    made = Desk(service)
    made.go_on(session)
    yield made
    made.client.close()


def order(desk: Desk, firm: Firm, **fields: str) -> httpx.Response:
    """Fill in and send the form for new labels."""
    desk.get(f"{HOME}/new/{firm.pack}")
    typed = {
        "lot": f"L{next(_LOTS)}", "quantity": "10", "production_date": "2026-11-21", "serials": "numeric",
        "best_before_date": "2026-11-28", "design": "item", "do": "make",
    }  # fmt: skip
    return desk.send(f"{HOME}/new/{firm.pack}", **(typed | fields))


def open_batch(desk: Desk, firm: Firm, **fields: str) -> str:
    """A new batch; the address of its page, which is open."""
    answer = order(desk, firm, **fields)
    desk.follow(answer)
    return answer.headers["location"]


def test_a_firm_without_products_is_told_how_to_get_some(service: Service) -> None:
    newcomer = Desk(service)
    newcomer.log_in(service.new_key("producer", "https://id.gs1.org/417/6999999000006")["key"])
    newcomer.get(HOME)
    assert "No labels have been made here yet." in newcomer.text
    newcomer.get(f"{HOME}/new")
    assert "knows no product of your firm" in newcomer.text
    assert "https://id.gs1.org/417/6999999000006" in newcomer.text
    newcomer.log_in(service.new_key("producer")["key"])
    newcomer.get(f"{HOME}/new")
    assert "Your key names no firm" in newcomer.text
    newcomer.client.close()


def test_products_are_found_by_name_in_any_language_and_by_number(desk: Desk, firm: Firm) -> None:
    for query in ("belly", "五花", firm.belly[7:], "PORK belly"):
        desk.get(f"{HOME}/new", params={"q": query})
        assert re.findall(r"/staff/labels/new/(\d+)", desk.page) == [firm.belly], query
    assert "Pork belly &lt;b&gt;" in desk.page
    desk.get(f"{HOME}/new", params={"q": "beef"})
    assert "No product of your firm" in desk.text
    desk.get(f"{HOME}/new")
    assert len(re.findall(r'class="tile"', desk.page)) == 3


def test_the_form_opens_with_everything_but_the_quantity(desk: Desk, firm: Firm) -> None:
    desk.get(f"{HOME}/new/{firm.pack}")
    assert re.search(r'id="lot"[^>]*value="L\d{8}"', desk.page)
    assert re.search(r'id="production_date"[^>]*value="\d{4}-\d\d-\d\d"', desk.page)
    assert re.search(r'id="best_before_date"[^>]*value="\d{4}-\d\d-\d\d"', desk.page)
    assert re.search(r'id="quantity"[^>]*value=""', desk.page)
    assert desk.get(f"{HOME}/new/09506000134352").status_code == 404


def test_from_an_order_to_food(desk: Desk, firm: Firm) -> None:
    page = open_batch(desk, firm, lot="WAY-1")
    assert desk.counts() == [10, 0, 0, 0]
    assert "Print 10 labels" in desk.text
    answer = desk.send(f"{page}/printed", level="item", first="1", last="8", spoiled="3, 5-6")
    desk.follow(answer)
    assert desk.counts() == [2, 5, 0, 3]
    assert "5 labels are confirmed as printed. 3 labels are marked as spoiled." in desk.text
    desk.get(HOME)
    assert "Continue printing: 2 labels" in desk.text
    desk.get(page)
    desk.follow(desk.send(f"{page}/applied", level="item", first="1", last="8", spoiled="8"))
    assert desk.counts() == [2, 0, 4, 4]
    assert "4 labels are on the food" in desk.text
    desk.follow(desk.send(f"{page}/voided", level="item", spoiled="9，10", reason="fell into the brine"))
    assert desk.counts() == [0, 0, 4, 6]
    assert "Nothing is left to do here" in desk.text


def test_a_roll_that_is_spoiled_as_a_whole_leaves_nothing_to_apply(desk: Desk, firm: Firm) -> None:
    page = open_batch(desk, firm, quantity="4")
    desk.follow(desk.send(f"{page}/printed", level="item", first="1", last="2", spoiled="1-2"))
    assert desk.counts() == [2, 0, 0, 2]
    desk.follow(desk.send(f"{page}/printed", level="item", first="3", last="4"))
    desk.follow(desk.send(f"{page}/applied", level="item", first="3", last="4", spoiled="3-4"))
    assert desk.counts() == [0, 0, 0, 4]


def test_one_of_each_is_told_in_the_singular(desk: Desk, firm: Firm) -> None:
    page = open_batch(desk, firm, quantity="1")
    assert "Print 1 label" in desk.text
    desk.follow(desk.send(f"{page}/printed", level="item", first="1", last="1"))
    assert "1 label is confirmed as printed." in desk.text


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("lot", "", "1 to 20 letters"),
        ("lot", "批号", "1 to 20 letters"),
        ("lot", "A" * 21, "1 to 20 letters"),
        ("quantity", "", "whole number"),
        ("quantity", "0", "whole number"),
        ("quantity", "1000000000", "whole number"),
        ("quantity", "9" * 40, "whole number"),
        ("quantity", "zehn", "whole number"),
        ("quantity", "１０", "whole number"),
        ("production_date", "", "the day on which it was made"),
        ("production_date", "2026-02-30", "the day on which it was made"),
        ("best_before_date", "2026-11-20", "not before the day"),
        ("expiration_date", "2026-11-20", "not before the day"),
        ("case_gtin", "19506000134350", "14 digits of the case"),
        ("case_holds", "x", "how many packs go into a case"),
        ("pallet_company_prefix", "12", "6 to 12 digits"),
        ("pallet_holds", "-1", "how many go onto a pallet"),
        ("design", "../../etc/passwd", "Choose a design"),
        ("serials", "roman", "kind of serial numbers"),
    ],
)
def test_what_is_typed_wrong_is_said_at_its_field(desk: Desk, firm: Firm, field: str, typed: str, words: str) -> None:
    beside = {
        "case_gtin": {"case_holds": "5"}, "case_holds": {"case_gtin": firm.case},
        "pallet_company_prefix": {"pallet_holds": "5"}, "pallet_holds": {"pallet_company_prefix": firm.prefix},
    }  # fmt: skip
    answer = order(desk, firm, **{**beside.get(field, {}), field: typed, "do": "preview"})
    assert answer.status_code == 400
    told = re.search(rf'<p class="wrong" id="{field}-wrong">(.*?)</p>', desk.page, re.DOTALL)
    assert told
    assert words in told[1]
    assert f'href="#{field}"' in desk.page


def test_a_refused_form_keeps_what_was_typed(desk: Desk, firm: Firm) -> None:
    order(desk, firm, lot='<script>"', quantity="a dozen")
    assert 'value="&lt;script&gt;&#34;"' in desk.page
    assert 'value="a dozen"' in desk.page


def test_a_lot_of_any_sign_that_gs1_allows_shows_as_it_is(desk: Desk, firm: Firm) -> None:
    open_batch(desk, firm, lot='<b>&"%', quantity="2")
    assert '<b>&"% ' in desk.text
    assert "<b>&" not in desk.page


def test_a_lot_that_is_open_already_leads_to_the_list(desk: Desk, firm: Firm) -> None:
    open_batch(desk, firm, lot="TWICE")
    assert order(desk, firm, lot="TWICE").status_code == 409
    assert "This lot of the product is open already" in desk.text


def test_a_form_that_is_sent_twice_makes_one_batch(desk: Desk, firm: Firm) -> None:
    desk.get(f"{HOME}/new/{firm.pack}")
    page = desk.page
    typed = {"lot": "WET-FINGER", "quantity": "7", "production_date": "2026-11-21", "serials": "numeric", "do": "make"}
    first = desk.send(f"{HOME}/new/{firm.pack}", **typed)
    desk.page = page
    second = desk.send(f"{HOME}/new/{firm.pack}", **typed)
    assert first.headers["location"] == second.headers["location"]
    desk.follow(second)
    assert desk.counts() == [7, 0, 0, 0]


def test_a_label_is_looked_at_before_a_lot_is_opened(desk: Desk, firm: Firm) -> None:
    assert order(desk, firm, lot="LOOK", do="preview").status_code == 200
    picture = re.search(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]+)"', desk.page)
    assert picture
    assert "LOOK" in picture[2]
    assert "50 × 30 mm" in desk.text
    desk.get(HOME)
    assert "LOOK" not in desk.page


def test_cases_and_pallets_have_pages_of_their_own(desk: Desk, firm: Firm) -> None:
    page = open_batch(
        desk, firm, quantity="12", case_gtin=firm.case, case_holds="4", pallet_company_prefix=firm.prefix,
        pallet_holds="2",
    )  # fmt: skip
    assert "Packs 12 Cases 3 Pallets 2" in desk.text
    desk.follow(desk.send(f"{page}/printed", level="item", first="1", last="12"))
    desk.follow(desk.send(f"{page}/applied", level="item", first="1", last="12"))
    desk.get(f"{page}?level=case")
    assert desk.counts() == [3, 0, 0, 0]
    assert "Numbers of the packs inside" not in desk.text
    desk.follow(desk.send(f"{page}/printed", level="case", first="1", last="3"))
    assert "Numbers of the packs inside" in desk.text
    refused = desk.send(f"{page}/applied", level="case", first="1", last="2", contents="1-4")
    assert refused.status_code == 400
    assert "contents go into one label" in desk.text
    assert re.search(r'id="apply-last"[^>]*value="2"', desk.page)
    desk.follow(desk.send(f"{page}/applied", level="case", first="1", last="1", contents="1-4"))
    assert desk.counts() == [0, 2, 1, 0]
    desk.get(f"{page}?level=pallet")
    assert desk.counts() == [2, 0, 0, 0]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"first": "x", "last": "2"}, "'x' is not a whole number"),
        ({"first": "5", "last": "2"}, "5 to 2 is no range"),
        ({"first": "0", "last": "2"}, "0 to 2 is no range"),
        ({"first": "1", "last": "20000"}, "more than 10000"),
        ({"first": "1", "last": "2", "spoiled": "9"}, "number 9 is not among 1 to 2"),
        ({"first": "1", "last": "2", "spoiled": "1-1000000"}, "1000000 numbers are more than 10000"),
        ({"first": "1", "last": "2", "spoiled": "all"}, "'all' is no range"),
        ({"first": "11", "last": "12"}, "none of the labels 11 to 12 is allocated"),
        ({"first": "1", "last": "2", "level": "box"}, "'box' is no packaging level"),
        ({"first": "1", "last": "2", "level": "case"}, "none of the labels 1 to 2 is allocated"),
    ],
)
def test_numbers_that_cannot_be_are_refused_on_the_page(
    desk: Desk, firm: Firm, fields: dict[str, str], words: str
) -> None:
    page = open_batch(desk, firm)
    answer = desk.send(f"{page}/printed", **({"level": "item"} | fields))
    assert answer.status_code in {400, 404}
    assert words in desk.text
    assert desk.counts() == [10, 0, 0, 0]


def test_labels_come_as_pdf_zpl_and_list(desk: Desk, firm: Firm) -> None:
    page = open_batch(desk, firm)
    for output, start in (("pdf", b"%PDF"), ("zpl", b"^XA"), ("csv", b"")):
        answer = desk.send(f"{page}/file", level="item", first="2", last="4", output=output, design="item")
        assert answer.status_code == 200, desk.text
        assert answer.content.startswith(start)
        name = page.rpartition("/")[2]
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}-item-2-4.{output}"'
    assert answer.content.count(b"\n") == 4
    for dpi, dots in (("", 400), ("300", 591), ("600", 1181)):
        answer = desk.send(f"{page}/file", level="item", first="2", last="2", output="zpl", dpi=dpi)
        assert f"^PW{dots}\n".encode() in answer.content.replace(b"^LL", b"\n^LL")
    desk.get(page)
    assert desk.counts() == [10, 0, 0, 0]
    for wrong in (
        {"spoiled": "1-2"},
        {"output": "zpl", "dpi": "72"},
        {"output": "exe"},
        {"design": "/etc/passwd"},
        {"first": "99", "last": "99"},
    ):
        fields = {"level": "item", "first": "1", "last": "2", "output": "pdf", "design": "item"} | wrong
        assert desk.send(f"{page}/file", **fields).status_code in {400, 404}


def test_a_pdf_that_would_take_minutes_is_printed_in_parts(desk: Desk, firm: Firm) -> None:
    page = open_batch(desk, firm, quantity="2001")
    fields = {"level": "item", "first": "1", "last": "2001", "design": "item"}
    assert desk.send(f"{page}/file", output="pdf", **fields).status_code == 413
    assert "print them in parts" in desk.text
    assert desk.send(f"{page}/file", output="csv", **fields).status_code == 200


def test_the_picture_of_a_label_is_its_own(desk: Desk, firm: Firm) -> None:
    page = open_batch(desk, firm)
    pictures = [
        desk.client.get(f"{page}/preview.png", params={"level": "item", "number": n, "design": d})
        for n, d in ((1, "item"), (2, "item"), (1, ""))
    ]
    assert all(picture.headers["content-type"] == "image/png" for picture in pictures)
    assert pictures[0].content != pictures[1].content
    assert pictures[0].content == pictures[2].content
    for params in (
        {"level": "item", "number": "9" * 30},
        {"level": "item", "number": "11"},
        {"level": "item", "design": "none"},
        {"level": "box"},
    ):
        assert desk.client.get(f"{page}/preview.png", params=params).status_code in {400, 404}


def test_more_labels_of_a_lot_are_taken_once_for_each_form(desk: Desk, firm: Firm) -> None:
    page = open_batch(desk, firm)
    before = desk.page
    for _ in range(2):
        desk.page = before
        desk.follow(desk.send(f"{page}/allocate", level="item", count="5"))
    assert desk.counts() == [15, 0, 0, 0]
    assert "5 serial numbers were taken." in desk.text
    assert desk.send(f"{page}/allocate", level="item", count="no").status_code == 400


def test_another_firm_sees_nothing_of_it(desk: Desk, firm: Firm, service: Service) -> None:
    page = open_batch(desk, firm, lot="MINE")
    stranger = Desk(service)
    stranger.log_in(Firm(service).key)
    stranger.get(HOME)
    assert "MINE" not in stranger.page
    for path in (page, f"{page}/preview.png?level=item", f"{page}/live", f"{HOME}/new/{firm.pack}"):
        assert stranger.get(path).status_code == 404
    stranger.get(f"{HOME}/new")
    assert stranger.send(f"{page}/printed", level="item", first="1", last="1").status_code in {403, 404}
    stranger.client.close()


def test_the_address_of_a_form_leads_back_to_its_page(desk: Desk, firm: Firm) -> None:
    page = open_batch(desk, firm)
    answer = desk.get(f"{page}/printed?lang=zh")
    assert answer.headers["location"] == f"{page}?lang=zh"


def test_the_list_is_paged_and_says_where_it_ends(service: Service) -> None:
    firm = Firm(service)
    desk = Desk(service)
    desk.log_in(firm.key)
    for number in range(11):
        order(desk, firm, lot=f"P{number:02d}", quantity="1")
    desk.get(HOME)
    assert "P10" in desk.page
    assert "P00" not in desk.page
    older = re.search(r'href="(\?before=\d+)"', desk.page)
    assert older
    desk.get(f"{HOME}{older[1]}")
    assert "P00" in desk.page
    desk.get(f"{HOME}?before=0")
    assert "There are no older ones." in desk.text
    desk.client.close()


def test_a_firm_with_two_sites_chooses_one(service: Service) -> None:
    firm = Firm(service, sites=2)
    desk = Desk(service)
    desk.log_in(firm.key)
    assert order(desk, firm).status_code == 400
    assert "where the labels go on the food" in desk.text
    assert order(desk, firm, site=firm.sites[1]).status_code == 303
    desk.client.close()


def test_two_operators_at_once_never_share_a_serial_number(desk: Desk, firm: Firm, service: Service) -> None:
    page = open_batch(desk, firm)
    other = Desk(service)
    other.log_in(firm.key)
    other.get(page)
    desk.follow(desk.send(f"{page}/allocate", level="item", count="50"))
    other.follow(other.send(f"{page}/allocate", level="item", count="50"))
    assert other.counts() == [110, 0, 0, 0]
    listed = desk.send(f"{page}/file", level="item", first="1", last="110", output="csv", design="item").content
    rows = io.StringIO(listed.decode("ascii", "replace")).read().splitlines()[1:]
    assert len(set(rows)) == 110
    other.client.close()


def test_an_order_that_was_cut_off_says_which_numbers_are_missing(desk: Desk, firm: Firm, service: Service) -> None:
    body = {"gtin": firm.pack, "lot": "CUT", "quantity": 3, "production_date": "2026-11-21"}
    answer = service.call("POST", "/api/v1/labels/batches", firm.key, json=body)
    assert answer.status_code == 201, answer.text
    page = f"{HOME}/{answer.json()['batch']['id']}"
    desk.get(HOME)
    assert "Take 3 missing numbers" in desk.text
    desk.get(page)
    assert "3 labels have no serial number yet" in desk.text
    desk.follow(desk.send(f"{page}/allocate", level="item", count="3"))
    assert desk.counts() == [3, 0, 0, 0]
