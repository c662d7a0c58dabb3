"""What the public routes answer to a browser and to a program."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from fastapi import FastAPI
from tests.consumer_api.journeys import BUNDLE, LOT, NOTICE, PRODUCT, RECALLED, STOPS, UNKNOWN, WARM, Shelf, changed

from suyuan.consumer_api import examples

TRAY = "/01/09506000134352/21/1001"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_a_browser_gets_a_page_and_a_program_gets_json(client: httpx.AsyncClient) -> None:
    page = await client.get(TRAY, headers=BROWSER)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    data = await client.get(TRAY, headers={"Accept": "application/json"})
    assert data.headers["content-type"] == "application/json"
    assert data.json()["id"] == RECALLED.id
    assert [stop["step"] for stop in data.json()["journey"]] == [stop.step for stop in STOPS]


async def test_linked_data_is_the_same_json_with_a_context(client: httpx.AsyncClient) -> None:
    plain = (await client.get(TRAY, headers={"Accept": "application/json"})).json()
    linked = await client.get(TRAY, headers={"Accept": "application/ld+json"})
    assert linked.headers["content-type"] == "application/ld+json"
    assert {key: value for key, value in linked.json().items() if key != "@context"} == plain
    assert linked.json()["@context"]["id"] == "@id"


@pytest.mark.parametrize(
    "path",
    [
        TRAY,
        TRAY + "/",
        "/01/09506000134352/10/L20261012/21/1001",
        "/01/09506000134352/10/L20261012/21/1001/",
        "/thing?id=https%3A%2F%2Fid.gs1.org%2F01%2F09506000134352%2F21%2F1001",
        "/thing?id=urn:epc:id:sgtin:9506000.013435.1001",
    ],
)
async def test_every_address_of_a_thing_shows_the_thing(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["id"] == RECALLED.id


async def test_the_lot_beside_a_serial_number_is_passed_on(client: httpx.AsyncClient, shelf: Shelf) -> None:
    whole = "https://id.gs1.org/01/09506000134352/10/L20261012/21/1001"
    for address in ("/01/09506000134352/10/L20261012/21/1001/", f"/thing?id={whole}%3F17=271231"):
        await client.get(address)
    assert shelf.asked == [whole, whole]


async def test_a_pack_that_was_never_seen_alone_leads_to_its_lot(client: httpx.AsyncClient) -> None:
    page = await client.get("/01/09506000134352/10/L20261012/21/unseen?lang=en", headers=BROWSER)
    assert page.status_code == 404
    assert 'href="/01/09506000134352/10/L20261012?lang=en"' in page.text
    problem = await client.get("/01/09506000134352/10/L20261012/21/unseen", headers={"Accept": "application/json"})
    assert problem.status_code == 404
    assert problem.json()["remedy"] == f"ask for its lot, {LOT}"


async def test_a_kind_of_product_has_a_page_without_a_journey(client: httpx.AsyncClient, shelf: Shelf) -> None:
    assert (await client.get("/01/09506000134352")).status_code == 404
    shelf.journeys[PRODUCT.id] = changed(UNKNOWN, id=PRODUCT.id, kind="class", product=PRODUCT)
    page = await client.get("/01/09506000134352?lang=en")
    assert page.status_code == 200
    assert "Each pack has a journey of its own." in page.text


async def test_an_escaped_slash_stays_in_the_serial_number(client: httpx.AsyncClient, shelf: Shelf) -> None:
    name = "https://id.gs1.org/01/09506000134352/21/a%2F21%2Fb%2F"
    shelf.journeys[name] = WARM
    answer = await client.get("/01/09506000134352/21/a%2f21%2Fb%2F", headers={"Accept": "application/json"})
    assert answer.json()["id"] == WARM.id


async def test_a_wrong_check_digit_is_refused_with_a_page_and_with_a_problem(client: httpx.AsyncClient) -> None:
    page = await client.get("/01/09506000134351/21/1001", headers=BROWSER)
    assert page.status_code == 400
    assert "编码有误" in page.text
    assert page.headers["cache-control"] == "no-store"
    problem = await client.get("/01/09506000134351/21/1001", headers={"Accept": "application/json"})
    assert (problem.status_code, problem.json()["type"]) == (400, "invalid-identifier")


async def test_an_unknown_thing_is_a_helpful_404(client: httpx.AsyncClient) -> None:
    page = await client.get("/01/09506000134352/21/unknown?lang=en", headers=BROWSER)
    assert page.status_code == 404
    assert "Nothing is known about this code" in page.text
    assert 'action="/find"' in page.text
    problem = await client.get("/00/095060001343529997", headers={"Accept": "application/json"})
    assert (problem.status_code, problem.json()["type"]) == (404, "not-found")


async def test_a_starting_ledger_is_a_503_page(client: httpx.AsyncClient, shelf: Shelf) -> None:
    shelf.unavailable = True
    page = await client.get(TRAY, headers=BROWSER)
    assert page.status_code == 503
    assert "暂时无法提供" in page.text


async def test_the_language_follows_the_header_and_the_switch_wins(client: httpx.AsyncClient) -> None:
    chinese = await client.get(TRAY)
    assert chinese.headers["content-language"] == "zh"
    assert '<html lang="zh">' in chinese.text
    english = await client.get(TRAY, headers={"Accept-Language": "fr, en-GB;q=0.8, zh;q=0.1"})
    assert english.headers["content-language"] == "en"
    switched = await client.get(TRAY + "?lang=en", headers={"Accept-Language": "zh"})
    assert '<html lang="en">' in switched.text
    assert f'href="{TRAY}?lang=zh"' in switched.text
    assert (await client.get(TRAY + "?lang=xx")).headers["content-language"] == "zh"


async def test_the_chosen_language_stays_on_the_way(client: httpx.AsyncClient) -> None:
    page = await client.get(TRAY + "?lang=en")
    assert 'href="/recalls/R-2026-0001?lang=en"' in page.text
    found = await client.get("/find?lang=en&id=09506000134352")
    assert found.headers["location"] == "/01/09506000134352?lang=en"


async def test_a_page_can_be_validated_and_is_kept_for_a_short_time_only(client: httpx.AsyncClient) -> None:
    first = await client.get(TRAY)
    assert first.headers["vary"] == "Accept, Accept-Language"
    age = re.search(r"max-age=(\d+)", first.headers["cache-control"])
    assert age is not None
    assert int(age[1]) <= 60
    etag = first.headers["etag"]
    for header in (etag, f'"other", W/{etag}', "*"):
        again = await client.get(TRAY, headers={"If-None-Match": header})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    assert (await client.get(TRAY + "?lang=en", headers={"If-None-Match": etag})).status_code == 200
    assert (await client.get(TRAY, headers={"Accept": "application/json"})).headers["etag"] != etag


async def test_head_is_answered_like_get(client: httpx.AsyncClient) -> None:
    for path in (TRAY, "/", "/api/v1/provenance?id=" + TRAY.split("/")[2], "/recalls/R-2026-0001"):
        head, get = await client.head(path), await client.get(path)
        assert (head.status_code, head.headers["content-type"]) == (get.status_code, get.headers["content-type"])


async def test_nothing_is_loaded_from_another_host_and_no_script_runs(client: httpx.AsyncClient) -> None:
    for path in (TRAY, "/", "/recalls/R-2026-0001", "/01/1"):
        page = await client.get(path)
        assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page.text)


async def test_the_style_sheet_that_a_page_names_is_served_and_kept(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    link = re.search(r'rel="stylesheet" href="([^"]+)"', page.text)
    assert link is not None
    sheet = await client.get(link[1])
    assert sheet.headers["content-type"].startswith("text/css")
    assert "max-age=31536000" in sheet.headers["cache-control"]


async def test_provenance_takes_any_form_and_gives_what_the_page_gives(client: httpx.AsyncClient) -> None:
    by_path = (await client.get(TRAY, headers={"Accept": "application/json"})).json()
    forms = (RECALLED.id, "urn:epc:id:sgtin:9506000.013435.1001", f"https://shop.example{TRAY}")
    for form in forms:
        answer = await client.get("/api/v1/provenance", params={"id": form})
        assert answer.json() == by_path
    assert (await client.get("/api/v1/provenance", params={"id": "not a code"})).status_code == 400
    assert (await client.get("/api/v1/provenance", params={"id": "09506000134352"})).status_code == 404


async def test_a_proof_is_given_byte_for_byte(client: httpx.AsyncClient) -> None:
    page = await client.get(TRAY)
    links = re.findall(r'href="(/api/v1/proof/[^"]+)"', page.text)
    assert len(links) == len(STOPS)
    for link in links:
        proof = await client.get(link)
        assert (proof.status_code, proof.content) == (200, BUNDLE)
        assert "attachment" in proof.headers["content-disposition"]
    unescaped = await client.get(f"/api/v1/proof/{STOPS[0].event_id}")
    assert unescaped.content == BUNDLE
    assert (await client.get("/api/v1/proof/urn%3Auuid%3Anone")).status_code == 404


async def test_a_typed_code_leads_to_its_page(client: httpx.AsyncClient) -> None:
    cases = {
        "9506000134352": "/01/09506000134352",
        " 9506 0001 34352 ": "/01/09506000134352",
        "095060001343529997": "/00/095060001343529997",
        "urn:epc:id:sgtin:9506000.013435.1001": TRAY,
        LOT: LOT.removeprefix("https://id.gs1.org"),
        "urn:epc:id:gid:95100000.12345.400": "/thing?id=urn%3Aepc%3Aid%3Agid%3A95100000.12345.400",
    }
    for code, path in cases.items():
        found = await client.get("/find", params={"id": code})
        assert (found.status_code, found.headers["location"]) == (303, path)


@pytest.mark.parametrize("code", ["", "   ", "9506000134351", "nonsense", "<script>alert(1)</script>", "a" * 3000])
async def test_a_wrong_code_gives_the_search_again(client: httpx.AsyncClient, code: str) -> None:
    page = await client.get("/find", params={"id": code})
    assert page.status_code == 400
    assert 'action="/find"' in page.text
    assert "<script" not in page.text


async def test_a_recall_notice_is_public_as_a_page_and_as_json(client: httpx.AsyncClient) -> None:
    page = await client.get("/recalls/R-2026-0001", headers=BROWSER)
    assert page.status_code == 200
    for text in (NOTICE.reason, "冷鲜猪肉托盘装 500 克", "L20261012", "128", "12315", "2026年11月2日 09:00"):
        assert text in page.text
    data = await client.get("/recalls/R-2026-0001", headers={"Accept": "application/json"})
    assert data.json()["lots"] == NOTICE.lots
    assert (await client.get("/recalls/none", headers=BROWSER)).status_code == 404
    assert (await client.get("/recalls/none", headers={"Accept": "application/json"})).status_code == 404


async def test_the_start_page_explains_and_asks_for_a_code(client: httpx.AsyncClient) -> None:
    page = await client.get("/?lang=en")
    for text in ('action="/find"', 'href="/docs"', 'href="/log/checkpoint"', "Where does my food come from?"):
        assert text in page.text


async def test_no_path_makes_the_server_fail(client: httpx.AsyncClient) -> None:
    odd = [
        "/01/%FF",
        "/01/%00",
        "/01/",
        "/01/09506000134352/21/%F0%9F%8D%96",
        "/00/1",
        "/414/x/254/y",
        "/8003/0",
        "/01//",
    ]
    for path in [*odd, "/01/" + "9" * 5000, "/thing?id=", "/recalls/%00", "/api/v1/proof/%FF"]:
        for accept in ("text/html", "application/json"):
            assert (await client.get(path, headers={"Accept": accept})).status_code in {400, 404, 413}


async def test_the_documentation_shows_examples_with_the_fields_that_are_answered(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    paths = app.openapi()["paths"]
    assert {"/01/{gtin}", "/01/{gtin}/10/{lot}/21/{serial}", "/00/{sscc}", "/api/v1/proof/{event_id}"} <= set(paths)
    answered = (await client.get(TRAY, headers={"Accept": "application/json"})).json()
    assert answered.keys() == examples.JOURNEY.keys()
    assert answered["journey"][0].keys() == examples.JOURNEY["journey"][0].keys()
    assert answered["warnings"][0].keys() == examples.JOURNEY["warnings"][0].keys()
    notice = (await client.get("/recalls/R-2026-0001", headers={"Accept": "application/json"})).json()
    assert notice.keys() == examples.NOTICE.keys()
    assert json.dumps(app.openapi())


async def test_a_browser_that_asks_for_an_icon_gets_no_error(client: httpx.AsyncClient) -> None:
    assert (await client.get("/favicon.ico")).status_code == 204
