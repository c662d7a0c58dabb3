"""The file of tag writers, read strictly; what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from suyuan.app.tag_writers import ReaderStation, load_writers, printing_of, station_of
from suyuan.base.errors import InvalidSetting
from suyuan.labels.printer import ZplPrinter
from suyuan.labels.tag_job_run import Patience
from suyuan.labels.tag_tickets import Printing

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "tag-writers.md"


def a_file(folder: Path, text: str) -> Path:
    path = folder / "writers.toml"
    path.write_text(text)
    return path


def test_the_documented_example_loads_and_becomes_stations(tmp_path: Path) -> None:
    example = PAGE.read_text().split("```toml\n")[1].split("```")[0]
    table, zebra = load_writers(a_file(tmp_path, example))
    one, two = station_of(table), station_of(zebra)
    assert (one.name, one.kind, one.locks, one.party) == ("packing-table", "reader", True, "")
    assert (two.name, two.kind, two.locks, two.party) == ("zebra", "printer", False, zebra.party)
    assert one.patience == Patience(wait=60)
    reader, printer = one.connect(), two.connect()
    assert isinstance(reader, ReaderStation)
    assert isinstance(printer, ZplPrinter)
    assert (printer.settings.host, printer.settings.port) == ("10.0.0.6", 9100)
    assert (reader._writer.settings.host, reader._writer.settings.port) == ("10.0.0.5", 5084)
    assert printing_of((table, zebra)) == {"zebra": Printing(203, "")}


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("zebra.example", "zebra.example", 9100),
        ("zebra.example:6101", "zebra.example", 6101),
        ("[fe80::1]:6101", "fe80::1", 6101),
        ("fe80::1", "fe80::1", 9100),
        ("[fe80::1]", "fe80::1", 9100),
    ],
)
def test_an_address_is_a_host_with_or_without_a_port(address: str, host: str, port: int, tmp_path: Path) -> None:
    (writer,) = load_writers(a_file(tmp_path, f'[[writers]]\nname = "a"\nprinter = "{address}"\n'))
    printer = station_of(writer).connect()
    assert isinstance(printer, ZplPrinter)
    assert (printer.settings.host, printer.settings.port) == (host, port)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[writers]]\nname = "a"\n', "needs either a reader or a printer"),
        ('[[writers]]\nname = "a"\nreader = "x"\nprinter = "y"\n', "needs either a reader or a printer"),
        ('[[writers]]\nname = "a"\nreader = "x"\n' * 2, "name a is given to two writers"),
        ('[[writers]]\nname = "a"\nreader = "x:y"\n', "'x:y' is not a host and a port"),
        ('[[writers]]\nname = "a"\nreader = "x:70000"\n', "is not a host and a port"),
        ('[[writers]]\nname = "a"\nreader = "x"\npassword = "short"\n', "password"),
        ('[[writers]]\nname = "a"\nreader = "x"\ncolour = 1\n', "colour"),
        ("writers = 1", "writers"),
        ("[[writers", "not a TOML file"),
    ],
)
def test_a_file_that_is_wrong_names_what_is(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting) as raised:
        load_writers(a_file(tmp_path, text))
    assert message in str(raised.value)
    assert "writers.toml" in str(raised.value)


def test_a_file_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot be read"):
        load_writers(tmp_path / "none.toml")
