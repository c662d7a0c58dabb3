"""The log and its proofs over TCP: what anyone may take away and verify without trusting the server."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from tests.serving import Service, run
from tests.trace.scribe import document, object_event

from suyuan.chain.merkle import TILE_WIDTH
from suyuan.chain.policy import parse_policy
from suyuan.chain.tiles import decode_entries
from suyuan.chain.verify import audit, verify_bundle


@pytest.fixture(scope="module")
def covered(service: Service) -> str:
    """The ID of an event that a checkpoint covers, in a log of more than one tile."""
    events = [object_event(serial, eventID=f"urn:log:{serial}") for serial in range(1, 2 * TILE_WIDTH)]
    captured = service.capture(document(*events)).json()["events"]
    wait_for_proof(service, captured[-1]["eventID"])
    return str(captured[7]["eventID"])


def proof(service: Service, event_id: str) -> httpx.Response:
    return service.get(f"/api/v1/proof/{quote(event_id, safe='')}", None)


def wait_for_proof(service: Service, event_id: str) -> bytes:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        answer = proof(service, event_id)
        if answer.status_code == 200:
            return answer.content
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        time.sleep(0.1)
    raise TimeoutError


class TestProof:
    """GET /api/v1/proof/{eventID}"""

    def test_the_verifier_accepts_it_offline(self, service: Service, covered: str, tmp_path: Path) -> None:
        (tmp_path / "bundle.json").write_bytes(proof(service, covered).content)
        (tmp_path / "policy").write_bytes(service.get("/log/policy", None).content)
        done = run("verify", "bundle.json", "--policy", "policy", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"verified: event {covered}" in done.stdout.decode()

    def test_after_any_byte_is_changed_it_refuses(self, service: Service, covered: str, tmp_path: Path) -> None:
        bundle, policy = proof(service, covered).content, parse_policy(service.get("/log/policy", None).content)
        assert verify_bundle(bundle, policy).event_id == covered
        for at in (0, 50, len(bundle) // 2, len(bundle) - 2):
            changed = bytearray(bundle)
            changed[at] ^= 1
            (tmp_path / "bundle.json").write_bytes(changed)
            done = run("verify", "bundle.json", "--data", service.data, cwd=tmp_path)
            assert (done.returncode, done.stdout) == (2, b"")
            assert done.stderr.startswith(b"suyuan: ")
            assert done.stderr.count(b"\n") == 1

    def test_a_hash_id_is_found_encoded_or_not(self, service: Service) -> None:
        (captured,) = service.capture(document(object_event(987_001))).json()["events"]
        bundle = wait_for_proof(service, captured["eventID"])
        plain = service.get(f"/api/v1/proof/{captured['eventID']}", None)
        assert plain.status_code == 200
        policy = parse_policy(service.get("/log/policy", None).content)
        assert verify_bundle(bundle, policy).event == verify_bundle(plain.content, policy).event

    @pytest.mark.parametrize("name", ["urn:none", "%00", "x" * 5000])
    def test_an_event_that_is_not_there(self, service: Service, name: str) -> None:
        assert service.get(f"/api/v1/proof/{name}", None).status_code == 404


class TestTiles:
    """GET /log/..."""

    def test_the_whole_log_is_rebuilt_from_its_tiles(self, service: Service, covered: str) -> None:
        note = service.get("/log/checkpoint", None).content
        policy = parse_policy(service.get("/log/policy", None).content)
        size = int(note.split(b"\n")[1])
        assert size > TILE_WIDTH
        entries: list[bytes] = []
        for index in range(-(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - index * TILE_WIDTH)
            part = "" if width == TILE_WIDTH else f".p/{width}"
            entries += decode_entries(service.get(f"/log/tile/entries/{index:03d}{part}", None).content, width)
        result = audit(iter(entries), note, policy, [])
        assert (result.size, covered) == (size, covered)

    def test_the_command_line_verifies_it_and_an_earlier_checkpoint(
        self, service: Service, covered: str, tmp_path: Path
    ) -> None:
        (tmp_path / "early").write_bytes(service.get("/log/checkpoint", None).content)
        service.capture(document(object_event(987_003, eventID="urn:log:later")))
        wait_for_proof(service, "urn:log:later")
        for place in (service.url, service.url + "/log", str(service.data)):
            done = run("verify", "--log", place, "--data", service.data, "--earlier", "early", cwd=tmp_path)
            assert done.returncode == 0, done.stderr
            assert b"contains the earlier checkpoint" in done.stdout
        assert covered

    def test_full_tiles_are_kept_for_ever_and_partial_ones_are_not(self, service: Service, covered: str) -> None:
        full, part = service.get("/log/tile/0/000", None), service.get("/log/tile/0/000.p/5", None)
        assert "immutable" in full.headers["cache-control"]
        assert part.headers["cache-control"] == "no-cache"
        assert full.content[: 5 * 32] == part.content
        assert len(full.content) == TILE_WIDTH * 32
        assert covered

    @pytest.mark.parametrize(
        "path",
        ["0/999", "7/000", "0/x001/000", "entries/999", "-1/000", "0/0", "0/000.p/0", "0/000.p/256", "0/000.p/999", "x",
         "", "0/000.p/5/", "99999999999999999999/000", "0/" + "x999/" * 50 + "999", "entries/000.p/-1", "%00/000"],
    )  # fmt: skip
    def test_tiles_that_are_not_there_or_no_tiles_at_all(self, service: Service, covered: str, path: str) -> None:
        answer = service.get(f"/log/tile/{path}", None)
        assert answer.status_code in {400, 404}, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert covered


def test_an_empty_log_has_no_checkpoint_but_a_fresh_folder_begins_with_its_first_key(tmp_path: Path) -> None:
    fresh = Service(tmp_path / "data")
    fresh.start()
    assert fresh.get("/log/checkpoint", None).content.split(b"\n")[1] == b"1"
    assert (fresh.data / "admin.key").stat().st_mode & 0o777 == 0o600
    assert (fresh.data / "suyuan.db").stat().st_mode & 0o777 == 0o600
    key = (fresh.data / "admin.key").read_text().strip()
    assert fresh.log.read_text().count(key) == 1
    fresh.stop()
    fresh.start()
    assert key not in fresh.log.read_text()
    fresh.stop()
