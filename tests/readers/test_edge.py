"""The edge, whole: emulated readers on TCP, a capture endpoint on HTTP, and everything that can go wrong between."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from structlog.testing import capture_logs

from suyuan.base.errors import InvalidSetting
from suyuan.gs1.tag_encoding import tag_to_uri, uri_to_tag
from suyuan.readers import edge as edge_module
from suyuan.readers.edge import Edge, run_edge
from suyuan.readers.edge_config import EdgeConfig, parse_config
from suyuan.readers.emulator import run_emulator
from suyuan.readers.outbox import Outbox
from suyuan.readers.reads import Batch, Moment, TagRead
from suyuan.readers.script import EmulatorConfig, Fault, Passage, ReaderScript, passage_reads

if TYPE_CHECKING:
    from tests.readers.conftest import CaptureEndpoint

START = 1_790_000_000_000_000
MINUTE = 60_000_000
ITEMS = [uri_to_tag(f"urn:epc:id:sgtin:0614141.812345.{n}", 1) for n in range(200)]
PALLETS = [uri_to_tag(f"urn:epc:id:sscc:0614141.1{n:09}", 2) for n in range(20)]
NO_EPC = "E2801160600002054CC10123"


def passages(count: int) -> tuple[Passage, ...]:
    """Pallets with ten items each, one a minute."""
    return tuple(
        Passage(START + n * MINUTE, 5_000_000, (PALLETS[n % 20], *ITEMS[n % 20 * 10 :][:10]), (1, 2))
        for n in range(count)
    )


def gate(count: int = 8, **changes: Any) -> ReaderScript:
    options = {"miss_rate": 0.2, "strays": (ITEMS[150], NO_EPC), "stray_rate": 0.5, "seed": 7, **changes}
    return ReaderScript("gate", 0, passages=passages(count), **options)


def tunnel(count: int = 8) -> ReaderScript:
    return ReaderScript("tunnel", 0, passages=passages(count), seed=7)


def configuration(folder: Path, url: str, ports: Mapping[str, int], *, cleaning: str = "min_rssi = -64") -> str:
    """An edge for these readers: ``tunnel`` aggregates, the others ship."""
    (folder / "edge.key").write_text("a-device-key\n")
    text = f'zone_offset = "+08:00"\nstop_seconds = 3\n[server]\nurl = "{url}"\nkey_file = "edge.key"\n'
    for number, (name, port) in enumerate(ports.items()):
        kind = (
            'kind = "aggregation"\naction = "ADD"\nbiz_step = "packing"'
            if name == "tunnel"
            else 'biz_step = "shipping"'
        )
        text += f"""
[[readers]]
name = "{name}"
host = "127.0.0.1"
port = {port}
backoff_first = 0.01
backoff_most = 0.05
inventory = {{ antennas = [1, 2], keepalive_ms = 200 }}
[[readers.read_points]]
read_point = "urn:epc:id:sgln:0614141.00777.{number}"
{kind}
cleaning = {{ {cleaning} }}
"""
    return text


@contextlib.asynccontextmanager
async def emulator(folder: Path, *scripts: ReaderScript) -> AsyncIterator[Mapping[str, int]]:
    """Emulated readers; gives their ports."""
    ports: asyncio.Future[Mapping[str, int]] = asyncio.get_running_loop().create_future()
    config = EmulatorConfig(scripts, str(folder / "emulator.json"))
    task = asyncio.create_task(run_emulator(config, ports.set_result))
    yield await ports
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def edge(config: EdgeConfig) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(run_edge(config, stop))
    yield
    stop.set()
    await asyncio.wait_for(task, 10)


def expected(script: ReaderScript, min_rssi: float = -64) -> list[tuple[str, ...]]:
    """The EPCs of each passage that has any, from the script alone."""
    found = []
    for number in range(len(script.passages)):
        best: dict[str, float] = {}
        for read in passage_reads(script, number):
            best[read.epc] = max(best.get(read.epc, -999), read.rssi or 0)
        kept = {tag_to_uri(epc) for epc, rssi in best.items() if epc != NO_EPC and rssi >= min_rssi}
        if kept:
            found.append(tuple(sorted(kept)))
    return found


def shipped(endpoint: CaptureEndpoint) -> list[tuple[str, ...]]:
    events = [event for event in endpoint.stored.values() if event["bizStep"] == "shipping"]
    return [tuple(event["epcList"]) for event in sorted(events, key=lambda event: event["eventTime"])]


def status(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "edge-status.json").read_bytes())
    return content


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in files and other processes
            await asyncio.sleep(0.01)


def complete(folder: Path) -> bool:
    """Whether every emulated passage has been recorded."""
    return bool(json.loads((folder / "emulator.json").read_bytes())["complete"])


async def test_every_passage_becomes_the_events_that_its_script_foretells(
    tmp_path: Path, endpoint: CaptureEndpoint
) -> None:
    script = gate()
    async with emulator(tmp_path, script, tunnel()) as ports:
        config = parse_config(configuration(tmp_path, endpoint.url, ports).encode(), tmp_path)
        async with edge(config):
            await endpoint.until(lambda: len(endpoint.stored) == 16)
            await until((tmp_path / "edge-status.json").exists)
            assert status(tmp_path)["readers"].keys() == {"gate", "tunnel"}
    assert shipped(endpoint) == expected(script)
    packed = [event for event in endpoint.stored.values() if event["type"] == "AggregationEvent"]
    assert {(event["parentID"], len(event["childEPCs"])) for event in packed} == {
        (tag_to_uri(pallet), 10) for pallet in PALLETS[:8]
    }
    final = status(tmp_path)
    reads = sum(len(passage_reads(one, n)) for one in (script, tunnel()) for n in range(8))
    assert final["counters"]["tag_reads"] == reads
    assert final["counters"]["passages"] == final["counters"]["events"] == final["delivered"] == 16
    assert (final["outbox"], final["dead"], final["counters"]["unpaired"]) == (0, 0, 0)
    assert final["counters"]["undecodable"] > 0
    assert final["counters"]["strays"] > 0
    assert final["readers"]["gate"]["connected"] is False


async def act_out(folder: Path, endpoint: CaptureEndpoint, script: ReaderScript) -> None:
    """Let an edge read the whole script."""
    async with emulator(folder, script) as ports:
        config = parse_config(configuration(folder, endpoint.url, ports).encode(), folder)
        async with edge(config):
            await until(lambda: complete(folder))


async def clean_run(folder: Path, endpoint: CaptureEndpoint, script: ReaderScript) -> dict[str, dict[str, Any]]:
    """The events of an undisturbed run, by the hash of their content; the endpoint is empty again after it."""
    folder.mkdir()  # noqa: ASYNC240 - a test's folder
    await act_out(folder, endpoint, script)
    stored, endpoint.stored = endpoint.stored, {}
    assert len(stored) == len(expected(script))
    return stored


async def test_broken_connections_change_nothing(tmp_path: Path, endpoint: CaptureEndpoint) -> None:
    clean = await clean_run(tmp_path / "clean", endpoint, gate())
    faults = (Fault(1, "cut"), Fault(2, "garbage"), Fault(3, "parameter"), Fault(4, "silence"), Fault(5, "cut"))
    await act_out(tmp_path, endpoint, gate(faults=faults))
    assert endpoint.stored == clean
    assert endpoint.duplicates == 0
    assert status(tmp_path)["counters"] == status(tmp_path / "clean")["counters"]
    assert status(tmp_path)["readers"]["gate"]["failures"] > 0


async def test_stopping_in_the_middle_and_starting_again_changes_nothing(
    tmp_path: Path, endpoint: CaptureEndpoint
) -> None:
    script = gate(20, pace=0.02)
    clean = await clean_run(tmp_path / "clean", endpoint, gate(20))
    async with emulator(tmp_path, script) as ports:
        config = parse_config(configuration(tmp_path, endpoint.url, ports).encode(), tmp_path)
        for _ in range(4):
            async with edge(config):
                await asyncio.sleep(0.12)
        async with edge(config):
            await until(lambda: complete(tmp_path))
    assert endpoint.stored == clean
    assert status(tmp_path)["counters"] == status(tmp_path / "clean")["counters"]


PROGRAM = "import sys; from pathlib import Path; from suyuan.readers.edge import edge; edge(Path(sys.argv[1]))"


async def start_process(folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(folder / "edge.toml"), stderr=asyncio.subprocess.PIPE
    )


async def test_an_edge_that_is_killed_again_and_again_loses_and_doubles_nothing(
    tmp_path: Path, endpoint: CaptureEndpoint
) -> None:
    script = gate(30, pace=0.03)
    clean = await clean_run(tmp_path / "clean", endpoint, gate(30))
    async with emulator(tmp_path, script) as ports:
        (tmp_path / "edge.toml").write_text(configuration(tmp_path, endpoint.url, ports))
        for kill_at in (3, 11):
            process = await start_process(tmp_path)
            await until(lambda n=kill_at: len(endpoint.stored) >= n)  # type: ignore[misc]
            process.kill()
            await process.communicate()
        process = await start_process(tmp_path)
        await until(lambda: complete(tmp_path))
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    assert process.returncode == 0
    assert endpoint.stored == clean
    assert status(tmp_path)["counters"] == status(tmp_path / "clean")["counters"]
    entries = [json.loads(line) for line in errors.splitlines()]
    assert entries[-1]["event"] == "edge stopped"
    assert b"a-device-key" not in errors


async def test_a_server_that_is_away_costs_no_passage(tmp_path: Path, endpoint: CaptureEndpoint) -> None:
    clean = await clean_run(tmp_path / "clean", endpoint, gate())
    async with emulator(tmp_path, gate()) as ports:
        text = configuration(tmp_path, endpoint.url, ports)
        away = parse_config(text.replace(endpoint.url, "http://127.0.0.1:9").encode(), tmp_path)
        async with edge(away):
            await until(lambda: complete(tmp_path))
        assert status(tmp_path)["outbox"] == len(clean)
        async with edge(parse_config(text.encode(), tmp_path)):
            await endpoint.until(lambda: len(endpoint.stored) == len(clean))
    assert endpoint.stored == clean


async def test_readers_wait_while_the_outbox_is_full(
    tmp_path: Path, endpoint: CaptureEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suyuan.readers.recorder._RETRY_SECONDS", 0.05)
    endpoint.key = "another key"
    script = gate(40)
    async with emulator(tmp_path, script) as ports:
        text = configuration(tmp_path, endpoint.url, ports) + "[outbox]\nmax_bytes = 10_000\n"
        text = text.replace("key_file", "hold_wait = 0.05\nkey_file")
        with capture_logs() as logs:
            async with edge(parse_config(text.encode(), tmp_path)):
                await until(lambda: any("outbox takes nothing" in entry["event"] for entry in logs))
                await asyncio.sleep(0.15)
                assert not complete(tmp_path)
                endpoint.key = "a-device-key"
                await until(lambda: complete(tmp_path))
    assert shipped(endpoint) == expected(script)


async def test_a_stop_stores_what_waited_for_room(tmp_path: Path, endpoint: CaptureEndpoint) -> None:
    endpoint.key = "another key"
    async with emulator(tmp_path, gate(40)) as ports:
        text = configuration(tmp_path, endpoint.url, ports) + "[outbox]\nmax_bytes = 10_000\n"
        with capture_logs() as logs:
            async with edge(parse_config(text.encode(), tmp_path)):
                await until(lambda: any("outbox takes nothing" in entry["event"] for entry in logs))
    assert status(tmp_path)["outbox"] == status(tmp_path)["counters"]["events"] > 10


async def test_a_reader_that_is_away_does_not_stop_the_others(tmp_path: Path, endpoint: CaptureEndpoint) -> None:
    script = gate()
    async with emulator(tmp_path, script) as ports:
        text = configuration(tmp_path, endpoint.url, {"away": 9, **ports})
        async with edge(parse_config(text.encode(), tmp_path)):
            await until(lambda: complete(tmp_path))
    assert shipped(endpoint) == expected(script)
    assert status(tmp_path)["readers"]["away"]["last_error"]
    assert status(tmp_path)["readers"]["away"]["last_seen"] is None


async def test_a_window_that_a_silent_reader_leaves_open_is_closed(
    tmp_path: Path, endpoint: CaptureEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge_module, "_TICK_SECONDS", 0.05)
    cleaning = 'mode = "window", gap_seconds = 0.5, idle_seconds = 0.1, min_reads = 1'
    script = ReaderScript("gate", 0, passages=(Passage(START, 1000, (ITEMS[0],)),))
    async with emulator(tmp_path, script) as ports:
        text = configuration(tmp_path, endpoint.url, ports, cleaning=cleaning).replace("200 }", "60000 }")
        async with edge(parse_config(text.encode(), tmp_path)):
            await endpoint.until(lambda: len(endpoint.stored) == 1)
    assert shipped(endpoint) == [(tag_to_uri(ITEMS[0]),)]


async def test_a_passage_that_is_going_on_at_the_stop_is_continued(tmp_path: Path, endpoint: CaptureEndpoint) -> None:
    cleaning = 'mode = "window", gap_seconds = 3000, longest_seconds = 9000'
    script = gate(4, stray_rate=0.0)
    async with emulator(tmp_path, script) as ports:
        config = parse_config(configuration(tmp_path, endpoint.url, ports, cleaning=cleaning).encode(), tmp_path)
        async with edge(config):
            await until(lambda: complete(tmp_path))
        assert status(tmp_path)["counters"] == {}
        outbox = Outbox(tmp_path / "outbox.db")
        again = Edge(config, outbox)
        again._restore()
        (point,) = again._points()
        (passage,) = point.cleaner.advance(START + 86_400_000_000)
        outbox.close()
    assert {seen.epc_uri for seen in passage.observations} == {epc for one in expected(script, -99) for epc in one}


async def test_antennas_lead_to_their_read_points(tmp_path: Path, endpoint: CaptureEndpoint) -> None:
    text = configuration(tmp_path, endpoint.url, {"gate": 9})
    second = '[[readers.read_points]]\nread_point = "urn:epc:id:sgln:0614141.00777.5"\nbiz_step = "receiving"\n'
    text = text.replace('biz_step = "shipping"', 'biz_step = "shipping"\nantennas = [1]') + second + "antennas = [2]\n"
    outbox = Outbox(tmp_path / "outbox.db")
    (line,) = Edge(parse_config(text.encode(), tmp_path), outbox)._lines
    outbox.close()
    reads = [read for number in range(1, 4) for read in passage_reads(gate(), number)]
    start, end = Moment("gate", START, "rospec_start"), Moment("gate", START + 9 * MINUTE, "rospec_end")
    over = line._passages([start, *reads, end, TagRead("gate", 3, ITEMS[0], START, START)])
    assert [point.source.rpartition(".")[2] for point, _ in over] == ["0", "5"]
    assert [{antenna for seen in passage.observations for antenna in seen.antennas} for _, passage in over] == [
        {1},
        {2},
    ]
    assert line.unbound_reads == 1


async def test_an_aggregation_that_does_not_add_up_is_counted_and_logged(tmp_path: Path) -> None:
    text = configuration(tmp_path, "http://127.0.0.1:9", {"tunnel": 9})
    outbox = Outbox(tmp_path / "outbox.db")
    (line,) = Edge(parse_config(text.encode(), tmp_path), outbox)._lines
    outbox.close()
    item = TagRead("tunnel", 1, ITEMS[0], START, START, -50.0, 1)
    ((point, passage),) = line._passages([item, Moment("tunnel", START + MINUTE, "rospec_end")])
    with capture_logs() as logs:
        counters = point.recording(passage).counters
    assert (counters["unpaired"], counters["events"]) == (1, 1)
    assert [entry["event"] for entry in logs] == ["no aggregation without one parent and children"]


def test_sigterm_ends_an_edge_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "edge.toml").write_text(configuration(tmp_path, "http://127.0.0.1:9", {"gate": 9}))

    def terminate_when_it_runs() -> None:
        while not (tmp_path / "edge-status.json").exists():  # written after the signal's handler is in place
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    killer = threading.Thread(target=terminate_when_it_runs)
    killer.start()
    try:
        edge_module.edge(tmp_path / "edge.toml")
    finally:
        structlog.reset_defaults()
    killer.join()
    last = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (last["event"], last["level"], last["waiting"]) == ("edge stopped", "info", 0)


async def test_a_fault_of_our_own_in_one_batch_is_logged_and_the_reader_goes_on(
    tmp_path: Path, endpoint: CaptureEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge_module, "_RESTART_SECONDS", 0.01)
    script, faults, take = gate(), [ZeroDivisionError("a bug")], edge_module.ReaderLine._take

    async def faulty(line: edge_module.ReaderLine, batch: Batch) -> None:
        if batch.number == 3 and faults:
            raise faults.pop()
        await take(line, batch)

    monkeypatch.setattr(edge_module.ReaderLine, "_take", faulty)
    async with emulator(tmp_path, script) as ports:
        with capture_logs() as logs:
            async with edge(parse_config(configuration(tmp_path, endpoint.url, ports).encode(), tmp_path)):
                await until(lambda: complete(tmp_path))
    assert shipped(endpoint) == expected(script)
    assert any(entry["event"] == "reader line failed" and entry["exc_info"] for entry in logs)


async def test_an_edge_without_a_key_does_not_start(tmp_path: Path) -> None:
    config = parse_config(configuration(tmp_path, "http://127.0.0.1:9", {"gate": 9}).encode(), tmp_path)
    (tmp_path / "edge.key").unlink()
    with pytest.raises(InvalidSetting, match="key can't be read"):
        await run_edge(config)


async def test_kept_state_that_cannot_be_used_is_logged_and_left(tmp_path: Path) -> None:
    config = parse_config(configuration(tmp_path, "http://127.0.0.1:9", {"gate": 9}).encode(), tmp_path)
    outbox = Outbox(tmp_path / "outbox.db")
    machine = Edge(config, outbox)
    (point,) = machine._points()
    outbox.keep_unfinished(point.source, b"of another version")
    with capture_logs() as logs:
        machine._restore()
        outbox.close()
        machine._keep()
    assert [entry["event"] for entry in logs] == ["unfinished passage is lost"] * 2


async def test_a_status_file_that_cannot_be_written_is_logged_once(tmp_path: Path) -> None:
    text = configuration(tmp_path, "http://127.0.0.1:9", {"gate": 9})
    config = parse_config(("status_file = 'none/status.json'\n" + text).encode(), tmp_path)
    outbox = Outbox(tmp_path / "outbox.db")
    with capture_logs() as logs:
        machine = Edge(config, outbox)
        machine._status.write()
        machine._status.write()
    outbox.close()
    assert [entry["event"] for entry in logs] == ["status file can't be written"]
    assert not (tmp_path / "none").exists()
