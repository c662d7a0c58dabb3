"""The demonstration against a server that is away, busy, or dies after it has done what it was asked."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from suyuan.app.demo import launch as launch_module
from suyuan.app.demo import service as service_module
from suyuan.app.demo.book import RecallPlan
from suyuan.app.demo.evidence import Evidence
from suyuan.app.demo.firms import FIRMS
from suyuan.app.demo.keyring import Keyring, key_file
from suyuan.app.demo.launch import launch
from suyuan.app.demo.service import Service, connect
from suyuan.base.errors import InvalidInput, InvalidProof, Unavailable

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
PLAN = RecallPlan("urn:epc:class:lgtin:6999002.000201.S1", {"zh": "原因", "en": "reason"}, "a sample")
LOT = "https://id.gs1.org/01/06999002002010/10/S1"


class Scripted:
    """A server that gives the scripted answers, one after the other, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.answers: list[Any] = []
        self.checks = 0

    async def answer(self, request: web.Request) -> web.Response:
        """The next answer; None drops the connection."""
        body = await request.read()
        self.asked.append((request.method, request.path, json.loads(body) if body else None))
        given = self.answers.pop(0)
        if given is None and request.transport:
            request.transport.close()
        if isinstance(given, int):
            return web.json_response({"detail": f"answer {given}"}, status=given)
        if isinstance(given, bytes):
            return web.Response(body=given)
        return web.json_response(given)

    def check(self) -> None:
        """Count how often it was asked whether there is any hope."""
        self.checks += 1


@pytest.fixture
def scripted() -> Scripted:
    """A script to fill in."""
    return Scripted()


@pytest.fixture
async def service(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """A patient client of the scripted server; its pauses are short here."""
    monkeypatch.setattr(service_module, "_PAUSE", 0.01)
    monkeypatch.setattr(launch_module, "_PAUSE", 0.01)
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", scripted.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with connect(f"http://127.0.0.1:{port}", scripted.check) as found:
        yield found
    await runner.cleanup()


async def test_a_server_that_is_busy_or_gone_is_asked_again(service: Service, scripted: Scripted) -> None:
    scripted.answers = [503, None, 502, {"status": "ready"}]
    assert (await service.ask("POST", "/epcis/capture", body={})).json() == {"status": "ready"}
    assert scripted.checks == 3


async def test_a_refusal_is_raised_at_once_as_the_server_put_it(service: Service, scripted: Scripted) -> None:
    scripted.answers = [400]
    with pytest.raises(InvalidInput, match="answer 400"):
        await service.ask("POST", "/epcis/capture", body={})
    assert len(scripted.asked) == 1


async def test_patience_ends(service: Service, scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "_PATIENCE", 0.03)
    scripted.answers = [503] * 1000
    with pytest.raises(Unavailable, match="answered 503"):
        await service.ask("GET", "/readyz")


def recall(number: str = "R1") -> dict[str, Any]:
    """A recall as the server answers."""
    return {"id": number, "seed": LOT, "counts": {"affected": 9, "carriers": 2, "consignees": 1}}


async def test_a_launch_whose_answer_was_lost_is_found_in_the_list(service: Service, scripted: Scripted) -> None:
    scripted.answers = [[], None, [{"id": "R1", "seed": LOT}], recall()]
    launched = await launch(service, "key", PLAN)
    assert (launched.id, launched.affected, launched.carriers, launched.holders) == ("R1", 9, 2, 1)
    assert [method for method, _, _ in scripted.asked] == ["GET", "POST", "GET", "GET"]


async def test_a_launch_that_did_not_happen_is_tried_again(service: Service, scripted: Scripted) -> None:
    scripted.answers = [[{"id": "R0", "seed": "another"}], 503, [{"id": "R0", "seed": "another"}], recall()]
    assert (await launch(service, "key", PLAN)).id == "R1"
    assert scripted.asked[-1] == ("POST", "/api/v1/recalls", {"seed": PLAN.seed, "reason": "原因 / reason"})


async def test_a_key_is_made_once_and_found_in_its_file(service: Service, scripted: Scripted, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    keys = Keyring(tmp_path, service)
    with pytest.raises(Unavailable, match=r"admin\.key"):
        await keys.regulator()
    (tmp_path / "admin.key").write_text("sy_admin\n")
    scripted.answers = [{"key": "sy_new"}]
    assert await keys.firm(FIRMS["port"]) == "sy_new"
    assert await Keyring(tmp_path, service).firm(FIRMS["port"]) == "sy_new"
    path = key_file(tmp_path, "firm-port")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    order = {"role": "logistics", "name": "demo firm-port", "party": FIRMS["port"].party_urn}
    assert scripted.asked == [("POST", "/api/v1/keys", order)]


NOTE = b"suyuan.example/log\n%d\nqINS1GRFhWHwdkUeqLEoP4yEMkTBBzxBkGwGQlVlVcs=\n\n- x\n"


async def test_the_last_checkpoint_covers_the_whole_log(service: Service, scripted: Scripted, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    scripted.answers = [{"log_size": 9}, NOTE % 8, {"log_size": 9}, NOTE % 9]
    signed = await Evidence(tmp_path, service).settled()
    assert (signed.size, signed.root[:4]) == (9, "qINS")
    assert sorted(path.name for path in (tmp_path / "demo" / "evidence").iterdir()) == ["checkpoint-8", "checkpoint-9"]


@pytest.mark.parametrize("text", [b"", b"x", b"a\nb\nc\n", b"\xff\n1\n2\n"])
async def test_a_checkpoint_that_is_none_is_an_error_of_ours(
    service: Service, scripted: Scripted, tmp_path: Path, text: bytes
) -> None:
    (tmp_path / "demo").mkdir()
    scripted.answers = [text]
    with pytest.raises(InvalidProof, match="not a checkpoint"):
        await Evidence(tmp_path, service).take()


async def test_signing_that_never_catches_up_is_said(
    service: Service, scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suyuan.app.demo.evidence._PATIENCE", 0.05)
    (tmp_path / "demo").mkdir()
    scripted.answers = [{"log_size": 9}, NOTE % 8] * 100
    with pytest.raises(Unavailable, match="9 entries, but only 8 are signed"):
        await Evidence(tmp_path, service).settled()
