from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.serving import run
from tests.trace.scribe import document, object_event

from suyuan.app import event_hashes
from suyuan.app.cli import app
from suyuan.app.event_hashes import file_hashes
from suyuan.base.errors import InvalidDocument

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2"'
    ' schemaVersion="2.0" creationDate="2026-11-21T00:00:00Z"><EPCISBody><EventList>'
)
TAIL = "</EventList></EPCISBody></epcis:EPCISDocument>"


def xml(event: dict[str, Any]) -> str:
    epcs = "".join(f"<epc>{epc}</epc>" for epc in event["epcList"])
    return (
        f"<ObjectEvent><eventTime>{event['eventTime']}</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
        f"<epcList>{epcs}</epcList><action>OBSERVE</action><bizStep>{event['bizStep']}</bizStep>"
        f"<readPoint><id>{event['readPoint']['id']}</id></readPoint></ObjectEvent>"
    )


EVENTS = [object_event(number) for number in (3, 1, 2)]
JSON = document(*EVENTS)
XML = (HEAD + "".join(map(xml, EVENTS)) + TAIL).encode()


def written(folder: Path, name: str, body: bytes) -> str:
    (folder / name).write_bytes(body)
    return str(folder / name)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """One at a time, each from a bare event."""
    folder = tmp_path_factory.mktemp("bare")
    files = [written(folder, str(index), json.dumps(event).encode()) for index, event in enumerate(EVENTS)]
    found = [uri for file in files for uri in file_hashes(file)]
    assert len(set(found)) == 3
    assert all(re.fullmatch(r"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0", uri) for uri in found)
    return found


@pytest.mark.parametrize(
    "body", [JSON, XML, b"\xef\xbb\xbf \n" + JSON, XML.replace(b"UTF-8", b"UTF-16").decode().encode("utf-16")]
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_whatever_a_file_is_called_its_events_are_hashed_in_order(
    body: bytes, pack: Any, tmp_path: Path, expected: list[str]
) -> None:
    assert list(file_hashes(written(tmp_path, "some.dat", pack(body)))) == expected


@pytest.mark.parametrize("body", [JSON, XML])
def test_large_files_are_read_event_by_event(
    body: bytes, tmp_path: Path, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_hashes, "WHOLE", 10)
    assert list(file_hashes(written(tmp_path, "large", body))) == expected
    broken = body.replace(b"OBSERVE", b"CREATE").replace(b"CREATE", b"OBSERVE", 1)
    hashes = file_hashes(written(tmp_path, "broken", broken))
    assert next(hashes) == expected[0]
    with pytest.raises(InvalidDocument) as refusal:
        next(hashes)
    assert str(refusal.value.place).startswith(f"{tmp_path / 'broken'}, /")


def hash_all(names: Sequence[str], monkeypatch: pytest.MonkeyPatch, stdin: bytes = b"") -> int:
    """Run the command in this process; its exit code."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    monkeypatch.setattr("sys.argv", ["suyuan", "hash", *names])
    return app(standalone_mode=False) or 0


def test_a_broken_file_is_told_and_the_others_are_hashed(
    tmp_path: Path, expected: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [
        written(tmp_path, "a", JSON),
        written(tmp_path, "b", b"{"),
        written(tmp_path, "c", XML[:-9]),
        written(tmp_path, "d", gzip.compress(JSON)[:-9]),
        str(tmp_path / "none"),
        "-",
    ]
    assert hash_all(files, monkeypatch, XML) == 2
    out, err = capsys.readouterr()
    assert out.split() == expected * 2
    assert [re.split("[:,]", line)[1].strip() for line in err.splitlines()] == files[1:5]


def test_quantities_that_break_a_rule_have_a_hash_nevertheless(tmp_path: Path) -> None:
    amount = {"epcClass": "urn:epc:class:lgtin:4012345.012345.L7", "quantity": 0}
    event = object_event(1, quantityList=[amount])
    assert len(list(file_hashes(written(tmp_path, "a", json.dumps(event).encode())))) == 1


def test_the_command_hashes_stdin(expected: list[str]) -> None:
    done = run("hash", "-", stdin=JSON)
    assert (done.returncode, done.stdout.decode().split(), done.stderr) == (0, expected, b"")
