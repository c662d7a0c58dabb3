"""Backup beside a running server, the way back, and a ledger carried to another server as files."""

from __future__ import annotations

import json
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.serving import Service, run

from suyuan.app.backup import back_up, restore
from suyuan.app.ledger_files import in_files, read_manifest
from suyuan.base.errors import Conflict, IntegrityBroken, InvalidDocument, InvalidProof, InvalidSetting
from suyuan.trace.ledger_export import ExportedEvent

CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"farm": "https://farm.example/"}]


def document(first: int, count: int) -> bytes:
    """Events that differ in their serial number; one has a word of the farm's own."""
    events = [
        {
            "type": "ObjectEvent", "eventTime": "2026-10-12T08:30:00.000+08:00", "eventTimeZoneOffset": "+08:00",
            "epcList": [f"urn:epc:id:sgtin:0614141.107346.{number}"], "action": "ADD", "bizStep": "commissioning",
            "farm:field": "seven",
        }
        for number in range(first, first + count)
    ]  # fmt: skip
    return json.dumps(
        {
            "@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
            "creationDate": "2026-10-12T01:00:00Z", "epcisBody": {"eventList": events},
        }
    ).encode()  # fmt: skip


def silent(done: int, of: int) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server with a few events."""
    service = Service(tmp_path_factory.mktemp("source") / "data")
    service.start()
    service.make_keys()
    assert service.capture(document(1, 50)).status_code == 202
    yield service
    service.stop()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An empty server."""
    service = Service(tmp_path_factory.mktemp("target") / "data")
    service.start()
    service.make_keys()
    yield service
    service.stop()


class TestBackup:
    def test_a_copy_under_load_is_whole_and_goes_on_where_the_last_checkpoint_was(
        self, source: Service, tmp_path: Path
    ) -> None:
        ended = threading.Event()

        def load() -> None:
            number = 1_000
            while not ended.is_set():
                assert source.capture(document(number, 20)).status_code == 202
                number += 20

        thread = threading.Thread(target=load)
        thread.start()
        try:
            done = run("backup", tmp_path / "kept", "--data", source.data)
        finally:
            ended.set()
            thread.join()
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700
        first = tmp_path / "first.checkpoint"
        first.write_bytes(source.get("/log/checkpoint", None).content)
        held = int(done.stdout.split(b" entries")[0].rsplit(b" ", 1)[1])
        signed = int(first.read_text().splitlines()[1])
        done = run("restore", tmp_path / "kept", "--data", tmp_path / "data", "--checkpoint", first)
        if signed > held:  # captured after the copy: lost, so the log may not go on
            assert done.returncode == 2
            assert b"are lost" in done.stderr
            assert not (tmp_path / "data").exists()
        else:
            assert done.returncode == 0, done.stderr

    def test_a_restored_folder_serves_the_same_ledger_and_goes_on(self, source: Service, tmp_path: Path) -> None:
        source.get("/api/v1/keys", "administrator")
        held = back_up(source.data, tmp_path / "kept", silent)
        restored = restore(
            tmp_path / "kept", tmp_path / "data", checkpoint=source.data / "log.checkpoint", origin=None, told=silent
        )
        assert restored == held
        again = Service(tmp_path / "data")
        again.start()
        again.keys = source.keys
        try:
            assert again.capture(document(1, 50)).json()["events"][0]["duplicate"]
            assert again.capture(document(700_000, 1)).status_code == 202
            done = run("verify", "--log", tmp_path / "data")
            assert done.returncode == 0, done.stderr
        finally:
            again.stop()

    def test_what_was_lost_is_not_signed_over_but_a_new_log_may_begin(self, source: Service, tmp_path: Path) -> None:
        held = back_up(source.data, tmp_path / "kept", silent)
        assert source.capture(document(800_000, 1)).status_code == 202
        note = source.get("/api/v1/proof/" + event_id(source, 800_000), None)
        assert note.status_code == 200  # asking for a proof has it signed
        with pytest.raises(IntegrityBroken, match="1 are lost"):
            restore(
                tmp_path / "kept",
                tmp_path / "data",
                checkpoint=source.data / "log.checkpoint",
                origin=None,
                told=silent,
            )
        anew = restore(tmp_path / "kept", tmp_path / "data", checkpoint=None, origin="other.example/log", told=silent)
        assert (anew.origin, anew.size) == ("other.example/log", held.size + 1)
        again = Service(tmp_path / "data", SUYUAN_ORIGIN="other.example/log")
        again.start()
        again.keys = source.keys
        try:
            assert again.capture(document(900_000, 1)).status_code == 202
            done = run("verify", "--log", tmp_path / "data")
            assert done.returncode == 0, done.stderr
            assert b"log other.example/log" in done.stdout
        finally:
            again.stop()

    def test_a_checkpoint_of_another_log_is_refused(self, source: Service, target: Service, tmp_path: Path) -> None:
        back_up(source.data, tmp_path / "kept", silent)
        with pytest.raises(InvalidProof):
            restore(
                tmp_path / "kept",
                tmp_path / "data",
                checkpoint=target.data / "log.checkpoint",
                origin=None,
                told=silent,
            )
        assert not (tmp_path / "data").exists()

    def test_nothing_is_overwritten_and_nothing_is_guessed(self, source: Service, tmp_path: Path) -> None:
        with pytest.raises(Conflict):
            back_up(source.data, tmp_path, silent)
        with pytest.raises(InvalidSetting, match="no ledger"):
            back_up(tmp_path, tmp_path / "kept", silent)
        back_up(source.data, tmp_path / "kept", silent)
        with pytest.raises(InvalidSetting, match="how the log goes on"):
            restore(tmp_path / "kept", tmp_path / "data", checkpoint=None, origin=None, told=silent)
        with pytest.raises(InvalidSetting, match="another name"):
            restore(tmp_path / "kept", tmp_path / "data", checkpoint=None, origin="suyuan.example/log", told=silent)
        with pytest.raises(InvalidSetting, match="no backup"):
            restore(tmp_path, tmp_path / "data", checkpoint=None, origin="other.example/log", told=silent)

    def test_a_damaged_database_and_a_full_disk_are_told_in_one_line(self, source: Service, tmp_path: Path) -> None:
        back_up(source.data, tmp_path / "kept", silent)
        database = tmp_path / "kept" / "suyuan.db"
        whole = database.read_bytes()
        for damaged in (b"nonsense" * 1_000, whole[:8_192] + b"x" * (len(whole) - 8_192)):
            database.write_bytes(damaged)
            with pytest.raises(IntegrityBroken, match="damaged"):
                restore(tmp_path / "kept", tmp_path / "data", checkpoint=None, origin="o.example/log", told=silent)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, before[1]))  # writing more fails, as on a full disk
        try:
            with pytest.raises(InvalidSetting, match="cannot be copied"):
                back_up(source.data, tmp_path / "more", silent)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def event_id(service: Service, serial: int) -> str:
    """The ID of the event about a serial number, as a segment of a path."""
    epc = f"urn:epc:id:sgtin:0614141.107346.{serial}"
    found = service.get("/epcis/events", "producer", params={"MATCH_epc": epc}).json()
    event: str = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]["eventID"]
    return event.replace("/", "%2F").replace("?", "%3F").replace(";", "%3B")


def events_of(service: Service) -> dict[str, object]:
    """All events of the producer by ID, without what each ledger says for itself."""
    found: dict[str, object] = {}
    page = service.get("/epcis/events", "producer", params={"perPage": 100})
    while True:
        for event in page.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]:
            event.pop("recordTime")
            found[event["eventID"]] = event
        if "next" not in page.links:
            return found
        page = service.get(page.links["next"]["url"], "producer")


class TestExport:
    @pytest.mark.parametrize("form", ["epcis", "parquet"])
    def test_a_ledger_carried_to_another_server_has_the_same_events_there(
        self, source: Service, target: Service, tmp_path: Path, form: str
    ) -> None:
        done = run("export", tmp_path / "out", "--format", form, "--data", source.data)
        assert done.returncode == 0, done.stderr
        manifest = read_manifest(tmp_path / "out")
        assert manifest.checkpoint
        words = ("import", tmp_path / "out", "--server", target.url, "--key", target.keys["producer"])
        first, second = run(*words), run(*words)
        assert first.returncode == 0, first.stderr
        total = sum(file.events for file in manifest.files)
        assert second.stdout == f"imported {total} events, {total} of them known before\n".encode()
        assert events_of(target) == events_of(source)

    def test_vocabularies_go_along_with_the_events(self, source: Service, target: Service, tmp_path: Path) -> None:
        kind = "urn:epcglobal:epcis:vtype:ReadPoint"
        for number, role in enumerate(("administrator", "producer")):
            element = {"id": f"urn:gate:{number}", "attributes": [{"id": "urn:a", "attribute": {"b:c": [role]}}]}
            listed = {"vocabularyList": [{"type": kind, "vocabularyElementList": [element]}]}
            if role == "administrator":
                assert source.call("PUT", "/api/v1/vocabularies", role, json=listed).status_code == 200
            else:
                whole = json.loads(document(900, 1)) | {"epcisHeader": {"epcisMasterData": listed}}
                assert source.capture(json.dumps(whole).encode()).status_code == 202
        assert run("export", tmp_path / "out", "--data", source.data).returncode == 0
        keys = ("--key", target.keys["producer"], "--admin-key", target.keys["administrator"])
        done = run("import", tmp_path / "out", "--server", target.url, *keys)
        assert done.returncode == 0, done.stderr
        asked = {"vocabularyName": kind}
        for reader in (None, "producer", "retailer"):
            there, here = (each.get("/api/v1/vocabularies", reader, params=asked).json() for each in (target, source))
            assert there == here
            assert len(there["vocabularyList"][0]["vocabularyElementList"]) == (2 if reader == "producer" else 1)

    def test_large_events_are_cut_into_files_that_a_server_takes(self) -> None:
        sizes = [9_000_000, 9_000_000, 20_000_000, *[1_000] * 25_000]
        events = (
            ExportedEvent(
                index=index, event_id="", type="ObjectEvent", action="ADD", time=0, offset=0, record_time=0,
                biz_step=None, disposition=None, read_point=None, biz_location=None, declaration=False, source_key="",
                source_party="", things=[], body=bytes(size), context=b"",
            )
            for index, size in enumerate(sizes)
        )  # fmt: skip
        files = [[event.index for event in part] for part in in_files(events)]
        assert [len(part) for part in files] == [1, 1, 1, 10_000, 10_000, 5_000]
        assert [index for part in files for index in part] == list(range(len(sizes)))

    def test_what_a_server_refuses_is_told_with_its_file(self, target: Service, tmp_path: Path) -> None:
        other = Service(tmp_path / "data")
        other.start()
        other.make_keys()
        try:
            lenient = other.new_key("producer", None, lenient=["vocabulary"])["key"]
            refused = document(600_000, 1).replace(b"commissioning", b"no_such_word")
            assert other.capture(refused, lenient).status_code == 202
            assert run("export", tmp_path / "out", "--data", other.data).returncode == 0
        finally:
            other.stop()
        done = run("import", tmp_path / "out", "--server", target.url, "--key", target.keys["producer"])
        assert done.returncode == 2
        assert b"events-" in done.stderr
        assert b".jsonld /epcisBody/eventList/0/bizStep" in done.stderr

    def test_a_changed_file_and_an_unfinished_export_are_refused(self, source: Service, tmp_path: Path) -> None:
        assert run("export", tmp_path / "out", "--data", source.data).returncode == 0
        file = next((tmp_path / "out").glob("events-*"))
        file.write_bytes(file.read_bytes().replace(b"seven", b"eight", 1))
        done = run("import", tmp_path / "out", "--server", source.url, "--key", source.keys["producer"])
        assert done.returncode == 2
        assert b"not those that were exported" in done.stderr
        (tmp_path / "out" / "ledger.json").unlink()
        assert b"unfinished" in run("import", tmp_path / "out", "--server", source.url).stderr

    def test_a_manifest_cannot_lead_out_of_its_folder(self, source: Service, tmp_path: Path) -> None:
        assert run("export", tmp_path / "out", "--data", source.data).returncode == 0
        manifest = json.loads((tmp_path / "out" / "ledger.json").read_bytes())
        manifest["files"][0]["name"] = "../../etc/hostname"
        (tmp_path / "out" / "ledger.json").write_bytes(msgspec.json.encode(manifest))
        done = run("import", tmp_path / "out", "--server", source.url, "--key", source.keys["producer"])
        assert done.returncode == 2
        assert b"lies in its folder" in done.stderr

    def test_a_file_that_is_no_parquet_is_refused(self) -> None:
        from suyuan.app.parquet import ParquetFiles

        with pytest.raises(InvalidDocument):
            list(ParquetFiles().documents(b"PAR1 nonsense"))
