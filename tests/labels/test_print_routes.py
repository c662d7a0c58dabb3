"""Files of labels from a real server, over HTTP and by the command line."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from tests.labels.samples import opened, pages, read
from tests.labels.zpl_reader import read_zpl
from tests.serving import Done, Service, run

from suyuan.app.commands import print_labels
from suyuan.base.errors import InvalidInput, Unavailable
from suyuan.gs1.keys import GLN, GTIN

PATH = "/api/v1/labels/batches"
PARTY = "https://id.gs1.org/417/0614141000012"  # the producer's key of `tests.serving`
SITE = GLN.from_body("061414190002").digital_link
ITEM = GTIN.from_body("0061414155601").value
LOTS = (f"P{number}" for number in itertools.count())
OWN = """
name = "own"
title = "Own"
width = 40
height = 30
[[symbol]]
kind = "qr"
level = "H"
x = 5
y = 0
width = 30
height = 30
"""


@pytest.fixture(scope="module")
def plant(service: Service) -> Service:
    """The server with a producer who may print."""
    data = {
        "sites": [{"id": SITE, "name": {"en": "Print plant"}, "party": PARTY}],
        "products": [{"id": f"(01){ITEM}", "name": {"zh": "有机菠菜", "en": "Spinach"}, "party": PARTY}],
    }
    assert service.call("PUT", "/api/v1/masterdata", "administrator", json=data).status_code == 200
    return service


@pytest.fixture
def batch(plant: Service) -> str:
    """A batch with five labels."""
    return five_labels(plant)


@pytest.fixture(scope="module")
def kept(plant: Service) -> str:
    """One for tests that change nothing."""
    return five_labels(plant)


def five_labels(plant: Service) -> str:
    order = {"gtin": ITEM, "lot": next(LOTS), "quantity": 5, "production_date": "2026-11-21", "site": SITE,
             "expiration_date": "2026-11-28"}  # fmt: skip
    made = plant.call("POST", PATH, "producer", json=order)
    assert made.status_code == 201, made.text
    found = str(made.json()["batch"]["id"])
    taken = plant.call("POST", f"{PATH}/{found}/labels", "producer", json={"level": "item", "count": 5})
    assert taken.status_code == 201
    return found


def links(service: Service, batch: str) -> list[str]:
    """What the symbols of a batch must say, by number."""
    lot = service.get(f"{PATH}/{batch}", "producer").json()["batch"]["lot"]
    labels = service.get(f"{PATH}/{batch}/labels", "producer").json()["labels"]
    return [f"{service.url}/01/{ITEM}/10/{lot}/21/{label['epc'].rpartition('/')[2]}" for label in labels]


def render(service: Service, batch: str, role: str = "producer", **order: Any) -> Any:
    return service.call("POST", f"{PATH}/{batch}/render", role, json=order)


def test_designs_are_listed_for_those_who_print(plant: Service) -> None:
    found = {design["name"]: design for design in plant.get("/api/v1/labels/designs", "producer").json()}
    assert found["sheet-65"]["places"] == 65
    assert (found["item"]["width"], found["item"]["height"], found["item"]["places"]) == (50, 30, 1)
    assert plant.get("/api/v1/labels/designs", None).status_code == 401
    assert plant.get("/api/v1/labels/designs", "device").status_code == 403


def test_a_preview_shows_the_label_that_will_be_printed(plant: Service, batch: str) -> None:
    answer = plant.get(f"{PATH}/{batch}/preview", "producer", params={"number": 2, "design": "item-wet"})
    assert answer.headers["content-type"] == "image/png"
    (symbol,) = read(opened(answer.content))
    assert symbol.text == links(plant, batch)[1]
    assert render(plant, batch, output="png", numbers="2", design="item-wet", dpi=300).content == answer.content
    assert plant.get(f"{PATH}/{batch}/preview", "producer", params={"number": 6}).status_code == 404
    assert plant.get(f"{PATH}/{batch}/preview", "producer", params={"number": 10**30}).status_code == 400
    assert plant.get(f"{PATH}/{batch}/preview", "producer", params={"design": "../item"}).status_code == 400
    assert plant.get(f"{PATH}/{batch}/preview", "retailer").status_code == 404
    assert plant.get(f"{PATH}/{batch}/preview", "producer", params={"level": "case"}).status_code == 404


def test_every_format_comes_with_its_media_type_and_all_labels(plant: Service, batch: str) -> None:
    said = links(plant, batch)
    answer = render(plant, batch, output="pdf", design="sheet-24")
    assert answer.headers["content-type"] == "application/pdf"
    assert 'filename="labels.pdf"' in answer.headers["content-disposition"]
    (sheet,) = pages(answer.content, 200)
    assert {symbol.text for symbol in read(sheet)} == set(said)
    formats = render(plant, batch, output="zpl", dpi=300, rfid={"retries": 2}).text.splitlines(keepends=True)
    assert [read(read_zpl(text).image)[0].text for text in formats] == said
    fine = render(plant, batch, output="zpl", design="sheet-24", dpi=600).text  # comes in more than one part
    assert len(fine) > 2**16
    assert fine.count("^XA") == fine.count("^XZ") == 5
    assert all(read_zpl(text).parameters("RR") == ["2"] for text in formats)
    table = render(plant, batch, output="csv", numbers="2-3,5")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
    assert [row["digital_link"] for row in rows] == [said[1], said[2], said[4]]


def test_a_design_of_ones_own_is_sent_along(plant: Service, batch: str) -> None:
    answer = render(plant, batch, output="png", numbers="1", design_file=OWN, dpi=300)
    image = Image.open(io.BytesIO(answer.content))
    assert image.size == (472, 354)
    (symbol,) = zxingcpp.read_barcodes(image.convert("L"))
    assert symbol.ec_level == "H"


@pytest.mark.parametrize(
    ("order", "status", "place"),
    [
        ({"output": "doc"}, 400, None),
        ({"output": "pdf", "size": 3}, 400, None),
        ({"output": "pdf", "design": "/etc/passwd"}, 400, "/design"),
        ({"output": "pdf", "design_file": "name = 1"}, 400, "/design_file"),
        ({"output": "pdf", "design_file": "#" * 70_000}, 400, "/design_file"),
        ({"output": "png"}, 400, None),
        ({"output": "png", "numbers": "1", "dpi": 72}, 400, "dpi"),
        ({"output": "zpl", "rfid": {"retries": 99}}, 400, "retries"),
        ({"output": "zpl", "rfid": {"void": 99}}, 400, None),
        ({"output": "zpl", "rfid": {"lock": "locked"}}, 400, "lock"),
        ({"output": "pdf", "numbers": "4-6"}, 404, "/numbers"),
        ({"output": "pdf", "numbers": "x"}, 400, "/numbers"),
        ({"output": "pdf", "level": "pallet"}, 404, None),
        ({"output": "pdf", "design": "sheet-24", "skip": 24}, 400, "skip"),
    ],
)
def test_what_cannot_be_printed_is_refused_with_its_place(
    plant: Service, kept: str, order: dict[str, Any], status: int, place: str | None
) -> None:
    answer = render(plant, kept, **order)
    assert answer.status_code == status, answer.text
    assert place is None or answer.json()["place"].startswith(place)


def test_printed_and_voided_labels_are_left_out_unless_they_are_named(plant: Service, batch: str) -> None:
    plant.call("POST", f"{PATH}/{batch}/printed", "producer", json={"labels": {"level": "item", "numbers": "1-3"}})
    spoiled = {"labels": {"level": "item", "numbers": "3"}, "reason": "smeared"}
    plant.call("POST", f"{PATH}/{batch}/void", "producer", json=spoiled)
    assert len(render(plant, batch, output="csv").text.splitlines()) == 1 + 2
    assert len(render(plant, batch, output="csv", numbers="1-2").text.splitlines()) == 1 + 2
    assert render(plant, batch, output="csv", numbers="3").status_code == 409
    rest = {"labels": {"level": "item", "numbers": "4-5"}}
    plant.call("POST", f"{PATH}/{batch}/printed", "producer", json=rest)
    assert render(plant, batch, output="zpl").json()["detail"] == "there is no label to print"


def test_a_label_that_is_on_a_tag_is_not_sent_to_another(plant: Service, batch: str) -> None:
    first = plant.get(f"{PATH}/{batch}/labels", "producer").json()["labels"][0]["epc"]
    written = {"written": [{"epc": first, "tid": "E2801190"}]}
    assert plant.call("POST", f"{PATH}/{batch}/encoded", "producer", json=written).status_code == 200
    answer = render(plant, batch, output="zpl", numbers="1-2", rfid={})
    assert (answer.status_code, answer.json()["place"]) == (409, "/numbers")
    assert "label 1 is on a tag" in answer.json()["detail"]
    assert render(plant, batch, output="zpl", numbers="1-2").status_code == 200
    assert render(plant, batch, output="zpl", rfid={}).text.count("^RFW") == 4


def test_another_firm_and_a_body_that_is_no_order_are_refused(plant: Service, batch: str) -> None:
    assert render(plant, batch, "retailer", output="pdf").status_code == 404
    assert render(plant, batch, "device", output="pdf").status_code == 403
    assert plant.call("POST", f"{PATH}/{batch}/render", "producer", content=b"\xff").status_code == 400


def command(service: Service, *words: str | Path) -> Done:
    """A command of the producer's, about labels."""
    return run("labels", *words, SUYUAN_SERVER=service.url, SUYUAN_KEY=service.keys["producer"])


def test_the_command_line_writes_files(plant: Service, batch: str, tmp_path: Path) -> None:
    assert b"sheet-24     63.5 x 33.9 mm   A4 sheet, 24 labels" in command(plant, "designs").stdout
    file = tmp_path / "labels.pdf"
    done = command(plant, "render", batch, "-o", file, "--design", "sheet-24", "--skip", "2")
    assert done.returncode == 0, done.stderr
    assert f"{file}: {file.stat().st_size:,} bytes".encode() in done.stderr
    (sheet,) = pages(file.read_bytes(), 200)
    assert len(read(sheet)) == 5
    own = tmp_path / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    tags = ("--rfid", "--lock", "locked", "--tag-password", "1234ABCD")
    done = command(plant, "render", batch, "-o", "-", "--design", own, "--numbers", "1-2", "--format", "zpl", *tags)
    first, second = done.stdout.decode().splitlines(keepends=True)
    assert read_zpl(first).parameters("RZ") == ["1234ABCD,E,L"]
    assert second.startswith("^XA")


def test_a_refused_command_leaves_no_half_file(plant: Service, batch: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_bytes(b"\xff")
    file = tmp_path / "x.pdf"
    cases: tuple[tuple[Path, dict[str, Any], str], ...] = (
        (file, {"numbers": "9"}, "no item label 9"),
        (tmp_path / "x.doc", {}, "'doc' is none of pdf, png, svg, zpl, csv"),
        (file, {"design": str(tmp_path / "none.toml")}, "No such file"),
        (tmp_path / "none" / "x.pdf", {}, "No such file"),
        (file, {"design": str(wrong)}, "not UTF-8"),
    )
    for output, more, said in cases:
        with pytest.raises(InvalidInput, match=said):
            print_labels.render(batch, output, "", server=plant.url, key=plant.keys["producer"], **more)
        assert list(tmp_path.iterdir()) == [wrong]
    with pytest.raises(Unavailable, match="does not answer"):
        print_labels.render(batch, file, server="http://127.0.0.1:1")
