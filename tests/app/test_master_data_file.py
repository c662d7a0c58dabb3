"""``suyuan masterdata import``: parties, sites and products from spreadsheets and documents."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from tests.serving import Service, run

from suyuan.app.master_data_file import read_file
from suyuan.app.master_data_sheet import MOST_UNPACKED
from suyuan.base.errors import InvalidDocument, InvalidInput, TooLarge
from suyuan.trace.master_data import MasterData, Party, Product, Site

SHEETS: dict[str, list[list[Any]]] = {
    "parties": [["id", "name.zh", "name.en", "phone"], ["(417)9521321000018", "农场", "Farm", 5551234]],
    "Sites": [
        ["id", "name.en", "party", "latitude", "longitude", "#remark"],
        [None] * 6,
        [9521321000025, "Gate", "9521321000018", 36.5, "120", "ask Li"],
    ],
    "products": [["id", "name.en", "shelf_life_days", "storage_max_celsius"], [9521321123458, "Pork", 7, 4.5]],
    "# notes": [["anything"]],
}


def workbook(folder: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    """A spreadsheet as people save them."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    path = folder / "master.xlsx"
    book.save(path)
    book.close()
    return path


def test_a_workbook_is_read_row_by_row(tmp_path: Path) -> None:
    assert read_file(workbook(tmp_path, SHEETS)) == MasterData(
        [Party("(417)9521321000018", {"zh": "农场", "en": "Farm"}, phone="5551234")],
        [Site("(414)9521321000025", {"en": "Gate"}, "(417)9521321000018", latitude=36.5, longitude=120.0)],
        [Product("(01)09521321123458", {"en": "Pork"}, shelf_life_days=7, storage_max_celsius=4.5)],
    )


@pytest.mark.parametrize(
    ("sheets", "place"),
    [
        ({"shops": [["id"]]}, "master.xlsx"),
        ({"sites": [["id", "nome"]]}, "sites, row 1, column 2"),
        ({"sites": [["id", "name"]]}, "sites, row 1, column 2"),
        ({"sites": [["id.en"]]}, "sites, row 1, column 1"),
        ({"sites": [["id", "latitude"], ["urn:x", "north"]]}, "sites, row 2, column latitude"),
        ({"sites": [["id", "latitude"], ["urn:x", 91]]}, "sites, row 2, column latitude"),
        ({"sites": [["name.en"], ["Hall"]]}, "sites, row 2"),
        ({"products": [["id", "shelf_life_days"], ["urn:x", 1.5]]}, "products, row 2, column shelf_life_days"),
        ({"parties": [["id", "name.en"], ["urn:x", True]]}, "parties, row 2, column name.en"),
        ({"parties": [["id", "name.en"], ["urn:x", "x" * 2_001]]}, "parties, row 2, column name.en"),
    ],
)
def test_an_error_names_sheet_row_and_column(tmp_path: Path, sheets: dict[str, list[list[Any]]], place: str) -> None:
    with pytest.raises((InvalidDocument, TooLarge)) as refused:
        read_file(workbook(tmp_path, sheets))
    assert refused.value.place == place


def test_what_is_no_workbook_or_a_bomb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"PK\x03\x04 no")
    with pytest.raises(InvalidDocument):
        read_file(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/workbook.xml", "w") as entry:
        for _ in range((MOST_UNPACKED >> 20) + 1):
            entry.write(bytes(1 << 20))
    with pytest.raises(TooLarge):
        read_file(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.txt", "x")
    with pytest.raises(InvalidDocument):
        read_file(path)


def test_documents_are_read_by_what_they_say_they_are(tmp_path: Path) -> None:
    ours = tmp_path / "a.json"
    ours.write_text(json.dumps({"sites": [{"id": "urn:x", "name": {"en": "X"}}]}))
    assert read_file(ours).sites == [Site("urn:x", {"en": "X"})]
    xml = tmp_path / "b.xml"
    xml.write_text(
        '<m:EPCISMasterDataDocument xmlns:m="urn:epcglobal:epcis-masterdata:xsd:1" schemaVersion="1.2"'
        ' creationDate="2026-10-12T06:00:00Z"><EPCISBody><VocabularyList>'
        '<Vocabulary type="urn:epcglobal:epcis:vtype:Party"><VocabularyElementList>'
        '<VocabularyElement id="urn:epc:id:pgln:9521321.00001">'
        '<attribute id="urn:epcglobal:cbv:mda#name">Farm</attribute></VocabularyElement>'
        "</VocabularyElementList></Vocabulary></VocabularyList></EPCISBody></m:EPCISMasterDataDocument>"
    )
    assert read_file(xml).parties == [Party("https://id.gs1.org/417/9521321000018", {"en": "Farm"})]
    for text in ('{"type": "EPCISDocument"}', "[]", '{"shops": []}', "{"):
        ours.write_text(text)
        with pytest.raises(InvalidDocument):
            read_file(ours)
    with pytest.raises(InvalidInput):
        read_file(tmp_path / "x.pdf")


def test_the_command_checks_and_imports_into_a_folder_and_at_a_server(tmp_path: Path, service: Service) -> None:
    path = workbook(tmp_path, SHEETS)
    said = run("masterdata", "import", path, "--check")
    assert (said.returncode, said.stdout) == (0, b"read 1 parties, 1 sites, 1 products\n")
    done = run("masterdata", "import", path, "--data", tmp_path / "data")
    assert (done.returncode, done.stdout) == (0, b"imported 1 parties, 1 sites, 1 products\n"), done.stderr
    key = service.keys["administrator"]
    done = run("masterdata", "import", path, "--server", service.url, SUYUAN_KEY=key)
    assert done.returncode == 0, done.stderr
    sites = service.get("/api/v1/masterdata").json()["sites"]
    (site,) = [site for site in sites if site["id"] == "https://id.gs1.org/414/9521321000025"]
    assert (site["party"], site["name"]) == ("https://id.gs1.org/417/9521321000018", {"en": "Gate"})
    wrong = run("masterdata", "import", tmp_path / "none.xlsx")
    assert wrong.returncode == 2
    assert b"there is no such file" in wrong.stderr
